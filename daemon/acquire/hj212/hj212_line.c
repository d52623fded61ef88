#include "acquire/hj212/hj212_line.h"

#include "acquire/backoff.h"
#include "acquire/hj212/tty.h"
#include "config/bind.h"
#include "model/clock.h"
#include "model/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND_NS INT64_C(1000000000)
enum { TICK_MS = 100, BACKLOG = 128, WRITE_QUEUE_MAX = 64 * 1024 };

/* A connection: a TCP peer, or a tty that is watched. */
struct peer {
    struct hj212_line *line;
    struct conversation talk;
    union {
        uv_handle_t any;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_poll_t tty;
    } handle;
    int fd; /* of the tty */
    bool open, closing, paused;
    struct peer *next;
};

struct hj212_line {
    uv_loop_t *loop;
    struct line settings;
    struct item_source *items;
    struct analyzers *analyzers;
    void (*wake)(void *owner);
    void *owner;
    uv_tcp_t server;
    uv_timer_t tick;
    uv_connect_t connecting;
    uv_getaddrinfo_t resolving;
    bool listening, ticking, busy, closed; /* busy: resolving or connecting */
    struct backoff again;
    struct peer *peers;
    size_t peer_count; /* open ones */
    size_t handles;    /* until they are closed the line lives */
};

/* ---- ending ---- */

static void release(struct hj212_line *l)
{
    if (!l->closed || l->handles > 0 || l->busy)
        return;
    analyzers_free(l->analyzers);
    free(l->items);
    free(l->settings.hj212.mns);
    free(l);
}

static void on_peer_closed(uv_handle_t *handle)
{
    struct peer *peer = handle->data;
    struct hj212_line *l = peer->line;
    for (struct peer **at = &l->peers; *at; at = &(*at)->next) {
        if (*at == peer) {
            *at = peer->next;
            break;
        }
    }
    if (peer->fd >= 0)
        close(peer->fd);
    conversation_clear(&peer->talk);
    free(peer);
    l->handles--;
    release(l);
}

static void hang_up(struct peer *peer)
{
    if (peer->closing)
        return;
    peer->closing = true;
    if (peer->open)
        peer->line->peer_count--;
    peer->open = false;
    uv_close(&peer->handle.any, on_peer_closed);
}

static void on_own_closed(uv_handle_t *handle)
{
    struct hj212_line *l = handle->data;
    l->handles--;
    release(l);
}

void hj212_line_close(struct hj212_line *l)
{
    if (!l)
        return;
    l->closed = true;
    for (struct peer *peer = l->peers; peer; peer = peer->next)
        hang_up(peer);
    if (l->listening)
        uv_close((uv_handle_t *)&l->server, on_own_closed);
    if (l->ticking)
        uv_close((uv_handle_t *)&l->tick, on_own_closed);
    if (l->busy)
        uv_cancel((uv_req_t *)&l->resolving);
    release(l);
}

/* ---- bytes ---- */

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct peer *peer = handle->data;
    size_t room;
    char *at = conversation_room(&peer->talk, &room);
    (void)suggested;
    *buffer = uv_buf_init(at, (unsigned)room);
}

/* While the ring has no room nothing is read: the tick goes on when it has been taken. */
static void pause_reading(struct peer *peer)
{
    peer->paused = true;
    if (peer->fd >= 0)
        uv_poll_stop(&peer->handle.tty);
    else
        uv_read_stop(&peer->handle.stream);
}

static void took(struct peer *peer, size_t n)
{
    struct hj212_line *l = peer->line;
    analyzers_read(l->analyzers, &peer->talk, n);
    l->wake(l->owner);
    if (!analyzers_has_room(l->analyzers) && !peer->closing && !peer->paused)
        pause_reading(peer);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    (void)buffer;
    if (n < 0)
        hang_up(stream->data);
    else
        took(stream->data, (size_t)n);
}

static void on_tty(uv_poll_t *poll, int status, int events)
{
    struct peer *peer = poll->data;
    size_t room;
    char *at = conversation_room(&peer->talk, &room);
    (void)events;
    ssize_t n = status < 0 ? -1 : read(peer->fd, at, room);
    if (n > 0)
        took(peer, (size_t)n);
    else if (status < 0 || n == 0 || (errno != EAGAIN && errno != EINTR))
        hang_up(peer);
}

static void read_on(struct peer *peer)
{
    peer->paused = false;
    if (peer->fd >= 0)
        uv_poll_start(&peer->handle.tty, UV_READABLE, on_tty);
    else
        uv_read_start(&peer->handle.stream, on_room, on_read);
}

static void send_bytes(void *owner, struct conversation *c, const char *bytes, size_t length)
{
    struct peer *peer = c->wire;
    (void)owner;
    if (peer->closing)
        return;
    uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)length);
    ssize_t n = peer->fd >= 0 ? write(peer->fd, bytes, length) : uv_try_write(&peer->handle.stream, &buffer, 1);
    if (n != (ssize_t)length) /* it does not read what it is told, or it is gone */
        hang_up(peer);
}

