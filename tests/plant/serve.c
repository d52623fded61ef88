/* Frames as the wire has them:
 *
 *   tcp            [transaction 2][0 0][length 2][unit][PDU]
 *   rtu            [unit][PDU][CRC 2]; requests of functions 1 to 4 are always 8 bytes
 *
 * A pty is paced: the answer comes when the request and the answer would have passed the wire at the baud rate, with
 * 3.5 characters of silence between. */
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { BUFFER = 2048, DRIP_MS = 100, BITS_PER_CHARACTER = 10 };

struct served {
    uv_loop_t *loop;
    const struct device *device;
    const struct signals *signals;
    double speed;
    uint64_t start_ns;
    struct connection *connections;
    uint64_t requests;
};

struct connection {
    struct connection *next;
    struct served *served;
    union {
        uv_tcp_t tcp;
        uv_pipe_t pty;
        uv_stream_t stream;
        uv_handle_t handle;
    } wire;
    bool framed_as_tcp;
    int baud;
    int pending; /* answers on their way */
    bool closed;
    uint8_t in[BUFFER];
    size_t in_length;
};

struct listener {
    uv_tcp_t tcp;
    struct served *served;
    bool framed_as_tcp;
};

struct answer {
    uv_write_t write;
    uv_timer_t timer;
    struct connection *connection;
    uint8_t bytes[600];
    size_t length, sent;
    bool drip;
};

static double now_s(const struct served *s)
{
    return (double)(uv_hrtime() - s->start_ns) / 1e9 * s->speed;
}

static uint16_t crc16(const uint8_t *bytes, size_t length)
{
    unsigned crc = 0xFFFF;
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int b = 0; b < 8; b++)
            crc = crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1;
    }
    return (uint16_t)crc;
}

static bool alive(const struct connection *connection)
{
    return !uv_is_closing(&connection->wire.handle);
}

static void on_connection_closed(uv_handle_t *handle)
{
    struct connection *gone = handle->data;
    for (struct connection **at = &gone->served->connections; *at; at = &(*at)->next) {
        if (*at == gone) {
            *at = gone->next;
            break;
        }
    }
    gone->closed = true;
    if (gone->pending == 0)
        free(gone);
}

static void drop(struct connection *connection)
{
    if (alive(connection))
        uv_close(&connection->wire.handle, on_connection_closed);
}

/* ---- answers ---- */

static void on_timer_closed(uv_handle_t *handle)
{
    struct answer *a = handle->data;
    if (--a->connection->pending == 0 && a->connection->closed)
        free(a->connection);
    free(a);
}

static void finish(struct answer *a)
{
    if (!uv_is_closing((uv_handle_t *)&a->timer))
        uv_close((uv_handle_t *)&a->timer, on_timer_closed);
}

static void on_written(uv_write_t *write, int status)
{
    struct answer *a = write->data;
    if (status < 0 || a->sent >= a->length)
        finish(a);
}

static void on_due(uv_timer_t *timer)
{
    struct answer *a = timer->data;
    size_t n = a->drip ? 1 : a->length - a->sent;
    uv_buf_t buffer = uv_buf_init((char *)a->bytes + a->sent, (unsigned)n);
    if (!alive(a->connection)) {
        finish(a);
        return;
    }
    a->sent += n;
    a->write.data = a;
    if (uv_write(&a->write, &a->connection->wire.stream, &buffer, 1, on_written) < 0) {
        finish(a);
        return;
    }
    if (a->sent < a->length)
        uv_timer_start(timer, on_due, DRIP_MS, 0);
}

static void send_answer(struct connection *c, const uint8_t *bytes, size_t length, uint64_t delay_ms, bool drip)
{
    struct answer *a = calloc(1, sizeof *a);
    if (!a)
        return;
    memcpy(a->bytes, bytes, length);
    a->length = length;
    a->connection = c;
    c->pending++;
    a->drip = drip;
    uv_timer_init(c->served->loop, &a->timer);
    a->timer.data = a;
    if (delay_ms == 0 && !drip)
        on_due(&a->timer);
    else
        uv_timer_start(&a->timer, on_due, delay_ms, 0);
}

