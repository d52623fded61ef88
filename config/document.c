#include "config/document.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void complain_v(struct document *document, size_t line, size_t column, const char *path, const char *format,
                       va_list args)
{
    struct complaints *all = &document->complaints;
    if (!all->text)
        all->text = calloc(COMPLAINTS_MAX, sizeof *all->text);
    if (!all->text || all->count == COMPLAINTS_MAX) {
        all->suppressed++;
        return;
    }
    char *text = all->text[all->count++];
    int used =
        snprintf(text, COMPLAINT_BYTES, "%s:%zu:%zu: %s%s", document->file, line, column, path, path[0] ? ": " : "");
    if (used > 0 && used < COMPLAINT_BYTES)
        vsnprintf(text + used, COMPLAINT_BYTES - (size_t)used, format, args);
}

static void complain(struct document *document, size_t line, size_t column, const char *path, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static void complain(struct document *document, size_t line, size_t column, const char *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain_v(document, line, column, path, format, args);
    va_end(args);
}

bool document_complain_at(struct document *document, const yaml_node_t *node, const char *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain_v(document, node ? node->start_mark.line + 1 : 1, node ? node->start_mark.column + 1 : 1, path, format,
               args);
    va_end(args);
    return false;
}

bool document_complain(struct document *document, const char *path, const char *format, ...)
{
    yaml_node_t *node = document_at(document, path);
    va_list args;
    va_start(args, format);
    complain_v(document, node ? node->start_mark.line + 1 : 1, node ? node->start_mark.column + 1 : 1, path, format,
               args);
    va_end(args);
    return false;
}

/* The whole file, bounded. NULL with a complaint. */
static unsigned char *slurp(struct document *document, size_t *length)
{
    FILE *in = fopen(document->file, "rbe");
    unsigned char *bytes = in ? malloc(DOCUMENT_BYTES_MAX + 1) : NULL;
    if (!bytes) {
        complain(document, 1, 1, "", "cannot read: %s", strerror(errno));
        if (in)
            fclose(in);
        return NULL;
    }
    *length = fread(bytes, 1, DOCUMENT_BYTES_MAX + 1, in);
    bool failed = ferror(in) != 0;
    int why = errno;
    fclose(in);
    if (failed || *length > DOCUMENT_BYTES_MAX) {
        complain(document, 1, 1, "", "cannot read: %s", failed ? strerror(why) : "larger than 4 MiB");
        free(bytes);
        return NULL;
    }
    return bytes;
}

static void hash(struct document *document, const unsigned char *bytes, size_t length)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (EVP_Digest(bytes, length, digest, &size, EVP_sha256(), NULL) != 1)
        return;
    for (unsigned int i = 0; i < size; i++)
        snprintf(document->sha256 + 2 * (size_t)i, 3, "%02x", digest[i]);
}

static bool parse(struct document *document, const unsigned char *bytes, size_t length)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        complain(document, 1, 1, "", "out of memory");
        return false;
    }
    yaml_parser_set_input_string(&parser, bytes, length);
    bool ok = yaml_parser_load(&parser, &document->yaml) == 1;
    document->parsed = ok;
    if (!ok) {
        size_t line = parser.problem_mark.line + 1, column = parser.problem_mark.column + 1;
        if (parser.error == YAML_READER_ERROR) { /* the reader knows only a byte offset */
            line = column = 1;
            for (size_t i = 0; i < parser.problem_offset && i < length; i++) {
                column = bytes[i] == '\n' ? 1 : column + 1;
                line += bytes[i] == '\n';
            }
        }
        complain(document, line, column, "", "not valid YAML: %s%s%s", parser.problem ? parser.problem : "unreadable",
                 parser.context ? ", " : "", parser.context ? parser.context : "");
    } else if (!yaml_document_get_root_node(&document->yaml)) {
        ok = false;
        complain(document, 1, 1, "", "the file is empty");
    }
    yaml_parser_delete(&parser);
    return ok;
}

bool document_read(struct document *document, const char *file)
{
    size_t length = 0;
    memset(document, 0, sizeof *document);
    snprintf(document->file, sizeof document->file, "%s", file);
    unsigned char *bytes = slurp(document, &length);
    if (!bytes)
        return false;
    hash(document, bytes, length);
    bool ok = parse(document, bytes, length);
    free(bytes);
    return ok;
}

void document_clear(struct document *document)
{
    if (document->parsed)
        yaml_document_delete(&document->yaml);
    free(document->complaints.text);
    memset(document, 0, sizeof *document);
}

yaml_node_t *document_root(struct document *document)
{
    return document->parsed ? yaml_document_get_root_node(&document->yaml) : NULL;
}

yaml_node_t *document_get(struct document *document, const yaml_node_t *mapping, const char *key)
{
    if (!mapping || mapping->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top; pair++) {
        yaml_node_t *name = yaml_document_get_node(&document->yaml, pair->key);
        if (name && name->type == YAML_SCALAR_NODE && name->data.scalar.length == strlen(key) &&
            memcmp(name->data.scalar.value, key, name->data.scalar.length) == 0)
            return yaml_document_get_node(&document->yaml, pair->value);
    }
    return NULL;
}

yaml_node_t *document_at(struct document *document, const char *path)
{
    yaml_node_t *node = document_root(document);
    while (node && *path) {
        yaml_node_t *next = NULL;
        if (*path == '[') {
            char *end = NULL;
            unsigned long index = strtoul(path + 1, &end, 10);
            if (node->type == YAML_SEQUENCE_NODE &&
                node->data.sequence.items.start + index < node->data.sequence.items.top)
                next = yaml_document_get_node(&document->yaml, node->data.sequence.items.start[index]);
            path = *end == ']' ? end + 1 : end;
        } else {
            char key[DOCUMENT_PATH];
            path += *path == '.';
            size_t length = strcspn(path, ".[");
            snprintf(key, sizeof key, "%.*s", (int)length, path);
            next = document_get(document, node, key);
            path += length;
        }
        if (!next)
            return node;
        node = next;
    }
    return node;
}
