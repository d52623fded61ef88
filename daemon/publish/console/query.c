#include "publish/console/query.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *query_argument(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
    return value ? value : "";
}

bool query_number(struct MHD_Connection *connection, const char *name, long least, long most, long otherwise,
                  size_t *out)
{
    const char *text = query_argument(connection, name);
    char *end;
    errno = 0;
    long value = text[0] ? strtol(text, &end, 10) : otherwise;
    *out = (size_t)value;
    return !text[0] ||
           (isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0 && value >= least && value <= most);
}

/* As RFC 3986 has it in a query. */
static void put_escaped(FILE *out, const char *text)
{
    for (; *text; text++)
        if (isalnum((unsigned char)*text) || strchr("-._~", *text))
            fputc(*text, out);
        else
            fprintf(out, "%%%02X", (unsigned char)*text);
}

char *query_next(struct MHD_Connection *connection, const char *path, const char *const *kept, const char *more)
{
    char *link = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&link, &length);
    if (!out)
        return NULL;
    fprintf(out, "<%s?", path);
    for (; *kept; kept++) {
        const char *value = query_argument(connection, *kept);
        if (!value[0])
            continue;
        fprintf(out, "%s=", *kept);
        put_escaped(out, value);
        fputc('&', out);
    }
    fprintf(out, "%s>; rel=\"next\"", more);
    return fclose(out) == 0 ? link : NULL;
}
