#include "compute/told.h"

#include "model/instant.h"

#include <math.h>

bool told_wanted(const struct plant *plant, const struct outlet *outlet)
{
    for (size_t i = 0; i < outlet->channel_count; i++) {
        const struct channel *channel = &outlet->channels[i];
        bool hj212 = !channel->has_computed && channel->source.line_index >= 0 &&
                     plant->lines[channel->source.line_index].kind >= LINE_HJ212_LISTEN;
        if (hj212 || (channel->role == ROLE_POLLUTANT && channel->interval_ms > MINUTE_MS))
            return true;
    }
    return false;
}

void told_init(struct told *told, int64_t since_ms)
{
    told->since_ms = since_ms;
    for (int i = 0; i < TOLD_HOURS; i++)
        told->hours[i].start_ms = INSTANT_NONE;
    for (int i = 0; i < TOLD_DAYS; i++)
        told->days[i].start_ms = INSTANT_NONE;
    for (int i = 0; i < TOLD_MONTHS; i++)
        told->months[i].start_ms = INSTANT_NONE;
}

static int64_t month_number(int64_t start_ms)
{
    int year, month, day;
    instant_civil(start_ms, &year, &month, &day);
    return year * INT64_C(12) + month - 1;
}

/* The place of an hour, day or month, whoever stands there; NULL for other periods. */
static struct told_part *place(const struct told *told, enum period period, int64_t start_ms)
{
    struct told *t = (struct told *)told;
    int64_t zoned_ms = start_ms + INSTANT_ZONE_MS;
    if (period == PERIOD_HOUR)
        return &t->hours[zoned_ms / HOUR_MS % TOLD_HOURS];
    if (period == PERIOD_DAY)
        return &t->days[zoned_ms / DAY_MS % TOLD_DAYS];
    return period == PERIOD_MONTH ? &t->months[month_number(start_ms) % TOLD_MONTHS] : NULL;
}

struct told_part *told_find(const struct told *told, enum period period, int64_t start_ms)
{
    struct told_part *part = told ? place(told, period, start_ms) : NULL;
    return part && part->start_ms == start_ms ? part : NULL;
}

/* Where the revision of any period is kept. */
static uint32_t *revision_of(struct told *told, enum period period, int64_t start_ms)
{
    static const struct {
        enum period begins_with;
        int longer; /* -1: its own */
    } KEPT[PERIODS] = {
        [PERIOD_REALTIME] = {PERIODS, 0},    [PERIOD_MINUTE] = {PERIODS, 0},       [PERIOD_5MIN] = {PERIODS, 0},
        [PERIOD_HOUR] = {PERIOD_HOUR, -1},   [PERIOD_2HOUR] = {PERIOD_HOUR, 0},    [PERIOD_DAY] = {PERIOD_DAY, -1},
        [PERIOD_MONTH] = {PERIOD_MONTH, -1}, [PERIOD_QUARTER] = {PERIOD_MONTH, 0}, [PERIOD_YEAR] = {PERIOD_MONTH, 1},
    };
    struct told_part *part = told_find(told, KEPT[period].begins_with, start_ms);
    if (!part)
        return NULL;
    return KEPT[period].longer < 0 ? &part->revision : &part->longer[KEPT[period].longer];
}

void told_remember(struct told *told, enum period period, const struct told_part *closed)
{
    struct told_part *part = told ? place(told, period, closed->start_ms) : NULL;
    if (!part) {
        uint32_t *revision = told ? revision_of(told, period, closed->start_ms) : NULL;
        if (revision)
            *revision = closed->revision;
        return;
    }
    bool known = part->start_ms == closed->start_ms; /* the longer periods that begin with it keep theirs */
    uint32_t longer[2] = {known ? part->longer[0] : 0, known ? part->longer[1] : 0};
    *part = *closed;
    part->longer[0] = longer[0];
    part->longer[1] = longer[1];
}

void told_remember_flow(struct outlet_state *o, enum period period, int64_t start_ms, double flow, int condition)
{
    const struct quantum q = {isfinite(flow) ? MARK_N : MARK_B, flow, NAN, NAN, REASON_NONE, false};
    told_remember(
        o->told_flow, period,
        &(struct told_part){
            .start_ms = start_ms, .q = q, .min = NAN, .max = NAN, .amount = NAN, .condition = (int8_t)condition});
}

