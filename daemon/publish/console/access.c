#include "publish/console/access.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

bool access_name_good(const char *name)
{
    size_t length = strlen(name);
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("_.-", *c))
            return false;
    return length > 0 && length < ACCESS_NAME;
}

size_t access_find(const struct access_list *access, const char *name)
{
    for (size_t i = 0; i < access->count; i++)
        if (strcmp(access->entries[i].name, name) == 0)
            return i;
    return ACCESS_MAX;
}

/* ---- the file ---- */

static bool read_line(struct access_list *access, char *line, struct error *err)
{
    char *save, *name = strtok_r(line, " \t\r\n", &save), *hex = strtok_r(NULL, " \t\r\n", &save);
    if (!name || name[0] == '#')
        return true;
    if (access->count == ACCESS_MAX)
        return error_set(err, "more than %d names", ACCESS_MAX);
    struct access_entry *entry = &access->entries[access->count];
    if (!access_name_good(name) || !hex || strlen(hex) != 2 * CHAIN_BYTES ||
        !hex_decode(hex, entry->digest, CHAIN_BYTES) || strtok_r(NULL, " \t\r\n", &save))
        return error_set(err, "not \"NAME SHA-256\" (cemsctl access makes such lines)");
    if (access_find(access, name) != ACCESS_MAX)
        return error_set(err, "%s stands there twice", name);
    snprintf(entry->name, sizeof entry->name, "%s", name);
    access->count++;
    return true;
}

bool access_read(const char *path, struct access_list *access, struct error *err)
{
    struct access_list found = {.all = path[0] == '\0'};
    struct stat status;
    char line[256];
    if (found.all) {
        *access = found;
        return true;
    }
    FILE *in = fopen(path, "re");
    if (!in)
        return error_set(err, "access %s can't be opened: %s", path, strerror(errno));
    bool good = fstat(fileno(in), &status) == 0 && (status.st_mode & 022) == 0;
    if (!good)
        error_set(err, "access %s can be written by others: chmod 644 it", path);
    for (int n = 1; good && fgets(line, sizeof line, in); n++)
        if (!(good = read_line(&found, line, err)))
            error_prefix(err, "access %s:%d", path, n);
    fclose(in);
    if (good)
        *access = found;
    return good;
}

bool access_write(const char *path, const struct access_list *access, struct error *err)
{
    char beside[4096], hex[2 * CHAIN_BYTES + 1];
    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
        return error_set(err, "access %s: the path is too long", path);
    FILE *out = fopen(beside, "we");
    if (!out)
        return error_set(err, "access %s can't be written: %s", beside, strerror(errno));
    for (size_t i = 0; i < access->count; i++) {
        hex_encode(access->entries[i].digest, CHAIN_BYTES, hex);
        fprintf(out, "%s %s\n", access->entries[i].name, hex);
    }
    bool good = fflush(out) == 0 && fchmod(fileno(out), 0644) == 0 && fsync(fileno(out)) == 0;
    good = fclose(out) == 0 && good && rename(beside, path) == 0;
    if (!good) {
        error_set(err, "access %s can't be written: %s", path, strerror(errno));
        unlink(beside);
    }
    return good;
}

/* ---- a request ---- */

/* "NAME:SECRET" of Basic (RFC 7617); false when it is not one. */
static bool decode_basic(const char *text, char pair[ACCESS_HEADER_MAX])
{
    size_t length = strlen(text);
    if (length % 4 != 0 || length == 0 || length > ACCESS_HEADER_MAX - 4)
        return false;
    int n = EVP_DecodeBlock((unsigned char *)pair, (const unsigned char *)text, (int)length);
    if (n < 0)
        return false;
    n -= (text[length - 1] == '=') + (text[length - 2] == '=');
    pair[n] = '\0';
    return strlen(pair) == (size_t)n && strchr(pair, ':') != NULL;
}

/* Takes as long whether the first line fits or none. name NULL: any. */
static bool fits(const struct access_list *access, const char *name, const char *secret)
{
    uint8_t digest[CHAIN_BYTES];
    bool found = false;
    if (!chain_digest(CHAIN_SHA256, secret, strlen(secret), digest))
        return false;
    for (size_t i = 0; i < access->count; i++) {
        const struct access_entry *entry = &access->entries[i];
        bool same = CRYPTO_memcmp(digest, entry->digest, CHAIN_BYTES) == 0;
        found |= same & (!name || strcmp(name, entry->name) == 0);
    }
    return found;
}

bool access_allows(const struct access_list *access, const char *authorization)
{
    char pair[ACCESS_HEADER_MAX];
    if (access->all)
        return true;
    if (!authorization || strlen(authorization) >= ACCESS_HEADER_MAX)
        return false;
    const char *rest = strchr(authorization, ' ');
    if (!rest)
        return false;
    size_t scheme = (size_t)(rest - authorization);
    rest += strspn(rest, " ");
    if (scheme == 6 && strncasecmp(authorization, "Bearer", 6) == 0)
        return fits(access, NULL, rest);
    if (scheme != 5 || strncasecmp(authorization, "Basic", 5) != 0 || !decode_basic(rest, pair))
        return false;
    char *secret = strchr(pair, ':');
    *secret++ = '\0';
    return fits(access, pair, secret);
}
