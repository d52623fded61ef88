/* The journal when everything that can fail does, one thing after another: each call SQLite makes to the file system,
 * each piece of memory it or the journal asks for. After each single failure, and after one that lasts a while, the
 * same must hold:
 *
 *   what was told to be durable is there, chained and gapless, when the file is opened again
 *   when the trouble is over, everything appended becomes durable; or the journal said that it is fatal
 *   a failed opening says why and leaves a file that opens
 *
 * The shim stands between SQLite and its file system; memory is refused by a shim under SQLite and by --wrap in ours.
 */
#include "check.h"

#include "journal/journal.h"
#include "journal/reader.h"
#include "model/clock.h"
#include "model/log.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what fails when ---- */

static atomic_long calls, fail_at; /* the call that fails; 0: none */
static atomic_bool lasting;        /* ... and every later one */
static atomic_long failures;

static bool fails(void)
{
    long n = ++calls, at = fail_at;
    bool now = at > 0 && (n == at || (lasting && n > at));
    failures += now;
    return now;
}

static void arm(long at, bool and_after)
{
    calls = 0;
    failures = 0;
    lasting = and_after;
    fail_at = at;
}

static void heal(void)
{
    fail_at = 0;
}

/* ---- the file system ---- */

struct file {
    sqlite3_file base;
    sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;
static bool vfs_armed; /* this round is about files */

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct file *)file)->real;
}

#define FAIL(code)                                                                                                     \
    do {                                                                                                               \
        if (vfs_armed && fails())                                                                                      \
            return code;                                                                                               \
    } while (0)

static int file_close(sqlite3_file *f)
{
    int code = real_of(f)->pMethods->xClose(real_of(f));
    free(real_of(f));
    return code;
}

static int file_read(sqlite3_file *f, void *out, int n, sqlite3_int64 at)
{
    FAIL(SQLITE_IOERR_READ);
    return real_of(f)->pMethods->xRead(real_of(f), out, n, at);
}

static int file_write(sqlite3_file *f, const void *in, int n, sqlite3_int64 at)
{
    if (vfs_armed && fails()) { /* half of it may have reached the disk */
        real_of(f)->pMethods->xWrite(real_of(f), in, n / 2, at);
        return calls % 2 ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    return real_of(f)->pMethods->xWrite(real_of(f), in, n, at);
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    FAIL(SQLITE_IOERR_TRUNCATE);
    return real_of(f)->pMethods->xTruncate(real_of(f), size);
}

static int file_sync(sqlite3_file *f, int flags)
{
    FAIL(SQLITE_IOERR_FSYNC);
    return real_of(f)->pMethods->xSync(real_of(f), flags);
}

static int file_size(sqlite3_file *f, sqlite3_int64 *size)
{
    FAIL(SQLITE_IOERR_FSTAT);
    return real_of(f)->pMethods->xFileSize(real_of(f), size);
}

static int file_lock(sqlite3_file *f, int level)
{
    FAIL(SQLITE_IOERR_LOCK);
    return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int file_unlock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int file_reserved(sqlite3_file *f, int *out)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int file_control(sqlite3_file *f, int op, void *arg)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int file_sector(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int file_device(sqlite3_file *f)
{
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    FAIL(SQLITE_IOERR_SHMMAP);
    return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
}

static int shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    if (!(flags & SQLITE_SHM_UNLOCK))
        FAIL(SQLITE_IOERR_SHMLOCK);
    return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags);
}

static void shm_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int shm_unmap(sqlite3_file *f, int delete_it)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), delete_it);
}

static const sqlite3_io_methods METHODS = {
    2,         file_close,  file_read,     file_write,   file_truncate, file_sync,   file_size,
    file_lock, file_unlock, file_reserved, file_control, file_sector,   file_device, shm_map,
    shm_lock,  shm_barrier, shm_unmap,     NULL,         NULL};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *out, int flags, int *out_flags)
{
    struct file *file = (struct file *)out;
    (void)vfs;
    file->base.pMethods = NULL;
    FAIL(SQLITE_CANTOPEN);
    file->real = calloc(1, (size_t)real_vfs->szOsFile);
    if (!file->real)
        return SQLITE_NOMEM;
    int code = real_vfs->xOpen(real_vfs, name, file->real, flags, out_flags);
    if (code == SQLITE_OK)
        file->base.pMethods = &METHODS;
    else
        free(file->real);
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    FAIL(SQLITE_IOERR_DELETE);
    return real_vfs->xDelete(real_vfs, name, sync);
}

