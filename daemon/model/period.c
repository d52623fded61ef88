#include "model/period.h"

#include "model/instant.h"

#include <string.h>

static const struct {
    const char *name;
    int64_t length_ms;
    int months;
} TABLE[PERIODS] = {
    [PERIOD_REALTIME] = {"realtime", 0, 0},
    [PERIOD_MINUTE] = {"minute", MINUTE_MS, 0},
    [PERIOD_5MIN] = {"5min", 5 * MINUTE_MS, 0},
    [PERIOD_HOUR] = {"hour", HOUR_MS, 0},
    [PERIOD_2HOUR] = {"2hour", 2 * HOUR_MS, 0},
    [PERIOD_DAY] = {"day", DAY_MS, 0},
    [PERIOD_MONTH] = {"month", 0, 1},
    [PERIOD_QUARTER] = {"quarter", 0, 3},
    [PERIOD_YEAR] = {"year", 0, 12},
};

const char *period_name(enum period period)
{
    return TABLE[period].name;
}

bool period_parse(const char *name, enum period *period)
{
    for (int p = 0; p < PERIODS; p++) {
        if (strcmp(name, TABLE[p].name) == 0) {
            *period = (enum period)p;
            return true;
        }
    }
    return false;
}

int64_t period_length_ms(enum period period, int64_t realtime_ms)
{
    return period == PERIOD_REALTIME ? realtime_ms : TABLE[period].length_ms;
}

int64_t period_start_ms(int64_t instant_ms, int64_t length_ms)
{
    int64_t local = instant_ms + INSTANT_ZONE_MS;
    int64_t into = local % length_ms;
    if (into < 0)
        into += length_ms;
    return instant_ms - into;
}

int64_t period_floor_ms(enum period period, int64_t instant_ms)
{
    int year, month, day, months = TABLE[period].months;
    if (months == 0)
        return period_start_ms(instant_ms, TABLE[period].length_ms);
    instant_civil(instant_ms, &year, &month, &day);
    return instant_of_month(year, (month - 1) / months * months + 1);
}

int64_t period_end_ms(enum period period, int64_t start_ms)
{
    int year, month, day;
    if (TABLE[period].months == 0)
        return start_ms + TABLE[period].length_ms;
    instant_civil(start_ms, &year, &month, &day);
    return instant_of_month(year, month + TABLE[period].months);
}
