#include "acquire/hj212/analyzers.h"

#include "hj212/assemble.h"
#include "hj212/encode.h"
#include "model/clock.h"
#include "model/instant.h"
#include "model/log.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND_NS INT64_C(1000000000)
#define PARTIAL_NS (10 * SECOND_NS) /* HJ 212: the rest of a frame that has begun */
#define LOG_EVERY_NS (60 * SECOND_NS)
enum { ASSEMBLY_TIMEOUT_MS = 60000, FRAME_ROOM = 1100 };

/* What was asked and is not answered yet. */
struct asking {
    bool open, acknowledged;
    char qn[18], mn[MN_BYTES];
    int cn;
    uint64_t ticket; /* 0: a poll */
    int64_t until_ns;
};

struct analyzers {
    const struct line *line;
    const struct hj212_link *link;
    struct analyzers_events events;
    struct analyzers_wire wire;
    struct item_index *items;
    const struct item_source *sources;
    size_t widest;
    struct hj212_assembly *assembly;
    struct hj212_dialect dialect;
    struct hj212_counts counts;
    struct acquired *ring, *frame_values;
    size_t first, count;
    struct asking asking;
    size_t next_mn;   /* whose turn it is in this round of polling */
    int64_t round_ns; /* when the next round begins; 0: at once */
    int64_t qn_ms;
};

static int take_cn(const struct hj212_link *link)
{
    static const int CN[] = {[TAKE_REALTIME] = 2011, [TAKE_MINUTE] = 2051, [TAKE_HOUR] = 2061};
    return CN[link->take];
}

struct analyzers *analyzers_new(const struct line *line, const struct item_source *items, size_t count,
                                const struct analyzers_events *events, const struct analyzers_wire *wire,
                                struct error *err)
{
    struct analyzers *a = calloc(1, sizeof *a);
    if (a) {
        a->line = line;
        a->link = &line->hj212;
        a->events = *events;
        a->wire = *wire;
        a->sources = items;
        a->items = item_index_new(items, count);
        a->assembly = hj212_assembly_new();
        a->widest = a->items ? item_index_widest(a->items) : 0;
        a->ring = calloc(ANALYZERS_RING, sizeof *a->ring);
        a->frame_values = calloc(a->widest + 1, sizeof *a->frame_values);
        a->dialect = (struct hj212_dialect){.crc = (enum hj212_crc_kind)line->hj212.crc,
                                            .extra_digits = (unsigned)line->hj212.extra_length_digits,
                                            .strict = line->hj212.strict};
        a->counts.last_frame_ms = INSTANT_NONE;
    }
    if (!a || !a->items || !a->assembly || !a->ring || !a->frame_values || a->widest > ANALYZERS_RING / 2) {
        error_set(err, "line %s: %s", line->name,
                  a && a->widest > ANALYZERS_RING / 2 ? "too many channels for one device" : "out of memory");
        analyzers_free(a);
        return NULL;
    }
    return a;
}

void analyzers_free(struct analyzers *a)
{
    if (!a)
        return;
    item_index_free(a->items);
    hj212_assembly_free(a->assembly);
    free(a->ring);
    free(a->frame_values);
    free(a);
}

bool conversation_init(struct conversation *c, void *wire)
{
    *c = (struct conversation){.wire = wire, .bytes = malloc(HJ212_CEILING), .heard_ns = clock_monotonic_ns()};
    return c->bytes != NULL;
}

void conversation_clear(struct conversation *c)
{
    free(c->bytes);
    c->bytes = NULL;
}

struct hj212_counts *analyzers_counts(struct analyzers *a)
{
    a->counts.incomplete = hj212_assembly_incomplete(a->assembly);
    return &a->counts;
}

/* ---- values ---- */

bool analyzers_has_room(const struct analyzers *a)
{
    return ANALYZERS_RING - a->count > a->widest;
}

size_t analyzers_take(struct analyzers *a, struct acquired *out, size_t room)
{
    size_t n = a->count < room ? a->count : room;
    for (size_t i = 0; i < n; i++)
        out[i] = a->ring[(a->first + i) % ANALYZERS_RING];
    a->first = (a->first + n) % ANALYZERS_RING;
    a->count -= n;
    return n;
}

