/* Alarms that come before a period closes.
 *
 *   warning        hour mean so far ≥ share of the limit with enough valid minutes
 *   projected      mean the hour would close with if its rest stays at the mean of the last 5 minutes
 *   day-projected  mean the day would close with if its rest stays at the last hour
 *   hour lost      (missing) so few minutes are left that the hour can't become valid
 *   total          amount the year would end with if it went on as it went so far
 *
 * With Σ = sum of figure · weight so far, W their weight, r lower-level values to come that weigh w each at figure p:
 *
 *                Σ + p · w · r                          limit · (W + w · r) - Σ
 *   projected = ---------------        stay under  =  -------------------------
 *                  W + w · r                                   w · r                                            */
#include "compute/outlet.h"

#include "model/instant.h"

#include <math.h>

struct outlook {
    double sum, weight; /* so far */
    uint32_t n;
};

static struct outlook outlook_of(const struct channel_state *c, const struct window *window)
{
    if (c->mean == MEAN_WEIGHTED && window->weighted.n == window->value.n && window->weight > 0)
        return (struct outlook){window->weighted.sum, window->weight, window->weighted.n};
    const struct tally *t = c->mean == MEAN_CONVERTED ? &window->converted : &window->value;
    return (struct outlook){t->sum, t->n, t->n};
}

struct projection {
    double mean, stay_under;
};

static struct projection project(const struct outlook *so_far, double pace, double weight, uint32_t rest, double limit)
{
    double to_come = weight * rest, all = so_far->weight + to_come;
    return (struct projection){(so_far->sum + pace * to_come) / all, (limit * all - so_far->sum) / to_come};
}

static bool pace_of(const struct channel_state *c, bool weighted, double *pace, double *weight)
{
    double product = 0, sum = 0;
    int n = 0;
    for (int i = 0; i < PACE_MINUTES; i++) {
        if (!isfinite(c->book->pace.weight[i]))
            continue;
        product += weighted ? c->book->pace.figure[i] * c->book->pace.weight[i] : c->book->pace.figure[i];
        sum += weighted ? c->book->pace.weight[i] : 1;
        n++;
    }
    *pace = product / sum;
    *weight = sum / n;
    return n >= (int)window_required(PERIOD_5MIN, PACE_MINUTES) && sum > 0;
}

/* Over its threshold a finding is raised or grows, below it by the hysteresis it ends; between them nothing changes. */
static void level(struct outlet_state *o, struct finding *finding, struct alarm_event *event, bool over,
                  double threshold)
{
    if (over)
        judge_step(o, finding, judge_over_or_worse(finding, event->value), event);
    else if (event->value < threshold * (1 - o->plant->alarms.hysteresis))
        judge_step(o, finding, ALARM_UNDER, event);
}

static void say_projection(struct outlet_state *o, struct channel_state *c, enum alarm_kind kind,
                           const struct window *window, enum period period, const struct limit *limit,
                           const struct projection *p, int64_t now_ms)
{
    struct alarm_event event = judge_event(o, c, kind, now_ms);
    event.period = (int)period;
    event.from_ms = window->start_ms;
    event.value = p->mean;
    event.limit = limit->max;
    event.multiple = p->mean / limit->max - 1;
    event.stay_under = p->stay_under;
    event.law = limit;
    level(o, &c->book->finding[kind], &event, p->mean > limit->max, limit->max);
}

static void warn(struct outlet_state *o, struct channel_state *c, const struct outlook *so_far,
                 const struct limit *limit, int64_t end_ms)
{
    const struct alarm_rules *rules = &o->plant->alarms;
    if (so_far->n < (uint32_t)rules->warning.minutes)
        return;
    double mean = so_far->sum / so_far->weight, threshold = rules->warning.share * limit->max;
    struct alarm_event event = judge_event(o, c, ALARM_WARNING, end_ms);
    event.period = PERIOD_HOUR;
    event.from_ms = c->series.above[PERIOD_HOUR].start_ms;
    event.value = mean;
    event.limit = limit->max;
    event.multiple = mean / limit->max - 1;
    event.law = limit;
    level(o, &c->book->finding[ALARM_WARNING], &event, mean >= threshold, threshold);
}

void foresee_remember(struct channel_state *c, const struct reading *reading)
{
    double figure = judge_figure(c, reading);
    unsigned slot = c->book->pace.next++ % PACE_MINUTES;
    c->book->pace.figure[slot] = isfinite(figure) ? figure : 0;
    c->book->pace.weight[slot] = !isfinite(figure)           ? NAN
                                 : c->mean != MEAN_WEIGHTED  ? 1
                                 : isfinite(reading->weight) ? reading->weight
                                                             : 0;
}

