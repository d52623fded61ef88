/* cemsctl watch [alarm|disclosure] [--outlet ID] [--count N] [--save FILE]: the feeds, live.
 *
 * --json prints a body a line; --save appends whole messages as {"topic","body","signature"}, which cemsctl verify
 * --messages reads. */
#include "ctl/ctl.h"
#include "ctl/terminal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : "-";
}

static void print_alarm(const json_t *body)
{
    printf("%.19s ", text(body, "time"));
    term_cell(text(body, "state"), 12), term_cell(text(body, "severity"), 8), term_cell(text(body, "kind"), 13);
    printf("%s | %s\n", text(body, "text"), text(body, "text_en"));
}

static void print_disclosure(const json_t *body)
{
    size_t i;
    json_t *r;
    printf("%.19s ", text(body, "time"));
    term_cell(text(body, "outlet"), 8), term_cell(text(body, "period"), 8);
    json_array_foreach(json_object_get(body, "readings"), i, r)
    {
        const json_t *converted = json_object_get(r, "converted"),
                     *value = json_is_number(converted) ? converted : json_object_get(r, "value");
        if (json_is_number(value))
            printf(" %s=%.6g%s", text(r, "name"), json_number_value(value),
                   json_is_true(json_object_get(r, "exceeds")) ? "(!)" : "");
        else
            printf(" %s=-(%s)", text(r, "name"), text(r, "mark"));
    }
    printf("\n");
}

static void save(FILE *out, zmq_msg_t frames[3])
{
    char *hex = malloc(2 * zmq_msg_size(&frames[2]) + 1);
    json_t *line = hex ? json_pack("{s:s%, s:s%, s:s}", "topic", zmq_msg_data(&frames[0]), zmq_msg_size(&frames[0]),
                                   "body", zmq_msg_data(&frames[1]), zmq_msg_size(&frames[1]), "signature",
                                   hex_encode(zmq_msg_data(&frames[2]), zmq_msg_size(&frames[2]), hex))
                       : NULL;
    if (line) {
        json_dumpf(line, out, JSON_COMPACT);
        fputc('\n', out);
        fflush(out);
    }
    json_decref(line);
    free(hex);
}

/* Whether the message counts (heartbeats do not). */
static bool show(struct ctl *ctl, zmq_msg_t frames[3], FILE *out)
{
    const char *topic = zmq_msg_data(&frames[0]);
    size_t size = zmq_msg_size(&frames[0]);
    if (size >= 10 && memcmp(topic, "heartbeat/", 10) == 0)
        return false;
    if (out)
        save(out, frames);
    if (ctl->json) {
        printf("%.*s\n", (int)zmq_msg_size(&frames[1]), (const char *)zmq_msg_data(&frames[1]));
    } else {
        json_t *body = json_loadb(zmq_msg_data(&frames[1]), zmq_msg_size(&frames[1]), 0, NULL);
        if (strcmp(text(body, "stream"), "alarm") == 0)
            print_alarm(body);
        else
            print_disclosure(body);
        json_decref(body);
    }
    fflush(stdout);
    return true;
}

static bool connect_feed(struct ctl *ctl, void *socket, const char *stream, const char *bind, const char *mn)
{
    char prefix[256];
    if (!bind || !bind[0])
        return true;
    snprintf(prefix, sizeof prefix, "%s/%s%s%s", stream, ctl->outlet ? mn : "", ctl->outlet ? "/" : "",
             ctl->outlet ? ctl->outlet : "");
    if (ctl->outlet)
        strncat(prefix, "/", sizeof prefix - strlen(prefix) - 1);
    if (!ctl_secure(ctl, socket, bind))
        return false;
    if (zmq_connect(socket, bind) == 0 && zmq_setsockopt(socket, ZMQ_SUBSCRIBE, prefix, strlen(prefix)) == 0)
        return true;
    ctl_fail(CTL_FAILED, "connect to %s: %s", bind, zmq_strerror(errno));
    return false;
}

/* Connects to the feeds the gateway itself names, or those of the configuration. */
static bool connect_feeds(struct ctl *ctl, void *socket)
{
    static const char *const STREAM[] = {"alarm", "disclosure"};
    const char *only = ctl->argc > 0 ? ctl->argv[0] : NULL;
    json_t *status = ctl->connect ? ctl_ask(ctl, ctl->connect, "status") : NULL;
    const struct plant *plant = ctl->connect ? NULL : ctl_plant(ctl);
    bool good = status || plant;
    for (int i = 0; i < 2 && good; i++) {
        const char *bind = status   ? text(json_object_get(json_object_get(status, "feeds"), STREAM[i]), "bind")
                           : i == 0 ? plant->feeds.alarm.bind
                                    : plant->feeds.disclosure.bind;
        if (!only || strcmp(only, STREAM[i]) == 0)
            good = connect_feed(ctl, socket, STREAM[i], bind, status ? text(status, "mn") : plant->site.mn);
    }
    json_decref(status);
    return good;
}

static int follow(struct ctl *ctl, void *socket, FILE *out)
{
    for (long seen = 0; ctl->count == 0 || seen < ctl->count;) {
        zmq_msg_t frames[3];
        int got = 0;
        for (; got < 3; got++) {
            zmq_msg_init(&frames[got]);
            if (zmq_msg_recv(&frames[got], socket, 0) < 0 && errno != EINTR)
                return ctl_fail(CTL_FAILED, "receive: %s", zmq_strerror(errno));
        }
        seen += show(ctl, frames, out);
        for (int i = 0; i < got; i++)
            zmq_msg_close(&frames[i]);
    }
    return CTL_DONE;
}

int ctl_watch(struct ctl *ctl)
{
    int linger = 0, code = CTL_FAILED;
    if (ctl->verify)
        return ctl_follow(ctl);
    if (ctl->argc > 0 && strcmp(ctl->argv[0], "alarm") != 0 && strcmp(ctl->argv[0], "disclosure") != 0)
        return ctl_fail(CTL_USAGE, "watch alarm, watch disclosure, or watch");
    FILE *out = ctl->save ? fopen(ctl->save, "ae") : NULL;
    if (ctl->save && !out)
        return ctl_fail(CTL_FAILED, "open %s: %s", ctl->save, strerror(errno));
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_SUB);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    if (connect_feeds(ctl, socket))
        code = follow(ctl, socket, out);
    zmq_close(socket);
    zmq_ctx_term(context);
    if (out && fclose(out) != 0)
        code = ctl_fail(CTL_FAILED, "write %s: %s", ctl->save, strerror(errno));
    return code;
}
