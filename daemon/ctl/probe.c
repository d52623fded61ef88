/* cemsctl probe modbus scan|read|watch WHERE, probe hj212 WHERE: for commissioning, when nobody knows yet which station
 * answers, at which address, in which type. Reads only. A wire has one master: a device the daemon has is locked. */
#include "ctl/probe.h"

#include "config/bind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char USAGE[] =
    "probe modbus scan WHERE [--stations A-B] [--address N] [--timeout MS]\n"
    "         probe modbus read WHERE [--station N] [--table holding|input] [--address N] [--count N] [--expect "
    "VALUE]\n"
    "         probe modbus watch WHERE [--count BYTES]\n"
    "         probe hj212 WHERE [--count FRAMES]\n"
    "WHERE: tcp:HOST[:PORT], rtu:DEVICE[,BAUD[,none|even|odd[,STOP]]], rtu-over-tcp:HOST:PORT, listen:ADDRESS:PORT,\n"
    "       or a line's name with --config";

/* ---- where ---- */

static bool parse_peer(const char *text, int otherwise, struct tcp_peer *peer)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    size_t length = colon ? (size_t)(colon - text) : strlen(text);
    long port = colon ? strtol(colon + 1, &end, 10) : otherwise;
    if (length == 0 || length >= sizeof peer->host || port < 1 || port > 65535 || (colon && *end != '\0'))
        return false;
    snprintf(peer->host, sizeof peer->host, "%.*s", (int)length, text);
    peer->port = (int)port;
    return true;
}

static bool parse_serial(const char *text, struct serial *serial)
{
    static const char *const PARITIES[] = {"none", "even", "odd"};
    char copy[PATH_BYTES + 64], *save, *end = NULL;
    *serial = (struct serial){.baud = 9600, .data_bits = 8, .stop_bits = 1};
    snprintf(copy, sizeof copy, "%s", text);
    const char *device = strtok_r(copy, ",", &save), *baud = strtok_r(NULL, ",", &save),
               *parity = strtok_r(NULL, ",", &save), *stop = strtok_r(NULL, ",", &save);
    if (!device || strlen(device) >= sizeof serial->device || strtok_r(NULL, ",", &save))
        return false;
    snprintf(serial->device, sizeof serial->device, "%s", device);
    if (baud && ((serial->baud = (int)strtol(baud, &end, 10)) < 300 || *end != '\0'))
        return false;
    size_t p = 0;
    while (parity && p < 3 && strcmp(PARITIES[p], parity) != 0)
        p++;
    serial->parity = (enum parity)p;
    if (stop)
        serial->stop_bits = strcmp(stop, "2") == 0 ? 2 : 1;
    return p < 3 && (!stop || strcmp(stop, "1") == 0 || strcmp(stop, "2") == 0);
}

/* -1: it is none of these; 0: malformed. */
static int parse_where(const char *text, struct line *line)
{
    char address[64];
    int port;
    if (strncmp(text, "tcp:", 4) == 0) {
        line->kind = LINE_MODBUS_TCP;
        return parse_peer(text + 4, 502, &line->tcp);
    }
    if (strncmp(text, "rtu:", 4) == 0) {
        line->kind = LINE_MODBUS_RTU;
        return parse_serial(text + 4, &line->rtu);
    }
    if (strncmp(text, "rtu-over-tcp:", 13) == 0) {
        line->kind = LINE_MODBUS_RTU_OVER_TCP;
        return strchr(text + 13, ':') && parse_peer(text + 13, 0, &line->rtu_over_tcp);
    }
    if (strncmp(text, "listen:", 7) == 0) {
        line->kind = LINE_HJ212_LISTEN;
        snprintf(line->hj212.bind, sizeof line->hj212.bind, "%s", text + 7);
        return bind_parse(text + 7, address, &port);
    }
    return -1;
}

static bool find_line(struct ctl *ctl, const char *name, struct line *line)
{
    const struct plant *plant = ctl->config ? ctl_plant(ctl) : NULL;
    for (size_t i = 0; plant && i < plant->line_count; i++)
        if (strcmp(plant->lines[i].name, name) == 0) {
            *line = plant->lines[i];
            return true;
        }
    ctl_fail(CTL_USAGE, "%s is neither a place nor a line of the configuration\n%s", name, USAGE);
    return false;
}

int probe_where(struct ctl *ctl, const char *text, struct line *line)
{
    int64_t timeout_ms;
    *line = (struct line){.timeout_ms = 500, .pause_ms = 10, .max_registers = 125};
    snprintf(line->name, sizeof line->name, "probe");
    int known = parse_where(text, line);
    if (known == 0)
        return ctl_fail(CTL_USAGE, "%s is malformed\n%s", text, USAGE);
    if ((known < 0 && !find_line(ctl, text, line)) ||
        !ctl_number("--timeout", ctl->timeout, 10, 60000, line->timeout_ms, &timeout_ms))
        return CTL_USAGE;
    line->timeout_ms = (int)timeout_ms;
    return CTL_DONE;
}

static int watch_bytes(struct ctl *ctl, const struct line *line)
{
    return probe_watch(ctl, line, false);
}

static int watch_frames(struct ctl *ctl, const struct line *line)
{
    return probe_watch(ctl, line, true);
}

int ctl_probe(struct ctl *ctl)
{
    static const struct {
        const char *protocol, *verb;
        int (*run)(struct ctl *ctl, const struct line *line);
    } PROBES[] = {{"modbus", "scan", probe_scan},
                  {"modbus", "read", probe_read},
                  {"modbus", "watch", watch_bytes},
                  {"hj212", NULL, watch_frames}};
    struct line line;
    for (size_t i = 0; i < sizeof PROBES / sizeof PROBES[0]; i++) {
        int words = PROBES[i].verb ? 2 : 1;
        if (ctl->argc != words + 1 || strcmp(ctl->argv[0], PROBES[i].protocol) != 0 ||
            (PROBES[i].verb && strcmp(ctl->argv[1], PROBES[i].verb) != 0))
            continue;
        int code = probe_where(ctl, ctl->argv[words], &line);
        bool asks = PROBES[i].run == probe_scan || PROBES[i].run == probe_read;
        if (code == CTL_DONE && asks && line.kind >= LINE_HJ212_LISTEN)
            code = ctl_fail(CTL_USAGE, "%s is not a Modbus line", ctl->argv[words]);
        return code == CTL_DONE ? PROBES[i].run(ctl, &line) : code;
    }
    return ctl_fail(CTL_USAGE, "%s", USAGE);
}
