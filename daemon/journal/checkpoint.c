#include "journal/checkpoint.h"

#include "journal/merkle.h"
#include "model/instant.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct span {
    uint64_t from, to;
    uint8_t root[CHAIN_BYTES], hash[CHAIN_BYTES];
};

struct last {
    enum chain_hash chain; /* of the journal */
    bool any;
    uint64_t to[STREAMS];
    uint8_t digest[CHAIN_BYTES]; /* of its body */
};

static int load_last(sqlite3 *db, enum chain_hash chain, struct last *last)
{
    sqlite3_stmt *s = NULL;
    *last = (struct last){.chain = chain};
    int code = sqlite3_prepare_v2(db,
                                  "SELECT body, alarm_to, disclosure_to, sample_to, event_to FROM checkpoint"
                                  " ORDER BY number DESC LIMIT 1",
                                  -1, &s, NULL);
    code = code == SQLITE_OK ? sqlite3_step(s) : code;
    if (code == SQLITE_ROW) {
        last->any = true;
        chain_digest(last->chain, sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0), last->digest);
        for (int i = 0; i < STREAMS; i++)
            last->to[i] = (uint64_t)sqlite3_column_int64(s, 1 + i);
    }
    sqlite3_finalize(s);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

/* The entries of a stream after `after`: their root, and the chain value at their end. */
static int span_of(sqlite3 *db, enum chain_hash chain, enum stream stream, uint64_t after, struct span *span,
                   bool *more)
{
    struct merkle merkle = {.hash = chain};
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(db, "SELECT seq, hash FROM entry WHERE stream = ?1 AND seq >= ?2 ORDER BY seq", -1,
                                  &s, NULL);
    *span = (struct span){.from = after + 1, .to = after};
    if (code == SQLITE_OK) {
        sqlite3_bind_text(s, 1, stream_name(stream), -1, SQLITE_STATIC);
        sqlite3_bind_int64(s, 2, (int64_t)(after > 0 ? after : 1)); /* the one before for its chain value */
        while ((code = sqlite3_step(s)) == SQLITE_ROW) {
            if (merkle.count == CHECKPOINT_MOST) {
                *more = true;
                code = SQLITE_DONE;
                break;
            }
            if (sqlite3_column_bytes(s, 1) != CHAIN_BYTES)
                break;
            memcpy(span->hash, sqlite3_column_blob(s, 1), CHAIN_BYTES);
            if ((uint64_t)sqlite3_column_int64(s, 0) <= after)
                continue;
            span->to = (uint64_t)sqlite3_column_int64(s, 0);
            merkle_add(&merkle, span->hash);
        }
    }
    merkle_root(&merkle, span->root);
    sqlite3_finalize(s);
    return code == SQLITE_DONE ? SQLITE_OK : code == SQLITE_ROW ? SQLITE_CORRUPT : code;
}

static size_t write_body(char *body, size_t room, const char *mn, int64_t time_ms, const struct last *last,
                         const struct span spans[STREAMS])
{
    char hex[CHAIN_HEX], hash[CHAIN_HEX], time[INSTANT_TEXT];
    uint8_t roots[STREAMS * CHAIN_BYTES], root[CHAIN_BYTES];
    instant_format(time_ms, time);
    int n = snprintf(body, room,
                     "{\"v\":1,\"checkpoint\":\"%.10s\",\"mn\":\"%s\",\"time\":\"%s\",\"prev\":\"%s\",%s\"streams\":{",
                     time, mn, time, hex_encode(last->digest, CHAIN_BYTES, hex),
                     last->chain == CHAIN_SM3 ? "\"chain\":\"sm3\"," : "");
    for (int i = 0; i < STREAMS; i++) {
        memcpy(roots + (size_t)i * CHAIN_BYTES, spans[i].root, CHAIN_BYTES);
        n += snprintf(body + n, room - (size_t)n,
                      "%s\"%s\":{\"from\":%" PRIu64 ",\"to\":%" PRIu64 ",\"root\":\"%s\",\"hash\":\"%s\"}",
                      i ? "," : "", stream_name((enum stream)i), spans[i].from, spans[i].to,
                      hex_encode(spans[i].root, CHAIN_BYTES, hex), hex_encode(spans[i].hash, CHAIN_BYTES, hash));
    }
    chain_digest(last->chain, roots, sizeof roots, root);
    n += snprintf(body + n, room - (size_t)n, "},\"root\":\"%s\"}", hex_encode(root, CHAIN_BYTES, hex));
    return (size_t)n;
}

static int insert(sqlite3 *db, struct signer *signer, int64_t time_ms, const char *body, size_t length,
                  const struct span spans[STREAMS])
{
    uint8_t signature[SIGNATURE_BYTES];
    size_t signature_length = 0;
    sqlite3_stmt *s = NULL;
    if (signer && !signer_sign(signer, body, length, signature, &signature_length))
        return SQLITE_NOMEM;
    int code = sqlite3_prepare_v2(
        db,
        "INSERT INTO checkpoint(time_ms, body, key, signature, alarm_to, disclosure_to, sample_to, event_to)"
        " VALUES(?,?,?,?,?,?,?,?)",
        -1, &s, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_int64(s, 1, time_ms);
        sqlite3_bind_blob(s, 2, body, (int)length, SQLITE_STATIC);
        if (signature_length > 0) {
            sqlite3_bind_text(s, 3, signer_id(signer), -1, SQLITE_STATIC);
            sqlite3_bind_blob(s, 4, signature, (int)signature_length, SQLITE_STATIC);
        }
        for (int i = 0; i < STREAMS; i++)
            sqlite3_bind_int64(s, 5 + i, (int64_t)spans[i].to);
        code = sqlite3_step(s);
    }
    sqlite3_finalize(s);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

int checkpoint_write(sqlite3 *db, enum chain_hash chain, struct signer *signer, const char *mn, int64_t time_ms,
                     bool *more)
{
    struct span spans[STREAMS];
    struct last last;
    char body[2048];
    bool news = false;
    int code = load_last(db, chain, &last);
    *more = false;
    for (int i = 0; i < STREAMS && code == SQLITE_OK; i++) {
        code = span_of(db, last.chain, (enum stream)i, last.to[i], &spans[i], more);
        news |= spans[i].to > last.to[i];
    }
    if (code != SQLITE_OK || !news)
        return code;
    size_t length = write_body(body, sizeof body, mn, time_ms, &last, spans);
    return insert(db, signer, time_ms, body, length, spans);
}
