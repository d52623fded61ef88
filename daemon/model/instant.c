/* Civil date from a day count: years are counted from 1 March, so that the leap day is the last of its year and
 * the month lengths repeat with period 153 days in 5 months. An era is 400 years = 146097 days. */
#include "model/instant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

struct civil {
    int year, month, day, hour, minute, second, ms;
};

static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400; /* years 0..9999 only: never negative */
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static struct civil civil_from_instant(int64_t instant_ms)
{
    int64_t local = instant_ms + INSTANT_ZONE_MS;
    if (local < 0)
        local = 0;
    int64_t days = local / DAY_MS + 719468;
    int64_t ms = local % DAY_MS;
    int64_t era = days / 146097;
    int64_t day_of_era = days % 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    struct civil c = {
        .day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
        .month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9),
        .hour = (int)(ms / 3600000),
        .minute = (int)(ms / 60000 % 60),
        .second = (int)(ms / 1000 % 60),
        .ms = (int)(ms % 1000),
    };
    c.year = (int)(year_of_era + era * 400 + (c.month <= 2));
    return c;
}

char *instant_format(int64_t instant_ms, char text[INSTANT_TEXT])
{
    struct civil c = civil_from_instant(instant_ms);
    snprintf(text, INSTANT_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%03u+08:00", (unsigned)c.year % 10000U,
             (unsigned)c.month % 100U, (unsigned)c.day % 100U, (unsigned)c.hour % 100U, (unsigned)c.minute % 100U,
             (unsigned)c.second % 100U, (unsigned)c.ms % 1000U);
    return text;
}

char *instant_format_compact(int64_t instant_ms, char text[INSTANT_COMPACT])
{
    struct civil c = civil_from_instant(instant_ms);
    snprintf(text, INSTANT_COMPACT, "%04u%02u%02u%02u%02u%02u%03u", (unsigned)c.year % 10000U, (unsigned)c.month % 100U,
             (unsigned)c.day % 100U, (unsigned)c.hour % 100U, (unsigned)c.minute % 100U, (unsigned)c.second % 100U,
             (unsigned)c.ms % 1000U);
    return text;
}

/* Takes exactly `digits` decimal digits off the front of *at. */
static bool take_number(const char **at, int digits, int *out)
{
    int value = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        value = value * 10 + (**at - '0');
    }
    *out = value;
    return true;
}

static bool take_char(const char **at, const char *any_of)
{
    if (**at == '\0' || !strchr(any_of, **at))
        return false;
    (*at)++;
    return true;
}

static bool civil_possible(const struct civil *c)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (c->year < 1970 || c->month < 1 || c->month > 12 || c->hour > 23 || c->minute > 59 || c->second > 59)
        return false;
    bool leap = (c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0;
    int days = DAYS[c->month - 1] + (c->month == 2 && leap ? 1 : 0);
    return c->day >= 1 && c->day <= days;
}

/* As if in UTC. */
static int64_t instant_of(const struct civil *c)
{
    return days_from_civil(c->year, c->month, c->day) * DAY_MS + c->hour * INT64_C(3600000) +
           c->minute * INT64_C(60000) + c->second * INT64_C(1000) + c->ms;
}

static bool parse_epoch(const char *text, int64_t *instant_ms)
{
    char *end = NULL;
    if (strspn(text, "0123456789") != strlen(text) || strlen(text) < 9 || strlen(text) > 15)
        return false;
    *instant_ms = strtoll(text, &end, 10);
    return *end == '\0';
}

static bool take_zone(const char **at, int64_t *zone_ms)
{
    int hours = 0, minutes = 0;
    if (take_char(at, "Z")) {
        *zone_ms = 0;
        return true;
    }
    int sign = **at == '-' ? -1 : 1;
    if (!take_char(at, "+-") || !take_number(at, 2, &hours) || !take_char(at, ":") || !take_number(at, 2, &minutes))
        return false;
    *zone_ms = sign * (hours * INT64_C(3600000) + minutes * INT64_C(60000));
    return hours <= 14 && minutes <= 59;
}

bool instant_parse(const char *text, int64_t *instant_ms)
{
    struct civil c = {0};
    int64_t zone_ms = INSTANT_ZONE_MS;
    const char *at = text;
    if (parse_epoch(text, instant_ms))
        return true;
    if (!take_number(&at, 4, &c.year) || !take_char(&at, "-") || !take_number(&at, 2, &c.month) ||
        !take_char(&at, "-") || !take_number(&at, 2, &c.day))
        return false;
    if (take_char(&at, "T ")) {
        if (!take_number(&at, 2, &c.hour) || !take_char(&at, ":") || !take_number(&at, 2, &c.minute))
            return false;
        if (take_char(&at, ":") && !take_number(&at, 2, &c.second))
            return false;
        if (take_char(&at, ".") && !take_number(&at, 3, &c.ms))
            return false;
        if (*at != '\0' && !take_zone(&at, &zone_ms))
            return false;
    }
    if (*at != '\0' || !civil_possible(&c))
        return false;
    *instant_ms = instant_of(&c) - zone_ms;
    return true;
}

bool instant_parse_compact(const char *text, size_t length, int64_t *instant_ms)
{
    struct civil c = {0};
    char copy[INSTANT_COMPACT];
    const char *at = copy;
    if (length != 14 && length != 17)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (!take_number(&at, 4, &c.year) || !take_number(&at, 2, &c.month) || !take_number(&at, 2, &c.day) ||
        !take_number(&at, 2, &c.hour) || !take_number(&at, 2, &c.minute) || !take_number(&at, 2, &c.second) ||
        (length == 17 && !take_number(&at, 3, &c.ms)) || !civil_possible(&c))
        return false;
    *instant_ms = instant_of(&c) - INSTANT_ZONE_MS;
    return true;
}

void instant_civil(int64_t instant_ms, int *year, int *month, int *day)
{
    struct civil c = civil_from_instant(instant_ms);
    *year = c.year;
    *month = c.month;
    *day = c.day;
}

int64_t instant_of_month(int year, int month)
{
    int months = year * 12 + month - 1;
    return days_from_civil(months / 12, months % 12 + 1, 1) * DAY_MS - INSTANT_ZONE_MS;
}
