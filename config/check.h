/* Cross-checks: what no single key can say. Private to the config room. */
#ifndef CEMSD_CONFIG_CHECK_H
#define CEMSD_CONFIG_CHECK_H

#include "config/load.h"

/* A complaint at "<path><key>". */
#define COMPLAIN(l, path, key, ...)                                                                                    \
    do {                                                                                                               \
        char at_[DOCUMENT_PATH + 64];                                                                                  \
        snprintf(at_, sizeof at_, "%s%s", path, key);                                                                  \
        document_complain((l)->document, at_, __VA_ARGS__);                                                            \
    } while (0)

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

/* Letters, digits, _ . and - only: it stands in topics and file names. */
bool plain_word(const char *word);
/* uplink_check.c: platforms, HJ 212 lines, and what control commands do. */
void check_link(struct loader *l, const struct line *line, const char *path);
void check_actions(struct loader *l, const struct channel *channel, const char *path);
void check_uplinks(struct loader *l);

#endif
