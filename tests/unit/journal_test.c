/* Durable, gapless, chained, signed; and honest about files it can't use. Runs under TSan too. */
#include "check.h"

#include "config/load.h"
#include "journal/checkpoint.h"
#include "journal/journal.h"
#include "journal/patrol.h"
#include "journal/reader.h"
#include "journal/samples.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;

static void wake(void *owner)
{
    (void)owner;
    pthread_mutex_lock(&lock);
    pthread_cond_broadcast(&woken);
    pthread_mutex_unlock(&lock);
}

static struct journal *open_journal(const char *path, struct signer *signer)
{
    struct error err = {""};
    struct journal_settings settings = {.path = path, .signer = signer, .wake = wake};
    struct journal *journal = journal_open(&settings, &err);
    if (!journal)
        print_message("open: %s\n", err.text);
    return journal;
}

static void fresh(void)
{
    unlink("j.db");
    unlink("j.db-wal");
    unlink("j.db-shm");
}

static void publish(struct journal *journal, enum stream stream, int n)
{
    char body[64], topic[64];
    int length = snprintf(body, sizeof body, "{\"n\":%d}", n);
    snprintf(topic, sizeof topic, "%s/t/%d", stream_name(stream), n % 3);
    assert_true(journal_publish(journal, stream, n, "test", topic, body, (size_t)length));
}

/* Waits until n more published entries are durable, at most 10 s; frees them. */
static void take(struct journal *journal, size_t n)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    while (n > 0) {
        struct journal_entry *entry = journal_take(journal);
        if (entry) {
            journal_entry_free(entry);
            n--;
            continue;
        }
        pthread_mutex_lock(&lock);
        struct timespec soon;
        clock_gettime(CLOCK_REALTIME, &soon);
        assert_true(soon.tv_sec < until.tv_sec);
        soon.tv_nsec += 5000000;
        soon.tv_sec += soon.tv_nsec / 1000000000;
        soon.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&woken, &lock, &soon);
        pthread_mutex_unlock(&lock);
    }
}

/* The chain by hand, with nothing of the room: SHA-256(before ‖ body) over what SQLite gives. */
static size_t walk_chain(const char *stream)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    unsigned char before[32] = {0}, joined[4096];
    size_t count = 0;
    assert_int_equal(sqlite3_open("j.db", &db), SQLITE_OK);
    sqlite3_prepare_v2(db, "SELECT seq, body, hash FROM entry WHERE stream = ? ORDER BY seq", -1, &s, NULL);
    sqlite3_bind_text(s, 1, stream, -1, SQLITE_STATIC);
    while (sqlite3_step(s) == SQLITE_ROW) {
        size_t length = (size_t)sqlite3_column_bytes(s, 1);
        unsigned char hash[32];
        assert_int_equal(sqlite3_column_int64(s, 0), (int64_t)++count);
        memcpy(joined, before, 32);
        memcpy(joined + 32, sqlite3_column_blob(s, 1), length);
        EVP_Digest(joined, 32 + length, hash, NULL, EVP_sha256(), NULL);
        assert_memory_equal(hash, sqlite3_column_blob(s, 2), 32);
        memcpy(before, hash, 32);
    }
    sqlite3_finalize(s);
    sqlite3_close(db);
    return count;
}

