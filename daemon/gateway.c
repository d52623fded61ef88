/* A turn of the loop:
 *
 *   lines_wake    ─► take samples, group by group ─► block of raw samples ─► compute ─► records, alarms ─► journal
 *   tick (100 ms) ─► close periods, watch for silence, append the block once a second, feed the watchdog
 *   journal_wake  ─► publish what is durable
 *
 * What one turn learns is flushed at its end as one transaction: an alarm and the samples it rests on become durable
 * together. When the journal has no room, samples stay with their lines, and the lines wait. */
#include "gateway_parts.h"

#include "config/load.h"
#include "model/clock.h"
#include "model/instant.h"
#include "model/log.h"
#include "publish/body.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

enum { TICK_MS = 100, GATHER_MS = 3, BLOCK_AGE_MS = 1000, GROUPS_PER_TURN = 4096, STOP_WAIT_MS = 10000 };

/* ---- journal ---- */

void gateway_append_block(struct gateway *g)
{
    if (g->block.samples == 0)
        return;
    const char *kind = block_end(&g->block);
    if (!journal_append(g->journal, STREAM_SAMPLE, g->block.base_ms, kind, g->block.bytes, g->block.length)) {
        g->lost += g->block.samples;
        packing_reset(g->packing);
    }
    g->block.samples = 0;
}

void gateway_append_event(struct gateway *g, const char *kind, const char *detail)
{
    char body[512], time[INSTANT_TEXT];
    int64_t now_ms = clock_wall_ms();
    int length =
        snprintf(body, sizeof body,
                 "{\"time\":\"%s\",\"kind\":\"%s\",\"version\":\"%s\",\"config_sha256\":\"%s\",\"detail\":\"%s\"}",
                 instant_format(now_ms, time), kind, CEMSD_VERSION, g->plant->sha256, detail);
    journal_append(g->journal, STREAM_EVENT, now_ms, kind, body, (size_t)length);
}

/* ---- what computing says ---- */

static bool known_record(struct gateway *g, const struct period_record *record)
{
    if (record->period == PERIOD_REALTIME)
        return true; /* yesterday's "now" is no news */
    return record->reading_count > 0 &&
           reader_revision(g->recovering, record->outlet->id, record->readings[0].channel->factor->code,
                           period_name(record->period), record->from_ms) >= 0;
}

bool gateway_record(void *owner, const struct period_record *closed)
{
    struct gateway *g = owner;
    struct period_record again;
    const struct period_record *record = closed;
    char topic[BODY_TOPIC];
    size_t length = 0;
    if (g->muted || (g->recovering && known_record(g, record)))
        return false;
    uint32_t revision = told_ahead_revision(g, closed);
    if (revision != closed->revision) {
        again = *closed;
        again.revision = revision;
        record = &again;
    }
    gateway_append_block(g);
    char *body = body_record(g->plant, record, &length);
    body_record_topic(g->plant, record, topic);
    if (!body ||
        !journal_publish(g->journal, STREAM_DISCLOSURE, record->to_ms, period_name(record->period), topic, body,
                         length) ||
        (record->period != PERIOD_REALTIME && !journal_index_record(g->journal, record)))
        g->lost++;
    free(body);
    return true;
}

void gateway_alarm(void *owner, const struct alarm_event *event)
{
    struct gateway *g = owner;
    char topic[BODY_TOPIC];
    size_t length = 0;
    if (g->muted)
        return;
    gateway_append_block(g);
    char *body = body_alarm(g->plant, event, &length);
    body_alarm_topic(g->plant, event, topic);
    if (!body ||
        !journal_publish(g->journal, STREAM_ALARM, event->time_ms, alarm_state_name(event->state), topic, body,
                         length) ||
        !journal_index_alarm(g->journal, event))
        g->lost++;
    free(body);
    log_line(LOG_NOTICE, "alarm", "id=%s kind=%s state=%s", event->id, alarm_kind_name(event->kind),
             alarm_state_name(event->state));
}

/* ---- samples ---- */

/* A block has the time of its arrival, so that blocks are in the order of their times whatever they hold. */
static int64_t block_time_ms(const struct sample *sample)
{
    return sample->own_time ? clock_wall_ms() : sample->time_ms;
}

