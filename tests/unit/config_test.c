/* What is wrong with a file is said where it stands, all of it, in words. */
#include "check.h"

#include "config/csv.h"
#include "config/factors.h"
#include "config/limits.h"
#include "config/load.h"

#define HEAD                                                                                                           \
    "site: {name: N, code: C, mn: 88888880000001}\n" /* line 1 */                                                      \
    "lines:\n"                                                                                                         \
    "  - {name: a, modbus_tcp: {host: 127.0.0.1}}\n" /* line 3 */                                                      \
    "outlets:\n"                                                                                                       \
    "  - id: DA001\n"                                                                                                  \
    "    name: stack\n"                                                                                                \
    "    medium: gas\n"                                                                                                \
    "    channels:\n" /* line 8 */

static struct load_report report;

static struct plant *load(const char *text)
{
    write_text("c.yaml", text);
    return plant_load("c.yaml", &report);
}

static bool complained(const char *what)
{
    for (size_t i = 0; i < report.complaints.count; i++)
        if (strcmp(report.complaints.text[i], what) == 0)
            return true;
    for (size_t i = 0; i < report.complaints.count; i++)
        print_message("said: %s\n", report.complaints.text[i]);
    return false;
}

static void each_fault_has_its_place_and_words(void **state)
{
    static const struct {
        const char *text, *want;
    } CASES[] = {
        {HEAD "      - {factor: a21026, source: {line: a, address: 70000}}\n",
         "c.yaml:9:53: outlets[0].channels[0].source.address: 70000 is above 65535"},
        {HEAD "      - {factor: a99999, source: {line: a, address: 0}}\n",
         "c.yaml:9:18: outlets[0].channels[0].factor: unknown factor a99999 (HJ 212-2017 annex B)"},
        {HEAD "      - {factor: w01018, source: {line: a, address: 0}}\n",
         "c.yaml:9:18: outlets[0].channels[0].factor: w01018 is not a factor of gas"},
        {HEAD "      - {factor: a21026, source: {line: b, address: 0}}\n",
         "c.yaml:9:41: outlets[0].channels[0].source.line: there is no line b"},
        {HEAD "      - {factor: a21026, source: {line: a, address: 65535}}\n",
         "c.yaml:9:53: outlets[0].channels[0].source.address: 65535 is impossible: float32 takes 2 registers and the "
         "table ends at 65535"},
        {HEAD "      - {factor: a21026, source: {line: a, address: 0}}\n      - {factor: a19001, source: {line: a, "
              "address: 1}}\n",
         "c.yaml:10:53: outlets[0].channels[1].source.address: float32 at 1 overlaps float32 at 0 of "
         "outlets[0].channels[0].source"},
        {HEAD "      - {factor: a21026, source: {line: a, address: 0}, limits: [{max: 3, unit: ppm, source: x}]}\n",
         "c.yaml:9:81: outlets[0].channels[0].limits[0].unit: ppm is not the unit figures of a21026 are judged in "
         "(mg/m3)"},
        {HEAD "      - {factor: a21026, source: {line: a, address: 0}, limits: [{max: 1, unit: '', source: x}]}\n",
         "c.yaml:9:66: outlets[0].channels[0].limits[0]: a limit without a unit: write that of a21026 (mg/m3)"},
        {HEAD "      - {factor: a21026, source: {line: a, address: 0}, limits: [{source: x}]}\n",
         "c.yaml:9:66: outlets[0].channels[0].limits[0]: neither max nor min is given"},
        {HEAD "      - {factor: a21026, source: {line: a, address: 0, order: abcdefgh}}\n",
         "c.yaml:9:63: outlets[0].channels[0].source.order: an order of 8 bytes does not fit float32, which has 4"},
        {HEAD "      - {factor: a21026, source: {line: a, address: 0, table: coil, type: u16}}\n",
         "c.yaml:9:75: outlets[0].channels[0].source.type: a coil holds one bit: the type must be bit"},
        {HEAD "      - {factor: a21026, source: {line: a, address: 0}, basis: {unit: ug/m3}}\n",
         "c.yaml:9:71: outlets[0].channels[0].basis.unit: ug/m3 is neither mg/m3, the unit of a21026, nor ppm"},
        {HEAD "      - {factor: a21026, source: {line: a, address: 0}, basis: {moisture: wet}}\n",
         "c.yaml:9:75: outlets[0].channels[0].basis.moisture: wet needs the outlet's moisture a01014 or "
         "moisture.fixed"},
        {HEAD "      - {factor: a21026, source: {line: a, address: 0}, range: [5, 5]}\n",
         "c.yaml:9:64: outlets[0].channels[0].range: 5 is not below 5"},
        {HEAD "      - {factor: a21026, source: {line: a, adress: 0}}\n",
         "c.yaml:9:44: outlets[0].channels[0].source.adress: unknown key"},
        {HEAD "      - {factor: a21026, source: {line: a, address: 0, address: 2}}\n",
         "c.yaml:9:56: outlets[0].channels[0].source.address: stands here twice"},
        {HEAD "      - {factor: a21026, source: {line: a, address: ten}}\n",
         "c.yaml:9:53: outlets[0].channels[0].source.address: ten is not a whole number"},
        {HEAD "      - {source: {line: a, address: 0}}\n", "c.yaml:9:9: outlets[0].channels[0].factor: is missing"},
        {"site: {name: N, code: C, mn: 1}\noutlets:\n  - {id: D, name: d, medium: gas, standard: coal, channels: []}\n",
         "c.yaml:3:45: outlets[0].standard: there is no standard coal; the library has cement-kiln-ule, "
         "coal-power-ule, coke-oven-ule, db41-2087-2021-1, "
         "gb13223-2011-special, gb16297-1996, gb18485-2014, gb18918-2002-1a, gb18918-2002-1b, gb31572-2015-special, "
         "gb31572-2015, gb37823-2019, "
         "gb37824-2019, steel-sinter-ule"},
        {"site: {name: N, code: C, mn: 1}\nlines:\n  - {name: a, modbus_tcp: {host: h}}\n  - {name: a, modbus_tcp: "
         "{host: h}}\n",
         "c.yaml:4:12: lines[1].name: the name a is already taken by lines[0]"},
        {"site: {name: N, code: C, mn: 1}\nlines:\n  - {name: a}\n",
         "c.yaml:3:5: lines[0]: none of modbus_tcp, modbus_rtu, modbus_rtu_over_tcp, hj212_listen, hj212_connect, "
         "hj212_serial is given; it must be one"},
        {"site: {name: N, code: C, mn: 1}\nfeeds:\n  alarm: {bind: \"tcp://0.0.0.0:5556\"}\n",
         "c.yaml:3:17: feeds.alarm.bind: tcp://0.0.0.0:5556 can be reached from the network without feeds.curve; add "
         "it, or write insecure: true here"},
        {"site: {name: N, code: C, mn: 1}\nfeeds:\n  alarm: {bind: \"tcp://127.0.0.1:1\"}\n  replay: {bind: "
         "\"tcp://127.0.0.1:1\"}\n",
         "c.yaml:4:18: feeds.replay.bind: tcp://127.0.0.1:1 is already taken by feeds.alarm"},
        {"site: {name: N, code: C, mn: 1}\nlines:\n  - {name: s, modbus_rtu: {device: /dev/x}}\noutlets:\n  - {id: D, "
         "name: d, medium: gas, channels: [{factor: a21026, source: {line: "
         "s, station: 0, address: 1}}]}\n",
         "c.yaml:5:90: outlets[0].channels[0].source.station: 0 is not a station of a serial line (1 to 247; Modbus "
         "over Serial Line V1.02, 2.2)"},
        {"site: {name: N, code: C, mn: 1}\noutlets:\n  - {id: D, name: d, medium: gas, channels: []}\n  - {id: D, "
         "name: e, medium: gas, channels: []}\n",
         "c.yaml:4:10: outlets[1].id: the id D is already taken by outlets[0]"},
        {"", "c.yaml:1:1: the file is empty"},
        {"- a\n", "c.yaml:1:1: must be a mapping (the file)"},
        {"site: {name: N, code: C, mn: 88888880000001}\nlines:\n  - {name: w, hj212_listen: {}}\n",
         "c.yaml:3:29: lines[0].hj212_listen.bind: is missing"},
        {"site: {name: N, code: C, mn: 88888880000001}\nlines:\n  - {name: w, hj212_listen: {bind: "
         "'127.0.0.1:9212'}}\n  - {name: m, modbus_tcp: {host: h}}\noutlets:\n  - {id: A, name: a, medium: water, "
         "channels: [{factor: w21011, source: {line: w, address: 3}}]}\n",
         "c.yaml:6:92: outlets[0].channels[0].source.address: a frame has no such thing: line w speaks HJ 212"},
        {"site: {name: N, code: C, mn: 88888880000001}\nlines:\n  - {name: w, hj212_listen: {bind: "
         "'127.0.0.1:9212'}}\n  - {name: m, modbus_tcp: {host: h}}\noutlets:\n  - {id: A, name: a, medium: water, "
         "channels: [{factor: w21011, source: {line: m}}]}\n",
         "c.yaml:6:73: outlets[0].channels[0].source.address: is missing"},
        {"site: {name: N, code: C, mn: 88888880000001}\nlines:\n  - {name: w, hj212_listen: {bind: "
         "'127.0.0.1:9212'}}\n  - {name: m, modbus_tcp: {host: h}}\noutlets:\n  - {id: A, name: a, medium: water, "
         "channels: [{factor: w21011, source: {line: m, address: 1, factor: w21011}}]}\n",
         "c.yaml:6:103: outlets[0].channels[0].source.factor: a register has no such thing: line m speaks Modbus"},
        {"site: {name: N, code: C, mn: 88888880000001}\nlines:\n  - {name: w, hj212_listen: {bind: '127.0.0.1:9212', "
         "poll_s: 5}}\n  - {name: m, modbus_tcp: {host: h}}\noutlets:\n  - {id: A, name: a, medium: water, channels: "
         "[{factor: w21011, source: {line: w}}]}\n",
         "c.yaml:3:62: lines[0].hj212_listen.poll_s: without mn there is nobody to ask"},
        {"site: {name: N, code: C, mn: 88888880000001}\nlines:\n  - {name: w, hj212_listen: {bind: "
         "'127.0.0.1:9212'}}\n  - {name: m, modbus_tcp: {host: h}}\noutlets:\n  - {id: A, name: a, medium: water, "
         "channels: [{factor: w21011, source: {line: w}, actions: [{cn: 3011}]}]}\n",
         "c.yaml:6:94: outlets[0].channels[0].actions[0]: give either write or pass_through"},
        {"site: {name: N, code: C, mn: 88888880000001}\nlines:\n  - {name: w, hj212_listen: {bind: "
         "'127.0.0.1:9212'}}\n  - {name: m, modbus_tcp: {host: h}}\noutlets:\n  - {id: A, name: a, medium: water, "
         "channels: [{factor: w21011, source: {line: w}, actions: [{cn: 3018, pass_through: true}]}]}\n",
         "c.yaml:6:99: outlets[0].channels[0].actions[0].cn: 3018 is no control command"},
        {"site: {name: N, code: C, mn: 88888880000001}\nlines:\n  - {name: w, hj212_listen: {bind: "
         "'127.0.0.1:9212'}}\n  - {name: m, modbus_tcp: {host: h}}\noutlets:\n  - {id: A, name: a, medium: water, "
         "channels: [{factor: w21011, source: {line: m, address: 1}, actions: [{cn: 3011, pass_through: true}]}]}\n",
         "c.yaml:6:131: outlets[0].channels[0].actions[0].pass_through: line m does not speak HJ 212"},
        {"site: {name: N, code: C, mn: 88888880000001}\nlines:\n  - {name: w, hj212_listen: {bind: "
         "'127.0.0.1:9212'}}\n  - {name: m, modbus_tcp: {host: h}}\noutlets:\n  - {id: A, name: a, medium: water, "
         "channels: [{factor: w21011, source: {line: w}, actions: [{cn: 3011, write: {line: x}}]}]}\n",
         "c.yaml:6:119: outlets[0].channels[0].actions[0].write.line: there is no line x"},
        {"site: {name: N, code: C, mn: 88888880000001}\nlines:\n  - {name: w, hj212_listen: {bind: "
         "'127.0.0.1:9212'}}\n  - {name: m, modbus_tcp: {host: h}}\noutlets:\n  - {id: A, name: a, medium: water, "
         "channels: [{factor: w21011, source: {line: w}}]}\nuplinks: [{name: u, host: h, port: 1, password: abc}]\n",
         "c.yaml:7:49: uplinks[0].password: it must be six letters and digits"},
        {"site: {name: N, code: C, mn: 88888880000001}\nlines:\n  - {name: w, hj212_listen: {bind: "
         "'127.0.0.1:9212'}}\n  - {name: m, modbus_tcp: {host: h}}\noutlets:\n  - {id: A, name: a, medium: water, "
         "channels: [{factor: w21011, source: {line: w}}]}\nuplinks: [{name: u, host: h, port: 1, version: 2016}]\n",
         "c.yaml:7:48: uplinks[0].version: 2016 is not 2005, 2017 or 2025"},
        {"site: {name: N, code: C, mn: 88888880000001}\nlines:\n  - {name: w, hj212_listen: {bind: "
         "'127.0.0.1:9212'}}\n  - {name: m, modbus_tcp: {host: h}}\noutlets:\n  - {id: A, name: a, medium: water, "
         "channels: [{factor: w21011, source: {line: w}}]}\nuplinks: [{name: u, host: h, port: 1, allow: "
         "[everything]}]\n",
         "c.yaml:7:46: uplinks[0].allow: everything is not clock, calibrate, parameters, control or access"},
        {"site: {name: N, code: C, mn: 88888880000001}\nlines:\n  - {name: w, hj212_listen: {bind: "
         "'127.0.0.1:9212'}}\n  - {name: m, modbus_tcp: {host: h}}\noutlets:\n  - {id: A, name: a, medium: water, "
         "channels: [{factor: w21011, source: {line: w}}]}\nuplinks: [{name: u, host: h, port: 1, outlets: [B]}]\n",
         "c.yaml:7:48: uplinks[0].outlets: there is no outlet B"},
        {"site: {name: N, code: C, mn: 88888880000001}\nlines:\n  - {name: w, hj212_listen: {bind: "
         "'127.0.0.1:9212'}}\n  - {name: m, modbus_tcp: {host: h}}\noutlets:\n  - {id: A, name: a, medium: water, "
         "channels: [{factor: w21011, source: {line: w}}]}\nuplinks: [{name: u, host: h, port: 1, min_interval: 7}]\n",
         "c.yaml:7:53: uplinks[0].min_interval: an hour is not made of whole 7 minutes"},
        {"site: {name: N, code: C, mn: 1}\nlines: [{name: a, modbus_tcp: {host: h}}]\noutlets:\n  - {id: D, name: d, "
         "medium: gas, "
         "channels: [{factor: a21026}]}\n",
         "c.yaml:4:46: outlets[0].channels[0]: a channel has either a source or computed"},
        {"site: {name: N, code: C, mn: 1}\nlines: [{name: a, modbus_tcp: {host: h}}]\noutlets:\n  - {id: D, name: d, "
         "medium: gas, "
         "channels: [{factor: a21002, computed: {rule: sum, of: [a21003, a21004]}}]}\n",
         "c.yaml:4:89: outlets[0].channels[0].computed.of: outlet D has no channel a21003"},
        {"site: {name: N, code: C, mn: 1}\nlines: [{name: a, modbus_tcp: {host: h}}]\noutlets:\n  - {id: D, name: d, "
         "medium: gas, "
         "channels: [{factor: a21026, source: {line: a, address: 0}, limits: [{period: hour, max: 5, source: s, from: "
         "2027-02-30}]}]}\n",
         "c.yaml:4:143: outlets[0].channels[0].limits[0].from: 2027-02-30 is not a day like 2027-01-01"},
        {"site: {name: N, code: C, mn: 1}\nlines: [{name: a, modbus_tcp: {host: h}}]\noutlets:\n  - {id: D, name: d, "
         "medium: gas, "
         "channels: [{factor: a21026, source: {line: a, address: 0}, limits: [{period: hour, max: 5, source: s}, "
         "{period: hour, max: "
         "6, source: s, season: 11-15..03-15}]}]}\n",
         "c.yaml:4:147: outlets[0].channels[0].limits[1].period: there are two hour limits for the same time"},
        {"site: {name: N, code: C, mn: 1}\nlines: [{name: a, modbus_tcp: {host: h}}]\noutlets:\n  - {id: D, name: d, "
         "medium: gas, "
         "reference_o2: 21, channels: [{factor: a21026, source: {line: a, address: 0}}]}\n",
         "c.yaml:4:49: outlets[0].reference_o2: 21 is above 20.9"},
        {"site: {name: N, code: C, mn: 1}\nlines: [{name: a, modbus_tcp: {host: h}}]\noutlets:\n  - {id: D, name: d, "
         "medium: gas, "
         "operation: {rules: [{state: stopped, factor: a19001, above: 19}]}, channels: [{factor: a21026, source: "
         "{line: a, address: "
         "0}}]}\n",
         "c.yaml:4:55: outlets[0].operation.rules[0]: outlet D has no channel a19001"},
        {"site: {name: N, code: C, mn: 88888880000001}\nlines:\n  - {name: w, hj212_listen: {bind: "
         "'127.0.0.1:9212'}}\n  - {name: m, modbus_tcp: {host: h}}\noutlets:\n  - {id: A, name: a, medium: water, "
         "channels: [{factor: w21011, source: {line: w}}]}\nuplinks: [{name: u, host: h, port: 1}, {name: u, host: h, "
         "port: 2}]\n",
         "c.yaml:7:47: uplinks[1].name: the name u is already taken by uplinks[0]"},
        {"site: {name: N, code: C, mn: 88888880000001}\nlines:\n  - {name: w, hj212_listen: {bind: "
         "'127.0.0.1:9212'}}\n  - {name: m, modbus_tcp: {host: h}}\noutlets:\n  - {id: A, name: a, medium: water, "
         "channels: [{factor: w21011, source: {line: w}}]}\nuplinks: [{name: u, host: h, port: 1, encrypt: {key_file: "
         "/nonexistent}}]\n",
         "c.yaml:7:48: uplinks[0].encrypt: HJ 212-2017 has no encryption"},
        {"site: {name: N, code: C, mn: 88888880000001}\nlines:\n  - {name: w, hj212_listen: {bind: "
         "'127.0.0.1:9212'}}\n  - {name: m, modbus_tcp: {host: h}}\noutlets:\n  - {id: A, name: a, medium: water, "
         "channels: [{factor: w21011, source: {line: w}}]}\nuplinks: [{name: u, host: h, port: 1, version: 2025, "
         "encrypt: {key_file: /nonexistent}}]\n",
         "c.yaml:7:74: uplinks[0].encrypt.key_file: key /nonexistent can't be opened: No such file or directory"},
        {"site: {name: N, code: C, mn: 88888880000001}\nlines:\n  - {name: w, hj212_listen: {bind: "
         "'127.0.0.1:9212'}}\n  - {name: m, modbus_tcp: {host: h}}\noutlets:\n  - {id: A, name: a, medium: water, "
         "channels: [{factor: w21011, source: {line: w}}]}\n  - {id: B, name: b, medium: water, channels: [{factor: "
         "w21011, source: {line: w}}]}\nuplinks: [{name: u, host: h, port: 1}]\n",
         "c.yaml:8:11: uplinks[0].outlets: w21011 is measured at A and at B: a platform can't tell them apart; make "
         "two uplinks"},
    };
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct plant *plant = load(CASES[i].text);
        if (plant || !complained(CASES[i].want)) {
            print_message("case %zu wanted: %s\n", i, CASES[i].want);
            wrong++;
        }
        plant_free(plant);
        report_clear(&report);
    }
    assert_int_equal(wrong, 0);
}

