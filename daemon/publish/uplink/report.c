#include "publish/uplink/report.h"

#include "compute/window.h"

#include "config/factors.h"
#include "model/instant.h"

#include <math.h>
#include <stdio.h>

enum { GROUP = 400, DECIMALS_AMOUNT = 4, DECIMALS_FLOW = 1 };
#define SECONDS_PER_HOUR 3600.0

/* ---- what is reported ---- */

bool report_outlet(const struct reporter *r, const struct outlet *outlet)
{
    for (size_t i = 0; i < r->uplink->outlet_count; i++)
        if (strcmp(r->uplink->outlets[i].id, outlet->id) == 0)
            return true;
    return r->uplink->outlet_count == 0;
}

bool report_row_of(const struct reporter *r, const struct stored_record *s, struct report_row *row)
{
    for (size_t i = 0; i < r->plant->channel_count; i++) {
        const struct channel *channel = r->plant->channels[i];
        const struct outlet *outlet = r->plant->outlet_of[i];
        if (strcmp(channel->factor->code, s->factor) != 0 || strcmp(outlet->id, s->outlet) != 0)
            continue;
        *row = (struct report_row){.channel = channel,
                                   .seq = s->seq,
                                   .mark = MARK_D,
                                   .from_ms = s->from_ms,
                                   .to_ms = s->to_ms,
                                   .value = s->value,
                                   .converted = s->converted,
                                   .min = s->min,
                                   .max = s->max,
                                   .converted_min = s->converted_min,
                                   .converted_max = s->converted_max,
                                   .amount = s->amount,
                                   .flow = s->flow};
        mark_parse(s->mark, &row->mark);
        return period_parse(s->period, &row->period) && report_outlet(r, outlet);
    }
    return false;
}

/* ---- items ---- */

/* Items of one subject while they are written. */
struct group {
    char text[GROUP];
    size_t length;
};

static const char *code_of(const struct reporter *r, const struct factor *factor)
{
    return r->uplink->version == 2005 && factor->code_2005[0] ? factor->code_2005 : factor->code;
}

static int decimals_of(const struct reporter *r, const struct factor *factor)
{
    return r->uplink->version == 2025 ? factor->decimals : factor->decimals_2017;
}

static void add_text(struct group *g, const char *code, const char *field, const char *value)
{
    int n = snprintf(g->text + g->length, sizeof g->text - g->length, "%s%s-%s=%s", g->length > 0 ? "," : "", code,
                     field, value);
    if (n > 0 && (size_t)n < sizeof g->text - g->length)
        g->length += (size_t)n;
}

/* printf rounds the exact binary value, ties to even. */
static void add_number(struct group *g, const char *code, const char *field, double value, int decimals)
{
    char text[64];
    if (!isfinite(value) || fabs(value) >= 1e14)
        return;
    snprintf(text, sizeof text, "%.*f", decimals, value);
    bool minus_zero = text[0] == '-' && text[strspn(text, "-0.")] == '\0';
    add_text(g, code, field, text + minus_zero);
}

/* 9999.99 for N4.2. */
static double largest(const struct reporter *r, const struct factor *factor)
{
    int decimals = decimals_of(r, factor);
    return factor->digits > 0 ? pow(10, factor->digits) - pow(10, -decimals) : NAN;
}

static bool converts(const struct reporter *r, const struct channel *channel)
{
    return outlet_converts(r->plant->outlet_of[channel->index], channel);
}

static void add_converted(const struct reporter *r, struct group *g, const struct channel *channel, const char *field,
                          double converted)
{
    bool say_so = r->uplink->version == 2025 && !isfinite(converted);
    add_number(g, code_of(r, channel->factor), field, say_so ? largest(r, channel->factor) : converted,
               decimals_of(r, channel->factor));
}

static void begin(const struct reporter *r, int cn, const char *st, int64_t time_ms, bool resent,
                  struct hj212_message *out)
{
    char front[40], time[INSTANT_COMPACT];
    const struct uplink_settings *s = r->settings;
    struct hj212_fields fields = {.version = r->uplink->version,
                                  .st = {st, strlen(st)},
                                  .pw = {s->password, strlen(s->password)},
                                  .mn = {s->mn, strlen(s->mn)},
                                  .cn = cn,
                                  .want_ack = true,
                                  .resent = resent};
    instant_format_compact(time_ms, time);
    int n = snprintf(front, sizeof front, "DataTime=%.14s", time);
    hj212_message_begin(out, &fields, (struct slice){front, (size_t)n});
}

static void add(struct hj212_message *out, const struct group *g)
{
    if (g->length > 0)
        hj212_message_add(out, (struct slice){g->text, g->length});
}

/* ---- records ---- */

