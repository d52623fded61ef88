/* Retention: what is old goes, kind by kind, raw samples first.
 *
 *   samples           whole entries, from the first on
 *   real-time bodies  the body goes, its chain value stays: the stream is still gapless and chained
 *   minute bodies     the same
 *
 * Each reaches back so many days; when the file is larger than it may be, one span after another goes before its time,
 * samples first. Nothing goes that no signed checkpoint stands for; alarms, events, and what is told of longer periods
 * never go. A step takes so few entries that an alarm is not kept waiting. */
#include "journal/checkpoint.h"

#include "model/period.h"

#include <string.h>

enum { STEP = 400, NEVER_DAYS = 4 }; /* what a restart and a late value may need is never old enough */

struct trimmed {
    const char *cursor, *upto; /* where it stands; newest entry of a checkpoint older than ?1 */
    const char *next;          /* the end of the span after ?1, older than ?2: what goes before its time */
    const char *last;          /* seq of the STEP-th entry after ?1, not beyond ?2; NULL when there is none */
    const char *remove, *also; /* entries (?1, ?2]; of samples the last stays, without its body, for its chain value */
};

#define OF_STREAM(stream)                                                                                              \
    "SELECT max(" stream "_to) FROM checkpoint WHERE time_ms < ?1",                                                    \
        "SELECT min(" stream "_to) FROM checkpoint WHERE " stream "_to > ?1 AND time_ms < ?2",                         \
        "SELECT max(seq) FROM (SELECT seq FROM entry WHERE stream = '" stream                                          \
        "' AND seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3)"
#define BODIES_OF(kind)                                                                                                \
    "trim." kind, OF_STREAM("disclosure"),                                                                             \
        "UPDATE entry SET body = x'' WHERE stream = 'disclosure' AND seq > ?1 AND seq <= ?2 AND kind = '" kind "'",    \
        "DELETE FROM message WHERE stream = 'disclosure' AND seq > ?1 AND seq <= ?2 AND topic LIKE '%/" kind "'"

static const struct trimmed TRIMMED[] = {
    {"trim.sample", OF_STREAM("sample"), "DELETE FROM entry WHERE stream = 'sample' AND seq >= ?1 AND seq < ?2",
     "UPDATE entry SET body = x'' WHERE stream = 'sample' AND seq = ?2"},
    {BODIES_OF("realtime")},
    {BODIES_OF("minute")},
};
enum { TRIMS = sizeof TRIMMED / sizeof TRIMMED[0] };

/* One number of a query, 0 when it gives none. */
static int number_of(sqlite3 *db, const char *sql, const char *text, const int64_t *numbers, int count, int64_t *out)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    *out = 0;
    if (code == SQLITE_OK && text)
        sqlite3_bind_text(s, 1, text, -1, SQLITE_STATIC);
    for (int i = 0; code == SQLITE_OK && i < count; i++)
        sqlite3_bind_int64(s, i + 1 + (text != NULL), numbers[i]);
    code = code == SQLITE_OK ? sqlite3_step(s) : code;
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int run(sqlite3 *db, const char *sql, const char *text, int64_t first, int64_t second)
{
    const int64_t numbers[] = {first, second};
    int64_t unused;
    return number_of(db, sql, text, numbers, 2, &unused);
}

/* Up to `upto`, one step. */
static int step(sqlite3 *db, const struct trimmed *t, int64_t at, int64_t upto)
{
    const int64_t range[] = {at, upto, STEP};
    int64_t last;
    int code = number_of(db, t->last, NULL, range, 3, &last);
    if (code == SQLITE_OK && last == 0)
        last = upto; /* nothing is left of it */
    if (code == SQLITE_OK)
        code = run(db, t->remove, NULL, at, last);
    if (code == SQLITE_OK)
        code = run(db, t->also, NULL, at, last);
    if (code == SQLITE_OK)
        code = run(db, "INSERT OR REPLACE INTO cursor VALUES(?1, ?2)", t->cursor, last, 0);
    return code;
}

static int bytes_in_use(sqlite3 *db, int64_t *bytes)
{
    int64_t pages, unused, size;
    int code = number_of(db, "PRAGMA page_count", NULL, NULL, 0, &pages);
    code = code == SQLITE_OK ? number_of(db, "PRAGMA freelist_count", NULL, NULL, 0, &unused) : code;
    code = code == SQLITE_OK ? number_of(db, "PRAGMA page_size", NULL, NULL, 0, &size) : code;
    *bytes = code == SQLITE_OK ? (pages - unused) * size : 0;
    return code;
}

int trim_step(sqlite3 *db, const struct journal_keep *keep, int64_t now_ms, bool *more)
{
    const int days[TRIMS] = {keep->samples_days, keep->realtime_days, keep->minute_days};
    int64_t bytes = 0;
    bool stepped = false;
    int code = SQLITE_OK;
    *more = false;
    for (int i = 0; i < TRIMS && code == SQLITE_OK && !stepped; i++) {
        const int64_t before = now_ms - days[i] * DAY_MS;
        int64_t at, upto;
        code = number_of(db, "SELECT seq FROM cursor WHERE name = ?1", TRIMMED[i].cursor, NULL, 0, &at);
        code = code == SQLITE_OK ? number_of(db, TRIMMED[i].upto, NULL, &before, 1, &upto) : code;
        stepped = code == SQLITE_OK && days[i] > 0 && upto > at;
        if (stepped)
            code = step(db, &TRIMMED[i], at, upto);
        *more |= stepped;
    }
    if (stepped || code != SQLITE_OK || keep->max_bytes == 0)
        return code;
    code = bytes_in_use(db, &bytes);
    for (int i = 0; i < TRIMS && code == SQLITE_OK && bytes > keep->max_bytes && !stepped; i++) {
        int64_t at, upto;
        code = number_of(db, "SELECT seq FROM cursor WHERE name = ?1", TRIMMED[i].cursor, NULL, 0, &at);
        const int64_t after[] = {at, now_ms - NEVER_DAYS * DAY_MS};
        code = code == SQLITE_OK ? number_of(db, TRIMMED[i].next, NULL, after, 2, &upto) : code;
        stepped = code == SQLITE_OK && upto > at;
        if (stepped)
            code = step(db, &TRIMMED[i], at, upto);
        *more |= stepped;
    }
    return code;
}