static void all_faults_are_listed_at_once(void **state)
{
    (void)state;
    assert_null(load("site: {name: N, code: C}\nbogus: 1\nlines:\n  - {name: a, modbus_tcp: {host: h, port: "
                     "0}}\nalarms: {hysteresis: x}\n"));
    assert_true(complained("c.yaml:1:7: site.mn: is missing"));
    assert_true(complained("c.yaml:2:1: bogus: unknown key"));
    assert_true(complained("c.yaml:4:43: lines[0].modbus_tcp.port: 0 is below 1"));
    assert_true(complained("c.yaml:5:22: alarms.hysteresis: x is not a number"));
    assert_int_equal(report.complaints.count, 4);
    report_clear(&report);
}

static void malformed_yaml_says_where(void **state)
{
    (void)state;
    assert_null(load("site: {name: N\nlines: ["));
    assert_int_equal(report.complaints.count, 1);
    assert_non_null(strstr(report.complaints.text[0], "not valid YAML"));
    report_clear(&report);
    assert_null(plant_load("no-such-file.yaml", &report));
    assert_non_null(strstr(report.complaints.text[0], "cannot read: No such file or directory"));
    report_clear(&report);
}

/* Every prefix of a good file is either good or refused with words; nothing crashes or leaks (run under ASan). */
static void a_truncated_file_never_crashes(void **state)
{
    static const char GOOD[] = HEAD "      - {factor: a21026, source: {line: a, address: 0}, marks: {source: {line: a, "
                                    "address: 9, type: u16}, table: {1: C}},\n"
                                    "         limits: [{period: hour, max: 35, source: s}]}\n";
    char text[sizeof GOOD];
    (void)state;
    for (size_t n = 0; n < sizeof GOOD; n++) {
        memcpy(text, GOOD, n);
        text[n] = '\0';
        struct plant *plant = load(text);
        assert_true(plant || report.complaints.count > 0);
        plant_free(plant);
        report_clear(&report);
    }
}

