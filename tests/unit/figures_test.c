/* Figures and alarms of special plants, worked out by hand in the comments. */
#include "virtual_plant.h"

#define HEAD                                                                                                           \
    "site: {name: N, code: C, mn: 88880001}\n"                                                                         \
    "feeds: {disclosure: {bind: \"tcp://127.0.0.1:1\", realtime_s: 60}}\n"                                             \
    "lines: [{name: a, modbus_tcp: {host: h}}]\n"
#define S(address) "source: {line: a, address: " #address "}, interval_ms: 60000"

/* Gives every channel its value at from_ms and each minute after, for so many minutes; NAN gives none. */
static int64_t minutes(int64_t from_ms, int count, const double *values, size_t channels)
{
    struct sample samples[16];
    for (int m = 0; m < count; m++) {
        size_t n = 0;
        for (size_t c = 0; c < channels; c++)
            if (isfinite(values[c]))
                samples[n++] = (struct sample){from_ms + m * MINUTE_MS, (uint32_t)c, MARK_N, values[c], false};
        compute_samples(compute, samples, n);
    }
    compute_tick(compute, from_ms + count * MINUTE_MS + COMPUTE_GRACE_MS);
    return from_ms + count * MINUTE_MS;
}

#define MINUTES(from, count, ...)                                                                                      \
    minutes(from, count, (const double[]){__VA_ARGS__}, sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

static const struct reading *hour_of(size_t channel)
{
    return &last[PERIOD_HOUR].readings[channel];
}

/* NO 25 ppm = 25 · 30/22.4 = 33.482143 mg/m3, as NO2 · 46/30 = 51.339286; with NO2 10 mg/m3: 61.339286.
 * THC 30 less methane 12.5: 17.5. Benzene 1, toluene 2, xylene 3.5: 6.5. */
static void figures_are_made_of_others(void **state)
{
    (void)state;
    assert_int_equal(
        begin_plant(
            HEAD
            "factors: [{code: a24087, name: 总烃, unit: mg/m3, amount_unit: kg, decimals: 3},"
            " {code: a05002, name: 甲烷, unit: mg/m3, amount_unit: kg, decimals: 3},"
            " {code: x1, name: 苯, unit: mg/m3, amount_unit: kg}, {code: x2, name: 甲苯, unit: mg/m3, amount_unit: kg},"
            " {code: x3, name: 二甲苯, unit: mg/m3, amount_unit: kg}, {code: x9, name: 苯系物, unit: mg/m3, "
            "amount_unit: "
            "kg}]\n"
            "outlets: [{id: D, name: d, medium: gas, channels: [\n"
            " {factor: a21003, " S(0) ", basis: {unit: ppm}}, {factor: a21004, " S(
                2) "},\n"
                   " {factor: a21002, computed: {rule: nox, of: [a21003, a21004]}},\n"
                   " {factor: a24087, " S(4) "}, {factor: a05002, " S(
                       6) "},\n"
                          " {factor: a24088, computed: {rule: difference, of: [a24087, a05002]}},\n"
                          " {factor: x1, " S(8) "}, {factor: x2, " S(10) "}, {factor: x3, " S(
                              12) "},\n"
                                  " {factor: x9, computed: {rule: sum, of: [x1, x2, x3]}}]}]\n",
            "2026-11-23T08:00:00"),
        0);
    int64_t t = MINUTES(at("2026-11-23T08:00:00"), 60, 25, 10, NAN, 30, 12.5, NAN, 1, 2, 3.5, NAN);
    check_close(hour_of(2)->value, 25 * 30 / 22.4 * 46 / 30 + 10, 1e-9);
    check_close(hour_of(2)->value, 61.339286, 1e-6);
    check_close(hour_of(5)->value, 17.5, 1e-12);
    check_close(hour_of(9)->value, 6.5, 1e-12);
    assert_int_equal(hour_of(9)->valid, 60);
    /* without NO2 there is no NOx, and the reason says so */
    MINUTES(t, 60, 25, NAN, NAN, 30, 12.5, NAN, 1, 2, 3.5, NAN);
    check_close(hour_of(2)->value, NAN, 0);
    check_close(hour_of(0)->value, 25 * 30 / 22.4, 1e-9);
    end_plant();
}

/* α_ref 1.7 of GB 9078: O2 10 gives α = 21/11, so 100 mg/m3 becomes 100 · (21/11)/1.7 = 112.299465. */
static void excess_air_is_another_way_to_say_oxygen(void **state)
{
    (void)state;
    assert_int_equal(begin_plant(HEAD "outlets: [{id: D, name: d, medium: gas, excess_air: 1.7, channels: [{factor: "
                                      "a21026, " S(0) "}, {factor: a19001, " S(2) "}]}]\n",
                                 "2026-11-23T08:00:00"),
                     0);
    MINUTES(at("2026-11-23T08:00:00"), 60, 100, 10);
    check_close(hour_of(0)->converted, 100 * (21.0 / 11) / 1.7, 1e-9);
    check_close(hour_of(0)->converted, 112.299465, 1e-6);
    end_plant();
}

/* O2 above 25 %, moisture of 100 %, an absolute pressure below zero: kept, marked, counted, and what needs them says
 * why it is absent. A fixed moisture stands in where the configuration says so, and the figure says that it does. */
static void what_no_gas_can_be_is_not_used(void **state)
{
    (void)state;
    assert_int_equal(
        begin_plant(HEAD
                    "outlets: [{id: D, name: d, medium: gas, reference_o2: 6, moisture: {last_good_s: "
                    "120, fixed: 20}, duct: {ambient_kpa: 100}, channels: [{factor: a21026, " S(
                        0) ", basis: {moisture: wet}}, {factor: a19001, " S(2) "}, {factor: "
                                                                               "a01014, " S(4) "}, {factor: a01013, " S(
                                                                                   6) "}]}]\n",
                    "2026-11-23T08:00:00"),
        0);
    int64_t t = MINUTES(at("2026-11-23T08:00:00"), 2, 40, 6, 10, -1);
    check_close(last[PERIOD_MINUTE].readings[0].value, 40 / 0.9, 1e-9);
    assert_false(last[PERIOD_MINUTE].readings[0].assumed);
    t = MINUTES(t, 1, 40, 25.1, 100, -100.5);
    assert_int_equal(compute_counts(compute).impossible, 3);
    for (size_t c = 1; c < 4; c++)
        assert_int_equal(last[PERIOD_MINUTE].readings[c].mark, MARK_D);
    check_close(last[PERIOD_MINUTE].readings[0].value, 40 / 0.9, 1e-9); /* the last good one, two minutes old at most */
    assert_true(last[PERIOD_MINUTE].readings[0].assumed);
    assert_int_equal(last[PERIOD_MINUTE].readings[0].reason, REASON_NO_OXYGEN);
    MINUTES(t, 2, 40, 6, NAN, -1);
    check_close(last[PERIOD_MINUTE].readings[0].value, 40 / 0.8, 1e-9); /* then the fixed one */
    assert_true(last[PERIOD_MINUTE].readings[0].assumed);
    end_plant();
}

#define SEWAGE                                                                                                         \
    HEAD "outlets: [{id: W, name: w, medium: water, channels: [{factor: w01018, " S(                                   \
        0) ", limits: [{period: day, max: 50, source: s}]}, {factor: w00000, " S(2) "}]}]\n"

/* COD 30, 42, 25, 60 mg/L while 100, 80, 120, 20 m3 flow in 15 minutes each: 33.0 flow-weighted (39.25 plain), 10.56
 * kg. 100 m3 in 15 minutes are 1000/9 L/s. */
static void water_is_weighed_by_its_flow(void **state)
{
    static const double C[] = {30, 42, 25, 60}, D[] = {100, 80, 120, 20};
    (void)state;
    assert_int_equal(begin_plant(SEWAGE, "2026-11-23T08:00:00"), 0);
    int64_t t = at("2026-11-23T08:00:00");
    for (int i = 0; i < 4; i++)
        t = MINUTES(t, 15, C[i], D[i] / 900 * 1000);
    check_close(hour_of(0)->value, 33, 1e-9);
    assert_true(hour_of(0)->weighted);
    check_close(hour_of(0)->amount, 10.56, 1e-9);
    check_close(hour_of(1)->amount, 320, 1e-9);
    check_close(hour_of(1)->value, 320.0 / 3600 * 1000, 1e-9);
    t = MINUTES(t, 60, 44, 0); /* nothing flows: the figure stands but weighs nothing */
    check_close(hour_of(0)->value, 44, 1e-12);
    assert_int_equal(hour_of(0)->reason, REASON_NO_FLOW);
    check_close(hour_of(0)->amount, 0, 0);
    MINUTES(t, 60, 44, NAN); /* no flow known: the plain mean, and it says so */
    check_close(hour_of(0)->value, 44, 1e-12);
    assert_false(hour_of(0)->weighted);
    check_close(hour_of(0)->amount, NAN, 0);
    end_plant();
}

/* A counter of 0.1 m3: 12 counts a minute are 1.2 m3, 20 L/s. It rolls over at 1000: 995 → 7 is 12 as well. A fall that
 * would mean more than max_flow is a reset: that minute's flow is unknown, the next is known again. */
static void a_totalizer_is_a_flow(void **state)
{
    static const struct {
        double count, flow;
    } STEPS[] = {{971, NAN}, {983, 20}, {995, 20}, {7, 20}, {19, 20}, {3, NAN}, {15, 20}};
    (void)state;
    assert_int_equal(begin_plant(HEAD "outlets: [{id: W, name: w, medium: water, channels: [{factor: w00000, " S(
                                     0) ", totalizer: {m3_per_count: 0.1, rollover: 1000, max_flow: 100}}]}]\n",
                                 "2026-11-23T08:00:00"),
                     0);
    int64_t t = at("2026-11-23T08:00:00");
    for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++) {
        t = MINUTES(t, 1, STEPS[i].count);
        check_close(last[PERIOD_MINUTE].readings[0].value, STEPS[i].flow, 1e-9);
        check_close(last[PERIOD_MINUTE].readings[0].amount, STEPS[i].flow * 60 / 1000, 1e-9);
    }
    end_plant();
}

