#include "journal/reading.h"

#include "journal/file.h"
#include "model/instant.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct reader *reader_open(const char *path, struct error *err)
{
    struct reader *reader = calloc(1, sizeof *reader);
    if (!reader) {
        error_set(err, "journal: out of memory");
        return NULL;
    }
    snprintf(reader->path, sizeof reader->path, "%s", path);
    reader->db = journal_file_open_read(path, &reader->chain, err);
    if (!reader->db) {
        free(reader);
        return NULL;
    }
    return reader;
}

enum chain_hash reader_chain(const struct reader *reader)
{
    return reader->chain;
}

void reader_close(struct reader *reader)
{
    if (reader)
        sqlite3_close(reader->db);
    free(reader);
}

/* ---- statements ---- */

sqlite3_stmt *reading_prepare(struct reader *reader, const char *sql, struct error *err)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(reader->db, sql, -1, &s, NULL) != SQLITE_OK)
        error_set(err, "read journal %s: %s", reader->path, sqlite3_errmsg(reader->db));
    return s;
}

bool reading_finish(struct reader *reader, sqlite3_stmt *s, int code, struct error *err)
{
    bool ok = code == SQLITE_DONE || code == SQLITE_ROW;
    if (!ok)
        error_set(err, "read journal %s: %s", reader->path, sqlite3_errmsg(reader->db));
    sqlite3_finalize(s);
    return ok;
}

const char *reading_text(sqlite3_stmt *s, int column)
{
    const unsigned char *text = sqlite3_column_text(s, column);
    return text ? (const char *)text : "";
}

double reading_real(sqlite3_stmt *s, int column)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL ? NAN : sqlite3_column_double(s, column);
}

int64_t reading_seq(uint64_t seq)
{
    return seq > INT64_MAX ? INT64_MAX : (int64_t)seq;
}

bool reading_entry(sqlite3_stmt *s, struct journal_entry *entry)
{
    *entry = (struct journal_entry){0};
    if (!stream_parse(reading_text(s, 0), &entry->stream))
        return false;
    entry->seq = (uint64_t)sqlite3_column_int64(s, 1);
    entry->time_ms = sqlite3_column_int64(s, 2);
    entry->body = sqlite3_column_blob(s, 3);
    entry->length = (size_t)sqlite3_column_bytes(s, 3);
    if (!entry->body)
        entry->body = "";
    if (sqlite3_column_bytes(s, 4) == CHAIN_BYTES)
        memcpy(entry->hash, sqlite3_column_blob(s, 4), CHAIN_BYTES);
    entry->topic = sqlite3_column_type(s, 5) == SQLITE_NULL ? NULL : reading_text(s, 5);
    int length = sqlite3_column_bytes(s, 6);
    if (length > 0 && length <= SIGNATURE_BYTES) {
        memcpy(entry->signature, sqlite3_column_blob(s, 6), (size_t)length);
        entry->signature_length = (size_t)length;
    }
    return true;
}

bool reader_messages(struct reader *reader, enum stream stream, uint64_t after, uint64_t upto, size_t max,
                     const char *prefix, bool (*each)(void *owner, const struct journal_entry *entry), void *owner,
                     bool *more, struct error *err)
{
    sqlite3_stmt *s =
        reading_prepare(reader,
                        "SELECT " ENTRY_COLUMNS " FROM entry e JOIN message m ON m.stream = e.stream AND m.seq = e.seq"
                        " WHERE e.stream = ?1 AND e.seq > ?2 AND e.seq <= ?3 AND substr(m.topic, 1, length(?4)) = ?4"
                        " ORDER BY e.seq LIMIT ?5",
                        err);
    struct journal_entry entry;
    size_t count = 0;
    int code = SQLITE_DONE;
    if (!s)
        return false;
    sqlite3_bind_text(s, 1, stream_name(stream), -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, reading_seq(after));
    sqlite3_bind_int64(s, 3, reading_seq(upto));
    sqlite3_bind_text(s, 4, prefix, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 5, (int64_t)(max < 1000000 ? max + 1 : 1000001));
    while ((code = sqlite3_step(s)) == SQLITE_ROW && count < max && reading_entry(s, &entry) && each(owner, &entry))
        count++;
    if (more)
        *more = code == SQLITE_ROW && count == max;
    return reading_finish(reader, s, code, err);
}

