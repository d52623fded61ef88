/* The patrol: the daemon goes through its own chains, over and over, a few entries at a time, so that a record that was
 * altered or has rotted on the disk is noticed by the gateway itself and not by whoever asks for it in years.
 *
 *   entry 1 ─► 2 ─► 3 ─► ... ─► the last durable one ─► waits there; PATROL_AGAIN_MS after it began: from 1 again
 *   H(hash before ‖ body) = hash?   seq without gaps?    a body retention took away: its hash is taken as it stands
 *
 * A step looks at PATROL_ENTRIES entries or PATROL_BYTES of bodies, the streams by turns: less than a millisecond a
 * second. A fault stays until the daemon is started again; cemsctl verify says more. The loop's thread. */
#ifndef CEMSD_JOURNAL_PATROL_H
#define CEMSD_JOURNAL_PATROL_H

#include "journal/reader.h"

enum { PATROL_ENTRIES = 256, PATROL_BYTES = 1024 * 1024, PATROL_AGAIN_MS = 86400000 };

struct patrol {
    struct reader *reader; /* owned */
    struct beat {
        uint64_t upto; /* the last seq of this round that is as it should be */
        uint64_t best; /* of any round */
        uint8_t hash[CHAIN_BYTES];
        int64_t since_ms; /* begin of this round */
        bool at_end;
    } beats[STREAMS];
    int turn;
    char fault[128]; /* "" while all is well */
};

bool patrol_open(struct patrol *patrol, const char *journal_path, struct error *err);
void patrol_close(struct patrol *patrol);

/* Looks at what is due. durable: the last seq of each stream. A read that fails is tried again the next time. */
void patrol_step(struct patrol *patrol, const uint64_t durable[STREAMS], int64_t now_ms);

#endif
