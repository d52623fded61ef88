#include "publish/body.h"

#include "model/instant.h"
#include "publish/text.h"
#include "publish/value.h"

#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DECIMALS_AMOUNT = 6, DECIMALS_FLOW = 1, DECIMALS_MULTIPLE = 4, DECIMALS_LIMIT = 6 };

/* printf rounds the exact binary value, ties to even. */
static json_t *number(double value, int decimals)
{
    char text[352];
    if (!isfinite(value))
        return json_null();
    snprintf(text, sizeof text, "%.*f", decimals, value);
    double rounded = strtod(text, NULL);
    return json_real(rounded == 0 ? 0.0 : rounded); /* no -0.0 */
}

static json_t *text_or_null(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

static char *dump(json_t *object, size_t *length)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(object);
    if (text)
        *length = strlen(text);
    return text;
}

static const char *given(const char *text)
{
    return text && text[0] ? text : NULL;
}

static void write_reading(struct text *t, const struct reading *r)
{
    const struct factor *factor = r->channel->factor;
    int decimals = factor->decimals;
    double limit = !r->limit ? NAN : isfinite(r->limit->max) ? r->limit->max : r->limit->min;
    text_open(t, NULL, '{');
    text_string(t, "factor", factor->code);
    text_string(t, "name", factor->name_zh);
    text_string(t, "unit", given(factor->unit));
    text_number(t, "value", r->value, decimals);
    text_number(t, "converted", r->converted, decimals);
    text_number(t, "min", r->min, decimals);
    text_number(t, "max", r->max, decimals);
    text_number(t, "limit", limit, DECIMALS_LIMIT);
    text_number(t, "multiple", r->multiple, DECIMALS_MULTIPLE);
    text_string(t, "standard", r->limit ? given(r->limit->source) : NULL);
    text_truth(t, "exceeds", r->exceeds);
    text_string(t, "mark", mark_code(r->mark));
    text_integer(t, "valid", r->valid);
    text_integer(t, "expected", r->expected);
    text_number(t, "amount", r->amount, DECIMALS_AMOUNT);
    text_string(t, "reason", reason_code(r->reason));
    text_string(t, "mean", r->weighted ? "flow-weighted" : "arithmetic");
    if (r->assumed)
        text_string(t, "assumed", "moisture");
    if (r->judged_hours > 0) {
        text_integer(t, "ultra_low_hours", r->ultra_low_hours);
        text_integer(t, "judged_hours", r->judged_hours);
    }
    if (isfinite(r->channel->permitted)) {
        text_number(t, "permitted", r->channel->permitted, DECIMALS_AMOUNT);
        text_number(t, "forecast", r->forecast, DECIMALS_AMOUNT);
    }
    text_close(t, '}');
}

char *body_record(const struct plant *plant, const struct period_record *record, size_t *length)
{
    struct text t = {0};
    bool known = record->condition >= 0; /* unknown is not "running" */
    text_open(&t, NULL, '{');
    text_instant(&t, "time", record->to_ms);
    text_string(&t, "mn", plant->site.mn);
    text_string(&t, "outlet", record->outlet->id);
    text_string(&t, "enterprise", plant->site.name);
    text_string(&t, "code", plant->site.code);
    text_string(&t, "outlet_name", record->outlet->name);
    text_string(&t, "period", period_name(record->period));
    text_instant(&t, "from", record->from_ms);
    text_instant(&t, "to", record->to_ms);
    text_string(&t, "condition", known ? operating_state_name((enum operating_state)record->condition) : NULL);
    if (record->revision > 0) {
        text_open(&t, "replaces", '{');
        text_integer(&t, "revision", record->revision - 1);
        text_instant(&t, "from", record->from_ms);
        text_close(&t, '}');
    }
    text_integer(&t, "revision", record->revision);
    text_number(&t, "flow", record->flow, DECIMALS_FLOW);
    text_open(&t, "readings", '[');
    for (size_t i = 0; i < record->reading_count; i++)
        write_reading(&t, &record->readings[i]);
    text_close(&t, ']');
    text_close(&t, '}');
    return text_take(&t, length);
}

