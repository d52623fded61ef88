/* From samples to judged figures and alarms, on a virtual clock. Expected figures are worked out in the comments. */
#include "virtual_plant.h"

static const char PLANT[] =
    "site: {name: N, code: C, mn: 88880001}\n"
    "feeds: {disclosure: {bind: \"tcp://127.0.0.1:1\", realtime_s: 10}}\n"
    "lines: [{name: a, modbus_tcp: {host: h}}]\n"
    "outlets:\n"
    "  - id: DA001\n"
    "    name: stack\n"
    "    medium: gas\n"
    "    standard: coal-power-ule\n"
    "    duct: {area_m2: 20, ambient_kpa: 101.325}\n"
    "    channels:\n"
    "      - {factor: a21026, source: {line: a, address: 0}, interval_ms: 5000, range: [0, 300]}\n"
    "      - {factor: a19001, source: {line: a, address: 2}, interval_ms: 5000}\n"
    "      - {factor: a01012, source: {line: a, address: 4}, interval_ms: 5000}\n"
    "      - {factor: a01013, source: {line: a, address: 6}, interval_ms: 5000}\n"
    "      - {factor: a01014, source: {line: a, address: 8}, interval_ms: 5000}\n"
    "      - {factor: a01011, source: {line: a, address: 10}, interval_ms: 5000}\n"
    "      - {factor: a34013, source: {line: a, address: 12}, interval_ms: 5000, basis: {state: actual, moisture: "
    "wet}}\n"
    "alarms: {instantaneous: {multiple: 2, samples: 3}, missing: {minutes: 5}}\n";
enum { SO2, O2, T, P, X, V, PM };

static int set_up(void **state)
{
    (void)state;
    return begin_plant(PLANT, "2026-11-23T08:00:00");
}

static int tear_down(void **state)
{
    (void)state;
    end_plant();
    return 0;
}

static void feed(int64_t time_ms, double so2, double o2, enum mark so2_mark)
{
    const struct sample samples[] = {
        {time_ms, SO2, so2_mark, so2, false}, {time_ms, O2, MARK_N, o2, false}, {time_ms, T, MARK_N, 120, false},
        {time_ms, P, MARK_N, -0.5, false},    {time_ms, X, MARK_N, 12, false},  {time_ms, V, MARK_N, 10, false},
        {time_ms, PM, MARK_N, 10, false},
    };
    compute_samples(compute, samples, 7);
}

/* Feeds `minutes` of constant values, a sample each 5 s, the first at from_ms. */
static int64_t feed_minutes(int64_t from_ms, int minutes, double so2, double o2, enum mark mark)
{
    for (int64_t t = 0; t < minutes * MINUTE_MS; t += 5000)
        feed(from_ms + t, so2, o2, mark);
    return from_ms + minutes * MINUTE_MS;
}

/* 28 mg/m3 at 8.5 % O2, reference 6 %: 28 · 15 / 12.5 = 33.6, under 35: 33.6/35 - 1 = -0.04.
 * PM 10 actual wet: 10 · 101.325/100.825 · 393/273 / 0.88 = 16.43977 dry; · 15/12.5 = 19.72772, above 10: exceeds.
 * Flow: 3600 · 20 · 10 · 273/393 · 100.825/101.325 · 0.88 = 437 974.0 m3/h; SO2 28 · 437 974.0 · 1e-6 = 12.26327 kg. */
static void an_hour_is_the_mean_of_its_minutes(void **state)
{
    (void)state;
    int64_t t = feed_minutes(at("2026-11-23T08:00:00"), 60, 28, 8.5, MARK_N);
    assert_int_equal(record_count[PERIOD_HOUR], 0); /* open until its grace is over */
    compute_tick(compute, t + COMPUTE_GRACE_MS - 1);
    assert_int_equal(record_count[PERIOD_HOUR], 0);
    compute_tick(compute, t + COMPUTE_GRACE_MS);
    assert_int_equal(record_count[PERIOD_HOUR], 1);
    assert_int_equal(record_count[PERIOD_MINUTE], 60);
    assert_int_equal(record_count[PERIOD_REALTIME], 360);
    const struct reading *so2 = &last[PERIOD_HOUR].readings[SO2], *pm = &last[PERIOD_HOUR].readings[PM];
    check_close(so2->value, 28, 1e-9);
    check_close(so2->converted, 33.6, 1e-9);
    check_close(so2->multiple, -0.04, 1e-9);
    assert_int_equal(so2->exceeds, 0);
    assert_int_equal(so2->valid, 60);
    assert_int_equal(so2->mark, MARK_N);
    double dry = 10 * 101.325 / 100.825 * 393 / 273 / 0.88;
    check_close(pm->value, dry, 1e-9);
    check_close(pm->value, 16.43977, 1e-4);
    check_close(pm->converted, dry * 15 / 12.5, 1e-9);
    assert_int_equal(pm->exceeds, 1);
    check_close(last[PERIOD_HOUR].flow, 3600.0 * 20 * 10 * 273 / 393 * 100.825 / 101.325 * 0.88, 1e-6);
    check_close(so2->amount, 28 * last[PERIOD_HOUR].flow * 1e-6, 1e-9);
    check_close(last[PERIOD_HOUR].readings[O2].value, 8.5, 1e-9);
    check_close(last[PERIOD_HOUR].readings[O2].converted, NAN, 0);
}

