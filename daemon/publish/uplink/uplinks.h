/* The HJ 212 platforms the gateway reports to: each a cursor over the journal and a connection.
 *
 *   journal (durable) ─► cursor "uplink.NAME" ─► 2051 2061 2031 2041 2111 ─► ack by QN ─► cursor moves
 *                    └─► cursor "uplink.NAME.event" ─► 3020
 *   latest values, once their samples are durable ─► 2011, 2021
 *   platform's requests ─► 9011 ─► act ─► answer ─► 9012                    (hj212/command.h)
 *
 * What a platform has not acknowledged stays where it is: the journal. After an outage of any length everything is sent
 * in order, oldest first, while real-time data go on beside it. The loop's thread. docs/hj212.md. */
#ifndef CEMSD_PUBLISH_UPLINK_UPLINKS_H
#define CEMSD_PUBLISH_UPLINK_UPLINKS_H

#include "journal/journal.h"
#include "journal/reader.h"
#include "model/plant.h"
#include "model/slice.h"

#include <jansson.h>
#include <stdio.h>
#include <uv.h>

struct uplinks;

struct uplinks_doors {
    void *owner;
    /* Latest figures of a channel; false before the first. */
    bool (*latest)(void *owner, uint32_t channel, struct reading *out, int64_t *time_ms);
    /* Makes the samples taken so far a block of the journal; the seq that must be durable before they may be sent. */
    uint64_t (*settle)(void *owner);
    /* Carries out an action of a channel; false when it can't be begun (busy). Ends in uplinks_instructed. */
    bool (*instruct)(void *owner, const struct channel *channel, const struct action *action, const char *area,
                     uint64_t ticket);
};

/* plant is borrowed until the next uplinks_apply, journal and doors for life. NULL with err. */
struct uplinks *uplinks_open(const struct plant *plant, struct journal *journal, uv_loop_t *loop,
                             const struct uplinks_doors *doors, struct error *err);
/* After a reload: platforms that did not change keep their connection, others begin anew. False with err when one could
 * not be made (its key, memory): it is left out, the others run. */
bool uplinks_apply(struct uplinks *u, const struct plant *plant, struct error *err);
/* Hangs up; freed when the loop has closed the handles. */
void uplinks_close(struct uplinks *u);

/* More of the journal is durable. */
void uplinks_pump(struct uplinks *u);
/* What an analyzer reported about itself: kept for 3019 and 3020. */
void uplinks_information(struct uplinks *u, struct slice area);
void uplinks_instructed(struct uplinks *u, uint64_t ticket, int exe_rtn);

/* An array with one object for each platform. */
json_t *uplinks_status(const struct uplinks *u);
/* True with why when a platform of that name has acknowledged nothing for patience_ms although it is down or has
 * something to be told. */
bool uplinks_trouble(const struct uplinks *u, const char *name, int64_t now_ms, int64_t patience_ms, char *why,
                     size_t why_size);
/* Prometheus text. */
void uplinks_metrics(const struct uplinks *u, FILE *out);

#endif
