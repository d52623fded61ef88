#include "publish/feed/feed.h"

#include "model/clock.h"
#include "model/instant.h"
#include "model/log.h"
#include "publish/feed/peers.h"
#include "publish/feed/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOCKET_ZAP, SOCKET_ALARM, SOCKET_DISCLOSURE, SOCKET_REPLAY, SOCKET_CONTROL, SOCKETS };

static const char *const CURSOR[2] = {"feed.alarm", "feed.disclosure"};

struct feed {
    struct feed_settings settings;
    void *context;
    struct curve_access *access; /* NULL: no CURVE */
    struct peers peers;          /* by CURVE */
    uint64_t admitted, turned_away, cut;
    int64_t complained_ms;
    struct feed_socket sockets[SOCKETS];
    struct replay replay;
    uv_timer_t heartbeat;
    bool has_heartbeat;
    int heartbeat_s;
    struct {
        uint64_t seq, saved;
        uint8_t hash[CHAIN_BYTES];
    } last[2]; /* published, by stream */
    uint64_t published[2], subscriptions[2];
    void (*done)(void *owner);
    void *done_owner;
    uv_timer_t wait; /* for the sockets' handles to close */
};

/* ---- publishing ---- */

static bool publish(void *owner, const struct journal_entry *entry)
{
    struct feed *feed = owner;
    struct feed_socket *socket = &feed->sockets[entry->stream == STREAM_ALARM ? SOCKET_ALARM : SOCKET_DISCLOSURE];
    const struct frame frames[3] = {{entry->topic, strlen(entry->topic)},
                                    {entry->body, entry->length},
                                    {entry->signature, entry->signature_length}};
    if (socket->zmq)
        feed_socket_send(socket, frames, 3); /* XPUB takes everything; what a slow subscriber loses it sees by seq */
    feed->last[entry->stream].seq = entry->seq;
    memcpy(feed->last[entry->stream].hash, entry->hash, CHAIN_BYTES);
    feed->published[entry->stream]++;
    return true;
}

/* Publishes from the file what lies between the cursor and upto. */
static void catch_up(struct feed *feed, enum stream stream, uint64_t upto)
{
    struct error err;
    bool more = true;
    while (more && feed->last[stream].seq < upto) {
        if (!reader_messages(feed->replay.reader, stream, feed->last[stream].seq, upto, 1000, "", publish, feed, &more,
                             &err)) {
            log_line(LOG_ERROR, "feed", "event=read-failed error=\"%s\"", err.text);
            return; /* the next pump tries again: the cursor has not moved */
        }
    }
}

void feed_pump(struct feed *feed)
{
    struct journal_entry *entry;
    while ((entry = journal_take(feed->settings.journal))) {
        uint64_t last = feed->last[entry->stream].seq;
        if (entry->seq > last + 1)
            catch_up(feed, entry->stream, entry->seq - 1);
        if (entry->seq == feed->last[entry->stream].seq + 1)
            publish(feed, entry);
        journal_entry_free(entry);
    }
}

static void beat(struct feed *feed, enum stream stream)
{
    struct feed_socket *socket = &feed->sockets[stream == STREAM_ALARM ? SOCKET_ALARM : SOCKET_DISCLOSURE];
    char topic[32], body[256], hash[CHAIN_HEX], time[INSTANT_TEXT];
    uint8_t signature[SIGNATURE_BYTES];
    if (!socket->zmq)
        return;
    snprintf(topic, sizeof topic, "heartbeat/%s", stream_name(stream));
    int length =
        snprintf(body, sizeof body, "{\"v\":1,\"stream\":\"%s\",\"seq\":%llu,\"hash\":\"%s\",\"time\":\"%s\"}",
                 stream_name(stream), (unsigned long long)feed->last[stream].seq,
                 hex_encode(feed->last[stream].hash, CHAIN_BYTES, hash), instant_format(clock_wall_ms(), time));
    size_t signature_length = 0;
    if (feed->settings.signer)
        signer_sign(feed->settings.signer, body, (size_t)length, signature, &signature_length);
    const struct frame frames[3] = {{topic, strlen(topic)}, {body, (size_t)length}, {signature, signature_length}};
    feed_socket_send(socket, frames, 3);
}

static void save_cursors(struct feed *feed)
{
    for (int s = 0; s < 2; s++)
        if (feed->last[s].saved != feed->last[s].seq &&
            journal_save_cursor(feed->settings.journal, CURSOR[s], feed->last[s].seq))
            feed->last[s].saved = feed->last[s].seq;
}

static void on_heartbeat(uv_timer_t *timer)
{
    struct feed *feed = timer->data;
    beat(feed, STREAM_ALARM);
    beat(feed, STREAM_DISCLOSURE);
    save_cursors(feed);
}

/* ---- what comes in ---- */

