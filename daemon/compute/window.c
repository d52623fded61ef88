#include "compute/window.h"

#include "model/instant.h"

#include <math.h>

void window_open(struct window *window, int64_t start_ms)
{
    *window = (struct window){.start_ms = start_ms, .amount = NAN};
}

static void tally_add(struct tally *tally, double value, double weight)
{
    if (tally->n == 0 || value < tally->min)
        tally->min = value;
    if (tally->n == 0 || value > tally->max)
        tally->max = value;
    tally->sum += value * weight;
    tally->n++;
}

void window_add(struct window *window, const struct quantum *q)
{
    window->received++;
    window->last_mark = (uint8_t)q->mark;
    if (q->mark != MARK_N) {
        window->last_abnormal = (uint8_t)q->mark;
        if (window->marks[q->mark] < UINT16_MAX)
            window->marks[q->mark]++;
        return;
    }
    if (!isfinite(q->value))
        return;
    tally_add(&window->value, q->value, 1);
    window->last = q->value;
    window->assumed |= q->assumed;
    window->converted_reason = (uint8_t)(isfinite(q->converted) ? REASON_NONE : q->reason);
    if (isfinite(q->converted)) {
        tally_add(&window->converted, q->converted, 1);
        window->last_converted = q->converted;
    }
    if (isfinite(q->weight)) {
        tally_add(&window->weighted, q->value, q->weight);
        window->weight += q->weight;
    }
}

void window_add_amount(struct window *window, double amount)
{
    if (!isfinite(amount))
        return;
    window->amount = amount + (window->amounts ? window->amount : 0);
    window->amounts++;
}

uint32_t window_expected(enum period period, int64_t start_ms, int interval_ms, int64_t realtime_ms)
{
    int64_t count = 0;
    switch (period) {
    case PERIOD_REALTIME: count = realtime_ms / interval_ms; break;
    case PERIOD_MINUTE: count = MINUTE_MS / interval_ms; break;
    case PERIOD_5MIN: return 5;
    case PERIOD_HOUR: return 60;
    case PERIOD_2HOUR: return 120;
    case PERIOD_DAY: return 24;
    case PERIOD_MONTH: return (uint32_t)((period_end_ms(period, start_ms) - start_ms) / DAY_MS);
    case PERIOD_QUARTER: return 3;
    case PERIOD_YEAR: return 12;
    case PERIODS: break;
    }
    return count < 1 ? 1 : (uint32_t)count;
}

uint32_t window_required(enum period period, uint32_t expected)
{
    switch (period) {
    case PERIOD_DAY: return 20;
    case PERIOD_MONTH: return expected < 30 ? 23 : 25;
    case PERIOD_REALTIME: return 1;
    case PERIOD_MINUTE:
    case PERIOD_5MIN:
    case PERIOD_HOUR:
    case PERIOD_2HOUR:
    case PERIOD_QUARTER:
    case PERIOD_YEAR:
    case PERIODS: break;
    }
    return (3 * expected + 3) / 4;
}

static enum mark dominant_mark(const struct window *window)
{
    enum mark found = MARK_B;
    uint16_t most = 0;
    for (int m = 0; m < MARKS; m++) {
        if (m == MARK_N || window->marks[m] == 0)
            continue;
        if (window->marks[m] > most || (window->marks[m] == most && (enum mark)m == window->last_abnormal)) {
            most = window->marks[m];
            found = (enum mark)m;
        }
    }
    return found;
}

static void take_converted(const struct window *window, struct figure *f, bool realtime, uint32_t required)
{
    bool valid =
        realtime ? window->converted.n > 0 && window->converted_reason == REASON_NONE : window->converted.n >= required;
    if (!valid) {
        f->reason = window->converted_reason != REASON_NONE ? (enum reason)window->converted_reason : REASON_TOO_FEW;
        return;
    }
    f->converted = realtime ? window->last_converted : window->converted.sum / window->converted.n;
    f->converted_min = window->converted.min;
    f->converted_max = window->converted.max;
}

static void take_weighted(const struct window *window, struct figure *f, uint32_t required)
{
    if (window->weighted.n < required)
        return;
    f->weight = window->weight;
    f->weighted = f->weight > 0;
    if (f->weighted)
        f->value = window->weighted.sum / f->weight;
    else
        f->reason = REASON_NO_FLOW;
}

struct figure window_close(const struct window *window, enum period period, uint32_t expected, enum mean mean)
{
    uint32_t required = window_required(period, expected);
    struct figure f = {.value = NAN,
                       .converted = NAN,
                       .min = NAN,
                       .max = NAN,
                       .converted_min = NAN,
                       .converted_max = NAN,
                       .weight = NAN,
                       .amount = window->amount,
                       .assumed = window->assumed,
                       .valid = window->value.n < expected ? window->value.n : expected,
                       .expected = expected,
                       .mark = MARK_N,
                       .reason = REASON_NONE};
    bool realtime = period == PERIOD_REALTIME;
    bool valid = realtime ? window->received > 0 && window->last_mark == MARK_N : window->value.n >= required;
    if (!valid || window->value.n == 0) {
        f.mark = realtime && window->received > 0 ? (enum mark)window->last_mark : dominant_mark(window);
        f.reason = window->value.n > 0 && !realtime ? REASON_TOO_FEW
                   : f.mark == MARK_B               ? REASON_NO_DATA
                                                    : REASON_MARKED;
        return f;
    }
    f.value = realtime ? window->last : window->value.sum / window->value.n;
    f.min = window->value.min;
    f.max = window->value.max;
    if (mean == MEAN_CONVERTED)
        take_converted(window, &f, realtime, required);
    if (mean == MEAN_WEIGHTED && !realtime)
        take_weighted(window, &f, required);
    return f;
}
