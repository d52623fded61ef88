/* What there is to send, lane by lane.
 *
 *   record    cursor ─► rows of the journal, a few hundred at a time ─► one record: itself, then run times or furnace
 *   event     cursor ─► information of analyzers, changes of the configuration ─► 3020
 *   realtime  a snapshot each RtdInterval, held back until the samples it rests on are durable */
#include "publish/uplink/platform.h"

#include "model/clock.h"
#include "model/instant.h"
#include "model/log.h"

#include <stdlib.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)
#define LIVE_MS (2 * MINUTE_MS) /* a record younger than this is not backlog */
enum { STAGE_RECORD, STAGE_EXTRA, STAGES, STAGE_BITS = 2, FLUSH_EACH_UP_TO = 200 };

const char *lane_name(enum lane lane)
{
    static const char *const NAMES[] = {"started", "realtime", "units", "heartbeat", "event", "history", "record"};
    return NAMES[lane];
}

/* ---- cursors ---- */

static const char *cursor_name(const struct platform *p, const char *what, char name[64])
{
    snprintf(name, 64, "uplink.%.40s%s", p->uplink->name, what);
    return name;
}

/* A platform that is new begins with what happens from now on. */
void platform_load_cursors(struct platform *p)
{
    char name[64];
    struct journal_status s;
    journal_status_get(p->set->journal, &s);
    uint64_t record = journal_cursor(p->set->journal, cursor_name(p, "", name));
    if (record == 0)
        p->scanned = s.durable[STREAM_DISCLOSURE];
    else if ((record & 3) >= STAGES)
        p->scanned = record >> STAGE_BITS;
    else
        p->scanned = (record >> STAGE_BITS) - 1;
    p->skip_stages = (record & 3) < STAGES ? (int)(record & 3) : 0;
    uint64_t event = journal_cursor(p->set->journal, cursor_name(p, ".event", name));
    p->event_scanned = event == 0 ? s.durable[STREAM_EVENT] : event;
    if (record == 0)
        journal_save_cursor(p->set->journal, cursor_name(p, "", name), p->scanned << STAGE_BITS | STAGES);
    if (event == 0)
        journal_save_cursor(p->set->journal, cursor_name(p, ".event", name), p->event_scanned);
}

static void save_record_cursor(struct platform *p, uint64_t seq, int stages)
{
    char name[64];
    journal_save_cursor(p->set->journal, cursor_name(p, "", name), seq << STAGE_BITS | (uint64_t)stages);
    if (p->uplink->backlog_per_s <=
        FLUSH_EACH_UP_TO) /* faster, and alarms would wait behind a commit for each answer */
        journal_flush(p->set->journal);
}

/* ---- the record lane ---- */

static uint64_t durable(const struct platform *p, enum stream stream)
{
    struct journal_status s;
    journal_status_get(p->set->journal, &s);
    return s.durable[stream];
}

static bool keep_row(void *owner, const struct stored_record *record)
{
    struct platform *p = owner;
    struct report_row row;
    p->walked++;
    p->reached = record->seq;
    if (report_row_of(&p->reporter, record, &row))
        p->rows[p->row_count++] = row;
    return p->row_count < ROWS_MAX;
}

/* More rows of the journal; whole records only: one that the end of the walk may have cut is read again. */
static void fetch_rows(struct platform *p)
{
    struct error err;
    uint64_t upto = durable(p, STREAM_DISCLOSURE);
    p->row_count = p->row_at = p->walked = 0;
    if (p->scanned >= upto)
        return;
    if (!reader_records_after(p->set->reader, p->scanned, upto, WALK_MAX, keep_row, p, &err)) {
        log_line(LOG_ERROR, "uplink", "name=%s event=read-failed error=\"%s\"", p->uplink->name, err.text);
        p->row_count = 0;
        return;
    }
    bool to_the_end = p->walked < WALK_MAX && p->row_count < ROWS_MAX;
    while (!to_the_end && p->row_count > 0 && p->rows[p->row_count - 1].seq == p->reached)
        p->row_count--;
    p->scanned = to_the_end ? upto : p->reached - 1;
}

static int cn_of(const struct platform *p, enum period period)
{
    switch (period) {
    case PERIOD_MINUTE: return p->uplink->minute ? 2051 : 0;
    case PERIOD_HOUR: return p->uplink->hour ? 2061 : 0;
    case PERIOD_DAY: return p->uplink->day ? 2031 : 0;
    case PERIOD_REALTIME:
    case PERIOD_5MIN:
    case PERIOD_2HOUR:
    case PERIOD_MONTH:
    case PERIOD_QUARTER:
    case PERIOD_YEAR:
    case PERIODS: break;
    }
    return 0;
}

