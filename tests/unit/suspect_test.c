/* Figures that look made up, each rule by a plant that does it, and by one that nearly does. */
#include "virtual_plant.h"

#include "compute/alarm.h"

/* Two samples a minute; SO2 resolution 0.1. */
#define PLANT                                                                                                          \
    "site: {name: N, code: C, mn: 88880001}\n"                                                                         \
    "feeds: {disclosure: {bind: \"tcp://127.0.0.1:1\", realtime_s: 60}}\n"                                             \
    "lines: [{name: a, modbus_tcp: {host: h}}]\n"                                                                      \
    "factors: [{code: xst, name: s}]\n"                                                                                \
    "outlets: [{id: D, name: d, medium: gas, operation: {rules: [{state: stopped, factor: xst, is: 9}]}, channels: "   \
    "[\n"                                                                                                              \
    " {factor: a21026, resolution: 0.1, interval_ms: 30000, source: {line: a, address: 0}, "                           \
    "limits: [{period: hour, max: 35, source: s}]},\n"                                                                 \
    " {factor: a19001, resolution: 0.01, interval_ms: 30000, source: {line: a, address: 2}},\n"                        \
    " {factor: a00000, interval_ms: 30000, source: {line: a, address: 4}},\n"                                          \
    " {factor: xst, interval_ms: 30000, source: {line: a, address: 6}}]}]\n"
enum { SO2, O2, FLOW, STATE, CHANNELS };

static int64_t now_ms;
static uint32_t dice_state;
static double dice(void)
{
    dice_state = dice_state * 1664525 + 1013904223;
    return (double)(dice_state >> 8) / (1 << 24);
}

static int begin(void **state)
{
    (void)state;
    now_ms = at("2026-11-23T08:00:00");
    dice_state = 5;
    return begin_plant(PLANT, "2026-11-23T08:00:00");
}

static int end(void **state)
{
    (void)state;
    end_plant();
    return 0;
}

static enum mark so2_mark;

/* One minute: two samples of each. */
static void minute(double so2_first, double so2_second, double o2, double flow, double plant_state)
{
    const double values[2][CHANNELS] = {{so2_first, o2, flow, plant_state}, {so2_second, o2 + 0.05, flow, plant_state}};
    for (int half = 0; half < 2; half++) {
        struct sample samples[CHANNELS];
        for (uint32_t c = 0; c < CHANNELS; c++)
            samples[c] =
                (struct sample){now_ms + half * 30000, c, c == SO2 ? so2_mark : MARK_N, values[half][c], false};
        compute_samples(compute, samples, CHANNELS);
    }
    now_ms += MINUTE_MS;
    compute_tick(compute, now_ms + COMPUTE_GRACE_MS);
}

static void usual(int minutes)
{
    for (int m = 0; m < minutes; m++) {
        double so2 = 18 + 4 * dice();
        minute(so2, so2 + 0.3, 6 + dice() / 2, 100, 1);
    }
}

static size_t suspected(enum suspect_rule rule, enum alarm_state alarm_state)
{
    size_t n = 0;
    for (size_t i = 0; i < alarm_count; i++)
        n += alarms[i].kind == ALARM_SUSPECT && alarms[i].rule == (int)rule && alarms[i].state == alarm_state;
    return n;
}

static const struct alarm_event *first_of(enum suspect_rule rule)
{
    for (size_t i = 0; i < alarm_count; i++)
        if (alarms[i].kind == ALARM_SUSPECT && alarms[i].rule == (int)rule)
            return &alarms[i];
    fail_msg("nothing says %s", suspect_rule_name(rule));
    return NULL;
}

static void a_usual_day_is_not_suspect(void **state)
{
    (void)state;
    usual(1500);
    assert_int_equal(count_alarms(ALARM_SUSPECT, ALARM_RAISED), 0);
}

