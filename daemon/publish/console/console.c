#include "publish/console/console.h"

#include "config/bind.h"
#include "journal/reader.h"
#include "model/instant.h"
#include "publish/value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct console {
    struct console_settings settings;
    struct MHD_Daemon *http;
    struct reader *reader;
    uv_poll_t poll;
    uv_timer_t timer;
    int open_handles;
};

/* An answer while it is made. text is freed by libmicrohttpd. */
struct answer {
    unsigned code;
    const char *type;
    char *text;
};

#define JSON_TYPE "application/json; charset=utf-8"
#define TEXT_TYPE "text/plain; charset=utf-8"
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

static struct answer json_answer(unsigned code, json_t *body)
{
    struct answer a = {code, JSON_TYPE, json_dumps(body, JSON_COMPACT | JSON_REAL_PRECISION(15))};
    json_decref(body);
    return a;
}

static struct answer refusal(unsigned code, const char *reason)
{
    return json_answer(code, json_pack("{s:s}", "error", reason));
}

/* ---- routes ---- */

static struct answer get_health(struct console *c, struct MHD_Connection *connection)
{
    const char *trouble = c->settings.trouble(c->settings.owner);
    struct answer a = {trouble ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK, TEXT_TYPE, NULL};
    (void)connection;
    if (asprintf(&a.text, "%s\n", trouble ? trouble : "ok") < 0)
        a.text = NULL;
    return a;
}

static struct answer get_metrics(struct console *c, struct MHD_Connection *connection)
{
    (void)connection;
    return (struct answer){MHD_HTTP_OK, METRICS_TYPE, c->settings.metrics(c->settings.owner)};
}

static struct answer get_status(struct console *c, struct MHD_Connection *connection)
{
    (void)connection;
    return (struct answer){MHD_HTTP_OK, JSON_TYPE, c->settings.status(c->settings.owner)};
}

static struct answer get_outlets(struct console *c, struct MHD_Connection *connection)
{
    char *text = c->settings.status(c->settings.owner);
    json_t *status = text ? json_loads(text, 0, NULL) : NULL;
    (void)connection;
    free(text);
    struct answer a = json_answer(MHD_HTTP_OK, json_incref(json_object_get(status, "outlets")));
    json_decref(status);
    return a;
}

static bool add_alarm(void *owner, const struct stored_alarm *a)
{
    json_array_append_new(owner,
                          json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o}", "id", a->id, "state", a->state,
                                    "kind", a->kind, "outlet", a->outlet[0] ? a->outlet : "-", "subject", a->subject,
                                    "seq", (json_int_t)a->seq, "raised", value_instant(a->raised_ms), "time",
                                    value_instant(a->time_ms), "value", value_figure(a->value)));
    return true;
}

static const char *argument(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
    return value ? value : "";
}

static struct answer get_alarms(struct console *c, struct MHD_Connection *connection)
{
    struct error err;
    const char *active = argument(connection, "active");
    if (active[0] && strcmp(active, "true") != 0 && strcmp(active, "false") != 0)
        return refusal(MHD_HTTP_BAD_REQUEST, "active is true or false");
    json_t *all = json_array();
    if (reader_alarms(c->reader, strcmp(active, "false") != 0, CONSOLE_ROWS, add_alarm, all, &err))
        return json_answer(MHD_HTTP_OK, all);
    json_decref(all);
    return refusal(MHD_HTTP_SERVICE_UNAVAILABLE, err.text);
}

static bool add_record(void *owner, const struct stored_record *r)
{
    json_t *all = owner;
    json_array_append_new(
        all, json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:i, s:i, s:o, s:o, s:I}", "outlet",
                       r->outlet, "factor", r->factor, "period", r->period, "from", value_instant(r->from_ms), "to",
                       value_instant(r->to_ms), "value", value_figure(r->value), "converted",
                       value_figure(r->converted), "min", value_figure(r->min), "max", value_figure(r->max), "amount",
                       value_figure(r->amount), "mark", r->mark, "valid", (int)r->valid, "expected", (int)r->expected,
                       "exceeds", r->exceeds < 0 ? json_null() : json_boolean(r->exceeds), "reason",
                       r->reason[0] ? json_string(r->reason) : json_null(), "seq", (json_int_t)r->seq));
    return json_array_size(all) < CONSOLE_ROWS;
}

