#include "compute/amend.h"

#include "compute/batch.h"
#include "model/instant.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP = 2 * CHANNELS_PER_OUTLET };

struct amend {
    struct outlet_state spare;
    struct channel_state *channels;
    struct channel_book *books;
    struct batch *batches;
    struct line_state *lines;
    struct batch_volumes volumes;
    struct period_record record;
    struct compute_counts counts;
    struct compute_sink sink;

    struct compute *compute;
    struct outlet_state *o; /* the outlet it stands in for */
    int64_t from_ms;        /* first hour that may have changed */
    int64_t closed_ms;      /* end of the last minute that has closed */
    int64_t live_ms;        /* newest sample so far that was not late */
    struct sample *late;    /* by time */
    size_t late_count, late_fed;
    struct sample group[GROUP];
    size_t group_count;
    uint64_t changed_hours[CHANNELS_PER_OUTLET]; /* bits from from_ms on */
    int64_t changed_days[TOLD_HOURS / 24 + 2];
    size_t changed_day_count;
};

/* ---- what the spare outlet says ---- */

static void note_day(struct amend *a, int64_t day_ms)
{
    bool known = a->changed_day_count > 0 && a->changed_days[a->changed_day_count - 1] == day_ms;
    if (!known && a->changed_day_count < sizeof a->changed_days / sizeof a->changed_days[0])
        a->changed_days[a->changed_day_count++] = day_ms;
}

static struct figure figure_of(const struct reading *r, double weight)
{
    return (struct figure){.value = r->value,
                           .converted = r->converted,
                           .min = r->min,
                           .max = r->max,
                           .amount = r->amount,
                           .weight = weight,
                           .assumed = r->assumed,
                           .valid = r->valid,
                           .mark = r->mark,
                           .reason = r->reason};
}

/* Hours within the ultra-low value are counted for the month in progress. */
static void count_again(const struct amend *a, struct channel_state *c, const struct told_part *was,
                        const struct figure *is, const struct period_record *record)
{
    double before = c->mean == MEAN_CONVERTED ? was->q.converted : was->q.value;
    double now = c->mean == MEAN_CONVERTED ? is->converted : is->value;
    bool judged = operation_treatment(a->o, record->condition) == TREAT_JUDGE;
    if (period_floor_ms(PERIOD_MONTH, record->from_ms) != period_floor_ms(PERIOD_MONTH, a->closed_ms - 1))
        return;
    channel_uncount_hour(c, judged, before);
    channel_count_hour(c, judged, now);
}

static void compare_hour(struct amend *a, const struct period_record *record)
{
    struct told_part *flow = told_find(a->o->told_flow, PERIOD_HOUR, record->from_ms);
    if (flow && flow->q.value != record->flow && !(isnan(flow->q.value) && isnan(record->flow))) {
        told_remember_flow(a->o, PERIOD_HOUR, record->from_ms, record->flow, record->condition);
        note_day(a, period_floor_ms(PERIOD_DAY, record->from_ms));
    }
    for (size_t i = 0; i < record->reading_count; i++) {
        struct channel_state *c = &a->o->channels[i];
        struct told_part *part = told_find(c->book->told, PERIOD_HOUR, record->from_ms);
        struct figure f = figure_of(&record->readings[i], record->readings[i].weight);
        if (!part || told_same(part, &f))
            continue;
        count_again(a, c, part, &f, record);
        told_set(part, &f);
        told_again(a->o, c, record, &record->readings[i]);
        a->changed_hours[i] |= UINT64_C(1) << (record->from_ms - a->from_ms) / HOUR_MS;
        note_day(a, period_floor_ms(PERIOD_DAY, record->from_ms));
    }
}

/* A 2-hour has changed when one of its hours has. */
static void compare_2hour(struct amend *a, const struct period_record *record)
{
    uint64_t both = UINT64_C(3) << (record->from_ms - a->from_ms) / HOUR_MS;
    for (size_t i = 0; i < record->reading_count; i++)
        if (a->changed_hours[i] & both)
            told_again(a->o, &a->o->channels[i], record, &record->readings[i]);
}

static bool on_record(void *owner, const struct period_record *record)
{
    struct amend *a = owner;
    if (record->from_ms >= a->from_ms && record->to_ms <= a->closed_ms) {
        if (record->period == PERIOD_HOUR)
            compare_hour(a, record);
        else if (record->period == PERIOD_2HOUR)
            compare_2hour(a, record);
    }
    return false; /* nothing is judged by it here */
}

static void on_alarm(void *owner, const struct alarm_event *event)
{
    (void)owner;
    (void)event;
}

/* ---- the spare outlet ---- */

