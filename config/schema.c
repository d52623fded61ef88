#include "config/schema.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A section may lie behind members it fills (a serial HJ 212 line's port): signed, the way back is a way back. */
static void *member(void *base, size_t at)
{
    return (char *)base + (ptrdiff_t)at;
}

static const char *scalar_of(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static bool is_null(const yaml_node_t *node)
{
    const char *text = scalar_of(node);
    return text && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

static const char *kind_words(const struct field *field)
{
    static const char *const WORDS[] = {
        [FIELD_TEXT] = "text",
        [FIELD_INTEGER] = "a whole number",
        [FIELD_NUMBER] = "a number",
        [FIELD_FLAG] = "true or false",
        [FIELD_CHOICE] = "one of the names",
        [FIELD_SECTION] = "a mapping",
        [FIELD_LIST] = "a list",
        [FIELD_TEXTS] = "a list of texts",
        [FIELD_PAIR] = "a pair [low, high]",
        [FIELD_TABLE] = "a mapping of numbers",
    };
    return WORDS[field->kind];
}

static bool read_number(const char *text, double *out)
{
    char *end = NULL;
    if (text[strspn(text, "+-.0123456789eE")] != '\0' || text[0] == '\0')
        return false; /* no hexadecimal, no nan, no blanks */
    errno = 0;
    *out = strtod(text, &end);
    return *end == '\0' && errno == 0 && isfinite(*out);
}

static bool check_bounds(struct document *d, const yaml_node_t *node, const char *path, const struct field *field,
                         double value)
{
    if (value < field->min)
        return document_complain_at(d, node, path, "%.15g is below %.15g", value, field->min);
    if (value > field->max)
        return document_complain_at(d, node, path, "%.15g is above %.15g", value, field->max);
    return true;
}

/* "a, b or c" into text. */
static const char *choice_words(const struct choice *choices, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (const struct choice *c = choices; c->name && used < size; c++) {
        int n = snprintf(text + used, size - used, "%s%s", c == choices ? "" : c[1].name ? ", " : " or ", c->name);
        used += n > 0 ? (size_t)n : 0;
    }
    return text;
}

static bool read_choice(struct document *d, const yaml_node_t *node, const char *path, const struct choice *choices,
                        int *out)
{
    const char *text = scalar_of(node);
    char words[256];
    for (const struct choice *c = choices; text && c->name; c++) {
        if (strcmp(c->name, text) == 0) {
            *out = c->value;
            return true;
        }
    }
    return document_complain_at(d, node, path, "%s is not %s", text ? text : "this",
                                choice_words(choices, words, sizeof words));
}

static bool fill_scalar(struct document *d, const yaml_node_t *node, const char *path, const struct field *field,
                        void *at)
{
    const char *text = scalar_of(node);
    double number;
    if (!text || is_null(node))
        return document_complain_at(d, node, path, "must be %s", kind_words(field));
    switch (field->kind) {
    case FIELD_TEXT:
        if (node->data.scalar.length >= field->size)
            return document_complain_at(d, node, path, "longer than %zu bytes", field->size - 1);
        if (strlen(text) != node->data.scalar.length)
            return document_complain_at(d, node, path, "holds a zero byte");
        memcpy(at, text, node->data.scalar.length + 1);
        return true;
    case FIELD_INTEGER:
    case FIELD_NUMBER:
        if (!read_number(text, &number) || (field->kind == FIELD_INTEGER && number != floor(number)))
            return document_complain_at(d, node, path, "%s is not %s", text, kind_words(field));
        if (!check_bounds(d, node, path, field, number))
            return false;
        if (field->kind == FIELD_INTEGER)
            *(int *)at = (int)number;
        else
            *(double *)at = number;
        return true;
    case FIELD_FLAG:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return document_complain_at(d, node, path, "%s is not true or false", text);
        *(bool *)at = text[0] == 't';
        return true;
    case FIELD_CHOICE:
    case FIELD_SECTION:
    case FIELD_LIST:
    case FIELD_TEXTS:
    case FIELD_PAIR:
    case FIELD_TABLE: break;
    }
    return read_choice(d, node, path, field->choices, at);
}

static bool fill_pair(struct document *d, const yaml_node_t *node, const char *path, const struct field *field,
                      double *at)
{
    yaml_node_item_t *items = node->type == YAML_SEQUENCE_NODE ? node->data.sequence.items.start : NULL;
    if (!items || node->data.sequence.items.top - items != 2)
        return document_complain_at(d, node, path, "must be %s", kind_words(field));
    bool good = true;
    for (int i = 0; i < 2; i++) {
        yaml_node_t *item = yaml_document_get_node(&d->yaml, items[i]);
        struct field number = *field;
        number.kind = FIELD_NUMBER;
        good = fill_scalar(d, item, path, &number, &at[i]) && good;
    }
    return good;
}

static bool fill_list(struct document *d, const yaml_node_t *node, const char *path, const struct field *field,
                      void *base)
{
    if (node->type != YAML_SEQUENCE_NODE)
        return document_complain_at(d, node, path, "must be %s", kind_words(field));
    size_t count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (count > field->most)
        return document_complain_at(d, node, path, "%zu entries; at most %zu are possible", count, field->most);
    char *list = calloc(count ? count : 1, field->size);
    if (!list)
        return document_complain_at(d, node, path, "out of memory");
    *(void **)member(base, field->at) = list;
    *(size_t *)member(base, field->count_at) = count;
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        char item_path[DOCUMENT_PATH];
        snprintf(item_path, sizeof item_path, "%s[%zu]", path, i);
        yaml_node_t *item = yaml_document_get_node(&d->yaml, node->data.sequence.items.start[i]);
        if (field->kind == FIELD_TEXTS) {
            struct field text = *field;
            text.kind = FIELD_TEXT;
            good = fill_scalar(d, item, item_path, &text, list + i * field->size) && good;
        } else {
            good = schema_fill(d, item, item_path, field->section, list + i * field->size) && good;
        }
    }
    return good;
}

struct table_row {
    int key, value;
};

static bool fill_table(struct document *d, const yaml_node_t *node, const char *path, const struct field *field,
                       void *base)
{
    if (node->type != YAML_MAPPING_NODE)
        return document_complain_at(d, node, path, "must be %s", kind_words(field));
    size_t count = (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
    if (count > field->most)
        return document_complain_at(d, node, path, "%zu rows; at most %zu are possible", count, field->most);
    struct table_row *rows = calloc(count ? count : 1, sizeof *rows);
    if (!rows)
        return document_complain_at(d, node, path, "out of memory");
    *(void **)member(base, field->at) = rows;
    *(size_t *)member(base, field->count_at) = count;
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        yaml_node_t *key = yaml_document_get_node(&d->yaml, node->data.mapping.pairs.start[i].key);
        yaml_node_t *value = yaml_document_get_node(&d->yaml, node->data.mapping.pairs.start[i].value);
        const struct field number = {.kind = FIELD_INTEGER, .min = field->min, .max = field->max};
        good = fill_scalar(d, key, path, &number, &rows[i].key) && good;
        good = read_choice(d, value, path, field->choices, &rows[i].value) && good;
        for (size_t j = 0; j < i; j++)
            if (rows[j].key == rows[i].key)
                good = document_complain_at(d, key, path, "%d stands here twice", rows[i].key);
    }
    return good;
}

static bool fill_field(struct document *d, const yaml_node_t *node, const char *path, const struct field *field,
                       void *base)
{
    void *at = member(base, field->at);
    if (field->given_at != SCHEMA_NOWHERE)
        *(bool *)member(base, field->given_at) = true;
    switch (field->kind) {
    case FIELD_SECTION: return schema_fill(d, node, path, field->section, at);
    case FIELD_TEXTS:
    case FIELD_LIST: return fill_list(d, node, path, field, base);
    case FIELD_TABLE: return fill_table(d, node, path, field, base);
    case FIELD_PAIR: return fill_pair(d, node, path, field, at);
    case FIELD_TEXT:
    case FIELD_INTEGER:
    case FIELD_NUMBER:
    case FIELD_FLAG:
    case FIELD_CHOICE: break;
    }
    return fill_scalar(d, node, path, field, at);
}

static void set_defaults(const struct section *section, void *base)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct field *f = &section->fields[i];
        void *at = member(base, f->at);
        const char *otherwise = f->otherwise ? f->otherwise : "";
        double number = NAN;
        if (f->kind == FIELD_SECTION)
            set_defaults(f->section, at);
        else if (f->kind == FIELD_TEXT)
            snprintf(at, f->size, "%s", otherwise);
        else if (f->kind == FIELD_NUMBER)
            *(double *)at = read_number(otherwise, &number) ? number : NAN;
        else if (f->kind == FIELD_INTEGER)
            *(int *)at = read_number(otherwise, &number) ? (int)number : 0;
        else if (f->kind == FIELD_FLAG)
            *(bool *)at = strcmp(otherwise, "true") == 0;
        else if (f->kind == FIELD_CHOICE)
            for (const struct choice *c = f->choices; c->name; c++)
                if (strcmp(c->name, otherwise) == 0)
                    *(int *)at = c->value;
    }
}

