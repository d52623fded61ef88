/* Samples in, period records and alarm steps out: the straight line of design between the wire and the journal.
 *
 *   compute_samples ─► channel value ─► dry standard state ─► converted ─► windows ─► record() ─► judged ─► alarm()
 *   compute_tick    ─► closes what has ended, finds what is missing
 *
 * The same input in the same groups gives the same output, to the bit: the daemon, its restart and `cemsctl recompute`
 * are the same calls. No I/O, no clock, no allocation after compute_new. Owned by one thread; the sink is called from
 * within and must not call back in. */
#ifndef CEMSD_COMPUTE_COMPUTE_H
#define CEMSD_COMPUTE_COMPUTE_H

#include "model/error.h"
#include "model/plant.h"
#include "model/reading.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How long after its end a period stays open for values that are still on their way. */
enum { COMPUTE_GRACE_MS = 1000 };
/* How far back a late value can correct. */
enum { COMPUTE_CORRECTS_HOURS = 48 };

typedef void (*compute_give)(void *with, const struct sample *sample);

struct compute_sink {
    void *owner;
    /* Borrowed for the call. False: this record is already in the journal (restart), so nothing is judged by it again.
     */
    bool (*record)(void *owner, const struct period_record *record);
    void (*alarm)(void *owner, const struct alarm_event *event); /* borrowed for the call */
    /* Hands over the raw samples of an outlet with from_ms ≤ time < to_ms that have been given so far, in the order in
     * which they were given. False: not at hand just now, ask again. NULL: never, and what comes late is only kept. */
    bool (*history)(void *owner, const struct outlet *outlet, int64_t from_ms, int64_t to_ms, compute_give give,
                    void *with);
};

struct compute_counts {
    uint64_t samples;
    uint64_t late;     /* for a minute that has closed */
    uint64_t amended;  /* outlets whose closed hours were computed again */
    uint64_t too_late; /* late by more than can be corrected, or more of them than can be held: kept raw only */
    uint64_t out_of_range, impossible;
};

struct compute;

/* plant is borrowed and outlives it. NULL with err when out of memory. */
struct compute *compute_new(const struct plant *plant, struct compute_sink sink, struct error *err);
void compute_free(struct compute *compute);

/* Begins (or, after a stop, resumes) at an instant: nothing before it is missed, periods that ended before it are not
 * reported, what was measured later (the clock was set back) is not the latest any more. Must precede the first sample.
 */
void compute_begin(struct compute *compute, int64_t instant_ms);
/* Silence of channels and lines counts from this instant: a restart computes periods from their begin, but nobody
 * listened before the first sample. */
void compute_listen_from(struct compute *compute, int64_t instant_ms);

/* One group: what was learned at once. Samples of the same instant see each other (O2 of an instant converts the SO2
 * of that instant, whichever comes first). Times may step back a little between groups. Ticks by itself. */
void compute_samples(struct compute *compute, const struct sample *samples, size_t count);

/* A sample with own_time that comes for a closed minute has the hours it belongs to computed again, once its minute of
 * arrival has closed and no other came meanwhile (or after ten minutes): hours that changed are told again with the
 * next revision, and those still open go on with it. Another late sample (the clock was set back) is kept raw only.
 *
 * Closes every period whose end + COMPUTE_GRACE_MS ≤ now_ms. After more than a day of nothing (a long stop, a clock
 * that was set right at last) the day in progress is closed and computing begins anew at now_ms: days between are not
 * made up. */
void compute_tick(struct compute *compute, int64_t now_ms);
/* The next now_ms at which compute_tick has work; INT64_MAX before compute_begin. */
int64_t compute_due_ms(const struct compute *compute);

/* Takes over windows in progress, counters and findings of channels that exist in both (same outlet id, factor). What
 * is gone has its findings cleared at now_ms. `from` is empty afterwards but still to be freed. */
void compute_adopt(struct compute *compute, struct compute *from, int64_t now_ms);

/* For restarts: forgets every finding, so that those of the journal can be put back. */
void compute_forget_findings(struct compute *compute);
/* A finding that was active in the journal: its state goes on instead of being raised again. `period` is that of the
 * event or -1; outlet "" and subject the name of a line for a line's. False when the plant has no such outlet, factor
 * or line, or the kind is not one of a channel. */
struct kept_finding {
    const char *id, *outlet, *subject;
    enum alarm_kind kind;
    int period;
    enum alarm_state state;
    int64_t since_ms, said_ms;
    double value;
};
bool compute_restore_finding(struct compute *compute, const struct kept_finding *kept);

/* A closed period that those still in progress at now_ms are made of, or that late values can still change: months,
 * days and hours (of longer and 2-hour periods only the revision counts), each before anything later. Hours of this
 * month also count for the ultra-low share. One that begins at now_ms or later was told too, and stands when the raw
 * samples are computed again. */
struct kept_record {
    const char *outlet, *factor;
    enum period period;
    int64_t from_ms;
    enum mark mark;
    double value, converted, min, max, weight, amount;
    double flow;   /* of the outlet */
    int condition; /* enum operating_state, or -1 */
    uint32_t valid, revision;
};
void compute_restore_record(struct compute *compute, const struct kept_record *kept, int64_t now_ms);

/* Acknowledges the active finding of that id. False when there is none, or it is acknowledged already (*known). */
bool compute_acknowledge(struct compute *compute, const char *id, const char *by, const char *note, int64_t now_ms,
                         bool *known);

/* The latest figures of a channel, for status: dry standard-state value, converted, mark. False before the first. */
bool compute_latest(const struct compute *compute, uint32_t channel, struct reading *out, int64_t *time_ms);

/* What the outlet was doing in the minute that closed last: enum operating_state, -1 when its configuration can't tell.
 */
int compute_condition(const struct compute *compute, size_t outlet);

/* Where the judged period in progress stands: the hour where it has a limit, else the two hours, else the day. */
struct progress {
    enum period period;
    int64_t from_ms;
    double mean;                  /* so far, the figure that is judged; NAN without a valid value */
    double limit_max;             /* of it */
    double projected, stay_under; /* of an hour: what it closes with at the pace of the last minutes, and what its rest
                                     must stay under; NAN when that can't be said */
    uint32_t valid, expected;     /* values of the level below */
};
/* False when no limit applies now. */
bool compute_progress(const struct compute *compute, uint32_t channel, int64_t now_ms, struct progress *out);

/* For restarts with another configuration: what came before now_ms was made by the old one, and late values do not
 * change it any more. */
void compute_renounce(struct compute *compute, int64_t now_ms);

struct compute_counts compute_counts(const struct compute *compute);

#endif
