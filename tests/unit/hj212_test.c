/* CRC against the check values of the fact sheet, ends of frames, items; every cut and every flipped byte within
 * bounds. */
#include "check.h"

#include "hj212/assemble.h"
#include "hj212/command.h"
#include "hj212/encode.h"
#include "model/instant.h"

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
        assert_true(hj212_frame_next(of(CASES[i].text), 0, CASES[i].at_end,
                                     &(struct hj212_dialect){.strict = CASES[i].strict}, &frame));
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
        bool found =
            hj212_frame_next((struct slice){part, n}, 0, false, &(struct hj212_dialect){.strict = true}, &frame);
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
            while (hj212_frame_next((struct slice){copy, sizeof GOOD - 1}, offset, true, NULL, &frame)) {
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

/* Hand-made with Python: CRC-16/MODBUS of "123456789" is 4B37. */
static void the_variants_of_the_crc_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(hj212_crc_of(HJ212_CRC_MODBUS, of("123456789")), 0x4B37);
    assert_int_equal(hj212_crc_of(HJ212_CRC_MODBUS_SWAPPED, of("123456789")), 0x374B);
    assert_int_equal(hj212_crc_matching(of("123456789"), 0x2F80), HJ212_CRC_STANDARD);
    assert_int_equal(hj212_crc_matching(of("123456789"), 0x4B37), HJ212_CRC_MODBUS);
    assert_int_equal(hj212_crc_matching(of("123456789"), 0x374B), HJ212_CRC_MODBUS_SWAPPED);
    assert_int_equal(hj212_crc_matching(of("123456789"), 0x1111), HJ212_CRC_KINDS);
}

/* The eight-byte steps against the loop of the standard, at every length and alignment. */
static void the_fast_crc_is_the_slow_one(void **state)
{
    unsigned char bytes[96];
    unsigned seed = 1;
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)((seed = seed * 1103515245U + 12345U) >> 16);
    for (size_t from = 0; from < 8; from++) {
        unsigned crc = 0xFFFF;
        for (size_t n = 0; from + n <= sizeof bytes; n++) {
            assert_int_equal(hj212_crc((struct slice){(char *)bytes + from, n}), crc);
            crc = crc >> 8 ^ (from + n < sizeof bytes ? bytes[from + n] : 0U);
            for (int bit = 0; bit < 8; bit++)
                crc = crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1;
        }
    }
}

/* A frame of a serial analyzer as captured: four digits more, CRC-16/MODBUS low byte first. */
static void a_dialect_reads_what_the_standard_does_not(void **state)
{
    static const char FRAME[] =
        "##00010077QN=20150530190615121;ST=31;CN=2013;PW=123456;MN=88888880000001;Flag=3;CP=&&&&2414\r\n";
    struct hj212_dialect dialect = {.crc = HJ212_CRC_MODBUS_SWAPPED, .extra_digits = 4};
    struct hj212_frame frame;
    (void)state;
    assert_true(hj212_frame_next(of(FRAME), 0, false, &dialect, &frame));
    assert_int_equal(frame.verdict, HJ212_OK);
    assert_int_equal(frame.segment.len, 77);
    dialect.crc = HJ212_CRC_STANDARD;
    assert_true(hj212_frame_next(of(FRAME), 0, false, &dialect, &frame));
    assert_int_equal(frame.verdict, HJ212_CRC);
    assert_int_equal(hj212_crc_matching(frame.segment, frame.stated), HJ212_CRC_MODBUS_SWAPPED);
    dialect.crc = HJ212_CRC_OFF;
    assert_true(hj212_frame_next(of(FRAME), 0, false, &dialect, &frame));
    assert_int_equal(frame.verdict, HJ212_OK);
}