static void on_group(void *owner, const struct sample *samples, size_t count)
{
    struct gateway *g = owner;
    for (size_t i = 0; i < count; i++) {
        if (g->block.samples == 0)
            block_begin(&g->block, g->packing, block_time_ms(&samples[i]));
        if (!block_add(&g->block, g->packing, g->channel_ids[samples[i].channel], &samples[i], i == 0)) {
            gateway_append_block(g);
            block_begin(&g->block, g->packing, block_time_ms(&samples[i]));
            g->lost += !block_add(&g->block, g->packing, g->channel_ids[samples[i].channel], &samples[i], i == 0);
        }
    }
    compute_samples(g->compute, samples, count);
}

void gateway_take_samples(struct gateway *g)
{
    if (!g->lines || !journal_has_room(g->journal))
        return; /* the tick comes back */
    if (lines_collect(g->lines, GROUPS_PER_TURN, on_group, g))
        uv_async_send(&g->lines_wake);
    journal_flush(g->journal);
}

static void reap_lines(struct gateway *g)
{
    struct error err;
    if (!g->stopping && lines_reap(g->lines, &err))
        log_line(LOG_ERROR, "lines", "event=start-failed error=\"%s\"", err.text);
}

/* Many lines at a high pace would wake the loop for each answer, and waking costs more than the work. When wakes come
 * closer than GATHER_MS, a timer takes their place until it finds nothing; a lone answer is taken at once. */
static void on_gather(uv_timer_t *timer)
{
    struct gateway *g = timer->data;
    uint64_t before = compute_counts(g->compute).samples;
    gateway_take_samples(g);
    if (compute_counts(g->compute).samples != before && !g->stopping)
        return;
    uv_timer_stop(timer);
    g->gathering = false;
    gateway_take_samples(g); /* what came between the look and the flag */
}

static void on_lines_wake(uv_async_t *handle)
{
    struct gateway *g = handle->data;
    int64_t now_ns = clock_monotonic_ns();
    bool busy = now_ns - g->last_wake_ns < GATHER_MS * INT64_C(1000000);
    g->last_wake_ns = now_ns;
    gateway_take_samples(g);
    reap_lines(g);
    if (busy && !g->stopping && !g->gathering) {
        g->gathering = true;
        uv_timer_start(&g->gather, on_gather, GATHER_MS, GATHER_MS);
    }
}

/* ---- stopping ---- */

static void on_feed_closed(void *owner)
{
    struct gateway *g = owner;
    uv_close((uv_handle_t *)&g->lines_wake, NULL);
    uv_close((uv_handle_t *)&g->journal_wake, NULL);
    uv_close((uv_handle_t *)&g->on_term, NULL);
    uv_close((uv_handle_t *)&g->on_int, NULL);
    uv_close((uv_handle_t *)&g->on_hup, NULL);
    uv_close((uv_handle_t *)&g->tick, NULL);
    uv_close((uv_handle_t *)&g->gather, NULL);
}

static bool all_durable(struct gateway *g)
{
    struct journal_status s;
    journal_status_get(g->journal, &s);
    return s.fatal || memcmp(s.appended, s.durable, sizeof s.durable) == 0;
}

/* Goes on with the stop as far as it can: lines end ─► last samples ─► durable ─► published ─► closed. */
static void go_on_stopping(struct gateway *g)
{
    if (!g->stopping || !g->feed || !lines_finished(g->lines))
        return;
    if (!g->lines_gone) {
        g->lines_gone = true;
        lines_collect(g->lines, SIZE_MAX, on_group, g);
        lines_hang_up(g->lines);
        gateway_append_block(g);
        gateway_append_event(g, "stop", "");
        journal_flush(g->journal);
    }
    bool waited = clock_monotonic_ns() - g->stop_ns > STOP_WAIT_MS * INT64_C(1000000);
    if (!all_durable(g) && !waited)
        return;
    feed_pump(g->feed);
    feed_close(g->feed, on_feed_closed, g);
    console_close(g->console);
    g->feed = NULL;
    g->console = NULL;
}

static void begin_stop(struct gateway *g, const char *why)
{
    if (g->stopping)
        return;
    log_line(LOG_NOTICE, "gateway", "event=stopping reason=\"%s\"", why);
    sd_notify(0, "STOPPING=1");
    g->stopping = true;
    g->stop_ns = clock_monotonic_ns();
    uplinks_close(g->uplinks);
    g->uplinks = NULL;
    lines_stop(g->lines);
    go_on_stopping(g);
}

static void on_stop_signal(uv_signal_t *handle, int signal_number)
{
    begin_stop(handle->data, signal_number == SIGTERM ? "SIGTERM" : "SIGINT");
}

/* ---- time ---- */

