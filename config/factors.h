/* The factor table, compiled in from config/factors.csv (HJ 212-2017 annex B; 2025 formats where known). */
#ifndef CEMSD_CONFIG_FACTORS_H
#define CEMSD_CONFIG_FACTORS_H

#include "model/factor.h"

#include <stddef.h>

/* By 2017 code, or by the 2005 code. Borrowed for the program's life; NULL when unknown. Any thread after the first
 * call (main makes it). */
const struct factor *factor_find(const char *code);
size_t factor_count(void);

#endif