static void a_ceiling_bounds_a_frame(void **state)
{
    struct hj212_dialect dialect = {.ceiling = 64};
    struct hj212_frame frame;
    char many[200] = "##0150";
    (void)state;
    memset(many + 6, 'x', sizeof many - 6);
    assert_true(hj212_frame_next((struct slice){many, 100}, 0, false, &dialect, &frame));
    assert_int_equal(frame.verdict, HJ212_MALFORMED);
    assert_int_equal(frame.bytes, 64);
}

static unsigned number(struct slice s)
{
    unsigned value = 0;
    for (size_t i = 0; i < s.len; i++)
        value = value * 10 + (unsigned)(s.at[i] - '0');
    return value;
}

/* Fields and items of a segment, written again. */
static size_t write_again(const struct hj212_segment *s, char *out, size_t size)
{
    char area[1024];
    size_t n = 0;
    struct hj212_item item;
    uint32_t quirks = 0;
    for (struct slice rest = s->area; hj212_item_next(&rest, &item, &quirks);)
        n += (size_t)snprintf(area + n, sizeof area - n, "%.*s%s%.*s=%.*s%.*s", (int)item.code.len, item.code.at,
                              item.code.len ? "-" : "", (int)item.field.len, item.field.at, (int)item.value.len,
                              item.value.at, item.ends ? 1 : 0, &item.ends);
    struct hj212_fields fields = {.version = s->version,
                                  .qn = s->qn,
                                  .st = s->st,
                                  .pw = s->pw,
                                  .mn = s->mn,
                                  .cn = hj212_cn(s->cn),
                                  .flag_absent = !s->flag.at,
                                  .want_ack = s->flags & HJ212_FLAG_ACK,
                                  .resent = s->rf.at != NULL,
                                  .pnum = number(s->pnum),
                                  .pno = number(s->pno)};
    return hj212_write(&fields, (struct slice){area, n}, NULL, out, size);
}

/* Every frame of the corpus that is as the standard has it: encode(decode(x)) is x. */
static void every_strict_frame_of_the_corpus_is_written_again(void **state)
{
    static const char *const FILES[] = {"standards", "field", "stations"};
    const struct hj212_dialect strict = {.strict = true};
    size_t frames = 0;
    (void)state;
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        char path[512], line[4096], out[1100];
        snprintf(path, sizeof path, "%s/tests/conformance/hj212/%s.frames", CEMSD_SOURCE, FILES[i]);
        FILE *in = fopen(path, "r");
        assert_non_null(in);
        while (fgets(line, sizeof line - 1, in)) {
            struct hj212_frame frame;
            struct hj212_segment s;
            line[strcspn(line, "\n")] = '\0';
            strncat(line, "\r\n", sizeof line - strlen(line) - 1);
            if (!hj212_frame_next(of(line), 0, true, &strict, &frame) || frame.verdict != HJ212_OK ||
                !hj212_segment_parse(frame.segment, &s) || s.quirks != 0)
                continue;
            size_t length = write_again(&s, out, sizeof out);
            assert_int_equal(length, strlen(line));
            assert_memory_equal(out, line, length);
            frames++;
        }
        fclose(in);
    }
    assert_true(frames > 120);
}

static const struct hj212_fields HOUR = {.version = 2017,
                                         .st = {"31", 2},
                                         .cn = 2061,
                                         .pw = {"123456", 6},
                                         .mn = {"010000A8900016F000169DC0", 24},
                                         .want_ack = true};

