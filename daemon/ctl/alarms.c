/* cemsctl alarms [--active]: the findings of the journal, the newest 1000. */
#include "ctl/ctl.h"
#include "ctl/terminal.h"

#include "model/instant.h"
#include "publish/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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
    term_toned(a->state, 12, strcmp(a->state, "cleared") == 0 ? TONE_GOOD : TONE_BAD), term_cell(a->kind, 13),
        term_cell(a->outlet[0] ? a->outlet : "-", 8), term_cell(a->subject, 8), term_cell(value, 10);
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
        term_head("raised", 19), term_head("state", 12), term_head("kind", 13), term_head("outlet", 8),
            term_head("subject", 8), term_head("value", 10);
        term_head("last step", 19), term_head("id", 0);
        printf("\n");
    }
    bool ok = reader_alarms(reader, ctl->active, ALARMS_SHOWN, ctl->json ? print_json : print_row, NULL, &err);
    reader_close(reader);
    return ok ? CTL_DONE : ctl_fail(CTL_FAILED, "%s", err.text);
}