/* With CURVE the subscriptions are ours to make: each only as far as the client's key goes. */
struct subscribing {
    void *zmq;
    int option;
};

static void subscribe_one(void *owner, const char *prefix)
{
    const struct subscribing *s = owner;
    zmq_setsockopt(s->zmq, s->option, prefix, strlen(prefix));
}

static void on_subscription(struct feed_socket *socket, const struct frame *frames, size_t count)
{
    struct feed *feed = socket->owner;
    int stream = socket == &feed->sockets[SOCKET_ALARM] ? STREAM_ALARM : STREAM_DISCLOSURE;
    char topic[TOPIC_BYTES];
    if (count != 1 || frames[0].size == 0 || frames[0].size > sizeof topic)
        return;
    bool wants = *(const char *)frames[0].data == 1;
    memcpy(topic, (const char *)frames[0].data + 1, frames[0].size - 1);
    topic[frames[0].size - 1] = '\0';
    if (feed->access) {
        struct subscribing subscribing = {socket->zmq, wants ? ZMQ_SUBSCRIBE : ZMQ_UNSUBSCRIBE};
        if (socket->user) {
            peers_note(&feed->peers, socket->peer, socket->user);
            curve_narrow(feed->access, socket->user, topic, subscribe_one, &subscribing);
        } else if (!wants)
            subscribe_one(&subscribing, topic); /* the client is gone */
    }
    if (wants)
        feed->subscriptions[stream]++;
    else if (feed->subscriptions[stream] > 0)
        feed->subscriptions[stream]--;
}

/* ZAP 1.0 (ZeroMQ RFC 27): version, request id, domain, address, identity, mechanism, client key. */
static void on_handshake(struct feed_socket *socket, const struct frame *frames, size_t count)
{
    struct feed *feed = socket->owner;
    char user[CURVE_Z85] = "";
    bool known = count == 7 && frames[5].size == 5 && memcmp(frames[5].data, "CURVE", 5) == 0 && frames[6].size == 32 &&
                 curve_admit(feed->access, frames[6].data, user);
    const char *code = known ? "200" : "400", *text = known ? "OK" : "this key is not on the list";
    const struct frame answer[6] = {{"1.0", 3},
                                    {count > 1 ? frames[1].data : "", count > 1 ? frames[1].size : 0},
                                    {code, 3},
                                    {text, strlen(text)},
                                    {user, known ? strlen(user) : 0},
                                    {"", 0}};
    feed_socket_send(socket, answer, 6);
    if (known) {
        feed->admitted++;
        return;
    }
    feed->turned_away++;
    int64_t now_ms = clock_wall_ms();
    if (now_ms - feed->complained_ms > 60000 || now_ms < feed->complained_ms) { /* one line a minute, whoever knocks */
        feed->complained_ms = now_ms;
        log_line(LOG_WARN, "feed", "event=turned-away address=%.*s so_far=%llu", count > 3 ? (int)frames[3].size : 0,
                 count > 3 ? (const char *)frames[3].data : "", (unsigned long long)feed->turned_away);
    }
}

static void on_request(struct feed_socket *socket, const struct frame *frames, size_t count)
{
    struct feed *feed = socket->owner;
    replay_request(&feed->replay, socket, frames, count);
}

static uint64_t head_of(void *owner, enum stream stream)
{
    return ((struct feed *)owner)->last[stream].seq;
}

/* ---- opening and closing ---- */

static bool open_sockets(struct feed *feed, const struct plant *plant, struct error *err)
{
    const struct feeds *f = &plant->feeds;
    const struct {
        bool wanted;
        int type;
        const char *name, *bind;
        int high_water;
        void (*received)(struct feed_socket *, const struct frame *, size_t);
    } all[SOCKETS] = {
        [SOCKET_ZAP] = {feed->access != NULL, ZMQ_REP, "zap", "inproc://zeromq.zap.01", 1000, on_handshake},
        [SOCKET_ALARM] = {f->has_alarm, ZMQ_XPUB, "feeds.alarm", f->alarm.bind, f->alarm.high_water, on_subscription},
        [SOCKET_DISCLOSURE] = {f->has_disclosure, ZMQ_XPUB, "feeds.disclosure", f->disclosure.bind,
                               f->disclosure.high_water, on_subscription},
        [SOCKET_REPLAY] = {f->has_replay, ZMQ_ROUTER, "feeds.replay", f->replay.bind, f->replay.high_water, on_request},
        [SOCKET_CONTROL] = {plant->control.bind[0] != '\0', ZMQ_ROUTER, "control", plant->control.bind, 10000,
                            on_request},
    };
    for (int i = 0; i < SOCKETS; i++) {
        struct feed_socket *socket = &feed->sockets[i];
        socket->owner = feed;
        socket->received = all[i].received;
        const struct curve_access *access = i == SOCKET_ZAP || i == SOCKET_CONTROL ? NULL : feed->access;
        if (all[i].wanted && !feed_socket_open(socket, feed->context, all[i].type, all[i].name, all[i].bind,
                                               all[i].high_water, access, feed->settings.loop, err))
            return false;
    }
    return true;
}

