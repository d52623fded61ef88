#include "check.h"

#include "modbus/plan.h"
#include "modbus/value.h"

/* 123.456f = 0x42F6E979; -2 as i32 = 0xFFFFFFFE; 1.5 as double = 0x3FF8000000000000. */
static void values_decode_by_type_and_order(void **state)
{
    static const struct {
        uint16_t registers[4];
        enum mb_type type;
        enum mb_order order;
        int bit;
        double want;
        enum mb_value_result result;
    } CASES[] = {
        {{0x1234}, MB_U16, MB_ORDER_DEFAULT, 0, 4660, MB_VALUE_OK},
        {{0x1234}, MB_U16, MB_BA, 0, 0x3412, MB_VALUE_OK},
        {{0xFFFE}, MB_I16, MB_AB, 0, -2, MB_VALUE_OK},
        {{0x42F6, 0xE979}, MB_FLOAT32, MB_ABCD, 0, 123.456001, MB_VALUE_OK},
        {{0xE979, 0x42F6}, MB_FLOAT32, MB_CDAB, 0, 123.456001, MB_VALUE_OK},
        {{0xF642, 0x79E9}, MB_FLOAT32, MB_BADC, 0, 123.456001, MB_VALUE_OK},
        {{0x79E9, 0xF642}, MB_FLOAT32, MB_DCBA, 0, 123.456001, MB_VALUE_OK},
        {{0xFFFF, 0xFFFE}, MB_I32, MB_ABCD, 0, -2, MB_VALUE_OK},
        {{0xFFFF, 0xFFFE}, MB_U32, MB_ABCD, 0, 4294967294.0, MB_VALUE_OK},
        {{0x3FF8, 0, 0, 0}, MB_FLOAT64, MB_ABCDEFGH, 0, 1.5, MB_VALUE_OK},
        {{0, 0, 0, 0x3FF8}, MB_FLOAT64, MB_GHEFCDAB, 0, 1.5, MB_VALUE_OK},
        {{0xF83F, 0, 0, 0}, MB_FLOAT64, MB_BADCFEHG, 0, 1.5, MB_VALUE_OK},
        {{0, 0, 0, 0xF83F}, MB_FLOAT64, MB_HGFEDCBA, 0, 1.5, MB_VALUE_OK},
        {{0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE}, MB_I64, MB_ORDER_DEFAULT, 0, -2, MB_VALUE_OK},
        {{0, 0, 1, 0}, MB_U64, MB_ORDER_DEFAULT, 0, 65536, MB_VALUE_OK},
        {{0x1234}, MB_BCD16, MB_ORDER_DEFAULT, 0, 1234, MB_VALUE_OK},
        {{0x1234, 0x5678}, MB_BCD32, MB_ORDER_DEFAULT, 0, 12345678, MB_VALUE_OK},
        {{0x12A4}, MB_BCD16, MB_ORDER_DEFAULT, 0, 0, MB_VALUE_BAD_BCD},
        {{0x0004}, MB_BIT, MB_ORDER_DEFAULT, 2, 1, MB_VALUE_OK},
        {{0x0004}, MB_BIT, MB_ORDER_DEFAULT, 3, 0, MB_VALUE_OK},
        {{0x7FC0, 0}, MB_FLOAT32, MB_ABCD, 0, NAN, MB_VALUE_NOT_FINITE},
        {{0x7F80, 0}, MB_FLOAT32, MB_ABCD, 0, INFINITY, MB_VALUE_NOT_FINITE},
        {{0x0000, 1}, MB_FLOAT32, MB_ABCD, 0, 0, MB_VALUE_SUBNORMAL},
        {{0, 0, 0, 1}, MB_FLOAT64, MB_ABCDEFGH, 0, 0, MB_VALUE_SUBNORMAL},
        {{0, 0}, MB_FLOAT32, MB_ABCD, 0, 0, MB_VALUE_OK},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        double got = 0;
        enum mb_value_result result =
            mb_value_decode(CASES[i].registers, CASES[i].type, CASES[i].order, CASES[i].bit, &got);
        assert_int_equal(result, CASES[i].result);
        if (result == MB_VALUE_OK)
            check_close(got, CASES[i].want, 1e-6);
    }
}

static void encoding_is_the_inverse_of_decoding(void **state)
{
    static const enum mb_order WIDE[3][4] = {{MB_AB, MB_BA, MB_AB, MB_BA},
                                             {MB_ABCD, MB_CDAB, MB_BADC, MB_DCBA},
                                             {MB_ABCDEFGH, MB_GHEFCDAB, MB_BADCFEHG, MB_HGFEDCBA}};
    (void)state;
    for (int type = 0; type < MB_BIT; type++) {
        int width = mb_type_width((enum mb_type)type);
        for (int o = 0; o < 4; o++) {
            enum mb_order order = WIDE[width == 1 ? 0 : width == 2 ? 1 : 2][o];
            for (double v = 0; v < 9999; v += 617) {
                uint16_t registers[4];
                double back = -1;
                mb_value_encode(v, (enum mb_type)type, order, registers);
                assert_int_equal(mb_value_decode(registers, (enum mb_type)type, order, 0, &back), MB_VALUE_OK);
                check_close(back, v, 0);
            }
        }
    }
}

