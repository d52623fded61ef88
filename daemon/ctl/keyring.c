#include "ctl/keyring.h"

#include "model/instant.h"

#include <stdio.h>
#include <string.h>

bool keyring_open(struct ctl *ctl, struct keyring *ring)
{
    struct error err;
    *ring = (struct keyring){.count = 0};
    for (size_t i = 0; i < ctl->key_count; i++) {
        if (!(ring->keys[ring->count] = verifier_load(ctl->keys[i], &err))) {
            keyring_close(ring);
            return ctl_fail(CTL_FAILED, "%s", err.text), false;
        }
        ring->count++;
    }
    if (ctl->key_count > 0 || !ctl->config || !ctl_plant(ctl) || !ctl->plant->feeds.signing_key[0])
        return true;
    if (!(ring->keys[0] = verifier_load(ctl->plant->feeds.signing_key, &err)))
        return ctl_fail(CTL_FAILED, "%s", err.text), false;
    ring->count = 1;
    if (ctl->plant->feeds.previous_key[0] && (ring->keys[1] = verifier_load(ctl->plant->feeds.previous_key, &err)))
        ring->count = 2;
    return true;
}

void keyring_close(struct keyring *ring)
{
    for (size_t i = 0; i < ring->count; i++)
        verifier_free(ring->keys[i]);
    ring->count = 0;
}

static bool holds(const struct keyring *ring, const char *id)
{
    for (size_t i = 0; i < ring->count; i++)
        if (strcmp(verifier_id(ring->keys[i]), id) == 0)
            return true;
    return false;
}

static bool is_revoked(const struct keyring *ring, const char *id, int64_t time_ms)
{
    for (size_t i = 0; i < ring->revoked_count; i++)
        if (strcmp(ring->revoked[i].id, id) == 0 && time_ms >= ring->revoked[i].from_ms)
            return true;
    return false;
}

const struct verifier *keyring_check(struct keyring *ring, const void *body, size_t length, const uint8_t *signature,
                                     size_t signature_length, int64_t time_ms, bool *revoked)
{
    *revoked = false;
    for (size_t n = ring->count; n > 0; n--) { /* the newest first: most are its */
        struct verifier *key = ring->keys[n - 1];
        if (!verifier_check(key, body, length, signature, signature_length))
            continue;
        *revoked = is_revoked(ring, verifier_id(key), time_ms);
        return *revoked ? NULL : key;
    }
    return NULL;
}

bool signature_read(const char *hex, uint8_t signature[SIGNATURE_BYTES], size_t *length)
{
    *length = hex ? strlen(hex) / 2 : 0;
    if (*length > 0 && *length <= SIGNATURE_BYTES && hex_decode(hex, signature, *length))
        return true;
    *length = 0;
    return false;
}

static void endorsed(struct keyring *ring, const json_t *o, int64_t time_ms)
{
    const char *id = json_string_value(json_object_get(o, "key")),
               *public = json_string_value(json_object_get(o, "public"));
    uint8_t signature[SIGNATURE_BYTES];
    size_t length;
    bool revoked;
    if (!id || !public || holds(ring, id) || ring->count == KEYRING_MOST ||
        !signature_read(json_string_value(json_object_get(o, "endorsement")), signature, &length) ||
        !keyring_check(ring, public, strlen(public), signature, length, time_ms, &revoked))
        return;
    struct verifier *key = verifier_read(public);
    if (key && strcmp(verifier_id(key), id) == 0)
        ring->keys[ring->count++] = key;
    else
        verifier_free(key);
}

bool keyring_hear(struct keyring *ring, const char *body, size_t length, int64_t time_ms)
{
    json_t *o = json_loadb(body, length, 0, NULL);
    const char *kind = json_string_value(json_object_get(o, "kind")),
               *id = json_string_value(json_object_get(o, "key"));
    bool new = kind &&strcmp(kind, "key") == 0, gone = kind &&strcmp(kind, "key-revoked") == 0;
    if (new)
        endorsed(ring, o, time_ms);
    if (gone && id && ring->revoked_count < KEYRING_MOST) {
        snprintf(ring->revoked[ring->revoked_count].id, KEY_ID, "%s", id);
        ring->revoked[ring->revoked_count++].from_ms = time_ms;
    }
    json_decref(o);
    return new || gone;
}

static bool hear_entry(void *owner, const struct journal_entry *entry, const char *kind)
{
    if (strncmp(kind, "key", 3) == 0)
        keyring_hear(owner, entry->body, entry->length, entry->time_ms);
    return true;
}

bool keyring_hear_all(struct keyring *ring, struct reader *reader, struct error *err)
{
    return reader_entries(reader, STREAM_EVENT, 0, SIZE_MAX, hear_entry, ring, err);
}
