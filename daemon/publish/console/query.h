/* What the routes of the API share: arguments, and the way to the next page. Private to the console.
 *
 *   GET /api/v1/records?limit=2&factor=a21026  →  Link: </api/v1/records?factor=a21026&limit=2&from=T&skip=1>;
 * rel="next"
 *
 * (RFC 8288): the same arguments but for where to go on. Without it that was all. */
#ifndef CEMSD_PUBLISH_CONSOLE_QUERY_H
#define CEMSD_PUBLISH_CONSOLE_QUERY_H

#include "publish/console/api.h"

/* The argument, or "". */
const char *query_argument(struct MHD_Connection *connection, const char *name);
/* A whole number of that range, `otherwise` without one; false when it is anything else. */
bool query_number(struct MHD_Connection *connection, const char *name, long least, long most, long otherwise,
                  size_t *out);

/* To free(); NULL when memory is short. The request's arguments that are in `kept` (ends with NULL), then `more` as it
 * is ("from=...&skip=1"), as the value of Link. */
char *query_next(struct MHD_Connection *connection, const char *path, const char *const *kept, const char *more);

struct answer api_get_alarms(struct api *api, struct MHD_Connection *connection);
struct answer api_get_alarm(struct api *api, struct MHD_Connection *connection);
struct answer api_get_records(struct api *api, struct MHD_Connection *connection);
struct answer api_get_trend(struct api *api, struct MHD_Connection *connection);

#endif
