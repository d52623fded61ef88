/* cemsctl recompute --config FILE (--samples FILE.csv | --from-journal): raw samples through the very code of the
 * daemon on a virtual clock; prints what it would publish, as JSON lines in the order of time.
 *
 * Bodies come out in the order they are made, which may differ from the order of their time by the grace of a period or
 * the minute a missing value takes to be noticed; a small buffer holds them back that long and sorts. */
#include "ctl/ctl.h"

#include "compute/compute.h"
#include "config/csv.h"
#include "model/instant.h"
#include "publish/body.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP_MAX = 4096, HOLD_BACK_MS = 65000 };

struct line_out {
    int64_t time_ms;
    uint64_t order;
    char *text;
};

struct recompute {
    struct ctl *ctl;
    const struct plant *plant;
    struct compute *compute;
    struct sample group[GROUP_MAX];
    size_t count;
    bool begun;
    int64_t last_ms;
    struct line_out *held;
    size_t held_count, held_room;
    uint64_t order;
    bool failed;
};

/* ---- out ---- */

static void hold(struct recompute *r, int64_t time_ms, const char *stream, char *members)
{
    char *text = NULL;
    if (!members || asprintf(&text, "{\"v\":1,\"stream\":\"%s\",%s", stream, members + 1) < 0)
        r->failed = true;
    free(members);
    if (r->held_count == r->held_room) {
        size_t room = r->held_room ? 2 * r->held_room : 256;
        struct line_out *more = realloc(r->held, room * sizeof *more);
        if (!more) {
            r->failed = true;
            free(text);
            return;
        }
        r->held = more;
        r->held_room = room;
    }
    r->held[r->held_count++] = (struct line_out){time_ms, r->order++, text};
}

static int compare(const void *a, const void *b)
{
    const struct line_out *p = a, *q = b;
    if (p->time_ms != q->time_ms)
        return p->time_ms < q->time_ms ? -1 : 1;
    return p->order < q->order ? -1 : 1;
}

static void let_go(struct recompute *r, int64_t until_ms)
{
    size_t n = 0;
    if (r->held_count == 0)
        return;
    qsort(r->held, r->held_count, sizeof *r->held, compare);
    for (; n < r->held_count && r->held[n].time_ms <= until_ms; n++) {
        if (r->held[n].text)
            puts(r->held[n].text);
        free(r->held[n].text);
    }
    memmove(r->held, r->held + n, (r->held_count - n) * sizeof *r->held);
    r->held_count -= n;
}

static bool on_record(void *owner, const struct period_record *record)
{
    struct recompute *r = owner;
    size_t length;
    hold(r, record->to_ms, "disclosure", body_record(r->plant, record, &length));
    return true;
}

static void on_alarm(void *owner, const struct alarm_event *event)
{
    struct recompute *r = owner;
    size_t length;
    hold(r, event->time_ms, "alarm", body_alarm(r->plant, event, &length));
}

/* ---- in ---- */

static void run_group(struct recompute *r)
{
    if (r->count == 0)
        return;
    int64_t time_ms = r->group[0].time_ms;
    if (!r->begun)
        compute_begin(r->compute, time_ms);
    r->begun = true;
    compute_samples(r->compute, r->group, r->count);
    r->last_ms = time_ms > r->last_ms ? time_ms : r->last_ms;
    r->count = 0;
    if (r->held_count > 4096 || (r->held_count > 0 && r->held[0].time_ms < r->last_ms - 2 * HOLD_BACK_MS))
        let_go(r, r->last_ms - HOLD_BACK_MS);
}

static void add(struct recompute *r, const struct sample *sample, bool first_of_group)
{
    if (r->count == GROUP_MAX || (r->count > 0 && (first_of_group || r->group[0].time_ms != sample->time_ms)))
        run_group(r);
    r->group[r->count++] = *sample;
}

static bool find_channel(const struct plant *plant, const char *outlet, const char *factor, uint32_t *index)
{
    static uint32_t hint;
    const struct channel *channel = plant_find(plant, outlet, factor, &hint);
    if (channel)
        *index = channel->index;
    return channel != NULL;
}

