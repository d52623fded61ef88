/* GET /api/v1/records and /api/v1/trend: closed periods, as rows and as columns for a plot. */
#include "publish/console/query.h"

#include "model/clock.h"
#include "model/instant.h"
#include "publish/value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_DEFAULT = 1000, SKIP_MAX = 1000000 };

/* ---- rows ---- */

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

/* A page: rows skip .. skip + limit of those from the instant asked for. */
struct records {
    json_t *all; /* or, as text: */
    FILE *csv;
    size_t count, skip, limit;
    bool more;
    int64_t last_ms;  /* begin of the last row given, and how many rows of that begin there were up to it */
    size_t last_same; /* those skipped among them */
};

static bool add_record(void *owner, const struct stored_record *r)
{
    struct records *records = owner;
    if (records->count == records->limit) {
        records->more = true;
        return false;
    }
    records->last_same = r->from_ms == records->last_ms ? records->last_same + 1 : 1;
    records->last_ms = r->from_ms;
    if (records->skip > 0) {
        records->skip--;
        return true;
    }
    if (records->csv)
        print_record(records->csv, r);
    else
        json_array_append_new(records->all, record_json(r));
    records->count++;
    return true;
}

/* Where to go on: at the begin of the last row, past the rows of it that were given. */
static char *next_page(struct MHD_Connection *connection, const struct records *records)
{
    static const char *const KEPT[] = {"outlet", "factor", "period", "to", "limit", "format", NULL};
    char more[96], from[INSTANT_TEXT];
    if (!records->more)
        return NULL;
    /* + stands for a blank in a query */
    instant_format(records->last_ms, from);
    snprintf(more, sizeof more, "from=%.23s%%2B%s&skip=%zu", from, from + 24, records->last_same);
    return query_next(connection, "/api/v1/records", KEPT, more);
}

static struct answer give_records(struct api *api, struct MHD_Connection *connection, int64_t from_ms, int64_t to_ms,
                                  size_t skip, size_t limit, bool csv)
{
    struct records records = {.skip = skip, .limit = limit, .last_ms = INSTANT_NONE};
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
    bool read = reader_records(api->reader, query_argument(connection, "outlet"), query_argument(connection, "factor"),
                               query_argument(connection, "period"), from_ms, to_ms, add_record, &records, &err);
    if (records.csv)
        fclose(records.csv);
    if (!read) {
        free(text);
        json_decref(records.all);
        return answer_refusal(MHD_HTTP_SERVICE_UNAVAILABLE, err.text);
    }
    struct answer a = csv ? answer_text(MHD_HTTP_OK, CSV_TYPE, text) : answer_json(MHD_HTTP_OK, records.all);
    a.name = csv ? "records.csv" : NULL;
    a.next = next_page(connection, &records);
    return a;
}

struct answer api_get_records(struct api *api, struct MHD_Connection *connection)
{
    int64_t from_ms = INT64_MIN, to_ms = INT64_MAX;
    enum period period;
    size_t limit, skip;
    const char *from = query_argument(connection, "from"), *to = query_argument(connection, "to"),
               *name = query_argument(connection, "period"), *format = query_argument(connection, "format");
    if ((from[0] && !instant_parse(from, &from_ms)) || (to[0] && !instant_parse(to, &to_ms)))
        return answer_refusal(MHD_HTTP_BAD_REQUEST, "from and to are ISO 8601 instants or dates");
    if (name[0] && (!period_parse(name, &period) || period == PERIOD_REALTIME))
        return answer_refusal(MHD_HTTP_BAD_REQUEST, "period is minute, 5min, hour, 2hour, day, month, quarter or year");
    if (!query_number(connection, "skip", 0, SKIP_MAX, 0, &skip))
        return answer_refusal(MHD_HTTP_BAD_REQUEST, "skip is 0 to 1000000");
    if (!query_number(connection, "limit", 1, CONSOLE_ROWS, ROWS_DEFAULT, &limit))
        return answer_refusal(MHD_HTTP_BAD_REQUEST, "limit is 1 to 10000");
    if (format[0] && strcmp(format, "csv") != 0 && strcmp(format, "json") != 0)
        return answer_refusal(MHD_HTTP_BAD_REQUEST, "format is json or csv");
    return give_records(api, connection, from_ms, to_ms, skip, limit, strcmp(format, "csv") == 0);
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

struct answer api_get_trend(struct api *api, struct MHD_Connection *connection)
{
    static const struct {
        const char *name, *period;
        int64_t reach_ms;
    } SPANS[] = {{"1h", "minute", HOUR_MS}, {"24h", "minute", DAY_MS}, {"30d", "hour", 30 * DAY_MS}};
    const char *outlet = query_argument(connection, "outlet"), *factor = query_argument(connection, "factor"),
               *name = query_argument(connection, "span");
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
