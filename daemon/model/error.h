/* What went wrong, as one sentence for the operator: what was being done, to what, why it failed. */
#ifndef CEMSD_MODEL_ERROR_H
#define CEMSD_MODEL_ERROR_H

#include <stdbool.h>

struct error {
    char text[512]; /* UTF-8, zero terminated, cut at the end if longer */
};

/* Writes the sentence; err may be NULL. Always returns false, so that a failing function can say
 * `return error_set(err, ...)`. Any thread. */
bool error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " before what err already says. Always returns false. */
bool error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