/* Past what is older than a moment at the plant's own pace; live records are not held back. */
static bool may_send_backlog(struct platform *p, const struct report_row *row)
{
    int64_t now_ns = clock_monotonic_ns();
    double burst = p->uplink->backlog_per_s / 10.0 + 1;
    if (clock_wall_ms() - row->to_ms < LIVE_MS)
        return true;
    p->tokens += (double)(now_ns - p->tokens_ns) / 1e9 * p->uplink->backlog_per_s;
    p->tokens = p->tokens < burst ? p->tokens : burst;
    p->tokens_ns = now_ns;
    if (p->tokens < 1)
        return false;
    p->tokens -= 1;
    return true;
}

static bool build_stage(struct platform *p, const struct report_row *rows, size_t count, bool resent)
{
    const struct reporter *r = &p->reporter;
    const struct outlet *outlet = r->plant->outlet_of[rows[0].channel->index];
    enum period period = rows[0].period;
    int cn = cn_of(p, period);
    int every = p->settings.min_interval;
    if (p->stage == STAGE_RECORD && cn == 2051 && every > 1)
        return period_start_ms(rows[0].to_ms, every * MINUTE_MS) == rows[0].to_ms &&
               report_minutes(r, p->set->reader, outlet, rows[0].to_ms, every, resent, &p->message);
    if (p->stage == STAGE_RECORD)
        return cn != 0 && report_record(r, cn, rows, count, resent, &p->message);
    if (period == PERIOD_DAY && p->uplink->day)
        return report_run_times(r, p->set->reader, outlet, rows[0].from_ms, resent, &p->message);
    bool five = period == PERIOD_MINUTE && period_start_ms(rows[0].to_ms, 5 * MINUTE_MS) == rows[0].to_ms;
    return five && p->uplink->furnace && p->uplink->version == 2025 &&
           report_furnace(r, p->set->reader, outlet, rows[0].to_ms - 5 * MINUTE_MS, resent, &p->message);
}

static void next_stage(struct platform *p)
{
    uint64_t seq = p->rows[p->row_at].seq;
    p->stage++;
    save_record_cursor(p, seq, p->stage);
    if (p->stage < STAGES)
        return;
    p->stage = STAGE_RECORD;
    p->row_at += p->group;
    p->group = 0;
}

static bool build_record(struct platform *p)
{
    for (;;) {
        if (p->row_at == p->row_count)
            fetch_rows(p);
        if (p->row_at == p->row_count)
            return false;
        const struct report_row *rows = p->rows + p->row_at;
        p->group = 1;
        while (p->row_at + p->group < p->row_count && rows[p->group].seq == rows[0].seq)
            p->group++;
        bool resent = rows[0].to_ms < p->up_ms - MINUTE_MS || p->tried_seq == rows[0].seq;
        if (p->skip_stages > 0) {
            p->stage = p->skip_stages;
            p->skip_stages = 0;
        }
        for (; p->stage < STAGES; p->stage++) {
            if (!build_stage(p, rows, p->group, resent))
                continue;
            if (!may_send_backlog(p, rows))
                return false;
            p->tried_seq = rows[0].seq;
            return true;
        }
        p->stage = STAGE_RECORD; /* nothing to say about it */
        p->row_at += p->group;
    }
}

/* ---- events: what analyzers and the gateway itself report ---- */

struct found_event {
    struct platform *platform;
    uint64_t seq;
    bool built;
};

static bool build_from(struct platform *p, const struct journal_entry *entry, const char *kind)
{
    char text[256], item[320];
    json_t *body = json_loadb(entry->body, entry->length, 0, NULL);
    const char *area = json_string_value(json_object_get(body, "area"));
    const char *cn = json_string_value(json_object_get(body, "cn"));
    bool built = false;
    if (strcmp(kind, "information") == 0 && area && cn && strtol(cn, NULL, 10) / 10 == 302) {
        struct slice rest = {area, strlen(area)};
        struct hj212_item first;
        uint32_t quirks = 0;
        /* DataTime is ours unless the analyzer gave one */
        int64_t time_ms = entry->time_ms;
        struct slice all = rest;
        if (hj212_item_next(&rest, &first, &quirks) && slice_is(first.field, "DataTime")) {
            instant_parse_compact(first.value.at, first.value.len, &time_ms);
            all = rest;
        }
        built = report_item(&p->reporter, (int)strtol(cn, NULL, 10), time_ms, all, &p->message);
    } else if (strcmp(kind, "config") == 0 || strcmp(kind, "clock") == 0) {
        const char *detail = json_string_value(json_object_get(body, "detail"));
        snprintf(text, sizeof text, "%s %s", kind, detail ? detail : "");
        int n = snprintf(item, sizeof item, "i21001-Info=//%s//", text);
        built = report_item(&p->reporter, 3020, entry->time_ms, (struct slice){item, (size_t)n}, &p->message);
    }
    json_decref(body);
    return built;
}

