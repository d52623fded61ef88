#include "signals.h"

#include <math.h>
#include <string.h>

#define DAY_S 86400.0
#define START_OF_DAY_S (8 * 3600.0)

int signal_find(const struct signals *signals, const char *name)
{
    for (size_t i = 0; i < signals->count; i++)
        if (strcmp(signals->all[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* splitmix64: one well-mixed word for each (seed, signal, step). */
static double hash(uint64_t seed, uint64_t index, int64_t step)
{
    uint64_t x = seed + index * UINT64_C(0x9E3779B97F4A7C15) + (uint64_t)step * UINT64_C(0xD1B54A32D192ED03);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    x ^= x >> 31;
    return (double)(x >> 11) / 4503599627370496.0 - 1; /* -1..1 */
}

static double noise(const struct signals *s, size_t index, double t_s)
{
    double tau = s->all[index].tau_s, at = t_s / tau, whole = floor(at), part = at - whole;
    double blend = part * part * (3 - 2 * part);
    double slow = hash(s->seed, index, (int64_t)whole) * (1 - blend) + hash(s->seed, index, (int64_t)whole + 1) * blend;
    return 0.8 * slow + 0.2 * hash(s->seed ^ 0xA5A5, index, (int64_t)floor(t_s * 10));
}

static bool calibrating(const struct signals *s, size_t index, double t_s)
{
    const struct signal *signal = &s->all[index];
    if (signal->calibrate_every_s > 0 && t_s >= signal->calibrate_every_s &&
        fmod(t_s, signal->calibrate_every_s) < signal->calibrate_for_s)
        return true;
    for (size_t i = 0; i < s->event_count; i++) {
        const struct event *e = &s->events[i];
        if (e->has_signal && e->does == SIGNAL_CALIBRATE && strcmp(e->signal, signal->name) == 0 && t_s >= e->at_s &&
            t_s < e->at_s + e->for_s)
            return true;
    }
    return false;
}

int signal_state(const struct signals *signals, size_t index, double t_s)
{
    return calibrating(signals, index, t_s) ? 1 : 0;
}

static double undisturbed(const struct signals *s, size_t index, double t_s)
{
    const struct signal *signal = &s->all[index];
    double v = signal->base + signal->diurnal * sin(2 * M_PI * (t_s + START_OF_DAY_S) / DAY_S) +
               signal->noise * noise(s, index, t_s);
    int load = signal_find(s, "load");
    if (load >= 0 && (size_t)load != index) {
        double l = signal_value(s, (size_t)load, t_s);
        v += signal->per_load * (l - 0.8);
        if (isfinite(signal->stopped) && l < 0.3)
            v = signal->stopped + (v - signal->stopped) * l / 0.3;
    }
    return calibrating(s, index, t_s) ? signal->calibrate_value : v;
}

static double disturb(const struct signals *s, size_t index, const struct event *e, double v, double t_s)
{
    double into = t_s - e->at_s;
    switch (e->does) {
    case SIGNAL_MULTIPLY: return v * e->value;
    case SIGNAL_ADD: return v + e->value;
    case SIGNAL_SET: return e->value;
    case SIGNAL_STUCK: return undisturbed(s, index, e->at_s);
    case SIGNAL_NAN: return NAN;
    case SIGNAL_RAMP: return v + (e->value - v) * fmin(1, into / fmax(e->for_s / 2, 1));
    default: return v;
    }
}

double signal_value(const struct signals *s, size_t index, double t_s)
{
    const struct signal *signal = &s->all[index];
    double v = undisturbed(s, index, t_s);
    for (size_t i = 0; i < s->event_count; i++) {
        const struct event *e = &s->events[i];
        if (e->has_signal && t_s >= e->at_s && t_s < e->at_s + e->for_s && strcmp(e->signal, signal->name) == 0)
            v = disturb(s, index, e, v, t_s);
    }
    return v < signal->min ? signal->min : v > signal->max ? signal->max : v;
}
