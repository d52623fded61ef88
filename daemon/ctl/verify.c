/* cemsctl verify: is it complete and unaltered?
 *
 *   from a journal   every stream: seq without gaps, hash = H(hash before ‖ body), the seq and prev a published
 *                    body states are those of its place, its signature is the key's; the entries of each checkpoint
 *                    have its root, and what retention took away is what a checkpoint stands for
 *   from messages    the same for saved feed messages ({"topic","body","signature"} a line) or an export, as far as a
 *                    subscriber of a prefix can see: seq may skip, the chain is checked where it is contiguous, and
 *                    a checkpoint where all it stands for is there
 *
 * The first fault of a stream is named; exit 0 only when there is none. */
#include "ctl/check.h"
#include "ctl/terminal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines of a notice board: every root on it must be one of the journal's. A journal that was set back to an older copy
 * has not got them. */
static bool check_board(struct ctl *ctl, const struct checkpoints *checkpoints)
{
    FILE *in = fopen(ctl->checkpoint, "re");
    char *line = NULL, root[CHAIN_HEX], day[16];
    size_t room = 0, found = 0, lines = 0;
    if (!in)
        return ctl_fail(CTL_FAILED, "open %s: %s", ctl->checkpoint, strerror(errno)), false;
    while (getline(&line, &room, in) > 0) {
        bool held = false;
        const char *at = strstr(line, "root=");
        if (!at || sscanf(line, "cemsd-checkpoint %15s", day) != 1 || sscanf(at, "root=%64[0-9a-f]", root) != 1)
            continue;
        lines++;
        for (size_t i = 0; i < checkpoints->count && !held; i++) {
            char hex[CHAIN_HEX];
            held = strcmp(hex_encode(checkpoints->at[i].root, CHAIN_BYTES, hex), root) == 0;
        }
        found += held;
        if (!held)
            printf("checkpoints: BROKEN: the journal has not got the checkpoint of %s: it was set back or replaced\n",
                   day);
    }
    free(line);
    fclose(in);
    if (lines == 0)
        return ctl_fail(CTL_FAILED, "%s: no line of a checkpoint in it", ctl->checkpoint), false;
    if (found == lines)
        printf("checkpoints: all %zu of %s are the journal's\n", lines, ctl->checkpoint);
    return found == lines;
}

struct walk {
    struct signatures *signatures;
    struct work progress;
    uint64_t from;
};

static bool hand_on(void *owner, const struct journal_entry *entry, const char *kind)
{
    struct walk *walk = owner;
    work_at(&walk->progress, entry->seq - walk->from);
    return signatures_add(walk->signatures, entry, kind, NULL);
}

static int verify_stream(struct ctl *ctl, struct reader *reader, struct check *c)
{
    struct error err;
    char what[32];
    uint64_t last = reader_last_seq(reader, c->stream), upto = last < c->to ? last : c->to;
    struct walk walk = {.signatures = signatures_open(c->ring, check_entry, c), .from = c->from > 0 ? c->from - 1 : 0};
    if (!walk.signatures)
        return CTL_FAILED;
    snprintf(what, sizeof what, "verify %s", stream_name(c->stream));
    walk.progress = work_begin(what, upto > walk.from ? upto - walk.from : 0);
    bool read = reader_entries(reader, c->stream, walk.from, SIZE_MAX, hand_on, &walk, &err);
    signatures_flush(walk.signatures);
    work_end(&walk.progress);
    if (!read)
        check_fault(c, c->last + 1, err.text);
    signatures_close(walk.signatures);
    return check_report(ctl, c);
}

static int verify_journal(struct ctl *ctl, struct keyring *ring, uint64_t from, uint64_t to)
{
    struct error err;
    int code = CTL_DONE;
    struct checkpoints checkpoints;
    char wrong[320];
    enum chain_hash chain;
    struct reader *reader = ctl_reader(ctl, &code);
    if (!reader)
        return code;
    chain = reader_chain(reader);
    if (!keyring_hear_all(ring, reader, &err))
        code = ctl_fail(CTL_FAILED, "%s", err.text);
    if (!checkpoints_load(reader, ring, &checkpoints, wrong)) {
        printf("checkpoints: BROKEN: %s\n", wrong);
        code = CTL_FAILED;
    }
    if (ctl->checkpoint && !check_board(ctl, &checkpoints))
        code = CTL_FAILED;
    for (int s = 0; s < STREAMS; s++) {
        struct check c = {.ring = ring,
                          .stream = (enum stream)s,
                          .chain = chain,
                          .merkle.hash = chain,
                          .from = from,
                          .to = to,
                          .checkpoints = &checkpoints};
        if (ctl->stream && strcmp(ctl->stream, stream_name(c.stream)) != 0)
            continue;
        if (verify_stream(ctl, reader, &c) != CTL_DONE)
            code = CTL_FAILED;
    }
    checkpoints_clear(&checkpoints);
    reader_close(reader);
    return code;
}

int ctl_verify(struct ctl *ctl)
{
    uint64_t from, to;
    enum stream stream;
    if (!ctl_seq("--from", ctl->from, 0, &from) || !ctl_seq("--to", ctl->to, UINT64_MAX, &to))
        return CTL_USAGE;
    if (ctl->stream && !stream_parse(ctl->stream, &stream))
        return ctl_fail(CTL_USAGE, "--stream %s is not alarm, disclosure, sample or event", ctl->stream);
    struct keyring ring;
    if (!keyring_open(ctl, &ring))
        return CTL_FAILED;
    int code = ctl->proof      ? ctl_verify_proof(ctl, &ring)
               : ctl->messages ? ctl_verify_messages(ctl, &ring)
                               : verify_journal(ctl, &ring, from, to);
    keyring_close(&ring);
    return code;
}
