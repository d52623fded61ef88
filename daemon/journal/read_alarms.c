#include "journal/reading.h"

#define ALARM_COLUMNS "id, state, kind, outlet, subject, period, seq, raised_ms, time_ms, value"

static struct stored_alarm alarm_at(sqlite3_stmt *s)
{
    return (struct stored_alarm){reading_text(s, 0),
                                 reading_text(s, 1),
                                 reading_text(s, 2),
                                 reading_text(s, 3),
                                 reading_text(s, 4),
                                 reading_text(s, 5),
                                 (uint64_t)sqlite3_column_int64(s, 6),
                                 sqlite3_column_int64(s, 7),
                                 sqlite3_column_int64(s, 8),
                                 reading_real(s, 9)};
}

static bool walk_alarms(struct reader *reader, sqlite3_stmt *s,
                        bool (*each)(void *owner, const struct stored_alarm *alarm), void *owner, struct error *err)
{
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        struct stored_alarm alarm = alarm_at(s);
        if (!each(owner, &alarm))
            break;
    }
    return reading_finish(reader, s, code, err);
}

/* Named one by one, so that the index finds the few among years of cleared ones. */
#define ACTIVE "state IN ('raised', 'updated', 'acknowledged')"

bool reader_alarms(struct reader *reader, bool active_only, size_t max,
                   bool (*each)(void *owner, const struct stored_alarm *alarm), void *owner, struct error *err)
{
    static const char ALL[] = "SELECT " ALARM_COLUMNS " FROM (SELECT * FROM alarm ORDER BY raised_ms DESC LIMIT ?1)"
                              " ORDER BY raised_ms, id",
                      ACTIVE_ONES[] = "SELECT " ALARM_COLUMNS " FROM (SELECT * FROM alarm WHERE " ACTIVE
                                      " ORDER BY raised_ms DESC LIMIT ?1) ORDER BY raised_ms, id";
    sqlite3_stmt *s = reading_prepare(reader, active_only ? ACTIVE_ONES : ALL, err);
    if (!s)
        return false;
    sqlite3_bind_int64(s, 1, (int64_t)max);
    return walk_alarms(reader, s, each, owner, err);
}

bool reader_alarms_newest(struct reader *reader, bool active_only, size_t skip, size_t max,
                          bool (*each)(void *owner, const struct stored_alarm *alarm), void *owner, struct error *err)
{
    static const char ALL[] = "SELECT " ALARM_COLUMNS " FROM alarm ORDER BY raised_ms DESC, id DESC LIMIT ?1 OFFSET ?2",
                      ACTIVE_ONES[] = "SELECT " ALARM_COLUMNS " FROM alarm WHERE " ACTIVE
                                      " ORDER BY raised_ms DESC, id DESC LIMIT ?1 OFFSET ?2";
    sqlite3_stmt *s = reading_prepare(reader, active_only ? ACTIVE_ONES : ALL, err);
    if (!s)
        return false;
    sqlite3_bind_int64(s, 1, (int64_t)max);
    sqlite3_bind_int64(s, 2, (int64_t)skip);
    return walk_alarms(reader, s, each, owner, err);
}

bool reader_alarm(struct reader *reader, const char *id, bool (*each)(void *owner, const struct stored_alarm *alarm),
                  void *owner, struct error *err)
{
    sqlite3_stmt *s = reading_prepare(reader, "SELECT " ALARM_COLUMNS " FROM alarm WHERE id = ?1", err);
    if (!s)
        return false;
    sqlite3_bind_text(s, 1, id, -1, SQLITE_STATIC);
    return walk_alarms(reader, s, each, owner, err);
}

bool reader_alarm_steps(struct reader *reader, const char *id, size_t max,
                        bool (*each)(void *owner, const struct journal_entry *entry), void *owner, struct error *err)
{
    sqlite3_stmt *s = reading_prepare(
        reader,
        "SELECT * FROM (SELECT " ENTRY_COLUMNS " FROM alarm a JOIN entry e ON e.stream = 'alarm'"
        "  AND e.seq <= a.seq AND e.seq > a.seq - ?2 JOIN message m ON m.stream = e.stream AND m.seq = e.seq"
        "  WHERE a.id = ?1 AND instr(e.body, CAST(?1 AS BLOB)) ORDER BY e.seq DESC LIMIT ?3) ORDER BY seq",
        err);
    struct journal_entry entry;
    int code;
    if (!s)
        return false;
    sqlite3_bind_text(s, 1, id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, ALARM_REACH);
    sqlite3_bind_int64(s, 3, (int64_t)max);
    while ((code = sqlite3_step(s)) == SQLITE_ROW && reading_entry(s, &entry) && each(owner, &entry))
        ;
    return reading_finish(reader, s, code, err);
}
