/* The factor table, compiled in from config/factors.csv (HJ 212-2017 annex B; 2025 formats where known). */
#ifndef CEMSD_CONFIG_FACTORS_H
#define CEMSD_CONFIG_FACTORS_H

#include "model/factor.h"
#include "model/plant.h"

#include <stdbool.h>
#include <stddef.h>

/* By 2017 code, or by the 2005 code. Borrowed for the program's life; NULL when unknown. Any thread after the first
 * call (main makes it). */
const struct factor *factor_find(const char *code);
size_t factor_count(void);
/* SB1..SB32: the state of a treatment unit (0 off, 1 on, 2 calibrating, 3 maintenance, 4 alarm, 5 back-flush). */
bool factor_is_unit(const struct factor *factor);

/* The factors a configuration declares come first. Borrowed by the plant that is being loaded. */
const struct factor *factor_of(const struct plant *plant, const char *code);

#endif
