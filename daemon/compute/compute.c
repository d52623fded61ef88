/* All outlets of a plant, and the walk over a group of samples: first the channels others are converted with (O2,
 * temperature, pressure, moisture, velocity's own inputs), then the rest, so that the values of one instant see each
 * other whatever their order on the wire. */
#include "compute/plant_state.h"

#include "compute/amend.h"
#include "compute/batch.h"
#include "compute/suspect.h"
#include "model/instant.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { AHEAD = 12 };

static enum mean mean_of(const struct outlet *outlet, const struct channel *channel, bool flow_meter)
{
    if (outlet_converts(outlet, channel))
        return MEAN_CONVERTED;
    bool weighted = outlet->medium == MEDIUM_WATER && channel->role == ROLE_POLLUTANT && flow_meter;
    return weighted ? MEAN_WEIGHTED : MEAN_PLAIN;
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

void channel_init(struct channel_state *c, struct channel_book *book, const struct channel *channel)
{
    *book =
        (struct channel_book){.before = {.time_ms = INSTANT_NONE}, .good_ms = INSTANT_NONE, .count_ms = INSTANT_NONE};
    *c = (struct channel_state){
        .channel = channel,
        .book = book,
        .time_ms = INSTANT_NONE,
        .value = NAN,
        .converted = NAN,
        .mark = MARK_B,
        .last_valid_ms = INSTANT_NONE,
    };
    for (int i = 0; i < PACE_MINUTES; i++)
        book->pace.weight[i] = NAN;
    series_init(&c->series, book->above);
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
        .amend_from_ms = INSTANT_NONE,
        .amend_since_ms = INT64_MIN,
        .condition = -1,
        .channels = outlet->channel_count ? &compute->channels[outlet->channels[0].index] : NULL,
    };
    series_init(&o->flow, o->flow_above);
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
        o->channels[i].mean = (uint8_t)mean_of(outlet, channel, o->role[ROLE_FLOW] != NULL);
        outlet_know_channel(o, &o->channels[i]);
        compute->rank[channel->index] = rank_of(outlet, channel->role);
    }
}

static struct told *new_told(void)
{
    struct told *told = calloc(1, sizeof *told);
    if (told)
        told_init(told, INT64_MIN);
    return told;
}

/* What outlets remember of which values can come late, and channels of which figures can look made up. */
static bool make_memories(struct compute *compute)
{
    bool failed = false;
    for (size_t i = 0; i < compute->plant->outlet_count; i++) {
        struct outlet_state *o = &compute->outlets[i];
        if (!told_wanted(compute->plant, o->outlet))
            continue;
        if (!(o->told_flow = new_told()))
            return false;
        for (size_t n = 0; n < o->outlet->channel_count; n++) {
            struct channel_state *c = &o->channels[n];
            bool batch = c->is_batch = batch_wanted(o->outlet, c->channel);
            if (!(c->book->told = new_told()) || (batch && !(c->book->batch = calloc(1, sizeof *c->book->batch))) ||
                (batch && !o->volumes && !(o->volumes = calloc(1, sizeof *o->volumes))))
                return false;
        }
    }
    for (size_t i = 0; i < compute->plant->channel_count; i++)
        if (suspect_wanted(compute->plant, compute->plant->channels[i]) &&
            !(compute->books[i].suspicion = calloc(1, sizeof *compute->books[i].suspicion)))
            return false;
    compute->amend = amend_new(compute, &failed);
    return !failed;
}

void *compute_array(size_t count, size_t size)
{
    void *array = aligned_alloc(_Alignof(struct window), (count * size + 63) / 64 * 64);
    if (array)
        memset(array, 0, count * size);
    return array;
}

struct compute *compute_new(const struct plant *plant, struct compute_sink sink, struct error *err)
{
    struct compute *compute = calloc(1, sizeof *compute);
    if (!compute || !(compute->channels = compute_array(plant->channel_count + 1, sizeof *compute->channels)) ||
        !(compute->books = compute_array(plant->channel_count + 1, sizeof *compute->books)) ||
        !(compute->rank = calloc(plant->channel_count + 1, sizeof *compute->rank)) ||
        !(compute->lines = calloc(plant->line_count + 1, sizeof *compute->lines)) ||
        !(compute->outlets = compute_array(plant->outlet_count + 1, sizeof *compute->outlets))) {
        error_set(err, "compute: out of memory for %zu channels", plant->channel_count);
        compute_free(compute);
        return NULL;
    }
    compute->plant = plant;
    compute->sink = sink;
    compute->due_ms = INT64_MAX;
    for (size_t i = 0; i < plant->channel_count; i++)
        channel_init(&compute->channels[i], &compute->books[i], plant->channels[i]);
    for (size_t i = 0; i < plant->outlet_count; i++)
        outlet_init(compute, &plant->outlets[i]);
    if (!make_memories(compute)) {
        error_set(err, "compute: out of memory for what is remembered");
        compute_free(compute);
        return NULL;
    }
    return compute;
}

