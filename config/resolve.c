/* Names become things: the factor of a code, the line of a name, the limits of a standard, the role of a channel. */
#include "config/check.h"
#include "config/factors.h"
#include "config/limits.h"
#include "modbus/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *code;
    enum role role;
} ROLE[] = {
    {"a19001", ROLE_OXYGEN},   {"a01012", ROLE_TEMPERATURE}, {"a01013", ROLE_PRESSURE}, {"a01014", ROLE_MOISTURE},
    {"a01011", ROLE_VELOCITY}, {"a00000", ROLE_FLOW},        {"w00000", ROLE_FLOW},
};

static enum role role_of(const struct factor *factor)
{
    for (size_t i = 0; i < sizeof ROLE / sizeof ROLE[0]; i++)
        if (strcmp(ROLE[i].code, factor->code) == 0)
            return ROLE[i].role;
    return factor->amount_unit[0] ? ROLE_POLLUTANT : ROLE_PARAMETER;
}

static void resolve_line(struct loader *l, size_t n)
{
    struct line *line = &l->plant->lines[n];
    char path[DOCUMENT_PATH];
    snprintf(path, sizeof path, "lines[%zu]", n);
    const struct {
        bool given;
        enum line_kind kind;
    } KINDS[] = {{line->has_tcp, LINE_MODBUS_TCP},
                 {line->has_rtu, LINE_MODBUS_RTU},
                 {line->has_rtu_over_tcp, LINE_MODBUS_RTU_OVER_TCP},
                 {line->has_hj212_listen, LINE_HJ212_LISTEN},
                 {line->has_hj212_connect, LINE_HJ212_CONNECT},
                 {line->has_hj212_serial, LINE_HJ212_SERIAL}};
    int kinds = 0;
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
        kinds += KINDS[i].given;
        line->kind = KINDS[i].given ? KINDS[i].kind : line->kind;
    }
    if (kinds != 1)
        document_complain(
            l->document, path,
            "%s of modbus_tcp, modbus_rtu, modbus_rtu_over_tcp, hj212_listen, hj212_connect, hj212_serial "
            "is given; it must be one",
            kinds == 0 ? "none" : "more than one");
}

/* Both names of the factor, as they stand in frames of 2017 and of 2005. */
static void resolve_item(struct source *source, const struct line *line, const struct factor *channel_factor)
{
    const struct factor *factor = source->item.factor[0] ? factor_find(source->item.factor) : channel_factor;
    snprintf(source->item.code, sizeof source->item.code, "%s", factor ? factor->code : source->item.factor);
    snprintf(source->item.code_2005, sizeof source->item.code_2005, "%s", factor ? factor->code_2005 : "");
    if (!factor && channel_factor) { /* information (i12001): of the instrument that measures the channel's factor */
        snprintf(source->item.pol_id, sizeof source->item.pol_id, "%s", channel_factor->code);
        snprintf(source->item.pol_id_2005, sizeof source->item.pol_id_2005, "%s", channel_factor->code_2005);
    }
    if (!source->item.field[0] && !factor)
        snprintf(source->item.field, sizeof source->item.field, "Info");
    if (!source->item.field[0])
        snprintf(source->item.field, sizeof source->item.field, "%s",
                 line->hj212.take == TAKE_REALTIME ? "Rtd" : "Avg");
}

static void resolve_source(struct loader *l, struct source *source, const struct factor *factor, int interval_ms,
                           const char *path)
{
    char at[DOCUMENT_PATH + 16];
    source->line_index = -1;
    source->point.interval_ms = interval_ms;
    for (size_t i = 0; i < l->plant->line_count; i++)
        if (strcmp(l->plant->lines[i].name, source->line) == 0)
            source->line_index = (int)i;
    if (source->line_index < 0) {
        snprintf(at, sizeof at, "%s.line", path);
        document_complain(l->document, at, "there is no line %s", source->line);
    }
    const struct line *line = source->line_index < 0 ? NULL : &l->plant->lines[source->line_index];
    bool speaks_hj212 = line && line->kind >= LINE_HJ212_LISTEN;
    snprintf(at, sizeof at, "%s.%s", path, speaks_hj212 ? "address" : "factor");
    if (line && (speaks_hj212 ? source->has_address : source->has_factor))
        document_complain(l->document, at, "%s has no such thing: line %s speaks %s",
                          speaks_hj212 ? "a frame" : "a register", line->name, speaks_hj212 ? "HJ 212" : "Modbus");
    snprintf(at, sizeof at, "%s.address", path);
    if (line && !speaks_hj212 && !source->has_address)
        document_complain(l->document, at, "is missing");
    if (speaks_hj212) {
        resolve_item(source, line, factor);
        return;
    }
    bool bits = source->point.table == MB_COIL || source->point.table == MB_DISCRETE;
    snprintf(at, sizeof at, "%s.type", path);
    yaml_node_t *mapping = document_at(l->document, path);
    if (bits && !document_get(l->document, mapping, "type"))
        source->point.type = MB_BIT;
    if (source->point.order == MB_ORDER_DEFAULT) { /* one name for one thing: overlap and reload compare points */
        int width = mb_type_width(source->point.type);
        source->point.order = width == 4 ? MB_ABCDEFGH : width == 2 ? MB_ABCD : MB_AB;
    }
}

