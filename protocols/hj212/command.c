/* One row a command. Annex C of 2017 and the rows 2025 added; adding one is adding a row.
 */
#include "hj212/command.h"

#include "model/instant.h"

#include <stdlib.h>

enum { OLD = HJ212_IN_2005, MID = HJ212_IN_2017, NEW = HJ212_IN_2025, ALL = HJ212_IN_ALL };
#define ROW(cn_, asked_, sent_, exchange_, upload_, form_, policy_, name_, name_zh_)                                   \
    {                                                                                                                  \
        cn_, asked_, sent_, HJ212_##exchange_, HJ212_##upload_, HJ212_FORM_##form_, HJ212_POLICY_##policy_, name_,     \
            name_zh_                                                                                                   \
    }

static const struct hj212_command COMMANDS[] = {
    /*  CN    asked      sent       request upload area         may be forbidden as */
    ROW(1000, ALL, 0, R2, U, TIMEOUTS, ALWAYS, "set time-out and resends", "设置超时时间及重发次数"),
    ROW(1001, 0, NEW, N, N, NONE, ALWAYS, "hardware identity", "上传数采仪硬件信息"),
    ROW(1002, NEW, 0, R2, U, MN, ACCESS, "set MN", "设置数采仪唯一标识"),
    ROW(1011, ALL, 0, R3, U, POL_OR_NONE, ALWAYS, "get clock", "提取现场机时间"),
    ROW(1012, ALL, 0, R2, U, TIME, CLOCK, "set clock", "设置现场机时间"),
    ROW(1013, 0, MID | NEW, N, N, POL_OR_NONE, ALWAYS, "ask for the time", "现场机时间校准请求"),
    ROW(1014, NEW, NEW, R2, N, KEY, ACCESS, "new key", "更新密钥"),
    ROW(1061, ALL, 0, R3, U, NONE, ALWAYS, "get real-time interval", "提取实时数据间隔"),
    ROW(1062, ALL, 0, R2, U, RTD, ALWAYS, "set real-time interval", "设置实时数据间隔"),
    ROW(1063, MID | NEW, 0, R3, U, NONE, ALWAYS, "get minute interval", "提取分钟数据间隔"),
    ROW(1064, MID | NEW, 0, R2, U, MIN, ALWAYS, "set minute interval", "设置分钟数据间隔"),
    ROW(1072, ALL, 0, R2, U, PASSWORD, ACCESS, "set password", "设置现场机密码"),
    ROW(2011, ALL, ALL, R2, U, NONE, ALWAYS, "real-time data", "污染物实时数据"),
    ROW(2012, ALL, 0, N, N, NONE, ALWAYS, "stop real-time data", "停止察看实时数据"),
    ROW(2013, NEW, NEW, RH, U, SPAN, ALWAYS, "raw periodic data", "周期监测原始数据"),
    ROW(2021, ALL, ALL, R2, U, NONE, ALWAYS, "state of treatment units", "设备运行状态"),
    ROW(2022, ALL, 0, N, N, NONE, ALWAYS, "stop state of treatment units", "停止察看设备运行状态"),
    ROW(2031, ALL, ALL, RH, U, SPAN, ALWAYS, "day data", "日历史数据"),
    ROW(2041, ALL, ALL, RH, U, SPAN, ALWAYS, "run time of treatment units", "设备运行时间日历史数据"),
    ROW(2051, ALL, ALL, RH, U, SPAN, ALWAYS, "minute data", "分钟数据"),
    ROW(2061, ALL, ALL, RH, U, SPAN, ALWAYS, "hour data", "小时数据"),
    ROW(2062, NEW, NEW, RH, U, SPAN, ALWAYS, "automatic standard check", "自动标样核查数据"),
    ROW(2081, 0, ALL, R2, U, NONE, ALWAYS, "logger started", "数采仪开机时间"),
    ROW(2111, 0, NEW, R2, U, NONE, ALWAYS, "furnace temperature, 5-minute mean", "炉膛温度5分钟均值"),
    ROW(3011, ALL, 0, R2, U, CALIBRATION, CALIBRATE, "zero or span calibration", "零点校准、量程校准"),
    ROW(3012, ALL, 0, R2, U, POL, CONTROL, "sample now", "即时采样"),
    ROW(3013, MID | NEW, 0, R2, U, POL, CONTROL, "clean, back-flush", "启动清洗/反吹"),
    ROW(3014, MID, 0, R2, U, POL, CONTROL, "comparison sample", "比对采样"),
    ROW(3015, MID, NEW, R3, U, NONE, CONTROL, "keep a sample on exceedance", "超标留样"),
    ROW(3016, MID, 0, R2, U, CYCLE, PARAMETERS, "set sampling cycle", "设置采样时间周期"),
    ROW(3017, MID, 0, R3, U, POL, ALWAYS, "get sampling cycle", "提取采样时间周期"),
    ROW(3018, MID | NEW, 0, R3, U, POL, ALWAYS, "get time from sample to result", "提取出样时间"),
    ROW(3019, MID | NEW, MID | NEW, R3, U, POL, ALWAYS, "identity of an instrument", "设备唯一标识"),
    ROW(3020, MID | NEW, MID | NEW, R3, U, INFO, ALWAYS, "site information", "现场机信息"),
    ROW(3021, MID | NEW, 0, R2, U, PARAMETER, PARAMETERS, "set a parameter", "设置现场机参数"),
    ROW(3022, NEW, 0, R2, U, POL, CONTROL, "keep a sample now", "立即留样"),
    ROW(3024, NEW, 0, R2, U, POL, CALIBRATE, "start a standard check", "启动标样核查"),
    ROW(9011, 0, ALL, A, A, NONE, ALWAYS, "request answer", "请求应答"),
    ROW(9012, 0, ALL, A, A, NONE, ALWAYS, "execution result", "执行结果"),
    ROW(9013, ALL, ALL, A, A, NONE, ALWAYS, "notice answer", "通知应答"),
    ROW(9014, ALL, ALL, A, A, NONE, ALWAYS, "data answer", "数据应答"),
    ROW(9015, 0, NEW, N, N, NONE, ALWAYS, "heartbeat", "心跳"),
};

