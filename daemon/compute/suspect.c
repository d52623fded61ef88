#include "compute/suspect.h"

#include "model/instant.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CEILING_SHARE 0.9 /* "just below the limit" */
#define CEILING_WITHIN 0.01
#define CEILING_OTHERS 0.05 /* the rest of the hour reaches at least so far below */
#define FALLEN 0.9          /* of the last usual hour's mean */
#define STEADY 0.7          /* the flow, the same */
#define BAND_LEAST 1.0      /* % O2 */
#define LOUD_SHARE 0.1      /* of the limit, standing still */
#define NEAR_SHARE 0.8      /* of the limit */
enum { BAND_LEARNS = 1440, WEEK_MINUTES = 7 * 1440, HOUR_MINUTES = 60, CALIBRATIONS_NEAR = 3 };

bool suspect_wanted(const struct plant *plant, const struct channel *channel)
{
    return plant->alarms.suspect.on && (channel->role == ROLE_POLLUTANT || channel->role == ROLE_OXYGEN) &&
           channel->interval_ms <= MINUTE_MS;
}

enum suspect_rule suspect_rule_of(const char *id)
{
    char part[48];
    for (int r = 0; r < SUSPECT_RULES; r++) {
        snprintf(part, sizeof part, "-%s-%s-", alarm_kind_name(ALARM_SUSPECT), suspect_rule_name((enum suspect_rule)r));
        if (strstr(id, part))
            return (enum suspect_rule)r;
    }
    return SUSPECT_RULES;
}

/* What a rule sees now: raised while it holds, over when it does not. */
struct sight {
    bool holds;
    int64_t from_ms;
    double value, limit;
    const char *detail; /* NULL: none */
};

static void say(struct outlet_state *o, struct channel_state *c, enum suspect_rule rule, int64_t time_ms,
                const struct sight *sight)
{
    struct finding *finding = &c->book->suspicion->finding[rule];
    if (!sight->holds && !alarm_active(finding))
        return;
    struct alarm_event event = judge_event(o, c, ALARM_SUSPECT, time_ms);
    event.rule = (int)rule;
    event.from_ms = sight->holds ? sight->from_ms : finding->since_ms;
    event.value = sight->value;
    event.limit = sight->limit;
    snprintf(event.detail, sizeof event.detail, "%s", sight->detail ? sight->detail : "");
    judge_step(o, finding, sight->holds ? ALARM_OVER : ALARM_UNDER, &event);
}

static bool is_valid(const struct reading *r)
{
    return r->mark == MARK_N && isfinite(r->value);
}

/* ---- stuck ---- */

static void watch_spread(struct suspicion *s, const struct channel *channel, const struct reading *r, int64_t from_ms)
{
    if (!is_valid(r)) {
        s->run_minutes = 0;
        return;
    }
    double low = s->run_minutes > 0 && s->low < r->min ? s->low : r->min;
    double high = s->run_minutes > 0 && s->high > r->max ? s->high : r->max;
    if (s->run_minutes == 0 || high - low >= channel->resolution) {
        low = r->min;
        high = r->max;
        s->run_since_ms = from_ms;
        s->run_minutes = 0;
    }
    s->run_minutes += high - low < channel->resolution;
    s->low = low;
    s->high = high;
}

/* Whether another factor of the outlet moved lately: the world goes on around the one that stands still. */
static bool others_vary(const struct outlet_state *o, const struct channel_state *c, int minutes)
{
    for (size_t i = 0; i < o->outlet->channel_count; i++) {
        const struct suspicion *s = o->channels[i].book->suspicion;
        if (s && &o->channels[i] != c && s->run_minutes < minutes && is_valid(&o->record->readings[i]))
            return true;
    }
    return false;
}

static struct sight see_stuck(const struct outlet_state *o, const struct channel_state *c)
{
    const struct suspicion *s = c->book->suspicion;
    int minutes = o->plant->alarms.suspect.stuck_minutes;
    return (struct sight){s->run_minutes >= minutes && others_vary(o, c, minutes), s->run_since_ms, s->high - s->low,
                          c->channel->resolution, NULL};
}