/* 44 valid minutes are too few, 45 are enough; 9 of 12 samples make a minute, 8 do not (75 % of 12). */
static void valid_shares_have_sharp_edges(void **state)
{
    (void)state;
    int64_t t = at("2026-11-23T08:00:00");
    t = feed_minutes(t, 44, 10, 6, MARK_N);
    t = feed_minutes(t, 16, 10, 6, MARK_C);
    compute_tick(compute, t + COMPUTE_GRACE_MS);
    const struct reading *so2 = &last[PERIOD_HOUR].readings[SO2];
    check_close(so2->value, NAN, 0);
    assert_int_equal(so2->valid, 44);
    assert_int_equal(so2->reason, REASON_TOO_FEW);
    assert_int_equal(so2->mark, MARK_C);
    assert_int_equal(so2->exceeds, -1);
    t = feed_minutes(t, 45, 10, 6, MARK_N);
    t = feed_minutes(t, 15, 10, 6, MARK_M);
    compute_tick(compute, t + COMPUTE_GRACE_MS);
    check_close(so2->value, 10, 1e-12);
    assert_int_equal(so2->mark, MARK_N);
    for (int good = 8; good <= 9; good++) {
        for (int i = 0; i < 12; i++)
            feed(t + i * 5000, 10 + i, 6, i < good ? MARK_N : MARK_D);
        t += MINUTE_MS;
        compute_tick(compute, t + COMPUTE_GRACE_MS);
        const struct reading *minute = &last[PERIOD_MINUTE].readings[SO2];
        assert_int_equal(minute->valid, (uint32_t)good);
        check_close(minute->value, good == 9 ? 14 : NAN, 1e-12); /* (10 + 11 .. + 18) / 9 */
        assert_int_equal(minute->mark, good == 9 ? MARK_N : MARK_D);
    }
}

/* Above o2_max nothing is converted and nothing is judged; the measured figure stays and the reason says why. */
static void oxygen_near_air_is_not_converted(void **state)
{
    (void)state;
    int64_t t = feed_minutes(at("2026-11-23T08:00:00"), 60, 5, 20.9, MARK_N);
    compute_tick(compute, t + COMPUTE_GRACE_MS);
    const struct reading *so2 = &last[PERIOD_HOUR].readings[SO2];
    check_close(so2->value, 5, 1e-12);
    check_close(so2->converted, NAN, 0);
    assert_int_equal(so2->reason, REASON_OXYGEN_HIGH);
    assert_int_equal(so2->exceeds, -1);
    assert_int_equal(alarm_count, 0);
}

/* A value of one instant is converted by the oxygen of that instant, in whatever order they come. */
static void values_of_one_instant_see_each_other(void **state)
{
    (void)state;
    int64_t t = at("2026-11-23T08:00:00");
    feed(t, 28, 6, MARK_N);
    const struct sample samples[] = {{t + 5000, SO2, MARK_N, 28, false}, {t + 5000, O2, MARK_N, 8.5, false}};
    compute_samples(compute, samples, 2);
    struct reading now;
    int64_t when;
    assert_true(compute_latest(compute, SO2, &now, &when));
    check_close(now.converted, 33.6, 1e-9);
    assert_int_equal(when, t + 5000);
}

