/* cemsctl probe modbus scan and read. */
#include "ctl/guess.h"
#include "ctl/probe.h"
#include "ctl/terminal.h"

#include "config/plant_schema.h"
#include "config/schema.h"
#include "modbus/port.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REGISTERS_MOST = 125, BETWEEN_MS = 300, EXCEPTION_GATEWAY_PATH = 10, EXCEPTION_GATEWAY_TARGET = 11 };

static struct mb_port *open_port(const struct line *line)
{
    struct error err;
    struct mb_port *port = mb_port_new(line, &err);
    if (port && mb_port_connect(port, &err))
        return port;
    mb_port_free(port);
    ctl_fail(CTL_FAILED, "%s", err.text);
    return NULL;
}

/* Connects again where it has to. */
static enum mb_result ask(struct mb_port *port, int station, enum mb_table table, int address, int count,
                          uint16_t *registers)
{
    if (!mb_port_connected(port) && !mb_port_connect(port, NULL))
        return MB_DISCONNECTED;
    return mb_port_read(port, station, table, address, count, registers);
}

/* ---- scan ---- */

static bool get_stations(const char *text, int *from, int *to)
{
    char after;
    *from = 1;
    *to = 247;
    if (!text)
        return true;
    int got = sscanf(text, "%d-%d%c", from, to, &after);
    *to = got == 1 ? *from : *to;
    return (got == 1 || got == 2) && *from >= 0 && *to <= 255 && *from <= *to &&
           strspn(text, "0123456789-") == strlen(text);
}

static void say_station(struct ctl *ctl, int station, enum mb_result result, int exception, uint16_t value)
{
    if (ctl->json) {
        printf("{\"station\":%d,\"result\":\"%s\",", station, mb_result_name(result));
        printf(result == MB_EXCEPTION ? "\"exception\":%d}\n" : "\"value\":%d}\n",
               result == MB_EXCEPTION ? exception : value);
        return;
    }
    char text[16];
    snprintf(text, sizeof text, "station %d", station);
    term_cell(text, 11);
    if (result == MB_OK)
        term_text("answers", TONE_GOOD), printf(", the register holds %u\n", value);
    else if (result == MB_EXCEPTION)
        term_text("answers", TONE_GOOD), printf(" with exception %d: it is there, that address is not\n", exception);
    else
        term_text("answers garbled", TONE_NOTE),
            printf(": two stations of this number, or the wrong speed or parity\n");
}

int probe_scan(struct ctl *ctl, const struct line *line)
{
    int from, to, found = 0;
    int64_t address;
    if (!get_stations(ctl->stations, &from, &to))
        return ctl_fail(CTL_USAGE, "--stations %s is not N or A-B, 0 to 255", ctl->stations);
    if (!ctl_number("--address", ctl->address, 0, 65535, 0, &address))
        return CTL_USAGE;
    struct line patient = *line;
    if (!ctl->timeout)
        patient.timeout_ms = 200;
    struct mb_port *port = open_port(&patient);
    if (!port)
        return CTL_FAILED;
    struct work work = work_begin("scan", (uint64_t)to - (uint64_t)from + 1);
    for (int station = from; station <= to; station++) {
        uint16_t value = 0;
        work_tell(&work, (uint64_t)(station - from));
        enum mb_result result = ask(port, station, MB_HOLDING, (int)address, 1, &value);
        int exception = result == MB_EXCEPTION ? mb_port_exception(port) : 0;
        bool silent = result == MB_TIMEOUT || result == MB_DISCONNECTED || exception == EXCEPTION_GATEWAY_PATH ||
                      exception == EXCEPTION_GATEWAY_TARGET;
        if (silent)
            continue;
        work_clear(&work);
        say_station(ctl, station, result, exception, value);
        found++;
    }
    work_end(&work);
    mb_port_free(port);
    if (found == 0)
        return ctl_fail(CTL_FAILED,
                        "nobody of %d to %d answers: power, A and B, the common ground, termination, speed and "
                        "parity; one master a wire",
                        from, to);
    return CTL_DONE;
}

/* ---- read ---- */

struct registers {
    int address, count;
    enum mb_table table;
    uint16_t reads[GUESS_READS][REGISTERS_MOST];
    bool known[REGISTERS_MOST];
};

/* All at once, or where the device refuses that, one by one. */
static enum mb_result read_once(struct mb_port *port, int station, struct registers *r, int read)
{
    enum mb_result result = ask(port, station, r->table, r->address, r->count, r->reads[read]);
    if (result != MB_EXCEPTION || r->count == 1) {
        for (int i = 0; i < r->count; i++)
            r->known[i] = result == MB_OK;
        return result;
    }
    bool any = false;
    for (int i = 0; i < r->count; i++) {
        result = ask(port, station, r->table, r->address + i, 1, &r->reads[read][i]);
        any |= r->known[i] = result == MB_OK;
    }
    return any ? MB_OK : result;
}

static enum mb_result read_registers(struct mb_port *port, int station, struct registers *r)
{
    enum mb_result result = MB_OK;
    for (int read = 0; read < GUESS_READS && result == MB_OK; read++) {
        if (read > 0)
            nanosleep(&(struct timespec){.tv_nsec = BETWEEN_MS * 1000000L}, NULL);
        result = read_once(port, station, r, read);
    }
    return result;
}