/* ---- repeat ---- */

/* Sixteen bits of a minute; 0 when it has no spread, and so nothing of its own. */
static uint16_t print_of(const struct reading *r)
{
    const double figures[] = {r->value, r->min, r->max};
    uint64_t mixed = 0;
    if (!is_valid(r) || !(r->max > r->min))
        return 0;
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        uint64_t bits;
        memcpy(&bits, &figures[i], sizeof bits);
        mixed = (mixed ^ bits) * UINT64_C(0x9E3779B97F4A7C15);
        mixed ^= mixed >> 29;
    }
    uint16_t print = (uint16_t)(mixed >> 48);
    return print ? print : 1;
}

static uint16_t print_at(const struct suspicion *s, uint32_t n)
{
    return s->prints[n % SUSPECT_PRINTS];
}

/* Whether the minutes differ among themselves: what stands still, or swings the same each minute, repeats nothing. */
static bool has_a_shape(const struct suspicion *s, uint32_t minutes)
{
    uint32_t last = s->print_count - 1, changes = 0;
    for (uint32_t n = 0; n + 1 < minutes; n++)
        changes += print_at(s, last - n) != print_at(s, last - n - 1);
    return changes >= minutes / 2;
}

/* How many of the last minutes are those of lag minutes before, at most `most`. */
static uint32_t same_as_before(const struct suspicion *s, uint32_t lag, uint32_t most)
{
    uint32_t last = s->print_count - 1, n = 0;
    while (n < most && last >= n + lag && n + lag < SUSPECT_PRINTS && print_at(s, last - n) != 0 &&
           print_at(s, last - n) == print_at(s, last - n - lag))
        n++;
    return n;
}

/* The way back over the whole day is only gone when a run that was followed ends, and every third of the minutes asked
 * for: a run of so many can't hide between. */
static void follow_repeat(struct suspicion *s, uint32_t minutes)
{
    uint32_t kept = s->print_count < SUSPECT_PRINTS ? s->print_count : SUSPECT_PRINTS;
    bool goes_on = s->lag > 0 && same_as_before(s, s->lag, 1) == 1, ended = s->lag > 0 && !goes_on;
    s->same += goes_on;
    if (goes_on || (!ended && s->print_count % (minutes / 3) != 0))
        return;
    s->lag = s->same = 0;
    for (uint32_t lag = minutes; lag < kept; lag++) {
        uint32_t same = same_as_before(s, lag, minutes);
        if (same > s->same) {
            s->same = same;
            s->lag = lag;
        }
    }
}

static struct sight see_repeat(const struct outlet_state *o, const struct channel_state *c, int64_t end_ms,
                               char detail[INSTANT_TEXT])
{
    uint32_t minutes = (uint32_t)o->plant->alarms.suspect.repeat_minutes;
    const struct suspicion *s = c->book->suspicion;
    int64_t from_ms = end_ms - s->same * MINUTE_MS;
    return (struct sight){s->same >= minutes && has_a_shape(s, minutes), from_ms, s->same, NAN,
                          s->same >= minutes ? instant_format(from_ms - s->lag * MINUTE_MS, detail) : NULL};
}

/* ---- clipped ---- */

static struct sight see_clipped(const struct outlet_state *o, const struct channel_state *c,
                                const struct period_record *record, const struct reading *reading)
{
    const struct suspicion *s = c->book->suspicion;
    float top = -INFINITY, bottom = INFINITY;
    int near = 0;
    struct sight sight = {.from_ms = record->from_ms, .value = NAN, .limit = NAN};
    if (!reading->limit || !isfinite(reading->limit->max) || s->minute_count < 45)
        return sight;
    for (int i = 0; i < s->minute_count; i++) {
        top = s->minutes[i] > top ? s->minutes[i] : top;
        bottom = s->minutes[i] < bottom ? s->minutes[i] : bottom;
    }
    for (int i = 0; i < s->minute_count; i++)
        near += s->minutes[i] >= top * (1 - CEILING_WITHIN);
    double max = reading->limit->max;
    bool just_below = top <= max && top >= CEILING_SHARE * max, others = bottom < top * (1 - CEILING_OTHERS);
    sight.value = (double)near / s->minute_count;
    sight.limit = top;
    sight.holds = just_below && others && sight.value >= o->plant->alarms.suspect.clipped_share;
    return sight;
}

