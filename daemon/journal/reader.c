#include "journal/reader.h"

#include "journal/file.h"
#include "journal/samples.h"
#include "model/instant.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct reader {
    sqlite3 *db;
    enum chain_hash chain;
    char path[PATH_BYTES];
};

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

static sqlite3_stmt *prepare(struct reader *reader, const char *sql, struct error *err)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(reader->db, sql, -1, &s, NULL) != SQLITE_OK)
        error_set(err, "read journal %s: %s", reader->path, sqlite3_errmsg(reader->db));
    return s;
}

static bool finish(struct reader *reader, sqlite3_stmt *s, int code, struct error *err)
{
    bool ok = code == SQLITE_DONE || code == SQLITE_ROW;
    if (!ok)
        error_set(err, "read journal %s: %s", reader->path, sqlite3_errmsg(reader->db));
    sqlite3_finalize(s);
    return ok;
}

static const char *text_at(sqlite3_stmt *s, int column)
{
    const unsigned char *text = sqlite3_column_text(s, column);
    return text ? (const char *)text : "";
}

static double real_at(sqlite3_stmt *s, int column)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL ? NAN : sqlite3_column_double(s, column);
}

static int64_t clamp_seq(uint64_t seq)
{
    return seq > INT64_MAX ? INT64_MAX : (int64_t)seq;
}

/* Columns: stream, seq, time_ms, body, hash, topic, signature, kind. */
#define ENTRY_COLUMNS "e.stream, e.seq, e.time_ms, e.body, e.hash, m.topic, m.signature, e.kind"

