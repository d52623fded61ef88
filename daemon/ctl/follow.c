/* cemsctl watch alarm|disclosure --verify [--from SEQ] [--save FILE] [--key FILE]: a subscriber that misses nothing.
 *
 *   feed    ─► seq = last + 1, prev = chain value, signed ─► printed, once, in order
 *           ─► seq beyond that ─► replay what is missing first
 *   beat    ─► seq beyond last ─► replay; the same seq and another hash, or an older one ─► the gateway's past changed:
 * fault replay  ─► no answer ─► asked again: the gateway may be restarting
 *
 *   removed ─► a body retention took away: its chain value is taken on trust until the next signed message follows it
 *
 * --save keeps every message, so that the subscriber too may be killed: it goes on where it was, without a gap or a
 * duplicate. Ends with 1 at the first message that does not follow. */
#include "ctl/ctl.h"

#include "model/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

enum { ASK_AGAIN_MS = 2000, REPLAY_MOST = 5000 };

struct frames {
    zmq_msg_t part[3];
    int count;
};

struct follower {
    struct ctl *ctl;
    enum stream stream;
    struct verifier *key;
    void *feed, *replay;
    FILE *save;    /* NULL: nothing is saved */
    uint64_t last; /* seq of the last message taken */
    bool anchored; /* hash is the chain value after it */
    uint8_t hash[CHAIN_BYTES];
    bool asking;
    int64_t asked_ns;
    long seen;
    uint64_t removed; /* in a row, not told yet */
    char fault[256];
};

static bool fault(struct follower *f, const char *what, uint64_t seq)
{
    snprintf(f->fault, sizeof f->fault, "%s/%" PRIu64 ": %s", stream_name(f->stream), seq, what);
    return false;
}

/* ---- where it stands: what was saved ---- */

/* The last whole line of the file, to free(); what a kill left behind it is cut off. NULL when there is none. */
static char *last_line(FILE *file)
{
    long end = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1, at = end;
    char *line = NULL;
    while (at > 0 && (fseek(file, at - 1, SEEK_SET) != 0 || fgetc(file) != '\n'))
        at--;
    if (at < end && ftruncate(fileno(file), at) != 0)
        return NULL;
    end = at--; /* behind the newline that ends the line */
    while (at > 0 && (fseek(file, at - 1, SEEK_SET) != 0 || fgetc(file) != '\n'))
        at--;
    size_t length = end > 0 ? (size_t)(end - at) : 0;
    if (length > 0 && (line = malloc(length + 1)) && fseek(file, at, SEEK_SET) == 0 &&
        fread(line, 1, length, file) == length)
        line[length] = '\0';
    else
        length = 0;
    if (length == 0) {
        free(line);
        line = NULL;
    }
    fseek(file, 0, SEEK_END);
    return line;
}

/* Goes on after what retention had left of a message. */
static bool resume_removed(struct follower *f, const json_t *saved)
{
    const char *hash = json_string_value(json_object_get(saved, "hash")),
               *stream = json_string_value(json_object_get(saved, "stream"));
    if (!hash || !stream || strcmp(stream, stream_name(f->stream)) != 0 || !hex_decode(hash, f->hash, CHAIN_BYTES))
        return false;
    f->last = (uint64_t)json_integer_value(json_object_get(saved, "seq"));
    f->anchored = true;
    return true;
}

static bool resume_message(struct follower *f, const json_t *saved)
{
    uint8_t before[CHAIN_BYTES];
    const json_t *body = json_object_get(saved, "body");
    json_t *o = body ? json_loadb(json_string_value(body), json_string_length(body), 0, NULL) : NULL;
    enum chain_hash chain = CHAIN_SHA256;
    const char *prev = json_string_value(json_object_get(o, "prev")),
               *stream = json_string_value(json_object_get(o, "stream"));
    bool good = prev && stream && strcmp(stream, stream_name(f->stream)) == 0 &&
                hex_decode(prev, before, CHAIN_BYTES) &&
                chain_hash_parse(json_string_value(json_object_get(o, "chain")), &chain);
    if (good) {
        f->last = (uint64_t)json_integer_value(json_object_get(o, "seq"));
        chain_next(chain, before, json_string_value(body), json_string_length(body), f->hash);
        f->anchored = true;
    }
    json_decref(o);
    return good;
}

