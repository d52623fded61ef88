/* The only file that asks the kernel for the time. Schedules use monotonic, labels use wall. Any thread. */
#ifndef CEMSD_MODEL_CLOCK_H
#define CEMSD_MODEL_CLOCK_H

#include <stdint.h>
#include <time.h>

int64_t clock_wall_ms(void);      /* CLOCK_REALTIME, milliseconds since the epoch */
int64_t clock_monotonic_ns(void); /* CLOCK_MONOTONIC, nanoseconds */

/* A monotonic instant as pthread_cond_timedwait wants it, and a duration as a timer of the event loop wants it. They
 * are what they seem; a simulation that links its own clock (tests/simulation) makes both shorter. */
struct timespec clock_timespec(int64_t monotonic_ns);
uint64_t clock_timer_ms(int ms);

#endif
