/* A changed configuration is an event of the journal: the file's hash, what changed line by line, and the whole text,
 * so that anyone can see later under which rules a figure was made. What is secret is struck out first:
 *
 *   password: "123456"   ─►   password: "***"
 *
 * Key files are named in the text; what is in them is not. */
#include "gateway_parts.h"
#include "model/clock.h"
#include "model/instant.h"
#include "model/log.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 128 * 1024, LINES_MOST = 4096, CELLS_MOST = 1024 * 1024 };

/* ---- the text ---- */

static size_t value_end(const char *text, size_t at, size_t length)
{
    char quote = text[at] == '"' || text[at] == '\'' ? text[at] : '\0';
    if (quote == '\0')
        return at + strcspn(text + at, ",}\n");
    for (size_t end = at + 1; end < length && text[end] != '\n'; end++)
        if (text[end] == quote && (text[end - 1] != '\\' || quote == '\''))
            return end + 1;
    return at + strcspn(text + at, "\n");
}

/* Copies the text without its secrets; out holds 2 * length + 1. */
static void strike_out(const char *text, size_t length, char *out)
{
    static const char SECRET[] = "password:", STRUCK[] = " \"***\"";
    size_t at = 0, n = 0;
    while (at < length) {
        bool secret = strncmp(text + at, SECRET, sizeof SECRET - 1) == 0;
        if (!secret) {
            out[n++] = text[at++];
            continue;
        }
        memcpy(out + n, SECRET, sizeof SECRET - 1);
        n += sizeof SECRET - 1;
        at += sizeof SECRET - 1;
        at += strspn(text + at, " \t");
        at = value_end(text, at, length);
        memcpy(out + n, STRUCK, sizeof STRUCK - 1);
        n += sizeof STRUCK - 1;
    }
    out[n] = '\0';
}

/* The configuration file without its secrets, to free(); NULL when it is too large or gone. */
static char *read_text(const char *path)
{
    FILE *in = fopen(path, "re");
    char *text = in ? calloc(1, TEXT_MOST + 1) : NULL, *struck = text ? calloc(2, TEXT_MOST + 1) : NULL;
    size_t length = struck ? fread(text, 1, TEXT_MOST + 1, in) : 0;
    bool good = struck && length > 0 && length <= TEXT_MOST && !memchr(text, '\0', length);
    if (good)
        strike_out(text, length, struck);
    if (in)
        fclose(in);
    free(text);
    if (!good) {
        free(struck);
        return NULL;
    }
    return struck;
}

/* ---- what changed ---- */

struct lines_of {
    const char *at[LINES_MOST];
    size_t length[LINES_MOST], count;
};

static void cut(const char *text, struct lines_of *out)
{
    out->count = 0;
    while (*text && out->count < LINES_MOST) {
        out->at[out->count] = text;
        out->length[out->count++] = strcspn(text, "\n");
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
}

static bool same(const struct lines_of *a, size_t i, const struct lines_of *b, size_t j)
{
    return a->length[i] == b->length[j] && memcmp(a->at[i], b->at[j], a->length[i]) == 0;
}

static void say_line(json_t *diff, char sign, const struct lines_of *lines, size_t n)
{
    char head[24];
    snprintf(head, sizeof head, "%c%zu: ", sign, n + 1);
    json_t *text = json_stringn(lines->at[n], lines->length[n]);
    json_array_append_new(diff, json_sprintf("%s%s", head, text ? json_string_value(text) : "?"));
    json_decref(text);
}

/* Longest common subsequence of the lines between the first and the last that differ. */
static json_t *difference(const struct lines_of *a, const struct lines_of *b)
{
    json_t *diff = json_array();
    size_t head = 0, tail = 0;
    while (head < a->count && head < b->count && same(a, head, b, head))
        head++;
    while (tail < a->count - head && tail < b->count - head && same(a, a->count - 1 - tail, b, b->count - 1 - tail))
        tail++;
    size_t rows = a->count - head - tail, columns = b->count - head - tail;
    uint16_t *table =
        (rows + 1) * (columns + 1) <= CELLS_MOST ? calloc((rows + 1) * (columns + 1), sizeof *table) : NULL;
#define CELL(i, j) table[(i) * (columns + 1) + (j)]
    for (size_t i = rows; table && i-- > 0;)
        for (size_t j = columns; j-- > 0;)
            CELL(i, j) = same(a, head + i, b, head + j)    ? (uint16_t)(CELL(i + 1, j + 1) + 1)
                         : CELL(i + 1, j) > CELL(i, j + 1) ? CELL(i + 1, j)
                                                           : CELL(i, j + 1);
    for (size_t i = 0, j = 0; i < rows || j < columns;) {
        if (table && i < rows && j < columns && same(a, head + i, b, head + j)) {
            i++;
            j++;
        } else if (i < rows && (!table || j == columns || CELL(i + 1, j) >= CELL(i, j + 1))) {
            say_line(diff, '-', a, head + i++);
        } else {
            say_line(diff, '+', b, head + j++);
        }
    }
#undef CELL
    free(table);
    return diff;
}

/* ---- the event ---- */

struct before {
    char *text, sha256[65];
};

static bool take_before(void *owner, const char *body, size_t length)
{
    struct before *before = owner;
    json_t *o = json_loadb(body, length, 0, NULL);
    const char *text = json_string_value(json_object_get(o, "text")),
               *sha256 = json_string_value(json_object_get(o, "config_sha256"));
    before->text = text ? strdup(text) : NULL;
    snprintf(before->sha256, sizeof before->sha256, "%s", sha256 ? sha256 : "");
    json_decref(o);
    return true;
}

static json_t *event_of(struct gateway *g, const struct before *before, const char *text, int64_t now_ms)
{
    static struct lines_of old, new;
    char time[INSTANT_TEXT];
    json_t *o = json_object();
    json_object_set_new(o, "time", json_string(instant_format(now_ms, time)));
    json_object_set_new(o, "kind", json_string("config"));
    json_object_set_new(o, "version", json_string(CEMSD_VERSION));
    json_object_set_new(o, "config_sha256", json_string(g->plant->sha256));
    json_object_set_new(o, "before_sha256", before->sha256[0] ? json_string(before->sha256) : json_null());
    if (text && before->text) {
        cut(before->text, &old);
        cut(text, &new);
        json_object_set_new(o, "diff", difference(&old, &new));
    }
    json_t *whole = text ? json_string(text) : NULL;
    json_object_set_new(o, "text", whole ? whole : json_null());
    return o;
}

void gateway_note_config(struct gateway *g)
{
    struct before before = {NULL, ""};
    struct error err;
    struct reader *reader = reader_open(g->plant->journal.path, &err);
    int64_t now_ms = clock_wall_ms();
    if (reader)
        reader_last_event(reader, "config", take_before, &before);
    reader_close(reader);
    if (strcmp(before.sha256, g->plant->sha256) != 0) {
        char *text = read_text(g->config_file);
        json_t *o = event_of(g, &before, text, now_ms);
        char *body = json_dumps(o, JSON_COMPACT);
        if (!body || !journal_append(g->journal, STREAM_EVENT, now_ms, "config", body, strlen(body)))
            g->lost++;
        free(body);
        json_decref(o);
        free(text);
    }
    free(before.text);
}