static bool resume(struct follower *f)
{
    char *line = last_line(f->save);
    json_t *saved = line ? json_loads(line, 0, NULL) : NULL;
    bool good = !line || (json_object_get(saved, "removed") ? resume_removed(f, saved) : resume_message(f, saved));
    json_decref(saved);
    free(line);
    return good ||
           (ctl_fail(CTL_FAILED, "%s does not end with a saved message of %s", f->ctl->save, stream_name(f->stream)),
            false);
}

/* ---- one message ---- */

/* A line and its newline in one write: a kill leaves a line whole, or a tail that the next start cuts off. */
static bool keep(struct follower *f, struct frames *m)
{
    char *hex = malloc(2 * zmq_msg_size(&m->part[2]) + 1);
    json_t *line = hex ? json_pack("{s:s%, s:s%, s:s}", "topic", zmq_msg_data(&m->part[0]), zmq_msg_size(&m->part[0]),
                                   "body", zmq_msg_data(&m->part[1]), zmq_msg_size(&m->part[1]), "signature",
                                   hex_encode(zmq_msg_data(&m->part[2]), zmq_msg_size(&m->part[2]), hex))
                       : NULL;
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    bool good = text && fprintf(f->save, "%s\n", text) > 0 && fflush(f->save) == 0;
    free(text);
    json_decref(line);
    free(hex);
    return good || fault(f, "can't be saved", f->last);
}

static void tell_removed(struct follower *f)
{
    if (f->removed > 0)
        fprintf(stderr, "cemsctl: %s/%" PRIu64 " to %" PRIu64 ": %" PRIu64 " bodies were taken away by retention\n",
                stream_name(f->stream), f->last - f->removed + 1, f->last, f->removed);
    f->removed = 0;
}

static bool take_removed(struct follower *f, const char *body, size_t length)
{
    json_t *o = json_loadb(body, length, 0, NULL);
    uint64_t seq = (uint64_t)json_integer_value(json_object_get(o, "seq"));
    const char *hash = json_string_value(json_object_get(o, "hash"));
    uint8_t after[CHAIN_BYTES];
    bool good = json_object_get(o, "removed") && hash && hex_decode(hash, after, CHAIN_BYTES) && seq > 0;
    json_decref(o);
    if (!good)
        return fault(f, "is not a message", f->last + 1);
    if (seq <= f->last)
        return true;
    if (seq > f->last + 1)
        return fault(f, "is missing", f->last + 1);
    memcpy(f->hash, after, CHAIN_BYTES);
    f->anchored = true;
    f->last = seq;
    f->removed++;
    return !f->save || (fprintf(f->save, "%.*s\n", (int)length, body) > 0 && fflush(f->save) == 0) ||
           fault(f, "can't be saved", f->last);
}

static bool take(struct follower *f, struct frames *m)
{
    static const char REMOVED[] = "removed/";
    const char *body = zmq_msg_data(&m->part[1]);
    size_t length = zmq_msg_size(&m->part[1]);
    if (zmq_msg_size(&m->part[0]) >= sizeof REMOVED - 1 &&
        memcmp(zmq_msg_data(&m->part[0]), REMOVED, sizeof REMOVED - 1) == 0)
        return take_removed(f, body, length);
    json_t *o = json_loadb(body, length, 0, NULL);
    uint64_t seq = (uint64_t)json_integer_value(json_object_get(o, "seq"));
    const char *prev = json_string_value(json_object_get(o, "prev"));
    uint8_t before[CHAIN_BYTES];
    enum chain_hash chain;
    bool good = prev && hex_decode(prev, before, CHAIN_BYTES) && seq > 0 &&
                chain_hash_parse(json_string_value(json_object_get(o, "chain")), &chain);
    json_decref(o);
    if (!good)
        return fault(f, "is not a message", f->last + 1);
    if (seq <= f->last)
        return true; /* had it */
    if (seq > f->last + 1)
        return fault(f, "is missing", f->last + 1); /* replay leaves no gaps */
    tell_removed(f);
    if (f->anchored && memcmp(before, f->hash, CHAIN_BYTES) != 0)
        return fault(f, "does not follow from the message before it", seq);
    if (f->key && !verifier_check(f->key, body, length, zmq_msg_data(&m->part[2]), zmq_msg_size(&m->part[2])))
        return fault(f, "is not signed by this key", seq);
    chain_next(chain, before, body, length, f->hash);
    f->anchored = true;
    f->last = seq;
    printf("%.*s\n", (int)length, body);
    f->seen++;
    return fflush(stdout) == 0 && (!f->save || keep(f, m));
}

