#include "journal/patrol.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool patrol_open(struct patrol *patrol, const char *journal_path, struct error *err)
{
    *patrol = (struct patrol){.reader = reader_open(journal_path, err)};
    return patrol->reader != NULL;
}

void patrol_close(struct patrol *patrol)
{
    reader_close(patrol->reader);
    patrol->reader = NULL;
}

struct walk {
    struct patrol *patrol;
    struct beat *beat;
    enum stream stream;
    uint64_t last;
    size_t bytes;
};

static bool fault(struct walk *w, uint64_t seq, const char *what)
{
    snprintf(w->patrol->fault, sizeof w->patrol->fault, "%s/%" PRIu64 " %s", stream_name(w->stream), seq, what);
    return false;
}

static bool look(void *owner, const struct journal_entry *entry, const char *kind)
{
    struct walk *w = owner;
    uint8_t hash[CHAIN_BYTES];
    (void)kind;
    if (entry->seq > w->last)
        return false;
    if (entry->seq != w->beat->upto + 1)
        return fault(w, w->beat->upto + 1, "is missing");
    if (entry->length > 0) {
        if (!chain_next(reader_chain(w->patrol->reader), w->beat->hash, entry->body, entry->length, hash))
            return false;
        if (memcmp(hash, entry->hash, CHAIN_BYTES) != 0)
            return fault(w, entry->seq, "is not what was written: the hash does not follow from the body");
    }
    memcpy(w->beat->hash, entry->hash, CHAIN_BYTES);
    w->beat->upto = entry->seq;
    if (entry->seq > w->beat->best)
        w->beat->best = entry->seq;
    w->bytes += entry->length;
    return w->bytes < PATROL_BYTES;
}

/* False: there is nothing to look at in this stream now. */
static bool go_on(struct patrol *patrol, enum stream stream, uint64_t durable, int64_t now_ms)
{
    struct beat *beat = &patrol->beats[stream];
    beat->at_end |= beat->upto >= durable;
    bool again = beat->at_end && (now_ms - beat->since_ms >= PATROL_AGAIN_MS || now_ms < beat->since_ms);
    if (beat->upto == 0 || again)
        *beat = (struct beat){.since_ms = now_ms, .best = beat->best};
    if (beat->upto >= durable)
        return false;
    struct walk walk = {.patrol = patrol, .beat = beat, .stream = stream, .last = durable};
    struct error err;
    reader_entries(patrol->reader, stream, beat->upto, PATROL_ENTRIES, look, &walk, &err);
    return true;
}

void patrol_step(struct patrol *patrol, const uint64_t durable[STREAMS], int64_t now_ms)
{
    for (int i = 0; i < STREAMS && patrol->fault[0] == '\0'; i++) {
        enum stream stream = (enum stream)patrol->turn;
        patrol->turn = (patrol->turn + 1) % STREAMS;
        if (go_on(patrol, stream, durable[stream], now_ms))
            return;
    }
}
