/* What is known already goes on: windows and findings over a reload, closed periods and active alarms of the journal
 * over a restart, and the acknowledgement of an alarm by its id. */
#include "compute/plant_state.h"

#include "compute/amend.h"
#include "compute/batch.h"
#include "compute/suspect.h"
#include "model/instant.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct channel_state *find_channel(struct compute *compute, const char *outlet, const char *factor)
{
    const struct channel *channel = plant_find(compute->plant, outlet, factor, &compute->hint);
    return channel ? &compute->channels[channel->index] : NULL;
}

static struct line_state *find_line(const struct compute *compute, const char *name)
{
    for (size_t i = 0; i < compute->plant->line_count; i++)
        if (strcmp(compute->plant->lines[i].name, name) == 0)
            return &compute->lines[i];
    return NULL;
}

static void adopt_told(struct told *new, const struct told *old, int64_t now_ms)
{
    if (new &&old)
        *new = *old;
    else if (new)
        told_init(new, now_ms);
}

/* What the new configuration says of the channel stays, what happened to it comes over. */
static void adopt_channel(const struct outlet_state *o, struct channel_state *new, const struct channel_state *old,
                          int64_t now_ms)
{
    const struct channel_state made = *new;
    struct channel_book *book = new->book;
    struct batch *batch = book->batch;
    struct told *told = book->told;
    struct suspicion *suspicion = book->suspicion;
    *book = *old->book;
    book->batch = batch;
    book->told = told;
    book->suspicion = suspicion;
    if (suspicion && old->book->suspicion)
        *suspicion = *old->book->suspicion;
    if (batch && old->book->batch)
        *batch = *old->book->batch;
    adopt_told(told, old->book->told, now_ms);
    *new = *old;
    new->channel = made.channel;
    new->book = book;
    new->mean = made.mean;
    new->is_batch = made.is_batch;
    new->series.above = made.series.above;
    outlet_know_channel(o, new);
}

static void renounce(struct outlet_state *o, int64_t now_ms)
{
    o->amend_since_ms = period_end_ms(PERIOD_2HOUR, period_floor_ms(PERIOD_2HOUR, now_ms));
    o->amend_from_ms = INSTANT_NONE;
}

void compute_renounce(struct compute *compute, int64_t now_ms)
{
    for (size_t i = 0; i < compute->plant->outlet_count; i++)
        renounce(&compute->outlets[i], now_ms);
}

static void adopt_outlet(struct compute *compute, struct compute *from, struct outlet_state *old, int64_t now_ms)
{
    struct outlet_state *o = NULL;
    for (size_t i = 0; i < compute->plant->outlet_count; i++)
        if (strcmp(compute->plant->outlets[i].id, old->outlet->id) == 0)
            o = &compute->outlets[i];
    if (!o)
        return;
    o->minute_next_ms = old->minute_next_ms;
    o->first_ms = old->first_ms;
    if (compute->plant->feeds.disclosure.realtime_s == from->plant->feeds.disclosure.realtime_s)
        o->realtime_next_ms = old->realtime_next_ms;
    o->flow = old->flow;
    memcpy(o->flow_above, old->flow_above, sizeof o->flow_above);
    o->flow.above = o->flow_above;
    adopt_told(o->told_flow, old->told_flow, now_ms);
    renounce(o, now_ms);
    if (o->volumes && old->volumes)
        *o->volumes = *old->volumes;
    o->condition = o->outlet->has_operation ? old->condition : -1;
    memcpy(o->parts_in, old->parts_in, sizeof o->parts_in);
}

static void adopt_line(struct compute *compute, struct compute *from, size_t n, int64_t now_ms)
{
    struct line_state *old = &from->lines[n], *new = find_line(compute, from->plant->lines[n].name);
    if (new &&new->channels >= (uint32_t)compute->plant->alarms.missing.line_channels) {
        uint32_t channels = new->channels;
        *new = *old;
        new->channels = channels;
    } else if (alarm_active(&old->finding)) {
        struct alarm_event event = silence_line_event(from->plant, n, now_ms);
        event.from_ms = old->finding.since_ms;
        event.to_ms = now_ms;
        if (alarm_step(&old->finding, ALARM_UNDER, &event))
            from->sink.alarm(from->sink.owner, &event);
    }
}

