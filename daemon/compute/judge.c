/* Judging: figures against limits, and the alarms that follow (domain sheet, section 5).
 *
 *   sample   ─► instantaneous: m samples in a row above k × hour limit
 *            └► instrument: a mark other than N (B belongs to "missing") several samples in a row
 *   period   ─► exceed: the closed, valid figure against its limit, unrounded (GB/T 8170 full-value comparison)
 *
 * The judged figure is the converted one where the outlet has a reference oxygen, else the dry standard-state one. A
 * limit applies to the periods that begin within its validity and season; of several that do, the strictest. */
#include "compute/suspect.h"

#include "model/instant.h"

#include <math.h>

#define WORSE_BY 1.05 /* an active finding is published again when its value has grown by this */

/* Beyond a limit by more than what a double loses in a sum of a day: a mean that is exactly at its limit complies. */
#define NOISE 1e-12
static bool beyond(double value, double limit)
{
    return value - limit > NOISE * fabs(limit);
}

static bool in_season(const struct limit *limit, int64_t start_ms)
{
    int year, month, day;
    if (limit->season_from == 0)
        return true;
    instant_civil(start_ms, &year, &month, &day);
    int date = month * 100 + day;
    bool after = date >= limit->season_from, before = date <= limit->season_until;
    return limit->season_from <= limit->season_until ? after && before : after || before;
}

static bool is_conditional(const struct limit *limit)
{
    return isfinite(limit->when_above) || isfinite(limit->when_at_most);
}

const struct limit *judge_limit(const struct channel *channel, enum period period, int64_t start_ms, double temperature,
                                bool *unknown)
{
    const struct limit *found = NULL;
    for (size_t i = 0; i < channel->limit_count; i++) {
        const struct limit *limit = &channel->limits[i];
        if (limit->period != period || start_ms < limit->from_ms || start_ms >= limit->until_ms ||
            !in_season(limit, start_ms))
            continue;
        if (is_conditional(limit) && !isfinite(temperature)) {
            if (unknown)
                *unknown = true;
            continue;
        }
        if (temperature <= limit->when_above || temperature > limit->when_at_most)
            continue;
        if (!found || limit->max < found->max || limit->min > found->min)
            found = limit;
    }
    return found;
}

const struct limit *judge_limit_now(const struct outlet_state *o, const struct channel_state *c, enum period period,
                                    int64_t time_ms)
{
    double temperature = NAN;
    if (c->channel->limit_count == 0)
        return NULL;
    outlet_sibling(o, ROLE_WATER_TEMPERATURE, time_ms, &temperature);
    return judge_limit(c->channel, period, time_ms, temperature, NULL);
}

double judge_figure(const struct channel_state *c, const struct reading *reading)
{
    return c->mean == MEAN_CONVERTED ? reading->converted : reading->value;
}

static double temperature_of(const struct outlet_state *o, const struct period_record *record)
{
    const struct channel_state *c = o->role[ROLE_WATER_TEMPERATURE];
    return c ? record->readings[c - o->channels].value : NAN;
}

void judge_against(const struct outlet_state *o, const struct channel_state *c, const struct period_record *record,
                   struct reading *reading, double temperature)
{
    bool unknown = false;
    double judged = judge_figure(c, reading);
    if (c->channel->limit_count == 0)
        return;
    reading->limit = judge_limit(c->channel, record->period, record->from_ms, temperature, &unknown);
    if (!reading->limit && unknown && reading->reason == REASON_NONE)
        reading->reason = REASON_LIMIT_UNKNOWN;
    if (!reading->limit || !isfinite(judged) || reading->reason == REASON_NO_FLOW)
        return;
    const struct limit *limit = reading->limit;
    if (operation_treatment(o, record->condition) == TREAT_SKIP) {
        reading->reason = REASON_NOT_RUNNING;
        return;
    }
    reading->exceeds =
        (isfinite(limit->max) && beyond(judged, limit->max)) || (isfinite(limit->min) && beyond(limit->min, judged));
    if (isfinite(limit->max) && !isfinite(limit->min) && limit->max > 0)
        reading->multiple = judged / limit->max - 1;
}

void judge_reading(const struct outlet_state *o, const struct channel_state *c, const struct period_record *record,
                   struct reading *reading)
{
    judge_against(o, c, record, reading, temperature_of(o, record));
}

struct alarm_event judge_event(const struct outlet_state *o, const struct channel_state *c, enum alarm_kind kind,
                               int64_t time_ms)
{
    struct alarm_event event = alarm_event_of(kind, c->channel->factor->code, time_ms);
    event.outlet = o->outlet;
    event.channel = c->channel;
    event.mark = (enum mark)c->mark;
    return event;
}