unsigned hj212_version_bit(int version)
{
    return version == 2005 ? HJ212_IN_2005 : version == 2017 ? HJ212_IN_2017 : version == 2025 ? HJ212_IN_2025 : 0;
}

const char *hj212_policy_name(enum hj212_policy policy)
{
    static const char *const NAMES[] = {"always", "clock", "calibrate", "parameters", "control", "access"};
    return NAMES[policy];
}

const struct hj212_command *hj212_command_find(int cn)
{
    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++)
        if (COMMANDS[i].cn == cn)
            return &COMMANDS[i];
    return NULL;
}

static const char *versions(unsigned bits)
{
    static const char *const NAMES[] = {"",     "2005",      "2017",      "2005 2017",
                                        "2025", "2005 2025", "2017 2025", "2005 2017 2025"};
    return NAMES[bits & ALL];
}

void hj212_command_print(FILE *out)
{
    static const char *const EXCHANGES[] = {"R2", "R3", "RH", "U", "N", "answer"};
    fprintf(out, "| CN | command | 命令 | asked by the platform in | how | sent by the device in | how | `allow` |\n");
    fprintf(out, "|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++) {
        const struct hj212_command *c = &COMMANDS[i];
        fprintf(out, "| %d | %s | %s | %s | %s | %s | %s | %s |\n", c->cn, c->name, c->name_zh, versions(c->asked),
                c->asked ? EXCHANGES[c->exchange] : "", versions(c->sent), c->sent ? EXCHANGES[c->upload] : "",
                c->policy == HJ212_POLICY_ALWAYS ? "" : hj212_policy_name(c->policy));
    }
}

int hj212_cn(struct slice cn)
{
    int value = 0;
    if (cn.len != 4)
        return 0;
    for (size_t i = 0; i < 4; i++) {
        if (cn.at[i] < '0' || cn.at[i] > '9')
            return 0;
        value = value * 10 + (cn.at[i] - '0');
    }
    return value;
}

/* ---- data areas ---- */

/* Value of the item code-field, of the plain item with code ""; at NULL when it is not there. The last one counts. */
static struct slice find_item(struct slice area, const char *code, const char *field)
{
    struct slice found = {NULL, 0};
    struct hj212_item item;
    uint32_t quirks = 0;
    while (hj212_item_next(&area, &item, &quirks))
        if (slice_is(item.code, code) && slice_is(item.field, field))
            found = item.value;
    return found;
}

static struct slice find_plain(struct slice area, const char *name)
{
    return find_item(area, "", name);
}

/* Letters and digits only: the value goes into answers, names and logs. */
static bool read_word(struct slice s, size_t least, size_t most, char *out)
{
    if (!s.at || s.len < least || s.len > most)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))
            return false;
    }
    memcpy(out, s.at, s.len);
    out[s.len] = '\0';
    return true;
}

