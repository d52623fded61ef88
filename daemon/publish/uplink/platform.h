/* One platform while it is served. Private to the uplink folder:
 *
 *   uplinks.c    the set of them
 *   wire.c       connection: connect, read, write, hang up
 *   platform.c   one exchange at a time: send, resend, acknowledge
 *   lanes.c      what there is to send
 *   request.c    what the platform asks: checked, answered, remembered
 *   act.c        what is done about it
 *   history.c    what it asks of the past
 *
 * Bounds: one exchange under way, OUT_BYTES waiting for a slow socket (then it is hung up on), HISTORIES and
 * INSTRUCTIONS requests at work (then "busy"), QNS_KEPT requests remembered. */
#ifndef CEMSD_PUBLISH_UPLINK_PLATFORM_H
#define CEMSD_PUBLISH_UPLINK_PLATFORM_H

#include "hj212/command.h"
#include "publish/uplink/report.h"
#include "publish/uplink/settings.h"
#include "publish/uplink/uplinks.h"

enum {
    OUT_BYTES = 64 * 1024,
    ROWS_MAX = 256, /* read at a time: less than a millisecond of the loop; more than two records */
    WALK_MAX = 1024,
    HISTORIES = 4,
    INSTRUCTIONS = 4,
    QNS_KEPT = 16,
    REQUESTS_PER_SECOND = 20,
    INFORMATION_KEPT = 128,
};

enum wire_state { WIRE_DOWN, WIRE_RESOLVING, WIRE_CONNECTING, WIRE_UP };

/* What is sent, first in the list first. */
enum lane { LANE_STARTED, LANE_REALTIME, LANE_UNITS, LANE_HEARTBEAT, LANE_EVENT, LANE_HISTORY, LANE_RECORD, LANES };
const char *lane_name(enum lane lane);

/* A request that outlives the frame it came in. */
struct asked {
    char qn[24], pw[16], mn[MN_BYTES + 4], st[4];
    unsigned flags;
    int version, cn;
};

struct history {
    struct asked asked;
    struct hj212_request request;
    int64_t next_ms; /* start of the next chunk */
    size_t outlet;
    uint64_t sent;
    bool open;
};

struct instruction {
    uint64_t ticket; /* 0: free */
    struct asked asked;
    int64_t begun_ns;
    uv_process_t *hook; /* of 1012 */
};

struct remembered {
    char qn[24];
    int exe_rtn; /* 0: not done yet */
};

struct platform_counts {
    uint64_t frames[HJ212_VERDICTS], sent[LANES], acknowledged[LANES], resent, unanswered, connects, hung_up;
    uint64_t requests, refused[16], throttled, too_long;
};

struct platform {
    struct uplinks *set;
    struct platform *next; /* among those that leave */
    struct uplink config;
    const struct uplink *uplink; /* &config */
    struct uplink_settings configured, settings;
    char settings_path[PATH_BYTES + 80];
    struct reporter reporter;
    struct hj212_key *key, *old_key;
    bool key_proven; /* something was acknowledged under the new key */

    /* wire.c */
    enum wire_state state;
    uv_tcp_t tcp;
    uv_connect_t connecting;
    uv_getaddrinfo_t resolving;
    bool has_tcp, closing; /* the handle is there; it is being closed */
    bool leaving;          /* to be freed when nothing is open */
    int failures;
    int64_t again_ns, up_ms;
    char *in;
    size_t in_length;
    char out[OUT_BYTES];
    size_t out_length;

    /* platform.c */
    struct {
        bool open;
        enum lane lane;
        size_t part;
        int tries;
        int64_t until_ns;
        char qn[18];
        char password[8], mn[MN_BYTES]; /* as they were when it began: a command may change them meanwhile */
        char frame[HJ212_SEALED_MAX];
        size_t length;
    } now;
    struct hj212_message message, realtime;
    int64_t qn_ms, sent_ns, realtime_due_ns, units_due_ns, heartbeat_due_ns, tokens_ns;
    double tokens;
    bool started_told, realtime_ready;
    uint64_t realtime_after; /* seq of the sample stream that must be durable */
    struct report_row rows[ROWS_MAX];
    size_t row_count, row_at, group; /* group: rows of the record being sent */
    size_t walked;                   /* rows of the last fetch, and the seq it reached */
    uint64_t reached;
    uint64_t scanned, event_scanned, tried_seq;
    int stage, skip_stages; /* messages of one record: itself, run times, furnace */
    uint64_t event_seq;
    int64_t last_ack_ms;
    char last_error[128];

    /* request.c, history.c */
    struct remembered remembered[QNS_KEPT];
    size_t remembered_at;
    struct history histories[HISTORIES];
    struct instruction instructions[INSTRUCTIONS];
    struct report_row *past; /* rows of a chunk of history */
    size_t past_count, past_at, past_group;
    double request_tokens;
    int64_t request_ns;

    struct platform_counts counts;
};

struct uplinks {
    const struct plant *plant;
    struct journal *journal;
    struct reader *reader;
    uv_loop_t *loop;
    struct uplinks_doors doors;
    struct platform *platforms[UPLINKS_MAX];
    size_t count;
    struct platform *leaving; /* until their handles are closed */
    uv_timer_t tick;
    bool ticking, closed;
    uint64_t ticket;
    int64_t started_ms;
    /* the last information analyzers gave, for 3020 and 3019 */
    struct information_kept {
        char pol_id[8], info_id[8], value[256];
        int64_t time_ms;
    } information[INFORMATION_KEPT];
    size_t information_count;
};

/* wire.c */
void wire_tick(struct platform *p, int64_t now_ns);
void wire_write(struct platform *p, const char *bytes, size_t length);
void wire_hang_up(struct platform *p, const char *why);
/* Frees it when nothing of it is open any more. */
bool wire_gone(const struct platform *p);

/* platform.c */
void platform_up(struct platform *p);
void platform_down(struct platform *p);
void platform_frame(struct platform *p, const struct hj212_segment *s);
void platform_tick(struct platform *p, int64_t now_ns);
/* Sends what can be sent now. */
void platform_go_on(struct platform *p);
/* Keys as the settings have them now. */
bool platform_take_keys(struct platform *p);
void platform_load_cursors(struct platform *p);

/* lanes.c: builds the next message of a lane into p->message; false when it has none now. */
bool lane_build(struct platform *p, enum lane lane);
/* Its message was acknowledged (or can't be sent at all): the lane moves on. */
void lane_done(struct platform *p, enum lane lane);
/* Takes a snapshot for the real-time lane when it is due. */
void lane_take_realtime(struct platform *p, int64_t now_ns);

/* request.c */
void request_take(struct platform *p, const struct hj212_segment *s);
void request_finish(struct platform *p, const struct asked *asked, int exe_rtn);
void request_answer_data(struct platform *p, const struct asked *asked, const char *area);
/* The outcome of an instruction with this ticket; false when it is not this platform's. */
bool request_instructed(struct platform *p, uint64_t ticket, int exe_rtn);
void request_tick(struct platform *p, int64_t now_ns);
/* The platform goes away: hooks that still run report to nobody. */
void request_forget(struct platform *p);

/* history.c */
bool history_begin(struct platform *p, const struct asked *asked, const struct hj212_request *request);
/* The next message of the first open history into p->message; false when there is none now. */
bool history_next(struct platform *p);
void history_acknowledged(struct platform *p);

/* uplinks.c */
const struct information_kept *information_find(const struct uplinks *u, const char *pol_id, const char *info_id);

#endif
