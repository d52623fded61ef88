/* CRC against the check values of the fact sheet, ends of frames, items; every cut and every flipped byte within
 * bounds. */
#include "check.h"

#include "hj212/segment.h"

static struct slice of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

/* Check values of the standard's C code, recomputed independently in Python. */
static void the_crc_is_the_standards_own(void **state)
{
    (void)state;
    assert_int_equal(hj212_crc(of("")), 0xFFFF);
    assert_int_equal(hj212_crc(of("A")), 0x7080);
    assert_int_equal(hj212_crc(of("##")), 0xB381);
    assert_int_equal(hj212_crc((struct slice){"\0", 1}), 0x4040);
    assert_int_equal(hj212_crc(of("123456789")), 0x2F80); /* Modbus would say 4B37 */
    assert_int_equal(
        hj212_crc(of(
            "QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&")),
        0x1C80);
}

#define GOOD                                                                                                           \
    "##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"      \
    "1C80\r\n"

static void frames_are_found_wherever_they_begin(void **state)
{
    static const struct {
        const char *text;
        bool at_end, strict;
        enum hj212_verdict first;
        size_t bytes;
    } CASES[] = {
        {GOOD, true, true, HJ212_OK, 113},
        {"noise" GOOD, true, true, HJ212_GARBAGE, 5},
        {GOOD GOOD, true, true, HJ212_OK, 113},
        {"##0087QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&2200\r\n", true,
         true, HJ212_OK, 99},
        {"##0087QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&2200", true,
         false, HJ212_OK, 97},
        {"##0087QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&2200", true,
         true, HJ212_MALFORMED, 97},
        {"##0087QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&2201\r\n", true,
         false, HJ212_CRC, 99},
        {"##0088QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&2200\r\n", true,
         false, HJ212_LENGTH, 99},
        {"##0087QN=20240601085857223;ST=32", true, false, HJ212_TRUNCATED, 32},
        {"##0087QN=20240601085857223;ST=32##0087", true, false, HJ212_MALFORMED, 32},
        {"##xx", true, false, HJ212_TRUNCATED, 4},
        {"##9999", true, false, HJ212_TRUNCATED, 6},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct hj212_frame frame;
        assert_true(hj212_frame_next(of(CASES[i].text), 0, CASES[i].at_end, CASES[i].strict, &frame));
        if (frame.verdict != CASES[i].first || frame.bytes != CASES[i].bytes)
            fail_msg("case %zu: %s, %zu bytes", i, hj212_verdict_name(frame.verdict), frame.bytes);
    }
}

/* As the bytes trickle in: no verdict before the frame is whole, then the right one; nothing read beyond (ASan). */
static void a_frame_split_at_any_byte_waits_and_is_found(void **state)
{
    (void)state;
    for (size_t n = 0; n <= sizeof GOOD - 1; n++) {
        struct hj212_frame frame;
        char *part = malloc(n + 1);
        memcpy(part, GOOD, n);
        bool found = hj212_frame_next((struct slice){part, n}, 0, false, true, &frame);
        assert_int_equal(found, n == sizeof GOOD - 1);
        if (found)
            assert_int_equal(frame.verdict, HJ212_OK);
        free(part);
    }
}

/* Any byte changed to any other: never a crash, always progress; the segment either fails, or is one of the 1 in 256.
 */
static void corruption_is_survived(void **state)
{
    size_t passed = 0, tried = 0;
    (void)state;
    for (size_t at = 6; at < 107; at++) {
        for (int bit = 0; bit < 8; bit++) {
            char *copy = malloc(sizeof GOOD - 1);
            struct hj212_frame frame;
            struct hj212_segment segment;
            struct hj212_item item;
            memcpy(copy, GOOD, sizeof GOOD - 1);
            copy[at] = (char)(copy[at] ^ 1 << bit);
            size_t offset = 0;
            while (hj212_frame_next((struct slice){copy, sizeof GOOD - 1}, offset, true, false, &frame)) {
                assert_true(frame.bytes > 0);
                offset += frame.bytes;
                tried++;
                passed += frame.verdict == HJ212_OK;
                hj212_segment_parse(frame.segment, &segment);
                for (struct slice rest = segment.area; hj212_item_next(&rest, &item, &segment.quirks);)
                    ;
            }
            assert_int_equal(offset, sizeof GOOD - 1);
            free(copy);
        }
    }
    assert_true(passed * 50 < tried); /* one flipped bit survives in less than 2 % */
}

static void items_and_their_quirks(void **state)
{
    static const struct {
        const char *area;
        size_t items;
        const char *code, *field, *value; /* of the last */
        uint32_t quirks;
    } CASES[] = {
        {"DataTime=20160801084000", 1, "", "DataTime", "20160801084000", 0},
        {"DataTime=1;a21026-Rtd=1.1,a21026-Flag=N", 3, "a21026", "Flag", "N", 0},
        {"a-Rtd=1;;b-Rtd=2;", 2, "b", "Rtd", "2", 1U << HJ212_QUIRK_EMPTY_ITEM},
        {"i12003-Info =0", 1, "i12003", "Info", "0", 1U << HJ212_QUIRK_BLANKS},
        {"i11001-Info=//2016;a=1,b//;x-Rtd=1", 2, "x", "Rtd", "1", 0},
        {"i11001-Info=//2016;a=1,b//", 1, "i11001", "Info", "//2016;a=1,b//", 0},
        {"i11001-Info=//never closed;x-Rtd=1", 2, "x", "Rtd", "1", 0},
        {"bare", 1, "", "bare", "", 1U << HJ212_QUIRK_BARE_ITEM},
        {"", 0, NULL, NULL, NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct slice rest = of(CASES[i].area);
        struct hj212_item item = {0};
        uint32_t quirks = 0;
        size_t n = 0;
        while (hj212_item_next(&rest, &item, &quirks))
            n++;
        assert_int_equal(n, CASES[i].items);
        assert_int_equal(quirks, CASES[i].quirks);
        if (n > 0)
            assert_true(slice_is(item.code, CASES[i].code) && slice_is(item.field, CASES[i].field) &&
                        slice_is(item.value, CASES[i].value));
    }
}

static void the_flag_says_the_version(void **state)
{
    static const struct {
        const char *text;
        int version;
    } CASES[] = {{"ST=31;CN=2011;CP=&&&&", 2005}, {"Flag=1;CP=&&&&", 2005}, {"Flag=4;CP=&&&&", 2017},
                 {"Flag=7;CP=&&&&", 2017},        {"Flag=8;CP=&&&&", 2025}, {"Flag=11;CP=&&&&", 2025},
                 {"Flag=12;CP=&&&&", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct hj212_segment s;
        assert_true(hj212_segment_parse(of(CASES[i].text), &s));
        assert_int_equal(s.version, CASES[i].version);
    }
    struct hj212_segment s;
    assert_false(hj212_segment_parse(of("hello"), &s));
    assert_true(hj212_segment_parse(of("CN=2011;PNO=2;PNUM=3;CP=&&a&&b&&"), &s));
    assert_true(slice_is(s.area, "a&&b")); /* up to the last && */
    assert_true(s.quirks & 1U << HJ212_QUIRK_FIELD_ORDER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_crc_is_the_standards_own),
        cmocka_unit_test(frames_are_found_wherever_they_begin),
        cmocka_unit_test(a_frame_split_at_any_byte_waits_and_is_found),
        cmocka_unit_test(corruption_is_survived),
        cmocka_unit_test(items_and_their_quirks),
        cmocka_unit_test(the_flag_says_the_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
