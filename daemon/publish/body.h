/* What is published, as JSON (docs/feeds.md): the members of a body without v, stream, seq, prev, which the journal
 * puts in front. Numbers are rounded half to even to the factor's decimals here and nowhere else; absent numbers are
 * null. Pure but for allocation. */
#ifndef CEMSD_PUBLISH_BODY_H
#define CEMSD_PUBLISH_BODY_H

#include "model/reading.h"

#include <stddef.h>

enum { BODY_TOPIC = 192 };

/* Each returns a string to free() and its length, or NULL when out of memory. */
char *body_record(const struct plant *plant, const struct period_record *record, size_t *length);
char *body_alarm(const struct plant *plant, const struct alarm_event *event, size_t *length);

/* "disclosure/<mn>/<outlet>/<period>", "alarm/<mn>/<outlet>/<subject>". */
void body_record_topic(const struct plant *plant, const struct period_record *record, char topic[BODY_TOPIC]);
void body_alarm_topic(const struct plant *plant, const struct alarm_event *event, char topic[BODY_TOPIC]);

#endif
