/* Substituted amounts of HJ 75-2017 and HJ 356-2019, each case worked out in its comment. */
#include "check.h"

#include "compute/substitute.h"

enum { PAST = 2200, QUARTER = 2184 };
static struct hour_amount hours[PAST + QUARTER];

/* Valid hours of 1 kg; the past rises to 9 at 170 hours before the quarter, 20 at 700, 50 at 2100. */
static int all_valid(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAST + QUARTER; i++)
        hours[i] = (struct hour_amount){.amount = 1};
    hours[PAST - 170].amount = 9;
    hours[PAST - 700].amount = 20;
    hours[PAST - 2100].amount = 50;
    return 0;
}

static void invalid(size_t from, size_t count)
{
    for (size_t i = from; i < from + count; i++)
        hours[PAST + i].amount = NAN;
}

/* 24 hours at the quarter's start: α = 2160/2184 = 98.9 %, N = 24: the largest of the last 180, 9. One hour more: of
 * the last 720, 20. */
static void a_short_run_takes_180_hours_a_long_one_720(void **state)
{
    (void)state;
    invalid(0, 24);
    substitute_hours(hours, PAST, PAST + QUARTER, MEDIUM_GAS);
    for (size_t i = 0; i < 24; i++) {
        assert_int_equal(hours[PAST + i].rule, SUBSTITUTE_180);
        check_close(hours[PAST + i].substituted, 9, 0);
    }
    check_close(hours[PAST + 24].substituted, NAN, 0); /* measured: nothing stands in */
    invalid(24, 1);
    substitute_hours(hours, PAST, PAST + QUARTER, MEDIUM_GAS);
    check_close(hours[PAST].substituted, 20, 0);
    assert_string_equal(substitute_code(hours[PAST + 24].rule), "S720");
}

/* 220 of 2184 hours invalid: α = 89.9 %: the largest of the last 2160 valid hours, 50. 547: α = 74.95 %: by hand. 219
 * are α = 89.97 %, 218 are 90.02 %. */
static void a_poor_quarter_takes_more_or_nothing(void **state)
{
    (void)state;
    invalid(0, 219);
    substitute_hours(hours, PAST, PAST + QUARTER, MEDIUM_GAS);
    assert_string_equal(substitute_code(hours[PAST].rule), "S2160");
    check_close(hours[PAST].substituted, 50, 0);
    all_valid(state);
    invalid(0, 218);
    substitute_hours(hours, PAST, PAST + QUARTER, MEDIUM_GAS);
    assert_string_equal(substitute_code(hours[PAST].rule), "S720");
    invalid(218, 547 - 218);
    substitute_hours(hours, PAST, PAST + QUARTER, MEDIUM_GAS);
    assert_string_equal(substitute_code(hours[PAST].rule), "MAN");
    check_close(hours[PAST].substituted, NAN, 0);
}

/* The handbook's example: 2184 h, 200 stopped, 120 invalid: (2184 - 200 - 120)/(2184 - 200) = 93.95 %. */
static void stopped_hours_are_not_missing(void **state)
{
    (void)state;
    invalid(100, 320);
    for (size_t i = 100; i < 300; i++)
        hours[PAST + i].stopped = true;
    check_close(substitute_capture(hours, PAST, PAST + QUARTER), 0.9395, 5e-5);
    substitute_hours(hours, PAST, PAST + QUARTER, MEDIUM_GAS);
    assert_int_equal(hours[PAST + 150].rule, SUBSTITUTE_NONE);
    assert_string_equal(substitute_code(hours[PAST + 350].rule), "S720");
}

/* Water: 2 and 4 kg before a gap of two hours: 3 kg each. */
static void water_takes_the_mean_of_the_span_before(void **state)
{
    (void)state;
    hours[PAST + 10].amount = 2;
    hours[PAST + 11].amount = 4;
    invalid(12, 2);
    substitute_hours(hours, PAST, PAST + QUARTER, MEDIUM_WATER);
    check_close(hours[PAST + 12].substituted, 3, 0);
    check_close(hours[PAST + 13].substituted, 3, 0);
    assert_string_equal(substitute_code(hours[PAST + 12].rule), "MEAN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_short_run_takes_180_hours_a_long_one_720, all_valid),
        cmocka_unit_test_setup(a_poor_quarter_takes_more_or_nothing, all_valid),
        cmocka_unit_test_setup(stopped_hours_are_not_missing, all_valid),
        cmocka_unit_test_setup(water_takes_the_mean_of_the_span_before, all_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
