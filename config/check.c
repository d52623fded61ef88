/* What no single key can say: names used twice, registers that can't be, limits without a unit, doors left open. */
#include "config/check.h"

#include "compute/convert.h"
#include "config/bind.h"
#include "modbus/plan.h"
#include "modbus/value.h"

#include "model/instant.h"
#include <ctype.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool plain_word(const char *word)
{
    for (const char *c = word; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("_.-", *c))
            return false;
    return word[0] != '\0';
}

/* ---- feeds ---- */

static bool loopback(const char *bind)
{
    return strncmp(bind, "tcp://127.", 10) == 0 || strncmp(bind, "tcp://localhost:", 16) == 0 ||
           strncmp(bind, "tcp://[::1]:", 12) == 0 || strncmp(bind, "ipc://", 6) == 0;
}

static void check_bind(struct loader *l, const char *path, const struct feed_bind *feed)
{
    char address[64];
    int port;
    bool tcp = strncmp(feed->bind, "tcp://", 6) == 0 && bind_parse(feed->bind + 6, address, &port);
    if (!tcp && strncmp(feed->bind, "ipc://", 6) != 0)
        COMPLAIN(l, path, ".bind", "%s is neither tcp://ADDRESS:PORT nor ipc://PATH", feed->bind);
    else if (!loopback(feed->bind) && !l->plant->feeds.has_curve && !feed->insecure)
        COMPLAIN(l, path, ".bind",
                 "%s can be reached from the network without feeds.curve; add it, or write insecure: true here",
                 feed->bind);
}

static void check_feeds(struct loader *l)
{
    const struct feeds *feeds = &l->plant->feeds;
    const struct {
        bool given;
        const char *path;
        const struct feed_bind *feed;
    } all[] = {{feeds->has_alarm, "feeds.alarm", &feeds->alarm},
               {feeds->has_disclosure, "feeds.disclosure", &feeds->disclosure},
               {feeds->has_replay, "feeds.replay", &feeds->replay}};
    for (size_t i = 0; i < 3; i++) {
        if (!all[i].given)
            continue;
        check_bind(l, all[i].path, all[i].feed);
        for (size_t j = 0; j < i; j++)
            if (all[j].given && strcmp(all[i].feed->bind, all[j].feed->bind) == 0)
                COMPLAIN(l, all[i].path, ".bind", "%s is already taken by %s", all[i].feed->bind, all[j].path);
    }
    char address[64];
    int port;
    if (l->plant->console.bind[0] && !bind_parse(l->plant->console.bind, address, &port))
        COMPLAIN(l, "console.bind", "", "%s is not ADDRESS:PORT", l->plant->console.bind);
    if (!l->plant->console.certificate[0] != !l->plant->console.key[0])
        COMPLAIN(l, "console", l->plant->console.key[0] ? ".key" : ".certificate",
                 "a certificate and its key come together: %s is missing",
                 l->plant->console.key[0] ? "certificate" : "key");
    if (l->plant->control.bind[0] && strncmp(l->plant->control.bind, "ipc://", 6) != 0)
        COMPLAIN(l, "control.bind", "", "%s is not ipc://PATH", l->plant->control.bind);
    if (!feeds->signing_key[0])
        loader_notice(l, "feeds.signing_key is not set: messages are chained but not signed");
}

/* ---- lines and registers ---- */

static void check_line(struct loader *l, size_t n)
{
    const struct line *line = &l->plant->lines[n];
    char path[DOCUMENT_PATH];
    snprintf(path, sizeof path, "lines[%zu]", n);
    if (!plain_word(line->name))
        COMPLAIN(l, path, ".name", "%s: only letters, digits, _ . and - are possible", line->name);
    for (size_t i = 0; i < n; i++) {
        const struct line *other = &l->plant->lines[i];
        if (strcmp(other->name, line->name) == 0)
            COMPLAIN(l, path, ".name", "the name %s is already taken by lines[%zu]", line->name, i);
        bool serial = line->has_rtu || line->has_hj212_serial,
             both = serial && (other->has_rtu || other->has_hj212_serial);
        if (both && strcmp(other->rtu.device, line->rtu.device) == 0)
            COMPLAIN(l, path, line->has_rtu ? ".modbus_rtu.device" : ".hj212_serial.device",
                     "%s is already used by line %s; stations share one line", line->rtu.device, other->name);
    }
    if (line->kind >= LINE_HJ212_LISTEN)
        check_link(l, line, path);
}

