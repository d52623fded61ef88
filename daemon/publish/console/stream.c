#include "publish/console/stream.h"

#include "model/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGES_A_LOOK = 64, BEAT_MS = 15000 };

/* ---- the ring ---- */

static void put(struct ring *ring, const char *bytes, size_t length)
{
    size_t at = (size_t)(ring->end % RING_BYTES), first = length < RING_BYTES - at ? length : RING_BYTES - at;
    memcpy(ring->bytes + at, bytes, first);
    memcpy(ring->bytes, bytes + first, length - first);
    ring->end += length;
}

static void put_event(struct broadcast *s, const char *event, const char *data, size_t length, bool open)
{
    struct ring *const rings[] = {&s->all, open ? &s->open : NULL};
    char head[64];
    int n = snprintf(head, sizeof head, "event: %s\ndata: ", event);
    if (length + (size_t)n + 2 > FRAME_MAX) {
        s->too_large++;
        return;
    }
    for (size_t i = 0; i < 2 && rings[i]; i++) {
        put(rings[i], head, (size_t)n);
        put(rings[i], data, length);
        put(rings[i], "\n\n", 2);
    }
}

/* ---- viewers ---- */

/* One whose connection takes nothing is not asked any more: it is given a second, and then hung up on. */
static bool fell_behind(struct viewer *v)
{
    if (!v->behind && v->ring->end - v->at > RING_BYTES) {
        v->behind = true;
        v->stream->behind++;
        MHD_set_connection_option(v->connection, MHD_CONNECTION_OPTION_TIMEOUT, 1U);
    }
    return v->behind;
}

static ssize_t give(void *owner, uint64_t position, char *bytes, size_t room)
{
    struct viewer *v = owner;
    struct broadcast *s = v->stream;
    uint64_t waiting = v->ring->end - v->at;
    (void)position;
    if (s->ending)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (fell_behind(v))
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (waiting == 0) {
        v->waits = true;
        MHD_suspend_connection(v->connection);
        return 0;
    }
    size_t at = (size_t)(v->at % RING_BYTES), length = waiting < room ? (size_t)waiting : room;
    if (length > RING_BYTES - at)
        length = RING_BYTES - at;
    memcpy(bytes, v->ring->bytes + at, length);
    v->at += length;
    return (ssize_t)length;
}

static void leave(void *owner)
{
    struct viewer *v = owner;
    v->stream->count--;
    v->stream = NULL;
}

struct answer stream_answer(struct broadcast *s, struct MHD_Connection *connection, bool is_operator)
{
    struct viewer *v = NULL;
    for (size_t i = 0; i < VIEWERS_MAX && !v && !s->ending; i++)
        if (!s->viewers[i].stream)
            v = &s->viewers[i];
    if (!v) {
        s->refused++;
        return answer_refusal(MHD_HTTP_SERVICE_UNAVAILABLE, "too many are looking already");
    }
    if (s->count == 0)
        for (int i = 0; i < 2; i++)
            s->seen[i] = s->settings->durable(s->settings->owner, (enum stream)i);
    struct ring *ring = is_operator ? &s->all : &s->open;
    *v = (struct viewer){.stream = s, .ring = ring, .connection = connection, .at = ring->end};
    struct answer a = {.code = MHD_HTTP_OK, .type = "text/event-stream"};
    a.streaming = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 8192, give, v, leave);
    if (!a.streaming)
        v->stream = NULL;
    else {
        s->count++;
        s->live_ms = 0; /* something to see at once */
    }
    return a;
}

static void wake(struct broadcast *s)
{
    for (size_t i = 0; i < VIEWERS_MAX; i++) {
        struct viewer *v = &s->viewers[i];
        if (v->stream && v->waits) {
            v->waits = false;
            MHD_resume_connection(v->connection);
        } else if (v->stream) {
            fell_behind(v);
        }
    }
}

/* ---- what there is to see ---- */

static bool tell(void *owner, const struct journal_entry *entry)
{
    struct broadcast *s = owner;
    const char *period = strrchr(entry->topic, '/');
    bool passing = entry->stream == STREAM_DISCLOSURE && period &&
                   (strcmp(period, "/realtime") == 0 || strcmp(period, "/minute") == 0);
    if (!passing)
        put_event(s, entry->stream == STREAM_ALARM ? "alarm" : "closed", entry->body, entry->length,
                  entry->stream != STREAM_ALARM);
    s->seen[entry->stream] = entry->seq;
    return true;
}

static void look_at_journal(struct broadcast *s)
{
    for (int i = 0; i < 2; i++) {
        struct error err;
        uint64_t head = s->settings->durable(s->settings->owner, (enum stream)i);
        if (head > s->seen[i] &&
            !reader_messages(s->reader, (enum stream)i, s->seen[i], head, MESSAGES_A_LOOK, "", tell, s, NULL, &err))
            log_line(LOG_WARN, "console", "event=read-failed error=\"%s\"", err.text);
    }
}

/* All channels, or as many as a look may tell: the next goes on. */
static void tell_live(struct broadcast *s)
{
    uint64_t before = s->all.end;
    char *live;
    while (s->all.end - before < LIVE_BYTES && (live = s->settings->live(s->settings->owner, s->live_from))) {
        put_event(s, "live", live, strlen(live), true);
        free(live);
        s->live_from += LIVE_CHANNELS;
    }
    if (s->all.end - before < LIVE_BYTES)
        s->live_from = 0;
}

bool stream_look(struct broadcast *s, int64_t now_ms)
{
    uint64_t before = s->all.end;
    if (s->count == 0)
        return false;
    look_at_journal(s);
    bool due = now_ms - s->live_ms >= LIVE_MS || now_ms < s->live_ms;
    if (due && s->live_from == 0)
        s->live_ms = now_ms;
    if (due || s->live_from > 0)
        tell_live(s);
    if (s->all.end != before)
        s->beat_ms = now_ms;
    else if (now_ms - s->beat_ms >= BEAT_MS || now_ms < s->beat_ms) { /* a peer that is gone is found out */
        put(&s->all, ":\n\n", 3);
        put(&s->open, ":\n\n", 3);
        s->beat_ms = now_ms;
    }
    if (s->all.end == before)
        return false;
    wake(s);
    return true;
}

void stream_end(struct broadcast *s)
{
    s->ending = true;
    wake(s);
}
