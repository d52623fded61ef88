/* The chain: value after an entry = H(value before it ‖ body bytes). 32 zero bytes before the first entry of a stream.
 * Whoever holds one value holds the whole past of its stream. Pure. Any thread.
 *
 *   H      SHA-256 (FIPS 180-4), or SM3 (GB/T 32905-2016) where the national algorithms are asked for
 *
 * A journal has one H from its first entry on, for its chains, Merkle trees and checkpoints. What is published under
 * SM3 says so: "chain":"sm3". */
#ifndef CEMSD_JOURNAL_CHAIN_H
#define CEMSD_JOURNAL_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHAIN_BYTES = 32, CHAIN_HEX = 65 };

enum chain_hash { CHAIN_SHA256, CHAIN_SM3, CHAIN_HASHES };

/* "sha256", "sm3". */
const char *chain_hash_name(enum chain_hash hash);
/* NULL is what says nothing: SHA-256. False for a name of no hash. */
bool chain_hash_parse(const char *name, enum chain_hash *hash);

/* H of the bytes. False only when OpenSSL fails. */
bool chain_digest(enum chain_hash hash, const void *bytes, size_t length, uint8_t digest[CHAIN_BYTES]);
bool chain_next(enum chain_hash hash, const uint8_t before[CHAIN_BYTES], const void *body, size_t length,
                uint8_t after[CHAIN_BYTES]);

/* Lower-case hex with its zero; text holds 2 * length + 1. Returns text. */
char *hex_encode(const uint8_t *bytes, size_t length, char *text);
/* Exactly length bytes from 2 * length digits; false when text is anything else. */
bool hex_decode(const char *text, uint8_t *bytes, size_t length);

#endif