static const char *read_row(struct recompute *r, const struct csv *csv, struct sample *s)
{
    char *end = NULL;
    const char *value = csv_field(csv, 3);
    if (csv->malformed)
        return "not a row of CSV";
    if (!instant_parse(csv_field(csv, 0), &s->time_ms))
        return "the time is neither ISO 8601 nor epoch milliseconds";
    if (!find_channel(r->plant, csv_field(csv, 1), csv_field(csv, 2), &s->channel))
        return "the configuration has no such outlet and factor";
    if (!mark_parse(csv_field(csv, 4), &s->mark))
        return "unknown mark";
    s->value = value[0] ? strtod(value, &end) : NAN;
    return value[0] && *end != '\0' ? "the value is not a number" : NULL;
}

static int from_csv(struct recompute *r)
{
    FILE *in = fopen(r->ctl->samples, "re");
    char *line = NULL;
    size_t room = 0, number = 0;
    int code = CTL_DONE;
    if (!in)
        return ctl_fail(CTL_FAILED, "open %s: %s", r->ctl->samples, strerror(errno));
    for (ssize_t length; code == CTL_DONE && (length = getline(&line, &room, in)) > 0;) {
        struct csv csv;
        struct sample sample;
        csv_init(&csv, line, (size_t)length);
        number++;
        if (!csv_next(&csv))
            continue;
        if (number == 1) {
            static const char *const HEAD[] = {"time", "outlet", "factor", "value", "mark"};
            for (size_t i = 0; i < 5; i++)
                if (strcmp(csv_field(&csv, i), HEAD[i]) != 0)
                    code = CTL_FAILED;
            if (code != CTL_DONE)
                ctl_fail(code, "%s:1: the header must be time,outlet,factor,value,mark", r->ctl->samples);
            continue;
        }
        const char *problem = read_row(r, &csv, &sample);
        if (problem)
            code = ctl_fail(CTL_FAILED, "%s:%zu: %s", r->ctl->samples, number, problem);
        else
            add(r, &sample, false);
    }
    free(line);
    fclose(in);
    return code;
}

static bool stored(void *owner, const struct stored_sample *s)
{
    struct recompute *r = owner;
    struct sample sample = s->sample;
    if (find_channel(r->plant, s->outlet, s->factor, &sample.channel))
        add(r, &sample, s->first_of_group);
    return true;
}

static int from_journal(struct recompute *r)
{
    struct error err;
    int code = CTL_DONE;
    struct reader *reader = ctl_reader(r->ctl, &code);
    if (!reader)
        return code;
    bool ok = reader_samples(reader, INSTANT_NONE, stored, r, &err);
    reader_close(reader);
    return ok ? CTL_DONE : ctl_fail(CTL_FAILED, "%s", err.text);
}

int ctl_recompute(struct ctl *ctl)
{
    static struct recompute r;
    struct compute_sink sink = {&r, on_record, on_alarm};
    struct error err;
    if (!ctl->samples == !ctl->from_journal)
        return ctl_fail(CTL_USAGE, "recompute --config FILE with one of --samples FILE.csv, --from-journal");
    r = (struct recompute){.ctl = ctl, .plant = ctl_plant(ctl), .last_ms = INT64_MIN};
    if (!r.plant)
        return CTL_CONFIG;
    if (!(r.compute = compute_new(r.plant, sink, &err)))
        return ctl_fail(CTL_FAILED, "%s", err.text);
    int code = ctl->samples ? from_csv(&r) : from_journal(&r);
    if (code == CTL_DONE && (r.begun || r.count > 0)) {
        run_group(&r);
        /* the clock runs to the end of the last minute: an hour that ends with the samples is closed */
        compute_tick(r.compute, period_start_ms(r.last_ms, MINUTE_MS) + MINUTE_MS + COMPUTE_GRACE_MS);
    }
    let_go(&r, INT64_MAX);
    compute_free(r.compute);
    free(r.held);
    return r.failed ? ctl_fail(CTL_FAILED, "out of memory") : code;
}
