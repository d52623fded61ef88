/* Formulas against figures worked out by hand from HJ 212-2017 annex D and HJ 76-2017. */
#include "check.h"

#include "compute/convert.h"

/* c · (21 - ref) / (21 - o2): 20 · 15 / 12.5 = 24; 80 · 13 / 10.5 = 99.047619; 20 · 18 / 2.5 = 144. */
static void reference_oxygen(void **state)
{
    static const struct {
        double c, o2, ref, o2_max, want;
        enum convert_result result;
    } CASES[] = {
        {20, 8.5, 6, 20, 24, CONVERT_OK},         {20, 6, 6, 20, 20, CONVERT_OK},
        {-0.4, 8.5, 6, 20, -0.48, CONVERT_OK},    {28, 8.5, 6, 20, 33.6, CONVERT_OK},
        {6, 11.2, 10, 20, 6.734694, CONVERT_OK},  {80, 10.5, 8, 20, 99.047619, CONVERT_OK},
        {60, 9.4, 11, 20, 51.724138, CONVERT_OK}, {20, 18.5, 3, 20, 144, CONVERT_OK},
        {5, 20.9, 6, 20, 0, CONVERT_O2_TOO_HIGH}, {5, 21.05, 6, 25, 0, CONVERT_O2_TOO_HIGH},
        {5, 20, 6, 20, 75, CONVERT_OK},           {5, NAN, 6, 20, 0, CONVERT_O2_TOO_HIGH},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        double got = -999;
        assert_int_equal(convert_reference_oxygen(CASES[i].c, CASES[i].o2, CASES[i].ref, CASES[i].o2_max, &got),
                         CASES[i].result);
        check_close(got, CASES[i].result == CONVERT_OK ? CASES[i].want : -999, 1e-6);
    }
}

/* 100 mg/m3 at 120 degC, -0.5 kPa, ambient 100.8 kPa: 100 · 101.325 / 100.3 · 393 / 273 = 145.4272. 45 / 0.88
 * = 51.1364. */
static void state_and_moisture(void **state)
{
    double got = -1;
    (void)state;
    assert_int_equal(convert_to_standard_state(100, 120, -0.5, 100.8, &got), CONVERT_OK);
    check_close(got, 145.4272, 5e-5);
    assert_int_equal(convert_to_dry(45, 12, &got), CONVERT_OK);
    check_close(got, 51.1364, 5e-5);
    assert_int_equal(convert_to_dry(45, 100, &got), CONVERT_BAD_MOISTURE);
    assert_int_equal(convert_to_dry(45, -1, &got), CONVERT_BAD_MOISTURE);
    assert_int_equal(convert_to_dry(45, NAN, &got), CONVERT_BAD_MOISTURE);
    assert_int_equal(convert_to_standard_state(1, -273, 0, 101, &got), CONVERT_BAD_TEMPERATURE);
    assert_int_equal(convert_to_standard_state(1, 20, -102, 101, &got), CONVERT_BAD_PRESSURE);
}

/* v = 10.063847 m/s with K_v inside, F 12.56, 120 degC, -0.5 kPa, 100.8 kPa, 12 %: 275 355.17 m3/h. */
static void dry_standard_flow(void **state)
{
    double got = -1;
    (void)state;
    assert_int_equal(convert_flow(10.063847, 12.56, 1, 120, -0.5, 100.8, 12, &got), CONVERT_OK);
    check_close(got, 275355.17, 0.05);
    assert_int_equal(convert_flow(10, 12.56, 1, -300, -0.5, 100.8, 12, &got), CONVERT_BAD_TEMPERATURE);
    assert_int_equal(convert_flow(10, 12.56, 1, 100, -200, 100.8, 12, &got), CONVERT_BAD_PRESSURE);
    assert_int_equal(convert_flow(10, 12.56, 1, 100, 0, 100.8, 100, &got), CONVERT_BAD_MOISTURE);
}

/* 10 ppm SO2 = 10 · 64 / 22.4 = 28.571429; 25 ppm NO = 33.482143. */
static void parts_per_million(void **state)
{
    (void)state;
    check_close(10 * convert_ppm_factor("a21026"), 28.571429, 5e-7);
    check_close(25 * convert_ppm_factor("a21003"), 33.482143, 5e-7);
    check_close(convert_ppm_factor("a34013"), 0, 0); /* dust has no ppm */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reference_oxygen), cmocka_unit_test(state_and_moisture),
                                       cmocka_unit_test(dry_standard_flow), cmocka_unit_test(parts_per_million)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