/* A vendor's mark that changed is kept as information: samples have no room for it. */
static void report_eflag(struct analyzers *a, const struct hj212_segment *s, const struct item_source *source,
                         const char *eflag)
{
    char area[64];
    snprintf(area, sizeof area, "PolId=%s;%s-EFlag=%s", source->code, source->code, eflag);
    struct information information = {a->line->name, s->mn, hj212_cn(s->cn), {area, strlen(area)}};
    a->events.information(a->events.owner, &information);
}

static void take_values(struct analyzers *a, const struct hj212_segment *s)
{
    static const int64_t PERIOD_MS[] = {[TAKE_REALTIME] = 0, [TAKE_MINUTE] = MINUTE_MS, [TAKE_HOUR] = HOUR_MS};
    const struct item_moment moment = {PERIOD_MS[a->link->take], slice_is(s->rf, "1")};
    a->counts.resent += moment.resent;
    size_t n = item_index_read(a->items, s->mn, s->area, moment, clock_wall_ms(), a->frame_values, a->widest,
                               &a->counts.items);
    for (size_t i = 0; i < n && a->count < ANALYZERS_RING; i++) {
        bool changed;
        const char *eflag = item_index_eflag(a->items, a->frame_values[i].point, &changed);
        a->ring[(a->first + a->count++) % ANALYZERS_RING] = a->frame_values[i];
        if (changed)
            report_eflag(a, s, &a->sources[a->frame_values[i].point], eflag);
    }
}

/* ---- asking ---- */

/* Unique for this line: the millisecond is bumped. */
static void next_qn(struct analyzers *a, char qn[18])
{
    int64_t now_ms = clock_wall_ms();
    a->qn_ms = now_ms > a->qn_ms ? now_ms : a->qn_ms + 1;
    instant_format_compact(a->qn_ms, qn);
}

static void end_asking(struct analyzers *a, int exe_rtn)
{
    uint64_t ticket = a->asking.ticket;
    a->asking.open = false;
    if (ticket != 0)
        a->events.instructed(a->events.owner, ticket, exe_rtn);
}

/* The dialect of the devices: what they print they also want to read. */
static size_t in_dialect(const struct analyzers *a, char *frame, size_t length, size_t room)
{
    struct slice segment = {frame + 6, length - 12};
    unsigned extra = a->dialect.extra_digits;
    if (a->dialect.crc != HJ212_CRC_STANDARD && a->dialect.crc != HJ212_CRC_OFF) {
        char digits[5];
        snprintf(digits, sizeof digits, "%04X", hj212_crc_of(a->dialect.crc, segment));
        memcpy(frame + length - 6, digits, 4);
    }
    if (extra == 0 || length + extra > room)
        return length;
    memmove(frame + 2 + extra, frame + 2, length - 2);
    for (unsigned i = 0; i < extra; i++)
        frame[2 + i] = i + 1 == extra ? '1' : '0';
    return length + extra;
}

static bool ask(struct analyzers *a, const char *mn, int cn, const char *area, uint64_t ticket)
{
    char frame[FRAME_ROOM];
    struct conversation *c = a->wire.find(a->wire.owner, mn);
    const char *pw = a->link->password[0] ? a->link->password : "123456";
    if (!c)
        return false;
    a->asking = (struct asking){.cn = cn, .ticket = ticket};
    next_qn(a, a->asking.qn);
    snprintf(a->asking.mn, sizeof a->asking.mn, "%s", mn[0] ? mn : c->mn);
    struct hj212_fields fields = {.version = a->link->version,
                                  .qn = {a->asking.qn, 17},
                                  .st = {a->link->st, strlen(a->link->st)},
                                  .pw = {pw, strlen(pw)},
                                  .mn = {a->asking.mn, strlen(a->asking.mn)},
                                  .cn = cn,
                                  .want_ack = true};
    size_t length = hj212_write(&fields, (struct slice){area, strlen(area)}, NULL, frame, sizeof frame);
    if (length == 0)
        return false;
    length = in_dialect(a, frame, length, sizeof frame);
    a->asking.open = true;
    a->asking.until_ns = clock_monotonic_ns() + a->line->timeout_ms * INT64_C(1000000);
    a->counts.asked++;
    a->wire.write(a->wire.owner, c, frame, length);
    return true;
}

bool analyzers_instruct(struct analyzers *a, const char *mn, int cn, const char *area, uint64_t ticket)
{
    if (a->asking.open && a->asking.ticket != 0)
        return false;
    return ask(a, mn, cn, area, ticket); /* a poll under way can wait for the next round */
}

