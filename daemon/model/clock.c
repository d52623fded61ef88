#include "model/clock.h"

#include <time.h>

int64_t clock_wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_monotonic_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct timespec clock_timespec(int64_t monotonic_ns)
{
    return (struct timespec){.tv_sec = monotonic_ns / 1000000000, .tv_nsec = monotonic_ns % 1000000000};
}

uint64_t clock_timer_ms(int ms)
{
    return (uint64_t)ms;
}
