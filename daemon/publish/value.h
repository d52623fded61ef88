/* Values as JSON has them, for every room that prints some. Pure but for allocation. */
#ifndef CEMSD_PUBLISH_VALUE_H
#define CEMSD_PUBLISH_VALUE_H

#include <jansson.h>
#include <stdint.h>

/* ISO 8601 with +08:00; null for INSTANT_NONE. */
json_t *value_instant(int64_t instant_ms);
/* Unrounded; null for NAN and infinity. */
json_t *value_figure(double figure);

/* Any bytes as a string: what is not UTF-8 becomes ?; null when text is NULL. */
json_t *value_text(const char *text, size_t length);

#endif
