/* A run of bytes that somebody else owns. Taking from it can't overread. Pure. Any thread. */
#ifndef CEMSD_MODEL_SLICE_H
#define CEMSD_MODEL_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *at;
    size_t len;
};

static inline struct slice slice_take(struct slice s, size_t n)
{
    return (struct slice){s.at, n < s.len ? n : s.len};
}

static inline struct slice slice_drop(struct slice s, size_t n)
{
    n = n < s.len ? n : s.len;
    return (struct slice){s.at + n, s.len - n};
}

static inline bool slice_starts(struct slice s, const char *with)
{
    size_t n = strlen(with);
    return s.len >= n && memcmp(s.at, with, n) == 0;
}

static inline bool slice_is(struct slice s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

/* Offset of the first occurrence of text at or after from; s.len when there is none. */
static inline size_t slice_find(struct slice s, size_t from, const char *text)
{
    const char *found = from < s.len ? memmem(s.at + from, s.len - from, text, strlen(text)) : NULL;
    return found ? (size_t)(found - s.at) : s.len;
}

/* Length of the run at the front that holds none of the bytes of stop. */
static inline size_t slice_span_until(struct slice s, const char *stop)
{
    size_t n = 0;
    while (n < s.len && (s.at[n] == '\0' || !strchr(stop, s.at[n])))
        n++;
    return n;
}

static inline struct slice slice_trim(struct slice s)
{
    while (s.len && (s.at[0] == ' ' || s.at[0] == '\t'))
        s = slice_drop(s, 1);
    while (s.len && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
        s.len--;
    return s;
}

#endif
