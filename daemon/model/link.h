/* How the gateway speaks HJ 212: with analyzers (a line of kind hj212_*) and with platforms (an uplink). */
#ifndef CEMSD_MODEL_LINK_H
#define CEMSD_MODEL_LINK_H

#include "model/mark.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    MN_BYTES = 28, /* 24 characters by the standard; a little more is met in the field */
    MNS_MAX = 1024,
    CONNECTIONS_MAX = 4096,
    UPLINKS_MAX = 16,
    MARK_LETTERS = 5, /* a mark of up to four characters and its zero */
    ACTIONS_MAX = 16,
};

struct mn {
    char text[MN_BYTES];
};

/* Which uploads of an analyzer become samples. */
enum hj212_take { TAKE_REALTIME, TAKE_MINUTE, TAKE_HOUR };

/* One HJ 212 line: analyzers that connect here, one that is connected to, or those on a serial line. */
struct hj212_link {
    char bind[256]; /* listen: ADDRESS:PORT */
    char host[128]; /* connect */
    int port;       /* connect */
    struct mn *mns; /* who may speak; empty: anyone */
    size_t mn_count;
    char password[32];       /* "": any */
    int version;             /* of what is asked; answers copy the asker's */
    char st[4];              /* system code of what is asked */
    int crc;                 /* enum hj212_crc_kind */
    int extra_length_digits; /* 0 or 4 */
    bool strict;
    int idle_s;      /* connection closed after so long without a frame */
    int connections; /* listen: at most so many */
    int poll_s;      /* 0: the analyzer speaks by itself */
    int poll_cn;     /* what is asked */
    int take;        /* enum hj212_take */
};

/* A value within the frames of an analyzer. */
struct item_source {
    char factor[8];                 /* as written; "" = the channel's own */
    char code[8];                   /* of 2017 */
    char code_2005[8];              /* "" when there is none */
    char field[8];                  /* Rtd, Avg, ZsRtd ... */
    char mn[MN_BYTES];              /* "" = any device of the line */
    char pol_id[8], pol_id_2005[8]; /* of a 3020 that names an instrument: only of this one */
};

/* ---- uplinks ---- */

struct outlet_name {
    char id[64];
};

struct allowed {
    char what[16];
};

struct uplink {
    char name[64];
    char host[128];
    int port;
    int version;
    char st[4];
    char mn[MN_BYTES]; /* "" = the site's */
    char password[8];
    bool has_encrypt;
    struct {
        char key_file[256];
        int length; /* 0 as transmitted, 1 of the plain text */
    } encrypt;
    struct outlet_name *outlets; /* empty: all */
    size_t outlet_count;
    int min_interval; /* minutes of a 2051, a divisor of the hour */
    int realtime_s;
    bool minute, hour, day; /* what is sent */
    bool furnace;           /* 2111 of a01901 */
    int heartbeat_s;        /* 9015, 2025 only; 0: none */
    bool acknowledge;       /* false: the platform never answers */
    int over_time_s, re_count;
    int gap_ms;            /* least time between two frames */
    int backlog_per_s;     /* most backlog frames a second */
    struct allowed *allow; /* names of policies a platform may use */
    size_t allow_count;
    unsigned allowed; /* bit set of enum hj212_policy, by the loader */
    char clock_hook[256];
    char marks[MARKS][MARK_LETTERS]; /* what is sent for each mark */
};

#endif