struct quantum told_quantum(const struct figure *f)
{
    return (struct quantum){f->mark,   f->value, f->converted, f->weight, f->mark == MARK_N ? f->reason : REASON_NONE,
                            f->assumed};
}

void told_set(struct told_part *part, const struct figure *f)
{
    part->q = told_quantum(f);
    part->min = f->min;
    part->max = f->max;
    part->amount = f->amount;
    part->valid = f->valid;
}

bool told_same(const struct told_part *part, const struct figure *f)
{
    const double were[] = {part->q.value, part->q.converted, part->min, part->max, part->amount};
    const double are[] = {f->value, f->converted, f->min, f->max, f->amount};
    for (size_t i = 0; i < sizeof were / sizeof were[0]; i++)
        if (were[i] != are[i] && !(isnan(were[i]) && isnan(are[i])))
            return false;
    return part->q.mark == f->mark && part->valid == f->valid;
}

void told_close(struct told *told, enum period period, int64_t start_ms, struct figure *f)
{
    const struct told_part *part = told_find(told, period, start_ms);
    struct told_part closed = {.start_ms = start_ms};
    if (!part) {
        told_set(&closed, f);
        told_remember(told, period, &closed);
        return;
    }
    f->value = part->q.value;
    f->converted = part->q.converted;
    f->weight = part->q.weight;
    f->min = part->min;
    f->max = part->max;
    f->mark = part->q.mark;
    f->reason = part->q.reason;
    f->amount = part->amount;
    f->valid = part->valid;
}

double told_temperature(const struct outlet_state *o, enum period period, int64_t start_ms)
{
    const struct channel_state *c = o->role[ROLE_WATER_TEMPERATURE];
    const struct told_part *part = c ? told_find(c->book->told, period, start_ms) : NULL;
    double temperature = NAN;
    if (part)
        return part->q.mark == MARK_N ? part->q.value : NAN;
    outlet_sibling(o, ROLE_WATER_TEMPERATURE, period_end_ms(period, start_ms), &temperature);
    return temperature;
}

void told_again(struct outlet_state *o, struct channel_state *c, const struct period_record *record,
                const struct reading *reading)
{
    uint32_t *revision = c->book->told ? revision_of(c->book->told, record->period, record->from_ms) : NULL;
    struct period_record *again = o->record;
    if (!revision)
        return;
    again->outlet = o->outlet;
    again->period = record->period;
    again->from_ms = record->from_ms;
    again->to_ms = record->to_ms;
    again->flow = record->flow;
    again->condition = record->condition;
    again->judged = operation_treatment(o, record->condition) == TREAT_JUDGE;
    again->revision = ++*revision;
    again->reading_count = 1;
    again->readings[0] = *reading;
    if (!o->sink->record(o->sink->owner, again)) {
        --*revision; /* it was not told */
        return;
    }
    /* an alarm that speaks of another period is none of this one's business */
    const struct finding *finding = &c->book->exceed[record->period];
    if (reading->exceeds > 0 || (alarm_active(finding) && finding->said_ms == record->to_ms))
        judge_exceed(o, c, again, &again->readings[0]);
}

static enum period part_of(enum period period)
{
    return period == PERIOD_DAY ? PERIOD_HOUR : period == PERIOD_MONTH ? PERIOD_DAY : PERIOD_MONTH;
}

/* The window of a longer period again from its parts; false when not all of them are known. */
static bool make_again(const struct told *told, enum period period, int64_t start_ms, int64_t until_ms,
                       struct window *window)
{
    enum period part = part_of(period);
    window_open(window, start_ms);
    for (int64_t at_ms = start_ms; at_ms < until_ms; at_ms = period_end_ms(part, at_ms)) {
        const struct told_part *known = told_find(told, part, at_ms);
        if (!known)
            continue; /* before the beginning: it was never fed either */
        window_add(window, &known->q);
        window_add_amount(window, known->amount);
    }
    return window->received > 0 && start_ms >= told->since_ms;
}

/* The windows of quarter and year hold amounts of days, but figures of months. */
static void shift_amount(struct window *window, int64_t day_ms, enum period period, double was, double is)
{
    if (window->start_ms != period_floor_ms(period, day_ms))
        return;
    if (isfinite(was)) {
        window->amount -= was;
        window->amounts--;
    }
    window_add_amount(window, is);
}

