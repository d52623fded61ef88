/* Acts by what they touch: settings of the uplink, the clock's hook, instruments, what is known of the past. An act
 * that can't be done says so (ExeRtn=3, 100): never a false 1. */
#include "publish/uplink/act.h"

#include "journal/chain.h"
#include "model/clock.h"
#include "model/instant.h"
#include "model/log.h"

#include <stdlib.h>
#include <string.h>

/* ---- acts: settings ---- */

static int keep_settings(struct platform *p)
{
    struct error err;
    if (uplink_settings_save(p->settings_path, &p->configured, &p->settings, &err))
        return HJ212_EXE_OK;
    log_line(LOG_ERROR, "uplink", "name=%s event=settings-not-kept error=\"%s\"", p->uplink->name, err.text);
    return HJ212_EXE_FAULT;
}

/* Takes over a change, or nothing of it when it can't be kept. */
static int change(struct platform *p, const struct uplink_settings *settings)
{
    struct uplink_settings before = p->settings;
    p->settings = *settings;
    int exe_rtn = keep_settings(p);
    if (exe_rtn != HJ212_EXE_OK)
        p->settings = before;
    return exe_rtn;
}

static int act_timeouts(const struct turn *t)
{
    struct uplink_settings s = t->p->settings;
    s.over_time_s = t->request->over_time_s;
    s.re_count = t->request->re_count;
    return change(t->p, &s);
}

static int act_set_mn(const struct turn *t)
{
    struct uplink_settings s = t->p->settings;
    snprintf(s.mn, sizeof s.mn, "%.24s", t->request->mn);
    return change(t->p, &s);
}

static int act_set_password(const struct turn *t)
{
    struct uplink_settings s = t->p->settings;
    snprintf(s.password, sizeof s.password, "%.6s", t->request->new_password);
    return change(t->p, &s);
}

static int act_set_key(const struct turn *t)
{
    struct platform *p = t->p;
    struct uplink_settings s = p->settings;
    if (s.key[0] == '\0')
        return HJ212_EXE_CONDITIONS; /* nothing is encrypted here */
    memcpy(s.old_key, s.key, sizeof s.old_key);
    hex_encode((const uint8_t *)t->request->new_key, HJ212_KEY_BYTES, s.key);
    int exe_rtn = change(p, &s);
    if (exe_rtn == HJ212_EXE_OK && !platform_take_keys(p))
        return HJ212_EXE_FAULT;
    return exe_rtn;
}

static int act_set_realtime(const struct turn *t)
{
    struct uplink_settings s = t->p->settings;
    s.realtime_s = t->request->rtd_interval_s;
    t->p->realtime_due_ns = t->p->units_due_ns = clock_monotonic_ns();
    return change(t->p, &s);
}

static int act_get_realtime(const struct turn *t)
{
    char area[32];
    snprintf(area, sizeof area, "RtdInterval=%d", t->p->settings.realtime_s);
    request_answer_data(t->p, t->asked, area);
    return HJ212_EXE_OK;
}

static int act_get_minute(const struct turn *t)
{
    char area[32];
    snprintf(area, sizeof area, "MinInterval=%d", t->p->settings.min_interval);
    request_answer_data(t->p, t->asked, area);
    return HJ212_EXE_OK;
}

static int act_set_minute(const struct turn *t)
{
    struct uplink_settings s = t->p->settings;
    s.min_interval = t->request->min_interval;
    return change(t->p, &s);
}

static int switch_uploads(struct platform *p, int realtime_on, int units_on)
{
    struct uplink_settings s = p->settings;
    s.realtime_on = realtime_on;
    s.units_on = units_on;
    if ((realtime_on || units_on) && s.realtime_s == 0)
        s.realtime_s = 30;
    p->realtime_due_ns = p->units_due_ns = clock_monotonic_ns();
    return change(p, &s);
}

static int act_start_realtime(const struct turn *t)
{
    return switch_uploads(t->p, 1, t->p->settings.units_on);
}

static int act_start_units(const struct turn *t)
{
    return switch_uploads(t->p, t->p->settings.realtime_on, 1);
}

static int act_stop_realtime(const struct turn *t)
{
    switch_uploads(t->p, 0, t->p->settings.units_on);
    return ACT_SILENT;
}

static int act_stop_units(const struct turn *t)
{
    switch_uploads(t->p, t->p->settings.realtime_on, 0);
    return ACT_SILENT;
}

/* ---- acts: the clock ---- */

