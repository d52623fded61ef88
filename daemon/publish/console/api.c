#include "publish/console/api.h"

#include "model/clock.h"
#include "model/instant.h"
#include "publish/value.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_DEFAULT = 1000, ALARMS_DEFAULT = 100, ALARMS_MAX = 1000 };

static const char *argument(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
    return value ? value : "";
}

static bool get_limit(struct MHD_Connection *connection, long otherwise, long most, size_t *limit)
{
    const char *text = argument(connection, "limit");
    char *end;
    errno = 0;
    long value = text[0] ? strtol(text, &end, 10) : otherwise;
    *limit = (size_t)value;
    return !text[0] || (*end == '\0' && errno == 0 && value >= 1 && value <= most);
}

/* ---- routes ---- */

static struct answer get_health(struct api *api, struct MHD_Connection *connection)
{
    const char *trouble = api->settings->trouble(api->settings->owner);
    char *text = NULL;
    (void)connection;
    if (asprintf(&text, "%s\n", trouble ? trouble : "ok") < 0)
        text = NULL;
    return answer_text(trouble ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK, TEXT_TYPE, text);
}

static struct answer get_metrics(struct api *api, struct MHD_Connection *connection)
{
    (void)connection;
    return answer_text(MHD_HTTP_OK, METRICS_TYPE, api->settings->metrics(api->settings->owner));
}

static struct answer get_status(struct api *api, struct MHD_Connection *connection)
{
    (void)connection;
    return answer_text(MHD_HTTP_OK, JSON_TYPE, api->settings->status(api->settings->owner));
}

static struct answer get_site(struct api *api, struct MHD_Connection *connection)
{
    (void)connection;
    return answer_text(MHD_HTTP_OK, JSON_TYPE, api->settings->site(api->settings->owner));
}

static struct answer get_outlets(struct api *api, struct MHD_Connection *connection)
{
    (void)connection;
    return answer_text(MHD_HTTP_OK, JSON_TYPE, api->settings->outlets(api->settings->owner));
}

/* ---- alarms ---- */

struct alarms {
    struct reader *reader;
    json_t *all;
};

/* The words of its last step, as published. */
static bool add_words(void *owner, const struct journal_entry *entry)
{
    static const char *const WORDS[] = {"severity", "factor", "name",     "period", "from",   "to",
                                        "limit",    "unit",   "multiple", "text",   "text_en"};
    json_t *alarm = owner, *body = json_loadb(entry->body, entry->length, 0, NULL);
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        json_t *word = json_object_get(body, WORDS[i]);
        json_object_set_new(alarm, WORDS[i], word ? json_incref(word) : json_null());
    }
    json_decref(body);
    return true;
}

static bool add_alarm(void *owner, const struct stored_alarm *a)
{
    struct alarms *alarms = owner;
    json_t *o =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o}", "id", a->id, "state", a->state, "kind", a->kind,
                  "outlet", a->outlet[0] ? a->outlet : "-", "subject", a->subject, "seq", (json_int_t)a->seq, "raised",
                  value_instant(a->raised_ms), "time", value_instant(a->time_ms), "value", value_figure(a->value));
    struct error err;
    reader_messages(alarms->reader, STREAM_ALARM, a->seq - 1, a->seq, 1, "", add_words, o, NULL, &err);
    json_array_append_new(alarms->all, o);
    return true;
}

static struct answer get_alarms(struct api *api, struct MHD_Connection *connection)
{
    struct error err;
    size_t limit;
    const char *active = argument(connection, "active");
    if (active[0] && strcmp(active, "true") != 0 && strcmp(active, "false") != 0)
        return answer_refusal(MHD_HTTP_BAD_REQUEST, "active is true or false");
    if (!get_limit(connection, ALARMS_DEFAULT, ALARMS_MAX, &limit))
        return answer_refusal(MHD_HTTP_BAD_REQUEST, "limit is 1 to 1000");
    struct alarms alarms = {api->reader, json_array()};
    if (reader_alarms(api->reader, strcmp(active, "false") != 0, limit, add_alarm, &alarms, &err))
        return answer_json(MHD_HTTP_OK, alarms.all);
    json_decref(alarms.all);
    return answer_refusal(MHD_HTTP_SERVICE_UNAVAILABLE, err.text);
}

/* ---- records ---- */

struct records {
    json_t *all; /* or, as text: */
    FILE *csv;
    size_t count, limit;
};

