#include "publish/uplink/settings.h"

#include "config/secret.h"
#include "journal/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct setting {
    const char *name;
    size_t at, size; /* size 0: an int */
} SETTINGS[] = {
#define TEXT(m)                                                                                                        \
    {                                                                                                                  \
#m, offsetof(struct uplink_settings, m), sizeof(((struct uplink_settings *)0)->m)                              \
    }
#define NUMBER(m)                                                                                                      \
    {                                                                                                                  \
#m, offsetof(struct uplink_settings, m), 0                                                                     \
    }
    TEXT(password),      TEXT(mn),         TEXT(key),          TEXT(old_key),
    NUMBER(over_time_s), NUMBER(re_count), NUMBER(realtime_s), NUMBER(min_interval),
    NUMBER(realtime_on), NUMBER(units_on),
};
enum { SETTING_COUNT = sizeof SETTINGS / sizeof SETTINGS[0] };

bool uplink_settings_configured(const struct plant *plant, const struct uplink *uplink, struct uplink_settings *out,
                                struct error *err)
{
    uint8_t key[HJ212_KEY_BYTES];
    *out = (struct uplink_settings){.over_time_s = uplink->over_time_s,
                                    .re_count = uplink->re_count,
                                    .realtime_s = uplink->realtime_s,
                                    .min_interval = uplink->min_interval,
                                    .realtime_on = uplink->realtime_s > 0,
                                    .units_on = uplink->realtime_s > 0};
    snprintf(out->password, sizeof out->password, "%s", uplink->password);
    snprintf(out->mn, sizeof out->mn, "%.*s", MN_BYTES - 1, uplink->mn[0] ? uplink->mn : plant->site.mn);
    if (!uplink->has_encrypt)
        return true;
    if (!secret_load_hex(uplink->encrypt.key_file, key, sizeof key, err))
        return error_prefix(err, "uplink %s", uplink->name);
    hex_encode(key, sizeof key, out->key);
    return true;
}

static const char *text_at(const struct uplink_settings *s, const struct setting *setting)
{
    return (const char *)s + setting->at;
}

static int number_at(const struct uplink_settings *s, const struct setting *setting)
{
    int value;
    memcpy(&value, (const char *)s + setting->at, sizeof value);
    return value;
}

static json_t *value_of(const struct uplink_settings *s, const struct setting *setting)
{
    return setting->size > 0 ? json_string(text_at(s, setting)) : json_integer(number_at(s, setting));
}

static void put_value(struct uplink_settings *s, const struct setting *setting, const json_t *value)
{
    if (setting->size > 0 && json_is_string(value) && json_string_length(value) < setting->size) {
        snprintf((char *)s + setting->at, setting->size, "%s", json_string_value(value));
    } else if (setting->size == 0 && json_is_integer(value)) {
        int number = (int)json_integer_value(value);
        memcpy((char *)s + setting->at, &number, sizeof number);
    }
}

bool uplink_settings_load(const char *path, const struct uplink_settings *configured, struct uplink_settings *out,
                          struct error *err)
{
    json_error_t problem;
    *out = *configured;
    if (access(path, F_OK) != 0)
        return true;
    json_t *file = json_load_file(path, 0, &problem);
    if (!file)
        return error_set(err, "%s: %s; remove it to go back to the configured settings", path, problem.text);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        json_t *change = json_object_get(file, SETTINGS[i].name), *base = value_of(configured, &SETTINGS[i]);
        if (change && json_equal(json_object_get(change, "configured"), base))
            put_value(out, &SETTINGS[i], json_object_get(change, "is"));
        json_decref(base);
    }
    json_decref(file);
    return true;
}

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool good = write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fsync(fd) == 0;
    return close(fd) == 0 && good;
}

static void sync_folder(const char *path)
{
    char folder[PATH_BYTES + 64];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

bool uplink_settings_save(const char *path, const struct uplink_settings *configured,
                          const struct uplink_settings *settings, struct error *err)
{
    char fresh[PATH_BYTES + 80];
    json_t *file = json_object();
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        json_t *base = value_of(configured, &SETTINGS[i]), *is = value_of(settings, &SETTINGS[i]);
        if (!json_equal(base, is))
            json_object_set_new(file, SETTINGS[i].name, json_pack("{s:O, s:O}", "configured", base, "is", is));
        json_decref(base);
        json_decref(is);
    }
    char *text = json_dumps(file, JSON_INDENT(2));
    json_decref(file);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    bool good = text && write_file(fresh, text) && rename(fresh, path) == 0;
    free(text);
    if (!good)
        return error_set(err, "%s: %s", path, strerror(errno));
    sync_folder(path);
    return true;
}
