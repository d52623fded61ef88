/* One outlet: its samples become figures and go into their windows.
 *
 *   raw value ─ ppm ─► mg/m3 ─ actual? ─► standard ─ wet? ─► dry ─ reference O2? ─► converted
 *                            needs T, P            needs X         needs O2
 *   computed  = sum of times · dry standard value of its inputs ─────────────────► converted
 *
 * A sibling counts while its latest value is N and not older than three of its intervals and a second. */
#include "compute/amend.h"
#include "compute/batch.h"
#include "compute/convert.h"
#include "model/instant.h"

#include <math.h>

#define BELOW_RANGE_SHARE 0.05 /* zero drift down to this share of the span is data; below it the signal is broken */
#define OXYGEN_POSSIBLE 25.0   /* %: no flue gas holds more */

static bool is_good(const struct channel_state *c)
{
    return c->time_ms != INSTANT_NONE && c->mark == MARK_N && isfinite(c->value);
}

static bool fresh(const struct channel_state *c, int64_t time_ms)
{
    return is_good(c) && time_ms - c->time_ms <= 3 * (int64_t)c->interval_ms + 1000;
}

bool outlet_sibling(const struct outlet_state *o, enum role role, int64_t time_ms, double *value)
{
    const struct channel_state *c = o->role[role];
    if (!c || !fresh(c, time_ms))
        return false;
    *value = c->value;
    return true;
}

static enum reason reason_of(enum convert_result result)
{
    static const enum reason REASON[] = {
        [CONVERT_OK] = REASON_NONE,
        [CONVERT_O2_TOO_HIGH] = REASON_OXYGEN_HIGH,
        [CONVERT_BAD_MOISTURE] = REASON_NO_MOISTURE,
        [CONVERT_BAD_TEMPERATURE] = REASON_NO_TEMPERATURE,
        [CONVERT_BAD_PRESSURE] = REASON_NO_PRESSURE,
    };
    return REASON[result];
}

static struct taken last_good(const struct channel_state *c)
{
    if (is_good(c))
        return outlet_latest(c);
    return (struct taken){.time_ms = c->book->good_ms, .q = {.value = c->book->good}};
}

/* The moisture of the instant; where the configuration says so, the last good or a fixed one, flagged as assumed. */
bool outlet_moisture(const struct outlet_state *o, int64_t time_ms, double *moisture, bool *assumed)
{
    const struct moisture_fallback *fallback = &o->outlet->moisture;
    const struct channel_state *c = o->role[ROLE_MOISTURE];
    if (outlet_sibling(o, ROLE_MOISTURE, time_ms, moisture))
        return true;
    struct taken good = c ? last_good(c) : (struct taken){.time_ms = INSTANT_NONE};
    bool recent = good.time_ms != INSTANT_NONE && time_ms - good.time_ms <= fallback->last_good_s * INT64_C(1000);
    *moisture = recent ? good.q.value : fallback->fixed;
    *assumed = isfinite(*moisture);
    return *assumed;
}

/* Dry standard-state value of a gas concentration (and of O2, for which only moisture counts). */
static enum reason to_dry_standard(const struct outlet_state *o, const struct channel *channel, int64_t time_ms,
                                   double *c, bool *assumed)
{
    double temperature, pressure, moisture;
    if (channel->basis.state == STATE_ACTUAL && channel->role != ROLE_OXYGEN) {
        if (!outlet_sibling(o, ROLE_TEMPERATURE, time_ms, &temperature))
            return REASON_NO_TEMPERATURE;
        if (!outlet_sibling(o, ROLE_PRESSURE, time_ms, &pressure))
            return REASON_NO_PRESSURE;
        enum reason reason =
            reason_of(convert_to_standard_state(*c, temperature, pressure, o->outlet->duct.ambient_kpa, c));
        if (reason != REASON_NONE)
            return reason;
    }
    if (channel->basis.moisture == MOISTURE_WET) {
        if (!outlet_moisture(o, time_ms, &moisture, assumed))
            return REASON_NO_MOISTURE;
        return reason_of(convert_to_dry(*c, moisture, c));
    }
    return REASON_NONE;
}

static enum reason to_reference(const struct outlet_state *o, double c, int64_t time_ms, double *converted)
{
    double oxygen;
    if (!outlet_sibling(o, ROLE_OXYGEN, time_ms, &oxygen))
        return REASON_NO_OXYGEN;
    return reason_of(convert_reference_oxygen(c, oxygen, o->outlet->reference_o2, o->outlet->o2_max, converted));
}

/* The mark the value earns by itself: no number D, above the range T, clearly below it D. */
static enum mark own_mark(const struct channel_state *c, double value)
{
    if (!isfinite(value))
        return MARK_D;
    return value > c->high ? MARK_T : value < c->low ? MARK_D : MARK_N;
}

