#include "compute/alarm.h"

#include "model/instant.h"

#include <stdio.h>

static const struct {
    enum alarm_state next, publish; /* publish QUIET: nothing is said */
} STEP[ALARM_STATES][ALARM_INPUTS] = {
    [ALARM_QUIET] = {[ALARM_OVER] = {ALARM_RAISED, ALARM_RAISED}, [ALARM_WORSE] = {ALARM_RAISED, ALARM_RAISED}},
    [ALARM_RAISED] = {[ALARM_OVER] = {ALARM_RAISED, ALARM_QUIET},
                      [ALARM_WORSE] = {ALARM_RAISED, ALARM_UPDATED},
                      [ALARM_UNDER] = {ALARM_QUIET, ALARM_CLEARED},
                      [ALARM_ACK] = {ALARM_ACKNOWLEDGED, ALARM_ACKNOWLEDGED}},
    [ALARM_ACKNOWLEDGED] = {[ALARM_OVER] = {ALARM_ACKNOWLEDGED, ALARM_QUIET},
                            [ALARM_WORSE] = {ALARM_ACKNOWLEDGED, ALARM_UPDATED},
                            [ALARM_UNDER] = {ALARM_QUIET, ALARM_CLEARED},
                            [ALARM_ACK] = {ALARM_ACKNOWLEDGED, ALARM_QUIET}},
};

bool alarm_active(const struct finding *finding)
{
    return finding->state != ALARM_QUIET;
}

bool alarm_step(struct finding *finding, enum alarm_input input, struct alarm_event *event)
{
    enum alarm_state before = finding->state, publish = STEP[before][input].publish;
    finding->state = STEP[before][input].next;
    if (publish == ALARM_QUIET)
        return false;
    if (publish == ALARM_RAISED) {
        char compact[INSTANT_COMPACT];
        finding->since_ms = event->time_ms;
        snprintf(finding->id, sizeof finding->id, "%s-%s-%s-%s", event->outlet ? event->outlet->id : "gateway",
                 event->subject, alarm_kind_name(event->kind), instant_format_compact(event->time_ms, compact));
    }
    finding->published = event->value;
    event->state = publish;
    snprintf(event->id, sizeof event->id, "%s", finding->id);
    return true;
}
