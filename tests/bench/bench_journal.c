/* bench_journal append|samples|year|signed|large FOLDER [KEY|GIB]: what the journal costs. Prints one JSON line.
 *
 *   append   durable batches of 100 alarm bodies, one after another, and the same rows by SQLite alone on the same disk
 *   samples  an hour of 100 channels at 1 Hz whose analyzers send floats with noise: bytes in the file a sample
 *   year     rows of figures of a year of minutes of 100 channels, a tenth of them: bytes a year, and a day of one
 *            of them
 *   signed   a journal of 20,000 signed alarms and 200,000 events, for verify
 *   large    the journal.db that is there grows to GIB by real-time bodies, then gets the last two hours of 100
 * channels at 1 Hz
 */
#include "journal/file.h"
#include "journal/journal.h"
#include "journal/reader.h"
#include "journal/samples.h"
#include "model/clock.h"
#include "model/instant.h"

#include <math.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BATCH = 100, BATCHES = 300, SECONDS = 3600, CHANNELS = 100 };

static sem_t durable;

static void wake(void *owner)
{
    (void)owner;
    sem_post(&durable);
}

static const char BODY[] =
    "{\"time\":\"2026-11-23T08:00:00.000+08:00\",\"mn\":\"010000A8900016F000169DC0\",\"outlet\":\"DA001\",\"id\":"
    "\"DA001-a21026-"
    "exceed-20261123080000000\",\"kind\":\"exceed\",\"state\":\"raised\",\"severity\":\"critical\",\"subject\":"
    "\"a21026\",\"value\":"
    "36.2,\"limit\":35.0,\"unit\":\"mg/m3\",\"text\":\"1号机组烟囱 二氧化硫小时均值 36.2 mg/m3，超过限值 35 mg/m3\"}";

static struct journal *open_journal(const char *folder, const char *name, struct signer *signer)
{
    char path[512];
    struct error err;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    struct journal_settings settings = {.path = path, .signer = signer, .wake = wake};
    struct journal *journal = journal_open(&settings, &err);
    if (!journal) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    return journal;
}

static void wait_durable(struct journal *journal, enum stream stream)
{
    struct journal_status s;
    for (journal_status_get(journal, &s); s.durable[stream] < s.appended[stream]; journal_status_get(journal, &s))
        sem_wait(&durable);
    for (struct journal_entry *e; (e = journal_take(journal));)
        journal_entry_free(e);
}

static double append_journal(const char *folder)
{
    struct journal *journal = open_journal(folder, "append.db", NULL);
    int64_t begin = clock_monotonic_ns();
    for (int b = 0; b < BATCHES; b++) {
        for (int i = 0; i < BATCH; i++)
            journal_publish(journal, STREAM_ALARM, b, "raised", "alarm/M/DA001/a21026", BODY, sizeof BODY - 1);
        journal_flush(journal);
        wait_durable(journal, STREAM_ALARM);
    }
    double spent = (double)(clock_monotonic_ns() - begin) / 1e9;
    journal_close(journal);
    return BATCH * BATCHES / spent;
}

static double append_sqlite(const char *folder)
{
    char path[512];
    sqlite3 *db;
    sqlite3_stmt *s;
    snprintf(path, sizeof path, "%s/peer.db", folder);
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=2000;"
                     "CREATE TABLE entry(stream TEXT, seq INTEGER, time_ms INTEGER, kind TEXT, body BLOB, hash BLOB,"
                     " PRIMARY KEY(stream, seq))",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "INSERT INTO entry VALUES('alarm',?,?,'raised',?,zeroblob(32))", -1, &s, NULL) !=
            SQLITE_OK)
        exit(1);
    int64_t begin = clock_monotonic_ns();
    for (int b = 0; b < BATCHES; b++) {
        sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        for (int i = 0; i < BATCH; i++) {
            sqlite3_bind_int64(s, 1, b * BATCH + i);
            sqlite3_bind_int64(s, 2, b);
            sqlite3_bind_blob(s, 3, BODY, sizeof BODY + 120, SQLITE_STATIC); /* with what the journal puts in front */
            sqlite3_step(s);
            sqlite3_reset(s);
        }
        sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    }
    double spent = (double)(clock_monotonic_ns() - begin) / 1e9;
    sqlite3_finalize(s);
    sqlite3_close(db);
    return BATCH * BATCHES / spent;
}

