/* Judging: figures against limits, and the alarms that follow (domain sheet, section 5).
 *
 *   sample   ─► instantaneous: m samples in a row above k × hour limit
 *            └► instrument: a mark other than N (B belongs to "missing") several samples in a row
 *   minute   ─► warning: hour mean so far ≥ share of the limit with enough valid minutes
 *   period   ─► exceed: the closed, valid figure against its limit, unrounded (GB/T 8170 full-value comparison)
 *   tick     ─► missing: no valid value for n minutes
 *
 * The judged figure is the converted one where the outlet has a reference oxygen, else the dry standard-state one. */
#include "compute/outlet.h"

#include "model/instant.h"

#include <math.h>

#define WORSE_BY 1.05 /* an active finding is published again when its value has grown by this */

const struct limit *judge_limit(const struct channel *channel, enum period period)
{
    for (size_t i = 0; i < channel->limit_count; i++)
        if (channel->limits[i].period == period)
            return &channel->limits[i];
    return NULL;
}

void judge_reading(const struct channel_state *c, enum period period, struct reading *reading)
{
    reading->limit = judge_limit(c->channel, period);
    reading->multiple = NAN;
    reading->exceeds = -1;
    double judged = c->converts ? reading->converted : reading->value;
    if (!reading->limit || !isfinite(judged))
        return;
    const struct limit *limit = reading->limit;
    reading->exceeds = (isfinite(limit->max) && judged > limit->max) || (isfinite(limit->min) && judged < limit->min);
    if (isfinite(limit->max) && !isfinite(limit->min) && limit->max > 0)
        reading->multiple = judged / limit->max - 1;
}

static struct alarm_event event_of(const struct outlet_state *o, const struct channel_state *c, enum alarm_kind kind,
                                   int64_t time_ms)
{
    return (struct alarm_event){
        .kind = kind,
        .outlet = o->outlet,
        .channel = c->channel,
        .subject = c->channel->factor->code,
        .time_ms = time_ms,
        .from_ms = time_ms,
        .to_ms = INSTANT_NONE,
        .period = -1,
        .value = NAN,
        .limit = NAN,
        .multiple = NAN,
        .mark = c->mark,
    };
}

static void step(struct outlet_state *o, struct finding *finding, enum alarm_input input, struct alarm_event *event)
{
    if (input == ALARM_UNDER && event->to_ms == INSTANT_NONE)
        event->to_ms = event->time_ms;
    if (alarm_step(finding, input, event))
        o->sink->alarm(o->sink->owner, event);
}

static enum alarm_input over_or_worse(const struct finding *finding, double value)
{
    return alarm_active(finding) && value > finding->published * WORSE_BY ? ALARM_WORSE : ALARM_OVER;
}

static void judge_instantaneous(struct outlet_state *o, struct channel_state *c, int64_t time_ms)
{
    const struct alarm_rules *rules = &o->plant->alarms;
    const struct limit *limit = judge_limit(c->channel, PERIOD_HOUR);
    struct finding *finding = &c->finding[ALARM_INSTANTANEOUS];
    if (!limit || !isfinite(limit->max))
        return;
    double judged = c->converts ? c->converted : c->value, threshold = rules->instantaneous.multiple * limit->max;
    if (c->mark != MARK_N || !isfinite(judged)) {
        c->over = 0;
        return;
    }
    if (judged <= threshold) {
        c->over = 0;
        if (!alarm_active(finding)) /* the usual case costs no event */
            return;
    }
    struct alarm_event event = event_of(o, c, ALARM_INSTANTANEOUS, time_ms);
    event.period = PERIOD_REALTIME;
    event.limit = threshold;
    event.law = limit;
    if (judged > threshold) {
        if (c->over++ == 0) {
            c->over_since_ms = time_ms;
            c->over_peak = judged;
        }
        c->over_peak = judged > c->over_peak ? judged : c->over_peak;
        event.from_ms = c->over_since_ms;
        event.value = c->over_peak;
        event.multiple = c->over_peak / limit->max - 1;
        if (c->over >= rules->instantaneous.samples)
            step(o, finding, over_or_worse(finding, c->over_peak), &event);
        return;
    }
    event.value = judged;
    event.from_ms = finding->since_ms;
    if (judged < threshold * (1 - rules->hysteresis))
        step(o, finding, ALARM_UNDER, &event);
}

static void judge_instrument(struct outlet_state *o, struct channel_state *c, int64_t time_ms)
{
    struct finding *finding = &c->finding[ALARM_INSTRUMENT];
    int samples = o->plant->alarms.instrument.samples;
    if (c->mark == MARK_B) /* nobody spoke: "missing" finds that */
        return;
    if (c->mark == MARK_N && !alarm_active(finding)) { /* the usual case costs no event */
        c->abnormal = 0;
        c->normal++;
        return;
    }
    struct alarm_event event = event_of(o, c, ALARM_INSTRUMENT, time_ms);
    if (c->mark != MARK_N) {
        c->normal = 0;
        if (c->abnormal++ == 0)
            c->abnormal_since_ms = time_ms;
        event.from_ms = c->abnormal_since_ms;
        if (c->abnormal < samples)
            return;
        /* the letter is the value: a change of it is news */
        event.value = (double)c->mark;
        enum alarm_input input = alarm_active(finding) && finding->published != event.value ? ALARM_WORSE : ALARM_OVER;
        step(o, finding, input, &event);
        return;
    }
    c->abnormal = 0;
    event.from_ms = finding->since_ms;
    if (++c->normal >= samples)
        step(o, finding, ALARM_UNDER, &event);
}

