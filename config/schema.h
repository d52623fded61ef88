/* Tables that say what a YAML mapping may hold and where in a struct it goes: one row a key, with its type, bounds,
 * default and meaning. The same rows check a file, fill the struct and print the reference of docs/configuration.md.
 *
 *   schema_fill   every error of the file is reported, not only the first; unknown and repeated keys are errors
 *   schema_free   frees the lists that filling allocated (their size bounded by `most` before anything is allocated)
 *
 * Pure but for allocation. */
#ifndef CEMSD_CONFIG_SCHEMA_H
#define CEMSD_CONFIG_SCHEMA_H

#include "config/document.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum field_kind {
    FIELD_TEXT,    /* char[size] */
    FIELD_INTEGER, /* int, min..max */
    FIELD_NUMBER,  /* double, min..max; NAN when absent with default "none" */
    FIELD_FLAG,    /* bool */
    FIELD_CHOICE,  /* an enum, by name */
    FIELD_SECTION, /* an embedded struct */
    FIELD_TEXTS,   /* pointer to char[size] each, and a size_t at count_at; written [a, b] */
    FIELD_LIST,    /* pointer to `size` bytes each, and a size_t at count_at */
    FIELD_PAIR,    /* double[2], written [a, b] */
    FIELD_TABLE,   /* rows of (int, choice), written {1: C, 2: M} */
};

struct choice {
    const char *name;
    int value;
};

struct section;

struct field {
    const char *key;
    enum field_kind kind;
    size_t at;                     /* offset in the struct */
    size_t size;                   /* TEXT: of the buffer; LIST, TABLE: of one element */
    double min, max;               /* INTEGER, NUMBER */
    const char *otherwise;         /* default as it would be written; NULL: required; "": optional without default */
    const struct choice *choices;  /* CHOICE, TABLE; ends with a NULL name */
    const struct section *section; /* SECTION, LIST */
    size_t count_at;               /* LIST, TABLE: offset of the size_t count */
    size_t most;                   /* LIST, TABLE */
    size_t given_at;               /* offset of a bool set when the key is written; SCHEMA_NOWHERE */
    const char *doc;               /* one sentence, English */
};

#define SCHEMA_NOWHERE ((size_t)-1)

struct section {
    const char *name;
    const struct field *fields;
    size_t count;
};

/* Fills the struct at base from the node; path is its key path ("" at the top). False when anything was complained of.
 */
bool schema_fill(struct document *document, const yaml_node_t *node, const char *path, const struct section *section,
                 void *base);
void schema_free(const struct section *section, void *base);

/* The reference as Markdown: one table a section, depth first. */
void schema_print(const struct section *section, FILE *out);

#endif