static const struct field *find_field(const struct section *section, const char *key)
{
    for (size_t i = 0; i < section->count; i++)
        if (strcmp(section->fields[i].key, key) == 0)
            return &section->fields[i];
    return NULL;
}

/* The known key most like the unknown one: the longest common prefix of at least 3 letters. */
static const char *resembling(const struct section *section, const char *key)
{
    const char *best = NULL;
    size_t best_common = 2;
    for (size_t i = 0; i < section->count; i++) {
        size_t common = 0;
        while (key[common] && key[common] == section->fields[i].key[common])
            common++;
        if (common > best_common) {
            best_common = common;
            best = section->fields[i].key;
        }
    }
    return best;
}

static void join_path(char out[DOCUMENT_PATH], const char *path, const char *key)
{
    snprintf(out, DOCUMENT_PATH, "%s%s%s", path, path[0] ? "." : "", key);
}

bool schema_fill(struct document *d, const yaml_node_t *node, const char *path, const struct section *section,
                 void *base)
{
    bool good = true;
    char field_path[DOCUMENT_PATH];
    set_defaults(section, base);
    if (node->type != YAML_MAPPING_NODE)
        return document_complain_at(d, node, path, "must be a mapping (%s)", section->name);
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
        yaml_node_t *key = yaml_document_get_node(&d->yaml, pair->key);
        const char *name = scalar_of(key);
        const struct field *field = name ? find_field(section, name) : NULL;
        join_path(field_path, path, name ? name : "?");
        if (!field) {
            const char *like = name ? resembling(section, name) : NULL;
            good = document_complain_at(d, key, field_path, "unknown key%s%s%s", like ? "; did you mean " : "",
                                        like ? like : "", like ? "?" : "");
        } else if (document_get(d, node, name) != yaml_document_get_node(&d->yaml, pair->value)) {
            good = document_complain_at(d, key, field_path, "stands here twice");
        } else {
            good = fill_field(d, yaml_document_get_node(&d->yaml, pair->value), field_path, field, base) && good;
        }
    }
    for (size_t i = 0; i < section->count; i++) {
        join_path(field_path, path, section->fields[i].key);
        if (!section->fields[i].otherwise && !document_get(d, node, section->fields[i].key))
            good = document_complain_at(d, node, field_path, "is missing");
    }
    return good;
}

