/* The life of a block, once per deadline:
 *
 *   due ─► station on back-off? ──yes──► all its points B, not asked
 *     │no
 *     ▼
 *   connected? ──no──► time to try again? ──no, or failed──► all its points B
 *     │yes
 *     ▼
 *   ask ─► ok            decode each point: N, or D when it is no number
 *      ├── timeout       B; twice running: station on back-off
 *      ├── disconnected  connect again at once and ask once more, then B
 *      ├── garbled       B; the port has resynchronised
 *      └── exception     2 illegal address: split the block and ask the parts; 10, 11 gateway: as timeout; else D
 *
 * Deadlines: due += interval, for ever. A block that is late by whole intervals skips those slots (overruns) and is
 * asked again in the latest one, so a line that can't keep up is busy without a pause and yet never drifts. */
#include "acquire/line.h"

#include "acquire/backoff.h"
#include "acquire/mailbox.h"
#include "hj212/command.h"
#include "modbus/plan.h"
#include "modbus/value.h"
#include "model/clock.h"
#include "model/instant.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)
#define CONNECT_FIRST_NS (500 * MS)
#define BACKOFF_MOST_NS (10000 * MS)
#define BATCH_AGE_NS (50 * MS) /* a long scan hands over what it has at least this often */

enum {
    BATCH_MAX = 256,
    EXCEPTION_ILLEGAL_ADDRESS = 2,
    EXCEPTION_BUSY = 6,
    EXCEPTION_GATEWAY_PATH = 10,
    EXCEPTION_GATEWAY_TARGET = 11
};

struct line_worker {
    struct line line;
    struct point *points;
    size_t point_count;
    void (*wake)(void *owner);
    void *owner;
    pthread_t thread;
    struct mailbox mailbox;

    /* the thread's own */
    struct mb_port *port;
    struct mb_plan plan;
    int64_t *due_ns; /* by block */
    struct stations stations;
    struct backoff connection;
    struct acquired batch[BATCH_MAX];
    size_t batch_count;
    int64_t batch_since_ns;
    int64_t phase_ns;
    uint64_t waits_told;
    _Atomic int64_t promised_ns; /* when the thread will have moved on, monotonic */

    pthread_mutex_t status_lock; /* guards the two below */
    struct line_status status;
    bool finished;
};

const char *line_state_name(enum line_state state)
{
    static const char *const NAMES[LINE_STATES] = {"connecting", "connected", "waiting"};
    return NAMES[state];
}

/* ---- the thread: handing over ---- */

static void hand_over(struct line_worker *w)
{
    if (w->batch_count == 0)
        return;
    mailbox_put(&w->mailbox, w->batch, w->batch_count);
    w->batch_count = 0;
    if (w->mailbox.waits != w->waits_told) {
        w->waits_told = w->mailbox.waits;
        pthread_mutex_lock(&w->status_lock);
        w->status.mailbox_waits = w->waits_told;
        pthread_mutex_unlock(&w->status_lock);
    }
    w->wake(w->owner);
}

static void emit(struct line_worker *w, size_t point, enum mark mark, double raw, int64_t time_ms, int64_t now_ns)
{
    if (w->batch_count == BATCH_MAX || (w->batch_count && now_ns - w->batch_since_ns > BATCH_AGE_NS))
        hand_over(w);
    if (w->batch_count == 0)
        w->batch_since_ns = now_ns;
    w->batch[w->batch_count++] =
        (struct acquired){.time_ms = time_ms, .point = (uint32_t)point, .mark = mark, .raw = raw};
}

static void emit_block(struct line_worker *w, const struct mb_block *block, enum mark mark)
{
    int64_t time_ms = clock_wall_ms(), now_ns = clock_monotonic_ns();
    for (size_t n = 0; n < block->point_count; n++)
        emit(w, mb_plan_point(&w->plan, block, n), mark, NAN, time_ms, now_ns);
}

static void note(struct line_worker *w, enum line_state state, const char *error)
{
    pthread_mutex_lock(&w->status_lock);
    w->status.state = state;
    w->status.counts = *mb_port_counts(w->port);
    w->status.blocks = w->plan.block_count;
    if (error)
        snprintf(w->status.last_error, sizeof w->status.last_error, "%s", error);
    pthread_mutex_unlock(&w->status_lock);
}

/* ---- the thread: one block ---- */

