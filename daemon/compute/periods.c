/* Windows that ended close together into one record, from the bottom up:
 *
 *   minute ─► 5 min, hour, 2-hour      hour ─► day      day ─► month      month ─► quarter, year
 *
 * Amounts: gas G_h = C̄ · Q̄ · 1e-6 of the hour's means (HJ 212-2017 annex D); water ΣD·C of its minutes. From the hour
 * up they are sums. The figures of all channels are known before any is judged: a limit may depend on a sibling. */
#include "compute/batch.h"
#include "compute/suspect.h"

#include "model/instant.h"

#include <math.h>

void series_init(struct series *series, struct window above[PERIODS])
{
    series->above = above;
    for (int i = 0; i < 2; i++) {
        window_open(&series->realtime[i], INSTANT_NONE);
        window_open(&series->minute[i], INSTANT_NONE);
    }
    for (int p = 0; p < PERIODS; p++)
        window_open(&series->above[p], INSTANT_NONE);
}

static struct window *window_of(const struct outlet_state *o, struct series *series, enum period period,
                                int64_t start_ms)
{
    if (period > PERIOD_MINUTE)
        return &series->above[period];
    int64_t slot = (start_ms + INSTANT_ZONE_MS) / period_length_ms(period, outlet_realtime_ms(o)) & 1;
    return period == PERIOD_MINUTE ? &series->minute[slot] : &series->realtime[slot];
}

/* Closes the window of the series that began at start_ms (an empty one when nothing came) and frees its slot. */
static struct figure close_window(const struct outlet_state *o, struct series *series, enum period period,
                                  int64_t start_ms, int interval_ms, enum mean mean)
{
    struct window *window = window_of(o, series, period, start_ms), empty;
    window_open(&empty, start_ms);
    uint32_t expected = window_expected(period, start_ms, interval_ms, outlet_realtime_ms(o));
    struct figure figure = window_close(window->start_ms == start_ms ? window : &empty, period, expected, mean);
    if (window->start_ms == start_ms)
        window->start_ms = INSTANT_NONE;
    return figure;
}

/* What a closed period of each kind goes into. */
static const struct {
    enum period value[3], amount[3]; /* PERIODS ends the list */
} ABOVE[PERIODS] = {
    [PERIOD_REALTIME] = {{PERIODS}, {PERIODS}},
    [PERIOD_MINUTE] = {{PERIOD_5MIN, PERIOD_HOUR, PERIOD_2HOUR}, {PERIOD_HOUR, PERIOD_2HOUR, PERIODS}},
    [PERIOD_5MIN] = {{PERIODS}, {PERIODS}},
    [PERIOD_HOUR] = {{PERIOD_DAY, PERIODS}, {PERIOD_DAY, PERIODS}},
    [PERIOD_2HOUR] = {{PERIODS}, {PERIODS}},
    [PERIOD_DAY] = {{PERIOD_MONTH, PERIODS}, {PERIOD_MONTH, PERIOD_QUARTER, PERIOD_YEAR}},
    [PERIOD_MONTH] = {{PERIOD_QUARTER, PERIOD_YEAR, PERIODS}, {PERIODS}},
    [PERIOD_QUARTER] = {{PERIODS}, {PERIODS}},
    [PERIOD_YEAR] = {{PERIODS}, {PERIODS}},
};

static struct window *open_above(struct series *series, enum period period, int64_t instant_ms)
{
    struct window *window = &series->above[period];
    int64_t start_ms = period_floor_ms(period, instant_ms);
    if (window->start_ms != start_ms)
        window_open(window, start_ms);
    return window;
}

void series_feed(struct series *series, enum period period, int64_t start_ms, const struct quantum *q, double amount)
{
    for (int i = 0; i < 3 && ABOVE[period].value[i] != PERIODS; i++)
        window_add(open_above(series, ABOVE[period].value[i], start_ms), q);
    for (int i = 0; i < 3 && ABOVE[period].amount[i] != PERIODS; i++)
        window_add_amount(open_above(series, ABOVE[period].amount[i], start_ms), amount);
}

/* A batch analyzer gives a value an hour or so: it stands until the next (HJ 355-2019; two intervals at most), so that
 * every minute without a sample of its own has it. A minute closes after its grace, when the next value may be there
 * already: that one is not of this minute. */
static void hold(const struct outlet_state *o, struct channel_state *c, const struct period_record *record)
{
    if (c->channel->interval_ms <= MINUTE_MS || record->period > PERIOD_MINUTE)
        return;
    struct window *window = window_of(o, &c->series, record->period, record->from_ms);
    if (window->start_ms == record->from_ms)
        return;
    struct taken standing = c->time_ms >= record->to_ms ? c->book->before : outlet_latest(c);
    if (!outlet_stands(c, &standing, record->from_ms))
        return;
    standing.q.weight = record->flow;
    window_open(window, record->from_ms);
    window_add(window, &standing.q);
}

