#include "publish/console/console.h"

#include "config/bind.h"
#include "journal/reader.h"
#include "model/clock.h"
#include "publish/console/api.h"
#include "publish/console/limiter.h"
#include "publish/console/pages.h"
#include "publish/console/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct console {
    struct console_settings settings;
    struct MHD_Daemon *http;
    struct reader *reader;
    struct api api;
    struct pages pages;
    struct broadcast stream;
    struct limiter limiter;
    uint64_t requests;
    uv_poll_t poll;
    uv_timer_t timer, looking;
    int open_handles;
};

static int64_t now_ms(void)
{
    return clock_monotonic_ns() / 1000000;
}

static struct answer find_answer(struct console *c, struct MHD_Connection *connection, const char *path,
                                 const char *method)
{
    struct answer a = {.code = MHD_HTTP_OK};
    const union MHD_ConnectionInfo *from = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    c->requests++;
    if (!limiter_take(&c->limiter, from ? from->client_addr : NULL, now_ms()))
        return answer_refusal(MHD_HTTP_TOO_MANY_REQUESTS, "too many requests: ask less often");
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return answer_refusal(MHD_HTTP_METHOD_NOT_ALLOWED, "read only: GET or HEAD");
    if (strcmp(path, "/api/v1/stream") == 0)
        return strcmp(method, "GET") == 0 ? stream_answer(&c->stream, connection)
                                          : answer_refusal(MHD_HTTP_METHOD_NOT_ALLOWED, "a stream is for GET");
    if ((a.asset = pages_find(&c->pages, path))) {
        a.type = a.asset->type;
        return a;
    }
    if (api_answer(&c->api, connection, path, &a))
        return a;
    return answer_refusal(MHD_HTTP_NOT_FOUND, "there is no such page");
}

static enum MHD_Result on_request(void *owner, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **state)
{
    static char seen;
    (void)version;
    (void)upload;
    if (!*state) { /* the head is here; a body may follow, and is thrown away */
        *state = &seen;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        *upload_size = 0;
        return MHD_YES;
    }
    struct answer a = find_answer(owner, connection, path, method);
    return answer_send(connection, &a);
}

/* ---- on the loop ---- */

static void on_due(uv_timer_t *timer);

static void turn(struct console *c)
{
    MHD_UNSIGNED_LONG_LONG wait_ms = 0;
    MHD_run(c->http);
    if (MHD_get_timeout(c->http, &wait_ms) == MHD_YES)
        uv_timer_start(&c->timer, on_due, wait_ms, 0);
    else
        uv_timer_stop(&c->timer);
}

static void on_due(uv_timer_t *timer)
{
    turn(timer->data);
}

static void on_look(uv_timer_t *timer)
{
    struct console *c = timer->data;
    if (stream_look(&c->stream, now_ms()))
        turn(c);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    turn(poll->data);
}

static bool resolve(const char *bind, struct sockaddr_storage *where)
{
    char address[64];
    int port;
    struct sockaddr_in *v4 = (struct sockaddr_in *)where;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)where;
    memset(where, 0, sizeof *where);
    if (!bind_parse(bind, address, &port))
        return false;
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        return true;
    }
    if (inet_pton(AF_INET6, address, &v6->sin6_addr) != 1)
        return false;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    return true;
}

struct console *console_open(const struct console_settings *settings, struct error *err)
{
    struct console *c = calloc(1, sizeof *c);
    struct sockaddr_storage where;
    if (!c || !resolve(settings->bind, &where)) {
        error_set(err, "console: %s is not an address and port", settings->bind);
        free(c);
        return NULL;
    }
    c->settings = *settings;
    if (!(c->reader = reader_open(settings->journal_path, err))) {
        free(c);
        return NULL;
    }
    c->api = (struct api){&c->settings, c->reader};
    c->stream.settings = &c->settings;
    c->stream.reader = c->reader;
    pages_open(&c->pages);
    errno = 0;
    c->http =
        MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (where.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0), 0,
                         NULL, NULL, on_request, c, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&where,
                         MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONSOLE_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, 30U,
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384, MHD_OPTION_END);
    if (!c->http) {
        error_set(err, "console: bind %s: %s", settings->bind, strerror(errno));
        pages_close(&c->pages);
        reader_close(c->reader);
        free(c);
        return NULL;
    }
    uv_poll_init(settings->loop, &c->poll, MHD_get_daemon_info(c->http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
    uv_timer_init(settings->loop, &c->timer);
    uv_timer_init(settings->loop, &c->looking);
    c->poll.data = c->timer.data = c->looking.data = c;
    c->open_handles = 3;
    uv_timer_start(&c->looking, on_look, LOOK_MS, LOOK_MS);
    uv_poll_start(&c->poll, UV_READABLE, on_readable);
    return c;
}

static void on_closed(uv_handle_t *handle)
{
    struct console *c = handle->data;
    if (--c->open_handles > 0)
        return;
    MHD_stop_daemon(c->http);
    pages_close(&c->pages);
    reader_close(c->reader);
    free(c);
}

void console_close(struct console *c)
{
    if (!c)
        return;
    stream_end(&c->stream);
    MHD_run(c->http);
    uv_poll_stop(&c->poll);
    uv_close((uv_handle_t *)&c->poll, on_closed);
    uv_close((uv_handle_t *)&c->looking, on_closed);
    uv_close((uv_handle_t *)&c->timer, on_closed);
}

void console_status_get(const struct console *c, struct console_status *out)
{
    *out = (struct console_status){c->requests, c->limiter.refused, c->stream.count, c->stream.behind};
}