/* 59 minutes of the same are not 60; with all standing still nothing is said of one. */
static void stuck_while_others_vary(void **state)
{
    (void)state;
    usual(10);
    for (int m = 0; m < 59; m++)
        minute(20.02, 20.05, 6 + dice(), 100, 1);
    assert_int_equal(suspected(SUSPECT_STUCK, ALARM_RAISED), 0);
    minute(20.02, 20.05, 6.4, 100, 1);
    assert_int_equal(suspected(SUSPECT_STUCK, ALARM_RAISED), 1);
    const struct alarm_event *e = first_of(SUSPECT_STUCK);
    assert_int_equal(e->time_ms, at("2026-11-23T09:10:00"));
    assert_int_equal(e->from_ms, at("2026-11-23T08:10:00"));
    check_close(e->value, 0.03, 1e-9); /* the spread */
    check_close(e->limit, 0.1, 0);
    assert_string_equal(e->id, "D-a21026-suspect-stuck-20261123091000000");
    minute(20.3, 20.3, 6.4, 100, 1);
    assert_int_equal(suspected(SUSPECT_STUCK, ALARM_CLEARED), 1);
    for (int m = 0; m < 90; m++)
        minute(20.02, 20.05, 6, 100, 1); /* O2 moves by 0.05 in each minute, its resolution is 0.01 */
    assert_int_equal(suspected(SUSPECT_STUCK, ALARM_RAISED), 2);
}

static void thirty_minutes_of_yesterday(void **state)
{
    static double played[2][40];
    (void)state;
    usual(60);
    for (int m = 0; m < 40; m++) {
        played[0][m] = 15 + 10 * dice();
        played[1][m] = played[0][m] + dice();
        minute(played[0][m], played[1][m], 6 + dice(), 100, 1);
    }
    usual(300);
    for (int m = 0; m < 29; m++)
        minute(played[0][m], played[1][m], 6 + dice(), 100, 1);
    assert_int_equal(suspected(SUSPECT_REPEAT, ALARM_RAISED), 0);
    minute(played[0][29], played[1][29], 6 + dice(), 100, 1);
    assert_int_equal(suspected(SUSPECT_REPEAT, ALARM_RAISED), 1);
    const struct alarm_event *e = first_of(SUSPECT_REPEAT);
    check_close(e->value, 30, 0);
    assert_int_equal(e->from_ms, at("2026-11-23T08:00:00") + 400 * MINUTE_MS);
    assert_string_equal(e->detail, "2026-11-23T09:00:00.000+08:00"); /* where it was the first time */
    usual(1);
    assert_int_equal(suspected(SUSPECT_REPEAT, ALARM_CLEARED), 1);
}

/* Of 60 minutes 20 at 34.5 (98.6 % of the limit), the rest between 20 and 30: a third of them at the ceiling. */
static void a_ceiling_below_the_limit(void **state)
{
    (void)state;
    for (int m = 0; m < 60; m++)
        minute(m % 3 ? 20 + 10 * dice() : 34.5, m % 3 ? 25 : 34.5, 6 + dice(), 100, 1);
    assert_int_equal(suspected(SUSPECT_CLIPPED, ALARM_RAISED), 1);
    const struct alarm_event *e = first_of(SUSPECT_CLIPPED);
    check_close(e->value, 20.0 / 60, 1e-9);
    check_close(e->limit, 34.5, 1e-6);
    for (int m = 0; m < 60; m++) /* a source that is always there is near its limit, not clipped */
        minute(34.3 + 0.2 * dice(), 34.4, 6 + dice(), 100, 1);
    assert_int_equal(suspected(SUSPECT_CLIPPED, ALARM_CLEARED), 1);
}

static void air_in_the_sampling_line(void **state)
{
    (void)state;
    usual(30);
    for (int m = 0; m < 9; m++)
        minute(2, 2.2, 19.4, 100, 1);
    assert_int_equal(suspected(SUSPECT_DILUTION, ALARM_RAISED), 0);
    minute(2, 2.2, 19.4, 100, 1);
    assert_int_equal(suspected(SUSPECT_DILUTION, ALARM_RAISED), 1);
    assert_string_equal(first_of(SUSPECT_DILUTION)->subject, "a19001");
    check_close(first_of(SUSPECT_DILUTION)->limit, 19, 0);
    usual(1);
    assert_int_equal(suspected(SUSPECT_DILUTION, ALARM_CLEARED), 1);
    usual(60);
    for (int m = 0; m < 20; m++)
        minute(2, 2.2, 19.4, 20, 1); /* the fan goes down with it: the plant does */
    assert_int_equal(suspected(SUSPECT_DILUTION, ALARM_RAISED), 1);
}

