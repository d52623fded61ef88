/* Signals of a simulated plant: every value is a pure function of (seed, signal, time), so that two runs with one seed
 * agree whatever is asked when.
 *
 *   load     L = base + diurnal · sin(2π t / day) + noise, 0..1, ramped by events (start-up, shut-down)
 *   others   v = base + per_load · (L - 0.8) + diurnal · sin + noise · N(t); towards `stopped` as L falls below 0.3
 *   N(t)     value noise: hashes at whole steps of tau, blended, plus a white part
 *
 * Events overlay it: multiply, add, set, stuck, nan, ramp, calibrate. */
#ifndef CEMSD_PLANT_SIGNALS_H
#define CEMSD_PLANT_SIGNALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIGNALS_MAX = 4096, EVENTS_MAX = 256, SIGNAL_NAME = 64 };

enum signal_event_kind {
    SIGNAL_MULTIPLY,
    SIGNAL_ADD,
    SIGNAL_SET,
    SIGNAL_STUCK,
    SIGNAL_NAN,
    SIGNAL_RAMP,
    SIGNAL_CALIBRATE,
    SIGNAL_CLEAR
};

struct signal {
    char name[SIGNAL_NAME];
    double base, diurnal, noise, tau_s, per_load, stopped, min, max;
    double calibrate_every_s, calibrate_for_s, calibrate_value;
};

struct event {
    double at_s, for_s, value;
    char signal[SIGNAL_NAME], device[SIGNAL_NAME];
    int station; /* device events: 0 = every station */
    int does;    /* signal_event_kind, or device fault (device.h) + 100 */
    bool has_signal, has_device;
};

struct signals {
    const struct signal *all;
    size_t count;
    struct event *events; /* EVENTS_MAX of room: tests add some while it runs */
    size_t event_count;
    uint64_t seed;
};

/* Index of a signal by name; -1 when there is none. */
int signal_find(const struct signals *signals, const char *name);
/* Value at t_s seconds of simulated time (0 = start, taken as 08:00). */
double signal_value(const struct signals *signals, size_t index, double t_s);
/* 0 normal, 1 calibrating: what a status register says. */
int signal_state(const struct signals *signals, size_t index, double t_s);

#endif
