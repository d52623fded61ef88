/* The SQLite file: its tables, its version, and opening it with a message that says what to do. Private to the room. */
#ifndef CEMSD_JOURNAL_FILE_H
#define CEMSD_JOURNAL_FILE_H

#include "journal/chain.h"
#include "model/error.h"

#include <sqlite3.h>
#include <stdbool.h>

enum { JOURNAL_APPLICATION_ID = 0x43454D53 /* "CEMS" */, JOURNAL_VERSION = 5 };

/* Opens for writing, creating tables in an empty file, bringing an older one up to this version; tries a write. *lock
 * is a file descriptor that keeps a second writer out as long as it is open; *chain the hash of a file that is made,
 * and then that of the file that is there. */
sqlite3 *journal_file_open(const char *path, enum chain_hash *chain, int *lock, struct error *err);
/* Opens for reading only. */
sqlite3 *journal_file_open_read(const char *path, enum chain_hash *chain, struct error *err);

#endif