/* ---- peers ---- */

static struct peer *add_peer(struct hj212_line *l)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer || !conversation_init(&peer->talk, peer)) {
        free(peer);
        return NULL;
    }
    peer->line = l;
    peer->fd = -1;
    peer->next = l->peers;
    l->peers = peer;
    l->handles++;
    return peer;
}

static void opened(struct peer *peer)
{
    peer->open = true;
    peer->line->peer_count++;
    analyzers_counts(peer->line->analyzers)->connects++;
}

static void identified(void *owner, struct conversation *c)
{
    struct hj212_line *l = owner;
    for (struct peer *peer = l->peers; peer; peer = peer->next) {
        if (&peer->talk != c && peer->open && strcmp(peer->talk.mn, c->mn) == 0) {
            analyzers_counts(l->analyzers)->taken_over++;
            log_line(LOG_NOTICE, "line", "name=%s event=taken-over mn=\"%s\"", l->settings.name, c->mn);
            hang_up(peer);
        }
    }
}

static struct conversation *find(void *owner, const char *mn)
{
    struct hj212_line *l = owner;
    struct peer *only = NULL;
    for (struct peer *peer = l->peers; peer; peer = peer->next) {
        if (!peer->open)
            continue;
        if (mn[0] && strcmp(peer->talk.mn, mn) == 0)
            return &peer->talk;
        only = l->peer_count == 1 ? peer : NULL;
    }
    /* a wire of one, or several devices behind one wire */
    bool shared = l->settings.kind != LINE_HJ212_LISTEN;
    return only && (shared || only->talk.mn[0] == '\0' || mn[0] == '\0') ? &only->talk : NULL;
}

/* Makes room for one more: the peer that has been silent longest goes. */
static void turn_away_idlest(struct hj212_line *l)
{
    struct peer *idlest = NULL;
    for (struct peer *peer = l->peers; peer; peer = peer->next)
        if (peer->open && (!idlest || peer->talk.heard_ns < idlest->talk.heard_ns))
            idlest = peer;
    if (!idlest)
        return;
    analyzers_counts(l->analyzers)->turned_away++;
    hang_up(idlest);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct hj212_line *l = server->data;
    struct peer *peer = status == 0 ? add_peer(l) : NULL;
    if (!peer)
        return;
    uv_tcp_init(l->loop, &peer->handle.tcp);
    peer->handle.any.data = peer;
    if (uv_accept(server, &peer->handle.stream) != 0) {
        hang_up(peer);
        return;
    }
    if (l->peer_count >= (size_t)l->settings.hj212.connections)
        turn_away_idlest(l);
    opened(peer);
    uv_tcp_nodelay(&peer->handle.tcp, 1);
    uv_tcp_keepalive(&peer->handle.tcp, 1, 60);
    read_on(peer);
}

/* ---- connecting ---- */

static void failed(struct hj212_line *l)
{
    backoff_fail(&l->again, clock_monotonic_ns(), SECOND_NS, 60 * SECOND_NS);
}

static void on_connect(uv_connect_t *request, int status)
{
    struct peer *peer = request->data;
    struct hj212_line *l = peer->line;
    l->busy = false;
    if (l->closed || status != 0) {
        failed(l);
        hang_up(peer);
        release(l);
        return;
    }
    backoff_succeed(&l->again);
    opened(peer);
    uv_tcp_nodelay(&peer->handle.tcp, 1);
    uv_tcp_keepalive(&peer->handle.tcp, 1, 60);
    read_on(peer);
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct hj212_line *l = request->data;
    struct peer *peer = status == 0 && !l->closed ? add_peer(l) : NULL;
    l->busy = false;
    if (peer) {
        uv_tcp_init(l->loop, &peer->handle.tcp);
        peer->handle.any.data = peer;
        l->connecting.data = peer;
        l->busy = uv_tcp_connect(&l->connecting, &peer->handle.tcp, found->ai_addr, on_connect) == 0;
        if (!l->busy)
            hang_up(peer);
    }
    uv_freeaddrinfo(found);
    if (!l->busy)
        failed(l);
    release(l);
}

static void begin_connect(struct hj212_line *l)
{
    char port[8];
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    snprintf(port, sizeof port, "%d", l->settings.hj212.port);
    l->resolving.data = l;
    l->busy = uv_getaddrinfo(l->loop, &l->resolving, on_resolved, l->settings.hj212.host, port, &hints) == 0;
    if (!l->busy)
        failed(l);
}

/* ---- a serial device ---- */

static void begin_serial(struct hj212_line *l)
{
    int fd = tty_open(&l->settings.rtu);
    struct peer *peer = fd >= 0 ? add_peer(l) : NULL;
    if (!peer || uv_poll_init(l->loop, &peer->handle.tty, fd) != 0) {
        if (peer) {
            l->peers = peer->next;
            l->handles--;
            conversation_clear(&peer->talk);
            free(peer);
        }
        if (fd >= 0)
            close(fd);
        failed(l);
        return;
    }
    peer->fd = fd;
    peer->handle.any.data = peer;
    backoff_succeed(&l->again);
    opened(peer);
    read_on(peer);
}

