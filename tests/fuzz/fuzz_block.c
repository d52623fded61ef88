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
    struct block_cursor cursor = {data, data + size, 0};
    struct sample sample;
    static struct csv csv;
    bool first;
    size_t steps = 0;
    while (block_next(&cursor, &sample, &first) == BLOCK_SAMPLE)
        if (++steps > size || sample.mark >= MARKS)
            abort();
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
