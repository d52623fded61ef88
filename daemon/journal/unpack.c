#include "journal/packing.h"

#include <math.h>
#include <string.h>

enum { OLD_MARK = 0x1F, OLD_OWN = 0x20, OLD_NONE = 0x40, OLD_FIRST = 0x80, GAMMA_MOST = 63 };

bool block_open(struct block_cursor *cursor, struct packing *p, const char *kind, const uint8_t *body, size_t length,
                int64_t base_ms)
{
    *cursor = (struct block_cursor){.at = body, .end = body + length, .base_ms = base_ms, .left = SIZE_MAX};
    if (strcmp(kind, "key") == 0) {
        packing_forget(p, base_ms);
        p->blocks = 1;
    } else if (strcmp(kind, "delta") != 0) {
        return true;
    } else if (p->blocks == 0) {
        return false;
    }
    cursor->left = length >= 2 ? (size_t)body[0] | (size_t)body[1] << 8 : SIZE_MAX - 1; /* too short: malformed */
    cursor->at += length >= 2 ? 2 : length;
    return true;
}

/* ---- bits ---- */

/* False beyond the end. */
static bool get(struct block_cursor *c, int bits, uint64_t *value)
{
    *value = 0;
    for (int got = 0; got < bits;) {
        if (c->bit_count == 0) {
            if (c->at == c->end)
                return false;
            c->bits = *c->at++;
            c->bit_count = 8;
        }
        int n = bits - got < c->bit_count ? bits - got : c->bit_count;
        *value |= (c->bits & ((UINT64_C(1) << n) - 1)) << got;
        c->bits >>= n;
        c->bit_count -= n;
        got += n;
    }
    return true;
}

static bool get_gamma(struct block_cursor *c, uint64_t *value)
{
    uint64_t bit = 0, rest;
    int length = 0;
    while (get(c, 1, &bit) && bit == 0)
        if (++length > GAMMA_MOST)
            return false;
    if (bit == 0 || !get(c, length, &rest))
        return false;
    *value = (UINT64_C(1) << length) | rest;
    return true;
}

static bool get_rice(struct block_cursor *c, int r, uint64_t *z)
{
    uint64_t bit = 1, low, ones = 0;
    while (ones < RICE_ONES && get(c, 1, &bit) && bit == 1)
        ones++;
    if (ones == RICE_ONES)
        return get(c, 64, z);
    if (bit == 1 || !get(c, r, &low))
        return false;
    *z = ones << r | low;
    return true;
}

/* ---- a sample ---- */

static int64_t plus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b); /* whatever the bytes say */
}

static bool get_who(struct block_cursor *cursor, const struct channel_packing *before, bool all, uint32_t *id,
                    bool *first)
{
    uint64_t known = all, bit, gamma;
    if (!all && !get(cursor, 1, &known))
        return false;
    if (known) {
        if (!before || before->next == 0)
            return false;
        *id = before->next;
        *first = before->next_first;
        return true;
    }
    if (!get(cursor, 1, &bit) || !get_gamma(cursor, &gamma) || gamma < 2 || gamma > SAMPLE_CHANNELS)
        return false;
    *id = (uint32_t)gamma - 1;
    *first = bit != 0;
    return true;
}

static bool get_when(struct block_cursor *cursor, struct packing *p, struct channel_packing *c, bool all, bool first,
                     int64_t *time_ms)
{
    uint64_t z, same = all;
    *time_ms = p->group_ms;
    if (!first) {
        if (!all && !get(cursor, 1, &same))
            return false;
        if (same)
            return true;
        if (!get_gamma(cursor, &z))
            return false;
        *time_ms = plus(p->group_ms, unzigzag(z - 1));
        return true;
    }
    if (!get_rice(cursor, packing_rice(p->time_mean), &z))
        return false;
    *time_ms = plus(c->lead_ms ? plus(c->lead_ms, c->step_ms) : p->group_ms, unzigzag(z));
    if (*time_ms > INT64_MAX / 4 || *time_ms < INT64_MIN / 4)
        return false;
    p->time_mean = packing_mean(p->time_mean, z);
    packing_lead(c, *time_ms);
    p->group_ms = *time_ms;
    return true;
}