/* NH3-N at 6 mg/L: 12.1 degC is judged at 5 and exceeds, 12.0 at 8 and complies; without the temperature which limit
 * applies is unknown and nothing is judged. */
static void the_limit_of_ammonia_follows_the_water(void **state)
{
    static const struct {
        double temperature;
        int exceeds;
        enum reason reason;
    } DAYS[] = {{12.1, 1, REASON_NONE}, {12, 0, REASON_NONE}, {NAN, -1, REASON_LIMIT_UNKNOWN}};
    (void)state;
    assert_int_equal(begin_plant(HEAD "outlets: [{id: W, name: w, medium: water, standard: gb18918-2002-1a, channels: "
                                      "[{factor: w21003, " S(0) "}, {factor: w01010, " S(2) "}]}]\n",
                                 "2026-11-23T00:00:00"),
                     0);
    int64_t t = at("2026-11-23T00:00:00");
    for (size_t i = 0; i < 3; i++) {
        t = MINUTES(t, 1440, 6, DAYS[i].temperature);
        const struct reading *day = &last[PERIOD_DAY].readings[0];
        check_close(day->value, 6, 1e-9);
        assert_int_equal(day->exceeds, DAYS[i].exceeds);
        assert_int_equal(day->reason, DAYS[i].reason);
    }
    end_plant();
}

