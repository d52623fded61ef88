/* The gateway: every room wired to the next, on one libuv loop.
 *
 *   lines ─► samples ─► journal block ─► compute ─► bodies ─► journal ─(durable)─► feeds
 *
 * The only file that knows every room. */
#ifndef CEMSD_GATEWAY_H
#define CEMSD_GATEWAY_H

#include "model/error.h"
#include "model/plant.h"

struct gateway;

/* Opens the journal, restores what was in progress, binds the feeds, starts the lines. Takes over plant. NULL with err.
 */
struct gateway *gateway_open(struct plant *plant, const char *config_file, struct error *err);
/* Runs until SIGTERM or SIGINT, or until the journal is beyond hope; then stops in order: lines, journal, feeds. Frees
 * the gateway. 0 or 1. */
int gateway_run(struct gateway *gateway);

#endif