static bool connected(struct line_worker *w)
{
    struct error err;
    int64_t now_ns = clock_monotonic_ns();
    if (mb_port_connected(w->port))
        return true;
    if (backoff_waiting(&w->connection, now_ns))
        return false;
    if (mb_port_connect(w->port, &err)) {
        backoff_succeed(&w->connection);
        note(w, LINE_CONNECTED, NULL);
        return true;
    }
    backoff_fail(&w->connection, clock_monotonic_ns(), CONNECT_FIRST_NS, BACKOFF_MOST_NS);
    note(w, LINE_WAITING, err.text);
    return false;
}

static void decode_block(struct line_worker *w, const struct mb_block *block, const uint16_t *registers)
{
    int64_t time_ms = clock_wall_ms(), now_ns = clock_monotonic_ns();
    bool bits = block->table == MB_COIL || block->table == MB_DISCRETE;
    uint64_t refused = 0;
    for (size_t n = 0; n < block->point_count; n++) {
        size_t index = mb_plan_point(&w->plan, block, n);
        const struct point *p = &w->points[index];
        const uint16_t *at = registers + (p->address - block->address);
        double raw = NAN;
        enum mb_value_result result = bits ? mb_value_decode(at, MB_U16, MB_ORDER_DEFAULT, 0, &raw)
                                           : mb_value_decode(at, p->type, p->order, p->bit, &raw);
        refused += result != MB_VALUE_OK;
        emit(w, index, result == MB_VALUE_OK ? MARK_N : MARK_D, result == MB_VALUE_OK ? raw : NAN, time_ms, now_ns);
    }
    pthread_mutex_lock(&w->status_lock);
    w->status.state = LINE_CONNECTED;
    w->status.counts = *mb_port_counts(w->port);
    w->status.blocks = w->plan.block_count;
    w->status.values_refused += refused;
    w->status.last_answer_ms = time_ms;
    w->status.last_error[0] = '\0';
    pthread_mutex_unlock(&w->status_lock);
}

/* took_ns: how long the answer was coming. An exception is an answer too. */
static void station_answered(struct line_worker *w, int station, int64_t took_ns)
{
    stations_answered(&w->stations, station, clock_wall_ms(), took_ns);
}

static void station_failed(struct line_worker *w, const struct mb_block *block, enum mb_result result)
{
    int64_t grace_ns = mb_port_untagged(w->port) ? w->line.timeout_ms * MS : 0;
    char text[96];
    snprintf(text, sizeof text, "station %d %s %d: %s", block->station, mb_table_name(block->table), block->address,
             mb_result_name(result));
    note(w, mb_port_connected(w->port) ? LINE_CONNECTED : LINE_CONNECTING, text);
    stations_failed(&w->stations, block->station, clock_monotonic_ns(), grace_ns, mb_result_name(result));
}

/* False when the block was split: its parts are due now. */
static bool excepted(struct line_worker *w, size_t index, int64_t took_ns)
{
    struct mb_block *block = &w->plan.blocks[index];
    int code = mb_port_exception(w->port);
    char text[96];
    if (code == EXCEPTION_GATEWAY_PATH || code == EXCEPTION_GATEWAY_TARGET) {
        station_failed(w, block, MB_EXCEPTION);
        emit_block(w, block, MARK_B);
        return true;
    }
    station_answered(w, block->station, took_ns);
    snprintf(text, sizeof text, "station %d %s %d..%d: exception %d", block->station, mb_table_name(block->table),
             block->address, block->address + block->count - 1, code);
    note(w, LINE_CONNECTED, text);
    if (code == EXCEPTION_ILLEGAL_ADDRESS && mb_plan_split(&w->plan, index)) {
        w->due_ns[index] = w->due_ns[w->plan.block_count - 1] = clock_monotonic_ns();
        return false;
    }
    emit_block(w, block, MARK_D);
    return true;
}