/* 40 factors of 49 characters need three parts of at most 950; each repeats the DataTime; together they are all. */
static void a_long_message_is_cut_between_factors(void **state)
{
    static struct hj212_message message;
    struct hj212_assembly *assembly = hj212_assembly_new();
    struct hj212_segment whole;
    enum hj212_part_result result = HJ212_PART_REFUSED;
    (void)state;
    hj212_message_begin(&message, &HOUR, of("DataTime=20240601080000"));
    for (int i = 0; i < 40; i++) {
        char group[64];
        snprintf(group, sizeof group, "a%05d-Min=1.11,a%05d-Avg=2.22,a%05d-Flag=N", i, i, i);
        assert_true(hj212_message_add(&message, of(group)));
    }
    assert_int_equal(hj212_message_cut(&message), 3);
    for (size_t part = 3; part-- > 0;) { /* backwards: the order must not matter */
        char out[1100];
        struct hj212_frame frame;
        struct hj212_segment s;
        char qn[18] = "20240601090000000";
        qn[16] = (char)('1' + part);
        size_t length = hj212_message_write(&message, part, qn, NULL, out, sizeof out);
        assert_true(length > 0 && length <= HJ212_FRAME_MAX);
        assert_true(
            hj212_frame_next((struct slice){out, length}, 0, true, &(struct hj212_dialect){.strict = true}, &frame));
        assert_int_equal(frame.verdict, HJ212_OK);
        assert_true(hj212_segment_parse(frame.segment, &s));
        assert_int_equal(s.quirks, 0);
        assert_int_equal(s.flags, 7);
        assert_true(slice_starts(s.area, "DataTime=20240601080000;a"));
        assert_int_equal(hj212_assemble(assembly, &s, 0, 1000, &whole),
                         part > 0 ? HJ212_PART_WAITING : HJ212_PART_WHOLE);
        if (part == 2)
            assert_int_equal(hj212_assemble(assembly, &s, 0, 1000, &whole), HJ212_PART_REPEATED);
        result = HJ212_PART_WHOLE;
    }
    assert_int_equal(result, HJ212_PART_WHOLE);
    size_t items = 0;
    struct hj212_item item;
    uint32_t quirks = 0;
    for (struct slice rest = whole.area; hj212_item_next(&rest, &item, &quirks); items++) {
        char code[8];
        snprintf(code, sizeof code, "a%05d", items == 0 ? 0 : (int)(items - 1) / 3);
        assert_true(items == 0 ? slice_is(item.field, "DataTime") : slice_is(item.code, code));
    }
    assert_int_equal(items, 121);
    assert_int_equal(quirks, 0);
    hj212_assembly_free(assembly);
}

/* Any groups, cut, sent in any order, put together: the same items in the same order. Seeded, so that it repeats. */
static void random_messages_come_back_whole(void **state)
{
    static struct hj212_message message;
    unsigned seed = 212;
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct hj212_assembly *assembly = hj212_assembly_new();
        struct hj212_segment whole = {0};
        enum hj212_part_result result = HJ212_PART_WAITING;
        static char expected[HJ212_MESSAGE_AREA];
        size_t groups = 1 + (seed = seed * 1103515245U + 12345U) / 65536 % 30, length;
        length = (size_t)snprintf(expected, sizeof expected, "DataTime=20240601080000");
        hj212_message_begin(&message, &HOUR, of("DataTime=20240601080000"));
        for (size_t g = 0; g < groups; g++) {
            char group[512];
            size_t n = (size_t)snprintf(group, sizeof group, "a%05zu-Avg=%u", g, seed % 1000000);
            for (unsigned more = (seed = seed * 1103515245U + 12345U) / 65536 % 12; more > 0; more--)
                n += (size_t)snprintf(group + n, sizeof group - n, ",a%05zu-F%u=%u.%02u", g, more, seed % 10000, more);
            assert_true(hj212_message_add(&message, of(group)));
            length += (size_t)snprintf(expected + length, sizeof expected - length, ";%s", group);
        }
        size_t parts = hj212_message_cut(&message), first = seed / 65536 % (parts ? parts : 1);
        assert_true(parts > 0);
        for (size_t i = 0; i < parts; i++) {
            char out[HJ212_FRAME_MAX];
            struct hj212_frame frame;
            struct hj212_segment s;
            size_t n = hj212_message_write(&message, (first + i) % parts, "20240601090000001", NULL, out, sizeof out);
            assert_true(
                hj212_frame_next((struct slice){out, n}, 0, true, &(struct hj212_dialect){.strict = true}, &frame));
            assert_int_equal(frame.verdict, HJ212_OK);
            assert_true(hj212_segment_parse(frame.segment, &s) && s.quirks == 0);
            result = hj212_assemble(assembly, &s, 0, 1000, &whole);
            if (result == HJ212_PART_SINGLE)
                assert_true(s.area.len == length && memcmp(s.area.at, expected, length) == 0);
        }
        if (result != HJ212_PART_SINGLE) {
            assert_int_equal(result, HJ212_PART_WHOLE);
            assert_int_equal(whole.area.len, length);
            assert_memory_equal(whole.area.at, expected, length);
        }
        hj212_assembly_free(assembly);
    }
}

