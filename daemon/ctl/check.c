#include "ctl/check.h"
#include "ctl/terminal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool check_fault(struct check *c, uint64_t seq, const char *what)
{
    if (!c->fault[0])
        snprintf(c->fault, sizeof c->fault, "%s/%" PRIu64 ": %s", stream_name(c->stream), seq, what);
    return false;
}

/* A published body says its own place; the place must agree. */
static bool check_stated(struct check *c, uint64_t seq, const uint8_t before[CHAIN_BYTES], bool anchored,
                         const char *body, size_t length)
{
    char prev[CHAIN_HEX];
    json_t *o = json_loadb(body, length, 0, NULL);
    const char *stated = json_string_value(json_object_get(o, "prev"));
    enum chain_hash chain;
    bool good = chain_hash_parse(json_string_value(json_object_get(o, "chain")), &chain) && chain == c->chain &&
                json_integer_value(json_object_get(o, "seq")) == (json_int_t)seq && stated &&
                (!anchored || strcmp(stated, hex_encode(before, CHAIN_BYTES, prev)) == 0);
    json_decref(o);
    return good || check_fault(c, seq, "the seq, prev or chain stated in the body is not that of its place");
}

bool check_signature(struct check *c, const struct signed_entry *signed_entry)
{
    const struct journal_entry *e = &signed_entry->entry;
    if (e->signature_length == 0) {
        c->unsigned_count++;
        return c->ring->count == 0 || check_fault(c, e->seq, "is not signed");
    }
    if (c->ring->count == 0)
        return true; /* counted as not checked by the summary */
    if (!signed_entry->signer)
        return check_fault(c, e->seq,
                           signed_entry->revoked ? "is signed by a key that was revoked before"
                                                 : "the signature is not this key's");
    c->signed_count++;
    return true;
}

/* What retention takes away (journal/trim.c), after a checkpoint stood for it. */
static bool is_trimmed_kind(const struct check *c, const char *kind)
{
    return c->stream == STREAM_SAMPLE ||
           (c->stream == STREAM_DISCLOSURE && (strcmp(kind, "realtime") == 0 || strcmp(kind, "minute") == 0));
}

static bool may_be_gone(const struct check *c, uint64_t seq)
{
    size_t count = c->checkpoints ? c->checkpoints->count : 0;
    return count > 0 && seq <= c->checkpoints->at[count - 1].spans[c->stream].to;
}

/* Goes through the span of a checkpoint: at its end its root and chain value must be those of the entries. */
static bool check_span(struct check *c, uint64_t seq, const uint8_t hash[CHAIN_BYTES])
{
    char what[96];
    uint8_t root[CHAIN_BYTES];
    if (!c->checkpoints)
        return true;
    while (c->next_checkpoint < c->checkpoints->count &&
           c->checkpoints->at[c->next_checkpoint].spans[c->stream].to < seq) {
        c->next_checkpoint++;
        c->merkle = (struct merkle){.hash = c->chain};
    }
    if (c->next_checkpoint == c->checkpoints->count)
        return true;
    const struct checkpoint *at = &c->checkpoints->at[c->next_checkpoint];
    const struct span *span = &at->spans[c->stream];
    merkle_add(&c->merkle, hash);
    if (seq != span->to)
        return true;
    bool whole = c->merkle.count == span->to - span->from + 1;
    merkle_root(&c->merkle, root);
    if (memcmp(hash, span->hash, CHAIN_BYTES) == 0 && (!whole || memcmp(root, span->root, CHAIN_BYTES) == 0)) {
        c->proved++;
        return true;
    }
    snprintf(what, sizeof what, "altered: the checkpoint of %s stands for something else", at->day);
    return check_fault(c, seq, what);
}

/* Of an entry whose body retention took away only the chain value is left. */
static bool check_removed(struct check *c, const struct journal_entry *e, const char *kind)
{
    if (!is_trimmed_kind(c, kind))
        return check_fault(c, e->seq, "its body is gone, and retention takes none of its kind");
    if (!may_be_gone(c, e->seq))
        return check_fault(c, e->seq, "its body is gone, and no checkpoint stands for it");
    c->removed++;
    c->newest_removed = checkpoints_find(c->checkpoints, c->stream, e->seq);
    return true;
}

