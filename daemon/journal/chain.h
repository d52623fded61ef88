/* The chain: value after an entry = SHA-256(value before it ‖ body bytes). 32 zero bytes before the first entry of a
 * stream. Whoever holds one value holds the whole past of its stream. Pure. Any thread. */
#ifndef CEMSD_JOURNAL_CHAIN_H
#define CEMSD_JOURNAL_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHAIN_BYTES = 32, CHAIN_HEX = 65 };

/* False only when OpenSSL fails. */
bool chain_next(const uint8_t before[CHAIN_BYTES], const void *body, size_t length, uint8_t after[CHAIN_BYTES]);

/* Lower-case hex with its zero; text holds 2 * length + 1. Returns text. */
char *hex_encode(const uint8_t *bytes, size_t length, char *text);
/* Exactly length bytes from 2 * length digits; false when text is anything else. */
bool hex_decode(const char *text, uint8_t *bytes, size_t length);

#endif
