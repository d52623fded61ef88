/* Signatures checked by all cores at once, entries handed on in their order.
 *
 *   entry ─► copied ─► [ up to 256 entries, 1 MiB ] ─► checked, a thread a core ─► each(entry, signer), one by one
 *
 * A signature costs a hundred times what the chain does, and none depends on another: only what is told of them must
 * come in order. The batch is the bound of the memory. One thread owns it; the keyring stays as it is while a batch
 * is checked. */
#ifndef CEMSD_CTL_SIGNATURES_H
#define CEMSD_CTL_SIGNATURES_H

#include "ctl/keyring.h"

struct signed_entry {
    struct journal_entry entry; /* topic: "" or NULL */
    char kind[24];
    bool follows; /* `before` is known */
    uint8_t before[CHAIN_BYTES];
    const struct verifier *signer; /* NULL: not signed by a key of the ring, or by a revoked one */
    bool revoked;
};

struct signatures;

/* Each returns false to end. NULL after printing that memory is short. */
struct signatures *signatures_open(struct keyring *ring, bool (*each)(void *owner, const struct signed_entry *entry),
                                   void *owner);
/* Copies the entry; before may be NULL. False when each has ended it. */
bool signatures_add(struct signatures *signatures, const struct journal_entry *entry, const char *kind,
                    const uint8_t *before);
/* Hands on what is still held. */
bool signatures_flush(struct signatures *signatures);
void signatures_close(struct signatures *signatures);

#endif
