/* A Modbus line: one thread that owns one port and asks its points, each at its own interval.
 *
 *   deadlines ─► plan ─► port ─► decode ─► mailbox ─► wake() ─► the loop takes
 *
 * What a reading costs and promises:
 *   - points keep their interval by monotonic deadlines on a grid: late work never shifts later work;
 *   - a point that can't be had is delivered all the same, with mark B (nobody answered) or D (refused, not a number);
 *   - a station that fails twice running is left alone for 1, 2, 4 .. 10 s, then probed; its neighbours keep their
 * interval;
 *   - a lost connection is made again for ever, after 0.5, 1, 2 .. 10 s;
 *   - a full mailbox loses nothing: the line waits, and the waits are counted.
 *
 * All functions belong to the loop's thread. */
#ifndef CEMSD_ACQUIRE_LINE_H
#define CEMSD_ACQUIRE_LINE_H

#include "acquire/stations.h"
#include "modbus/port.h"
#include "model/error.h"
#include "model/mark.h"
#include "model/plant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct acquired {
    int64_t time_ms; /* wall clock when the answer was complete */
    uint32_t point;  /* index into the points given to line_start */
    enum mark mark;
    double raw;    /* before scaling; NAN when there is none */
    bool own_time; /* time_ms is the instrument's own word */
};

enum { LINE_MAILBOX = 1024 }; /* samples waiting for the loop */

enum line_state { LINE_CONNECTING, LINE_CONNECTED, LINE_WAITING, LINE_STATES };
const char *line_state_name(enum line_state state);

struct line_status {
    enum line_state state;
    struct mb_port_counts counts;
    size_t blocks;          /* transactions of a full scan */
    size_t stations_silent; /* stations on back-off now */
    uint64_t overruns;      /* deadlines skipped because the line is too slow for what it is asked */
    uint64_t mailbox_waits;
    uint64_t values_refused; /* NaN, infinity, subnormal, bad BCD */
    int64_t last_answer_ms;  /* wall clock, INSTANT_NONE before the first */
    char last_error[160];    /* "" when the last transaction was good */
};

struct line_worker;

/* Starts the thread. line and points are copied. wake(owner) is called from the thread when there is something to take
 * or the thread has ended: it must be cheap and thread-safe. phase_ns delays the first scan, to spread lines. */
struct line_worker *line_start(const struct line *line, const struct point *points, size_t point_count,
                               int64_t phase_ns, void (*wake)(void *owner), void *owner, struct error *err);

/* Takes up to room samples in the order of their making; returns how many. */
size_t line_take(struct line_worker *worker, struct acquired *out, size_t room);

/* Writes value to the coil or holding register at the point, between two reads. False when another write is under way.
 */
bool line_instruct(struct line_worker *worker, const struct point *at, int value, uint64_t ticket);
/* How it ended (enum hj212_exe_rtn); false when nothing has. */
bool line_instructed(struct line_worker *worker, uint64_t *ticket, int *exe_rtn);

/* How long the thread has been stuck beyond what any answer may take: a driver that does not come back. 0: it is not.
 */
int64_t line_overdue_ns(struct line_worker *worker, int64_t now_ns);

/* Asks the thread to end; it does within one transaction. */
void line_stop(struct line_worker *worker);
bool line_finished(struct line_worker *worker);
/* Joins (waits if it has not finished) and frees. */
void line_free(struct line_worker *worker);

void line_status_get(struct line_worker *worker, struct line_status *out);
size_t line_stations(struct line_worker *worker, struct station_status *out, size_t room);

#endif
