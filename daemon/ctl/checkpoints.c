/* cemsctl checkpoint [--from DAY]          the newest checkpoint, or those from a day on, a line each for a notice
 * board cemsctl prove --stream S --from SEQ      proof that one entry is of its checkpoint, as JSON cemsctl verify
 * --proof FILE --key FILE   is it?
 *
 *   entry ─ H(before ‖ body) ─► chain value ─ path ─► R of its stream ─ with the other R ─► root, signed */
#include "ctl/checkpoints.h"

#include "journal/merkle.h"
#include "model/instant.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_hash(const json_t *object, const char *name, uint8_t hash[CHAIN_BYTES])
{
    const char *text = json_string_value(json_object_get(object, name));
    return text && hex_decode(text, hash, CHAIN_BYTES);
}

static bool read_spans(const json_t *streams, struct checkpoint *c)
{
    uint8_t roots[STREAMS * CHAIN_BYTES], root[CHAIN_BYTES];
    for (int s = 0; s < STREAMS; s++) {
        const json_t *span = json_object_get(streams, stream_name((enum stream)s));
        c->spans[s].from = (uint64_t)json_integer_value(json_object_get(span, "from"));
        c->spans[s].to = (uint64_t)json_integer_value(json_object_get(span, "to"));
        if (!read_hash(span, "root", c->spans[s].root) || !read_hash(span, "hash", c->spans[s].hash))
            return false;
        memcpy(roots + (size_t)s * CHAIN_BYTES, c->spans[s].root, CHAIN_BYTES);
    }
    chain_digest(c->chain, roots, sizeof roots, root);
    return memcmp(root, c->root, CHAIN_BYTES) == 0;
}

bool checkpoint_read(const char *body, size_t length, struct checkpoint *out)
{
    json_t *o = json_loadb(body, length, 0, NULL);
    const char *day = json_string_value(json_object_get(o, "checkpoint")),
               *time = json_string_value(json_object_get(o, "time"));
    *out = (struct checkpoint){.length = length};
    bool good = day && strlen(day) == 10 && time && instant_parse(time, &out->time_ms) &&
                chain_hash_parse(json_string_value(json_object_get(o, "chain")), &out->chain) &&
                read_hash(o, "root", out->root) && read_hash(o, "prev", out->prev) &&
                read_spans(json_object_get(o, "streams"), out) && (out->body = malloc(length + 1));
    if (good) {
        memcpy(out->day, day, sizeof out->day);
        memcpy(out->body, body, length);
        out->body[length] = '\0';
        chain_digest(out->chain, body, length, out->digest);
    }
    json_decref(o);
    return good;
}

void checkpoint_clear(struct checkpoint *checkpoint)
{
    free(checkpoint->body);
}

struct loading {
    struct checkpoints *out;
    struct keyring *ring;
    char *fault;
};

static bool load_one(void *owner, const struct stored_checkpoint *stored)
{
    struct loading *l = owner;
    struct checkpoint *more = realloc(l->out->at, (l->out->count + 1) * sizeof *more);
    if (!more)
        return snprintf(l->fault, 320, "out of memory"), false;
    l->out->at = more;
    struct checkpoint *c = &more[l->out->count];
    static const uint8_t NOTHING[CHAIN_BYTES];
    const uint8_t *before = l->out->count > 0 ? more[l->out->count - 1].digest : NOTHING;
    if (!checkpoint_read(stored->body, stored->length, c))
        return snprintf(l->fault, 320, "checkpoint %zu: altered, its roots contradict each other", l->out->count + 1),
               false;
    l->out->count++;
    snprintf(c->key, sizeof c->key, "%s", stored->key);
    if (stored->signature_length <= SIGNATURE_BYTES && stored->signature_length > 0) {
        memcpy(c->signature, stored->signature, stored->signature_length);
        c->signature_length = stored->signature_length;
    }
    if (memcmp(c->prev, before, CHAIN_BYTES) != 0)
        return snprintf(l->fault, 320, "checkpoint %s: does not follow from the one before it", c->day), false;
    bool revoked;
    if (l->ring && l->ring->count > 0 &&
        !keyring_check(l->ring, c->body, c->length, c->signature, c->signature_length, c->time_ms, &revoked))
        return snprintf(l->fault, 320, "checkpoint %s: the signature is not this key's", c->day), false;
    return true;
}

bool checkpoints_load(struct reader *reader, struct keyring *ring, struct checkpoints *out, char fault[320])
{
    struct loading loading = {out, ring, fault};
    struct error err;
    *out = (struct checkpoints){0};
    fault[0] = '\0';
    if (!reader_checkpoints(reader, load_one, &loading, &err))
        snprintf(fault, 320, "%s", err.text);
    return fault[0] == '\0';
}

void checkpoints_clear(struct checkpoints *checkpoints)
{
    for (size_t i = 0; i < checkpoints->count; i++)
        checkpoint_clear(&checkpoints->at[i]);
    free(checkpoints->at);
    *checkpoints = (struct checkpoints){0};
}