/* ---- dilution ---- */

/* The mean of so many minutes at most; of more it forgets the oldest by and by. */
static void learn(struct usual *usual, double value, int most)
{
    if (!isfinite(value))
        return;
    usual->minutes += usual->minutes < most;
    usual->mean += (value - usual->mean) / usual->minutes;
}

static double ceiling_of_band(const struct suspicion *s, double otherwise)
{
    double variance = s->week_square.mean - s->week.mean * s->week.mean;
    double above = 3 * sqrt(variance > 0 ? variance : 0);
    if (s->week.minutes < BAND_LEARNS)
        return otherwise;
    double band = s->week.mean + (above > BAND_LEAST ? above : BAND_LEAST);
    return band < otherwise ? band : otherwise;
}

static bool pollutant_falls(const struct outlet_state *o, const struct period_record *record)
{
    for (size_t i = 0; i < record->reading_count; i++) {
        const struct suspicion *s = o->channels[i].book->suspicion;
        if (s && o->channels[i].role == ROLE_POLLUTANT && is_valid(&record->readings[i]) && s->hour.minutes > 0 &&
            record->readings[i].value < FALLEN * s->hour.mean)
            return true;
    }
    return false;
}

/* A usual minute: what the next are measured by. */
static void learn_minute(struct outlet_state *o, struct suspicion *oxygen, const struct period_record *record,
                         double o2)
{
    learn(&oxygen->week, o2, WEEK_MINUTES);
    learn(&oxygen->week_square, o2 * o2, WEEK_MINUTES);
    learn(&oxygen->flow, record->flow, HOUR_MINUTES);
    for (size_t i = 0; i < record->reading_count; i++)
        if (o->channels[i].book->suspicion && is_valid(&record->readings[i]))
            learn(&o->channels[i].book->suspicion->hour, record->readings[i].value, HOUR_MINUTES);
}

static struct sight see_dilution(struct outlet_state *o, const struct channel_state *c,
                                 const struct period_record *record, const struct reading *r)
{
    struct suspicion *s = c->book->suspicion;
    const struct suspect_rules *rules = &o->plant->alarms.suspect;
    double ceiling = ceiling_of_band(s, rules->dilution_o2);
    bool running = o->condition < 0 || o->condition == OPERATING_RUNNING;
    bool steady = !isfinite(record->flow) || s->flow.minutes == 0 || record->flow >= STEADY * s->flow.mean;
    bool high = is_valid(r) && running && r->value >= ceiling;
    s->diluted_minutes = high && steady && pollutant_falls(o, record) ? s->diluted_minutes + 1 : 0;
    if (is_valid(r) && running && !high)
        learn_minute(o, s, record, r->value);
    return (struct sight){s->diluted_minutes >= rules->dilution_minutes, record->to_ms - s->diluted_minutes * MINUTE_MS,
                          r->value, ceiling, NULL};
}

/* ---- inconsistent ---- */

static struct sight see_inconsistent(const struct outlet_state *o, const struct channel_state *c,
                                     const struct period_record *record, const struct reading *r)
{
    struct suspicion *s = c->book->suspicion;
    double figure = judge_figure(c, r), value = isfinite(figure) ? figure : r->value;
    const struct limit *limit = judge_limit_now(o, c, PERIOD_HOUR, record->from_ms);
    bool silent = o->condition == OPERATING_RUNNING && fabs(r->value) < c->channel->resolution;
    bool loud = o->condition == OPERATING_STOPPED && limit && value > LOUD_SHARE * limit->max;
    s->at_odds_minutes = is_valid(r) && (silent || loud) ? s->at_odds_minutes + 1 : 0;
    return (struct sight){s->at_odds_minutes >= o->plant->alarms.suspect.inconsistent_minutes,
                          record->to_ms - s->at_odds_minutes * MINUTE_MS, value, NAN,
                          o->condition < 0 ? NULL : operating_state_name((enum operating_state)o->condition)};
}

