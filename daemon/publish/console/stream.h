/* Server-sent events: GET /api/v1/stream (HTML Living Standard, 9.2).
 *
 *   event: live     each second while anybody looks: {"time":T,"channels":[[outlet, factor, value, converted, mark,
 *                   mean, limit, projected, stay_under], ...]}, null where there is nothing; LIVE_CHANNELS in each
 * event, as many events as that takes, LIVE_BYTES at most a look event: alarm    each step of an alarm, the published
 * body; for operators event: closed   each disclosure of a closed period from 5 minutes up, the published body
 *
 *   journal ─ cursor ─┐                                  ┌─► viewer (its place in the ring)
 *   latest values ────┴─► one text for all ─► 2 rings ───┼─► viewer
 *                                                        └─► viewer that fell behind: hung up, counted; it comes again
 *
 * Nobody looking costs nothing. What a viewer missed it asks the API for. Private to the console; the loop's thread. */
#ifndef CEMSD_PUBLISH_CONSOLE_STREAM_H
#define CEMSD_PUBLISH_CONSOLE_STREAM_H

#include "journal/reader.h"
#include "publish/console/answer.h"
#include "publish/console/console.h"

enum {
    VIEWERS_MAX = 224,
    RING_BYTES = 256 * 1024,
    FRAME_MAX = RING_BYTES / 4,
    LIVE_BYTES = FRAME_MAX,
    LOOK_MS = 100,
    LIVE_MS = 1000
};

struct broadcast;

struct viewer {
    struct broadcast *stream; /* NULL: free */
    struct ring *ring;
    struct MHD_Connection *connection;
    uint64_t at; /* in the ring's stream of bytes */
    bool waits;  /* suspended */
    bool behind; /* the ring has gone past it */
};

struct ring {
    char bytes[RING_BYTES];
    uint64_t end; /* bytes ever written */
};

struct broadcast {
    const struct console_settings *settings;
    struct reader *reader; /* borrowed */
    struct viewer viewers[VIEWERS_MAX];
    size_t count;
    struct ring all, open; /* open: without alarms */
    uint64_t seen[2];      /* cursor, by stream */
    int64_t live_ms, beat_ms;
    size_t live_from; /* the next channel to be told; 0: all are */
    uint64_t refused, behind, too_large;
    bool ending;
};

struct answer stream_answer(struct broadcast *stream, struct MHD_Connection *connection, bool is_operator);
/* Every LOOK_MS. True when there is something for somebody: run libmicrohttpd. */
bool stream_look(struct broadcast *stream, int64_t now_ms);
/* Sends everybody away; run libmicrohttpd once before it is stopped. */
void stream_end(struct broadcast *stream);

#endif
