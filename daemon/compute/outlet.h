/* The state of one outlet while it is computed. Private to the compute room:
 *
 *   outlet.c    a sample becomes a figure and goes into its windows
 *   flow.c      flow of the outlet: velocity, flow meter or totalizer
 *   periods.c   windows that ended close together into one record
 *   batch.c     water values that come late by their nature: what they amend and correct
 *   told.c      what was told, and telling it again
 *   amend.c     samples of closed minutes: their hours are computed again from the raw values
 *   operation.c what the plant is doing
 *   judge.c     figures against limits; alarms of samples and closed periods
 *   foresee.c   alarms that come before a period closes
 *   suspect.c   figures that look made up
 *   silence.c   what is missing, channel by channel or as a lost line                                             */
#ifndef CEMSD_COMPUTE_OUTLET_H
#define CEMSD_COMPUTE_OUTLET_H

#include "compute/alarm.h"
#include "compute/compute.h"
#include "compute/window.h"

enum { PACE_MINUTES = 5 };

/* All windows one quantity fills. realtime and minute have two slots: the one that is ending and the one that began.
 * above, from PERIOD_5MIN on by period, is its owner's: samples do not touch it. */
struct series {
    struct window realtime[2], minute[2];
    struct window *above;
};

/* The last minutes of a channel, for projections: "if the rest stays like this". */
struct pace {
    double figure[PACE_MINUTES], weight[PACE_MINUTES]; /* judged; weight NAN: not valid, 0: of no known flow */
    unsigned next;
};

/* A figure as it was taken. */
struct taken {
    int64_t time_ms; /* INSTANT_NONE: none */
    struct quantum q;
};

struct batch;
struct told;
struct suspicion;
struct batch_volumes;

/* What is asked for only when a period closes or something is found. */
struct channel_book {
    struct finding finding[ALARM_CHANNEL_KINDS];
    struct finding exceed[PERIODS];
    struct finding hour_lost; /* kind missing, period hour: too few minutes are left */
    struct window above[PERIODS];
    struct pace pace;
    struct taken before; /* the one before the latest: a batch value that stands until the latest began */
    double good;         /* the last valid value before the latest one and when */
    int64_t good_ms;
    double count; /* totalizer: last raw count and when */
    int64_t count_ms;
    int normal; /* consecutive samples without a mark since one that had it */
    int64_t over_since_ms, abnormal_since_ms;
    double over_peak;
    uint32_t ultra_low_hours, judged_hours; /* of the month in progress */
    struct batch *batch;                    /* of a batch analyzer of water; NULL for others */
    struct told *told;                      /* NULL: nothing comes late at this outlet */
    struct suspicion *suspicion;            /* NULL: nothing is suspected of it */
};

/* What every sample of a channel touches, the first two cache lines and its two current windows: with ten thousand
 * channels the cost of a sample is the cost of fetching this. What it needs of the configuration stands here too. */
struct channel_state {
    const struct channel *channel;
    struct channel_book *book;
    int64_t time_ms;         /* of the latest sample; INSTANT_NONE before it */
    double value, converted; /* latest, dry standard state and at reference oxygen */
    int64_t last_valid_ms;   /* what "missing" counts from */
    uint8_t mark, reason;    /* enum mark, enum reason of the latest */
    uint8_t mean, role;      /* enum mean: which is its figure; enum role */
    bool assumed;            /* the latest value rests on an assumption */
    bool silent_with_line;   /* the line's alarm speaks for it */
    bool alarmed;            /* one of the findings that samples make is active */
    bool has_finding;        /* ... or any other */
    bool limit_varies;       /* which limit applies depends on the water's temperature */
    bool is_batch;           /* book->batch is there */
    int32_t interval_ms;
    int16_t line; /* by line index; -1: none, or a computed channel */
    bool totalizer;
    bool as_measured; /* no condition of the gas enters its value */

    double low, high; /* what counts as the instrument's range; -inf, inf: any */
    double ppm_factor;
    double limit_max; /* of the hour limit that applies on the day limit_day_ms; NAN: none */
    int64_t limit_day_ms;
    int32_t over, abnormal; /* consecutive samples above k × limit, marked */

