/* cemsctl verify: is it complete and unaltered?
 *
 *   from a journal   every stream: seq without gaps, hash = SHA-256(hash before ‖ body), the seq and prev a published
 *                    body states are those of its place, its signature is the key's; the entries of each checkpoint
 *                    have its root, and what retention took away is what a checkpoint stands for
 *   from messages    the same for saved feed messages ({"topic","body","signature"} a line) or an export, as far as a
 *                    subscriber of a prefix can see: seq may skip, the chain is checked where it is contiguous, and
 *                    a checkpoint where all it stands for is there
 *
 * The first fault of a stream is named; exit 0 only when there is none. */
#include "ctl/checkpoints.h"
#include "ctl/keyring.h"
#include "journal/merkle.h"
#include "model/instant.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check {
    struct keyring *ring; /* empty: signatures are not checked */
    enum stream stream;
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

static bool fault(struct check *c, uint64_t seq, const char *what)
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
    bool good = json_integer_value(json_object_get(o, "seq")) == (json_int_t)seq && stated &&
                (!anchored || strcmp(stated, hex_encode(before, CHAIN_BYTES, prev)) == 0);
    json_decref(o);
    return good || fault(c, seq, "the seq or prev stated in the body is not that of its place");
}

static bool check_signature(struct check *c, uint64_t seq, const struct journal_entry *e)
{
    bool revoked;
    if (e->signature_length == 0) {
        c->unsigned_count++;
        return c->ring->count == 0 || fault(c, seq, "is not signed");
    }
    if (c->ring->count == 0)
        return true; /* counted as not checked by the summary */
    if (!keyring_check(c->ring, e->body, e->length, e->signature, e->signature_length, e->time_ms, &revoked))
        return fault(c, seq,
                     revoked ? "is signed by a key that was revoked before" : "the signature is not this key's");
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
        c->merkle = (struct merkle){0};
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
    return fault(c, seq, what);
}

/* Of an entry whose body retention took away only the chain value is left. */
static bool check_removed(struct check *c, const struct journal_entry *e, const char *kind)
{
    if (!is_trimmed_kind(c, kind))
        return fault(c, e->seq, "its body is gone, and retention takes none of its kind");
    if (!may_be_gone(c, e->seq))
        return fault(c, e->seq, "its body is gone, and no checkpoint stands for it");
    c->removed++;
    c->newest_removed = checkpoints_find(c->checkpoints, c->stream, e->seq);
    return true;
}

static bool check_entry(void *owner, const struct journal_entry *e, const char *kind)
{
    struct check *c = owner;
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
        return fault(c, c->last + 1, what);
    }
    bool gone = e->length == 0;
    if (c->count == 0 && e->seq != (c->from > 1 ? c->from : 1) && e->seq > 1 && c->from <= 1 && !gone)
        return fault(c, 1, "missing: the stream does not begin at 1");
    if (gone && !check_removed(c, e, kind))
        return false;
    if (!gone && c->anchored &&
        (!chain_next(c->hash, e->body, e->length, after) || memcmp(after, e->hash, CHAIN_BYTES) != 0))
        return fault(c, e->seq, "altered: the hash does not follow from the body and the hash before it");
    if (!gone && e->topic &&
        (!check_stated(c, e->seq, c->hash, c->anchored, e->body, e->length) || !check_signature(c, e->seq, e)))
        return false;
    if (!gone && !e->topic && c->stream <= STREAM_DISCLOSURE)
        return fault(c, e->seq, "its topic and signature are missing");
    if (!check_span(c, e->seq, e->hash))
        return false;
    if (c->count++ == 0)
        c->first = e->seq;
    memcpy(c->hash, e->hash, CHAIN_BYTES);
    c->anchored = true;
    c->last = e->seq;
    return true;
}

