/* Missing: no valid value of a channel for n minutes (two intervals of a slow one).
 *
 *   channel silent, its line speaks ─► alarm of the channel
 *   a line with many channels silent ─► one alarm of the line, which names them; theirs are not raised
 *
 * "Silent" of a line is: nothing but B from any of its channels. When it comes back, each channel has the whole
 * patience again before it is missed by itself. */
#include "compute/outlet.h"

#include "model/instant.h"

static int64_t patience_ms(const struct plant *plant)
{
    return plant->alarms.missing.minutes * MINUTE_MS;
}

static struct line_state *line_of(const struct outlet_state *o, const struct channel_state *c)
{
    if (c->line < 0)
        return NULL;
    struct line_state *l = &o->lines[c->line];
    return l->channels >= (uint32_t)o->plant->alarms.missing.line_channels ? l : NULL;
}

void silence_heard(struct outlet_state *o, struct channel_state *c, int64_t time_ms)
{
    if (c->mark != MARK_B && c->line >= 0 && o->lines[c->line].heard_ms < time_ms)
        o->lines[c->line].heard_ms = time_ms;
    if (c->mark != MARK_N)
        return;
    c->last_valid_ms = time_ms > c->last_valid_ms ? time_ms : c->last_valid_ms;
    c->silent_with_line = false;
    if (c->alarmed && alarm_active(&c->book->finding[ALARM_MISSING])) {
        struct alarm_event event = judge_event(o, c, ALARM_MISSING, time_ms);
        event.from_ms = c->book->finding[ALARM_MISSING].since_ms;
        judge_step(o, &c->book->finding[ALARM_MISSING], ALARM_UNDER, &event);
    }
}

void silence_tick(struct outlet_state *o, struct channel_state *c, int64_t now_ms)
{
    int64_t two_ms = 2 * (int64_t)c->interval_ms, patience = patience_ms(o->plant);
    struct line_state *line = line_of(o, c);
    if (c->alarmed && alarm_active(&c->book->finding[ALARM_MISSING]))
        return;
    int64_t since_ms = c->last_valid_ms;
    if (c->silent_with_line && line) { /* since the line came back, if it has */
        int64_t back_ms = alarm_active(&line->finding) ? line->heard_ms : line->back_ms;
        since_ms = back_ms > since_ms ? back_ms : since_ms;
    }
    int64_t deadline_ms = since_ms + (patience > two_ms ? patience : two_ms);
    if (now_ms < deadline_ms)
        return;
    if (line && line->heard_ms <= c->last_valid_ms + two_ms + 1000) { /* silent because the line is */
        c->silent_with_line = true;
        return;
    }
    c->silent_with_line = false;
    struct alarm_event event = judge_event(o, c, ALARM_MISSING, deadline_ms);
    event.from_ms = c->last_valid_ms;
    judge_step(o, &c->book->finding[ALARM_MISSING], ALARM_OVER, &event);
}

struct alarm_event silence_line_event(const struct plant *plant, size_t line, int64_t time_ms)
{
    struct alarm_event event = alarm_event_of(ALARM_MISSING, plant->lines[line].name, time_ms);
    event.line = (int)line;
    return event;
}

static void remind_of_line(const struct plant *plant, struct compute_sink *sink, struct line_state *l, size_t line,
                           int64_t now_ms)
{
    struct alarm_event event = silence_line_event(plant, line, now_ms);
    event.from_ms = l->heard_ms;
    if (alarm_remind_due(&l->finding, &plant->alarms, now_ms) && alarm_step(&l->finding, ALARM_REMIND, &event))
        sink->alarm(sink->owner, &event);
}

void silence_line(const struct plant *plant, struct compute_sink *sink, struct line_state *l, size_t line,
                  int64_t now_ms)
{
    int64_t deadline_ms = l->heard_ms + patience_ms(plant);
    bool lost = now_ms >= deadline_ms, active = alarm_active(&l->finding);
    if (l->channels < (uint32_t)plant->alarms.missing.line_channels || (!lost && !active))
        return;
    if (lost && active) {
        remind_of_line(plant, sink, l, line, now_ms);
        return;
    }
    struct alarm_event event = silence_line_event(plant, line, lost ? deadline_ms : l->heard_ms);
    event.from_ms = lost ? l->heard_ms : l->finding.since_ms;
    event.to_ms = lost ? INSTANT_NONE : l->heard_ms;
    if (!lost)
        l->back_ms = l->heard_ms;
    if (alarm_step(&l->finding, lost ? ALARM_OVER : ALARM_UNDER, &event))
        sink->alarm(sink->owner, &event);
}
