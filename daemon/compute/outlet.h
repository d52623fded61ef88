/* The state of one outlet while it is computed. Private to the compute room (compute.c, outlet.c, judge.c). */
#ifndef CEMSD_COMPUTE_OUTLET_H
#define CEMSD_COMPUTE_OUTLET_H

#include "compute/alarm.h"
#include "compute/compute.h"
#include "compute/window.h"

/* All windows one quantity fills. realtime and minute have two slots: the one that is ending and the one that began. */
struct series {
    struct window realtime[2], minute[2], hour, two_hour, day;
    double two_hour_amount, day_amount;
};

struct channel_state {
    const struct channel *channel;
    int64_t time_ms;         /* of the latest sample; INSTANT_NONE before it */
    double value, converted; /* latest, dry standard state and at reference oxygen */
    enum mark mark;
    enum reason reason;
    bool converts; /* has a converted figure */
    struct series series;

    int64_t last_valid_ms; /* what "missing" counts from */
    int over;              /* consecutive samples above k × limit */
    int64_t over_since_ms;
    double over_peak;
    int abnormal, normal; /* consecutive samples marked, not marked */
    int64_t abnormal_since_ms;
    struct finding finding[ALARM_KINDS];
    struct finding exceed[PERIODS];
};

struct outlet_state {
    const struct plant *plant;
    const struct outlet *outlet;
    struct compute_sink *sink;
    struct channel_state *channels;
    struct channel_state *role[ROLES]; /* the outlet's O2, temperature ...; NULL when it has none */
    struct series flow;                /* dry standard m3/h */
    int64_t realtime_next_ms;          /* start of the first window not yet closed */
    int64_t minute_next_ms;
    struct compute_counts *counts;
    struct period_record *record; /* scratch, shared by all outlets */
};

void outlet_begin(struct outlet_state *o, int64_t instant_ms);
/* One sample of this outlet. Auxiliary channels of the same instant come first. */
void outlet_sample(struct outlet_state *o, struct channel_state *c, const struct sample *sample);
void outlet_tick(struct outlet_state *o, int64_t now_ms);
int64_t outlet_due_ms(const struct outlet_state *o);

/* Judging (judge.c). */
/* The limit of the channel for the period, or NULL. */
const struct limit *judge_limit(const struct channel *channel, enum period period);
/* Fills limit, multiple, exceeds of a closed period's reading. */
void judge_reading(const struct channel_state *c, enum period period, struct reading *reading);
void judge_sample(struct outlet_state *o, struct channel_state *c, int64_t time_ms);
void judge_minute(struct outlet_state *o, struct channel_state *c, int64_t end_ms);
void judge_period(struct outlet_state *o, struct channel_state *c, enum period period, int64_t from_ms, int64_t to_ms,
                  const struct reading *reading);
void judge_missing(struct outlet_state *o, struct channel_state *c, int64_t now_ms);
/* Ends every finding of a channel that is no longer configured. */
void judge_gone(struct outlet_state *o, struct channel_state *c, int64_t now_ms);

#endif
