/* Bounded exponential back-off: leave alone for first, 2·first, 4·first .. most, until something succeeds. Pure. */
#ifndef CEMSD_ACQUIRE_BACKOFF_H
#define CEMSD_ACQUIRE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

struct backoff {
    int64_t until_ns; /* monotonic; 0 = not waiting */
    int64_t wait_ns;  /* of the last failure; 0 = none */
    int failures;     /* in a row */
};

static inline bool backoff_waiting(const struct backoff *b, int64_t now_ns)
{
    return now_ns < b->until_ns;
}

static inline void backoff_fail(struct backoff *b, int64_t now_ns, int64_t first_ns, int64_t most_ns)
{
    int64_t next = b->wait_ns == 0 ? first_ns : b->wait_ns > most_ns / 2 ? most_ns : 2 * b->wait_ns;
    b->wait_ns = next < most_ns ? next : most_ns;
    b->until_ns = now_ns + b->wait_ns;
    b->failures++;
}

static inline void backoff_succeed(struct backoff *b)
{
    *b = (struct backoff){0};
}

#endif