void compute_adopt(struct compute *compute, struct compute *from, int64_t now_ms)
{
    amend_tick(from, true);
    compute_begin(compute, now_ms);
    for (size_t i = 0; i < from->plant->line_count; i++)
        adopt_line(compute, from, i, now_ms);
    for (size_t i = 0; i < from->plant->outlet_count; i++)
        adopt_outlet(compute, from, &from->outlets[i], now_ms);
    for (size_t i = 0; i < from->plant->channel_count; i++) {
        struct channel_state *old = &from->channels[i];
        struct outlet_state *old_outlet = outlet_state_of(from, (uint32_t)i);
        struct channel_state *new = find_channel(compute, old_outlet->outlet->id, old->channel->factor->code);
        if (new)
            adopt_channel(outlet_state_of(compute, new->channel->index), new, old, now_ms);
        else
            judge_gone(old_outlet, old, now_ms);
    }
    compute->counts = from->counts;
    compute_find_due(compute);
}

void compute_forget_findings(struct compute *compute)
{
    for (size_t i = 0; i < compute->plant->channel_count; i++) {
        struct channel_state *c = &compute->channels[i];
        memset(c->book->finding, 0, sizeof c->book->finding);
        memset(c->book->exceed, 0, sizeof c->book->exceed);
        c->book->hour_lost = (struct finding){0};
        if (c->book->suspicion)
            memset(c->book->suspicion->finding, 0, sizeof c->book->suspicion->finding);
        judge_note_alarmed(c);
    }
    for (size_t i = 0; i < compute->plant->line_count; i++)
        compute->lines[i].finding = (struct finding){0};
}

bool compute_restore_finding(struct compute *compute, const struct kept_finding *kept)
{
    struct channel_state *c = find_channel(compute, kept->outlet, kept->subject);
    struct line_state *line = c || kept->kind != ALARM_MISSING ? NULL : find_line(compute, kept->subject);
    struct finding *finding = NULL;
    enum suspect_rule rule = kept->kind == ALARM_SUSPECT ? suspect_rule_of(kept->id) : SUSPECT_RULES;
    bool period = kept->period >= 0 && kept->period < PERIODS;
    if (line)
        finding = &line->finding;
    else if (c && kept->kind == ALARM_SUSPECT)
        finding = c->book->suspicion && rule < SUSPECT_RULES ? &c->book->suspicion->finding[rule] : NULL;
    else if (!c || kept->kind >= ALARM_CHANNEL_KINDS || (kept->kind == ALARM_EXCEED && !period))
        return false;
    else if (kept->kind == ALARM_EXCEED)
        finding = &c->book->exceed[kept->period];
    else
        finding = kept->kind == ALARM_MISSING && period ? &c->book->hour_lost : &c->book->finding[kept->kind];
    if (!finding)
        return false;
    int escalate = compute->plant->alarms.escalate_minutes;
    *finding = (struct finding){
        .state = kept->state == ALARM_ACKNOWLEDGED ? ALARM_ACKNOWLEDGED : ALARM_RAISED,
        .escalated = escalate > 0 && kept->said_ms - kept->since_ms >= escalate * MINUTE_MS,
        .since_ms = kept->since_ms,
        .said_ms = kept->said_ms,
        .published = kept->value,
    };
    if (c)
        judge_note_alarmed(c);
    return true;
}

static bool within(enum period period, int64_t from_ms, int64_t now_ms)
{
    return period_floor_ms(period, from_ms) == period_floor_ms(period, now_ms);
}

/* The state of a closed period counts for those in progress that it is part of. */
static void restore_condition(struct outlet_state *o, const struct kept_record *kept, int64_t now_ms)
{
    static const enum period WITHIN[PERIODS] = {
        [PERIOD_HOUR] = PERIOD_DAY, [PERIOD_DAY] = PERIOD_MONTH, [PERIOD_MONTH] = PERIOD_QUARTER};
    if (WITHIN[kept->period] == PERIOD_REALTIME || kept->condition < 0)
        return;
    if (within(WITHIN[kept->period], kept->from_ms, now_ms))
        operation_feed(o, kept->period, kept->condition);
    else if (kept->period == PERIOD_MONTH && within(PERIOD_YEAR, kept->from_ms, now_ms))
        o->parts_in[PERIOD_YEAR][kept->condition]++;
}