void judge_step(struct outlet_state *o, struct finding *finding, enum alarm_input input, struct alarm_event *event)
{
    if (input == ALARM_UNDER && event->to_ms == INSTANT_NONE)
        event->to_ms = event->time_ms;
    enum alarm_state before = finding->state;
    bool told = alarm_step(finding, input, event);
    if (event->channel && finding->state != before)
        judge_note_alarmed(&o->channels[event->channel - event->outlet->channels]);
    if (told)
        o->sink->alarm(o->sink->owner, event);
}

void judge_note_alarmed(struct channel_state *c)
{
    const struct channel_book *book = c->book;
    c->alarmed = alarm_active(&book->finding[ALARM_INSTANTANEOUS]) || alarm_active(&book->finding[ALARM_MISSING]) ||
                 alarm_active(&book->finding[ALARM_INSTRUMENT]);
    c->has_finding = c->alarmed || alarm_active(&book->hour_lost);
    for (int k = 0; k < ALARM_CHANNEL_KINDS; k++)
        c->has_finding |= alarm_active(&book->finding[k]);
    for (int p = 0; p < PERIODS; p++)
        c->has_finding |= alarm_active(&book->exceed[p]);
    for (int r = 0; book->suspicion && r < SUSPECT_RULES; r++)
        c->has_finding |= alarm_active(&book->suspicion->finding[r]);
}

enum alarm_input judge_over_or_worse(const struct finding *finding, double value)
{
    return alarm_active(finding) && value > finding->published * WORSE_BY ? ALARM_WORSE : ALARM_OVER;
}

/* The hour limit of the instant, NAN when there is none. A limit changes with the day, by its validity and season, or
 * with the water's temperature. */
static double hour_limit_max(const struct outlet_state *o, struct channel_state *c, int64_t time_ms)
{
    if (c->limit_day_ms == INSTANT_NONE || time_ms < c->limit_day_ms || time_ms - c->limit_day_ms >= DAY_MS ||
        c->limit_varies) {
        const struct limit *limit = judge_limit_now(o, c, PERIOD_HOUR, time_ms);
        c->limit_max = limit ? limit->max : NAN;
        c->limit_day_ms = period_floor_ms(PERIOD_DAY, time_ms);
        c->limit_varies = false;
        for (size_t i = 0; i < c->channel->limit_count; i++)
            c->limit_varies |= is_conditional(&c->channel->limits[i]);
    }
    return c->limit_max;
}

static void judge_instantaneous(struct outlet_state *o, struct channel_state *c, int64_t time_ms)
{
    const struct alarm_rules *rules = &o->plant->alarms;
    double max = hour_limit_max(o, c, time_ms), threshold = rules->instantaneous.multiple * max;
    double judged = c->mean == MEAN_CONVERTED ? c->converted : c->value;
    if (!isfinite(max))
        return;
    if (c->mark != MARK_N || !isfinite(judged)) {
        c->over = 0;
        return;
    }
    if (judged <= threshold) {
        c->over = 0;
        if (!c->alarmed) /* the usual case costs no event */
            return;
    }
    struct finding *finding = &c->book->finding[ALARM_INSTANTANEOUS];
    const struct limit *limit = judge_limit_now(o, c, PERIOD_HOUR, time_ms);
    struct alarm_event event = judge_event(o, c, ALARM_INSTANTANEOUS, time_ms);
    event.period = PERIOD_REALTIME;
    event.limit = threshold;
    event.law = limit;
    if (judged > threshold) {
        if (c->over++ == 0) {
            c->book->over_since_ms = time_ms;
            c->book->over_peak = judged;
        }
        c->book->over_peak = judged > c->book->over_peak ? judged : c->book->over_peak;
        event.from_ms = c->book->over_since_ms;
        event.value = c->book->over_peak;
        event.multiple = c->book->over_peak / limit->max - 1;
        if (c->over >= rules->instantaneous.samples)
            judge_step(o, finding, judge_over_or_worse(finding, c->book->over_peak), &event);
        return;
    }
    event.value = judged;
    event.from_ms = finding->since_ms;
    if (judged < threshold * (1 - rules->hysteresis))
        judge_step(o, finding, ALARM_UNDER, &event);
}

static void judge_instrument(struct outlet_state *o, struct channel_state *c, int64_t time_ms)
{
    if (c->mark == MARK_B) /* nobody spoke: "missing" finds that */
        return;
    if (c->mark == MARK_N && !c->alarmed) { /* the usual case costs no event */
        c->abnormal = 0;
        return;
    }
    struct finding *finding = &c->book->finding[ALARM_INSTRUMENT];
    int samples = o->plant->alarms.instrument.samples;
    struct alarm_event event = judge_event(o, c, ALARM_INSTRUMENT, time_ms);
    if (c->mark != MARK_N) {
        c->book->normal = 0;
        if (c->abnormal++ == 0)
            c->book->abnormal_since_ms = time_ms;
        event.from_ms = c->book->abnormal_since_ms;
        if (c->abnormal < samples)
            return;
        /* the letter is the value: a change of it is news */
        event.value = (double)c->mark;
        enum alarm_input input = alarm_active(finding) && finding->published != event.value ? ALARM_WORSE : ALARM_OVER;
        judge_step(o, finding, input, &event);
        return;
    }
    c->abnormal = 0;
    event.from_ms = finding->since_ms;
    if (++c->book->normal >= samples)
        judge_step(o, finding, ALARM_UNDER, &event);
}