static void find_hour_lost(struct outlet_state *o, struct channel_state *c, uint32_t valid, uint32_t rest,
                           int64_t end_ms)
{
    if (valid + rest >= window_required(PERIOD_HOUR, 60) || alarm_active(&c->book->hour_lost))
        return;
    struct alarm_event event = judge_event(o, c, ALARM_MISSING, end_ms);
    event.period = PERIOD_HOUR;
    event.from_ms = period_floor_ms(PERIOD_HOUR, end_ms - 1);
    judge_step(o, &c->book->hour_lost, ALARM_OVER, &event);
}

static void remind(struct outlet_state *o, struct finding *finding, struct alarm_event *event, void *with)
{
    (void)with;
    if (!alarm_remind_due(finding, &o->plant->alarms, event->time_ms))
        return;
    event->from_ms = finding->since_ms;
    event->value = finding->published;
    bool instantaneous = event->kind == ALARM_INSTANTANEOUS;
    enum period period = instantaneous ? PERIOD_HOUR : (enum period)event->period;
    event->law = event->period >= 0 ? judge_limit(event->channel, period, event->time_ms, NAN, NULL) : NULL;
    if (event->law && isfinite(event->law->max)) {
        event->limit = event->law->max * (instantaneous ? o->plant->alarms.instantaneous.multiple : 1);
        event->multiple = event->law->max > 0 ? event->value / event->law->max - 1 : NAN;
    }
    judge_step(o, finding, ALARM_REMIND, event);
}

void foresee_minute(struct outlet_state *o, struct channel_state *c, int64_t end_ms)
{
    const struct window *hour = &c->series.above[PERIOD_HOUR];
    const struct limit *limit = judge_limit_now(o, c, PERIOD_HOUR, end_ms - 1);
    uint32_t rest =
        (uint32_t)((period_end_ms(PERIOD_HOUR, period_floor_ms(PERIOD_HOUR, end_ms - 1)) - end_ms) / MINUTE_MS);
    bool judged = operation_treatment(o, o->condition) == TREAT_JUDGE;
    double pace, weight;
    judge_findings(o, c, end_ms, remind, NULL);
    if (!limit || !isfinite(limit->max) || hour->start_ms == INSTANT_NONE || !judged)
        return;
    struct outlook so_far = outlook_of(c, hour);
    if (so_far.n > 0 && so_far.weight > 0)
        warn(o, c, &so_far, limit, end_ms);
    if (rest == 0)
        return;
    /* a start in the middle of the hour is no fault of the instrument */
    if (o->first_ms < hour->start_ms + MINUTE_MS)
        find_hour_lost(o, c, hour->value.n, rest, end_ms);
    bool weighted = c->mean == MEAN_WEIGHTED && so_far.weight != so_far.n;
    if (!o->plant->alarms.projected.on || so_far.n + rest < window_required(PERIOD_HOUR, 60) ||
        !pace_of(c, weighted, &pace, &weight))
        return;
    struct projection p = project(&so_far, pace, weight, rest, limit->max);
    say_projection(o, c, ALARM_PROJECTED, hour, PERIOD_HOUR, limit, &p, end_ms);
}

static void project_day(struct outlet_state *o, struct channel_state *c, const struct reading *reading, int64_t to_ms)
{
    const struct window *day = &c->series.above[PERIOD_DAY];
    const struct limit *limit = judge_limit_now(o, c, PERIOD_DAY, to_ms - 1);
    uint32_t rest = (uint32_t)((period_floor_ms(PERIOD_DAY, to_ms - 1) + DAY_MS - to_ms) / HOUR_MS);
    double pace = judge_figure(c, reading);
    if (!o->plant->alarms.day_projected.on || !limit || !isfinite(limit->max) || rest == 0 || !isfinite(pace) ||
        day->start_ms == INSTANT_NONE)
        return;
    struct outlook so_far = outlook_of(c, day);
    bool weighted = c->mean == MEAN_WEIGHTED && so_far.weight != so_far.n;
    double weight = weighted ? reading->weight : 1;
    if (so_far.n + rest < window_required(PERIOD_DAY, 24) || !(weight > 0))
        return;
    struct projection p = project(&so_far, pace, weight, rest, limit->max);
    say_projection(o, c, ALARM_DAY_PROJECTED, day, PERIOD_DAY, limit, &p, to_ms);
}

