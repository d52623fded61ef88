#include "acquire/lines.h"

#include "model/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP_MAX = 1024 };

/* Where a point leads: the value of a channel, or its instrument's state. */
struct route {
    uint32_t channel;
    bool is_mark;
};

struct wire {
    struct line settings;
    struct point *points;      /* Modbus */
    struct item_source *items; /* HJ 212 */
    struct route *routes;
    size_t count;
    struct line_worker *worker; /* NULL: waiting for its predecessor, or failed to start */
    struct hj212_line *hj212;   /* of an HJ 212 line, in place of a thread */
    size_t index;               /* of the line in the plant, for the phase */
    bool failed;
};

struct lines {
    uv_loop_t *loop;
    void (*wake)(void *owner);
    struct lines_events events;
    void *owner;
    const struct plant *plant;
    struct wire *wires, *leaving; /* in force; asked to end */
    size_t wire_count, leaving_count;
    enum mark *status; /* by channel: the instrument's last state */
    int64_t *heard_ns; /* by channel: when anything last came */
    struct acquired taken[GROUP_MAX];
    struct sample group[GROUP_MAX];
};

struct lines *lines_new(uv_loop_t *loop, void (*wake)(void *owner), const struct lines_events *events, void *owner,
                        struct error *err)
{
    struct lines *lines = calloc(1, sizeof *lines);
    if (!lines) {
        error_set(err, "lines: out of memory");
        return NULL;
    }
    lines->loop = loop;
    lines->wake = wake;
    lines->events = *events;
    lines->owner = owner;
    return lines;
}

static void wire_clear(struct wire *wire)
{
    line_free(wire->worker);
    hj212_line_close(wire->hj212);
    free(wire->points);
    free(wire->items);
    free(wire->settings.hj212.mns);
    free(wire->routes);
    *wire = (struct wire){0};
}

void lines_free(struct lines *lines)
{
    if (!lines)
        return;
    lines_stop(lines);
    for (size_t i = 0; i < lines->leaving_count; i++)
        wire_clear(&lines->leaving[i]);
    for (size_t i = 0; i < lines->wire_count; i++)
        wire_clear(&lines->wires[i]);
    free(lines->leaving);
    free(lines->wires);
    free(lines->status);
    free(lines->heard_ns);
    free(lines);
}

/* ---- making ---- */

static void add_point(struct wire *wire, const struct source *source, uint32_t channel, bool is_mark)
{
    wire->points[wire->count] = source->point;
    wire->items[wire->count] = source->item;
    wire->routes[wire->count++] = (struct route){channel, is_mark};
}

static bool wire_init(struct wire *wire, const struct plant *plant, size_t line)
{
    size_t mns = plant->lines[line].hj212.mn_count;
    *wire = (struct wire){.settings = plant->lines[line], .index = line};
    wire->settings.hj212.mns = calloc(mns + 1, sizeof *wire->settings.hj212.mns);
    wire->points = calloc(2 * plant->channel_count + 1, sizeof *wire->points);
    wire->items = calloc(2 * plant->channel_count + 1, sizeof *wire->items);
    wire->routes = calloc(2 * plant->channel_count + 1, sizeof *wire->routes);
    if (!wire->points || !wire->items || !wire->routes || !wire->settings.hj212.mns)
        return false;
    if (mns > 0)
        memcpy(wire->settings.hj212.mns, plant->lines[line].hj212.mns, mns * sizeof(struct mn));
    for (size_t i = 0; i < plant->channel_count; i++) {
        const struct channel *channel = plant->channels[i];
        if (channel->source.line_index == (int)line)
            add_point(wire, &channel->source, channel->index, false);
        if (channel->has_marks && channel->marks_source.line_index == (int)line)
            add_point(wire, &channel->marks_source, channel->index, true);
    }
    return true;
}

static bool wire_start(struct lines *lines, struct wire *wire, struct error *err)
{
    if (wire->settings.kind >= LINE_HJ212_LISTEN) {
        struct analyzers_events events = {lines->owner, lines->events.information, lines->events.instructed};
        wire->hj212 = hj212_line_open(lines->loop, &wire->settings, wire->items, wire->count, &events, lines->wake,
                                      lines->owner, err);
        wire->failed = !wire->hj212;
        return wire->hj212 != NULL;
    }
    /* lines begin one after another, spread over a second: aligned bursts cost twice the CPU */
    int64_t phase_ns = (int64_t)(wire->index * 389 % 1000) * 1000000;
    wire->worker = line_start(&wire->settings, wire->points, wire->count, phase_ns, lines->wake, lines->owner, err);
    wire->failed = !wire->worker;
    return wire->worker != NULL;
}

