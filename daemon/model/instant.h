/* Instants and their labels.
 *
 * An instant is milliseconds since 1970-01-01T00:00:00Z, as int64_t named ..._ms. Labels are Beijing time, UTC+8
 * without daylight saving (HJ 212-2017 6.3): the only zone in which a minute, an hour or a day of this project begins.
 */
#ifndef CEMSD_MODEL_INSTANT_H
#define CEMSD_MODEL_INSTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSTANT_ZONE_MS (INT64_C(8) * 3600 * 1000) /* UTC+8 */
#define INSTANT_NONE INT64_MIN                     /* "has no instant" */

enum { INSTANT_TEXT = 32 };    /* bytes of "2026-11-23T08:00:00.000+08:00" and its zero */
enum { INSTANT_COMPACT = 18 }; /* bytes of "20261123080000000" and its zero */

/* ISO 8601 with milliseconds and +08:00 into text; years 1970..9999. Returns text. Pure. */
char *instant_format(int64_t instant_ms, char text[INSTANT_TEXT]);

/* yyyymmddhhmmsszzz in UTC+8, the QN form of HJ 212. Returns text. Pure. */
char *instant_format_compact(int64_t instant_ms, char text[INSTANT_COMPACT]);

/* Reads yyyymmddhhmmss, or with zzz behind it, in UTC+8: exactly 14 or 17 digits of a date that exists. Pure. */
bool instant_parse_compact(const char *text, size_t length, int64_t *instant_ms);

/* Reads ISO 8601 ("2026-11-23T08:00:00[.mmm][Z|+08:00]", a blank for T allowed, no zone means UTC+8, date alone means
 * its midnight) or epoch milliseconds. Impossible dates (30 February) are refused. Pure. */
bool instant_parse(const char *text, int64_t *instant_ms);

/* Year, month 1..12 and day 1..31 in UTC+8. Pure. */
void instant_civil(int64_t instant_ms, int *year, int *month, int *day);
/* Midnight (UTC+8) of the first day of a month; month may run beyond 1..12. Pure. */
int64_t instant_of_month(int year, int month);

#endif
