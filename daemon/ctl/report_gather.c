/* From records to a report's grid: the parts of the period, and from its hours the totals with what stands in for
 * missing ones. The same journal gives the same report, to the byte. */
#include "ctl/report.h"

#include "model/instant.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAST_HOURS = 4400 }; /* half a year: 2160 valid hours before the quarter are in it, or α is hopeless anyway */

static const enum period PART_OF[PERIODS] = {
    [PERIOD_HOUR] = PERIOD_MINUTE,   [PERIOD_DAY] = PERIOD_HOUR,   [PERIOD_MONTH] = PERIOD_DAY,
    [PERIOD_QUARTER] = PERIOD_MONTH, [PERIOD_YEAR] = PERIOD_MONTH,
};

struct gathering {
    struct report *report;
    struct hour_amount *hours; /* of each channel, hour_count each, from hours_ms on */
    size_t hour_count;
    int64_t hours_ms;
    double judged_sum[CHANNELS_PER_OUTLET]; /* of the hours that ran */
    uint32_t judged_hours[CHANNELS_PER_OUTLET];
};

static bool take_part(void *owner, const struct stored_record *r)
{
    struct report *report = ((struct gathering *)owner)->report;
    size_t c;
    for (size_t row = 0; row < report->rows; row++) {
        if (report->row_ms[row] != r->from_ms || !outlet_find(report->outlet, r->factor, &c))
            continue;
        struct cell *cell = &report->cells[row][c];
        *cell = (struct cell){.value = r->value,
                              .converted = r->converted,
                              .amount = r->amount,
                              .valid = r->valid,
                              .expected = r->expected,
                              .exceeds = r->exceeds,
                              .there = true};
        snprintf(cell->mark, sizeof cell->mark, "%s", r->mark);
        report->flow[row] = r->flow;
        snprintf(report->condition[row], sizeof report->condition[row], "%s", r->condition);
    }
    return true;
}

/* The period's own record: its mean and extremes are the ones that were published. */
static bool take_whole(void *owner, const struct stored_record *r)
{
    struct report *report = ((struct gathering *)owner)->report;
    size_t c;
    if (r->from_ms != report->from_ms || !outlet_find(report->outlet, r->factor, &c))
        return true;
    struct summary *s = &report->summary[c];
    s->mean = r->value;
    s->converted = r->converted;
    s->min = r->min;
    s->max = r->max;
    return true;
}

static enum treatment treatment_of(const struct outlet *outlet, const char *condition)
{
    enum operating_state state;
    return operating_state_parse(condition, &state) ? outlet->operation.treatment[state] : TREAT_JUDGE;
}

static bool take_hour(void *owner, const struct stored_record *r)
{
    struct gathering *g = owner;
    struct report *report = g->report;
    size_t c, at = (size_t)((r->from_ms - g->hours_ms) / HOUR_MS);
    if (!outlet_find(report->outlet, r->factor, &c) || at >= g->hour_count)
        return true;
    struct hour_amount *hour = &g->hours[c * g->hour_count + at];
    hour->amount = r->amount;
    hour->recorded = true;
    enum treatment treatment = treatment_of(report->outlet, r->condition);
    hour->stopped = treatment == TREAT_SKIP;
    if (r->from_ms < report->from_ms || r->from_ms >= report->to_ms)
        return true;
    struct summary *s = &report->summary[c];
    const struct channel *channel = &report->outlet->channels[c];
    double judged = outlet_converts(report->outlet, channel) ? r->converted : r->value;
    s->hours_valid += isfinite(r->value) ? 1 : 0;
    s->hours_ran += !hour->stopped;
    if (isfinite(r->limit_max))
        s->limit = r->limit_max;
    if (r->exceeds >= 0) {
        s->judged++;
        s->exceeding += r->exceeds > 0;
        s->any_exceeds |= r->exceeds > 0;
    }
    if (isfinite(judged) && !hour->stopped) {
        g->judged_sum[c] += judged;
        g->judged_hours[c]++;
    }
    if (isfinite(judged) && isfinite(channel->ultra_low) && treatment == TREAT_JUDGE) {
        s->ultra_low_judged++;
        s->within_ultra_low += judged <= channel->ultra_low;
    }
    return true;
}

/* Water is judged by its days. */
static bool take_day(void *owner, const struct stored_record *r)
{
    struct report *report = ((struct gathering *)owner)->report;
    size_t c;
    if (r->exceeds < 0 || !outlet_find(report->outlet, r->factor, &c))
        return true;
    report->summary[c].any_exceeds |= r->exceeds > 0;
    if (isfinite(r->limit_max) && !isfinite(report->summary[c].limit))
        report->summary[c].limit = r->limit_max;
    return true;
}

/* A gap between two recorded hours is data that is missing, not a source that did not run. */
static void find_gaps(struct hour_amount *hours, size_t count)
{
    size_t last = count;
    while (last > 0 && !hours[last - 1].recorded)
        last--;
    bool begun = false;
    for (size_t i = 0; i < last; i++) {
        begun |= hours[i].recorded;
        if (begun && !hours[i].recorded)
            hours[i].stopped = false;
    }
}