/* What samples ask of the configuration, kept at hand. */
void outlet_know_channel(const struct outlet_state *o, struct channel_state *c)
{
    const struct channel *channel = c->channel;
    bool gas_figure =
        o->outlet->medium == MEDIUM_GAS && (channel->role == ROLE_POLLUTANT || channel->role == ROLE_OXYGEN);
    bool actual = channel->basis.state == STATE_ACTUAL && channel->role != ROLE_OXYGEN;
    double span = channel->range[1] - channel->range[0];
    c->role = (uint8_t)channel->role;
    c->interval_ms = channel->interval_ms;
    c->line = (int16_t)(channel->has_computed ? -1 : channel->source.line_index);
    c->totalizer = channel->has_totalizer;
    c->as_measured = !gas_figure || (!actual && channel->basis.moisture == MOISTURE_DRY);
    c->low = channel->has_range ? channel->range[0] - BELOW_RANGE_SHARE * span : -INFINITY;
    c->high = channel->has_range ? channel->range[1] : INFINITY;
    c->ppm_factor = channel->ppm_factor;
    c->limit_day_ms = INSTANT_NONE;
}

/* What no gas can be, whatever the instrument's range says. */
static bool impossible(const struct outlet_state *o, enum role role, double value)
{
    switch (role) {
    case ROLE_OXYGEN: return value > OXYGEN_POSSIBLE;
    case ROLE_TEMPERATURE: return value <= -CONVERT_KELVIN;
    case ROLE_PRESSURE: return o->outlet->duct.ambient_kpa + value <= 0;
    case ROLE_MOISTURE: return value >= 100;
    case ROLE_POLLUTANT:
    case ROLE_VELOCITY:
    case ROLE_FLOW:
    case ROLE_WATER_TEMPERATURE:
    case ROLE_PARAMETER:
    case ROLES: break;
    }
    return false;
}

static unsigned add_to(struct window slots[2], int64_t time_ms, int64_t length_ms, const struct quantum *quantum)
{
    int64_t start_ms = period_start_ms(time_ms, length_ms);
    unsigned slot = (start_ms + INSTANT_ZONE_MS) / length_ms & 1;
    if (slots[slot].start_ms != start_ms)
        window_open(&slots[slot], start_ms);
    window_add(&slots[slot], quantum);
    return slot;
}

int64_t outlet_realtime_ms(const struct outlet_state *o)
{
    return o->plant->feeds.disclosure.realtime_s * INT64_C(1000);
}

void outlet_add(struct outlet_state *o, struct series *series, int64_t time_ms, const struct quantum *quantum)
{
    o->realtime_slot = add_to(series->realtime, time_ms, outlet_realtime_ms(o), quantum);
    o->minute_slot = add_to(series->minute, time_ms, MINUTE_MS, quantum);
}

struct taken outlet_latest(const struct channel_state *c)
{
    return (struct taken){c->time_ms, {c->mark, c->value, c->converted, NAN, c->reason, c->assumed}};
}

bool outlet_stands(const struct channel_state *c, const struct taken *taken, int64_t minute_ms)
{
    return taken->time_ms != INSTANT_NONE && taken->q.mark == MARK_N &&
           minute_ms - taken->time_ms <= 2 * (int64_t)c->channel->interval_ms;
}

static void make_latest(struct channel_state *c, const struct taken *taken)
{
    const struct quantum *q = &taken->q;
    if (c->interval_ms > MINUTE_MS)
        c->book->before = outlet_latest(c);
    if (is_good(c) && (q->mark != MARK_N || !isfinite(q->value))) {
        c->book->good = c->value;
        c->book->good_ms = c->time_ms;
    }
    c->time_ms = taken->time_ms;
    c->value = q->value;
    c->converted = q->converted;
    c->mark = (uint8_t)q->mark;
    c->reason = (uint8_t)q->reason;
    c->assumed = q->assumed;
}

/* A figure is known: it becomes the channel's latest, goes into its windows and is judged. */
static void take(struct outlet_state *o, struct channel_state *c, int64_t time_ms, struct quantum q, bool own_time)
{
    const struct taken taken = {time_ms, q};
    bool late = time_ms < o->minute_next_ms || time_ms < o->realtime_next_ms;
    o->first_ms = time_ms < o->first_ms ? time_ms : o->first_ms;
    o->counts->late += late;
    if (c->time_ms == INSTANT_NONE || time_ms >= c->time_ms)
        make_latest(c, &taken);
    if (c->is_batch)
        batch_take(o, c, &taken);
    if (late) {
        if (c->is_batch || (own_time && c->interval_ms > MINUTE_MS)) /* late by its nature, and a sign of life */
            silence_heard(o, c, time_ms);
        if (own_time && !c->is_batch)
            amend_note(o, time_ms);
        return;
    }
    if (c->mean == MEAN_WEIGHTED)
        q.weight = flow_latest(o, time_ms);
    outlet_add(o, &c->series, time_ms, &q);
    if (c->role == ROLE_VELOCITY || c->role == ROLE_FLOW)
        flow_sample(o, c, time_ms);
    judge_sample(o, c, time_ms);
}