static void ask(struct follower *f)
{
    char request[160];
    int64_t now_ns = clock_monotonic_ns();
    if (f->asking && now_ns - f->asked_ns < ASK_AGAIN_MS * INT64_C(1000000))
        return;
    int length = snprintf(request, sizeof request,
                          "{\"op\":\"replay\",\"stream\":\"%s\",\"after\":%" PRIu64 ",\"max\":%d,\"removed\":true}",
                          stream_name(f->stream), f->last, REPLAY_MOST);
    f->asking = zmq_send(f->replay, request, (size_t)length, ZMQ_DONTWAIT) >= 0;
    f->asked_ns = now_ns;
}

static bool take_beat(struct follower *f, const char *body, size_t length, const uint8_t *signature,
                      size_t signature_length)
{
    json_t *o = json_loadb(body, length, 0, NULL);
    uint64_t seq = (uint64_t)json_integer_value(json_object_get(o, "seq"));
    const char *hash = json_string_value(json_object_get(o, "hash"));
    uint8_t theirs[CHAIN_BYTES];
    bool good = hash && hex_decode(hash, theirs, CHAIN_BYTES);
    json_decref(o);
    if (!good || (f->key && !verifier_check(f->key, body, length, signature, signature_length)))
        return fault(f, "a heartbeat is not signed by this key", f->last);
    if (seq > f->last)
        ask(f);
    else if (f->anchored && (seq < f->last || memcmp(theirs, f->hash, CHAIN_BYTES) != 0))
        return fault(f, "the gateway's past is another now: it was set back or replaced", f->last);
    return true;
}

/* ---- the sockets ---- */

static bool receive(void *socket, struct frames *m)
{
    int more = 1;
    size_t size = sizeof more;
    m->count = 0;
    while (more && m->count < 3) {
        zmq_msg_init(&m->part[m->count]);
        if (zmq_msg_recv(&m->part[m->count++], socket, ZMQ_DONTWAIT) < 0)
            return false;
        zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size);
    }
    return !more;
}

static void release(struct frames *m)
{
    for (int i = 0; i < m->count; i++)
        zmq_msg_close(&m->part[i]);
}

static bool from_feed(struct follower *f, struct frames *m)
{
    const char *topic = zmq_msg_data(&m->part[0]), *body = zmq_msg_data(&m->part[1]);
    size_t length = zmq_msg_size(&m->part[1]), signature_length = zmq_msg_size(&m->part[2]);
    const uint8_t *signature = zmq_msg_data(&m->part[2]);
    if (zmq_msg_size(&m->part[0]) >= 10 && memcmp(topic, "heartbeat/", 10) == 0)
        return take_beat(f, body, length, signature, signature_length);
    json_t *o = json_loadb(body, length, 0, NULL);
    uint64_t seq = (uint64_t)json_integer_value(json_object_get(o, "seq"));
    json_decref(o);
    if (seq > f->last + 1) {
        ask(f);
        return true;
    }
    return take(f, m);
}

static bool from_replay(struct follower *f, struct frames *m)
{
    if (m->count == 3)
        return take(f, m);
    json_t *o = json_loadb(zmq_msg_data(&m->part[0]), zmq_msg_size(&m->part[0]), 0, NULL);
    const char *op = json_string_value(json_object_get(o, "op"));
    bool refused = op && strcmp(op, "error") == 0, more = json_is_true(json_object_get(o, "more"));
    json_decref(o);
    f->asking = false;
    if (more)
        ask(f);
    return !refused || fault(f, "replay was refused", f->last + 1);
}

static bool drain(struct follower *f, void *socket, bool (*each)(struct follower *f, struct frames *m), int parts)
{
    bool good = true;
    while (good && f->fault[0] == '\0' && (f->ctl->count == 0 || f->seen < f->ctl->count)) {
        struct frames m;
        bool got = receive(socket, &m);
        if (got && (m.count == parts || parts == 0))
            good = each(f, &m);
        release(&m);
        if (!got)
            break;
    }
    return good;
}

