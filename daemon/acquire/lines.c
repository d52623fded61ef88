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
    struct point *points;
    struct route *routes;
    size_t count;
    struct line_worker *worker; /* NULL: waiting for its predecessor, or failed to start */
    size_t index;               /* of the line in the plant, for the phase */
    bool failed;
};

struct lines {
    void (*wake)(void *owner);
    void *owner;
    const struct plant *plant;
    struct wire *wires, *leaving; /* in force; asked to end */
    size_t wire_count, leaving_count;
    enum mark *status; /* by channel: the instrument's last state */
    int64_t *heard_ns; /* by channel: when anything last came */
    struct acquired taken[GROUP_MAX];
    struct sample group[GROUP_MAX];
};

struct lines *lines_new(void (*wake)(void *owner), void *owner, struct error *err)
{
    struct lines *lines = calloc(1, sizeof *lines);
    if (!lines) {
        error_set(err, "lines: out of memory");
        return NULL;
    }
    lines->wake = wake;
    lines->owner = owner;
    return lines;
}

static void wire_clear(struct wire *wire)
{
    line_free(wire->worker);
    free(wire->points);
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
    wire->routes[wire->count++] = (struct route){channel, is_mark};
}

static bool wire_init(struct wire *wire, const struct plant *plant, size_t line)
{
    *wire = (struct wire){.settings = plant->lines[line], .index = line};
    wire->points = calloc(2 * plant->channel_count + 1, sizeof *wire->points);
    wire->routes = calloc(2 * plant->channel_count + 1, sizeof *wire->routes);
    if (!wire->points || !wire->routes)
        return false;
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

static bool same_settings(const struct line *a, const struct line *b)
{
    return strcmp(a->name, b->name) == 0 && a->kind == b->kind && same_peer(&a->tcp, &b->tcp) &&
           same_peer(&a->rtu_over_tcp, &b->rtu_over_tcp) && strcmp(a->rtu.device, b->rtu.device) == 0 &&
           a->rtu.baud == b->rtu.baud && a->rtu.data_bits == b->rtu.data_bits && a->rtu.parity == b->rtu.parity &&
           a->rtu.stop_bits == b->rtu.stop_bits && a->timeout_ms == b->timeout_ms && a->pause_ms == b->pause_ms &&
           a->max_registers == b->max_registers && a->max_gap == b->max_gap;
}

static bool same_wire(const struct wire *a, const struct wire *b)
{
    return a->count == b->count && same_settings(&a->settings, &b->settings) &&
           memcmp(a->points, b->points, a->count * sizeof *a->points) == 0; /* seven ints: no padding */
}

static bool conflicts(const struct wire *leaving, const struct wire *wire)
{
    return strcmp(leaving->settings.name, wire->settings.name) == 0 ||
           (leaving->settings.kind == LINE_MODBUS_RTU && wire->settings.kind == LINE_MODBUS_RTU &&
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
        bool wait = wire->worker || wire->failed;
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
        for (size_t j = 0; j < new_count && old->worker; j++) {
            if (same_wire(old, &new[j])) {
                new[j].worker = old->worker;
                old->worker = NULL;
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
                                            .value = scaled(lines->plant->channels[route->channel], taken[i].raw)};
    }
    if (n > 0)
        each(owner, lines->group, n);
}

bool lines_collect(struct lines *lines, size_t max,
                   void (*each)(void *owner, const struct sample *samples, size_t count), void *owner)
{
    size_t groups = 0;
    int64_t now_ns = clock_monotonic_ns();
    for (size_t w = 0; w < lines->wire_count; w++) {
        struct wire *wire = &lines->wires[w];
        size_t taken;
        while (wire->worker && groups < max && (taken = line_take(wire->worker, lines->taken, GROUP_MAX)) > 0) {
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

void lines_stop(struct lines *lines)
{
    for (size_t i = 0; i < lines->wire_count; i++)
        if (lines->wires[i].worker)
            line_stop(lines->wires[i].worker);
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
