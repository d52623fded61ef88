/* Registers ↔ number. The bytes as they come, most significant letter a:
 *
 *   order   wire bytes            seen as
 *   ab      [hi lo]               16 bit, the Modbus specification's own
 *   abcd    [hi lo][hi lo]        32 bit, high word first
 *   cdab    low word first        badc  bytes swapped in each word      dcba  little endian        (64 bit alike)
 *
 * Pure. Any thread. */
#ifndef CEMSD_MODBUS_VALUE_H
#define CEMSD_MODBUS_VALUE_H

#include "model/point.h"

#include <stdbool.h>
#include <stdint.h>

enum mb_value_result {
    MB_VALUE_OK,
    MB_VALUE_NOT_FINITE, /* NaN or infinity: the instrument says "no value" */
    MB_VALUE_SUBNORMAL,  /* a float no analyzer measures: registers in the wrong order or type */
    MB_VALUE_BAD_BCD,    /* a nibble above 9 */
    MB_VALUE_RESULTS
};

/* Registers (tables holding, input) or bits (coil, discrete) the type takes: 1, 2 or 4. */
int mb_type_width(enum mb_type type);
/* Bytes the order speaks of: 2, 4, 8; 0 for the default. */
int mb_order_bytes(enum mb_order order);

/* Decodes mb_type_width(type) registers, each in host order as libmodbus gives them. u64 and i64 above 2^53 lose their
 * last digits. *value is set whenever the result is MB_VALUE_OK or MB_VALUE_NOT_FINITE. `bit` counts for MB_BIT only.
 */
enum mb_value_result mb_value_decode(const uint16_t *registers, enum mb_type type, enum mb_order order, int bit,
                                     double *value);

/* The inverse, for simulators and writes: fills mb_type_width(type) registers. The value is clamped to the type. */
void mb_value_encode(double value, enum mb_type type, enum mb_order order, uint16_t *registers);

const char *mb_table_name(enum mb_table table);
const char *mb_type_name(enum mb_type type);

#endif