#define SO2 "{factor: a21026, " S(0) ", limits: ["

/* A limit of 50 that becomes 35 with the new year, and 30 in the heating season to 15 March. */
static void limits_have_their_time(void **state)
{
    static const struct {
        const char *hour;
        double limit;
    } HOURS[] = {{"2026-11-14T23:00:00", 50}, {"2026-11-15T00:00:00", 30}, {"2027-03-15T23:00:00", 30},
                 {"2027-03-16T00:00:00", 35}, {"2026-12-31T23:00:00", 30}, {"2026-06-01T00:00:00", 50}};
    (void)state;
    assert_int_equal(
        begin_plant(HEAD
                    "outlets: [{id: D, name: d, medium: gas, channels: [" SO2
                    "{period: hour, max: 50, source: old, until: 2027-01-01, season: 03-16..11-14}, {period: hour, "
                    "max: 35, source: new, from: 2027-01-01, season: 03-16..11-14}, {period: hour, max: 30, source: "
                    "winter, season: 11-15..03-15}]}]}]\n",
                    "2026-06-01T00:00:00"),
        0);
    for (size_t i = 0; i < sizeof HOURS / sizeof HOURS[0]; i++) {
        compute_begin(compute, at(HOURS[i].hour));
        MINUTES(at(HOURS[i].hour), 60, 20);
        assert_non_null(hour_of(0)->limit);
        check_close(hour_of(0)->limit->max, HOURS[i].limit, 0);
    }
    end_plant();
}