/* Oxygen older than three of its intervals and a second converts nothing. */
static void a_stale_sibling_does_not_count(void **state)
{
    (void)state;
    int64_t t = at("2026-11-23T08:00:00");
    struct reading now;
    int64_t when;
    feed(t, 28, 8.5, MARK_N);
    const struct sample fresh = {t + 16000, SO2, MARK_N, 28, false}, stale = {t + 16001, SO2, MARK_N, 28, false};
    compute_samples(compute, &fresh, 1);
    assert_true(compute_latest(compute, SO2, &now, &when));
    check_close(now.converted, 33.6, 1e-9);
    compute_samples(compute, &stale, 1);
    assert_true(compute_latest(compute, SO2, &now, &when));
    check_close(now.converted, NAN, 0);
    assert_int_equal(now.reason, REASON_NO_OXYGEN);
}

/* Limit 35, multiple 2: three samples in a row above 70 raise it, once; 66.5 (5 % below 70) does not clear it, less
 * does. */
static void instantaneous_has_one_life(void **state)
{
    (void)state;
    int64_t t = at("2026-11-23T08:00:00");
    static const double SO2_AT_REF[] = {80, 80, 20, 80, 80, 80, 81, 90, 68, 66.5, 66.4, 20};
    for (int i = 0; i < 12; i++, t += 5000)
        feed(t, SO2_AT_REF[i], 6, MARK_N);
    assert_int_equal(count_alarms(ALARM_INSTANTANEOUS, ALARM_RAISED), 1);
    assert_int_equal(count_alarms(ALARM_INSTANTANEOUS, ALARM_UPDATED), 1); /* 90 is 5 % worse than 80 */
    assert_int_equal(count_alarms(ALARM_INSTANTANEOUS, ALARM_CLEARED), 1);
    const struct alarm_event *raised = NULL, *cleared = NULL;
    for (size_t i = 0; i < alarm_count; i++) {
        if (alarms[i].kind == ALARM_INSTANTANEOUS && alarms[i].state == ALARM_RAISED)
            raised = &alarms[i];
        if (alarms[i].kind == ALARM_INSTANTANEOUS && alarms[i].state == ALARM_CLEARED)
            cleared = &alarms[i];
    }
    assert_string_equal(raised->id, "DA001-a21026-instantaneous-20261123080025000");
    assert_string_equal(cleared->id, raised->id);
    assert_int_equal(raised->from_ms, at("2026-11-23T08:00:15"));
    check_close(raised->limit, 70, 0);
    check_close(raised->multiple, 80.0 / 35 - 1, 1e-12);
    assert_int_equal(cleared->time_ms, at("2026-11-23T08:00:50"));
}

/* 80 % of 35 is 28: at 29 the warning comes with the 15th valid minute, is over when the hour closes. 40 exceeds: one
 * alarm for two hours (raised, updated), cleared by a good one. */
static void warning_and_exceed_follow_the_hours(void **state)
{
    (void)state;
    int64_t t = at("2026-11-23T08:00:00");
    t = feed_minutes(t, 14, 29, 6, MARK_N);
    compute_tick(compute, t + COMPUTE_GRACE_MS);
    assert_int_equal(count_alarms(ALARM_WARNING, ALARM_RAISED), 0);
    t = feed_minutes(t, 46, 29, 6, MARK_N);
    compute_tick(compute, t + COMPUTE_GRACE_MS);
    size_t mine = 0;
    for (size_t i = 0; i < alarm_count; i++) {
        if (alarms[i].kind != ALARM_WARNING || alarms[i].channel != plant->channels[SO2])
            continue;
        mine++;
        assert_int_equal(alarms[i].time_ms,
                         alarms[i].state == ALARM_RAISED ? at("2026-11-23T08:15:00") : at("2026-11-23T09:00:00"));
    }
    assert_int_equal(mine, 2);
    alarm_count = 0;
    t = feed_minutes(t, 120, 40, 6, MARK_N);
    t = feed_minutes(t, 60, 10, 6, MARK_N);
    compute_tick(compute, t + COMPUTE_GRACE_MS);
    static const enum alarm_state LIFE[] = {ALARM_RAISED, ALARM_UPDATED, ALARM_CLEARED};
    size_t step = 0;
    for (size_t i = 0; i < alarm_count && step < 3; i++) {
        if (alarms[i].kind != ALARM_EXCEED || alarms[i].channel != plant->channels[SO2])
            continue;
        assert_int_equal(alarms[i].state, LIFE[step]);
        assert_string_equal(alarms[i].id, "DA001-a21026-exceed-20261123100000000");
        assert_int_equal(alarms[i].to_ms, at("2026-11-23T10:00:00") + (int64_t)step * HOUR_MS);
        check_close(alarms[i].value, step < 2 ? 40 : 10, 1e-9);
        step++;
    }
    assert_int_equal(step, 3);
    assert_int_equal(count_alarms(ALARM_EXCEED, ALARM_CLEARED), 1);
}

