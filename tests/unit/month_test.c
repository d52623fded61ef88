/* A month of three outlets on the virtual clock: what must hold of every record, and that a restart at any moment
 * changes nothing that is told.
 *
 *   DA001  gas at reference oxygen, states by a register        30 s
 *   DA002  NMHC of a gas chromatograph, one value in 3 minutes
 *   DW001  sewage by flow, TP by a batch analyzer               60 s, 1 h
 *
 * A restart does what daemon/recovery.c does: the records of closed periods are put back, the raw samples since the
 * beginning of the two hours are computed again in silence, active alarms go on. */
#include "virtual_plant.h"

enum { KEPT_RECORDS = 64 * 1024, KEPT_ALARMS = 8192, SAMPLES = 3 * 1024 * 1024 };

static const char MONTH_PLANT[] =
    "site: {name: N, code: C, mn: 88880001}\n"
    "feeds: {disclosure: {bind: \"tcp://127.0.0.1:1\", realtime_s: 3600}}\n"
    "lines: [{name: a, modbus_tcp: {host: h}}]\n"
    "factors: [{code: xst, name: s}]\n"
    "outlets:\n"
    "  - {id: DA001, name: a, medium: gas, standard: coal-power-ule, ultra_low: coal-power-ule, duct: {area_m2: 10},\n"
    "     operation: {rules: [{state: stopped, factor: xst, is: 0}, {state: start-up, factor: xst, is: 2}]}, channels: "
    "[\n"
    "      {factor: a21026, interval_ms: 30000, source: {line: a, address: 0}, permitted_per_year: 20000,\n"
    "       limits: [{period: hour, max: 35, source: s}, {period: day, max: 33, source: s}]},\n"
    "      {factor: a19001, interval_ms: 30000, source: {line: a, address: 2}},\n"
    "      {factor: a01011, interval_ms: 30000, source: {line: a, address: 4}},\n"
    "      {factor: a01012, interval_ms: 30000, source: {line: a, address: 6}},\n"
    "      {factor: a01013, interval_ms: 30000, source: {line: a, address: 8}},\n"
    "      {factor: a01014, interval_ms: 30000, source: {line: a, address: 10}},\n"
    "      {factor: xst, interval_ms: 60000, source: {line: a, address: 12}}]}\n"
    "  - {id: DA002, name: b, medium: gas, standard: gb37824-2019, channels: [\n"
    "      {factor: a24088, interval_ms: 180000, source: {line: a, address: 20}}]}\n"
    "  - {id: DW001, name: c, medium: water, standard: gb18918-2002-1a, channels: [\n"
    "      {factor: w00000, interval_ms: 60000, source: {line: a, address: 30}},\n"
    "      {factor: w01018, interval_ms: 60000, source: {line: a, address: 32}},\n"
    "      {factor: w21011, interval_ms: 3600000, source: {line: a, address: 34}}]}\n"
    "alarms: {missing: {minutes: 5}, escalate_minutes: 60, instantaneous: {multiple: 2, samples: 4}}\n";
enum { SO2, O2, V, T, P, X, STATE, NMHC, FLOW, COD, TP, CHANNELS };

/* One reading of one closed period, as the journal keeps it. */
struct row {
    const char *outlet;
    const struct channel *channel;
    enum period period;
    int64_t from_ms, to_ms;
    double value, converted, min, max, amount, weight, flow;
    int condition, exceeds;
    enum mark mark;
    uint32_t valid, expected, within, judged_hours;
    bool judged;
};

struct world {
    struct row rows[KEPT_RECORDS];
    size_t row_count;
    struct alarm_event alarms[KEPT_ALARMS];
    size_t alarm_count;
    bool muted;
    int64_t told_until_ms;
};
static struct world *one, *two, *now;
static struct sample *samples;
static size_t sample_count;

static bool is_told(const struct period_record *record)
{
    for (size_t i = now->row_count; i > 0 && i + 4000 > now->row_count; i--) {
        const struct row *r = &now->rows[i - 1];
        if (r->period == record->period && r->from_ms == record->from_ms && strcmp(r->outlet, record->outlet->id) == 0)
            return true;
    }
    return false;
}

