/* The only file that asks the kernel for the time. Schedules use monotonic, labels use wall. Any thread. */
#ifndef CEMSD_MODEL_CLOCK_H
#define CEMSD_MODEL_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void);      /* CLOCK_REALTIME, milliseconds since the epoch */
int64_t clock_monotonic_ns(void); /* CLOCK_MONOTONIC, nanoseconds */

#endif
