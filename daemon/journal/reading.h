/* What the files of the reader share: one connection, and columns as values. reader.c reads entries and checkpoints,
 * read_alarms.c, read_records.c and read_samples.c what their names say. Private to the journal. */
#ifndef CEMSD_JOURNAL_READING_H
#define CEMSD_JOURNAL_READING_H

#include "journal/reader.h"
#include "model/plant.h"

struct reader {
    sqlite3 *db;
    enum chain_hash chain;
    char path[PATH_BYTES];
};

/* NULL with err. */
sqlite3_stmt *reading_prepare(struct reader *reader, const char *sql, struct error *err);
/* Ends a walk whose last step gave code; false with err when SQLite failed. */
bool reading_finish(struct reader *reader, sqlite3_stmt *s, int code, struct error *err);

const char *reading_text(sqlite3_stmt *s, int column);
double reading_real(sqlite3_stmt *s, int column);
int64_t reading_seq(uint64_t seq);

/* Columns: stream, seq, time_ms, body, hash, topic, signature, kind. */
#define ENTRY_COLUMNS "e.stream, e.seq, e.time_ms, e.body, e.hash, m.topic, m.signature, e.kind"
bool reading_entry(sqlite3_stmt *s, struct journal_entry *entry);

#endif
