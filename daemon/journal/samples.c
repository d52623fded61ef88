#include "journal/samples.h"

#include <math.h>
#include <string.h>

enum { FLAG_MARK = 0x1F, FLAG_OWN_TIME = 0x20, FLAG_NO_VALUE = 0x40, FLAG_FIRST = 0x80 };

void block_begin(struct sample_block *block, int64_t base_ms)
{
    block->length = block->samples = 0;
    block->base_ms = base_ms;
}

static size_t put_varint(uint8_t *at, uint64_t value)
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        at[n++] = (uint8_t)(value | 0x80);
    at[n++] = (uint8_t)value;
    return n;
}

static bool get_varint(struct block_cursor *cursor, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && cursor->at < cursor->end; shift += 7) {
        uint8_t byte = *cursor->at++;
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (uint64_t)(value < 0 ? -1 : 0);
}

static int64_t unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

bool block_add(struct sample_block *block, uint32_t channel_id, const struct sample *sample, bool first_of_group)
{
    uint8_t *at = block->bytes + block->length;
    bool has_value = isfinite(sample->value);
    uint64_t bits;
    if (block->length + SAMPLE_BYTES_MAX > sizeof block->bytes)
        return false;
    at += put_varint(at, channel_id);
    at += put_varint(at, zigzag(sample->time_ms - block->base_ms));
    *at++ = (uint8_t)((unsigned)sample->mark | (sample->own_time ? FLAG_OWN_TIME : 0U) |
                      (has_value ? 0U : FLAG_NO_VALUE) | (first_of_group ? FLAG_FIRST : 0U));
    if (has_value) {
        memcpy(&bits, &sample->value, sizeof bits);
        for (int i = 0; i < 8; i++)
            *at++ = (uint8_t)(bits >> (8 * i));
    }
    block->length = (size_t)(at - block->bytes);
    block->samples++;
    return true;
}

enum block_result block_next(struct block_cursor *cursor, struct sample *sample, bool *first_of_group)
{
    uint64_t channel, delta, bits = 0;
    if (cursor->at == cursor->end)
        return BLOCK_END;
    if (!get_varint(cursor, &channel) || channel > UINT32_MAX || !get_varint(cursor, &delta) ||
        cursor->at == cursor->end)
        return BLOCK_MALFORMED;
    uint8_t flags = *cursor->at++;
    *sample = (struct sample){.time_ms = cursor->base_ms + unzigzag(delta),
                              .channel = (uint32_t)channel,
                              .mark = (enum mark)(flags & FLAG_MARK),
                              .value = NAN,
                              .own_time = (flags & FLAG_OWN_TIME) != 0};
    *first_of_group = (flags & FLAG_FIRST) != 0;
    if (sample->mark >= MARKS)
        return BLOCK_MALFORMED;
    if (flags & FLAG_NO_VALUE)
        return BLOCK_SAMPLE;
    if (cursor->end - cursor->at < 8)
        return BLOCK_MALFORMED;
    for (int i = 0; i < 8; i++)
        bits |= (uint64_t)*cursor->at++ << (8 * i);
    memcpy(&sample->value, &bits, sizeof bits);
    return BLOCK_SAMPLE;
}