bool reader_entries(struct reader *reader, enum stream stream, uint64_t after, size_t max,
                    bool (*each)(void *owner, const struct journal_entry *entry, const char *kind), void *owner,
                    struct error *err)
{
    sqlite3_stmt *s = reading_prepare(reader,
                                      "SELECT " ENTRY_COLUMNS
                                      " FROM entry e LEFT JOIN message m ON m.stream = e.stream AND m.seq = e.seq"
                                      " WHERE e.stream = ?1 AND e.seq > ?2 ORDER BY e.seq LIMIT ?3",
                                      err);
    struct journal_entry entry;
    int code = SQLITE_DONE;
    if (!s)
        return false;
    sqlite3_bind_text(s, 1, stream_name(stream), -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, reading_seq(after));
    sqlite3_bind_int64(s, 3, max < INT64_MAX ? (int64_t)max : INT64_MAX);
    while ((code = sqlite3_step(s)) == SQLITE_ROW && reading_entry(s, &entry) &&
           each(owner, &entry, reading_text(s, 7)))
        ;
    return reading_finish(reader, s, code, err);
}

uint64_t reader_last_seq(struct reader *reader, enum stream stream)
{
    sqlite3_stmt *s = reading_prepare(reader, "SELECT max(seq) FROM entry WHERE stream = ?1", NULL);
    uint64_t seq = 0;
    if (s && sqlite3_bind_text(s, 1, stream_name(stream), -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW)
        seq = (uint64_t)sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return seq;
}

bool reader_snapshot(struct reader *reader, bool (*each)(void *owner, const struct journal_entry *entry), void *owner,
                     struct error *err)
{
    sqlite3_stmt *s = reading_prepare(
        reader,
        "SELECT " ENTRY_COLUMNS " FROM alarm a JOIN entry e ON e.stream = 'alarm' AND e.seq = a.seq"
        " JOIN message m ON m.stream = e.stream AND m.seq = e.seq WHERE a.state <> 'cleared'"
        " UNION ALL SELECT " ENTRY_COLUMNS " FROM latest l JOIN entry e ON e.stream = l.stream AND e.seq = l.seq"
        " JOIN message m ON m.stream = e.stream AND m.seq = e.seq",
        err);
    struct journal_entry entry;
    int code = SQLITE_DONE;
    if (!s)
        return false;
    while ((code = sqlite3_step(s)) == SQLITE_ROW && reading_entry(s, &entry) && each(owner, &entry))
        ;
    return reading_finish(reader, s, code, err);
}

/* ---- checkpoints ---- */

bool reader_checkpoints(struct reader *reader, bool (*each)(void *owner, const struct stored_checkpoint *checkpoint),
                        void *owner, struct error *err)
{
    sqlite3_stmt *s =
        reading_prepare(reader,
                        "SELECT time_ms, body, key, signature, alarm_to, disclosure_to, sample_to, event_to"
                        " FROM checkpoint ORDER BY number",
                        err);
    int code = SQLITE_DONE;
    if (!s)
        return false;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        struct stored_checkpoint c = {.time_ms = sqlite3_column_int64(s, 0),
                                      .body = sqlite3_column_blob(s, 1),
                                      .length = (size_t)sqlite3_column_bytes(s, 1),
                                      .key = reading_text(s, 2),
                                      .signature = sqlite3_column_blob(s, 3),
                                      .signature_length = (size_t)sqlite3_column_bytes(s, 3)};
        for (int i = 0; i < STREAMS; i++)
            c.to[i] = (uint64_t)sqlite3_column_int64(s, 4 + i);
        if (!each(owner, &c))
            break;
    }
    return reading_finish(reader, s, code, err);
}

bool reader_hashes(struct reader *reader, enum stream stream, uint64_t from, uint64_t to,
                   bool (*each)(void *owner, uint64_t seq, const uint8_t hash[CHAIN_BYTES]), void *owner,
                   struct error *err)
{
    sqlite3_stmt *s = reading_prepare(
        reader, "SELECT seq, hash FROM entry WHERE stream = ?1 AND seq >= ?2 AND seq <= ?3 ORDER BY seq", err);
    int code = SQLITE_DONE;
    if (!s)
        return false;
    sqlite3_bind_text(s, 1, stream_name(stream), -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, reading_seq(from));
    sqlite3_bind_int64(s, 3, reading_seq(to));
    while ((code = sqlite3_step(s)) == SQLITE_ROW && sqlite3_column_bytes(s, 1) == CHAIN_BYTES &&
           each(owner, (uint64_t)sqlite3_column_int64(s, 0), sqlite3_column_blob(s, 1)))
        ;
    return reading_finish(reader, s, code, err);
}

