/* cemsctl alarms [--active]: the findings of the journal, the newest 1000. */
#include "ctl/ctl.h"

#include "journal/reader.h"
#include "model/instant.h"

#include <math.h>
#include <stdio.h>

enum { ALARMS_SHOWN = 1000 };

static bool print_json(void *owner, const struct stored_alarm *a)
{
    char raised[INSTANT_TEXT], time[INSTANT_TEXT];
    json_t *o =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:o}", "id", a->id, "state", a->state, "kind", a->kind,
                  "outlet", a->outlet, "subject", a->subject, "period", a->period, "seq", (json_int_t)a->seq, "raised",
                  instant_format(a->raised_ms, raised), "time", instant_format(a->time_ms, time), "value",
                  isfinite(a->value) ? json_real(a->value) : json_null());
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
    const char *path = ctl_journal_path(ctl);
    if (!path)
        return CTL_CONFIG;
    struct reader *reader = reader_open(path, &err);
    if (!reader)
        return ctl_fail(CTL_FAILED, "%s", err.text);
    if (!ctl->json) {
        ctl_cell("raised", 19), ctl_cell("state", 12), ctl_cell("kind", 13), ctl_cell("outlet", 8),
            ctl_cell("subject", 8), ctl_cell("value", 10);
        printf("%-19s id\n", "last step");
    }
    bool ok = reader_alarms(reader, ctl->active, ALARMS_SHOWN, ctl->json ? print_json : print_row, NULL, &err);
    reader_close(reader);
    return ok ? CTL_DONE : ctl_fail(CTL_FAILED, "%s", err.text);
}