static void outfit_channel(struct amend *a, size_t i)
{
    struct channel_state *c = &a->channels[i];
    const struct channel_state *of = &a->o->channels[i];
    channel_init(c, &a->books[i], of->channel);
    c->mean = of->mean;
    outlet_know_channel(a->o, c);
    if (of->is_batch) {
        a->batches[i] = (struct batch){.count = 0};
        c->book->batch = &a->batches[i];
        c->is_batch = true;
    }
}

static void outfit(struct amend *a, int64_t begin_ms)
{
    const struct outlet_state *o = a->o;
    struct outlet_state *spare = &a->spare;
    *spare = *o;
    spare->sink = &a->sink;
    spare->channels = a->channels;
    spare->lines = a->lines;
    spare->record = &a->record;
    spare->counts = &a->counts;
    spare->volumes = o->volumes ? &a->volumes : NULL;
    spare->told_flow = NULL;
    spare->amend_from_ms = INSTANT_NONE;
    spare->condition = -1;
    memset(spare->rule_minutes, 0, sizeof spare->rule_minutes);
    memset(spare->parts_in, 0, sizeof spare->parts_in);
    memset(a->lines, 0, (o->plant->line_count + 1) * sizeof *a->lines);
    memset(&a->volumes, 0, sizeof a->volumes);
    series_init(&spare->flow, spare->flow_above);
    for (size_t i = 0; i < o->outlet->channel_count; i++)
        outfit_channel(a, i);
    for (int r = 0; r < ROLES; r++)
        spare->role[r] = o->role[r] ? &a->channels[o->role[r] - o->channels] : NULL;
    outlet_begin(spare, begin_ms);
}

/* As compute_samples does with a group of one outlet. */
static void run_group(struct amend *a)
{
    int64_t time_ms = a->group_count > 0 ? a->group[0].time_ms : 0;
    if (a->group_count == 0)
        return;
    outlet_tick(&a->spare, time_ms);
    for (int rank = 0; rank < RANKS; rank++)
        for (size_t i = 0; i < a->group_count; i++)
            if (a->compute->rank[a->group[i].channel] == rank)
                outlet_sample(&a->spare, &a->channels[a->group[i].channel - a->o->outlet->channels[0].index],
                              &a->group[i]);
    if (a->spare.has_computed)
        outlet_computed(&a->spare, time_ms);
    a->group_count = 0;
}

static void add(struct amend *a, const struct sample *sample)
{
    if (a->group_count == GROUP || (a->group_count > 0 && a->group[0].time_ms != sample->time_ms))
        run_group(a);
    a->group[a->group_count++] = *sample;
}

/* Late ones up to an instant. */
static void add_late(struct amend *a, int64_t until_ms)
{
    for (; a->late_fed < a->late_count && a->late[a->late_fed].time_ms <= until_ms; a->late_fed++)
        add(a, &a->late[a->late_fed]);
}

/* ---- the raw samples ---- */

static void give_late(void *with, const struct sample *sample)
{
    struct amend *a = with;
    if (!sample->own_time)
        return;
    if (a->late_count == AMEND_LATE_MAX) {
        a->compute->counts.too_late++;
        return;
    }
    a->late[a->late_count++] = *sample;
}

/* A sample that came after its minute had closed and has no time of its own was not computed then either. */
static void give_live(void *with, const struct sample *sample)
{
    struct amend *a = with;
    bool late =
        a->live_ms != INSTANT_NONE && sample->time_ms < period_start_ms(a->live_ms - COMPUTE_GRACE_MS, MINUTE_MS);
    if (sample->own_time || late)
        return;
    a->live_ms = sample->time_ms > a->live_ms ? sample->time_ms : a->live_ms;
    add_late(a, sample->time_ms);
    add(a, sample);
}

static int by_time(const void *x, const void *y)
{
    const struct sample *a = x, *b = y;
    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    return a->channel < b->channel ? -1 : a->channel > b->channel;
}

/* ---- amending ---- */

/* How far back a value may still stand when the spare begins. */
static int64_t memory_ms(const struct outlet *outlet)
{
    int64_t longest = MINUTE_MS;
    for (size_t i = 0; i < outlet->channel_count; i++)
        if (3 * (int64_t)outlet->channels[i].interval_ms > longest)
            longest = 3 * (int64_t)outlet->channels[i].interval_ms;
    return longest;
}

/* What is open goes on with what the spare has of it. */
static void hand_over(struct amend *a)
{
    static const enum period OPEN[] = {PERIOD_5MIN, PERIOD_HOUR, PERIOD_2HOUR};
    for (size_t p = 0; p < sizeof OPEN / sizeof OPEN[0]; p++) {
        int64_t start_ms = period_floor_ms(OPEN[p], a->closed_ms);
        if (start_ms == a->closed_ms)
            continue;
        memcpy(a->o->parts_in[OPEN[p]], a->spare.parts_in[OPEN[p]], sizeof a->o->parts_in[0]);
        a->o->flow_above[OPEN[p]] = a->spare.flow_above[OPEN[p]];
        for (size_t i = 0; i < a->o->outlet->channel_count; i++)
            a->o->channels[i].book->above[OPEN[p]] = a->channels[i].book->above[OPEN[p]];
    }
    for (size_t i = 0; i < a->o->outlet->channel_count; i++)
        a->o->channels[i].book->pace = a->channels[i].book->pace;
}

