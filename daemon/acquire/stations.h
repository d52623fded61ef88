/* What a line knows of each of its stations: whether it answers, how fast, and when it is asked again.
 *
 *   answered ─► back-off ends, latency := 7/8 latency + 1/8 of this one (as TCP smooths its round trips)
 *   failed   ─► from the second in a row on it is left alone for 1, 2, 4 .. 10 s, then probed
 *
 * Written by the line's thread, read by the loop under a lock. */
#ifndef CEMSD_ACQUIRE_STATIONS_H
#define CEMSD_ACQUIRE_STATIONS_H

#include "acquire/backoff.h"
#include "model/plant.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STATIONS_MAX = 256 }; /* what the one byte of the protocol can name */

struct station_status {
    int station;
    uint64_t answers, failures;
    int64_t last_answer_ms; /* wall clock, INSTANT_NONE before the first */
    int64_t latency_ns;     /* smoothed; 0 before the first answer */
    int64_t rests_ns;       /* how much longer it is left alone; 0: it is not */
    char last_error[64];    /* "" after a good answer */
};

struct stations {
    pthread_mutex_t lock;
    size_t count;
    struct station {
        struct backoff backoff;
        struct station_status status;
    } * all;
    uint8_t place[STATIONS_MAX];
};

/* Those of the points. False: out of memory. */
bool stations_init(struct stations *stations, const struct point *points, size_t count);
void stations_clear(struct stations *stations);

/* By the line's thread. */
bool stations_rests(const struct stations *stations, int station, int64_t now_ns);
void stations_answered(struct stations *stations, int station, int64_t now_ms, int64_t took_ns);
/* grace_ns: for how long a first failure leaves it alone, so that its late answer does not meet the next request. */
void stations_failed(struct stations *stations, int station, int64_t now_ns, int64_t grace_ns, const char *why);

/* Any thread. How many are on back-off; copies of the first room of all, in the order of their first point. */
size_t stations_silent(struct stations *stations, int64_t now_ns);
size_t stations_get(struct stations *stations, int64_t now_ns, struct station_status *out, size_t room);

#endif