/* The examples of FIPS 180-4 and of GB/T 32905-2016, annex A.1: "abc"; and a chain by one call is the hash of both. */
static void hashes_are_the_standards(void **state)
{
    static const uint8_t TEXT[] = {'a', 'b', 'c'};
    static const char *const ABC[CHAIN_HASHES] = {
        [CHAIN_SHA256] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        [CHAIN_SM3] = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"};
    (void)state;
    for (int h = 0; h < CHAIN_HASHES; h++) {
        uint8_t digest[CHAIN_BYTES], joined[CHAIN_BYTES + sizeof TEXT], next[CHAIN_BYTES];
        char hex[CHAIN_HEX];
        enum chain_hash named;
        assert_true(chain_digest((enum chain_hash)h, TEXT, sizeof TEXT, digest));
        assert_string_equal(hex_encode(digest, CHAIN_BYTES, hex), ABC[h]);
        memcpy(joined, digest, CHAIN_BYTES);
        memcpy(joined + CHAIN_BYTES, TEXT, sizeof TEXT);
        assert_true(chain_next((enum chain_hash)h, digest, TEXT, sizeof TEXT, next));
        assert_true(chain_digest((enum chain_hash)h, joined, sizeof joined, digest));
        assert_memory_equal(next, digest, CHAIN_BYTES);
        assert_true(chain_hash_parse(chain_hash_name((enum chain_hash)h), &named));
        assert_int_equal(named, h);
    }
    enum chain_hash named;
    assert_true(chain_hash_parse(NULL, &named));
    assert_int_equal(named, CHAIN_SHA256);
    assert_false(chain_hash_parse("md5", &named));
}

static void entries_are_gapless_and_chained_across_restarts(void **state)
{
    (void)state;
    fresh();
    for (int run = 0; run < 3; run++) {
        struct journal *journal = open_journal("j.db", NULL);
        assert_non_null(journal);
        for (int i = 0; i < 100; i++) {
            publish(journal, STREAM_ALARM, i);
            if (i % 2 == 0)
                publish(journal, STREAM_DISCLOSURE, i);
            if (i % 7 == 0)
                journal_flush(journal);
        }
        journal_flush(journal);
        take(journal, 150);
        assert_true(journal_close(journal));
    }
    assert_int_equal(walk_chain("alarm"), 300);
    assert_int_equal(walk_chain("disclosure"), 150);
}

static bool check_body(void *owner, const struct journal_entry *entry)
{
    struct verifier *key = owner;
    char want[200];
    int length = snprintf(want, sizeof want, "{\"v\":1,\"stream\":\"alarm\",\"seq\":%llu,\"prev\":\"",
                          (unsigned long long)entry->seq);
    assert_memory_equal(entry->body, want, (size_t)length);
    assert_memory_equal(entry->body + length + 64, "\",\"n\":", 6);
    assert_true(verifier_check(key, entry->body, entry->length, entry->signature, entry->signature_length));
    char altered[512];
    memcpy(altered, entry->body, entry->length);
    altered[entry->length - 2] ^= 1;
    assert_false(verifier_check(key, altered, entry->length, entry->signature, entry->signature_length));
    return true;
}

static void bodies_state_their_place_and_are_signed(void **state)
{
    struct error err;
    (void)state;
    fresh();
    unlink("key.pem");
    unlink("key.pem.pub");
    assert_true(key_generate("key.pem", false, &err));
    assert_false(key_generate("key.pem", false, &err)); /* never overwrites */
    struct signer *signer = signer_load("key.pem", &err);
    struct verifier *verifier = verifier_load("key.pem.pub", &err);
    assert_non_null(signer);
    assert_non_null(verifier);
    assert_string_equal(signer_id(signer), verifier_id(verifier));
    struct journal *journal = open_journal("j.db", signer);
    for (int i = 0; i < 5; i++)
        publish(journal, STREAM_ALARM, i);
    journal_flush(journal);
    take(journal, 5);
    assert_true(journal_close(journal));
    struct reader *reader = reader_open("j.db", &err);
    bool more = true;
    assert_true(reader_messages(reader, STREAM_ALARM, 0, UINT64_MAX, 100, "", check_body, verifier, &more, &err));
    assert_false(more);
    reader_close(reader);
    signer_free(signer);
    verifier_free(verifier);
}

static void a_secret_others_can_read_is_refused(void **state)
{
    struct error err;
    (void)state;
    unlink("open.pem");
    unlink("open.pem.pub");
    assert_true(key_generate("open.pem", false, &err));
    assert_int_equal(chmod("open.pem", 0644), 0);
    assert_null(signer_load("open.pem", &err));
    assert_non_null(strstr(err.text, "can be read by others (mode 644): chmod 600 it"));
    write_text("text.pem", "hello\n");
    chmod("text.pem", 0600);
    assert_null(signer_load("text.pem", &err));
    assert_string_equal(err.text, "text.pem: not a PEM key");
}

struct seen {
    uint64_t seqs[64];
    size_t count;
};

static bool remember(void *owner, const struct journal_entry *entry)
{
    struct seen *seen = owner;
    seen->seqs[seen->count++] = entry->seq;
    return true;
}

static void replay_filters_and_bounds(void **state)
{
    struct error err;
    struct seen seen = {0};
    bool more = false;
    (void)state;
    fresh();
    struct journal *journal = open_journal("j.db", NULL);
    for (int i = 0; i < 9; i++)
        publish(journal, STREAM_DISCLOSURE, i); /* topics .../0 1 2 0 1 2 0 1 2 */
    journal_flush(journal);
    take(journal, 9);
    struct reader *reader = reader_open("j.db", &err);
    assert_true(reader_messages(reader, STREAM_DISCLOSURE, 2, 9, 2, "disclosure/t/1", remember, &seen, &more, &err));
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.seqs[0], 5);
    assert_int_equal(seen.seqs[1], 8);
    assert_false(more);
    seen.count = 0;
    assert_true(reader_messages(reader, STREAM_DISCLOSURE, UINT64_MAX, UINT64_MAX, 10, "", remember, &seen, &more,
                                &err)); /* 2^64 - 1 asks for nothing */
    assert_int_equal(seen.count, 0);
    assert_true(reader_snapshot(reader, remember, &seen, &err)); /* the last of each topic */
    assert_int_equal(seen.count, 3);
    reader_close(reader);
    journal_close(journal);
}

