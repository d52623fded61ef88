/* The limit library: config/limits/NAME.csv, one file per standard, every row with its legal source, compiled in.
 *
 * A row judges only when its confidence is "high", or when the outlet says confirm_limits. The others are named in the
 * notices of the configuration, so that nobody believes them judged. A condition on the water temperature becomes
 * limit.when_above and when_at_most; other conditions are for people. */
#ifndef CEMSD_CONFIG_LIMITS_H
#define CEMSD_CONFIG_LIMITS_H

#include "model/plant.h"

#include <stdbool.h>
#include <stddef.h>

enum limit_use { LIMIT_JUDGES, LIMIT_NEEDS_CONFIRMATION };

struct standard_limit {
    char factor[8];
    struct limit limit;
    double reference_o2; /* NAN: the standard names none for it */
    enum limit_use use;
    char condition[96];
};

struct standard {
    const char *name;
    const char *bytes;
    size_t length;
};

/* NULL when there is none of that name. Static. */
const struct standard *standard_find(const char *name);
/* "coal-power-ule, ..." for messages. */
void standard_names(char *text, size_t size);

/* Calls each with every row; false from it ends the walk. */
void standard_each(const struct standard *standard, bool (*each)(void *owner, const struct standard_limit *row),
                   void *owner);

#endif
