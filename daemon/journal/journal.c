/* The loop's side: numbering, chaining and the bounded mailbox. The chain is computed here and not in the writer,
 * because a published body holds its own seq and prev, so that an entry is final the moment it is appended. */
#include "journal/journal.h"

#include "journal/file.h"
#include "journal/item.h"
#include "journal/reader.h"
#include "model/clock.h"
#include "model/instant.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const STREAM[STREAMS] = {"alarm", "disclosure", "sample", "event"};

const char *stream_name(enum stream stream)
{
    return STREAM[stream];
}

bool stream_parse(const char *name, enum stream *stream)
{
    for (int s = 0; s < STREAMS; s++) {
        if (strcmp(name, STREAM[s]) == 0) {
            *stream = (enum stream)s;
            return true;
        }
    }
    return false;
}

/* ---- lists ---- */

void item_list_add(struct item_list *list, struct item *item)
{
    item->next = NULL;
    if (list->last)
        list->last->next = item;
    else
        list->first = item;
    list->last = item;
    list->bytes += item->bytes;
}

struct item *item_list_take(struct item_list *list)
{
    struct item *item = list->first;
    if (!item)
        return NULL;
    list->first = item->next;
    if (!list->first)
        list->last = NULL;
    list->bytes -= item->bytes;
    return item;
}

void item_list_join(struct item_list *to, struct item_list *from)
{
    if (!from->first)
        return;
    if (to->last)
        to->last->next = from->first;
    else
        to->first = from->first;
    to->last = from->last;
    to->bytes += from->bytes;
    *from = (struct item_list){0};
}

void item_list_clear(struct item_list *list)
{
    struct item *item;
    while ((item = item_list_take(list)))
        free(item);
}

/* ---- opening ---- */

static bool load_names(struct journal *journal, struct error *err)
{
    sqlite3_stmt *s = NULL;
    bool ok = sqlite3_prepare_v2(journal->db, "SELECT id, outlet, factor FROM channel ORDER BY id", -1, &s, NULL) ==
              SQLITE_OK;
    while (ok && sqlite3_step(s) == SQLITE_ROW) {
        struct named_number *more = realloc(journal->channels, (journal->channel_count + 1) * sizeof *more);
        if (!more) {
            ok = false;
            break;
        }
        journal->channels = more;
        journal->channel_room = journal->channel_count + 1;
        struct named_number *n = &more[journal->channel_count++];
        n->number = (uint64_t)sqlite3_column_int64(s, 0);
        snprintf(n->name, sizeof n->name, "%s", (const char *)sqlite3_column_text(s, 1));
        snprintf(n->factor, sizeof n->factor, "%s", (const char *)sqlite3_column_text(s, 2));
    }
    sqlite3_finalize(s);
    ok = ok && sqlite3_prepare_v2(journal->db, "SELECT name, seq FROM cursor", -1, &s, NULL) == SQLITE_OK;
    while (ok && journal->cursor_count < JOURNAL_CURSORS && sqlite3_step(s) == SQLITE_ROW) {
        struct named_number *n = &journal->cursors[journal->cursor_count++];
        snprintf(n->name, sizeof n->name, "%s", (const char *)sqlite3_column_text(s, 0));
        n->number = (uint64_t)sqlite3_column_int64(s, 1);
    }
    if (ok)
        sqlite3_finalize(s);
    ok = ok && sqlite3_prepare_v2(journal->db, "SELECT max(time_ms) FROM checkpoint", -1, &s, NULL) == SQLITE_OK;
    journal->last_checkpoint_ms = INSTANT_NONE;
    if (ok && sqlite3_step(s) == SQLITE_ROW && sqlite3_column_type(s, 0) != SQLITE_NULL)
        journal->last_checkpoint_ms = sqlite3_column_int64(s, 0);
    if (ok)
        sqlite3_finalize(s);
    return ok || error_set(err, "journal %s: %s", journal->path, sqlite3_errmsg(journal->db));
}

/* The last entries of each stream must follow from each other: a torn or altered end is found before it is built on. */
static bool check_ends(struct journal *journal, struct error *err)
{
    for (int s = 0; s < STREAMS; s++) {
        uint64_t seq = 0;
        if (!reader_check_end(journal->db, journal->chain, (enum stream)s, 64, &seq, journal->head[s].hash, err))
            return error_prefix(err, "journal %s is damaged or was altered; keep it, run cemsctl verify",
                                journal->path);
        journal->head[s].seq = journal->durable_head[s].seq = seq;
        memcpy(journal->durable_head[s].hash, journal->head[s].hash, CHAIN_BYTES);
    }
    return true;
}

