/* Periods: the spans a figure is made over. All begin on the UTC+8 grid and are half open, [start, end).
 *
 *   realtime  realtime_s of the disclosure feed (10 s by default)
 *   minute ⊂ 5min (furnace temperature) ⊂ hour ⊂ 2hour (sewage) ⊂ day ⊂ month ⊂ quarter ⊂ year
 *
 * A month, a quarter and a year have the length the calendar gives them. */
#ifndef CEMSD_MODEL_PERIOD_H
#define CEMSD_MODEL_PERIOD_H

#include <stdbool.h>
#include <stdint.h>

enum period {
    PERIOD_REALTIME,
    PERIOD_MINUTE,
    PERIOD_5MIN,
    PERIOD_HOUR,
    PERIOD_2HOUR,
    PERIOD_DAY,
    PERIOD_MONTH,
    PERIOD_QUARTER,
    PERIOD_YEAR,
    PERIODS
};

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)

/* "realtime", "minute", "5min", "hour", "2hour", "day", "month", "quarter", "year": the words of topics, bodies and the
 * configuration. */
const char *period_name(enum period period);
bool period_parse(const char *name, enum period *period);

/* Length of a period of fixed length; that of realtime is the plant's setting, so it is asked for. Periods from a month
 * on have none: 0. */
int64_t period_length_ms(enum period period, int64_t realtime_ms);

/* Start of the span of length_ms that holds the instant, on the UTC+8 grid. length_ms > 0. Pure. */
int64_t period_start_ms(int64_t instant_ms, int64_t length_ms);

/* Start of the period that holds the instant, and end of the period that begins at start_ms; every period but realtime.
 * Pure. */
int64_t period_floor_ms(enum period period, int64_t instant_ms);
int64_t period_end_ms(enum period period, int64_t start_ms);

#endif
