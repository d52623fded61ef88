/* Eight bytes a step.
 *
 * With s = crc >> 8, all of the state that a next byte sees, one byte is s' = M(s ^ b), where M(x) = T[x] >> 8. T is
 * linear over XOR, so M is an 8 × 8 bit matrix and eight bytes are
 *
 *   s8 = M8(s ^ b0) ^ M7(b1) ^ M6(b2) ^ ... ^ M1(b7)          Mk: M applied k times; M8 is the identity
 *
 * where only one lookup's latency stands between s and s8 instead of eight. The tables are written as the images of the
 * eight single bits; LINEAR spells out the 256 sums. */
#include "hj212/crc.h"

#define BIT(x, n, image) ((x) >> (n)&1 ? (image) : 0)
#define SUM(x, a, b, c, d, e, f, g, h)                                                                                 \
    (BIT(x, 0, a) ^ BIT(x, 1, b) ^ BIT(x, 2, c) ^ BIT(x, 3, d) ^ BIT(x, 4, e) ^ BIT(x, 5, f) ^ BIT(x, 6, g) ^          \
     BIT(x, 7, h))
#define FOUR(x, ...)                                                                                                   \
    SUM(x, __VA_ARGS__), SUM((x) + 1, __VA_ARGS__), SUM((x) + 2, __VA_ARGS__), SUM((x) + 3, __VA_ARGS__)
#define SIXTEEN(x, ...)                                                                                                \
    FOUR(x, __VA_ARGS__), FOUR((x) + 4, __VA_ARGS__), FOUR((x) + 8, __VA_ARGS__), FOUR((x) + 12, __VA_ARGS__)
#define SIXTY_FOUR(x, ...)                                                                                             \
    SIXTEEN(x, __VA_ARGS__), SIXTEEN((x) + 16, __VA_ARGS__), SIXTEEN((x) + 32, __VA_ARGS__),                           \
        SIXTEEN((x) + 48, __VA_ARGS__)
#define LINEAR(...)                                                                                                    \
    {                                                                                                                  \
        SIXTY_FOUR(0, __VA_ARGS__), SIXTY_FOUR(64, __VA_ARGS__), SIXTY_FOUR(128, __VA_ARGS__),                         \
            SIXTY_FOUR(192, __VA_ARGS__)                                                                               \
    }

static const uint16_t T[256] = LINEAR(0xC0C1, 0xC181, 0xC301, 0xC601, 0xCC01, 0xD801, 0xF001, 0xA001);
static const uint8_t M1[256] = LINEAR(0xC0, 0xC1, 0xC3, 0xC6, 0xCC, 0xD8, 0xF0, 0xA0);
static const uint8_t M2[256] = LINEAR(0x50, 0x90, 0x51, 0x52, 0x55, 0x5A, 0x44, 0x78);
static const uint8_t M3[256] = LINEAR(0x3C, 0x6C, 0xFC, 0xFD, 0x3F, 0x3B, 0x33, 0x22);
static const uint8_t M4[256] = LINEAR(0x11, 0x2D, 0x41, 0x81, 0x10, 0xD3, 0x15, 0x19);
static const uint8_t M5[256] = LINEAR(0x0C, 0x1D, 0x30, 0x60, 0xCC, 0x9D, 0xCF, 0xCA);
static const uint8_t M6[256] = LINEAR(0x05, 0x09, 0x14, 0x28, 0x55, 0xA9, 0x54, 0x57);
static const uint8_t M7[256] = LINEAR(0x03, 0x06, 0x0F, 0x1E, 0x3F, 0x7E, 0xFF, 0xFE);

const char *hj212_crc_kind_name(enum hj212_crc_kind kind)
{
    static const char *const NAMES[] = {"hj212", "modbus", "modbus_swapped", "off", "none"};
    return NAMES[kind];
}

uint16_t hj212_crc(struct slice segment)
{
    const unsigned char *b = (const unsigned char *)segment.at;
    size_t left = segment.len;
    unsigned s = 0xFF;
    if (left == 0)
        return 0xFFFF;
    for (; left > 8; left -= 8, b += 8)
        s ^= (unsigned)(b[0] ^ M7[b[1]] ^ M6[b[2]] ^ M5[b[3]] ^ M4[b[4]] ^ M3[b[5]] ^ M2[b[6]] ^ M1[b[7]]);
    for (; left > 1; left--, b++)
        s = M1[s ^ *b];
    return T[s ^ *b];
}

static uint16_t modbus_crc(struct slice segment)
{
    unsigned crc = 0xFFFF;
    for (size_t i = 0; i < segment.len; i++)
        crc = crc >> 8 ^ T[(crc ^ (unsigned char)segment.at[i]) & 0xFF];
    return (uint16_t)crc;
}

uint16_t hj212_crc_of(enum hj212_crc_kind kind, struct slice segment)
{
    uint16_t crc;
    switch (kind) {
    case HJ212_CRC_STANDARD: return hj212_crc(segment);
    case HJ212_CRC_MODBUS: return modbus_crc(segment);
    case HJ212_CRC_MODBUS_SWAPPED: crc = modbus_crc(segment); return (uint16_t)(crc << 8 | crc >> 8);
    case HJ212_CRC_OFF:
    case HJ212_CRC_KINDS: break;
    }
    return 0;
}

enum hj212_crc_kind hj212_crc_matching(struct slice segment, unsigned stated)
{
    for (int kind = HJ212_CRC_STANDARD; kind < HJ212_CRC_OFF; kind++)
        if (hj212_crc_of((enum hj212_crc_kind)kind, segment) == stated)
            return (enum hj212_crc_kind)kind;
    return HJ212_CRC_KINDS;
}
