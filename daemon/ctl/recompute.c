/* cemsctl recompute --config FILE (--samples FILE.csv | --from-journal): raw samples through the very code of the
 * daemon on a virtual clock; prints what it would publish, as JSON lines in the order of time.
 *
 * Bodies come out in the order they are made, which may differ from the order of their time by the grace of a period or
 * the minute a missing value takes to be noticed; a small buffer holds them back that long and sorts. */
#include "ctl/ctl.h"

#include "compute/compute.h"
#include "ctl/raw.h"
#include "model/instant.h"
#include "publish/body.h"

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
    struct raw *raw;
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
    raw_mark(r->raw); /* computing may ask again for what came up to here */
    r->group[r->count++] = *sample;
}

static void on_sample(void *owner, const struct sample *sample, bool first_of_group)
{
    add(owner, sample, first_of_group);
}

static bool on_history(void *owner, const struct outlet *outlet, int64_t from_ms, int64_t to_ms, compute_give give,
                       void *with)
{
    struct recompute *r = owner;
    return raw_again(r->raw, outlet, from_ms, to_ms, give, with);
}

int ctl_recompute(struct ctl *ctl)
{
    static struct recompute r;
    struct compute_sink sink = {&r, on_record, on_alarm, on_history};
    struct error err;
    if (!ctl->samples == !ctl->from_journal)
        return ctl_fail(CTL_USAGE, "recompute --config FILE with one of --samples FILE.csv, --from-journal");
    r = (struct recompute){.ctl = ctl, .plant = ctl_plant(ctl), .last_ms = INT64_MIN};
    if (!r.plant)
        return CTL_CONFIG;
    if (!(r.compute = compute_new(r.plant, sink, &err)))
        return ctl_fail(CTL_FAILED, "%s", err.text);
    int code = CTL_DONE;
    if (!(r.raw = raw_open(ctl, r.plant, &code))) {
        compute_free(r.compute);
        return code;
    }
    code = raw_each(r.raw, on_sample, &r);
    if (code == CTL_DONE && (r.begun || r.count > 0)) {
        raw_mark(r.raw);
        run_group(&r);
        /* the clock runs to the end of the last minute: an hour that ends with the samples is closed */
        compute_tick(r.compute, period_start_ms(r.last_ms, MINUTE_MS) + MINUTE_MS + COMPUTE_GRACE_MS);
    }
    let_go(&r, INT64_MAX);
    raw_close(r.raw);
    compute_free(r.compute);
    free(r.held);
    return r.failed ? ctl_fail(CTL_FAILED, "out of memory") : code;
}
