/* Checkpoints as verify, export and prove know them (journal/checkpoint.h tells what they are). */
#ifndef CEMSD_CTL_CHECKPOINTS_H
#define CEMSD_CTL_CHECKPOINTS_H

#include "ctl/keyring.h"

struct checkpoint {
    char day[11];
    int64_t time_ms;
    struct span {
        uint64_t from, to;
        uint8_t root[CHAIN_BYTES], hash[CHAIN_BYTES];
    } spans[STREAMS];
    enum chain_hash chain;
    uint8_t root[CHAIN_BYTES], prev[CHAIN_BYTES], digest[CHAIN_BYTES]; /* digest: of the body */
    char *body;
    size_t length;
    char key[KEY_ID];
    uint8_t signature[SIGNATURE_BYTES];
    size_t signature_length;
};

struct checkpoints {
    struct checkpoint *at;
    size_t count;
};

/* Reads a body and its signature; *out is to be cleared. False when it is no checkpoint or its roots contradict. */
bool checkpoint_read(const char *body, size_t length, struct checkpoint *out);
void checkpoint_clear(struct checkpoint *checkpoint);
/* All of a journal, each following from the one before it and signed by the key (NULL: not checked). False with fault.
 */
bool checkpoints_load(struct reader *reader, struct keyring *ring, struct checkpoints *out, char fault[320]);
void checkpoints_clear(struct checkpoints *checkpoints);
/* The one whose span of the stream holds the entry, or NULL. */
const struct checkpoint *checkpoints_find(const struct checkpoints *checkpoints, enum stream stream, uint64_t seq);

#endif
