/* cemsctl report hour|day|month|quarter|year|tax [--outlet ID] [--from TIME]: the tables of HJ 75 and HJ 76 from the
 * records of the journal, of the period that holds --from (the last whole one by default).
 *
 *   时间        状态    流量     a21026 二氧化硫            a21002 ...
 *                              实测   折算   排放量 标记
 *   08:00      运行    437974  28.00  33.60  12.263 N
 *   ...
 *   mean, min, max, total, substituted (rule), valid hours, capture rate, share within the ultra-low value */
#include "ctl/report.h"
#include "ctl/terminal.h"

#include "model/clock.h"
#include "model/instant.h"
#include "publish/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void figure(double value, int decimals, char text[32])
{
    if (isfinite(value))
        snprintf(text, 32, "%.*f", decimals, value);
    else
        snprintf(text, 32, "-");
}

static bool shown(const struct channel *channel)
{
    return channel->role != ROLE_PARAMETER || channel->factor->unit[0];
}

static bool has_amount(const struct channel *channel)
{
    return channel->role == ROLE_POLLUTANT || channel->role == ROLE_FLOW;
}

/* ---- text ---- */

static void print_head(const struct report *r)
{
    char from[INSTANT_TEXT], to[INSTANT_TEXT];
    printf("%s %s  %s  %.16s — %.16s\n", r->outlet->id, r->outlet->name, period_name(r->period),
           instant_format(r->from_ms, from), instant_format(r->to_ms, to));
    term_cell("", 17), term_cell("", 12), term_cell("", 11);
    for (size_t c = 0; c < r->outlet->channel_count; c++) {
        const struct channel *channel = &r->outlet->channels[c];
        char title[160];
        snprintf(title, sizeof title, "%s %s", channel->factor->code, channel->factor->name_zh);
        if (shown(channel))
            term_cell(title, has_amount(channel) ? 36 : 12);
    }
    printf("\n");
    term_cell("时间 time", 17), term_cell("状态 state", 12), term_cell("流量 flow", 11);
    for (size_t c = 0; c < r->outlet->channel_count; c++) {
        if (!shown(&r->outlet->channels[c]))
            continue;
        term_cell("实测", 10);
        if (has_amount(&r->outlet->channels[c]))
            term_cell("折算", 9), term_cell("排放量", 11), term_cell("标记", 3);
    }
    printf("\n");
}

static void print_cell(const struct channel *channel, const struct cell *cell)
{
    char text[32];
    int n = channel->factor->decimals;
    figure(cell->there ? cell->value : NAN, n, text), term_cell(text, 10);
    if (!has_amount(channel))
        return;
    figure(cell->there ? cell->converted : NAN, n, text), term_cell(text, 9);
    figure(cell->there ? cell->amount : NAN, 3, text), term_cell(text, 11);
    term_cell(cell->there ? cell->mark : "-", 3);
}

static void print_summary(const struct report *r)
{
    for (size_t c = 0; c < r->outlet->channel_count; c++) {
        const struct channel *channel = &r->outlet->channels[c];
        const struct summary *s = &r->summary[c];
        char mean[32], converted[32], min[32], max[32], amount[32], substituted[32];
        int n = channel->factor->decimals;
        if (!shown(channel))
            continue;
        figure(s->mean, n, mean), figure(s->converted, n, converted), figure(s->min, n, min), figure(s->max, n, max);
        figure(s->amount, 3, amount), figure(s->substituted, 3, substituted);
        printf("%s %s: 均值 mean %s, 折算 converted %s, 最小 min %s, 最大 max %s %s", channel->factor->code,
               channel->factor->name_zh, mean, converted, min, max, channel->factor->unit);
        if (has_amount(channel))
            printf("; 排放量 amount %s, 替代 substituted %s %s%s%s%s", amount, substituted,
                   channel->factor->amount_unit, s->rules[0] ? " (" : "", s->rules, s->rules[0] ? ")" : "");
        if (s->hours_by_hand)
            printf(", %u h 人工 by hand", s->hours_by_hand);
        if (isfinite(s->capture))
            printf("; 捕集率 capture %.1f %%", 100 * s->capture);
        if (s->judged)
            printf("; 超标 exceeding %u/%u h", s->exceeding, s->judged);
        if (s->ultra_low_judged)
            printf("; 超低 ultra-low %.1f %%", 100.0 * s->within_ultra_low / s->ultra_low_judged);
        printf("\n");
    }
}

static void print_text(const struct report *r)
{
    char time[INSTANT_TEXT], text[32];
    print_head(r);
    for (size_t row = 0; row < r->rows; row++) {
        term_cell("", 0);
        printf("%.16s ", instant_format(r->row_ms[row], time));
        term_cell(r->condition[row][0] ? r->condition[row] : "-", 12);
        figure(r->flow[row], 1, text), term_cell(text, 11);
        for (size_t c = 0; c < r->outlet->channel_count; c++)
            if (shown(&r->outlet->channels[c]))
                print_cell(&r->outlet->channels[c], &r->cells[row][c]);
        printf("\n");
    }
    print_summary(r);
}

/* ---- CSV, JSON ---- */

