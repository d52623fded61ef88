#include "acquire/mailbox.h"

#include "model/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

bool mailbox_init(struct mailbox *box)
{
    pthread_condattr_t monotonic;
    *box = (struct mailbox){.ring = calloc(LINE_MAILBOX, sizeof *box->ring)};
    if (!box->ring)
        return false;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&box->lock, NULL);
    pthread_cond_init(&box->room, NULL);
    pthread_cond_init(&box->stop, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return true;
}

void mailbox_clear(struct mailbox *box)
{
    if (!box->ring)
        return;
    pthread_cond_destroy(&box->stop);
    pthread_cond_destroy(&box->room);
    pthread_mutex_destroy(&box->lock);
    free(box->ring);
    box->ring = NULL;
}

bool mailbox_put(struct mailbox *box, const struct acquired *samples, size_t n)
{
    pthread_mutex_lock(&box->lock);
    for (size_t i = 0; i < n && !box->stopping; i++) {
        if (box->count == LINE_MAILBOX)
            box->waits++;
        while (box->count == LINE_MAILBOX && !box->stopping)
            pthread_cond_wait(&box->room, &box->lock);
        if (!box->stopping)
            box->ring[(box->first + box->count++) % LINE_MAILBOX] = samples[i];
    }
    bool all = !box->stopping;
    pthread_mutex_unlock(&box->lock);
    return all;
}

size_t mailbox_take(struct mailbox *box, struct acquired *out, size_t room)
{
    if (box->count == 0)
        return 0;
    pthread_mutex_lock(&box->lock);
    size_t n = box->count < room ? box->count : room;
    for (size_t i = 0; i < n; i++)
        out[i] = box->ring[(box->first + i) % LINE_MAILBOX];
    box->count -= n;
    box->first = box->count == 0 ? 0 : (box->first + n) % LINE_MAILBOX; /* an empty ring stays on its warm pages */
    if (n > 0)
        pthread_cond_signal(&box->room);
    pthread_mutex_unlock(&box->lock);
    return n;
}

void mailbox_stop(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    box->stopping = true;
    pthread_cond_broadcast(&box->room);
    pthread_cond_broadcast(&box->stop);
    pthread_mutex_unlock(&box->lock);
}

bool mailbox_wait_until(struct mailbox *box, int64_t deadline_ns)
{
    struct timespec until = clock_timespec(deadline_ns);
    pthread_mutex_lock(&box->lock);
    while (!box->stopping && !box->ordered && pthread_cond_timedwait(&box->stop, &box->lock, &until) == 0)
        ;
    bool stopping = box->stopping;
    pthread_mutex_unlock(&box->lock);
    return stopping;
}

bool mailbox_order(struct mailbox *box, const struct order *order)
{
    pthread_mutex_lock(&box->lock);
    bool taken = box->order.ticket == 0;
    if (taken) {
        box->order = *order;
        box->ordered = true;
        pthread_cond_broadcast(&box->stop);
    }
    pthread_mutex_unlock(&box->lock);
    return taken;
}

bool mailbox_take_order(struct mailbox *box, struct order *order)
{
    pthread_mutex_lock(&box->lock);
    bool any = box->ordered;
    *order = box->order;
    box->ordered = false;
    pthread_mutex_unlock(&box->lock);
    return any;
}

void mailbox_carried_out(struct mailbox *box, int exe_rtn)
{
    pthread_mutex_lock(&box->lock);
    box->order.exe_rtn = exe_rtn;
    box->carried_out = true;
    pthread_mutex_unlock(&box->lock);
}

bool mailbox_take_outcome(struct mailbox *box, struct order *order)
{
    if (!box->carried_out)
        return false;
    pthread_mutex_lock(&box->lock);
    *order = box->order;
    box->carried_out = false;
    box->order.ticket = 0;
    pthread_mutex_unlock(&box->lock);
    return true;
}