static void a_message_that_just_fits_is_not_cut(void **state)
{
    static struct hj212_message message;
    char group[HJ212_AREA_MAX + 1], out[1100];
    size_t header = strlen("QN=20240601090000001;ST=31;CN=2061;PW=123456;MN=010000A8900016F000169DC0;Flag=5;CP=&&&&");
    (void)state;
    for (size_t length = HJ212_SEGMENT_MAX - header - 1; length <= HJ212_SEGMENT_MAX - header + 1; length++) {
        memset(group, 'x', length);
        hj212_message_begin(&message, &HOUR, (struct slice){"", 0});
        assert_true(hj212_message_add(&message, (struct slice){group, length}));
        bool fits = length <= HJ212_SEGMENT_MAX - header;
        assert_int_equal(hj212_message_cut(&message), fits ? 1 : 0); /* one group can't be cut */
        if (fits)
            assert_int_equal(hj212_message_write(&message, 0, "20240601090000001", NULL, out, sizeof out),
                             header + length + 12);
    }
}

static void parts_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        const char *segment;
        enum hj212_part_result result;
    } CASES[] = {
        {"ST=31;CN=2061;MN=1;Flag=5;CP=&&DataTime=20240601080000;a-Avg=1&&", HJ212_PART_SINGLE},
        {"ST=31;CN=2061;MN=1;Flag=7;PNUM=1;PNO=1;CP=&&DataTime=20240601080000;a-Avg=1&&", HJ212_PART_SINGLE},
        {"ST=31;CN=2061;MN=1;Flag=7;PNUM=2;PNO=3;CP=&&DataTime=20240601080000;a-Avg=1&&", HJ212_PART_REFUSED},
        {"ST=31;CN=2061;MN=1;Flag=7;PNUM=2;PNO=0;CP=&&DataTime=20240601080000;a-Avg=1&&", HJ212_PART_REFUSED},
        {"ST=31;CN=2061;MN=1;Flag=7;PNUM=9999;PNO=1;CP=&&&&", HJ212_PART_REFUSED},
        {"ST=31;CN=2061;MN=1;Flag=7;PNUM=99999;PNO=1;CP=&&&&", HJ212_PART_REFUSED},
        {"ST=31;CN=2061;MN=1;Flag=7;PNUM=x;PNO=1;CP=&&&&", HJ212_PART_REFUSED},
    };
    struct hj212_assembly *assembly = hj212_assembly_new();
    struct hj212_segment s, whole;
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        assert_true(hj212_segment_parse(of(CASES[i].segment), &s));
        assert_int_equal(hj212_assemble(assembly, &s, 0, 1000, &whole), CASES[i].result);
    }
    hj212_assembly_free(assembly);
}

/* Two messages interleaved by their DataTime, one with a part that never comes, one whose second part has no DataTime.
 */
