#include "compute/alarm.h"

#include "model/instant.h"

#include <math.h>
#include <stdio.h>

static const struct {
    enum alarm_state next, publish; /* publish QUIET: nothing is said */
} STEP[ALARM_STATES][ALARM_INPUTS] = {
    [ALARM_QUIET] = {[ALARM_OVER] = {ALARM_RAISED, ALARM_RAISED}, [ALARM_WORSE] = {ALARM_RAISED, ALARM_RAISED}},
    [ALARM_RAISED] = {[ALARM_OVER] = {ALARM_RAISED, ALARM_QUIET},
                      [ALARM_WORSE] = {ALARM_RAISED, ALARM_UPDATED},
                      [ALARM_UNDER] = {ALARM_QUIET, ALARM_CLEARED},
                      [ALARM_ACK] = {ALARM_ACKNOWLEDGED, ALARM_ACKNOWLEDGED},
                      [ALARM_REMIND] = {ALARM_RAISED, ALARM_UPDATED}},
    [ALARM_ACKNOWLEDGED] = {[ALARM_OVER] = {ALARM_ACKNOWLEDGED, ALARM_QUIET},
                            [ALARM_WORSE] = {ALARM_ACKNOWLEDGED, ALARM_UPDATED},
                            [ALARM_UNDER] = {ALARM_QUIET, ALARM_CLEARED},
                            [ALARM_ACK] = {ALARM_ACKNOWLEDGED, ALARM_QUIET},
                            [ALARM_REMIND] = {ALARM_ACKNOWLEDGED, ALARM_QUIET}},
};

bool alarm_active(const struct finding *finding)
{
    return finding->state != ALARM_QUIET;
}

/* Findings of one kind and subject differ by their period, or rule; hours go without saying. */
void alarm_id(const struct alarm_event *event, int64_t since_ms, char id[ALARM_ID])
{
    char compact[INSTANT_COMPACT];
    if (event->kind == ALARM_SUSPECT) {
        snprintf(id, ALARM_ID, "%s-%s-%s-%s-%s", event->outlet->id, event->subject, alarm_kind_name(event->kind),
                 suspect_rule_name((enum suspect_rule)event->rule), instant_format_compact(since_ms, compact));
        return;
    }
    bool named = event->kind == ALARM_EXCEED ? event->period >= 0 && event->period != PERIOD_HOUR
                                             : event->kind == ALARM_MISSING && event->period >= 0;
    snprintf(id, ALARM_ID, "%s-%s-%s%s%s-%s", event->outlet ? event->outlet->id : "gateway", event->subject,
             alarm_kind_name(event->kind), named ? "-" : "", named ? period_name((enum period)event->period) : "",
             instant_format_compact(since_ms, compact));
}

bool alarm_step(struct finding *finding, enum alarm_input input, struct alarm_event *event)
{
    enum alarm_state before = finding->state, publish = STEP[before][input].publish;
    finding->state = STEP[before][input].next;
    if (publish == ALARM_QUIET)
        return false;
    if (publish == ALARM_RAISED) {
        finding->since_ms = event->time_ms;
        finding->escalated = false;
    }
    finding->published = event->value;
    finding->said_ms = event->time_ms;
    event->state = publish;
    event->severity = alarm_kind_severity(event->kind);
    if (finding->escalated && event->severity < SEVERITY_CRITICAL)
        event->severity++;
    alarm_id(event, finding->since_ms, event->id);
    return true;
}

bool alarm_remind_due(struct finding *finding, const struct alarm_rules *rules, int64_t now_ms)
{
    if (finding->state != ALARM_RAISED)
        return false;
    if (rules->escalate_minutes > 0 && !finding->escalated &&
        now_ms - finding->since_ms >= rules->escalate_minutes * MINUTE_MS) {
        finding->escalated = true;
        return true;
    }
    return rules->remind_minutes > 0 && now_ms - finding->said_ms >= rules->remind_minutes * MINUTE_MS;
}

struct alarm_event alarm_event_of(enum alarm_kind kind, const char *subject, int64_t time_ms)
{
    return (struct alarm_event){
        .kind = kind,
        .subject = subject,
        .time_ms = time_ms,
        .from_ms = time_ms,
        .to_ms = INSTANT_NONE,
        .period = -1,
        .value = NAN,
        .limit = NAN,
        .multiple = NAN,
        .stay_under = NAN,
        .line = -1,
    };
}
