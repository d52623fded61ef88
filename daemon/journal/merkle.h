/* Merkle tree over the chain values of a span of entries (RFC 9162, section 2.1): one root for all of them, and a path
 * of a few hashes that proves one of them against it.
 *
 *   leaf = H(00 ‖ chain value)      node = H(01 ‖ left ‖ right)      H: that of the chain
 *
 *              root                       of n leaves the left subtree holds the largest power of two below n
 *            ┌──┴──┐                      path of c: d, ab, e
 *          abcd    e
 *         ┌─┴─┐
 *        ab   cd                                                          Pure. Any thread. No allocation. */
#ifndef CEMSD_JOURNAL_MERKLE_H
#define CEMSD_JOURNAL_MERKLE_H

#include "journal/chain.h"

enum { MERKLE_DEPTH = 63 };

/* Grows leaf by leaf; holds one hash a level. */
struct merkle {
    enum chain_hash hash;
    uint64_t count;
    uint8_t level[MERKLE_DEPTH][CHAIN_BYTES]; /* of the complete subtrees, by height */
};

void merkle_add(struct merkle *merkle, const uint8_t value[CHAIN_BYTES]);
/* Of what was added so far; 32 zero bytes of nothing. */
void merkle_root(const struct merkle *merkle, uint8_t root[CHAIN_BYTES]);

/* The path of leaf `index` of `count` chain values, from the leaf up; returns its length. */
size_t merkle_path(enum chain_hash hash, const uint8_t (*values)[CHAIN_BYTES], uint64_t count, uint64_t index,
                   uint8_t path[MERKLE_DEPTH][CHAIN_BYTES]);
/* The root that a value at `index` of `count` has by its path; false when the path has not that many steps. */
bool merkle_prove(enum chain_hash hash, const uint8_t value[CHAIN_BYTES], uint64_t index, uint64_t count,
                  const uint8_t (*path)[CHAIN_BYTES], size_t length, uint8_t root[CHAIN_BYTES]);

#endif
