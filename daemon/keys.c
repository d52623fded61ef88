/* Keys come and go, and the chain knows of it: an event `key` names a new one and holds its public half; the key before
 * it, when feeds.previous_key still has it, endorses it by signing that public half. Whoever trusted the old key then
 * trusts the new one without another errand. An event `key-revoked` says from when on a key counts no more.
 *
 *   {"kind":"key","key":NEW,"public":PEM,"before":OLD,"endorsement":hex of OLD's signature over the PEM, or null}
 *   {"kind":"key-revoked","key":ID} */
#include "gateway_parts.h"
#include "model/clock.h"
#include "model/instant.h"
#include "model/log.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void append(struct gateway *g, const char *kind, json_t *o)
{
    char time[INSTANT_TEXT];
    int64_t now_ms = clock_wall_ms();
    json_object_set_new(o, "time", json_string(instant_format(now_ms, time)));
    json_object_set_new(o, "kind", json_string(kind));
    char *body = json_dumps(o, JSON_COMPACT);
    if (!body || !journal_append(g->journal, STREAM_EVENT, now_ms, kind, body, strlen(body)))
        g->lost++;
    free(body);
    json_decref(o);
}

static bool take_key(void *owner, const char *body, size_t length)
{
    char *id = owner;
    json_t *o = json_loadb(body, length, 0, NULL);
    const char *key = json_string_value(json_object_get(o, "key"));
    snprintf(id, KEY_ID, "%s", key ? key : "");
    json_decref(o);
    return true;
}

/* The endorsement by the key before, or null; says why when there is none. */
static json_t *endorse(struct gateway *g, const char *before, const char *public)
{
    struct error err = {"feeds.previous_key is not set"};
    const char *path = g->plant->feeds.previous_key;
    struct signer *old = path[0] ? signer_load(path, &err) : NULL;
    uint8_t signature[SIGNATURE_BYTES];
    char hex[2 * SIGNATURE_BYTES + 1];
    size_t length = 0;
    if (old && strcmp(signer_id(old), before) != 0)
        error_set(&err, "feeds.previous_key is not the key before, %s", before);
    else if (old)
        signer_sign(old, public, strlen(public), signature, &length);
    signer_free(old);
    if (length == 0)
        log_line(LOG_WARN, "keys", "event=not-endorsed before=%s reason=\"%s\"", before, err.text);
    return length > 0 ? json_string(hex_encode(signature, length, hex)) : json_null();
}

static void note_new(struct gateway *g, const char *before)
{
    char public[KEY_PUBLIC], detail[160];
    const char *id = signer_id(g->loop_signer);
    if (!signer_public(g->loop_signer, public))
        return;
    json_t *endorsement = before[0] ? endorse(g, before, public) : json_null();
    bool endorsed = json_is_string(endorsement);
    append(g, "key",
           json_pack("{s:s, s:s, s:o, s:o}", "key", id, "public", public, "before",
                     before[0] ? json_string(before) : json_null(), "endorsement", endorsement));
    log_line(LOG_NOTICE, "keys", "event=key id=%s before=%s endorsed=%s", id, before[0] ? before : "-",
             endorsed ? "yes" : "no");
    if (!before[0])
        return;
    snprintf(detail, sizeof detail, "the signing key changed from %s to %s, %s", before, id,
             endorsed ? "endorsed by the old one" : "not endorsed");
    own_alarm(g, ALARM_CONFIG, "key", ALARM_OVER, detail); /* subscribers are told; it is a moment, not a state */
    own_alarm(g, ALARM_CONFIG, "key", ALARM_UNDER, "");
}

enum { MOST_REVOKED = 16 }; /* feeds.revoked_keys takes no more */

struct revoked {
    const struct feeds *feeds;
    bool told[MOST_REVOKED];
};

static bool mark_told(void *owner, const struct journal_entry *entry, const char *kind)
{
    struct revoked *r = owner;
    char id[KEY_ID];
    if (strcmp(kind, "key-revoked") != 0 || !take_key(id, entry->body, entry->length))
        return true;
    for (size_t i = 0; i < r->feeds->revoked_count; i++)
        r->told[i] |= strcmp(id, r->feeds->revoked[i].text) == 0;
    return true;
}

/* Says once of each that it counts no more. */
static void note_revoked(struct gateway *g, struct reader *reader)
{
    struct revoked r = {.feeds = &g->plant->feeds};
    struct error err;
    if (r.feeds->revoked_count == 0)
        return;
    if (!reader_entries(reader, STREAM_EVENT, 0, SIZE_MAX, mark_told, &r, &err)) {
        log_line(LOG_ERROR, "keys", "event=read-failed error=\"%s\"", err.text);
        return;
    }
    for (size_t i = 0; i < r.feeds->revoked_count; i++) {
        const char *id = r.feeds->revoked[i].text;
        if (r.told[i])
            continue;
        append(g, "key-revoked", json_pack("{s:s}", "key", id));
        log_line(LOG_NOTICE, "keys", "event=key-revoked id=%s", id);
    }
}

void gateway_note_keys(struct gateway *g)
{
    char before[KEY_ID] = "";
    struct error err;
    struct reader *reader = reader_open(g->plant->journal.path, &err);
    if (!reader)
        return;
    reader_last_event(reader, "key", take_key, before);
    if (g->loop_signer && strcmp(before, signer_id(g->loop_signer)) != 0)
        note_new(g, before);
    note_revoked(g, reader);
    reader_close(reader);
}