static void check_source(struct loader *l, const struct source *source, const char *path)
{
    const struct point *p = &source->point;
    const struct line *line = &l->plant->lines[source->line_index];
    bool bits = p->table == MB_COIL || p->table == MB_DISCRETE;
    int width = mb_point_width(p), order = mb_order_bytes(p->order);
    if (bits && p->type != MB_BIT)
        COMPLAIN(l, path, ".type", "a %s holds one bit: the type must be bit", mb_table_name(p->table));
    if (!bits && p->type == MB_BIT && order != 0 && order != 2)
        COMPLAIN(l, path, ".order", "a bit stands in one register: the order must be ab or ba");
    else if (order != 0 && order != 2 * mb_type_width(p->type))
        COMPLAIN(l, path, ".order", "an order of %d bytes does not fit %s, which has %d", order, mb_type_name(p->type),
                 2 * mb_type_width(p->type));
    if (p->address + width > 65536)
        COMPLAIN(l, path, ".address", "%d is impossible: %s takes %d registers and the table ends at 65535", p->address,
                 mb_type_name(p->type), width);
    if (!bits && width > line->max_registers)
        COMPLAIN(l, path, ".type", "%s takes %d registers, more than max_registers %d of line %s",
                 mb_type_name(p->type), width, line->max_registers, line->name);
    if (line->kind == LINE_MODBUS_RTU && (p->station < 1 || p->station > 247))
        COMPLAIN(l, path, ".station",
                 "%d is not a station of a serial line (1 to 247; Modbus over Serial Line V1.02, 2.2)", p->station);
}

/* A source and where it is written. */
struct placed {
    const struct source *source;
    uint32_t channel;
    bool is_marks;
};

static const char *path_of(const struct plant *plant, const struct placed *p, char path[DOCUMENT_PATH])
{
    const struct outlet *outlet = plant->outlet_of[p->channel];
    snprintf(path, DOCUMENT_PATH, "outlets[%zu].channels[%zu]%s.source", outlet->index,
             (size_t)(plant->channels[p->channel] - outlet->channels), p->is_marks ? ".marks" : "");
    return path;
}

/* By line, station, table, address; of equals the one written first. */
static int compare_placed(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    const struct point *p = &x->source->point, *q = &y->source->point;
    const int keys[][2] = {{x->source->line_index, y->source->line_index},
                           {p->station, q->station},
                           {(int)p->table, (int)q->table},
                           {p->address, q->address},
                           {(int)x->channel, (int)y->channel},
                           {x->is_marks, y->is_marks}};
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
        if (keys[k][0] != keys[k][1])
            return keys[k][0] < keys[k][1] ? -1 : 1;
    return 0;
}

static bool same_table(const struct source *a, const struct source *b)
{
    return a->line_index == b->line_index && a->point.station == b->point.station && a->point.table == b->point.table;
}

/* Registers may be read twice as the same thing, or as single bits; not as two things. The later written is at fault.
 */
static void check_overlap(struct loader *l, const struct placed *a, const struct placed *b)
{
    const struct point *p = &a->source->point, *q = &b->source->point;
    if (p->type == MB_BIT || q->type == MB_BIT ||
        (p->address == q->address && p->type == q->type && p->order == q->order))
        return;
    bool a_first = a->channel < b->channel || (a->channel == b->channel && !a->is_marks);
    const struct placed *first = a_first ? a : b, *second = a_first ? b : a;
    char first_path[DOCUMENT_PATH], second_path[DOCUMENT_PATH];
    path_of(l->plant, first, first_path);
    path_of(l->plant, second, second_path);
    COMPLAIN(l, second_path, ".address", "%s at %d overlaps %s at %d of %s", mb_type_name(second->source->point.type),
             second->source->point.address, mb_type_name(first->source->point.type), first->source->point.address,
             first_path);
}

static bool reads_registers(const struct plant *plant, const struct source *source)
{
    return source->line_index < 0 || plant->lines[source->line_index].kind < LINE_HJ212_LISTEN;
}

static void check_registers(struct loader *l)
{
    char path[DOCUMENT_PATH];
    size_t count = 0;
    struct placed *all = calloc(2 * l->plant->channel_count + 1, sizeof *all);
    if (!all) {
        COMPLAIN(l, "outlets", "", "out of memory");
        return;
    }
    for (uint32_t i = 0; i < l->plant->channel_count; i++) {
        const struct channel *channel = l->plant->channels[i];
        if (channel->has_source && reads_registers(l->plant, &channel->source))
            all[count++] = (struct placed){&channel->source, i, false};
        if (channel->has_marks && reads_registers(l->plant, &channel->marks_source))
            all[count++] = (struct placed){&channel->marks_source, i, true};
    }
    for (size_t i = 0; i < count; i++)
        check_source(l, all[i].source, path_of(l->plant, &all[i], path));
    qsort(all, count, sizeof *all, compare_placed);
    for (size_t i = 0; i < count; i++) {
        int end = all[i].source->point.address + mb_point_width(&all[i].source->point);
        for (size_t j = i + 1;
             j < count && same_table(all[i].source, all[j].source) && all[j].source->point.address < end; j++)
            check_overlap(l, &all[i], &all[j]);
    }
    free(all);
}