    struct series series;
};

/* A line as silence sees it. */
struct line_state {
    int64_t heard_ms; /* last sample with a mark other than B */
    int64_t back_ms;  /* when it last came back */
    uint32_t channels;
    struct finding finding;
};

struct outlet_state {
    const struct plant *plant;
    const struct outlet *outlet;
    struct compute_sink *sink;
    struct channel_state *channels;
    struct channel_state *role[ROLES]; /* the outlet's O2, temperature ...; NULL when it has none */
    struct line_state *lines;          /* the plant's, by line index */
    struct batch_volumes *volumes;     /* NULL: no batch analyzer of water */
    struct told *told_flow;            /* NULL: nothing comes late, or no flow */
    struct series flow;                /* dry standard m3/h (gas), L/s (water) */
    struct window flow_above[PERIODS];
    bool has_5min, has_computed;
    int64_t realtime_next_ms; /* start of the first window not yet closed */
    int64_t minute_next_ms;
    int64_t amend_from_ms;                 /* the earliest sample that came for a closed minute; INSTANT_NONE: none */
    int64_t amend_noted_ms, amend_last_ms; /* the minute in progress when the first and the last such sample came */
    int64_t amend_since_ms;                /* hours before it were made by another configuration */
    int64_t first_ms; /* of the first sample since the beginning: an hour that began before it is not complete */
    unsigned realtime_slot, minute_slot;          /* the windows that gather now: a hint for fetching ahead */
    int condition;                                /* of the last closed minute; -1: unknown */
    int rule_minutes[STATE_RULES_MAX];            /* minutes in a row that each rule has fitted */
    uint16_t parts_in[PERIODS][OPERATING_STATES]; /* of the periods in progress, by the state of their parts */
    struct compute_counts *counts;
    struct period_record *record; /* scratch, shared by all outlets */
};

/* What samples ask of the configuration becomes part of the channel's state. */
void outlet_know_channel(const struct outlet_state *o, struct channel_state *c);
void outlet_begin(struct outlet_state *o, int64_t instant_ms);
void outlet_listen_from(struct outlet_state *o, int64_t instant_ms);
/* One sample of this outlet. Auxiliary channels of the same instant come first. */
void outlet_sample(struct outlet_state *o, struct channel_state *c, const struct sample *sample);
/* The computed channels of a group that ended: those with an input of this instant. */
void outlet_computed(struct outlet_state *o, int64_t time_ms);
/* The channel's latest figure, and whether one stands in a minute without its own: valid, two intervals old at most. */
struct taken outlet_latest(const struct channel_state *c);
bool outlet_stands(const struct channel_state *c, const struct taken *taken, int64_t minute_ms);
/* Latest valid value of a channel, not older than three of its intervals and a second. */
bool outlet_sibling(const struct outlet_state *o, enum role role, int64_t time_ms, double *value);
/* The moisture, %; false when it is missing and nothing may stand in for it. */
bool outlet_moisture(const struct outlet_state *o, int64_t time_ms, double *moisture, bool *assumed);
int64_t outlet_realtime_ms(const struct outlet_state *o);
void outlet_add(struct outlet_state *o, struct series *series, int64_t time_ms, const struct quantum *quantum);

/* flow.c: the flow a velocity, flow meter or totalizer sample stands for goes into o->flow; a totalizer's count becomes
 * the flow since the last. */
struct channel_state *flow_channel(const struct outlet_state *o); /* NULL: no flow */
void flow_sample(struct outlet_state *o, struct channel_state *c, int64_t time_ms);
void flow_of_totalizer(struct channel_state *c, int64_t time_ms, double count, double *flow, enum mark *mark);
double flow_latest(const struct outlet_state *o, int64_t time_ms); /* NAN when unknown */