/* ---- alarms in words ---- */

static const struct {
    const char *zh, *en;
} PERIOD_WORDS[PERIODS] = {
    [PERIOD_REALTIME] = {"瞬时值", "instantaneous value"},
    [PERIOD_MINUTE] = {"分钟均值", "minute mean"},
    [PERIOD_HOUR] = {"小时均值", "hour mean"},
    [PERIOD_2HOUR] = {"2小时均值", "2-hour mean"},
    [PERIOD_DAY] = {"日均值", "day mean"},
    [PERIOD_5MIN] = {"5分钟均值", "5-minute mean"},
    [PERIOD_MONTH] = {"月均值", "month mean"},
    [PERIOD_QUARTER] = {"季均值", "quarter mean"},
    [PERIOD_YEAR] = {"年均值", "year mean"},
};

struct words {
    char zh[512], en[512];
};

static const char *english_name(const struct factor *factor)
{
    return factor->name_en[0] ? factor->name_en : factor->name_zh;
}

static void say_figure(const struct alarm_event *e, struct words *w)
{
    const struct factor *f = e->channel->factor;
    enum period period = e->period >= 0 ? (enum period)e->period : PERIOD_REALTIME;
    int n = f->decimals > 0 ? f->decimals : 1;
    bool over = !isfinite(e->limit) || e->value >= e->limit;
    snprintf(w->zh, sizeof w->zh, "%s %s%s %.*f %s%s，%s %.6g %s", e->outlet->name, f->name_zh, PERIOD_WORDS[period].zh,
             n, e->value, f->unit, e->kind == ALARM_WARNING ? "（截至目前）" : "",
             e->kind == ALARM_WARNING ? "接近限值"
             : over                   ? "超过限值"
                                      : "低于限值",
             e->limit, f->unit);
    snprintf(w->en, sizeof w->en, "%s: %s %s %.*f %s%s, %s %.6g %s", e->outlet->id, english_name(f),
             PERIOD_WORDS[period].en, n, e->value, f->unit, e->kind == ALARM_WARNING ? " so far" : "",
             e->kind == ALARM_WARNING ? "near the limit"
             : over                   ? "above the limit"
                                      : "below the limit",
             e->limit, f->unit);
}

static void say_projection(const struct alarm_event *e, struct words *w)
{
    const struct factor *f = e->channel->factor;
    int n = f->decimals > 0 ? f->decimals : 1;
    bool day = e->kind == ALARM_DAY_PROJECTED, certain = e->stay_under < 0;
    char rest_zh[96] = "", rest_en[96] = "";
    if (certain) {
        snprintf(rest_zh, sizeof rest_zh, "；超标已不可避免");
        snprintf(rest_en, sizeof rest_en, "; it can't comply any more");
    } else if (isfinite(e->stay_under)) {
        snprintf(rest_zh, sizeof rest_zh, "；剩余时间须低于 %.*f %s", n, e->stay_under, f->unit);
        snprintf(rest_en, sizeof rest_en, "; the rest must stay under %.*f %s", n, e->stay_under, f->unit);
    }
    snprintf(w->zh, sizeof w->zh, "%s %s 预计%s %.*f %s，将超过限值 %.6g %s%s", e->outlet->name, f->name_zh,
             day ? "日均值" : "小时均值", n, e->value, f->unit, e->limit, f->unit, rest_zh);
    snprintf(w->en, sizeof w->en, "%s: %s %s is on its way to %.*f %s, above the limit %.6g %s%s", e->outlet->id,
             english_name(f), day ? "day mean" : "hour mean", n, e->value, f->unit, e->limit, f->unit, rest_en);
}

