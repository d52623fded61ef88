/* Restart: the journal is the truth.
 *
 *   last sample in the journal ──┐
 *        begin of its 2-hour ────┼──► replay the raw samples, muted: they and all they led to became durable together
 *        closed hours, days and  │    (those before it only say what a slow analyzer had last)
 *        months ─────────────────┘──► into the day, month, quarter and year in progress
 *   active alarms ──────────────────► put back: they go on, nothing is raised twice
 *   then, aloud, up to now ─────────► windows that ended while nobody was there close with what they had; a record
 *                                     that the journal has already is neither published nor judged again
 *   a stop of more than a day ──────► the empty days between are not made up; computing begins anew now             */
#include "gateway_parts.h"
#include "model/instant.h"
#include "model/log.h"

#include <math.h>
#include <string.h>

#define PACE_MS (10 * MINUTE_MS) /* projections look back over the last minutes, also those before the hour */

struct replaying {
    struct gateway *gateway;
    struct sample group[1024];
    size_t count, total;
    int64_t begin_ms; /* of the periods */
    bool listening;
};

static void replay_group(struct replaying *r)
{
    if (r->count > 0)
        compute_samples(r->gateway->compute, r->group, r->count);
    r->count = 0;
}

static bool replay_sample(void *owner, const struct stored_sample *stored)
{
    struct replaying *r = owner;
    if (stored->first_of_group || r->count == sizeof r->group / sizeof r->group[0])
        replay_group(r);
    struct sample sample = stored->sample;
    if (gateway_find_channel(r->gateway, stored->sample.channel, &sample.channel)) {
        if (!r->listening && sample.time_ms >= r->begin_ms) {
            compute_listen_from(r->gateway->compute, sample.time_ms);
            r->listening = true;
        }
        r->group[r->count++] = sample;
        r->total++;
    }
    return true;
}

struct restoring {
    struct gateway *gateway;
    int64_t begin_ms;
};

static bool restore_record(void *owner, const struct stored_record *r)
{
    const struct restoring *restoring = owner;
    enum mark mark = MARK_B;
    enum period period = PERIOD_HOUR;
    enum operating_state state;
    mark_parse(r->mark, &mark);
    if (!period_parse(r->period, &period))
        return true;
    const struct kept_record kept = {
        .outlet = r->outlet,
        .factor = r->factor,
        .period = period,
        .from_ms = r->from_ms,
        .mark = mark,
        .value = r->value,
        .converted = r->converted,
        .min = r->min,
        .max = r->max,
        .weight = r->weight,
        .amount = r->amount,
        .flow = r->flow,
        .condition = operating_state_parse(r->condition, &state) ? (int)state : -1,
        .valid = r->valid,
        .revision = r->revision,
    };
    compute_restore_record(restoring->gateway->compute, &kept, restoring->begin_ms);
    return true;
}

/* What the periods in progress at begin_ms are made of, and what can still be corrected; from the longest down. */
static bool restore_records(struct gateway *g, struct reader *reader, int64_t begin_ms, struct error *err)
{
    static const struct {
        const char *period;
        enum period within;
        int64_t back_ms; /* at least so far */
    } PARTS[] = {
        {"month", PERIOD_YEAR, 400 * DAY_MS},
        {"quarter", PERIOD_YEAR, 100 * DAY_MS}, /* of these two only the revision is needed */
        {"day", PERIOD_YEAR, 40 * DAY_MS},
        {"hour", PERIOD_MONTH, COMPUTE_CORRECTS_HOURS * HOUR_MS},
        {"2hour", PERIOD_2HOUR, COMPUTE_CORRECTS_HOURS * HOUR_MS},
    };
    struct restoring restoring = {g, begin_ms};
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof PARTS / sizeof PARTS[0]; i++) {
        int64_t from_ms = period_floor_ms(PARTS[i].within, begin_ms);
        from_ms = begin_ms - PARTS[i].back_ms < from_ms ? begin_ms - PARTS[i].back_ms : from_ms;
        ok = reader_records(reader, "", "", PARTS[i].period, from_ms, INT64_MAX, restore_record, &restoring, err);
    }
    return ok;
}

/* How far back a value of the slowest analyzer may still stand. */
static int64_t longest_memory_ms(const struct plant *plant)
{
    int64_t longest = 5000; /* a block may begin just before the bound and hold samples after it */
    for (size_t i = 0; i < plant->channel_count; i++)
        if (2 * (int64_t)plant->channels[i]->interval_ms > longest)
            longest = 2 * (int64_t)plant->channels[i]->interval_ms;
    return longest;
}

static bool restore_alarm(void *owner, const struct stored_alarm *a)
{
    struct gateway *g = owner;
    enum alarm_kind kind;
    enum alarm_state state;
    enum period period = PERIOD_HOUR;
    if (!alarm_kind_parse(a->kind, &kind) || !alarm_state_parse(a->state, &state))
        return true;
    int which = a->period[0] && period_parse(a->period, &period) ? (int)period : -1;
    if (own_restore(g, a, kind, state))
        return true;
    const struct kept_finding kept = {a->id, a->outlet,    a->subject, kind,    which,
                                      state, a->raised_ms, a->time_ms, a->value};
    if (!compute_restore_finding(g->compute, &kept)) {
        log_line(LOG_NOTICE, "recovery", "event=orphan-alarm id=%s reason=\"no such channel any more\"", a->id);
    }
    return true;
}

static bool other_configuration(struct gateway *g, struct reader *reader)
{
    struct journal_status s;
    char before[65];
    journal_status_get(g->journal, &s); /* the last event is this start */
    return reader_last_config(reader, s.appended[STREAM_EVENT], before) && strcmp(before, g->plant->sha256) != 0;
}

bool recover(struct gateway *g, int64_t now_ms, struct error *err)
{
    struct reader *reader = reader_open(g->plant->journal.path, err);
    if (!reader)
        return false;
    int64_t last_ms = reader_last_sample_ms(reader);
    bool ok = true;
    g->recovering = reader;
    told_ahead_find(g, reader);
    if (last_ms == INSTANT_NONE || last_ms > now_ms + DAY_MS) { /* nothing yet, or a clock that came from the future */
        compute_begin(g->compute, now_ms);
        ok = reader_alarms(reader, true, SIZE_MAX / 4, restore_alarm, g, err);
    } else {
        int64_t begin_ms = period_start_ms(last_ms - PACE_MS, 2 * HOUR_MS);
        struct replaying replaying = {.gateway = g, .begin_ms = begin_ms};
        g->muted = true;
        compute_begin(g->compute, begin_ms);
        ok = restore_records(g, reader, begin_ms, err) &&
             reader_samples(reader, begin_ms - longest_memory_ms(g->plant), replay_sample, &replaying, err);
        replay_group(&replaying);
        g->muted = false;
        compute_forget_findings(g->compute);
        ok = ok && reader_alarms(reader, true, SIZE_MAX / 4, restore_alarm, g, err);
        if (other_configuration(g, reader))
            compute_renounce(g->compute, now_ms);
        compute_tick(g->compute, now_ms);
        log_line(LOG_NOTICE, "recovery", "event=restored samples=%zu gap_s=%lld", replaying.total,
                 (long long)(now_ms - last_ms) / 1000);
    }
    g->recovering = NULL;
    reader_close(reader);
    return ok;
}
