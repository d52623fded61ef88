/* cemsctl report tax: the environmental protection tax of a month (环境保护税法 2018; 实施条例 art 10).
 *
 *   equivalents = kg (measured + substituted) / equivalent value; of each outlet the three largest are taxed (art 9)
 *   mean of the month ≥ 30 % below the limit: 75 %, ≥ 50 % below: 50 %, and only when no mean of the month exceeds
 *   (hour means of gas, day means of water)
 *   Henan: 4.8 yuan an air equivalent, 5.6 a water equivalent; `--rate` is not needed while there is one province    */
#include "ctl/report.h"

#include "model/instant.h"
#include "publish/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAXED = 3 };
#define YUAN_AIR 4.8
#define YUAN_WATER 5.6

/* Equivalent values in kg. Total nitrogen has none. */
static double equivalent_of(const char *code)
{
    static const struct {
        const char *code;
        double kg;
    } TABLE[] = {
        {"a21026", 0.95},   {"a21002", 0.95}, {"a34013", 2.18}, {"a34001", 4},    {"a21005", 16.7}, {"a21024", 10.75},
        {"a20057", 0.0001}, {"w01018", 1},    {"w21003", 0.8},  {"w21011", 0.25}, {"w01012", 4},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++)
        if (strcmp(TABLE[i].code, code) == 0)
            return TABLE[i].kg;
    return NAN;
}

struct due {
    const struct channel *channel;
    double kg, equivalents, share, yuan;
    bool taxed;
};

/* Part of the tax that is due: 1, 0.75 or 0.5. */
static double share_of(const struct summary *s)
{
    if (s->any_exceeds || !isfinite(s->limit) || !(s->limit > 0) || !isfinite(s->judged_mean))
        return 1;
    double below = 1 - s->judged_mean / s->limit;
    return below >= 0.5 ? 0.5 : below >= 0.3 ? 0.75 : 1;
}

static int by_equivalents(const void *a, const void *b)
{
    const struct due *x = a, *y = b;
    return x->equivalents < y->equivalents ? 1 : x->equivalents > y->equivalents ? -1 : 0;
}

static size_t dues_of(const struct report *r, struct due *dues)
{
    double yuan = r->outlet->medium == MEDIUM_GAS ? YUAN_AIR : YUAN_WATER;
    size_t n = 0;
    for (size_t c = 0; c < r->outlet->channel_count; c++) {
        const struct channel *channel = &r->outlet->channels[c];
        const struct summary *s = &r->summary[c];
        double equivalent = equivalent_of(channel->factor->code);
        double kg = (isfinite(s->amount) ? s->amount : 0) + (isfinite(s->substituted) ? s->substituted : 0);
        kg *= channel->factor->amount_unit[0] == 'g' ? 1e-3 : 1;
        if (isfinite(equivalent))
            dues[n++] =
                (struct due){channel, kg, kg / equivalent, share_of(s), kg / equivalent * yuan * share_of(s), false};
    }
    qsort(dues, n, sizeof *dues, by_equivalents);
    for (size_t i = 0; i < n && i < TAXED; i++)
        dues[i].taxed = true;
    return n;
}

int ctl_tax(struct ctl *ctl, struct reader *reader, int64_t instant_ms)
{
    static struct report report;
    struct due dues[CHANNELS_PER_OUTLET];
    size_t at = 0, shown = 0;
    char month[INSTANT_TEXT];
    if (ctl->csv)
        printf("month,outlet,factor,kg,equivalents,share,taxed,yuan\n");
    for (const struct outlet *outlet; (outlet = report_outlet(ctl, &at)); shown++) {
        if (!report_gather(reader, outlet, PERIOD_MONTH, instant_ms, &report))
            return CTL_FAILED;
        size_t n = dues_of(&report, dues);
        instant_format(report.from_ms, month);
        month[7] = '\0';
        for (size_t i = 0; i < n; i++) {
            const struct due *d = &dues[i];
            double yuan = d->taxed ? d->yuan : 0;
            if (ctl->json) {
                json_t *o = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:b, s:o}", "month", month, "outlet", outlet->id,
                                      "factor", d->channel->factor->code, "kg", value_figure(d->kg), "equivalents",
                                      value_figure(d->equivalents), "share", value_figure(d->share), "taxed", d->taxed,
                                      "yuan", value_figure(yuan));
                json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
                printf("\n");
                json_decref(o);
            } else {
                printf(ctl->csv
                           ? "%s,%s,%s,%.3f,%.2f,%.2f,%d,%.2f\n"
                           : "%s %s %s: %.3f kg, 当量 equivalents %.2f, 征收 share %.2f, 计税 taxed %d, %.2f 元 yuan\n",
                       month, outlet->id, d->channel->factor->code, d->kg, d->equivalents, d->share, d->taxed, yuan);
            }
        }
    }
    return shown == 0 ? ctl_fail(CTL_USAGE, "there is no outlet %s", ctl->outlet ? ctl->outlet : "") : CTL_DONE;
}