static int act_get_clock(const struct turn *t)
{
    char area[64], time[INSTANT_COMPACT];
    if (t->request->pol_id[0])
        return HJ212_EXE_CONDITIONS; /* clocks of analyzers are theirs */
    instant_format_compact(clock_wall_ms(), time);
    snprintf(area, sizeof area, "SystemTime=%.14s", time);
    request_answer_data(t->p, t->asked, area);
    return HJ212_EXE_OK;
}

static struct instruction *free_instruction(struct platform *p)
{
    for (size_t i = 0; i < INSTRUCTIONS; i++)
        if (p->instructions[i].ticket == 0)
            return &p->instructions[i];
    return NULL;
}

static void on_hook_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_hook_exit(uv_process_t *process, int64_t status, int signal_number)
{
    struct platform *p = process->data;
    for (size_t i = 0; p && i < INSTRUCTIONS; i++) {
        struct instruction *instruction = &p->instructions[i];
        if (instruction->ticket == 0 || instruction->hook != process)
            continue;
        instruction->hook = NULL;
        request_instructed(p, instruction->ticket, status == 0 && signal_number == 0 ? HJ212_EXE_OK : HJ212_EXE_FAILED);
    }
    uv_close((uv_handle_t *)process, on_hook_closed);
}

/* The daemon never sets the clock: who may do so is a program the plant names. */
static int act_set_clock(const struct turn *t)
{
    char time[INSTANT_TEXT];
    struct platform *p = t->p;
    struct instruction *instruction = free_instruction(p);
    uv_process_t *process = instruction ? calloc(1, sizeof *process) : NULL;
    if (t->request->pol_id[0]) {
        free(process);
        return HJ212_EXE_CONDITIONS;
    }
    if (!process)
        return HJ212_EXE_BUSY;
    instant_format(t->request->system_time_ms, time);
    char *arguments[] = {p->config.clock_hook, time, NULL};
    uv_process_options_t options = {.file = p->config.clock_hook, .args = arguments, .exit_cb = on_hook_exit};
    process->data = p;
    if (uv_spawn(p->set->loop, process, &options) != 0) {
        uv_close((uv_handle_t *)process, on_hook_closed);
        return HJ212_EXE_FAILED;
    }
    *instruction = (struct instruction){
        .ticket = ++p->set->ticket, .asked = *t->asked, .begun_ns = clock_monotonic_ns(), .hook = process};
    return ACT_PENDING;
}

/* ---- acts: instruments ---- */

static bool names(const struct channel *channel, const char *pol_id)
{
    return strcmp(channel->factor->code, pol_id) == 0 ||
           (channel->factor->code_2005[0] && strcmp(channel->factor->code_2005, pol_id) == 0);
}

static const struct action *find_action(const struct turn *t, const struct channel **channel)
{
    const struct plant *plant = t->p->reporter.plant;
    for (size_t i = 0; i < plant->channel_count; i++) {
        const struct channel *c = plant->channels[i];
        if (!report_outlet(&t->p->reporter, plant->outlet_of[i]) ||
            (t->request->pol_id[0] && !names(c, t->request->pol_id)))
            continue;
        *channel = c;
        for (size_t n = 0; n < c->action_count; n++)
            if (c->actions[n].cn == t->command->cn && (c->actions[n].calibration < 0 || t->request->calibration < 0 ||
                                                       c->actions[n].calibration == t->request->calibration))
                return &c->actions[n];
    }
    return NULL;
}

/* What the analyzer is told when the command is handed on. */
static void passed_area(const struct turn *t, const struct channel *channel, char *area, size_t size)
{
    const struct hj212_request *r = t->request;
    const char *code = channel->source.item.factor[0] ? channel->source.item.factor : channel->source.item.code;
    int n = snprintf(area, size, "PolId=%s", code);
    if (r->calibration >= 0 && t->asked->version == 2025)
        snprintf(area + n, size - (size_t)n, ",CalibrationType=%d", r->calibration);
    else if (r->info_value[0])
        snprintf(area + n, size - (size_t)n, ";InfoId=%s;%s-Info=%s", r->info_id, r->info_id, r->info_value);
}