/* Exactly at the limit complies; the judged figure is not rounded: 35.004 exceeds although it prints as 35.00. */
static void judging_compares_the_unrounded_figure(void **state)
{
    (void)state;
    int64_t t = feed_minutes(at("2026-11-23T08:00:00"), 60, 35, 6, MARK_N);
    compute_tick(compute, t + COMPUTE_GRACE_MS);
    assert_int_equal(last[PERIOD_HOUR].readings[SO2].exceeds, 0);
    t = feed_minutes(t, 60, 35.004, 6, MARK_N);
    compute_tick(compute, t + COMPUTE_GRACE_MS);
    assert_int_equal(last[PERIOD_HOUR].readings[SO2].exceeds, 1);
}

/* Five minutes without a valid value, to the millisecond; the next valid value ends it. */
static void missing_is_found_and_ends(void **state)
{
    (void)state;
    int64_t t = feed_minutes(at("2026-11-23T08:00:00"), 1, 10, 6, MARK_N); /* last valid 08:00:55 */
    t = feed_minutes(t, 7, 10, 6, MARK_B);
    size_t raised = 0;
    for (size_t i = 0; i < alarm_count; i++) {
        if (alarms[i].kind == ALARM_MISSING && alarms[i].channel == plant->channels[SO2]) {
            assert_int_equal(alarms[i].time_ms, at("2026-11-23T08:05:55"));
            assert_int_equal(alarms[i].from_ms, at("2026-11-23T08:00:55"));
            raised++;
        }
    }
    assert_int_equal(raised, 1);
    assert_int_equal(count_alarms(ALARM_INSTRUMENT, ALARM_RAISED), 0); /* nobody spoke: not the instrument's fault */
    feed(t, 10, 6, MARK_N);
    assert_int_equal(count_alarms(ALARM_MISSING, ALARM_CLEARED), 1);
}

/* Three marked samples raise it, a change of letter updates it, three good ones end it. 400 is above the range: mark T.
 */
static void instrument_follows_the_mark(void **state)
{
    (void)state;
    int64_t t = at("2026-11-23T08:00:00");
    static const struct {
        double value;
        enum mark mark;
    } STEPS[] = {{10, MARK_C}, {10, MARK_C},  {10, MARK_N}, {10, MARK_C}, {10, MARK_C},
                 {10, MARK_C}, {400, MARK_N}, {10, MARK_N}, {10, MARK_N}, {10, MARK_N}};
    for (size_t i = 0; i < 10; i++, t += 5000)
        feed(t, STEPS[i].value, 6, STEPS[i].mark);
    assert_int_equal(count_alarms(ALARM_INSTRUMENT, ALARM_RAISED), 1);
    assert_int_equal(count_alarms(ALARM_INSTRUMENT, ALARM_UPDATED), 1);
    assert_int_equal(count_alarms(ALARM_INSTRUMENT, ALARM_CLEARED), 1);
    for (size_t i = 0; i < alarm_count; i++)
        if (alarms[i].state == ALARM_UPDATED)
            assert_int_equal(alarms[i].mark, MARK_T);
}

/* NaN, infinity: mark D; -10 is 3 % of the span below a range from 0: zero drift; -20 is beyond: D; 301: T. */
static void impossible_values_never_reach_a_mean(void **state)
{
    static const struct {
        double value;
        enum mark want;
    } CASES[] = {{NAN, MARK_D}, {INFINITY, MARK_D}, {-10, MARK_N}, {-20, MARK_D}, {300, MARK_N}, {300.001, MARK_T}};
    (void)state;
    int64_t t = at("2026-11-23T08:00:00"), when;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++, t += 5000) {
        struct reading now;
        feed(t, CASES[i].value, 6, MARK_N);
        assert_true(compute_latest(compute, SO2, &now, &when));
        assert_int_equal(now.mark, CASES[i].want);
    }
    compute_tick(compute, at("2026-11-23T08:01:01"));
    assert_int_equal(last[PERIOD_MINUTE].readings[SO2].valid, 2);
    check_close(last[PERIOD_MINUTE].readings[SO2].value, NAN, 0); /* 2 of 12 make no minute */
}