/* What the hour or day was foreseen to become it has become now. */
static void end(struct outlet_state *o, struct channel_state *c, struct finding *finding, enum alarm_kind kind,
                const struct period_record *record, const struct reading *reading)
{
    if (!alarm_active(finding))
        return;
    struct alarm_event event = judge_event(o, c, kind, record->to_ms);
    event.period = kind == ALARM_INSTANTANEOUS ? PERIOD_REALTIME : (int)record->period;
    event.from_ms = record->from_ms;
    event.value = judge_figure(c, reading);
    event.law = reading->limit;
    event.limit = reading->limit ? reading->limit->max : NAN;
    judge_step(o, finding, ALARM_UNDER, &event);
}

static void foresee_total(struct outlet_state *o, struct channel_state *c, const struct reading *reading,
                          int64_t now_ms)
{
    double permitted = c->channel->permitted;
    if (!isfinite(permitted) || !isfinite(reading->forecast))
        return;
    struct alarm_event event = judge_event(o, c, ALARM_TOTAL, now_ms);
    event.period = PERIOD_YEAR;
    event.from_ms = period_floor_ms(PERIOD_YEAR, now_ms - 1);
    event.value = reading->forecast;
    event.limit = permitted;
    event.multiple = reading->forecast / permitted - 1;
    level(o, &c->book->finding[ALARM_TOTAL], &event, reading->forecast > permitted, permitted);
}

void foresee_closed(struct outlet_state *o, struct channel_state *c, const struct period_record *record,
                    const struct reading *reading)
{
    if (record->period == PERIOD_HOUR) {
        end(o, c, &c->book->finding[ALARM_WARNING], ALARM_WARNING, record, reading);
        end(o, c, &c->book->finding[ALARM_PROJECTED], ALARM_PROJECTED, record, reading);
        end(o, c, &c->book->hour_lost, ALARM_MISSING, record, reading);
        if (c->over == 0)
            end(o, c, &c->book->finding[ALARM_INSTANTANEOUS], ALARM_INSTANTANEOUS, record, reading);
        if (record->judged)
            project_day(o, c, reading, record->to_ms);
    } else if (record->period == PERIOD_DAY) {
        end(o, c, &c->book->finding[ALARM_DAY_PROJECTED], ALARM_DAY_PROJECTED, record, reading);
        foresee_total(o, c, reading, record->to_ms);
    }
}

double foresee_year(const struct channel_state *c, int64_t now_ms)
{
    const struct window *year = &c->series.above[PERIOD_YEAR];
    int64_t start_ms = period_floor_ms(PERIOD_YEAR, now_ms - 1);
    if (year->start_ms != start_ms || year->amounts == 0)
        return NAN;
    double days_left = (double)(period_end_ms(PERIOD_YEAR, start_ms) - now_ms) / (double)DAY_MS;
    return year->amount + year->amount / year->amounts * days_left;
}

bool foresee_progress(const struct outlet_state *o, const struct channel_state *c, int64_t now_ms, struct progress *out)
{
    static const enum period JUDGED[] = {PERIOD_HOUR, PERIOD_2HOUR, PERIOD_DAY};
    double pace, weight;
    for (size_t i = 0; i < sizeof JUDGED / sizeof JUDGED[0]; i++) {
        enum period period = JUDGED[i];
        const struct window *window = &c->series.above[period];
        const struct limit *limit = judge_limit_now(o, c, period, now_ms);
        int64_t from_ms = period_floor_ms(period, now_ms), end_ms = period_end_ms(period, from_ms);
        if (!limit || !isfinite(limit->max))
            continue;
        struct outlook so_far = outlook_of(c, window);
        *out =
            (struct progress){.period = period,
                              .from_ms = from_ms,
                              .mean = NAN,
                              .limit_max = limit->max,
                              .projected = NAN,
                              .stay_under = NAN,
                              .expected = window_expected(period, from_ms, (int)c->interval_ms, outlet_realtime_ms(o))};
        if (window->start_ms != from_ms || so_far.n == 0 || !(so_far.weight > 0))
            return true;
        out->mean = so_far.sum / so_far.weight;
        out->valid = so_far.n;
        uint32_t rest =
            (uint32_t)((end_ms - now_ms + MINUTE_MS - 1) / MINUTE_MS); /* the minute in progress is to come */
        bool weighted = c->mean == MEAN_WEIGHTED && so_far.weight != so_far.n;
        if (period != PERIOD_HOUR || !pace_of(c, weighted, &pace, &weight))
            return true;
        struct projection p = project(&so_far, pace, weight, rest, limit->max);
        out->projected = p.mean;
        out->stay_under = p.stay_under;
        return true;
    }
    return false;
}
