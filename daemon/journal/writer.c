/* The writer: takes what has been flushed, whole flushes only, and makes it durable in one transaction.
 *
 *   BEGIN ─► insert every item ─► COMMIT ─► heads move, published entries go back to the loop ─► wake
 *     └── full disk, I/O error, busy: ROLLBACK, keep the batch, wait 500 ms, again, for ever
 *     └── constraint, corruption, not a database: fatal; nothing more is written and the daemon stops */
#include "journal/checkpoint.h"
#include "journal/item.h"
#include "model/clock.h"
#include "model/instant.h"
#include "model/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SQL_ENTRY, SQL_MESSAGE, SQL_LATEST, SQL_RECORD, SQL_ALARM, SQL_CURSOR, SQL_CHANNEL };

static const char UPSERT_ALARM[] = "INSERT INTO alarm VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"
                                   " ON CONFLICT(id) DO UPDATE SET seq=?2, state=?3, time_ms=?9, value=?10";

/* A record is kept as it was closed; only a later revision takes its place (the entry of the earlier one stays). */
#define SQL_RECORD_TEXT                                                                                                \
    "INSERT INTO figure VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"                                             \
    " ON CONFLICT(channel, period, from_ms) DO UPDATE SET value = excluded.value,"                                     \
    " converted = excluded.converted, min = excluded.min, max = excluded.max, amount = excluded.amount,"               \
    " flow = excluded.flow, mark = excluded.mark, valid = excluded.valid, expected = excluded.expected,"               \
    " limit_max = excluded.limit_max, exceeds = excluded.exceeds, reason = excluded.reason, seq = excluded.seq,"       \
    " converted_min = excluded.converted_min, converted_max = excluded.converted_max, weight = excluded.weight,"       \
    " condition = excluded.condition, revision = excluded.revision WHERE excluded.revision > figure.revision"

static const char *const SQL[STATEMENTS] = {
    [SQL_ENTRY] = "INSERT INTO entry VALUES(?,?,?,?,?,?)",
    [SQL_MESSAGE] = "INSERT INTO message VALUES(?,?,?,?,?)",
    [SQL_LATEST] = "INSERT OR REPLACE INTO latest VALUES(?,?,?)",
    [SQL_RECORD] = SQL_RECORD_TEXT,
    [SQL_ALARM] = UPSERT_ALARM,
    [SQL_CURSOR] = "INSERT OR REPLACE INTO cursor VALUES(?,?)",
    [SQL_CHANNEL] = "INSERT INTO channel VALUES(?,?,?)",
};

bool writer_prepare(struct journal *journal, struct error *err)
{
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(journal->db, SQL[i], -1, SQLITE_PREPARE_PERSISTENT, &journal->statement[i], NULL) !=
            SQLITE_OK)
            return error_set(err, "journal %s: %s", journal->path, sqlite3_errmsg(journal->db));
    return true;
}

void writer_release(struct journal *journal)
{
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(journal->statement[i]);
}

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
    if (text)
        sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(s, at);
}

static void bind_real(sqlite3_stmt *s, int at, double value)
{
    if (isfinite(value))
        sqlite3_bind_double(s, at, value);
    else
        sqlite3_bind_null(s, at);
}