static void run_block(struct line_worker *w, size_t index)
{
    struct mb_block *block = &w->plan.blocks[index];
    uint16_t registers[MB_BITS_MAX];
    if (stations_rests(&w->stations, block->station, clock_monotonic_ns()) || !connected(w)) {
        emit_block(w, block, MARK_B);
        return;
    }
    int64_t asked_ns = clock_monotonic_ns();
    enum mb_result result =
        mb_port_read(w->port, block->station, block->table, block->address, block->count, registers);
    if (result == MB_DISCONNECTED && connected(w)) {
        asked_ns = clock_monotonic_ns();
        result = mb_port_read(w->port, block->station, block->table, block->address, block->count, registers);
    }
    int64_t took_ns = clock_monotonic_ns() - asked_ns;
    switch (result) {
    case MB_OK:
        station_answered(w, block->station, took_ns);
        decode_block(w, block, registers);
        return;
    case MB_EXCEPTION: excepted(w, index, took_ns); return;
    case MB_DISCONNECTED: /* the device takes connections and drops them: no hammering */
        backoff_fail(&w->connection, clock_monotonic_ns(), CONNECT_FIRST_NS, BACKOFF_MOST_NS);
        note(w, LINE_WAITING, "disconnected");
        break;
    case MB_TIMEOUT:
    case MB_GARBLED:
    case MB_RESULTS: station_failed(w, block, result); break;
    }
    emit_block(w, block, MARK_B);
}

/* ---- the thread: writing ---- */

static int outcome_of(struct line_worker *w, enum mb_result result)
{
    switch (result) {
    case MB_OK: return HJ212_EXE_OK;
    case MB_EXCEPTION: return mb_port_exception(w->port) == EXCEPTION_BUSY ? HJ212_EXE_BUSY : HJ212_EXE_CONDITIONS;
    case MB_TIMEOUT:
    case MB_DISCONNECTED: return HJ212_EXE_TIMEOUT;
    case MB_GARBLED:
    case MB_RESULTS: break;
    }
    return HJ212_EXE_FAILED; /* whether it was done can't be told */
}

static bool carry_out_order(struct line_worker *w)
{
    struct order order;
    if (!mailbox_take_order(&w->mailbox, &order))
        return false;
    enum mb_result result = MB_DISCONNECTED;
    if (connected(w))
        result = mb_port_write(w->port, order.at.station, order.at.table, order.at.address, order.value);
    mailbox_carried_out(&w->mailbox, outcome_of(w, result));
    w->wake(w->owner);
    return true;
}

/* ---- the thread: deadlines ---- */

static size_t earliest(const struct line_worker *w)
{
    size_t best = 0;
    for (size_t i = 1; i < w->plan.block_count; i++)
        if (w->due_ns[i] < w->due_ns[best])
            best = i;
    return best;
}

static void advance(struct line_worker *w, size_t index, int64_t now_ns)
{
    int64_t interval_ns = w->plan.blocks[index].interval_ms * MS;
    int64_t missed = (now_ns - w->due_ns[index]) / interval_ns;
    if (missed > 0) {
        pthread_mutex_lock(&w->status_lock);
        w->status.overruns += (uint64_t)missed;
        pthread_mutex_unlock(&w->status_lock);
    }
    w->due_ns[index] += (missed + 1) * interval_ns;
}

/* The longest a connection, a request and its answer may take, however the device behaves. */
static int64_t answer_ns(const struct line_worker *w)
{
    return 4 * (w->line.timeout_ms + w->line.pause_ms) * MS;
}

static void *run(void *argument)
{
    struct line_worker *w = argument;
    int64_t start_ns = clock_monotonic_ns();
    for (size_t i = 0; i < w->plan.block_count; i++)
        w->due_ns[i] = start_ns + w->phase_ns;
    for (;;) {
        if (w->plan.block_count == 0) { /* a line that is only written to */
            w->promised_ns = clock_monotonic_ns() + BACKOFF_MOST_NS + answer_ns(w);
            if (mailbox_wait_until(&w->mailbox, clock_monotonic_ns() + BACKOFF_MOST_NS))
                break;
            carry_out_order(w);
            continue;
        }
        size_t index = earliest(w);
        int64_t now_ns = clock_monotonic_ns();
        if (w->due_ns[index] > now_ns) {
            w->promised_ns = INT64_MAX; /* a full mailbox is the loop's affair */
            hand_over(w);
        }
        w->promised_ns = w->due_ns[index] + answer_ns(w);
        if (mailbox_wait_until(&w->mailbox, w->due_ns[index]))
            break;
        if (carry_out_order(w))
            continue;
        advance(w, index, clock_monotonic_ns());
        w->promised_ns = clock_monotonic_ns() + answer_ns(w);
        run_block(w, index);
    }
    pthread_mutex_lock(&w->status_lock);
    w->finished = true;
    pthread_mutex_unlock(&w->status_lock);
    w->wake(w->owner);
    return NULL;
}

