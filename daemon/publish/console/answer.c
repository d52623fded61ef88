#include "publish/console/answer.h"

#include "journal/chain.h"
#include "publish/console/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { WORTH_PACKING = 1024, FAST = 1, GZIP_WINDOW = 15 + 16 };

static const char *const HEADERS[][2] = {
    {"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                                "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

struct answer answer_text(unsigned code, const char *type, char *text)
{
    return (struct answer){.code = code, .type = type, .text = text, .length = text ? strlen(text) : 0};
}

struct answer answer_json(unsigned code, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(body);
    return answer_text(code, JSON_TYPE, text);
}

struct answer answer_refusal(unsigned code, const char *reason)
{
    return answer_json(code, json_pack("{s:s}", "error", reason));
}

char *answer_gzip(const void *bytes, size_t length, int level, size_t *packed)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)length};
    if (length > UINT32_MAX || deflateInit2(&z, level, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    char *out = malloc(length);
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)length;
    bool smaller = out && deflate(&z, Z_FINISH) == Z_STREAM_END;
    *packed = z.total_out;
    deflateEnd(&z);
    if (smaller)
        return out;
    free(out);
    return NULL;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value ? value : "";
}

static struct MHD_Response *empty(void)
{
    return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
}

/* What is fixed is packed once, when the console opens. */
static struct MHD_Response *of_asset(const struct asset *asset, bool packs, bool unchanged)
{
    if (unchanged)
        return empty();
    bool packed = packs && asset->packed;
    struct MHD_Response *r =
        packed
            ? MHD_create_response_from_buffer(asset->packed_length, asset->packed, MHD_RESPMEM_PERSISTENT)
            : MHD_create_response_from_buffer(asset->length, (void *)(uintptr_t)asset->bytes, MHD_RESPMEM_PERSISTENT);
    if (r && packed)
        MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    return r;
}

/* Takes the text over. */
static struct MHD_Response *of_text(struct answer *a, bool packs, bool unchanged)
{
    size_t length;
    char *packed =
        packs && !unchanged && a->length >= WORTH_PACKING ? answer_gzip(a->text, a->length, FAST, &length) : NULL;
    if (unchanged || packed) {
        free(a->text);
        a->text = NULL;
    }
    if (unchanged)
        return empty();
    struct MHD_Response *r =
        MHD_create_response_from_buffer(packed ? length : a->length, packed ? packed : a->text, MHD_RESPMEM_MUST_FREE);
    if (!r) {
        free(packed);
        free(a->text);
    } else if (packed) {
        MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    }
    return r;
}

static void add_headers(struct MHD_Response *r, const struct answer *a, const char *tag)
{
    for (size_t i = 0; i < sizeof HEADERS / sizeof HEADERS[0]; i++)
        MHD_add_response_header(r, HEADERS[i][0], HEADERS[i][1]);
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, a->type);
    MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, tag[0] ? "no-cache" : "no-store");
    MHD_add_response_header(r, MHD_HTTP_HEADER_VARY, "Accept-Encoding");
    if (tag[0])
        MHD_add_response_header(r, MHD_HTTP_HEADER_ETAG, tag);
    if (a->code == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    if (a->code == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(r, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Basic realm=\"cemsd\", charset=\"UTF-8\"");
    if (a->code == MHD_HTTP_TOO_MANY_REQUESTS)
        MHD_add_response_header(r, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (a->next)
        MHD_add_response_header(r, MHD_HTTP_HEADER_LINK, a->next);
    if (a->name) {
        char value[160];
        snprintf(value, sizeof value, "attachment; filename=\"%s\"", a->name);
        MHD_add_response_header(r, "Content-Disposition", value);
    }
}

static enum MHD_Result queue(struct MHD_Connection *connection, struct answer *a)
{
    char tag[ASSET_TAG] = "";
    uint8_t digest[CHAIN_BYTES];
    bool packs = strstr(header(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING), "gzip") != NULL;
    if (!a->text && !a->asset && !a->streaming)
        return MHD_NO; /* out of memory */
    if (a->asset)
        memcpy(tag, a->asset->tag, sizeof tag);
    else if (a->code == MHD_HTTP_OK && a->text && chain_digest(CHAIN_SHA256, a->text, a->length, digest))
        asset_tag(digest, tag);
    bool unchanged =
        tag[0] && a->code == MHD_HTTP_OK && strstr(header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH), tag) != NULL;
    struct MHD_Response *r = a->streaming ? a->streaming
                             : a->asset   ? of_asset(a->asset, packs, unchanged)
                                          : of_text(a, packs, unchanged);
    if (!r)
        return MHD_NO;
    add_headers(r, a, tag);
    enum MHD_Result queued = MHD_queue_response(connection, unchanged ? MHD_HTTP_NOT_MODIFIED : a->code, r);
    MHD_destroy_response(r);
    return queued;
}

enum MHD_Result answer_send(struct MHD_Connection *connection, struct answer *a)
{
    enum MHD_Result sent = queue(connection, a);
    free(a->next);
    return sent;
}
