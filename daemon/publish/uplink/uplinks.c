/* The set of platforms, through starts, reloads and stops. */
#include "publish/uplink/uplinks.h"

#include "model/clock.h"
#include "model/instant.h"
#include "model/log.h"
#include "publish/uplink/platform.h"
#include "publish/value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 50 };

/* ---- one platform ---- */

static void free_platform(struct platform *p)
{
    request_forget(p);
    hj212_key_free(p->key);
    hj212_key_free(p->old_key);
    free(p->config.outlets);
    free(p->in);
    free(p->past);
    free(p);
}

static bool configure(struct platform *p, const struct plant *plant, const struct uplink *uplink, struct error *err)
{
    p->config = *uplink;
    p->config.allow = NULL;
    p->config.outlets = calloc(uplink->outlet_count + 1, sizeof *p->config.outlets);
    if (!p->config.outlets)
        return error_set(err, "uplink %s: out of memory", uplink->name);
    if (uplink->outlet_count > 0)
        memcpy(p->config.outlets, uplink->outlets, uplink->outlet_count * sizeof *uplink->outlets);
    p->uplink = &p->config;
    p->reporter = (struct reporter){plant, p->uplink, &p->settings};
    snprintf(p->settings_path, sizeof p->settings_path, "%s.uplink-%.40s", plant->journal.path, uplink->name);
    return uplink_settings_configured(plant, uplink, &p->configured, err) &&
           uplink_settings_load(p->settings_path, &p->configured, &p->settings, err) &&
           (platform_take_keys(p) || error_set(err, "uplink %s: SM4 is not to be had from OpenSSL", uplink->name));
}

static struct platform *new_platform(struct uplinks *u, const struct plant *plant, const struct uplink *uplink,
                                     struct error *err)
{
    struct platform *p = calloc(1, sizeof *p);
    if (!p || !(p->in = malloc(HJ212_CEILING))) {
        free(p);
        error_set(err, "uplink %s: out of memory", uplink->name);
        return NULL;
    }
    p->set = u;
    p->last_ack_ms = INSTANT_NONE;
    p->request_tokens = REQUESTS_PER_SECOND;
    p->request_ns = clock_monotonic_ns();
    if (!configure(p, plant, uplink, err)) {
        free_platform(p);
        return NULL;
    }
    platform_load_cursors(p);
    return p;
}

static bool same_uplink(const struct platform *p, const struct uplink *b)
{
    struct uplink x = p->config, y = *b;
    bool outlets = x.outlet_count == y.outlet_count;
    for (size_t i = 0; outlets && i < x.outlet_count; i++)
        outlets = strcmp(x.outlets[i].id, y.outlets[i].id) == 0;
    x.outlets = y.outlets = NULL;
    x.allow = y.allow = NULL;
    /* both from zeroed memory, texts padded with zeros; an accidental difference costs a reconnect */
    return outlets && memcmp(&x, &y, sizeof x) == 0; // NOLINT(bugprone-suspicious-memory-comparison)
}

/* ---- the set ---- */

static void reap(struct uplinks *u)
{
    for (struct platform **at = &u->leaving; *at;) {
        struct platform *p = *at;
        if (!wire_gone(p)) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        free_platform(p);
    }
}

static void leave(struct uplinks *u, struct platform *p)
{
    p->leaving = true;
    wire_hang_up(p, "no longer configured");
    p->next = u->leaving;
    u->leaving = p;
}

static void on_tick(uv_timer_t *timer)
{
    struct uplinks *u = timer->data;
    int64_t now_ns = clock_monotonic_ns();
    for (size_t i = 0; i < u->count; i++)
        platform_tick(u->platforms[i], now_ns);
    journal_flush(u->journal);
    reap(u);
}

static void on_tick_closed(uv_handle_t *handle)
{
    struct uplinks *u = handle->data;
    reader_close(u->reader);
    free(u);
}

static void on_closing_tick(uv_timer_t *timer)
{
    struct uplinks *u = timer->data;
    reap(u);
    if (!u->leaving && !uv_is_closing((uv_handle_t *)timer))
        uv_close((uv_handle_t *)timer, on_tick_closed);
}

struct uplinks *uplinks_open(const struct plant *plant, struct journal *journal, uv_loop_t *loop,
                             const struct uplinks_doors *doors, struct error *err)
{
    struct uplinks *u = calloc(1, sizeof *u);
    if (!u) {
        error_set(err, "uplinks: out of memory");
        return NULL;
    }
    u->journal = journal;
    u->loop = loop;
    u->doors = *doors;
    u->started_ms = clock_wall_ms();
    u->reader = reader_open(plant->journal.path, err);
    if (!u->reader) {
        free(u);
        return NULL;
    }
    uv_timer_init(loop, &u->tick);
    u->tick.data = u;
    if (!uplinks_apply(u, plant, err)) {
        uplinks_close(u);
        return NULL;
    }
    uv_timer_start(&u->tick, on_tick, clock_timer_ms(TICK_MS), clock_timer_ms(TICK_MS));
    return u;
}

