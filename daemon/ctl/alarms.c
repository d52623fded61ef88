/* cemsctl alarms [--active]: the findings of the journal, the newest 1000. */
#include "ctl/ctl.h"

#include "model/instant.h"
#include "publish/value.h"

#include <math.h>
#include <stdio.h>

enum { ALARMS_SHOWN = 1000 };

static bool print_json(void *owner, const struct stored_alarm *a)
{
    char raised[INSTANT_TEXT], time[INSTANT_TEXT];
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:o}", "id", a->id, "state", a->state, "kind",
                          a->kind, "outlet", a->outlet, "subject", a->subject, "period", a->period, "seq",
                          (json_int_t)a->seq, "raised", instant_format(a->raised_ms, raised), "time",
                          instant_format(a->time_ms, time), "value", value_figure(a->value));
    (void)owner;
    json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
    printf("\n");
    json_decref(o);
    return true;
}

static bool print_row(void *owner, const struct stored_alarm *a)
{
    char raised[INSTANT_TEXT], time[INSTANT_TEXT], value[32] = "-";
    (void)owner;
    if (isfinite(a->value))
        snprintf(value, sizeof value, "%.6g", a->value);
    printf("%.19s ", instant_format(a->raised_ms, raised));
    ctl_cell(a->state, 12), ctl_cell(a->kind, 13), ctl_cell(a->outlet[0] ? a->outlet : "-", 8), ctl_cell(a->subject, 8),
        ctl_cell(value, 10);
    printf("%.19s %s\n", instant_format(a->time_ms, time), a->id);
    return true;
}

int ctl_alarms(struct ctl *ctl)
{
    struct error err;
    int code = CTL_DONE;
    struct reader *reader = ctl_reader(ctl, &code);
    if (!reader)
        return code;
    if (!ctl->json) {
        ctl_cell("raised", 19), ctl_cell("state", 12), ctl_cell("kind", 13), ctl_cell("outlet", 8),
            ctl_cell("subject", 8), ctl_cell("value", 10);
        printf("%-19s id\n", "last step");
    }
    bool ok = reader_alarms(reader, ctl->active, ALARMS_SHOWN, ctl->json ? print_json : print_row, NULL, &err);
    reader_close(reader);
    return ok ? CTL_DONE : ctl_fail(CTL_FAILED, "%s", err.text);
}
