/* Data files compiled into the program, so that a gateway needs no data folder to be right. */
#ifndef CEMSD_CONFIG_EMBEDDED_H
#define CEMSD_CONFIG_EMBEDDED_H

#include <stddef.h>

struct embedded_file {
    const char *name;  /* "coal-power-ule" */
    const char *bytes; /* zero terminated beyond length */
    size_t length;
};

extern const struct embedded_file EMBEDDED_FACTORS[]; /* config/factors.csv */
extern const struct embedded_file EMBEDDED_LIMITS[];  /* config/limits/NAME.csv */

#endif
