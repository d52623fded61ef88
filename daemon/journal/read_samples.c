#include "journal/reading.h"

#include "journal/samples.h"
#include "model/instant.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct channel_name {
    char outlet[NAME_BYTES], factor[8];
};

/* Names by id; ids are small and dense. */
static struct channel_name *load_channels(struct reader *reader, size_t *count, struct error *err)
{
    sqlite3_stmt *s =
        reading_prepare(reader, "SELECT id, outlet, factor, (SELECT max(id) FROM channel) FROM channel", err);
    struct channel_name *names = NULL;
    *count = 0;
    while (s && sqlite3_step(s) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(s, 0), last = sqlite3_column_int64(s, 3);
        if (!names && last > 0 && last < 1000000) {
            names = calloc((size_t)last + 1, sizeof *names);
            *count = names ? (size_t)last + 1 : 0;
        }
        if (id < 0 || (size_t)id >= *count)
            continue;
        snprintf(names[id].outlet, sizeof names[id].outlet, "%s", reading_text(s, 1));
        snprintf(names[id].factor, sizeof names[id].factor, "%s", reading_text(s, 2));
    }
    sqlite3_finalize(s);
    return names;
}

static bool walk_block(sqlite3_stmt *s, struct packing *packing, const struct channel_name *names, size_t name_count,
                       bool (*each)(void *owner, const struct stored_sample *sample), void *owner,
                       enum block_result *result)
{
    struct block_cursor cursor;
    struct stored_sample stored = {.seq = (uint64_t)sqlite3_column_int64(s, 0)};
    size_t length = (size_t)sqlite3_column_bytes(s, 2);
    const uint8_t *body = sqlite3_column_blob(s, 2);
    *result = BLOCK_END;
    if (length == 0 || !block_open(&cursor, packing, reading_text(s, 3), body, length, sqlite3_column_int64(s, 1)))
        return true; /* taken away by retention, or what it goes on with is */
    while ((*result = block_next(&cursor, packing, &stored.sample, &stored.first_of_group)) == BLOCK_SAMPLE) {
        stored.place++;
        if (stored.sample.channel >= name_count || !names[stored.sample.channel].outlet[0])
            continue;
        stored.outlet = names[stored.sample.channel].outlet;
        stored.factor = names[stored.sample.channel].factor;
        if (!each(owner, &stored))
            return false;
    }
    return true;
}

/* Where unpacking has to begin to understand the block. */
static int64_t key_before(struct reader *reader, int64_t seq)
{
    sqlite3_stmt *s = reading_prepare(reader,
                                      "SELECT seq FROM entry WHERE stream = 'sample' AND seq <= ?1 AND kind <> 'delta'"
                                      " ORDER BY seq DESC LIMIT 1",
                                      NULL);
    if (s)
        sqlite3_bind_int64(s, 1, seq);
    if (s && sqlite3_step(s) == SQLITE_ROW)
        seq = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return seq;
}

/* Steps back from the newest block while its time is not before from_ms: costs what will be read, not what is kept. */
static int64_t first_sample_seq(struct reader *reader, int64_t from_ms)
{
    int64_t seq = INT64_MAX;
    sqlite3_stmt *s;
    if (from_ms == INSTANT_NONE)
        return 0;
    s = reading_prepare(reader, "SELECT seq, time_ms FROM entry WHERE stream = 'sample' ORDER BY seq DESC", NULL);
    while (s && sqlite3_step(s) == SQLITE_ROW && sqlite3_column_int64(s, 1) >= from_ms)
        seq = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return seq == INT64_MAX ? seq : key_before(reader, seq);
}

bool reader_samples(struct reader *reader, int64_t from_ms,
                    bool (*each)(void *owner, const struct stored_sample *sample), void *owner, struct error *err)
{
    size_t name_count = 0;
    struct channel_name *names = load_channels(reader, &name_count, err);
    sqlite3_stmt *s = reading_prepare(
        reader, "SELECT seq, time_ms, body, kind FROM entry WHERE stream = 'sample' AND seq >= ?1 ORDER BY seq", err);
    struct packing *packing = packing_new();
    int code = SQLITE_DONE;
    enum block_result result = BLOCK_END;
    if (!s || !packing) {
        sqlite3_finalize(s);
        packing_free(packing);
        free(names);
        return s ? error_set(err, "out of memory") : false;
    }
    sqlite3_bind_int64(s, 1, first_sample_seq(reader, from_ms));
    while ((code = sqlite3_step(s)) == SQLITE_ROW && walk_block(s, packing, names, name_count, each, owner, &result) &&
           result == BLOCK_END)
        ;
    uint64_t seq = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
    free(names);
    packing_free(packing);
    bool ok = reading_finish(reader, s, code, err);
    if (result == BLOCK_MALFORMED)
        return error_set(err, "journal %s: sample/%" PRIu64 " is malformed", reader->path, seq);
    return ok;
}

int64_t reader_last_sample_ms(struct reader *reader)
{
    sqlite3_stmt *s =
        reading_prepare(reader, "SELECT time_ms FROM entry WHERE stream = 'sample' ORDER BY seq DESC LIMIT 1", NULL);
    int64_t time_ms = s && sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : INSTANT_NONE;
    sqlite3_finalize(s);
    return time_ms;
}
