/* Where the console meets the other rooms: what it may ask, and what it tells each second of every channel. */
#include "gateway_parts.h"
#include "model/clock.h"
#include "model/log.h"
#include "publish/value.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#define CONSOLE_AGAIN_NS INT64_C(30000000000)

static json_t *live_json(struct gateway *g, const struct outlet *outlet, const struct channel *channel, int64_t now_ms)
{
    struct reading reading;
    struct progress p = {.mean = NAN, .limit_max = NAN, .projected = NAN, .stay_under = NAN};
    int64_t time_ms;
    bool known = compute_latest(g->compute, channel->index, &reading, &time_ms), good = known && reading.mark == MARK_N;
    compute_progress(g->compute, channel->index, now_ms, &p);
    return json_pack("[s, s, o, o, s, o, o, o, o]", outlet->id, channel->factor->code,
                     value_figure(good ? reading.value : NAN), value_figure(good ? reading.converted : NAN),
                     known ? mark_code(reading.mark) : "B", value_figure(p.mean), value_figure(p.limit_max),
                     value_figure(p.projected), value_figure(p.stay_under));
}

static char *tell_live(void *owner, size_t from)
{
    struct gateway *g = owner;
    json_t *all = json_array();
    size_t n = 0;
    int64_t now_ms = clock_wall_ms();
    for (size_t i = 0; i < g->plant->outlet_count; i++)
        for (size_t c = 0; c < g->plant->outlets[i].channel_count; c++, n++)
            if (n >= from && n < from + LIVE_CHANNELS)
                json_array_append_new(all,
                                      live_json(g, &g->plant->outlets[i], &g->plant->outlets[i].channels[c], now_ms));
    if (from > 0 && json_array_size(all) == 0) {
        json_decref(all);
        return NULL;
    }
    json_t *o = json_pack("{s:o, s:o}", "time", value_instant(now_ms), "channels", all);
    char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(8));
    json_decref(o);
    return text;
}

static char *tell_site(void *owner)
{
    struct gateway *g = owner;
    json_t *o = json_pack("{s:s, s:s, s:s, s:o}", "name", g->plant->site.name, "code", g->plant->site.code, "mn",
                          g->plant->site.mn, "time", value_instant(clock_wall_ms()));
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    return text;
}

static const char *trouble(void *owner)
{
    struct gateway *g = owner;
    static struct journal_status status;
    journal_status_get(g->journal, &status);
    return status.error[0] ? status.error : NULL;
}

static uint64_t durable(void *owner, enum stream stream)
{
    struct journal_status s;
    journal_status_get(((struct gateway *)owner)->journal, &s);
    return s.durable[stream];
}

static bool open_console(struct gateway *g, struct error *err)
{
    const struct console_place *place = &g->plant->console;
    struct console_settings settings = {.bind = place->bind,
                                        .access_file = place->access_file,
                                        .certificate = place->certificate,
                                        .key = place->key,
                                        .journal_path = g->plant->journal.path,
                                        .loop = &g->loop,
                                        .status = gateway_status,
                                        .site = tell_site,
                                        .outlets = gateway_outlets,
                                        .live = tell_live,
                                        .metrics = gateway_metrics,
                                        .trouble = trouble,
                                        .durable = durable,
                                        .owner = g};
    return (g->console = console_open(&settings, err)) != NULL;
}

/* Measuring does not wait for a page: a port somebody has, or a certificate that can't be read, is an alarm, and the
 * console is tried again. */
void gateway_keep_console(struct gateway *g, int64_t now_ns)
{
    struct error err;
    if (g->console || (g->console_tried_ns != 0 && now_ns - g->console_tried_ns < CONSOLE_AGAIN_NS))
        return;
    g->console_tried_ns = now_ns;
    if (g->plant->console.bind[0] == '\0' || open_console(g, &err)) {
        own_alarm(g, ALARM_CONFIG, "console", ALARM_UNDER, "");
        return;
    }
    log_line(LOG_ERROR, "console", "event=not-open error=\"%s\"", err.text);
    own_alarm(g, ALARM_CONFIG, "console", ALARM_OVER, err.text);
}

bool gateway_reload_console(struct gateway *g, struct error *err)
{
    g->console_tried_ns = 0;
    return !g->console || console_reload(g->console, err);
}