static void correct_days(struct amend *a)
{
    for (size_t d = 0; d < a->changed_day_count; d++) {
        told_correct_flow(a->o, a->changed_days[d]);
        for (size_t i = 0; i < a->o->outlet->channel_count; i++)
            told_correct_day(a->o, &a->o->channels[i], a->changed_days[d]);
    }
}

/* False: the raw samples are not at hand. */
static bool amend_outlet(struct amend *a, struct outlet_state *o)
{
    const struct compute_sink *sink = &a->compute->sink;
    int64_t begin_ms = period_floor_ms(PERIOD_2HOUR, o->amend_from_ms) - 2 * HOUR_MS;
    int64_t raw_ms = begin_ms - memory_ms(o->outlet);
    a->o = o;
    a->from_ms = begin_ms + 2 * HOUR_MS;
    a->closed_ms = o->minute_next_ms;
    a->live_ms = INSTANT_NONE;
    a->late_count = a->late_fed = a->group_count = a->changed_day_count = 0;
    memset(a->changed_hours, 0, sizeof a->changed_hours);
    if (!sink->history(sink->owner, o->outlet, raw_ms, a->closed_ms, give_late, a))
        return false;
    qsort(a->late, a->late_count, sizeof *a->late, by_time);
    outfit(a, begin_ms);
    if (!sink->history(sink->owner, o->outlet, raw_ms, a->closed_ms, give_live, a))
        return false;
    add_late(a, INT64_MAX);
    run_group(a);
    outlet_tick(&a->spare, a->closed_ms + COMPUTE_GRACE_MS);
    hand_over(a);
    correct_days(a);
    return true;
}

void amend_note(struct outlet_state *o, int64_t time_ms)
{
    if (!o->told_flow || time_ms < o->minute_next_ms - (TOLD_HOURS - 3) * HOUR_MS || time_ms < o->amend_since_ms) {
        o->counts->too_late++;
        return;
    }
    if (o->amend_from_ms == INSTANT_NONE) {
        o->amend_from_ms = time_ms;
        o->amend_noted_ms = o->minute_next_ms;
    }
    o->amend_from_ms = time_ms < o->amend_from_ms ? time_ms : o->amend_from_ms;
    o->amend_last_ms = o->minute_next_ms;
}

void amend_tick(struct compute *compute, bool at_once)
{
    if (!compute->amend || !compute->sink.history)
        return;
    for (size_t i = 0; i < compute->plant->outlet_count; i++) {
        struct outlet_state *o = &compute->outlets[i];
        bool calm = o->minute_next_ms > o->amend_last_ms,
             long_enough = o->minute_next_ms - o->amend_noted_ms >= AMEND_PATIENCE_MINUTES * MINUTE_MS;
        if (o->amend_from_ms == INSTANT_NONE || !(calm || long_enough || at_once))
            continue;
        if (!amend_outlet(compute->amend, o))
            return;
        o->amend_from_ms = INSTANT_NONE;
        compute->counts.amended++;
    }
}

struct amend *amend_new(struct compute *compute, bool *failed)
{
    size_t widest = 0;
    for (size_t i = 0; i < compute->plant->outlet_count; i++)
        if (told_wanted(compute->plant, &compute->plant->outlets[i]) &&
            compute->plant->outlets[i].channel_count > widest)
            widest = compute->plant->outlets[i].channel_count;
    if (widest == 0)
        return NULL;
    struct amend *a = compute_array(1, sizeof *a);
    if (!a || !(a->channels = compute_array(widest, sizeof *a->channels)) ||
        !(a->books = compute_array(widest, sizeof *a->books)) || !(a->batches = calloc(widest, sizeof *a->batches)) ||
        !(a->lines = calloc(compute->plant->line_count + 1, sizeof *a->lines)) ||
        !(a->late = calloc(AMEND_LATE_MAX, sizeof *a->late))) {
        amend_free(a);
        *failed = true;
        return NULL;
    }
    a->compute = compute;
    a->sink = (struct compute_sink){.owner = a, .record = on_record, .alarm = on_alarm};
    return a;
}

void amend_free(struct amend *a)
{
    if (!a)
        return;
    free(a->channels);
    free(a->books);
    free(a->batches);
    free(a->lines);
    free(a->late);
    free(a);
}
