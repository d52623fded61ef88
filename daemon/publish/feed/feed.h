/* The feeds: alarm and disclosure (XPUB), heartbeats on both, replay and the operator's door (ROUTER). docs/feeds.md.
 *
 *   journal (durable) ─► cursor "feed.alarm", "feed.disclosure" ─► topic · body · signature ─► subscribers
 *   DEALER ─► {"op":"replay"|"snapshot"|"status"} ─► sessions over the journal, a few messages a turn
 *
 * A publisher is a cursor over the journal: what the daemon could not send before a crash it sends after it, under the
 * same seq. The loop's thread. */
#ifndef CEMSD_PUBLISH_FEED_FEED_H
#define CEMSD_PUBLISH_FEED_FEED_H

#include "journal/journal.h"
#include "model/plant.h"

#include <uv.h>

struct feed;

struct feed_settings {
    const struct plant *plant; /* its feeds and control are read when opening; not kept */
    struct journal *journal;   /* borrowed */
    struct signer *signer;     /* borrowed; for heartbeats; NULL = unsigned */
    uv_loop_t *loop;
    /* Answers {"op":"status"}: a JSON text to free(), or NULL. */
    char *(*status)(void *owner);
    /* Acknowledges an alarm, asked at the operator's door: NULL, or why not. */
    const char *(*acknowledge)(void *owner, const char *id, const char *by, const char *note);
    void *owner;
};

/* Binds everything that is configured and publishes what is durable and was not sent. NULL with err. */
struct feed *feed_open(const struct feed_settings *settings, struct error *err);
/* Reads the folder of CURVE clients again; the old list stays when that fails. True without CURVE. */
bool feed_reload_clients(struct feed *feed, struct error *err);
/* Publishes what has become durable. */
void feed_pump(struct feed *feed);
/* Sends a last heartbeat and closes; done(owner), unless NULL, is called once when all
 * handles are gone, and the feed is freed. */
void feed_close(struct feed *feed, void (*done)(void *owner), void *owner);

struct feed_status {
    uint64_t published[2], subscriptions[2]; /* by stream */
    uint64_t requests, refused, sessions;
    uint64_t admitted, turned_away; /* CURVE handshakes */
    uint64_t cut;                   /* connections of clients struck off the list, or with other topics */
};
void feed_status_get(const struct feed *feed, struct feed_status *out);

#endif
