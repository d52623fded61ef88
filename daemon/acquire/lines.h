/* All lines of a plant, and the way from their points to channels.
 *
 *   acquired (point, raw, mark) ─► status points first: the instrument's mark ─► scale ─► sample (channel, value, mark)
 *
 * The points of a line are the sources of its channels in channel order, each followed by that of its marks. A reload
 * keeps the lines whose settings and points did not change; the others end and their successors start when they have.
 * The loop's thread. */
#ifndef CEMSD_ACQUIRE_LINES_H
#define CEMSD_ACQUIRE_LINES_H

#include "acquire/hj212/hj212_line.h"
#include "acquire/line.h"
#include "model/reading.h"

struct lines;

/* What lines tell besides samples, on the loop's thread. */
struct lines_events {
    /* An analyzer reported about itself over HJ 212. */
    void (*information)(void *owner, const struct information *information);
    /* An instruction has ended: enum hj212_exe_rtn. */
    void (*instructed)(void *owner, uint64_t ticket, int exe_rtn);
};

/* wake(owner) comes from lines' threads. */
struct lines *lines_new(uv_loop_t *loop, void (*wake)(void *owner), const struct lines_events *events, void *owner,
                        struct error *err);
/* Waits for every thread (one transaction each at most). */
void lines_free(struct lines *lines);

/* Makes the running lines those of the plant, which must outlive the next lines_apply. False with err when a line can't
 * be started (the others run) or when memory is short (nothing has changed: lines_plant tells). */
bool lines_apply(struct lines *lines, const struct plant *plant, struct error *err);

/* The plant whose lines are in force. */
const struct plant *lines_plant(const struct lines *lines);

/* Takes what has come, group by group: each(owner, samples, count) for what one answer held. At most max groups.
 * Returns whether more may be waiting. */
bool lines_collect(struct lines *lines, size_t max,
                   void (*each)(void *owner, const struct sample *samples, size_t count), void *owner);

/* A channel that nothing was heard of for two intervals (its line's thread may hang in a driver) gets a sample marked
 * B. */
void lines_watch(struct lines *lines, int64_t now_ns, int64_t now_ms,
                 void (*each)(void *owner, const struct sample *samples, size_t count), void *owner);

/* Carries out an action of a channel: a Modbus write by the line's thread between two reads, or the command handed to
 * the HJ 212 analyzer. The result comes by events.instructed with the ticket (not 0). False: the line is busy with
 * another, or nobody is there; nothing comes then. area is the command's data area for passing on. */
bool lines_instruct(struct lines *lines, const struct channel *channel, const struct action *action, const char *area,
                    uint64_t ticket);

/* Joins lines that have ended and starts their successors. True when a line could not be started (err). */
bool lines_reap(struct lines *lines, struct error *err);

/* The longest any line's thread has been stuck, and which line that is. */
int64_t lines_overdue_ns(struct lines *lines, int64_t now_ns, const char **name);
/* Hangs up on every HJ 212 analyzer: after the last lines_collect. */
void lines_hang_up(struct lines *lines);

/* Asks the threads to end, and whether they have. */
void lines_stop(struct lines *lines);
bool lines_finished(const struct lines *lines);

size_t lines_count(const struct lines *lines);
/* Name (borrowed) and status of the n-th; false when it is waiting for its predecessor to end. */
bool lines_status(struct lines *lines, size_t n, const char **name, struct line_status *out);
/* Stations of a Modbus line, the first room of them; 0 for others. */
size_t lines_stations(struct lines *lines, size_t n, struct station_status *out, size_t room);
/* Of an HJ 212 line; false for others. */
bool lines_hj212_status(struct lines *lines, size_t n, struct hj212_line_status *out);

#endif