/* ---- channels and limits ---- */

static bool day_of(const char *text, int64_t *ms)
{
    return strlen(text) == 10 && instant_parse(text, ms);
}

/* "11-15..03-15" */
static bool season_of(const char *text, int *from, int *until)
{
    int m[2], d[2], used = 0;
    if (sscanf(text, "%2d-%2d..%2d-%2d%n", &m[0], &d[0], &m[1], &d[1], &used) != 4 || text[used] != '\0')
        return false;
    *from = m[0] * 100 + d[0];
    *until = m[1] * 100 + d[1];
    return m[0] >= 1 && m[0] <= 12 && m[1] >= 1 && m[1] <= 12 && d[0] >= 1 && d[0] <= 31 && d[1] >= 1 && d[1] <= 31;
}

static void check_validity(struct loader *l, struct limit *limit, const char *at)
{
    if (limit->from_ms == 0 && limit->until_ms == 0) { /* written here, not of the library */
        limit->from_ms = INT64_MIN;
        limit->until_ms = INT64_MAX;
    }
    if (limit->from[0] && !day_of(limit->from, &limit->from_ms))
        COMPLAIN(l, at, ".from", "%s is not a day like 2027-01-01", limit->from);
    if (limit->until[0] && !day_of(limit->until, &limit->until_ms))
        COMPLAIN(l, at, ".until", "%s is not a day like 2027-01-01", limit->until);
    if (limit->from_ms >= limit->until_ms)
        COMPLAIN(l, at, ".until", "%s is not after %s", limit->until, limit->from);
    if (limit->season[0] && !season_of(limit->season, &limit->season_from, &limit->season_until))
        COMPLAIN(l, at, ".season", "%s is not two days of the year like 11-15..03-15", limit->season);
}

/* Two limits of one period that could apply to the same moment. */
static bool overlap(const struct limit *a, const struct limit *b)
{
    bool apart = a->until_ms <= b->from_ms || b->until_ms <= a->from_ms ||
                 (a->season_from && b->season_from && a->season_from != b->season_from) ||
                 a->when_above >= b->when_at_most || b->when_above >= a->when_at_most;
    return a->period == b->period && !apart;
}

static void check_limits(struct loader *l, const struct channel *channel, const char *path)
{
    char at[DOCUMENT_PATH + 32];
    for (size_t i = 0; i < channel->limit_count; i++) {
        struct limit *limit = &channel->limits[i];
        snprintf(at, sizeof at, "%s.limits[%zu]", path, i);
        if (!isfinite(limit->max) && !isfinite(limit->min))
            COMPLAIN(l, at, "", "neither max nor min is given");
        if (limit->min > limit->max)
            COMPLAIN(l, at, ".min", "%g is above max %g", limit->min, limit->max);
        bool written = document_get(l->document, document_at(l->document, at), "unit") != NULL;
        if (!limit->unit[0] && (written || !channel->factor->unit[0]))
            COMPLAIN(l, at, "", "a limit without a unit: write that of %s (%s)", channel->factor->code,
                     channel->factor->unit);
        else if (!limit->unit[0])
            snprintf(limit->unit, sizeof limit->unit, "%s", channel->factor->unit);
        else if (strcmp(limit->unit, channel->factor->unit) != 0)
            COMPLAIN(l, at, ".unit", "%s is not the unit figures of %s are judged in (%s)", limit->unit,
                     channel->factor->code, channel->factor->unit);
        check_validity(l, limit, at);
        for (size_t j = 0; i < channel->own_limits && j < i; j++)
            if (overlap(&channel->limits[j], limit))
                COMPLAIN(l, at, ".period", "there are two %s limits for the same time", period_name(limit->period));
    }
}

static bool has_role(const struct outlet *outlet, enum role role)
{
    for (size_t c = 0; c < outlet->channel_count; c++)
        if (outlet->channels[c].role == role)
            return true;
    return false;
}