bool reader_last_event(struct reader *reader, const char *kind,
                       bool (*each)(void *owner, const char *body, size_t length), void *owner)
{
    sqlite3_stmt *s = reading_prepare(
        reader, "SELECT body FROM entry WHERE stream = 'event' AND kind = ?1 ORDER BY seq DESC LIMIT 1", NULL);
    if (s)
        sqlite3_bind_text(s, 1, kind, -1, SQLITE_STATIC);
    bool found = s && sqlite3_step(s) == SQLITE_ROW &&
                 each(owner, sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0));
    sqlite3_finalize(s);
    return found;
}

bool reader_last_config(struct reader *reader, uint64_t before, char sha256[65])
{
    static const char *const QUERY = "SELECT json_extract(CAST(body AS TEXT), '$.config_sha256') FROM entry WHERE "
                                     "stream = 'event' AND seq < ?1 AND kind IN "
                                     "('start', 'stop', 'reload', 'config', 'clock') ORDER BY seq DESC LIMIT 1";
    sqlite3_stmt *s = reading_prepare(reader, QUERY, NULL);
    sha256[0] = '\0';
    if (s) {
        sqlite3_bind_int64(s, 1, (int64_t)before);
        if (sqlite3_step(s) == SQLITE_ROW)
            snprintf(sha256, 65, "%s", reading_text(s, 0));
    }
    sqlite3_finalize(s);
    return sha256[0] != '\0';
}

bool reader_backup(const char *path, const char *copy, struct error *err)
{
    sqlite3 *to = NULL;
    if (access(copy, F_OK) == 0)
        return error_set(err, "%s is there already: a backup never overwrites", copy);
    struct reader *reader = reader_open(path, err);
    if (!reader)
        return false;
    int code = sqlite3_open_v2(copy, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    sqlite3_backup *backup = code == SQLITE_OK ? sqlite3_backup_init(to, "main", reader->db, "main") : NULL;
    if (backup) { /* one read transaction: all of one moment */
        code = sqlite3_backup_step(backup, -1);
        code = sqlite3_backup_finish(backup) == SQLITE_OK && code == SQLITE_DONE ? SQLITE_OK : code;
    } else {
        code = code == SQLITE_OK ? sqlite3_errcode(to) : code;
    }
    if (code != SQLITE_OK)
        error_set(err, "back %s up to %s: %s", path, copy, to ? sqlite3_errmsg(to) : "out of memory");
    sqlite3_close(to);
    reader_close(reader);
    if (code != SQLITE_OK)
        unlink(copy);
    return code == SQLITE_OK;
}

bool reader_check_end(sqlite3 *db, enum chain_hash chain, enum stream stream, int count, uint64_t *seq,
                      uint8_t hash[CHAIN_BYTES], struct error *err)
{
    sqlite3_stmt *s = NULL;
    uint8_t before[CHAIN_BYTES] = {0}, after[CHAIN_BYTES];
    bool first = true, ok = true;
    *seq = 0;
    memset(hash, 0, CHAIN_BYTES);
    if (sqlite3_prepare_v2(db,
                           "SELECT seq, body, hash FROM (SELECT * FROM entry WHERE stream = ?1 ORDER BY seq DESC LIMIT "
                           "?2) ORDER BY seq",
                           -1, &s, NULL) != SQLITE_OK)
        return error_set(err, "%s", sqlite3_errmsg(db));
    sqlite3_bind_text(s, 1, stream_name(stream), -1, SQLITE_STATIC);
    sqlite3_bind_int(s, 2, count);
    int code;
    while (ok && (code = sqlite3_step(s)) == SQLITE_ROW) {
        uint64_t at = (uint64_t)sqlite3_column_int64(s, 0);
        const void *body = sqlite3_column_blob(s, 1);
        size_t length = (size_t)sqlite3_column_bytes(s, 1);
        /* what came before is known from the second on; of a body retention took away only the chain value is left */
        bool known = (!first || at == 1) && length > 0;
        if (sqlite3_column_bytes(s, 2) != CHAIN_BYTES || (!first && at != *seq + 1))
            ok = error_set(err, "%s/%" PRIu64 " does not follow %" PRIu64, stream_name(stream), at, *seq);
        else if (known && (!chain_next(chain, before, body ? body : "", length, after) ||
                           memcmp(after, sqlite3_column_blob(s, 2), CHAIN_BYTES) != 0))
            ok = error_set(err, "%s/%" PRIu64 " does not match its hash", stream_name(stream), at);
        if (ok) {
            memcpy(before, sqlite3_column_blob(s, 2), CHAIN_BYTES);
            *seq = at;
            first = false;
        }
    }
    if (ok && code != SQLITE_DONE)
        ok = error_set(err, "%s", sqlite3_errmsg(db));
    memcpy(hash, before, CHAIN_BYTES);
    sqlite3_finalize(s);
    return ok;
}