static bool keep_record(void *owner, const struct period_record *record)
{
    (void)owner;
    if (record->period < PERIOD_HOUR)
        return !now->muted && record->to_ms + COMPUTE_GRACE_MS > now->told_until_ms;
    if (now->muted || is_told(record))
        return false;
    for (size_t i = 0; i < record->reading_count; i++) {
        const struct reading *r = &record->readings[i];
        assert_true(now->row_count < KEPT_RECORDS);
        now->rows[now->row_count++] = (struct row){
            record->outlet->id, r->channel,    record->period, record->from_ms, record->to_ms, r->value,
            r->converted,       r->min,        r->max,         r->amount,       r->weight,     record->flow,
            record->condition,  r->exceeds,    r->mark,        r->valid,        r->expected,   r->ultra_low_hours,
            r->judged_hours,    record->judged};
    }
    return true;
}

static void keep_alarm(void *owner, const struct alarm_event *event)
{
    (void)owner;
    if (now->muted)
        return;
    assert_true(now->alarm_count < KEPT_ALARMS);
    now->alarms[now->alarm_count++] = *event;
}

static uint32_t dice_state;
static double dice(void)
{
    dice_state = dice_state * 1664525 + 1013904223;
    return (double)(dice_state >> 8) / (1 << 24);
}

static void put(int64_t time_ms, uint32_t channel, double value, enum mark mark)
{
    assert_true(sample_count < SAMPLES);
    samples[sample_count++] = (struct sample){time_ms, channel, mark, value, false};
}

/* Weather of the month: calibrations, outages, start-ups, stops, bad days. */
static void make_samples(int64_t begin_ms, int64_t end_ms)
{
    double level = 20, load = 1;
    enum mark mood = MARK_N;
    int64_t mood_until_ms = 0, state_until_ms = 0;
    double state = 1;
    for (int64_t t = begin_ms; t < end_ms; t += 30000) {
        if (t >= mood_until_ms) {
            mood = dice() < 0.9 ? MARK_N : dice() < 0.5 ? MARK_C : MARK_B;
            mood_until_ms = t + (int64_t)(dice() * 40 + 1) * (mood == MARK_N ? 10 : 1) * MINUTE_MS;
        }
        if (t >= state_until_ms) {
            state = dice() < 0.85 ? 1 : dice() < 0.5 ? 0 : 2;
            state_until_ms = t + (int64_t)(dice() * 900 + 30) * MINUTE_MS;
        }
        level += (22 - level) / 200 + (dice() - 0.5) * 1.5;
        load += (1 - load) / 100 + (dice() - 0.5) * 0.02;
        put(t, T, 60 + 10 * dice(), MARK_N);
        put(t, P, -0.5, MARK_N);
        put(t, X, 11 + dice(), MARK_N);
        put(t, O2, state == 0 ? 20.6 : 7 + dice(), MARK_N);
        put(t, SO2, level, mood);
        put(t, V, 12 * load, MARK_N);
        bool minute = t % MINUTE_MS == 0;
        if (minute) {
            put(t, STATE, state, MARK_N);
            put(t, FLOW, dice() < 0.1 ? 0 : 80 * load, mood == MARK_B ? MARK_B : MARK_N);
            put(t, COD, 44 + 8 * dice(), MARK_N);
        }
        if (t % 180000 == 0)
            put(t, NMHC, 60 + 60 * dice(), mood);
        if (t % HOUR_MS == 0)
            put(t, TP, 0.3 + 0.4 * dice(), MARK_N);
    }
}

static struct compute *fresh_compute(void)
{
    struct error err;
    struct compute_sink sink = {.record = keep_record, .alarm = keep_alarm};
    struct compute *made = compute_new(plant, sink, &err);
    assert_non_null(made);
    return made;
}

static size_t feed_from(struct compute *c, size_t from, int64_t until_ms)
{
    size_t end = from;
    while (end < sample_count && samples[end].time_ms < until_ms)
        end++;
    compute_samples(c, samples + from, end - from);
    return end;
}

static void put_back(struct compute *c, enum period period, int64_t since_ms, int64_t begin_ms)
{
    for (size_t i = 0; i < now->row_count; i++) {
        const struct row *r = &now->rows[i];
        const struct kept_record kept = {.outlet = r->outlet,
                                         .factor = r->channel->factor->code,
                                         .period = r->period,
                                         .from_ms = r->from_ms,
                                         .mark = r->mark,
                                         .value = r->value,
                                         .converted = r->converted,
                                         .min = r->min,
                                         .max = r->max,
                                         .weight = r->weight,
                                         .amount = r->amount,
                                         .flow = r->flow,
                                         .condition = r->condition,
                                         .valid = r->valid};
        if (r->period == period && r->from_ms >= since_ms && r->from_ms < begin_ms)
            compute_restore_record(c, &kept, begin_ms);
    }
}