/* Limit 35. The rest of the hour must stay under (60 · 35 - n · mean) / (60 - n): 30 minutes at 28 leave 42, at 40
 * leave 30; 45 at 40 leave 20. At 40 from the start the hour is foreseen at 40 with the fourth minute. */
static void an_hour_is_foreseen(void **state)
{
    (void)state;
    assert_int_equal(begin_plant(HEAD "outlets: [{id: D, name: d, medium: gas, channels: [" SO2
                                      "{period: hour, max: 35, source: s}]}]}]\n",
                                 "2026-11-23T08:00:00"),
                     0);
    int64_t t = MINUTES(at("2026-11-23T08:00:00"), 4, 40);
    assert_int_equal(count_alarms(ALARM_PROJECTED, ALARM_RAISED), 1);
    assert_int_equal(alarms[0].time_ms, at("2026-11-23T08:04:00"));
    check_close(alarms[0].value, 40, 1e-9);
    check_close(alarms[0].stay_under, (60 * 35 - 4 * 40.0) / 56, 1e-9);
    t = MINUTES(t, 26, 10); /* 4 · 40 + 26 · 10: the last five at 10 foresee 12: over */
    assert_int_equal(count_alarms(ALARM_PROJECTED, ALARM_CLEARED), 1);
    t = MINUTES(t, 30, 10);
    assert_int_equal(count_alarms(ALARM_EXCEED, ALARM_RAISED), 0);
    alarm_count = 0;
    t = MINUTES(t, 30, 28); /* foreseen at 28, then at (30 · 28 + 30 · 60) / 60 = 44 when the pace is 60 */
    assert_int_equal(count_alarms(ALARM_PROJECTED, ALARM_RAISED), 0);
    MINUTES(t, 5, 60);
    size_t found = 0;
    for (size_t i = 0; i < alarm_count; i++) {
        if (alarms[i].kind == ALARM_PROJECTED && alarms[i].state == ALARM_RAISED) {
            found++;
            /* two minutes at 60 and three at 28 are a pace of 40.8: (30 · 28 + 2 · 60 + 28 · 40.8) / 60 = 35.04 */
            assert_int_equal(alarms[i].time_ms, at("2026-11-23T09:32:00"));
            check_close(alarms[i].value, 35.04, 1e-9);
            check_close(alarms[i].stay_under, (60 * 35 - 30 * 28.0 - 120) / 28, 1e-9);
        }
    }
    assert_int_equal(found, 1);
    end_plant();
}

