#include "publish/console/pages.h"

#include "config/embedded.h"
#include "journal/chain.h"
#include "publish/console/answer.h"

#include <stdlib.h>
#include <string.h>

extern const struct embedded_file EMBEDDED_WEB[];

#define HTML "text/html; charset=utf-8"
#define SCRIPT "text/javascript; charset=utf-8"
#define STYLE "text/css; charset=utf-8"

/* Where a file is found, and whether everybody may see it. What is not here is not served. */
static const struct {
    const char *path, *file, *type;
    bool open;
} SERVED[] = {
    {"/", "console.html", HTML, false},
    {"/trend", "trend.html", HTML, false},
    {"/alarm", "alarm.html", HTML, false},
    {"/report", "report.html", HTML, true},
    {"/public", "public.html", HTML, true},
    {"/led", "led.html", HTML, true},
    {"/web/console.css", "console.css", STYLE, true},
    {"/web/console.js", "console.js", SCRIPT, true},
    {"/web/public.js", "public.js", SCRIPT, true},
    {"/web/led.js", "led.js", SCRIPT, true},
    {"/web/alarm.js", "alarm.js", SCRIPT, true},
    {"/web/report.js", "report.js", SCRIPT, true},
    {"/web/trend.js", "trend.js", SCRIPT, true},
    {"/web/words.js", "words.js", SCRIPT, true},
    {"/web/show.js", "show.js", SCRIPT, true},
    {"/web/uplot.js", "uPlot.iife.min.js", SCRIPT, true},
    {"/web/uplot.css", "uPlot.min.css", STYLE, true},
    {"/web/icon.svg", "icon.svg", "image/svg+xml", true},
    {"/favicon.ico", "icon.svg", "image/svg+xml", true}, /* asked for beside whatever is no page */
    {"/api/v1/openapi.json", "openapi.json", JSON_TYPE, true},
};

bool pages_are_open(const char *path)
{
    for (size_t i = 0; i < sizeof SERVED / sizeof SERVED[0]; i++)
        if (strcmp(SERVED[i].path, path) == 0)
            return SERVED[i].open;
    return false;
}

void asset_tag(const uint8_t digest[32], char tag[ASSET_TAG])
{
    tag[0] = '"';
    hex_encode(digest, 8, tag + 1);
    tag[17] = '"';
    tag[18] = '\0';
}

static const struct embedded_file *find_file(const char *name)
{
    for (const struct embedded_file *f = EMBEDDED_WEB; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

void pages_open(struct pages *pages)
{
    uint8_t digest[CHAIN_BYTES];
    pages->count = 0;
    for (size_t i = 0; i < sizeof SERVED / sizeof SERVED[0]; i++) {
        const struct embedded_file *file = find_file(SERVED[i].file);
        struct asset *a = &pages->assets[pages->count];
        if (!file || !chain_digest(CHAIN_SHA256, file->bytes, file->length, digest))
            continue;
        *a = (struct asset){
            .path = SERVED[i].path, .type = SERVED[i].type, .bytes = file->bytes, .length = file->length};
        a->packed = answer_gzip(file->bytes, file->length, 9, &a->packed_length);
        asset_tag(digest, a->tag);
        pages->count++;
    }
}

void pages_close(struct pages *pages)
{
    for (size_t i = 0; i < pages->count; i++)
        free(pages->assets[i].packed);
    pages->count = 0;
}

const struct asset *pages_find(const struct pages *pages, const char *path)
{
    for (size_t i = 0; i < pages->count; i++)
        if (strcmp(pages->assets[i].path, path) == 0)
            return &pages->assets[i];
    return NULL;
}