static void say_total(const struct alarm_event *e, struct words *w)
{
    const struct factor *f = e->channel->factor;
    snprintf(w->zh, sizeof w->zh, "%s %s 预计全年排放 %.6g %s，超过许可排放量 %.6g %s", e->outlet->name, f->name_zh,
             e->value, f->amount_unit, e->limit, f->amount_unit);
    snprintf(w->en, sizeof w->en, "%s: %s is on its way to %.6g %s in the year, above the permitted %.6g %s",
             e->outlet->id, english_name(f), e->value, f->amount_unit, e->limit, f->amount_unit);
}

static void say_missing(const struct alarm_event *e, struct words *w)
{
    long long minutes = (long long)(e->time_ms - e->from_ms) / MINUTE_MS;
    if (!e->channel) {
        snprintf(w->zh, sizeof w->zh, "线路 %s 已 %lld 分钟无数据", e->subject, minutes);
        snprintf(w->en, sizeof w->en, "line %s has been silent for %lld minutes", e->subject, minutes);
    } else if (e->period == PERIOD_HOUR) {
        snprintf(w->zh, sizeof w->zh, "%s %s 本小时有效分钟数已不可能达到要求", e->outlet->name,
                 e->channel->factor->name_zh);
        snprintf(w->en, sizeof w->en, "%s: %s: this hour can't become valid any more", e->outlet->id,
                 english_name(e->channel->factor));
    } else {
        snprintf(w->zh, sizeof w->zh, "%s %s 已 %lld 分钟无有效数据", e->outlet->name, e->channel->factor->name_zh,
                 minutes);
        snprintf(w->en, sizeof w->en, "%s: no valid value of %s for %lld minutes", e->outlet->id,
                 english_name(e->channel->factor), minutes);
    }
}

static void say_instrument(const struct alarm_event *e, struct words *w)
{
    snprintf(w->zh, sizeof w->zh, "%s %s 分析仪标记 %s（%s）", e->outlet->name, e->channel->factor->name_zh,
             mark_code(e->mark), mark_text_zh(e->mark));
    snprintf(w->en, sizeof w->en, "%s: analyzer of %s is marked %s (%s)", e->outlet->id,
             english_name(e->channel->factor), mark_code(e->mark), mark_text_en(e->mark));
}

static void say_suspect(const struct alarm_event *e, struct words *w)
{
    const struct factor *f = e->channel->factor;
    char zh[256] = "", en[256] = "";
    int n = f->decimals > 0 ? f->decimals : 1;
    switch ((enum suspect_rule)e->rule) {
    case SUSPECT_STUCK:
        snprintf(zh, sizeof zh, "数值长时间不变，波动 %.6g %s 小于分辨率 %.6g，而其他因子在变化", e->value, f->unit,
                 e->limit);
        snprintf(en, sizeof en, "stands still, its spread of %.6g %s is below the resolution %.6g while others vary",
                 e->value, f->unit, e->limit);
        break;
    case SUSPECT_REPEAT:
        snprintf(zh, sizeof zh, "连续 %.0f 分钟数据与 %s 起的数据完全相同", e->value, e->detail);
        snprintf(en, sizeof en, "%.0f minutes are the same as those from %s on", e->value, e->detail);
        break;
    case SUSPECT_CLIPPED:
        snprintf(zh, sizeof zh, "本小时 %.0f%% 的分钟值堆积在限值以下的 %.*f %s", 100 * e->value, n, e->limit, f->unit);
        snprintf(en, sizeof en, "%.0f %% of the hour's minutes pile up at %.*f %s, just below the limit",
                 100 * e->value, n, e->limit, f->unit);
        break;
    case SUSPECT_DILUTION:
        snprintf(zh, sizeof zh, "氧含量 %.2f%% 高于 %.2f%%，污染物下降而流量平稳，疑似稀释或漏气", e->value, e->limit);
        snprintf(en, sizeof en,
                 "oxygen is at %.2f %%, above %.2f %%, with falling pollutants at a steady flow: dilution or a leak",
                 e->value, e->limit);
        break;
    case SUSPECT_INCONSISTENT:
        snprintf(zh, sizeof zh, "工况为 %s，而数值为 %.*f %s", e->detail, n, e->value, f->unit);
        snprintf(en, sizeof en, "the plant is %s and the value %.*f %s", e->detail, n, e->value, f->unit);
        break;
    case SUSPECT_CALIBRATION:
        snprintf(zh, sizeof zh, "当日校准或维护标记占 %.1f%%，或多次出现在接近限值时", 100 * e->value);
        snprintf(en, sizeof en,
                 "marked as calibration or maintenance for %.1f %% of the day, or whenever it nears the limit",
                 100 * e->value);
        break;
    case SUSPECT_RULES: break;
    }
    snprintf(w->zh, sizeof w->zh, "%s %s 数据存疑：%s", e->outlet->name, f->name_zh, zh);
    snprintf(w->en, sizeof w->en, "%s: %s looks doubtful: %s", e->outlet->id, english_name(f), en);
}

