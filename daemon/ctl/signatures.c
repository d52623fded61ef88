#include "ctl/signatures.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH_ENTRIES = 256,
    BATCH_BYTES = 1 << 20,
    MOST_THREADS = 8,
    WORTH_A_THREAD = 16, /* signatures: one costs as much as the start of a thread */
};

struct signatures {
    struct keyring *ring;
    bool (*each)(void *owner, const struct signed_entry *entry);
    void *owner;
    size_t threads, count, signed_count, used;
    atomic_size_t next; /* to be checked */
    bool ended;
    struct signed_entry entries[BATCH_ENTRIES];
    char text[BATCH_BYTES];
};

static size_t cores(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < 1 ? 1 : count > MOST_THREADS ? MOST_THREADS : (size_t)count;
}

struct signatures *signatures_open(struct keyring *ring, bool (*each)(void *owner, const struct signed_entry *entry),
                                   void *owner)
{
    struct signatures *s = malloc(sizeof *s);
    if (!s) {
        ctl_fail(CTL_FAILED, "out of memory");
        return NULL;
    }
    s->ring = ring;
    s->each = each;
    s->owner = owner;
    s->threads = cores();
    s->count = s->signed_count = s->used = 0;
    s->ended = false;
    return s;
}

void signatures_close(struct signatures *signatures)
{
    free(signatures);
}

static void *check(void *batch)
{
    struct signatures *s = batch;
    for (size_t i; (i = atomic_fetch_add(&s->next, 1)) < s->count;) {
        struct signed_entry *e = &s->entries[i];
        if (e->entry.signature_length > 0)
            e->signer = keyring_check(s->ring, e->entry.body, e->entry.length, e->entry.signature,
                                      e->entry.signature_length, e->entry.time_ms, &e->revoked);
    }
    return NULL;
}

/* A thread that can't be had leaves its share to the others. */
static void check_all(struct signatures *s)
{
    pthread_t helpers[MOST_THREADS];
    size_t wanted = s->signed_count / WORTH_A_THREAD, started = 0;
    if (wanted > s->threads)
        wanted = s->threads;
    atomic_store(&s->next, 0);
    while (started + 1 < wanted && pthread_create(&helpers[started], NULL, check, s) == 0)
        started++;
    check(s);
    for (size_t i = 0; i < started; i++)
        pthread_join(helpers[i], NULL);
}

bool signatures_flush(struct signatures *s)
{
    if (s->ring->count > 0 && s->signed_count > 0)
        check_all(s);
    for (size_t i = 0; i < s->count && !s->ended; i++)
        s->ended = !s->each(s->owner, &s->entries[i]);
    s->count = s->signed_count = s->used = 0;
    return !s->ended;
}

bool signatures_add(struct signatures *s, const struct journal_entry *entry, const char *kind, const uint8_t *before)
{
    bool fits = entry->length <= BATCH_BYTES;
    if ((s->count == BATCH_ENTRIES || entry->length > BATCH_BYTES - s->used) && !signatures_flush(s))
        return false;
    struct signed_entry *e = &s->entries[s->count++];
    e->entry = *entry;
    e->entry.topic = entry->topic ? "" : NULL;
    if (fits && entry->length > 0) {
        e->entry.body = memcpy(s->text + s->used, entry->body, entry->length);
        s->used += entry->length;
    }
    snprintf(e->kind, sizeof e->kind, "%s", kind);
    e->follows = before != NULL;
    if (before)
        memcpy(e->before, before, CHAIN_BYTES);
    e->signer = NULL;
    s->signed_count += entry->signature_length > 0;
    e->revoked = false;
    return fits || signatures_flush(s); /* one too large to be copied is borrowed, so handed on at once */
}