/* ---- calibration ---- */

static struct sight see_calibration(const struct outlet_state *o, const struct channel_state *c,
                                    const struct period_record *record, const struct reading *r)
{
    struct suspicion *s = c->book->suspicion;
    int64_t day_ms = period_floor_ms(PERIOD_DAY, record->from_ms);
    const struct limit *limit = judge_limit_now(o, c, PERIOD_HOUR, record->from_ms);
    const struct window *hour = &c->book->above[PERIOD_HOUR];
    const struct tally *so_far = c->mean == MEAN_CONVERTED ? &hour->converted : &hour->value;
    bool calibrated = r->mark == MARK_C || r->mark == MARK_M;
    bool near = limit && so_far->n > 0 && so_far->sum / so_far->n >= NEAR_SHARE * limit->max;
    if (s->day_ms != day_ms) {
        s->day_ms = day_ms;
        s->calibrated_minutes = s->calibrated_near = 0;
    }
    s->calibrated_minutes += calibrated;
    s->calibrated_near += calibrated && !s->was_calibrated && near;
    s->was_calibrated = calibrated;
    double share = s->calibrated_minutes / 1440.0;
    return (struct sight){share > o->plant->alarms.suspect.calibration_share || s->calibrated_near >= CALIBRATIONS_NEAR,
                          day_ms, share, o->plant->alarms.suspect.calibration_share, NULL};
}

/* ---- all of them ---- */

static void watch(struct suspicion *s, const struct channel_state *c, const struct period_record *record,
                  const struct reading *r, uint32_t repeat_minutes)
{
    double figure = judge_figure(c, r);
    watch_spread(s, c->channel, r, record->from_ms);
    s->prints[s->print_count++ % SUSPECT_PRINTS] = print_of(r);
    follow_repeat(s, repeat_minutes);
    if (period_floor_ms(PERIOD_HOUR, record->from_ms) == record->from_ms)
        s->minute_count = 0;
    if (isfinite(figure) && s->minute_count < SUSPECT_HOUR)
        s->minutes[s->minute_count++] = (float)figure;
}

void suspect_minute(struct outlet_state *o, const struct period_record *record, bool told)
{
    for (size_t i = 0; i < record->reading_count; i++)
        if (o->channels[i].book->suspicion)
            watch(o->channels[i].book->suspicion, &o->channels[i], record, &record->readings[i],
                  (uint32_t)o->plant->alarms.suspect.repeat_minutes);
    for (size_t i = 0; i < record->reading_count; i++) {
        struct channel_state *c = &o->channels[i];
        const struct reading *r = &record->readings[i];
        char earlier[INSTANT_TEXT];
        if (!c->book->suspicion)
            continue;
        bool oxygen = c->role == ROLE_OXYGEN;
        struct sight sights[SUSPECT_RULES] = {
            [SUSPECT_STUCK] = see_stuck(o, c),
            [SUSPECT_REPEAT] = see_repeat(o, c, record->to_ms, earlier),
            [SUSPECT_DILUTION] = oxygen ? see_dilution(o, c, record, r) : (struct sight){.holds = false},
            [SUSPECT_INCONSISTENT] = oxygen ? (struct sight){.holds = false} : see_inconsistent(o, c, record, r),
            [SUSPECT_CALIBRATION] = see_calibration(o, c, record, r),
        };
        for (int rule = 0; told && rule < SUSPECT_RULES; rule++)
            if (rule != SUSPECT_CLIPPED)
                say(o, c, (enum suspect_rule)rule, record->to_ms, &sights[rule]);
    }
}

void suspect_hour(struct outlet_state *o, struct channel_state *c, const struct period_record *record,
                  const struct reading *reading)
{
    if (!c->book->suspicion)
        return;
    struct sight sight = see_clipped(o, c, record, reading);
    say(o, c, SUSPECT_CLIPPED, record->to_ms, &sight);
}