static void resume(struct feed *feed, enum stream stream)
{
    uint64_t head;
    uint8_t hash[CHAIN_BYTES];
    journal_head(feed->settings.journal, stream, &head, hash);
    uint64_t saved = journal_cursor(feed->settings.journal, CURSOR[stream]);
    feed->last[stream].seq = feed->last[stream].saved = saved < head ? saved : head;
    catch_up(feed, stream, head);
    memcpy(feed->last[stream].hash, hash, CHAIN_BYTES);
}

struct feed *feed_open(const struct feed_settings *settings, struct error *err)
{
    struct feed *feed = calloc(1, sizeof *feed);
    if (!feed || !(feed->context = zmq_ctx_new())) {
        error_set(err, "feeds: out of memory");
        free(feed);
        return NULL;
    }
    feed->settings = *settings;
    feed->heartbeat_s = settings->plant->feeds.heartbeat_s;
    feed->replay.head = head_of;
    feed->replay.owner = feed;
    feed->replay.status = settings->status;
    feed->replay.status_owner = settings->owner;
    feed->replay.acknowledge = settings->acknowledge;
    feed->replay.control = &feed->sockets[SOCKET_CONTROL];
    const struct feeds *feeds = &settings->plant->feeds;
    if (feeds->has_curve && !(feed->access = curve_access_load(&feeds->curve, err))) {
        zmq_ctx_term(feed->context);
        free(feed);
        return NULL;
    }
    feed->replay.access = feed->access;
    if (!replay_open(&feed->replay, settings->plant->journal.path, settings->loop, err) ||
        !open_sockets(feed, settings->plant, err)) {
        feed_close(feed, NULL, NULL);
        return NULL;
    }
    resume(feed, STREAM_ALARM);
    resume(feed, STREAM_DISCLOSURE);
    uv_timer_init(settings->loop, &feed->heartbeat);
    feed->heartbeat.data = feed;
    feed->has_heartbeat = true;
    uint64_t every_ms = (uint64_t)feed->heartbeat_s * 1000;
    uv_timer_start(&feed->heartbeat, on_heartbeat, every_ms, every_ms);
    return feed;
}

static void on_all_closed(uv_handle_t *handle)
{
    struct feed *feed = handle->data;
    replay_clear(&feed->replay);
    curve_access_free(feed->access);
    peers_clear(&feed->peers);
    zmq_ctx_term(feed->context); /* waits for the linger of the sockets, half a second at most */
    if (feed->done)
        feed->done(feed->done_owner);
    free(feed);
}

static void on_wait(uv_timer_t *timer)
{
    struct feed *feed = timer->data;
    for (int i = 0; i < SOCKETS; i++)
        if (feed->sockets[i].open_handles > 0)
            return;
    if (!uv_is_closing((uv_handle_t *)timer))
        uv_close((uv_handle_t *)timer, on_all_closed);
}

void feed_close(struct feed *feed, void (*done)(void *owner), void *owner)
{
    feed->done = done;
    feed->done_owner = owner;
    if (feed->has_heartbeat) {
        on_heartbeat(&feed->heartbeat);
        uv_close((uv_handle_t *)&feed->heartbeat, NULL);
    }
    if (feed->replay.open)
        uv_close((uv_handle_t *)&feed->replay.timer, NULL);
    for (int i = 0; i < SOCKETS; i++)
        feed_socket_close(&feed->sockets[i]);
    uv_timer_init(feed->settings.loop, &feed->wait);
    feed->wait.data = feed;
    uv_timer_start(&feed->wait, on_wait, 0, 1);
}

static void cut(void *owner, const char *user)
{
    struct feed *feed = owner;
    size_t count = peers_cut(&feed->peers, user);
    feed->cut += count;
    if (count > 0)
        log_line(LOG_NOTICE, "feed", "event=cut-off client=%s connections=%zu", user, count);
}

bool feed_reload_clients(struct feed *feed, struct error *err)
{
    return !feed->access || curve_access_reload(feed->access, cut, feed, err);
}

void feed_status_get(const struct feed *feed, struct feed_status *out)
{
    *out = (struct feed_status){.requests = feed->replay.requests,
                                .refused = feed->replay.refused,
                                .sessions = feed->replay.active,
                                .admitted = feed->admitted,
                                .turned_away = feed->turned_away,
                                .cut = feed->cut};
    for (int s = 0; s < 2; s++) {
        out->published[s] = feed->published[s];
        out->subscriptions[s] = feed->subscriptions[s];
    }
}
