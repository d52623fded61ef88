/* What travels from the loop to the writer, and (published entries) back. Private to the room. */
#ifndef CEMSD_JOURNAL_ITEM_H
#define CEMSD_JOURNAL_ITEM_H

#include "journal/journal.h"

#include <pthread.h>
#include <sqlite3.h>

enum item_kind { ITEM_ENTRY, ITEM_RECORD, ITEM_ALARM, ITEM_CURSOR, ITEM_CHANNEL, ITEM_CHECKPOINT, ITEM_TRIM };

struct record_row {
    uint32_t channel; /* the journal's number */
    enum period period;
    int64_t from_ms;
    double value, converted, min, max, amount, flow, limit_max, converted_min, converted_max;
    enum mark mark;
    uint32_t valid, expected;
    int exceeds;
    enum reason reason;
    uint64_t seq;
    double weight;
    int condition;
    uint32_t revision;
};

struct alarm_row {
    char id[ALARM_ID], outlet[NAME_BYTES], subject[NAME_BYTES];
    uint64_t seq;
    enum alarm_state state;
    enum alarm_kind kind;
    int period;
    int64_t raised_ms, time_ms;
    double value;
};

struct named_number {
    char name[NAME_BYTES], factor[8];
    uint64_t number;
};

struct item {
    struct item *next;
    enum item_kind kind;
    size_t bytes;               /* of memory, for the bounds */
    struct journal_entry entry; /* ITEM_ENTRY; topic NULL when it is not published. Of a checkpoint or trim: time_ms */
    char entry_kind[24];
    bool more; /* of a checkpoint or trim: there is more to do */
    union {
        struct record_row record;
        struct alarm_row alarm;
        struct named_number named;
    } row;
    char storage[]; /* topic, body */
};

struct item_list {
    struct item *first, *last;
    size_t bytes;
};

void item_list_add(struct item_list *list, struct item *item);
struct item *item_list_take(struct item_list *list);
/* Moves all of from to the end of to. */
void item_list_join(struct item_list *to, struct item_list *from);
void item_list_clear(struct item_list *list);

enum { STATEMENTS = 7 };

struct journal {
    struct journal_settings settings;
    enum chain_hash chain;
    char path[PATH_BYTES];

    /* the loop's own */
    struct item_list pending; /* appended, not flushed */
    struct {
        uint64_t seq;
        uint8_t hash[CHAIN_BYTES];
    } head[STREAMS];
    struct named_number *channels;
    size_t channel_count, channel_room, channel_hint; /* where the last was found */
    struct named_number cursors[JOURNAL_CURSORS];
    size_t cursor_count;
    uint64_t refused;
    uint64_t last_seq; /* of the entry appended last: its query rows follow */

    /* shared, under lock */
    pthread_mutex_t lock;
    pthread_cond_t work, idle;
    struct item_list flushed; /* for the writer */
    struct item_list durable; /* for the loop */
    size_t writing_bytes;     /* taken by the writer, not yet durable */
    struct {
        uint64_t seq;
        uint8_t hash[CHAIN_BYTES];
    } durable_head[STREAMS];
    uint64_t commits, retries;
    int64_t last_commit_ms;
    int64_t work_since_ns; /* monotonic: the writer has had something to do and not moved since; 0: it has nothing */
    int64_t last_checkpoint_ms;
    bool checkpoint_more, trim_more;
    bool stopping, fatal;
    char error[256];

    /* the writer's own */
    pthread_t thread;
    sqlite3 *db;
    int file_lock;
    sqlite3_stmt *statement[STATEMENTS];
};

/* writer.c */
bool writer_prepare(struct journal *journal, struct error *err);
void writer_release(struct journal *journal);
void *writer_run(void *argument);

#endif
