/* The encrypted data area of HJ 212-2025 (6.4, annex A.2): SM4 (GB/T 32907), ECB, no padding.
 *
 *   CP=&&  DataTime=20240520210600;a01011-...   &&      plain
 *   CP=&&  {0xE4,0x3E, ... 16n bytes ...}g=N    &&      as sent: whole blocks enciphered, the last 0..15 bytes plain
 *
 * An area shorter than a block stays plain. The CRC of the frame stays that of the plain text. Encryption gives no
 * authentication: a frame that opens proves nothing about its sender.
 *
 * A key belongs to one thread. Nothing is allocated after hj212_key_new. */
#ifndef CEMSD_HJ212_SM4_H
#define CEMSD_HJ212_SM4_H

#include "hj212/frame.h"

enum { HJ212_KEY_BYTES = 16 };

struct hj212_key;

/* NULL when OpenSSL has no SM4 or no memory. */
struct hj212_key *hj212_key_new(const uint8_t bytes[HJ212_KEY_BYTES]);
void hj212_key_free(struct hj212_key *key); /* wipes it */

/* Opens a HJ212_SEALED frame into room (frame->segment then points there) and settles its verdict: ok, crc (wrong key,
 * or damaged), malformed (the area is no list of whole blocks), or malformed in strict mode with quirks. */
void hj212_open(struct hj212_key *key, struct hj212_frame *frame, bool strict, char *room, size_t size);

/* The area as it is sent; its length, or 0 when it does not fit into size. */
size_t hj212_seal(struct hj212_key *key, struct slice plain, char *out, size_t size);

#endif
