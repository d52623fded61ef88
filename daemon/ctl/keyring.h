/* Public keys somebody trusts: those given, and those they endorse (daemon/keys.c says how a key hands over). */
#ifndef CEMSD_CTL_KEYRING_H
#define CEMSD_CTL_KEYRING_H

#include "ctl/ctl.h"

enum { KEYRING_MOST = 32 };

struct keyring {
    struct verifier *keys[KEYRING_MOST];
    size_t count;
    struct {
        char id[KEY_ID];
        int64_t from_ms;
    } revoked[KEYRING_MOST];
    size_t revoked_count;
};

/* Of the --key files, or of the configuration's signing key. False after printing. */
bool keyring_open(struct ctl *ctl, struct keyring *ring);
void keyring_close(struct keyring *ring);

/* An event key or key-revoked: a key that one of the ring endorsed joins it. False when it is neither. */
bool keyring_hear(struct keyring *ring, const char *body, size_t length, int64_t time_ms);
/* Every such event of a journal, in order. */
bool keyring_hear_all(struct keyring *ring, struct reader *reader, struct error *err);

/* A signature as files write it, in hex. False, and *length 0, when it is none. */
bool signature_read(const char *hex, uint8_t signature[SIGNATURE_BYTES], size_t *length);

/* Whose signature it is; NULL: none of the ring's, or of one that was revoked before time_ms (*revoked). */
const struct verifier *keyring_check(struct keyring *ring, const void *body, size_t length, const uint8_t *signature,
                                     size_t signature_length, int64_t time_ms, bool *revoked);

#endif
