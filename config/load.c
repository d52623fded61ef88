#include "config/load.h"

#include "config/check.h"
#include "config/plant_schema.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void loader_notice(struct loader *l, const char *format, ...)
{
    if (l->report->notice_count == NOTICES_MAX)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(l->report->notices[l->report->notice_count++], NOTICE_BYTES, format, args);
    va_end(args);
}

struct plant *plant_load(const char *file, struct load_report *report)
{
    struct document document;
    struct plant *plant = calloc(1, sizeof *plant);
    memset(report, 0, sizeof *report);
    if (document_read(&document, file) && plant &&
        schema_fill(&document, document_root(&document), "", &PLANT_SCHEMA, plant)) {
        struct loader loader = {&document, plant, report};
        memcpy(plant->sha256, document.sha256, sizeof plant->sha256);
        resolve_plant(&loader);
        if (document.complaints.count == 0)
            check_plant(&loader);
    }
    bool good = plant && document.complaints.count == 0;
    report->complaints = document.complaints;
    document.complaints.text = NULL;
    document_clear(&document);
    if (good)
        return plant;
    plant_free(plant);
    return NULL;
}

void plant_free(struct plant *plant)
{
    if (!plant)
        return;
    schema_free(&PLANT_SCHEMA, plant);
    free(plant->channels);
    free(plant->outlet_of);
    free(plant);
}

void report_clear(struct load_report *report)
{
    free(report->complaints.text);
    memset(report, 0, sizeof *report);
}

void report_print(const struct load_report *report, FILE *out)
{
    for (size_t i = 0; i < report->complaints.count; i++)
        fprintf(out, "%s\n", report->complaints.text[i]);
    if (report->complaints.suppressed)
        fprintf(out, "... and %zu more\n", report->complaints.suppressed);
    for (size_t i = 0; i < report->notice_count; i++)
        fprintf(out, "notice: %s\n", report->notices[i]);
}

void plant_schema_print(FILE *out)
{
    schema_print(&PLANT_SCHEMA, out);
}