static bool read_number(struct slice s, int low, int high, int *out)
{
    int value = 0;
    if (!s.at || s.len == 0 || s.len > 6)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
        value = value * 10 + (s.at[i] - '0');
    }
    *out = value;
    return value >= low && value <= high;
}

static bool read_time(struct slice s, int64_t *out)
{
    return s.at && instant_parse_compact(s.at, s.len, out);
}

static bool read_pol(struct slice area, bool required, struct hj212_request *r, const char **what)
{
    struct slice pol = find_plain(area, "PolId");
    *what = "PolId";
    return (!pol.at && !required) || read_word(pol, 2, 6, r->pol_id);
}

static bool read_span(struct slice area, bool required, struct hj212_request *r, const char **what)
{
    struct slice begin = find_plain(area, "BeginTime"), end = find_plain(area, "EndTime");
    if (!required && !begin.at && !end.at)
        return true;
    *what = "BeginTime";
    if (!read_time(begin, &r->begin_ms))
        return false;
    *what = "EndTime";
    r->has_span = read_time(end, &r->end_ms) && r->end_ms >= r->begin_ms;
    return r->has_span;
}

/* A parameter's value: no separators, no line ends, at most 255 bytes. */
static bool read_value(struct slice s, struct hj212_request *r)
{
    if (!s.at || s.len == 0 || s.len >= sizeof r->info_value)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] < 0x20)
            return false;
    memcpy(r->info_value, s.at, s.len);
    r->info_value[s.len] = '\0';
    return true;
}

static bool divides_hour(int minutes)
{
    return minutes >= 1 && minutes <= 30 && 60 % minutes == 0;
}

bool hj212_request_parse(const struct hj212_command *command, struct slice area, struct hj212_request *r,
                         const char **what)
{
    *r = (struct hj212_request){.calibration = -1};
    *what = "";
    switch (command->form) {
    case HJ212_FORM_NONE: return true;
    case HJ212_FORM_POL_OR_NONE: return read_pol(area, false, r, what);
    case HJ212_FORM_POL: return read_pol(area, true, r, what);
    case HJ212_FORM_CALIBRATION: {
        struct slice type = find_plain(area, "CalibrationType");
        if (!read_pol(area, true, r, what))
            return false;
        *what = "CalibrationType";
        return !type.at || read_number(type, 0, 1, &r->calibration);
    }
    case HJ212_FORM_TIME:
        if (!read_pol(area, false, r, what))
            return false;
        *what = "SystemTime";
        return read_time(find_plain(area, "SystemTime"), &r->system_time_ms);
    case HJ212_FORM_TIMEOUTS:
        *what = "OverTime";
        if (!read_number(find_plain(area, "OverTime"), 1, 99, &r->over_time_s))
            return false;
        *what = "ReCount";
        return read_number(find_plain(area, "ReCount"), 1, 99, &r->re_count);
    case HJ212_FORM_RTD:
        *what = "RtdInterval";
        return read_number(find_plain(area, "RtdInterval"), 30, 3600, &r->rtd_interval_s);
    case HJ212_FORM_MIN:
        *what = "MinInterval";
        return read_number(find_plain(area, "MinInterval"), 1, 30, &r->min_interval) && divides_hour(r->min_interval);
    case HJ212_FORM_PASSWORD: *what = "NewPW"; return read_word(find_plain(area, "NewPW"), 6, 6, r->new_password);
    case HJ212_FORM_MN: *what = "i23005-Info"; return read_word(find_item(area, "i23005", "Info"), 24, 24, r->mn);
    case HJ212_FORM_KEY:
        *what = "SKCreateTime";
        if (!read_time(find_plain(area, "SKCreateTime"), &r->key_time_ms))
            return false;
        *what = "NewSK";
        return read_word(find_plain(area, "NewSK"), 16, 16, r->new_key);
    case HJ212_FORM_SPAN: return read_span(area, true, r, what);
    case HJ212_FORM_INFO:
    case HJ212_FORM_PARAMETER:
        if (!read_pol(area, false, r, what))
            return false;
        *what = "InfoId";
        if (!read_word(find_plain(area, "InfoId"), 6, 6, r->info_id))
            return false;
        if (command->form == HJ212_FORM_INFO)
            return read_span(area, false, r, what);
        *what = "Info";
        return read_value(find_item(area, r->info_id, "Info"), r);
    case HJ212_FORM_CYCLE: {
        struct slice cycle = find_plain(area, "Ctime");
        if (!read_pol(area, true, r, what))
            return false;
        *what = "Ctime";
        return read_number(cycle.at ? cycle : find_plain(area, "CTime"), 1, 24, &r->ctime_h);
    }
    }
    return false;
}
