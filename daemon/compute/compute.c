/* All outlets of a plant, and the walk over a group of samples: first the channels others are converted with (O2,
 * temperature, pressure, moisture, velocity's own inputs), then the rest, so that the values of one instant see each
 * other whatever their order on the wire. */
#include "compute/compute.h"

#include "compute/batch.h"
#include "model/instant.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANKS = 3, AHEAD = 8 };

struct compute {
    const struct plant *plant;
    struct compute_sink sink;
    struct compute_counts counts;
    struct channel_state *channels; /* by channel->index */
    uint8_t *rank;                  /* the same: when its turn is within an instant */
    struct outlet_state *outlets;
    struct line_state *lines;
    struct period_record record;
    int64_t due_ms;
    bool begun;
};

static enum mean mean_of(const struct outlet *outlet, const struct channel *channel, bool flow_meter)
{
    if (channel->role != ROLE_POLLUTANT)
        return MEAN_PLAIN;
    if (outlet->medium == MEDIUM_WATER)
        return flow_meter ? MEAN_WEIGHTED : MEAN_PLAIN;
    return isfinite(outlet->reference_o2) ? MEAN_CONVERTED : MEAN_PLAIN;
}

/* The conditions of the gas and the flow of the water first; then O2, which may itself need the moisture; then the
 * rest.
 */
static uint8_t rank_of(const struct outlet *outlet, enum role role)
{
    bool condition = role == ROLE_TEMPERATURE || role == ROLE_PRESSURE || role == ROLE_MOISTURE ||
                     role == ROLE_WATER_TEMPERATURE || (role == ROLE_FLOW && outlet->medium == MEDIUM_WATER);
    return condition ? 0 : role == ROLE_OXYGEN ? 1 : 2;
}

static void channel_init(struct channel_state *c, const struct channel *channel)
{
    *c = (struct channel_state){
        .channel = channel,
        .time_ms = INSTANT_NONE,
        .value = NAN,
        .converted = NAN,
        .mark = MARK_B,
        .before = {.time_ms = INSTANT_NONE},
        .good_ms = INSTANT_NONE,
        .count_ms = INSTANT_NONE,
        .last_valid_ms = INSTANT_NONE,
    };
    for (int i = 0; i < PACE_MINUTES; i++)
        c->pace.weight[i] = NAN;
    series_init(&c->series);
}

static void outlet_init(struct compute *compute, const struct outlet *outlet)
{
    struct outlet_state *o = &compute->outlets[outlet->index];
    *o = (struct outlet_state){
        .plant = compute->plant,
        .outlet = outlet,
        .sink = &compute->sink,
        .counts = &compute->counts,
        .record = &compute->record,
        .lines = compute->lines,
        .realtime_next_ms = INT64_MAX / 2,
        .minute_next_ms = INT64_MAX / 2,
        .condition = -1,
        .channels = outlet->channel_count ? &compute->channels[outlet->channels[0].index] : NULL,
    };
    series_init(&o->flow);
    for (size_t i = 0; i < outlet->channel_count; i++) {
        const struct channel *channel = &outlet->channels[i];
        if (!o->role[channel->role])
            o->role[channel->role] = &o->channels[i];
        o->has_computed |= channel->has_computed;
        for (size_t n = 0; n < channel->limit_count; n++)
            o->has_5min |= channel->limits[n].period == PERIOD_5MIN;
        if (!channel->has_computed && channel->source.line_index >= 0)
            compute->lines[channel->source.line_index].channels++;
    }
    for (size_t i = 0; i < outlet->channel_count; i++) {
        const struct channel *channel = &outlet->channels[i];
        o->channels[i].mean = mean_of(outlet, channel, o->role[ROLE_FLOW] != NULL);
        compute->rank[channel->index] = rank_of(outlet, channel->role);
    }
}

/* What batch analyzers remember, for those that are. */
static bool make_batches(struct compute *compute)
{
    for (size_t i = 0; i < compute->plant->channel_count; i++) {
        const struct outlet *outlet = compute->plant->outlet_of[i];
        struct outlet_state *o = &compute->outlets[outlet->index];
        if (!batch_wanted(outlet, compute->plant->channels[i]))
            continue;
        struct channel_state *c = &compute->channels[i];
        if (!(c->batch = calloc(1, sizeof *c->batch)) || (!o->volumes && !(o->volumes = calloc(1, sizeof *o->volumes))))
            return false;
        batch_init(c->batch);
    }
    return true;
}

