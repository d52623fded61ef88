/* The pages: files of web/ compiled into the program, packed and tagged once when the console opens. Private to the
 * console. */
#ifndef CEMSD_PUBLISH_CONSOLE_PAGES_H
#define CEMSD_PUBLISH_CONSOLE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ASSET_TAG = 20, ASSETS_MOST = 32 };

struct asset {
    const char *path, *type;
    const char *bytes;
    size_t length;
    char *packed; /* gzip; NULL when that is not smaller */
    size_t packed_length;
    char tag[ASSET_TAG]; /* quoted ETag */
};

struct pages {
    struct asset assets[ASSETS_MOST];
    size_t count;
};

void pages_open(struct pages *pages);
void pages_close(struct pages *pages);
/* Whether everybody may see it, whatever the access file says. */
bool pages_are_open(const char *path);
/* NULL: there is no such page. */
const struct asset *pages_find(const struct pages *pages, const char *path);

/* "\"" and the first 16 hex digits and "\"". */
void asset_tag(const uint8_t digest[32], char tag[ASSET_TAG]);

#endif