/* Amount of the closed figure itself, where it is not a sum: kg = mg/m3 · m3/h · h · 1e-6; a factor counted in g has
 * its concentration in ng/m3, hence 1e-9; water kg = mg/L · m3 / 1000. The amount of a flow is its volume. */
static double own_amount(const struct outlet_state *o, const struct channel_state *c, enum period period, double value,
                         double flow, double volume)
{
    const struct factor *factor = c->channel->factor;
    bool gas = o->outlet->medium == MEDIUM_GAS;
    double hours = period == PERIOD_MINUTE ? 1.0 / 60 : 1;
    if (factor->amount_unit[0] == '\0' || !isfinite(value))
        return NAN;
    if (c->channel->role == ROLE_FLOW)
        return gas ? flow * hours : volume;
    if (c->channel->role != ROLE_POLLUTANT)
        return NAN;
    if (gas)
        return value * flow * hours * (factor->amount_unit[0] == 'g' ? 1e-9 : 1e-6);
    return value * volume / 1000;
}

struct reading periods_reading(const struct channel_state *c, const struct figure *f, enum period period)
{
    return (struct reading){
        .channel = c->channel,
        .value = f->value,
        .converted = f->converted,
        .min = f->min,
        .max = f->max,
        .converted_min = f->converted_min,
        .converted_max = f->converted_max,
        .mark = f->mark,
        .valid = f->valid,
        .expected = f->expected,
        .reason = f->reason,
        .amount = period == PERIOD_REALTIME ? NAN : f->amount,
        .weight = f->weight,
        .weighted = f->weighted,
        .assumed = f->assumed,
        .multiple = NAN,
        .exceeds = -1,
        .forecast = NAN,
    };
}

static void close_channel(struct outlet_state *o, struct channel_state *c, const struct period_record *record,
                          struct reading *r)
{
    enum period period = record->period;
    bool gas = o->outlet->medium == MEDIUM_GAS;
    double volume = period == PERIOD_MINUTE && !gas ? record->flow * 60 / 1000 : NAN; /* m3 of this minute */
    hold(o, c, record);
    if (c->book->batch && (period == PERIOD_HOUR || period == PERIOD_2HOUR))
        batch_window(o, c, record->from_ms, record->to_ms, &c->series.above[period]);
    struct figure f = close_window(o, &c->series, period, record->from_ms, c->channel->interval_ms, c->mean);
    double amount = period == PERIOD_MINUTE || (period == PERIOD_HOUR && gas)
                        ? own_amount(o, c, period, f.value, record->flow, volume)
                        : f.amount;
    double weight = c->mean != MEAN_WEIGHTED ? NAN : period == PERIOD_MINUTE ? volume : f.weight;
    f.amount = amount;
    f.weight = weight;
    if (c->book->told && period >= PERIOD_HOUR)
        told_close(c->book->told, period, record->from_ms, &f);
    const struct quantum q = told_quantum(&f);
    series_feed(&c->series, period, record->from_ms, &q, gas && period == PERIOD_MINUTE ? NAN : f.amount);
    *r = periods_reading(c, &f, period);
    r->forecast = period >= PERIOD_DAY ? foresee_year(c, record->to_ms) : NAN;
    if (period == PERIOD_REALTIME && r->reason == REASON_MARKED && c->reason != REASON_NONE)
        r->reason = c->reason;
}

static void close_flow(struct outlet_state *o, struct period_record *record)
{
    const struct channel_state *channel = flow_channel(o);
    record->flow = NAN;
    if (!channel) {
        if (record->period == PERIOD_MINUTE)
            batch_volume(o, record->from_ms, NAN);
        return;
    }
    struct figure f =
        close_window(o, &o->flow, record->period, record->from_ms, channel->channel->interval_ms, MEAN_PLAIN);
    const struct told_part *told = told_find(o->told_flow, record->period, record->from_ms);
    f.value = told ? told->q.value : f.value; /* before a restart */
    f.mark = told ? told->q.mark : f.mark;
    const struct quantum q = {f.mark, f.value, NAN, NAN, REASON_NONE, f.assumed};
    series_feed(&o->flow, record->period, record->from_ms, &q, NAN);
    record->flow = f.value;
    if (record->period == PERIOD_MINUTE)
        batch_volume(o, record->from_ms, f.value * 60 / 1000);
}

/* Hours within the ultra-low value, for the share of the month (环办大气函〔2019〕922号). */
static void count_ultra_low(struct channel_state *c, const struct period_record *record, struct reading *r)
{
    if (record->period == PERIOD_HOUR)
        channel_count_hour(c, record->judged, judge_figure(c, r));
    if (record->period != PERIOD_MONTH)
        return;
    r->ultra_low_hours = c->book->ultra_low_hours;
    r->judged_hours = c->book->judged_hours;
    c->book->ultra_low_hours = c->book->judged_hours = 0;
}

