/* The routes under /api/v1, /metrics and /healthz (web/openapi.json says what each takes and gives). Arguments that are
 * not known, or not what they should be, are refused with 400 and a reason. Private to the console. */
#ifndef CEMSD_PUBLISH_CONSOLE_API_H
#define CEMSD_PUBLISH_CONSOLE_API_H

#include "journal/reader.h"
#include "publish/console/answer.h"
#include "publish/console/console.h"

struct api {
    const struct console_settings *settings;
    struct reader *reader; /* borrowed */
};

/* Whether everybody may ask it: what the public pages show. */
bool api_is_open(const char *path);
/* False: there is no such route. */
bool api_answer(struct api *api, struct MHD_Connection *connection, const char *path, struct answer *answer);

#endif
