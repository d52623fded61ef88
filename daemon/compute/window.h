/* Windows: what a period gathers until it closes.
 *
 *   samples ─► realtime window ─► last value
 *           └► minute window ─► mean when ≥ 75 % of the expected samples are N     (HJ 75-2017; domain sheet 1)
 *                 └► hour     ─► mean of valid minutes, ≥ 45 of 60
 *                 └► 2-hour   ─► mean of valid minutes, ≥ 90 of 120
 *                       hour ─► day: mean of valid hours, ≥ 20 of 24
 *
 * Measured and converted figures are tallied apart: a converted mean is the mean of converted values, and it can be
 * invalid (no oxygen) where the measured one is not. Pure. Any thread. No allocation. */
#ifndef CEMSD_COMPUTE_WINDOW_H
#define CEMSD_COMPUTE_WINDOW_H

#include "model/mark.h"
#include "model/period.h"
#include "model/reading.h"

#include <stdbool.h>
#include <stdint.h>

struct tally {
    uint32_t n;
    double sum, min, max, last;
};

struct window {
    int64_t start_ms; /* INSTANT_NONE: empty slot */
    struct tally value, converted;
    uint16_t marks[MARKS]; /* lower-level values by mark; they stop at 65535 */
    enum mark last_mark, last_abnormal;
    enum reason converted_reason; /* of the latest value that could not be converted */
    uint32_t received;
};

/* A closed window's figures. NAN where absent. */
struct figure {
    double value, converted, min, max, converted_min, converted_max;
    uint32_t valid, expected;
    enum mark mark;     /* N when valid, else the most frequent abnormal one (B when nothing came) */
    enum reason reason; /* why value or converted is absent */
};

void window_open(struct window *window, int64_t start_ms);

/* Adds one lower-level value. value NAN or mark other than N: counted, not averaged. converted NAN: not averaged,
 * reason says why (REASON_NONE when the outlet has no conversion). */
void window_add(struct window *window, enum mark mark, double value, double converted, enum reason reason);

/* Lower-level values a period expects: 60 s / interval for a minute, 60, 120, 24 above. */
uint32_t window_expected(enum period period, int interval_ms, int64_t realtime_ms);
/* Fewest valid ones that make the period valid: 75 % rounded up, 45, 90, 20. */
uint32_t window_required(enum period period, uint32_t expected);

/* Figures of the window as it stands; `converts` says whether the channel has converted figures at all. For realtime
 * the value is the last one, for the others the mean. */
struct figure window_close(const struct window *window, enum period period, uint32_t expected, bool converts);

#endif