/* Day limit 20: twelve hours at 10, then hours at 40: the first at 40 foresees (120 + 40 · 12) / 24 = 25. */
static void a_day_is_foreseen(void **state)
{
    (void)state;
    assert_int_equal(begin_plant(HEAD "outlets: [{id: D, name: d, medium: gas, channels: [" SO2
                                      "{period: day, max: 20, source: s}]}]}]\n",
                                 "2026-11-23T00:00:00"),
                     0);
    int64_t t = MINUTES(at("2026-11-23T00:00:00"), 720, 10);
    assert_int_equal(alarm_count, 0);
    t = MINUTES(t, 60, 40);
    assert_int_equal(count_alarms(ALARM_DAY_PROJECTED, ALARM_RAISED), 1);
    check_close(alarms[0].value, 25, 1e-9);
    check_close(alarms[0].stay_under, (20 * 24 - 120 - 40) / 11.0, 1e-9);
    MINUTES(t, 660, 40);
    assert_int_equal(count_alarms(ALARM_DAY_PROJECTED, ALARM_CLEARED), 1);
    assert_int_equal(count_alarms(ALARM_EXCEED, ALARM_RAISED), 1);
    check_close(last[PERIOD_DAY].readings[0].value, 25, 1e-9);
    end_plant();
}

/* 16 minutes of calibration: 44 valid minutes are all that is left, and that is said at once, until the hour closes. */
static void an_hour_that_is_lost_is_said(void **state)
{
    (void)state;
    assert_int_equal(begin_plant(HEAD "outlets: [{id: D, name: d, medium: gas, channels: [" SO2
                                      "{period: hour, max: 35, source: s}]}]}]\n",
                                 "2026-11-23T08:00:00"),
                     0);
    int64_t t = MINUTES(at("2026-11-23T08:00:00"), 10, 10);
    for (int m = 0; m < 16; m++) {
        const struct sample sample = {t + m * MINUTE_MS, 0, MARK_C, 10, false};
        compute_samples(compute, &sample, 1);
    }
    MINUTES(t + 16 * MINUTE_MS, 34, 10);
    size_t steps = 0;
    for (size_t i = 0; i < alarm_count; i++) {
        if (alarms[i].kind != ALARM_MISSING || alarms[i].period != PERIOD_HOUR)
            continue;
        assert_string_equal(alarms[i].id, "D-a21026-missing-hour-20261123082600000");
        assert_int_equal(alarms[i].time_ms,
                         alarms[i].state == ALARM_RAISED ? at("2026-11-23T08:26:00") : at("2026-11-23T09:00:00"));
        steps++;
    }
    assert_int_equal(steps, 2);
    assert_int_equal(hour_of(0)->valid, 44);
    end_plant();
}

/* Oxygen above 19 % for two minutes: stopped; a state register that says 3: start-up. Stopped hours are not judged,
 * start-up hours are shown with what they exceed and raise nothing. */
static void the_state_decides_what_is_judged(void **state)
{
    (void)state;
    assert_int_equal(
        begin_plant(HEAD
                    "factors: [{code: xst, name: 状态}]\n"
                    "outlets: [{id: D, name: d, medium: gas, ultra_low: coal-power-ule, operation: {rules: [{state: "
                    "start-up, factor: xst, is: 3}, {state: stopped, factor: a19001, above: 19, minutes: 2}]}, "
                    "channels: [" SO2
                    "{period: hour, max: 35, source: s}]}, {factor: a19001, " S(2) "}, {factor: xst, " S(4) "}]}]\n",
                    "2026-11-01T00:00:00"),
        0);
    int64_t t = MINUTES(at("2026-11-01T00:00:00"), 60, 50, 8, 1);
    assert_int_equal(last[PERIOD_HOUR].condition, OPERATING_RUNNING);
    assert_int_equal(count_alarms(ALARM_EXCEED, ALARM_RAISED), 1);
    t = MINUTES(t, 60, 50, 8, 3);
    assert_int_equal(last[PERIOD_HOUR].condition, OPERATING_START_UP);
    assert_int_equal(hour_of(0)->exceeds, 1);
    assert_int_equal(count_alarms(ALARM_EXCEED, ALARM_CLEARED), 1);
    t = MINUTES(t, 1, 50, 20, 1);
    assert_int_equal(last[PERIOD_MINUTE].condition, OPERATING_RUNNING);
    t = MINUTES(t, 59, 50, 20, 1);
    assert_int_equal(last[PERIOD_HOUR].condition, OPERATING_STOPPED);
    assert_int_equal(hour_of(0)->exceeds, -1);
    assert_int_equal(hour_of(0)->reason, REASON_NOT_RUNNING);
    check_close(hour_of(0)->value, 50, 1e-12);
    t = MINUTES(t, 57 * 60, 30, 8, 1); /* to the end of the third day */
    /* of the month's hours 58 ran: the first at 50, 57 at 30, within 35; start-up and stop count apart, and so does
     * what was never measured */
    compute_tick(compute, t + COMPUTE_GRACE_MS);
    compute_tick(compute, at("2026-11-30T23:59:59"));
    compute_tick(compute, at("2026-12-01T00:00:02"));
    assert_int_equal(record_count[PERIOD_MONTH], 1);
    assert_int_equal(last[PERIOD_MONTH].readings[0].judged_hours, 58);
    assert_int_equal(last[PERIOD_MONTH].readings[0].ultra_low_hours, 57);
    end_plant();
}

