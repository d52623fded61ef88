/* A block of raw samples as the body of one entry of stream "sample".
 *
 *   kind "key"    begins anew: every prediction is forgotten
 *   kind "delta"  goes on with what the blocks since the last key have taught
 *   kind "block"  journals of version 3 and older: whole numbers of bytes, nothing predicted
 *
 *   body  = count (2 bytes, little endian) · count samples, packed bit by bit, lowest bit first
 *   sample = 1 · [when] · [value]         all as expected: who came after the one before last time, the group's time,
 * its own last flags and form; when only of a first of a group | 0 · who · when · flags · [value] who    1: as
 * expected; 0 · first of a group (1) · channel + 1 (Elias gamma) when   first of a group: Rice of the time beyond the
 * channel's last + its usual step else 1: that of the group; 0 · difference to it (Elias gamma of zigzag + 1) flags  1:
 * its last; 0 · 7 bits: mark (5), own time, no value value  (after 0 only) 1: its last form; 0 · form (2) · decimals
 * (4, of form 0) · the value in that form, 64 bits else Rice of the difference to its last forms  0: value ·
 * 10^decimals is whole; 1: the value is a float32; 2: any double. 1 and 2 are ordered integers
 *
 * A Rice code of z (zigzag) with parameter r: z >> r ones, a zero, the r low bits; from 20 ones on 64 bits of z
 * instead. r follows the mean of what came: m = m - m/8 + 2·min(z, 2^58), r = length in bits of m/16, less one.
 *
 * A group is what was computed at once (compute_samples); keeping its bounds makes recomputing exact. One thread. */
#ifndef CEMSD_JOURNAL_SAMPLES_H
#define CEMSD_JOURNAL_SAMPLES_H

#include "model/reading.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BLOCK_BYTES = 64 * 1024, BLOCK_SAMPLES = 16384, BLOCKS_OF_A_KEY = 60, SAMPLE_CHANNELS = 65536 };

/* What packing or unpacking has learnt; each direction has its own. NULL when memory is short. */
struct packing;
struct packing *packing_new(void);
void packing_free(struct packing *packing);
/* The next block is to be a key: the one before it was not kept. */
void packing_reset(struct packing *packing);

struct sample_block {
    uint8_t bytes[BLOCK_BYTES];
    size_t length, samples;
    uint64_t bits; /* not yet in bytes */
    int bit_count;
    int64_t base_ms; /* time_ms of the entry */
    bool key;
};

void block_begin(struct sample_block *block, struct packing *packing, int64_t base_ms);
/* False when the block is full: end it, begin anew. channel_id is the journal's, below SAMPLE_CHANNELS. */
bool block_add(struct sample_block *block, struct packing *packing, uint32_t channel_id, const struct sample *sample,
               bool first_of_group);
/* The body is complete; its kind. */
const char *block_end(struct sample_block *block);

struct block_cursor {
    const uint8_t *at, *end;
    int64_t base_ms;
    size_t left; /* samples; SIZE_MAX: of kind "block" */
    uint64_t bits;
    int bit_count;
};

enum block_result { BLOCK_SAMPLE, BLOCK_END, BLOCK_MALFORMED };

/* Begins to read a body. False when it is a delta whose key has not been read: skip it. */
bool block_open(struct block_cursor *cursor, struct packing *packing, const char *kind, const uint8_t *body,
                size_t length, int64_t base_ms);
/* The next sample; its channel member is the journal's id. */
enum block_result block_next(struct block_cursor *cursor, struct packing *packing, struct sample *sample,
                             bool *first_of_group);

#endif
