#include "modbus/value.h"

#include <math.h>
#include <string.h>

static const char *const ORDER[MB_ORDERS] = {
    [MB_ORDER_DEFAULT] = "",
    [MB_AB] = "ab",
    [MB_BA] = "ba",
    [MB_ABCD] = "abcd",
    [MB_CDAB] = "cdab",
    [MB_BADC] = "badc",
    [MB_DCBA] = "dcba",
    [MB_ABCDEFGH] = "abcdefgh",
    [MB_GHEFCDAB] = "ghefcdab",
    [MB_BADCFEHG] = "badcfehg",
    [MB_HGFEDCBA] = "hgfedcba",
};

static const struct {
    const char *name;
    int width;
} TYPE[MB_TYPES] = {
    [MB_U16] = {"u16", 1},     [MB_I16] = {"i16", 1},     [MB_U32] = {"u32", 2},         [MB_I32] = {"i32", 2},
    [MB_U64] = {"u64", 4},     [MB_I64] = {"i64", 4},     [MB_FLOAT32] = {"float32", 2}, [MB_FLOAT64] = {"float64", 4},
    [MB_BCD16] = {"bcd16", 1}, [MB_BCD32] = {"bcd32", 2}, [MB_BIT] = {"bit", 1},
};

const char *mb_table_name(enum mb_table table)
{
    static const char *const NAMES[MB_TABLES] = {"coil", "discrete", "holding", "input"};
    return NAMES[table];
}

const char *mb_type_name(enum mb_type type)
{
    return TYPE[type].name;
}

int mb_type_width(enum mb_type type)
{
    return TYPE[type].width;
}

int mb_order_bytes(enum mb_order order)
{
    return (int)strlen(ORDER[order]);
}

/* Significance (0 = most) of the byte at wire position i. */
static int significance(enum mb_order order, int i)
{
    return order == MB_ORDER_DEFAULT ? i : ORDER[order][i] - 'a';
}

static uint64_t gather(const uint16_t *registers, int width, enum mb_order order)
{
    uint64_t bits = 0;
    int bytes = 2 * width;
    for (int i = 0; i < bytes; i++) {
        uint64_t byte = i % 2 == 0 ? registers[i / 2] >> 8 : registers[i / 2] & 0xFF;
        bits |= byte << (8 * (bytes - 1 - significance(order, i)));
    }
    return bits;
}

static void scatter(uint64_t bits, int width, enum mb_order order, uint16_t *registers)
{
    int bytes = 2 * width;
    memset(registers, 0, (size_t)width * sizeof *registers);
    for (int i = 0; i < bytes; i++) {
        unsigned byte = (unsigned)(bits >> (8 * (bytes - 1 - significance(order, i)))) & 0xFF;
        registers[i / 2] = (uint16_t)(registers[i / 2] | byte << (i % 2 == 0 ? 8 : 0));
    }
}

static enum mb_value_result decode_bcd(uint64_t bits, int digits, double *value)
{
    double sum = 0;
    for (int d = digits - 1; d >= 0; d--) {
        unsigned nibble = (unsigned)(bits >> (4 * d)) & 0xF;
        if (nibble > 9)
            return MB_VALUE_BAD_BCD;
        sum = sum * 10 + nibble;
    }
    *value = sum;
    return MB_VALUE_OK;
}

static enum mb_value_result classify(int class, double as_double, double *value)
{
    *value = as_double;
    if (class == FP_NAN || class == FP_INFINITE)
        return MB_VALUE_NOT_FINITE;
    return class == FP_SUBNORMAL ? MB_VALUE_SUBNORMAL : MB_VALUE_OK;
}

enum mb_value_result mb_value_decode(const uint16_t *registers, enum mb_type type, enum mb_order order, int bit,
                                     double *value)
{
    uint64_t bits = gather(registers, TYPE[type].width, order);
    uint32_t low = (uint32_t)bits;
    float as_float;
    double as_double;
    switch (type) {
    case MB_U16:
    case MB_U32:
    case MB_U64: *value = (double)bits; return MB_VALUE_OK;
    case MB_I16: *value = (int16_t)low; return MB_VALUE_OK;
    case MB_I32: *value = (int32_t)low; return MB_VALUE_OK;
    case MB_I64: *value = (double)(int64_t)bits; return MB_VALUE_OK;
    case MB_FLOAT32:
        memcpy(&as_float, &low, sizeof as_float);
        return classify(fpclassify(as_float), (double)as_float, value);
    case MB_FLOAT64:
        memcpy(&as_double, &bits, sizeof as_double);
        return classify(fpclassify(as_double), as_double, value);
    case MB_BCD16: return decode_bcd(bits, 4, value);
    case MB_BCD32: return decode_bcd(bits, 8, value);
    case MB_BIT:
    case MB_TYPES: break;
    }
    *value = (double)(bits >> bit & 1);
    return MB_VALUE_OK;
}

/* Rounds and clamps; NaN becomes the lower bound. The bounds are exact doubles. */
static double clamp(double value, double low, double high)
{
    double rounded = nearbyint(value);
    if (!(rounded > low))
        return low;
    return rounded < high ? rounded : high;
}

static uint64_t encode_bcd(double value, int digits)
{
    uint64_t left = (uint64_t)clamp(value, 0, digits == 4 ? 9999 : 99999999), bits = 0;
    for (int d = 0; d < digits; d++, left /= 10)
        bits |= left % 10 << (4 * d);
    return bits;
}

void mb_value_encode(double value, enum mb_type type, enum mb_order order, uint16_t *registers)
{
    uint64_t bits = 0;
    float as_float = (float)value;
    uint32_t low;
    switch (type) {
    case MB_U16: bits = (uint64_t)clamp(value, 0, 65535); break;
    case MB_I16: bits = (uint16_t)(int16_t)clamp(value, -32768, 32767); break;
    case MB_U32: bits = (uint64_t)clamp(value, 0, 4294967295.0); break;
    case MB_I32: bits = (uint32_t)(int32_t)clamp(value, -2147483648.0, 2147483647.0); break;
    case MB_U64: bits = (uint64_t)clamp(value, 0, 18446744073709549568.0); break;
    case MB_I64: bits = (uint64_t)(int64_t)clamp(value, -9223372036854775808.0, 9223372036854774784.0); break;
    case MB_FLOAT32:
        memcpy(&low, &as_float, sizeof low);
        bits = low;
        break;
    case MB_FLOAT64: memcpy(&bits, &value, sizeof bits); break;
    case MB_BCD16: bits = encode_bcd(value, 4); break;
    case MB_BCD32: bits = encode_bcd(value, 8); break;
    case MB_BIT:
    case MB_TYPES: bits = value != 0 ? 1 : 0; break;
    }
    scatter(bits, TYPE[type].width, order, registers);
}
