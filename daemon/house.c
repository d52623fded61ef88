/* What a gateway does for itself, beside what it measures: it tells systemd that it moves, makes the day's checkpoint,
 * and has what is old taken away. Asked at every tick. */
#include "gateway_parts.h"

#include "model/instant.h"
#include "model/log.h"
#include "model/period.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>

#define STUCK_LEAST_NS INT64_C(2000000000)
#define HOUSE_NS INT64_C(1000000000)
#define CHECKPOINT_AFTER_MS (10 * MINUTE_MS)

/* Somebody has not moved for half the watchdog's patience: then it starves, and systemd begins anew. */
static bool all_move(struct gateway *g, int64_t now_ns)
{
    int64_t patience_ns = g->watchdog_ns / 2 > STUCK_LEAST_NS ? g->watchdog_ns / 2 : STUCK_LEAST_NS;
    const char *who = "journal";
    int64_t stuck_ns = journal_stuck_ns(g->journal, now_ns);
    if (stuck_ns <= patience_ns && g->lines)
        stuck_ns = lines_overdue_ns(g->lines, now_ns, &who);
    bool stuck = stuck_ns > patience_ns;
    if (stuck && !g->stuck)
        log_line(LOG_ERROR, "watchdog", "event=stuck who=\"%s\" for_ms=%" PRId64, who, stuck_ns / 1000000);
    g->stuck = stuck;
    return !stuck;
}

void house_feed_watchdog(struct gateway *g, int64_t now_ns)
{
    if (g->watchdog_ns == 0 || now_ns - g->watchdog_fed_ns < g->watchdog_ns / 3 || !all_move(g, now_ns))
        return;
    g->watchdog_fed_ns = now_ns;
    sd_notify(0, "WATCHDOG=1");
}

/* Once a day, in the quiet after midnight's records, a checkpoint; after it what is old goes, step by step. */
void house_keep(struct gateway *g, int64_t now_ms, int64_t now_ns)
{
    struct journal_status s;
    if (now_ns - g->housekept_ns < HOUSE_NS)
        return;
    g->housekept_ns = now_ns;
    gateway_keep_console(g, now_ns);
    journal_status_get(g->journal, &s);
    int64_t day_ms = period_floor_ms(PERIOD_DAY, now_ms);
    int64_t last_ms = s.last_checkpoint_ms == INSTANT_NONE ? g->started_ms : s.last_checkpoint_ms;
    bool due = last_ms < day_ms && now_ms >= day_ms + CHECKPOINT_AFTER_MS;
    bool first_of_day = due && g->checkpoint_day_ms != day_ms;
    if ((first_of_day || s.checkpoint_more) && journal_checkpoint(g->journal, g->plant->site.mn, now_ms)) {
        g->checkpoint_day_ms = day_ms;
        g->trimming = true;
    }
    if (g->patrol.reader || patrol_open(&g->patrol, g->plant->journal.path, NULL))
        patrol_step(&g->patrol, s.durable, now_ms);
    if (g->trimming || s.trim_more)
        g->trimming = !journal_trim(g->journal, now_ms);
}
