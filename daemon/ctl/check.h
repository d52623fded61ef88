/* One stream being verified: what was seen of it so far, and the first fault. cemsctl verify goes through a journal
 * (verify.c) or saved messages (verify_messages.c) with it. */
#ifndef CEMSD_CTL_CHECK_H
#define CEMSD_CTL_CHECK_H

#include "ctl/checkpoints.h"
#include "ctl/signatures.h"
#include "journal/merkle.h"

struct check {
    struct keyring *ring; /* empty: signatures are not checked */
    enum stream stream;
    enum chain_hash chain; /* of a journal; of messages what the last one said */
    uint64_t from, to;
    uint64_t first, last, count, signed_count, unsigned_count, gaps;
    uint8_t hash[CHAIN_BYTES];
    bool anchored;                         /* hash is the value after `last` */
    const struct checkpoints *checkpoints; /* of a journal; else NULL */
    size_t next_checkpoint;                /* whose span is gone through */
    struct merkle merkle;                  /* of it */
    uint8_t (*hashes)[CHAIN_BYTES];        /* of messages: all of them, for the checkpoints at the end */
    size_t hash_count, hash_room;
    const struct checkpoint *newest_removed;
    uint64_t removed, proved; /* bodies retention took away; checkpoints whose root is right */
    char fault[320];
};

/* Notes it unless there is one already; returns false. */
bool check_fault(struct check *check, uint64_t seq, const char *what);
/* Is it signed by a key of the ring, in its time? True when there is no key to check by. */
bool check_signature(struct check *check, const struct signed_entry *signed_entry);
/* The next entry of a journal; owner is a struct check. False at the first fault and after `to`. */
bool check_entry(void *owner, const struct signed_entry *signed_entry);
/* Prints what there is to say of the stream. CTL_FAILED when there is a fault. */
int check_report(struct ctl *ctl, const struct check *check);

/* The saved messages of --messages. */
int ctl_verify_messages(struct ctl *ctl, struct keyring *ring);

#endif