static uint64_t dice_state = 1;
static double dice(void)
{
    dice_state = dice_state * 6364136223846793005 + 1442695040888963407;
    return (double)(dice_state >> 11) / (double)(UINT64_C(1) << 53);
}

/* A signal that wanders slowly, with the noise of an analyzer: 0.5 % of its value, near enough normal. */
static double analyzer(double *level, double middle)
{
    *level += (middle - *level) / 600 + middle * 0.002 * (dice() - 0.5);
    return *level + middle * 0.005 * (dice() + dice() + dice() + dice() - 2);
}

/* A hundred channels, as many seconds, at 1 Hz. */
static void append_samples(struct journal *journal, int64_t base_ms, int seconds)
{
    static struct sample_block block;
    struct packing *packing = packing_new();
    double level[CHANNELS];
    for (int c = 0; c < CHANNELS; c++)
        level[c] = 10 + c;
    for (int t = 0; t < seconds; t++) {
        block_begin(&block, packing, base_ms + t * INT64_C(1000));
        for (int c = 0; c < CHANNELS; c++) { /* two stations: two answers a second, a few milliseconds of jitter */
            bool first = c % 50 == 0;
            static int64_t time_ms;
            if (first)
                time_ms = base_ms + t * INT64_C(1000) + 10 * c + (int64_t)(8 * dice());
            struct sample sample = {time_ms, (uint32_t)c + 1, MARK_N, (double)(float)analyzer(&level[c], 10 + c),
                                    false};
            block_add(&block, packing, (uint32_t)c + 1, &sample, first);
        }
        const char *kind = block_end(&block);
        journal_append(journal, STREAM_SAMPLE, block.base_ms, kind, block.bytes, block.length);
        journal_flush(journal);
        if (t % 60 == 0)
            wait_durable(journal, STREAM_SAMPLE);
    }
    packing_free(packing);
}

static double samples(const char *folder)
{
    struct journal *journal = open_journal(folder, "samples.db", NULL);
    append_samples(journal, 1795449600000, SECONDS);
    journal_close(journal);
    char path[512];
    struct stat status;
    snprintf(path, sizeof path, "%s/samples.db", folder);
    return stat(path, &status) == 0 ? (double)status.st_size / (SECONDS * CHANNELS) : NAN;
}

static void make_large(const char *folder, double gib)
{
    static char body[4 * sizeof BODY];
    char path[512];
    struct stat status = {0};
    struct journal *journal = open_journal(folder, "journal.db", NULL);
    int64_t now_ms = clock_wall_ms();
    for (size_t i = 0; i < 4; i++)
        memcpy(body + i * (sizeof BODY - 1), BODY, sizeof BODY - 1);
    snprintf(path, sizeof path, "%s/journal.db", folder);
    while (stat(path, &status) == 0 && (double)status.st_size < gib * 1073741824.0) {
        for (int i = 0; i < 1000; i++)
            journal_publish(journal, STREAM_DISCLOSURE, now_ms - DAY_MS, "realtime", "disclosure/M/DA001/realtime",
                            body, sizeof BODY * 4 - 4);
        journal_flush(journal);
        wait_durable(journal, STREAM_DISCLOSURE);
    }
    struct journal_status published;
    journal_status_get(journal, &published);
    journal_save_cursor(journal, "feed.disclosure",
                        published.durable[STREAM_DISCLOSURE]); /* nothing waits for the feed */
    append_samples(journal, now_ms - 2 * HOUR_MS, 2 * SECONDS);
    wait_durable(journal, STREAM_SAMPLE);
    journal_close(journal);
}

static bool count_row(void *owner, const struct stored_record *record)
{
    (void)record;
    ++*(size_t *)owner;
    return true;
}