static void say_config(const struct alarm_event *e, struct words *w)
{
    snprintf(w->zh, sizeof w->zh, "配置未更新，继续使用原配置：%s", e->detail);
    snprintf(w->en, sizeof w->en, "configuration not reloaded, the old one stays in force: %s", e->detail);
}

static void say_gateway(const struct alarm_event *e, struct words *w)
{
    snprintf(w->zh, sizeof w->zh, "%s：%s", e->subject, e->detail);
    snprintf(w->en, sizeof w->en, "%s: %s", e->subject, e->detail);
}

static const struct {
    void (*say)(const struct alarm_event *e, struct words *w);
    const char *over_zh; /* what has ended */
} SAY[ALARM_KINDS] = {
    [ALARM_INSTANTANEOUS] = {say_figure, "瞬时值超标"},
    [ALARM_WARNING] = {say_figure, "小时均值预警"},
    [ALARM_PROJECTED] = {say_projection, "小时超标预测"},
    [ALARM_EXCEED] = {say_figure, "均值超标"},
    [ALARM_DAY_PROJECTED] = {say_projection, "日超标预测"},
    [ALARM_MISSING] = {say_missing, "数据缺失"},
    [ALARM_INSTRUMENT] = {say_instrument, "分析仪异常"},
    [ALARM_TOTAL] = {say_total, "年排放总量预测"},
    [ALARM_SUSPECT] = {say_suspect, "数据存疑"},
    [ALARM_UPLINK] = {say_gateway, "上报通道"},
    [ALARM_STORE] = {say_gateway, "数据存储"},
    [ALARM_CLOCK] = {say_gateway, "时钟"},
    [ALARM_CONFIG] = {say_config, "配置错误"},
};

static void say(const struct alarm_event *e, struct words *w)
{
    const struct factor *factor = e->channel ? e->channel->factor : NULL;
    assert(e->channel || e->kind == ALARM_MISSING || e->kind >= ALARM_CHANNEL_KINDS);
    if (e->state == ALARM_ACKNOWLEDGED) {
        snprintf(w->zh, sizeof w->zh, "%s 已确认：%s", e->by, e->note);
        snprintf(w->en, sizeof w->en, "acknowledged by %s: %s", e->by, e->note);
        return;
    }
    if (e->state != ALARM_CLEARED) {
        SAY[e->kind].say(e, w);
        return;
    }
    const char *what = factor ? "" : e->subject;
    snprintf(w->zh, sizeof w->zh, "%s %s%s %s报警解除", e->outlet ? e->outlet->name : "网关",
             factor ? factor->name_zh : "", what, SAY[e->kind].over_zh);
    snprintf(w->en, sizeof w->en, "%s: %s%s, alarm %s is over", e->outlet ? e->outlet->id : "gateway",
             factor ? english_name(factor) : "", what, alarm_kind_name(e->kind));
}