struct inherit {
    struct loader *l;
    struct outlet *outlet;
    const char *path;
};

static void inherit_limit(struct inherit *in, struct channel *channel, const struct standard_limit *row)
{
    for (size_t i = 0; i < channel->limit_count; i++)
        if (channel->limits[i].period == row->limit.period)
            return; /* the permit overrides */
    if (row->use != LIMIT_JUDGES) {
        loader_notice(in->l, "%s %s: the %s limit of %s is not judged: %s%s", in->outlet->id, channel->factor->code,
                      period_name(row->limit.period), in->outlet->standard,
                      row->use == LIMIT_NEEDS_CONDITION ? "it depends on "
                                                        : "its figures must be confirmed; set it on the channel",
                      row->use == LIMIT_NEEDS_CONDITION ? row->condition : "");
        return;
    }
    struct limit *more = realloc(channel->limits, (channel->limit_count + 1) * sizeof *more);
    if (!more) {
        document_complain(in->l->document, in->path, "out of memory");
        return;
    }
    channel->limits = more;
    channel->limits[channel->limit_count++] = row->limit;
}

static bool inherit_row(void *owner, const struct standard_limit *row)
{
    struct inherit *in = owner;
    if (!isfinite(in->outlet->reference_o2) && isfinite(row->reference_o2) && row->use == LIMIT_JUDGES)
        in->outlet->reference_o2 = row->reference_o2;
    for (size_t c = 0; c < in->outlet->channel_count; c++) {
        struct channel *channel = &in->outlet->channels[c];
        if (channel->factor && strcmp(channel->factor->code, row->factor) == 0)
            inherit_limit(in, channel, row);
    }
    return true;
}

static void resolve_channel(struct loader *l, struct outlet *outlet, struct channel *channel, const char *path)
{
    char at[DOCUMENT_PATH + 32];
    channel->factor = factor_find(channel->factor_code);
    snprintf(at, sizeof at, "%s.factor", path);
    if (!channel->factor)
        document_complain(l->document, at, "unknown factor %s (HJ 212-2017 annex B)", channel->factor_code);
    else if (!factor_is_unit(channel->factor) && (channel->factor->code[0] == 'w') != (outlet->medium == MEDIUM_WATER))
        document_complain(l->document, at, "%s is not a factor of %s", channel->factor_code,
                          outlet->medium == MEDIUM_WATER ? "water" : "gas");
    else
        channel->role = role_of(channel->factor);
    snprintf(at, sizeof at, "%s.source", path);
    resolve_source(l, &channel->source, channel->factor, channel->interval_ms, at);
    snprintf(at, sizeof at, "%s.marks.source", path);
    if (channel->has_marks)
        resolve_source(l, &channel->marks_source, channel->factor, channel->interval_ms, at);
    for (size_t i = 0; i < channel->action_count; i++) {
        struct source *write = &channel->actions[i].at;
        write->line_index = -1;
        for (size_t n = 0; n < l->plant->line_count; n++)
            if (strcmp(l->plant->lines[n].name, write->line) == 0)
                write->line_index = (int)n;
    }
}

static void resolve_outlet(struct loader *l, size_t n)
{
    struct outlet *outlet = &l->plant->outlets[n];
    char path[DOCUMENT_PATH];
    outlet->index = n;
    for (size_t c = 0; c < outlet->channel_count; c++) {
        struct channel *channel = &outlet->channels[c];
        channel->index = (uint32_t)l->plant->channel_count;
        if (l->plant->channel_count < CHANNELS_MAX) {
            l->plant->channels[l->plant->channel_count] = channel;
            l->plant->outlet_of[l->plant->channel_count++] = outlet;
        }
        snprintf(path, sizeof path, "outlets[%zu].channels[%zu]", n, c);
        resolve_channel(l, outlet, channel, path);
    }
    const struct standard *standard = outlet->standard[0] ? standard_find(outlet->standard) : NULL;
    snprintf(path, sizeof path, "outlets[%zu].standard", n);
    if (outlet->standard[0] && !standard) {
        char names[512];
        standard_names(names, sizeof names);
        document_complain(l->document, path, "there is no standard %s; the library has %s", outlet->standard, names);
    } else if (standard) {
        struct inherit in = {l, outlet, path};
        standard_each(standard, inherit_row, &in);
    }
}

void resolve_plant(struct loader *l)
{
    size_t channels = 0;
    for (size_t n = 0; n < l->plant->line_count; n++)
        resolve_line(l, n);
    for (size_t n = 0; n < l->plant->outlet_count; n++)
        channels += l->plant->outlets[n].channel_count;
    if (channels > CHANNELS_MAX)
        document_complain(l->document, "outlets", "%zu channels; at most %d are possible", channels, (int)CHANNELS_MAX);
    l->plant->channels = calloc(CHANNELS_MAX < channels ? CHANNELS_MAX : channels + 1, sizeof(struct channel *));
    l->plant->outlet_of = calloc(CHANNELS_MAX < channels ? CHANNELS_MAX : channels + 1, sizeof(struct outlet *));
    if (!l->plant->channels || !l->plant->outlet_of) {
        document_complain(l->document, "outlets", "out of memory");
        return;
    }
    for (size_t n = 0; n < l->plant->outlet_count; n++)
        resolve_outlet(l, n);
}