static void a_standard_brings_limits_and_a_permit_overrides(void **state)
{
    (void)state;
    struct plant *plant = load(
        "site: {name: N, code: C, mn: 1}\nlines: [{name: a, modbus_tcp: {host: h}}]\noutlets:\n  - id: D\n    name: "
        "d\n    medium: gas\n"
        "    standard: coal-power-ule\n    channels:\n      - {factor: a21026, source: {line: a, address: 0}}\n"
        "      - {factor: a21002, source: {line: a, address: 2}, limits: [{period: hour, max: 40, source: permit}]}\n"
        "      - {factor: a19001, source: {line: a, address: 4}}\n");
    assert_non_null(plant);
    const struct channel *so2 = plant->channels[0], *nox = plant->channels[1];
    assert_int_equal(so2->limit_count, 1);
    check_close(so2->limits[0].max, 35, 0); /* 环发〔2015〕164号 */
    assert_int_equal(nox->limit_count, 1);
    check_close(nox->limits[0].max, 40, 0);
    assert_string_equal(nox->limits[0].source, "permit");
    assert_string_equal(nox->limits[0].unit, "mg/m3");
    check_close(plant->outlets[0].reference_o2, 6, 0); /* GB 13223-2011 */
    assert_int_equal(plant->channels[2]->role, ROLE_OXYGEN);
    plant_free(plant);
    report_clear(&report);
}

