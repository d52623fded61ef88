/* A ZeroMQ socket on the libuv loop.
 *
 * ZMQ_FD is edge triggered: readable once when something changes, and silent about what is still queued. So the events
 * are looked at again before the loop sleeps (uv_prepare), after every send or receive, and on every edge. Private to
 * the feed room; the loop's thread. */
#ifndef CEMSD_PUBLISH_FEED_SOCKET_H
#define CEMSD_PUBLISH_FEED_SOCKET_H

#include "model/error.h"
#include "publish/feed/curve.h"

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>
#include <zmq.h>

enum { FRAMES_MAX = 8, REQUEST_BYTES = 65536 };

struct frame {
    const void *data;
    size_t size;
};

struct feed_socket {
    void *zmq; /* NULL: not open */
    uv_poll_t poll;
    uv_prepare_t prepare;
    /* One message; more frames than FRAMES_MAX are dropped and counted as malformed with count 0. */
    void (*received)(struct feed_socket *socket, const struct frame *frames, size_t count);
    void *owner;
    const char *user; /* during received: who sent it, by CURVE; NULL where there is no CURVE */
    int peer;         /* during received: descriptor it came by; -1 unknown */
    int open_handles;
};

/* Makes, sets up (linger 0.5 s, message size bound; CURVE when access is given) and binds. name is for the error:
 * "feeds.alarm". */
bool feed_socket_open(struct feed_socket *socket, void *context, int type, const char *name, const char *bind,
                      int high_water, const struct curve_access *access, uv_loop_t *loop, struct error *err);
/* Sends without blocking; false when it can't be taken now or the peer is gone (errno). */
bool feed_socket_send(struct feed_socket *socket, const struct frame *frames, size_t count);
/* Handles close on the loop; run it until socket->open_handles is 0. */
void feed_socket_close(struct feed_socket *socket);

#endif
