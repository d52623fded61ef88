/* A transaction, with who may end it:
 *
 *   drain stale bytes ─► send ─► wait for the first byte ─► libmodbus takes the frame ─► is it ours? ─► MB_OK
 *                                      │ silence                 │ cut short, bad CRC       │ a late one: count it,
 *                                      ▼                         ▼                          └─ wait on
 *                                 MB_TIMEOUT               MB_TIMEOUT / MB_GARBLED, resynchronise
 *
 * TCP requests are framed here and not by modbus_read_registers, because libmodbus compares neither the unit identifier
 * nor the MBAP length of an answer, and gives a caller no way to go on waiting behind a late one.
 *
 * libmodbus waits with select(2), which can't take descriptors of 1024 and above. Each port therefore holds one low
 * descriptor for life (a slot on /dev/null) and every connection is moved into it with dup2(2). */
#include "modbus/port.h"

#include "modbus/plan.h"
#include "model/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <modbus.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct mb_port {
    const struct line *line;
    modbus_t *modbus;
    int slot; /* low descriptor, ours for life */
    int lock; /* a serial device while it is ours; else -1 */
    bool connected, tagged, serial;
    bool suspect; /* the last answer was not what was asked: something may still be on its way */
    uint16_t transaction;
    int exception;
    int64_t quiet_ns;     /* t3.5 of the serial line */
    int64_t last_byte_ns; /* when the last answer ended */
    struct mb_port_counts counts;
};

const char *mb_result_name(enum mb_result result)
{
    static const char *const NAMES[MB_RESULTS] = {"ok", "timeout", "disconnected", "garbled", "exception"};
    return NAMES[result];
}

/* t3.5: 3.5 characters of 11 bits, fixed at 1.75 ms above 19200 baud (Modbus over Serial Line V1.02, 2.5.1.1). */
static int64_t silence_ns(const struct serial *serial)
{
    return serial->baud > 19200 ? 1750000 : INT64_C(38500000000) / serial->baud;
}

static modbus_t *new_context(const struct line *line)
{
    static const char PARITY[] = {'N', 'E', 'O'};
    if (line->kind == LINE_MODBUS_TCP)
        return modbus_new_tcp("127.0.0.1", 502); /* the peer comes with modbus_set_socket */
    if (line->kind == LINE_MODBUS_RTU_OVER_TCP)
        return modbus_new_rtu("/dev/null", 9600, 'N', 8, 1);
    return modbus_new_rtu(line->rtu.device, line->rtu.baud, PARITY[line->rtu.parity], line->rtu.data_bits,
                          line->rtu.stop_bits);
}

struct mb_port *mb_port_new(const struct line *line, struct error *err)
{
    struct mb_port *port = calloc(1, sizeof *port);
    if (!port) {
        error_set(err, "line %s: out of memory", line->name);
        return NULL;
    }
    port->line = line;
    port->lock = -1;
    port->tagged = line->kind == LINE_MODBUS_TCP;
    port->serial = line->kind == LINE_MODBUS_RTU;
    port->quiet_ns = port->serial ? silence_ns(&line->rtu) : 0;
    port->slot = open("/dev/null", O_RDWR | O_CLOEXEC);
    port->modbus = new_context(line);
    if (port->slot < 0 || port->slot >= FD_SETSIZE || !port->modbus) {
        error_set(err, "line %s: %s", line->name,
                  port->slot >= FD_SETSIZE ? "too many open files for libmodbus" : modbus_strerror(errno));
        mb_port_free(port);
        return NULL;
    }
    modbus_set_error_recovery(port->modbus, MODBUS_ERROR_RECOVERY_NONE);
    modbus_set_byte_timeout(port->modbus, 0, 0); /* the response time-out governs the whole answer */
    return port;
}

void mb_port_free(struct mb_port *port)
{
    if (!port)
        return;
    if (port->slot >= 0)
        close(port->slot);
    if (port->lock >= 0)
        close(port->lock);
    if (port->modbus) {
        modbus_set_socket(port->modbus, -1);
        modbus_free(port->modbus);
    }
    free(port);
}

bool mb_port_connected(const struct mb_port *port)
{
    return port->connected;
}

int mb_port_exception(const struct mb_port *port)
{
    return port->exception;
}

bool mb_port_untagged(const struct mb_port *port)
{
    return !port->tagged;
}

const struct mb_port_counts *mb_port_counts(const struct mb_port *port)
{
    return &port->counts;
}