/* An unconfirmed limit decides nothing, and the operator is told. */
static void an_unconfirmed_limit_judges_nothing(void **state)
{
    (void)state;
    struct plant *plant =
        load("site: {name: N, code: C, mn: 1}\nlines: [{name: a, modbus_tcp: {host: h}}]\noutlets:\n  - id: D\n    "
             "name: d\n    medium: gas\n"
             "    standard: coke-oven-ule\n    channels: [{factor: a21026, source: {line: a, address: 0}}]\n");
    assert_non_null(plant);
    assert_int_equal(plant->channels[0]->limit_count, 0);
    bool told = false;
    for (size_t i = 0; i < report.notice_count; i++)
        told = told || strstr(report.notices[i], "must be confirmed");
    assert_true(told);
    plant_free(plant);
    report_clear(&report);
}

static void the_factor_table_is_whole(void **state)
{
    (void)state;
    assert_int_equal(factor_count(), 184 + 32); /* rows of config/factors.csv, SB1 to SB32 */
    assert_ptr_equal(factor_find("02"), factor_find("a21026"));
    assert_string_equal(factor_find("a24016")->name_zh, "1,1-二氯乙烷"); /* a quoted comma */
    assert_int_equal(factor_find("a34013")->decimals, 1);                /* N4 in 2017, N4.1 in 2025 */
    assert_null(factor_find(""));
}

