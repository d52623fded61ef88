#include "journal/tables.h"

/* clang-format off: SQL has a shape of its own */

#define ENTRY_TABLES                                                                                                   \
    "CREATE TABLE entry(stream TEXT NOT NULL, seq INTEGER NOT NULL, time_ms INTEGER NOT NULL, kind TEXT NOT NULL,"     \
    "  body BLOB NOT NULL, hash BLOB NOT NULL, PRIMARY KEY(stream, seq));"                                             \
    "CREATE TABLE message(stream TEXT NOT NULL, seq INTEGER NOT NULL, topic TEXT NOT NULL, key TEXT, signature BLOB,"  \
    "  PRIMARY KEY(stream, seq)) WITHOUT ROWID;"                                                                       \
    "CREATE TABLE latest(topic TEXT PRIMARY KEY, stream TEXT NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;"

#define ALARM_TABLE                                                                                                    \
    "CREATE TABLE alarm(id TEXT PRIMARY KEY, seq INTEGER NOT NULL, state TEXT NOT NULL, kind TEXT NOT NULL, outlet "   \
    "TEXT,"                                                                                                            \
    "  subject TEXT NOT NULL, period TEXT, raised_ms INTEGER NOT NULL, time_ms INTEGER NOT NULL, value REAL) WITHOUT " \
    "ROWID;"                                                                                                           \
    "CREATE INDEX alarm_active ON alarm(state, raised_ms);"

#define NAME_TABLES                                                                                                    \
    "CREATE TABLE cursor(name TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;"                                  \
    "CREATE TABLE channel(id INTEGER PRIMARY KEY, outlet TEXT NOT NULL, factor TEXT NOT NULL, UNIQUE(outlet, "         \
    "factor));"                                                                                                        \
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"

#define CHECKPOINT_TABLE                                                                                               \
    "CREATE TABLE checkpoint(number INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, body BLOB NOT NULL, key TEXT,"      \
    "  signature BLOB, alarm_to INTEGER NOT NULL, disclosure_to INTEGER NOT NULL, sample_to INTEGER NOT NULL,"         \
    "  event_to INTEGER NOT NULL);"

/* Closed periods. Names are numbers here, because there is a row a minute and channel for years; the view `record` says
 * them. */
#define PERIOD_NAME(n)                                                                                                 \
    "CASE " n " WHEN 1 THEN 'minute' WHEN 2 THEN '5min' WHEN 3 THEN 'hour' WHEN 4 THEN '2hour' WHEN 5 THEN 'day'"      \
    " WHEN 6 THEN 'month' WHEN 7 THEN 'quarter' WHEN 8 THEN 'year' END"
#define PERIOD_NUMBER(name)                                                                                            \
    "CASE " name " WHEN 'minute' THEN 1 WHEN '5min' THEN 2 WHEN 'hour' THEN 3 WHEN '2hour' THEN 4 WHEN 'day' THEN 5"   \
    " WHEN 'month' THEN 6 WHEN 'quarter' THEN 7 WHEN 'year' THEN 8 END"
#define MARK_NAME(n)                                                                                                   \
    "CASE " n " WHEN 0 THEN 'N' WHEN 1 THEN 'F' WHEN 2 THEN 'M' WHEN 3 THEN 'S' WHEN 4 THEN 'D' WHEN 5 THEN 'C'"       \
    " WHEN 6 THEN 'T' WHEN 7 THEN 'B' ELSE 'Td' END"
#define MARK_NUMBER(name)                                                                                              \
    "CASE " name " WHEN 'N' THEN 0 WHEN 'F' THEN 1 WHEN 'M' THEN 2 WHEN 'S' THEN 3 WHEN 'D' THEN 4 WHEN 'C' THEN 5"    \
    " WHEN 'T' THEN 6 WHEN 'B' THEN 7 ELSE 8 END"
#define CONDITION_NAME(n)                                                                                              \
    "CASE " n " WHEN 0 THEN 'running' WHEN 1 THEN 'start-up' WHEN 2 THEN 'shut-down' WHEN 3 THEN 'stopped'"            \
    " WHEN 4 THEN 'failure' WHEN 5 THEN 'maintenance' END"
#define CONDITION_NUMBER(name)                                                                                         \
    "CASE " name " WHEN 'running' THEN 0 WHEN 'start-up' THEN 1 WHEN 'shut-down' THEN 2 WHEN 'stopped' THEN 3"         \
    " WHEN 'failure' THEN 4 WHEN 'maintenance' THEN 5 END"
