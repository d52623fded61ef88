/* SIGHUP: the file is read again.
 *
 *   good ─► windows in progress, counters and findings move to the new plant; unchanged lines keep running
 *   bad  ─► nothing changes; every problem is logged, the first is the text of an alarm of kind config
 *
 * The folder of CURVE clients and the console's files are read again in either case. Site, journal, control, console
 * and feeds are what subscribers and the journal are bound to: they change at a restart only. */
#include "gateway_parts.h"

#include "config/load.h"
#include "model/clock.h"
#include "model/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

static bool same_bind(const struct feed_bind *a, const struct feed_bind *b)
{
    return strcmp(a->bind, b->bind) == 0 && a->realtime_s == b->realtime_s && a->high_water == b->high_water;
}

static bool same_feeds(const struct feeds *a, const struct feeds *b)
{
    return a->has_alarm == b->has_alarm && a->has_disclosure == b->has_disclosure && a->has_replay == b->has_replay &&
           same_bind(&a->alarm, &b->alarm) && same_bind(&a->disclosure, &b->disclosure) &&
           same_bind(&a->replay, &b->replay) && a->heartbeat_s == b->heartbeat_s &&
           strcmp(a->signing_key, b->signing_key) == 0 && a->has_curve == b->has_curve &&
           strcmp(a->curve.server_key, b->curve.server_key) == 0 &&
           strcmp(a->curve.clients_dir, b->curve.clients_dir) == 0;
}

static bool same_keep(const struct keep *a, const struct keep *b)
{
    return a->samples_days == b->samples_days && a->realtime_days == b->realtime_days &&
           a->minute_days == b->minute_days && a->max_gib == b->max_gib;
}

static bool same_console(const struct console_place *a, const struct console_place *b)
{
    return strcmp(a->bind, b->bind) == 0 && strcmp(a->access_file, b->access_file) == 0 &&
           strcmp(a->certificate, b->certificate) == 0 && strcmp(a->key, b->key) == 0;
}

/* What a reload can't change: everything subscribers and the journal are bound to. */
static bool same_foundations(const struct plant *a, const struct plant *b)
{
    return strcmp(a->site.name, b->site.name) == 0 && strcmp(a->site.code, b->site.code) == 0 &&
           strcmp(a->site.mn, b->site.mn) == 0 && strcmp(a->journal.path, b->journal.path) == 0 &&
           same_keep(&a->journal.keep, &b->journal.keep) && a->journal.chain == b->journal.chain &&
           strcmp(a->control.bind, b->control.bind) == 0 && same_console(&a->console, &b->console) &&
           same_feeds(&a->feeds, &b->feeds);
}

/* All that can fail comes before anything changes. */
static bool switch_to(struct gateway *g, struct plant *plant, struct error *err)
{
    struct compute_sink sink = {g, gateway_record, gateway_alarm, gateway_history};
    if (!same_foundations(g->plant, plant))
        return error_set(err, "site, journal, control, console or feeds changed: restart cemsd for that");
    gateway_take_samples(g); /* what came under the old plan belongs to it */
    gateway_append_block(g);
    struct compute *compute = compute_new(plant, sink, err);
    uint32_t *ids = compute ? gateway_number_channels(g, plant, err) : NULL;
    if (!ids || !lines_apply(g->lines, plant, err)) {
        bool switched = ids && lines_plant(g->lines) == plant;
        if (!switched) {
            free(ids);
            compute_free(compute);
            return false;
        }
        log_line(LOG_ERROR, "lines", "event=start-failed error=\"%s\"", err->text); /* one line; the others run */
    }
    struct error uplink_error;
    if (!uplinks_apply(g->uplinks, plant, &uplink_error)) /* one of them; the others run */
        log_line(LOG_ERROR, "uplinks", "event=apply-failed error=\"%s\"", uplink_error.text);
    compute_adopt(compute, g->compute, clock_wall_ms());
    compute_free(g->compute);
    plant_free(g->plant);
    free(g->channel_ids);
    g->compute = compute;
    g->plant = plant;
    g->channel_ids = ids;
    return true;
}

static bool try_reload(struct gateway *g, char *why, size_t why_size)
{
    static struct load_report report;
    struct error err = {""};
    struct plant *plant = plant_load(g->config_file, &report);
    for (size_t i = 0; i < report.complaints.count; i++)
        log_line(LOG_ERROR, "config", "event=refused problem=\"%s\"", report.complaints.text[i]);
    if (!plant)
        snprintf(why, why_size, "%s", report.complaints.count ? report.complaints.text[0] : "out of memory");
    report_clear(&report);
    if (!plant)
        return false;
    if (!switch_to(g, plant, &err)) {
        snprintf(why, why_size, "%s", err.text);
        plant_free(plant);
        return false;
    }
    return true;
}

void gateway_reload(uv_signal_t *handle, int signal_number)
{
    struct gateway *g = handle->data;
    char why[256] = "", ready[64];
    (void)signal_number;
    if (g->stopping)
        return;
    snprintf(ready, sizeof ready, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_monotonic_ns() / 1000);
    sd_notify(0, ready);
    struct error err;
    if (g->feed && !feed_reload_clients(g->feed, &err))
        log_line(LOG_ERROR, "feed", "event=clients-kept error=\"%s\"", err.text);
    if (!gateway_reload_console(g, &err))
        log_line(LOG_ERROR, "console", "event=files-kept error=\"%s\"", err.text);
    if (try_reload(g, why, sizeof why)) {
        g->reloads++;
        gateway_append_event(g, "reload", "");
        gateway_note_config(g);
        gateway_note_keys(g);
        own_alarm(g, ALARM_CONFIG, "config", ALARM_UNDER, "");
        log_line(LOG_NOTICE, "config", "event=reloaded sha256=%s", g->plant->sha256);
    } else {
        g->reloads_refused++;
        log_line(LOG_ERROR, "config", "event=kept-old reason=\"%s\"", why);
        own_alarm(g, ALARM_CONFIG, "config", ALARM_WORSE, why);
    }
    journal_flush(g->journal);
    sd_notify(0, "READY=1");
}
