/* All outlets of a plant, and the walk over a group of samples: first the channels others are converted with (O2,
 * temperature, pressure, moisture, velocity's own inputs), then the rest, so that the values of one instant see each
 * other whatever their order on the wire. */
#include "compute/compute.h"

#include "compute/outlet.h"
#include "model/instant.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct compute {
    const struct plant *plant;
    struct compute_sink sink;
    struct compute_counts counts;
    struct channel_state *channels; /* by channel->index */
    struct outlet_state *outlets;
    struct period_record record;
    int64_t due_ms;
    bool begun;
};

static void channel_init(struct channel_state *c, const struct plant *plant, const struct channel *channel)
{
    const struct outlet *outlet = plant->outlet_of[channel->index];
    *c = (struct channel_state){
        .channel = channel,
        .time_ms = INSTANT_NONE,
        .value = NAN,
        .converted = NAN,
        .mark = MARK_B,
        .converts = outlet->medium == MEDIUM_GAS && channel->role == ROLE_POLLUTANT && isfinite(outlet->reference_o2),
        .last_valid_ms = INSTANT_NONE,
    };
}

static void series_init(struct series *series)
{
    struct window *all[] = {&series->realtime[0], &series->realtime[1], &series->minute[0], &series->minute[1],
                            &series->hour,        &series->two_hour,    &series->day};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        window_open(all[i], INSTANT_NONE);
    series->two_hour_amount = series->day_amount = NAN;
}

struct compute *compute_new(const struct plant *plant, struct compute_sink sink, struct error *err)
{
    struct compute *compute = calloc(1, sizeof *compute);
    if (!compute || !(compute->channels = calloc(plant->channel_count + 1, sizeof *compute->channels)) ||
        !(compute->outlets = calloc(plant->outlet_count + 1, sizeof *compute->outlets))) {
        error_set(err, "compute: out of memory for %zu channels", plant->channel_count);
        compute_free(compute);
        return NULL;
    }
    compute->plant = plant;
    compute->sink = sink;
    compute->due_ms = INT64_MAX;
    for (size_t i = 0; i < plant->channel_count; i++) {
        channel_init(&compute->channels[i], plant, plant->channels[i]);
        series_init(&compute->channels[i].series);
    }
    for (size_t i = 0; i < plant->outlet_count; i++) {
        const struct outlet *outlet = &plant->outlets[i];
        struct outlet_state *o = &compute->outlets[i];
        *o = (struct outlet_state){
            .plant = plant,
            .outlet = outlet,
            .sink = &compute->sink,
            .counts = &compute->counts,
            .record = &compute->record,
            .realtime_next_ms = INT64_MAX / 2,
            .minute_next_ms = INT64_MAX / 2,
            .channels = outlet->channel_count ? &compute->channels[outlet->channels[0].index] : NULL,
        };
        series_init(&o->flow);
        for (size_t c = 0; c < outlet->channel_count; c++)
            if (!o->role[outlet->channels[c].role])
                o->role[outlet->channels[c].role] = &o->channels[c];
    }
    return compute;
}

void compute_free(struct compute *compute)
{
    if (!compute)
        return;
    free(compute->channels);
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

static void one_sample(struct compute *compute, const struct sample *sample)
{
    struct channel_state *c = &compute->channels[sample->channel];
    const struct outlet *outlet = compute->plant->outlet_of[sample->channel];
    outlet_sample(&compute->outlets[outlet->index], c, sample);
}

static bool comes_first(const struct compute *compute, const struct sample *sample)
{
    enum role role = compute->plant->channels[sample->channel]->role;
    return role == ROLE_TEMPERATURE || role == ROLE_PRESSURE || role == ROLE_MOISTURE;
}

void compute_samples(struct compute *compute, const struct sample *samples, size_t count)
{
    for (size_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && samples[end].time_ms == samples[begin].time_ms; end++)
            ;
        compute_tick(compute, samples[begin].time_ms);
        for (size_t i = begin; i < end; i++) /* the conditions of the gas */
            if (comes_first(compute, &samples[i]))
                one_sample(compute, &samples[i]);
        for (size_t i = begin; i < end; i++) /* O2 may itself need the moisture */
            if (compute->plant->channels[samples[i].channel]->role == ROLE_OXYGEN)
                one_sample(compute, &samples[i]);
        for (size_t i = begin; i < end; i++)
            if (!comes_first(compute, &samples[i]) && compute->plant->channels[samples[i].channel]->role != ROLE_OXYGEN)
                one_sample(compute, &samples[i]);
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

void compute_adopt(struct compute *compute, struct compute *from, int64_t now_ms)
{
    compute_begin(compute, now_ms);
    for (size_t i = 0; i < from->plant->channel_count; i++) {
        struct channel_state *old = &from->channels[i];
        struct outlet_state *old_outlet = outlet_state_of(from, old);
        struct channel_state *new = find_channel(compute, old_outlet->outlet->id, old->channel->factor->code);
        if (!new) {
            judge_gone(old_outlet, old, now_ms);
            continue;
        }
        bool converts = new->converts;
        const struct channel *channel = new->channel;
        *new = *old;
        new->channel = channel;
        new->converts = converts;
        struct outlet_state *o = outlet_state_of(compute, new);
        o->minute_next_ms = old_outlet->minute_next_ms;
        if (compute->plant->feeds.disclosure.realtime_s == from->plant->feeds.disclosure.realtime_s)
            o->realtime_next_ms = old_outlet->realtime_next_ms;
        o->flow = old_outlet->flow;
    }
    compute->counts = from->counts;
    find_due(compute);
}

void compute_forget_findings(struct compute *compute)
{
    for (size_t i = 0; i < compute->plant->channel_count; i++) {
        memset(compute->channels[i].finding, 0, sizeof compute->channels[i].finding);
        memset(compute->channels[i].exceed, 0, sizeof compute->channels[i].exceed);
    }
}

bool compute_restore_finding(struct compute *compute, const char *outlet, const char *factor, enum alarm_kind kind,
                             int period, enum alarm_state state, const char *id, int64_t since_ms, double value)
{
    struct channel_state *c = find_channel(compute, outlet, factor);
    if (!c || (kind == ALARM_EXCEED && (period < 0 || period >= PERIODS)))
        return false;
    struct finding *finding = kind == ALARM_EXCEED ? &c->exceed[period] : &c->finding[kind];
    finding->state = state == ALARM_ACKNOWLEDGED ? ALARM_ACKNOWLEDGED : ALARM_RAISED;
    finding->since_ms = since_ms;
    finding->published = value;
    size_t length = strnlen(id, sizeof finding->id - 1);
    memcpy(finding->id, id, length);
    finding->id[length] = '\0';
    return true;
}

void compute_restore_hour(struct compute *compute, const char *outlet, const char *factor, int64_t from_ms,
                          enum mark mark, double value, double converted, double amount)
{
    struct channel_state *c = find_channel(compute, outlet, factor);
    int64_t day_ms = period_start_ms(from_ms, DAY_MS);
    if (!c)
        return;
    if (c->series.day.start_ms != day_ms) {
        window_open(&c->series.day, day_ms);
        c->series.day_amount = NAN;
    }
    window_add(&c->series.day, mark, value, converted, REASON_NONE);
    if (isfinite(amount))
        c->series.day_amount = amount + (isfinite(c->series.day_amount) ? c->series.day_amount : 0);
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
