/* What flows down the line: samples, period records, findings. See docs/architecture.md "The path of a reading". */
#ifndef CEMSD_MODEL_READING_H
#define CEMSD_MODEL_READING_H

#include "model/mark.h"
#include "model/period.h"
#include "model/plant.h"

#include <stddef.h>
#include <stdint.h>

/* One raw value off the wire, already scaled to the channel's unit and basis. */
struct sample {
    int64_t time_ms;  /* wall clock when the answer was complete */
    uint32_t channel; /* index into plant->channels */
    enum mark mark;
    double value; /* meaningless unless finite; a mark other than N keeps the value it came with */
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
    uint32_t valid, expected; /* lower-level values */
    enum reason reason;       /* why value, converted or judgement is absent */
};

enum { READINGS_MAX = CHANNELS_PER_OUTLET };

struct period_record {
    const struct outlet *outlet;
    enum period period;
    int64_t from_ms, to_ms;
    double flow; /* dry standard m3/h (gas); NAN when unknown */
    size_t reading_count;
    struct reading readings[READINGS_MAX];
};

enum alarm_kind {
    ALARM_INSTANTANEOUS,
    ALARM_WARNING,
    ALARM_EXCEED,
    ALARM_MISSING,
    ALARM_INSTRUMENT,
    ALARM_CONFIG,
    ALARM_KINDS
};
enum alarm_state { ALARM_QUIET, ALARM_RAISED, ALARM_UPDATED, ALARM_ACKNOWLEDGED, ALARM_CLEARED, ALARM_STATES };
enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_MAJOR, SEVERITY_CRITICAL };

const char *alarm_kind_name(enum alarm_kind kind);
bool alarm_kind_parse(const char *name, enum alarm_kind *kind);
const char *alarm_state_name(enum alarm_state state);
bool alarm_state_parse(const char *name, enum alarm_state *state);
const char *severity_name(enum severity severity);
enum severity alarm_kind_severity(enum alarm_kind kind);

enum { ALARM_ID = 128 };

/* One step in the life of one finding. */
struct alarm_event {
    char id[ALARM_ID]; /* the same through the whole life */
    enum alarm_kind kind;
    enum alarm_state state;
    const struct outlet *outlet;   /* NULL: the gateway itself */
    const struct channel *channel; /* NULL: no factor */
    const char *subject;           /* factor code, or "config", "line" ... */
    int64_t time_ms;               /* of this step */
    int64_t from_ms;               /* the span the finding speaks of */
    int64_t to_ms;                 /* INSTANT_NONE while it goes on */
    int period;                    /* enum period, or -1 */
    double value, limit, multiple; /* NAN when it has none */
    const struct limit *law;       /* the limit it rests on, or NULL */
    enum mark mark;                /* instrument: the mark found */
    char detail[256];              /* config: what was wrong */
};

#endif
