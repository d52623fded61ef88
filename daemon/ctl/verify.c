/* cemsctl verify: is it complete and unaltered?
 *
 *   from a journal   every stream: seq without gaps, hash = SHA-256(hash before ‖ body), the seq and prev a published
 *                    body states are those of its place, its signature is the key's
 *   from messages    the same for saved feed messages ({"topic","body","signature"} a line), as far as a subscriber
 *                    of a prefix can see: seq may skip, the chain is checked where it is contiguous
 *
 * The first fault of a stream is named; exit 0 only when there is none. */
#include "ctl/ctl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check {
    struct verifier *key;
    enum stream stream;
    uint64_t from, to;
    uint64_t first, last, count, signed_count, unsigned_count, gaps;
    uint8_t hash[CHAIN_BYTES];
    bool anchored; /* hash is the value after `last` */
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
    if (e->signature_length == 0) {
        c->unsigned_count++;
        return !c->key || fault(c, seq, "is not signed");
    }
    if (!c->key)
        return true; /* counted as not checked by the summary */
    if (!verifier_check(c->key, e->body, e->length, e->signature, e->signature_length))
        return fault(c, seq, "the signature is not this key's");
    c->signed_count++;
    return true;
}

static bool check_entry(void *owner, const struct journal_entry *e, const char *kind)
{
    struct check *c = owner;
    uint8_t after[CHAIN_BYTES];
    static const uint8_t ZERO[CHAIN_BYTES];
    (void)kind;
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
    if (c->count == 0 && e->seq != (c->from > 1 ? c->from : 1) && e->seq > 1 && c->from <= 1)
        return fault(c, 1, "missing: the stream does not begin at 1");
    if (c->anchored && (!chain_next(c->hash, e->body, e->length, after) || memcmp(after, e->hash, CHAIN_BYTES) != 0))
        return fault(c, e->seq, "altered: the hash does not follow from the body and the hash before it");
    if (e->topic &&
        (!check_stated(c, e->seq, c->hash, c->anchored, e->body, e->length) || !check_signature(c, e->seq, e)))
        return false;
    if (!e->topic && c->stream <= STREAM_DISCLOSURE)
        return fault(c, e->seq, "its topic and signature are missing");
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
        json_t *o = json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:s, s:o}", "stream", stream_name(c->stream), "ok",
                              c->fault[0] == '\0', "count", (json_int_t)c->count, "from", (json_int_t)c->first, "to",
                              (json_int_t)c->last, "signed", (json_int_t)c->signed_count, "gaps", (json_int_t)c->gaps,
                              "hash", hash, "fault", c->fault[0] ? json_string(c->fault) : json_null());
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
               c->stream <= STREAM_DISCLOSURE && !c->key ? ", none checked: no key" : "", hash);
    }
    return c->fault[0] ? CTL_FAILED : CTL_DONE;
}

/* ---- a journal ---- */

static int verify_journal(struct ctl *ctl, struct verifier *key, uint64_t from, uint64_t to)
{
    struct error err;
    int code = CTL_DONE;
    struct reader *reader = ctl_reader(ctl, &code);
    if (!reader)
        return code;
    for (int s = 0; s < STREAMS; s++) {
        struct check c = {.key = key, .stream = (enum stream)s, .from = from, .to = to};
        char hash[CHAIN_HEX];
        if (ctl->stream && strcmp(ctl->stream, stream_name(c.stream)) != 0)
            continue;
        if (!reader_entries(reader, c.stream, from > 0 ? from - 1 : 0, SIZE_MAX, check_entry, &c, &err))
            fault(&c, c.last + 1, err.text);
        if (report(ctl, &c, hex_encode(c.hash, CHAIN_BYTES, hash)) != CTL_DONE)
            code = CTL_FAILED;
    }
    reader_close(reader);
    return code;
}

/* ---- saved messages ---- */

static bool check_message(struct check all[2], const json_t *line)
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
    bool good = name && prev && stream_parse(name, &e.stream) && e.stream <= STREAM_DISCLOSURE &&
                hex_decode(prev, before, CHAIN_BYTES);
    if (good && signature && strlen(signature) == 2 * SIGNATURE_BYTES &&
        hex_decode(signature, e.signature, SIGNATURE_BYTES))
        e.signature_length = SIGNATURE_BYTES;
    json_decref(o);
    if (!good)
        return false;
    struct check *c = &all[e.stream];
    if (c->fault[0] || e.seq <= c->last) /* a message seen twice proves nothing new */
        return true;
    bool contiguous = c->count > 0 && e.seq == c->last + 1;
    c->gaps += c->count > 0 && !contiguous;
    if (contiguous && memcmp(before, c->hash, CHAIN_BYTES) != 0)
        return fault(c, e.seq, "altered: prev is not the chain value after the message before it"), true;
    if (!check_signature(c, e.seq, &e))
        return true;
    chain_next(before, e.body, e.length, c->hash);
    if (c->count++ == 0)
        c->first = e.seq;
    c->last = e.seq;
    return true;
}

static int verify_messages(struct ctl *ctl, struct verifier *key)
{
    struct check all[2] = {{.key = key, .stream = STREAM_ALARM}, {.key = key, .stream = STREAM_DISCLOSURE}};
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
    }
    return code;
}

int ctl_verify(struct ctl *ctl)
{
    struct error err;
    uint64_t from, to;
    enum stream stream;
    if (!ctl_seq("--from", ctl->from, 0, &from) || !ctl_seq("--to", ctl->to, UINT64_MAX, &to))
        return CTL_USAGE;
    if (ctl->stream && !stream_parse(ctl->stream, &stream))
        return ctl_fail(CTL_USAGE, "--stream %s is not alarm, disclosure, sample or event", ctl->stream);
    const char *key_path = ctl->key;
    if (!key_path && ctl->config && ctl_plant(ctl) && ctl->plant->feeds.signing_key[0])
        key_path = ctl->plant->feeds.signing_key;
    struct verifier *key = key_path ? verifier_load(key_path, &err) : NULL;
    if (key_path && !key)
        return ctl_fail(CTL_FAILED, "%s", err.text);
    int code = ctl->messages ? verify_messages(ctl, key) : verify_journal(ctl, key, from, to);
    verifier_free(key);
    return code;
}
