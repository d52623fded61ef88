/* Who may see the operator's pages: a file with a line each, "NAME SHA-256", made by cemsctl access.
 *
 *   Authorization: Basic base64(NAME:SECRET) ──┐
 *   Authorization: Bearer SECRET ──────────────┴─► SHA-256 ─► compared with every line, all of each
 *
 * Secrets are made, never chosen: 128 random bits that nobody guesses. So a plain hash is enough, a request costs the
 * loop a microsecond, not the milliseconds of a password hash, and the file gives nothing away to who reads it. Any
 * thread; the table belongs to who reads it. */
#ifndef CEMSD_PUBLISH_CONSOLE_ACCESS_H
#define CEMSD_PUBLISH_CONSOLE_ACCESS_H

#include "journal/chain.h"
#include "model/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ACCESS_MAX = 64, ACCESS_NAME = 33, ACCESS_HEADER_MAX = 512 };

struct access_list {
    bool all; /* there is no file: everybody may */
    size_t count;
    struct access_entry {
        char name[ACCESS_NAME]; /* letters, digits, _ . - */
        uint8_t digest[CHAIN_BYTES];
    } entries[ACCESS_MAX];
};

/* Reads the file; path "": everybody may see all. False with err that names the line, *access untouched: no file, one
 * that others may write, a line that is neither, a name twice, more than ACCESS_MAX. */
bool access_read(const char *path, struct access_list *access, struct error *err);
/* Adds or replaces, and writes the file beside it and into its place. The folder must be there. */
bool access_write(const char *path, const struct access_list *access, struct error *err);
bool access_name_good(const char *name);
/* The entry of that name; ACCESS_MAX when there is none. */
size_t access_find(const struct access_list *access, const char *name);

/* authorization: the header's value, NULL without one. */
bool access_allows(const struct access_list *access, const char *authorization);

#endif