/* As daemon/recovery.c. */
static struct compute *restart(struct compute *old, size_t fed, int64_t first_ms)
{
    int64_t last_ms = samples[fed - 1].time_ms;
    int64_t begin_ms = period_floor_ms(PERIOD_2HOUR, last_ms - 10 * MINUTE_MS);
    compute_free(old);
    begin_ms = begin_ms < first_ms ? first_ms : begin_ms;
    struct compute *c = fresh_compute();
    size_t from = fed;
    while (from > 0 && samples[from - 1].time_ms >= begin_ms - 2 * HOUR_MS)
        from--;
    now->muted = true;
    compute_begin(c, begin_ms);
    put_back(c, PERIOD_MONTH, period_floor_ms(PERIOD_YEAR, begin_ms), begin_ms);
    put_back(c, PERIOD_DAY, period_floor_ms(PERIOD_YEAR, begin_ms), begin_ms);
    put_back(c, PERIOD_HOUR, period_floor_ms(PERIOD_MONTH, begin_ms), begin_ms);
    compute_samples(c, samples + from, fed - from);
    now->muted = false;
    compute_forget_findings(c);
    for (size_t i = 0; i < now->alarm_count; i++) {
        const struct alarm_event *e = &now->alarms[i];
        bool last_step = true;
        int64_t raised_ms = e->time_ms;
        for (size_t n = 0; n < now->alarm_count; n++) {
            bool same = strcmp(now->alarms[n].id, e->id) == 0;
            last_step = last_step && !(same && n > i);
            raised_ms = same && now->alarms[n].state == ALARM_RAISED ? now->alarms[n].time_ms : raised_ms;
        }
        const struct kept_finding kept = {
            e->id,   e->outlet ? e->outlet->id : "", e->subject, e->kind, e->period, e->state, raised_ms, e->time_ms,
            e->value};
        if (last_step && e->state != ALARM_CLEARED)
            assert_true(compute_restore_finding(c, &kept));
    }
    return c;
}

static void run_month(struct world *world, int64_t begin_ms, int64_t end_ms, int restarts)
{
    now = world;
    struct compute *c = fresh_compute();
    compute_begin(c, begin_ms);
    size_t fed = 0;
    for (int i = 0; i < restarts; i++) {
        int64_t at_ms = begin_ms + (int64_t)((double)(end_ms - begin_ms) * (i + dice()) / restarts);
        fed = feed_from(c, fed, at_ms);
        world->told_until_ms = fed ? samples[fed - 1].time_ms : 0;
        if (fed > 0)
            c = restart(c, fed, begin_ms);
    }
    feed_from(c, fed, INT64_MAX);
    compute_tick(c, end_ms + COMPUTE_GRACE_MS);
    compute_free(c);
}

/* ---- what must hold ---- */

static void figures_hold(const struct world *w)
{
    for (size_t i = 0; i < w->row_count; i++) {
        const struct row *r = &w->rows[i];
        assert_true(r->valid <= r->expected);
        if (isfinite(r->value))
            assert_true(r->value >= r->min - 1e-9 && r->value <= r->max + 1e-9);
        assert_true(r->mark == MARK_N || isnan(r->value));
        assert_true(r->within <= r->judged_hours);
        if (r->exceeds == 1 && isfinite(plant->outlet_of[r->channel->index]->reference_o2))
            assert_true(isfinite(r->converted));
    }
}

/* Hours make the day, days the month. */
static void amounts_add_up(const struct world *w)
{
    static const struct {
        enum period whole, part;
    } SUMS[] = {{PERIOD_DAY, PERIOD_HOUR}, {PERIOD_MONTH, PERIOD_DAY}};
    size_t checked = 0;
    for (size_t s = 0; s < 2; s++) {
        for (size_t i = 0; i < w->row_count; i++) {
            const struct row *whole = &w->rows[i];
            double sum = 0;
            if (whole->period != SUMS[s].whole || !isfinite(whole->amount))
                continue;
            for (size_t n = 0; n < w->row_count; n++) {
                const struct row *part = &w->rows[n];
                if (part->period == SUMS[s].part && part->channel == whole->channel &&
                    part->from_ms >= whole->from_ms && part->to_ms <= whole->to_ms && isfinite(part->amount))
                    sum += part->amount;
            }
            check_close(whole->amount, sum, 1e-9 * fabs(sum));
            checked++;
        }
    }
    assert_true(checked > 30);
}