static void release(struct journal *journal)
{
    writer_release(journal);
    sqlite3_close(journal->db);
    if (journal->file_lock >= 0)
        close(journal->file_lock);
    item_list_clear(&journal->pending);
    item_list_clear(&journal->flushed);
    item_list_clear(&journal->durable);
    pthread_cond_destroy(&journal->work);
    pthread_cond_destroy(&journal->idle);
    pthread_mutex_destroy(&journal->lock);
    free(journal->channels);
    free(journal);
}

enum chain_hash journal_chain(const struct journal *journal)
{
    return journal->chain;
}

struct journal *journal_open(const struct journal_settings *settings, struct error *err)
{
    struct journal *journal = calloc(1, sizeof *journal);
    pthread_condattr_t monotonic;
    if (!journal) {
        error_set(err, "journal: out of memory");
        return NULL;
    }
    journal->settings = *settings;
    snprintf(journal->path, sizeof journal->path, "%s", settings->path);
    journal->last_commit_ms = INSTANT_NONE;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&journal->lock, NULL);
    pthread_cond_init(&journal->work, &monotonic);
    pthread_cond_init(&journal->idle, &monotonic);
    pthread_condattr_destroy(&monotonic);
    journal->chain = settings->chain;
    journal->db = journal_file_open(settings->path, &journal->chain, &journal->file_lock, err);
    if (!journal->db || !load_names(journal, err) || !check_ends(journal, err) || !writer_prepare(journal, err)) {
        release(journal);
        return NULL;
    }
    if (pthread_create(&journal->thread, NULL, writer_run, journal) != 0) {
        error_set(err, "journal: no thread for the writer");
        release(journal);
        return NULL;
    }
    pthread_setname_np(journal->thread, "journal");
    return journal;
}

bool journal_close(struct journal *journal)
{
    if (!journal)
        return true;
    journal_flush(journal);
    pthread_mutex_lock(&journal->lock);
    journal->stopping = true;
    pthread_cond_broadcast(&journal->work);
    pthread_mutex_unlock(&journal->lock);
    pthread_join(journal->thread, NULL);
    bool whole = !journal->fatal && !journal->flushed.first;
    release(journal);
    return whole;
}

/* ---- appending ---- */

static size_t waiting_bytes(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    size_t bytes = journal->flushed.bytes + journal->writing_bytes;
    pthread_mutex_unlock(&journal->lock);
    return bytes + journal->pending.bytes;
}

bool journal_has_room(struct journal *journal)
{
    return waiting_bytes(journal) < JOURNAL_MAILBOX_BYTES / 2;
}

static struct item *new_item(struct journal *journal, enum item_kind kind, size_t storage)
{
    struct item *item = NULL;
    if (storage <= JOURNAL_BODY_MAX + 2 * TOPIC_BYTES && waiting_bytes(journal) + storage < JOURNAL_MAILBOX_BYTES)
        item = malloc(sizeof *item + storage);
    if (!item) {
        journal->refused++;
        return NULL;
    }
    memset(item, 0, sizeof *item);
    item->kind = kind;
    item->bytes = sizeof *item + storage;
    return item;
}

static void number_and_chain(struct journal *journal, struct item *item, enum stream stream, int64_t time_ms,
                             const char *kind)
{
    struct journal_entry *entry = &item->entry;
    entry->stream = stream;
    entry->seq = ++journal->head[stream].seq;
    entry->time_ms = time_ms;
    snprintf(item->entry_kind, sizeof item->entry_kind, "%s", kind);
    chain_next(journal->chain, journal->head[stream].hash, entry->body, entry->length, entry->hash);
    memcpy(journal->head[stream].hash, entry->hash, CHAIN_BYTES);
    journal->last_seq = entry->seq;
    item_list_add(&journal->pending, item);
}

