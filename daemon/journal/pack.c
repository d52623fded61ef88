#include "journal/packing.h"

#include <math.h>

enum { HEAD_BYTES = 2, SAMPLE_BYTES_MAX = 48 };

static void put(struct sample_block *b, uint64_t value, int bits)
{
    while (bits > 0) {
        int n = bits < 32 ? bits : 32;
        b->bits |= (value & ((UINT64_C(1) << n) - 1)) << b->bit_count;
        b->bit_count += n;
        value = n < 64 ? value >> n : 0;
        bits -= n;
        for (; b->bit_count >= 8; b->bit_count -= 8, b->bits >>= 8)
            b->bytes[b->length++] = (uint8_t)b->bits;
    }
}

/* Elias gamma of value ≥ 1: so many zeros as its bits after the first, a one, those bits. */
static void put_gamma(struct sample_block *b, uint64_t value)
{
    int length = 0;
    while (value >> (length + 1))
        length++;
    put(b, UINT64_C(1) << length, length + 1);
    put(b, value, length);
}

static void put_rice(struct sample_block *b, uint64_t z, int r)
{
    uint64_t ones = z >> r;
    if (ones >= RICE_ONES) {
        put(b, (UINT64_C(1) << RICE_ONES) - 1, RICE_ONES);
        put(b, z, 64);
        return;
    }
    put(b, (UINT64_C(1) << ones) - 1, (int)ones + 1);
    put(b, z, r);
}

void block_begin(struct sample_block *b, struct packing *p, int64_t base_ms)
{
    b->length = HEAD_BYTES;
    b->samples = 0;
    b->bits = 0;
    b->bit_count = 0;
    b->base_ms = base_ms;
    b->key = p->blocks == 0;
    if (b->key)
        packing_forget(p, base_ms);
    p->blocks = (p->blocks + 1) % BLOCKS_OF_A_KEY;
}

/* What is expected of the next sample, and is so. */
struct expected {
    bool who, when, flags, form;
    int64_t n; /* the value in the form */
};

static void put_who(struct sample_block *b, const struct expected *e, uint32_t id, bool first)
{
    put(b, e->who, 1);
    if (!e->who) {
        put(b, first, 1);
        put_gamma(b, (uint64_t)id + 1);
    }
}

static void put_lead(struct sample_block *b, struct packing *p, struct channel_packing *c, int64_t time_ms)
{
    uint64_t z = zigzag(time_ms - (c->lead_ms ? c->lead_ms + c->step_ms : p->group_ms));
    put_rice(b, z, packing_rice(p->time_mean));
    p->time_mean = packing_mean(p->time_mean, z);
    packing_lead(c, time_ms);
    p->group_ms = time_ms;
}

/* The fewest decimals that hold the value, else a narrow float, else all of it. */
static void choose_form(struct channel_packing *c, double value, int64_t *n)
{
    c->form = FORM_DECIMAL;
    for (c->decimals = 0; c->decimals <= DECIMALS_MOST; c->decimals++)
        if (form_of_value(value, FORM_DECIMAL, c->decimals, n))
            return;
    c->decimals = 0;
    c->form = FORM_FLOAT32;
    if (form_of_value(value, FORM_FLOAT32, 0, n))
        return;
    c->form = FORM_DOUBLE;
    form_of_value(value, FORM_DOUBLE, 0, n);
}

static void put_form(struct sample_block *b, struct channel_packing *c, double value)
{
    choose_form(c, value, &c->last);
    put(b, c->form, 2);
    if (c->form == FORM_DECIMAL)
        put(b, c->decimals, 4);
    put(b, (uint64_t)c->last, 64);
    c->mean = 16; /* it has a form now */
}

static void put_difference(struct sample_block *b, struct channel_packing *c, int64_t n)
{
    uint64_t z = zigzag((int64_t)((uint64_t)n - (uint64_t)c->last));
    put_rice(b, z, packing_rice(c->mean));
    c->mean = packing_mean(c->mean, z) | 1;
    c->last = n;
}

bool block_add(struct sample_block *b, struct packing *p, uint32_t id, const struct sample *sample, bool first)
{
    struct channel_packing *c = packing_channel(p, id), *before = packing_channel(p, p->before);
    if (b->samples == BLOCK_SAMPLES || b->length + SAMPLE_BYTES_MAX > BLOCK_BYTES || !c)
        return false;
    bool has_value = isfinite(sample->value);
    uint8_t flags =
        (uint8_t)((unsigned)sample->mark | (sample->own_time ? FLAG_OWN : 0U) | (has_value ? 0U : FLAG_NONE));
    struct expected e = {.who = before && before->next == id && before->next_first == first,
                         .when = sample->time_ms == p->group_ms,
                         .flags = flags == c->flags};
    e.form = has_value && c->mean > 0 && form_of_value(sample->value, c->form, c->decimals, &e.n);
    bool all = e.who && (first || e.when) && e.flags && (e.form || !has_value);
    put(b, all, 1);
    if (!all)
        put_who(b, &e, id, first);
    if (first)
        put_lead(b, p, c, sample->time_ms);
    else if (!all) {
        put(b, e.when, 1);
        if (!e.when)
            put_gamma(b, zigzag(sample->time_ms - p->group_ms) + 1);
    }
    if (!all)
        put(b, e.flags, 1);
    if (!e.flags)
        put(b, flags, 7);
    if (has_value && !all)
        put(b, e.form, 1);
    if (has_value && e.form)
        put_difference(b, c, e.n);
    else if (has_value)
        put_form(b, c, sample->value);
    c->flags = flags;
    packing_follow(p, before, id, first);
    b->samples++;
    return true;
}

const char *block_end(struct sample_block *b)
{
    if (b->bit_count > 0)
        b->bytes[b->length++] = (uint8_t)b->bits;
    b->bit_count = 0;
    b->bits = 0;
    b->bytes[0] = (uint8_t)b->samples;
    b->bytes[1] = (uint8_t)(b->samples >> 8);
    return b->key ? "key" : "delta";
}
