/* One exchange at a time, so that the order is the journal's and an answer belongs to one question:
 *
 *            build ─► cut ─► part 1 ─► 9014 ─► part 2 ─► ... ─► done: the lane moves on
 *                              │no answer in OverTime
 *                              ├─► the same frame, the same QN, ReCount times
 *                              └─► the link counts as down: hung up, made anew; the lane stays where it was
 *
 * Lanes are asked in their order whenever nothing is under way: what is live goes before what is past. */
#include "publish/uplink/platform.h"

#include "model/clock.h"
#include "model/instant.h"
#include "model/log.h"

#include <stdlib.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)

/* ---- keys ---- */

static struct hj212_key *key_of(const char *text)
{
    uint8_t bytes[HJ212_KEY_BYTES];
    return text[0] && hex_decode(text, bytes, sizeof bytes) ? hj212_key_new(bytes) : NULL;
}

bool platform_take_keys(struct platform *p)
{
    hj212_key_free(p->key);
    hj212_key_free(p->old_key);
    p->key = key_of(p->settings.key);
    p->old_key = key_of(p->settings.old_key);
    p->key_proven = p->old_key == NULL;
    return p->settings.key[0] == '\0' || p->key;
}

/* ---- an exchange ---- */

/* HJ 212-2025 6.4 encrypts 2000..2999, 1014 and 3020. */
static bool is_sealed(int cn)
{
    return (cn >= 2000 && cn < 3000) || cn == 1014 || cn == 3020;
}

static void transmit(struct platform *p)
{
    p->sent_ns = clock_monotonic_ns();
    p->now.until_ns = p->sent_ns + p->settings.over_time_s * SECOND_NS;
    wire_write(p, p->now.frame, p->now.length);
}

static bool send_part(struct platform *p)
{
    int64_t now_ms = clock_wall_ms();
    struct hj212_seal seal = {is_sealed(p->message.fields.cn) ? p->key : NULL, p->uplink->encrypt.length == 1};
    p->qn_ms = now_ms > p->qn_ms ? now_ms : p->qn_ms + 1; /* unique: the millisecond is bumped */
    instant_format_compact(p->qn_ms, p->now.qn);
    p->now.length = hj212_message_write(&p->message, p->now.part, p->now.qn, &seal, p->now.frame, sizeof p->now.frame);
    if (p->now.length == 0)
        return false;
    p->now.tries = 0;
    p->counts.sent[p->now.lane]++;
    transmit(p);
    return true;
}

/* What can't be put into frames is told once and passed over: it would hold up everything behind it. */
static void give_up_message(struct platform *p)
{
    p->counts.too_long++;
    log_line(LOG_ERROR, "uplink", "name=%s event=too-long lane=%s cn=%d", p->uplink->name, lane_name(p->now.lane),
             p->message.fields.cn);
    p->now.open = false;
    lane_done(p, p->now.lane);
}

static void keep_identity(struct platform *p)
{
    memcpy(p->now.password, p->settings.password, sizeof p->now.password);
    memcpy(p->now.mn, p->settings.mn, sizeof p->now.mn);
    p->message.fields.pw = (struct slice){p->now.password, strlen(p->now.password)};
    p->message.fields.mn = (struct slice){p->now.mn, strlen(p->now.mn)};
}

static bool begin_exchange(struct platform *p)
{
    for (int lane = 0; lane < LANES; lane++) {
        if (!lane_build(p, (enum lane)lane))
            continue;
        p->now.lane = (enum lane)lane;
        p->now.part = 0;
        p->now.open = true;
        keep_identity(p);
        if (hj212_message_cut(&p->message) == 0 || !send_part(p))
            give_up_message(p);
        return true;
    }
    return false;
}

static bool waits_for_gap(const struct platform *p)
{
    return p->uplink->gap_ms > 0 && clock_monotonic_ns() - p->sent_ns < p->uplink->gap_ms * INT64_C(1000000);
}

static void acknowledged(struct platform *p)
{
    p->counts.acknowledged[p->now.lane]++;
    p->last_ack_ms = clock_wall_ms();
    p->key_proven = p->key_proven || (p->key && is_sealed(p->message.fields.cn));
    p->now.part++;
    if (p->now.part == p->message.parts) {
        p->now.open = false;
        lane_done(p, p->now.lane);
    } else if (!send_part(p)) {
        give_up_message(p);
    }
}

void platform_go_on(struct platform *p)
{
    while (p->state == WIRE_UP && !p->now.open && !waits_for_gap(p) && begin_exchange(p)) {
        if (p->uplink->acknowledge)
            return;
        while (p->now.open) /* this platform never answers: written is told */
            acknowledged(p);
    }
}

/* QN of an answer; 2005 keeps it in the area. */
static struct slice qn_of(const struct hj212_segment *s)
{
    struct hj212_item item;
    uint32_t quirks = 0;
    if (s->qn.at)
        return s->qn;
    for (struct slice rest = s->area; hj212_item_next(&rest, &item, &quirks);)
        if (item.code.len == 0 && slice_is(item.field, "QN"))
            return item.value;
    return (struct slice){NULL, 0};
}

void platform_frame(struct platform *p, const struct hj212_segment *s)
{
    int cn = hj212_cn(s->cn);
    if (cn == 9013 || cn == 9014) { /* some platforms answer notices with 9014 */
        struct slice qn = qn_of(s);
        if (p->now.open && qn.at && slice_is(qn, p->now.qn)) {
            acknowledged(p);
            platform_go_on(p);
        }
        return;
    }
    if (cn == 9011 || cn == 9012)
        return;
    request_take(p, s);
    platform_go_on(p);
}

void platform_up(struct platform *p)
{
    p->up_ms = clock_wall_ms();
    p->realtime_due_ns = p->units_due_ns = p->heartbeat_due_ns = clock_monotonic_ns();
    p->sent_ns = 0;
    p->tokens_ns = clock_monotonic_ns();
    p->tokens = 1;
    log_line(LOG_NOTICE, "uplink", "name=%s event=up", p->uplink->name);
    platform_go_on(p);
}

void platform_down(struct platform *p)
{
    p->now.open = false;
    p->realtime_ready = false;
    for (size_t i = 0; i < HISTORIES; i++)
        p->histories[i].open = false; /* who asked is gone */
    p->past_count = p->past_at = 0;
}

static void overdue(struct platform *p)
{
    if (p->now.tries < p->settings.re_count) {
        p->now.tries++;
        p->counts.resent++;
        transmit(p);
        return;
    }
    p->counts.unanswered++;
    if (!p->key_proven && p->old_key) { /* perhaps the platform did not take the new key */
        struct hj212_key *key = p->key;
        p->key = p->old_key;
        p->old_key = key;
    }
    wire_hang_up(p, "not acknowledged");
}

void platform_tick(struct platform *p, int64_t now_ns)
{
    wire_tick(p, now_ns);
    request_tick(p, now_ns);
    if (p->state != WIRE_UP)
        return;
    if (p->now.open && now_ns >= p->now.until_ns && !waits_for_gap(p))
        overdue(p);
    lane_take_realtime(p, now_ns);
    if (p->state == WIRE_UP && p->failures > 0 && clock_wall_ms() - p->up_ms > MINUTE_MS)
        p->failures = 0; /* it holds */
    platform_go_on(p);
}
