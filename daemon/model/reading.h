/* What flows down the line: samples, period records, findings. See docs/architecture.md "The path of a reading". */
#ifndef CEMSD_MODEL_READING_H
#define CEMSD_MODEL_READING_H

#include "model/mark.h"
#include "model/period.h"
#include "model/plant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One raw value off the wire, already scaled to the channel's unit and basis. */
struct sample {
    int64_t time_ms;  /* wall clock when the answer was complete, or when it was measured (own_time) */
    uint32_t channel; /* index into plant->channels */
    enum mark mark;
    double value;  /* meaningless unless finite; a mark other than N keeps the value it came with */
    bool own_time; /* time_ms is the instrument's own word (SampleTime, or sent again), not that of arrival */
};

/* Why a figure is absent or not judged. Codes are published; texts are for people. */
enum reason {
    REASON_NONE,
    REASON_NO_DATA,     /* nothing valid in the period */
    REASON_TOO_FEW,     /* fewer valid values than the standard asks */
    REASON_MARKED,      /* the value itself bears a mark */
    REASON_NO_OXYGEN,   /* the outlet's O2 is missing, marked or stale */
    REASON_OXYGEN_HIGH, /* O2 above the outlet's ceiling: conversion not meaningful */
    REASON_NO_MOISTURE,
    REASON_NO_TEMPERATURE,
    REASON_NO_PRESSURE,
    REASON_NO_INPUT,      /* a computed figure lacks one of its inputs */
    REASON_IMPOSSIBLE,    /* physically impossible value */
    REASON_NO_FLOW,       /* nothing was discharged: the figure weighs nothing */
    REASON_NOT_RUNNING,   /* the operating state is one that is not judged */
    REASON_LIMIT_UNKNOWN, /* which limit applies depends on a temperature that is missing */
    REASONS
};
const char *reason_code(enum reason reason); /* "oxygen-too-high"; NULL for REASON_NONE */
const char *reason_text_zh(enum reason reason);

/* One factor of one closed period (or of the real-time span). Absent numbers are NAN. */
struct reading {
    const struct channel *channel;
    double value;     /* dry standard state, factor's unit (gas); as measured (water, parameters) */
    double converted; /* at the reference oxygen; NAN when the outlet has none */
    double min, max;  /* of `value` */
    double converted_min, converted_max;
    double amount;             /* factor's amount unit over the period; NAN without flow */
    const struct limit *limit; /* what it is judged against in this period, or NULL */
    double multiple;           /* judged figure / limit - 1; NAN when not judged */
    int exceeds;               /* 1, 0, or -1 not judged */
    enum mark mark;
    uint32_t valid, expected;               /* lower-level values */
    double weight;                          /* m3 the flow-weighted value stands for; NAN when unknown */
    bool weighted;                          /* value is a flow-weighted mean */
    bool assumed;                           /* rests on a moisture that was assumed (outlets[].moisture) */
    uint32_t ultra_low_hours, judged_hours; /* month: hours within the ultra-low value, of so many; 0, 0: none */
    double forecast;                        /* year: the amount the year would end with; NAN */
    enum reason reason;                     /* why value, converted or judgement is absent */
};

enum { READINGS_MAX = CHANNELS_PER_OUTLET };

struct period_record {
    const struct outlet *outlet;
    enum period period;
    int64_t from_ms, to_ms;
    double flow;       /* dry standard m3/h (gas), L/s (water); NAN when unknown */
    int condition;     /* enum operating_state, or -1: the configuration has no source of it */
    bool judged;       /* false: the state is one that counts apart */
    uint32_t revision; /* 0: as it was closed; n: replaces revision n - 1 of the same outlet, period and start */
    size_t reading_count;
    struct reading readings[READINGS_MAX];
};

/* The first three are asked at every sample. */
enum alarm_kind {
    ALARM_INSTANTANEOUS,
    ALARM_MISSING,
    ALARM_INSTRUMENT,
    ALARM_WARNING,
    ALARM_PROJECTED,
    ALARM_EXCEED,
    ALARM_DAY_PROJECTED,
    ALARM_TOTAL,         /* the year's amount is forecast beyond the permitted one */
    ALARM_CHANNEL_KINDS, /* one finding of each a channel; of the next, one a rule */
    ALARM_SUSPECT = ALARM_CHANNEL_KINDS,
    ALARM_UPLINK, /* from here on they belong to the gateway */
    ALARM_STORE,
    ALARM_CLOCK,
    ALARM_CONFIG,
    ALARM_KINDS
};
enum alarm_state { ALARM_QUIET, ALARM_RAISED, ALARM_UPDATED, ALARM_ACKNOWLEDGED, ALARM_CLEARED, ALARM_STATES };
enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_MAJOR, SEVERITY_CRITICAL };

/* Why figures look made up (domain: the municipal opinion's task 13 on falsified monitoring data). */
enum suspect_rule {
    SUSPECT_STUCK,        /* no spread while others vary */
    SUSPECT_REPEAT,       /* the same minutes as before */
    SUSPECT_CLIPPED,      /* a ceiling just below the limit */
    SUSPECT_DILUTION,     /* oxygen up, pollutant down, flow steady */
    SUSPECT_INCONSISTENT, /* running with zero, stopped with pollutant */
    SUSPECT_CALIBRATION,  /* marked C or M too long, or when it would matter */
    SUSPECT_RULES
};
const char *suspect_rule_name(enum suspect_rule rule);

const char *alarm_kind_name(enum alarm_kind kind);
bool alarm_kind_parse(const char *name, enum alarm_kind *kind);
const char *alarm_state_name(enum alarm_state state);
bool alarm_state_parse(const char *name, enum alarm_state *state);
const char *severity_name(enum severity severity);
enum severity alarm_kind_severity(enum alarm_kind kind);

const char *operating_state_name(enum operating_state state); /* "start-up" */
const char *operating_state_zh(enum operating_state state);
bool operating_state_parse(const char *name, enum operating_state *state);

enum { ALARM_ID = 128 };

/* One step in the life of one finding. */
struct alarm_event {
    char id[ALARM_ID]; /* the same through the whole life */
    enum alarm_kind kind;
    enum alarm_state state;
    enum severity severity;
    const struct outlet *outlet;    /* NULL: the gateway itself */
    const struct channel *channel;  /* NULL: no factor */
    const char *subject;            /* factor code, or "config", "line" ... */
    int64_t time_ms;                /* of this step */
    int64_t from_ms;                /* the span the finding speaks of */
    int64_t to_ms;                  /* INSTANT_NONE while it goes on */
    int period;                     /* enum period, or -1 */
    double value, limit, multiple;  /* NAN when it has none */
    const struct limit *law;        /* the limit it rests on, or NULL */
    enum mark mark;                 /* instrument: the mark found */
    double stay_under;              /* projected: what the rest of the period must stay under; NAN */
    int rule;                       /* suspect: enum suspect_rule */
    int line;                       /* missing: index of the line that is lost, or -1 */
    char detail[256];               /* config, store, uplink, clock: what is wrong */
    char by[NAME_BYTES], note[192]; /* acknowledged: who, and what they say */
};

#endif