static void execute(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open("j.db", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void an_altered_end_is_not_built_on(void **state)
{
    static const char *const HARM[] = {
        "UPDATE entry SET body = replace(body, '\"n\":7', '\"n\":8') WHERE stream = 'alarm' AND seq = 8",
        "DELETE FROM entry WHERE stream = 'alarm' AND seq = 8"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct error err;
        fresh();
        struct journal *journal = open_journal("j.db", NULL);
        for (int n = 0; n < 10; n++)
            publish(journal, STREAM_ALARM, n);
        assert_true(journal_close(journal));
        execute(HARM[i]);
        struct journal_settings settings = {.path = "j.db", .wake = wake};
        assert_null(journal_open(&settings, &err));
        assert_non_null(strstr(err.text, "is damaged or was altered; keep it, run cemsctl verify"));
    }
}

static void foreign_files_are_refused_and_left_alone(void **state)
{
    struct error err;
    struct journal_settings settings = {.path = "j.db", .wake = wake};
    (void)state;
    fresh();
    write_text("j.db", "this is a letter, not a database, and it is long enough to be looked at twice\n");
    assert_null(journal_open(&settings, &err));
    assert_string_equal(err.text,
                        "journal j.db is not a database: move it away or set journal.path; it was not touched");
    char first[8] = "";
    FILE *in = fopen("j.db", "r");
    assert_int_equal(fread(first, 1, 4, in), 4);
    fclose(in);
    assert_string_equal(first, "this");
    fresh();
    execute("CREATE TABLE recipes(cake)");
    assert_null(journal_open(&settings, &err));
    assert_string_equal(err.text,
                        "j.db is a database of something else, not a journal: set journal.path; it was not touched");
    settings.path = "no/such/folder/j.db";
    assert_null(journal_open(&settings, &err));
    assert_non_null(strstr(err.text, "give the daemon a folder it may write in"));
}

static bool count_record(void *owner, const struct stored_record *record)
{
    size_t *n = owner;
    assert_true(isnan(record->converted_min));
    assert_string_equal(record->outlet, "D");
    assert_string_equal(record->factor, "a21026");
    bool month = record->seq == 9; /* November 2026 */
    assert_string_equal(record->period, month ? "month" : "minute");
    assert_string_equal(record->mark, month ? "Td" : "N");
    assert_int_equal(record->to_ms, month ? 1796054400000 : 60000);
    ++*n;
    return true;
}

/* A file of version 1 as it was left: the daemon brings it up to date, readers ask for that. */
static void a_journal_of_version_1_is_migrated(void **state)
{
    struct error err;
    size_t n = 0;
    (void)state;
    fresh();
    struct journal *journal = open_journal("j.db", NULL);
    publish(journal, STREAM_DISCLOSURE, 1);
    assert_true(journal_close(journal));
    execute("DROP TABLE checkpoint; DROP VIEW record; DROP TABLE figure;"
            "CREATE TABLE record(outlet TEXT NOT NULL, factor TEXT NOT NULL, period TEXT NOT NULL, from_ms INTEGER NOT "
            "NULL,"
            " to_ms INTEGER NOT NULL, value REAL, converted REAL, min REAL, max REAL, amount REAL, flow REAL, mark "
            "TEXT NOT NULL,"
            " valid INTEGER NOT NULL, expected INTEGER NOT NULL, limit_max REAL, exceeds INTEGER, reason TEXT, seq "
            "INTEGER NOT NULL,"
            " PRIMARY KEY(outlet, factor, period, from_ms)) WITHOUT ROWID; PRAGMA user_version = 1;"
            "INSERT INTO record VALUES('D','a21026','minute',0,60000,1,NULL,1,1,NULL,NULL,'N',60,60,NULL,NULL,NULL,1),"
            " ('D','a21026','month',1793462400000,1796054400000,1,NULL,1,1,NULL,NULL,'Td',60,60,NULL,NULL,NULL,9)");
    assert_null(reader_open("j.db", &err));
    assert_non_null(strstr(err.text, "has version 1, this program reads version 5"));
    journal = open_journal("j.db", NULL);
    struct reader *reader = reader_open("j.db", &err);
    assert_non_null(reader);
    assert_true(reader_records_after(reader, 0, 1, 10, count_record, &n, &err));
    assert_int_equal(n, 1);
    assert_true(reader_records_after(reader, 1, 1, 10, count_record, &n, &err));
    assert_int_equal(n, 1);
    assert_true(reader_records_after(reader, 8, 9, 10, count_record, &n, &err));
    assert_int_equal(n, 2);
    reader_close(reader);
    assert_true(journal_close(journal));
}

static void one_journal_has_one_writer(void **state)
{
    struct error err;
    struct journal_settings settings = {.path = "j.db", .wake = wake};
    (void)state;
    fresh();
    struct journal *journal = open_journal("j.db", NULL);
    assert_null(journal_open(&settings, &err));
    assert_string_equal(err.text, "journal j.db is in use by another cemsd: one journal has one writer");
    journal_close(journal);
}

/* The mailbox is bounded: without a flush nothing drains it, and at its bound appending is refused and counted. */
static void a_full_mailbox_refuses_and_counts(void **state)
{
    static char body[200000];
    struct journal_status status;
    size_t taken = 0;
    (void)state;
    fresh();
    struct journal *journal = open_journal("j.db", NULL);
    memset(body, 'x', sizeof body);
    while (journal_append(journal, STREAM_EVENT, 0, "big", body, sizeof body))
        assert_true(++taken < 1000);
    assert_true(taken * sizeof body <= JOURNAL_MAILBOX_BYTES);
    assert_false(journal_has_room(journal));
    journal_status_get(journal, &status);
    assert_int_equal(status.refused, 1);
    assert_false(journal_append(journal, STREAM_EVENT, 0, "too big", body, JOURNAL_BODY_MAX + 1));
    assert_true(journal_close(journal)); /* what was taken is kept */
    journal = open_journal("j.db", NULL);
    journal_status_get(journal, &status);
    assert_int_equal(status.durable[STREAM_EVENT], taken);
    journal_close(journal);
}

static void cursors_and_channels_survive(void **state)
{
    (void)state;
    fresh();
    struct journal *journal = open_journal("j.db", NULL);
    assert_int_equal(journal_channel_id(journal, "DA001", "a21026"), 1);
    assert_int_equal(journal_channel_id(journal, "DA001", "a19001"), 2);
    assert_int_equal(journal_channel_id(journal, "DA001", "a21026"), 1);
    assert_true(journal_save_cursor(journal, "feed.alarm", 41));
    assert_true(journal_save_cursor(journal, "feed.alarm", 42));
    assert_true(journal_close(journal));
    journal = open_journal("j.db", NULL);
    assert_int_equal(journal_channel_id(journal, "DA001", "a19001"), 2);
    assert_int_equal(journal_channel_id(journal, "DA002", "a19001"), 3);
    assert_int_equal(journal_cursor(journal, "feed.alarm"), 42);
    assert_int_equal(journal_cursor(journal, "feed.disclosure"), 0);
    journal_close(journal);
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

struct ends {
    uint64_t event_to[4];
    size_t count;
};

static bool note_end(void *owner, const struct stored_checkpoint *c)
{
    struct ends *ends = owner;
    assert_true(ends->count < 4);
    ends->event_to[ends->count++] = c->to[STREAM_EVENT];
    return true;
}

/* A journal of years that has no checkpoint gets several, so that none keeps the writer for long; when nothing is new
 * there is none. */
static void a_long_past_has_several_checkpoints(void **state)
{
    enum { EVENTS = CHECKPOINT_MOST + 5 };
    struct error err;
    struct ends ends = {.count = 0};
    struct journal_status s;
    (void)state;
    fresh();
    struct journal *journal = open_journal("j.db", NULL);
    for (int i = 0; i < EVENTS; i++) {
        assert_true(journal_append(journal, STREAM_EVENT, i, "note", "{}", 2));
        if (i % 10000 == 9999) {
            journal_flush(journal);
            do
                journal_status_get(journal, &s);
            while (s.waiting_bytes > JOURNAL_MAILBOX_BYTES / 4);
        }
    }
    for (int i = 0; i < 4; i++)
        assert_true(journal_checkpoint(journal, "M", 1000 + i));
    assert_true(journal_close(journal));
    struct reader *reader = reader_open("j.db", &err);
    assert_true(reader_checkpoints(reader, note_end, &ends, &err));
    reader_close(reader);
    assert_int_equal(ends.count, 2);
    assert_int_equal(ends.event_to[0], CHECKPOINT_MOST);
    assert_int_equal(ends.event_to[1], EVENTS);
}

static bool same_sample(const struct sample *a, const struct sample *b)
{
    bool value = isfinite(b->value) ? bits_of(a->value) == bits_of(b->value) : !isfinite(a->value);
    return value && a->time_ms == b->time_ms && a->channel == b->channel && a->mark == b->mark &&
           a->own_time == b->own_time;
}

/* By hand, lowest bit first, after the count 02 00:
 *   channel 3, +1000 ms, C, 1.5     0 · who 0, first 1, gamma(4) 001 00 · when: nothing expected, z = 2000 ≥ 20: twenty
 * 1s and 64 bits · flags 0, 1010000 (5) · value 0, form 00, decimals 1000, 15 in 64 bits channel 1, -1 ms, B, no value
 * 0 · who 0, first 0, gamma(2) 01 0 · when 0, gamma(zigzag(-1) + 1 = 2) 01 0 · flags 0, 1110001 (7 | 40) */
static void sample_blocks_are_as_documented(void **state)
{
    static const char WANT[] = "0"
                               "01"
                               "00100"
                               "11111111111111111111"
                               "0000101111100000000000000000000000000000000000000000000000000000"
                               "01010000"
                               "0001000"
                               "1111000000000000000000000000000000000000000000000000000000000000"
                               "0"
                               "00"
                               "010"
                               "0"
                               "010"
                               "01110001";
    static struct sample_block block;
    struct packing *packing = packing_new(), *other = packing_new();
    const struct sample one = {6000, 3, MARK_C, 1.5, false}, two = {5999, 1, MARK_B, NAN, false};
    (void)state;
    block_begin(&block, packing, 5000);
    assert_true(block_add(&block, packing, 3, &one, true));
    assert_true(block_add(&block, packing, 1, &two, false));
    assert_string_equal(block_end(&block), "key");
    assert_int_equal(block.bytes[0], 2);
    assert_int_equal(block.length, 2 + (sizeof WANT - 1 + 7) / 8);
    for (size_t i = 0; i < sizeof WANT - 1; i++)
        assert_int_equal(block.bytes[2 + i / 8] >> i % 8 & 1, WANT[i] - '0');
    struct block_cursor cursor;
    struct sample got;
    bool first;
    assert_true(block_open(&cursor, other, "key", block.bytes, block.length, 5000));
    assert_int_equal(block_next(&cursor, other, &got, &first), BLOCK_SAMPLE);
    assert_true(first && same_sample(&got, &one));
    assert_int_equal(block_next(&cursor, other, &got, &first), BLOCK_SAMPLE);
    assert_true(!first && same_sample(&got, &two));
    assert_int_equal(block_next(&cursor, other, &got, &first), BLOCK_END);
    for (size_t n = 0; n < block.length; n++) { /* every cut is malformed, never an overread (ASan) */
        uint8_t *cut = malloc(n + 1);
        memcpy(cut, block.bytes, n);
        assert_true(block_open(&cursor, other, "key", cut, n, 0));
        while (block_next(&cursor, other, &got, &first) == BLOCK_SAMPLE)
            ;
        free(cut);
    }
    packing_free(packing);
    packing_free(other);
}

/* What is packed comes out again, to the bit: every kind of value, marks, jitter, channels that come and go, over many
 * blocks and keys. */
static void whatever_is_packed_comes_out(void **state)
{
    enum { BLOCKS = 200, MOST = 120 };
    static struct sample_block block;
    static struct sample samples[MOST];
    static bool firsts[MOST];
    struct packing *in = packing_new(), *out = packing_new();
    uint64_t dice = 1;
    int64_t time_ms = 1795449600000;
    (void)state;
    for (int b = 0; b < BLOCKS; b++) {
        size_t n = 0;
        block_begin(&block, in, time_ms);
        while (n < MOST) {
            dice = dice * 6364136223846793005 + 1442695040888963407;
            uint32_t roll = (uint32_t)(dice >> 40);
            double base = 20 + (double)(roll % 1000) / 100;
            const double values[] = {round(base * 100) / 100,
                                     (double)(float)base,
                                     base,
                                     0,
                                     -0.0,
                                     NAN,
                                     -1e300,
                                     1e-300,
                                     base * 1e10,
                                     round(base)};
            firsts[n] = n == 0 || roll % 7 == 0;
            samples[n] =
                (struct sample){firsts[n] ? time_ms + (int64_t)(roll % 900) : samples[n - 1].time_ms - (roll % 50 == 0),
                                1 + (uint32_t)n % 40 + roll % 20 / 19, roll % 30 ? MARK_N : (enum mark)(roll % MARKS),
                                values[n % 40 % 10], roll % 60 == 0};
            if (!block_add(&block, in, samples[n].channel, &samples[n], firsts[n]))
                break;
            n++;
        }
        assert_int_equal(n, MOST);
        const char *kind = block_end(&block);
        assert_string_equal(kind, b % BLOCKS_OF_A_KEY == 0 ? "key" : "delta");
        struct block_cursor cursor;
        assert_true(block_open(&cursor, out, kind, block.bytes, block.length, block.base_ms));
        for (size_t i = 0; i < n; i++) {
            struct sample got;
            bool first;
            assert_int_equal(block_next(&cursor, out, &got, &first), BLOCK_SAMPLE);
            assert_true(first == firsts[i] && same_sample(&got, &samples[i]));
        }
        time_ms += 1000;
    }
    packing_free(in);
    packing_free(out);
}

/* A delta without its key says nothing and is skipped; a block that was lost makes the next one a key. */
static void a_delta_needs_its_key(void **state)
{
    static struct sample_block block;
    struct packing *in = packing_new(), *out = packing_new();
    struct block_cursor cursor;
    const struct sample one = {6000, 3, MARK_N, 1.5, false};
    (void)state;
    for (int i = 0; i < 2; i++) {
        block_begin(&block, in, 5000);
        block_add(&block, in, 3, &one, true);
    }
    assert_string_equal(block_end(&block), "delta");
    assert_false(block_open(&cursor, out, "delta", block.bytes, block.length, 5000));
    packing_reset(in);
    block_begin(&block, in, 5000);
    assert_string_equal(block_end(&block), "key");
    assert_false(block_add(&block, in, 0, &one, true));
    assert_false(block_add(&block, in, SAMPLE_CHANNELS, &one, true));
    packing_free(in);
    packing_free(out);
}

/* 600 entries of one stream, 100 of another: all looked at, PATROL_ENTRIES a step at most, by turns; what is appended
 * later too; a round after PATROL_AGAIN_MS finds what was altered meanwhile. */
static void the_patrol_finds_what_was_altered(void **state)
{
    struct patrol patrol;
    struct error err;
    int64_t now_ms = 1000;
    (void)state;
    fresh();
    struct journal *journal = open_journal("j.db", NULL);
    for (int i = 0; i < 600; i++) {
        publish(journal, STREAM_DISCLOSURE, i);
        if (i < 100)
            publish(journal, STREAM_ALARM, i);
    }
    journal_flush(journal);
    take(journal, 700);
    assert_true(patrol_open(&patrol, "j.db", &err));
    uint64_t durable[STREAMS] = {[STREAM_ALARM] = 100, [STREAM_DISCLOSURE] = 600}, before = 0;
    patrol_step(&patrol, durable, now_ms);
    assert_int_equal(patrol.beats[STREAM_ALARM].upto, 100);
    assert_int_equal(patrol.beats[STREAM_DISCLOSURE].upto, 0);
    for (int steps = 0; steps < 3; steps++) {
        patrol_step(&patrol, durable, ++now_ms);
        assert_true(patrol.beats[STREAM_DISCLOSURE].upto - before <= PATROL_ENTRIES);
        before = patrol.beats[STREAM_DISCLOSURE].upto;
    }
    assert_int_equal(before, 600);
    publish(journal, STREAM_ALARM, 100);
    journal_flush(journal);
    take(journal, 1);
    durable[STREAM_ALARM] = 101;
    patrol_step(&patrol, durable, ++now_ms);
    assert_int_equal(patrol.beats[STREAM_ALARM].upto, 101);
    assert_true(journal_close(journal));
    /* retention's work is no fault; a changed byte is */
    execute("UPDATE entry SET body = x'' WHERE stream = 'disclosure' AND seq = 3");
    execute("UPDATE entry SET body = replace(CAST(body AS TEXT), '\"n\":', '\"m\":') WHERE stream = 'disclosure' AND "
            "seq = 555");
    for (int steps = 0; steps < 10; steps++)
        patrol_step(&patrol, durable, ++now_ms);
    assert_string_equal(patrol.fault, ""); /* it waits at the end */
    for (int steps = 0; steps < 10; steps++)
        patrol_step(&patrol, durable, now_ms + PATROL_AGAIN_MS);
    assert_string_equal(patrol.fault, "disclosure/555 is not what was written: the hash does not follow from the body");
    assert_int_equal(patrol.beats[STREAM_DISCLOSURE].upto, 554);
    assert_int_equal(patrol.beats[STREAM_DISCLOSURE].best, 600);
    patrol_close(&patrol);
    execute("DELETE FROM entry WHERE stream = 'alarm' AND seq = 7");
    assert_true(patrol_open(&patrol, "j.db", &err));
    for (int steps = 0; steps < 10; steps++)
        patrol_step(&patrol, durable, ++now_ms);
    assert_string_equal(patrol.fault, "alarm/7 is missing");
    patrol_close(&patrol);
    assert_false(patrol_open(&patrol, "nothing.db", &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_the_standards),
        cmocka_unit_test(entries_are_gapless_and_chained_across_restarts),
        cmocka_unit_test(bodies_state_their_place_and_are_signed),
        cmocka_unit_test(a_secret_others_can_read_is_refused),
        cmocka_unit_test(replay_filters_and_bounds),
        cmocka_unit_test(an_altered_end_is_not_built_on),
        cmocka_unit_test(foreign_files_are_refused_and_left_alone),
        cmocka_unit_test(a_journal_of_version_1_is_migrated),
        cmocka_unit_test(one_journal_has_one_writer),
        cmocka_unit_test(a_full_mailbox_refuses_and_counts),
        cmocka_unit_test(cursors_and_channels_survive),
        cmocka_unit_test(a_long_past_has_several_checkpoints),
        cmocka_unit_test(sample_blocks_are_as_documented),
        cmocka_unit_test(whatever_is_packed_comes_out),
        cmocka_unit_test(a_delta_needs_its_key),
        cmocka_unit_test(the_patrol_finds_what_was_altered),
    };
    enter_scratch();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
