/* The journal: one durable, ordered, append-only record. Nothing is published before it is durable.
 *
 *   loop                              writer thread                          loop
 *   journal_append ─► chain, seq ─┐
 *   journal_append ─► chain, seq ─┤   one transaction: sign, insert,         journal_take: what is durable,
 *   journal_flush ────────────────┴─► COMMIT (WAL, synchronous=FULL) ─► wake ─► in order, to be published
 *
 * Streams: "alarm" and "disclosure" are published, "sample" holds raw blocks (journal/samples.h), "event" what happened
 * to the gateway itself. Each has its own seq from 1 without gaps and its own chain. What is appended between two
 * flushes becomes durable together or not at all.
 *
 * When the disk fails, the writer keeps its batch and tries again every half second for ever; nothing is lost until the
 * mailbox is full, and then journal_append refuses, and the caller stops taking samples in (the lines wait).
 *
 * All functions belong to the loop's thread. File format: docs/architecture.md "Journal". */
#ifndef CEMSD_JOURNAL_JOURNAL_H
#define CEMSD_JOURNAL_JOURNAL_H

#include "journal/chain.h"
#include "journal/sign.h"
#include "model/error.h"
#include "model/reading.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stream { STREAM_ALARM, STREAM_DISCLOSURE, STREAM_SAMPLE, STREAM_EVENT, STREAMS };
const char *stream_name(enum stream stream);
bool stream_parse(const char *name, enum stream *stream);

enum {
    JOURNAL_MAILBOX_BYTES = 32 * 1024 * 1024, /* appended and not yet durable */
    JOURNAL_TAIL_BYTES =
        16 * 1024 * 1024, /* durable and not yet taken; beyond it journal_take leaves gaps to read back */
    JOURNAL_BODY_MAX = 256 * 1024,
    TOPIC_BYTES = 192,
    JOURNAL_CURSORS = 64,
};

/* How long what is kept (journal/trim.c); 0 days: for ever. max_bytes 0: however large. */
struct journal_keep {
    int samples_days, realtime_days, minute_days;
    int64_t max_bytes;
};

struct journal_settings {
    const char *path;
    struct signer *signer; /* borrowed, used by the writer only; NULL: unsigned */
    struct journal_keep keep;
    enum chain_hash chain;     /* of a file that is made; one that is there keeps its own */
    void (*wake)(void *owner); /* from the writer's thread: something is durable, or the state has changed */
    void *owner;
};

struct journal;

/* Opens or creates the file, checks that it is a journal, that it can be written and that the ends of its chains are
 * whole, and starts the writer. NULL with err that says what to do; the file is never deleted or repaired. */
struct journal *journal_open(const struct journal_settings *settings, struct error *err);
enum chain_hash journal_chain(const struct journal *journal);
/* Makes everything appended durable (waits up to 10 s for a failing disk), stops the writer, closes. False: some was
 * lost. */
bool journal_close(struct journal *journal);

/* Appends a published body. members is the JSON object without v, stream, seq, prev: `{"time":...}`; the journal puts
 * those in front. False when the mailbox is full or the body too large (counted). */
bool journal_publish(struct journal *journal, enum stream stream, int64_t time_ms, const char *kind, const char *topic,
                     const char *members, size_t length);
/* Appends an internal body as it is. */
bool journal_append(struct journal *journal, enum stream stream, int64_t time_ms, const char *kind, const void *body,
                    size_t length);

/* Query rows beside the entries; each belongs to the entry appended last. */
bool journal_index_record(struct journal *journal, const struct period_record *record);
bool journal_index_alarm(struct journal *journal, const struct alarm_event *event);
/* A signed checkpoint of all that is appended so far (journal/checkpoint.h), and one step of retention. */
bool journal_checkpoint(struct journal *journal, const char *mn, int64_t time_ms);
bool journal_trim(struct journal *journal, int64_t time_ms);

/* Where a publisher stands: kept with the next transaction. */
bool journal_save_cursor(struct journal *journal, const char *name, uint64_t seq);
uint64_t journal_cursor(const struct journal *journal, const char *name);

/* Hands everything appended so far to the writer as one transaction. */
void journal_flush(struct journal *journal);

/* The journal's number of a channel, made when it is new. 0 when the mailbox is full. */
uint32_t journal_channel_id(struct journal *journal, const char *outlet, const char *factor);

/* The next durable published entry, or NULL. Owned by the caller until journal_entry_free. */
struct journal_entry {
    enum stream stream;
    uint64_t seq;
    int64_t time_ms;
    const char *topic;
    const char *body;
    size_t length;
    uint8_t hash[CHAIN_BYTES];
    uint8_t signature[SIGNATURE_BYTES];
    size_t signature_length; /* 0 = unsigned */
};
struct journal_entry *journal_take(struct journal *journal);
void journal_entry_free(struct journal_entry *entry);

/* Room for a good deal more: take samples in only while this is true. */
bool journal_has_room(struct journal *journal);

struct journal_status {
    uint64_t appended[STREAMS], durable[STREAMS]; /* last seq */
    uint64_t commits, refused, retries;
    size_t waiting_bytes;
    int64_t last_commit_ms;
    int64_t last_checkpoint_ms; /* INSTANT_NONE before the first */
    bool checkpoint_more;       /* the last one did not reach the end: another is due */
    bool trim_more;             /* retention has more to take away */
    bool fatal;                 /* the file is damaged or somebody else writes it: the daemon must stop */
    char error[256];            /* "" while all is well */
};
void journal_status_get(struct journal *journal, struct journal_status *out);
/* How long the writer has had work and not come back from the disk, well or ill; 0: it has none. A disk that fails is
 * not stuck: the writer tries again. */
int64_t journal_stuck_ns(struct journal *journal, int64_t now_ns);
/* Chain value after the last durable entry of the stream. */
void journal_head(struct journal *journal, enum stream stream, uint64_t *seq, uint8_t hash[CHAIN_BYTES]);

#endif
