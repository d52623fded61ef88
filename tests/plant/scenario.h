/* A scenario file: signals, devices, events. Read with the schema engine of the configuration. */
#ifndef CEMSD_PLANT_SCENARIO_H
#define CEMSD_PLANT_SCENARIO_H

#include "device.h"

#include <stdio.h>

struct scenario {
    double speed; /* simulated seconds in a real one */
    struct signal *signals;
    size_t signal_count;
    struct device *devices;
    size_t device_count;
    struct event *events;
    size_t event_count;
};

/* False: every error has been printed to out. */
bool scenario_load(const char *file, struct scenario *scenario, FILE *out);
void scenario_free(struct scenario *scenario);

/* The number of an event's word ("multiply", "silent"); -1 when it is none. */
int scenario_event_kind(const char *word);

#endif
