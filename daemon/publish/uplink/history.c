/* What a platform asks of the past: each record a message with its own QN, oldest first, then 9012 with the QN of the
 * request (HJ 212-2017 6.6, annex C.24 to C.26). DataTime counts, both ends of the span included.
 *
 *   BeginTime ─► chunk of 16 periods of one outlet ─► messages ─► next chunk ─► ... ─► EndTime ─► next outlet ─► 9012
 */
#include "publish/uplink/platform.h"

#include "model/instant.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_PERIODS = 16 };

static const struct {
    int cn;
    enum period period;
} PERIOD_OF[] = {{2051, PERIOD_MINUTE}, {2061, PERIOD_HOUR}, {2031, PERIOD_DAY}, {2041, PERIOD_DAY}};

static bool period_of(int cn, enum period *period)
{
    for (size_t i = 0; i < sizeof PERIOD_OF / sizeof PERIOD_OF[0]; i++) {
        *period = PERIOD_OF[i].period;
        if (PERIOD_OF[i].cn == cn)
            return true;
    }
    return false;
}

static struct history *first_open(struct platform *p)
{
    for (size_t i = 0; i < HISTORIES; i++)
        if (p->histories[i].open)
            return &p->histories[i];
    return NULL;
}

bool history_begin(struct platform *p, const struct asked *asked, const struct hj212_request *request)
{
    enum period period;
    if (!p->past)
        p->past = calloc((size_t)CHUNK_PERIODS * CHANNELS_PER_OUTLET, sizeof *p->past);
    for (size_t i = 0; p->past && period_of(asked->cn, &period) && i < HISTORIES; i++) {
        if (p->histories[i].open)
            continue;
        p->histories[i] =
            (struct history){.asked = *asked, .request = *request, .next_ms = request->begin_ms, .open = true};
        return true;
    }
    return false;
}

static bool keep_past(void *owner, const struct stored_record *record)
{
    struct platform *p = owner;
    struct report_row row;
    if (report_row_of(&p->reporter, record, &row))
        p->past[p->past_count++] = row;
    return p->past_count < (size_t)CHUNK_PERIODS * CHANNELS_PER_OUTLET;
}

/* The next chunk that holds anything; false at the end of everything. One call looks at one outlet's chunk at most
 * FAR_LOOKS times, so that a span of years does not hold up the loop. */
static bool next_chunk(struct platform *p, struct history *h, bool *more)
{
    enum { FAR_LOOKS = 64 };
    const struct plant *plant = p->reporter.plant;
    enum period period = PERIOD_HOUR;
    period_of(h->asked.cn, &period);
    int64_t span_ms = CHUNK_PERIODS * period_length_ms(period, 0);
    p->past_count = p->past_at = 0;
    *more = true;
    for (int looks = 0; looks < FAR_LOOKS; looks++) {
        if (h->outlet >= plant->outlet_count) { /* a reload may have left fewer */
            *more = false;
            return false;
        }
        const struct outlet *outlet = &plant->outlets[h->outlet];
        if (h->next_ms > h->request.end_ms || !report_outlet(&p->reporter, outlet)) {
            h->outlet++;
            h->next_ms = h->request.begin_ms;
            continue;
        }
        int64_t to_ms = h->next_ms + span_ms - 1 < h->request.end_ms ? h->next_ms + span_ms : h->request.end_ms + 1;
        if (!reader_records(p->set->reader, outlet->id, "", period_name(period), h->next_ms, to_ms, keep_past, p, NULL))
            p->past_count = 0;
        h->next_ms = to_ms;
        if (p->past_count > 0)
            return true;
    }
    return false;
}

static bool build_one(struct platform *p, const struct history *h)
{
    const struct report_row *rows = p->past + p->past_at;
    p->past_group = 1;
    while (p->past_at + p->past_group < p->past_count && rows[p->past_group].from_ms == rows[0].from_ms)
        p->past_group++;
    if (h->asked.cn == 2041)
        return report_run_times(&p->reporter, p->set->reader, p->reporter.plant->outlet_of[rows[0].channel->index],
                                rows[0].from_ms, false, &p->message);
    int every = p->settings.min_interval;
    if (h->asked.cn == 2051 && every > 1)
        return period_start_ms(rows[0].to_ms, every * MINUTE_MS) == rows[0].to_ms &&
               report_minutes(&p->reporter, p->set->reader, p->reporter.plant->outlet_of[rows[0].channel->index],
                              rows[0].to_ms, every, false, &p->message);
    return report_record(&p->reporter, h->asked.cn, rows, p->past_group, false, &p->message);
}

bool history_next(struct platform *p)
{
    struct history *h = first_open(p);
    bool more = true;
    while (h) {
        while (p->past_at < p->past_count) {
            if (build_one(p, h))
                return true;
            p->past_at += p->past_group;
        }
        if (next_chunk(p, h, &more))
            continue;
        if (more)
            return false; /* the tick goes on */
        h->open = false;
        request_finish(p, &h->asked, h->sent > 0 ? HJ212_EXE_OK : HJ212_EXE_NO_DATA);
        h = first_open(p);
    }
    return false;
}

void history_acknowledged(struct platform *p)
{
    struct history *h = first_open(p);
    p->past_at += p->past_group;
    if (h)
        h->sent++;
}
