/* Names become things: the factor of a code, the line of a name, the limits of a standard, the role of a channel. */
#include "compute/convert.h"
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
    {"a19001", ROLE_OXYGEN},   {"a01012", ROLE_TEMPERATURE},       {"a01013", ROLE_PRESSURE},
    {"a01014", ROLE_MOISTURE}, {"a01011", ROLE_VELOCITY},          {"a00000", ROLE_FLOW},
    {"w00000", ROLE_FLOW},     {"w01010", ROLE_WATER_TEMPERATURE},
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
static void resolve_item(const struct loader *l, struct source *source, const struct line *line,
                         const struct factor *channel_factor)
{
    const struct factor *factor = source->item.factor[0] ? factor_of(l->plant, source->item.factor) : channel_factor;
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
        resolve_item(l, source, line, factor);
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
    for (size_t i = 0; i < channel->own_limits; i++)
        if (channel->limits[i].period == row->limit.period)
            return; /* the permit overrides */
    if (row->use != LIMIT_JUDGES && !in->outlet->confirm_limits) {
        loader_notice(
            in->l,
            "%s %s: the %s limit of %s is not judged: its figures must be confirmed (confirm_limits) or set on "
            "the channel",
            in->outlet->id, channel->factor->code, period_name(row->limit.period), in->outlet->standard);
        return;
    }
    size_t place;
    if ((isfinite(row->limit.when_above) || isfinite(row->limit.when_at_most)) &&
        !outlet_find(in->outlet, "w01010", &place)) {
        loader_notice(in->l,
                      "%s %s: the %s limit of %s is not judged: it depends on %s, and there is no channel w01010",
                      in->outlet->id, channel->factor->code, period_name(row->limit.period), in->outlet->standard,
                      row->condition);
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
    bool judges = row->use == LIMIT_JUDGES || in->outlet->confirm_limits;
    if (!isfinite(in->outlet->reference_o2) && isfinite(row->reference_o2) && judges)
        in->outlet->reference_o2 = row->reference_o2;
    for (size_t c = 0; c < in->outlet->channel_count; c++) {
        struct channel *channel = &in->outlet->channels[c];
        if (channel->factor && strcmp(channel->factor->code, row->factor) == 0)
            inherit_limit(in, channel, row);
    }
    return true;
}

static bool ultra_low_row(void *owner, const struct standard_limit *row)
{
    struct inherit *in = owner;
    for (size_t c = 0; c < in->outlet->channel_count; c++) {
        struct channel *channel = &in->outlet->channels[c];
        if (channel->factor && strcmp(channel->factor->code, row->factor) == 0 && row->limit.period == PERIOD_HOUR)
            channel->ultra_low = row->limit.max;
    }
    return true;
}

/* By the factor's code, or as it is written in the file. */
static bool find_channel(const struct outlet *outlet, const char *code, size_t *place)
{
    if (outlet_find(outlet, code, place))
        return true;
    for (*place = 0; *place < outlet->channel_count; ++*place)
        if (outlet->channels[*place].factor && strcmp(outlet->channels[*place].factor_code, code) == 0)
            return true;
    return false;
}

/* Its inputs, and how fast it comes: with the slowest of them. */
static void resolve_computed(struct loader *l, struct outlet *outlet, struct channel *channel, const char *path)
{
    static const double NOX[] = {46.0 / 30.0, 1};
    struct computed *computed = &channel->computed;
    char at[DOCUMENT_PATH + 32];
    snprintf(at, sizeof at, "%s.computed.of", path);
    if (computed->rule == COMPUTED_NOX && computed->count != 2)
        document_complain(l->document, at, "nox is made of two: NO and NO2");
    if (computed->count < 2)
        document_complain(l->document, at, "a computed figure is made of at least two others");
    channel->interval_ms = 1;
    for (size_t i = 0; i < computed->count && i < TERMS_MAX; i++) {
        bool nox = computed->rule == COMPUTED_NOX && i < 2;
        computed->times[i] = nox ? NOX[i] : computed->rule == COMPUTED_DIFFERENCE && i > 0 ? -1 : 1;
        if (!find_channel(outlet, computed->of[i].code, &computed->channel[i])) {
            document_complain(l->document, at, "outlet %s has no channel %s", outlet->id, computed->of[i].code);
            continue;
        }
        const struct channel *input = &outlet->channels[computed->channel[i]];
        if (input->has_computed)
            document_complain(l->document, at, "%s is itself computed", computed->of[i].code);
        if (channel->factor && strcmp(input->factor->unit, channel->factor->unit) != 0)
            document_complain(l->document, at, "%s is in %s, not in %s: declare it under factors", computed->of[i].code,
                              input->factor->unit, channel->factor->unit);
        if (input->interval_ms > channel->interval_ms) {
            channel->interval_ms = input->interval_ms;
            computed->trigger = computed->channel[i];
        }
    }
}

static void resolve_rules(struct loader *l, struct outlet *outlet, const char *path)
{
    char at[DOCUMENT_PATH + 32];
    for (size_t i = 0; i < outlet->operation.rule_count; i++) {
        struct state_rule *rule = &outlet->operation.rules[i];
        snprintf(at, sizeof at, "%s.operation.rules[%zu]", path, i);
        if (!find_channel(outlet, rule->factor_code, &rule->channel))
            document_complain(l->document, at, "outlet %s has no channel %s", outlet->id, rule->factor_code);
        if (!isfinite(rule->above) && !isfinite(rule->below) && !isfinite(rule->is))
            document_complain(l->document, at, "one of above, below, is must be given");
    }
}

static void resolve_channel(struct loader *l, struct outlet *outlet, struct channel *channel, const char *path)
{
    char at[DOCUMENT_PATH + 32];
    channel->factor = factor_of(l->plant, channel->factor_code);
    channel->own_limits = channel->limit_count;
    channel->ultra_low = NAN;
    channel->source.line_index = channel->marks_source.line_index = -1;
    snprintf(at, sizeof at, "%s.factor", path);
    if (!channel->factor)
        document_complain(l->document, at, "unknown factor %s (HJ 212-2017 annex B)", channel->factor_code);
    else if (!factor_is_unit(channel->factor) && (channel->factor->code[0] == 'a' || channel->factor->code[0] == 'w') &&
             (channel->factor->code[0] == 'w') != (outlet->medium == MEDIUM_WATER))
        document_complain(l->document, at, "%s is not a factor of %s", channel->factor_code,
                          outlet->medium == MEDIUM_WATER ? "water" : "gas");
    else
        channel->role = role_of(channel->factor);
    if (channel->has_source == channel->has_computed)
        document_complain(l->document, path, "a channel has either a source or computed");
    snprintf(at, sizeof at, "%s.source", path);
    if (channel->has_source)
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

static void resolve_standard(struct loader *l, struct outlet *outlet, size_t n)
{
    struct {
        const char *key, *name;
        bool (*each)(void *owner, const struct standard_limit *row);
    } STANDARDS[] = {{"standard", outlet->standard, inherit_row}, {"ultra_low", outlet->ultra_low, ultra_low_row}};
    char path[DOCUMENT_PATH], names[512];
    for (size_t i = 0; i < sizeof STANDARDS / sizeof STANDARDS[0]; i++) {
        if (STANDARDS[i].name[0] == '\0')
            continue;
        const struct standard *standard = standard_find(STANDARDS[i].name);
        struct inherit in = {l, outlet, path};
        snprintf(path, sizeof path, "outlets[%zu].%s", n, STANDARDS[i].key);
        standard_names(names, sizeof names);
        if (standard)
            standard_each(standard, STANDARDS[i].each, &in);
        else
            document_complain(l->document, path, "there is no standard %s; the library has %s", STANDARDS[i].name,
                              names);
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
    for (size_t c = 0; c < outlet->channel_count; c++) {
        snprintf(path, sizeof path, "outlets[%zu].channels[%zu]", n, c);
        if (outlet->channels[c].has_computed)
            resolve_computed(l, outlet, &outlet->channels[c], path);
    }
    snprintf(path, sizeof path, "outlets[%zu]", n);
    resolve_rules(l, outlet, path);
    if (isfinite(outlet->excess_air)) /* the same formula: alpha_ref = 21 / (21 - reference_o2) */
        outlet->reference_o2 = CONVERT_OXYGEN_OF_AIR - CONVERT_OXYGEN_OF_AIR / outlet->excess_air;
    resolve_standard(l, outlet, n);
}

static void resolve_factors(struct loader *l)
{
    for (size_t i = 0; i < l->plant->factor_count; i++) {
        struct factor_row *row = &l->plant->factors[i];
        struct factor *f = &row->factor;
        const struct factor *known = factor_find(row->code);
        memcpy(f->code, row->code, sizeof f->code);
        memcpy(f->code_2005, row->code_2005, sizeof f->code_2005);
        memcpy(f->name_zh, row->name, sizeof f->name_zh);
        memcpy(f->name_en, row->name_en, sizeof f->name_en);
        memcpy(f->unit, row->unit, sizeof f->unit);
        memcpy(f->amount_unit, row->amount_unit, sizeof f->amount_unit);
        f->decimals = f->decimals_2017 = row->decimals;
        f->digits = 0;
        if (known)
            loader_notice(l, "factor %s of the table (%s, %s) is overridden", known->code, known->name_zh, known->unit);
    }
}

void resolve_plant(struct loader *l)
{
    size_t channels = 0;
    resolve_factors(l);
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
