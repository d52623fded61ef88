/* Transports of the simulated devices on a libuv loop. A protocol is a row of the table in serve.c: how it listens, and
 * how a frame is found in its bytes and made for them. */
#ifndef CEMSD_PLANT_SERVE_H
#define CEMSD_PLANT_SERVE_H

#include "scenario.h"

#include <uv.h>

struct served;

/* Listens for every transport of the device; prints "listening NAME TRANSPORT WHERE" lines. False with a line on
 * stderr. */
bool serve_device(uv_loop_t *loop, const struct device *device, const struct signals *signals, double speed,
                  struct served **out);
/* Drops every connection of the device; it may come back. */
void serve_drop(struct served *served);
uint64_t serve_requests(const struct served *served);

#endif