static void make_signed(const char *folder, const char *key)
{
    struct error err;
    struct signer *signer = signer_load(key, &err);
    struct journal *journal = signer ? open_journal(folder, "signed.db", signer) : NULL;
    if (!journal)
        exit(1);
    for (int i = 0; i < 200000; i++) {
        journal_append(journal, STREAM_EVENT, i, "note", BODY, sizeof BODY - 1);
        if (i % 10 == 0)
            journal_publish(journal, STREAM_ALARM, i, "raised", "alarm/M/DA001/a21026", BODY, sizeof BODY - 1);
        if (i % 1000 == 999) {
            journal_flush(journal);
            wait_durable(journal, STREAM_EVENT);
        }
    }
    journal_close(journal);
    signer_free(signer);
}

/* Four of ten channels have a converted figure, seven an amount: an outlet of ten as it is. Every tenth minute is made,
 * so that rows lie as they would. */
static void year(const char *folder)
{
    enum { MINUTES = 525600 / 10 };
    char path[512];
    sqlite3_stmt *s;
    int lock;
    enum chain_hash chain = CHAIN_SHA256;
    struct error err;
    struct stat status;
    snprintf(path, sizeof path, "%s/year.db", folder);
    sqlite3 *db = journal_file_open(path, &chain, &lock, &err);
    if (!db || sqlite3_exec(db, "PRAGMA synchronous = OFF; BEGIN", NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "INSERT INTO figure VALUES(?,1,?,?,?,?,?,?,?,0,60,60,NULL,NULL,NULL,?,?,?,NULL,0,0)", -1,
                           &s, NULL) != SQLITE_OK)
        exit(1);
    for (int m = 0; m < MINUTES; m++) {
        for (int c = 0; c < CHANNELS; c++) {
            double value = 20 + dice();
            sqlite3_bind_int(s, 1, c + 1);
            sqlite3_bind_int64(s, 2, INT64_C(1767196800000) + m * INT64_C(60000));
            for (int i = 3; i <= 8; i++)
                sqlite3_bind_double(s, i, value + i);
            sqlite3_bind_int64(s, 9, 1000000 + m * INT64_C(70) + c / 10);
            sqlite3_bind_double(s, 10, value);
            sqlite3_bind_double(s, 11, value);
            if (c % 10 >= 4)
                sqlite3_bind_null(s, 4), sqlite3_bind_null(s, 10), sqlite3_bind_null(s, 11);
            if (c % 10 >= 7)
                sqlite3_bind_null(s, 7);
            sqlite3_step(s);
            sqlite3_reset(s);
        }
    }
    sqlite3_finalize(s);
    sqlite3_exec(db, "INSERT INTO channel VALUES(42, 'DA005', 'a21026'); COMMIT", NULL, NULL, NULL);
    sqlite3_close(db);
    struct reader *reader = reader_open(path, &err);
    size_t rows = 0;
    int64_t begin_ns = clock_monotonic_ns();
    if (!reader || !reader_records(reader, "DA005", "a21026", "minute", INT64_C(1767196800000) + 20 * INT64_C(86400000),
                                   INT64_C(1767196800000) + 21 * INT64_C(86400000), count_row, &rows, &err))
        exit(1);
    double spent_ms = (double)(clock_monotonic_ns() - begin_ns) / 1e6;
    reader_close(reader);
    if (stat(path, &status) == 0)
        printf("{\"gib_a_year\":%.3f,\"rows\":%zu,\"day_ms\":%.3f}\n", (double)status.st_size * 10 / 1073741824.0, rows,
               spent_ms);
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    sem_init(&durable, 0, 0);
    if (strcmp(what, "append") == 0)
        printf("{\"journal_per_s\":%.0f,\"sqlite_per_s\":%.0f}\n", append_journal(argv[2]), append_sqlite(argv[2]));
    else if (strcmp(what, "samples") == 0)
        printf("{\"bytes_per_sample\":%.3f}\n", samples(argv[2]));
    else if (strcmp(what, "year") == 0)
        year(argv[2]);
    else if (strcmp(what, "signed") == 0 && argc > 3)
        make_signed(argv[2], argv[3]);
    else if (strcmp(what, "large") == 0 && argc > 3)
        make_large(argv[2], strtod(argv[3], NULL));
    else
        return fprintf(stderr, "usage: bench_journal append|samples|year|signed|large FOLDER [KEY|GIB]\n"), 2;
    return 0;
}
