#include "publish/console/door.h"

#include "config/bind.h"
#include "publish/console/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* SEND_BYTES: of the kernel for each connection, which takes it over from the listener; of its own it would keep
 * megabytes for each viewer that does not read. */
enum { BACKLOG = 128, IDLE_S = 30, MEMORY_EACH = 16384, SEND_BYTES = 65536 };

static int listen_at(const char *text, struct error *err)
{
    struct sockaddr_storage where;
    socklen_t length;
    int on = 1, send_bytes = SEND_BYTES;
    if (!bind_resolve(text, &where, &length)) {
        error_set(err, "console: %s is not an address and port", text);
        return -1;
    }
    int fd = socket(where.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes) == 0 &&
        bind(fd, (struct sockaddr *)&where, length) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    error_set(err, "console: bind %s: %s", text, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* libmicrohttpd closes the socket it is given: it gets one of its own. */
static struct MHD_Daemon *start(const struct door *door, const struct certificate *certificate, struct error *err)
{
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, certificate->chain},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, certificate->key},
                                   {MHD_OPTION_END, 0, NULL}};
    int fd = fcntl(door->listener, F_DUPFD_CLOEXEC, 0);
    struct MHD_Daemon *http =
        fd < 0 ? NULL
               : MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (certificate->chain ? MHD_USE_TLS : 0), 0,
                                  door->admit, door->owner, door->request, door->owner, MHD_OPTION_LISTEN_SOCKET, fd,
                                  MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONSOLE_CONNECTIONS,
                                  MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                  (size_t)MEMORY_EACH, MHD_OPTION_ARRAY, certificate->chain ? tls : tls + 2,
                                  MHD_OPTION_END);
    if (!http) {
        error_set(err, "console: HTTP%s at %s can't be started: %s", certificate->chain ? "S" : "", door->bind,
                  strerror(errno));
        if (fd >= 0)
            close(fd);
    }
    return http;
}

/* ---- on the loop ---- */

static void on_due(uv_timer_t *timer)
{
    struct door *door = timer->data;
    door->turn(door->owner);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct door *door = poll->data;
    (void)status;
    (void)events;
    door->turn(door->owner);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static bool watch(struct door *door, struct error *err)
{
    uv_poll_t *poll = calloc(1, sizeof *poll);
    int fd = MHD_get_daemon_info(door->http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    if (!poll || uv_poll_init(door->loop, poll, fd) != 0) {
        free(poll);
        return error_set(err, "console: the loop can't watch it");
    }
    poll->data = door;
    uv_poll_start(poll, UV_READABLE, on_readable);
    door->poll = poll;
    return true;
}

static void stop(struct MHD_Daemon *http, uv_poll_t *poll)
{
    if (poll) {
        uv_poll_stop(poll);
        uv_close((uv_handle_t *)poll, free_handle);
    }
    MHD_stop_daemon(http);
}

void door_turn(struct door *door)
{
    MHD_UNSIGNED_LONG_LONG wait_ms = 0;
    MHD_run(door->http);
    if (MHD_get_timeout(door->http, &wait_ms) == MHD_YES)
        uv_timer_start(door->timer, on_due, wait_ms, 0);
    else
        uv_timer_stop(door->timer);
}

bool door_open(struct door *door, struct certificate *certificate, struct error *err)
{
    if ((door->listener = listen_at(door->bind, err)) < 0)
        return false;
    door->timer = calloc(1, sizeof *door->timer);
    door->http = door->timer ? start(door, certificate, err) : NULL;
    if (!door->http || !watch(door, err)) {
        if (door->http)
            MHD_stop_daemon(door->http);
        free(door->timer);
        close(door->listener);
        return false;
    }
    uv_timer_init(door->loop, door->timer);
    door->timer->data = door;
    door->certificate = *certificate;
    *certificate = (struct certificate){NULL, NULL, 0};
    return true;
}

bool door_change(struct door *door, struct certificate *certificate, void (*part)(void *owner), struct error *err)
{
    struct MHD_Daemon *before = door->http, *after = start(door, certificate, err);
    uv_poll_t *poll = door->poll;
    if (!after)
        return false;
    part(door->owner);
    MHD_run(before);
    door->http = after;
    if (!watch(door, err)) {
        door->http = before;
        MHD_stop_daemon(after);
        return false;
    }
    stop(before, poll);
    certificate_clear(&door->certificate);
    door->certificate = *certificate;
    *certificate = (struct certificate){NULL, NULL, 0};
    door_turn(door);
    return true;
}

void door_close(struct door *door)
{
    stop(door->http, door->poll);
    uv_close((uv_handle_t *)door->timer, free_handle);
    close(door->listener);
    certificate_clear(&door->certificate);
}
