/* Lines in the answer to {"op":"status"}: each with its counts, Modbus lines with their stations. */
#include "gateway_parts.h"
#include "publish/value.h"

#include <jansson.h>

/* Only what has happened is named: most oddities never do. */
static json_t *named_counts(const uint64_t *counts, int n, const char *(*name)(int))
{
    json_t *o = json_object();
    for (int i = 0; i < n; i++)
        if (counts[i] > 0)
            json_object_set_new(o, name(i), json_integer((json_int_t)counts[i]));
    return o;
}

static const char *verdict_name(int i)
{
    return hj212_verdict_name((enum hj212_verdict)i);
}

static const char *quirk_name(int i)
{
    return hj212_quirk_name((enum hj212_quirk)i);
}

static const char *crc_name(int i)
{
    return hj212_crc_kind_name((enum hj212_crc_kind)i);
}

static void add_hj212_line(json_t *o, const struct hj212_line_status *h)
{
    const struct hj212_counts *c = h->counts;
    const struct {
        const char *name;
        uint64_t count;
    } COUNTS[] = {
        {"connections", h->connections},
        {"connects", c->connects},
        {"taken_over", c->taken_over},
        {"turned_away", c->turned_away},
        {"idle_closed", c->idle_closed},
        {"refused_mn", c->refused_mn},
        {"refused_pw", c->refused_pw},
        {"refused_odd", c->refused_strict},
        {"resent", c->resent},
        {"unknown_cn", c->unknown_cn},
        {"incomplete", c->incomplete},
        {"asked", c->asked},
        {"unanswered", c->unanswered},
        {"garbage_bytes", c->garbage_bytes},
        {"values", c->items.values},
        {"repeated", c->items.repeated},
        {"unknown_items", c->items.unknown_items},
        {"unknown_marks", c->items.unknown_marks},
        {"bad_values", c->items.bad_values},
        {"bad_times", c->items.bad_times},
    };
    json_object_set_new(o, "state", json_string(h->connected ? "connected" : "waiting"));
    for (size_t i = 0; i < sizeof COUNTS / sizeof COUNTS[0]; i++)
        json_object_set_new(o, COUNTS[i].name, json_integer((json_int_t)COUNTS[i].count));
    json_object_set_new(o, "frames", named_counts(c->frames, HJ212_NEED_MORE, verdict_name));
    json_object_set_new(o, "quirks", named_counts(c->quirks, HJ212_QUIRKS, quirk_name));
    json_object_set_new(o, "crc_would_match", named_counts(c->crc_as, HJ212_CRC_KINDS + 1, crc_name));
    json_object_set_new(o, "last_answer", value_instant(c->last_frame_ms));
    json_object_set_new(o, "last_error", json_null());
}

/* At most so many of a line are told one by one. */
enum { STATIONS_TOLD = 32 };

static json_t *stations_json(struct gateway *g, size_t line)
{
    struct station_status all[STATIONS_TOLD];
    size_t count = lines_stations(g->lines, line, all, STATIONS_TOLD);
    json_t *told = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct station_status *s = &all[i];
        json_array_append_new(told, json_pack("{s:i, s:o, s:I, s:I, s:o, s:o, s:o}", "station", s->station,
                                              "last_answer", value_instant(s->last_answer_ms), "answers",
                                              (json_int_t)s->answers, "failures", (json_int_t)s->failures, "latency_ms",
                                              s->latency_ns > 0 ? json_real((double)s->latency_ns / 1e6) : json_null(),
                                              "rests_s", json_real((double)s->rests_ns / 1e9), "last_error",
                                              s->last_error[0] ? json_string(s->last_error) : json_null()));
    }
    return told;
}

json_t *gateway_lines_json(struct gateway *g)
{
    json_t *all = json_array();
    for (size_t i = 0; i < lines_count(g->lines); i++) {
        struct line_status s;
        struct hj212_line_status h;
        const char *name;
        json_t *o = json_object();
        bool runs = lines_status(g->lines, i, &name, &s);
        json_object_set_new(o, "name", json_string(name));
        if (lines_hj212_status(g->lines, i, &h)) {
            json_object_set_new(o, "name", json_string(name));
            add_hj212_line(o, &h);
            json_array_append_new(all, o);
            continue;
        }
        json_object_set_new(o, "state", json_string(runs ? line_state_name(s.state) : "starting"));
        if (runs) {
            json_t *results = json_object();
            for (int r = 0; r < MB_RESULTS; r++)
                json_object_set_new(results, mb_result_name((enum mb_result)r),
                                    json_integer((json_int_t)s.counts.results[r]));
            json_object_set_new(o, "blocks", json_integer((json_int_t)s.blocks));
            json_object_set_new(o, "requests", json_integer((json_int_t)s.counts.requests));
            json_object_set_new(o, "results", results);
            json_object_set_new(o, "connects", json_integer((json_int_t)s.counts.connects));
            json_object_set_new(o, "flushed_bytes", json_integer((json_int_t)s.counts.flushed_bytes));
            json_object_set_new(o, "values_refused", json_integer((json_int_t)s.values_refused));
            json_object_set_new(o, "stations_silent", json_integer((json_int_t)s.stations_silent));
            json_object_set_new(o, "overruns", json_integer((json_int_t)s.overruns));
            json_object_set_new(o, "mailbox_waits", json_integer((json_int_t)s.mailbox_waits));
            json_object_set_new(o, "stations", stations_json(g, i));
            json_object_set_new(o, "last_answer", value_instant(s.last_answer_ms));
            json_object_set_new(o, "last_error", s.last_error[0] ? json_string(s.last_error) : json_null());
        }
        json_array_append_new(all, o);
    }
    return all;
}
