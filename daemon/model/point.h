/* Where a number lives in a Modbus device (Modbus Application Protocol V1.1b3, section 4.3). */
#ifndef CEMSD_MODEL_POINT_H
#define CEMSD_MODEL_POINT_H

#include <stdint.h>

enum mb_table { MB_COIL, MB_DISCRETE, MB_HOLDING, MB_INPUT, MB_TABLES };

enum mb_type {
    MB_U16,
    MB_I16,
    MB_U32,
    MB_I32,
    MB_U64,
    MB_I64,
    MB_FLOAT32,
    MB_FLOAT64,
    MB_BCD16,
    MB_BCD32,
    MB_BIT,
    MB_TYPES
};

/* The bytes as they come: "cdab" means that the third byte of the number, a being the most significant, comes first. */
enum mb_order {
    MB_ORDER_DEFAULT, /* most significant byte first, whatever the width */
    MB_AB,
    MB_BA,
    MB_ABCD,
    MB_CDAB,
    MB_BADC,
    MB_DCBA,
    MB_ABCDEFGH,
    MB_GHEFCDAB,
    MB_BADCFEHG,
    MB_HGFEDCBA,
    MB_ORDERS
};

struct point {
    int station; /* unit identifier, 0..255 as written */
    enum mb_table table;
    int address; /* 0..65535, as on the wire (40001 of a manual is 0) */
    enum mb_type type;
    enum mb_order order;
    int bit;         /* 0 = least significant; only for MB_BIT in a register table */
    int interval_ms; /* how often it is asked */
};

#endif