static void check_basis(struct loader *l, const struct outlet *outlet, struct channel *channel, const char *path)
{
    struct basis *basis = &channel->basis;
    channel->ppm_factor = 1;
    if (!isfinite(channel->resolution))
        channel->resolution = pow(10, -channel->factor->decimals);
    if (strcmp(basis->unit, "ppm") == 0) {
        channel->ppm_factor = convert_ppm_factor(channel->factor->code);
        if (channel->ppm_factor == 0)
            COMPLAIN(l, path, ".basis.unit", "ppm of %s can't be turned into %s: its molar mass is not in the table",
                     channel->factor->code, channel->factor->unit);
    } else if (basis->unit[0] && strcmp(basis->unit, channel->factor->unit) != 0) {
        COMPLAIN(l, path, ".basis.unit", "%s is neither %s, the unit of %s, nor ppm", basis->unit,
                 channel->factor->unit, channel->factor->code);
    }
    if (basis->state == STATE_ACTUAL && (!has_role(outlet, ROLE_TEMPERATURE) || !has_role(outlet, ROLE_PRESSURE)))
        COMPLAIN(l, path, ".basis.state", "actual needs the outlet's temperature a01012 and pressure a01013");
    if (basis->moisture == MOISTURE_WET && !has_role(outlet, ROLE_MOISTURE) && !isfinite(outlet->moisture.fixed))
        COMPLAIN(l, path, ".basis.moisture", "wet needs the outlet's moisture a01014 or moisture.fixed");
}

static void check_channel(struct loader *l, struct outlet *outlet, size_t n, const char *outlet_path)
{
    struct channel *channel = &outlet->channels[n];
    char path[DOCUMENT_PATH];
    snprintf(path, sizeof path, "%s.channels[%zu]", outlet_path, n);
    for (size_t i = 0; i < n; i++)
        if (outlet->channels[i].factor == channel->factor)
            COMPLAIN(l, path, ".factor", "%s is already channels[%zu] of outlet %s", channel->factor->code, i,
                     outlet->id);
    if (channel->has_range && !(channel->range[0] < channel->range[1]))
        COMPLAIN(l, path, ".range", "%g is not below %g", channel->range[0], channel->range[1]);
    if (channel->has_scale && channel->scale_raw[0] == channel->scale_raw[1])
        COMPLAIN(l, path, ".scale.raw", "the two raw values are the same");
    if (outlet->medium == MEDIUM_GAS && channel->interval_ms > 5000)
        loader_notice(l, "%s %s: interval_ms %d is slower than the 5 s that HJ 76 asks of flue gas", outlet->id,
                      channel->factor->code, channel->interval_ms);
    if (channel->has_totalizer && channel->factor->code[0] == 'a')
        COMPLAIN(l, path, ".totalizer", "%s is not a flow of water", channel->factor->code);
    if (isfinite(channel->permitted) && !channel->factor->amount_unit[0])
        COMPLAIN(l, path, ".permitted_per_year", "%s has no amount", channel->factor->code);
    check_basis(l, outlet, channel, path);
    check_limits(l, channel, path);
    check_actions(l, channel, path);
}

static void check_outlet(struct loader *l, size_t n)
{
    struct outlet *outlet = &l->plant->outlets[n];
    char path[DOCUMENT_PATH];
    snprintf(path, sizeof path, "outlets[%zu]", n);
    if (!plain_word(outlet->id))
        COMPLAIN(l, path, ".id", "%s: only letters, digits, _ . and - are possible", outlet->id);
    for (size_t i = 0; i < n; i++)
        if (strcmp(l->plant->outlets[i].id, outlet->id) == 0)
            COMPLAIN(l, path, ".id", "the id %s is already taken by outlets[%zu]", outlet->id, i);
    if (isfinite(outlet->reference_o2) && outlet->reference_o2 >= outlet->o2_max)
        COMPLAIN(l, path, ".o2_max", "%g is not above the reference oxygen %g", outlet->o2_max, outlet->reference_o2);
    if (isfinite(outlet->reference_o2) && outlet->medium == MEDIUM_GAS && !has_role(outlet, ROLE_OXYGEN))
        loader_notice(l,
                      "%s: figures are judged at %g %% oxygen, but the outlet has no O2 channel (a19001): nothing can "
                      "be converted",
                      outlet->id, outlet->reference_o2);
    for (size_t c = 0; c < outlet->channel_count; c++)
        check_channel(l, outlet, c, path);
}

void check_plant(struct loader *l)
{
    const char *mn = l->plant->site.mn;
    if (strlen(mn) < 1 || strlen(mn) > 24 || !plain_word(mn))
        COMPLAIN(l, "site.mn", "", "%s is not 1 to 24 letters and digits", mn);
    for (size_t n = 0; n < l->plant->line_count; n++)
        check_line(l, n);
    for (size_t n = 0; n < l->plant->outlet_count; n++)
        check_outlet(l, n);
    check_registers(l);
    check_feeds(l);
    check_uplinks(l);
}