struct compute *compute_new(const struct plant *plant, struct compute_sink sink, struct error *err)
{
    struct compute *compute = calloc(1, sizeof *compute);
    if (!compute || !(compute->channels = calloc(plant->channel_count + 1, sizeof *compute->channels)) ||
        !(compute->rank = calloc(plant->channel_count + 1, sizeof *compute->rank)) ||
        !(compute->lines = calloc(plant->line_count + 1, sizeof *compute->lines)) ||
        !(compute->outlets = calloc(plant->outlet_count + 1, sizeof *compute->outlets))) {
        error_set(err, "compute: out of memory for %zu channels", plant->channel_count);
        compute_free(compute);
        return NULL;
    }
    compute->plant = plant;
    compute->sink = sink;
    compute->due_ms = INT64_MAX;
    for (size_t i = 0; i < plant->channel_count; i++)
        channel_init(&compute->channels[i], plant->channels[i]);
    for (size_t i = 0; i < plant->outlet_count; i++)
        outlet_init(compute, &plant->outlets[i]);
    if (!make_batches(compute)) {
        error_set(err, "compute: out of memory for batch analyzers");
        compute_free(compute);
        return NULL;
    }
    return compute;
}

void compute_free(struct compute *compute)
{
    if (!compute)
        return;
    for (size_t i = 0; compute->channels && compute->plant && i < compute->plant->channel_count; i++)
        free(compute->channels[i].batch);
    for (size_t i = 0; compute->outlets && compute->plant && i < compute->plant->outlet_count; i++)
        free(compute->outlets[i].volumes);
    free(compute->channels);
    free(compute->rank);
    free(compute->lines);
    free(compute->outlets);
    free(compute);
}

static void find_due(struct compute *compute)
{
    compute->due_ms = INT64_MAX;
    for (size_t i = 0; compute->begun && i < compute->plant->outlet_count; i++) {
        int64_t due = outlet_due_ms(&compute->outlets[i]);
        compute->due_ms = due < compute->due_ms ? due : compute->due_ms;
    }
}

void compute_begin(struct compute *compute, int64_t instant_ms)
{
    for (size_t i = 0; i < compute->plant->outlet_count; i++)
        outlet_begin(&compute->outlets[i], instant_ms);
    for (size_t i = 0; i < compute->plant->line_count; i++)
        if (compute->lines[i].heard_ms < instant_ms)
            compute->lines[i].heard_ms = instant_ms;
    compute->begun = true;
    find_due(compute);
}

/* Boundary by boundary over all outlets, so that what is said comes in the order of its time. */
static void close_until(struct compute *compute, int64_t now_ms)
{
    while (compute->due_ms <= now_ms) {
        int64_t boundary_ms = compute->due_ms;
        for (size_t i = 0; i < compute->plant->outlet_count; i++)
            outlet_tick(&compute->outlets[i], boundary_ms);
        for (size_t i = 0; i < compute->plant->line_count; i++)
            silence_line(compute->plant, &compute->sink, &compute->lines[i], i, boundary_ms - COMPUTE_GRACE_MS);
        find_due(compute);
    }
}

void compute_tick(struct compute *compute, int64_t now_ms)
{
    if (compute->begun && compute->plant->outlet_count > 0 && now_ms - compute->due_ms > DAY_MS) {
        close_until(compute,
                    period_start_ms(compute->due_ms - COMPUTE_GRACE_MS - 1, DAY_MS) + DAY_MS + COMPUTE_GRACE_MS);
        compute_begin(compute, now_ms);
        return;
    }
    close_until(compute, now_ms);
}

int64_t compute_due_ms(const struct compute *compute)
{
    return compute->due_ms;
}

/* True when the outlet has figures computed of others. */
static bool one_sample(struct compute *compute, const struct sample *sample)
{
    struct channel_state *c = &compute->channels[sample->channel];
    struct outlet_state *o = &compute->outlets[compute->plant->outlet_of[sample->channel]->index];
    outlet_sample(o, c, sample);
    return o->has_computed;
}

/* The next channels are fetched while this one is worked on: their states are pages apart, and nothing else could know
 * which comes next. Costs nothing when they are there already. */
