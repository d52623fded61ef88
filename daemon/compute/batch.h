/* Batch analyzers of water: COD, NH3-N, TP and TN come once an hour or two, and late: the value belongs to the moment
 * the sample was taken (SampleTime), and is known half an hour and more after it.
 *
 *   value ─► kept by SampleTime
 *   minute: what stood then, as far as it was known (published at once, never corrected)
 *   hour, 2-hour: made of the kept values when they close ── so a late value amends a period that is still open
 *   a late value for closed ones ─► those that change are told again (told.h), then the day and longer ones
 *
 * What it can look back on is bounded: BATCH_VALUES values and TOLD_HOURS hours. Private to the compute room. */
#ifndef CEMSD_COMPUTE_BATCH_H
#define CEMSD_COMPUTE_BATCH_H

#include "compute/told.h"

enum { BATCH_VALUES = 64, BATCH_MINUTES = TOLD_HOURS * 60 };

struct batch {
    struct taken values[BATCH_VALUES]; /* by time, oldest first */
    size_t count;
    bool forgot; /* older values have been dropped */
};

/* Volumes of the outlet's last minutes, m3; NAN unknown. */
struct batch_volumes {
    double m3[BATCH_MINUTES];
    int64_t minute_ms[BATCH_MINUTES];
};

/* Whether a channel's figures are made this way. */
bool batch_wanted(const struct outlet *outlet, const struct channel *channel);

void batch_volume(struct outlet_state *o, int64_t minute_ms, double m3);
/* A value, in time or late; a late one may make corrections. */
void batch_take(struct outlet_state *o, struct channel_state *c, const struct taken *taken);
/* The window of a closed hour or 2-hour. */
void batch_window(const struct outlet_state *o, const struct channel_state *c, int64_t start_ms, int64_t end_ms,
                  struct window *window);

#endif