static int known_from(const struct registers *r, int i)
{
    int room = 0;
    while (i + room < r->count && r->known[i + room])
        room++;
    return room;
}

static void print_bytes(const struct registers *r, int i, int width)
{
    for (int k = 0; k < width; k++)
        printf("%02x %02x ", r->reads[GUESS_READS - 1][i + k] >> 8, r->reads[GUESS_READS - 1][i + k] & 0xff);
}

/* A row a type, a column an order. */
static void print_guesses(const struct registers *r, int i, const struct guess *all, size_t count,
                          const struct guess *best)
{
    enum mb_type type = MB_TYPES;
    int width = 0;
    char text[48];
    for (size_t g = 0; g < count; g++) {
        if (all[g].width != width) {
            width = all[g].width;
            printf(type == MB_TYPES ? "%5d  " : "\n       ", r->address + i);
            print_bytes(r, i, width);
        }
        if (all[g].type != type) {
            type = all[g].type;
            printf("\n       ");
            term_cell(mb_type_name(type), 9);
        }
        const char *order = guess_order_name(all[g].order), *likely = &all[g] == best    ? " <-"
                                                                      : all[g].score > 0 ? " *"
                                                                                         : "";
        if (isnan(all[g].value))
            snprintf(text, sizeof text, "%s -%s", order, likely);
        else
            snprintf(text, sizeof text, "%s %.7g%s", order, all[g].value, likely);
        term_toned(text, 24, &all[g] == best ? TONE_GOOD : all[g].score > 0 ? TONE_HEAD : TONE_PLAIN);
    }
    printf("\n");
}

static void print_json(const struct registers *r, int i, const struct guess *all, size_t count,
                       const struct guess *best)
{
    for (size_t g = 0; g < count; g++) {
        json_t *o = json_pack("{s:i, s:s, s:s, s:o, s:b, s:b}", "address", r->address + i, "type",
                              mb_type_name(all[g].type), "order", guess_order_name(all[g].order), "value",
                              isfinite(all[g].value) ? json_real(all[g].value) : json_null(), "plausible",
                              all[g].score > 0, "best", &all[g] == best);
        json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(10));
        printf("\n");
        json_decref(o);
    }
}

/* As it stands in a configuration. */
static void print_sources(const struct registers *r, const struct line *line, int64_t station, double expect)
{
    struct guess all[GUESS_MOST];
    const uint16_t *at[GUESS_READS];
    printf("\nlikely, compare with the analyzer's display:\n");
    for (int i = 0, width; i < r->count; i += width) {
        for (int k = 0; k < GUESS_READS; k++)
            at[k] = r->reads[k] + i;
        const struct guess *best = guess_best(all, guess_all(at, known_from(r, i), expect, all));
        width = best ? best->width : 1;
        if (best)
            printf("  source: {line: %s, station: %lld, table: %s, address: %d, type: %s, order: %s}   # %.7g\n",
                   line->name, (long long)station, mb_table_name(r->table), r->address + i, mb_type_name(best->type),
                   guess_order_name(best->order), best->value);
    }
}

static bool get_table(const char *text, enum mb_table *table)
{
    *table = text && strcmp(text, "input") == 0 ? MB_INPUT : MB_HOLDING;
    return !text || strcmp(text, "input") == 0 || strcmp(text, "holding") == 0;
}

int probe_read(struct ctl *ctl, const struct line *line)
{
    static struct registers r;
    struct guess all[GUESS_MOST];
    int64_t station, address;
    char *end = NULL;
    double expect = ctl->expect ? strtod(ctl->expect, &end) : NAN;
    if (!ctl_number("--station", ctl->station, 0, 255, 1, &station) ||
        !ctl_number("--address", ctl->address, 0, 65535, 0, &address))
        return CTL_USAGE;
    if (!get_table(ctl->table, &r.table))
        return ctl_fail(CTL_USAGE, "--table %s is not holding or input", ctl->table);
    if (end && *end != '\0')
        return ctl_fail(CTL_USAGE, "--expect %s is not a number", ctl->expect);
    r.address = (int)address;
    r.count = ctl->count == 0 ? 10 : ctl->count > REGISTERS_MOST ? REGISTERS_MOST : (int)ctl->count;
    if (r.count > 65536 - r.address)
        r.count = 65536 - r.address;
    struct mb_port *port = open_port(line);
    if (!port)
        return CTL_FAILED;
    enum mb_result result = read_registers(port, (int)station, &r);
    int exception = mb_port_exception(port);
    mb_port_free(port);
    if (result == MB_EXCEPTION)
        return ctl_fail(CTL_FAILED, "station %lld refuses %s %d: exception %d; try another --table or --address",
                        (long long)station, mb_table_name(r.table), r.address, exception);
    if (result != MB_OK)
        return ctl_fail(CTL_FAILED, "station %lld: %s; probe modbus scan finds those that answer", (long long)station,
                        mb_result_name(result));
    for (int i = 0; i < r.count; i++) {
        const uint16_t *at[GUESS_READS] = {r.reads[0] + i, r.reads[1] + i, r.reads[2] + i};
        size_t count = guess_all(at, known_from(&r, i), expect, all);
        (ctl->json ? print_json : print_guesses)(&r, i, all, count, guess_best(all, count));
        if (count == 0 && !ctl->json)
            printf("%5d  refused\n", r.address + i);
    }
    if (!ctl->json)
        print_sources(&r, line, station, expect);
    return CTL_DONE;
}