static void give_back(struct mb_port *port)
{
    if (port->lock >= 0)
        close(port->lock);
    port->lock = -1;
}

void mb_port_disconnect(struct mb_port *port)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        dup3(null, port->slot, O_CLOEXEC);
        close(null);
    } else {
        shutdown(port->slot, SHUT_RDWR); /* no descriptors left: end the conversation, keep the slot */
    }
    modbus_set_socket(port->modbus, -1);
    give_back(port);
    port->connected = false;
}

static int left_ms(int64_t deadline_ns)
{
    int64_t left = deadline_ns - clock_monotonic_ns();
    return left <= 0 ? 0 : (int)((left + 999999) / 1000000);
}

/* Connects one address within the deadline. Returns the socket or -1 with errno. */
static int connect_address(const struct addrinfo *address, int64_t deadline_ns)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, address->ai_protocol);
    if (fd < 0)
        return -1;
    int failed = connect(fd, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    if (failed == EINPROGRESS) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        socklen_t size = sizeof failed;
        int ready = poll(&wait, 1, left_ms(deadline_ns));
        if (ready == 0)
            failed = ETIMEDOUT;
        else if (ready < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) < 0)
            failed = errno;
    }
    if (failed) {
        close(fd);
        errno = failed;
        return -1;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    return fd;
}

static int connect_tcp(struct mb_port *port, const struct tcp_peer *peer, struct error *err)
{
    char service[16];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found = NULL;
    int64_t deadline_ns = clock_monotonic_ns() + port->line->timeout_ms * INT64_C(1000000);
    snprintf(service, sizeof service, "%d", peer->port);
    int failed = getaddrinfo(peer->host, service, &hints, &found);
    if (failed) {
        error_set(err, "resolve %s: %s", peer->host, gai_strerror(failed));
        return -1;
    }
    int fd = -1;
    for (struct addrinfo *a = found; a && fd < 0; a = a->ai_next)
        fd = connect_address(a, deadline_ns);
    if (fd < 0)
        error_set(err, "connect to %s:%d: %s", peer->host, peer->port, strerror(errno));
    freeaddrinfo(found);
    return fd;
}

/* Locked (flock(2)) before anything is set: who else keeps to that is not disturbed, and does not disturb. */
static int open_serial(struct mb_port *port, struct error *err)
{
    const char *device = port->line->rtu.device;
    give_back(port);
    port->lock = open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (port->lock >= 0 && flock(port->lock, LOCK_EX | LOCK_NB) != 0)
        error_set(err, "open %s: another program has it, and a wire has one master", device);
    else if (port->lock < 0)
        error_set(err, "open %s: %s", device, strerror(errno));
    else if (modbus_connect(port->modbus) < 0)
        error_set(err, "open %s: %s", device, modbus_strerror(errno));
    else
        return modbus_get_socket(port->modbus);
    give_back(port);
    return -1;
}

bool mb_port_connect(struct mb_port *port, struct error *err)
{
    const struct line *line = port->line;
    if (port->connected)
        return true;
    int fd = line->kind == LINE_MODBUS_RTU
                 ? open_serial(port, err)
                 : connect_tcp(port, line->kind == LINE_MODBUS_TCP ? &line->tcp : &line->rtu_over_tcp, err);
    if (fd >= 0) {
        bool moved = dup3(fd, port->slot, O_CLOEXEC) >= 0;
        close(fd);
        if (!moved) {
            error_set(err, "line %s: %s", line->name, strerror(errno));
            fd = -1;
        }
    }
    if (fd < 0) {
        modbus_set_socket(port->modbus, -1);
        port->counts.connect_failures++;
        return false;
    }
    modbus_set_socket(port->modbus, port->slot);
    port->connected = true;
    port->counts.connects++;
    return true;
}

/* Throws away what is there to read now. False when the peer has closed. */
static bool drain(struct mb_port *port)
{
    uint8_t stale[512];
    for (int rounds = 0; rounds < 64; rounds++) {
        ssize_t n = read(port->slot, stale, sizeof stale); /* every slot is non-blocking */
        if (n > 0) {
            port->counts.flushed_bytes += (uint64_t)n;
            continue;
        }
        return n < 0 ? errno == EAGAIN || errno == EINTR : port->serial; /* a tty without data may say 0 */
    }
    return false; /* it talks without end: start again */
}