static void take_figures(struct window *window, struct window *made)
{
    made->amount = window->amount;
    made->amounts = window->amounts;
    *window = *made;
}

void told_head(const struct outlet_state *o, enum period period, int64_t start_ms, struct period_record *record)
{
    const struct told_part *flow = told_find(o->told_flow, period, start_ms);
    record->period = period;
    record->from_ms = start_ms;
    record->to_ms = period_end_ms(period, start_ms);
    record->flow = flow ? flow->q.value : NAN;
    record->condition = flow ? flow->condition : -1;
}

static void tell_longer(struct outlet_state *o, struct channel_state *c, enum period period, int64_t start_ms,
                        const struct figure *f)
{
    struct reading reading = periods_reading(c, f, period);
    told_head(o, period, start_ms, o->record);
    reading.forecast = foresee_year(c, o->record->to_ms);
    judge_against(o, c, o->record, &reading, told_temperature(o, period, start_ms));
    told_again(o, c, o->record, &reading);
}

/* One longer period of the changed day: true when it is closed and changed, so that those above it may change too. */
static bool correct_longer(struct outlet_state *o, struct channel_state *c, enum period period, int64_t day_ms)
{
    int64_t start_ms = period_floor_ms(period, day_ms), end_ms = period_end_ms(period, start_ms);
    int64_t closed_ms = period_floor_ms(PERIOD_HOUR, o->minute_next_ms);
    bool closed = end_ms <= closed_ms;
    struct window made, *window = &c->series.above[period];
    if (!make_again(c->book->told, period, start_ms, closed ? end_ms : closed_ms, &made))
        return false;
    if (!closed) {
        if (window->start_ms != start_ms || made.received != window->received)
            return false;
        if (period >= PERIOD_QUARTER)
            take_figures(window, &made);
        else
            *window = made;
        return false;
    }
    struct told_part *part = told_find(c->book->told, period, start_ms);
    uint32_t expected = window_expected(period, start_ms, c->interval_ms, 0);
    struct figure f = window_close(&made, period, expected, (enum mean)c->mean);
    if (part && told_same(part, &f))
        return false;
    if (part && period == PERIOD_DAY) {
        shift_amount(&c->series.above[PERIOD_QUARTER], day_ms, PERIOD_QUARTER, part->amount, f.amount);
        shift_amount(&c->series.above[PERIOD_YEAR], day_ms, PERIOD_YEAR, part->amount, f.amount);
    }
    if (part)
        told_set(part, &f);
    tell_longer(o, c, period, start_ms, &f);
    return true;
}

void told_correct_day(struct outlet_state *o, struct channel_state *c, int64_t day_ms)
{
    if (!c->book->told || !correct_longer(o, c, PERIOD_DAY, day_ms) || !correct_longer(o, c, PERIOD_MONTH, day_ms))
        return;
    correct_longer(o, c, PERIOD_QUARTER, day_ms);
    correct_longer(o, c, PERIOD_YEAR, day_ms);
}

void told_correct_flow(struct outlet_state *o, int64_t day_ms)
{
    static const enum period LONGER[] = {PERIOD_DAY, PERIOD_MONTH, PERIOD_QUARTER, PERIOD_YEAR};
    int64_t closed_ms = period_floor_ms(PERIOD_HOUR, o->minute_next_ms);
    for (size_t i = 0; o->told_flow && i < sizeof LONGER / sizeof LONGER[0]; i++) {
        int64_t start_ms = period_floor_ms(LONGER[i], day_ms), end_ms = period_end_ms(LONGER[i], start_ms);
        struct window made, *window = &o->flow.above[LONGER[i]];
        struct told_part *part = told_find(o->told_flow, LONGER[i], start_ms);
        if (!make_again(o->told_flow, LONGER[i], start_ms, end_ms < closed_ms ? end_ms : closed_ms, &made))
            return;
        if (end_ms > closed_ms) {
            if (window->start_ms == start_ms && made.received == window->received)
                *window = made;
            return;
        }
        uint32_t expected = window_expected(LONGER[i], start_ms, 1000, 0);
        struct figure f = window_close(&made, LONGER[i], expected, MEAN_PLAIN);
        if (part)
            told_set(part, &f);
    }
}