bool journal_publish(struct journal *journal, enum stream stream, int64_t time_ms, const char *kind, const char *topic,
                     const char *members, size_t length)
{
    char head[192], prev[CHAIN_HEX];
    int head_length = snprintf(head, sizeof head, "{\"v\":1,\"stream\":\"%s\",\"seq\":%llu,\"prev\":\"%s\",%s",
                               STREAM[stream], (unsigned long long)journal->head[stream].seq + 1,
                               hex_encode(journal->head[stream].hash, CHAIN_BYTES, prev),
                               journal->chain == CHAIN_SM3 ? "\"chain\":\"sm3\"," : "");
    size_t topic_length = strlen(topic) + 1,
           body_length = (size_t)head_length + length - 1; /* members bring their own { */
    if (body_length > JOURNAL_BODY_MAX || topic_length > TOPIC_BYTES) {
        journal->refused++;
        return false;
    }
    struct item *item = new_item(journal, ITEM_ENTRY, topic_length + body_length);
    if (!item)
        return false;
    char *body = item->storage + topic_length;
    memcpy(item->storage, topic, topic_length);
    memcpy(body, head, (size_t)head_length);
    memcpy(body + head_length, members + 1, length - 1);
    item->entry.topic = item->storage;
    item->entry.body = body;
    item->entry.length = body_length;
    number_and_chain(journal, item, stream, time_ms, kind);
    return true;
}

bool journal_append(struct journal *journal, enum stream stream, int64_t time_ms, const char *kind, const void *body,
                    size_t length)
{
    struct item *item = length <= JOURNAL_BODY_MAX ? new_item(journal, ITEM_ENTRY, length) : NULL;
    if (!item)
        return false;
    memcpy(item->storage, body, length);
    item->entry.body = item->storage;
    item->entry.length = length;
    number_and_chain(journal, item, stream, time_ms, kind);
    return true;
}

static bool index_reading(struct journal *journal, const struct period_record *record, const struct reading *reading)
{
    uint32_t channel = journal_channel_id(journal, record->outlet->id, reading->channel->factor->code);
    struct item *item = channel > 0 ? new_item(journal, ITEM_RECORD, 0) : NULL;
    if (!item)
        return false;
    struct record_row *row = &item->row.record;
    row->channel = channel;
    row->period = record->period;
    row->from_ms = record->from_ms;
    row->value = reading->value;
    row->converted = reading->converted;
    row->min = reading->min;
    row->max = reading->max;
    row->converted_min = reading->converted_min;
    row->converted_max = reading->converted_max;
    row->amount = reading->amount;
    row->flow = record->flow;
    row->limit_max = reading->limit ? reading->limit->max : NAN;
    row->mark = reading->mark;
    row->valid = reading->valid;
    row->expected = reading->expected;
    row->exceeds = reading->exceeds;
    row->reason = reading->reason;
    row->seq = journal->last_seq;
    row->weight = reading->weight;
    row->condition = record->condition;
    row->revision = record->revision;
    item_list_add(&journal->pending, item);
    return true;
}

bool journal_index_record(struct journal *journal, const struct period_record *record)
{
    for (size_t i = 0; i < record->reading_count; i++)
        if (!index_reading(journal, record, &record->readings[i]))
            return false;
    return true;
}

bool journal_index_alarm(struct journal *journal, const struct alarm_event *event)
{
    struct item *item = new_item(journal, ITEM_ALARM, 0);
    if (!item)
        return false;
    struct alarm_row *row = &item->row.alarm;
    snprintf(row->id, sizeof row->id, "%s", event->id);
    snprintf(row->outlet, sizeof row->outlet, "%s", event->outlet ? event->outlet->id : "");
    snprintf(row->subject, sizeof row->subject, "%s", event->subject);
    row->seq = journal->last_seq;
    row->state = event->state;
    row->kind = event->kind;
    row->period = event->period;
    row->raised_ms = row->time_ms = event->time_ms;
    row->value = event->value;
    item_list_add(&journal->pending, item);
    return true;
}

static bool add_chore(struct journal *journal, enum item_kind kind, const char *name, int64_t time_ms)
{
    struct item *item = new_item(journal, kind, 0);
    if (!item)
        return false;
    item->entry.time_ms = time_ms;
    snprintf(item->row.named.name, sizeof item->row.named.name, "%s", name);
    item_list_add(&journal->pending, item);
    return true;
}

bool journal_checkpoint(struct journal *journal, const char *mn, int64_t time_ms)
{
    return add_chore(journal, ITEM_CHECKPOINT, mn, time_ms);
}

bool journal_trim(struct journal *journal, int64_t time_ms)
{
    return add_chore(journal, ITEM_TRIM, "", time_ms);
}