/* A day of 6 to 6.5 %: mean 6.28, sigma 0.14; 3 sigma are less than the least band of 1 %: 7.28. */
static void the_band_of_the_oxygen_is_learnt(void **state)
{
    (void)state;
    usual(1500);
    for (int m = 0; m < 12; m++)
        minute(5, 5.2, 9, 100, 1);
    assert_int_equal(suspected(SUSPECT_DILUTION, ALARM_RAISED), 1);
    check_close(first_of(SUSPECT_DILUTION)->limit, 7.28, 0.02);
}

static void zero_while_running_and_smoke_while_stopped(void **state)
{
    (void)state;
    for (int m = 0; m < 60; m++)
        minute(0.02, -0.03, 6 + dice(), 100, 1);
    assert_int_equal(suspected(SUSPECT_INCONSISTENT, ALARM_RAISED), 1);
    assert_string_equal(first_of(SUSPECT_INCONSISTENT)->detail, "running");
    usual(1);
    assert_int_equal(suspected(SUSPECT_INCONSISTENT, ALARM_CLEARED), 1);
    for (int m = 0; m < 61; m++)
        minute(3.6 + dice(), 4, 6 + dice(), 100, 9); /* a tenth of the limit is 3.5 */
    assert_int_equal(suspected(SUSPECT_INCONSISTENT, ALARM_RAISED), 2);
}

/* A tenth of the day are 144 minutes; or three calibrations that begin when the hour stands at 80 % of 35 = 28. */
static void calibration_when_it_matters(void **state)
{
    (void)state;
    for (int times = 0; times < 3; times++) {
        for (int m = 0; m < 15; m++)
            minute(29 + dice(), 30, 6 + dice(), 100, 1);
        assert_int_equal(suspected(SUSPECT_CALIBRATION, ALARM_RAISED), 0);
        so2_mark = MARK_C;
        minute(29, 29, 6, 100, 1);
        so2_mark = MARK_N;
    }
    assert_int_equal(suspected(SUSPECT_CALIBRATION, ALARM_RAISED), 1);
    usual(16 * 60 - 48 + 1); /* the next day begins with a clean sheet */
    assert_int_equal(suspected(SUSPECT_CALIBRATION, ALARM_CLEARED), 1);
    so2_mark = MARK_M;
    usual(144);
    assert_int_equal(suspected(SUSPECT_CALIBRATION, ALARM_RAISED), 1);
    usual(1);
    so2_mark = MARK_N;
    assert_int_equal(suspected(SUSPECT_CALIBRATION, ALARM_RAISED), 2);
}

static void a_finding_goes_on_after_a_restart(void **state)
{
    (void)state;
    usual(10);
    for (int m = 0; m < 60; m++)
        minute(20.02, 20.05, 6 + dice(), 100, 1);
    const struct alarm_event *e = first_of(SUSPECT_STUCK);
    const struct kept_finding kept = {e->id,    "D",        "a21026",   ALARM_SUSPECT, -1,
                                      e->state, e->time_ms, e->time_ms, e->value};
    struct kept_finding unknown = kept;
    unknown.id = "D-a21026-suspect-nothing-20261123091000000";
    compute_forget_findings(compute);
    assert_false(compute_restore_finding(compute, &unknown));
    assert_true(compute_restore_finding(compute, &kept));
    minute(20.02, 20.05, 6, 100, 1);
    assert_int_equal(suspected(SUSPECT_STUCK, ALARM_RAISED), 1); /* not a second time */
    usual(1);
    assert_int_equal(suspected(SUSPECT_STUCK, ALARM_CLEARED), 1);
    assert_string_equal(alarms[alarm_count - 1].id, kept.id);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_usual_day_is_not_suspect),
        TEST(stuck_while_others_vary),
        TEST(thirty_minutes_of_yesterday),
        TEST(a_ceiling_below_the_limit),
        TEST(air_in_the_sampling_line),
        TEST(the_band_of_the_oxygen_is_learnt),
        TEST(zero_while_running_and_smoke_while_stopped),
        TEST(calibration_when_it_matters),
        TEST(a_finding_goes_on_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
