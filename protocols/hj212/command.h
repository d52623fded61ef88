/* Commands of HJ 212: what each is called, in which versions it exists, which way it goes, what its data area must hold
 * and how it is answered (HJ 212-2017 6.6 and annex C; 2005 and 2025 as far as they are known: docs/hj212.md).
 *
 *   R2  request ─► 9011 ─► 9012                       R3  request ─► 9011 ─► answer (same QN) ─► 9012
 *   RH  request ─► 9011 ─► n × upload (own QN) ─► 9012
 *   U   upload ─► 9014 when Flag asks                 N   notice ─► 9013
 *
 * Pure. Any thread. */
#ifndef CEMSD_HJ212_COMMAND_H
#define CEMSD_HJ212_COMMAND_H

#include "hj212/segment.h"

#include <stdio.h>

enum { HJ212_IN_2005 = 1, HJ212_IN_2017 = 2, HJ212_IN_2025 = 4, HJ212_IN_ALL = 7 };
unsigned hj212_version_bit(int version); /* 0 for an unknown version */

enum hj212_qn_rtn {
    HJ212_QN_OK = 1,
    HJ212_QN_REFUSED = 2,
    HJ212_QN_PW = 3,
    HJ212_QN_MN = 4,
    HJ212_QN_ST = 5,
    HJ212_QN_FLAG = 6,
    HJ212_QN_QN = 7,
    HJ212_QN_CN = 8,
    HJ212_QN_CRC = 9,
    HJ212_QN_UNKNOWN = 100
};
enum hj212_exe_rtn {
    HJ212_EXE_OK = 1,
    HJ212_EXE_FAILED = 2,
    HJ212_EXE_CONDITIONS = 3, /* the request's conditions are wrong, or the device can't do it */
    HJ212_EXE_TIMEOUT = 4,
    HJ212_EXE_BUSY = 5,
    HJ212_EXE_FAULT = 6,
    HJ212_EXE_NO_DATA = 100
};

enum hj212_exchange { HJ212_R2, HJ212_R3, HJ212_RH, HJ212_U, HJ212_N, HJ212_A /* itself an answer */ };

/* What the data area of a request must hold. */
enum hj212_form {
    HJ212_FORM_NONE,
    HJ212_FORM_POL_OR_NONE, /* [PolId] */
    HJ212_FORM_POL,         /* PolId */
    HJ212_FORM_CALIBRATION, /* PolId[,CalibrationType=0|1] */
    HJ212_FORM_TIME,        /* [PolId;]SystemTime */
    HJ212_FORM_TIMEOUTS,    /* OverTime, ReCount */
    HJ212_FORM_RTD,         /* RtdInterval, 30..3600 s */
    HJ212_FORM_MIN,         /* MinInterval, a divisor of the hour */
    HJ212_FORM_PASSWORD,    /* NewPW, 6 characters */
    HJ212_FORM_MN,          /* i23005-Info, 24 characters */
    HJ212_FORM_KEY,         /* SKCreateTime, NewSK of 16 characters */
    HJ212_FORM_SPAN,        /* BeginTime, EndTime */
    HJ212_FORM_INFO,        /* PolId, InfoId[, BeginTime, EndTime] */
    HJ212_FORM_PARAMETER,   /* PolId, InfoId, InfoId-Info */
    HJ212_FORM_CYCLE,       /* PolId, CstartTime, Ctime */
};

/* What a plant may forbid. */
enum hj212_policy {
    HJ212_POLICY_ALWAYS,     /* reading, and how data are sent */
    HJ212_POLICY_CLOCK,      /* 1012 */
    HJ212_POLICY_CALIBRATE,  /* 3011, 3024 */
    HJ212_POLICY_PARAMETERS, /* 3021, 3016 */
    HJ212_POLICY_CONTROL,    /* 3012..3015, 3022: sampling, cleaning */
    HJ212_POLICY_ACCESS,     /* 1002, 1014, 1072: identity, key, password */
    HJ212_POLICIES
};
const char *hj212_policy_name(enum hj212_policy policy);

struct hj212_command {
    int cn;
    unsigned asked, sent; /* versions in which a platform asks it, a device sends it by itself */
    enum hj212_exchange exchange, upload;
    enum hj212_form form;
    enum hj212_policy policy;
    const char *name, *name_zh;
};

/* NULL: no version knows it. */
const struct hj212_command *hj212_command_find(int cn);
/* The table as Markdown (docs/hj212.md holds exactly this). */
void hj212_command_print(FILE *out);

struct hj212_request {
    char pol_id[8];       /* factor as written; "" when absent */
    char info_id[8];      /* "" when absent */
    char info_value[256]; /* of InfoId-Info */
    char new_password[8], mn[28], new_key[20];
    int over_time_s, re_count, rtd_interval_s, min_interval;
    int calibration; /* 0 zero, 1 span, -1 not said */
    int ctime_h;
    bool has_span;
    int64_t system_time_ms, begin_ms, end_ms, key_time_ms;
};

/* Reads the area by the command's form. False: something is missing, impossible or out of its bounds, and *what
 * (static) says which field. */
bool hj212_request_parse(const struct hj212_command *command, struct slice area, struct hj212_request *out,
                         const char **what);

/* "2051" as a number; 0 when it is not four digits. */
int hj212_cn(struct slice cn);

#endif
