/* What was told of a channel that late values can change: its closed hours, days and months, so far back as they can
 * still be corrected, and the longer periods they make.
 *
 *   hour (48) ─► 2-hour          day (40) ─► month          month (13) ─► quarter, year
 *       └──────► day
 *
 * A period that a late value changes is told again as a record with revision n + 1, which replaces revision n; then the
 * longer ones it is part of. Those still open are made again of their parts. Private to the compute room. */
#ifndef CEMSD_COMPUTE_TOLD_H
#define CEMSD_COMPUTE_TOLD_H

#include "compute/outlet.h"

enum { TOLD_HOURS = COMPUTE_CORRECTS_HOURS, TOLD_DAYS = 40, TOLD_MONTHS = 13 };

struct told_part {
    int64_t start_ms; /* INSTANT_NONE: not known */
    struct quantum q;
    double min, max, amount;
    uint32_t valid, revision;
    uint32_t longer[2]; /* revisions of what begins with it: of an hour its 2-hour, of a month its quarter and year */
    int8_t condition;
};

struct told {
    int64_t since_ms; /* what closed before is not all known */
    struct told_part hours[TOLD_HOURS], days[TOLD_DAYS], months[TOLD_MONTHS];
};

/* Whether values of the outlet can come late: from HJ 212 instruments, which send again what was not acknowledged, or
 * from batch analyzers. */
bool told_wanted(const struct plant *plant, const struct outlet *outlet);
void told_init(struct told *told, int64_t since_ms);

/* Of an hour, day or month; NULL when it is not known. */
struct told_part *told_find(const struct told *told, enum period period, int64_t start_ms);
/* A period that closed or was found in the journal; others than hour, day and month leave their revision. NULL told is
 * no one's. */
void told_remember(struct told *told, enum period period, const struct told_part *closed);
/* A figure closes. What was told of it before a restart, with what had come late, stands and becomes *f; else f is
 * remembered. */
void told_close(struct told *told, enum period period, int64_t start_ms, struct figure *f);
/* The flow and the state of a closed period. */
void told_remember_flow(struct outlet_state *o, enum period period, int64_t start_ms, double flow, int condition);

/* A closed figure as a part of longer ones, and whether it is the one that was told. */
struct quantum told_quantum(const struct figure *f);
void told_set(struct told_part *part, const struct figure *f);
bool told_same(const struct told_part *part, const struct figure *f);

/* Period, flow and condition of a period that was told. */
void told_head(const struct outlet_state *o, enum period period, int64_t start_ms, struct period_record *record);
/* Tells the reading of a closed period again; record says of which period, its flow and condition. */
void told_again(struct outlet_state *o, struct channel_state *c, const struct period_record *record,
                const struct reading *reading);
/* An hour changed: the day it is of and what the day is of. */
void told_correct_day(struct outlet_state *o, struct channel_state *c, int64_t day_ms);
/* The same of the outlet's flow. */
void told_correct_flow(struct outlet_state *o, int64_t day_ms);
/* Of the water in that period, degC; NAN. */
double told_temperature(const struct outlet_state *o, enum period period, int64_t start_ms);

#endif