static void sum_up(struct gathering *g, size_t c)
{
    struct report *report = g->report;
    struct summary *s = &report->summary[c];
    struct hour_amount *hours = &g->hours[c * g->hour_count];
    size_t from = (size_t)((report->from_ms - g->hours_ms) / HOUR_MS);
    size_t to = (size_t)((report->to_ms - g->hours_ms) / HOUR_MS);
    find_gaps(hours, g->hour_count);
    if (g->judged_hours[c] > 0)
        s->judged_mean = g->judged_sum[c] / g->judged_hours[c];
    s->capture = substitute_capture(hours, from, to);
    for (size_t at = from; at < to;) { /* quarter by quarter */
        int64_t quarter_ms = period_floor_ms(PERIOD_QUARTER, g->hours_ms + (int64_t)at * HOUR_MS);
        int64_t end_ms = period_end_ms(PERIOD_QUARTER, quarter_ms);
        size_t q0 = (size_t)((quarter_ms - g->hours_ms) / HOUR_MS), q1 = (size_t)((end_ms - g->hours_ms) / HOUR_MS);
        q1 = q1 < g->hour_count ? q1 : g->hour_count;
        substitute_hours(hours, q0, q1, report->outlet->medium);
        for (; at < to && at < q1; at++) {
            const struct hour_amount *hour = &hours[at];
            if (isfinite(hour->amount) && !hour->stopped)
                s->amount = hour->amount + (isfinite(s->amount) ? s->amount : 0);
            if (isfinite(hour->substituted))
                s->substituted = hour->substituted + (isfinite(s->substituted) ? s->substituted : 0);
            s->hours_by_hand += hour->rule == SUBSTITUTE_HAND;
            const char *code = substitute_code(hour->rule);
            if (hour->rule != SUBSTITUTE_NONE && !strstr(s->rules, code))
                snprintf(s->rules + strlen(s->rules), sizeof s->rules - strlen(s->rules), "%s%s",
                         s->rules[0] ? " " : "", code);
        }
    }
}

static void lay_out(struct report *report)
{
    for (int64_t at = report->from_ms; at < report->to_ms && report->rows < ROWS_MAX;
         at = period_end_ms(report->part, at)) {
        report->flow[report->rows] = NAN;
        report->row_ms[report->rows++] = at;
    }
    for (size_t c = 0; c < CHANNELS_PER_OUTLET; c++)
        report->summary[c] = (struct summary){.mean = NAN,
                                              .converted = NAN,
                                              .min = NAN,
                                              .max = NAN,
                                              .amount = NAN,
                                              .limit = NAN,
                                              .substituted = NAN,
                                              .judged_mean = NAN,
                                              .capture = NAN};
}

bool report_gather(struct reader *reader, const struct outlet *outlet, enum period period, int64_t instant_ms,
                   struct report *report)
{
    struct error err;
    struct gathering g = {.report = report};
    *report = (struct report){.outlet = outlet, .period = period, .part = PART_OF[period]};
    report->from_ms = period_floor_ms(period, instant_ms);
    report->to_ms = period_end_ms(period, report->from_ms);
    lay_out(report);
    int64_t quarter_ms = period_floor_ms(PERIOD_QUARTER, report->from_ms);
    int64_t last_ms = period_end_ms(PERIOD_QUARTER, period_floor_ms(PERIOD_QUARTER, report->to_ms - 1));
    g.hours_ms = quarter_ms - PAST_HOURS * HOUR_MS;
    g.hour_count = (size_t)((last_ms - g.hours_ms) / HOUR_MS);
    g.hours = calloc(g.hour_count * CHANNELS_PER_OUTLET, sizeof *g.hours);
    if (!g.hours)
        return ctl_fail(CTL_FAILED, "out of memory"), false;
    for (size_t i = 0; i < g.hour_count * CHANNELS_PER_OUTLET; i++)
        g.hours[i] = (struct hour_amount){.amount = NAN, .stopped = true}; /* nothing was recorded: nothing is known */
    bool ok = reader_records(reader, outlet->id, "", period_name(report->part), report->from_ms, report->to_ms,
                             take_part, &g, &err) &&
              reader_records(reader, outlet->id, "", period_name(period), report->from_ms, report->to_ms, take_whole,
                             &g, &err) &&
              reader_records(reader, outlet->id, "", "hour", g.hours_ms, last_ms, take_hour, &g, &err) &&
              reader_records(reader, outlet->id, "", "day", report->from_ms, report->to_ms, take_day, &g, &err);
    for (size_t c = 0; ok && c < outlet->channel_count; c++)
        if (outlet->channels[c].role == ROLE_POLLUTANT || outlet->channels[c].role == ROLE_FLOW)
            sum_up(&g, c);
    free(g.hours);
    return ok || (ctl_fail(CTL_FAILED, "%s", err.text), false);
}

const struct outlet *report_outlet(struct ctl *ctl, size_t *at)
{
    while (*at < ctl->plant->outlet_count) {
        const struct outlet *outlet = &ctl->plant->outlets[(*at)++];
        if (!ctl->outlet || strcmp(ctl->outlet, outlet->id) == 0)
            return outlet;
    }
    return NULL;
}
