/* The life of one finding. What is not in this table can't happen:
 *
 *                 over            worse            under            acknowledged
 *   QUIET         → RAISED        → RAISED         ·                ·
 *   RAISED        ·               = UPDATED        → CLEARED        → ACKNOWLEDGED
 *   ACKNOWLEDGED  ·               = UPDATED        → CLEARED        ·
 *
 *   → the step is published and the state changes (CLEARED is QUIET again)
 *   = the step is published, the state stays
 *
 * "under" comes only from a value below limit · (1 - hysteresis) or from the next closed period, so nothing flaps.
 * Pure. Any thread. */
#ifndef CEMSD_COMPUTE_ALARM_H
#define CEMSD_COMPUTE_ALARM_H

#include "model/reading.h"

#include <stdbool.h>

enum alarm_input { ALARM_OVER, ALARM_WORSE, ALARM_UNDER, ALARM_ACK, ALARM_INPUTS };

struct finding {
    enum alarm_state state; /* QUIET, RAISED or ACKNOWLEDGED */
    char id[ALARM_ID];
    int64_t since_ms; /* when it was raised */
    double published; /* the value last published, for "worse" */
};

/* Moves the finding. Fills event->state and event->id and returns true when the step is to be published; a raised step
 * makes the id from outlet, subject, kind and event->time_ms. The other members of event are the caller's. */
bool alarm_step(struct finding *finding, enum alarm_input input, struct alarm_event *event);

bool alarm_active(const struct finding *finding);

#endif