static json_t *record_json(const struct stored_record *r)
{
    return json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:i, s:i, s:o, s:o, s:i, s:I}", "outlet",
        r->outlet, "factor", r->factor, "period", r->period, "from", value_instant(r->from_ms), "to",
        value_instant(r->to_ms), "value", value_figure(r->value), "converted", value_figure(r->converted), "min",
        value_figure(r->min), "max", value_figure(r->max), "amount", value_figure(r->amount), "flow",
        value_figure(r->flow), "limit", value_figure(r->limit_max), "mark", r->mark, "valid", (int)r->valid, "expected",
        (int)r->expected, "exceeds", r->exceeds < 0 ? json_null() : json_boolean(r->exceeds), "reason",
        r->reason[0] ? json_string(r->reason) : json_null(), "revision", (int)r->revision, "seq", (json_int_t)r->seq);
}

static void print_figure(FILE *out, double figure)
{
    if (isfinite(figure))
        fprintf(out, "%.10g", figure);
    fputc(',', out);
}

static void print_record(FILE *out, const struct stored_record *r)
{
    char from[INSTANT_TEXT], to[INSTANT_TEXT];
    fprintf(out, "%s,%s,%s,%s,%s,", r->outlet, r->factor, r->period, instant_format(r->from_ms, from),
            instant_format(r->to_ms, to));
    const double figures[] = {r->value, r->converted, r->min, r->max, r->amount, r->flow, r->limit_max};
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
        print_figure(out, figures[i]);
    fprintf(out, "%s,%u,%u,%s,%s,%u,%" PRIu64 "\n", r->mark, r->valid, r->expected,
            r->exceeds < 0 ? ""
            : r->exceeds   ? "true"
                           : "false",
            r->reason, r->revision, r->seq);
}

static bool add_record(void *owner, const struct stored_record *r)
{
    struct records *records = owner;
    if (records->csv)
        print_record(records->csv, r);
    else
        json_array_append_new(records->all, record_json(r));
    return ++records->count < records->limit;
}

static struct answer give_records(struct api *api, struct MHD_Connection *connection, int64_t from_ms, int64_t to_ms,
                                  size_t limit, bool csv)
{
    struct records records = {.limit = limit};
    struct error err = {""};
    char *text = NULL;
    size_t length = 0;
    if (csv && (records.csv = open_memstream(&text, &length)))
        fputs("outlet,factor,period,from,to,value,converted,min,max,amount,flow,limit,mark,valid,expected,exceeds,"
              "reason,revision,seq\n",
              records.csv);
    else if (csv)
        return (struct answer){0};
    else
        records.all = json_array();
    bool read = reader_records(api->reader, argument(connection, "outlet"), argument(connection, "factor"),
                               argument(connection, "period"), from_ms, to_ms, add_record, &records, &err);
    if (records.csv)
        fclose(records.csv);
    if (!read) {
        free(text);
        json_decref(records.all);
        return answer_refusal(MHD_HTTP_SERVICE_UNAVAILABLE, err.text);
    }
    struct answer a = csv ? answer_text(MHD_HTTP_OK, CSV_TYPE, text) : answer_json(MHD_HTTP_OK, records.all);
    a.name = csv ? "records.csv" : NULL;
    return a;
}

static struct answer get_records(struct api *api, struct MHD_Connection *connection)
{
    int64_t from_ms = INT64_MIN, to_ms = INT64_MAX;
    enum period period;
    size_t limit;
    const char *from = argument(connection, "from"), *to = argument(connection, "to"),
               *name = argument(connection, "period"), *format = argument(connection, "format");
    if ((from[0] && !instant_parse(from, &from_ms)) || (to[0] && !instant_parse(to, &to_ms)))
        return answer_refusal(MHD_HTTP_BAD_REQUEST, "from and to are ISO 8601 instants or dates");
    if (name[0] && (!period_parse(name, &period) || period == PERIOD_REALTIME))
        return answer_refusal(MHD_HTTP_BAD_REQUEST, "period is minute, 5min, hour, 2hour, day, month, quarter or year");
    if (!get_limit(connection, ROWS_DEFAULT, CONSOLE_ROWS, &limit))
        return answer_refusal(MHD_HTTP_BAD_REQUEST, "limit is 1 to 10000");
    if (format[0] && strcmp(format, "csv") != 0 && strcmp(format, "json") != 0)
        return answer_refusal(MHD_HTTP_BAD_REQUEST, "format is json or csv");
    return give_records(api, connection, from_ms, to_ms, limit, strcmp(format, "csv") == 0);
}

/* ---- a trend ---- */

enum { TREND_MOST = 2000 }; /* points: a day of minutes, a month of hours */

struct trend {
    json_t *times, *values, *marks, *limits, *exceeds;
    size_t count;
};