static bool entry_at(sqlite3_stmt *s, struct journal_entry *entry)
{
    *entry = (struct journal_entry){0};
    if (!stream_parse(text_at(s, 0), &entry->stream))
        return false;
    entry->seq = (uint64_t)sqlite3_column_int64(s, 1);
    entry->time_ms = sqlite3_column_int64(s, 2);
    entry->body = sqlite3_column_blob(s, 3);
    entry->length = (size_t)sqlite3_column_bytes(s, 3);
    if (!entry->body)
        entry->body = "";
    if (sqlite3_column_bytes(s, 4) == CHAIN_BYTES)
        memcpy(entry->hash, sqlite3_column_blob(s, 4), CHAIN_BYTES);
    entry->topic = sqlite3_column_type(s, 5) == SQLITE_NULL ? NULL : text_at(s, 5);
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
        prepare(reader,
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
    sqlite3_bind_int64(s, 2, clamp_seq(after));
    sqlite3_bind_int64(s, 3, clamp_seq(upto));
    sqlite3_bind_text(s, 4, prefix, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 5, (int64_t)(max < 1000000 ? max + 1 : 1000001));
    while ((code = sqlite3_step(s)) == SQLITE_ROW && count < max && entry_at(s, &entry) && each(owner, &entry))
        count++;
    if (more)
        *more = code == SQLITE_ROW && count == max;
    return finish(reader, s, code, err);
}

bool reader_entries(struct reader *reader, enum stream stream, uint64_t after, size_t max,
                    bool (*each)(void *owner, const struct journal_entry *entry, const char *kind), void *owner,
                    struct error *err)
{
    sqlite3_stmt *s =
        prepare(reader,
                "SELECT " ENTRY_COLUMNS " FROM entry e LEFT JOIN message m ON m.stream = e.stream AND m.seq = e.seq"
                " WHERE e.stream = ?1 AND e.seq > ?2 ORDER BY e.seq LIMIT ?3",
                err);
    struct journal_entry entry;
    int code = SQLITE_DONE;
    if (!s)
        return false;
    sqlite3_bind_text(s, 1, stream_name(stream), -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, clamp_seq(after));
    sqlite3_bind_int64(s, 3, max < INT64_MAX ? (int64_t)max : INT64_MAX);
    while ((code = sqlite3_step(s)) == SQLITE_ROW && entry_at(s, &entry) && each(owner, &entry, text_at(s, 7)))
        ;
    return finish(reader, s, code, err);
}

bool reader_snapshot(struct reader *reader, bool (*each)(void *owner, const struct journal_entry *entry), void *owner,
                     struct error *err)
{
    sqlite3_stmt *s = prepare(
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
    while ((code = sqlite3_step(s)) == SQLITE_ROW && entry_at(s, &entry) && each(owner, &entry))
        ;
    return finish(reader, s, code, err);
}

bool reader_alarms(struct reader *reader, bool active_only, size_t max,
                   bool (*each)(void *owner, const struct stored_alarm *alarm), void *owner, struct error *err)
{
    sqlite3_stmt *s =
        prepare(reader,
                "SELECT id, state, kind, outlet, subject, period, seq, raised_ms, time_ms, value FROM"
                " (SELECT * FROM alarm WHERE ?1 = 0 OR state <> 'cleared' ORDER BY raised_ms DESC LIMIT ?2)"
                " ORDER BY raised_ms, id",
                err);
    int code = SQLITE_DONE;
    if (!s)
        return false;
    sqlite3_bind_int(s, 1, active_only);
    sqlite3_bind_int64(s, 2, (int64_t)max);
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        struct stored_alarm alarm = {text_at(s, 0),
                                     text_at(s, 1),
                                     text_at(s, 2),
                                     text_at(s, 3),
                                     text_at(s, 4),
                                     text_at(s, 5),
                                     (uint64_t)sqlite3_column_int64(s, 6),
                                     sqlite3_column_int64(s, 7),
                                     sqlite3_column_int64(s, 8),
                                     real_at(s, 9)};
        if (!each(owner, &alarm))
            break;
    }
    return finish(reader, s, code, err);
}

#define RECORD_COLUMNS                                                                                                 \
    "c.outlet, c.factor, r.period, r.mark, r.reason, r.from_ms, r.value, r.converted, r.min, r.max, r.amount, r.flow," \
    " r.limit_max, r.converted_min, r.converted_max, r.valid, r.expected, r.exceeds, r.seq, r.weight, r.condition,"    \
    " r.revision"

/* False for numbers that name nothing. */
static bool record_at(sqlite3_stmt *s, struct stored_record *out)
{
    int period = sqlite3_column_int(s, 2), mark = sqlite3_column_int(s, 3), condition = sqlite3_column_int(s, 20);
    bool known = sqlite3_column_type(s, 20) != SQLITE_NULL;
    if (period <= PERIOD_REALTIME || period >= PERIODS || mark < 0 || mark >= MARKS ||
        (known && (condition < 0 || condition >= OPERATING_STATES)))
        return false;
    int64_t from_ms = sqlite3_column_int64(s, 5);
    *out = (struct stored_record){.outlet = text_at(s, 0),
                                  .factor = text_at(s, 1),
                                  .period = period_name((enum period)period),
                                  .mark = mark_code((enum mark)mark),
                                  .reason = text_at(s, 4),
                                  .from_ms = from_ms,
                                  .to_ms = period_end_ms((enum period)period, from_ms),
                                  .value = real_at(s, 6),
                                  .converted = real_at(s, 7),
                                  .min = real_at(s, 8),
                                  .max = real_at(s, 9),
                                  .amount = real_at(s, 10),
                                  .flow = real_at(s, 11),
                                  .limit_max = real_at(s, 12),
                                  .converted_min = real_at(s, 13),
                                  .converted_max = real_at(s, 14),
                                  .valid = (uint32_t)sqlite3_column_int64(s, 15),
                                  .expected = (uint32_t)sqlite3_column_int64(s, 16),
                                  .exceeds = sqlite3_column_type(s, 17) == SQLITE_NULL ? -1 : sqlite3_column_int(s, 17),
                                  .seq = (uint64_t)sqlite3_column_int64(s, 18),
                                  .weight = real_at(s, 19),
                                  .condition = known ? operating_state_name((enum operating_state)condition) : "",
                                  .revision = (uint32_t)sqlite3_column_int64(s, 21)};
    return true;
}

static bool walk_records(struct reader *reader, sqlite3_stmt *s,
                         bool (*each)(void *owner, const struct stored_record *record), void *owner, struct error *err)
{
    int code = SQLITE_DONE;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        struct stored_record record;
        if (record_at(s, &record) && !each(owner, &record))
            break;
    }
    return finish(reader, s, code, err);
}