static bool get_form(struct block_cursor *cursor, struct channel_packing *c)
{
    uint64_t form, decimals = 0, n;
    if (!get(cursor, 2, &form) || form > FORM_DOUBLE || (form == FORM_DECIMAL && !get(cursor, 4, &decimals)) ||
        decimals > DECIMALS_MOST || !get(cursor, 64, &n))
        return false;
    c->form = (uint8_t)form;
    c->decimals = (uint8_t)decimals;
    c->last = (int64_t)n;
    c->mean = 16;
    return true;
}

static bool get_value(struct block_cursor *cursor, struct channel_packing *c, bool all, double *value)
{
    uint64_t same = all, z;
    if ((!all && !get(cursor, 1, &same)) || (same && c->mean == 0))
        return false;
    if (!same) {
        if (!get_form(cursor, c))
            return false;
    } else {
        if (!get_rice(cursor, packing_rice(c->mean), &z))
            return false;
        c->mean = packing_mean(c->mean, z) | 1;
        c->last = plus(c->last, unzigzag(z));
    }
    *value = value_of_form(c->last, c->form, c->decimals);
    return true;
}

static enum block_result next_packed(struct block_cursor *cursor, struct packing *p, struct sample *sample, bool *first)
{
    struct channel_packing *c, *before = packing_channel(p, p->before);
    uint64_t all, same = 1, flags;
    *sample = (struct sample){.value = NAN};
    if (!get(cursor, 1, &all) || !get_who(cursor, before, all, &sample->channel, first) ||
        !(c = packing_channel(p, sample->channel)) || !get_when(cursor, p, c, all, *first, &sample->time_ms) ||
        (!all && !get(cursor, 1, &same)))
        return BLOCK_MALFORMED;
    flags = c->flags;
    if ((!same && !get(cursor, 7, &flags)) || (flags & OLD_MARK) >= MARKS)
        return BLOCK_MALFORMED;
    c->flags = (uint8_t)flags;
    sample->mark = (enum mark)(flags & OLD_MARK);
    sample->own_time = (flags & FLAG_OWN) != 0;
    if (!(flags & FLAG_NONE) && !get_value(cursor, c, all, &sample->value))
        return BLOCK_MALFORMED;
    packing_follow(p, packing_channel(p, p->before), sample->channel, *first);
    return BLOCK_SAMPLE;
}

/* ---- journals of version 3 and older ---- */

static bool get_varint(struct block_cursor *cursor, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (cursor->at == cursor->end)
            return false;
        uint8_t byte = *cursor->at++;
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

/* channel (varint) · time - entry.time_ms (zigzag varint) · flags (mark, own time, no value, first) · [double]. */
static enum block_result next_old(struct block_cursor *cursor, struct sample *sample, bool *first_of_group)
{
    uint64_t channel, delta, bits = 0;
    if (!get_varint(cursor, &channel) || channel > UINT32_MAX || !get_varint(cursor, &delta) ||
        cursor->at == cursor->end)
        return BLOCK_MALFORMED;
    uint8_t flags = *cursor->at++;
    *sample = (struct sample){.time_ms = plus(cursor->base_ms, unzigzag(delta)),
                              .channel = (uint32_t)channel,
                              .mark = (enum mark)(flags & OLD_MARK),
                              .value = NAN,
                              .own_time = (flags & OLD_OWN) != 0};
    *first_of_group = (flags & OLD_FIRST) != 0;
    if (sample->mark >= MARKS)
        return BLOCK_MALFORMED;
    if (flags & OLD_NONE)
        return BLOCK_SAMPLE;
    if (cursor->end - cursor->at < 8)
        return BLOCK_MALFORMED;
    for (int i = 0; i < 8; i++)
        bits |= (uint64_t)*cursor->at++ << (8 * i);
    memcpy(&sample->value, &bits, sizeof bits);
    return BLOCK_SAMPLE;
}

enum block_result block_next(struct block_cursor *cursor, struct packing *packing, struct sample *sample,
                             bool *first_of_group)
{
    if (cursor->left == SIZE_MAX)
        return cursor->at == cursor->end ? BLOCK_END : next_old(cursor, sample, first_of_group);
    if (cursor->left == 0)
        return BLOCK_END;
    cursor->left--;
    return next_packed(cursor, packing, sample, first_of_group);
}
