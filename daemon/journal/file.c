#include "journal/file.h"

#include "journal/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int pragma_number(sqlite3 *db, const char *sql, int otherwise)
{
    sqlite3_stmt *statement = NULL;
    int value = otherwise;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

/* The hash of its chains; a journal that does not say has SHA-256. Read once, when the file is opened: a SELECT that
 * runs out of memory inside a transaction rolls that back. */
static bool read_chain(sqlite3 *db, const char *path, enum chain_hash *chain, struct error *err)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(db, "SELECT value FROM meta WHERE key = 'chain'", -1, &s, NULL);
    code = code == SQLITE_OK ? sqlite3_step(s) : code;
    bool known = chain_hash_parse(code == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL, chain);
    sqlite3_finalize(s);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return error_set(err, "journal %s can't be read: %s", path, sqlite3_errmsg(db));
    return known || error_set(err, "journal %s is chained by a hash this program does not know", path);
}

/* All of it or nothing. */
static bool in_transaction(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
        sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK &&
        sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
        return true;
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

/* Is it ours? An empty database is, as soon as it has its tables; create NULL: nothing is made or migrated. */
static bool recognise(sqlite3 *db, const char *path, const char *create, enum chain_hash *chain, struct error *err)
{
    sqlite3_stmt *probe = NULL;
    int code = sqlite3_prepare_v2(db, "SELECT count(*) FROM sqlite_master", -1, &probe, NULL);
    code = code == SQLITE_OK ? sqlite3_step(probe) : code;
    int tables = code == SQLITE_ROW ? sqlite3_column_int(probe, 0) : -1;
    sqlite3_finalize(probe);
    if (code == SQLITE_NOTADB)
        return error_set(err, "journal %s is not a database: move it away or set journal.path; it was not touched",
                         path);
    if (tables < 0)
        return error_set(err, "journal %s can't be read: %s", path, sqlite3_errmsg(db));
    if (tables == 0 && create) {
        if (in_transaction(db, create))
            return read_chain(db, path, chain, err);
        return error_set(err, "journal %s: make its tables: %s", path, sqlite3_errmsg(db));
    }
    if (pragma_number(db, "PRAGMA application_id", 0) != JOURNAL_APPLICATION_ID)
        return error_set(err, "%s is a database of something else, not a journal: set journal.path; it was not touched",
                         path);
    int version = pragma_number(db, "PRAGMA user_version", 0);
    for (; create && version >= 1 && version < JOURNAL_VERSION; version++)
        if (!in_transaction(db, JOURNAL_MIGRATIONS[version]))
            return error_set(err, "journal %s: migrate from version %d: %s", path, version, sqlite3_errmsg(db));
    if (version != JOURNAL_VERSION)
        return error_set(err, "journal %s has version %d, this program reads version %d", path, version,
                         JOURNAL_VERSION);
    return read_chain(db, path, chain, err);
}

static sqlite3 *open_file(const char *path, int flags, struct error *err)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK) {
        error_set(err, "open journal %s: %s", path, db ? sqlite3_errmsg(db) : "out of memory");
        sqlite3_close(db);
        return NULL;
    }
    sqlite3_busy_timeout(db, 5000);
    return db;
}

static int take_lock(const char *path, struct error *err)
{
    char lock_path[512];
    snprintf(lock_path, sizeof lock_path, "%s-writer", path);
    int fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) {
        error_set(err, "journal %s: can't write beside it (%s): give the daemon a folder it may write in", path,
                  strerror(errno));
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        error_set(err, "journal %s is in use by another cemsd: one journal has one writer", path);
        close(fd);
        return -1;
    }
    return fd;
}

/* A real write that has to reach the disk: tells a full or read-only disk before anything depends on it. */
static bool try_write(sqlite3 *db, const char *path, struct error *err)
{
    if (sqlite3_db_readonly(db, "main") == 1)
        return error_set(err, "journal %s is read-only: make it writable for the daemon's user", path);
    if (sqlite3_exec(db,
                     "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=2000;"
                     "INSERT OR REPLACE INTO meta VALUES('opened', strftime('%s','now'))",
                     NULL, NULL, NULL) == SQLITE_OK)
        return true;
    int code = sqlite3_errcode(db);
    return error_set(err, "journal %s can't be written: %s%s", path, sqlite3_errmsg(db),
                     code == SQLITE_FULL ? "; free some space and start again" : "");
}

sqlite3 *journal_file_open(const char *path, enum chain_hash *chain, int *lock, struct error *err)
{
    *lock = take_lock(path, err);
    if (*lock < 0)
        return NULL;
    sqlite3 *db = open_file(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
    if (db && recognise(db, path, JOURNAL_TABLES[*chain], chain, err) && try_write(db, path, err))
        return db;
    sqlite3_close(db);
    close(*lock);
    *lock = -1;
    return NULL;
}

sqlite3 *journal_file_open_read(const char *path, enum chain_hash *chain, struct error *err)
{
    sqlite3 *db = open_file(path, SQLITE_OPEN_READONLY, err);
    if (db && recognise(db, path, NULL, chain, err))
        return db;
    sqlite3_close(db);
    return NULL;
}