void judge_sample(struct outlet_state *o, struct channel_state *c, int64_t time_ms)
{
    if (c->mark == MARK_N) {
        c->last_valid_ms = time_ms > c->last_valid_ms ? time_ms : c->last_valid_ms;
        if (alarm_active(&c->finding[ALARM_MISSING])) {
            struct alarm_event event = event_of(o, c, ALARM_MISSING, time_ms);
            event.from_ms = c->finding[ALARM_MISSING].since_ms;
            step(o, &c->finding[ALARM_MISSING], ALARM_UNDER, &event);
        }
    }
    judge_instantaneous(o, c, time_ms);
    judge_instrument(o, c, time_ms);
}

void judge_minute(struct outlet_state *o, struct channel_state *c, int64_t end_ms)
{
    const struct alarm_rules *rules = &o->plant->alarms;
    const struct limit *limit = judge_limit(c->channel, PERIOD_HOUR);
    const struct tally *tally = c->converts ? &c->series.hour.converted : &c->series.hour.value;
    struct finding *finding = &c->finding[ALARM_WARNING];
    if (!limit || !isfinite(limit->max) || c->series.hour.start_ms == INSTANT_NONE ||
        tally->n < (uint32_t)rules->warning.minutes)
        return;
    double mean = tally->sum / tally->n, threshold = rules->warning.share * limit->max;
    struct alarm_event event = event_of(o, c, ALARM_WARNING, end_ms);
    event.period = PERIOD_HOUR;
    event.from_ms = c->series.hour.start_ms;
    event.value = mean;
    event.limit = limit->max;
    event.multiple = mean / limit->max - 1;
    event.law = limit;
    if (mean >= threshold)
        step(o, finding, over_or_worse(finding, mean), &event);
    else if (mean < threshold * (1 - rules->hysteresis))
        step(o, finding, ALARM_UNDER, &event);
}

void judge_period(struct outlet_state *o, struct channel_state *c, enum period period, int64_t from_ms, int64_t to_ms,
                  const struct reading *reading)
{
    struct alarm_event event = event_of(o, c, ALARM_EXCEED, to_ms);
    event.period = (int)period;
    event.from_ms = from_ms;
    event.to_ms = to_ms;
    event.value = c->converts ? reading->converted : reading->value;
    event.law = reading->limit;
    if (period == PERIOD_HOUR) { /* the hour they warned of has closed */
        struct alarm_event closed = event_of(o, c, ALARM_WARNING, to_ms);
        closed.period = PERIOD_HOUR;
        closed.from_ms = from_ms;
        closed.value = event.value;
        closed.law = reading->limit;
        closed.limit = reading->limit ? reading->limit->max : NAN;
        step(o, &c->finding[ALARM_WARNING], ALARM_UNDER, &closed);
        if (c->over == 0) {
            closed.kind = ALARM_INSTANTANEOUS;
            step(o, &c->finding[ALARM_INSTANTANEOUS], ALARM_UNDER, &closed);
        }
    }
    if (!reading->limit || reading->exceeds < 0) /* not judged: an open finding waits for a period that can be */
        return;
    bool below = isfinite(reading->limit->min) && event.value < reading->limit->min;
    event.limit = below ? reading->limit->min : reading->limit->max;
    event.multiple = reading->multiple;
    step(o, &c->exceed[period], reading->exceeds ? ALARM_WORSE : ALARM_UNDER, &event);
}

void judge_missing(struct outlet_state *o, struct channel_state *c, int64_t now_ms)
{
    int64_t patience_ms = o->plant->alarms.missing.minutes * MINUTE_MS, two_ms = 2 * (int64_t)c->channel->interval_ms;
    int64_t deadline_ms = c->last_valid_ms + (patience_ms > two_ms ? patience_ms : two_ms);
    if (alarm_active(&c->finding[ALARM_MISSING]) || now_ms < deadline_ms)
        return;
    struct alarm_event event = event_of(o, c, ALARM_MISSING, deadline_ms);
    event.from_ms = c->last_valid_ms;
    step(o, &c->finding[ALARM_MISSING], ALARM_OVER, &event);
}

void judge_gone(struct outlet_state *o, struct channel_state *c, int64_t now_ms)
{
    for (int k = 0; k < ALARM_KINDS; k++) {
        struct alarm_event event = event_of(o, c, (enum alarm_kind)k, now_ms);
        step(o, &c->finding[k], ALARM_UNDER, &event);
    }
    for (int p = 0; p < PERIODS; p++) {
        struct alarm_event event = event_of(o, c, ALARM_EXCEED, now_ms);
        event.period = p;
        step(o, &c->exceed[p], ALARM_UNDER, &event);
    }
}