static void poll_next(struct analyzers *a, int64_t now_ns)
{
    char area[64] = "", begin[INSTANT_COMPACT];
    int cn = a->link->poll_cn ? a->link->poll_cn : take_cn(a->link);
    if (now_ns < a->round_ns)
        return;
    if (cn == 2061 || cn == 2051) { /* the last complete one */
        int64_t length_ms = cn == 2061 ? HOUR_MS : MINUTE_MS;
        instant_format_compact(period_start_ms(clock_wall_ms(), length_ms) - length_ms, begin);
        begin[14] = '\0';
        snprintf(area, sizeof area, "BeginTime=%s;EndTime=%s", begin, begin);
    }
    ask(a, a->link->mns[a->next_mn].text, cn, area, 0);
    if (++a->next_mn < a->link->mn_count)
        return;
    a->next_mn = 0;
    a->round_ns = (a->round_ns ? a->round_ns : now_ns) + a->link->poll_s * SECOND_NS;
    if (a->round_ns < now_ns)
        a->round_ns = now_ns; /* a line that can't keep up is busy without a pause */
}

void analyzers_tick(struct analyzers *a, int64_t now_ns)
{
    if (a->asking.open && now_ns >= a->asking.until_ns) {
        a->counts.unanswered++;
        end_asking(a, HJ212_EXE_TIMEOUT);
    }
    if (!a->asking.open && a->link->poll_s > 0)
        poll_next(a, now_ns);
}

/* 9011, 9012, or data with the QN of what was asked (2005 keeps the QN in the area). */
static void take_answer(struct analyzers *a, const struct hj212_segment *s, int cn)
{
    struct hj212_item item;
    uint32_t quirks = 0;
    struct slice qn = s->qn;
    int rtn = 0;
    for (struct slice rest = s->area; hj212_item_next(&rest, &item, &quirks);) {
        if (slice_is(item.field, "QN"))
            qn = item.value;
        if (slice_is(item.field, "QnRtn") || slice_is(item.field, "ExeRtn"))
            for (size_t i = 0; i < item.value.len && i < 3; i++)
                rtn = rtn * 10 + (item.value.at[i] >= '0' && item.value.at[i] <= '9' ? item.value.at[i] - '0' : 0);
    }
    if (!a->asking.open || !slice_is(qn, a->asking.qn))
        return;
    if (cn == 9011 && rtn == HJ212_QN_OK)
        a->asking.until_ns = clock_monotonic_ns() + a->line->timeout_ms * INT64_C(1000000);
    else if (cn == 9011)
        end_asking(a, HJ212_EXE_CONDITIONS);
    else
        end_asking(a, rtn);
}

/* ---- frames ---- */

static bool may_speak(struct analyzers *a, const struct hj212_segment *s)
{
    bool listed = a->link->mn_count == 0;
    for (size_t i = 0; i < a->link->mn_count && !listed; i++)
        listed = slice_is(s->mn, a->link->mns[i].text);
    bool password = a->link->password[0] == '\0' || slice_is(s->pw, a->link->password);
    a->counts.refused_mn += !listed;
    a->counts.refused_pw += listed && !password;
    return listed && password;
}

static void answer(struct analyzers *a, struct conversation *c, int cn, const struct hj212_segment *s)
{
    char frame[FRAME_ROOM];
    size_t length = hj212_answer(cn, s, "", frame, sizeof frame);
    if (length > 0)
        a->wire.write(a->wire.owner, c, frame, in_dialect(a, frame, length, sizeof frame));
}

static void tell(struct analyzers *a, struct conversation *c, const char *what, struct slice mn)
{
    int64_t now_ns = clock_monotonic_ns();
    char safe[MN_BYTES] = "";
    if (c->told_ns != 0 && now_ns - c->told_ns < LOG_EVERY_NS)
        return;
    c->told_ns = now_ns;
    for (size_t i = 0; i < mn.len && i + 1 < sizeof safe; i++)
        safe[i] = mn.at[i] > ' ' && mn.at[i] < 0x7F && mn.at[i] != '"' ? mn.at[i] : '?';
    log_line(LOG_WARN, "line", "name=%s event=%s mn=\"%s\"", a->line->name, what, safe);
}