static void add_row(const struct reporter *r, const struct report_row *row, struct hj212_message *out)
{
    struct group g = {.length = 0};
    const char *code = code_of(r, row->channel->factor);
    int decimals = decimals_of(r, row->channel->factor);
    add_number(&g, code, "Cou", row->amount, DECIMALS_AMOUNT);
    add_number(&g, code, "Min", row->min, decimals);
    add_number(&g, code, "Avg", row->value, decimals);
    add_number(&g, code, "Max", row->max, decimals);
    if (converts(r, row->channel) && isfinite(row->value)) {
        add_converted(r, &g, row->channel, "ZsMin", row->converted_min);
        add_converted(r, &g, row->channel, "ZsAvg", row->converted);
        add_converted(r, &g, row->channel, "ZsMax", row->converted_max);
    }
    add_text(&g, code, "Flag", r->uplink->marks[row->mark]);
    add(out, &g);
}

/* The flow the gateway computed from velocity, when no instrument measures it. m3/s, amount in m3. */
static void add_flow(const struct reporter *r, const struct report_row *rows, size_t count, struct hj212_message *out)
{
    struct group g = {.length = 0};
    const struct factor *factor = factor_find("a00000");
    for (size_t i = 0; i < count; i++)
        if (rows[i].channel->role == ROLE_FLOW)
            return;
    if (!factor || !isfinite(rows[0].flow))
        return;
    double hours = (double)(rows[0].to_ms - rows[0].from_ms) / (double)HOUR_MS;
    add_number(&g, code_of(r, factor), "Cou", rows[0].flow * hours, DECIMALS_AMOUNT);
    add_number(&g, code_of(r, factor), "Avg", rows[0].flow / SECONDS_PER_HOUR, decimals_of(r, factor));
    add_text(&g, code_of(r, factor), "Flag", r->uplink->marks[MARK_N]);
    add(out, &g);
}

bool report_record(const struct reporter *r, int cn, const struct report_row *rows, size_t count, bool resent,
                   struct hj212_message *out)
{
    begin(r, cn, r->uplink->st, rows[0].from_ms, resent, out);
    if (r->plant->outlet_of[rows[0].channel->index]->medium == MEDIUM_GAS)
        add_flow(r, rows, count, out);
    for (size_t i = 0; i < count; i++)
        if (!factor_is_unit(rows[i].channel->factor))
            add_row(r, &rows[i], out);
    return out->groups > 0;
}

/* ---- several minutes as one ---- */

struct minutes {
    const struct reporter *r;
    struct report_row rows[CHANNELS_PER_OUTLET];
    struct window windows[CHANNELS_PER_OUTLET];
    double min[CHANNELS_PER_OUTLET][2], max[CHANNELS_PER_OUTLET][2]; /* of measured and converted values */
    bool weighted[CHANNELS_PER_OUTLET];
    double flow;
    int flows;
    size_t count;
};

static double lower(double a, double b)
{
    return isfinite(a) && !(b < a) ? a : b;
}

static double higher(double a, double b)
{
    return isfinite(a) && !(b > a) ? a : b;
}

static bool take_minute(void *owner, const struct stored_record *record)
{
    struct minutes *m = owner;
    struct report_row row;
    size_t at = 0;
    if (!report_row_of(m->r, record, &row))
        return true;
    while (at < m->count && m->rows[at].channel != row.channel)
        at++;
    if (at == CHANNELS_PER_OUTLET)
        return true;
    if (at == m->count) {
        m->rows[m->count++] = row;
        window_open(&m->windows[at], record->from_ms);
        m->min[at][0] = m->min[at][1] = m->max[at][0] = m->max[at][1] = NAN;
        m->weighted[at] = false;
    }
    const struct quantum q = {row.mark, row.value, row.converted, record->weight, REASON_NONE, false};
    window_add(&m->windows[at], &q);
    window_add_amount(&m->windows[at], row.amount);
    m->weighted[at] |= isfinite(record->weight);
    m->min[at][0] = lower(m->min[at][0], row.min);
    m->max[at][0] = higher(m->max[at][0], row.max);
    m->min[at][1] = lower(m->min[at][1], row.converted_min);
    m->max[at][1] = higher(m->max[at][1], row.converted_max);
    if (at == 0 && isfinite(row.flow)) {
        m->flow += row.flow;
        m->flows++;
    }
    return true;
}

bool report_minutes(const struct reporter *r, struct reader *reader, const struct outlet *outlet, int64_t to_ms,
                    int minutes, bool resent, struct hj212_message *out)
{
    static struct minutes m; /* the loop's */
    int64_t from_ms = to_ms - minutes * MINUTE_MS;
    m.r = r;
    m.count = 0;
    m.flow = 0;
    m.flows = 0;
    if (!reader_records(reader, outlet->id, "", "minute", from_ms, to_ms, take_minute, &m, NULL) || m.count == 0)
        return false;
    bool flow_known = m.flows >= (int)window_required(PERIOD_MINUTE, (uint32_t)minutes);
    for (size_t i = 0; i < m.count; i++) {
        struct report_row *row = &m.rows[i];
        enum mean mean = m.weighted[i] ? MEAN_WEIGHTED : converts(r, row->channel) ? MEAN_CONVERTED : MEAN_PLAIN;
        struct figure f = window_close(&m.windows[i], PERIOD_MINUTE, (uint32_t)minutes, mean);
        bool valid = f.mark == MARK_N;
        row->from_ms = from_ms;
        row->to_ms = to_ms;
        row->mark = f.mark;
        row->value = f.value;
        row->converted = f.converted;
        row->amount = f.amount;
        row->flow = flow_known ? m.flow / m.flows : NAN;
        row->min = valid ? m.min[i][0] : NAN;
        row->max = valid ? m.max[i][0] : NAN;
        row->converted_min = isfinite(f.converted) ? m.min[i][1] : NAN;
        row->converted_max = isfinite(f.converted) ? m.max[i][1] : NAN;
    }
    return report_record(r, 2051, m.rows, m.count, resent, out);
}

