#include "config/factors.h"

#include "config/csv.h"
#include "config/embedded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FACTORS_MAX = 512, UNITS = 32 };

static struct factor table[FACTORS_MAX];
static size_t count;

/* "N5.2" has two decimals, "N4" none. */
static int decimals_of(const char *format)
{
    const char *point = strchr(format, '.');
    return point ? (int)strtol(point + 1, NULL, 10) : 0;
}

static void load(void)
{
    static struct csv csv;
    csv_init(&csv, EMBEDDED_FACTORS[0].bytes, EMBEDDED_FACTORS[0].length);
    csv_next(&csv); /* the head */
    while (count < FACTORS_MAX && csv_next(&csv)) {
        struct factor *f = &table[count++];
        const char *format = csv_field(&csv, 7)[0] ? csv_field(&csv, 7) : csv_field(&csv, 6);
        snprintf(f->code, sizeof f->code, "%s", csv_field(&csv, 0));
        snprintf(f->code_2005, sizeof f->code_2005, "%s", csv_field(&csv, 1));
        snprintf(f->name_zh, sizeof f->name_zh, "%s", csv_field(&csv, 2));
        snprintf(f->name_en, sizeof f->name_en, "%s", csv_field(&csv, 3));
        snprintf(f->unit, sizeof f->unit, "%s", csv_field(&csv, 4));
        snprintf(f->amount_unit, sizeof f->amount_unit, "%s", csv_field(&csv, 5));
        f->decimals = decimals_of(format);
        f->decimals_2017 = decimals_of(csv_field(&csv, 6));
        f->digits = format[0] == 'N' ? (int)strtol(format + 1, NULL, 10) : 0;
    }
    for (int n = 1; n <= UNITS && count < FACTORS_MAX; n++) { /* treatment units, HJ 212-2017 table 4: SBn-RS */
        struct factor *f = &table[count++];
        snprintf(f->code, sizeof f->code, "SB%d", n);
        snprintf(f->name_zh, sizeof f->name_zh, "治理设施%d运行状态", n);
        snprintf(f->name_en, sizeof f->name_en, "state of treatment unit %d", n);
        f->digits = 1;
    }
}

bool factor_is_unit(const struct factor *factor)
{
    return factor->code[0] == 'S' && factor->code[1] == 'B';
}

const struct factor *factor_find(const char *code)
{
    if (count == 0)
        load();
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].code, code) == 0 || (code[0] && strcmp(table[i].code_2005, code) == 0))
            return &table[i];
    return NULL;
}

size_t factor_count(void)
{
    if (count == 0)
        load();
    return count;
}

const struct factor *factor_of(const struct plant *plant, const char *code)
{
    for (size_t i = 0; i < plant->factor_count; i++) {
        const struct factor *f = &plant->factors[i].factor;
        if (strcmp(f->code, code) == 0 || (code[0] && strcmp(f->code_2005, code) == 0))
            return f;
    }
    return factor_find(code);
}
