#include "journal/packing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double POWER[DECIMALS_MOST + 1] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

struct packing *packing_new(void)
{
    return calloc(1, sizeof(struct packing));
}

void packing_free(struct packing *packing)
{
    if (packing)
        free(packing->channels);
    free(packing);
}

void packing_reset(struct packing *packing)
{
    packing->blocks = 0;
}

struct channel_packing *packing_channel(struct packing *p, uint32_t id)
{
    if (id == 0 || id >= SAMPLE_CHANNELS)
        return NULL;
    if (id >= p->room) {
        size_t room = (id / 256 + 1) * (size_t)256;
        struct channel_packing *more = realloc(p->channels, room * sizeof *more);
        if (!more)
            return NULL;
        memset(more + p->room, 0, (room - p->room) * sizeof *more);
        p->channels = more;
        p->room = room;
    }
    return &p->channels[id];
}

void packing_forget(struct packing *p, int64_t base_ms)
{
    if (p->channels)
        memset(p->channels, 0, p->room * sizeof *p->channels);
    p->before = 0;
    p->group_ms = base_ms;
    p->time_mean = 0;
}

uint64_t packing_mean(uint64_t mean, uint64_t z)
{
    uint64_t most = UINT64_C(1) << 58;
    return mean - (mean >> 3) + ((z < most ? z : most) << 1);
}

int packing_rice(uint64_t mean)
{
    int r = 0;
    while (mean >> 4 >> (r + 1))
        r++;
    return r;
}

void packing_follow(struct packing *p, struct channel_packing *before, uint32_t id, bool first)
{
    if (before) {
        before->next = id;
        before->next_first = first;
    }
    p->before = id;
}

void packing_lead(struct channel_packing *c, int64_t time_ms)
{
    if (c->lead_ms != 0)
        c->step_ms += (time_ms - c->lead_ms - c->step_ms) / 4;
    c->lead_ms = time_ms;
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

bool form_of_value(double value, int form, int decimals, int64_t *n)
{
    if (form == FORM_DECIMAL) {
        double scaled = value * POWER[decimals];
        if (!(fabs(scaled) < 4503599627370496.0)) /* 2^52: beyond it whole numbers say nothing of decimals */
            return false;
        *n = llround(scaled);
    } else if (form == FORM_FLOAT32) {
        float narrow = (float)value;
        int32_t bits;
        memcpy(&bits, &narrow, sizeof bits);
        *n = bits < 0 ? -(int64_t)(bits & INT32_MAX) - 1 : bits;
    } else {
        int64_t bits;
        memcpy(&bits, &value, sizeof bits);
        *n = bits < 0 ? -(bits & INT64_MAX) - 1 : bits;
    }
    return bits_of(value_of_form(*n, form, decimals)) == bits_of(value); /* -0 is not 0 here */
}

double value_of_form(int64_t n, int form, int decimals)
{
    if (form == FORM_DECIMAL)
        return (double)n / POWER[decimals];
    if (form == FORM_FLOAT32) {
        uint32_t bits = n < 0 ? (uint32_t)(-(n + 1)) | UINT32_C(0x80000000) : (uint32_t)n;
        float narrow;
        memcpy(&narrow, &bits, sizeof narrow);
        return (double)narrow;
    }
    uint64_t bits = n < 0 ? (uint64_t)(-(n + 1)) | UINT64_C(1) << 63 : (uint64_t)n;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