void judge_sample(struct outlet_state *o, struct channel_state *c, int64_t time_ms)
{
    silence_heard(o, c, time_ms);
    judge_instantaneous(o, c, time_ms);
    judge_instrument(o, c, time_ms);
}

void judge_period(struct outlet_state *o, struct channel_state *c, const struct period_record *record,
                  const struct reading *reading)
{
    foresee_closed(o, c, record, reading);
    judge_exceed(o, c, record, reading);
    if (record->period == PERIOD_HOUR)
        suspect_hour(o, c, record, reading);
}

void judge_exceed(struct outlet_state *o, struct channel_state *c, const struct period_record *record,
                  const struct reading *reading)
{
    struct finding *finding = &c->book->exceed[record->period];
    struct alarm_event event = judge_event(o, c, ALARM_EXCEED, record->to_ms);
    event.period = (int)record->period;
    event.from_ms = record->from_ms;
    event.to_ms = record->to_ms;
    event.value = judge_figure(c, reading);
    event.law = reading->limit;
    if (!record->judged) { /* an hour that counts apart ends what the hours before it had raised */
        judge_step(o, finding, ALARM_UNDER, &event);
        return;
    }
    if (!reading->limit || reading->exceeds < 0) /* not judged: an open finding waits for a period that can be */
        return;
    bool below = isfinite(reading->limit->min) && event.value < reading->limit->min;
    event.limit = below ? reading->limit->min : reading->limit->max;
    event.multiple = reading->multiple;
    judge_step(o, finding, reading->exceeds ? ALARM_WORSE : ALARM_UNDER, &event);
}

void judge_findings(struct outlet_state *o, struct channel_state *c, int64_t time_ms,
                    void (*each)(struct outlet_state *o, struct finding *finding, struct alarm_event *event,
                                 void *with),
                    void *with)
{
    static const enum period SPOKEN_OF[ALARM_CHANNEL_KINDS] = {
        [ALARM_INSTANTANEOUS] = PERIOD_REALTIME,
        [ALARM_WARNING] = PERIOD_HOUR,
        [ALARM_PROJECTED] = PERIOD_HOUR,
        [ALARM_DAY_PROJECTED] = PERIOD_DAY,
        [ALARM_MISSING] = PERIODS,
        [ALARM_INSTRUMENT] = PERIODS,
        [ALARM_EXCEED] = PERIODS,
        [ALARM_TOTAL] = PERIOD_YEAR,
    };
    if (!c->has_finding)
        return;
    for (int k = 0; k < ALARM_CHANNEL_KINDS; k++) {
        if (!alarm_active(&c->book->finding[k]))
            continue;
        struct alarm_event event = judge_event(o, c, (enum alarm_kind)k, time_ms);
        event.period = SPOKEN_OF[k] == PERIODS ? -1 : (int)SPOKEN_OF[k];
        each(o, &c->book->finding[k], &event, with);
    }
    for (int p = 0; p < PERIODS; p++) {
        if (!alarm_active(&c->book->exceed[p]))
            continue;
        struct alarm_event event = judge_event(o, c, ALARM_EXCEED, time_ms);
        event.period = p;
        each(o, &c->book->exceed[p], &event, with);
    }
    for (int r = 0; c->book->suspicion && r < SUSPECT_RULES; r++) {
        if (!alarm_active(&c->book->suspicion->finding[r]))
            continue;
        struct alarm_event event = judge_event(o, c, ALARM_SUSPECT, time_ms);
        event.rule = r;
        each(o, &c->book->suspicion->finding[r], &event, with);
    }
    if (alarm_active(&c->book->hour_lost)) {
        struct alarm_event event = judge_event(o, c, ALARM_MISSING, time_ms);
        event.period = PERIOD_HOUR;
        each(o, &c->book->hour_lost, &event, with);
    }
}

static void clear(struct outlet_state *o, struct finding *finding, struct alarm_event *event, void *with)
{
    (void)with;
    judge_step(o, finding, ALARM_UNDER, event);
}

void judge_gone(struct outlet_state *o, struct channel_state *c, int64_t now_ms)
{
    judge_findings(o, c, now_ms, clear, NULL);
}