/* The platform that already serves this uplink; it is taken out of the set. */
static struct platform *take_same(struct uplinks *u, const struct uplink *uplink)
{
    for (size_t j = 0; j < u->count; j++) {
        struct platform *p = u->platforms[j];
        if (p && same_uplink(p, uplink)) {
            u->platforms[j] = NULL;
            return p;
        }
    }
    return NULL;
}

/* What was read but not sent points into the plant that goes: it is read again. */
static void move_to(struct platform *p, const struct plant *plant)
{
    p->reporter.plant = plant;
    if (p->row_at < p->row_count)
        p->scanned = p->rows[p->row_at].seq - 1;
    p->row_count = p->row_at = p->past_count = p->past_at = 0;
}

bool uplinks_apply(struct uplinks *u, const struct plant *plant, struct error *err)
{
    struct platform *next[UPLINKS_MAX];
    size_t count = 0;
    bool all = true;
    for (size_t i = 0; i < plant->uplink_count; i++) {
        struct platform *p = take_same(u, &plant->uplinks[i]);
        if (!p)
            p = new_platform(u, plant, &plant->uplinks[i], err);
        all = all && p;
        if (p)
            next[count++] = p;
    }
    for (size_t j = 0; j < u->count; j++)
        if (u->platforms[j])
            leave(u, u->platforms[j]);
    for (size_t i = 0; i < count; i++) {
        move_to(next[i], plant);
        u->platforms[i] = next[i];
    }
    u->count = count;
    u->plant = plant;
    return all;
}

void uplinks_close(struct uplinks *u)
{
    if (!u)
        return;
    u->closed = true;
    for (size_t i = 0; i < u->count; i++)
        leave(u, u->platforms[i]);
    u->count = 0;
    uv_timer_start(&u->tick, on_closing_tick, 0, 1);
}

void uplinks_pump(struct uplinks *u)
{
    for (size_t i = 0; i < u->count; i++)
        platform_go_on(u->platforms[i]);
}

void uplinks_instructed(struct uplinks *u, uint64_t ticket, int exe_rtn)
{
    for (size_t i = 0; i < u->count; i++)
        if (request_instructed(u->platforms[i], ticket, exe_rtn))
            return;
}

/* ---- information of analyzers ---- */

const struct information_kept *information_find(const struct uplinks *u, const char *pol_id, const char *info_id)
{
    for (size_t i = 0; i < u->information_count; i++)
        if (strcmp(u->information[i].pol_id, pol_id) == 0 && strcmp(u->information[i].info_id, info_id) == 0)
            return &u->information[i];
    return NULL;
}

static void keep_information(struct uplinks *u, const char *pol_id, struct slice info_id, struct slice value)
{
    struct information_kept fresh = {.time_ms = clock_wall_ms()};
    if (info_id.len >= sizeof fresh.info_id || value.len >= sizeof fresh.value)
        return;
    snprintf(fresh.pol_id, sizeof fresh.pol_id, "%s", pol_id);
    memcpy(fresh.info_id, info_id.at, info_id.len);
    memcpy(fresh.value, value.at, value.len);
    struct information_kept *kept = (struct information_kept *)(uintptr_t)information_find(u, pol_id, fresh.info_id);
    if (!kept && u->information_count < INFORMATION_KEPT)
        kept = &u->information[u->information_count++];
    if (kept)
        *kept = fresh;
}

void uplinks_information(struct uplinks *u, struct slice area)
{
    struct hj212_item item;
    uint32_t quirks = 0;
    char pol_id[8] = "";
    while (hj212_item_next(&area, &item, &quirks)) {
        if (item.code.len == 0 && slice_is(item.field, "PolId") && item.value.len < sizeof pol_id) {
            memcpy(pol_id, item.value.at, item.value.len);
            pol_id[item.value.len] = '\0';
        } else if (slice_is(item.field, "Info")) {
            keep_information(u, pol_id, item.code, item.value);
        } else if (slice_is(item.field, "SN")) {
            keep_information(u, pol_id, item.field, item.value);
        }
    }
}

/* ---- status ---- */

static const char *state_name(const struct platform *p)
{
    static const char *const NAMES[] = {"down", "resolving", "connecting", "up"};
    return NAMES[p->state];
}

/* Where the record lane stands: the last seq that is told. */
static uint64_t told_upto(const struct platform *p)
{
    return p->row_at < p->row_count ? p->rows[p->row_at].seq - 1 : p->scanned;
}

