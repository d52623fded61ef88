/* The console: pages for people and a read-only HTTP API. libmicrohttpd on the loop's epoll; no write action over HTTP.
 *
 *   door (TLS) ─► request ─► limiter: 429 ─► access: 401 ─► pages.c  /, /public, /led and what they load, of no other
 * origin ├► api.c    /api/v1/..., /metrics, /healthz └► stream.c /api/v1/stream: live values and events └─► answer.c:
 * headers, ETag, gzip
 *
 * Bounded: CONSOLE_CONNECTIONS connections, 16 KiB of memory each, idle ones closed after 30 s, answers of at most
 * CONSOLE_ROWS rows. The loop's thread. */
#ifndef CEMSD_PUBLISH_CONSOLE_CONSOLE_H
#define CEMSD_PUBLISH_CONSOLE_CONSOLE_H

#include "journal/journal.h"
#include "model/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { CONSOLE_CONNECTIONS = 256, CONSOLE_ROWS = 10000, LIVE_CHANNELS = 256 };

struct console;

struct console_settings {                        /* texts are copied */
    const char *bind;                            /* ADDRESS:PORT, [ADDRESS]:PORT for IPv6 */
    const char *access_file, *certificate, *key; /* "" when there is none */
    const char *journal_path;
    uv_loop_t *loop;
    char *(*status)(void *owner);  /* JSON to free(), or NULL */
    char *(*site)(void *owner);    /* who it is and what time it has, for everybody */
    char *(*outlets)(void *owner); /* the same, of its outlets alone */
    /* What changes of them each second, see stream.h: LIVE_CHANNELS from the n-th channel on; NULL beyond the last. */
    char *(*live)(void *owner, size_t from);
    char *(*metrics)(void *owner);                        /* Prometheus text to free(), or NULL */
    const char *(*trouble)(void *owner);                  /* NULL while all is well, else what is wrong */
    uint64_t (*durable)(void *owner, enum stream stream); /* last seq */
    void *owner;
};

struct console_status {
    uint64_t requests, refused; /* refused: more often than the limiter lets */
    uint64_t unauthorized;
    uint64_t bodies_refused; /* larger than a request needs */
    uint64_t viewers, viewers_behind, viewers_refused, events_too_large;
};

struct console *console_open(const struct console_settings *settings, struct error *err);
/* Reads the access file and the certificate again. False with err: what could not be read stays as it was. */
bool console_reload(struct console *console, struct error *err);
void console_status_get(const struct console *console, struct console_status *out);
/* Closes its handles on the loop; freed when they are gone. NULL is allowed. */
void console_close(struct console *console);

#endif
