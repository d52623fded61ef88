/* Where HJ 212 meets the other rooms: what analyzers report is kept, what platforms ask is handed to a line, what they
 * are told is durable first. */
#include "gateway_parts.h"
#include "model/clock.h"
#include "model/instant.h"
#include "publish/value.h"

#include <stdlib.h>
#include <string.h>

void gateway_information(void *owner, const struct information *i)
{
    struct gateway *g = owner;
    char time[INSTANT_TEXT], cn[16];
    int64_t now_ms = clock_wall_ms();
    snprintf(cn, sizeof cn, "%d", i->cn);
    json_t *o = json_object();
    json_object_set_new(o, "time", json_string(instant_format(now_ms, time)));
    json_object_set_new(o, "kind", json_string("information"));
    json_object_set_new(o, "line", json_string(i->line));
    json_object_set_new(o, "mn", value_text(i->mn.at, i->mn.len));
    json_object_set_new(o, "cn", json_string(cn));
    json_object_set_new(o, "area", value_text(i->area.at, i->area.len));
    char *body = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    if (!body || !journal_append(g->journal, STREAM_EVENT, now_ms, "information", body, strlen(body)))
        g->lost++;
    free(body);
    if (g->uplinks)
        uplinks_information(g->uplinks, i->area);
}

void gateway_instructed(void *owner, uint64_t ticket, int exe_rtn)
{
    struct gateway *g = owner;
    if (g->uplinks)
        uplinks_instructed(g->uplinks, ticket, exe_rtn);
}

static bool latest(void *owner, uint32_t channel, struct reading *out, int64_t *time_ms)
{
    return compute_latest(((struct gateway *)owner)->compute, channel, out, time_ms);
}

static uint64_t settle(void *owner)
{
    struct gateway *g = owner;
    struct journal_status s;
    gateway_append_block(g);
    journal_flush(g->journal);
    journal_status_get(g->journal, &s);
    return s.appended[STREAM_SAMPLE];
}

static bool instruct(void *owner, const struct channel *channel, const struct action *action, const char *area,
                     uint64_t ticket)
{
    return lines_instruct(((struct gateway *)owner)->lines, channel, action, area, ticket);
}

bool gateway_open_uplinks(struct gateway *g, struct error *err)
{
    struct uplinks_doors doors = {g, latest, settle, instruct};
    g->uplinks = uplinks_open(g->plant, g->journal, &g->loop, &doors, err);
    return g->uplinks != NULL;
}