/* ---- the loop's side ---- */

static void release(struct line_worker *w)
{
    mb_plan_clear(&w->plan);
    stations_clear(&w->stations);
    mb_port_free(w->port);
    mailbox_clear(&w->mailbox);
    pthread_mutex_destroy(&w->status_lock);
    free(w->due_ns);
    free(w->points);
    free(w);
}

static bool start_thread(struct line_worker *w)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 1024 * 1024); /* address space, not memory: getaddrinfo needs some */
    int failed = pthread_create(&w->thread, &attributes, run, w);
    pthread_attr_destroy(&attributes);
    if (!failed)
        pthread_setname_np(w->thread, "line");
    return failed == 0;
}

struct line_worker *line_start(const struct line *line, const struct point *points, size_t point_count,
                               int64_t phase_ns, void (*wake)(void *owner), void *owner, struct error *err)
{
    struct line_worker *w = calloc(1, sizeof *w);
    if (!w) {
        error_set(err, "line %s: out of memory", line->name);
        return NULL;
    }
    w->line = *line;
    w->point_count = point_count;
    w->wake = wake;
    w->owner = owner;
    w->phase_ns = phase_ns;
    w->promised_ns = INT64_MAX;
    w->status.last_answer_ms = INSTANT_NONE;
    pthread_mutex_init(&w->status_lock, NULL);
    w->points = calloc(point_count ? point_count : 1, sizeof *w->points);
    w->due_ns = calloc(point_count ? point_count : 1, sizeof *w->due_ns);
    if (!stations_init(&w->stations, points, point_count) || !w->points || !w->due_ns || !mailbox_init(&w->mailbox)) {
        error_set(err, "line %s: out of memory", line->name);
        release(w);
        return NULL;
    }
    memcpy(w->points, points, point_count * sizeof *points);
    if (!mb_plan_init(&w->plan, w->points, point_count, w->line.max_registers, w->line.max_gap)) {
        error_set(err, "line %s: out of memory", line->name);
        release(w);
        return NULL;
    }
    w->port = mb_port_new(&w->line, err);
    if (!w->port || !start_thread(w)) {
        if (w->port)
            error_set(err, "line %s: no thread: %s", line->name, "resource limit reached");
        release(w);
        return NULL;
    }
    return w;
}

size_t line_take(struct line_worker *worker, struct acquired *out, size_t room)
{
    return mailbox_take(&worker->mailbox, out, room);
}

bool line_instruct(struct line_worker *worker, const struct point *at, int value, uint64_t ticket)
{
    return mailbox_order(&worker->mailbox, &(struct order){.ticket = ticket, .at = *at, .value = value});
}

bool line_instructed(struct line_worker *worker, uint64_t *ticket, int *exe_rtn)
{
    struct order order;
    if (!mailbox_take_outcome(&worker->mailbox, &order))
        return false;
    *ticket = order.ticket;
    *exe_rtn = order.exe_rtn;
    return true;
}

int64_t line_overdue_ns(struct line_worker *worker, int64_t now_ns)
{
    int64_t promised_ns = worker->promised_ns;
    return promised_ns < now_ns && !line_finished(worker) ? now_ns - promised_ns : 0;
}

void line_stop(struct line_worker *worker)
{
    mailbox_stop(&worker->mailbox);
}

bool line_finished(struct line_worker *worker)
{
    pthread_mutex_lock(&worker->status_lock);
    bool finished = worker->finished;
    pthread_mutex_unlock(&worker->status_lock);
    return finished;
}

void line_free(struct line_worker *worker)
{
    if (!worker)
        return;
    line_stop(worker);
    pthread_join(worker->thread, NULL);
    release(worker);
}

void line_status_get(struct line_worker *worker, struct line_status *out)
{
    pthread_mutex_lock(&worker->status_lock);
    *out = worker->status;
    pthread_mutex_unlock(&worker->status_lock);
    out->stations_silent = stations_silent(&worker->stations, clock_monotonic_ns());
}

size_t line_stations(struct line_worker *worker, struct station_status *out, size_t room)
{
    return stations_get(&worker->stations, clock_monotonic_ns(), out, room);
}