static int act_instruct(const struct turn *t)
{
    const struct channel *channel = NULL;
    const struct action *action = find_action(t, &channel);
    struct instruction *instruction = free_instruction(t->p);
    struct uplinks *u = t->p->set;
    char area[512];
    if (!action)
        return HJ212_EXE_CONDITIONS; /* no such instrument, or it can't: never a false 1 */
    if (!instruction)
        return HJ212_EXE_BUSY;
    passed_area(t, channel, area, sizeof area);
    *instruction = (struct instruction){.ticket = ++u->ticket, .asked = *t->asked, .begun_ns = clock_monotonic_ns()};
    if (u->doors.instruct(u->doors.owner, channel, action, area, instruction->ticket))
        return ACT_PENDING;
    instruction->ticket = 0;
    return HJ212_EXE_BUSY;
}

/* ---- acts: information, history ---- */

static int answer_information(const struct turn *t, const char *info_id, const char *field)
{
    const struct information_kept *kept = information_find(t->p->set, t->request->pol_id, info_id);
    char area[512], time[INSTANT_COMPACT];
    if (!kept)
        return HJ212_EXE_NO_DATA;
    instant_format_compact(kept->time_ms, time);
    if (strcmp(field, "SN") == 0)
        snprintf(area, sizeof area, "PolId=%s;%s-SN=%s", t->request->pol_id, t->request->pol_id, kept->value);
    else
        snprintf(area, sizeof area, "DataTime=%.14s;%s%s%s%s-Info=%s", time, t->request->pol_id[0] ? "PolId=" : "",
                 t->request->pol_id, t->request->pol_id[0] ? ";" : "", info_id, kept->value);
    request_answer_data(t->p, t->asked, area);
    return HJ212_EXE_OK;
}

/* Range of an instrument as the gateway has it. */
static int answer_range(const struct turn *t)
{
    const struct plant *plant = t->p->reporter.plant;
    for (size_t i = 0; i < plant->channel_count; i++) {
        const struct channel *c = plant->channels[i];
        char area[160], time[INSTANT_COMPACT];
        if (!names(c, t->request->pol_id) || !c->has_range || !report_outlet(&t->p->reporter, plant->outlet_of[i]))
            continue;
        instant_format_compact(clock_wall_ms(), time);
        snprintf(area, sizeof area, "DataTime=%.14s;PolId=%s;i13001-Info=%g-%g", time, t->request->pol_id, c->range[0],
                 c->range[1]);
        request_answer_data(t->p, t->asked, area);
        return HJ212_EXE_OK;
    }
    return HJ212_EXE_NO_DATA;
}

static int act_information(const struct turn *t)
{
    int exe_rtn = answer_information(t, t->request->info_id, "Info");
    return exe_rtn == HJ212_EXE_NO_DATA && strcmp(t->request->info_id, "i13001") == 0 ? answer_range(t) : exe_rtn;
}

static int act_identity(const struct turn *t)
{
    return answer_information(t, "SN", "SN");
}

static int act_history(const struct turn *t)
{
    return history_begin(t->p, t->asked, t->request) ? ACT_PENDING : HJ212_EXE_BUSY;
}

static int act_cannot(const struct turn *t)
{
    (void)t;
    return HJ212_EXE_CONDITIONS; /* the cycle of a sampler is not known here */
}

static int act_no_data(const struct turn *t)
{
    (void)t;
    return HJ212_EXE_NO_DATA; /* no source of such records is configurable yet */
}

static const struct {
    int cn;
    int (*act)(const struct turn *turn);
} ACTS[] = {
    {1000, act_timeouts},   {1002, act_set_mn},       {1011, act_get_clock},      {1012, act_set_clock},
    {1014, act_set_key},    {1061, act_get_realtime}, {1062, act_set_realtime},   {1063, act_get_minute},
    {1064, act_set_minute}, {1072, act_set_password}, {2011, act_start_realtime}, {2012, act_stop_realtime},
    {2013, act_no_data},    {2021, act_start_units},  {2022, act_stop_units},     {2031, act_history},
    {2041, act_history},    {2051, act_history},      {2061, act_history},        {2062, act_no_data},
    {3011, act_instruct},   {3012, act_instruct},     {3013, act_instruct},       {3014, act_instruct},
    {3015, act_instruct},   {3016, act_cannot},       {3017, act_cannot},         {3018, act_cannot},
    {3019, act_identity},   {3020, act_information},  {3021, act_instruct},       {3022, act_instruct},
    {3024, act_instruct},
};

int (*act_find(int cn))(const struct turn *turn)
{
    for (size_t i = 0; i < sizeof ACTS / sizeof ACTS[0]; i++)
        if (ACTS[i].cn == cn)
            return ACTS[i].act;
    return NULL;
}