static void take_data(struct analyzers *a, struct conversation *c, const struct hj212_segment *s, int cn)
{
    struct hj212_segment whole;
    const struct hj212_segment *message = s;
    int poll_cn = a->link->poll_cn;
    enum hj212_part_result part =
        hj212_assemble(a->assembly, s, clock_monotonic_ns() / 1000000, ASSEMBLY_TIMEOUT_MS, &whole);
    if (part == HJ212_PART_WHOLE)
        message = &whole;
    if (part == HJ212_PART_SINGLE || part == HJ212_PART_WHOLE) {
        bool state = cn == 3020;
        if (cn == take_cn(a->link) || (poll_cn != 0 && cn == poll_cn) || state)
            take_values(a, message);
        if (state || cn == 3019 || cn == 2081 || cn == 2062 || cn == 2072) {
            struct information information = {a->line->name, message->mn, cn, message->area};
            a->events.information(a->events.owner, &information);
        }
    }
    if (s->flags & HJ212_FLAG_ACK)
        answer(a, c, 9014, s);
    if (a->asking.open && a->asking.ticket == 0 && slice_is(s->mn, a->asking.mn)) {
        a->asking.open = false; /* the poll has its data; a 9012 behind them is nobody's */
        analyzers_tick(a, clock_monotonic_ns());
    }
}

static void take_segment(struct analyzers *a, struct conversation *c, const struct hj212_segment *s)
{
    int cn = hj212_cn(s->cn);
    if (!may_speak(a, s)) {
        tell(a, c, "refused", s->mn);
        return;
    }
    if (s->mn.len > 0 && s->mn.len < MN_BYTES && !slice_is(s->mn, c->mn)) {
        memcpy(c->mn, s->mn.at, s->mn.len);
        c->mn[s->mn.len] = '\0';
        a->wire.identified(a->wire.owner, c);
    }
    if (cn == 9011 || cn == 9012)
        take_answer(a, s, cn);
    else if (cn == 9013 || cn == 9014)
        return;
    else if (cn == 9015 || cn == 1001 || cn == 1013 || cn == 1014)
        answer(a, c, 9013, s);
    else if ((cn >= 2000 && cn < 4000) || cn == a->link->poll_cn)
        take_data(a, c, s, cn);
    else
        a->counts.unknown_cn++;
}

static void take_frame(struct analyzers *a, struct conversation *c, const struct hj212_frame *frame)
{
    struct hj212_segment s;
    a->counts.frames[frame->verdict]++;
    if (frame->verdict == HJ212_GARBAGE)
        a->counts.garbage_bytes += frame->bytes;
    if (frame->verdict == HJ212_CRC)
        a->counts.crc_as[hj212_crc_matching(frame->segment, frame->stated)]++;
    if (frame->verdict != HJ212_OK) {
        tell(a, c, hj212_verdict_name(frame->verdict), (struct slice){"", 0});
        return;
    }
    if (!hj212_segment_parse(frame->segment, &s)) {
        a->counts.frames[HJ212_MALFORMED]++;
        return;
    }
    uint32_t quirks = frame->quirks | s.quirks;
    for (int q = 0; q < HJ212_QUIRKS; q++)
        a->counts.quirks[q] += quirks >> q & 1;
    if (a->link->strict && quirks != 0) {
        a->counts.refused_strict++;
        tell(a, c, "odd", s.mn);
        return;
    }
    c->heard_ns = clock_monotonic_ns();
    a->counts.last_frame_ms = clock_wall_ms();
    take_segment(a, c, &s);
}

char *conversation_room(struct conversation *c, size_t *room)
{
    *room = HJ212_CEILING - c->length;
    return c->bytes + c->length;
}

void analyzers_read(struct analyzers *a, struct conversation *c, size_t n)
{
    struct hj212_frame frame;
    int64_t now_ns = clock_monotonic_ns();
    size_t used = 0;
    c->length += n;
    /* half a frame that waits too long, or a buffer without a frame, is no frame */
    bool at_end = c->length == HJ212_CEILING || (n == 0 && c->partial_ns != 0 && now_ns - c->partial_ns > PARTIAL_NS);
    while (analyzers_has_room(a) &&
           hj212_frame_next((struct slice){c->bytes, c->length}, used, at_end, &a->dialect, &frame)) {
        take_frame(a, c, &frame);
        used = frame.offset + frame.bytes;
        while (used < c->length && (c->bytes[used] == '\r' || c->bytes[used] == '\n'))
            used++;
    }
    memmove(c->bytes, c->bytes + used, c->length - used);
    c->length -= used;
    c->partial_ns = c->length == 0 ? 0 : used > 0 || c->partial_ns == 0 ? now_ns : c->partial_ns;
}
