/* What a platform may change by command, and what it has changed.
 *
 *   configuration ─► settings ─► command (1000, 1002, 1014, 1062, 1072 ...) ─► file beside the journal, mode 0600
 *
 * A changed value is kept together with the configured one it replaced: when somebody edits the configuration, the file
 * is right again. The password and the key stand in this file alone: not in logs, journal or status. */
#ifndef CEMSD_PUBLISH_UPLINK_SETTINGS_H
#define CEMSD_PUBLISH_UPLINK_SETTINGS_H

#include "hj212/sm4.h"
#include "model/error.h"
#include "model/plant.h"

enum { KEY_TEXT = 2 * HJ212_KEY_BYTES + 1 };

struct uplink_settings {
    char password[8], mn[MN_BYTES];
    char key[KEY_TEXT], old_key[KEY_TEXT]; /* hexadecimal; "" = none */
    int over_time_s, re_count, realtime_s;
    int min_interval;          /* minutes a 2051 speaks of, a divisor of the hour */
    int realtime_on, units_on; /* 2011/2012, 2021/2022 */
};

/* What the configuration says. False with err when its key can't be read. */
bool uplink_settings_configured(const struct plant *plant, const struct uplink *uplink, struct uplink_settings *out,
                                struct error *err);
/* Puts over it what commands have changed (path may not exist). */
bool uplink_settings_load(const char *path, const struct uplink_settings *configured, struct uplink_settings *out,
                          struct error *err);
/* Durable when it returns: a new file in place of the old one. Blocks for one fsync; commands are rare. */
bool uplink_settings_save(const char *path, const struct uplink_settings *configured,
                          const struct uplink_settings *settings, struct error *err);

#endif