static void print_csv(const struct report *r)
{
    char time[INSTANT_TEXT], value[32], converted[32], amount[32];
    printf("from,condition,flow");
    for (size_t c = 0; c < r->outlet->channel_count; c++) {
        const char *code = r->outlet->channels[c].factor->code;
        printf(",%s_value,%s_converted,%s_amount,%s_mark,%s_valid,%s_exceeds", code, code, code, code, code, code);
    }
    printf("\n");
    for (size_t row = 0; row < r->rows; row++) {
        figure(r->flow[row], 1, value);
        printf("%s,%s,%s", instant_format(r->row_ms[row], time), r->condition[row],
               value[0] == '-' && !value[1] ? "" : value);
        for (size_t c = 0; c < r->outlet->channel_count; c++) {
            const struct cell *cell = &r->cells[row][c];
            int n = r->outlet->channels[c].factor->decimals;
            figure(cell->there ? cell->value : NAN, n, value),
                figure(cell->there ? cell->converted : NAN, n, converted);
            figure(cell->there ? cell->amount : NAN, 6, amount);
            const char *texts[] = {value, converted, amount};
            for (size_t i = 0; i < 3; i++)
                printf(",%s", strcmp(texts[i], "-") == 0 ? "" : texts[i]);
            printf(",%s,%u,%s", cell->mark, cell->valid,
                   !cell->there || cell->exceeds < 0 ? ""
                   : cell->exceeds                   ? "1"
                                                     : "0");
        }
        printf("\n");
    }
}

static json_t *summary_json(const struct summary *s, const struct channel *channel)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:i, s:i, s:i, s:o, s:i, s:i, s:i, s:i}",
                     "factor", channel->factor->code, "unit", channel->factor->unit, "mean", value_figure(s->mean),
                     "converted", value_figure(s->converted), "min", value_figure(s->min), "max", value_figure(s->max),
                     "amount", value_figure(s->amount), "substituted", value_figure(s->substituted), "substituted_by",
                     s->rules, "amount_unit", channel->factor->amount_unit, "hours_valid", (int)s->hours_valid,
                     "hours_ran", (int)s->hours_ran, "hours_by_hand", (int)s->hours_by_hand, "capture",
                     value_figure(s->capture), "hours_exceeding", (int)s->exceeding, "hours_judged", (int)s->judged,
                     "hours_within_ultra_low", (int)s->within_ultra_low, "hours_ultra_low_judged",
                     (int)s->ultra_low_judged);
}

static void print_json(const struct report *r)
{
    json_t *rows = json_array(), *summary = json_array();
    for (size_t row = 0; row < r->rows; row++) {
        json_t *figures = json_array();
        for (size_t c = 0; c < r->outlet->channel_count; c++) {
            const struct cell *cell = &r->cells[row][c];
            if (cell->there)
                json_array_append_new(
                    figures, json_pack("{s:s, s:o, s:o, s:o, s:s, s:i, s:i, s:o}", "factor",
                                       r->outlet->channels[c].factor->code, "value", value_figure(cell->value),
                                       "converted", value_figure(cell->converted), "amount", value_figure(cell->amount),
                                       "mark", cell->mark, "valid", (int)cell->valid, "expected", (int)cell->expected,
                                       "exceeds", cell->exceeds < 0 ? json_null() : json_boolean(cell->exceeds)));
        }
        json_array_append_new(rows,
                              json_pack("{s:o, s:s, s:o, s:o}", "from", value_instant(r->row_ms[row]), "condition",
                                        r->condition[row], "flow", value_figure(r->flow[row]), "figures", figures));
    }
    for (size_t c = 0; c < r->outlet->channel_count; c++)
        json_array_append_new(summary, summary_json(&r->summary[c], &r->outlet->channels[c]));
    json_t *o =
        json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "outlet", r->outlet->id, "period", period_name(r->period), "from",
                  value_instant(r->from_ms), "to", value_instant(r->to_ms), "rows", rows, "summary", summary);
    json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
    printf("\n");
    json_decref(o);
}

int ctl_report(struct ctl *ctl)
{
    static struct report report;
    static const char USAGE[] = "report hour|day|month|quarter|year|tax [--outlet ID] [--from TIME] [--csv | --json]";
    enum period period = PERIOD_MONTH;
    int64_t instant_ms;
    int code = CTL_DONE;
    bool tax = ctl->argc == 1 && strcmp(ctl->argv[0], "tax") == 0;
    if (ctl->argc != 1 ||
        (!tax && (!period_parse(ctl->argv[0], &period) || period < PERIOD_HOUR || period == PERIOD_2HOUR)))
        return ctl_fail(CTL_USAGE, "%s", USAGE);
    int64_t last_ms = period_floor_ms(period, clock_wall_ms()) - 1; /* the last whole one */
    if (!ctl_instant("--from", ctl->from, last_ms, &instant_ms))
        return CTL_USAGE;
    if (!ctl_plant(ctl))
        return CTL_CONFIG;
    struct reader *reader = ctl_reader(ctl, &code);
    if (!reader)
        return code;
    if (tax) {
        code = ctl_tax(ctl, reader, instant_ms);
        reader_close(reader);
        return code;
    }
    size_t at = 0, n = 0;
    for (const struct outlet *outlet; code == CTL_DONE && (outlet = report_outlet(ctl, &at)); n++) {
        if (!report_gather(reader, outlet, period, instant_ms, &report))
            code = CTL_FAILED;
        else
            (ctl->csv ? print_csv : ctl->json ? print_json : print_text)(&report);
    }
    reader_close(reader);
    return n == 0 ? ctl_fail(CTL_USAGE, "there is no outlet %s", ctl->outlet ? ctl->outlet : "") : code;
}
