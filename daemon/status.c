/* The answer to {"op":"status"}: what a person at the gate wants to know first. */
#include "gateway_parts.h"
#include "model/clock.h"
#include "model/instant.h"
#include "publish/value.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* The judged period in progress, null where nothing is judged. */
static json_t *progress_json(struct gateway *g, const struct channel *channel)
{
    struct progress p;
    if (!compute_progress(g->compute, channel->index, clock_wall_ms(), &p))
        return json_null();
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:i}", "period", period_name(p.period), "from",
                     value_instant(p.from_ms), "mean", value_figure(p.mean), "limit", value_figure(p.limit_max),
                     "share", value_figure(p.mean / p.limit_max), "projected", value_figure(p.projected), "stay_under",
                     value_figure(p.stay_under), "valid", (int)p.valid, "expected", (int)p.expected);
}

static json_t *channel_json(struct gateway *g, const struct channel *channel)
{
    struct reading reading;
    int64_t time_ms = INSTANT_NONE;
    json_t *o = json_object();
    bool known = compute_latest(g->compute, channel->index, &reading, &time_ms);
    json_object_set_new(o, "factor", json_string(channel->factor->code));
    json_object_set_new(o, "name", json_string(channel->factor->name_zh));
    json_object_set_new(o, "name_en", json_string(channel->factor->name_en));
    json_object_set_new(o, "unit", json_string(channel->factor->unit));
    json_object_set_new(o, "amount_unit",
                        channel->factor->amount_unit[0] ? json_string(channel->factor->amount_unit) : json_null());
    json_object_set_new(o, "decimals", json_integer(channel->factor->decimals));
    json_object_set_new(o, "time", value_instant(time_ms));
    json_object_set_new(o, "value", known && reading.mark == MARK_N ? value_figure(reading.value) : json_null());
    json_object_set_new(o, "converted",
                        known && reading.mark == MARK_N ? value_figure(reading.converted) : json_null());
    json_object_set_new(o, "mark", json_string(known ? mark_code(reading.mark) : "B"));
    json_object_set_new(o, "reason", known && reading.reason ? json_string(reason_code(reading.reason)) : json_null());
    json_object_set_new(o, "progress", progress_json(g, channel));
    return o;
}

static json_t *outlets_json(struct gateway *g)
{
    json_t *all = json_array();
    for (size_t i = 0; i < g->plant->outlet_count; i++) {
        const struct outlet *outlet = &g->plant->outlets[i];
        json_t *channels = json_array();
        for (size_t c = 0; c < outlet->channel_count; c++)
            json_array_append_new(channels, channel_json(g, &outlet->channels[c]));
        int condition = compute_condition(g->compute, i);
        json_array_append_new(
            all, json_pack("{s:s, s:s, s:s, s:s, s:s?, s:o}", "id", outlet->id, "name", outlet->name, "medium",
                           outlet->medium == MEDIUM_GAS ? "gas" : "water", "standard", outlet->standard, "condition",
                           condition < 0 ? NULL : operating_state_name((enum operating_state)condition), "channels",
                           channels));
    }
    return all;
}

char *gateway_outlets(void *owner)
{
    json_t *all = outlets_json(owner);
    char *text = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(10));
    json_decref(all);
    return text;
}

/* The file and what is not yet folded into it. */
static int64_t journal_bytes(const char *path)
{
    static const char *const PARTS[] = {"", "-wal"};
    char part[PATH_BYTES + 8];
    struct stat status;
    int64_t bytes = 0;
    for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++) {
        snprintf(part, sizeof part, "%s%s", path, PARTS[i]);
        bytes += stat(part, &status) == 0 ? (int64_t)status.st_size : 0;
    }
    return bytes;
}