const struct checkpoint *checkpoints_find(const struct checkpoints *checkpoints, enum stream stream, uint64_t seq)
{
    for (size_t i = 0; i < checkpoints->count; i++)
        if (seq >= checkpoints->at[i].spans[stream].from && seq <= checkpoints->at[i].spans[stream].to)
            return &checkpoints->at[i];
    return NULL;
}

/* ---- the notice board ---- */

static void print_line(const struct checkpoint *c, const char *mn)
{
    char root[CHAIN_HEX], signature[2 * SIGNATURE_BYTES + 1];
    printf("cemsd-checkpoint %s mn=%s root=%s key=%s signature=%s\n", c->day, mn,
           hex_encode(c->root, CHAIN_BYTES, root), c->key[0] ? c->key : "-",
           c->signature_length ? hex_encode(c->signature, c->signature_length, signature) : "-");
}

int ctl_checkpoint(struct ctl *ctl)
{
    struct checkpoints all;
    char fault[320];
    int code = CTL_DONE;
    struct reader *reader = ctl_reader(ctl, &code);
    if (!reader)
        return code;
    if (!checkpoints_load(reader, NULL, &all, fault))
        code = ctl_fail(CTL_FAILED, "%s", fault);
    else if (all.count == 0)
        code = ctl_fail(CTL_FAILED, "there is no checkpoint yet: one is made each day ten minutes after midnight");
    for (size_t i = 0; code == CTL_DONE && i < all.count; i++) {
        json_t *o = json_loadb(all.at[i].body, all.at[i].length, 0, NULL);
        bool wanted = ctl->from ? strcmp(all.at[i].day, ctl->from) >= 0 : i + 1 == all.count;
        if (wanted && ctl->json)
            printf("%s\n", all.at[i].body);
        else if (wanted)
            print_line(&all.at[i], json_string_value(json_object_get(o, "mn")));
        json_decref(o);
    }
    checkpoints_clear(&all);
    reader_close(reader);
    return code;
}

/* ---- proofs ---- */

struct gathering {
    uint8_t (*values)[CHAIN_BYTES];
    uint64_t from, count, room;
};

static bool gather(void *owner, uint64_t seq, const uint8_t hash[CHAIN_BYTES])
{
    struct gathering *g = owner;
    if (seq != g->from + g->count || g->count == g->room)
        return false;
    memcpy(g->values[g->count++], hash, CHAIN_BYTES);
    return true;
}

struct found {
    json_t *body;
    uint8_t hash[CHAIN_BYTES], before[CHAIN_BYTES];
    uint64_t seq;
};

static bool find_entry(void *owner, const struct journal_entry *e, const char *kind)
{
    struct found *f = owner;
    (void)kind;
    if (e->seq + 1 == f->seq)
        memcpy(f->before, e->hash, CHAIN_BYTES);
    if (e->seq != f->seq)
        return e->seq < f->seq;
    memcpy(f->hash, e->hash, CHAIN_BYTES);
    char *hex = e->length > 0 ? malloc(2 * e->length + 1) : NULL;
    f->body = hex ? json_string(hex_encode((const uint8_t *)e->body, e->length, hex)) : NULL;
    free(hex);
    return false;
}

static json_t *hex_json(const uint8_t *bytes, size_t length)
{
    char text[2 * SIGNATURE_BYTES + 1];
    return json_string(hex_encode(bytes, length, text));
}

static int print_proof(enum stream stream, const struct found *f, const struct checkpoint *c,
                       const uint8_t (*values)[CHAIN_BYTES])
{
    uint8_t path[MERKLE_DEPTH][CHAIN_BYTES];
    uint64_t count = c->spans[stream].to - c->spans[stream].from + 1;
    size_t steps = merkle_path(c->chain, values, count, f->seq - c->spans[stream].from, path);
    json_t *o = json_object(), *list = json_array();
    for (size_t i = 0; i < steps; i++)
        json_array_append_new(list, hex_json(path[i], CHAIN_BYTES));
    json_object_set_new(o, "proof", json_integer(1));
    json_object_set_new(o, "stream", json_string(stream_name(stream)));
    json_object_set_new(o, "seq", json_integer((json_int_t)f->seq));
    json_object_set(o, "body_hex", f->body);
    json_object_set_new(o, "before", hex_json(f->before, CHAIN_BYTES));
    json_object_set_new(o, "path", list);
    json_object_set_new(o, "checkpoint", json_string(c->body));
    json_object_set_new(o, "signature", hex_json(c->signature, c->signature_length));
    json_dumpf(o, stdout, JSON_COMPACT);
    printf("\n");
    json_decref(o);
    return CTL_DONE;
}

