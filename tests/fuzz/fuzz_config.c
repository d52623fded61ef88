/* Any bytes as a configuration: a plant or complaints, never a crash, a leak or a hang. */
#include "config/load.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct load_report report;
    char path[64];
    snprintf(path, sizeof path, "/tmp/fuzz-config-%d.yaml", (int)getpid());
    FILE *out = fopen(path, "w");
    if (!out)
        abort();
    fwrite(data, 1, size, out);
    fclose(out);
    struct plant *plant = plant_load(path, &report);
    if (!plant && report.complaints.count == 0)
        abort(); /* refused without a word */
    plant_free(plant);
    report_clear(&report);
    return 0;
}