/* Furnace temperature: 5-minute means below 850 degC exceed. 3 minutes at 900 and 2 at 770 are 848. */
static void a_furnace_is_judged_every_five_minutes(void **state)
{
    (void)state;
    assert_int_equal(begin_plant(HEAD "outlets: [{id: D, name: d, medium: gas, channels: [{factor: a01901, " S(
                                     0) ", limits: [{period: 5min, min: 850, source: GB 18485-2014}]}]}]\n",
                                 "2026-11-23T08:00:00"),
                     0);
    int64_t t = MINUTES(at("2026-11-23T08:00:00"), 3, 900);
    t = MINUTES(t, 2, 770);
    check_close(last[PERIOD_5MIN].readings[0].value, 848, 1e-9);
    assert_int_equal(last[PERIOD_5MIN].readings[0].exceeds, 1);
    assert_string_equal(alarms[0].id, "D-a01901-exceed-5min-20261123080500000");
    MINUTES(t, 5, 851);
    assert_int_equal(count_alarms(ALARM_EXCEED, ALARM_CLEARED), 1);
    end_plant();
}

/* A leap February and a year's end: 29 days, 23 of them are enough; hours add up to days, days to months, months to the
 * year. A flow meter of 10 m3/s dry: 36000 m3/h; 50 mg/m3 are 1.8 kg/h, 43.2 kg a day. */
static void months_have_the_days_of_the_calendar(void **state)
{
    (void)state;
    assert_int_equal(begin_plant(HEAD "outlets: [{id: D, name: d, medium: gas, channels: [{factor: a21026, " S(
                                     0) ", permitted_per_year: 14000}, {factor: a00000, " S(2) "}]}]\n",
                                 "2028-01-31T00:00:00"),
                     0);
    int64_t t = MINUTES(at("2028-01-31T00:00:00"), 1440, 50, 10);
    check_close(last[PERIOD_MONTH].readings[0].value, NAN, 0); /* one day is too few */
    assert_int_equal(last[PERIOD_MONTH].readings[0].expected, 31);
    check_close(last[PERIOD_MONTH].readings[0].amount, 43.2, 1e-9);
    t = MINUTES(t, 23 * 1440, 50, 10);
    for (int day = 0; day < 6; day++) { /* six silent days, each noticed */
        t += DAY_MS;
        compute_tick(compute, t + COMPUTE_GRACE_MS);
    }
    assert_int_equal(record_count[PERIOD_MONTH], 2);
    assert_int_equal(last[PERIOD_MONTH].from_ms, at("2028-02-01"));
    assert_int_equal(last[PERIOD_MONTH].to_ms, at("2028-03-01"));
    check_close(last[PERIOD_MONTH].readings[0].value, 50, 1e-9);
    assert_int_equal(last[PERIOD_MONTH].readings[0].expected, 29);
    check_close(last[PERIOD_MONTH].readings[0].amount, 23 * 43.2, 1e-6);
    check_close(last[PERIOD_MONTH].readings[1].amount, 23 * 24 * 36000.0, 1e-3);
    /* the year so far: 24 days with amounts; 306 more at 43.2 kg: 24 · 43.2 + 306 · 43.2 = 14256 */
    check_close(last[PERIOD_MONTH].readings[0].forecast, 14256, 1e-6);
    assert_int_equal(count_alarms(ALARM_TOTAL, ALARM_RAISED), 1); /* 336 days at 43.2 are 14515 */
    end_plant();
}