static int prove(struct reader *reader, enum stream stream, uint64_t seq, const struct checkpoints *all)
{
    struct found f = {.seq = seq};
    struct error err;
    const struct checkpoint *c = checkpoints_find(all, stream, seq);
    if (!reader_entries(reader, stream, seq > 1 ? seq - 2 : 0, 3, find_entry, &f, &err))
        return ctl_fail(CTL_FAILED, "%s", err.text);
    if (!f.body)
        return ctl_fail(CTL_FAILED, "%s/%" PRIu64 " is not there, or its body has been taken away", stream_name(stream),
                        seq);
    if (!c) {
        json_decref(f.body);
        return ctl_fail(CTL_FAILED, "no checkpoint holds %s/%" PRIu64 " yet", stream_name(stream), seq);
    }
    struct gathering g = {.from = c->spans[stream].from, .room = c->spans[stream].to - c->spans[stream].from + 1};
    g.values = calloc(g.room, CHAIN_BYTES);
    int code = CTL_FAILED;
    if (!g.values || !reader_hashes(reader, stream, g.from, c->spans[stream].to, gather, &g, &err) || g.count != g.room)
        ctl_fail(CTL_FAILED, "the span of checkpoint %s is not all there", c->day);
    else
        code = print_proof(stream, &f, c, (const uint8_t(*)[CHAIN_BYTES])g.values);
    free(g.values);
    json_decref(f.body);
    return code;
}

int ctl_prove(struct ctl *ctl)
{
    struct checkpoints all;
    char fault[320];
    uint64_t seq;
    enum stream stream = STREAM_DISCLOSURE;
    int code = CTL_DONE;
    if (!ctl->from || !ctl_seq("--from", ctl->from, 0, &seq) || (ctl->stream && !stream_parse(ctl->stream, &stream)))
        return ctl_fail(CTL_USAGE, "prove --stream alarm|disclosure|sample|event --from SEQ");
    struct reader *reader = ctl_reader(ctl, &code);
    if (!reader)
        return code;
    code = checkpoints_load(reader, NULL, &all, fault) ? prove(reader, stream, seq, &all)
                                                       : ctl_fail(CTL_FAILED, "%s", fault);
    checkpoints_clear(&all);
    reader_close(reader);
    return code;
}

/* The chain value of the entry the proof speaks of. */
static bool value_of(const json_t *proof, enum chain_hash chain, uint8_t value[CHAIN_BYTES])
{
    const char *hex = json_string_value(json_object_get(proof, "body_hex"));
    uint8_t before[CHAIN_BYTES], *body = hex ? malloc(strlen(hex) / 2 + 1) : NULL;
    bool good = body && hex_decode(hex, body, strlen(hex) / 2) && read_hash(proof, "before", before) &&
                chain_next(chain, before, body, strlen(hex) / 2, value);
    free(body);
    return good;
}

static const char *wrong_with(const json_t *proof, const struct checkpoint *c, struct keyring *ring,
                              const struct verifier **signer)
{
    enum stream stream;
    uint8_t value[CHAIN_BYTES], root[CHAIN_BYTES], path[MERKLE_DEPTH][CHAIN_BYTES], signature[SIGNATURE_BYTES];
    const char *name = json_string_value(json_object_get(proof, "stream"));
    const json_t *list = json_object_get(proof, "path");
    bool revoked;
    uint64_t seq = (uint64_t)json_integer_value(json_object_get(proof, "seq"));
    size_t steps = json_array_size(list), length;
    if (!name || !stream_parse(name, &stream) || steps > MERKLE_DEPTH || !value_of(proof, c->chain, value))
        return "it is not a proof";
    for (size_t i = 0; i < steps; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (!text || !hex_decode(text, path[i], CHAIN_BYTES))
            return "it is not a proof";
    }
    if (!signature_read(json_string_value(json_object_get(proof, "signature")), signature, &length) ||
        !(*signer = keyring_check(ring, c->body, c->length, signature, length, c->time_ms, &revoked)))
        return "the checkpoint is not signed by this key";
    const struct span *span = &c->spans[stream];
    if (seq < span->from || seq > span->to ||
        !merkle_prove(c->chain, value, seq - span->from, span->to - span->from + 1, (const uint8_t(*)[CHAIN_BYTES])path,
                      steps, root) ||
        memcmp(root, span->root, CHAIN_BYTES) != 0)
        return "the entry is not of the checkpoint: altered";
    return NULL;
}

int ctl_verify_proof(struct ctl *ctl, struct keyring *ring)
{
    struct checkpoint c = {0};
    json_error_t why;
    json_t *proof = json_load_file(ctl->proof, 0, &why);
    const char *body = json_string_value(json_object_get(proof, "checkpoint")), *wrong = "it is not a proof";
    const struct verifier *signer = NULL;
    if (ring->count == 0) {
        json_decref(proof);
        return ctl_fail(CTL_USAGE, "--key FILE is missing: a proof is worth what its signature is");
    }
    if (body && checkpoint_read(body, strlen(body), &c))
        wrong = wrong_with(proof, &c, ring, &signer);
    if (!wrong)
        printf("%s/%" PRIi64 " is an entry of the checkpoint of %s, signed by key %s\n",
               json_string_value(json_object_get(proof, "stream")),
               (int64_t)json_integer_value(json_object_get(proof, "seq")), c.day, verifier_id(signer));
    checkpoint_clear(&c);
    json_decref(proof);
    return wrong ? ctl_fail(CTL_FAILED, "%s: %s", ctl->proof, wrong) : CTL_DONE;
}
