/* What bench.py can't do itself with small enough cost:
 *
 *   server PORT               answers any Modbus TCP read with constants, cheaply, until killed
 *   bare PORT LINES MS S      the peer: one thread a line, libmodbus alone, 125 registers each MS; prints us of CPU a
 *                             transaction
 *   latency PORT FEED COUNT N a device whose value jumps, and N subscribers: time from the answer on the wire to the
 *                             alarm at each of them
 *   listen FEED N             N subscribers that only take what comes
 *   look PORT N RATE S        N viewers of the console's event stream and RATE requests a second, S seconds long */
#include <arpa/inet.h>
#include <errno.h>
#include <modbus.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int listen_on(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 256) < 0) {
        perror("listen");
        exit(1);
    }
    return fd;
}

/* Float 20 in the first pair of every answer's registers, 6 in the others. */
static size_t answer(const uint8_t *request, uint8_t *out, float first)
{
    unsigned count = (unsigned)(request[10] << 8 | request[11]);
    float others = 6;
    uint32_t a, b;
    memcpy(&a, &first, 4);
    memcpy(&b, &others, 4);
    memcpy(out, request, 8);
    out[4] = (uint8_t)((3 + 2 * count) >> 8);
    out[5] = (uint8_t)(3 + 2 * count);
    out[8] = (uint8_t)(2 * count);
    for (unsigned r = 0; r < count; r++) {
        uint32_t word = r < 2 ? a : b;
        out[9 + 2 * r] = (uint8_t)(word >> (r % 2 ? 8 : 24));
        out[10 + 2 * r] = (uint8_t)(word >> (r % 2 ? 0 : 16));
    }
    return 9 + 2 * (size_t)count;
}

_Noreturn static void server(int port)
{
    int listener = listen_on(port), epoll = epoll_create1(0), on = 1;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[64];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < n; i++) {
            uint8_t in[12], out[300];
            int fd = events[i].data.fd;
            if (fd == listener) {
                event.data.fd = accept(listener, NULL, NULL);
                setsockopt(event.data.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
            } else if (recv(fd, in, sizeof in, 0) == sizeof in) {
                size_t length = answer(in, out, 20);
                send(fd, out, length, MSG_NOSIGNAL);
            } else {
                close(fd);
            }
        }
    }
}

/* ---- the peer ---- */

static struct {
    int port, interval_ms;
    int64_t end_ns;
    _Atomic uint64_t transactions;
} bare;

static void *bare_line(void *argument)
{
    uint16_t registers[125];
    modbus_t *m = modbus_new_tcp("127.0.0.1", bare.port);
    int64_t due = now_ns() + (intptr_t)argument * 1000000 * bare.interval_ms / 64;
    modbus_set_slave(m, 1);
    if (modbus_connect(m) < 0)
        exit(1);
    while (now_ns() < bare.end_ns) {
        struct timespec until = {due / 1000000000, due % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        if (modbus_read_registers(m, 0, 125, registers) == 125)
            bare.transactions++;
        due += bare.interval_ms * INT64_C(1000000);
    }
    modbus_close(m);
    modbus_free(m);
    return NULL;
}

static int run_bare(int port, int lines, int interval_ms, int seconds)
{
    pthread_t threads[256];
    struct rusage usage;
    bare.port = port;
    bare.interval_ms = interval_ms;
    bare.end_ns = now_ns() + seconds * INT64_C(1000000000);
    for (intptr_t i = 0; i < lines; i++)
        pthread_create(&threads[i], NULL, bare_line, (void *)i);
    for (int i = 0; i < lines; i++)
        pthread_join(threads[i], NULL);
    getrusage(RUSAGE_SELF, &usage);
    double us = 1e6 * (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    printf("%.2f %llu\n", us / (double)bare.transactions, (unsigned long long)bare.transactions);
    return 0;
}

/* ---- latency ---- */

static _Atomic int64_t jumped_ns; /* when the answer that tips the alarm was sent */
static int latency_port;

static void *jumping_device(void *unused)
{
    int listener = listen_on(latency_port), fd = accept(listener, NULL, NULL), on = 1;
    uint8_t in[12], out[300];
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (uint64_t n = 0; recv(fd, in, sizeof in, MSG_WAITALL) == sizeof in; n++) {
        size_t length = answer(in, out, n % 2 ? 400.0F : 20.0F); /* raised, cleared, raised ... */
        jumped_ns = now_ns();
        send(fd, out, length, MSG_NOSIGNAL);
    }
    return unused;
}

static int compare(const void *a, const void *b)
{
    return *(const double *)a < *(const double *)b ? -1 : *(const double *)a > *(const double *)b;
}

enum { MOST_SUBSCRIBERS = 2000, WARMING_UP = 20 };

static void *subscribers[MOST_SUBSCRIBERS];

static void subscribe(const char *feed, int count)
{
    void *context = zmq_ctx_new();
    zmq_ctx_set(context, ZMQ_MAX_SOCKETS, count + 10);
    for (int i = 0; i < count; i++) {
        subscribers[i] = zmq_socket(context, ZMQ_SUB);
        zmq_connect(subscribers[i], feed);
        zmq_setsockopt(subscribers[i], ZMQ_SUBSCRIBE, "alarm/", 6);
    }
}

static bool receive(void *subscriber)
{
    char body[4096];
    int more = 1;
    size_t size = sizeof more;
    for (; more; zmq_getsockopt(subscriber, ZMQ_RCVMORE, &more, &size))
        if (zmq_recv(subscriber, body, sizeof body, 0) < 0)
            return false;
    return true;
}

static int latency(int port, const char *feed, int count, int of)
{
    static double ms[200000];
    pthread_t thread;
    int measured = 0;
    latency_port = port;
    pthread_create(&thread, NULL, jumping_device, NULL);
    subscribe(feed, of);
    for (int n = -WARMING_UP; n < count && measured + of <= (int)(sizeof ms / sizeof ms[0]); n++)
        for (int i = 0; i < of; i++) {
            if (!receive(subscribers[i]))
                return 1;
            if (n >= 0)
                ms[measured++] = (double)(now_ns() - jumped_ns) / 1e6;
        }
    qsort(ms, (size_t)measured, sizeof ms[0], compare);
    printf("%.3f %.3f %.3f\n", ms[measured / 2], ms[measured * 99 / 100], ms[measured - 1]);
    return 0;
}

/* Subscribers that do nothing else, until they are killed. */
static int listen_only(const char *feed, int count)
{
    subscribe(feed, count);
    printf("ready\n");
    fflush(stdout);
    for (;;)
        for (int i = 0; i < count; i++)
            if (!receive(subscribers[i]))
                return 1;
}

/* ---- lookers ---- */

static int ask(int port, const char *path)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char request[128];
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 || send(fd, request, (size_t)length, 0) < 0) {
        perror("connect");
        exit(1);
    }
    return fd;
}

