#include "model/mark.h"

#include <string.h>

static const struct {
    const char *code, *zh, *en;
} TABLE[MARKS] = {
    [MARK_N] = {"N", "正常", "normal"},
    [MARK_F] = {"F", "仪器停运", "instrument stopped"},
    [MARK_M] = {"M", "维护", "maintenance"},
    [MARK_S] = {"S", "手工输入", "entered by hand"},
    [MARK_D] = {"D", "仪器故障", "instrument fault"},
    [MARK_C] = {"C", "校准", "calibration"},
    [MARK_T] = {"T", "超量程", "above range"},
    [MARK_B] = {"B", "通讯中断", "no communication"},
    [MARK_TD] = {"Td", "仪器关键参数异常", "key instrument parameter abnormal"},
};

const char *mark_code(enum mark mark)
{
    return TABLE[mark].code;
}

const char *mark_text_zh(enum mark mark)
{
    return TABLE[mark].zh;
}

const char *mark_text_en(enum mark mark)
{
    return TABLE[mark].en;
}

bool mark_parse(const char *code, enum mark *mark)
{
    if (code[0] == '\0') {
        *mark = MARK_N;
        return true;
    }
    for (int m = 0; m < MARKS; m++) {
        if (strcmp(code, TABLE[m].code) == 0) {
            *mark = (enum mark)m;
            return true;
        }
    }
    return false;
}
