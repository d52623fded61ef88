/* bench_hj212 codec FILE MB: what decoding and encoding cost, against the table-driven CRC alone on the same bytes; one
 * line crc_mb_s decode_mb_s encode_mb_s bench_hj212 analyzers PORT COUNT SECONDS: COUNT connections, each a frame a
 * second; one line: frames answers bench_hj212 platform PORT FRAMES SECONDS: acknowledges at once, until FRAMES of
 * minute data; one line: frames records seconds */
#include "hj212/command.h"
#include "hj212/encode.h"
#include "model/instant.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- codec ---- */

/* The peer: the table-driven CRC everybody writes, one lookup a byte. */
static unsigned table_crc(const uint16_t table[256], const char *at, size_t length)
{
    unsigned crc = 0xFFFF;
    for (size_t i = 0; i < length; i++)
        crc = table[(crc >> 8 ^ (unsigned char)at[i]) & 0xFF];
    return crc;
}

static void make_table(uint16_t table[256])
{
    for (unsigned i = 0; i < 256; i++) {
        unsigned crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1;
        table[i] = (uint16_t)crc;
    }
}

static unsigned decode_all(struct slice input)
{
    struct hj212_frame frame;
    struct hj212_segment s;
    struct hj212_item item;
    unsigned items = 0;
    uint32_t quirks = 0;
    for (size_t offset = 0; hj212_frame_next(input, offset, true, NULL, &frame); offset = frame.offset + frame.bytes)
        if (frame.verdict == HJ212_OK && hj212_segment_parse(frame.segment, &s))
            for (struct slice rest = s.area; hj212_item_next(&rest, &item, &quirks);)
                items += item.code.len > 0;
    return items;
}

/* An hour of 16 factors, in as many frames as it takes. */
static size_t encode_one(struct hj212_message *message, char *out, size_t size)
{
    static const char GROUP[] = "a21026-Cou=63.0123,a21026-Min=16.40,a21026-Avg=17.50,a21026-Max=20.10,"
                                "a21026-ZsMin=18.40,a21026-ZsAvg=19.50,a21026-ZsMax=22.10,a21026-Flag=N";
    const struct hj212_fields fields = {.version = 2017,
                                        .st = {"31", 2},
                                        .cn = 2061,
                                        .pw = {"123456", 6},
                                        .mn = {"010000A8900016F000169DC0", 24},
                                        .want_ack = true};
    size_t length = 0;
    hj212_message_begin(message, &fields, (struct slice){"DataTime=20240601080000", 23});
    for (int i = 0; i < 16; i++)
        hj212_message_add(message, (struct slice){GROUP, sizeof GROUP - 1});
    size_t parts = hj212_message_cut(message);
    for (size_t part = 0; part < parts; part++)
        length += hj212_message_write(message, part, "20240601090000001", NULL, out, size);
    return length;
}

static int codec(const char *file, long megabytes)
{
    static struct hj212_message message;
    static char stream[1 << 20], out[HJ212_FRAME_MAX];
    uint16_t table[256];
    FILE *in = fopen(file, "rb");
    size_t length = in ? fread(stream, 1, sizeof stream, in) : 0;
    volatile unsigned sink = 0;
    if (length == 0)
        return 1;
    fclose(in);
    make_table(table);
    double total = (double)megabytes * 1e6, done, begin;
    double rates[3];
    for (begin = now_s(), done = 0; done < total; done += (double)length)
        sink = sink + table_crc(table, stream, length);
    rates[0] = done / (now_s() - begin) / 1e6;
    for (begin = now_s(), done = 0; done < total; done += (double)length)
        sink = sink + decode_all((struct slice){stream, length});
    rates[1] = done / (now_s() - begin) / 1e6;
    for (begin = now_s(), done = 0; done < total;)
        done += (double)encode_one(&message, out, sizeof out);
    rates[2] = done / (now_s() - begin) / 1e6;
    printf("%.1f %.1f %.1f\n", rates[0], rates[1], rates[2]);
    return 0;
}

/* ---- analyzers ---- */

