/* Saved messages and exports: what a regulator has on a stick (verify.c says what is checked). */
#include "ctl/check.h"
#include "model/instant.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct saved {
    struct check streams[2]; /* alarm, disclosure */
    struct signatures *signatures;
};

static bool keep_hash(struct check *c)
{
    if (c->hash_count == c->hash_room) {
        size_t room = c->hash_room ? 2 * c->hash_room : 1024;
        uint8_t(*more)[CHAIN_BYTES] = realloc(c->hashes, room * CHAIN_BYTES);
        if (!more)
            return check_fault(c, c->last, "out of memory");
        c->hashes = more;
        c->hash_room = room;
    }
    memcpy(c->hashes[c->hash_count++], c->hash, CHAIN_BYTES);
    return true;
}

/* The next message of a stream, or what is left of one (nothing is known of the value before it). */
static bool follow(void *owner, const struct signed_entry *signed_entry)
{
    struct saved *saved = owner;
    const struct journal_entry *e = &signed_entry->entry;
    struct check *c = &saved->streams[e->stream];
    bool removed = !signed_entry->follows;
    if (c->fault[0] || e->seq <= c->last) /* a message seen twice proves nothing new */
        return true;
    bool contiguous = c->count > 0 && e->seq == c->last + 1;
    c->gaps += c->count > 0 && !contiguous;
    c->removed += removed;
    if (contiguous && !removed && memcmp(signed_entry->before, c->hash, CHAIN_BYTES) != 0) {
        check_fault(c, e->seq, "altered: prev is not the chain value after the message before it");
        return true;
    }
    if (!removed && !check_signature(c, signed_entry))
        return true;
    if (removed)
        memcpy(c->hash, e->hash, CHAIN_BYTES);
    else
        chain_next(c->chain, signed_entry->before, e->body, e->length, c->hash);
    if (c->count++ == 0)
        c->first = e->seq;
    c->last = e->seq;
    keep_hash(c);
    return true;
}

static bool check_body_line(struct saved *saved, const json_t *line)
{
    const json_t *body_json = json_object_get(line, "body");
    const char *body = json_string_value(body_json);
    json_t *o = body ? json_loadb(body, json_string_length(body_json), 0, NULL) : NULL;
    const char *name = json_string_value(json_object_get(o, "stream")),
               *prev = json_string_value(json_object_get(o, "prev"));
    struct journal_entry e = {.body = body,
                              .length = json_string_length(body_json),
                              .topic = "",
                              .seq = (uint64_t)json_integer_value(json_object_get(o, "seq"))};
    uint8_t before[CHAIN_BYTES];
    enum chain_hash chain;
    const char *time = json_string_value(json_object_get(o, "time"));
    if (!time || !instant_parse(time, &e.time_ms))
        e.time_ms = INT64_MAX;
    bool good = name && prev && stream_parse(name, &e.stream) && e.stream <= STREAM_DISCLOSURE &&
                hex_decode(prev, before, CHAIN_BYTES) &&
                chain_hash_parse(json_string_value(json_object_get(o, "chain")), &chain);
    if (good)
        signature_read(json_string_value(json_object_get(line, "signature")), e.signature, &e.signature_length);
    json_decref(o);
    if (good && chain != saved->streams[e.stream].chain) { /* those before it were of the other */
        signatures_flush(saved->signatures);
        saved->streams[e.stream].chain = chain;
    }
    if (good)
        signatures_add(saved->signatures, &e, "", before);
    return good;
}

/* What retention took away on the gateway: the message after it, signed, says whether this is its chain value. */
static bool check_removed_line(struct saved *saved, const json_t *line)
{
    const char *name = json_string_value(json_object_get(line, "stream")),
               *hash = json_string_value(json_object_get(line, "hash"));
    struct journal_entry e = {.seq = (uint64_t)json_integer_value(json_object_get(line, "seq")), .body = ""};
    if (!name || !hash || !stream_parse(name, &e.stream) || e.stream > STREAM_DISCLOSURE ||
        !hex_decode(hash, e.hash, CHAIN_BYTES))
        return false;
    signatures_add(saved->signatures, &e, "", NULL);
    return true;
}

