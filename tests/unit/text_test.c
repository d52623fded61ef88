/* JSON written straight down against Jansson and printf, which share no code with it. */
#include "check.h"

#include "model/instant.h"
#include "publish/text.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static void same_as_jansson(struct text *t, json_t *want)
{
    size_t length;
    char *got = text_take(t, &length), *expected = json_dumps(want, JSON_COMPACT | JSON_REAL_PRECISION(15));
    assert_non_null(got);
    assert_string_equal(got, expected);
    assert_int_equal(length, strlen(expected));
    free(got);
    free(expected);
    json_decref(want);
}

/* "%.*f" rounds the exact binary value half to even; then the shortest that Jansson writes of it. */
static void check_number(double value, int decimals)
{
    char digits[400];
    struct text t = {0};
    snprintf(digits, sizeof digits, "%.*f", decimals, value);
    double rounded = strtod(digits, NULL);
    text_open(&t, NULL, '[');
    text_number(&t, NULL, value, decimals);
    text_close(&t, ']');
    same_as_jansson(&t, json_pack("[o]", isfinite(value) ? json_real(rounded == 0 ? 0.0 : rounded) : json_null()));
}

static void numbers_are_rounded_as_printf_does(void **state)
{
    static const double CASES[] = {0,      -0.0,   0.5,    1.5,    2.5,       0.125,    0.375,      -0.125,    0.005,
                                   1.005,  2.675,  1e-5,   9.9e-6, 0.0000005, 0.000012, 0.000099,   0.0001,    0.00015,
                                   123456, 999.95, 999.94, 1e15,   1e16,      1.5e300,  -1234567.5, 999999999, 1e9,
                                   24.9,   26.715, -0.04,  -0.06,  NAN,       INFINITY, -INFINITY,  0.1 + 0.2, 1e-300};
    uint64_t dice = 42;
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        for (int decimals = 0; decimals <= 9; decimals++)
            check_number(CASES[i], decimals);
    for (int i = 0; i < 200000; i++) {
        dice = dice * 6364136223846793005 + 1442695040888963407;
        double share = (double)(dice >> 11) / (double)(UINT64_C(1) << 53);
        double value = (share - 0.3) * pow(10, (double)(dice % 17) - 6);
        int decimals = (int)((dice >> 3) % 7);
        check_number(value, decimals);
        check_number(round(value * 1000) / 1000 + 0.0005, 3); /* close to ties */
    }
}

static void strings_are_escaped(void **state)
{
    static const char *const CASES[] = {"",  "1号机组烟囱", "a\"b\\c", "\b\f\n\r\t", "\x01\x1f\x7f",
                                        "{", "[",           "/",       "末尾\""};
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct text t = {0};
        text_open(&t, NULL, '{');
        text_string(&t, "name", CASES[i]);
        text_string(&t, "after", NULL);
        text_close(&t, '}');
        same_as_jansson(&t, json_pack("{s:s, s:n}", "name", CASES[i], "after"));
    }
}

static void members_and_elements_are_parted(void **state)
{
    struct text t = {0};
    (void)state;
    text_open(&t, NULL, '{');
    text_truth(&t, "a", 1);
    text_truth(&t, "b", 0);
    text_truth(&t, "c", -1);
    text_open(&t, "d", '[');
    text_integer(&t, NULL, 0);
    text_integer(&t, NULL, -12);
    text_integer(&t, NULL, INT64_MIN);
    text_open(&t, NULL, '{');
    text_close(&t, '}');
    text_close(&t, ']');
    text_instant(&t, "e", INSTANT_NONE);
    text_instant(&t, "f", 0);
    text_close(&t, '}');
    same_as_jansson(&t, json_pack("{s:b, s:b, s:n, s:[i, i, I, {}], s:n, s:s}", "a", 1, "b", 0, "c", "d", 0, -12,
                                  (json_int_t)INT64_MIN, "e", "f", "1970-01-01T08:00:00.000+08:00"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_rounded_as_printf_does),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(members_and_elements_are_parted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
