/* Periods: the spans a figure is made over. All begin on the UTC+8 grid and are half open, [start, end).
 *
 *   realtime  realtime_s of the disclosure feed (10 s by default)
 *   minute ⊂ hour ⊂ 2hour ⊂ day                                                                */
#ifndef CEMSD_MODEL_PERIOD_H
#define CEMSD_MODEL_PERIOD_H

#include <stdbool.h>
#include <stdint.h>

enum period { PERIOD_REALTIME, PERIOD_MINUTE, PERIOD_HOUR, PERIOD_2HOUR, PERIOD_DAY, PERIODS };

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)

/* "realtime", "minute", "hour", "2hour", "day": the words of topics, bodies and the configuration. */
const char *period_name(enum period period);
bool period_parse(const char *name, enum period *period);

/* Length of a period; that of realtime is the plant's setting, so it is asked for. */
int64_t period_length_ms(enum period period, int64_t realtime_ms);

/* Start of the span of length_ms that holds the instant, on the UTC+8 grid. length_ms > 0. Pure. */
int64_t period_start_ms(int64_t instant_ms, int64_t length_ms);

#endif