static void on_tick(uv_timer_t *timer)
{
    struct gateway *g = timer->data;
    int64_t now_ms = clock_wall_ms(), now_ns = clock_monotonic_ns(),
            lag_ns = g->ticked_ns == 0 ? 0 : now_ns - g->ticked_ns - TICK_MS * INT64_C(1000000);
    g->ticked_ns = now_ns;
    g->longest_lag_ns = lag_ns > g->longest_lag_ns ? lag_ns : g->longest_lag_ns;
    if (!g->stopping) {
        gateway_take_samples(g);
        reap_lines(g);
        if (journal_has_room(g->journal)) /* else silence is ours: samples wait with their lines */
            lines_watch(g->lines, now_ns, now_ms, on_group, g);
        if (compute_due_ms(g->compute) - now_ms > DAY_MS && compute_due_ms(g->compute) != INT64_MAX) {
            log_line(LOG_WARN, "clock", "event=stepped-back by_s=%lld",
                     (long long)(compute_due_ms(g->compute) - now_ms) / 1000);
            gateway_append_event(g, "clock", "the wall clock was set back by more than a day");
            told_ahead_until(g, compute_due_ms(g->compute));
            compute_begin(g->compute, now_ms);
        }
        compute_tick(g->compute, now_ms);
        own_watch(g, now_ms, now_ns);
    }
    if (!g->stopping)
        house_keep(g, now_ms, now_ns);
    if (g->block.samples > 0 && (now_ms - g->block.base_ms >= BLOCK_AGE_MS || now_ms < g->block.base_ms))
        gateway_append_block(g);
    journal_flush(g->journal);
    house_feed_watchdog(g, now_ns);
    go_on_stopping(g);
}

static void on_journal_wake(uv_async_t *handle)
{
    struct gateway *g = handle->data;
    struct journal_status s;
    if (g->feed)
        feed_pump(g->feed);
    if (g->uplinks)
        uplinks_pump(g->uplinks);
    journal_status_get(g->journal, &s);
    if (s.fatal && !g->stopping) {
        g->failed = true;
        begin_stop(g, "the journal can't be written");
    }
    go_on_stopping(g);
}

/* ---- opening ---- */

uint32_t *gateway_number_channels(struct gateway *g, const struct plant *plant, struct error *err)
{
    uint32_t *ids = calloc(plant->channel_count + 1, sizeof *ids);
    for (size_t i = 0; ids && i < plant->channel_count; i++) {
        ids[i] = journal_channel_id(g->journal, plant->outlet_of[i]->id, plant->channels[i]->factor->code);
        if (ids[i] == 0) {
            free(ids);
            ids = NULL;
        }
    }
    if (!ids)
        error_set(err, "the journal can't take the channels");
    return ids;
}

static void wake_lines(void *owner)
{
    struct gateway *g = owner;
    if (!g->gathering)
        uv_async_send(&g->lines_wake);
}

static void wake_journal(void *owner)
{
    uv_async_send(&((struct gateway *)owner)->journal_wake);
}

static void init_loop(struct gateway *g)
{
    uv_loop_init(&g->loop);
    uv_async_init(&g->loop, &g->lines_wake, on_lines_wake);
    uv_async_init(&g->loop, &g->journal_wake, on_journal_wake);
    uv_timer_init(&g->loop, &g->tick);
    uv_timer_init(&g->loop, &g->gather);
    uv_signal_init(&g->loop, &g->on_term);
    uv_signal_init(&g->loop, &g->on_int);
    uv_signal_init(&g->loop, &g->on_hup);
    g->lines_wake.data = g->journal_wake.data = g->tick.data = g->gather.data = g;
    g->on_term.data = g->on_int.data = g->on_hup.data = g;
}