static int connect_to(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
        exit(1);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static int64_t wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Spread over the second, as real ones are. */
static int analyzers(int port, int count, int seconds)
{
    static int fds[4096];
    unsigned long frames = 0, answers = 0;
    count = count < 4096 ? count : 4096;
    for (int i = 0; i < count; i++)
        fds[i] = connect_to(port);
    double begin = now_s();
    for (long n = 0; now_s() - begin < seconds; n++) {
        char area[256], mn[16], frame[HJ212_FRAME_MAX], qn[INSTANT_COMPACT], in[4096];
        int fd = fds[n % count];
        double wait = begin + (double)n / count - now_s();
        if (wait > 0)
            usleep((useconds_t)(wait * 1e6));
        instant_format_compact(wall_ms(), qn);
        int mn_length = snprintf(mn, sizeof mn, "%014ld", n % count);
        int length =
            snprintf(area, sizeof area, "DataTime=%.14s;a21026-Rtd=%ld.25,a21026-Flag=N;a19001-Rtd=6.5,a19001-Flag=N",
                     qn, n % 90);
        struct hj212_fields fields = {.version = 2017,
                                      .qn = {qn, 17},
                                      .st = {"31", 2},
                                      .pw = {"123456", 6},
                                      .mn = {mn, (size_t)mn_length},
                                      .cn = 2011,
                                      .want_ack = true};
        size_t size = hj212_write(&fields, (struct slice){area, (size_t)length}, NULL, frame, sizeof frame);
        frames += send(fd, frame, size, MSG_NOSIGNAL) == (ssize_t)size;
        answers += recv(fd, in, sizeof in, 0) > 0; /* of the frame before */
    }
    printf("%lu %lu\n", frames, answers);
    return 0;
}

/* ---- a platform ---- */

/* Answers what asks; counts the factors of statistics frames (records of one factor each). */
static size_t take(struct slice input, int fd, unsigned long *frames, unsigned long *records)
{
    struct hj212_frame frame;
    size_t used = 0;
    while (hj212_frame_next(input, used, false, NULL, &frame)) {
        struct hj212_segment s;
        struct hj212_item item;
        char out[HJ212_FRAME_MAX];
        uint32_t quirks = 0;
        used = frame.offset + frame.bytes;
        if (frame.verdict != HJ212_OK || !hj212_segment_parse(frame.segment, &s))
            continue;
        size_t length = hj212_answer(9014, &s, "", out, sizeof out);
        if (s.flags & HJ212_FLAG_ACK && send(fd, out, length, MSG_NOSIGNAL) < 0)
            return used;
        if (hj212_cn(s.cn) != 2051)
            continue;
        ++*frames;
        for (struct slice rest = s.area; hj212_item_next(&rest, &item, &quirks);)
            *records += slice_is(item.field, "Flag");
    }
    return used;
}

static int platform(int port, unsigned long wanted, int seconds)
{
    static char in[65536];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    unsigned long frames = 0, records = 0;
    size_t length = 0;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 1) != 0)
        return 1;
    int fd = accept(listener, NULL, NULL);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    double begin = now_s();
    struct pollfd wait = {fd, POLLIN, 0};
    while (records < wanted && now_s() - begin < seconds) {
        if (poll(&wait, 1, 100) <= 0)
            continue;
        ssize_t n = recv(fd, in + length, sizeof in - length, 0);
        if (n <= 0)
            break;
        length += (size_t)n;
        size_t used = take((struct slice){in, length}, fd, &frames, &records);
        memmove(in, in + used, length - used);
        length -= used;
    }
    printf("%lu %lu %.3f\n", frames, records, now_s() - begin);
    return 0;
}

int main(int argc, char **argv)
{
    long n[4] = {0};
    for (int i = 2; i < argc && i < 6; i++)
        n[i - 2] = strtol(argv[i], NULL, 10);
    if (argc == 4 && strcmp(argv[1], "codec") == 0)
        return codec(argv[2], n[1]);
    if (argc == 5 && strcmp(argv[1], "analyzers") == 0)
        return analyzers((int)n[0], (int)n[1], (int)n[2]);
    if (argc == 5 && strcmp(argv[1], "platform") == 0)
        return platform((int)n[0], (unsigned long)n[1], (int)n[2]);
    return 2;
}