static void fetch(const struct compute *compute, const struct sample *sample)
{
    enum { LINE = 64 };
    const struct channel_state *c = &compute->channels[sample->channel];
    const struct outlet_state *o = &compute->outlets[compute->plant->outlet_of[sample->channel]->index];
    const char *config = (const char *)compute->plant->channels[sample->channel], *head = (const char *)c;
    const char *slots[] = {(const char *)&c->series.realtime[o->realtime_slot],
                           (const char *)&c->series.minute[o->minute_slot]};
    __builtin_prefetch(config);
    __builtin_prefetch(config + LINE);
    for (size_t at = 0; at < offsetof(struct channel_state, finding[ALARM_INSTRUMENT + 1]); at += LINE)
        __builtin_prefetch(head + at, 1);
    for (size_t at = 0; at < offsetof(struct window, weighted); at += LINE) {
        __builtin_prefetch(slots[0] + at, 1);
        __builtin_prefetch(slots[1] + at, 1);
    }
}

void compute_samples(struct compute *compute, const struct sample *samples, size_t count)
{
    for (size_t begin = 0, end; begin < count; begin = end) {
        int64_t time_ms = samples[begin].time_ms;
        bool computed = false;
        for (end = begin + 1; end < count && samples[end].time_ms == time_ms; end++)
            ;
        if (compute->due_ms <= time_ms)
            compute_tick(compute, time_ms);
        for (int rank = 0; rank < RANKS; rank++) {
            for (size_t i = begin; i < end; i++) {
                if (i + AHEAD < end && compute->rank[samples[i + AHEAD].channel] == rank)
                    fetch(compute, &samples[i + AHEAD]);
                if (compute->rank[samples[i].channel] == rank)
                    computed |= one_sample(compute, &samples[i]);
            }
        }
        for (size_t i = begin; computed && i < end; i++)
            outlet_computed(&compute->outlets[compute->plant->outlet_of[samples[i].channel]->index], time_ms);
    }
}

static struct channel_state *find_channel(const struct compute *compute, const char *outlet, const char *factor)
{
    for (size_t i = 0; i < compute->plant->channel_count; i++)
        if (strcmp(compute->plant->outlet_of[i]->id, outlet) == 0 &&
            strcmp(compute->plant->channels[i]->factor->code, factor) == 0)
            return &compute->channels[i];
    return NULL;
}

static struct outlet_state *outlet_state_of(const struct compute *compute, const struct channel_state *c)
{
    return &compute->outlets[compute->plant->outlet_of[c->channel->index]->index];
}

static struct line_state *find_line(const struct compute *compute, const char *name)
{
    for (size_t i = 0; i < compute->plant->line_count; i++)
        if (strcmp(compute->plant->lines[i].name, name) == 0)
            return &compute->lines[i];
    return NULL;
}

static void adopt_channel(struct channel_state *new, struct channel_state *old)
{
    const struct channel *channel = new->channel;
    enum mean mean = new->mean;
    struct batch *batch = new->batch;
    *new = *old;
    new->channel = channel;
    new->mean = mean;
    new->batch = batch && old->batch ? old->batch : batch; /* what is left over is freed with the old */
    old->batch = batch && old->batch ? batch : old->batch;
}

static void adopt_outlet(struct compute *compute, struct compute *from, struct outlet_state *old)
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
    compute_begin(compute, now_ms);
    for (size_t i = 0; i < from->plant->line_count; i++)
        adopt_line(compute, from, i, now_ms);
    for (size_t i = 0; i < from->plant->outlet_count; i++)
        adopt_outlet(compute, from, &from->outlets[i]);
    for (size_t i = 0; i < from->plant->channel_count; i++) {
        struct channel_state *old = &from->channels[i];
        struct outlet_state *old_outlet = outlet_state_of(from, old);
        struct channel_state *new = find_channel(compute, old_outlet->outlet->id, old->channel->factor->code);
        if (new)
            adopt_channel(new, old);
        else
            judge_gone(old_outlet, old, now_ms);
    }
    compute->counts = from->counts;
    find_due(compute);
}

void compute_forget_findings(struct compute *compute)
{
    for (size_t i = 0; i < compute->plant->channel_count; i++) {
        struct channel_state *c = &compute->channels[i];
        memset(c->finding, 0, sizeof c->finding);
        memset(c->exceed, 0, sizeof c->exceed);
        c->hour_lost = (struct finding){0};
    }
    for (size_t i = 0; i < compute->plant->line_count; i++)
        compute->lines[i].finding = (struct finding){0};
}