static const char *const WIDE_LINE =
    HEAD "alarms: {missing: {minutes: 5, line_channels: 3}, escalate_minutes: 10, remind_minutes: 30}\n"
         "outlets: [{id: D, name: d, medium: gas, channels: [{factor: a21026, " S(0) "}, {factor: a21002, " S(
             2) "}, {factor: a34013, " S(4) "}]}]\n";

/* A cable with three channels is cut: one alarm names them; when it comes back without one of them, that one is missed
 * by itself after the whole patience. Unacknowledged for 10 minutes it is one severity higher, then told every 30. */
static void a_lost_line_is_one_alarm(void **state)
{
    bool known = false;
    (void)state;
    assert_int_equal(begin_plant(WIDE_LINE, "2026-11-23T08:00:00"), 0);
    int64_t t = MINUTES(at("2026-11-23T08:00:00"), 10, 1, 2, 3);
    compute_tick(compute, t + 20 * MINUTE_MS);
    assert_int_equal(alarm_count, 2);
    assert_int_equal(alarms[1].state, ALARM_UPDATED); /* escalated at 08:24 */
    assert_int_equal(alarms[1].time_ms, at("2026-11-23T08:24:00"));
    assert_int_equal(alarms[1].severity, SEVERITY_CRITICAL);
    assert_string_equal(alarms[1].id, alarms[0].id);
    assert_int_equal(alarms[0].line, 0);
    assert_null(alarms[0].channel);
    assert_string_equal(alarms[0].id, "gateway-a-missing-20261123081400000");
    assert_false(compute_acknowledge(compute, "nothing", "w", "n", t, &known));
    assert_false(known);
    assert_true(compute_acknowledge(compute, alarms[0].id, "Wang", "cable", t + 21 * MINUTE_MS, &known));
    assert_int_equal(alarms[2].state, ALARM_ACKNOWLEDGED);
    assert_string_equal(alarms[2].by, "Wang");
    assert_false(compute_acknowledge(compute, alarms[0].id, "Wang", "cable", t + 21 * MINUTE_MS, &known));
    assert_true(known);
    t = MINUTES(t + 30 * MINUTE_MS, 1, 1, 2, NAN);
    assert_int_equal(alarms[3].state, ALARM_CLEARED);
    alarm_count = 0;
    MINUTES(t, 50, 1, 2, NAN);
    assert_int_equal(alarm_count, 3);
    assert_ptr_equal(alarms[0].channel, plant->channels[2]);
    assert_int_equal(alarms[0].time_ms, at("2026-11-23T08:45:00"));
    assert_int_equal(alarms[0].severity, SEVERITY_MAJOR);
    assert_int_equal(alarms[1].state, ALARM_UPDATED); /* escalated at 08:55 */
    assert_int_equal(alarms[1].time_ms, at("2026-11-23T08:55:00"));
    assert_int_equal(alarms[1].severity, SEVERITY_CRITICAL);
    assert_int_equal(alarms[2].state, ALARM_UPDATED); /* told again */
    assert_int_equal(alarms[2].time_ms, at("2026-11-23T09:25:00"));
    end_plant();
}

/* Minutes at 0.08 and 0.12 are exactly 0.1 on average; the sum of doubles comes to a little more. Exactly at the limit
 * complies; a real excess, however small, does not. */