static void install_vfs(void)
{
    static sqlite3_vfs shim;
    real_vfs = sqlite3_vfs_find(NULL);
    shim = *real_vfs;
    shim.zName = "faulty";
    shim.szOsFile = sizeof(struct file);
    shim.xOpen = vfs_open;
    shim.xDelete = vfs_delete;
    shim.pNext = NULL;
    assert_int_equal(sqlite3_vfs_register(&shim, 1), SQLITE_OK);
}

/* ---- memory ---- */

static sqlite3_mem_methods real_memory;
static atomic_bool sqlite_memory_armed, own_memory_armed;

static void *refuse_malloc(int n)
{
    return sqlite_memory_armed && fails() ? NULL : real_memory.xMalloc(n);
}

static void *refuse_realloc(void *p, int n)
{
    return sqlite_memory_armed && fails() ? NULL : real_memory.xRealloc(p, n);
}

static void install_memory(void)
{
    sqlite3_mem_methods shim;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory), SQLITE_OK);
    if (!real_memory.xMalloc) { /* the default is put in place by the first initialisation */
        assert_int_equal(sqlite3_initialize(), SQLITE_OK);
        assert_int_equal(sqlite3_shutdown(), SQLITE_OK);
        assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory), SQLITE_OK);
    }
    shim = real_memory;
    shim.xMalloc = refuse_malloc;
    shim.xRealloc = refuse_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &shim), SQLITE_OK);
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
    return own_memory_armed && fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return own_memory_armed && fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return own_memory_armed && fails() ? NULL : __real_realloc(p, n);
}

/* ---- a day of a journal ---- */

static void wake(void *owner)
{
    (void)owner;
}

static void fresh(void)
{
    unlink("f.db");
    unlink("f.db-wal");
    unlink("f.db-shm");
    unlink("f.db-journal");
}

static struct journal *open_journal(struct error *err)
{
    const struct journal_settings settings = {.path = "f.db", .keep = {1, 1, 1, 0}, .wake = wake};
    return journal_open(&settings, err);
}

static struct journal_status status_of(struct journal *journal)
{
    struct journal_status s;
    journal_status_get(journal, &s);
    return s;
}

/* Each kind of item, in three transactions. What is refused for want of memory is not appended: the caller counts it.
 */
static void append_some(struct journal *journal)
{
    static const char BODY[] = "{\"time\":\"2026-11-23T08:00:00.000+08:00\"}";
    const struct alarm_event alarm = {
        .id = "D-a21026-exceed-1", .kind = ALARM_EXCEED, .state = ALARM_RAISED, .subject = "a21026", .period = -1};
    for (int i = 0; i < 3; i++) {
        journal_channel_id(journal, "D", i ? "a21026" : "a19001");
        if (journal_publish(journal, STREAM_ALARM, i, "raised", "alarm/M/D/a21026", BODY, sizeof BODY - 1))
            journal_index_alarm(journal, &alarm);
        journal_publish(journal, STREAM_DISCLOSURE, i, "realtime", "disclosure/M/D/realtime", BODY, sizeof BODY - 1);
        journal_append(journal, STREAM_SAMPLE, i, "key", "12345678", 8);
        journal_save_cursor(journal, "feed.alarm", (uint64_t)i);
        if (i == 1)
            journal_checkpoint(journal, "M", 1000);
        if (i == 2)
            journal_trim(journal, INT64_C(10) * 86400000);
        journal_flush(journal);
    }
}

/* Until all is durable; the writer is woken from its wait, which would otherwise be half a second each time. */
static bool settle(struct journal *journal)
{
    int64_t end_ns = clock_monotonic_ns() + INT64_C(20000000000);
    while (clock_monotonic_ns() < end_ns) {
        struct journal_status s = status_of(journal);
        if (s.fatal || memcmp(s.durable, s.appended, sizeof s.durable) == 0)
            return true;
        if (s.error[0]) {
            journal_append(journal, STREAM_EVENT, 0, "nudge", "{}", 2);
            journal_flush(journal);
        }
        usleep(200);
    }
    return false;
}