/* It is a part of longer periods that are still in progress. */
static void feed_longer(struct outlet_state *o, struct channel_state *c, const struct kept_record *kept,
                        const struct quantum *q, int64_t now_ms)
{
    const struct quantum flow = {isfinite(kept->flow) ? MARK_N : MARK_B, kept->flow, NAN, NAN, REASON_NONE, false};
    bool judged = operation_treatment(o, kept->condition) == TREAT_JUDGE;
    if (kept->period == PERIOD_HOUR && within(PERIOD_MONTH, kept->from_ms, now_ms))
        channel_count_hour(c, judged, c->mean == MEAN_CONVERTED ? kept->converted : kept->value);
    if (c == o->channels) /* once an outlet */
        restore_condition(o, kept, now_ms);
    if (kept->period == PERIOD_HOUR && !within(PERIOD_DAY, kept->from_ms, now_ms))
        return;
    series_feed(&c->series, kept->period, kept->from_ms, q, kept->amount);
    if (c == o->channels)
        series_feed(&o->flow, kept->period, kept->from_ms, &flow, NAN);
}

void compute_restore_record(struct compute *compute, const struct kept_record *kept, int64_t now_ms)
{
    struct channel_state *c = find_channel(compute, kept->outlet, kept->factor);
    if (!c)
        return;
    struct outlet_state *o = outlet_state_of(compute, c->channel->index);
    const struct quantum q = {kept->mark, kept->value, kept->converted, kept->weight, REASON_NONE, false};
    const struct told_part part = {.start_ms = kept->from_ms,
                                   .q = q,
                                   .min = kept->min,
                                   .max = kept->max,
                                   .amount = kept->amount,
                                   .valid = kept->valid,
                                   .revision = kept->revision};
    if (kept->from_ms < now_ms)
        feed_longer(o, c, kept, &q, now_ms);
    if (c->book->batch)
        c->book->batch->forgot = true; /* values before the restart are not all known */
    told_remember(c->book->told, kept->period, &part);
    if (o->told_flow && c == o->channels && kept->period != PERIOD_2HOUR)
        told_remember_flow(o, kept->period, kept->from_ms, kept->flow, kept->condition);
}

struct acknowledgement {
    const char *id, *by, *note;
    bool found, done;
};

static void acknowledge(struct outlet_state *o, struct finding *finding, struct alarm_event *event, void *with)
{
    struct acknowledgement *ack = with;
    char id[ALARM_ID];
    alarm_id(event, finding->since_ms, id);
    if (ack->found || strcmp(id, ack->id) != 0)
        return;
    ack->found = true;
    ack->done = finding->state == ALARM_RAISED;
    event->from_ms = finding->since_ms;
    event->value = finding->published;
    snprintf(event->by, sizeof event->by, "%s", ack->by);
    snprintf(event->note, sizeof event->note, "%s", ack->note);
    judge_step(o, finding, ALARM_ACK, event);
}

bool compute_acknowledge(struct compute *compute, const char *id, const char *by, const char *note, int64_t now_ms,
                         bool *known)
{
    struct acknowledgement ack = {.id = id, .by = by, .note = note};
    for (size_t i = 0; i < compute->plant->channel_count && !ack.found; i++)
        judge_findings(outlet_state_of(compute, (uint32_t)i), &compute->channels[i], now_ms, acknowledge, &ack);
    for (size_t i = 0; i < compute->plant->line_count && !ack.found; i++) {
        struct alarm_event event = silence_line_event(compute->plant, i, now_ms);
        if (alarm_active(&compute->lines[i].finding) && compute->plant->outlet_count > 0)
            acknowledge(&compute->outlets[0], &compute->lines[i].finding, &event, &ack);
    }
    *known = ack.found;
    return ack.done;
}