static int run(sqlite3_stmt *s)
{
    int code = sqlite3_step(s);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int write_entry(struct journal *journal, struct item *item)
{
    struct journal_entry *entry = &item->entry;
    const char *stream = stream_name(entry->stream);
    sqlite3_stmt *s = journal->statement[SQL_ENTRY];
    bind_text(s, 1, stream);
    sqlite3_bind_int64(s, 2, (int64_t)entry->seq);
    sqlite3_bind_int64(s, 3, entry->time_ms);
    bind_text(s, 4, item->entry_kind);
    sqlite3_bind_blob(s, 5, entry->body, (int)entry->length, SQLITE_STATIC);
    sqlite3_bind_blob(s, 6, entry->hash, CHAIN_BYTES, SQLITE_STATIC);
    int code = run(s);
    if (code != SQLITE_OK || !entry->topic)
        return code;
    struct signer *signer = journal->settings.signer;
    if (signer && entry->signature_length == 0) {
        if (!signer_sign(signer, entry->body, entry->length, entry->signature, &entry->signature_length))
            return SQLITE_NOMEM; /* only memory can fail here: try again */
    }
    s = journal->statement[SQL_MESSAGE];
    bind_text(s, 1, stream);
    sqlite3_bind_int64(s, 2, (int64_t)entry->seq);
    bind_text(s, 3, entry->topic);
    bind_text(s, 4, signer ? signer_id(signer) : NULL);
    if (entry->signature_length)
        sqlite3_bind_blob(s, 5, entry->signature, (int)entry->signature_length, SQLITE_STATIC);
    if ((code = run(s)) != SQLITE_OK || entry->stream != STREAM_DISCLOSURE)
        return code;
    s = journal->statement[SQL_LATEST];
    bind_text(s, 1, entry->topic);
    bind_text(s, 2, stream);
    sqlite3_bind_int64(s, 3, (int64_t)entry->seq);
    return run(s);
}

static int write_record(struct journal *journal, const struct record_row *r)
{
    sqlite3_stmt *s = journal->statement[SQL_RECORD];
    sqlite3_bind_int64(s, 1, r->channel);
    sqlite3_bind_int64(s, 2, r->period);
    sqlite3_bind_int64(s, 3, r->from_ms);
    const double reals[] = {r->value, r->converted, r->min, r->max, r->amount, r->flow};
    for (int i = 0; i < 6; i++)
        bind_real(s, 4 + i, reals[i]);
    sqlite3_bind_int64(s, 10, r->mark);
    sqlite3_bind_int64(s, 11, r->valid);
    sqlite3_bind_int64(s, 12, r->expected);
    bind_real(s, 13, r->limit_max);
    if (r->exceeds >= 0)
        sqlite3_bind_int(s, 14, r->exceeds);
    bind_text(s, 15, reason_code(r->reason));
    sqlite3_bind_int64(s, 16, (int64_t)r->seq);
    bind_real(s, 17, r->converted_min);
    bind_real(s, 18, r->converted_max);
    bind_real(s, 19, r->weight);
    if (r->condition >= 0)
        sqlite3_bind_int64(s, 20, r->condition);
    sqlite3_bind_int64(s, 21, r->revision);
    return run(s);
}

static int write_alarm(struct journal *journal, const struct alarm_row *a)
{
    sqlite3_stmt *s = journal->statement[SQL_ALARM];
    bind_text(s, 1, a->id);
    sqlite3_bind_int64(s, 2, (int64_t)a->seq);
    bind_text(s, 3, alarm_state_name(a->state));
    bind_text(s, 4, alarm_kind_name(a->kind));
    bind_text(s, 5, a->outlet[0] ? a->outlet : NULL);
    bind_text(s, 6, a->subject);
    bind_text(s, 7, a->period >= 0 ? period_name((enum period)a->period) : NULL);
    sqlite3_bind_int64(s, 8, a->raised_ms);
    sqlite3_bind_int64(s, 9, a->time_ms);
    bind_real(s, 10, a->value);
    return run(s);
}

static int write_item(struct journal *journal, struct item *item)
{
    sqlite3_stmt *s;
    switch (item->kind) {
    case ITEM_ENTRY: return write_entry(journal, item);
    case ITEM_RECORD: return write_record(journal, &item->row.record);
    case ITEM_ALARM: return write_alarm(journal, &item->row.alarm);
    case ITEM_CURSOR:
        s = journal->statement[SQL_CURSOR];
        bind_text(s, 1, item->row.named.name);
        sqlite3_bind_int64(s, 2, (int64_t)item->row.named.number);
        return run(s);
    case ITEM_CHECKPOINT:
        return checkpoint_write(journal->db, journal->chain, journal->settings.signer, item->row.named.name,
                                item->entry.time_ms, &item->more);
    case ITEM_TRIM: return trim_step(journal->db, &journal->settings.keep, item->entry.time_ms, &item->more);
    case ITEM_CHANNEL: break;
    }
    s = journal->statement[SQL_CHANNEL];
    sqlite3_bind_int64(s, 1, (int64_t)item->row.named.number);
    bind_text(s, 2, item->row.named.name);
    bind_text(s, 3, item->row.named.factor);
    return run(s);
}

static int write_batch(struct journal *journal, struct item_list *batch)
{
    int code = sqlite3_exec(journal->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    for (struct item *item = batch->first; item && code == SQLITE_OK; item = item->next) {
        code = write_item(journal, item);
        if (code == SQLITE_OK && sqlite3_get_autocommit(journal->db))
            code = SQLITE_ABORT; /* SQLite rolled back by itself: what follows would become durable without it */
    }
    if (code == SQLITE_OK)
        code = sqlite3_exec(journal->db, "COMMIT", NULL, NULL, NULL);
    return code;
}

static bool hopeless(int code)
{
    int basic = code & 0xFF;
    return basic == SQLITE_CONSTRAINT || basic == SQLITE_CORRUPT || basic == SQLITE_NOTADB ||
           basic == SQLITE_MISMATCH || basic == SQLITE_MISUSE;
}

/* The batch is durable: heads move, and what is published goes back to the loop as far as the tail has room. */
static void hand_back(struct journal *journal, struct item_list *batch)
{
    struct item *item;
    struct item_list drop = {0};
    pthread_mutex_lock(&journal->lock);
    while ((item = item_list_take(batch))) {
        if (item->kind == ITEM_ENTRY) {
            journal->durable_head[item->entry.stream].seq = item->entry.seq;
            memcpy(journal->durable_head[item->entry.stream].hash, item->entry.hash, CHAIN_BYTES);
        }
        if (item->kind == ITEM_CHECKPOINT) {
            journal->last_checkpoint_ms = item->entry.time_ms;
            journal->checkpoint_more = item->more;
        }
        if (item->kind == ITEM_TRIM)
            journal->trim_more = item->more;
        bool back = item->kind == ITEM_ENTRY && item->entry.topic && journal->durable.bytes < JOURNAL_TAIL_BYTES;
        item_list_add(back ? &journal->durable : &drop, item);
    }
    journal->writing_bytes = 0;
    journal->work_since_ns = journal->flushed.first ? clock_monotonic_ns() : 0;
    journal->commits++;
    journal->last_commit_ms = clock_wall_ms();
    journal->error[0] = '\0';
    pthread_cond_broadcast(&journal->idle);
    pthread_mutex_unlock(&journal->lock);
    item_list_clear(&drop);
    journal->settings.wake(journal->settings.owner);
}

/* Says it once per kind of failure; returns whether to go on trying. */
static bool failed(struct journal *journal, int code)
{
    char text[256];
    snprintf(text, sizeof text, "write %s: %s", journal->path, sqlite3_errmsg(journal->db));
    sqlite3_exec(journal->db, "ROLLBACK", NULL, NULL, NULL);
    pthread_mutex_lock(&journal->lock);
    bool news = strcmp(journal->error, text) != 0;
    memcpy(journal->error, text, sizeof journal->error);
    journal->retries++;
    journal->work_since_ns = clock_monotonic_ns();
    journal->fatal = hopeless(code);
    bool go_on = !journal->fatal;
    pthread_mutex_unlock(&journal->lock);
    if (news)
        log_line(LOG_ERROR, "journal", "event=write-failed retry=%s error=\"%s\"", go_on ? "yes" : "no", text);
    journal->settings.wake(journal->settings.owner);
    return go_on;
}

/* Waits 500 ms, or less when the journal is being closed. False when it is time to give up. */
static bool wait_to_retry(struct journal *journal, int *closing_retries)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 500000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&journal->lock);
    bool stopping = journal->stopping;
    if (!stopping)
        pthread_cond_timedwait(&journal->work, &journal->lock, &until);
    pthread_mutex_unlock(&journal->lock);
    if (!stopping)
        return true;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    return ++*closing_retries < 20;
}

static bool write_until_durable(struct journal *journal, struct item_list *batch)
{
    int closing_retries = 0, code;
    while ((code = write_batch(journal, batch)) != SQLITE_OK)
        if (!failed(journal, code) || !wait_to_retry(journal, &closing_retries))
            return false;
    hand_back(journal, batch);
    return true;
}

void *writer_run(void *argument)
{
    struct journal *journal = argument;
    struct item_list batch = {0};
    bool good = true;
    while (good) {
        pthread_mutex_lock(&journal->lock);
        while (!journal->flushed.first && !journal->stopping)
            pthread_cond_wait(&journal->work, &journal->lock);
        journal->writing_bytes = journal->flushed.bytes;
        item_list_join(&batch, &journal->flushed);
        bool done = !batch.first;
        pthread_mutex_unlock(&journal->lock);
        if (done)
            break;
        good = write_until_durable(journal, &batch);
    }
    item_list_clear(&batch);
    pthread_mutex_lock(&journal->lock);
    journal->fatal = journal->fatal || !good;
    pthread_cond_broadcast(&journal->idle);
    pthread_mutex_unlock(&journal->lock);
    return NULL;
}