#define CALENDAR_END(step) "(strftime('%s', f.from_ms / 1000 + 28800, 'unixepoch', '" step "') - 28800) * 1000"
#define PERIOD_END                                                                                                     \
    "CASE f.period WHEN 1 THEN f.from_ms + 60000 WHEN 2 THEN f.from_ms + 300000 WHEN 3 THEN f.from_ms + 3600000"       \
    " WHEN 4 THEN f.from_ms + 7200000 WHEN 5 THEN f.from_ms + 86400000 WHEN 6 THEN " CALENDAR_END(                     \
        "+1 month") " WHEN 7 THEN " CALENDAR_END("+3 months") " ELSE " CALENDAR_END("+1 year") " END"
#define FIGURE_TABLE                                                                                                   \
    "CREATE TABLE figure(channel INTEGER NOT NULL, period INTEGER NOT NULL, from_ms INTEGER NOT NULL, value REAL,"     \
    "  converted REAL, min REAL, max REAL, amount REAL, flow REAL, mark INTEGER NOT NULL, valid INTEGER NOT NULL,"     \
    "  expected INTEGER NOT NULL, limit_max REAL, exceeds INTEGER, reason TEXT, seq INTEGER NOT NULL,"                 \
    "  converted_min REAL, converted_max REAL, weight REAL, condition INTEGER, revision INTEGER NOT NULL,"             \
    "  PRIMARY KEY(channel, period, from_ms)) WITHOUT ROWID;"                                                          \
    "CREATE INDEX figure_seq ON figure(seq);"                                                                          \
    "CREATE VIEW record AS SELECT c.outlet, c.factor, " PERIOD_NAME(                                                   \
        "f.period") " AS period, f.from_ms, " PERIOD_END                                                               \
                    "  AS to_ms, f.value, f.converted, f.min, f.max, f.amount, f.flow, " MARK_NAME(                    \
                        "f.mark") " AS mark, f.valid,"                                                                 \
                                  "  f.expected, f.limit_max, f.exceeds, f.reason, f.seq, f.converted_min, "           \
                                  "f.converted_max, f.weight, " CONDITION_NAME(                                        \
                                      "f.condition") " AS condition, f.revision FROM figure f JOIN channel c ON c.id " \
                                                     "= f.channel;"

#define ALL_TABLES                                                                                                     \
    ENTRY_TABLES ALARM_TABLE NAME_TABLES CHECKPOINT_TABLE FIGURE_TABLE                                                 \
        "PRAGMA application_id = 1128615251; PRAGMA user_version = 5;"

const char *const JOURNAL_TABLES[CHAIN_HASHES] = {
    [CHAIN_SHA256] = ALL_TABLES,
    [CHAIN_SM3] = ALL_TABLES "INSERT INTO meta VALUES('chain', 'sm3');",
};

const char *const JOURNAL_MIGRATIONS[] = {
    /* there is no version 0 */
    "",
    /* 1 → 2: uplinks walk records by seq; extremes of converted values */
    "ALTER TABLE record ADD COLUMN converted_min REAL; ALTER TABLE record ADD COLUMN converted_max REAL;"
    "CREATE INDEX record_seq ON record(seq); PRAGMA user_version = 2;",
    /* 2 → 3: what a flow-weighted figure weighs, the operating state, corrections */
    "ALTER TABLE record ADD COLUMN weight REAL; ALTER TABLE record ADD COLUMN condition TEXT;"
    "ALTER TABLE record ADD COLUMN revision INTEGER NOT NULL DEFAULT 0; PRAGMA user_version = 3;",
    /* 3 → 4: checkpoints */
    CHECKPOINT_TABLE "PRAGMA user_version = 4;",
    /* 4 → 5: numbers in place of names, so that a year of minutes of a hundred channels fits on a gateway */
    "ALTER TABLE record RENAME TO record_4; DROP INDEX record_seq;"
    "INSERT OR IGNORE INTO channel(outlet, factor) SELECT DISTINCT outlet, factor FROM record_4;" FIGURE_TABLE
    "INSERT INTO figure SELECT c.id, " PERIOD_NUMBER(
        "r.period") ", r.from_ms, r.value, r.converted, r.min, r.max, r.amount,"
                    "  r.flow, " MARK_NUMBER(
                        "r.mark") ", r.valid, r.expected, r.limit_max, r.exceeds, r.reason, r.seq, r.converted_min,"
                                  "  r.converted_max, r.weight, " CONDITION_NUMBER(
                                      "r.condition") ", r.revision FROM record_4 r JOIN channel c"
                                                     "  USING(outlet, factor);"
                                                     "DROP TABLE record_4; PRAGMA user_version = 5;",
};
