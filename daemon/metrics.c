/* What Prometheus reads at /metrics. Names end in their unit; counters end in _total. */
#include "gateway_parts.h"
#include "model/clock.h"
#include "model/instant.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { ALARMS_COUNTED = 100000, STATIONS_COUNTED = 256 };

static void head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(FILE *out, const char *name, const char *type, const char *help, double value)
{
    head(out, name, type, help);
    fprintf(out, "%s %.17g\n", name, value);
}

/* name{key="value" — a value as the text format wants it. */
static void labelled(FILE *out, const char *name, const char *key, const char *value)
{
    fprintf(out, "%s{%s=\"", name, key);
    for (; *value; value++)
        if (*value == '\n')
            fputs("\\n", out);
        else
            fprintf(out, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
    fputc('"', out);
}

/* One gauge of all channels that have it. */
static void channels(struct gateway *g, FILE *out, const char *name, const char *help,
                     double (*of)(struct gateway *g, const struct channel *channel))
{
    head(out, name, "gauge", help);
    for (size_t i = 0; i < g->plant->outlet_count; i++)
        for (size_t c = 0; c < g->plant->outlets[i].channel_count; c++) {
            const struct channel *channel = &g->plant->outlets[i].channels[c];
            double value = of(g, channel);
            if (!isfinite(value))
                continue;
            labelled(out, name, "outlet", g->plant->outlets[i].id);
            fprintf(out, ",factor=\"%s\"} %.10g\n", channel->factor->code, value);
        }
}

static double value_of(struct gateway *g, const struct channel *channel)
{
    struct reading r;
    int64_t time_ms;
    if (!compute_latest(g->compute, channel->index, &r, &time_ms) || r.mark != MARK_N)
        return NAN;
    return isfinite(r.converted) ? r.converted : r.value;
}

static double valid_of(struct gateway *g, const struct channel *channel)
{
    struct reading r;
    int64_t time_ms;
    return compute_latest(g->compute, channel->index, &r, &time_ms) && r.mark == MARK_N;
}

static double share_of(struct gateway *g, const struct channel *channel)
{
    struct progress p;
    return compute_progress(g->compute, channel->index, clock_wall_ms(), &p) ? p.mean / p.limit_max : NAN;
}

static void outlets(struct gateway *g, FILE *out)
{
    channels(g, out, "cemsd_channel_value", "Latest valid value in the factor's unit, converted where it is.",
             value_of);
    channels(g, out, "cemsd_channel_valid", "1 while the latest value has no mark.", valid_of);
    channels(g, out, "cemsd_channel_limit_ratio", "Mean so far of the judged period against its limit.", share_of);
}

/* One gauge or counter of all Modbus lines. */
static void each_line(struct gateway *g, FILE *out, const char *name, const char *type, const char *help,
                      double (*of)(const struct line_status *line))
{
    struct line_status s;
    const char *line;
    head(out, name, type, help);
    for (size_t i = 0; i < lines_count(g->lines); i++) {
        if (!lines_status(g->lines, i, &line, &s))
            continue;
        labelled(out, name, "line", line);
        fprintf(out, "} %.17g\n", of(&s));
    }
}

static double connected(const struct line_status *s)
{
    return s->state == LINE_CONNECTED;
}

static double silent_stations(const struct line_status *s)
{
    return (double)s->stations_silent;
}

static double overruns(const struct line_status *s)
{
    return (double)s->overruns;
}

static double last_answer_s(const struct line_status *s)
{
    return s->last_answer_ms == INSTANT_NONE ? 0 : (double)s->last_answer_ms / 1000;
}

static void lines(struct gateway *g, FILE *out)
{
    static const char NAME[] = "cemsd_line_requests_total";
    struct line_status s;
    const char *line;
    head(out, NAME, "counter", "Modbus requests by line and result.");
    for (size_t i = 0; i < lines_count(g->lines); i++)
        for (int r = 0; lines_status(g->lines, i, &line, &s) && r < MB_RESULTS; r++) {
            labelled(out, NAME, "line", line);
            fprintf(out, ",result=\"%s\"} %" PRIu64 "\n", mb_result_name((enum mb_result)r), s.counts.results[r]);
        }
    each_line(g, out, "cemsd_line_connected", "gauge", "1 while the line has a connection.", connected);
    each_line(g, out, "cemsd_line_stations_silent", "gauge", "Stations on back-off.", silent_stations);
    each_line(g, out, "cemsd_line_overruns_total", "counter",
              "Deadlines skipped because the line is too slow for what it is asked.", overruns);
    each_line(g, out, "cemsd_line_last_answer_timestamp_seconds", "gauge",
              "When the line last answered, since 1970; 0: never.", last_answer_s);
}

static void journal(struct gateway *g, FILE *out)
{
    struct journal_status s;
    journal_status_get(g->journal, &s);
    head(out, "cemsd_journal_durable_seq", "gauge", "Last durable seq of a stream.");
    for (int i = 0; i < STREAMS; i++)
        fprintf(out, "cemsd_journal_durable_seq{stream=\"%s\"} %" PRIu64 "\n", stream_name((enum stream)i),
                s.durable[i]);
    number(out, "cemsd_journal_commits_total", "counter", "Transactions made durable.", (double)s.commits);
    number(out, "cemsd_journal_retries_total", "counter", "Transactions that failed and were tried again.",
           (double)s.retries);
    number(out, "cemsd_journal_waiting_bytes", "gauge", "Appended and not yet durable.", (double)s.waiting_bytes);
    number(out, "cemsd_journal_failing", "gauge", "1 while writing fails.", s.error[0] != '\0');
}

/* HJ 212 lines: what came, and whether somebody is there. */
static void hj212_lines(struct gateway *g, FILE *out)
{
    static const char FRAMES[] = "cemsd_hj212_frames_total", CONNECTED[] = "cemsd_hj212_connected",
                      VALUES[] = "cemsd_hj212_values_total";
    struct hj212_line_status h;
    struct line_status s;
    const char *line;
    head(out, FRAMES, "counter", "HJ 212 frames taken from analyzers, by verdict.");
    for (size_t i = 0; i < lines_count(g->lines); i++) {
        lines_status(g->lines, i, &line, &s);
        for (int v = 0; lines_hj212_status(g->lines, i, &h) && v < HJ212_NEED_MORE; v++) {
            labelled(out, FRAMES, "line", line);
            fprintf(out, ",verdict=\"%s\"} %" PRIu64 "\n", hj212_verdict_name((enum hj212_verdict)v),
                    h.counts->frames[v]);
        }
    }
    head(out, VALUES, "counter", "Values taken from HJ 212 frames.");
    for (size_t i = 0; i < lines_count(g->lines); i++)
        if (lines_status(g->lines, i, &line, &s), lines_hj212_status(g->lines, i, &h)) {
            labelled(out, VALUES, "line", line);
            fprintf(out, "} %" PRIu64 "\n", h.counts->items.values);
        }
    head(out, CONNECTED, "gauge", "1 while an HJ 212 analyzer is connected.");
    for (size_t i = 0; i < lines_count(g->lines); i++)
        if (lines_status(g->lines, i, &line, &s), lines_hj212_status(g->lines, i, &h)) {
            labelled(out, CONNECTED, "line", line);
            fprintf(out, "} %d\n", h.connected ? 1 : 0);
        }
}

static bool count_alarm(void *owner, const struct stored_alarm *alarm)
{
    uint64_t *counts = owner;
    enum alarm_kind kind;
    if (alarm_kind_parse(alarm->kind, &kind))
        counts[kind]++;
    return true;
}

static void alarms(struct gateway *g, FILE *out)
{
    uint64_t counts[ALARM_KINDS] = {0};
    if (!g->patrol.reader || !reader_alarms(g->patrol.reader, true, ALARMS_COUNTED, count_alarm, counts, NULL))
        return;
    head(out, "cemsd_alarms_active", "gauge", "Alarms that are not cleared, by kind and its severity.");
    for (int k = 0; k < ALARM_KINDS; k++)
        fprintf(out, "cemsd_alarms_active{kind=\"%s\",severity=\"%s\"} %" PRIu64 "\n",
                alarm_kind_name((enum alarm_kind)k), severity_name(alarm_kind_severity((enum alarm_kind)k)), counts[k]);
}

/* How far the gateway has verified its own chains, see journal/patrol.h. */
static void chains(struct gateway *g, FILE *out)
{
    head(out, "cemsd_journal_verified_seq", "gauge", "Last seq of a stream whose chain the gateway verified itself.");
    for (int i = 0; i < STREAMS; i++)
        fprintf(out, "cemsd_journal_verified_seq{stream=\"%s\"} %" PRIu64 "\n", stream_name((enum stream)i),
                g->patrol.beats[i].best);
    number(out, "cemsd_journal_broken", "gauge", "1 when a chain is not what was written.", g->patrol.fault[0] != '\0');
}

static void stations(struct gateway *g, FILE *out)
{
    static const char NAME[] = "cemsd_station_latency_seconds";
    struct station_status all[STATIONS_COUNTED];
    struct line_status s;
    const char *line;
    head(out, NAME, "gauge", "How long a station's answers are coming, smoothed.");
    for (size_t i = 0; i < lines_count(g->lines); i++) {
        size_t count = lines_status(g->lines, i, &line, &s) ? lines_stations(g->lines, i, all, STATIONS_COUNTED) : 0;
        for (size_t k = 0; k < count; k++) {
            labelled(out, NAME, "line", line);
            fprintf(out, ",station=\"%d\"} %.6g\n", all[k].station, (double)all[k].latency_ns / 1e9);
        }
    }
}

static void console(struct gateway *g, FILE *out)
{
    struct console_status s;
    if (!g->console)
        return;
    console_status_get(g->console, &s);
    number(out, "cemsd_console_requests_total", "counter", "HTTP requests.", (double)s.requests);
    number(out, "cemsd_console_refused_total", "counter", "HTTP requests that came too often.", (double)s.refused);
    number(out, "cemsd_console_unauthorized_total", "counter", "HTTP requests without a secret that is known.",
           (double)s.unauthorized);
    number(out, "cemsd_console_bodies_refused_total", "counter", "HTTP requests with a body nobody takes.",
           (double)s.bodies_refused);
    number(out, "cemsd_console_viewers", "gauge", "Who looks at the event stream.", (double)s.viewers);
    number(out, "cemsd_console_viewers_refused_total", "counter", "Viewers beyond those there is room for.",
           (double)s.viewers_refused);
    number(out, "cemsd_console_viewers_behind_total", "counter", "Viewers sent away because they did not read.",
           (double)s.viewers_behind);
}

char *gateway_metrics(void *owner)
{
    struct gateway *g = owner;
    struct compute_counts c = compute_counts(g->compute);
    struct feed_status f = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    if (g->feed)
        feed_status_get(g->feed, &f);
    head(out, "cemsd_info", "gauge", "Version of the daemon.");
    fprintf(out, "cemsd_info{version=\"%s\"} 1\n", CEMSD_VERSION);
    number(out, "cemsd_uptime_seconds", "gauge", "Since start.", (double)(clock_monotonic_ns() - g->started_ns) / 1e9);
    number(out, "cemsd_samples_total", "counter", "Samples computed.", (double)c.samples);
    number(out, "cemsd_samples_late_total", "counter", "Samples for a period that had closed; kept raw.",
           (double)c.late);
    number(out, "cemsd_samples_out_of_range_total", "counter", "Samples above the measuring range.",
           (double)c.out_of_range);
    number(out, "cemsd_samples_impossible_total", "counter", "Samples no gas can have.", (double)c.impossible);
    number(out, "cemsd_loop_lag_seconds", "gauge", "The latest the loop came to its tick since this was last asked.",
           (double)g->longest_lag_ns / 1e9);
    g->longest_lag_ns = 0;
    lines(g, out);
    stations(g, out);
    hj212_lines(g, out);
    outlets(g, out);
    journal(g, out);
    chains(g, out);
    alarms(g, out);
    head(out, "cemsd_feed_published_total", "counter", "Messages published.");
    for (int s = 0; s < 2; s++)
        fprintf(out, "cemsd_feed_published_total{stream=\"%s\"} %" PRIu64 "\n", stream_name((enum stream)s),
                f.published[s]);
    head(out, "cemsd_feed_subscriptions", "gauge", "Subscribed topic prefixes.");
    for (int s = 0; s < 2; s++)
        fprintf(out, "cemsd_feed_subscriptions{stream=\"%s\"} %" PRIu64 "\n", stream_name((enum stream)s),
                f.subscriptions[s]);
    number(out, "cemsd_replay_requests_total", "counter", "Requests on replay and control.", (double)f.requests);
    number(out, "cemsd_replay_refused_total", "counter", "Requests refused.", (double)f.refused);
    uplinks_metrics(g->uplinks, out);
    console(g, out);
    return fclose(out) == 0 ? text : NULL;
}
