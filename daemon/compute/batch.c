#include "compute/batch.h"

#include "model/instant.h"

#include <math.h>
#include <string.h>

bool batch_wanted(const struct outlet *outlet, const struct channel *channel)
{
    return outlet->medium == MEDIUM_WATER && channel->role == ROLE_POLLUTANT && channel->interval_ms > MINUTE_MS;
}

static size_t minute_slot(int64_t minute_ms)
{
    return (size_t)(minute_ms / MINUTE_MS) % BATCH_MINUTES;
}

void batch_volume(struct outlet_state *o, int64_t minute_ms, double m3)
{
    if (!o->volumes)
        return;
    o->volumes->m3[minute_slot(minute_ms)] = m3;
    o->volumes->minute_ms[minute_slot(minute_ms)] = minute_ms;
}

static double volume_of(const struct outlet_state *o, int64_t minute_ms)
{
    const struct batch_volumes *v = o->volumes;
    return v && v->minute_ms[minute_slot(minute_ms)] == minute_ms ? v->m3[minute_slot(minute_ms)] : NAN;
}

/* What the channel says of one minute: the value of that minute, or the one that stands. */
static struct quantum quantum_of(const struct channel_state *c, int64_t minute_ms)
{
    const struct batch *b = c->book->batch;
    const struct taken *last = NULL;
    for (size_t i = b->count; i > 0 && !last; i--)
        if (b->values[i - 1].time_ms < minute_ms + MINUTE_MS)
            last = &b->values[i - 1];
    if (last && (last->time_ms >= minute_ms || outlet_stands(c, last, minute_ms)))
        return last->q;
    return (struct quantum){MARK_B, NAN, NAN, NAN, REASON_NONE, false};
}

void batch_window(const struct outlet_state *o, const struct channel_state *c, int64_t start_ms, int64_t end_ms,
                  struct window *window)
{
    window_open(window, start_ms);
    for (int64_t minute_ms = start_ms; minute_ms < end_ms; minute_ms += MINUTE_MS) {
        struct quantum q = quantum_of(c, minute_ms);
        q.weight = volume_of(o, minute_ms);
        if (q.mark != MARK_N)
            q.value = NAN;
        window_add(window, &q);
        window_add_amount(window, q.value * q.weight / 1000);
    }
}

/* Whether the volumes of the whole hour are known: after a restart those before it are not, and nothing is corrected.
 */
static bool hour_known(const struct outlet_state *o, int64_t hour_ms)
{
    int64_t last_ms = hour_ms + HOUR_MS - MINUTE_MS;
    return o->volumes->minute_ms[minute_slot(hour_ms)] == hour_ms &&
           o->volumes->minute_ms[minute_slot(last_ms)] == last_ms;
}

/* ---- corrections ---- */

static struct figure figure_of(const struct outlet_state *o, const struct channel_state *c, enum period period,
                               int64_t start_ms)
{
    struct window window;
    batch_window(o, c, start_ms, period_end_ms(period, start_ms), &window);
    return window_close(&window, period, window_expected(period, start_ms, c->interval_ms, 0), (enum mean)c->mean);
}

static void correct(struct outlet_state *o, struct channel_state *c, enum period period, int64_t start_ms,
                    const struct figure *f)
{
    struct reading reading = periods_reading(c, f, period);
    told_head(o, period, start_ms, o->record);
    judge_against(o, c, o->record, &reading, told_temperature(o, period, start_ms));
    told_again(o, c, o->record, &reading);
}

/* Everything closed from the value's moment up to where the next value begins, or to where it stops standing. */
static void correct_from(struct outlet_state *o, struct channel_state *c, int64_t from_ms)
{
    int64_t closed_ms = period_floor_ms(PERIOD_HOUR, o->minute_next_ms);
    int64_t two_closed_ms = period_floor_ms(PERIOD_2HOUR, o->minute_next_ms), changed_day_ms = INSTANT_NONE;
    int64_t first_ms = period_floor_ms(PERIOD_HOUR, from_ms), changed_2hour_ms = INSTANT_NONE;
    for (int64_t hour_ms = first_ms; hour_ms < closed_ms; hour_ms += HOUR_MS) {
        struct told_part *hour = told_find(c->book->told, PERIOD_HOUR, hour_ms);
        struct figure f = figure_of(o, c, PERIOD_HOUR, hour_ms);
        if (!hour || !hour_known(o, hour_ms) || told_same(hour, &f))
            continue;
        told_set(hour, &f);
        correct(o, c, PERIOD_HOUR, hour_ms, &f);
        int64_t two_ms = period_floor_ms(PERIOD_2HOUR, hour_ms), day_ms = period_floor_ms(PERIOD_DAY, hour_ms);
        if (two_ms < two_closed_ms && two_ms != changed_2hour_ms) {
            changed_2hour_ms = two_ms;
            f = figure_of(o, c, PERIOD_2HOUR, two_ms);
            correct(o, c, PERIOD_2HOUR, two_ms, &f);
        }
        if (changed_day_ms != INSTANT_NONE && changed_day_ms != day_ms)
            told_correct_day(o, c, changed_day_ms);
        changed_day_ms = day_ms;
    }
    if (changed_day_ms != INSTANT_NONE)
        told_correct_day(o, c, changed_day_ms);
}

static bool insert(struct batch *b, const struct taken *taken)
{
    if (b->count == BATCH_VALUES) {
        if (taken->time_ms < b->values[0].time_ms)
            return false;
        memmove(&b->values[0], &b->values[1], (--b->count) * sizeof b->values[0]);
        b->forgot = true;
    }
    size_t at = b->count;
    while (at > 0 && b->values[at - 1].time_ms > taken->time_ms)
        at--;
    memmove(&b->values[at + 1], &b->values[at], (b->count - at) * sizeof b->values[0]);
    b->values[at] = *taken;
    b->count++;
    return !b->forgot || at > 0; /* what stood before it is known */
}

void batch_take(struct outlet_state *o, struct channel_state *c, const struct taken *taken)
{
    int64_t oldest_ms = o->minute_next_ms - (TOLD_HOURS - 2) * HOUR_MS;
    if (insert(c->book->batch, taken) && taken->time_ms < o->minute_next_ms && taken->time_ms > oldest_ms)
        correct_from(o, c, taken->time_ms);
}
