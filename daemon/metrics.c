/* What Prometheus reads at /metrics. Names end in their unit; counters end in _total. */
#include "gateway_parts.h"
#include "model/clock.h"

#include <inttypes.h>
#include <stdio.h>

static void head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(FILE *out, const char *name, const char *type, const char *help, double value)
{
    head(out, name, type, help);
    fprintf(out, "%s %.17g\n", name, value);
}

static void lines(struct gateway *g, FILE *out)
{
    struct line_status s;
    const char *name;
    head(out, "cemsd_line_requests_total", "counter", "Modbus requests by line and result.");
    for (size_t i = 0; i < lines_count(g->lines); i++)
        for (int r = 0; lines_status(g->lines, i, &name, &s) && r < MB_RESULTS; r++)
            fprintf(out, "cemsd_line_requests_total{line=\"%s\",result=\"%s\"} %" PRIu64 "\n", name,
                    mb_result_name((enum mb_result)r), s.counts.results[r]);
    head(out, "cemsd_line_connected", "gauge", "1 while the line has a connection.");
    for (size_t i = 0; i < lines_count(g->lines); i++)
        if (lines_status(g->lines, i, &name, &s))
            fprintf(out, "cemsd_line_connected{line=\"%s\"} %d\n", name, s.state == LINE_CONNECTED);
    head(out, "cemsd_line_stations_silent", "gauge", "Stations on back-off.");
    for (size_t i = 0; i < lines_count(g->lines); i++)
        if (lines_status(g->lines, i, &name, &s))
            fprintf(out, "cemsd_line_stations_silent{line=\"%s\"} %zu\n", name, s.stations_silent);
    head(out, "cemsd_line_overruns_total", "counter",
         "Deadlines skipped because the line is too slow for what it is asked.");
    for (size_t i = 0; i < lines_count(g->lines); i++)
        if (lines_status(g->lines, i, &name, &s))
            fprintf(out, "cemsd_line_overruns_total{line=\"%s\"} %" PRIu64 "\n", name, s.overruns);
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
    lines(g, out);
    journal(g, out);
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
    return fclose(out) == 0 ? text : NULL;
}