bool compute_restore_finding(struct compute *compute, const struct kept_finding *kept)
{
    struct channel_state *c = find_channel(compute, kept->outlet, kept->subject);
    struct line_state *line = c || kept->kind != ALARM_MISSING ? NULL : find_line(compute, kept->subject);
    struct finding *finding = NULL;
    bool period = kept->period >= 0 && kept->period < PERIODS;
    if (line)
        finding = &line->finding;
    else if (!c || kept->kind >= ALARM_CHANNEL_KINDS || (kept->kind == ALARM_EXCEED && !period))
        return false;
    else if (kept->kind == ALARM_EXCEED)
        finding = &c->exceed[kept->period];
    else
        finding = kept->kind == ALARM_MISSING && period ? &c->hour_lost : &c->finding[kept->kind];
    int escalate = compute->plant->alarms.escalate_minutes;
    *finding = (struct finding){
        .state = kept->state == ALARM_ACKNOWLEDGED ? ALARM_ACKNOWLEDGED : ALARM_RAISED,
        .escalated = escalate > 0 && kept->said_ms - kept->since_ms >= escalate * MINUTE_MS,
        .since_ms = kept->since_ms,
        .said_ms = kept->said_ms,
        .published = kept->value,
    };
    return true;
}

void compute_restore_record(struct compute *compute, const struct kept_record *kept, int64_t now_ms)
{
    struct channel_state *c = find_channel(compute, kept->outlet, kept->factor);
    const struct quantum q = {kept->mark, kept->value, kept->converted, kept->weight, REASON_NONE, false};
    if (!c)
        return;
    if (kept->period == PERIOD_HOUR &&
        period_floor_ms(PERIOD_MONTH, kept->from_ms) == period_floor_ms(PERIOD_MONTH, now_ms))
        channel_count_hour(c, operation_treatment(outlet_state_of(compute, c), kept->condition) == TREAT_JUDGE,
                           c->mean == MEAN_CONVERTED ? kept->converted : kept->value);
    bool today = period_floor_ms(PERIOD_DAY, kept->from_ms) == period_floor_ms(PERIOD_DAY, now_ms);
    bool month = period_floor_ms(PERIOD_MONTH, kept->from_ms) == period_floor_ms(PERIOD_MONTH, now_ms);
    if (kept->period != PERIOD_HOUR || today)
        series_feed(&c->series, kept->period, kept->from_ms, &q, kept->amount);
    struct outlet_state *o = outlet_state_of(compute, c);
    bool part =
        kept->period == PERIOD_MONTH || (kept->period == PERIOD_DAY && month) || (kept->period == PERIOD_HOUR && today);
    if (part && c == o->channels) /* once an outlet */
        operation_feed(o, kept->period, kept->condition);
    if (c->batch)
        c->batch->forgot = true; /* values before the restart are not all known */
    if (c->batch && kept->period == PERIOD_HOUR)
        batch_remember(c, &(struct batch_hour){.start_ms = kept->from_ms,
                                               .q = q,
                                               .amount = kept->amount,
                                               .valid = kept->valid,
                                               .revision = kept->revision});
    else if (c->batch)
        batch_remember_revision(c, kept->period, kept->from_ms, kept->revision);
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
        judge_findings(outlet_state_of(compute, &compute->channels[i]), &compute->channels[i], now_ms, acknowledge,
                       &ack);
    for (size_t i = 0; i < compute->plant->line_count && !ack.found; i++) {
        struct alarm_event event = silence_line_event(compute->plant, i, now_ms);
        if (alarm_active(&compute->lines[i].finding) && compute->plant->outlet_count > 0)
            acknowledge(&compute->outlets[0], &compute->lines[i].finding, &event, &ack);
    }
    *known = ack.found;
    return ack.done;
}

bool compute_latest(const struct compute *compute, uint32_t channel, struct reading *out, int64_t *time_ms)
{
    const struct channel_state *c = &compute->channels[channel];
    if (c->time_ms == INSTANT_NONE)
        return false;
    *out = (struct reading){.channel = c->channel,
                            .value = c->value,
                            .converted = c->converted,
                            .min = NAN,
                            .max = NAN,
                            .converted_min = NAN,
                            .converted_max = NAN,
                            .amount = NAN,
                            .multiple = NAN,
                            .weight = NAN,
                            .forecast = NAN,
                            .assumed = c->assumed,
                            .exceeds = -1,
                            .mark = c->mark,
                            .reason = c->reason};
    *time_ms = c->time_ms;
    return true;
}

struct compute_counts compute_counts(const struct compute *compute)
{
    return compute->counts;
}
