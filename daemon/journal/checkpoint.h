/* Checkpoints: once a day one signed line stands for everything the journal holds.
 *
 *   body = {"v":1,"checkpoint":DAY,"mn":MN,"time":T,"prev":H of the body before it (64 zeros at first),
 *           ["chain":"sm3",] "streams":{STREAM:{"from":a,"to":b,"root":R,"hash":H} ...},"root":H(R ‖ R ‖ R ‖ R)}
 *
 * R is the Merkle root (merkle.h) over the chain values of the entries a..b of the stream, those since the checkpoint
 * before; H the chain value after b. Whoever keeps the root, on paper if need be, can have every entry of the span
 * proved against it, and sees a journal that was rolled back: it has no such root.
 *
 * What retention takes away it takes by whole spans, after their checkpoint: of a removed body the chain value stays,
 * of a removed span its H, so that what is left can still be checked as far as the checkpoint of today.
 *
 * Writer's thread, in its transaction. Private to the room, but for the plain struct that readers hand out. */
#ifndef CEMSD_JOURNAL_CHECKPOINT_H
#define CEMSD_JOURNAL_CHECKPOINT_H

#include "journal/journal.h"

#include <sqlite3.h>

/* Makes and inserts the checkpoint of everything in the tables, or of the first CHECKPOINT_MOST entries of a stream
 * (*more then: a journal that has none yet gets several, so that nothing waits for one); an SQLite code. SQLITE_OK
 * without one when nothing is new. signer may be NULL. */
enum { CHECKPOINT_MOST = 250000 };
int checkpoint_write(sqlite3 *db, enum chain_hash chain, struct signer *signer, const char *mn, int64_t time_ms,
                     bool *more);

/* One step of retention: at most so many entries; *more when there is more to do. Size: how large the file may be, 0:
 * any size. An SQLite code. */
int trim_step(sqlite3 *db, const struct journal_keep *keep, int64_t now_ms, bool *more);

#endif