/* By channel, so that each is one range of the primary key, however many years the journal holds. */
bool reader_records(struct reader *reader, const char *outlet, const char *factor, const char *period, int64_t from_ms,
                    int64_t to_ms, bool (*each)(void *owner, const struct stored_record *record), void *owner,
                    struct error *err)
{
    enum period which = PERIODS;
    if (period[0] && (!period_parse(period, &which) || which == PERIOD_REALTIME))
        return true; /* there are none */
    sqlite3_stmt *s = prepare(reader,
                              which < PERIODS ? "SELECT " RECORD_COLUMNS " FROM channel c CROSS JOIN figure r"
                                                " ON r.channel = c.id AND r.period = ?3"
                                                " WHERE (?1 = '' OR c.outlet = ?1) AND (?2 = '' OR c.factor = ?2)"
                                                " AND r.from_ms >= ?4 AND r.from_ms < ?5"
                                                " ORDER BY r.from_ms, c.outlet, c.factor"
                                              : "SELECT " RECORD_COLUMNS " FROM channel c CROSS JOIN figure r"
                                                " ON r.channel = c.id AND r.period IN (1, 3, 4, 5)"
                                                " WHERE (?1 = '' OR c.outlet = ?1) AND (?2 = '' OR c.factor = ?2)"
                                                " AND r.from_ms >= ?4 AND r.from_ms < ?5"
                                                " ORDER BY r.from_ms, c.outlet, c.factor, r.period",
                              err);
    if (!s)
        return false;
    sqlite3_bind_text(s, 1, outlet, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, factor, -1, SQLITE_STATIC);
    if (which < PERIODS)
        sqlite3_bind_int64(s, 3, which);
    sqlite3_bind_int64(s, 4, from_ms);
    sqlite3_bind_int64(s, 5, to_ms);
    return walk_records(reader, s, each, owner, err);
}

bool reader_records_after(struct reader *reader, uint64_t after, uint64_t upto, size_t max,
                          bool (*each)(void *owner, const struct stored_record *record), void *owner, struct error *err)
{
    sqlite3_stmt *s = prepare(reader,
                              "SELECT " RECORD_COLUMNS " FROM figure r JOIN channel c ON c.id = r.channel"
                              " WHERE r.seq > ?1 AND r.seq <= ?2"
                              " ORDER BY r.seq LIMIT ?3",
                              err);
    if (!s)
        return false;
    sqlite3_bind_int64(s, 1, clamp_seq(after));
    sqlite3_bind_int64(s, 2, clamp_seq(upto));
    sqlite3_bind_int64(s, 3, (int64_t)max);
    return walk_records(reader, s, each, owner, err);
}

int64_t reader_revision(struct reader *reader, const char *outlet, const char *factor, const char *period,
                        int64_t from_ms)
{
    enum period which;
    sqlite3_stmt *s = prepare(reader,
                              "SELECT revision FROM figure WHERE period = ?3 AND from_ms = ?4 AND channel ="
                              " (SELECT id FROM channel WHERE outlet = ?1 AND factor = ?2)",
                              NULL);
    if (!s || !period_parse(period, &which)) {
        sqlite3_finalize(s);
        return -1;
    }
    sqlite3_bind_text(s, 1, outlet, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, factor, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, which);
    sqlite3_bind_int64(s, 4, from_ms);
    int64_t revision = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : -1;
    sqlite3_finalize(s);
    return revision;
}

int64_t reader_last_minute_ms(struct reader *reader)
{
    sqlite3_stmt *s = prepare(reader,
                              "SELECT max((SELECT max(from_ms) FROM figure WHERE channel = c.id AND period = ?1))"
                              " FROM channel c",
                              NULL);
    int64_t from_ms = INSTANT_NONE;
    if (s && sqlite3_bind_int64(s, 1, PERIOD_MINUTE) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW &&
        sqlite3_column_type(s, 0) != SQLITE_NULL)
        from_ms = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return from_ms;
}