/* ---- latest values ---- */

bool report_latest(const struct reporter *r, int64_t now_ms,
                   bool (*latest)(void *owner, uint32_t channel, struct reading *out, int64_t *time_ms), void *owner,
                   struct hj212_message *out)
{
    begin(r, 2011, r->uplink->st, now_ms, false, out);
    for (size_t i = 0; i < r->plant->channel_count; i++) {
        const struct channel *channel = r->plant->channels[i];
        struct group g = {.length = 0};
        struct reading reading;
        char time[INSTANT_COMPACT];
        int64_t time_ms;
        const char *code = code_of(r, channel->factor);
        if (factor_is_unit(channel->factor) || !report_outlet(r, r->plant->outlet_of[i]) ||
            !latest(owner, (uint32_t)i, &reading, &time_ms))
            continue;
        if (channel->interval_ms > MINUTE_MS) {
            instant_format_compact(time_ms, time);
            time[14] = '\0';
            add_text(&g, code, "SampleTime", time);
        }
        add_number(&g, code, "Rtd", reading.value, decimals_of(r, channel->factor));
        if (converts(r, channel) && isfinite(reading.value) && reading.mark == MARK_N)
            add_converted(r, &g, channel, "ZsRtd", reading.converted);
        add_text(&g, code, "Flag", r->uplink->marks[reading.mark]);
        add(out, &g);
    }
    return out->groups > 0;
}

bool report_units(const struct reporter *r, int64_t now_ms,
                  bool (*latest)(void *owner, uint32_t channel, struct reading *out, int64_t *time_ms), void *owner,
                  struct hj212_message *out)
{
    begin(r, 2021, r->uplink->st, now_ms, false, out);
    for (size_t i = 0; i < r->plant->channel_count; i++) {
        const struct channel *channel = r->plant->channels[i];
        struct group g = {.length = 0};
        struct reading reading;
        int64_t time_ms;
        if (!factor_is_unit(channel->factor) || !report_outlet(r, r->plant->outlet_of[i]) ||
            !latest(owner, (uint32_t)i, &reading, &time_ms))
            continue;
        add_number(&g, channel->factor->code, "RS", reading.mark == MARK_N ? reading.value : NAN, 0);
        add(out, &g);
    }
    return out->groups > 0;
}

struct running {
    double sum;
    size_t n;
};

static bool count_running(void *owner, const struct stored_record *record)
{
    struct running *tally = owner;
    tally->n++;
    tally->sum += isfinite(record->value) && lround(record->value) == 1;
    return true;
}

bool report_run_times(const struct reporter *r, struct reader *reader, const struct outlet *outlet, int64_t day_ms,
                      bool resent, struct hj212_message *out)
{
    begin(r, 2041, r->uplink->st, day_ms, resent, out);
    for (size_t i = 0; i < outlet->channel_count; i++) {
        const struct factor *factor = outlet->channels[i].factor;
        struct running minutes = {0, 0};
        struct group g = {.length = 0};
        if (!factor_is_unit(factor) || !reader_records(reader, outlet->id, factor->code, "minute", day_ms,
                                                       day_ms + DAY_MS, count_running, &minutes, NULL))
            continue;
        if (minutes.n > 0)
            add_number(&g, factor->code, "RT", minutes.sum / 60, 2);
        add(out, &g);
    }
    return out->groups > 0;
}

static bool add_valid(void *owner, const struct stored_record *record)
{
    struct running *tally = owner;
    if (isfinite(record->value)) {
        tally->n++;
        tally->sum += record->value;
    }
    return true;
}

bool report_furnace(const struct reporter *r, struct reader *reader, const struct outlet *outlet, int64_t from_ms,
                    bool resent, struct hj212_message *out)
{
    static const char FURNACE[] = "a01901";
    struct running minutes = {0, 0};
    struct group g = {.length = 0};
    begin(r, 2111, r->uplink->st, from_ms, resent, out);
    if (!reader_records(reader, outlet->id, FURNACE, "minute", from_ms, from_ms + 5 * MINUTE_MS, add_valid, &minutes,
                        NULL) ||
        minutes.n == 0)
        return false;
    add_number(&g, FURNACE, "Avg", minutes.sum / (double)minutes.n, decimals_of(r, factor_find(FURNACE)));
    add(out, &g);
    return out->groups > 0;
}

bool report_item(const struct reporter *r, int cn, int64_t time_ms, struct slice item, struct hj212_message *out)
{
    begin(r, cn, r->uplink->st, time_ms, false, out);
    return hj212_message_add(out, item);
}
