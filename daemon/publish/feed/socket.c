#include "publish/feed/socket.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static bool readable(struct feed_socket *socket)
{
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(socket->zmq, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN);
}

/* Receives one message whole. False when there is none. */
static bool receive(struct feed_socket *socket)
{
    zmq_msg_t parts[FRAMES_MAX];
    struct frame frames[FRAMES_MAX];
    size_t count = 0, kept = 0;
    bool more = true;
    for (; more; count++) {
        zmq_msg_t overflow, *part = count < FRAMES_MAX ? &parts[count] : &overflow;
        zmq_msg_init(part);
        if (zmq_msg_recv(part, socket->zmq, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(part);
            break;
        }
        more = zmq_msg_more(part) != 0;
        if (part == &overflow)
            zmq_msg_close(part);
        else
            frames[kept++] = (struct frame){zmq_msg_data(part), zmq_msg_size(part)};
    }
    if (count > 0) {
        socket->user = kept > 0 ? zmq_msg_gets(&parts[kept - 1], "User-Id") : NULL;
        socket->peer = kept > 0 ? zmq_msg_get(&parts[kept - 1], ZMQ_SRCFD) : -1;
        socket->received(socket, frames, count <= FRAMES_MAX ? kept : 0);
        socket->user = NULL;
    }
    for (size_t i = 0; i < kept; i++)
        zmq_msg_close(&parts[i]);
    return count > 0;
}

static void drain(struct feed_socket *socket)
{
    for (int n = 0; n < 256 && socket->zmq && readable(socket); n++) /* bounded: others want the loop too */
        if (!receive(socket))
            return;
}

static void on_edge(uv_poll_t *handle, int status, int events)
{
    (void)status;
    (void)events;
    drain(handle->data);
}

static void on_prepare(uv_prepare_t *handle)
{
    drain(handle->data);
}

bool feed_socket_open(struct feed_socket *socket, void *context, int type, const char *name, const char *bind,
                      int high_water, const struct curve_access *access, uv_loop_t *loop, struct error *err)
{
    int linger = 500, mandatory = 1, fd = -1;
    int64_t most = REQUEST_BYTES;
    size_t size = sizeof fd;
    socket->zmq = zmq_socket(context, type);
    if (!socket->zmq)
        return error_set(err, "%s: %s", name, zmq_strerror(errno));
    zmq_setsockopt(socket->zmq, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(socket->zmq, ZMQ_SNDHWM, &high_water, sizeof high_water);
    zmq_setsockopt(socket->zmq, ZMQ_MAXMSGSIZE, &most, sizeof most);
    if (type == ZMQ_ROUTER)
        zmq_setsockopt(socket->zmq, ZMQ_ROUTER_MANDATORY, &mandatory, sizeof mandatory);
    if (access &&
        (!curve_server_setup(access, socket->zmq) ||
         (type == ZMQ_XPUB && zmq_setsockopt(socket->zmq, ZMQ_XPUB_MANUAL, &mandatory, sizeof mandatory) != 0))) {
        zmq_close(socket->zmq);
        socket->zmq = NULL;
        return error_set(err, "%s: CURVE: %s", name, zmq_strerror(errno));
    }
    mode_t mask = umask(0117); /* an ipc endpoint is for user and group */
    int bound = zmq_bind(socket->zmq, bind);
    int why = errno;
    umask(mask);
    if (bound < 0 || zmq_getsockopt(socket->zmq, ZMQ_FD, &fd, &size) < 0) {
        zmq_close(socket->zmq);
        socket->zmq = NULL;
        return error_set(err, "%s: bind %s: %s", name, bind, zmq_strerror(bound < 0 ? why : errno));
    }
    uv_poll_init(loop, &socket->poll, fd);
    uv_prepare_init(loop, &socket->prepare);
    socket->poll.data = socket->prepare.data = socket;
    socket->open_handles = 2;
    uv_poll_start(&socket->poll, UV_READABLE, on_edge);
    uv_prepare_start(&socket->prepare, on_prepare);
    return true;
}

bool feed_socket_send(struct feed_socket *socket, const struct frame *frames, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (zmq_send(socket->zmq, frames[i].data, frames[i].size, ZMQ_DONTWAIT | (i + 1 < count ? ZMQ_SNDMORE : 0)) < 0)
            return false; /* only the first part of a message can be refused: the rest follows it */
    return true;
}

static void on_closed(uv_handle_t *handle)
{
    struct feed_socket *socket = handle->data;
    if (--socket->open_handles == 0 && socket->zmq) {
        zmq_close(socket->zmq);
        socket->zmq = NULL;
    }
}

void feed_socket_close(struct feed_socket *socket)
{
    if (!socket->zmq || uv_is_closing((uv_handle_t *)&socket->poll))
        return;
    uv_poll_stop(&socket->poll);
    uv_close((uv_handle_t *)&socket->poll, on_closed);
    uv_close((uv_handle_t *)&socket->prepare, on_closed);
}