/* NULL while all is well. */
static bool open_rooms(struct gateway *g, struct error *err)
{
    const struct feeds *feeds = &g->plant->feeds;
    struct compute_sink sink = {g, gateway_record, gateway_alarm, gateway_history};
    if (feeds->signing_key[0] && (!(g->writer_signer = signer_load(feeds->signing_key, err)) ||
                                  !(g->loop_signer = signer_load(feeds->signing_key, err))))
        return error_prefix(err, "feeds.signing_key");
    const struct keep *keep = &g->plant->journal.keep;
    struct journal_settings journal = {
        .path = g->plant->journal.path,
        .signer = g->writer_signer,
        .keep = {keep->samples_days, keep->realtime_days, keep->minute_days, (int64_t)(keep->max_gib * 1073741824.0)},
        .chain = (enum chain_hash)g->plant->journal.chain,
        .wake = wake_journal,
        .owner = g};
    if (!(g->packing = packing_new()))
        return error_set(err, "out of memory");
    if (!(g->journal = journal_open(&journal, err)) || !(g->compute = compute_new(g->plant, sink, err)) ||
        !(g->channel_ids = gateway_number_channels(g, g->plant, err)))
        return false;
    if ((int)journal_chain(g->journal) != g->plant->journal.chain)
        log_line(LOG_WARN, "journal",
                 "event=chain-kept chain=%s hint=\"a journal keeps its hash: move it away for a new one\"",
                 chain_hash_name(journal_chain(g->journal)));
    gateway_append_event(g, "start", "");
    if (!recover(g, clock_wall_ms(), err))
        return false;
    gateway_note_config(g);
    gateway_note_keys(g);
    own_alarm(g, ALARM_CONFIG, "config", ALARM_UNDER, ""); /* the file was good enough to start with */
    journal_flush(g->journal);
    struct feed_settings feed = {g->plant, g->journal, g->loop_signer, &g->loop, gateway_status, gateway_acknowledge,
                                 g};
    struct lines_events events = {gateway_information, gateway_instructed};
    if (!(g->feed = feed_open(&feed, err)) || !(g->lines = lines_new(&g->loop, wake_lines, &events, g, err)))
        return false;
    gateway_keep_console(g, clock_monotonic_ns());
    return lines_apply(g->lines, g->plant, err) && gateway_open_uplinks(g, err);
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* Also after an opening that failed half way: what is not there is NULL. */
static void release(struct gateway *g)
{
    struct feed *feed = g->feed;
    g->stopping = true;
    uplinks_close(g->uplinks);
    g->uplinks = NULL;
    lines_free(g->lines);
    g->lines = NULL;
    g->feed = NULL; /* a wake that is still on its way finds nobody */
    console_close(g->console);
    if (feed) {
        feed_close(feed, NULL, NULL);
        uv_run(&g->loop, UV_RUN_DEFAULT);
    }
    patrol_close(&g->patrol);
    if (!journal_close(g->journal))
        g->failed = true;
    uv_walk(&g->loop, close_handle, NULL);
    uv_run(&g->loop, UV_RUN_DEFAULT);
    uv_loop_close(&g->loop);
    compute_free(g->compute);
    signer_free(g->writer_signer);
    signer_free(g->loop_signer);
    plant_free(g->plant);
    free(g->channel_ids);
    packing_free(g->packing);
    free(g);
}

struct gateway *gateway_open(struct plant *plant, const char *config_file, struct error *err)
{
    struct gateway *g = calloc(1, sizeof *g);
    uint64_t watchdog_us = 0;
    if (!g) {
        plant_free(plant);
        error_set(err, "out of memory");
        return NULL;
    }
    g->plant = plant;
    g->started_ms = clock_wall_ms();
    g->started_ns = clock_monotonic_ns();
    snprintf(g->config_file, sizeof g->config_file, "%s", config_file);
    if (sd_watchdog_enabled(0, &watchdog_us) > 0)
        g->watchdog_ns = (int64_t)watchdog_us * 1000;
    init_loop(g);
    if (!open_rooms(g, err)) {
        /* the handles that only the running loop needs must not keep it alive while the feeds close */
        uv_unref((uv_handle_t *)&g->lines_wake);
        uv_unref((uv_handle_t *)&g->journal_wake);
        release(g);
        return NULL;
    }
    return g;
}

int gateway_run(struct gateway *g)
{
    uv_timer_start(&g->tick, on_tick, clock_timer_ms(TICK_MS), clock_timer_ms(TICK_MS));
    uv_signal_start(&g->on_term, on_stop_signal, SIGTERM);
    uv_signal_start(&g->on_int, on_stop_signal, SIGINT);
    uv_signal_start(&g->on_hup, gateway_reload, SIGHUP);
    log_line(LOG_NOTICE, "gateway", "event=started version=%s lines=%zu outlets=%zu channels=%zu", CEMSD_VERSION,
             g->plant->line_count, g->plant->outlet_count, g->plant->channel_count);
    sd_notify(0, "READY=1");
    uv_run(&g->loop, UV_RUN_DEFAULT);
    bool failed = g->failed;
    release(g);
    log_line(LOG_NOTICE, "gateway", "event=stopped clean=%s", failed ? "no" : "yes");
    return failed ? 1 : 0;
}