void channel_count_hour(struct channel_state *c, bool judged, double figure)
{
    if (!judged || !isfinite(figure) || !isfinite(c->channel->ultra_low))
        return;
    c->book->judged_hours++;
    c->book->ultra_low_hours += figure <= c->channel->ultra_low;
}

void channel_uncount_hour(struct channel_state *c, bool judged, double figure)
{
    if (!judged || !isfinite(figure) || !isfinite(c->channel->ultra_low) || c->book->judged_hours == 0)
        return;
    c->book->judged_hours--;
    c->book->ultra_low_hours -= figure <= c->channel->ultra_low && c->book->ultra_low_hours > 0;
}

static void judge_all(struct outlet_state *o, const struct period_record *record)
{
    for (size_t i = 0; i < record->reading_count; i++) {
        struct channel_state *c = &o->channels[i];
        if (record->period == PERIOD_MINUTE)
            foresee_minute(o, c, record->to_ms);
        else if (record->period != PERIOD_REALTIME)
            judge_period(o, c, record, &record->readings[i]);
    }
}

static void close_period(struct outlet_state *o, enum period period, int64_t start_ms, int64_t end_ms)
{
    struct period_record *record = o->record;
    record->outlet = o->outlet;
    record->period = period;
    record->from_ms = start_ms;
    record->to_ms = end_ms;
    record->revision = 0;
    record->reading_count = o->outlet->channel_count;
    close_flow(o, record);
    for (size_t i = 0; i < record->reading_count; i++)
        close_channel(o, &o->channels[i], record, &record->readings[i]);
    if (period == PERIOD_MINUTE)
        operation_minute(o, record);
    operation_of(o, record);
    if (o->told_flow && period >= PERIOD_HOUR)
        told_remember_flow(o, period, start_ms, record->flow, record->condition);
    for (size_t i = 0; i < record->reading_count; i++) {
        judge_reading(o, &o->channels[i], record, &record->readings[i]);
        count_ultra_low(&o->channels[i], record, &record->readings[i]);
        if (period == PERIOD_MINUTE) /* also of what has been told already: a restart goes on from here */
            foresee_remember(&o->channels[i], &record->readings[i]);
    }
    bool told = o->sink->record(o->sink->owner, record);
    if (told)
        judge_all(o, record);
    if (period == PERIOD_MINUTE)
        suspect_minute(o, record, told);
}

int64_t outlet_due_ms(const struct outlet_state *o)
{
    int64_t realtime_end = o->realtime_next_ms + outlet_realtime_ms(o), minute_end = o->minute_next_ms + MINUTE_MS;
    return (realtime_end < minute_end ? realtime_end : minute_end) + COMPUTE_GRACE_MS;
}

/* Sewage is disclosed as 2-hour means, flue gas as hour means (环发〔2013〕81号); 5-minute means are made where a limit
 * asks for them. */
static bool has_period(const struct outlet_state *o, enum period period)
{
    return period == PERIOD_5MIN ? o->has_5min : period != PERIOD_2HOUR || o->outlet->medium == MEDIUM_WATER;
}

static void close_minute(struct outlet_state *o)
{
    int64_t start_ms = o->minute_next_ms, end_ms = start_ms + MINUTE_MS;
    o->minute_next_ms = end_ms;
    close_period(o, PERIOD_MINUTE, start_ms, end_ms);
    for (enum period p = PERIOD_5MIN; p < PERIODS; p++) {
        if (p == PERIOD_MONTH && period_floor_ms(PERIOD_DAY, end_ms) != end_ms)
            return; /* no calendar for a minute that ends no day */
        if (has_period(o, p) && period_floor_ms(p, end_ms) == end_ms)
            close_period(o, p, period_floor_ms(p, start_ms), end_ms);
    }
}

void outlet_tick(struct outlet_state *o, int64_t now_ms)
{
    while (outlet_due_ms(o) <= now_ms) {
        int64_t end_ms = outlet_due_ms(o) - COMPUTE_GRACE_MS;
        if (o->realtime_next_ms + outlet_realtime_ms(o) == end_ms) {
            int64_t start_ms = o->realtime_next_ms;
            o->realtime_next_ms = end_ms;
            close_period(o, PERIOD_REALTIME, start_ms, end_ms);
        }
        if (o->minute_next_ms + MINUTE_MS == end_ms)
            close_minute(o);
        for (size_t i = 0; i < o->outlet->channel_count; i++)
            silence_tick(o, &o->channels[i], end_ms);
    }
}