static json_t *journal_json(struct gateway *g)
{
    struct journal_status s;
    json_t *streams = json_object(), *verified = json_object();
    journal_status_get(g->journal, &s);
    for (int i = 0; i < STREAMS; i++) {
        json_object_set_new(streams, stream_name((enum stream)i), json_integer((json_int_t)s.durable[i]));
        json_object_set_new(verified, stream_name((enum stream)i), json_integer((json_int_t)g->patrol.beats[i].best));
    }
    return json_pack("{s:s, s:I, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o}", "path", g->plant->journal.path,
                     "bytes", (json_int_t)journal_bytes(g->plant->journal.path), "checkpoint",
                     value_instant(s.last_checkpoint_ms), "durable", streams, "verified", verified, "fault",
                     g->patrol.fault[0] ? json_string(g->patrol.fault) : json_null(), "commits", (json_int_t)s.commits,
                     "retries", (json_int_t)s.retries, "refused", (json_int_t)s.refused, "waiting_bytes",
                     (json_int_t)s.waiting_bytes, "last_commit", value_instant(s.last_commit_ms), "error",
                     s.error[0] ? json_string(s.error) : json_null());
}

static json_t *feeds_json(struct gateway *g)
{
    const struct feeds *f = &g->plant->feeds;
    struct feed_status s = {0};
    if (g->feed)
        feed_status_get(g->feed, &s);
    return json_pack("{s:{s:s, s:I, s:I}, s:{s:s, s:I, s:I}, s:{s:s, s:I, s:I, s:I}, s:{s:I, s:I, s:I}}", "alarm",
                     "bind", f->alarm.bind, "published", (json_int_t)s.published[0], "subscriptions",
                     (json_int_t)s.subscriptions[0], "disclosure", "bind", f->disclosure.bind, "published",
                     (json_int_t)s.published[1], "subscriptions", (json_int_t)s.subscriptions[1], "replay", "bind",
                     f->replay.bind, "requests", (json_int_t)s.requests, "refused", (json_int_t)s.refused, "sessions",
                     (json_int_t)s.sessions, "curve", "admitted", (json_int_t)s.admitted, "turned_away",
                     (json_int_t)s.turned_away, "cut", (json_int_t)s.cut);
}

static json_t *console_json(struct gateway *g)
{
    struct console_status s;
    if (!g->console)
        return json_null();
    console_status_get(g->console, &s);
    return json_pack("{s:s, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "bind", g->plant->console.bind,
                     "access", g->plant->console.access_file[0] != '\0', "tls",
                     g->plant->console.certificate[0] != '\0', "requests", (json_int_t)s.requests, "refused",
                     (json_int_t)s.refused, "unauthorized", (json_int_t)s.unauthorized, "bodies_refused",
                     (json_int_t)s.bodies_refused, "viewers", (json_int_t)s.viewers, "viewers_behind",
                     (json_int_t)s.viewers_behind, "viewers_refused", (json_int_t)s.viewers_refused, "events_too_large",
                     (json_int_t)s.events_too_large);
}

char *gateway_status(void *owner)
{
    struct gateway *g = owner;
    struct compute_counts c = compute_counts(g->compute);
    json_t *o = json_object();
    json_object_set_new(o, "op", json_string("status"));
    json_object_set_new(o, "version", json_string(CEMSD_VERSION));
    json_object_set_new(o, "site", json_string(g->plant->site.name));
    json_object_set_new(o, "mn", json_string(g->plant->site.mn));
    json_object_set_new(o, "time", value_instant(clock_wall_ms()));
    json_object_set_new(o, "started", value_instant(g->started_ms));
    json_object_set_new(o, "config",
                        json_pack("{s:s, s:s, s:I, s:I}", "file", g->config_file, "sha256", g->plant->sha256, "reloads",
                                  (json_int_t)g->reloads, "refused", (json_int_t)g->reloads_refused));
    json_object_set_new(o, "samples",
                        json_pack("{s:I, s:I, s:I, s:I}", "computed", (json_int_t)c.samples, "late", (json_int_t)c.late,
                                  "out_of_range", (json_int_t)c.out_of_range, "lost", (json_int_t)g->lost));
    json_object_set_new(o, "lines", gateway_lines_json(g));
    json_object_set_new(o, "outlets", outlets_json(g));
    json_object_set_new(o, "journal", journal_json(g));
    json_object_set_new(o, "feeds", feeds_json(g));
    json_object_set_new(o, "uplinks", uplinks_status(g->uplinks));
    json_object_set_new(o, "console", console_json(g));
    char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(10));
    json_decref(o);
    return text;
}
