/* A block of raw samples as the body of one entry of stream "sample":
 *
 *   block  = *sample
 *   sample = channel (varint, id of table channel) · time - entry.time_ms (zigzag varint, ms)
 *            · flags (1 byte: bits 0..4 mark, bit 6 no value, bit 7 first of a group) · [value, IEEE 754 double, little
 * endian]
 *
 * A group is what was computed at once (compute_samples); keeping its bounds makes recomputing exact. Pure. */
#ifndef CEMSD_JOURNAL_SAMPLES_H
#define CEMSD_JOURNAL_SAMPLES_H

#include "model/reading.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SAMPLE_BYTES_MAX = 10 + 10 + 1 + 8, BLOCK_BYTES = 64 * 1024 };

struct sample_block {
    uint8_t bytes[BLOCK_BYTES];
    size_t length;
    size_t samples;
    int64_t base_ms; /* time_ms of the entry */
};

void block_begin(struct sample_block *block, int64_t base_ms);
/* False when the block is full: append it to the journal, begin anew. channel_id is the journal's. */
bool block_add(struct sample_block *block, uint32_t channel_id, const struct sample *sample, bool first_of_group);

struct block_cursor {
    const uint8_t *at, *end;
    int64_t base_ms;
};

enum block_result { BLOCK_SAMPLE, BLOCK_END, BLOCK_MALFORMED };
/* The next sample; its channel member is the journal's id. */
enum block_result block_next(struct block_cursor *cursor, struct sample *sample, bool *first_of_group);

#endif