static void interleaved_messages_do_not_mix(void **state)
{
    static const struct {
        const char *segment;
        int64_t at_ms;
        enum hj212_part_result result;
        const char *area;
    } STEPS[] = {
        {"CN=2061;MN=1;PNUM=2;PNO=2;CP=&&DataTime=20240601080000;b=2&&", 0, HJ212_PART_WAITING, NULL},
        {"CN=2061;MN=1;PNUM=2;PNO=1;CP=&&DataTime=20240601090000;c=3&&", 0, HJ212_PART_WAITING, NULL},
        {"CN=2061;MN=1;PNUM=2;PNO=1;CP=&&DataTime=20240601080000;a=1&&", 0, HJ212_PART_WHOLE,
         "DataTime=20240601080000;a=1;b=2"},
        {"CN=2061;MN=1;PNUM=2;PNO=2;CP=&&d=4&&", 0, HJ212_PART_WHOLE, "DataTime=20240601090000;c=3;d=4"},
        {"CN=2061;MN=1;PNUM=2;PNO=1;CP=&&DataTime=20240601100000;e=5&&", 0, HJ212_PART_WAITING, NULL},
        {"CN=2061;MN=1;PNUM=2;PNO=2;CP=&&DataTime=20240601100000;f=6&&", 1001, HJ212_PART_WAITING, NULL},
    };
    struct hj212_assembly *assembly = hj212_assembly_new();
    struct hj212_segment s, whole;
    (void)state;
    for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++) {
        assert_true(hj212_segment_parse(of(STEPS[i].segment), &s));
        assert_int_equal(hj212_assemble(assembly, &s, STEPS[i].at_ms, 1000, &whole), STEPS[i].result);
        if (STEPS[i].area)
            assert_true(slice_is(whole.area, STEPS[i].area));
    }
    assert_int_equal(hj212_assembly_incomplete(assembly), 1);
    hj212_assembly_free(assembly);
}

/* GB/T 32907 example 1: key = plain text = 0123456789ABCDEFFEDCBA9876543210 → 681EDF34D206965E86B3E94F536E4246. */
static void sm4_is_the_standards(void **state)
{
    static const uint8_t KEY[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF,
                                  0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10};
    struct hj212_key *key = hj212_key_new(KEY);
    char out[128];
    (void)state;
    assert_non_null(key);
    size_t n = hj212_seal(key, (struct slice){(const char *)KEY, 16}, out, sizeof out);
    assert_int_equal(n, 81);
    assert_memory_equal(out, "{0x68,0x1E,0xDF,0x34,0xD2,0x06,0x96,0x5E,0x86,0xB3,0xE9,0x4F,0x53,0x6E,0x42,0x46}", 81);
    assert_int_equal(hj212_seal(key, of("short"), out, sizeof out), 5); /* less than a block stays plain */
    assert_int_equal(hj212_seal(key, of("0123456789abcdef"), out, 80), 0);
    hj212_key_free(key);
}

static void what_is_sealed_opens_again(void **state)
{
    static const uint8_t ZEROS[] = "0000000000000000";
    struct hj212_key *key = hj212_key_new(ZEROS), *wrong = hj212_key_new((const uint8_t *)"1111111111111111");
    char area[201] = {0};
    (void)state;
    for (size_t length = 0; length <= 200; length++) {
        for (int plain_length = 0; plain_length < 2; plain_length++) {
            char out[HJ212_SEALED_MAX], room[HJ212_CEILING];
            struct hj212_frame frame;
            struct hj212_segment s;
            struct hj212_seal seal = {key, plain_length};
            struct hj212_fields fields = HOUR;
            fields.version = 2025;
            fields.qn = of("20240601090000001");
            memset(area, 'a', length);
            size_t n = hj212_write(&fields, (struct slice){area, length}, &seal, out, sizeof out);
            assert_true(n > 0);
            assert_true(hj212_frame_next((struct slice){out, n}, 0, false, NULL, &frame));
            assert_int_equal(frame.bytes, n);
            assert_int_equal(frame.verdict, length < 16 ? HJ212_OK : HJ212_SEALED);
            if (length >= 16) {
                struct hj212_frame again = frame;
                hj212_open(wrong, &again, false, room, sizeof room);
                assert_int_equal(again.verdict, HJ212_CRC);
                hj212_open(key, &frame, true, room, sizeof room);
            }
            assert_int_equal(frame.verdict, HJ212_OK);
            assert_true(hj212_segment_parse(frame.segment, &s));
            assert_int_equal(s.area.len, length);
        }
    }
    hj212_key_free(key);
    hj212_key_free(wrong);
}

