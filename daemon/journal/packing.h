/* What packing of samples predicts by. Private to pack.c and unpack.c (samples.h tells the format). */
#ifndef CEMSD_JOURNAL_PACKING_H
#define CEMSD_JOURNAL_PACKING_H

#include "journal/samples.h"

enum { FORM_DECIMAL, FORM_FLOAT32, FORM_DOUBLE, DECIMALS_MOST = 9, RICE_ONES = 20, FLAG_OWN = 0x20, FLAG_NONE = 0x40 };

struct channel_packing {
    uint32_t next;   /* channel that came after it; 0: none yet */
    bool next_first; /* as first of a group */
    uint8_t flags, form, decimals;
    int64_t last;    /* value in its form */
    uint64_t mean;   /* of the differences, · 16 */
    int64_t lead_ms; /* when it last began a group, and how long that usually takes */
    int64_t step_ms;
};

struct packing {
    struct channel_packing *channels; /* by id, grown to the largest */
    size_t room;
    uint32_t before; /* the channel before; 0: none */
    int64_t group_ms;
    uint64_t time_mean;
    int blocks; /* since the key; 0: the next is one */
};

/* The channel's place; NULL when the id is none or memory is short. */
struct channel_packing *packing_channel(struct packing *packing, uint32_t id);
void packing_forget(struct packing *packing, int64_t base_ms);

uint64_t packing_mean(uint64_t mean, uint64_t z);
int packing_rice(uint64_t mean);
/* The channel came after `before`, NULL when that was none. */
void packing_follow(struct packing *packing, struct channel_packing *before, uint32_t id, bool first);
/* A channel begins a group at time_ms. */
void packing_lead(struct channel_packing *c, int64_t time_ms);

static inline uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (uint64_t)(value < 0 ? -1 : 0);
}

static inline int64_t unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

/* Between a value and the integer that stands for it; false when the form can't hold the value exactly. */
bool form_of_value(double value, int form, int decimals, int64_t *n);
double value_of_form(int64_t n, int form, int decimals);

#endif