/* periods.c */
void outlet_tick(struct outlet_state *o, int64_t now_ms);
int64_t outlet_due_ms(const struct outlet_state *o);
void series_init(struct series *series, struct window above[PERIODS]);
/* A closed period goes into those above it: its figure and its amount. */
void series_feed(struct series *series, enum period period, int64_t start_ms, const struct quantum *q, double amount);
struct reading periods_reading(const struct channel_state *c, const struct figure *f, enum period period);
/* One closed hour of the month in progress, for the ultra-low share. */
void channel_count_hour(struct channel_state *c, bool judged, double figure);
void channel_uncount_hour(struct channel_state *c, bool judged, double figure); /* ... that is made again */

/* operation.c: the state of the minute whose figures are in record; then of longer periods. */
void operation_minute(struct outlet_state *o, const struct period_record *record);
void operation_of(struct outlet_state *o, struct period_record *record);
/* A closed period is a part of longer ones. */
void operation_feed(struct outlet_state *o, enum period period, int condition);
enum treatment operation_treatment(const struct outlet_state *o, int condition);

/* judge.c */
/* The limit of the channel that applies to the period beginning at start_ms, or NULL; `temperature` of the water, NAN
 * when unknown. *unknown (may be NULL) says that it depends on the temperature and that is missing. */
const struct limit *judge_limit(const struct channel *channel, enum period period, int64_t start_ms, double temperature,
                                bool *unknown);
/* The same for what is going on now. */
const struct limit *judge_limit_now(const struct outlet_state *o, const struct channel_state *c, enum period period,
                                    int64_t time_ms);
/* Fills limit, multiple, exceeds of a closed period's reading. */
void judge_reading(const struct outlet_state *o, const struct channel_state *c, const struct period_record *record,
                   struct reading *reading);
/* The same, where the water temperature of the period is known otherwise. */
void judge_against(const struct outlet_state *o, const struct channel_state *c, const struct period_record *record,
                   struct reading *reading, double temperature);
/* The alarm of a closed period's figure. */
void judge_exceed(struct outlet_state *o, struct channel_state *c, const struct period_record *record,
                  const struct reading *reading);
void judge_sample(struct outlet_state *o, struct channel_state *c, int64_t time_ms);
void judge_period(struct outlet_state *o, struct channel_state *c, const struct period_record *record,
                  const struct reading *reading);
double judge_figure(const struct channel_state *c, const struct reading *reading);
struct alarm_event judge_event(const struct outlet_state *o, const struct channel_state *c, enum alarm_kind kind,
                               int64_t time_ms);
void judge_step(struct outlet_state *o, struct finding *finding, enum alarm_input input, struct alarm_event *event);
/* Findings came or went by other ways than judge_step. */
void judge_note_alarmed(struct channel_state *c);
enum alarm_input judge_over_or_worse(const struct finding *finding, double value);
/* Calls each with every finding of the channel and an event that names it. */
void judge_findings(struct outlet_state *o, struct channel_state *c, int64_t time_ms,
                    void (*each)(struct outlet_state *o, struct finding *finding, struct alarm_event *event,
                                 void *with),
                    void *with);
/* Ends every finding of a channel that is no longer configured. */
void judge_gone(struct outlet_state *o, struct channel_state *c, int64_t now_ms);

/* foresee.c: after each closed minute, and after each longer period. */
void foresee_minute(struct outlet_state *o, struct channel_state *c, int64_t end_ms);
/* A closed minute is the pace of the next. */
void foresee_remember(struct channel_state *c, const struct reading *reading);
void foresee_closed(struct outlet_state *o, struct channel_state *c, const struct period_record *record,
                    const struct reading *reading);
/* The amount the year would end with if it went on as it went so far; NAN while nothing is known. */
double foresee_year(const struct channel_state *c, int64_t now_ms);
/* For people: compute_progress. */
bool foresee_progress(const struct outlet_state *o, const struct channel_state *c, int64_t now_ms,
                      struct progress *out);

/* silence.c */
void silence_heard(struct outlet_state *o, struct channel_state *c, int64_t time_ms);
void silence_tick(struct outlet_state *o, struct channel_state *c, int64_t now_ms);
/* The line's own alarm. */
void silence_line(const struct plant *plant, struct compute_sink *sink, struct line_state *l, size_t line,
                  int64_t now_ms);
struct alarm_event silence_line_event(const struct plant *plant, size_t line, int64_t time_ms);

#endif
