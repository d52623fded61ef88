#include "ctl/ctl.h"

#include "config/load.h"
#include "model/instant.h"
#include "publish/feed/curve.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { ANSWER_MS = 3000 };

int ctl_fail(int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("cemsctl: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return code;
}

const struct plant *ctl_plant(struct ctl *ctl)
{
    static struct load_report report;
    if (ctl->plant)
        return ctl->plant;
    if (!ctl->config) {
        ctl_fail(CTL_USAGE, "--config FILE is missing");
        return NULL;
    }
    ctl->plant = plant_load(ctl->config, &report);
    if (!ctl->plant)
        report_print(&report, stderr);
    report_clear(&report);
    return ctl->plant;
}

const char *ctl_journal_path(struct ctl *ctl)
{
    if (ctl->journal)
        return ctl->journal;
    const struct plant *plant = ctl_plant(ctl);
    return plant ? plant->journal.path : NULL;
}

struct reader *ctl_reader(struct ctl *ctl, int *code)
{
    struct error err;
    const char *path = ctl_journal_path(ctl);
    struct reader *reader = path ? reader_open(path, &err) : NULL;
    if (!reader)
        *code = path ? ctl_fail(CTL_FAILED, "%s", err.text) : CTL_CONFIG;
    return reader;
}

const char *ctl_endpoint(struct ctl *ctl)
{
    if (ctl->connect)
        return ctl->connect;
    const struct plant *plant = ctl_plant(ctl);
    if (!plant)
        return NULL;
    const char *endpoint = plant->control.bind[0]    ? plant->control.bind
                           : plant->feeds.has_replay ? plant->feeds.replay.bind
                                                     : "";
    if (!endpoint[0])
        ctl_fail(CTL_CONFIG, "%s has neither control nor feeds.replay: nothing answers requests", ctl->config);
    return endpoint[0] ? endpoint : NULL;
}

static json_t *receive_answer(void *socket, const char *endpoint)
{
    zmq_pollitem_t wait = {.socket = socket, .events = ZMQ_POLLIN};
    zmq_msg_t message;
    json_t *answer = NULL;
    json_error_t why;
    if (zmq_poll(&wait, 1, ANSWER_MS) <= 0) {
        ctl_fail(CTL_FAILED, "%s does not answer: is cemsd running there?", endpoint);
        return NULL;
    }
    zmq_msg_init(&message);
    if (zmq_msg_recv(&message, socket, 0) >= 0) {
        answer = json_loadb(zmq_msg_data(&message), zmq_msg_size(&message), 0, &why);
        if (!answer)
            ctl_fail(CTL_FAILED, "%s: not an answer: %s", endpoint, why.text);
    }
    zmq_msg_close(&message);
    return answer;
}

bool ctl_secure(struct ctl *ctl, void *socket, const char *endpoint)
{
    struct curve_key server, client;
    struct error err;
    const struct plant *plant = ctl->connect ? NULL : ctl_plant(ctl);
    const char *server_path = ctl->server_key, *client_path = ctl->client_key;
    if (!server_path && plant && plant->feeds.has_curve)
        server_path = client_path = plant->feeds.curve.server_key; /* who may read it may do everything */
    if (!server_path || strncmp(endpoint, "ipc://", 6) == 0)
        return true;
    if (!client_path) {
        ctl_fail(CTL_USAGE, "--client-key FILE is missing");
        return false;
    }
    if (!curve_key_read(server_path, false, &server, &err) || !curve_key_read(client_path, true, &client, &err)) {
        ctl_fail(CTL_FAILED, "%s", err.text);
        return false;
    }
    if (!curve_client_setup(socket, server.public_key, &client)) {
        ctl_fail(CTL_FAILED, "CURVE: %s", zmq_strerror(errno));
        return false;
    }
    return true;
}

json_t *ctl_ask(struct ctl *ctl, const char *endpoint, const char *op)
{
    return ctl_ask_with(ctl, endpoint, json_pack("{s:s}", "op", op));
}

json_t *ctl_ask_with(struct ctl *ctl, const char *endpoint, json_t *request)
{
    char *text = json_dumps(request, JSON_COMPACT);
    int linger = 0;
    json_t *answer = NULL;
    void *context = zmq_ctx_new(), *socket = context ? zmq_socket(context, ZMQ_DEALER) : NULL;
    json_decref(request);
    if (!text)
        ctl_fail(CTL_FAILED, "the request is not UTF-8");
    bool ready = text && socket && ctl_secure(ctl, socket, endpoint);
    if (ready && zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
        zmq_connect(socket, endpoint) == 0) {
        zmq_send(socket, text, strlen(text), 0);
        answer = receive_answer(socket, endpoint);
    } else if (ready || !socket) {
        ctl_fail(CTL_FAILED, "connect to %s: %s", endpoint, zmq_strerror(errno));
    }
    free(text);
    if (socket)
        zmq_close(socket);
    if (context)
        zmq_ctx_term(context);
    return answer;
}

bool ctl_instant(const char *name, const char *text, int64_t otherwise, int64_t *out)
{
    *out = otherwise;
    if (!text || instant_parse(text, out))
        return true;
    ctl_fail(CTL_USAGE, "%s %s is not a time (2026-11-23T08:00:00+08:00, or 2026-11-23)", name, text);
    return false;
}

bool ctl_number(const char *name, const char *text, int64_t least, int64_t most, int64_t otherwise, int64_t *out)
{
    char *end = NULL;
    *out = otherwise;
    if (!text)
        return true;
    errno = 0;
    *out = strtoll(text, &end, 10);
    if (end != text && *end == '\0' && errno == 0 && *out >= least && *out <= most)
        return true;
    ctl_fail(CTL_USAGE, "%s %s is not a number from %lld to %lld", name, text, (long long)least, (long long)most);
    return false;
}

bool ctl_seq(const char *name, const char *text, uint64_t otherwise, uint64_t *out)
{
    char *end = NULL;
    *out = otherwise;
    if (!text)
        return true;
    errno = 0;
    *out = strtoull(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0)
        return true;
    ctl_fail(CTL_USAGE, "%s %s is not a seq", name, text);
    return false;
}
