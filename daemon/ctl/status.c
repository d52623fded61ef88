/* cemsctl status: how the gateway is, on one screen. */
#include "ctl/ctl.h"
#include "ctl/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : "-";
}

static void number(const json_t *object, const char *key, char out[32])
{
    const json_t *value = json_object_get(object, key);
    if (json_is_number(value))
        snprintf(out, 32, "%.6g", json_number_value(value));
    else
        snprintf(out, 32, "-");
}

/* Up and well, on its way there, or neither. */
static enum tone tone_of(const char *state)
{
    static const char *const GOOD[] = {"connected", "up"}, *const COMING[] = {"connecting", "starting", "resolving"};
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++)
        if (strcmp(state, GOOD[i]) == 0)
            return TONE_GOOD;
    for (size_t i = 0; i < sizeof COMING / sizeof COMING[0]; i++)
        if (strcmp(state, COMING[i]) == 0)
            return TONE_NOTE;
    return TONE_BAD;
}

static void print_lines(const json_t *status)
{
    size_t i;
    json_t *line;
    printf("\n");
    term_head("line", 16), term_head("state", 10), term_head("requests", 10), term_head("ok", 10),
        term_head("silent", 6);
    term_head("last error", 0);
    printf("\n");
    json_array_foreach(json_object_get(status, "lines"), i, line)
    {
        char requests[32], ok[32], silent[32];
        bool hj212 = json_object_get(line, "frames") != NULL; /* frames taken in the place of requests made */
        number(line, hj212 ? "asked" : "requests", requests);
        number(json_object_get(line, hj212 ? "frames" : "results"), "ok", ok);
        number(line, "stations_silent", silent);
        term_cell(text(line, "name"), 16), term_toned(text(line, "state"), 10, tone_of(text(line, "state"))),
            term_cell(requests, 10), term_cell(ok, 10), term_cell(silent, 6);
        printf("%s\n", text(line, "last_error"));
    }
}

static void print_outlets(const json_t *status)
{
    size_t i, c;
    json_t *outlet, *channel;
    json_array_foreach(json_object_get(status, "outlets"), i, outlet)
    {
        printf("\n");
        term_text(text(outlet, "id"), TONE_HEAD);
        printf(" %s\n", text(outlet, "name"));
        json_array_foreach(json_object_get(outlet, "channels"), c, channel)
        {
            char value[32], converted[32];
            number(channel, "value", value);
            number(channel, "converted", converted);
            printf("  ");
            term_cell(text(channel, "factor"), 7), term_cell(text(channel, "name"), 16), term_cell(value, 10),
                term_cell(converted, 10);
            term_cell(text(channel, "unit"), 6),
                term_toned(text(channel, "mark"), 2, strcmp(text(channel, "mark"), "N") == 0 ? TONE_PLAIN : TONE_BAD);
            printf("%s\n", json_is_string(json_object_get(channel, "reason")) ? text(channel, "reason") : "");
        }
    }
}

static void print_uplinks(const json_t *status)
{
    size_t i;
    json_t *uplink;
    const json_t *all = json_object_get(status, "uplinks");
    if (json_array_size(all) == 0)
        return;
    printf("\n");
    term_head("uplink", 16), term_head("state", 10), term_head("records", 10), term_head("to tell", 10),
        term_head("resent", 8);
    term_head("last answer", 0);
    printf("\n");
    json_array_foreach(all, i, uplink)
    {
        char records[32], behind[32], resent[32];
        json_int_t durable = json_integer_value(json_object_get(uplink, "durable"));
        number(json_object_get(uplink, "acknowledged"), "record", records);
        snprintf(behind, sizeof behind, "%lld",
                 (long long)(durable - json_integer_value(json_object_get(uplink, "told_upto"))));
        number(uplink, "resent", resent);
        term_cell(text(uplink, "name"), 16), term_toned(text(uplink, "state"), 10, tone_of(text(uplink, "state"))),
            term_cell(records, 10), term_cell(behind, 10), term_cell(resent, 8);
        printf("%s  %s\n", text(uplink, "last_ack"), text(uplink, "last_error"));
    }
}

static void print_journal(const json_t *status)
{
    const json_t *journal = json_object_get(status, "journal"), *durable = json_object_get(journal, "durable"),
                 *feeds = json_object_get(status, "feeds");
    static const char *const STREAMS_SHOWN[] = {"alarm", "disclosure", "sample", "event"};
    printf("\njournal %s, last commit %s%s%s\n", text(journal, "path"), text(journal, "last_commit"),
           json_is_string(json_object_get(journal, "error")) ? ", " : "",
           json_is_string(json_object_get(journal, "error")) ? text(journal, "error") : "");
    for (size_t i = 0; i < 4; i++)
        printf("  %s %lld", STREAMS_SHOWN[i],
               (long long)json_integer_value(json_object_get(durable, STREAMS_SHOWN[i])));
    printf("\nfeeds");
    for (size_t i = 0; i < 2; i++) {
        const json_t *feed = json_object_get(feeds, STREAMS_SHOWN[i]);
        printf("  %s %s (%lld published, %lld subscriptions)", STREAMS_SHOWN[i], text(feed, "bind"),
               (long long)json_integer_value(json_object_get(feed, "published")),
               (long long)json_integer_value(json_object_get(feed, "subscriptions")));
    }
    printf("\n");
}

int ctl_status(struct ctl *ctl)
{
    const char *endpoint = ctl_endpoint(ctl);
    json_t *status = endpoint ? ctl_ask(ctl, endpoint, "status") : NULL;
    if (!status)
        return endpoint ? CTL_FAILED : CTL_CONFIG;
    if (ctl->json) {
        json_dumpf(status, stdout, JSON_COMPACT | JSON_REAL_PRECISION(10));
        printf("\n");
    } else {
        printf("%s (%s), cemsd %s since %s\n", text(status, "site"), text(status, "mn"), text(status, "version"),
               text(status, "started"));
        print_lines(status);
        print_outlets(status);
        print_uplinks(status);
        print_journal(status);
    }
    json_decref(status);
    return CTL_DONE;
}
