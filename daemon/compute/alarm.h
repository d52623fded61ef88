/* The life of one finding. What is not in this table can't happen:
 *
 *                 over        worse       under       acknowledged     reminded
 *   QUIET         → RAISED    → RAISED    ·           ·                ·
 *   RAISED        ·           = UPDATED   → CLEARED   → ACKNOWLEDGED   = UPDATED
 *   ACKNOWLEDGED  ·           = UPDATED   → CLEARED   ·                ·
 *
 *   → the step is published and the state changes (CLEARED is QUIET again)
 *   = the step is published, the state stays
 *
 * "under" comes only from a value below limit · (1 - hysteresis) or from the next closed period, so nothing flaps.
 * "reminded" is time passing without anybody acknowledging: the step is told again, one severity higher from the
 * escalation on. Pure. Any thread. */
#ifndef CEMSD_COMPUTE_ALARM_H
#define CEMSD_COMPUTE_ALARM_H

#include "model/reading.h"

#include <stdbool.h>

enum alarm_input { ALARM_OVER, ALARM_WORSE, ALARM_UNDER, ALARM_ACK, ALARM_REMIND, ALARM_INPUTS };

struct finding {
    enum alarm_state state; /* QUIET, RAISED or ACKNOWLEDGED */
    bool escalated;
    int64_t since_ms; /* when it was raised: with outlet, subject and kind, its id */
    int64_t said_ms;  /* when it was last published */
    double published; /* the value last published, for "worse" */
};

/* Moves the finding. Fills event->state, severity and id and returns true when the step is to be published. The other
 * members of event are the caller's. */
bool alarm_step(struct finding *finding, enum alarm_input input, struct alarm_event *event);

/* The id a finding of this event's outlet, subject, kind and period has when it was raised at since_ms. */
void alarm_id(const struct alarm_event *event, int64_t since_ms, char id[ALARM_ID]);

/* True when an unacknowledged finding is to be told again at now_ms; sets escalated when that is why. */
bool alarm_remind_due(struct finding *finding, const struct alarm_rules *rules, int64_t now_ms);

/* An event of the gateway or a line: no outlet, no channel, no figure. */
struct alarm_event alarm_event_of(enum alarm_kind kind, const char *subject, int64_t time_ms);

bool alarm_active(const struct finding *finding);

#endif
