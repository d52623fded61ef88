/* The connection of a platform: resolved, connected, read, written; lost, it is made again after 1, 2, 4 .. 60 s. */
#include "publish/uplink/platform.h"

#include "model/clock.h"
#include "model/log.h"

#include <stdlib.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)

bool wire_gone(const struct platform *p)
{
    return !p->has_tcp && p->state != WIRE_RESOLVING;
}

static void failed(struct platform *p, const char *why)
{
    int64_t wait_s = 1 << (p->failures < 6 ? p->failures : 6);
    p->failures++;
    p->state = WIRE_DOWN;
    p->again_ns = clock_monotonic_ns() + (wait_s < 60 ? wait_s : 60) * SECOND_NS;
    if (p->failures == 1 || strcmp(p->last_error, why) != 0)
        log_line(LOG_WARN, "uplink", "name=%s event=down reason=\"%s\"", p->uplink->name, why);
    snprintf(p->last_error, sizeof p->last_error, "%s", why);
}

static void on_closed(uv_handle_t *handle)
{
    struct platform *p = handle->data;
    p->has_tcp = p->closing = false;
}

static void close_tcp(struct platform *p)
{
    if (!p->has_tcp || p->closing)
        return;
    p->closing = true;
    uv_close((uv_handle_t *)&p->tcp, on_closed);
}

void wire_hang_up(struct platform *p, const char *why)
{
    bool was_up = p->state == WIRE_UP;
    if (p->state == WIRE_RESOLVING) {
        uv_cancel((uv_req_t *)&p->resolving);
        return;
    }
    close_tcp(p);
    if (p->state == WIRE_DOWN)
        return;
    p->counts.hung_up++;
    failed(p, why);
    p->in_length = p->out_length = 0;
    if (was_up)
        platform_down(p);
}

/* ---- reading ---- */

static void take_frame(struct platform *p, struct hj212_frame *frame)
{
    static char room[HJ212_CEILING];
    struct hj212_segment s;
    struct hj212_frame sealed = *frame;
    if (frame->verdict == HJ212_SEALED && p->key)
        hj212_open(p->key, frame, false, room, sizeof room);
    if (frame->verdict == HJ212_CRC && sealed.verdict == HJ212_SEALED && p->old_key) {
        *frame = sealed;
        hj212_open(p->old_key, frame, false, room, sizeof room);
    }
    p->counts.frames[frame->verdict]++;
    if (frame->verdict == HJ212_OK && hj212_segment_parse(frame->segment, &s))
        platform_frame(p, &s);
}

static void read_frames(struct platform *p, size_t n)
{
    struct hj212_frame frame;
    size_t used = 0;
    p->in_length += n;
    while (p->state == WIRE_UP &&
           hj212_frame_next((struct slice){p->in, p->in_length}, used, p->in_length == HJ212_CEILING, NULL, &frame)) {
        take_frame(p, &frame);
        used = frame.offset + frame.bytes;
        while (used < p->in_length && (p->in[used] == '\r' || p->in[used] == '\n'))
            used++;
    }
    if (p->state != WIRE_UP)
        return;
    memmove(p->in, p->in + used, p->in_length - used);
    p->in_length -= used;
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct platform *p = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(p->in + p->in_length, (unsigned)(HJ212_CEILING - p->in_length));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct platform *p = stream->data;
    (void)buffer;
    if (n < 0)
        wire_hang_up(p, n == UV_EOF ? "closed by the platform" : uv_strerror((int)n));
    else
        read_frames(p, (size_t)n);
}

/* ---- writing ---- */

static void flush(struct platform *p)
{
    uv_buf_t buffer = uv_buf_init(p->out, (unsigned)p->out_length);
    if (p->out_length == 0 || p->state != WIRE_UP)
        return;
    int n = uv_try_write((uv_stream_t *)&p->tcp, &buffer, 1);
    if (n == UV_EAGAIN)
        return;
    if (n < 0) {
        wire_hang_up(p, uv_strerror(n));
        return;
    }
    memmove(p->out, p->out + n, p->out_length - (size_t)n);
    p->out_length -= (size_t)n;
}

void wire_write(struct platform *p, const char *bytes, size_t length)
{
    if (p->state != WIRE_UP)
        return;
    if (p->out_length + length > sizeof p->out) {
        wire_hang_up(p, "the platform does not read");
        return;
    }
    memcpy(p->out + p->out_length, bytes, length);
    p->out_length += length;
    flush(p);
}

/* ---- connecting ---- */

static void on_connect(uv_connect_t *request, int status)
{
    struct platform *p = request->data;
    if (p->closing)
        return;
    if (status != 0) {
        close_tcp(p);
        failed(p, uv_strerror(status));
        return;
    }
    p->state = WIRE_UP;
    p->in_length = p->out_length = 0;
    p->counts.connects++;
    uv_tcp_nodelay(&p->tcp, 1);
    uv_tcp_keepalive(&p->tcp, 1, 60);
    uv_read_start((uv_stream_t *)&p->tcp, on_room, on_read);
    platform_up(p);
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct platform *p = request->data;
    p->state = WIRE_DOWN;
    if (status == 0 && !p->leaving && uv_tcp_init(p->set->loop, &p->tcp) == 0) {
        p->has_tcp = true;
        p->tcp.data = p->connecting.data = p;
        status = uv_tcp_connect(&p->connecting, &p->tcp, found->ai_addr, on_connect);
        if (status == 0)
            p->state = WIRE_CONNECTING;
        else
            close_tcp(p);
    }
    uv_freeaddrinfo(found);
    if (p->state == WIRE_DOWN)
        failed(p, status != 0 ? uv_strerror(status) : "stopped");
}

void wire_tick(struct platform *p, int64_t now_ns)
{
    char port[8];
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    flush(p);
    if (p->state != WIRE_DOWN || p->has_tcp || p->leaving || now_ns < p->again_ns)
        return;
    snprintf(port, sizeof port, "%d", p->uplink->port);
    p->resolving.data = p;
    p->state = WIRE_RESOLVING;
    int code = uv_getaddrinfo(p->set->loop, &p->resolving, on_resolved, p->uplink->host, port, &hints);
    if (code != 0)
        failed(p, uv_strerror(code));
}
