/* A report's figures, gathered from the records of the journal: a grid of the parts of a period by factor, and one
 * summary a factor. Private to report.c (tables) and tax.c (the environmental protection tax). */
#ifndef CEMSD_CTL_REPORT_H
#define CEMSD_CTL_REPORT_H

#include "compute/substitute.h"
#include "ctl/ctl.h"

enum { ROWS_MAX = 64 };

struct cell {
    double value, converted, amount;
    char mark[4];
    uint32_t valid, expected;
    int exceeds;
    bool there;
};

struct summary {
    double mean, converted, min, max, amount, limit;
    double substituted; /* in the amount unit, over the whole period */
    uint32_t hours_valid, hours_ran, hours_by_hand, exceeding, judged, within_ultra_low, ultra_low_judged;
    double capture;     /* of the period's hours */
    double judged_mean; /* mean of the hours as they are judged */
    bool any_exceeds;   /* a mean of the kind that is judged: hours of gas, days of water */
    char rules[32];     /* of substitution that were used */
};

struct report {
    const struct outlet *outlet;
    enum period period, part;
    int64_t from_ms, to_ms;
    size_t rows;
    int64_t row_ms[ROWS_MAX];
    double flow[ROWS_MAX];
    char condition[ROWS_MAX][16];
    struct cell cells[ROWS_MAX][CHANNELS_PER_OUTLET];
    struct summary summary[CHANNELS_PER_OUTLET];
};

/* Fills it for the period of the outlet that holds instant_ms. False after printing. */
bool report_gather(struct reader *reader, const struct outlet *outlet, enum period period, int64_t instant_ms,
                   struct report *report);

/* Outlets of the configuration the command is for: --outlet, or all. NULL after the last. */
const struct outlet *report_outlet(struct ctl *ctl, size_t *at);

int ctl_tax(struct ctl *ctl, struct reader *reader, int64_t instant_ms);

#endif
