/* Substituted amounts: what an hour without a valid mean counts in a total (HJ 75-2017 12.2; HJ 356-2019 8). For totals
 * only: no concentration is ever made up, and what was measured is never overwritten.
 *
 *   gas    capture rate α of the quarter    run of invalid hours ≤ 24    > 24
 *          ≥ 90 %                           largest of the last 180      of the last 720 valid hours before the run
 *          75 … 90 %                        largest of the last 2160
 *          < 75 %                           none: by hand (reference method, authority)
 *   water  mean of the equally long span before the gap
 *
 *   α = valid hours / (hours - hours in which the source did not run)
 *
 * The standard counts an out-of-control run from the last good calibration; which one that is the journal does not
 * know, so every run counts from where the marks begin. Pure. */
#ifndef CEMSD_COMPUTE_SUBSTITUTE_H
#define CEMSD_COMPUTE_SUBSTITUTE_H

#include "model/plant.h"

#include <stdbool.h>
#include <stddef.h>

enum substitute_rule {
    SUBSTITUTE_NONE,
    SUBSTITUTE_180,
    SUBSTITUTE_720,
    SUBSTITUTE_2160,
    SUBSTITUTE_MEAN,
    SUBSTITUTE_HAND
};

/* "", "S180", "S720", "S2160", "MEAN", "MAN". */
const char *substitute_code(enum substitute_rule rule);

/* One hour of one pollutant. */
struct hour_amount {
    double amount;             /* measured; NAN: invalid */
    bool stopped;              /* the source did not run: nothing is missing */
    bool recorded;             /* the caller's own */
    double substituted;        /* out: what stands in for it; NAN: nothing does */
    enum substitute_rule rule; /* out */
};

/* Capture rate of hours [from, to); NAN when none of them ran. */
double substitute_capture(const struct hour_amount *hours, size_t from, size_t to);

/* Fills substituted and rule of the hours [from, to) of one quarter; those before from are the past it may look at. */
void substitute_hours(struct hour_amount *hours, size_t from, size_t to, enum medium medium);

#endif
