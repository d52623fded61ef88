#include "publish/body.h"

#include "model/instant.h"
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

static json_t *reading_json(const struct reading *r)
{
    const struct factor *factor = r->channel->factor;
    int decimals = factor->decimals;
    json_t *o = json_object();
    json_object_set_new(o, "factor", json_string(factor->code));
    json_object_set_new(o, "name", json_string(factor->name_zh));
    json_object_set_new(o, "unit", text_or_null(factor->unit));
    json_object_set_new(o, "value", number(r->value, decimals));
    json_object_set_new(o, "converted", number(r->converted, decimals));
    json_object_set_new(o, "min", number(r->min, decimals));
    json_object_set_new(o, "max", number(r->max, decimals));
    json_object_set_new(o, "limit",
                        r->limit ? number(isfinite(r->limit->max) ? r->limit->max : r->limit->min, DECIMALS_LIMIT)
                                 : json_null());
    json_object_set_new(o, "multiple", number(r->multiple, DECIMALS_MULTIPLE));
    json_object_set_new(o, "standard", r->limit ? text_or_null(r->limit->source) : json_null());
    json_object_set_new(o, "exceeds", r->exceeds < 0 ? json_null() : json_boolean(r->exceeds));
    json_object_set_new(o, "mark", json_string(mark_code(r->mark)));
    json_object_set_new(o, "valid", json_integer(r->valid));
    json_object_set_new(o, "expected", json_integer(r->expected));
    json_object_set_new(o, "amount", number(r->amount, DECIMALS_AMOUNT));
    json_object_set_new(o, "reason", text_or_null(reason_code(r->reason)));
    return o;
}

char *body_record(const struct plant *plant, const struct period_record *record, size_t *length)
{
    json_t *o = json_object(), *readings = json_array();
    json_object_set_new(o, "time", value_instant(record->to_ms));
    json_object_set_new(o, "mn", json_string(plant->site.mn));
    json_object_set_new(o, "outlet", json_string(record->outlet->id));
    json_object_set_new(o, "enterprise", json_string(plant->site.name));
    json_object_set_new(o, "code", json_string(plant->site.code));
    json_object_set_new(o, "outlet_name", json_string(record->outlet->name));
    json_object_set_new(o, "period", json_string(period_name(record->period)));
    json_object_set_new(o, "from", value_instant(record->from_ms));
    json_object_set_new(o, "to", value_instant(record->to_ms));
    json_object_set_new(o, "condition", json_null()); /* no source of operating states yet: unknown, not "running" */
    json_object_set_new(o, "flow", number(record->flow, DECIMALS_FLOW));
    for (size_t i = 0; i < record->reading_count; i++)
        json_array_append_new(readings, reading_json(&record->readings[i]));
    json_object_set_new(o, "readings", readings);
    return dump(o, length);
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

static void say_missing(const struct alarm_event *e, struct words *w)
{
    int64_t minutes = (e->time_ms - e->from_ms) / MINUTE_MS;
    snprintf(w->zh, sizeof w->zh, "%s %s 已 %lld 分钟无有效数据", e->outlet->name, e->channel->factor->name_zh,
             (long long)minutes);
    snprintf(w->en, sizeof w->en, "%s: no valid value of %s for %lld minutes", e->outlet->id,
             english_name(e->channel->factor), (long long)minutes);
}

static void say_instrument(const struct alarm_event *e, struct words *w)
{
    snprintf(w->zh, sizeof w->zh, "%s %s 分析仪标记 %s（%s）", e->outlet->name, e->channel->factor->name_zh,
             mark_code(e->mark), mark_text_zh(e->mark));
    snprintf(w->en, sizeof w->en, "%s: analyzer of %s is marked %s (%s)", e->outlet->id,
             english_name(e->channel->factor), mark_code(e->mark), mark_text_en(e->mark));
}

static void say_config(const struct alarm_event *e, struct words *w)
{
    snprintf(w->zh, sizeof w->zh, "配置未更新，继续使用原配置：%s", e->detail);
    snprintf(w->en, sizeof w->en, "configuration not reloaded, the old one stays in force: %s", e->detail);
}

static void (*const SAY[ALARM_KINDS])(const struct alarm_event *e, struct words *w) = {
    [ALARM_INSTANTANEOUS] = say_figure, [ALARM_WARNING] = say_figure,        [ALARM_EXCEED] = say_figure,
    [ALARM_MISSING] = say_missing,      [ALARM_INSTRUMENT] = say_instrument, [ALARM_CONFIG] = say_config,
};

static void say(const struct alarm_event *e, struct words *w)
{
    assert(e->channel || e->kind == ALARM_CONFIG);
    if (e->state != ALARM_CLEARED) {
        SAY[e->kind](e, w);
        return;
    }
    static const char *const ZH[ALARM_KINDS] = {"瞬时值超标", "小时均值预警", "均值超标",
                                                "数据缺失",   "分析仪异常",   "配置错误"};
    snprintf(w->zh, sizeof w->zh, "%s%s%s %s报警解除", e->outlet ? e->outlet->name : "网关", e->channel ? " " : "",
             e->channel ? e->channel->factor->name_zh : "", ZH[e->kind]);
    snprintf(w->en, sizeof w->en, "%s: %s%salarm %s is over", e->outlet ? e->outlet->id : "gateway",
             e->channel ? english_name(e->channel->factor) : "", e->channel ? ", " : "", alarm_kind_name(e->kind));
}

char *body_alarm(const struct plant *plant, const struct alarm_event *e, size_t *length)
{
    const struct factor *factor = e->channel ? e->channel->factor : NULL;
    struct words words;
    bool figure = e->channel && (e->kind == ALARM_INSTANTANEOUS || e->kind == ALARM_WARNING || e->kind == ALARM_EXCEED);
    json_t *o = json_object();
    say(e, &words);
    json_object_set_new(o, "time", value_instant(e->time_ms));
    json_object_set_new(o, "mn", json_string(plant->site.mn));
    json_object_set_new(o, "outlet", json_string(e->outlet ? e->outlet->id : "-"));
    json_object_set_new(o, "id", json_string(e->id));
    json_object_set_new(o, "kind", json_string(alarm_kind_name(e->kind)));
    json_object_set_new(o, "state", json_string(alarm_state_name(e->state)));
    json_object_set_new(o, "severity", json_string(severity_name(alarm_kind_severity(e->kind))));
    json_object_set_new(o, "subject", json_string(e->subject));
    json_object_set_new(o, "factor", e->channel ? json_string(factor->code) : json_null());
    json_object_set_new(o, "name", e->channel ? json_string(factor->name_zh) : json_null());
    json_object_set_new(o, "period", e->period >= 0 ? json_string(period_name((enum period)e->period)) : json_null());
    json_object_set_new(o, "from", value_instant(e->from_ms));
    json_object_set_new(o, "to", value_instant(e->to_ms));
    json_object_set_new(o, "value", figure ? number(e->value, factor->decimals) : json_null());
    json_object_set_new(o, "limit", number(e->limit, DECIMALS_LIMIT));
    json_object_set_new(o, "unit", figure ? text_or_null(factor->unit) : json_null());
    json_object_set_new(o, "multiple", number(e->multiple, DECIMALS_MULTIPLE));
    json_object_set_new(o, "standard", e->law ? text_or_null(e->law->source) : json_null());
    json_object_set_new(o, "mark", e->kind == ALARM_INSTRUMENT ? json_string(mark_code(e->mark)) : json_null());
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