static int follow(struct follower *f)
{
    bool good = true;
    ask(f);
    while (good && (f->ctl->count == 0 || f->seen < f->ctl->count)) {
        zmq_pollitem_t items[] = {{.socket = f->feed, .events = ZMQ_POLLIN},
                                  {.socket = f->replay, .events = ZMQ_POLLIN}};
        if (zmq_poll(items, 2, ASK_AGAIN_MS / 2) < 0 && errno != EINTR)
            return ctl_fail(CTL_FAILED, "receive: %s", zmq_strerror(errno));
        good = drain(f, f->replay, from_replay, 0) && drain(f, f->feed, from_feed, 3);
        if (f->asking)
            ask(f); /* nobody answered in time: again */
    }
    return good ? CTL_DONE : ctl_fail(CTL_FAILED, "%s", f->fault);
}

static bool connect_both(struct follower *f)
{
    const struct plant *plant = ctl_plant(f->ctl);
    int linger = 0, high_water = 100000;
    char beat[32];
    if (!plant)
        return false;
    const char *bind = f->stream == STREAM_ALARM ? plant->feeds.alarm.bind : plant->feeds.disclosure.bind;
    if (!bind[0] || !plant->feeds.replay.bind[0])
        return ctl_fail(CTL_CONFIG, "feeds.%s and feeds.replay are both needed", stream_name(f->stream)), false;
    snprintf(beat, sizeof beat, "heartbeat/%s", stream_name(f->stream));
    zmq_setsockopt(f->feed, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(f->feed, ZMQ_RCVHWM, &high_water, sizeof high_water);
    zmq_setsockopt(f->replay, ZMQ_LINGER, &linger, sizeof linger);
    return ctl_secure(f->ctl, f->feed, bind) && ctl_secure(f->ctl, f->replay, plant->feeds.replay.bind) &&
           ((zmq_connect(f->feed, bind) == 0 && zmq_connect(f->replay, plant->feeds.replay.bind) == 0 &&
             zmq_setsockopt(f->feed, ZMQ_SUBSCRIBE, stream_name(f->stream), strlen(stream_name(f->stream))) == 0 &&
             zmq_setsockopt(f->feed, ZMQ_SUBSCRIBE, beat, strlen(beat)) == 0) ||
            (ctl_fail(CTL_FAILED, "connect: %s", zmq_strerror(errno)), false));
}

int ctl_follow(struct ctl *ctl)
{
    struct follower f = {.ctl = ctl};
    struct error err;
    uint64_t from;
    int code = CTL_FAILED;
    if (ctl->argc != 1 || !stream_parse(ctl->argv[0], &f.stream) || f.stream > STREAM_DISCLOSURE || ctl->outlet)
        return ctl_fail(CTL_USAGE, "watch alarm --verify, or watch disclosure --verify: a whole stream");
    if (!ctl_seq("--from", ctl->from, 1, &from) || from == 0)
        return CTL_USAGE;
    if (ctl->save && !(f.save = fopen(ctl->save, "a+e")))
        return ctl_fail(CTL_FAILED, "open %s: %s", ctl->save, strerror(errno));
    if (f.save && !resume(&f)) {
        fclose(f.save);
        return CTL_FAILED;
    }
    if (!f.anchored) {
        f.last = from - 1;
        f.anchored = from == 1; /* 32 zero bytes before the first */
    }
    const struct plant *plant = ctl_plant(ctl);
    const char *path = ctl->key ? ctl->key : plant && plant->feeds.signing_key[0] ? plant->feeds.signing_key : NULL;
    if (path && !(f.key = verifier_load(path, &err)))
        return ctl_fail(CTL_FAILED, "%s", err.text);
    void *context = zmq_ctx_new();
    f.feed = zmq_socket(context, ZMQ_SUB);
    f.replay = zmq_socket(context, ZMQ_DEALER);
    if (connect_both(&f))
        code = follow(&f);
    zmq_close(f.feed);
    zmq_close(f.replay);
    zmq_ctx_term(context);
    verifier_free(f.key);
    if (f.save && fclose(f.save) != 0)
        code = ctl_fail(CTL_FAILED, "write %s: %s", ctl->save, strerror(errno));
    return code;
}
