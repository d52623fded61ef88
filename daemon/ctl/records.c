/* cemsctl records --outlet ID --factor CODE --period P --from T --to T [--csv|--json]: closed periods of the journal.
 */
#include "ctl/ctl.h"
#include "ctl/terminal.h"

#include "model/instant.h"
#include "publish/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct column {
    const char *name;
    int width;
};

static const struct column COLUMNS[] = {
    {"from", 19},    {"outlet", 8}, {"factor", 7},  {"period", 6},  {"value", 12}, {"converted", 12},
    {"min", 10},     {"max", 10},   {"amount", 10}, {"flow", 10},   {"mark", 4},   {"valid", 5},
    {"expected", 8}, {"limit", 7},  {"exceeds", 7}, {"reason", 16}, {"seq", 8}};
enum { COLUMN_COUNT = sizeof COLUMNS / sizeof COLUMNS[0] };

static void figure(double value, char out[32])
{
    if (isfinite(value))
        snprintf(out, 32, "%.10g", value);
    else
        out[0] = '\0';
}

static void cells(const struct stored_record *r, char out[COLUMN_COUNT][32])
{
    char from[INSTANT_TEXT];
    const double figures[] = {r->value, r->converted, r->min, r->max, r->amount, r->flow};
    snprintf(out[0], 32, "%.31s", instant_format(r->from_ms, from));
    snprintf(out[1], 32, "%.31s", r->outlet);
    snprintf(out[2], 32, "%.31s", r->factor);
    snprintf(out[3], 32, "%.31s", r->period);
    for (int i = 0; i < 6; i++)
        figure(figures[i], out[4 + i]);
    snprintf(out[10], 32, "%.31s", r->mark);
    snprintf(out[11], 32, "%u", r->valid);
    snprintf(out[12], 32, "%u", r->expected);
    figure(r->limit_max, out[13]);
    snprintf(out[14], 32, "%s", r->exceeds < 0 ? "" : r->exceeds ? "true" : "false");
    snprintf(out[15], 32, "%.31s", r->reason);
    snprintf(out[16], 32, "%llu", (unsigned long long)r->seq);
}

static bool print_table(void *owner, const struct stored_record *r)
{
    char out[COLUMN_COUNT][32];
    (void)owner;
    cells(r, out);
    out[0][19] = '\0';
    for (int i = 0; i < COLUMN_COUNT; i++)
        term_cell(out[i][0] ? out[i] : "-", COLUMNS[i].width);
    printf("\n");
    return true;
}

static bool print_csv(void *owner, const struct stored_record *r)
{
    char out[COLUMN_COUNT][32];
    (void)owner;
    cells(r, out);
    for (int i = 0; i < COLUMN_COUNT; i++)
        printf("%s%s", i ? "," : "", out[i]);
    printf("\n");
    return true;
}

static bool print_json(void *owner, const struct stored_record *r)
{
    char from[INSTANT_TEXT], to[INSTANT_TEXT];
    (void)owner;
    json_t *o = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:i, s:i, s:o, s:o, s:o, s:I, s:o, s:i}", "from",
        instant_format(r->from_ms, from), "to", instant_format(r->to_ms, to), "outlet", r->outlet, "factor", r->factor,
        "period", r->period, "value", value_figure(r->value), "converted", value_figure(r->converted), "min",
        value_figure(r->min), "max", value_figure(r->max), "amount", value_figure(r->amount), "flow",
        value_figure(r->flow), "mark", r->mark, "valid", (int)r->valid, "expected", (int)r->expected, "limit",
        value_figure(r->limit_max), "exceeds", r->exceeds < 0 ? json_null() : json_boolean(r->exceeds), "reason",
        r->reason[0] ? json_string(r->reason) : json_null(), "seq", (json_int_t)r->seq, "condition",
        r->condition[0] ? json_string(r->condition) : json_null(), "revision", (int)r->revision);
    json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
    printf("\n");
    json_decref(o);
    return true;
}

int ctl_records(struct ctl *ctl)
{
    struct error err;
    int64_t from_ms, to_ms;
    enum period period;
    if (!ctl_instant("--from", ctl->from, INT64_MIN, &from_ms) || !ctl_instant("--to", ctl->to, INT64_MAX, &to_ms))
        return CTL_USAGE;
    if (ctl->period && !period_parse(ctl->period, &period))
        return ctl_fail(CTL_USAGE, "--period %s is not minute, 5min, hour, 2hour, day, month, quarter or year",
                        ctl->period);
    int code = CTL_DONE;
    struct reader *reader = ctl_reader(ctl, &code);
    if (!reader)
        return code;
    for (int i = 0; i < COLUMN_COUNT && !ctl->json; i++) {
        if (ctl->csv)
            printf("%s%s", i ? "," : "", COLUMNS[i].name);
        else
            term_cell(COLUMNS[i].name, COLUMNS[i].width);
    }
    if (!ctl->json)
        printf("\n");
    bool ok = reader_records(reader, ctl->outlet ? ctl->outlet : "", ctl->factor ? ctl->factor : "",
                             ctl->period ? ctl->period : "", from_ms, to_ms,
                             ctl->json  ? print_json
                             : ctl->csv ? print_csv
                                        : print_table,
                             NULL, &err);
    reader_close(reader);
    return ok ? CTL_DONE : ctl_fail(CTL_FAILED, "%s", err.text);
}
