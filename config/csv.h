/* RFC 4180 rows, one line each (no line break inside quotes); lines that begin with # are comments. Never allocates. */
#ifndef CEMSD_CONFIG_CSV_H
#define CEMSD_CONFIG_CSV_H

#include <stdbool.h>
#include <stddef.h>

enum { CSV_FIELDS = 16, CSV_LINE = 1024 };

struct csv {
    const char *at, *end; /* what is left of the text */
    size_t line;          /* number of the row last read, from 1 */
    char text[CSV_LINE];  /* its fields, unquoted, zero terminated */
    const char *field[CSV_FIELDS];
    size_t count;
    bool malformed; /* too long, too many fields or an open quote: nothing of the row is usable */
};

void csv_init(struct csv *csv, const char *text, size_t length);
/* Reads the next row that is neither empty nor a comment. False at the end. Missing fields read as "". */
bool csv_next(struct csv *csv);
const char *csv_field(const struct csv *csv, size_t n);

#endif