static json_t *platform_status(const struct platform *p)
{
    struct journal_status s;
    json_t *sent = json_object(), *acknowledged = json_object();
    journal_status_get(p->set->journal, &s);
    for (int lane = 0; lane < LANES; lane++) {
        json_object_set_new(sent, lane_name((enum lane)lane), json_integer((json_int_t)p->counts.sent[lane]));
        json_object_set_new(acknowledged, lane_name((enum lane)lane),
                            json_integer((json_int_t)p->counts.acknowledged[lane]));
    }
    json_t *o = json_object();
    json_object_set_new(o, "name", json_string(p->uplink->name));
    json_object_set_new(o, "state", json_string(state_name(p)));
    json_object_set_new(o, "version", json_integer(p->uplink->version));
    json_object_set_new(o, "mn", json_string(p->settings.mn));
    json_object_set_new(o, "encrypted", json_boolean(p->key != NULL));
    json_object_set_new(o, "realtime_s", json_integer(p->settings.realtime_on ? p->settings.realtime_s : 0));
    json_object_set_new(o, "over_time_s", json_integer(p->settings.over_time_s));
    json_object_set_new(o, "re_count", json_integer(p->settings.re_count));
    json_object_set_new(o, "told_upto", json_integer((json_int_t)told_upto(p)));
    json_object_set_new(o, "durable", json_integer((json_int_t)s.durable[STREAM_DISCLOSURE]));
    json_object_set_new(o, "sent", sent);
    json_object_set_new(o, "acknowledged", acknowledged);
    json_object_set_new(o, "resent", json_integer((json_int_t)p->counts.resent));
    json_object_set_new(o, "unanswered", json_integer((json_int_t)p->counts.unanswered));
    json_object_set_new(o, "connects", json_integer((json_int_t)p->counts.connects));
    json_object_set_new(o, "requests", json_integer((json_int_t)p->counts.requests));
    json_object_set_new(o, "throttled", json_integer((json_int_t)p->counts.throttled));
    json_object_set_new(o, "last_ack", value_instant(p->last_ack_ms));
    json_object_set_new(o, "last_error", p->last_error[0] ? json_string(p->last_error) : json_null());
    return o;
}

json_t *uplinks_status(const struct uplinks *u)
{
    json_t *all = json_array();
    for (size_t i = 0; u && i < u->count; i++)
        json_array_append_new(all, platform_status(u->platforms[i]));
    return all;
}

bool uplinks_trouble(const struct uplinks *u, const char *name, int64_t now_ms, int64_t patience_ms, char *why,
                     size_t why_size)
{
    struct journal_status s;
    for (size_t i = 0; u && i < u->count; i++) {
        const struct platform *p = u->platforms[i];
        if (strcmp(p->uplink->name, name) != 0)
            continue;
        journal_status_get(u->journal, &s);
        uint64_t backlog = s.durable[STREAM_DISCLOSURE] - told_upto(p);
        int64_t since_ms = p->last_ack_ms > u->started_ms ? p->last_ack_ms : u->started_ms;
        if (now_ms - since_ms < patience_ms || (p->state == WIRE_UP && backlog == 0))
            return false;
        snprintf(why, why_size, "nothing acknowledged for %lld minutes, %llu entries wait%s%s",
                 (long long)(now_ms - since_ms) / MINUTE_MS, (unsigned long long)backlog, p->last_error[0] ? ": " : "",
                 p->last_error);
        return true;
    }
    return false;
}

void uplinks_metrics(const struct uplinks *u, FILE *out)
{
    if (!u || u->count == 0)
        return;
    fprintf(out, "# HELP cemsd_uplink_up 1 while the platform is connected.\n# TYPE cemsd_uplink_up gauge\n");
    for (size_t i = 0; i < u->count; i++)
        fprintf(out, "cemsd_uplink_up{uplink=\"%s\"} %d\n", u->platforms[i]->uplink->name,
                u->platforms[i]->state == WIRE_UP);
    fprintf(out, "# HELP cemsd_uplink_backlog_seq Journal entries between what is durable and what is told.\n"
                 "# TYPE cemsd_uplink_backlog_seq gauge\n");
    struct journal_status s;
    journal_status_get(u->journal, &s);
    for (size_t i = 0; i < u->count; i++)
        fprintf(out, "cemsd_uplink_backlog_seq{uplink=\"%s\"} %" PRIu64 "\n", u->platforms[i]->uplink->name,
                s.durable[STREAM_DISCLOSURE] - told_upto(u->platforms[i]));
    fprintf(out, "# HELP cemsd_uplink_acknowledged_total Messages the platform acknowledged.\n"
                 "# TYPE cemsd_uplink_acknowledged_total counter\n");
    for (size_t i = 0; i < u->count; i++)
        for (int lane = 0; lane < LANES; lane++)
            fprintf(out, "cemsd_uplink_acknowledged_total{uplink=\"%s\",lane=\"%s\"} %" PRIu64 "\n",
                    u->platforms[i]->uplink->name, lane_name((enum lane)lane),
                    u->platforms[i]->counts.acknowledged[lane]);
    fprintf(out, "# HELP cemsd_uplink_resent_total Frames sent again for want of an answer.\n"
                 "# TYPE cemsd_uplink_resent_total counter\n");
    for (size_t i = 0; i < u->count; i++)
        fprintf(out, "cemsd_uplink_resent_total{uplink=\"%s\"} %" PRIu64 "\n", u->platforms[i]->uplink->name,
                u->platforms[i]->counts.resent);
}
