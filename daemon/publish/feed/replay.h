/* Answers requests of subscribers over the journal, some messages a turn so that nobody else waits. Private to feed. */
#ifndef CEMSD_PUBLISH_FEED_REPLAY_H
#define CEMSD_PUBLISH_FEED_REPLAY_H

#include "journal/reader.h"
#include "publish/feed/socket.h"

#include <jansson.h>

enum {
    SESSIONS_MAX = 64,
    SESSION_CHUNK = 64,
    REPLAY_MAX = 100000,
    REPLAY_DEFAULT = 10000,
    IDENTITY_BYTES = 256,
    SNAPSHOT_MAX = 65536
};

struct message_key {
    enum stream stream;
    uint64_t seq;
};

struct session {
    bool active, delimiter; /* delimiter: a REQ peer wants its empty frame back */
    struct feed_socket *socket;
    unsigned char identity[IDENTITY_BYTES];
    size_t identity_size;
    enum stream stream;
    uint64_t after, upto;
    size_t left;
    char prefix[TOPIC_BYTES];
    bool removed;                 /* also what retention left only the chain value of */
    struct message_key *snapshot; /* list of what is to be sent; NULL for a replay */
    size_t snapshot_count, snapshot_at;
    uint64_t heads[2];
    char user[CURVE_Z85]; /* "" on a socket without CURVE */
};

struct replay {
    struct reader *reader;
    uv_timer_t timer;
    struct session sessions[SESSIONS_MAX];
    size_t active;
    bool open;
    uint64_t requests, refused;
    uint64_t (*head)(void *owner, enum stream stream); /* last published seq */
    char *(*status)(void *owner);
    const char *(*acknowledge)(void *owner, const char *id, const char *by, const char *note);
    const struct feed_socket *control; /* the operator's door: who may open it is the file system's to say */
    void *owner, *status_owner;
    const struct curve_access *access; /* NULL: no CURVE */
};

bool replay_open(struct replay *replay, const char *journal_path, uv_loop_t *loop, struct error *err);
/* A message on a ROUTER: identity, [empty], request. */
void replay_request(struct replay *replay, struct feed_socket *socket, const struct frame *frames, size_t count);
/* The timer's handle must be closed by the caller before. */
void replay_clear(struct replay *replay);

#endif