/* ---- checkpoints ---- */

bool reader_checkpoints(struct reader *reader, bool (*each)(void *owner, const struct stored_checkpoint *checkpoint),
                        void *owner, struct error *err)
{
    sqlite3_stmt *s = prepare(reader,
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
                                      .key = text_at(s, 2),
                                      .signature = sqlite3_column_blob(s, 3),
                                      .signature_length = (size_t)sqlite3_column_bytes(s, 3)};
        for (int i = 0; i < STREAMS; i++)
            c.to[i] = (uint64_t)sqlite3_column_int64(s, 4 + i);
        if (!each(owner, &c))
            break;
    }
    return finish(reader, s, code, err);
}

bool reader_hashes(struct reader *reader, enum stream stream, uint64_t from, uint64_t to,
                   bool (*each)(void *owner, uint64_t seq, const uint8_t hash[CHAIN_BYTES]), void *owner,
                   struct error *err)
{
    sqlite3_stmt *s =
        prepare(reader, "SELECT seq, hash FROM entry WHERE stream = ?1 AND seq >= ?2 AND seq <= ?3 ORDER BY seq", err);
    int code = SQLITE_DONE;
    if (!s)
        return false;
    sqlite3_bind_text(s, 1, stream_name(stream), -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, clamp_seq(from));
    sqlite3_bind_int64(s, 3, clamp_seq(to));
    while ((code = sqlite3_step(s)) == SQLITE_ROW && sqlite3_column_bytes(s, 1) == CHAIN_BYTES &&
           each(owner, (uint64_t)sqlite3_column_int64(s, 0), sqlite3_column_blob(s, 1)))
        ;
    return finish(reader, s, code, err);
}

/* ---- raw samples ---- */

struct channel_name {
    char outlet[NAME_BYTES], factor[8];
};

/* Names by id; ids are small and dense. */
static struct channel_name *load_channels(struct reader *reader, size_t *count, struct error *err)
{
    sqlite3_stmt *s = prepare(reader, "SELECT id, outlet, factor, (SELECT max(id) FROM channel) FROM channel", err);
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
        snprintf(names[id].outlet, sizeof names[id].outlet, "%s", text_at(s, 1));
        snprintf(names[id].factor, sizeof names[id].factor, "%s", text_at(s, 2));
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
    if (length == 0 || !block_open(&cursor, packing, text_at(s, 3), body, length, sqlite3_column_int64(s, 1)))
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
    sqlite3_stmt *s = prepare(reader,
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
    s = prepare(reader, "SELECT seq, time_ms FROM entry WHERE stream = 'sample' ORDER BY seq DESC", NULL);
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
    sqlite3_stmt *s = prepare(
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
    bool ok = finish(reader, s, code, err);
    if (result == BLOCK_MALFORMED)
        return error_set(err, "journal %s: sample/%" PRIu64 " is malformed", reader->path, seq);
    return ok;
}

int64_t reader_last_sample_ms(struct reader *reader)
{
    sqlite3_stmt *s =
        prepare(reader, "SELECT time_ms FROM entry WHERE stream = 'sample' ORDER BY seq DESC LIMIT 1", NULL);
    int64_t time_ms = s && sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : INSTANT_NONE;
    sqlite3_finalize(s);
    return time_ms;
}

bool reader_last_event(struct reader *reader, const char *kind,
                       bool (*each)(void *owner, const char *body, size_t length), void *owner)
{
    sqlite3_stmt *s =
        prepare(reader, "SELECT body FROM entry WHERE stream = 'event' AND kind = ?1 ORDER BY seq DESC LIMIT 1", NULL);
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
    sqlite3_stmt *s = prepare(reader, QUERY, NULL);
    sha256[0] = '\0';
    if (s) {
        sqlite3_bind_int64(s, 1, (int64_t)before);
        if (sqlite3_step(s) == SQLITE_ROW)
            snprintf(sha256, 65, "%s", text_at(s, 0));
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
