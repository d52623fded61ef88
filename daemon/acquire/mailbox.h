/* Bounded queue of samples from a line's thread to the loop. The writer waits while it is full, unless told to stop. */
#ifndef CEMSD_ACQUIRE_MAILBOX_H
#define CEMSD_ACQUIRE_MAILBOX_H

#include "acquire/line.h"

#include <pthread.h>

/* One thing to be written, and how it ended. */
struct order {
    uint64_t ticket;
    struct point at;
    int value;
    int exe_rtn; /* enum hj212_exe_rtn, when it is done */
};

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t room, stop; /* room was made; the stop flag was set */
    struct acquired *ring;     /* LINE_MAILBOX of them */
    size_t first;
    _Atomic size_t count;     /* written under lock; an empty box is seen without it */
    bool stopping, ordered;   /* an order waits for the line */
    _Atomic bool carried_out; /* its outcome waits for the loop; written under lock, seen without it */
    struct order order;
    uint64_t waits;
};

bool mailbox_init(struct mailbox *box);
void mailbox_clear(struct mailbox *box);
/* Puts all n; waits for room as often as needed. False when stopping (the rest is dropped: the line is going away). */
bool mailbox_put(struct mailbox *box, const struct acquired *samples, size_t n);
size_t mailbox_take(struct mailbox *box, struct acquired *out, size_t room);
void mailbox_stop(struct mailbox *box);
/* The loop leaves an order; false when another is under way or its outcome was not taken. */
bool mailbox_order(struct mailbox *box, const struct order *order);
/* The line takes it; false when there is none. */
bool mailbox_take_order(struct mailbox *box, struct order *order);
void mailbox_carried_out(struct mailbox *box, int exe_rtn);
bool mailbox_take_outcome(struct mailbox *box, struct order *order);
/* Waits until the monotonic instant, an order, or until stopping; true when stopping. */
bool mailbox_wait_until(struct mailbox *box, int64_t deadline_ns);

#endif
