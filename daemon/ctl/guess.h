/* What registers may hold: each type in each byte order, and which of them looks like something an analyzer measures.
 *
 *   registers 0 and 1, three reads      float32 abcd  20.1 20.2 20.1     plausible: in reach, and still
 *   41 a0 .. / 41 a1 .. / 41 a0 ..              cdab  1e-40 ...          no number anybody measures
 *                                       u16     ab    16800 16801 16800  plausible, but less so than a float
 *
 * A wrong order moves low bytes to the exponent: its readings leap, or lie beyond what is measured. Pure. */
#ifndef CEMSD_CTL_GUESS_H
#define CEMSD_CTL_GUESS_H

#include "modbus/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GUESS_READS = 3, GUESS_MOST = 64 };

struct guess {
    enum mb_type type;
    enum mb_order order;
    int width;     /* registers */
    double value;  /* of the last read; NAN when it is no number */
    int score;     /* 0: not plausible; the more the likelier */
    bool expected; /* within 2 % of what the display shows; then the widest is the likeliest */
};

/* All readings of what begins at registers[read][0]; room registers are known from there. expect NAN: not known.
 * Returns how many were written to out[GUESS_MOST]. */
size_t guess_all(const uint16_t *const registers[GUESS_READS], int room, double expect, struct guess *out);
/* The likeliest; NULL when none is plausible. */
const struct guess *guess_best(const struct guess *all, size_t count);

const char *guess_order_name(enum mb_order order);

#endif