static void an_encrypted_frame_split_at_any_byte_waits(void **state)
{
    static const uint8_t ZEROS[] = "0000000000000000";
    struct hj212_key *key = hj212_key_new(ZEROS);
    struct hj212_fields fields = HOUR;
    char out[HJ212_SEALED_MAX];
    (void)state;
    fields.version = 2025;
    fields.qn = of("20240601090000001");
    for (int plain_length = 0; plain_length < 2; plain_length++) {
        size_t n = hj212_write(&fields, of("DataTime=20240601080000;a21026-Avg=35.21"),
                               &(struct hj212_seal){key, plain_length}, out, sizeof out);
        for (size_t part = 0; part < n; part++) {
            struct hj212_frame frame;
            char *copy = malloc(part + 1);
            memcpy(copy, out, part);
            bool found = hj212_frame_next((struct slice){copy, part}, 0, false, NULL, &frame);
            if (found && part < n - 2) /* the CR LF may be missing */
                fail_msg("a verdict %s after %zu of %zu bytes", hj212_verdict_name(frame.verdict), part, n);
            free(copy);
        }
    }
    hj212_key_free(key);
}

static void answers_repeat_what_they_answer(void **state)
{
    struct hj212_segment s;
    char out[256];
    (void)state;
    /* 2017 annex C, C.2 and its hand-shake: the frame of the corpus */
    assert_true(hj212_segment_parse(
        of("QN=20160801085857223;ST=32;CN=1062;PW=123456;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"),
        &s));
    size_t n = hj212_answer(9011, &s, "QnRtn=1", out, sizeof out);
    assert_true(slice_is((struct slice){out, n}, "##0094QN=20160801085857223;ST=91;CN=9011;PW=123456;"
                                                 "MN=010000A8900016F000169DC0;Flag=4;CP=&&QnRtn=1&&1B00\r\n"));
    /* 2005: the QN stands in the area */
    assert_true(hj212_segment_parse(
        of("QN=20040516010101001;ST=32;CN=1000;PW=123456;MN=88888880000001;Flag=1;CP=&&OverTime=5;ReCount=3&&"), &s));
    n = hj212_answer(9012, &s, "ExeRtn=1", out, sizeof out);
    assert_true(n > 0);
    assert_true(slice_find((struct slice){out, n}, 0,
                           "ST=91;CN=9012;PW=123456;MN=88888880000001;Flag=0;"
                           "CP=&&QN=20040516010101001;ExeRtn=1&&") == 6);
}