/* A sample at the last millisecond belongs to the ending minute, the next to the next; one for a closed minute is late.
 */
static void period_edges_are_sharp(void **state)
{
    (void)state;
    int64_t t = at("2026-11-23T08:01:00");
    const struct sample early = {t - 1, SO2, MARK_N, 1, false}, on_time = {t, SO2, MARK_N, 2, false},
                        in_grace = {t - 2, SO2, MARK_N, 3, false}, late = {t - 1, SO2, MARK_N, 4, false};
    compute_samples(compute, &early, 1);
    compute_samples(compute, &on_time, 1);
    compute_samples(compute, &in_grace, 1); /* 08:00 is still open */
    compute_tick(compute, t + COMPUTE_GRACE_MS);
    assert_int_equal(last[PERIOD_MINUTE].readings[SO2].valid, 2);
    compute_samples(compute, &late, 1);
    assert_int_equal(compute_counts(compute).late, 1);
    compute_tick(compute, t + MINUTE_MS + COMPUTE_GRACE_MS);
    assert_int_equal(last[PERIOD_MINUTE].readings[SO2].valid, 1);
}

/* A day of hours at 1, 2 .. 24: mean 12.5; a record the journal has already is not judged again. */
static void a_day_is_the_mean_of_its_hours(void **state)
{
    (void)state;
    compute_begin(compute, at("2026-11-24T00:00:00"));
    int64_t t = at("2026-11-24T00:00:00");
    for (int h = 1; h <= 24; h++)
        t = feed_minutes(t, 60, h, 6, MARK_N);
    compute_tick(compute, t + COMPUTE_GRACE_MS);
    assert_int_equal(record_count[PERIOD_DAY], 1);
    assert_int_equal(record_count[PERIOD_2HOUR], 0); /* flue gas is disclosed by the hour */
    check_close(last[PERIOD_DAY].readings[SO2].value, 12.5, 1e-9);
    assert_int_equal(last[PERIOD_DAY].readings[SO2].valid, 24);
    alarm_count = 0;
    refuse_records = true;
    t = feed_minutes(t, 60, 60, 6, MARK_N);
    compute_tick(compute, t + COMPUTE_GRACE_MS);
    assert_int_equal(count_alarms(ALARM_EXCEED, ALARM_RAISED), 0);
}

/* A reload in the middle of an hour loses nothing: the hour closes as if nothing had happened. */
static void a_reload_keeps_windows_in_progress(void **state)
{
    struct compute_sink sink = {.record = on_record, .alarm = on_alarm};
    struct error err;
    (void)state;
    int64_t t = feed_minutes(at("2026-11-23T08:00:00"), 30, 20, 6, MARK_N);
    struct compute *next = compute_new(plant, sink, &err);
    assert_non_null(next);
    compute_adopt(next, compute, t);
    compute_free(compute);
    compute = next;
    t = feed_minutes(t, 30, 40, 6, MARK_N);
    compute_tick(compute, t + COMPUTE_GRACE_MS);
    check_close(last[PERIOD_HOUR].readings[SO2].value, 30, 1e-9);
    assert_int_equal(last[PERIOD_HOUR].readings[SO2].valid, 60);
}

/* A clock that starts in 1970 and is set right later: the first day is closed, 56 years are not made up, and the
 * present is computed. 1970-01-01 08:00 to 24:00 has 16 hours and 960 minutes. */
static void a_clock_set_right_makes_up_no_years(void **state)
{
    (void)state;
    compute_begin(compute, 0);
    feed_minutes(0, 1, 10, 6, MARK_N);
    int64_t t = feed_minutes(at("2026-11-23T08:00:00"), 60, 20, 6, MARK_N);
    assert_int_equal(record_count[PERIOD_DAY], 1);
    assert_int_equal(record_count[PERIOD_HOUR], 16);
    assert_int_equal(record_count[PERIOD_MINUTE], 960 + 59);
    /* 08:59 is still open */
    compute_tick(compute, t + COMPUTE_GRACE_MS);
    assert_int_equal(record_count[PERIOD_HOUR], 17);
    check_close(last[PERIOD_HOUR].readings[SO2].value, 20, 1e-9);
    assert_int_equal(last[PERIOD_HOUR].from_ms, at("2026-11-23T08:00:00"));
}

static bool restore(const char *outlet, int period)
{
    const struct kept_finding kept = {
        "", outlet, "a21026", ALARM_EXCEED, period, ALARM_RAISED, at("2026-11-23T07:00:00"), at("2026-11-23T07:00:00"),
        40};
    return compute_restore_finding(compute, &kept);
}

