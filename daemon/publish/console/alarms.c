/* GET /api/v1/alarms, and /api/v1/alarm: the life of one, with what it rests on. */
#include "publish/console/query.h"

#include "model/instant.h"
#include "publish/value.h"

#include <stdio.h>
#include <string.h>

enum { ALARMS_DEFAULT = 100, ALARMS_MAX = 1000, SKIP_MAX = 1000000, STEPS_MAX = 200 };

struct alarms {
    struct reader *reader;
    json_t *all;
    size_t limit;
    bool more;
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

static json_t *alarm_json(struct reader *reader, const struct stored_alarm *a)
{
    json_t *o =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o}", "id", a->id, "state", a->state, "kind", a->kind,
                  "outlet", a->outlet[0] ? a->outlet : "-", "subject", a->subject, "seq", (json_int_t)a->seq, "raised",
                  value_instant(a->raised_ms), "time", value_instant(a->time_ms), "value", value_figure(a->value));
    struct error err;
    reader_messages(reader, STREAM_ALARM, a->seq - 1, a->seq, 1, "", add_words, o, NULL, &err);
    return o;
}

static bool add_alarm(void *owner, const struct stored_alarm *a)
{
    struct alarms *alarms = owner;
    if (json_array_size(alarms->all) == alarms->limit) {
        alarms->more = true;
        return false;
    }
    json_array_append_new(alarms->all, alarm_json(alarms->reader, a));
    return true;
}

struct answer api_get_alarms(struct api *api, struct MHD_Connection *connection)
{
    static const char *const KEPT[] = {"active", "limit", NULL};
    struct error err;
    size_t limit, skip;
    char more[48];
    const char *active = query_argument(connection, "active");
    if (active[0] && strcmp(active, "true") != 0 && strcmp(active, "false") != 0)
        return answer_refusal(MHD_HTTP_BAD_REQUEST, "active is true or false");
    if (!query_number(connection, "limit", 1, ALARMS_MAX, ALARMS_DEFAULT, &limit))
        return answer_refusal(MHD_HTTP_BAD_REQUEST, "limit is 1 to 1000");
    if (!query_number(connection, "skip", 0, SKIP_MAX, 0, &skip))
        return answer_refusal(MHD_HTTP_BAD_REQUEST, "skip is 0 to 1000000");
    struct alarms alarms = {.reader = api->reader, .all = json_array(), .limit = limit};
    if (!reader_alarms_newest(api->reader, strcmp(active, "false") != 0, skip, limit + 1, add_alarm, &alarms, &err)) {
        json_decref(alarms.all);
        return answer_refusal(MHD_HTTP_SERVICE_UNAVAILABLE, err.text);
    }
    struct answer a = answer_json(MHD_HTTP_OK, alarms.all);
    snprintf(more, sizeof more, "skip=%zu", skip + limit);
    a.next = alarms.more ? query_next(connection, "/api/v1/alarms", KEPT, more) : NULL;
    return a;
}

/* ---- one of them ---- */

struct life {
    json_t *steps;
    const char *id;
    bool begins; /* its first step is among them */
};

/* The exact bytes, with what proves them. */
static bool add_step(void *owner, const struct journal_entry *entry)
{
    struct life *life = owner;
    char hash[CHAIN_HEX], signature[2 * SIGNATURE_BYTES + 1];
    json_t *body = json_loadb(entry->body, entry->length, 0, NULL);
    const char *id = json_string_value(json_object_get(body, "id")),
               *state = json_string_value(json_object_get(body, "state"));
    if (id && state && strcmp(id, life->id) == 0) {
        life->begins |= strcmp(state, "raised") == 0;
        hex_encode(entry->hash, CHAIN_BYTES, hash);
        hex_encode(entry->signature, entry->signature_length, signature);
        json_array_append_new(life->steps, json_pack("{s:I, s:s, s:s, s:s, s:s%}", "seq", (json_int_t)entry->seq,
                                                     "topic", entry->topic ? entry->topic : "", "hash", hash,
                                                     "signature", signature, "message", entry->body, entry->length));
    }
    json_decref(body);
    return true;
}

static bool take_alarm(void *owner, const struct stored_alarm *a)
{
    json_t **found = ((void **)owner)[0];
    *found = alarm_json(((void **)owner)[1], a);
    return false;
}

struct answer api_get_alarm(struct api *api, struct MHD_Connection *connection)
{
    struct error err;
    json_t *alarm = NULL;
    void *owner[] = {&alarm, api->reader};
    struct life life = {.id = query_argument(connection, "id"), .steps = json_array()};
    bool read = reader_alarm(api->reader, life.id, take_alarm, owner, &err) &&
                (!alarm || reader_alarm_steps(api->reader, life.id, STEPS_MAX, add_step, &life, &err));
    if (!read || !alarm) {
        json_decref(alarm);
        json_decref(life.steps);
        return read ? answer_refusal(MHD_HTTP_NOT_FOUND, "there is no such alarm")
                    : answer_refusal(MHD_HTTP_SERVICE_UNAVAILABLE, err.text);
    }
    json_object_set_new(alarm, "complete", json_boolean(life.begins));
    json_object_set_new(alarm, "steps", life.steps);
    return answer_json(MHD_HTTP_OK, alarm);
}
