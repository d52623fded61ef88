/* The tables of a journal of this version, and the way from each version to the next. Private to the room. */
#ifndef CEMSD_JOURNAL_TABLES_H
#define CEMSD_JOURNAL_TABLES_H

#include "journal/chain.h"

/* By the hash of the chains. */
extern const char *const JOURNAL_TABLES[CHAIN_HASHES];
/* By version; each is run in a transaction of its own. */
extern const char *const JOURNAL_MIGRATIONS[];

#endif