static void csv_rows(void **state)
{
    static const char TEXT[] = "a,\"b,\"\"c\"\"\",d\r\n# no\n\n,,\n\"open\n";
    struct csv csv;
    (void)state;
    csv_init(&csv, TEXT, sizeof TEXT - 1);
    assert_true(csv_next(&csv));
    assert_string_equal(csv_field(&csv, 1), "b,\"c\"");
    assert_string_equal(csv_field(&csv, 2), "d");
    assert_string_equal(csv_field(&csv, 9), "");
    assert_true(csv_next(&csv));
    assert_int_equal(csv.count, 3);
    assert_int_equal(csv.line, 4);
    assert_true(csv_next(&csv));
    assert_true(csv.malformed);
    assert_false(csv_next(&csv));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_has_its_place_and_words),
        cmocka_unit_test(all_faults_are_listed_at_once),
        cmocka_unit_test(malformed_yaml_says_where),
        cmocka_unit_test(a_truncated_file_never_crashes),
        cmocka_unit_test(a_standard_brings_limits_and_a_permit_overrides),
        cmocka_unit_test(an_unconfirmed_limit_judges_nothing),
        cmocka_unit_test(the_factor_table_is_whole),
        cmocka_unit_test(csv_rows),
    };
    enter_scratch();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
