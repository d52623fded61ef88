/* The console's read-only HTTP API, first cut: health, metrics, status, outlets, alarms, records. libmicrohttpd on the
 * loop's epoll. No write action over HTTP. Pages and the event stream are not in this version and say so (501).
 *
 * Bounded: CONSOLE_CONNECTIONS connections, 32 KiB of memory each, idle ones closed after 30 s, answers of at most
 * CONSOLE_ROWS rows. The loop's thread. */
#ifndef CEMSD_PUBLISH_CONSOLE_CONSOLE_H
#define CEMSD_PUBLISH_CONSOLE_CONSOLE_H

#include "model/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { CONSOLE_CONNECTIONS = 256, CONSOLE_ROWS = 10000 };

struct console;

struct console_settings {
    const char *bind; /* ADDRESS:PORT, [ADDRESS]:PORT for IPv6 */
    const char *journal_path;
    uv_loop_t *loop;
    char *(*status)(void *owner);        /* JSON to free(), or NULL */
    char *(*metrics)(void *owner);       /* Prometheus text to free(), or NULL */
    const char *(*trouble)(void *owner); /* NULL while all is well, else what is wrong */
    void *owner;
};

struct console *console_open(const struct console_settings *settings, struct error *err);
/* Closes its handles on the loop; freed when they are gone. NULL is allowed. */
void console_close(struct console *console);

#endif
