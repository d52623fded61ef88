/* Raw samples of the journal, handed back to computing when values come late (compute/amend.h). */
#include "gateway_parts.h"

#include "model/log.h"

bool gateway_find_channel(struct gateway *g, uint32_t id, uint32_t *index)
{
    for (size_t n = 0; n < g->plant->channel_count; n++) { /* they come in their order, so the next is the one */
        uint32_t at = (uint32_t)((g->found_last + 1 + n) % g->plant->channel_count);
        if (g->channel_ids[at] == id) {
            *index = g->found_last = at;
            return true;
        }
    }
    return false; /* a channel that is no longer configured */
}

struct history {
    struct gateway *gateway;
    const struct outlet *outlet;
    int64_t from_ms, to_ms;
    compute_give give;
    void *with;
};

static bool give_sample(void *owner, const struct stored_sample *stored)
{
    const struct history *h = owner;
    struct sample sample = stored->sample;
    uint32_t first = h->outlet->channels[0].index;
    if (sample.time_ms >= h->from_ms && sample.time_ms < h->to_ms &&
        gateway_find_channel(h->gateway, sample.channel, &sample.channel) && sample.channel >= first &&
        sample.channel - first < h->outlet->channel_count)
        h->give(h->with, &sample);
    return true;
}

/* Only what is durable can be read: when it is asked for first, what there is goes to the writer, and it can be had
 * when that has been written. */
bool gateway_history(void *owner, const struct outlet *outlet, int64_t from_ms, int64_t to_ms, compute_give give,
                     void *with)
{
    struct gateway *g = owner;
    struct history history = {g, outlet, from_ms, to_ms, give, with};
    struct journal_status s;
    struct error err;
    if (g->recovering)
        return false;
    if (g->history_asked_ms != to_ms) {
        gateway_append_block(g);
        journal_flush(g->journal);
        journal_status_get(g->journal, &s);
        g->history_seq = s.appended[STREAM_SAMPLE];
        g->history_asked_ms = to_ms;
    }
    journal_status_get(g->journal, &s);
    if (s.durable[STREAM_SAMPLE] < g->history_seq)
        return false;
    struct reader *reader = reader_open(g->plant->journal.path, &err);
    bool ok = reader && reader_samples(reader, from_ms, give_sample, &history, &err);
    if (!ok)
        log_line(LOG_ERROR, "gateway", "event=history-unreadable error=\"%s\"", err.text);
    reader_close(reader);
    return ok;
}
