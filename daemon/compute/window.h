/* Windows: what a period gathers until it closes.
 *
 *   samples ─► realtime window ─► last value
 *           └► minute window ─► mean when ≥ 75 % of the expected samples are N     (HJ 75-2017; domain sheet 1)
 *                 ├► 5 min   ─► mean of valid minutes, ≥ 4 of 5
 *                 ├► hour    ─► mean of valid minutes, ≥ 45 of 60
 *                 └► 2-hour  ─► mean of valid minutes, ≥ 90 of 120
 *                       hour ─► day: mean of valid hours, ≥ 20 of 24
 *                         day ─► month: mean of valid days, ≥ 25 (February 23)
 *                           month ─► quarter: 3 of 3; year: ≥ 9 of 12
 *
 * Three means are tallied side by side, because each can be invalid where the others are not: of the measured values,
 * of the converted ones (gas with a reference oxygen), and the flow-weighted one, C = ΣG/ΣD (water; HJ 212-2017 annex
 * D). Pure. Any thread. No allocation. */
#ifndef CEMSD_COMPUTE_WINDOW_H
#define CEMSD_COMPUTE_WINDOW_H

#include "model/mark.h"
#include "model/period.h"
#include "model/reading.h"

#include <stdbool.h>
#include <stdint.h>

struct tally {
    double sum, min, max;
    uint32_t n;
};

/* In the order in which a sample touches it: what marks, water and sums need comes last. */
struct window {
    _Alignas(64) int64_t start_ms; /* INSTANT_NONE: empty slot */
    uint32_t received;
    uint8_t last_mark, last_abnormal; /* enum mark */
    uint8_t converted_reason;         /* enum reason of the latest value that could not be converted */
    bool assumed;                     /* a value in it rests on an assumption */
    struct tally value, converted;
    double last, last_converted; /* the latest of each that counts */

    struct tally weighted; /* its sum is of value · weight */
    double weight;
    double amount;         /* sum of the lower level's; NAN while none has come */
    uint32_t amounts;      /* ... of so many */
    uint16_t marks[MARKS]; /* lower-level values by mark, without N; they stop at 65535 */
};

/* One lower-level value. */
struct quantum {
    enum mark mark;
    double value;       /* NAN: counted by its mark, not averaged */
    double converted;   /* NAN: not averaged; reason says why */
    double weight;      /* flow (any unit, the same in one window) or volume it stands for; NAN: unknown */
    enum reason reason; /* REASON_NONE when the outlet has no conversion */
    bool assumed;
};

/* Which mean of a window is the figure. */
enum mean { MEAN_PLAIN, MEAN_CONVERTED, MEAN_WEIGHTED };

/* A closed window's figures. NAN where absent. */
struct figure {
    double value, converted, min, max, converted_min, converted_max;
    double weight; /* what the value weighs one level up: ΣD of the values it is made of; NAN when unknown */
    double amount;
    bool weighted; /* value is the flow-weighted mean */
    bool assumed;
    uint32_t valid, expected;
    enum mark mark;     /* N when valid, else the most frequent abnormal one (B when nothing came) */
    enum reason reason; /* why value or converted is absent, or why it says little (no flow) */
};

void window_open(struct window *window, int64_t start_ms);
void window_add(struct window *window, const struct quantum *quantum);
void window_add_amount(struct window *window, double amount); /* NAN: nothing */

/* Lower-level values a period expects: 60 s / interval for a minute, 5, 60, 120, 24, days of the month, 3, 12 above. */
uint32_t window_expected(enum period period, int64_t start_ms, int interval_ms, int64_t realtime_ms);
/* Fewest valid ones that make the period valid: 75 % rounded up, but 20 of a day, 25 of a month, 23 of February. */
uint32_t window_required(enum period period, uint32_t expected);

/* Figures of the window as it stands. For realtime the value is the last one, for the others the mean. A weighted mean
 * falls back on the plain one, and says so, when too few values have a flow; with no flow at all in the period the
 * plain mean stands with REASON_NO_FLOW. */
struct figure window_close(const struct window *window, enum period period, uint32_t expected, enum mean mean);

#endif
