#include "check.h"

#include "model/instant.h"
#include "model/log.h"
#include "model/mark.h"
#include "model/period.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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

/* A socket in journald's place gets an entry with a field for each key; when it is gone, standard error does. */
static void journald_gets_fields(void **state)
{
    static const char WANT[] = "PRIORITY=4\nSYSLOG_IDENTIFIER=cemsd\n"
                               "MESSAGE=room=line name=stack event=refused mn=\"88 88\" n=3 odd\n"
                               "CEMSD_ROOM=line\nCEMSD_NAME=stack\nCEMSD_EVENT=refused\nCEMSD_MN=88 88\nCEMSD_N=3\n";
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "journald.socket"};
    char got[4096], long_value[3000];
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0), error[2];
    (void)state;
    unlink(address.sun_path);
    assert_false(log_to_journald(address.sun_path));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_true(log_to_journald(address.sun_path));
    log_line(LOG_WARN, "line", "name=%s event=refused mn=\"88 88\" n=%d odd", "stack", 3);
    ssize_t n = recv(fd, got, sizeof got - 1, 0);
    assert_true(n > 0);
    got[n] = '\0';
    assert_string_equal(got, WANT);
    memset(long_value, 'x', sizeof long_value - 1);
    long_value[sizeof long_value - 1] = '\0';
    log_line(LOG_WARN, "line", "a=%s b=1\nc=2", long_value); /* cut, and one entry all the same */
    n = recv(fd, got, sizeof got - 1, 0);
    assert_true(n > 900 && n < 2200);
    close(fd);
    int kept = dup(STDERR_FILENO);
    assert_int_equal(pipe(error), 0);
    dup2(error[1], STDERR_FILENO);
    log_line(LOG_NOTICE, "gateway", "event=still-heard");
    dup2(kept, STDERR_FILENO);
    n = read(error[0], got, sizeof got - 1);
    got[n > 0 ? n : 0] = '\0';
    assert_string_equal(got, "<5>room=gateway event=still-heard\n");
    assert_false(log_to_journald("no/such/socket"));
    assert_false(log_is_journald());
    unlink(address.sun_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_read_and_print),
        cmocka_unit_test(impossible_instants_are_refused),
        cmocka_unit_test(every_instant_survives_a_round_trip),
        cmocka_unit_test(periods_begin_on_the_beijing_grid),
        cmocka_unit_test(marks_are_those_of_the_standard),
        cmocka_unit_test(journald_gets_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