static struct answer get_records(struct console *c, struct MHD_Connection *connection)
{
    int64_t from_ms = INT64_MIN, to_ms = INT64_MAX;
    enum period period;
    struct error err;
    const char *from = argument(connection, "from"), *to = argument(connection, "to"),
               *name = argument(connection, "period");
    if ((from[0] && !instant_parse(from, &from_ms)) || (to[0] && !instant_parse(to, &to_ms)))
        return refusal(MHD_HTTP_BAD_REQUEST, "from and to are ISO 8601 instants or dates");
    if (name[0] && (!period_parse(name, &period) || period == PERIOD_REALTIME))
        return refusal(MHD_HTTP_BAD_REQUEST, "period is minute, hour, 2hour or day");
    json_t *all = json_array();
    if (reader_records(c->reader, argument(connection, "outlet"), argument(connection, "factor"), name, from_ms, to_ms,
                       add_record, all, &err))
        return json_answer(MHD_HTTP_OK, all);
    json_decref(all);
    return refusal(MHD_HTTP_SERVICE_UNAVAILABLE, err.text);
}

static struct answer get_later(struct console *c, struct MHD_Connection *connection)
{
    (void)c;
    (void)connection;
    return refusal(MHD_HTTP_NOT_IMPLEMENTED,
                   "not in this version; there are /healthz, /metrics and /api/v1/status, outlets, alarms, records");
}

static const struct route {
    const char *path;
    struct answer (*get)(struct console *c, struct MHD_Connection *connection);
} ROUTES[] = {
    {"/healthz", get_health},       {"/metrics", get_metrics},
    {"/api/v1/status", get_status}, {"/api/v1/outlets", get_outlets},
    {"/api/v1/alarms", get_alarms}, {"/api/v1/records", get_records},
    {"/api/v1/stream", get_later},  {"/", get_later},
    {"/public", get_later},         {"/led", get_later},
};

static struct answer find_answer(struct console *c, struct MHD_Connection *connection, const char *path,
                                 const char *method)
{
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return refusal(MHD_HTTP_METHOD_NOT_ALLOWED, "read only: GET or HEAD");
    for (size_t i = 0; i < sizeof ROUTES / sizeof ROUTES[0]; i++)
        if (strcmp(ROUTES[i].path, path) == 0)
            return ROUTES[i].get(c, connection);
    return refusal(MHD_HTTP_NOT_FOUND, "there is no such page");
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
    if (!a.text)
        return MHD_NO; /* out of memory: hang up */
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(a.text), a.text, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(a.text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, a.type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (a.code == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result queued = MHD_queue_response(connection, a.code, response);
    MHD_destroy_response(response);
    return queued;
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
    errno = 0;
    c->http = MHD_start_daemon(
        MHD_USE_EPOLL | (where.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0), 0, NULL, NULL, on_request, c,
        MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&where, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONSOLE_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, 30U, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32768, MHD_OPTION_END);
    if (!c->http) {
        error_set(err, "console: bind %s: %s", settings->bind, strerror(errno));
        reader_close(c->reader);
        free(c);
        return NULL;
    }
    uv_poll_init(settings->loop, &c->poll, MHD_get_daemon_info(c->http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
    uv_timer_init(settings->loop, &c->timer);
    c->poll.data = c->timer.data = c;
    c->open_handles = 2;
    uv_poll_start(&c->poll, UV_READABLE, on_readable);
    return c;
}

static void on_closed(uv_handle_t *handle)
{
    struct console *c = handle->data;
    if (--c->open_handles > 0)
        return;
    MHD_stop_daemon(c->http);
    reader_close(c->reader);
    free(c);
}

void console_close(struct console *c)
{
    if (!c)
        return;
    uv_poll_stop(&c->poll);
    uv_close((uv_handle_t *)&c->poll, on_closed);
    uv_close((uv_handle_t *)&c->timer, on_closed);
}