static bool wait_readable(const struct mb_port *port, int ms)
{
    struct pollfd wait = {.fd = port->slot, .events = POLLIN};
    int64_t deadline_ns = clock_monotonic_ns() + ms * INT64_C(1000000);
    int ready;
    do
        ready = poll(&wait, 1, left_ms(deadline_ns));
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

/* Leaves the line in step: what is still on its way belongs to nobody. */
static void resynchronise(struct mb_port *port)
{
    if (port->tagged) {
        mb_port_disconnect(port);
        return;
    }
    int64_t deadline_ns = clock_monotonic_ns() + port->line->timeout_ms * INT64_C(1000000);
    int quiet_ms = (int)(port->quiet_ns / 1000000) + 20;
    while (left_ms(deadline_ns) > 0 && wait_readable(port, quiet_ms)) {
        if (!drain(port)) {
            mb_port_disconnect(port);
            return;
        }
    }
}

static void keep_silence(const struct mb_port *port)
{
    int64_t pause_ns = port->line->pause_ms * INT64_C(1000000);
    int64_t wake_ns = port->last_byte_ns + (pause_ns > port->quiet_ns ? pause_ns : port->quiet_ns);
    if (port->last_byte_ns == 0 || wake_ns <= clock_monotonic_ns())
        return;
    struct timespec until = {.tv_sec = wake_ns / 1000000000, .tv_nsec = wake_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
}

struct request {
    uint8_t station, function;
    uint16_t address, count; /* count: the value of a write */
    int bytes;               /* of the data in the answer */
    bool writes;             /* the answer repeats the request */
};

/*  TCP   [transaction 2][protocol 0 2][length 2][unit 1] [function 1][address 2][count 2]
 *  RTU                                          [unit 1] [function 1][address 2][count 2] [CRC 2] */
static bool send_request(struct mb_port *port, const struct request *r)
{
    uint8_t pdu[] = {
        r->station,       r->function, (uint8_t)(r->address >> 8), (uint8_t)r->address, (uint8_t)(r->count >> 8),
        (uint8_t)r->count};
    if (!port->tagged)
        return modbus_send_raw_request(port->modbus, pdu, sizeof pdu) > 0;
    port->transaction++;
    uint8_t frame[12] = {(uint8_t)(port->transaction >> 8), (uint8_t)port->transaction, 0, 0, 0, sizeof pdu};
    memcpy(frame + 6, pdu, sizeof pdu);
    return send(port->slot, frame, sizeof frame, MSG_NOSIGNAL) == (ssize_t)sizeof frame;
}

enum belongs { OURS, LATE, FOREIGN };

/* Is this frame the answer to the request? */
static enum belongs examine(const struct mb_port *port, const struct request *r, const uint8_t *frame, int length)
{
    if (length == 0) /* libmodbus: another station on the serial line; the true answer may follow */
        return LATE;
    int header = port->tagged ? 6 : 0, trailer = port->tagged ? 0 : 2;
    const uint8_t *pdu = frame + header; /* unit, function, byte count or exception */
    if (length < header + 3 + trailer)
        return FOREIGN;
    if (port->tagged) {
        uint16_t transaction = (uint16_t)(frame[0] << 8 | frame[1]);
        int declared = frame[4] << 8 | frame[5];
        if (frame[2] != 0 || frame[3] != 0 || declared != length - 6)
            return FOREIGN;
        uint16_t age = (uint16_t)(port->transaction - transaction);
        if (age != 0)
            return age < 1024 ? LATE : FOREIGN;
    }
    if (pdu[0] != r->station)
        return FOREIGN;
    if (pdu[1] == (r->function | 0x80))
        return length == header + 3 + trailer ? OURS : FOREIGN;
    if (r->writes)
        return pdu[1] == r->function && length == header + 6 + trailer && (pdu[2] << 8 | pdu[3]) == r->address &&
                       (pdu[4] << 8 | pdu[5]) == r->count
                   ? OURS
                   : FOREIGN;
    return pdu[1] == r->function && pdu[2] == r->bytes && length == header + 3 + r->bytes + trailer ? OURS : FOREIGN;
}

static enum mb_result receive(struct mb_port *port, const struct request *r, uint8_t *frame, int *length)
{
    int64_t deadline_ns = clock_monotonic_ns() + port->line->timeout_ms * INT64_C(1000000);
    for (;;) {
        int wait_ms = left_ms(deadline_ns);
        /* Silence and half a frame both end as ETIMEDOUT in libmodbus. With transaction numbers that does not matter: a
         * torn frame is foreign to every request. Without them the first byte is waited for apart. */
        if (wait_ms == 0 || (!port->tagged && !wait_readable(port, wait_ms)))
            return MB_TIMEOUT;
        wait_ms = left_ms(deadline_ns);
        wait_ms = wait_ms > 0 ? wait_ms : 1;
        modbus_set_response_timeout(port->modbus, (uint32_t)wait_ms / 1000, (uint32_t)wait_ms % 1000 * 1000);
        *length = modbus_receive_confirmation(port->modbus, frame);
        if (*length < 0) {
            enum mb_result why = errno == ETIMEDOUT                          ? MB_TIMEOUT
                                 : errno == EMBBADCRC || errno == EMBBADDATA ? MB_GARBLED
                                                                             : MB_DISCONNECTED;
            if (why == MB_DISCONNECTED)
                mb_port_disconnect(port);
            else if (why == MB_GARBLED || !port->tagged)
                resynchronise(port); /* part of a frame is gone: the rest means nothing */
            return why;
        }
        enum belongs whose = examine(port, r, frame, *length);
        if (whose == OURS)
            return MB_OK;
        port->counts.flushed_bytes += (uint64_t)(*length > 0 ? *length : 1);
        if (whose == FOREIGN) {
            resynchronise(port);
            return MB_GARBLED;
        }
    }
}

static enum mb_result transact(struct mb_port *port, const struct request *r, uint16_t *registers)
{
    uint8_t frame[MODBUS_MAX_ADU_LENGTH];
    int length = 0;
    modbus_set_slave(port->modbus, r->station);
    keep_silence(port);
    /* a healthy TCP conversation has nothing to drain: spare the system call */
    bool stale = !port->tagged || port->suspect;
    if ((stale && !drain(port)) || !send_request(port, r)) {
        mb_port_disconnect(port);
        return MB_DISCONNECTED;
    }
    enum mb_result result = receive(port, r, frame, &length);
    port->suspect = result != MB_OK;
    port->last_byte_ns = clock_monotonic_ns();
    if (result != MB_OK)
        return result;
    const uint8_t *pdu = frame + (port->tagged ? 6 : 0), *data = pdu + 3;
    if (pdu[1] & 0x80) {
        port->exception = pdu[2];
        return MB_EXCEPTION;
    }
    bool bits = r->function <= MODBUS_FC_READ_DISCRETE_INPUTS;
    if (r->writes)
        return MB_OK;
    for (int i = 0; i < r->count; i++)
        registers[i] = (uint16_t)(bits ? data[i / 8] >> (i % 8) & 1 : data[2 * i] << 8 | data[2 * i + 1]);
    return MB_OK;
}

static enum mb_result counted(struct mb_port *port, const struct request *r, uint16_t *registers)
{
    port->exception = 0;
    enum mb_result result = port->connected ? transact(port, r, registers) : MB_DISCONNECTED;
    port->counts.requests++;
    port->counts.results[result]++;
    return result;
}

enum mb_result mb_port_read(struct mb_port *port, int station, enum mb_table table, int address, int count,
                            uint16_t *registers)
{
    static const uint8_t FUNCTION[MB_TABLES] = {
        [MB_COIL] = MODBUS_FC_READ_COILS,
        [MB_DISCRETE] = MODBUS_FC_READ_DISCRETE_INPUTS,
        [MB_HOLDING] = MODBUS_FC_READ_HOLDING_REGISTERS,
        [MB_INPUT] = MODBUS_FC_READ_INPUT_REGISTERS,
    };
    bool bits = table == MB_COIL || table == MB_DISCRETE;
    struct request r = {
        .station = (uint8_t)station,
        .function = FUNCTION[table],
        .address = (uint16_t)address,
        .count = (uint16_t)count,
        .bytes = bits ? (count + 7) / 8 : 2 * count,
    };
    return counted(port, &r, registers);
}

enum mb_result mb_port_write(struct mb_port *port, int station, enum mb_table table, int address, int value)
{
    bool coil = table == MB_COIL;
    struct request r = {
        .station = (uint8_t)station,
        .function = coil ? MODBUS_FC_WRITE_SINGLE_COIL : MODBUS_FC_WRITE_SINGLE_REGISTER,
        .address = (uint16_t)address,
        .count = (uint16_t)(coil ? (value ? 0xFF00 : 0) : value),
        .writes = true,
    };
    return counted(port, &r, NULL);
}
