/* Macros that make a row of the schema from a member of a struct, so that a row reads as one line. Private to the
 * schema files of the config room. */
#ifndef CEMSD_CONFIG_SCHEMA_ROWS_H
#define CEMSD_CONFIG_SCHEMA_ROWS_H

#include "config/schema.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define AT(s, m) offsetof(struct s, m)
#define SIZE(s, m) sizeof(((struct s *)0)->m)
#define NO SCHEMA_NOWHERE

#define TEXT(s, m, k, fallback, d)                                                                                     \
    {                                                                                                                  \
        .key = k, .kind = FIELD_TEXT, .at = AT(s, m), .size = SIZE(s, m), .otherwise = fallback, .given_at = NO,       \
        .doc = d                                                                                                       \
    }
#define INTEGER(s, m, k, low, high, fallback, d)                                                                       \
    {                                                                                                                  \
        .key = k, .kind = FIELD_INTEGER, .at = AT(s, m), .min = low, .max = high, .otherwise = fallback,               \
        .given_at = NO, .doc = d                                                                                       \
    }
#define NUMBER(s, m, k, low, high, fallback, d)                                                                        \
    {                                                                                                                  \
        .key = k, .kind = FIELD_NUMBER, .at = AT(s, m), .min = low, .max = high, .otherwise = fallback,                \
        .given_at = NO, .doc = d                                                                                       \
    }
#define FLAG(s, m, k, fallback, d)                                                                                     \
    {                                                                                                                  \
        .key = k, .kind = FIELD_FLAG, .at = AT(s, m), .otherwise = fallback, .given_at = NO, .doc = d                  \
    }
#define CHOICE(s, m, k, c, fallback, d)                                                                                \
    {                                                                                                                  \
        .key = k, .kind = FIELD_CHOICE, .at = AT(s, m), .choices = c, .otherwise = fallback, .given_at = NO, .doc = d  \
    }
#define PAIR(s, m, k, low, high, given, d)                                                                             \
    {                                                                                                                  \
        .key = k, .kind = FIELD_PAIR, .at = AT(s, m), .min = low, .max = high, .otherwise = "", .given_at = given,     \
        .doc = d                                                                                                       \
    }
#define PART(s, m, k, sec, fallback, given, d)                                                                         \
    {                                                                                                                  \
        .key = k, .kind = FIELD_SECTION, .at = AT(s, m), .section = &(sec), .otherwise = fallback, .given_at = given,  \
        .doc = d                                                                                                       \
    }
#define LIST(s, m, n, k, sec, limit, fallback, d)                                                                      \
    {                                                                                                                  \
        .key = k, .kind = FIELD_LIST, .at = AT(s, m), .size = sizeof *((struct s *)0)->m, .section = &(sec),           \
        .count_at = AT(s, n), .most = limit, .otherwise = fallback, .given_at = NO, .doc = d                           \
    }
#define TEXTS(s, m, n, k, limit, fallback, d)                                                                          \
    {                                                                                                                  \
        .key = k, .kind = FIELD_TEXTS, .at = AT(s, m), .size = sizeof *((struct s *)0)->m, .count_at = AT(s, n),       \
        .most = limit, .otherwise = fallback, .given_at = NO, .doc = d                                                 \
    }
#define TABLE(s, m, n, k, c, low, high, limit, given, d)                                                               \
    {                                                                                                                  \
        .key = k, .kind = FIELD_TABLE, .at = AT(s, m), .size = sizeof *((struct s *)0)->m, .choices = c, .min = low,   \
        .max = high, .count_at = AT(s, n), .most = limit, .otherwise = NULL, .given_at = given, .doc = d               \
    }
#define SECTION(var, title, rows) static const struct section var = {title, rows, COUNT(rows)}

#endif