void schema_free(const struct section *section, void *base)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct field *f = &section->fields[i];
        if (f->kind == FIELD_SECTION) {
            schema_free(f->section, member(base, f->at));
            continue;
        }
        if (f->kind != FIELD_LIST && f->kind != FIELD_TEXTS && f->kind != FIELD_TABLE)
            continue;
        char **list = member(base, f->at);
        size_t *count = member(base, f->count_at);
        for (size_t n = 0; f->kind == FIELD_LIST && *list && n < *count; n++)
            schema_free(f->section, *list + n * f->size);
        free(*list);
        *list = NULL;
        *count = 0;
    }
}

static void print_row(const struct field *f, FILE *out)
{
    char words[256];
    fprintf(out, "| `%s` | ", f->key);
    if (f->kind == FIELD_CHOICE)
        fprintf(out, "%s", choice_words(f->choices, words, sizeof words));
    else if (f->kind == FIELD_LIST || f->kind == FIELD_TEXTS || f->kind == FIELD_TABLE)
        fprintf(out, "%s, at most %zu", kind_words(f), f->most);
    else
        fprintf(out, "%s", kind_words(f));
    if (f->kind == FIELD_INTEGER || f->kind == FIELD_NUMBER)
        fprintf(out, ", %.15g to %.15g", f->min, f->max);
    fprintf(out, " | %s%s%s | %s |\n",
            !f->otherwise     ? "required"
            : f->otherwise[0] ? "`"
                              : "none",
            f->otherwise ? f->otherwise : "", f->otherwise && f->otherwise[0] ? "`" : "", f->doc);
}

void schema_print(const struct section *section, FILE *out)
{
    fprintf(out, "### %s\n\n| key | value | default | meaning |\n|---|---|---|---|\n", section->name);
    for (size_t i = 0; i < section->count; i++)
        print_row(&section->fields[i], out);
    fprintf(out, "\n");
    for (size_t i = 0; i < section->count; i++) {
        const struct field *f = &section->fields[i];
        bool seen = false; /* a section used by two keys is printed once */
        for (size_t j = 0; j < i; j++)
            seen = seen || section->fields[j].section == f->section;
        if (f->section && !seen)
            schema_print(f->section, out);
    }
}
