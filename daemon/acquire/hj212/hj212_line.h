/* The wires of an HJ 212 line on the loop: a listener for analyzers that connect, a client, or a serial device.
 *
 *   listen    up to `connections` peers; one more closes the one that has been silent longest; a second connection with
 *             the MN of another takes its place
 *   connect   one peer, tried again after 1, 2, 4 .. 60 s
 *   serial    a tty at the given speed, opened again after 1, 2, 4 .. 60 s
 *
 * A peer that does not read what is answered is hung up on; one that is silent for idle_s too. The loop's thread. */
#ifndef CEMSD_ACQUIRE_HJ212_LINE_H
#define CEMSD_ACQUIRE_HJ212_LINE_H

#include "acquire/hj212/analyzers.h"

#include <uv.h>

struct hj212_line;

/* line and items are copied. wake(owner) is called when there is something to take. NULL with err when the address
 * can't be listened on or memory is short. */
struct hj212_line *hj212_line_open(uv_loop_t *loop, const struct line *line, const struct item_source *items,
                                   size_t count, const struct analyzers_events *events, void (*wake)(void *owner),
                                   void *owner, struct error *err);
/* Hangs up on everybody and frees when the loop has closed the handles; nothing is called any more. */
void hj212_line_close(struct hj212_line *l);

size_t hj212_line_take(struct hj212_line *l, struct acquired *out, size_t room);
bool hj212_line_instruct(struct hj212_line *l, const char *mn, int cn, const char *area, uint64_t ticket);

struct hj212_line_status {
    bool connected; /* anybody is there */
    size_t connections;
    const struct hj212_counts *counts; /* borrowed until the next call */
};
void hj212_line_status_get(struct hj212_line *l, struct hj212_line_status *out);

#endif
