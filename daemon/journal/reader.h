/* Reading the journal: the same file, a connection of its own, from any process that may read the file. Used by replay
 * and snapshot, by the restart of the daemon, and by cemsctl. Each reader belongs to one thread. */
#ifndef CEMSD_JOURNAL_READER_H
#define CEMSD_JOURNAL_READER_H

#include "journal/journal.h"

#include <sqlite3.h>

struct reader;

struct reader *reader_open(const char *path, struct error *err);
void reader_close(struct reader *reader);

/* The hash of its chains. */
enum chain_hash reader_chain(const struct reader *reader);

/* The last seq of a stream; 0 when it is empty. */
uint64_t reader_last_seq(struct reader *reader, enum stream stream);

/* Each walk calls `each` in order until it returns false; borrowed for the call. False with err when SQLite fails.
 * `more` (may be NULL) says whether the walk ended because of max. */

/* Published entries after seq `after` up to `upto`, at most max, topics that begin with prefix. */
bool reader_messages(struct reader *reader, enum stream stream, uint64_t after, uint64_t upto, size_t max,
                     const char *prefix, bool (*each)(void *owner, const struct journal_entry *entry), void *owner,
                     bool *more, struct error *err);
/* Any entry (topic NULL), with its kind. */
bool reader_entries(struct reader *reader, enum stream stream, uint64_t after, size_t max,
                    bool (*each)(void *owner, const struct journal_entry *entry, const char *kind), void *owner,
                    struct error *err);
/* Last step of every active alarm, then the last disclosure of each outlet and period. */
bool reader_snapshot(struct reader *reader, bool (*each)(void *owner, const struct journal_entry *entry), void *owner,
                     struct error *err);

struct stored_alarm {
    const char *id, *state, *kind, *outlet, *subject, *period; /* outlet, period "" when it has none */
    uint64_t seq;
    int64_t raised_ms, time_ms;
    double value;
};
bool reader_alarms(struct reader *reader, bool active_only, size_t max,
                   bool (*each)(void *owner, const struct stored_alarm *alarm), void *owner, struct error *err);

/* The same, of the newest, skip of them left out: the newest first. */
bool reader_alarms_newest(struct reader *reader, bool active_only, size_t skip, size_t max,
                          bool (*each)(void *owner, const struct stored_alarm *alarm), void *owner, struct error *err);
/* The one of that id, if there is one. */
bool reader_alarm(struct reader *reader, const char *id, bool (*each)(void *owner, const struct stored_alarm *alarm),
                  void *owner, struct error *err);
/* Messages of the alarm stream that may be steps of it (`each` looks at their id), in order: the last max of those
 * among the ALARM_REACH entries up to its last step. */
enum { ALARM_REACH = 20000 };
bool reader_alarm_steps(struct reader *reader, const char *id, size_t max,
                        bool (*each)(void *owner, const struct journal_entry *entry), void *owner, struct error *err);

struct stored_record {
    const char *outlet, *factor, *period, *mark, *reason; /* reason "" when there is none */
    int64_t from_ms, to_ms;
    double value, converted, min, max, amount, flow, limit_max, converted_min, converted_max;
    uint32_t valid, expected;
    int exceeds; /* -1 not judged */
    uint64_t seq;
    double weight;
    const char *condition; /* "" when it is unknown */
    uint32_t revision;
};
/* Empty strings match all. from_ms ≤ start < to_ms. Ordered by start, outlet, factor. */
bool reader_records(struct reader *reader, const char *outlet, const char *factor, const char *period, int64_t from_ms,
                    int64_t to_ms, bool (*each)(void *owner, const struct stored_record *record), void *owner,
                    struct error *err);
/* Records whose entry has after < seq ≤ upto, in the order of seq, at most max rows. */
bool reader_records_after(struct reader *reader, uint64_t after, uint64_t upto, size_t max,
                          bool (*each)(void *owner, const struct stored_record *record), void *owner,
                          struct error *err);
/* The last revision told of a factor's period; -1: none. */
int64_t reader_revision(struct reader *reader, const char *outlet, const char *factor, const char *period,
                        int64_t from_ms);
/* Begin of the last minute there is a figure of; INSTANT_NONE when there is none. */
int64_t reader_last_minute_ms(struct reader *reader);

/* Checkpoints in their order. */
struct stored_checkpoint {
    int64_t time_ms;
    const char *body;
    size_t length;
    const char *key; /* "" unsigned */
    const uint8_t *signature;
    size_t signature_length;
    uint64_t to[4]; /* by stream */
};
bool reader_checkpoints(struct reader *reader, bool (*each)(void *owner, const struct stored_checkpoint *checkpoint),
                        void *owner, struct error *err);
/* Chain values of entries from..to, in order. */
bool reader_hashes(struct reader *reader, enum stream stream, uint64_t from, uint64_t to,
                   bool (*each)(void *owner, uint64_t seq, const uint8_t hash[CHAIN_BYTES]), void *owner,
                   struct error *err);

/* Raw samples in their order: of the newest blocks that begin at or after from_ms, or of all (INSTANT_NONE). */
struct stored_sample {
    const char *outlet, *factor;
    uint64_t seq;         /* of its block */
    uint32_t place;       /* in it */
    struct sample sample; /* its channel member is the journal's id */
    bool first_of_group;
};
bool reader_samples(struct reader *reader, int64_t from_ms,
                    bool (*each)(void *owner, const struct stored_sample *sample), void *owner, struct error *err);
/* Time of the last sample entry; INSTANT_NONE when there is none. */
int64_t reader_last_sample_ms(struct reader *reader);

/* The newest event of that kind, if there is one. */
bool reader_last_event(struct reader *reader, const char *kind,
                       bool (*each)(void *owner, const char *body, size_t length), void *owner);
/* The configuration (SHA-256 of its file, hex) under which the gateway last said something before event seq `before`;
 * false when there was none. */
bool reader_last_config(struct reader *reader, uint64_t before, char sha256[65]);

/* A consistent copy of the journal at `path` into a new file, which must not be there yet; the daemon may go on
 * writing. */
bool reader_backup(const char *path, const char *copy, struct error *err);

/* Checks that the last `count` entries of a stream are gapless and chained; *seq and hash are its end (0, zeros when it
 * is empty). Works on any connection. */
bool reader_check_end(sqlite3 *db, enum chain_hash chain, enum stream stream, int count, uint64_t *seq,
                      uint8_t hash[CHAIN_BYTES], struct error *err);

#endif
