/* A configuration file → a validated plant, or the list of everything that is wrong with it.
 *
 *   file ─► document (YAML with positions) ─► schema (types, bounds, defaults) ─► resolve (names → things) ─► check
 * (sense)
 *
 * Owned by the caller's thread. */
#ifndef CEMSD_CONFIG_LOAD_H
#define CEMSD_CONFIG_LOAD_H

#include "config/document.h"
#include "model/plant.h"

#include <stdio.h>

enum { NOTICES_MAX = 64, NOTICE_BYTES = 256 };

/* What loading has to say: complaints (the file is refused) and notices (it works, but know this). */
struct load_report {
    struct complaints complaints;
    char notices[NOTICES_MAX][NOTICE_BYTES];
    size_t notice_count;
};

/* The plant (free with plant_free) or NULL with at least one complaint. report_clear always. */
struct plant *plant_load(const char *file, struct load_report *report);
void plant_free(struct plant *plant);
void report_clear(struct load_report *report);

/* One line each, complaints as FILE:LINE:COLUMN: key.path: problem. */
void report_print(const struct load_report *report, FILE *out);

/* The configuration reference as Markdown (docs/configuration.md holds exactly this). */
void plant_schema_print(FILE *out);

#endif