static int report(struct ctl *ctl, const struct check *c, const char *hash)
{
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
        printf("%s: BROKEN after %" PRIu64 " good: %s\n", stream_name(c->stream), c->count, c->fault);
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

/* ---- a journal ---- */

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

static int verify_journal(struct ctl *ctl, struct keyring *ring, uint64_t from, uint64_t to)
{
    struct error err;
    int code = CTL_DONE;
    struct checkpoints checkpoints;
    char wrong[320];
    struct reader *reader = ctl_reader(ctl, &code);
    if (!reader)
        return code;
    if (!keyring_hear_all(ring, reader, &err))
        code = ctl_fail(CTL_FAILED, "%s", err.text);
    if (!checkpoints_load(reader, ring, &checkpoints, wrong)) {
        printf("checkpoints: BROKEN: %s\n", wrong);
        code = CTL_FAILED;
    }
    if (ctl->checkpoint && !check_board(ctl, &checkpoints))
        code = CTL_FAILED;
    for (int s = 0; s < STREAMS; s++) {
        struct check c = {.ring = ring, .stream = (enum stream)s, .from = from, .to = to, .checkpoints = &checkpoints};
        char hash[CHAIN_HEX];
        if (ctl->stream && strcmp(ctl->stream, stream_name(c.stream)) != 0)
            continue;
        if (!reader_entries(reader, c.stream, from > 0 ? from - 1 : 0, SIZE_MAX, check_entry, &c, &err))
            fault(&c, c.last + 1, err.text);
        if (report(ctl, &c, hex_encode(c.hash, CHAIN_BYTES, hash)) != CTL_DONE)
            code = CTL_FAILED;
    }
    checkpoints_clear(&checkpoints);
    reader_close(reader);
    return code;
}

/* ---- saved messages ---- */

static bool keep_hash(struct check *c)
{
    if (c->hash_count == c->hash_room) {
        size_t room = c->hash_room ? 2 * c->hash_room : 1024;
        uint8_t(*more)[CHAIN_BYTES] = realloc(c->hashes, room * CHAIN_BYTES);
        if (!more)
            return fault(c, c->last, "out of memory");
        c->hashes = more;
        c->hash_room = room;
    }
    memcpy(c->hashes[c->hash_count++], c->hash, CHAIN_BYTES);
    return true;
}

/* The next message of a stream, or what is left of one; before: the chain value it says it follows, NULL: not said. */
static void follow(struct check *c, const struct journal_entry *e, const uint8_t *before)
{
    if (c->fault[0] || e->seq <= c->last) /* a message seen twice proves nothing new */
        return;
    bool contiguous = c->count > 0 && e->seq == c->last + 1;
    c->gaps += c->count > 0 && !contiguous;
    if (contiguous && before && memcmp(before, c->hash, CHAIN_BYTES) != 0) {
        fault(c, e->seq, "altered: prev is not the chain value after the message before it");
        return;
    }
    if (before && !check_signature(c, e->seq, e))
        return;
    if (before)
        chain_next(before, e->body, e->length, c->hash);
    else
        memcpy(c->hash, e->hash, CHAIN_BYTES);
    if (c->count++ == 0)
        c->first = e->seq;
    c->last = e->seq;
    keep_hash(c);
}

static bool check_body_line(struct check all[2], const json_t *line)
{
    const json_t *body_json = json_object_get(line, "body");
    const char *body = json_string_value(body_json), *signature = json_string_value(json_object_get(line, "signature"));
    json_t *o = body ? json_loadb(body, json_string_length(body_json), 0, NULL) : NULL;
    const char *name = json_string_value(json_object_get(o, "stream")),
               *prev = json_string_value(json_object_get(o, "prev"));
    struct journal_entry e = {.body = body,
                              .length = json_string_length(body_json),
                              .topic = "",
                              .seq = (uint64_t)json_integer_value(json_object_get(o, "seq"))};
    uint8_t before[CHAIN_BYTES];
    const char *time = json_string_value(json_object_get(o, "time"));
    if (!time || !instant_parse(time, &e.time_ms))
        e.time_ms = INT64_MAX;
    bool good = name && prev && stream_parse(name, &e.stream) && e.stream <= STREAM_DISCLOSURE &&
                hex_decode(prev, before, CHAIN_BYTES);
    size_t digits = signature ? strlen(signature) : 0;
    if (good && digits > 0 && digits <= 2 * SIGNATURE_BYTES && hex_decode(signature, e.signature, digits / 2))
        e.signature_length = digits / 2;
    json_decref(o);
    if (good)
        follow(&all[e.stream], &e, before);
    return good;
}

/* What retention took away on the gateway: the message after it, signed, says whether this is its chain value. */
static bool check_removed_line(struct check all[2], const json_t *line)
{
    const char *name = json_string_value(json_object_get(line, "stream")),
               *hash = json_string_value(json_object_get(line, "hash"));
    struct journal_entry e = {.seq = (uint64_t)json_integer_value(json_object_get(line, "seq"))};
    if (!name || !hash || !stream_parse(name, &e.stream) || e.stream > STREAM_DISCLOSURE ||
        !hex_decode(hash, e.hash, CHAIN_BYTES))
        return false;
    all[e.stream].removed++;
    follow(&all[e.stream], &e, NULL);
    return true;
}

/* A checkpoint whose span is all here must have the root of it. */
static bool check_checkpoint_line(struct check all[2], const json_t *line)
{
    const json_t *body = json_object_get(line, "checkpoint");
    const char *signature = json_string_value(json_object_get(line, "signature"));
    uint8_t bytes[SIGNATURE_BYTES], root[CHAIN_BYTES];
    size_t length = signature ? strlen(signature) / 2 : 0;
    struct checkpoint point = {0};
    bool good = json_is_string(body) && length <= SIGNATURE_BYTES &&
                checkpoint_read(json_string_value(body), json_string_length(body), &point);
    struct keyring *ring = all[0].ring;
    bool revoked;
    if (good && ring->count > 0 &&
        (!hex_decode(signature, bytes, length) ||
         !keyring_check(ring, point.body, point.length, bytes, length, point.time_ms, &revoked)))
        fault(&all[0], 0, "a checkpoint is not signed by this key");
    for (int s = 0; s < 2 && good; s++) {
        struct check *c = &all[s];
        const struct span *span = &point.spans[s];
        struct merkle merkle = {0};
        if (c->fault[0] || c->gaps > 0 || c->count == 0 || span->from < c->first || span->to > c->last ||
            span->to < span->from)
            continue;
        for (uint64_t seq = span->from; seq <= span->to; seq++)
            merkle_add(&merkle, c->hashes[seq - c->first]);
        merkle_root(&merkle, root);
        if (memcmp(root, span->root, CHAIN_BYTES) != 0)
            fault(c, span->to, "altered: the checkpoint stands for something else");
        c->proved += c->fault[0] == '\0';
    }
    checkpoint_clear(&point);
    return good;
}

static bool check_message(struct check all[2], const json_t *line)
{
    const json_t *key = json_object_get(line, "key_event");
    if (key)
        return keyring_hear(all[0].ring, json_string_value(key), json_string_length(key),
                            json_integer_value(json_object_get(line, "time_ms")));
    return json_object_get(line, "checkpoint") ? check_checkpoint_line(all, line)
           : json_object_get(line, "removed")  ? check_removed_line(all, line)
                                               : check_body_line(all, line);
}

static int verify_messages(struct ctl *ctl, struct keyring *ring)
{
    struct check all[2] = {{.ring = ring, .stream = STREAM_ALARM}, {.ring = ring, .stream = STREAM_DISCLOSURE}};
    FILE *in = fopen(ctl->messages, "re");
    char *line = NULL;
    size_t room = 0, number = 0;
    int code = CTL_DONE;
    if (!in)
        return ctl_fail(CTL_FAILED, "open %s: %s", ctl->messages, strerror(errno));
    for (ssize_t length; (length = getline(&line, &room, in)) > 0;) {
        json_t *o = json_loadb(line, (size_t)length, 0, NULL);
        number++;
        if (!check_message(all, o))
            code = ctl_fail(CTL_FAILED, "%s:%zu: not a saved message", ctl->messages, number);
        json_decref(o);
    }
    free(line);
    fclose(in);
    for (int s = 0; s < 2; s++) {
        char hash[CHAIN_HEX];
        if (report(ctl, &all[s], hex_encode(all[s].hash, CHAIN_BYTES, hash)) != CTL_DONE)
            code = CTL_FAILED;
        free(all[s].hashes);
    }
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
               : ctl->messages ? verify_messages(ctl, &ring)
                               : verify_journal(ctl, &ring, from, to);
    keyring_close(&ring);
    return code;
}