static bool add_point(void *owner, const struct stored_record *r)
{
    struct trend *t = owner;
    json_array_append_new(t->times, json_integer((json_int_t)(r->from_ms / 1000)));
    json_array_append_new(t->values, value_figure(isfinite(r->converted) ? r->converted : r->value));
    json_array_append_new(t->marks, json_string(r->mark));
    json_array_append_new(t->limits, value_figure(r->limit_max));
    json_array_append_new(t->exceeds, r->exceeds < 0 ? json_null() : json_boolean(r->exceeds));
    return ++t->count < TREND_MOST;
}

static struct answer get_trend(struct api *api, struct MHD_Connection *connection)
{
    static const struct {
        const char *name, *period;
        int64_t reach_ms;
    } SPANS[] = {{"1h", "minute", HOUR_MS}, {"24h", "minute", DAY_MS}, {"30d", "hour", 30 * DAY_MS}};
    const char *outlet = argument(connection, "outlet"), *factor = argument(connection, "factor"),
               *name = argument(connection, "span");
    size_t span = 0;
    struct error err;
    while (span < sizeof SPANS / sizeof SPANS[0] && strcmp(SPANS[span].name, name) != 0)
        span++;
    if (span == sizeof SPANS / sizeof SPANS[0])
        return answer_refusal(MHD_HTTP_BAD_REQUEST, "span is 1h, 24h or 30d");
    if (!outlet[0] || !factor[0])
        return answer_refusal(MHD_HTTP_BAD_REQUEST, "outlet and factor are needed");
    struct trend t = {json_array(), json_array(), json_array(), json_array(), json_array(), 0};
    int64_t now_ms = clock_wall_ms(), from_ms = now_ms - SPANS[span].reach_ms;
    bool read =
        reader_records(api->reader, outlet, factor, SPANS[span].period, from_ms, INT64_MAX, add_point, &t, &err);
    json_t *o = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "outlet", outlet, "factor", factor,
                          "period", SPANS[span].period, "from", value_instant(from_ms), "to", value_instant(now_ms),
                          "time", t.times, "value", t.values, "mark", t.marks, "limit", t.limits, "exceeds", t.exceeds);
    if (read && o)
        return answer_json(MHD_HTTP_OK, o);
    json_decref(o);
    return answer_refusal(MHD_HTTP_SERVICE_UNAVAILABLE, read ? "outlet and factor are UTF-8" : err.text);
}

/* ---- finding them ---- */

enum { ARGUMENTS_MOST = 7 };

static const struct route {
    const char *path;
    struct answer (*get)(struct api *api, struct MHD_Connection *connection);
    bool open;
    const char *arguments[ARGUMENTS_MOST];
} ROUTES[] = {
    {"/healthz", get_health, true, {NULL}},
    {"/metrics", get_metrics, false, {NULL}},
    {"/api/v1/status", get_status, false, {NULL}},
    {"/api/v1/site", get_site, true, {NULL}},
    {"/api/v1/outlets", get_outlets, true, {NULL}},
    {"/api/v1/alarms", get_alarms, false, {"active", "limit", NULL}},
    {"/api/v1/trend", get_trend, true, {"outlet", "factor", "span", NULL}},
    {"/api/v1/records", get_records, true, {"outlet", "factor", "period", "from", "to", "limit", "format"}},
};

bool api_is_open(const char *path)
{
    for (size_t i = 0; i < sizeof ROUTES / sizeof ROUTES[0]; i++)
        if (strcmp(ROUTES[i].path, path) == 0)
            return ROUTES[i].open;
    return strcmp(path, "/api/v1/stream") == 0; /* without alarms */
}

static enum MHD_Result is_known(void *owner, enum MHD_ValueKind kind, const char *name, const char *value)
{
    const struct route **route = owner;
    (void)kind;
    for (size_t i = 0; *route && value && i < ARGUMENTS_MOST && (*route)->arguments[i]; i++)
        if (strcmp((*route)->arguments[i], name) == 0)
            return MHD_YES;
    *route = NULL;
    return MHD_NO;
}

bool api_answer(struct api *api, struct MHD_Connection *connection, const char *path, struct answer *answer)
{
    for (size_t i = 0; i < sizeof ROUTES / sizeof ROUTES[0]; i++) {
        const struct route *route = &ROUTES[i], *known = route;
        if (strcmp(route->path, path) != 0)
            continue;
        MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, is_known, &known);
        *answer =
            known ? route->get(api, connection)
                  : answer_refusal(MHD_HTTP_BAD_REQUEST, "an argument this route does not know, or without a value");
        return true;
    }
    return false;
}