/* An exceed alarm is raised or updated exactly when a closed, judged figure exceeds. */
static void exceedances_are_told(const struct world *w)
{
    size_t told = 0, exceeding = 0;
    for (size_t i = 0; i < w->row_count; i++) {
        const struct row *r = &w->rows[i];
        bool found = false;
        for (size_t n = 0; n < w->alarm_count; n++) {
            const struct alarm_event *a = &w->alarms[n];
            found |= a->kind == ALARM_EXCEED && a->period == (int)r->period && a->channel == r->channel &&
                     a->from_ms == r->from_ms && a->to_ms == r->to_ms &&
                     (a->state == ALARM_RAISED || a->state == ALARM_UPDATED);
        }
        bool should = r->exceeds == 1 && r->judged;
        assert_int_equal(found, should);
        exceeding += should;
    }
    for (size_t n = 0; n < w->alarm_count; n++)
        told += w->alarms[n].kind == ALARM_EXCEED && w->alarms[n].state == ALARM_RAISED;
    assert_true(exceeding > 10 && told > 2);
}

static bool same_number(double a, double b)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-9 * fabs(a);
}

static void a_month_holds_and_restarts_change_nothing(void **state)
{
    int64_t begin_ms = at("2028-02-01T00:00:00"), end_ms = at("2028-03-01T00:00:00"); /* 29 days */
    (void)state;
    assert_int_equal(begin_plant(MONTH_PLANT, "2028-02-01T00:00:00"), 0);
    dice_state = 7;
    make_samples(begin_ms, end_ms);
    run_month(one, begin_ms, end_ms, 0);
    figures_hold(one);
    amounts_add_up(one);
    exceedances_are_told(one);
    run_month(two, begin_ms, end_ms, 40);
    assert_int_equal(two->row_count, one->row_count);
    for (size_t i = 0; i < one->row_count; i++) {
        const struct row *a = &one->rows[i], *b = &two->rows[i];
        bool same = a->channel == b->channel && a->period == b->period && a->from_ms == b->from_ms &&
                    same_number(a->value, b->value) && same_number(a->converted, b->converted) &&
                    same_number(a->min, b->min) && same_number(a->max, b->max) && same_number(a->amount, b->amount) &&
                    a->valid == b->valid && a->mark == b->mark && a->exceeds == b->exceeds &&
                    a->condition == b->condition && same_number(a->flow, b->flow) && a->within == b->within &&
                    a->judged_hours == b->judged_hours;
        if (!same) {
            char text[INSTANT_TEXT];
            fail_msg("%s %s %s %s: %.10g %.10g min %.10g amount %.10g valid %u mark %d state %d hours %u/%u, after "
                     "restarts %.10g %.10g min "
                     "%.10g amount %.10g valid %u mark %d state %d hours %u/%u",
                     a->outlet, a->channel->factor->code, period_name(a->period), instant_format(a->from_ms, text),
                     a->value, a->converted, a->min, a->amount, a->valid, (int)a->mark, a->condition, a->within,
                     a->judged_hours, b->value, b->converted, b->min, b->amount, b->valid, (int)b->mark, b->condition,
                     b->within, b->judged_hours);
        }
    }
    for (size_t i = 0; i < one->alarm_count && i < two->alarm_count; i++) {
        const struct alarm_event *a = &one->alarms[i], *b = &two->alarms[i];
        if (strcmp(a->id, b->id) != 0 || a->state != b->state || a->time_ms != b->time_ms)
            fail_msg("alarm %zu: %s %s %.6g +%lld ms, after restarts %s %s %.6g +%lld ms", i, a->id,
                     alarm_state_name(a->state), a->value, (long long)(a->time_ms - begin_ms), b->id,
                     alarm_state_name(b->state), b->value, (long long)(b->time_ms - begin_ms));
    }
    assert_int_equal(two->alarm_count, one->alarm_count);
    end_plant();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_month_holds_and_restarts_change_nothing)};
    enter_scratch();
    one = calloc(1, sizeof *one);
    two = calloc(1, sizeof *two);
    samples = calloc(SAMPLES, sizeof *samples);
    if (!one || !two || !samples)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(one);
    free(two);
    free(samples);
    return failed;
}