static void what_is_not_in_the_table_cannot_happen(void **state)
{
    struct compute_sink sink = {.record = on_record, .alarm = on_alarm};
    (void)state;
    (void)sink;
    assert_true(restore("DA001", PERIOD_HOUR));
    assert_false(restore("DA002", PERIOD_HOUR));
    assert_false(restore("DA001", -1));
    int64_t t = feed_minutes(at("2026-11-23T08:00:00"), 60, 10, 6, MARK_N);
    compute_tick(compute, t + COMPUTE_GRACE_MS);
    assert_int_equal(count_alarms(ALARM_EXCEED, ALARM_CLEARED), 1);
    for (size_t i = 0; i < alarm_count; i++)
        if (alarms[i].kind == ALARM_EXCEED && alarms[i].state == ALARM_CLEARED)
            assert_string_equal(alarms[i].id, "DA001-a21026-exceed-20261123070000000");
}

/* TP by a batch analyzer, one value an hour: it stands for the minutes that follow, two hours at most, and then is
 * missing. Samples at 08:00:30 (0.3) and 09:00:30 (0.5). Hour 08 is all 0.3, hour 09 all 0.5. In hour 11 the value of
 * 09:00:30 still stands at 11:00, and is more than two hours old at 11:01: one valid minute of sixty, no mean. */
static void a_batch_value_stands_until_the_next(void **state)
{
    static const char TEXT[] = "site: {name: N, code: C, mn: 88880001}\n"
                               "lines: [{name: a, hj212_listen: {bind: '127.0.0.1:1'}}]\n"
                               "outlets: [{id: DW001, name: w, medium: water, channels: [{factor: w21011, interval_ms: "
                               "3600000, source: {line: a}}]}]\n";
    static struct load_report report;
    struct compute_sink sink = {.record = on_record, .alarm = on_alarm};
    struct error err;
    (void)state;
    write_text("w.yaml", TEXT);
    struct plant *works = plant_load("w.yaml", &report);
    report_clear(&report);
    assert_non_null(works);
    struct compute *c = compute_new(works, sink, &err);
    assert_non_null(c);
    int64_t begin = at("2026-11-23T08:00:00");
    compute_begin(c, begin);
    compute_samples(c, &(struct sample){begin + 30000, 0, MARK_N, 0.3, false}, 1);
    compute_tick(c, begin + 30 * MINUTE_MS + 1000);
    check_close(last[PERIOD_MINUTE].readings[0].value, 0.3, 0);
    assert_int_equal(last[PERIOD_MINUTE].readings[0].mark, MARK_N);
    compute_tick(c, begin + HOUR_MS + 1000);
    check_close(last[PERIOD_HOUR].readings[0].value, 0.3, 1e-12);
    assert_int_equal(last[PERIOD_HOUR].readings[0].valid, 60);
    compute_samples(c, &(struct sample){begin + HOUR_MS + 30000, 0, MARK_N, 0.5, false}, 1);
    compute_tick(c, begin + 2 * HOUR_MS + 1000);
    check_close(last[PERIOD_HOUR].readings[0].value, 0.5, 1e-12);
    compute_tick(c, begin + 4 * HOUR_MS + 1000);
    check_close(last[PERIOD_HOUR].readings[0].value, NAN, 0);
    assert_int_equal(last[PERIOD_HOUR].readings[0].valid, 1);
    compute_free(c);
    plant_free(works);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_hour_is_the_mean_of_its_minutes),
        TEST(valid_shares_have_sharp_edges),
        TEST(oxygen_near_air_is_not_converted),
        TEST(values_of_one_instant_see_each_other),
        TEST(a_stale_sibling_does_not_count),
        TEST(instantaneous_has_one_life),
        TEST(warning_and_exceed_follow_the_hours),
        TEST(judging_compares_the_unrounded_figure),
        TEST(missing_is_found_and_ends),
        TEST(instrument_follows_the_mark),
        TEST(impossible_values_never_reach_a_mean),
        TEST(period_edges_are_sharp),
        TEST(a_day_is_the_mean_of_its_hours),
        TEST(a_batch_value_stands_until_the_next),
        TEST(a_reload_keeps_windows_in_progress),
        TEST(a_clock_set_right_makes_up_no_years),
        TEST(what_is_not_in_the_table_cannot_happen),
    };
    enter_scratch();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
