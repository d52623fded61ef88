/* Cross-checks: what no single key can say. Private to the config room. */
#ifndef CEMSD_CONFIG_CHECK_H
#define CEMSD_CONFIG_CHECK_H

#include "config/load.h"

struct loader {
    struct document *document;
    struct plant *plant;
    struct load_report *report;
};

/* Adds a notice; more than NOTICES_MAX are dropped. */
void loader_notice(struct loader *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Both add a complaint for each fault and go on. Resolving comes first: it finds lines, factors, standards. */
void resolve_plant(struct loader *l);
void check_plant(struct loader *l);

#endif