static bool same_peer(const struct tcp_peer *a, const struct tcp_peer *b)
{
    return strcmp(a->host, b->host) == 0 && a->port == b->port;
}

static bool same_link(const struct hj212_link *a, const struct hj212_link *b)
{
    bool same = strcmp(a->bind, b->bind) == 0 && strcmp(a->host, b->host) == 0 && a->port == b->port &&
                a->mn_count == b->mn_count && strcmp(a->password, b->password) == 0 && a->version == b->version &&
                strcmp(a->st, b->st) == 0 && a->crc == b->crc && a->extra_length_digits == b->extra_length_digits &&
                a->strict == b->strict && a->idle_s == b->idle_s && a->connections == b->connections &&
                a->poll_s == b->poll_s && a->poll_cn == b->poll_cn && a->take == b->take;
    for (size_t i = 0; same && i < a->mn_count; i++)
        same = strcmp(a->mns[i].text, b->mns[i].text) == 0;
    return same;
}

static bool same_settings(const struct line *a, const struct line *b)
{
    return strcmp(a->name, b->name) == 0 && a->kind == b->kind && same_peer(&a->tcp, &b->tcp) &&
           same_peer(&a->rtu_over_tcp, &b->rtu_over_tcp) && strcmp(a->rtu.device, b->rtu.device) == 0 &&
           a->rtu.baud == b->rtu.baud && a->rtu.data_bits == b->rtu.data_bits && a->rtu.parity == b->rtu.parity &&
           a->rtu.stop_bits == b->rtu.stop_bits && a->timeout_ms == b->timeout_ms && a->pause_ms == b->pause_ms &&
           a->max_registers == b->max_registers && a->max_gap == b->max_gap && same_link(&a->hj212, &b->hj212);
}

static bool same_wire(const struct wire *a, const struct wire *b)
{
    if (a->count != b->count || !same_settings(&a->settings, &b->settings))
        return false;
    return a->settings.kind >= LINE_HJ212_LISTEN
               ? memcmp(a->items, b->items, a->count * sizeof *a->items) == 0     /* texts padded with zeros */
               : memcmp(a->points, b->points, a->count * sizeof *a->points) == 0; /* seven ints: no padding */
}

static bool conflicts(const struct wire *leaving, const struct wire *wire)
{
    return strcmp(leaving->settings.name, wire->settings.name) == 0 ||
           (leaving->settings.kind == LINE_MODBUS_RTU &&
            (wire->settings.kind == LINE_MODBUS_RTU || wire->settings.kind == LINE_HJ212_SERIAL) &&
            strcmp(leaving->settings.rtu.device, wire->settings.rtu.device) == 0);
}

bool lines_reap(struct lines *lines, struct error *err)
{
    bool trouble = false;
    size_t kept = 0;
    for (size_t i = 0; i < lines->leaving_count; i++) {
        if (line_finished(lines->leaving[i].worker))
            wire_clear(&lines->leaving[i]);
        else
            lines->leaving[kept++] = lines->leaving[i];
    }
    lines->leaving_count = kept;
    for (size_t i = 0; i < lines->wire_count; i++) {
        struct wire *wire = &lines->wires[i];
        bool wait = wire->worker || wire->hj212 || wire->failed;
        for (size_t j = 0; j < lines->leaving_count && !wait; j++)
            wait = conflicts(&lines->leaving[j], wire);
        if (!wait && !wire_start(lines, wire, err))
            trouble = true;
    }
    return trouble;
}

/* Hands the running thread of an unchanged line to its new wire; the others are asked to end. */
static void take_over(struct lines *lines, struct wire *new, size_t new_count)
{
    for (size_t i = 0; i < lines->wire_count; i++) {
        struct wire *old = &lines->wires[i];
        for (size_t j = 0; j < new_count && (old->worker || old->hj212); j++) {
            if (same_wire(old, &new[j])) {
                new[j].worker = old->worker;
                new[j].hj212 = old->hj212;
                old->worker = NULL;
                old->hj212 = NULL;
            }
        }
        if (!old->worker) {
            wire_clear(old);
            continue;
        }
        line_stop(old->worker);
        lines->leaving[lines->leaving_count++] = *old;
    }
}

