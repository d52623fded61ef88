/* JSON written straight down, for bodies that are made every few seconds of every outlet: the same bytes as Jansson's
 * compact dump of the same members (15 significant digits), at a tenth of its time. Members come in order; a comma is
 * put where one is due. Out of memory is remembered until text_take. One thread at a time. */
#ifndef CEMSD_PUBLISH_TEXT_H
#define CEMSD_PUBLISH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *bytes;
    size_t length, room;
    bool failed;
};

/* The text, zero terminated, to free(), and its length; NULL when memory was short. text is empty afterwards. */
char *text_take(struct text *text, size_t *length);

/* Opens and closes an object { } or array [ ]; name NULL: an element. */
void text_open(struct text *text, const char *name, char bracket);
void text_close(struct text *text, char bracket);

/* A member. Strings are UTF-8, zero terminated; NULL is null. */
void text_string(struct text *text, const char *name, const char *value);
void text_integer(struct text *text, const char *name, int64_t value);
/* Rounded half to even, by the exact binary value, to so many decimals, 0..9; null unless finite; never -0. */
void text_number(struct text *text, const char *name, double value, int decimals);
/* true, false; null when it is negative. */
void text_truth(struct text *text, const char *name, int value);
/* ISO 8601 with +08:00; null for INSTANT_NONE. */
void text_instant(struct text *text, const char *name, int64_t instant_ms);

#endif