static void requests_are_read_by_their_form(void **state)
{
    static const struct {
        int cn;
        const char *area;
        const char *what; /* NULL: good */
    } CASES[] = {
        {1000, "OverTime=5;ReCount=3", NULL},
        {1000, "OverTime=0;ReCount=3", "OverTime"},
        {1000, "OverTime=100;ReCount=3", "OverTime"},
        {1000, "OverTime=5", "ReCount"},
        {1011, "", NULL},
        {1011, "PolId=w01018", NULL},
        {1011, "PolId=w01018/../x", "PolId"},
        {1012, "SystemTime=20240229235959", NULL},
        {1012, "SystemTime=20230229235959", "SystemTime"},
        {1062, "RtdInterval=30", NULL},
        {1062, "RtdInterval=29", "RtdInterval"},
        {1062, "RtdInterval=3601", "RtdInterval"},
        {1064, "MinInterval=10", NULL},
        {1064, "MinInterval=7", "MinInterval"},
        {1072, "NewPW=654321", NULL},
        {1072, "NewPW=65432", "NewPW"},
        {1072, "NewPW=65;321", "NewPW"},
        {2061, "BeginTime=20240601000000;EndTime=20240601000000", NULL},
        {2061, "BeginTime=20240601000000,EndTime=20240602000000", NULL},
        {2061, "BeginTime=20230231000000;EndTime=20240601000000", "BeginTime"},
        {2061, "BeginTime=20240602000000;EndTime=20240601000000", "EndTime"},
        {2061, "", "BeginTime"},
        {3011, "PolId=w01018,CalibrationType=0", NULL},
        {3011, "PolId=w01018,CalibrationType=2", "CalibrationType"},
        {3011, "", "PolId"},
        {3020, "PolId=w01018;InfoId=i12001", NULL},
        {3020, "PolId=w01018;InfoId=i11001;BeginTime=20160801010522,EndTime=20160801085857", NULL},
        {3021, "PolId=w01018;InfoId=i13004;i13004-Info=168.0", NULL},
        {3021, "PolId=w01018;InfoId=i13004", "Info"},
        {1002, "i23005-Info=6970000000001ABCDEFG1234", NULL},
        {1014, "SKCreateTime=20240601085857223,NewSK=0000000000000000", NULL},
        {1014, "SKCreateTime=20240601085857223,NewSK=000000000000000", "NewSK"},
        {3016, "PolId=w01018;CstartTime=000000;CTime=2", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct hj212_request request;
        const char *what;
        bool good = hj212_request_parse(hj212_command_find(CASES[i].cn), of(CASES[i].area), &request, &what);
        if (good != !CASES[i].what || (!good && strcmp(what, CASES[i].what) != 0))
            fail_msg("%d %s: %s", CASES[i].cn, CASES[i].area, good ? "good" : what);
    }
    struct hj212_request r;
    const char *what;
    char text[INSTANT_TEXT];
    assert_true(hj212_request_parse(hj212_command_find(3020),
                                    of("PolId=w01018;InfoId=i11001;BeginTime=20160801010522,EndTime=20160801085857"),
                                    &r, &what));
    assert_string_equal(r.pol_id, "w01018");
    assert_string_equal(r.info_id, "i11001");
    assert_string_equal(instant_format(r.begin_ms, text), "2016-08-01T01:05:22.000+08:00");
    assert_string_equal(instant_format(r.end_ms, text), "2016-08-01T08:58:57.000+08:00");
}

static void unknown_commands_are_not_found(void **state)
{
    (void)state;
    assert_null(hj212_command_find(4711));
    assert_int_equal(hj212_cn(of("2011")), 2011);
    assert_int_equal(hj212_cn(of("20x1")), 0);
    assert_int_equal(hj212_cn(of("20111")), 0);
    assert_int_equal(hj212_command_find(1014)->asked, HJ212_IN_2025);
    assert_int_equal(hj212_command_find(3014)->asked, HJ212_IN_2017);
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
        cmocka_unit_test(the_variants_of_the_crc_are_told_apart),
        cmocka_unit_test(the_fast_crc_is_the_slow_one),
        cmocka_unit_test(a_dialect_reads_what_the_standard_does_not),
        cmocka_unit_test(a_ceiling_bounds_a_frame),
        cmocka_unit_test(every_strict_frame_of_the_corpus_is_written_again),
        cmocka_unit_test(random_messages_come_back_whole),
        cmocka_unit_test(a_long_message_is_cut_between_factors),
        cmocka_unit_test(a_message_that_just_fits_is_not_cut),
        cmocka_unit_test(parts_that_make_no_sense_are_refused),
        cmocka_unit_test(interleaved_messages_do_not_mix),
        cmocka_unit_test(sm4_is_the_standards),
        cmocka_unit_test(what_is_sealed_opens_again),
        cmocka_unit_test(an_encrypted_frame_split_at_any_byte_waits),
        cmocka_unit_test(answers_repeat_what_they_answer),
        cmocka_unit_test(requests_are_read_by_their_form),
        cmocka_unit_test(unknown_commands_are_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
