/* The state of all outlets while they are computed. Private to the compute room: compute.c walks over samples and
 * time, keep.c takes over what was known before. */
#ifndef CEMSD_COMPUTE_PLANT_STATE_H
#define CEMSD_COMPUTE_PLANT_STATE_H

#include "compute/outlet.h"

enum { RANKS = 3 }; /* conditions of the gas, then O2, then the rest */

struct compute {
    const struct plant *plant;
    struct compute_sink sink;
    struct compute_counts counts;
    struct channel_state *channels; /* by channel->index */
    struct channel_book *books;     /* the same */
    uint8_t *rank;                  /* the same: when its turn is within an instant */
    struct outlet_state *outlets;
    struct line_state *lines;
    struct period_record record;
    struct amend *amend; /* NULL: nothing comes late */
    int64_t due_ms;
    uint32_t hint; /* where the last channel was found */
    bool begun;
};

/* Of the channel with that index. */
static inline struct outlet_state *outlet_state_of(const struct compute *compute, uint32_t channel)
{
    return &compute->outlets[compute->plant->outlet_of[channel]->index];
}

/* compute.c: zeroed, to free(); windows begin on a cache line of their own. */
void *compute_array(size_t count, size_t size);
void channel_init(struct channel_state *c, struct channel_book *book, const struct channel *channel);
/* compute.c: the next instant at which something closes. */
void compute_find_due(struct compute *compute);

#endif