bool lines_apply(struct lines *lines, const struct plant *plant, struct error *err)
{
    size_t room = plant->channel_count + 1;
    struct wire *wires = calloc(plant->line_count + 1, sizeof *wires);
    struct wire *leaving = realloc(lines->leaving, (lines->leaving_count + lines->wire_count + 1) * sizeof *leaving);
    enum mark *status = calloc(room, sizeof *status);
    int64_t *heard_ns = calloc(room, sizeof *heard_ns);
    bool good = wires && leaving && status && heard_ns;
    if (leaving)
        lines->leaving = leaving;
    for (size_t i = 0; good && i < plant->line_count; i++)
        good = wire_init(&wires[i], plant, i);
    if (!good) {
        for (size_t i = 0; wires && i < plant->line_count; i++)
            wire_clear(&wires[i]);
        free(wires);
        free(status);
        free(heard_ns);
        return error_set(err, "lines: out of memory");
    }
    for (size_t i = 0; i < plant->channel_count; i++) {
        status[i] = plant->channels[i]->has_marks ? MARK_B : MARK_N; /* unknown until it is read */
        heard_ns[i] = clock_monotonic_ns();
    }
    take_over(lines, wires, plant->line_count);
    free(lines->wires);
    free(lines->status);
    free(lines->heard_ns);
    lines->wires = wires;
    lines->wire_count = plant->line_count;
    lines->status = status;
    lines->heard_ns = heard_ns;
    lines->plant = plant;
    return !lines_reap(lines, err);
}

const struct plant *lines_plant(const struct lines *lines)
{
    return lines->plant;
}

/* ---- samples ---- */

static enum mark mark_of_state(const struct channel *channel, const struct acquired *a)
{
    if (a->mark != MARK_N)
        return a->mark;
    for (size_t i = 0; i < channel->mark_row_count; i++)
        if ((double)channel->mark_rows[i].raw == a->raw)
            return channel->mark_rows[i].mark;
    return MARK_N;
}

static double scaled(const struct channel *channel, double raw)
{
    const double *r = channel->scale_raw, *v = channel->scale_value;
    return channel->has_scale ? v[0] + (raw - r[0]) * (v[1] - v[0]) / (r[1] - r[0]) : raw;
}

/* One answer: acquired of one instant. */
static void one_group(struct lines *lines, const struct wire *wire, const struct acquired *taken, size_t count,
                      int64_t now_ns, void (*each)(void *owner, const struct sample *samples, size_t count),
                      void *owner)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const struct route *route = &wire->routes[taken[i].point];
        if (route->is_mark)
            lines->status[route->channel] = mark_of_state(lines->plant->channels[route->channel], &taken[i]);
    }
    for (size_t i = 0; i < count; i++) {
        const struct route *route = &wire->routes[taken[i].point];
        if (route->is_mark)
            continue;
        enum mark mark = taken[i].mark != MARK_N ? taken[i].mark : lines->status[route->channel];
        lines->heard_ns[route->channel] = now_ns;
        lines->group[n++] = (struct sample){.time_ms = taken[i].time_ms,
                                            .channel = route->channel,
                                            .mark = mark,
                                            .value = scaled(lines->plant->channels[route->channel], taken[i].raw),
                                            .own_time = taken[i].own_time};
    }
    if (n > 0)
        each(owner, lines->group, n);
}

static void report_instructions(struct lines *lines, struct wire *wire)
{
    uint64_t ticket;
    int exe_rtn;
    while (wire->worker && line_instructed(wire->worker, &ticket, &exe_rtn))
        lines->events.instructed(lines->owner, ticket, exe_rtn);
}

static size_t take_from(struct wire *wire, struct acquired *taken)
{
    return wire->worker  ? line_take(wire->worker, taken, GROUP_MAX)
           : wire->hj212 ? hj212_line_take(wire->hj212, taken, GROUP_MAX)
                         : 0;
}