bool check_entry(void *owner, const struct signed_entry *signed_entry)
{
    struct check *c = owner;
    const struct journal_entry *e = &signed_entry->entry;
    uint8_t after[CHAIN_BYTES];
    static const uint8_t ZERO[CHAIN_BYTES];
    if (e->seq > c->to)
        return false;
    if (c->count == 0 && e->seq == 1) {
        memcpy(c->hash, ZERO, CHAIN_BYTES);
        c->anchored = true;
    }
    if (c->count > 0 && e->seq != c->last + 1) {
        char what[96];
        snprintf(what, sizeof what, "missing: %" PRIu64 " to %" PRIu64 " are not there", c->last + 1, e->seq - 1);
        return check_fault(c, c->last + 1, what);
    }
    bool gone = e->length == 0;
    if (c->count == 0 && e->seq != (c->from > 1 ? c->from : 1) && e->seq > 1 && c->from <= 1 && !gone)
        return check_fault(c, 1, "missing: the stream does not begin at 1");
    if (gone && !check_removed(c, e, signed_entry->kind))
        return false;
    if (!gone && c->anchored &&
        (!chain_next(c->chain, c->hash, e->body, e->length, after) || memcmp(after, e->hash, CHAIN_BYTES) != 0))
        return check_fault(c, e->seq, "altered: the hash does not follow from the body and the hash before it");
    if (!gone && e->topic &&
        (!check_stated(c, e->seq, c->hash, c->anchored, e->body, e->length) || !check_signature(c, signed_entry)))
        return false;
    if (!gone && !e->topic && c->stream <= STREAM_DISCLOSURE)
        return check_fault(c, e->seq, "its topic and signature are missing");
    if (!check_span(c, e->seq, e->hash))
        return false;
    if (c->count++ == 0)
        c->first = e->seq;
    memcpy(c->hash, e->hash, CHAIN_BYTES);
    c->anchored = true;
    c->last = e->seq;
    return true;
}

int check_report(struct ctl *ctl, const struct check *c)
{
    char hash[CHAIN_HEX];
    hex_encode(c->hash, CHAIN_BYTES, hash);
    if (ctl->json) {
        json_t *o =
            json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:o}", "stream", stream_name(c->stream), "ok",
                      c->fault[0] == '\0', "count", (json_int_t)c->count, "from", (json_int_t)c->first, "to",
                      (json_int_t)c->last, "signed", (json_int_t)c->signed_count, "gaps", (json_int_t)c->gaps,
                      "removed", (json_int_t)c->removed, "checkpoints", (json_int_t)c->proved, "hash", hash, "fault",
                      c->fault[0] ? json_string(c->fault) : json_null());
        json_dumpf(o, stdout, JSON_COMPACT);
        printf("\n");
        json_decref(o);
    } else if (c->fault[0]) {
        printf("%s: ", stream_name(c->stream));
        term_text("BROKEN", TONE_BAD);
        printf(" after %" PRIu64 " good: %s\n", c->count, c->fault);
    } else if (c->count == 0) {
        printf("%s: empty\n", stream_name(c->stream));
    } else {
        printf("%s: %s from %" PRIu64 " to %" PRIu64 " (%" PRIu64 " entries, %" PRIu64
               " signatures good%s), chain ends %s\n",
               stream_name(c->stream), c->gaps ? "unaltered, but not all there," : "complete and unaltered", c->first,
               c->last, c->count, c->signed_count,
               c->stream <= STREAM_DISCLOSURE && c->ring->count == 0 ? ", none checked: no key" : "", hash);
        if (c->proved > 0)
            printf("  %" PRIu64 " checkpoints hold\n", c->proved);
        if (c->removed > 0)
            printf("  %" PRIu64 " bodies were taken away by retention%s%s\n", c->removed,
                   c->newest_removed ? ", the newest before the checkpoint of " : "",
                   c->newest_removed ? c->newest_removed->day : "");
    }
    return c->fault[0] ? CTL_FAILED : CTL_DONE;
}
