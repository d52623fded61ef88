#include "journal/merkle.h"

#include <string.h>

static void hash_of(enum chain_hash hash, uint8_t prefix, const uint8_t *left, const uint8_t *right,
                    uint8_t out[CHAIN_BYTES])
{
    uint8_t bytes[1 + 2 * CHAIN_BYTES];
    bytes[0] = prefix;
    memcpy(bytes + 1, left, CHAIN_BYTES);
    if (right)
        memcpy(bytes + 1 + CHAIN_BYTES, right, CHAIN_BYTES);
    chain_digest(hash, bytes, 1 + (right ? 2U : 1U) * CHAIN_BYTES, out);
}

void merkle_add(struct merkle *m, const uint8_t value[CHAIN_BYTES])
{
    uint8_t carried[CHAIN_BYTES];
    int height = 0;
    hash_of(m->hash, 0, value, NULL, carried);
    for (uint64_t n = m->count++; n & 1; n >>= 1, height++)
        hash_of(m->hash, 1, m->level[height], carried, carried);
    memcpy(m->level[height], carried, CHAIN_BYTES);
}

void merkle_root(const struct merkle *m, uint8_t root[CHAIN_BYTES])
{
    bool any = false;
    memset(root, 0, CHAIN_BYTES);
    for (int height = 0; height < MERKLE_DEPTH; height++) {
        if (!(m->count >> height & 1))
            continue;
        if (any)
            hash_of(m->hash, 1, m->level[height], root, root);
        else
            memcpy(root, m->level[height], CHAIN_BYTES);
        any = true;
    }
}

static void root_of(enum chain_hash hash, const uint8_t (*values)[CHAIN_BYTES], uint64_t count,
                    uint8_t root[CHAIN_BYTES])
{
    struct merkle m = {.hash = hash};
    for (uint64_t i = 0; i < count; i++)
        merkle_add(&m, values[i]);
    merkle_root(&m, root);
}

static uint64_t left_of(uint64_t count)
{
    uint64_t power = 1;
    while (power * 2 < count)
        power *= 2;
    return power;
}

size_t merkle_path(enum chain_hash hash, const uint8_t (*values)[CHAIN_BYTES], uint64_t count, uint64_t index,
                   uint8_t path[MERKLE_DEPTH][CHAIN_BYTES])
{
    if (count <= 1)
        return 0;
    uint64_t left = left_of(count);
    bool in_left = index < left;
    size_t length = in_left ? merkle_path(hash, values, left, index, path)
                            : merkle_path(hash, values + left, count - left, index - left, path);
    if (in_left)
        root_of(hash, values + left, count - left, path[length]);
    else
        root_of(hash, values, left, path[length]);
    return length + 1;
}

/* From the leaf up: which side each step stands on follows from the place alone. */
bool merkle_prove(enum chain_hash hash, const uint8_t value[CHAIN_BYTES], uint64_t index, uint64_t count,
                  const uint8_t (*path)[CHAIN_BYTES], size_t length, uint8_t root[CHAIN_BYTES])
{
    bool on_left[MERKLE_DEPTH];
    size_t depth = 0;
    if (index >= count || (length > 0 && !path))
        return false;
    for (uint64_t n = count, at = index; n > 1 && depth < MERKLE_DEPTH; depth++) {
        uint64_t left = left_of(n);
        on_left[depth] = at < left;
        n = on_left[depth] ? left : n - left;
        at = on_left[depth] ? at : at - left;
    }
    if (depth != length)
        return false;
    hash_of(hash, 0, value, NULL, root);
    for (size_t i = 0; i < length; i++) {
        if (on_left[depth - 1 - i])
            hash_of(hash, 1, root, path[i], root);
        else
            hash_of(hash, 1, path[i], root, root);
    }
    return true;
}