void outlet_sample(struct outlet_state *o, struct channel_state *c, const struct sample *sample)
{
    struct quantum q = {.mark = sample->mark, .value = sample->value, .converted = NAN, .weight = NAN};
    enum mark own = own_mark(c, q.value);
    if (q.mark == MARK_N) {
        q.mark = own;
        o->counts->out_of_range += own == MARK_T;
    }
    o->counts->samples++;
    if (q.mark == MARK_N && c->totalizer)
        flow_of_totalizer(c, sample->time_ms, q.value, &q.value, &q.mark);
    if (q.mark == MARK_N && impossible(o, (enum role)c->role, q.value)) {
        o->counts->impossible++;
        q.reason = REASON_IMPOSSIBLE;
        q.mark = MARK_D;
    }
    if (q.mark == MARK_N) {
        q.value *= c->ppm_factor;
        if (!c->as_measured)
            q.reason = to_dry_standard(o, c->channel, sample->time_ms, &q.value, &q.assumed);
        if (q.reason != REASON_NONE)
            q.mark = MARK_D; /* the figure rests on something that is missing: not valid, and the reason says what */
        else if (c->mean == MEAN_CONVERTED)
            q.reason = to_reference(o, q.value, sample->time_ms, &q.converted);
    }
    take(o, c, sample->time_ms, q, sample->own_time);
}

static void compute_one(struct outlet_state *o, struct channel_state *c, int64_t time_ms)
{
    const struct computed *computed = &c->channel->computed;
    struct quantum q = {.mark = MARK_N, .value = 0, .converted = NAN, .weight = NAN};
    for (size_t i = 0; i < computed->count; i++) {
        const struct channel_state *input = &o->channels[computed->channel[i]];
        q.assumed |= input->assumed;
        q.value += computed->times[i] * input->value;
        if (fresh(input, time_ms))
            continue;
        q.value = NAN;
        q.reason = REASON_NO_INPUT;
        q.mark = input->time_ms != INSTANT_NONE && input->mark != MARK_N ? input->mark : MARK_B;
        break;
    }
    if (q.mark == MARK_N && c->mean == MEAN_CONVERTED)
        q.reason = to_reference(o, q.value, time_ms, &q.converted);
    take(o, c, time_ms, q, false);
}

void outlet_computed(struct outlet_state *o, int64_t time_ms)
{
    for (size_t i = 0; i < o->outlet->channel_count; i++) {
        struct channel_state *c = &o->channels[i];
        if (c->channel->has_computed && c->time_ms != time_ms &&
            o->channels[c->channel->computed.trigger].time_ms == time_ms)
            compute_one(o, c, time_ms);
    }
}

/* The first two cache lines of a channel are all a sample asks of it but its windows. */
_Static_assert(offsetof(struct channel_state, series) == 128, "a sample touches more than it did");

/* The clock was set back: what was measured by the wrong one is not the latest, nor good to go by. */
static void forget_the_future(struct channel_state *c, int64_t instant_ms)
{
    struct channel_book *book = c->book;
    if (book->before.time_ms > instant_ms)
        book->before.time_ms = INSTANT_NONE;
    if (book->good_ms > instant_ms)
        book->good_ms = INSTANT_NONE;
    if (book->count_ms > instant_ms)
        book->count_ms = INSTANT_NONE;
    if (c->time_ms <= instant_ms)
        return;
    c->time_ms = INSTANT_NONE;
    c->value = c->converted = NAN;
    c->mark = MARK_B;
}

void outlet_listen_from(struct outlet_state *o, int64_t instant_ms)
{
    for (size_t i = 0; i < o->outlet->channel_count; i++) {
        o->channels[i].last_valid_ms = instant_ms;
        o->channels[i].silent_with_line = false;
    }
}

void outlet_begin(struct outlet_state *o, int64_t instant_ms)
{
    o->realtime_next_ms = period_start_ms(instant_ms, outlet_realtime_ms(o));
    o->minute_next_ms = period_start_ms(instant_ms, MINUTE_MS);
    o->first_ms = INT64_MAX;
    for (size_t i = 0; i < o->outlet->channel_count; i++)
        forget_the_future(&o->channels[i], instant_ms);
}