static struct point at(int station, enum mb_table table, int address, enum mb_type type, int interval_ms)
{
    return (struct point){
        .station = station, .table = table, .address = address, .type = type, .interval_ms = interval_ms};
}

/* Telegraf #9253, thingsboard-gateway #406: one request for what may be joined, and not a register more. */
static void points_become_the_fewest_blocks(void **state)
{
    const struct point points[] = {
        at(1, MB_HOLDING, 8, MB_FLOAT32, 1000), at(1, MB_HOLDING, 0, MB_FLOAT32, 1000),
        at(1, MB_HOLDING, 2, MB_U16, 1000),     at(1, MB_HOLDING, 119, MB_FLOAT32, 1000),
        at(1, MB_INPUT, 0, MB_U16, 1000),       at(2, MB_HOLDING, 3, MB_U16, 1000),
        at(1, MB_HOLDING, 10, MB_U16, 500),
    };
    struct mb_plan plan;
    (void)state;
    assert_true(mb_plan_init(&plan, points, 7, 125, 6));
    assert_int_equal(plan.block_count, 5); /* 0..9, 119..120, 10 at 500 ms, input 0, station 2 */
    size_t seen = 0;
    for (size_t b = 0; b < plan.block_count; b++) {
        if (plan.blocks[b].station == 1 && plan.blocks[b].table == MB_HOLDING && plan.blocks[b].address == 0) {
            assert_int_equal(plan.blocks[b].count, 10);
            assert_int_equal(plan.blocks[b].point_count, 3);
        }
        seen += plan.blocks[b].point_count;
    }
    assert_int_equal(seen, 7);
    mb_plan_clear(&plan);
}

static void blocks_respect_max_registers_and_max_gap(void **state)
{
    struct point points[100];
    struct mb_plan plan;
    (void)state;
    for (int i = 0; i < 100; i++)
        points[i] = at(1, MB_HOLDING, 2 * i, MB_FLOAT32, 1000);
    for (int most = 2; most <= 125; most++) {
        assert_true(mb_plan_init(&plan, points, 100, most, 0));
        assert_int_equal(plan.block_count,
                         (size_t)((100 + most / 2 - 1) / (most / 2))); /* ceil(100 / floats that fit) */
        for (size_t b = 0; b < plan.block_count; b++)
            assert_true(plan.blocks[b].count <= most);
        mb_plan_clear(&plan);
    }
    points[0] = at(1, MB_COIL, 0, MB_BIT, 1000);
    points[1] = at(1, MB_COIL, 1985, MB_BIT, 1000);
    assert_true(mb_plan_init(&plan, points, 2, 125, 124));
    assert_int_equal(plan.block_count, 1); /* a gap of 124 · 16 bits is allowed */
    assert_int_equal(plan.blocks[0].count, 1986);
    mb_plan_clear(&plan);
}

/* Overlapping points (a bit and its word, one O2 for two outlets) share a block. */
static void the_same_register_is_read_once(void **state)
{
    const struct point points[] = {at(1, MB_INPUT, 5, MB_U16, 1000), at(1, MB_INPUT, 5, MB_BIT, 1000),
                                   at(1, MB_INPUT, 5, MB_U16, 1000)};
    struct mb_plan plan;
    (void)state;
    assert_true(mb_plan_init(&plan, points, 3, 125, 0));
    assert_int_equal(plan.block_count, 1);
    assert_int_equal(plan.blocks[0].count, 1);
    assert_false(mb_plan_split(&plan, 0)); /* nothing to split: all points overlap */
    mb_plan_clear(&plan);
}

/* A refused block is split at its widest gap, down to single points, and no point is lost. */
static void a_refused_block_is_split_at_its_widest_gap(void **state)
{
    const struct point points[] = {at(1, MB_HOLDING, 0, MB_U16, 1000), at(1, MB_HOLDING, 1, MB_U16, 1000),
                                   at(1, MB_HOLDING, 9, MB_U16, 1000), at(1, MB_HOLDING, 12, MB_U16, 1000)};
    struct mb_plan plan;
    (void)state;
    assert_true(mb_plan_init(&plan, points, 4, 125, 124));
    assert_int_equal(plan.block_count, 1);
    assert_true(mb_plan_split(&plan, 0));
    assert_int_equal(plan.blocks[0].address, 0);
    assert_int_equal(plan.blocks[0].count, 2);
    assert_int_equal(plan.blocks[1].address, 9);
    assert_int_equal(plan.blocks[1].count, 4);
    for (size_t b = 0; b < plan.block_count; b++)
        while (mb_plan_split(&plan, b))
            ;
    assert_int_equal(plan.block_count, 4);
    for (size_t b = 0; b < 4; b++)
        assert_int_equal(plan.blocks[b].point_count, 1);
    mb_plan_clear(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_decode_by_type_and_order), cmocka_unit_test(encoding_is_the_inverse_of_decoding),
        cmocka_unit_test(points_become_the_fewest_blocks), cmocka_unit_test(blocks_respect_max_registers_and_max_gap),
        cmocka_unit_test(the_same_register_is_read_once),  cmocka_unit_test(a_refused_block_is_split_at_its_widest_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