/* Wraps the PDU for the wire; faults bend the result. */
static size_t frame(const struct connection *c, const uint8_t *request, int station, const uint8_t *pdu, size_t length,
                    enum fault fault, uint8_t *out)
{
    size_t n = 0;
    if (fault == FAULT_WRONG_STATION)
        station ^= 1;
    if (c->framed_as_tcp) {
        uint8_t head[6] = {request[0], request[1], 0, 0, (uint8_t)((length + 1) >> 8), (uint8_t)(length + 1)};
        if (fault == FAULT_WRONG_TRANSACTION)
            head[0] ^= 0x55;
        memcpy(out, head, 6);
        n = 6;
    }
    size_t body = n;
    out[n++] = (uint8_t)station;
    memcpy(out + n, pdu, length);
    n += length;
    if (!c->framed_as_tcp) {
        uint16_t crc = crc16(out + body, n - body);
        out[n++] = (uint8_t)crc;
        out[n++] = (uint8_t)(crc >> 8);
    }
    if (fault == FAULT_GARBLED)
        for (size_t i = c->framed_as_tcp ? 2 : 0; i < n; i += 3)
            out[i] ^= 0x5A;
    if (fault == FAULT_SHORT)
        n -= 3;
    if (fault == FAULT_LONG)
        for (int i = 0; i < 5; i++)
            out[n++] = 0xEE;
    return n;
}

static void answer(struct connection *c, const uint8_t *request, int station, const uint8_t *pdu_in, size_t pdu_length,
                   size_t wire_length)
{
    struct served *s = c->served;
    uint8_t pdu[300], bytes[600];
    double value = 0, t_s = now_s(s);
    s->requests++;
    enum fault fault = device_fault(s->signals, s->device, station, t_s, &value);
    if (fault == FAULT_DISCONNECT) {
        drop(c);
        return;
    }
    size_t length = device_answer(s->signals, s->device, station, pdu_in, pdu_length, t_s, pdu);
    if (fault == FAULT_SILENT || length == 0)
        return;
    if (fault == FAULT_EXCEPTION) {
        pdu[0] = pdu_in[0] | 0x80;
        pdu[1] = (uint8_t)value;
        length = 2;
    }
    length = frame(c, request, station, pdu, length, fault, bytes);
    uint64_t delay_ms = fault == FAULT_SLOW || fault == FAULT_LATE ? (uint64_t)value : 0;
    if (c->baud > 0) {
        double characters = (double)(wire_length + length) + 3.5;
        delay_ms += (uint64_t)(characters * BITS_PER_CHARACTER * 1000 / c->baud + 0.5);
    }
    send_answer(c, bytes, length, delay_ms, fault == FAULT_DRIP);
}

/* ---- requests ---- */

/* Takes whole requests off the front of what has come. */
static void take_requests(struct connection *c)
{
    for (;;) {
        size_t need = c->framed_as_tcp ? (c->in_length >= 6 ? 6 + (size_t)(c->in[4] << 8 | c->in[5]) : 6) : 8;
        if (need > sizeof c->in) {
            drop(c);
            return;
        }
        if (c->in_length < need)
            return;
        if (!c->framed_as_tcp && crc16(c->in, 8) != 0) { /* the CRC over a frame with its CRC is 0 */
            c->in_length = 0;
            return;
        }
        if (c->framed_as_tcp && need >= 12)
            answer(c, c->in, c->in[6], c->in + 7, need - 7, need);
        else if (!c->framed_as_tcp)
            answer(c, c->in, c->in[0], c->in + 1, 5, need);
        if (!alive(c))
            return;
        memmove(c->in, c->in + need, c->in_length - need);
        c->in_length -= need;
    }
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct connection *c = handle->data;
    (void)suggested;
    *buffer = uv_buf_init((char *)c->in + c->in_length, (unsigned)(sizeof c->in - c->in_length));
}

