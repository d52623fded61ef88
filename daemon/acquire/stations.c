#include "acquire/stations.h"

#include "model/instant.h"

#include <stdio.h>
#include <stdlib.h>

enum { FAILURES_TO_BACK_OFF = 2 };
static const int64_t FIRST_NS = 1000000000, MOST_NS = 10000000000;

bool stations_init(struct stations *s, const struct point *points, size_t count)
{
    bool known[STATIONS_MAX] = {false};
    pthread_mutex_init(&s->lock, NULL);
    s->count = 0;
    s->all = calloc(count < STATIONS_MAX ? count + 1 : STATIONS_MAX, sizeof *s->all);
    for (size_t i = 0; s->all && i < count; i++) {
        int station = points[i].station;
        if (known[station])
            continue;
        known[station] = true;
        s->place[station] = (uint8_t)s->count;
        s->all[s->count++].status = (struct station_status){.station = station, .last_answer_ms = INSTANT_NONE};
    }
    return s->all != NULL;
}

void stations_clear(struct stations *s)
{
    free(s->all);
    pthread_mutex_destroy(&s->lock);
}

bool stations_rests(const struct stations *s, int station, int64_t now_ns)
{
    return backoff_waiting(&s->all[s->place[station]].backoff, now_ns);
}

void stations_answered(struct stations *s, int station, int64_t now_ms, int64_t took_ns)
{
    struct station *one = &s->all[s->place[station]];
    struct station_status *status = &one->status;
    pthread_mutex_lock(&s->lock);
    backoff_succeed(&one->backoff);
    status->answers++;
    status->last_answer_ms = now_ms;
    status->latency_ns = status->latency_ns == 0 ? took_ns : status->latency_ns + (took_ns - status->latency_ns) / 8;
    status->last_error[0] = '\0';
    pthread_mutex_unlock(&s->lock);
}

void stations_failed(struct stations *s, int station, int64_t now_ns, int64_t grace_ns, const char *why)
{
    struct station *one = &s->all[s->place[station]];
    pthread_mutex_lock(&s->lock);
    if (one->backoff.failures + 1 >= FAILURES_TO_BACK_OFF) {
        backoff_fail(&one->backoff, now_ns, FIRST_NS, MOST_NS);
    } else {
        one->backoff.failures++;
        one->backoff.until_ns = now_ns + grace_ns;
    }
    one->status.failures++;
    snprintf(one->status.last_error, sizeof one->status.last_error, "%s", why);
    pthread_mutex_unlock(&s->lock);
}

static bool silent(const struct station *one, int64_t now_ns)
{
    return one->backoff.failures >= FAILURES_TO_BACK_OFF && backoff_waiting(&one->backoff, now_ns);
}

size_t stations_silent(struct stations *s, int64_t now_ns)
{
    size_t count = 0;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->count; i++)
        count += silent(&s->all[i], now_ns);
    pthread_mutex_unlock(&s->lock);
    return count;
}

size_t stations_get(struct stations *s, int64_t now_ns, struct station_status *out, size_t room)
{
    size_t count = s->count < room ? s->count : room;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < count; i++) {
        out[i] = s->all[i].status;
        out[i].rests_ns = silent(&s->all[i], now_ns) ? s->all[i].backoff.until_ns - now_ns : 0;
    }
    pthread_mutex_unlock(&s->lock);
    return count;
}