/* The channels a lost line has taken with it. */
static json_t *channels_of_line(const struct plant *plant, int line)
{
    json_t *list = json_array();
    for (size_t i = 0; i < plant->channel_count; i++)
        if (plant->channels[i]->has_source && plant->channels[i]->source.line_index == line)
            json_array_append_new(list, json_pack("{s:s, s:s}", "outlet", plant->outlet_of[i]->id, "factor",
                                                  plant->channels[i]->factor->code));
    return list;
}

static bool is_figure(const struct alarm_event *e)
{
    return e->channel && e->kind != ALARM_MISSING && e->kind != ALARM_INSTRUMENT && e->kind != ALARM_SUSPECT;
}

char *body_alarm(const struct plant *plant, const struct alarm_event *e, size_t *length)
{
    const struct factor *factor = e->channel ? e->channel->factor : NULL;
    struct words words;
    bool figure = is_figure(e), total = e->kind == ALARM_TOTAL;
    json_t *o = json_object();
    say(e, &words);
    json_object_set_new(o, "time", value_instant(e->time_ms));
    json_object_set_new(o, "mn", json_string(plant->site.mn));
    json_object_set_new(o, "outlet", json_string(e->outlet ? e->outlet->id : "-"));
    json_object_set_new(o, "id", json_string(e->id));
    json_object_set_new(o, "kind", json_string(alarm_kind_name(e->kind)));
    json_object_set_new(o, "state", json_string(alarm_state_name(e->state)));
    json_object_set_new(o, "severity", json_string(severity_name(e->severity)));
    json_object_set_new(o, "subject", json_string(e->subject));
    json_object_set_new(o, "factor", e->channel ? json_string(factor->code) : json_null());
    json_object_set_new(o, "name", e->channel ? json_string(factor->name_zh) : json_null());
    json_object_set_new(o, "period", e->period >= 0 ? json_string(period_name((enum period)e->period)) : json_null());
    json_object_set_new(o, "from", value_instant(e->from_ms));
    json_object_set_new(o, "to", value_instant(e->to_ms));
    json_object_set_new(o, "value",
                        figure ? number(e->value, total ? DECIMALS_AMOUNT : factor->decimals) : json_null());
    json_object_set_new(o, "limit", number(e->limit, DECIMALS_LIMIT));
    json_object_set_new(o, "unit", figure ? text_or_null(total ? factor->amount_unit : factor->unit) : json_null());
    json_object_set_new(o, "multiple", number(e->multiple, DECIMALS_MULTIPLE));
    json_object_set_new(o, "standard", e->law ? text_or_null(e->law->source) : json_null());
    json_object_set_new(o, "mark", e->kind == ALARM_INSTRUMENT ? json_string(mark_code(e->mark)) : json_null());
    if (factor && isfinite(e->stay_under))
        json_object_set_new(o, "stay_under", number(e->stay_under, factor->decimals));
    if (e->kind == ALARM_SUSPECT)
        json_object_set_new(o, "rule", json_string(suspect_rule_name((enum suspect_rule)e->rule)));
    if (e->line >= 0)
        json_object_set_new(o, "channels", channels_of_line(plant, e->line));
    if (e->state == ALARM_ACKNOWLEDGED) {
        json_object_set_new(o, "by", json_string(e->by));
        json_object_set_new(o, "note", json_string(e->note));
    }
    json_object_set_new(o, "text", json_string(words.zh));
    json_object_set_new(o, "text_en", json_string(words.en));
    return dump(o, length);
}

void body_record_topic(const struct plant *plant, const struct period_record *record, char topic[BODY_TOPIC])
{
    snprintf(topic, BODY_TOPIC, "disclosure/%s/%s/%s", plant->site.mn, record->outlet->id, period_name(record->period));
}

void body_alarm_topic(const struct plant *plant, const struct alarm_event *event, char topic[BODY_TOPIC])
{
    snprintf(topic, BODY_TOPIC, "alarm/%s/%s/%s", plant->site.mn, event->outlet ? event->outlet->id : "-",
             event->subject);
}
