#include "publish/console/console.h"

#include "journal/reader.h"
#include "model/clock.h"
#include "model/plant.h"
#include "publish/console/access.h"
#include "publish/console/api.h"
#include "publish/console/door.h"
#include "publish/console/limiter.h"
#include "publish/console/pages.h"
#include "publish/console/stream.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 16384 };

struct console {
    struct console_settings settings;
    char texts[5][PATH_BYTES]; /* what its strings point to: the plant they came from goes with a reload */
    struct door door;
    struct access_list access;
    struct reader *reader;
    struct api api;
    struct pages pages;
    struct broadcast stream;
    struct limiter limiter;
    uint64_t requests, unauthorized, bodies;
    uv_timer_t looking;
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
    if (!limiter_take(&c->limiter, from ? from->client_addr : NULL, 1, now_ms()))
        return answer_refusal(MHD_HTTP_TOO_MANY_REQUESTS, "too many requests: ask less often");
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return answer_refusal(MHD_HTTP_METHOD_NOT_ALLOWED, "read only: GET or HEAD");
    const char *authorization = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    bool is_operator = access_allows(&c->access, authorization);
    bool open = api_is_open(path) || pages_are_open(path);
    if (!is_operator && (authorization || !open)) {
        c->unauthorized++;
        return answer_refusal(MHD_HTTP_UNAUTHORIZED, "for operators: a name and secret of cemsctl access");
    }
    if (strcmp(path, "/api/v1/stream") == 0)
        return strcmp(method, "GET") == 0 ? stream_answer(&c->stream, connection, is_operator)
                                          : answer_refusal(MHD_HTTP_METHOD_NOT_ALLOWED, "a stream is for GET");
    if ((a.asset = pages_find(&c->pages, path))) {
        a.type = a.asset->type;
        return a;
    }
    if (api_answer(&c->api, connection, path, &a))
        return a;
    return answer_refusal(MHD_HTTP_NOT_FOUND, "there is no such page");
}

/* A handshake costs the loop what several requests do: who comes too often is not let begin one. */
static enum MHD_Result on_connection(void *owner, const struct sockaddr *address, socklen_t length)
{
    struct console *c = owner;
    (void)length;
    return !c->door.certificate.chain || limiter_take(&c->limiter, address, LIMITER_TLS, now_ms()) ? MHD_YES : MHD_NO;
}

/* Nothing is taken in here: a body is thrown away as it comes, and who sends more than a stray one is refused, or hung
 * up on where the length was not said. *state counts its bytes and one for the head. */
static enum MHD_Result on_request(void *owner, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **state)
{
    uintptr_t seen = (uintptr_t)*state;
    (void)version;
    (void)upload;
    if (seen == 0) { /* the head is here */
        const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
        *state = (void *)(uintptr_t)1;
        if (!length || strtoull(length, NULL, 10) <= BODY_MAX)
            return MHD_YES;
        ((struct console *)owner)->bodies++;
        struct answer a = answer_refusal(MHD_HTTP_CONTENT_TOO_LARGE, "read only: a request needs no body");
        return answer_send(connection, &a);
    }
    if (*upload_size > 0) {
        seen += *upload_size;
        *upload_size = 0;
        *state = (void *)seen;
        ((struct console *)owner)->bodies += seen > BODY_MAX;
        return seen <= BODY_MAX ? MHD_YES : MHD_NO;
    }
    struct answer a = find_answer(owner, connection, path, method);
    return answer_send(connection, &a);
}

/* ---- on the loop ---- */

static void turn(void *owner)
{
    door_turn(&((struct console *)owner)->door);
}

static void on_look(uv_timer_t *timer)
{
    struct console *c = timer->data;
    if (stream_look(&c->stream, now_ms()))
        turn(c);
}

/* What can fail before anything is bound; certificate to be taken over by the door. */
static bool prepare(struct console *c, struct certificate *certificate, struct error *err)
{
    const struct console_settings *s = &c->settings;
    if (!access_read(s->access_file, &c->access, err) || !certificate_read(s->certificate, s->key, certificate, err))
        return error_prefix(err, "console");
    return (c->reader = reader_open(s->journal_path, err)) != NULL;
}

struct console *console_open(const struct console_settings *settings, struct error *err)
{
    struct console *c = calloc(1, sizeof *c);
    struct certificate certificate = {NULL, NULL, 0};
    if (!c) {
        error_set(err, "console: out of memory");
        return NULL;
    }
    c->settings = *settings;
    const char **const texts[] = {&c->settings.bind, &c->settings.journal_path, &c->settings.access_file,
                                  &c->settings.certificate, &c->settings.key};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        snprintf(c->texts[i], PATH_BYTES, "%s", *texts[i]);
        *texts[i] = c->texts[i];
    }
    c->door = (struct door){.loop = settings->loop,
                            .bind = c->settings.bind,
                            .admit = on_connection,
                            .request = on_request,
                            .turn = turn,
                            .owner = c};
    if (!prepare(c, &certificate, err) || !door_open(&c->door, &certificate, err)) {
        certificate_clear(&certificate);
        reader_close(c->reader);
        free(c);
        return NULL;
    }
    c->api = (struct api){&c->settings, c->reader};
    c->stream.settings = &c->settings;
    c->stream.reader = c->reader;
    pages_open(&c->pages);
    uv_timer_init(settings->loop, &c->looking);
    c->looking.data = c;
    uv_timer_start(&c->looking, on_look, LOOK_MS, LOOK_MS);
    return c;
}

static void say_goodbye(void *owner)
{
    stream_end(&((struct console *)owner)->stream);
}

bool console_reload(struct console *c, struct error *err)
{
    struct certificate certificate;
    if (!access_read(c->settings.access_file, &c->access, err) ||
        !certificate_read(c->settings.certificate, c->settings.key, &certificate, err))
        return false;
    bool good =
        certificate_same(&certificate, &c->door.certificate) || door_change(&c->door, &certificate, say_goodbye, err);
    certificate_clear(&certificate);
    c->stream.ending = false;
    return good;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void console_close(struct console *c)
{
    if (!c)
        return;
    say_goodbye(c);
    MHD_run(c->door.http);
    door_close(&c->door);
    pages_close(&c->pages);
    reader_close(c->reader);
    uv_close((uv_handle_t *)&c->looking, on_closed);
}

void console_status_get(const struct console *c, struct console_status *out)
{
    *out = (struct console_status){.requests = c->requests,
                                   .refused = c->limiter.refused,
                                   .unauthorized = c->unauthorized,
                                   .bodies_refused = c->bodies,
                                   .viewers = c->stream.count,
                                   .viewers_behind = c->stream.behind,
                                   .viewers_refused = c->stream.refused,
                                   .events_too_large = c->stream.too_large};
}