static void on_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct connection *c = stream->data;
    (void)buffer;
    if (n < 0) {
        drop(c);
        return;
    }
    c->in_length += (size_t)n;
    take_requests(c);
}

static struct connection *new_connection(struct served *s, bool framed_as_tcp, int baud)
{
    struct connection *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->served = s;
    c->framed_as_tcp = framed_as_tcp;
    c->baud = baud;
    c->next = s->connections;
    s->connections = c;
    return c;
}

static void on_connection(uv_stream_t *server, int status)
{
    struct listener *l = server->data;
    struct connection *c = status < 0 ? NULL : new_connection(l->served, l->framed_as_tcp, 0);
    if (!c)
        return;
    uv_tcp_init(l->served->loop, &c->wire.tcp);
    c->wire.handle.data = c;
    if (uv_accept(server, &c->wire.stream) == 0) {
        uv_tcp_nodelay(&c->wire.tcp, 1);
        uv_read_start(&c->wire.stream, on_room, on_bytes);
    } else {
        drop(c);
    }
}

/* ---- listening ---- */

static bool listen_tcp(struct served *s, const struct port_settings *settings, bool framed_as_tcp,
                       const char *transport)
{
    struct listener *l = calloc(1, sizeof *l);
    struct sockaddr_in address, bound;
    int size = sizeof bound;
    if (!l)
        return false;
    l->served = s;
    l->framed_as_tcp = framed_as_tcp;
    l->tcp.data = l;
    uv_tcp_init(s->loop, &l->tcp);
    l->tcp.data = l;
    uv_ip4_addr("127.0.0.1", settings->port, &address);
    int failed = uv_tcp_bind(&l->tcp, (const struct sockaddr *)&address, 0);
    failed = failed ? failed : uv_listen((uv_stream_t *)&l->tcp, 128, on_connection);
    if (failed) {
        fprintf(stderr, "plant: %s: 127.0.0.1:%d: %s\n", s->device->name, settings->port, uv_strerror(failed));
        return false;
    }
    uv_tcp_getsockname(&l->tcp, (struct sockaddr *)&bound, &size);
    printf("listening %s %s 127.0.0.1:%d\n", s->device->name, transport, ntohs(bound.sin_port));
    return true;
}

static bool open_pty(struct served *s, const struct port_settings *settings)
{
    int master, slave;
    struct termios raw;
    char name[256];
    if (openpty(&master, &slave, name, NULL, NULL) < 0)
        return false;
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw); /* the slave stays open here, so that a client may come and go */
    unlink(settings->link);
    if (settings->link[0] && symlink(name, settings->link) < 0) {
        fprintf(stderr, "plant: %s: link %s: %s\n", s->device->name, settings->link, strerror(errno));
        return false;
    }
    fcntl(master, F_SETFL, O_NONBLOCK);
    struct connection *c = new_connection(s, false, settings->baud);
    uv_pipe_init(s->loop, &c->wire.pty, 0);
    c->wire.handle.data = c;
    uv_pipe_open(&c->wire.pty, master);
    uv_read_start(&c->wire.stream, on_room, on_bytes);
    printf("listening %s pty %s\n", s->device->name, settings->link[0] ? settings->link : name);
    return true;
}

bool serve_device(uv_loop_t *loop, const struct device *device, const struct signals *signals, double speed,
                  struct served **out)
{
    struct served *s = calloc(1, sizeof *s);
    if (!s)
        return false;
    *s = (struct served){.loop = loop, .device = device, .signals = signals, .speed = speed, .start_ns = uv_hrtime()};
    *out = s;
    return (!device->has_tcp || listen_tcp(s, &device->tcp, true, "modbus_tcp")) &&
           (!device->has_rtu_over_tcp || listen_tcp(s, &device->rtu_over_tcp, false, "rtu_over_tcp")) &&
           (!device->has_pty || open_pty(s, &device->pty));
}

void serve_drop(struct served *served)
{
    for (struct connection *c = served->connections; c; c = c->next)
        if (c->baud == 0)
            drop(c);
}

uint64_t serve_requests(const struct served *served)
{
    return served->requests;
}
