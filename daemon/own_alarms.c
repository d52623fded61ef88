/* Alarms of the gateway itself: a platform that can't be reached, a journal that can't be written, a clock that was
 * stepped, a configuration that was refused. They have the same life as those of a channel, and outlet "-".
 *
 * The clock's ends by itself after CLOCK_CALM_MS: a step is a moment, not a state. */
#include "gateway_parts.h"
#include "model/clock.h"
#include "model/instant.h"
#include "model/log.h"

#include <math.h>
#include <string.h>

enum { CLOCK_STEP_MS = 2000, CLOCK_CALM_MS = 600000 };

static struct own_finding *find(struct gateway *g, enum alarm_kind kind, const char *subject, bool make)
{
    struct own_finding *free_place = NULL;
    for (size_t i = 0; i < OWN_FINDINGS; i++) {
        struct own_finding *own = &g->own[i];
        if (alarm_active(&own->finding) && own->kind == kind && strcmp(own->subject, subject) == 0)
            return own;
        if (!alarm_active(&own->finding) && !free_place)
            free_place = own;
    }
    if (!make || !free_place)
        return NULL;
    free_place->kind = kind;
    snprintf(free_place->subject, sizeof free_place->subject, "%s", subject);
    return free_place;
}

static struct alarm_event event_of(const struct own_finding *own, int64_t now_ms)
{
    struct alarm_event event = alarm_event_of(own->kind, own->subject, now_ms);
    if (alarm_active(&own->finding))
        event.from_ms = own->finding.since_ms;
    return event;
}

void own_alarm(struct gateway *g, enum alarm_kind kind, const char *subject, enum alarm_input input, const char *detail)
{
    struct own_finding *own = find(g, kind, subject, input != ALARM_UNDER);
    if (!own)
        return;
    struct alarm_event event = event_of(own, clock_wall_ms());
    event.to_ms = input == ALARM_UNDER ? event.time_ms : INSTANT_NONE;
    snprintf(event.detail, sizeof event.detail, "%s", detail);
    if (alarm_step(&own->finding, input, &event))
        gateway_alarm(g, &event);
}

bool own_restore(struct gateway *g, const struct stored_alarm *a, enum alarm_kind kind, enum alarm_state state)
{
    struct own_finding *own = kind >= ALARM_UPLINK ? find(g, kind, a->subject, true) : NULL;
    if (!own)
        return false;
    own->finding = (struct finding){.state = state == ALARM_ACKNOWLEDGED ? ALARM_ACKNOWLEDGED : ALARM_RAISED,
                                    .since_ms = a->raised_ms,
                                    .said_ms = a->time_ms,
                                    .published = NAN};
    return true;
}

static bool own_acknowledge(struct gateway *g, const char *id, const char *by, const char *note, bool *known)
{
    for (size_t i = 0; i < OWN_FINDINGS; i++) {
        struct own_finding *own = &g->own[i];
        char mine[ALARM_ID];
        struct alarm_event event = event_of(own, clock_wall_ms());
        alarm_id(&event, own->finding.since_ms, mine);
        if (!alarm_active(&own->finding) || strcmp(mine, id) != 0)
            continue;
        *known = true;
        snprintf(event.by, sizeof event.by, "%s", by);
        snprintf(event.note, sizeof event.note, "%s", note);
        if (!alarm_step(&own->finding, ALARM_ACK, &event))
            return false;
        gateway_alarm(g, &event);
        return true;
    }
    return false;
}

const char *gateway_acknowledge(void *owner, const char *id, const char *by, const char *note)
{
    struct gateway *g = owner;
    bool known = false;
    bool done = compute_acknowledge(g->compute, id, by, note, clock_wall_ms(), &known) ||
                (!known && own_acknowledge(g, id, by, note, &known));
    if (!done)
        return known ? "it is acknowledged already" : "there is no active alarm of that id";
    log_line(LOG_NOTICE, "alarm", "event=acknowledged id=%s", id);
    journal_flush(g->journal);
    return NULL;
}

static void watch_clock(struct gateway *g, int64_t now_ms, int64_t now_ns)
{
    int64_t offset_ms = now_ms - now_ns / 1000000, step_ms = offset_ms - g->clock_offset_ms;
    const struct own_finding *own = find(g, ALARM_CLOCK, "clock", false);
    if (g->clock_offset_ms != 0 && (step_ms > CLOCK_STEP_MS || step_ms < -CLOCK_STEP_MS)) {
        char detail[96];
        snprintf(detail, sizeof detail, "the wall clock was stepped by %+.3f s", (double)step_ms / 1000);
        log_line(LOG_WARN, "clock", "event=stepped by_ms=%lld", (long long)step_ms);
        gateway_append_event(g, "clock", detail);
        own_alarm(g, ALARM_CLOCK, "clock", ALARM_WORSE, detail);
    } else if (own && (now_ms - own->finding.said_ms > CLOCK_CALM_MS || now_ms < own->finding.since_ms)) {
        own_alarm(g, ALARM_CLOCK, "clock", ALARM_UNDER, "");
    }
    g->clock_offset_ms = offset_ms;
}

void own_watch(struct gateway *g, int64_t now_ms, int64_t now_ns)
{
    watch_clock(g, now_ms, now_ns);
    if (now_ns - g->own_watched_ns < INT64_C(1000000000))
        return;
    g->own_watched_ns = now_ns;
    struct journal_status s;
    journal_status_get(g->journal, &s);
    own_alarm(g, ALARM_STORE, "journal", s.error[0] ? ALARM_OVER : ALARM_UNDER, s.error);
    own_alarm(g, ALARM_STORE, "chain", g->patrol.fault[0] ? ALARM_OVER : ALARM_UNDER, g->patrol.fault);
    int64_t patience_ms = g->plant->alarms.uplink.minutes * MINUTE_MS;
    for (size_t i = 0; i < g->plant->uplink_count; i++) {
        char why[160];
        bool bad = uplinks_trouble(g->uplinks, g->plant->uplinks[i].name, now_ms, patience_ms, why, sizeof why);
        own_alarm(g, ALARM_UPLINK, g->plant->uplinks[i].name, bad ? ALARM_OVER : ALARM_UNDER, bad ? why : "");
    }
    for (size_t i = 0; i < OWN_FINDINGS; i++) {
        struct own_finding *own = &g->own[i];
        if (!alarm_active(&own->finding) || !alarm_remind_due(&own->finding, &g->plant->alarms, now_ms))
            continue;
        struct alarm_event event = event_of(own, now_ms);
        if (alarm_step(&own->finding, ALARM_REMIND, &event))
            gateway_alarm(g, &event);
    }
}