/* A checkpoint whose span is all here must have the root of it. */
static bool check_checkpoint_line(struct check streams[2], const json_t *line)
{
    const json_t *body = json_object_get(line, "checkpoint");
    const char *signature = json_string_value(json_object_get(line, "signature"));
    uint8_t bytes[SIGNATURE_BYTES], root[CHAIN_BYTES];
    size_t length;
    struct checkpoint point = {0};
    bool good = json_is_string(body) && (!signature || strlen(signature) / 2 <= SIGNATURE_BYTES) &&
                checkpoint_read(json_string_value(body), json_string_length(body), &point);
    struct keyring *ring = streams[0].ring;
    bool revoked;
    if (good && ring->count > 0 &&
        (!signature_read(signature, bytes, &length) ||
         !keyring_check(ring, point.body, point.length, bytes, length, point.time_ms, &revoked)))
        check_fault(&streams[0], 0, "a checkpoint is not signed by this key");
    for (int s = 0; s < 2 && good; s++) {
        struct check *c = &streams[s];
        const struct span *span = &point.spans[s];
        struct merkle merkle = {.hash = point.chain};
        if (c->fault[0] || c->gaps > 0 || c->count == 0 || span->from < c->first || span->to > c->last ||
            span->to < span->from)
            continue;
        for (uint64_t seq = span->from; seq <= span->to; seq++)
            merkle_add(&merkle, c->hashes[seq - c->first]);
        merkle_root(&merkle, root);
        if (memcmp(root, span->root, CHAIN_BYTES) != 0)
            check_fault(c, span->to, "altered: the checkpoint stands for something else");
        c->proved += c->fault[0] == '\0';
    }
    checkpoint_clear(&point);
    return good;
}

/* A line that is no message speaks of those before it, or of those after it: they are checked first. */
static bool check_line(struct saved *saved, const json_t *line)
{
    const json_t *key = json_object_get(line, "key_event"), *point = json_object_get(line, "checkpoint");
    if (key || point)
        signatures_flush(saved->signatures);
    if (key)
        return keyring_hear(saved->streams[0].ring, json_string_value(key), json_string_length(key),
                            json_integer_value(json_object_get(line, "time_ms")));
    return point                              ? check_checkpoint_line(saved->streams, line)
           : json_object_get(line, "removed") ? check_removed_line(saved, line)
                                              : check_body_line(saved, line);
}

static int check_lines(struct ctl *ctl, struct saved *saved, FILE *in)
{
    char *line = NULL;
    size_t room = 0, number = 0;
    int code = CTL_DONE;
    for (ssize_t length; (length = getline(&line, &room, in)) > 0;) {
        json_t *o = json_loadb(line, (size_t)length, 0, NULL);
        number++;
        if (!check_line(saved, o))
            code = ctl_fail(CTL_FAILED, "%s:%zu: not a saved message", ctl->messages, number);
        json_decref(o);
    }
    free(line);
    signatures_flush(saved->signatures);
    return code;
}

int ctl_verify_messages(struct ctl *ctl, struct keyring *ring)
{
    struct saved saved = {
        .streams = {{.ring = ring, .stream = STREAM_ALARM}, {.ring = ring, .stream = STREAM_DISCLOSURE}}};
    FILE *in = fopen(ctl->messages, "re");
    if (!in)
        return ctl_fail(CTL_FAILED, "open %s: %s", ctl->messages, strerror(errno));
    saved.signatures = signatures_open(ring, follow, &saved);
    int code = saved.signatures ? check_lines(ctl, &saved, in) : CTL_FAILED;
    fclose(in);
    for (int s = 0; s < 2 && saved.signatures; s++) {
        if (check_report(ctl, &saved.streams[s]) != CTL_DONE)
            code = CTL_FAILED;
        free(saved.streams[s].hashes);
    }
    signatures_close(saved.signatures);
    return code;
}
