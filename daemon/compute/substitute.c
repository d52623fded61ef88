#include "compute/substitute.h"

#include <math.h>

const char *substitute_code(enum substitute_rule rule)
{
    static const char *const CODE[] = {"", "S180", "S720", "S2160", "MEAN", "MAN"};
    return CODE[rule];
}

double substitute_capture(const struct hour_amount *hours, size_t from, size_t to)
{
    size_t ran = 0, valid = 0;
    for (size_t i = from; i < to; i++) {
        ran += !hours[i].stopped;
        valid += !hours[i].stopped && isfinite(hours[i].amount);
    }
    return ran == 0 ? NAN : (double)valid / (double)ran;
}

/* The largest of the last `count` valid hours before `at`. */
static double largest_before(const struct hour_amount *hours, size_t at, size_t count)
{
    double largest = NAN;
    for (size_t i = at; i > 0 && count > 0; i--) {
        const struct hour_amount *hour = &hours[i - 1];
        if (hour->stopped || !isfinite(hour->amount))
            continue;
        count--;
        if (!(hour->amount <= largest))
            largest = hour->amount;
    }
    return largest;
}

static double mean_before(const struct hour_amount *hours, size_t at, size_t count)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = at; i > 0 && n < count; i--) {
        if (hours[i - 1].stopped || !isfinite(hours[i - 1].amount))
            continue;
        sum += hours[i - 1].amount;
        n++;
    }
    return n == 0 ? NAN : sum / (double)n;
}

static enum substitute_rule rule_of(double capture, size_t run, enum medium medium)
{
    if (medium == MEDIUM_WATER)
        return SUBSTITUTE_MEAN;
    if (!(capture >= 0.75))
        return SUBSTITUTE_HAND;
    return capture < 0.9 ? SUBSTITUTE_2160 : run <= 24 ? SUBSTITUTE_180 : SUBSTITUTE_720;
}

/* First hour of the run that holds `at`, stopped hours not counted into its length. */
static size_t run_of(const struct hour_amount *hours, size_t at, size_t end, size_t *length)
{
    size_t first = at;
    *length = 0;
    for (size_t i = at; i < end && (hours[i].stopped || !isfinite(hours[i].amount)); i++)
        *length += !hours[i].stopped;
    while (first > 0 && (hours[first - 1].stopped || !isfinite(hours[first - 1].amount))) {
        first--;
        *length += !hours[first].stopped;
    }
    return first;
}

void substitute_hours(struct hour_amount *hours, size_t from, size_t to, enum medium medium)
{
    static const size_t COUNT[] = {[SUBSTITUTE_180] = 180, [SUBSTITUTE_720] = 720, [SUBSTITUTE_2160] = 2160};
    double capture = substitute_capture(hours, from, to);
    for (size_t i = from; i < to; i++) {
        struct hour_amount *hour = &hours[i];
        hour->substituted = NAN;
        hour->rule = SUBSTITUTE_NONE;
        if (hour->stopped || isfinite(hour->amount))
            continue;
        size_t length, first = run_of(hours, i, to, &length);
        hour->rule = rule_of(capture, length, medium);
        if (hour->rule == SUBSTITUTE_MEAN)
            hour->substituted = mean_before(hours, first, length);
        else if (hour->rule != SUBSTITUTE_HAND)
            hour->substituted = largest_before(hours, first, COUNT[hour->rule]);
    }
}
