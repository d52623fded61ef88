#include "compute/window.h"

#include "model/instant.h"

#include <math.h>

void window_open(struct window *window, int64_t start_ms)
{
    *window = (struct window){.start_ms = start_ms};
}

static void tally_add(struct tally *tally, double value)
{
    if (tally->n == 0 || value < tally->min)
        tally->min = value;
    if (tally->n == 0 || value > tally->max)
        tally->max = value;
    tally->sum += value;
    tally->last = value;
    tally->n++;
}

void window_add(struct window *window, enum mark mark, double value, double converted, enum reason reason)
{
    window->received++;
    window->last_mark = mark;
    if (window->marks[mark] < UINT16_MAX)
        window->marks[mark]++;
    if (mark != MARK_N || !isfinite(value)) {
        if (mark != MARK_N)
            window->last_abnormal = mark;
        return;
    }
    tally_add(&window->value, value);
    window->converted_reason = isfinite(converted) ? REASON_NONE : reason;
    if (isfinite(converted))
        tally_add(&window->converted, converted);
}

uint32_t window_expected(enum period period, int interval_ms, int64_t realtime_ms)
{
    int64_t count = 0;
    switch (period) {
    case PERIOD_REALTIME: count = realtime_ms / interval_ms; break;
    case PERIOD_MINUTE: count = MINUTE_MS / interval_ms; break;
    case PERIOD_HOUR: return 60;
    case PERIOD_2HOUR: return 120;
    case PERIOD_DAY: return 24;
    case PERIODS: break;
    }
    return count < 1 ? 1 : (uint32_t)count;
}

uint32_t window_required(enum period period, uint32_t expected)
{
    switch (period) {
    case PERIOD_HOUR: return 45;
    case PERIOD_2HOUR: return 90;
    case PERIOD_DAY: return 20;
    case PERIOD_REALTIME: return 1;
    case PERIOD_MINUTE:
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

struct figure window_close(const struct window *window, enum period period, uint32_t expected, bool converts)
{
    uint32_t required = window_required(period, expected);
    struct figure f = {.value = NAN,
                       .converted = NAN,
                       .min = NAN,
                       .max = NAN,
                       .converted_min = NAN,
                       .converted_max = NAN,
                       .valid = window->value.n,
                       .expected = expected,
                       .mark = MARK_N,
                       .reason = REASON_NONE};
    bool realtime = period == PERIOD_REALTIME;
    bool valid = realtime ? window->received > 0 && window->last_mark == MARK_N : window->value.n >= required;
    if (!valid || window->value.n == 0) {
        f.mark = realtime && window->received > 0 ? window->last_mark : dominant_mark(window);
        f.reason = window->value.n > 0 && !realtime ? REASON_TOO_FEW
                   : f.mark == MARK_B               ? REASON_NO_DATA
                                                    : REASON_MARKED;
        return f;
    }
    f.value = realtime ? window->value.last : window->value.sum / window->value.n;
    f.min = window->value.min;
    f.max = window->value.max;
    if (!converts)
        return f;
    bool converted =
        realtime ? window->converted.n > 0 && window->converted_reason == REASON_NONE : window->converted.n >= required;
    if (converted) {
        f.converted = realtime ? window->converted.last : window->converted.sum / window->converted.n;
        f.converted_min = window->converted.min;
        f.converted_max = window->converted.max;
    } else {
        f.reason = window->converted_reason != REASON_NONE ? window->converted_reason : REASON_TOO_FEW;
    }
    return f;
}
