#include "config/limits.h"

#include "config/csv.h"
#include "config/embedded.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct standard *standard_find(const char *name)
{
    static struct standard found;
    for (const struct embedded_file *file = EMBEDDED_LIMITS; file->name; file++) {
        if (strcmp(file->name, name) == 0) {
            found = (struct standard){file->name, file->bytes, file->length};
            return &found;
        }
    }
    return NULL;
}

void standard_names(char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (const struct embedded_file *file = EMBEDDED_LIMITS; file->name && used < size; file++) {
        int n = snprintf(text + used, size - used, "%s%s", used ? ", " : "", file->name);
        used += n > 0 ? (size_t)n : 0;
    }
}

static double number_or_none(const char *text)
{
    return text[0] ? strtod(text, NULL) : NAN;
}

/* The number behind the words, or NAN. */
static double condition_number(const char *condition, const char *words)
{
    return strncmp(condition, words, strlen(words)) == 0 ? strtod(condition + strlen(words), NULL) : NAN;
}

static bool read_row(const struct csv *csv, struct standard_limit *row)
{
    *row = (struct standard_limit){0};
    snprintf(row->factor, sizeof row->factor, "%s", csv_field(csv, 0));
    snprintf(row->limit.unit, sizeof row->limit.unit, "%s", csv_field(csv, 4));
    snprintf(row->limit.source, sizeof row->limit.source, "%s", csv_field(csv, 6));
    snprintf(row->condition, sizeof row->condition, "%s", csv_field(csv, 7));
    row->limit.min = number_or_none(csv_field(csv, 2));
    row->limit.max = number_or_none(csv_field(csv, 3));
    row->reference_o2 = number_or_none(csv_field(csv, 5));
    row->use = strcmp(csv_field(csv, 8), "high") != 0 ? LIMIT_NEEDS_CONFIRMATION : LIMIT_JUDGES;
    row->limit.when_above = condition_number(row->condition, "water temperature above ");
    row->limit.when_at_most = condition_number(row->condition, "water temperature at most ");
    row->limit.from_ms = INT64_MIN;
    row->limit.until_ms = INT64_MAX;
    return period_parse(csv_field(csv, 1), &row->limit.period);
}

void standard_each(const struct standard *standard, bool (*each)(void *owner, const struct standard_limit *row),
                   void *owner)
{
    struct csv csv;
    struct standard_limit row;
    csv_init(&csv, standard->bytes, standard->length);
    csv_next(&csv); /* the head */
    while (csv_next(&csv))
        if (read_row(&csv, &row) && !each(owner, &row))
            return;
}
