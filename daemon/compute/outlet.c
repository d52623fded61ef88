/* One outlet: its samples become figures, its windows close together.
 *
 *   raw value ─ ppm ─► mg/m3 ─ actual? ─► standard ─ wet? ─► dry ─ reference O2? ─► converted
 *                            needs T, P            needs X         needs O2
 *
 * A sibling counts while its latest value is N and not older than three of its intervals and a second. */
#include "compute/outlet.h"

#include "compute/convert.h"
#include "model/instant.h"

#include <math.h>

#define BELOW_RANGE_SHARE 0.05 /* zero drift down to this share of the span is data; below it the signal is broken */

/* ---- samples ---- */

static bool sibling(const struct outlet_state *o, enum role role, int64_t time_ms, double *value)
{
    const struct channel_state *c = o->role[role];
    if (!c || c->time_ms == INSTANT_NONE || c->mark != MARK_N || !isfinite(c->value))
        return false;
    int64_t age = time_ms - c->time_ms;
    if (age > 3 * (int64_t)c->channel->interval_ms + 1000)
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

/* Dry standard-state value of a gas concentration (and of O2, for which only moisture counts). */
static enum reason to_dry_standard(const struct outlet_state *o, const struct channel *channel, int64_t time_ms,
                                   double *c)
{
    double temperature, pressure, moisture;
    if (channel->basis.state == STATE_ACTUAL) {
        if (!sibling(o, ROLE_TEMPERATURE, time_ms, &temperature))
            return REASON_NO_TEMPERATURE;
        if (!sibling(o, ROLE_PRESSURE, time_ms, &pressure))
            return REASON_NO_PRESSURE;
        enum reason reason =
            reason_of(convert_to_standard_state(*c, temperature, pressure, o->outlet->duct.ambient_kpa, c));
        if (reason != REASON_NONE)
            return reason;
    }
    if (channel->basis.moisture == MOISTURE_WET) {
        if (!sibling(o, ROLE_MOISTURE, time_ms, &moisture))
            return REASON_NO_MOISTURE;
        return reason_of(convert_to_dry(*c, moisture, c));
    }
    return REASON_NONE;
}

static enum reason to_reference(const struct outlet_state *o, double c, int64_t time_ms, double *converted)
{
    double oxygen;
    if (!sibling(o, ROLE_OXYGEN, time_ms, &oxygen))
        return REASON_NO_OXYGEN;
    return reason_of(convert_reference_oxygen(c, oxygen, o->outlet->reference_o2, o->outlet->o2_max, converted));
}

/* The mark the value earns by itself: no number D, above the range T, clearly below it D. */
static enum mark own_mark(const struct channel *channel, double value)
{
    if (!isfinite(value))
        return MARK_D;
    if (!channel->has_range)
        return MARK_N;
    if (value > channel->range[1])
        return MARK_T;
    return value < channel->range[0] - BELOW_RANGE_SHARE * (channel->range[1] - channel->range[0]) ? MARK_D : MARK_N;
}

static void add_to(struct window slots[2], int64_t time_ms, int64_t length_ms, enum mark mark, double value,
                   double converted, enum reason reason)
{
    int64_t start_ms = period_start_ms(time_ms, length_ms);
    struct window *slot = &slots[(start_ms + INSTANT_ZONE_MS) / length_ms & 1];
    if (slot->start_ms != start_ms)
        window_open(slot, start_ms);
    window_add(slot, mark, value, converted, reason);
}

static int64_t realtime_ms(const struct outlet_state *o)
{
    return o->plant->feeds.disclosure.realtime_s * INT64_C(1000);
}

static void add_to_series(const struct outlet_state *o, struct series *series, int64_t time_ms, enum mark mark,
                          double value, double converted, enum reason reason)
{
    add_to(series->realtime, time_ms, realtime_ms(o), mark, value, converted, reason);
    add_to(series->minute, time_ms, MINUTE_MS, mark, value, converted, reason);
}

static void add_flow(struct outlet_state *o, const struct channel_state *velocity, int64_t time_ms)
{
    const struct duct *duct = &o->outlet->duct;
    double temperature, pressure, moisture, flow = NAN;
    enum mark mark = velocity->mark;
    if (!o->outlet->has_duct || !isfinite(duct->area_m2))
        return;
    if (mark == MARK_N) {
        bool known = sibling(o, ROLE_TEMPERATURE, time_ms, &temperature) &&
                     sibling(o, ROLE_PRESSURE, time_ms, &pressure) && sibling(o, ROLE_MOISTURE, time_ms, &moisture);
        if (!known || convert_flow(velocity->value, duct->area_m2, duct->velocity_factor, temperature, pressure,
                                   duct->ambient_kpa, moisture, &flow) != CONVERT_OK)
            mark = MARK_D;
    }
    add_to_series(o, &o->flow, time_ms, mark, flow, NAN, REASON_NONE);
}

void outlet_sample(struct outlet_state *o, struct channel_state *c, const struct sample *sample)
{
    const struct channel *channel = c->channel;
    double value = sample->value;
    enum mark mark = sample->mark, own = own_mark(channel, value);
    if (mark == MARK_N) {
        mark = own;
        o->counts->out_of_range += own == MARK_T;
    }
    o->counts->samples++;
    double converted = NAN;
    enum reason reason = REASON_NONE;
    if (mark == MARK_N) {
        value *= channel->ppm_factor;
        if (o->outlet->medium == MEDIUM_GAS && (channel->role == ROLE_POLLUTANT || channel->role == ROLE_OXYGEN))
            reason = to_dry_standard(o, channel, sample->time_ms, &value);
        if (reason != REASON_NONE)
            mark = MARK_D; /* the figure rests on something that is missing: not valid, and the reason says what */
        else if (c->converts)
            reason = to_reference(o, value, sample->time_ms, &converted);
    }
    c->time_ms = sample->time_ms;
    c->value = value;
    c->converted = converted;
    c->mark = mark;
    c->reason = reason;
    if (sample->time_ms < o->minute_next_ms || sample->time_ms < o->realtime_next_ms) {
        o->counts->late++;
        return;
    }
    add_to_series(o, &c->series, sample->time_ms, mark, value, converted, reason);
    if (channel->role == ROLE_VELOCITY)
        add_flow(o, c, sample->time_ms);
    judge_sample(o, c, sample->time_ms);
}

/* A batch analyzer gives a value an hour or so: it stands until the next (HJ 355-2019; two intervals at most), so that
 * every minute without a sample of its own has it. */
static void hold(const struct outlet_state *o, struct channel_state *c, enum period period, int64_t start_ms)
{
    int64_t interval_ms = c->channel->interval_ms, length_ms = period_length_ms(period, realtime_ms(o));
    struct window *slots = period == PERIOD_MINUTE ? c->series.minute : c->series.realtime;
    bool stands = c->mark == MARK_N && c->time_ms != INSTANT_NONE && start_ms - c->time_ms <= 2 * interval_ms;
    if (interval_ms <= MINUTE_MS || !stands || period > PERIOD_MINUTE ||
        slots[(start_ms + INSTANT_ZONE_MS) / length_ms & 1].start_ms == start_ms)
        return;
    add_to(slots, start_ms, length_ms, MARK_N, c->value, c->converted, c->reason);
}

/* ---- periods ---- */

static struct window *window_of(struct series *series, enum period period, int64_t start_ms, int64_t length_ms)
{
    switch (period) {
    case PERIOD_REALTIME: return &series->realtime[(start_ms + INSTANT_ZONE_MS) / length_ms & 1];
    case PERIOD_MINUTE: return &series->minute[(start_ms + INSTANT_ZONE_MS) / length_ms & 1];
    case PERIOD_HOUR: return &series->hour;
    case PERIOD_2HOUR: return &series->two_hour;
    case PERIOD_DAY:
    case PERIODS: break;
    }
    return &series->day;
}

/* Closes the window of the series that began at start_ms (an empty one when nothing came) and frees its slot. */
static struct figure close_window(struct series *series, enum period period, int64_t start_ms, int64_t length_ms,
                                  uint32_t expected, bool converts)
{
    struct window *window = window_of(series, period, start_ms, length_ms), empty;
    window_open(&empty, start_ms);
    struct figure figure = window_close(window->start_ms == start_ms ? window : &empty, period, expected, converts);
    if (window->start_ms == start_ms)
        window->start_ms = INSTANT_NONE;
    return figure;
}

static void feed(struct window *window, int64_t start_ms, const struct figure *figure)
{
    if (window->start_ms != start_ms)
        window_open(window, start_ms);
    window_add(window, figure->mark, figure->value, figure->converted,
               figure->mark == MARK_N ? figure->reason : REASON_NONE);
}

/* A closed minute goes into its hour and 2-hour, a closed hour into its day. */
static void feed_above(struct series *series, enum period period, int64_t start_ms, const struct figure *figure)
{
    if (period == PERIOD_MINUTE) {
        feed(&series->hour, period_start_ms(start_ms, HOUR_MS), figure);
        feed(&series->two_hour, period_start_ms(start_ms, 2 * HOUR_MS), figure);
    } else if (period == PERIOD_HOUR) {
        feed(&series->day, period_start_ms(start_ms, DAY_MS), figure);
    }
}

/* kg = mg/m3 · m3/h · h · 1e-6; a factor counted in g has its concentration in ng/m3, hence 1e-9 (annex D, G_h).
 * Two-hour and day amounts are the sums of their hours'. */
static double amount_of(struct channel_state *c, enum period period, int64_t length_ms, double value, double flow)
{
    const struct factor *factor = c->channel->factor;
    double amount = NAN;
    if (c->channel->role != ROLE_POLLUTANT || factor->amount_unit[0] == '\0' || period == PERIOD_REALTIME)
        return NAN;
    if (period == PERIOD_2HOUR || period == PERIOD_DAY) {
        double *sum = period == PERIOD_DAY ? &c->series.day_amount : &c->series.two_hour_amount;
        amount = *sum;
        *sum = NAN;
        return amount;
    }
    if (isfinite(value) && isfinite(flow))
        amount = value * flow * ((double)length_ms / (double)HOUR_MS) * (factor->amount_unit[0] == 'g' ? 1e-9 : 1e-6);
    if (period == PERIOD_HOUR && isfinite(amount)) {
        c->series.day_amount = amount + (isfinite(c->series.day_amount) ? c->series.day_amount : 0);
        c->series.two_hour_amount = amount + (isfinite(c->series.two_hour_amount) ? c->series.two_hour_amount : 0);
    }
    return amount;
}

static void close_period(struct outlet_state *o, enum period period, int64_t start_ms)
{
    int64_t length_ms = period_length_ms(period, realtime_ms(o));
    struct period_record *record = o->record;
    const struct channel_state *velocity = o->role[ROLE_VELOCITY];
    record->outlet = o->outlet;
    record->period = period;
    record->from_ms = start_ms;
    record->to_ms = start_ms + length_ms;
    record->flow = NAN;
    record->reading_count = o->outlet->channel_count;
    if (velocity) {
        uint32_t expected = window_expected(period, velocity->channel->interval_ms, realtime_ms(o));
        struct figure flow = close_window(&o->flow, period, start_ms, length_ms, expected, false);
        feed_above(&o->flow, period, start_ms, &flow);
        record->flow = flow.value;
    }
    for (size_t i = 0; i < record->reading_count; i++) {
        struct channel_state *c = &o->channels[i];
        uint32_t expected = window_expected(period, c->channel->interval_ms, realtime_ms(o));
        hold(o, c, period, start_ms);
        struct figure f = close_window(&c->series, period, start_ms, length_ms, expected, c->converts);
        feed_above(&c->series, period, start_ms, &f);
        struct reading *r = &record->readings[i];
        *r = (struct reading){
            .channel = c->channel,
            .value = f.value,
            .converted = f.converted,
            .min = f.min,
            .max = f.max,
            .converted_min = f.converted_min,
            .converted_max = f.converted_max,
            .mark = f.mark,
            .valid = f.valid,
            .expected = f.expected,
            .reason = f.reason,
            .amount = amount_of(c, period, length_ms, f.value, record->flow),
        };
        if (period == PERIOD_REALTIME && r->reason == REASON_MARKED && c->reason != REASON_NONE)
            r->reason = c->reason;
        judge_reading(c, period, r);
    }
    if (!o->sink->record(o->sink->owner, record))
        return;
    for (size_t i = 0; i < record->reading_count; i++) {
        struct channel_state *c = &o->channels[i];
        if (period == PERIOD_MINUTE)
            judge_minute(o, c, record->to_ms);
        else if (period != PERIOD_REALTIME)
            judge_period(o, c, period, start_ms, record->to_ms, &record->readings[i]);
    }
}

void outlet_begin(struct outlet_state *o, int64_t instant_ms)
{
    o->realtime_next_ms = period_start_ms(instant_ms, realtime_ms(o));
    o->minute_next_ms = period_start_ms(instant_ms, MINUTE_MS);
    for (size_t i = 0; i < o->outlet->channel_count; i++)
        if (o->channels[i].last_valid_ms < instant_ms)
            o->channels[i].last_valid_ms = instant_ms;
}

int64_t outlet_due_ms(const struct outlet_state *o)
{
    int64_t realtime_end = o->realtime_next_ms + realtime_ms(o), minute_end = o->minute_next_ms + MINUTE_MS;
    return (realtime_end < minute_end ? realtime_end : minute_end) + COMPUTE_GRACE_MS;
}

static void close_minute(struct outlet_state *o)
{
    static const enum period ABOVE[] = {PERIOD_HOUR, PERIOD_2HOUR, PERIOD_DAY};
    int64_t start_ms = o->minute_next_ms, end_ms = start_ms + MINUTE_MS;
    o->minute_next_ms = end_ms;
    close_period(o, PERIOD_MINUTE, start_ms);
    for (size_t p = 0; p < sizeof ABOVE / sizeof ABOVE[0]; p++) {
        int64_t length_ms = period_length_ms(ABOVE[p], 0);
        if (ABOVE[p] == PERIOD_2HOUR && o->outlet->medium != MEDIUM_WATER)
            continue; /* sewage is disclosed as 2-hour means, flue gas as hour means (环发〔2013〕81号) */
        if (period_start_ms(end_ms, length_ms) == end_ms)
            close_period(o, ABOVE[p], end_ms - length_ms);
    }
}

void outlet_tick(struct outlet_state *o, int64_t now_ms)
{
    while (outlet_due_ms(o) <= now_ms) {
        int64_t end_ms = outlet_due_ms(o) - COMPUTE_GRACE_MS;
        if (o->realtime_next_ms + realtime_ms(o) == end_ms) {
            int64_t start_ms = o->realtime_next_ms;
            o->realtime_next_ms = end_ms;
            close_period(o, PERIOD_REALTIME, start_ms);
        }
        if (o->minute_next_ms + MINUTE_MS == end_ms)
            close_minute(o);
        for (size_t i = 0; i < o->outlet->channel_count; i++)
            judge_missing(o, &o->channels[i], end_ms);
    }
}
