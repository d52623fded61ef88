/* cemsctl backlog [NAME] [--count SECONDS]: what platforms have not acknowledged yet, until there is nothing more of it
 * (exit 0) or the seconds are over (exit 1). On a terminal a bar, else a line each ten seconds. */
#include "ctl/ctl.h"
#include "ctl/terminal.h"

#include "model/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_EVERY = 10 };

/* Records yet to be told to the platform (to all without a name); false when there is none of that name. */
static bool waiting(const json_t *status, const char *name, uint64_t *out)
{
    size_t i;
    json_t *uplink;
    bool found = name == NULL;
    *out = 0;
    json_array_foreach(json_object_get(status, "uplinks"), i, uplink)
    {
        const char *own = json_string_value(json_object_get(uplink, "name"));
        if (name && (!own || strcmp(own, name) != 0))
            continue;
        json_int_t behind = json_integer_value(json_object_get(uplink, "durable")) -
                            json_integer_value(json_object_get(uplink, "told_upto"));
        *out += behind > 0 ? (uint64_t)behind : 0;
        found = true;
    }
    return found;
}

int ctl_backlog(struct ctl *ctl)
{
    const char *endpoint = ctl_endpoint(ctl), *name = ctl->argc > 0 ? ctl->argv[0] : NULL;
    uint64_t most = 0, left = 0;
    struct work work = {0};
    if (!endpoint)
        return CTL_CONFIG;
    if (ctl->argc > 1)
        return ctl_fail(CTL_USAGE, "backlog [NAME] [--count SECONDS]");
    for (long second = 0; ctl->count == 0 || second <= ctl->count; second++) {
        json_t *status = ctl_ask(ctl, endpoint, "status");
        bool found = status && waiting(status, name, &left);
        json_decref(status);
        if (!found) {
            work_end(&work);
            return status ? ctl_fail(CTL_FAILED, "there is no uplink %s", name) : CTL_FAILED;
        }
        if (left > most || second == 0) {
            most = left;
            work = work_begin("backlog", most);
        }
        if (left == 0)
            break;
        work_tell(&work, most - left);
        if (!work.shown && second % LINE_EVERY == 0)
            printf("%" PRIu64 " records to tell\n", left), fflush(stdout);
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    }
    work_end(&work);
    printf("%" PRIu64 " records to tell\n", left);
    return left == 0 ? CTL_DONE : CTL_FAILED;
}
