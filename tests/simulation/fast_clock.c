/* A clock for simulations, in place of daemon/model/clock.c:
 *
 *   wall = CEMSD_START_MS + (real - CEMSD_ORIGIN_MS) · CEMSD_SPEED + step       monotonic = real · CEMSD_SPEED
 *
 * step: milliseconds, an int64 at the begin of the file CEMSD_STEP, which whoever sets the clock changes in place.
 * The origin is given from outside, so that a daemon that was killed comes back to the time that went on without it. */
#include "model/clock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SHORTEST_TIMER_MS = 4 };

static int64_t setting(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoll(text, NULL, 10) : otherwise;
}

static int64_t speed(void)
{
    static int64_t value;
    if (value == 0)
        value = setting("CEMSD_SPEED", 1);
    return value;
}

static int64_t real_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int64_t step_ms(void)
{
    static const _Atomic int64_t *step, none;
    if (step == NULL) {
        const char *path = getenv("CEMSD_STEP");
        int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        void *shared = fd >= 0 ? mmap(NULL, sizeof *step, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
        step = shared == MAP_FAILED ? &none : shared;
        if (fd >= 0)
            close(fd);
    }
    return *step;
}

int64_t clock_wall_ms(void)
{
    static int64_t origin_ms, start_ms;
    int64_t now_ms = real_ns(CLOCK_REALTIME) / 1000000;
    if (origin_ms == 0) {
        origin_ms = setting("CEMSD_ORIGIN_MS", now_ms);
        start_ms = setting("CEMSD_START_MS", now_ms);
    }
    return start_ms + (real_ns(CLOCK_REALTIME) - origin_ms * 1000000) / 1000 * speed() / 1000 + step_ms();
}

int64_t clock_monotonic_ns(void)
{
    return real_ns(CLOCK_MONOTONIC) * speed();
}

struct timespec clock_timespec(int64_t monotonic_ns)
{
    int64_t real = monotonic_ns / speed();
    return (struct timespec){.tv_sec = real / 1000000000, .tv_nsec = real % 1000000000};
}

uint64_t clock_timer_ms(int ms)
{
    int64_t real = ms / speed();
    return (uint64_t)(real > SHORTEST_TIMER_MS ? real : SHORTEST_TIMER_MS < ms ? SHORTEST_TIMER_MS : ms);
}
