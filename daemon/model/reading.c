#include "model/reading.h"

#include <string.h>

static const struct {
    const char *code, *zh;
} REASON[REASONS] = {
    [REASON_NONE] = {NULL, NULL},
    [REASON_NO_DATA] = {"no-valid-data", "无有效数据"},
    [REASON_TOO_FEW] = {"too-few-valid", "有效数据不足"},
    [REASON_MARKED] = {"marked", "数据带异常标记"},
    [REASON_NO_OXYGEN] = {"oxygen-invalid", "涉及因子无效：氧含量"},
    [REASON_OXYGEN_HIGH] = {"oxygen-too-high", "氧含量过高，不作折算"},
    [REASON_NO_MOISTURE] = {"moisture-invalid", "涉及因子无效：湿度"},
    [REASON_NO_TEMPERATURE] = {"temperature-invalid", "涉及因子无效：温度"},
    [REASON_NO_PRESSURE] = {"pressure-invalid", "涉及因子无效：压力"},
    [REASON_NO_INPUT] = {"input-invalid", "涉及因子无效：计算因子"},
    [REASON_IMPOSSIBLE] = {"impossible", "数值物理上不可能"},
    [REASON_NO_FLOW] = {"no-flow", "无流量"},
    [REASON_NOT_RUNNING] = {"not-running", "停运，不作评价"},
    [REASON_LIMIT_UNKNOWN] = {"limit-unknown", "水温无效，限值无法确定"},
};

const char *reason_code(enum reason reason)
{
    return REASON[reason].code;
}

const char *reason_text_zh(enum reason reason)
{
    return REASON[reason].zh;
}

static const struct {
    const char *name;
    enum severity severity;
} KIND[ALARM_KINDS] = {
    [ALARM_INSTANTANEOUS] = {"instantaneous", SEVERITY_MAJOR},
    [ALARM_WARNING] = {"warning", SEVERITY_WARNING},
    [ALARM_PROJECTED] = {"projected", SEVERITY_MAJOR},
    [ALARM_DAY_PROJECTED] = {"day-projected", SEVERITY_MAJOR},
    [ALARM_TOTAL] = {"total", SEVERITY_WARNING},
    [ALARM_SUSPECT] = {"suspect", SEVERITY_WARNING},
    [ALARM_UPLINK] = {"uplink", SEVERITY_WARNING},
    [ALARM_STORE] = {"store", SEVERITY_CRITICAL},
    [ALARM_CLOCK] = {"clock", SEVERITY_WARNING},
    [ALARM_EXCEED] = {"exceed", SEVERITY_CRITICAL},
    [ALARM_MISSING] = {"missing", SEVERITY_MAJOR},
    [ALARM_INSTRUMENT] = {"instrument", SEVERITY_WARNING},
    [ALARM_CONFIG] = {"config", SEVERITY_WARNING},
};

static const char *const STATE[ALARM_STATES] = {
    [ALARM_QUIET] = "quiet",     [ALARM_RAISED] = "raised",
    [ALARM_UPDATED] = "updated", [ALARM_ACKNOWLEDGED] = "acknowledged",
    [ALARM_CLEARED] = "cleared",
};

const char *suspect_rule_name(enum suspect_rule rule)
{
    static const char *const NAMES[SUSPECT_RULES] = {
        [SUSPECT_STUCK] = "stuck",
        [SUSPECT_REPEAT] = "repeat",
        [SUSPECT_CLIPPED] = "clipped",
        [SUSPECT_DILUTION] = "dilution",
        [SUSPECT_INCONSISTENT] = "inconsistent",
        [SUSPECT_CALIBRATION] = "calibration",
    };
    return NAMES[rule];
}

const char *alarm_kind_name(enum alarm_kind kind)
{
    return KIND[kind].name;
}

bool alarm_kind_parse(const char *name, enum alarm_kind *kind)
{
    for (int k = 0; k < ALARM_KINDS; k++) {
        if (strcmp(name, KIND[k].name) == 0) {
            *kind = (enum alarm_kind)k;
            return true;
        }
    }
    return false;
}

const char *alarm_state_name(enum alarm_state state)
{
    return STATE[state];
}

bool alarm_state_parse(const char *name, enum alarm_state *state)
{
    for (int s = 0; s < ALARM_STATES; s++) {
        if (strcmp(name, STATE[s]) == 0) {
            *state = (enum alarm_state)s;
            return true;
        }
    }
    return false;
}

enum severity alarm_kind_severity(enum alarm_kind kind)
{
    return KIND[kind].severity;
}

const char *severity_name(enum severity severity)
{
    static const char *const NAMES[] = {"info", "warning", "major", "critical"};
    return NAMES[severity];
}

static const struct {
    const char *name, *zh;
} OPERATING[OPERATING_STATES] = {
    [OPERATING_RUNNING] = {"running", "运行"},     [OPERATING_START_UP] = {"start-up", "启炉"},
    [OPERATING_SHUT_DOWN] = {"shut-down", "停炉"}, [OPERATING_STOPPED] = {"stopped", "停运"},
    [OPERATING_FAILURE] = {"failure", "故障"},     [OPERATING_MAINTENANCE] = {"maintenance", "检修"},
};

const char *operating_state_name(enum operating_state state)
{
    return OPERATING[state].name;
}

const char *operating_state_zh(enum operating_state state)
{
    return OPERATING[state].zh;
}

bool operating_state_parse(const char *name, enum operating_state *state)
{
    for (int s = 0; s < OPERATING_STATES; s++) {
        if (strcmp(name, OPERATING[s].name) == 0) {
            *state = (enum operating_state)s;
            return true;
        }
    }
    return false;
}