static void what_a_double_loses_is_no_exceedance(void **state)
{
    (void)state;
    assert_int_equal(begin_plant(HEAD "outlets: [{id: D, name: d, medium: gas, channels: [" SO2
                                      "{period: hour, max: 0.1, source: s}]}]}]\n",
                                 "2026-11-23T08:00:00"),
                     0);
    int64_t t = at("2026-11-23T08:00:00");
    for (int m = 0; m < 30; m++) {
        t = MINUTES(t, 1, 0.08);
        t = MINUTES(t, 1, 0.12);
    }
    assert_true(hour_of(0)->value > 0.1);
    assert_int_equal(hour_of(0)->exceeds, 0);
    MINUTES(t, 60, 0.1 + 1e-9);
    assert_int_equal(hour_of(0)->exceeds, 1);
    end_plant();
}

/* An hour under a limit of 35: 30 minutes at 40, then 10 at 25. So far (30 · 40 + 10 · 25) / 40 = 36.25; with the last
 * five minutes' 25 for the 20 to come (1450 + 500) / 60 = 32.5; they must stay under (35 · 60 - 1450) / 20 = 32.5. A
 * channel judged by the day has nothing to say before its first hour closed. */
static void what_the_period_comes_to_is_told(void **state)
{
    struct progress p;
    (void)state;
    assert_int_equal(
        begin_plant(
            HEAD "outlets: [{id: D, name: d, medium: gas, channels: [\n"
                 " {factor: a21026, " S(0) ", limits: [{max: 35, source: x}]},\n"
                                           " {factor: a34013, " S(2) ", limits: [{period: day, max: 10, source: x}]},\n"
                                                                     " {factor: a01012, " S(4) "}]}]\n",
            "2026-11-23T08:00:00"),
        0);
    int64_t t = at("2026-11-23T08:00:00");
    assert_true(compute_progress(compute, 0, t, &p));
    assert_true(isnan(p.mean) && isnan(p.projected));
    t = MINUTES(t, 30, 40, 8, 120);
    t = MINUTES(t, 10, 25, 8, 120);
    assert_true(compute_progress(compute, 0, t, &p));
    assert_int_equal(p.period, PERIOD_HOUR);
    assert_int_equal(p.valid, 40);
    assert_int_equal(p.expected, 60);
    check_close(p.mean, 36.25, 1e-12);
    check_close(p.limit_max, 35, 0);
    check_close(p.projected, 32.5, 1e-12);
    check_close(p.stay_under, 32.5, 1e-12);
    assert_true(compute_progress(compute, 1, t, &p));
    assert_int_equal(p.period, PERIOD_DAY);
    assert_true(isnan(p.mean));
    t = MINUTES(t, 20, 25, 8, 120);
    t = MINUTES(t, 1, 25, 8, 120);
    assert_true(compute_progress(compute, 1, t, &p));
    check_close(p.mean, 8, 1e-12);
    assert_int_equal(p.valid, 1);
    assert_int_equal(p.expected, 24);
    assert_true(compute_progress(compute, 0, t, &p)); /* the next hour: one minute of it */
    check_close(p.mean, 25, 1e-12);
    assert_int_equal(p.valid, 1);
    assert_false(compute_progress(compute, 2, t, &p)); /* of a temperature nothing is judged */
    end_plant();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_period_comes_to_is_told),
        cmocka_unit_test(figures_are_made_of_others),
        cmocka_unit_test(excess_air_is_another_way_to_say_oxygen),
        cmocka_unit_test(what_no_gas_can_be_is_not_used),
        cmocka_unit_test(water_is_weighed_by_its_flow),
        cmocka_unit_test(a_totalizer_is_a_flow),
        cmocka_unit_test(the_limit_of_ammonia_follows_the_water),
        cmocka_unit_test(limits_have_their_time),
        cmocka_unit_test(an_hour_is_foreseen),
        cmocka_unit_test(a_day_is_foreseen),
        cmocka_unit_test(an_hour_that_is_lost_is_said),
        cmocka_unit_test(the_state_decides_what_is_judged),
        cmocka_unit_test(a_furnace_is_judged_every_five_minutes),
        cmocka_unit_test(months_have_the_days_of_the_calendar),
        cmocka_unit_test(a_lost_line_is_one_alarm),
        cmocka_unit_test(what_a_double_loses_is_no_exceedance),
    };
    enter_scratch();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
