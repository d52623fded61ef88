#include "journal/reading.h"

#include "model/instant.h"

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
    *out = (struct stored_record){.outlet = reading_text(s, 0),
                                  .factor = reading_text(s, 1),
                                  .period = period_name((enum period)period),
                                  .mark = mark_code((enum mark)mark),
                                  .reason = reading_text(s, 4),
                                  .from_ms = from_ms,
                                  .to_ms = period_end_ms((enum period)period, from_ms),
                                  .value = reading_real(s, 6),
                                  .converted = reading_real(s, 7),
                                  .min = reading_real(s, 8),
                                  .max = reading_real(s, 9),
                                  .amount = reading_real(s, 10),
                                  .flow = reading_real(s, 11),
                                  .limit_max = reading_real(s, 12),
                                  .converted_min = reading_real(s, 13),
                                  .converted_max = reading_real(s, 14),
                                  .valid = (uint32_t)sqlite3_column_int64(s, 15),
                                  .expected = (uint32_t)sqlite3_column_int64(s, 16),
                                  .exceeds = sqlite3_column_type(s, 17) == SQLITE_NULL ? -1 : sqlite3_column_int(s, 17),
                                  .seq = (uint64_t)sqlite3_column_int64(s, 18),
                                  .weight = reading_real(s, 19),
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
    return reading_finish(reader, s, code, err);
}

/* By channel, so that each is one range of the primary key, however many years the journal holds. */
bool reader_records(struct reader *reader, const char *outlet, const char *factor, const char *period, int64_t from_ms,
                    int64_t to_ms, bool (*each)(void *owner, const struct stored_record *record), void *owner,
                    struct error *err)
{
    enum period which = PERIODS;
    if (period[0] && (!period_parse(period, &which) || which == PERIOD_REALTIME))
        return true; /* there are none */
    sqlite3_stmt *s =
        reading_prepare(reader,
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
    sqlite3_stmt *s = reading_prepare(reader,
                                      "SELECT " RECORD_COLUMNS " FROM figure r JOIN channel c ON c.id = r.channel"
                                      " WHERE r.seq > ?1 AND r.seq <= ?2"
                                      " ORDER BY r.seq LIMIT ?3",
                                      err);
    if (!s)
        return false;
    sqlite3_bind_int64(s, 1, reading_seq(after));
    sqlite3_bind_int64(s, 2, reading_seq(upto));
    sqlite3_bind_int64(s, 3, (int64_t)max);
    return walk_records(reader, s, each, owner, err);
}

int64_t reader_revision(struct reader *reader, const char *outlet, const char *factor, const char *period,
                        int64_t from_ms)
{
    enum period which;
    sqlite3_stmt *s = reading_prepare(reader,
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
    sqlite3_stmt *s =
        reading_prepare(reader,
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