/* ---- time ---- */

static void look_after(struct peer *peer, int64_t now_ns)
{
    struct hj212_line *l = peer->line;
    if (!peer->open)
        return;
    /* a wire we asked for stays as long as the device keeps it */
    bool idle = now_ns - peer->talk.heard_ns > l->settings.hj212.idle_s * SECOND_NS;
    if (idle && l->settings.kind != LINE_HJ212_SERIAL) {
        analyzers_counts(l->analyzers)->idle_closed++;
        hang_up(peer);
        return;
    }
    if (peer->talk.length > 0)
        took(peer, 0);
    if (peer->paused && !peer->closing && analyzers_has_room(l->analyzers))
        read_on(peer);
}

static void on_tick(uv_timer_t *timer)
{
    struct hj212_line *l = timer->data;
    int64_t now_ns = clock_monotonic_ns();
    for (struct peer *peer = l->peers; peer; peer = peer->next)
        look_after(peer, now_ns);
    if (!l->peers && !l->busy && !backoff_waiting(&l->again, now_ns)) {
        if (l->settings.kind == LINE_HJ212_CONNECT)
            begin_connect(l);
        else if (l->settings.kind == LINE_HJ212_SERIAL)
            begin_serial(l);
    }
    analyzers_tick(l->analyzers, now_ns);
}

/* ---- opening ---- */

static bool listen_on(struct hj212_line *l, struct error *err)
{
    const char *bind = l->settings.hj212.bind;
    char address[64];
    int port = 0;
    struct sockaddr_storage at;
    bool good = bind_parse(bind, address, &port) && (uv_ip4_addr(address, port, (struct sockaddr_in *)&at) == 0 ||
                                                     uv_ip6_addr(address, port, (struct sockaddr_in6 *)&at) == 0);
    if (!good)
        return error_set(err, "line %s: %s is not ADDRESS:PORT", l->settings.name, bind);
    uv_tcp_init(l->loop, &l->server);
    l->server.data = l;
    l->listening = true;
    l->handles++;
    int code = uv_tcp_bind(&l->server, (struct sockaddr *)&at, 0);
    code = code == 0 ? uv_listen((uv_stream_t *)&l->server, BACKLOG, on_connection) : code;
    return code == 0 || error_set(err, "line %s: listen on %s: %s", l->settings.name, bind, uv_strerror(code));
}

/* Copies what outlives the configuration it came from. */
static bool copy_settings(struct hj212_line *l, const struct line *line, const struct item_source *items, size_t count)
{
    l->settings = *line;
    l->settings.hj212.mns = calloc(line->hj212.mn_count + 1, sizeof *l->settings.hj212.mns);
    l->items = calloc(count + 1, sizeof *l->items);
    if (!l->settings.hj212.mns || !l->items)
        return false;
    if (line->hj212.mn_count > 0)
        memcpy(l->settings.hj212.mns, line->hj212.mns, line->hj212.mn_count * sizeof *line->hj212.mns);
    if (count > 0)
        memcpy(l->items, items, count * sizeof *items);
    return true;
}

struct hj212_line *hj212_line_open(uv_loop_t *loop, const struct line *line, const struct item_source *items,
                                   size_t count, const struct analyzers_events *events, void (*wake)(void *owner),
                                   void *owner, struct error *err)
{
    struct hj212_line *l = calloc(1, sizeof *l);
    struct analyzers_wire wire = {l, send_bytes, identified, find};
    if (!l || !copy_settings(l, line, items, count)) {
        error_set(err, "line %s: out of memory", line->name);
        if (l) {
            free(l->settings.hj212.mns);
            free(l->items);
        }
        free(l);
        return NULL;
    }
    l->loop = loop;
    l->wake = wake;
    l->owner = owner;
    l->analyzers = analyzers_new(&l->settings, l->items, count, events, &wire, err);
    if (!l->analyzers || (line->kind == LINE_HJ212_LISTEN && !listen_on(l, err))) {
        hj212_line_close(l);
        return NULL;
    }
    uv_timer_init(loop, &l->tick);
    l->tick.data = l;
    l->ticking = true;
    l->handles++;
    uv_timer_start(&l->tick, on_tick, 0, clock_timer_ms(TICK_MS));
    return l;
}

size_t hj212_line_take(struct hj212_line *l, struct acquired *out, size_t room)
{
    return analyzers_take(l->analyzers, out, room);
}

bool hj212_line_instruct(struct hj212_line *l, const char *mn, int cn, const char *area, uint64_t ticket)
{
    return analyzers_instruct(l->analyzers, mn, cn, area, ticket);
}

void hj212_line_status_get(struct hj212_line *l, struct hj212_line_status *out)
{
    *out = (struct hj212_line_status){l->peer_count > 0, l->peer_count, analyzers_counts(l->analyzers)};
}
