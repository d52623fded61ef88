/* What a request is answered with. Headers are the same for all: nothing of another origin is ever loaded, nothing is
 * stored but what says so, and an answer that has not changed is not sent again (ETag). Private to the console. */
#ifndef CEMSD_PUBLISH_CONSOLE_ANSWER_H
#define CEMSD_PUBLISH_CONSOLE_ANSWER_H

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#define JSON_TYPE "application/json; charset=utf-8"
#define TEXT_TYPE "text/plain; charset=utf-8"
#define CSV_TYPE "text/csv; charset=utf-8"
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct asset;

struct answer {
    unsigned code;
    const char *type;
    char *text; /* owned; NULL: out of memory, or one of the others */
    size_t length;
    const struct asset *asset;      /* borrowed */
    struct MHD_Response *streaming; /* owned: an event stream */
    const char *name;               /* of a download; NULL: shown */
    char *next;                     /* owned: the Link to the next page; NULL: there is none */
};

/* Takes body over. */
struct answer answer_json(unsigned code, json_t *body);
/* {"error":reason} */
struct answer answer_refusal(unsigned code, const char *reason);
/* Takes text over. */
struct answer answer_text(unsigned code, const char *type, char *text);

/* Queues and releases it. MHD_NO hangs up. */
enum MHD_Result answer_send(struct MHD_Connection *connection, struct answer *answer);

/* Deflates into a gzip stream, to free(); NULL when memory is short or it would not get smaller. */
char *answer_gzip(const void *bytes, size_t length, int level, size_t *packed);

#endif
