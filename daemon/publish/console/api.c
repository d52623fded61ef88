#include "publish/console/api.h"

#include "publish/console/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- routes ---- */

static struct answer get_health(struct api *api, struct MHD_Connection *connection)
{
    const char *trouble = api->settings->trouble(api->settings->owner);
    char *text = NULL;
    (void)connection;
    if (asprintf(&text, "%s\n", trouble ? trouble : "ok") < 0)
        text = NULL;
    return answer_text(trouble ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK, TEXT_TYPE, text);
}

static struct answer get_metrics(struct api *api, struct MHD_Connection *connection)
{
    (void)connection;
    return answer_text(MHD_HTTP_OK, METRICS_TYPE, api->settings->metrics(api->settings->owner));
}

static struct answer get_status(struct api *api, struct MHD_Connection *connection)
{
    (void)connection;
    return answer_text(MHD_HTTP_OK, JSON_TYPE, api->settings->status(api->settings->owner));
}

static struct answer get_site(struct api *api, struct MHD_Connection *connection)
{
    (void)connection;
    return answer_text(MHD_HTTP_OK, JSON_TYPE, api->settings->site(api->settings->owner));
}

static struct answer get_outlets(struct api *api, struct MHD_Connection *connection)
{
    (void)connection;
    return answer_text(MHD_HTTP_OK, JSON_TYPE, api->settings->outlets(api->settings->owner));
}

/* ---- finding them ---- */

enum { ARGUMENTS_MOST = 8 };

static const struct route {
    const char *path;
    struct answer (*get)(struct api *api, struct MHD_Connection *connection);
    bool open;
    const char *arguments[ARGUMENTS_MOST];
} ROUTES[] = {
    {"/healthz", get_health, true, {NULL}},
    {"/metrics", get_metrics, false, {NULL}},
    {"/api/v1/status", get_status, false, {NULL}},
    {"/api/v1/site", get_site, true, {NULL}},
    {"/api/v1/outlets", get_outlets, true, {NULL}},
    {"/api/v1/alarms", api_get_alarms, false, {"active", "skip", "limit", NULL}},
    {"/api/v1/alarm", api_get_alarm, false, {"id", NULL}},
    {"/api/v1/trend", api_get_trend, true, {"outlet", "factor", "span", NULL}},
    {"/api/v1/records", api_get_records, true, {"outlet", "factor", "period", "from", "to", "skip", "limit", "format"}},
};

bool api_is_open(const char *path)
{
    for (size_t i = 0; i < sizeof ROUTES / sizeof ROUTES[0]; i++)
        if (strcmp(ROUTES[i].path, path) == 0)
            return ROUTES[i].open;
    return strcmp(path, "/api/v1/stream") == 0; /* without alarms */
}

static enum MHD_Result is_known(void *owner, enum MHD_ValueKind kind, const char *name, const char *value)
{
    const struct route **route = owner;
    (void)kind;
    for (size_t i = 0; *route && value && i < ARGUMENTS_MOST && (*route)->arguments[i]; i++)
        if (strcmp((*route)->arguments[i], name) == 0)
            return MHD_YES;
    *route = NULL;
    return MHD_NO;
}

bool api_answer(struct api *api, struct MHD_Connection *connection, const char *path, struct answer *answer)
{
    for (size_t i = 0; i < sizeof ROUTES / sizeof ROUTES[0]; i++) {
        const struct route *route = &ROUTES[i], *known = route;
        if (strcmp(route->path, path) != 0)
            continue;
        MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, is_known, &known);
        *answer =
            known ? route->get(api, connection)
                  : answer_refusal(MHD_HTTP_BAD_REQUEST, "an argument this route does not know, or without a value");
        return true;
    }
    return false;
}
