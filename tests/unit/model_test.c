#include "check.h"

#include "model/instant.h"
#include "model/mark.h"
#include "model/period.h"

/* date -d '2026-11-23 08:00:00 +0800' +%s = 1795392000; 2024-02-29 and year end by the same tool. */
static void instants_read_and_print(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } CASES[] = {
        {"2026-11-23T08:00:00.000+08:00", INT64_C(1795392000000)},
        {"2026-11-23T00:00:00Z", INT64_C(1795392000000)},
        {"2026-11-23 08:00:00", INT64_C(1795392000000)},
        {"2026-11-23", INT64_C(1795363200000)},
        {"2024-02-29T23:59:59.999", INT64_C(1709222399999)},
        {"2026-12-31T23:59:59.999+08:00", INT64_C(1798732799999)},
        {"1970-01-01T08:00:00", 0},
        {"1795392000000", INT64_C(1795392000000)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        int64_t ms = -1;
        assert_true(instant_parse(CASES[i].text, &ms));
        assert_int_equal(ms, CASES[i].ms);
    }
    char text[INSTANT_TEXT], compact[INSTANT_COMPACT];
    assert_string_equal(instant_format(INT64_C(1709222399999), text), "2024-02-29T23:59:59.999+08:00");
    assert_string_equal(instant_format(INT64_C(1798732800000), text), "2027-01-01T00:00:00.000+08:00");
    assert_string_equal(instant_format_compact(INT64_C(1795392000007), compact), "20261123080000007");
}

static void impossible_instants_are_refused(void **state)
{
    static const char *const BAD[] = {"",
                                      "2023-02-30",
                                      "2025-02-29",
                                      "2026-13-01",
                                      "2026-00-01",
                                      "2026-11-23T24:00:00",
                                      "2026-11-23T08:60",
                                      "2026-11-23x",
                                      "20261123",
                                      "now",
                                      "12345",
                                      "2026-11-23T08:00:00+8"};
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        int64_t ms;
        if (instant_parse(BAD[i], &ms))
            fail_msg("%s was taken", BAD[i]);
    }
}

static void every_instant_survives_a_round_trip(void **state)
{
    (void)state;
    char text[INSTANT_TEXT];
    for (int64_t ms = 1; ms < INT64_C(4102444800000); ms += INT64_C(86399999) * 37) {
        int64_t back;
        assert_true(instant_parse(instant_format(ms, text), &back));
        assert_int_equal(back, ms);
    }
}

/* A day begins at 16:00 UTC; two-hour periods at even hours. */
static void periods_begin_on_the_beijing_grid(void **state)
{
    int64_t t;
    (void)state;
    assert_true(instant_parse("2026-11-23T07:59:59.999+08:00", &t));
    char text[INSTANT_TEXT];
    assert_string_equal(instant_format(period_start_ms(t, MINUTE_MS), text), "2026-11-23T07:59:00.000+08:00");
    assert_string_equal(instant_format(period_start_ms(t, HOUR_MS), text), "2026-11-23T07:00:00.000+08:00");
    assert_string_equal(instant_format(period_start_ms(t, 2 * HOUR_MS), text), "2026-11-23T06:00:00.000+08:00");
    assert_string_equal(instant_format(period_start_ms(t, DAY_MS), text), "2026-11-23T00:00:00.000+08:00");
    assert_int_equal(period_start_ms(t + 1, HOUR_MS), t + 1);
}

static void marks_are_those_of_the_standard(void **state)
{
    enum mark mark;
    (void)state;
    assert_true(mark_parse("", &mark) && mark == MARK_N);
    assert_true(mark_parse("Td", &mark) && mark == MARK_TD);
    assert_false(mark_parse("n", &mark));
    assert_false(mark_parse("NN", &mark));
    for (int m = 0; m < MARKS; m++)
        assert_true(mark_parse(mark_code((enum mark)m), &mark) && mark == (enum mark)m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_read_and_print),
        cmocka_unit_test(impossible_instants_are_refused),
        cmocka_unit_test(every_instant_survives_a_round_trip),
        cmocka_unit_test(periods_begin_on_the_beijing_grid),
        cmocka_unit_test(marks_are_those_of_the_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