/* Viewers of the event stream that read, and beside them so many requests a second over one connection. */
static int look(int port, int viewers, int rate, int seconds)
{
    static const char REQUEST[] = "GET /api/v1/outlets HTTP/1.1\r\nHost: x\r\n\r\n";
    static char bytes[1 << 20];
    int poll_fd = epoll_create1(0), asking = ask(port, "/healthz");
    long long seen = 0, asked = 0;
    for (int i = 0; i <= viewers; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = i < viewers ? ask(port, "/api/v1/stream") : asking};
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, event.data.fd, &event);
    }
    printf("ready\n");
    fflush(stdout);
    int64_t begin_ns = now_ns(), end_ns = begin_ns + (int64_t)seconds * 1000000000;
    for (int64_t at_ns; (at_ns = now_ns()) < end_ns;) {
        struct epoll_event events[64];
        int n = epoll_wait(poll_fd, events, 64, 1);
        for (int i = 0; i < n; i++) {
            ssize_t got = recv(events[i].data.fd, bytes, sizeof bytes, MSG_DONTWAIT);
            if (got == 0)
                return fprintf(stderr, "hung up\n"), 1;
            seen += got > 0 ? got : 0;
        }
        for (; asked < (at_ns - begin_ns) * rate / 1000000000; asked++)
            send(asking, REQUEST, sizeof REQUEST - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    printf("%lld %lld\n", seen, asked);
    return 0;
}

int main(int argc, char **argv)
{
    long n[5] = {0};
    for (int i = 2; i < argc && i < 7; i++)
        n[i - 2] = strtol(argv[i], NULL, 10);
    if (argc == 3 && strcmp(argv[1], "server") == 0)
        server((int)n[0]);
    if (argc == 6 && strcmp(argv[1], "bare") == 0)
        return run_bare((int)n[0], (int)n[1], (int)n[2], (int)n[3]);
    if (argc == 6 && strcmp(argv[1], "latency") == 0 && n[3] > 0 && n[3] <= MOST_SUBSCRIBERS)
        return latency((int)n[0], argv[3], (int)n[2], (int)n[3]);
    if (argc == 4 && strcmp(argv[1], "listen") == 0 && n[1] > 0 && n[1] <= MOST_SUBSCRIBERS)
        return listen_only(argv[2], (int)n[1]);
    if (argc == 6 && strcmp(argv[1], "look") == 0)
        return look((int)n[0], (int)n[1], (int)n[2], (int)n[3]);
    return 2;
}
