#include "model/period.h"

#include "model/instant.h"

#include <string.h>

static const struct {
    const char *name;
    int64_t length_ms;
} TABLE[PERIODS] = {
    [PERIOD_REALTIME] = {"realtime", 0},     [PERIOD_MINUTE] = {"minute", MINUTE_MS}, [PERIOD_HOUR] = {"hour", HOUR_MS},
    [PERIOD_2HOUR] = {"2hour", 2 * HOUR_MS}, [PERIOD_DAY] = {"day", DAY_MS},
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
