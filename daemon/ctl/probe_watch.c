/* cemsctl probe modbus watch and probe hj212: what comes over a wire, as it comes. Nothing is sent.
 *
 *   10:31:07.412  01 03 00 00 00 02 c4 0b                              |........|  Modbus RTU: station 1, function 3
 *   10:31:07.418  01 03 04 41 a0 00 00 ef c8                           |...A.....|  Modbus RTU: station 1, function 3
 *
 * Bytes belong together until GAP_MS of silence. HJ 212 frames are printed as cemsctl hj212 decode prints them. */
#include "ctl/probe.h"

#include "acquire/hj212/tty.h"
#include "config/bind.h"
#include "hj212/crc.h"
#include "model/clock.h"
#include "model/instant.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { GAP_MS = 20, ROW = 16, RTU_LEAST = 4, RTU_MOST = 256 };

/* ---- the wire ---- */

static int connect_to(const char *host, int port)
{
    char service[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all = NULL;
    int fd = -1;
    snprintf(service, sizeof service, "%d", port);
    if (getaddrinfo(host, service, &hints, &all) != 0)
        return -1;
    for (const struct addrinfo *a = all; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(all);
    return fd;
}

/* Waits for one analyzer. */
static int accept_at(const char *text)
{
    struct sockaddr_storage where;
    socklen_t length;
    int on = 1;
    if (!bind_resolve(text, &where, &length))
        return errno = EINVAL, -1;
    int listener = socket(where.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0)
        return -1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    int fd = bind(listener, (struct sockaddr *)&where, length) == 0 && listen(listener, 1) == 0
                 ? accept4(listener, NULL, NULL, SOCK_CLOEXEC)
                 : -1;
    int why = errno;
    close(listener);
    errno = why;
    return fd;
}

static int open_wire(const struct line *line)
{
    switch (line->kind) {
    case LINE_MODBUS_TCP: return connect_to(line->tcp.host, line->tcp.port);
    case LINE_MODBUS_RTU_OVER_TCP: return connect_to(line->rtu_over_tcp.host, line->rtu_over_tcp.port);
    case LINE_HJ212_CONNECT: return connect_to(line->hj212.host, line->hj212.port);
    case LINE_HJ212_LISTEN: return accept_at(line->hj212.bind);
    case LINE_MODBUS_RTU:
    case LINE_HJ212_SERIAL: return tty_open(&line->rtu);
    }
    return -1;
}

/* ---- what is shown ---- */

static void print_row(const unsigned char *bytes, size_t length, const char *time, const char *note)
{
    printf("%s  ", time);
    for (size_t i = 0; i < ROW; i++)
        if (i < length)
            printf("%02x ", bytes[i]);
        else
            printf("   ");
    printf(" |");
    for (size_t i = 0; i < length; i++)
        putchar(bytes[i] >= ' ' && bytes[i] < 0x7f ? bytes[i] : '.');
    printf("|%s\n", note);
}

/* A whole frame of RTU says so by its CRC. */
static void print_burst(const unsigned char *bytes, size_t length)
{
    char now[INSTANT_TEXT], note[64] = "";
    struct slice body = {(const char *)bytes, length - 2};
    instant_format(clock_wall_ms(), now);
    if (length >= RTU_LEAST && length <= RTU_MOST &&
        hj212_crc_of(HJ212_CRC_MODBUS, body) == (bytes[length - 1] << 8 | bytes[length - 2]))
        snprintf(note, sizeof note, "  Modbus RTU: station %d, function %d", bytes[0], bytes[1]);
    now[23] = '\0';
    for (size_t at = 0; at < length; at += ROW)
        print_row(bytes + at, length - at < ROW ? length - at : ROW, at == 0 ? now + 11 : "            ",
                  length - at <= ROW ? note : "");
    fflush(stdout);
}

struct pile {
    unsigned char bytes[HJ212_CEILING];
    size_t length;
    long seen, most; /* bytes or frames; most 0: without end */
};

/* Frames that are whole; at_end: what is left as well. */
static void take_frames(struct ctl *ctl, struct pile *p, bool at_end)
{
    struct hj212_frame frame;
    struct hj212_dialect dialect = {.strict = ctl->strict};
    size_t at = 0;
    struct slice input = {(const char *)p->bytes, p->length};
    while (at < p->length && (p->bytes[at] == '\r' || p->bytes[at] == '\n'))
        at++;
    while (hj212_frame_next(input, at, at_end, &dialect, &frame)) {
        ctl_print_frame(&frame, NULL, ctl->strict);
        p->seen += frame.verdict != HJ212_GARBAGE;
        at = frame.offset + frame.bytes;
    }
    if (at == 0 && p->length == sizeof p->bytes)
        at = p->length; /* no frame is so long */
    memmove(p->bytes, p->bytes + at, p->length - at);
    p->length -= at;
    fflush(stdout);
}

int probe_watch(struct ctl *ctl, const struct line *line, bool hj212)
{
    static struct pile p;
    p = (struct pile){.most = ctl->count};
    if (!hj212)
        fprintf(stderr, "watching; nothing is sent; end with Ctrl-C\n");
    int fd = open_wire(line);
    if (fd < 0)
        return ctl_fail(CTL_FAILED, "it can't be opened: %s", strerror(errno));
    bool open = true;
    while (open && (p.most == 0 || p.seen < p.most)) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int any = poll(&ready, 1, p.length > 0 && !hj212 ? GAP_MS : -1);
        ssize_t n = any > 0 ? read(fd, p.bytes + p.length, sizeof p.bytes - p.length) : 0;
        open = any >= 0 && (any == 0 || n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
        p.length += n > 0 ? (size_t)n : 0;
        if (hj212) {
            take_frames(ctl, &p, !open);
        } else if (p.length > 0 && (any == 0 || !open || p.length == sizeof p.bytes)) {
            print_burst(p.bytes, p.length);
            p.seen += (long)p.length;
            p.length = 0;
        }
    }
    close(fd);
    return open || p.seen > 0 ? CTL_DONE : ctl_fail(CTL_FAILED, "the other side hung up and said nothing");
}
