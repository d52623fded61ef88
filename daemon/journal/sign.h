/* Signatures over published bodies: Ed25519 (RFC 8032, 64 bytes), or SM2 with SM3 (GB/T 32918, DER, the standard's
 * default identity 1234567812345678); the key says which. Keys in PEM (PKCS #8, SubjectPublicKeyInfo). */
#ifndef CEMSD_JOURNAL_SIGN_H
#define CEMSD_JOURNAL_SIGN_H

#include "model/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIGNATURE_BYTES = 80 /* at most */, KEY_ID = 17, KEY_PUBLIC = 512 };

struct signer;   /* a private key */
struct verifier; /* a public key */

/* Reads a private key. A file that others may read (mode & 077) is refused. NULL with err. */
struct signer *signer_load(const char *path, struct error *err);
void signer_free(struct signer *signer);
/* First 16 hex digits of SHA-256 of the raw public key (SM2: the uncompressed point): names it in the journal.
 * Borrowed.
 */
const char *signer_id(const struct signer *signer);
/* One thread at a time. */
bool signer_sign(struct signer *signer, const void *body, size_t length, uint8_t signature[SIGNATURE_BYTES],
                 size_t *signature_length);

/* Its public half in PEM. */
bool signer_public(const struct signer *signer, char pem[KEY_PUBLIC]);

/* The same from PEM text; NULL when it is none. */
struct verifier *verifier_read(const char *pem);
/* Reads a public key, or the public half of a private one. NULL with err. */
struct verifier *verifier_load(const char *path, struct error *err);
void verifier_free(struct verifier *verifier);
const char *verifier_id(const struct verifier *verifier);
bool verifier_check(struct verifier *verifier, const void *body, size_t length, const uint8_t *signature,
                    size_t signature_length);

/* Makes a key pair, Ed25519 or SM2: path (0600) and path.pub (0644). Refuses to overwrite either. */
bool key_generate(const char *path, bool sm2, struct error *err);

#endif
