/* Periods that were told by a clock that was ahead, and come again once it is set back.
 *
 *   10:00 … 11:34 told │ set back to 10:56 by more than a day │ 10:56 … 11:34 come again: the next revision, for what
 *                                                               the wrong clock put there has to be replaced
 *
 * Up to told_ahead_ms each period asks the journal whether it was told; after it nothing is asked. */
#include "gateway_parts.h"

#include "model/log.h"

void told_ahead_find(struct gateway *g, struct reader *reader)
{
    g->told_ahead_ms = reader_last_minute_ms(reader);
}

void told_ahead_until(struct gateway *g, int64_t told_ms)
{
    if (g->told_ahead_ms < told_ms)
        g->told_ahead_ms = told_ms;
}

uint32_t told_ahead_revision(struct gateway *g, const struct period_record *record)
{
    struct error err;
    int64_t revision = record->revision;
    if (record->period == PERIOD_REALTIME || record->from_ms > g->told_ahead_ms || g->recovering)
        return record->revision;
    struct reader *reader = reader_open(g->plant->journal.path, &err);
    if (!reader) {
        log_line(LOG_ERROR, "gateway", "event=told-unreadable error=\"%s\"", err.text);
        return record->revision;
    }
    for (size_t i = 0; i < record->reading_count; i++) {
        int64_t told = reader_revision(reader, record->outlet->id, record->readings[i].channel->factor->code,
                                       period_name(record->period), record->from_ms);
        revision = told >= revision ? told + 1 : revision;
    }
    reader_close(reader);
    return (uint32_t)revision;
}
