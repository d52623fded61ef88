#include "ctl/guess.h"

#include "config/plant_schema.h"

#include <math.h>

/* Orders by the width of a type, in registers. */
static const enum mb_order ORDERS[5][5] = {
    [1] = {MB_AB, MB_BA, MB_ORDER_DEFAULT},
    [2] = {MB_ABCD, MB_CDAB, MB_BADC, MB_DCBA, MB_ORDER_DEFAULT},
    [4] = {MB_ABCDEFGH, MB_GHEFCDAB, MB_BADCFEHG, MB_HGFEDCBA, MB_ORDER_DEFAULT},
};

/* What is measured in each type: least and most magnitude, and how much one believes it. A float that is right is
 * hardly right by chance; any two bytes are an integer. */
static const struct belief {
    double least, most;
    int score;
} BELIEF[MB_TYPES] = {
    [MB_FLOAT32] = {1e-3, 1e6, 5}, [MB_FLOAT64] = {1e-3, 1e6, 4}, [MB_U16] = {1, 65534, 2}, [MB_I16] = {1, 30000, 2},
    [MB_U32] = {1, 1e7, 1},        [MB_I32] = {1, 1e7, 1},        [MB_U64] = {1, 1e9, 1},   [MB_I64] = {1, 1e9, 1},
    [MB_BCD16] = {1, 9999, 1},     [MB_BCD32] = {1, 1e8, 1},
};

const char *guess_order_name(enum mb_order order)
{
    for (const struct choice *c = MB_ORDER_CHOICES; c->name; c++)
        if (c->value == (int)order)
            return c->name;
    return "";
}

static int score_of(enum mb_type type, enum mb_order order, const double values[GUESS_READS])
{
    const struct belief *belief = &BELIEF[type];
    double least = INFINITY, most = -INFINITY, last = fabs(values[GUESS_READS - 1]);
    for (int i = 0; i < GUESS_READS; i++) {
        least = fmin(least, values[i]);
        most = fmax(most, values[i]);
    }
    if (last < belief->least || last > belief->most || most - least > 0.25 * last + 1e-3)
        return 0;
    bool usual = order == MB_AB || order == MB_ABCD || order == MB_ABCDEFGH;
    return 2 * belief->score + usual; /* of equals the specification's own order */
}

static struct guess guess_one(const uint16_t *const registers[GUESS_READS], enum mb_type type, enum mb_order order,
                              double expect)
{
    struct guess guess = {.type = type, .order = order, .width = mb_type_width(type), .value = NAN};
    double values[GUESS_READS];
    bool good = true;
    for (int i = 0; i < GUESS_READS; i++)
        good &= mb_value_decode(registers[i], type, order, 0, &values[i]) == MB_VALUE_OK;
    if (!good)
        return guess;
    guess.value = values[GUESS_READS - 1];
    guess.expected = isfinite(expect) && fabs(guess.value - expect) <= 0.02 * fabs(expect);
    guess.score = guess.expected ? 100 + guess.width : score_of(type, order, values);
    return guess;
}

size_t guess_all(const uint16_t *const registers[GUESS_READS], int room, double expect, struct guess *out)
{
    size_t count = 0;
    for (int type = 0; type < MB_TYPES; type++) {
        int width = type == MB_BIT ? room + 1 : mb_type_width((enum mb_type)type);
        for (int i = 0; width <= room && ORDERS[width][i] != MB_ORDER_DEFAULT && count < GUESS_MOST; i++)
            out[count++] = guess_one(registers, (enum mb_type)type, ORDERS[width][i], expect);
    }
    return count;
}

const struct guess *guess_best(const struct guess *all, size_t count)
{
    const struct guess *best = NULL;
    for (size_t i = 0; i < count; i++)
        if (all[i].score > 0 && (!best || all[i].score > best->score))
            best = &all[i];
    return best;
}
