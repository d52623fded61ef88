/* What gateway.c, recovery.c and status.c share. Private to the gateway. */
#ifndef CEMSD_GATEWAY_PARTS_H
#define CEMSD_GATEWAY_PARTS_H

#include "acquire/lines.h"
#include "compute/alarm.h"
#include "compute/compute.h"
#include "gateway.h"
#include "journal/journal.h"
#include "journal/patrol.h"
#include "journal/reader.h"
#include "journal/samples.h"
#include "publish/console/console.h"
#include "publish/feed/feed.h"
#include "publish/uplink/uplinks.h"

#include <uv.h>

enum { OWN_FINDINGS = 80 };

struct gateway {
    struct plant *plant;
    char config_file[PATH_BYTES];
    uv_loop_t loop;
    uv_async_t lines_wake, journal_wake;
    uv_timer_t tick, gather;
    _Atomic bool gathering; /* the gather timer comes by itself: lines need not wake the loop */
    int64_t last_wake_ns;
    uv_signal_t on_term, on_int, on_hup;
    struct lines *lines;
    struct compute *compute;
    struct journal *journal;
    struct feed *feed;
    struct uplinks *uplinks;
    struct console *console; /* NULL: not configured, or not to be opened now */
    int64_t console_tried_ns;
    struct signer *writer_signer, *loop_signer; /* one a thread */
    struct sample_block block;                  /* samples not yet appended */
    struct packing *packing;
    uint32_t *channel_ids;    /* the journal's, by channel->index */
    uint32_t found_last;      /* where the last of them was found */
    int64_t history_asked_ms; /* raw samples up to here were asked for ... */
    uint64_t history_seq;     /* ... and are in the journal when this is durable */
    struct own_finding {
        enum alarm_kind kind;
        char subject[NAME_BYTES];
        struct finding finding;
    } own[OWN_FINDINGS];
    int64_t clock_offset_ms, own_watched_ns; /* wall less monotonic, as the last tick saw it */
    struct reader *recovering;               /* not NULL: replaying what the journal holds */
    int64_t told_ahead_ms;                   /* periods that begin up to here may have been told before */
    bool muted;                              /* what is computed is in the journal already */
    bool stopping, lines_gone, failed, stuck;
    int64_t started_ms, started_ns, stop_ns, watchdog_ns, watchdog_fed_ns;
    int64_t ticked_ns, longest_lag_ns; /* of the tick, and how late it came at most since metrics were asked */
    int64_t housekept_ns, checkpoint_day_ms;
    bool trimming; /* retention is to look again */
    struct patrol patrol;
    uint64_t lost; /* bodies the journal refused */
    uint64_t reloads, reloads_refused;
};

/* recovery.c: rebuilds windows and findings from the journal, then closes what has ended meanwhile. */
bool recover(struct gateway *gateway, int64_t now_ms, struct error *err);

/* status.c: the answer to {"op":"status"}. */
char *gateway_status(void *owner);
/* status_lines.c: its lines. */
json_t *gateway_lines_json(struct gateway *g);
/* Its outlets alone. */
char *gateway_outlets(void *owner);

/* show.c: the console open, if one is configured; what keeps it from that is an alarm. */
void gateway_keep_console(struct gateway *gateway, int64_t now_ns);
bool gateway_reload_console(struct gateway *gateway, struct error *err);

/* house.c: says WATCHDOG=1 while everybody moves; keeps the journal in its bounds. */
void house_feed_watchdog(struct gateway *gateway, int64_t now_ns);
void house_keep(struct gateway *gateway, int64_t now_ms, int64_t now_ns);

/* metrics.c: Prometheus text, to free(). */
char *gateway_metrics(void *owner);

/* gateway.c: the sink of computing, and what is done with samples. */
bool gateway_record(void *owner, const struct period_record *closed);
void gateway_alarm(void *owner, const struct alarm_event *event);

/* told_ahead.c: the revision under which a period is told when a clock that was ahead has told it already. */
void told_ahead_find(struct gateway *g, struct reader *reader);
void told_ahead_until(struct gateway *g, int64_t told_ms);
uint32_t told_ahead_revision(struct gateway *g, const struct period_record *record);

/* history.c */
bool gateway_history(void *owner, const struct outlet *outlet, int64_t from_ms, int64_t to_ms, compute_give give,
                     void *with);
/* The channel with that number of the journal. */
bool gateway_find_channel(struct gateway *g, uint32_t id, uint32_t *index);

/* gateway.c */
void gateway_take_samples(struct gateway *g);
void gateway_append_block(struct gateway *g);
void gateway_append_event(struct gateway *g, const char *kind, const char *detail);
/* The journal's numbers by channel->index, to free(); NULL with err. */
uint32_t *gateway_number_channels(struct gateway *g, const struct plant *plant, struct error *err);

/* links.c: HJ 212 on both sides meets the other rooms. */
bool gateway_open_uplinks(struct gateway *g, struct error *err);
void gateway_information(void *owner, const struct information *information);
void gateway_instructed(void *owner, uint64_t ticket, int exe_rtn);

/* change.c: an event of the journal when the configuration is not the one last noted. */
void gateway_note_config(struct gateway *gateway);

/* keys.c: events of the journal when the signing key is another, or keys are revoked. */
void gateway_note_keys(struct gateway *gateway);

/* reload.c */
void gateway_reload(uv_signal_t *handle, int signal_number);

/* own_alarms.c: alarms of the gateway itself. */
void own_alarm(struct gateway *g, enum alarm_kind kind, const char *subject, enum alarm_input input,
               const char *detail);
bool own_restore(struct gateway *g, const struct stored_alarm *a, enum alarm_kind kind, enum alarm_state state);
void own_watch(struct gateway *g, int64_t now_ms, int64_t now_ns);
/* Of a channel, a line or the gateway: NULL, or why not. */
const char *gateway_acknowledge(void *owner, const char *id, const char *by, const char *note);

#endif