static bool look_at_event(void *owner, const struct journal_entry *entry, const char *kind)
{
    struct found_event *f = owner;
    f->seq = entry->seq;
    f->built = build_from(f->platform, entry, kind);
    return !f->built;
}

static bool build_event(struct platform *p)
{
    struct found_event found = {p, p->event_scanned, false};
    struct error err;
    if (p->uplink->version == 2005 || p->event_scanned >= durable(p, STREAM_EVENT))
        return false;
    if (!reader_entries(p->set->reader, STREAM_EVENT, p->event_scanned, 256, look_at_event, &found, &err))
        return false;
    p->event_scanned = found.built ? found.seq - 1 : found.seq;
    p->event_seq = found.seq;
    return found.built;
}

static void event_done(struct platform *p)
{
    char name[64];
    p->event_scanned = p->event_seq;
    journal_save_cursor(p->set->journal, cursor_name(p, ".event", name), p->event_scanned);
    journal_flush(p->set->journal);
}

/* ---- other lanes ---- */

static bool build_started(struct platform *p)
{
    char item[40], time[INSTANT_COMPACT];
    if (p->started_told || p->uplink->version == 2005)
        return false;
    instant_format_compact(p->set->started_ms, time);
    int n = snprintf(item, sizeof item, "RestartTime=%.14s", time);
    return report_item(&p->reporter, 2081, clock_wall_ms(), (struct slice){item, (size_t)n}, &p->message);
}

static bool build_realtime(struct platform *p)
{
    if (!p->realtime_ready || p->realtime_after > durable(p, STREAM_SAMPLE))
        return false;
    p->message = p->realtime;
    p->realtime_ready = false;
    return true;
}

static bool build_units(struct platform *p)
{
    int64_t now_ns = clock_monotonic_ns();
    if (!p->settings.units_on || p->settings.realtime_s == 0 || now_ns < p->units_due_ns)
        return false;
    p->units_due_ns = now_ns + p->settings.realtime_s * SECOND_NS;
    return report_units(&p->reporter, clock_wall_ms(), p->set->doors.latest, p->set->doors.owner, &p->message);
}

static bool build_heartbeat(struct platform *p)
{
    int64_t now_ns = clock_monotonic_ns();
    const struct uplink_settings *s = &p->settings;
    if (p->uplink->version != 2025 || p->uplink->heartbeat_s == 0 || now_ns < p->heartbeat_due_ns)
        return false;
    p->heartbeat_due_ns = now_ns + p->uplink->heartbeat_s * SECOND_NS;
    struct hj212_fields fields = {.version = 2025,
                                  .st = {p->uplink->st, strlen(p->uplink->st)},
                                  .pw = {s->password, strlen(s->password)},
                                  .mn = {s->mn, strlen(s->mn)},
                                  .cn = 9015,
                                  .want_ack = true};
    hj212_message_begin(&p->message, &fields, (struct slice){"", 0});
    return true;
}

/* A snapshot of now; it may be sent when the samples it rests on are durable. */
void lane_take_realtime(struct platform *p, int64_t now_ns)
{
    if (!p->settings.realtime_on || p->settings.realtime_s == 0 || p->state != WIRE_UP || now_ns < p->realtime_due_ns)
        return;
    int64_t every_ns = p->settings.realtime_s * SECOND_NS;
    p->realtime_due_ns = now_ns - p->realtime_due_ns < every_ns ? p->realtime_due_ns + every_ns : now_ns + every_ns;
    p->realtime_after = p->set->doors.settle(p->set->doors.owner);
    p->realtime_ready =
        report_latest(&p->reporter, clock_wall_ms(), p->set->doors.latest, p->set->doors.owner, &p->realtime);
}

static void started_done(struct platform *p)
{
    p->started_told = true;
}

static void nothing_done(struct platform *p)
{
    (void)p;
}

static const struct {
    bool (*build)(struct platform *p);
    void (*done)(struct platform *p);
} LANE[LANES] = {
    [LANE_STARTED] = {build_started, started_done}, [LANE_REALTIME] = {build_realtime, nothing_done},
    [LANE_UNITS] = {build_units, nothing_done},     [LANE_HEARTBEAT] = {build_heartbeat, nothing_done},
    [LANE_EVENT] = {build_event, event_done},       [LANE_HISTORY] = {history_next, history_acknowledged},
    [LANE_RECORD] = {build_record, next_stage},
};

bool lane_build(struct platform *p, enum lane lane)
{
    return LANE[lane].build(p);
}

void lane_done(struct platform *p, enum lane lane)
{
    LANE[lane].done(p);
}
