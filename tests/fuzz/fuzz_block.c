/* Any bytes as a block of samples, as registers and as CSV: within bounds, and it ends. */
#include "config/csv.h"
#include "journal/samples.h"
#include "modbus/value.h"
#include "model/instant.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct packing *packing;
    struct block_cursor cursor;
    struct sample sample;
    static struct csv csv;
    bool first;
    size_t steps = 0;
    if (!packing && !(packing = packing_new()))
        abort();
    /* three blocks: a key, what goes on with it, one of an old journal */
    static const char *const KIND[] = {"key", "delta", "block"};
    for (size_t k = 0; k < 3; k++, steps = 0) {
        size_t from = k * size / 3, to = (k + 1) * size / 3;
        if (!block_open(&cursor, packing, KIND[k], data + from, to - from, 0))
            abort();
        while (block_next(&cursor, packing, &sample, &first) == BLOCK_SAMPLE)
            if (++steps > 8 * size || sample.mark >= MARKS)
                abort();
    }
    csv_init(&csv, (const char *)data, size);
    while (csv_next(&csv))
        for (size_t i = 0; i < CSV_FIELDS; i++) {
            int64_t ms;
            instant_parse(csv_field(&csv, i), &ms);
        }
    if (size >= 8) {
        uint16_t registers[4];
        double value;
        memcpy(registers, data, sizeof registers);
        for (int type = 0; type < MB_TYPES; type++)
            mb_value_decode(registers, (enum mb_type)type, MB_ORDER_DEFAULT, data[0] & 15, &value);
    }
    return 0;
}