/* Waits until the trouble has been met, or there is none to meet any more. */
static void meet_trouble(struct journal *journal)
{
    int64_t end_ns = clock_monotonic_ns() + INT64_C(5000000000);
    while (clock_monotonic_ns() < end_ns) {
        struct journal_status s = status_of(journal);
        if (s.fatal || s.error[0] || memcmp(s.durable, s.appended, sizeof s.durable) == 0)
            return;
        usleep(100);
    }
}

struct walk {
    uint64_t seq;
    uint8_t hash[CHAIN_BYTES];
};

static bool follow(void *owner, const struct journal_entry *entry, const char *kind)
{
    struct walk *w = owner;
    uint8_t after[CHAIN_BYTES];
    (void)kind;
    assert_int_equal(entry->seq, w->seq + 1);
    chain_next(CHAIN_SHA256, w->hash, entry->body, entry->length, after);
    if (entry->length > 0) /* else retention took it, and its chain value stays */
        assert_memory_equal(after, entry->hash, CHAIN_BYTES);
    memcpy(w->hash, entry->hash, CHAIN_BYTES);
    w->seq = entry->seq;
    return true;
}

/* What was durable is there, in order and chained, and the journal goes on. */
static void check_file(const uint64_t durable[STREAMS], long at)
{
    struct error err = {""};
    struct journal *journal = open_journal(&err);
    if (!journal)
        fail_msg("failure %ld: it does not open again: %s", at, err.text);
    struct reader *reader = reader_open("f.db", &err);
    assert_non_null(reader);
    for (int s = 0; s < STREAMS; s++) {
        struct walk walk = {0};
        if (s != STREAM_SAMPLE) /* of samples the first may be gone: the trim is part of the day */
            assert_true(reader_entries(reader, (enum stream)s, 0, SIZE_MAX, follow, &walk, &err));
        else
            walk.seq = status_of(journal).durable[s];
        if (walk.seq < durable[s])
            fail_msg("failure %ld: %s was durable to %llu, the file ends at %llu", at, stream_name((enum stream)s),
                     (unsigned long long)durable[s], (unsigned long long)walk.seq);
    }
    reader_close(reader);
    assert_true(journal_append(journal, STREAM_EVENT, 0, "after", "{}", 2));
    journal_flush(journal);
    assert_true(settle(journal));
    assert_true(journal_close(journal));
}

/* One round; false when nothing failed any more: every call has had its turn. */
static bool one_round(long at, bool and_after)
{
    struct error err = {""};
    uint64_t durable[STREAMS] = {0};
    fresh();
    arm(at, and_after);
    struct journal *journal = open_journal(&err);
    if (!journal) {
        assert_string_not_equal(err.text, "");
        heal();
    } else {
        append_some(journal);
        meet_trouble(journal);
        memcpy(durable, status_of(journal).durable, sizeof durable);
        heal();
        assert_true(settle(journal));
        struct journal_status s = status_of(journal);
        if (s.fatal)
            assert_string_not_equal(s.error, "");
        else
            memcpy(durable, s.appended, sizeof durable);
        journal_close(journal);
    }
    bool failed = failures > 0;
    check_file(durable, at);
    return failed;
}

static void every_one(bool and_after)
{
    long at = 1;
    while (one_round(at, and_after))
        at++;
    print_message("%ld calls failed, one after another\n", at - 1);
    assert_true(at > 20);
}

static void every_call_to_the_file_system(void **state)
{
    (void)state;
    vfs_armed = true;
    every_one(false);
    every_one(true);
    vfs_armed = false;
}

static void every_piece_of_sqlites_memory(void **state)
{
    (void)state;
    sqlite_memory_armed = true;
    every_one(false);
    sqlite_memory_armed = false;
}

static void every_piece_of_our_memory(void **state)
{
    (void)state;
    own_memory_armed = true;
    long at = 1;
    while (one_round(at, false))
        at++;
    print_message("%ld pieces refused, one after another\n", at - 1);
    assert_true(at > 15);
    own_memory_armed = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_to_the_file_system),
        cmocka_unit_test(every_piece_of_sqlites_memory),
        cmocka_unit_test(every_piece_of_our_memory),
    };
    install_memory();
    install_vfs();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
