#include "config/csv.h"

#include <string.h>

void csv_init(struct csv *csv, const char *text, size_t length)
{
    *csv = (struct csv){.at = text, .end = text + length};
}

const char *csv_field(const struct csv *csv, size_t n)
{
    return n < csv->count ? csv->field[n] : "";
}

static void split(struct csv *csv, const char *row, size_t length)
{
    char *out = csv->text, *limit = csv->text + sizeof csv->text - 1;
    bool quoted = false;
    csv->count = 0;
    csv->malformed = length >= sizeof csv->text - CSV_FIELDS;
    if (csv->malformed)
        return;
    csv->field[csv->count++] = out;
    for (size_t i = 0; i < length && out < limit; i++) {
        char c = row[i];
        if (quoted && c == '"' && i + 1 < length && row[i + 1] == '"') {
            *out++ = '"';
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            *out++ = '\0';
            if (csv->count == CSV_FIELDS) {
                csv->malformed = true;
                return;
            }
            csv->field[csv->count++] = out;
        } else {
            *out++ = c;
        }
    }
    *out = '\0';
    csv->malformed = quoted;
}

bool csv_next(struct csv *csv)
{
    while (csv->at < csv->end) {
        const char *row = csv->at;
        const char *stop = memchr(row, '\n', (size_t)(csv->end - row));
        size_t length = (size_t)((stop ? stop : csv->end) - row);
        csv->at = stop ? stop + 1 : csv->end;
        csv->line++;
        if (length > 0 && row[length - 1] == '\r')
            length--;
        if (length == 0 || row[0] == '#')
            continue;
        split(csv, row, length);
        return true;
    }
    return false;
}
