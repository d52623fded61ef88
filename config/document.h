/* A YAML file as a tree that remembers where everything stands, and the list of what is wrong with it.
 *
 * libyaml gives the tree with line and column of every node. A path ("outlets[0].channels[2].source.address") names a
 * node; a complaint about a path is printed as FILE:LINE:COLUMN: path: problem, at the deepest part of the path that
 * exists in the file. Owned by one thread. */
#ifndef CEMSD_CONFIG_DOCUMENT_H
#define CEMSD_CONFIG_DOCUMENT_H

#include "model/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

enum { DOCUMENT_BYTES_MAX = 4 * 1024 * 1024, COMPLAINTS_MAX = 200, COMPLAINT_BYTES = 640, DOCUMENT_PATH = 256 };

struct complaints {
    char (*text)[COMPLAINT_BYTES]; /* COMPLAINTS_MAX of them at most; more are counted only */
    size_t count, suppressed;
};

struct document {
    char file[256];
    bool parsed;
    yaml_document_t yaml;
    struct complaints complaints;
    char sha256[65]; /* of the bytes read */
};

/* Reads and parses. False: a complaint says why (unreadable, too large, malformed, empty). document_clear always. */
bool document_read(struct document *document, const char *file);
void document_clear(struct document *document);

yaml_node_t *document_root(struct document *document);
/* Value of key in a mapping, or NULL. */
yaml_node_t *document_get(struct document *document, const yaml_node_t *mapping, const char *key);
/* The node a path names, or the deepest existing ancestor of it. */
yaml_node_t *document_at(struct document *document, const char *path);

/* Adds a complaint at the path (where the path's deepest existing part stands). Always returns false. */
bool document_complain(struct document *document, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same at a node. */
bool document_complain_at(struct document *document, const yaml_node_t *node, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