bool journal_save_cursor(struct journal *journal, const char *name, uint64_t seq)
{
    struct named_number *known = NULL;
    for (size_t i = 0; i < journal->cursor_count; i++)
        if (strcmp(journal->cursors[i].name, name) == 0)
            known = &journal->cursors[i];
    if (!known) {
        if (journal->cursor_count == JOURNAL_CURSORS)
            return false;
        known = &journal->cursors[journal->cursor_count++];
        snprintf(known->name, sizeof known->name, "%s", name);
    }
    struct item *item = new_item(journal, ITEM_CURSOR, 0);
    if (!item)
        return false;
    known->number = seq;
    item->row.named = *known;
    item_list_add(&journal->pending, item);
    return true;
}

uint64_t journal_cursor(const struct journal *journal, const char *name)
{
    for (size_t i = 0; i < journal->cursor_count; i++)
        if (strcmp(journal->cursors[i].name, name) == 0)
            return journal->cursors[i].number;
    return 0;
}

void journal_flush(struct journal *journal)
{
    if (!journal->pending.first)
        return;
    pthread_mutex_lock(&journal->lock);
    item_list_join(&journal->flushed, &journal->pending);
    if (journal->work_since_ns == 0)
        journal->work_since_ns = clock_monotonic_ns();
    pthread_cond_signal(&journal->work);
    pthread_mutex_unlock(&journal->lock);
}

uint32_t journal_channel_id(struct journal *journal, const char *outlet, const char *factor)
{
    uint64_t last = 0;
    for (size_t i = 0; i < journal->channel_count; i++) { /* they are asked for in their order: the next is the one */
        size_t at = (journal->channel_hint + i) % journal->channel_count;
        struct named_number *n = &journal->channels[at];
        if (strcmp(n->factor, factor) == 0 && strcmp(n->name, outlet) == 0) {
            journal->channel_hint = at + 1;
            return (uint32_t)n->number;
        }
        last = n->number > last ? n->number : last;
    }
    if (journal->channel_count == journal->channel_room) {
        size_t room = journal->channel_room + 64;
        struct named_number *more = realloc(journal->channels, room * sizeof *more);
        if (!more)
            return 0;
        journal->channels = more;
        journal->channel_room = room;
    }
    struct item *item = new_item(journal, ITEM_CHANNEL, 0);
    if (!item)
        return 0;
    snprintf(item->row.named.name, sizeof item->row.named.name, "%s", outlet);
    snprintf(item->row.named.factor, sizeof item->row.named.factor, "%s", factor);
    item->row.named.number = last + 1;
    journal->channels[journal->channel_count++] = item->row.named;
    item_list_add(&journal->pending, item);
    return (uint32_t)(last + 1);
}

/* ---- what is durable ---- */

struct journal_entry *journal_take(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    struct item *item = item_list_take(&journal->durable);
    pthread_mutex_unlock(&journal->lock);
    return item ? &item->entry : NULL;
}

void journal_entry_free(struct journal_entry *entry)
{
    if (entry)
        free((char *)entry - offsetof(struct item, entry));
}

void journal_status_get(struct journal *journal, struct journal_status *out)
{
    *out = (struct journal_status){.refused = journal->refused, .waiting_bytes = waiting_bytes(journal)};
    pthread_mutex_lock(&journal->lock);
    for (int s = 0; s < STREAMS; s++) {
        out->appended[s] = journal->head[s].seq;
        out->durable[s] = journal->durable_head[s].seq;
    }
    out->commits = journal->commits;
    out->retries = journal->retries;
    out->last_commit_ms = journal->last_commit_ms;
    out->last_checkpoint_ms = journal->last_checkpoint_ms;
    out->checkpoint_more = journal->checkpoint_more;
    out->trim_more = journal->trim_more;
    out->fatal = journal->fatal;
    memcpy(out->error, journal->error, sizeof out->error);
    pthread_mutex_unlock(&journal->lock);
}

int64_t journal_stuck_ns(struct journal *journal, int64_t now_ns)
{
    pthread_mutex_lock(&journal->lock);
    int64_t since_ns = journal->work_since_ns;
    pthread_mutex_unlock(&journal->lock);
    return since_ns > 0 && since_ns < now_ns ? now_ns - since_ns : 0;
}

void journal_head(struct journal *journal, enum stream stream, uint64_t *seq, uint8_t hash[CHAIN_BYTES])
{
    pthread_mutex_lock(&journal->lock);
    *seq = journal->durable_head[stream].seq;
    memcpy(hash, journal->durable_head[stream].hash, CHAIN_BYTES);
    pthread_mutex_unlock(&journal->lock);
}