void compute_free(struct compute *compute)
{
    if (!compute)
        return;
    for (size_t i = 0; compute->books && compute->plant && i < compute->plant->channel_count; i++) {
        free(compute->books[i].batch);
        free(compute->books[i].told);
        free(compute->books[i].suspicion);
    }
    for (size_t i = 0; compute->outlets && compute->plant && i < compute->plant->outlet_count; i++) {
        free(compute->outlets[i].volumes);
        free(compute->outlets[i].told_flow);
    }
    amend_free(compute->amend);
    free(compute->channels);
    free(compute->books);
    free(compute->rank);
    free(compute->lines);
    free(compute->outlets);
    free(compute);
}

void compute_find_due(struct compute *compute)
{
    compute->due_ms = INT64_MAX;
    for (size_t i = 0; compute->begun && i < compute->plant->outlet_count; i++) {
        int64_t due = outlet_due_ms(&compute->outlets[i]);
        compute->due_ms = due < compute->due_ms ? due : compute->due_ms;
    }
}

void compute_listen_from(struct compute *compute, int64_t instant_ms)
{
    for (size_t i = 0; i < compute->plant->outlet_count; i++)
        outlet_listen_from(&compute->outlets[i], instant_ms);
    for (size_t i = 0; i < compute->plant->line_count; i++)
        compute->lines[i].heard_ms = instant_ms;
}

void compute_begin(struct compute *compute, int64_t instant_ms)
{
    for (size_t i = 0; i < compute->plant->outlet_count; i++)
        outlet_begin(&compute->outlets[i], instant_ms);
    compute_listen_from(compute, instant_ms);
    compute->begun = true;
    compute_find_due(compute);
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
        compute_find_due(compute);
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
    amend_tick(compute, false);
}

int64_t compute_due_ms(const struct compute *compute)
{
    return compute->due_ms;
}

/* True when the outlet has figures computed of others. */
static bool one_sample(struct compute *compute, const struct sample *sample)
{
    struct channel_state *c = &compute->channels[sample->channel];
    struct outlet_state *o = outlet_state_of(compute, sample->channel);
    outlet_sample(o, c, sample);
    return o->has_computed;
}

/* The next channels are fetched while this one is worked on: their states are pages apart, and nothing else could know
 * which comes next. Costs nothing when they are there already. */
static void fetch(const struct compute *compute, const struct sample *sample)
{
    enum { LINE = 64 };
    const struct channel_state *c = &compute->channels[sample->channel];
    const struct outlet_state *o = outlet_state_of(compute, sample->channel);
    const char *parts[] = {(const char *)c, (const char *)&c->series.realtime[o->realtime_slot],
                           (const char *)&c->series.minute[o->minute_slot]};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        __builtin_prefetch(parts[i], 1);
        __builtin_prefetch(parts[i] + LINE, 1);
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
        for (size_t i = begin; i < end && i < begin + AHEAD; i++)
            fetch(compute, &samples[i]);
        for (int rank = 0; rank < RANKS; rank++) {
            for (size_t i = begin; i < end; i++) {
                if (rank == 0 && i + AHEAD < end)
                    fetch(compute, &samples[i + AHEAD]);
                if (compute->rank[samples[i].channel] == rank)
                    computed |= one_sample(compute, &samples[i]);
            }
        }
        for (size_t i = begin; computed && i < end; i++)
            outlet_computed(outlet_state_of(compute, samples[i].channel), time_ms);
    }
}

bool compute_progress(const struct compute *compute, uint32_t channel, int64_t now_ms, struct progress *out)
{
    return foresee_progress(outlet_state_of(compute, channel), &compute->channels[channel], now_ms, out);
}

int compute_condition(const struct compute *compute, size_t outlet)
{
    const struct outlet_state *o = &compute->outlets[outlet];
    return o->outlet->has_operation ? o->condition : -1;
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
                            .mark = (enum mark)c->mark,
                            .reason = (enum reason)c->reason};
    *time_ms = c->time_ms;
    return true;
}

struct compute_counts compute_counts(const struct compute *compute)
{
    return compute->counts;
}