bool lines_collect(struct lines *lines, size_t max,
                   void (*each)(void *owner, const struct sample *samples, size_t count), void *owner)
{
    size_t groups = 0;
    int64_t now_ns = clock_monotonic_ns();
    for (size_t w = 0; w < lines->wire_count; w++) {
        struct wire *wire = &lines->wires[w];
        size_t taken;
        report_instructions(lines, wire);
        while (groups < max && (taken = take_from(wire, lines->taken)) > 0) {
            for (size_t begin = 0, end; begin < taken; begin = end, groups++) {
                for (end = begin + 1; end < taken && lines->taken[end].time_ms == lines->taken[begin].time_ms; end++)
                    ;
                one_group(lines, wire, lines->taken + begin, end - begin, now_ns, each, owner);
            }
        }
    }
    return groups >= max;
}

void lines_watch(struct lines *lines, int64_t now_ns, int64_t now_ms,
                 void (*each)(void *owner, const struct sample *samples, size_t count), void *owner)
{
    size_t n = 0;
    for (size_t i = 0; lines->plant && i < lines->plant->channel_count && n < GROUP_MAX; i++) {
        int64_t interval_ns = lines->plant->channels[i]->interval_ms * INT64_C(1000000);
        if (now_ns - lines->heard_ns[i] < 2 * interval_ns + INT64_C(50000000))
            continue;
        lines->heard_ns[i] = now_ns - interval_ns; /* once an interval from here on */
        lines->group[n++] = (struct sample){.time_ms = now_ms, .channel = (uint32_t)i, .mark = MARK_B, .value = NAN};
    }
    if (n > 0)
        each(owner, lines->group, n);
}

/* ---- ending, status ---- */

int64_t lines_overdue_ns(struct lines *lines, int64_t now_ns, const char **name)
{
    int64_t longest_ns = 0;
    for (size_t w = 0; w < lines->wire_count; w++) {
        int64_t overdue_ns = lines->wires[w].worker ? line_overdue_ns(lines->wires[w].worker, now_ns) : 0;
        if (overdue_ns > longest_ns) {
            longest_ns = overdue_ns;
            *name = lines->wires[w].settings.name;
        }
    }
    return longest_ns;
}

void lines_stop(struct lines *lines)
{
    for (size_t i = 0; i < lines->wire_count; i++)
        if (lines->wires[i].worker)
            line_stop(lines->wires[i].worker);
}

void lines_hang_up(struct lines *lines)
{
    for (size_t i = 0; i < lines->wire_count; i++) {
        hj212_line_close(lines->wires[i].hj212);
        lines->wires[i].hj212 = NULL;
    }
}

bool lines_finished(const struct lines *lines)
{
    for (size_t i = 0; i < lines->wire_count; i++)
        if (lines->wires[i].worker && !line_finished(lines->wires[i].worker))
            return false;
    for (size_t i = 0; i < lines->leaving_count; i++)
        if (!line_finished(lines->leaving[i].worker))
            return false;
    return true;
}

size_t lines_count(const struct lines *lines)
{
    return lines->wire_count;
}

bool lines_status(struct lines *lines, size_t n, const char **name, struct line_status *out)
{
    *name = lines->wires[n].settings.name;
    if (!lines->wires[n].worker)
        return false;
    line_status_get(lines->wires[n].worker, out);
    return true;
}

size_t lines_stations(struct lines *lines, size_t n, struct station_status *out, size_t room)
{
    return lines->wires[n].worker ? line_stations(lines->wires[n].worker, out, room) : 0;
}

bool lines_hj212_status(struct lines *lines, size_t n, struct hj212_line_status *out)
{
    if (!lines->wires[n].hj212)
        return false;
    hj212_line_status_get(lines->wires[n].hj212, out);
    return true;
}

/* ---- instructions ---- */

static bool write_modbus(struct lines *lines, const struct action *action, uint64_t ticket)
{
    struct wire *wire = &lines->wires[action->at.line_index];
    return wire->worker && line_instruct(wire->worker, &action->at.point, action->value, ticket);
}

bool lines_instruct(struct lines *lines, const struct channel *channel, const struct action *action, const char *area,
                    uint64_t ticket)
{
    if (!action->pass_through)
        return write_modbus(lines, action, ticket);
    struct wire *wire = &lines->wires[channel->source.line_index];
    return wire->hj212 && hj212_line_instruct(wire->hj212, channel->source.item.mn, action->cn, area, ticket);
}
