/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "store/sample.h"
#include "store/source.h"
#include "store/store.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_digest.h"
#include "tests/support/store_fixture.h"
#include "tests/support/tmp.h"

struct fixture {
    struct tmp tmp;
    struct store *store;
    struct stage_run run;
};

static void new_store(struct fixture *f)
{
    struct error err;

    store_close(f->store);
    f->store = NULL;
    assert_ok(store_open(":memory:", STORE_CREATE, &f->store, &err));
    stage_run_init(&f->run, f->store);
}

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    tmp_open(&f->tmp);
    new_store(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    store_close(f->store);
    tmp_close(&f->tmp);
    test_free(f);
    return 0;
}

static const char *write_file(struct fixture *f, const char *name, const char *text)
{
    return tmp_write(&f->tmp, name, text, strlen(text));
}

/* Write n records. Some of them are malformed if asked for. */
static const char *write_corpus(struct fixture *f, const char *name, size_t n, bool odd)
{
    struct buf text;
    struct error err;

    buf_init(&text, 1 << 26);
    for (size_t i = 0; i < n; i++) {
        if (odd && i % 97 == 5)
            assert_ok(buf_printf(&text, &err, "{\"instruction\": broken %zu}\n", i));
        else if (odd && i % 31 == 7)
            assert_ok(buf_printf(&text, &err, "{\"text\":\"a text, number %zu\"}\n", i / 2));
        else
            assert_ok(buf_printf(
                &text, &err, "{\"id\":%zu,\"instruction\":\"do %zu\",\"output\":\"%0*d\"}\n", i,
                i, (int)(i % 500), 1));
    }
    const char *path = tmp_write(&f->tmp, name, text.data, text.len);
    buf_release(&text);
    return path;
}

static void assert_counts(const struct fixture *f, int64_t read, int64_t inserted, int64_t dup,
                          int64_t rejected)
{
    static const char *const keys[] = { "read", "inserted", "dup", "rejected" };
    const int64_t want[] = { read, inserted, dup, rejected };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (stage_run_int(&f->run, keys[i]) != want[i])
            fail_msg("%s is %lld, not %lld\n%s", keys[i],
                     (long long)stage_run_int(&f->run, keys[i]), (long long)want[i],
                     f->run.notes);
}

static void assert_note(const struct fixture *f, const char *phrase)
{
    if (!strstr(f->run.notes, phrase))
        fail_msg("no note says \"%s\":\n%s", phrase, f->run.notes);
}

static void assert_same(struct hash a, struct hash b)
{
    assert_memory_equal(a.bytes, b.bytes, sizeof a.bytes);
}

static void assert_empty(const struct fixture *f)
{
    struct error err;
    int64_t n = -1;

    assert_ok(sample_count(f->store, &n, &err));
    assert_int_equal(n, 0);
}

/* The next reject of the scan has this defect, line and offset. */
static void assert_reject(struct reject_scan *scan, const char *class, uint64_t line,
                          uint64_t offset, const char *raw)
{
    struct reject_row row;
    struct error err;

    assert_int_equal(reject_scan_next(scan, &row, &err), 1);
    assert_string_equal(row.reject.class, class);
    assert_int_equal(row.reject.line, line);
    assert_int_equal(row.reject.byte_offset, offset);
    assert_true(slice_equal(row.reject.raw, slice_text(raw)));
}

static void every_record_is_inserted_a_duplicate_or_rejected(void **state)
{
    static const char corpus[] = "{\"instruction\":\"a\",\"output\":\"b\"}\n"
                                 "{\"instruction\":\"a\",\"output\":\"b\",\"id\":2}\n"
                                 "{\"instruction\":\"c\",\"output\":\"d\"} trailing\n"
                                 "17\n"
                                 "{\"text\":\"t\"}\n"
                                 "{\"instruction\":\"cut";
    struct fixture *f = *state;
    struct reject_scan *scan = NULL;
    struct error err;

    const char *path = write_file(f, "dirty.jsonl", corpus);
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "60", NULL));

    assert_counts(f, 7, 3, 1, 3);
    assert_int_equal(stage_run_int(&f->run, "bytes"), sizeof corpus - 1);
    assert_ok(reject_scan_open(f->store, &(struct reject_filter){ 0 }, &scan, &err));
    assert_reject(scan, "bad_json", 3, 106, "trailing");
    assert_reject(scan, "not_an_object", 4, 115, "17");
    assert_reject(scan, "truncated", 6, 131, "{\"instruction\":\"cut");
    reject_scan_close(scan);
}

static const char *data_path(struct fixture *f, const char *name)
{
    const char *source = getenv("CURATE_SOURCE");
    char target[4096];

    snprintf(target, sizeof target, "%s/tests/data/corpora/%s", source ? source : ".", name);
    const char *path = tmp_path(&f->tmp, name);
    assert_int_equal(symlink(target, path), 0);
    return path;
}

static void a_record_of_every_format_is_inserted(void **state)
{
    struct fixture *f = *state;
    struct error err;

    const char *path = data_path(f, "shapes.jsonl");
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, NULL));
    assert_counts(f, 23, 23, 0, 0);
    path = data_path(f, "array.json");
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, NULL));
    assert_counts(f, 3, 0, 3, 0);
}

static void dirty_records_are_rejected_and_their_neighbours_inserted(void **state)
{
    static const char *const classes[] = {
        "bad_json",      "truncated",    "bad_utf8",      "not_an_object",
        "not_an_object", "empty_record", "unknown_shape", "empty_record",
        "empty_record",  "bad_type",     "too_deep",      "truncated",
    };
    struct fixture *f = *state;
    struct reject_scan *scan = NULL;
    struct reject_row row;
    struct error err;

    const char *path = data_path(f, "dirty.jsonl");
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "90", NULL));
    assert_counts(f, 21, 9, 0, 12);
    assert_ok(reject_scan_open(f->store, &(struct reject_filter){ 0 }, &scan, &err));
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        assert_int_equal(reject_scan_next(scan, &row, &err), 1);
        assert_string_equal(row.reject.class, classes[i]);
        assert_true(row.reject.detail.len > 0);
    }
    reject_scan_close(scan);
}

static void ingesting_a_file_again_changes_nothing(void **state)
{
    struct fixture *f = *state;
    const char *path = write_corpus(f, "a.jsonl", 700, true);
    struct error err;

    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "50", NULL));
    const struct hash before = store_digest(f->store);
    const int64_t n_rejected = stage_run_int(&f->run, "rejected");
    assert_true(n_rejected > 0);
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "50", NULL));

    assert_counts(f, 700, 0, 700 - n_rejected, n_rejected);
    assert_same(store_digest(f->store), before);
}

static void any_number_of_threads_makes_the_same_database(void **state)
{
    static const size_t threads[] = { 1, 2, 3, 4, 9 };
    struct fixture *f = *state;
    const char *a = write_corpus(f, "a.jsonl", 3000, true);
    const char *b = write_corpus(f, "b.jsonl", 1, false);
    const char *c = write_corpus(f, "c.jsonl", 1500, true);
    struct hash first;
    struct error err;

    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        new_store(f);
        f->run.n_threads = threads[i];
        assert_ok(stage_run(&f->run, &err, "ingest", "files", a, "files", b, "files", c,
                            "max-rejects", "50", NULL));
        assert_int_equal(stage_run_int(&f->run, "read"), 4501);
        if (i == 0)
            first = store_digest(f->store);
        else
            assert_same(store_digest(f->store), first);
    }
}

static void any_memory_limit_makes_the_same_database(void **state)
{
    static const char *const sizes[] = { "64M", "200M", "1G" };
    struct fixture *f = *state;
    const char *path = write_corpus(f, "a.jsonl", 3000, true);
    struct error err;

    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "50", NULL));
    const struct hash whole = store_digest(f->store);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        new_store(f);
        f->run.n_threads = 8;
        assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "50",
                            "max-memory", sizes[i], NULL));
        assert_same(store_digest(f->store), whole);
    }
}

static void a_stopped_and_resumed_ingest_makes_the_same_database(void **state)
{
    struct fixture *f = *state;
    const char *path = write_corpus(f, "a.jsonl", 3000, true);
    struct error err;

    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "50", NULL));
    const struct hash whole = store_digest(f->store);

    new_store(f);
    f->run.stop_after = 1;
    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "50", NULL),
                 ERR_CANCELLED, "same command again");
    assert_int_equal(err.sys, SIGTERM);
    assert_true(stage_run_int(&f->run, "read") < 3000);
    f->run.stop_after = 3;
    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "50", NULL),
                 ERR_CANCELLED, "signal 15");
    f->run.stop_after = 0;
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "50", NULL));

    assert_same(store_digest(f->store), whole);
}

/* Records of three items each, of which one is bad, among plain records. */
static const char *write_several(struct fixture *f, int n)
{
    struct buf text;
    struct error err;

    buf_init(&text, 1 << 20);
    for (int i = 0; i < n; i++)
        assert_ok(buf_printf(&text, &err,
                             i % 3 == 0 ? "{\"text\":\"plain %d\"}\n"
                                        : "{\"data\":[{\"text\":\"one %d\"},{\"foo\":1},"
                                          "{\"text\":\"two\",\"id\":1}]}\n",
                             i));
    const char *path = tmp_write(&f->tmp, "several.jsonl", text.data, text.len);
    buf_release(&text);
    return path;
}

static void records_of_several_samples_are_counted_and_resumed(void **state)
{
    struct fixture *f = *state;
    const char *path = write_several(f, 1800);
    struct error err;

    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "50", NULL));
    assert_counts(f, 600 + 3 * 1200, 600 + 1200 + 1, 1199, 1200);
    assert_note(f, "1200 records hold several samples, 3600 together");
    assert_rows(f->store, "SELECT item, count(*) FROM sample WHERE line % 3 <> 1 GROUP BY item",
                "0|1200\n2|1");
    assert_rows(f->store,
                "SELECT count(*), count(DISTINCT byte_offset), min(item), max(item) "
                "FROM reject",
                "1200|1200|1|1");
    const struct hash whole = store_digest(f->store);

    new_store(f);
    for (int i = 1; i < 4; i++) {
        f->run.stop_after = (size_t)i;
        assert_fails(
            stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "50", NULL),
            ERR_CANCELLED, "same command again");
    }
    f->run.stop_after = 0;
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "50", NULL));
    assert_note(f, "several.jsonl: continuing after record");
    assert_same(store_digest(f->store), whole);
    assert_rows(f->store, "SELECT sum(n_read), sum(n_inserted), sum(n_rejected) FROM run",
                "4200|1801|1200");
}

/* Rows of several lines, some with a missing field or an open quote. */
static const char *write_table(struct fixture *f, int n)
{
    struct buf text;
    struct error err;

    buf_init(&text, 1 << 20);
    assert_ok(buf_add_text(&text, "\xef\xbb\xbfid,question,answer\r\n", &err));
    for (int i = 0; i < n; i++)
        assert_ok(buf_printf(&text, &err,
                             i % 50 == 7    ? "%d,\"open\r\n"
                             : i % 50 == 21 ? "%d\r\n"
                                            : "%d,\"How much,\n\"\"%d\"\"?\",That.\r\n",
                             i, i));
    const char *path = tmp_write(&f->tmp, "table.csv", text.data, text.len);
    buf_release(&text);
    return path;
}

static void a_table_is_read_in_parts_as_it_is_at_once(void **state)
{
    struct fixture *f = *state;
    const char *path = write_table(f, 2000);
    struct error err;

    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "50", NULL));
    assert_counts(f, 2000, 1920, 0, 80);
    assert_rows(f->store, "SELECT line, byte_offset FROM sample WHERE ext_id = '1'", "4|51");
    assert_rows(f->store, "SELECT DISTINCT class FROM reject", "bad_csv");
    const struct hash whole = store_digest(f->store);

    new_store(f);
    for (int i = 1; i < 4; i++) {
        f->run.stop_after = i;
        assert_fails(
            stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "50", NULL),
            ERR_CANCELLED, "same command again");
    }
    f->run.stop_after = 0;
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "50", NULL));
    assert_note(f, "table.csv: continuing after record");
    assert_same(store_digest(f->store), whole);
    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, "delimiter", "tab", NULL),
                 ERR_INPUT, "rejected");
}

static void a_folder_of_texts_gives_a_sample_for_each(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_int_equal(mkdir(tmp_path(&f->tmp, "d"), 0700), 0);
    write_file(f, "d/a.md", "# A\n");
    write_file(f, "d/b.txt", "caf\xe9");
    write_file(f, "d/c.txt", "[{\"text\": \"JSON\"}]");
    assert_ok(stage_run(&f->run, &err, "ingest", "files", tmp_path(&f->tmp, "d"), "max-rejects",
                        "50", NULL));
    assert_counts(f, 3, 2, 0, 1);
    assert_rows(f->store, "SELECT class FROM reject", "bad_utf8");
    assert_rows(f->store, "SELECT DISTINCT kind FROM sample", "text");
    write_file(f, "d/d.jsonl", "{\"text\": \"record\"}");
    assert_ok(stage_run(&f->run, &err, "ingest", "files", tmp_path(&f->tmp, "d"), NULL));
    assert_counts(f, 1, 1, 0, 0);
    assert_note(f, "d: passed over 3 files: 2 .txt, 1 .md");
}

static void resume_after_two_interruptions_counts_the_rejects_of_all_parts(void **state)
{
    struct fixture *f = *state;
    struct buf text;
    struct error err;

    buf_init(&text, 1 << 20);
    for (int i = 0; i < 1500; i++)
        assert_ok(buf_printf(&text, &err, i < 300 ? "nonsense\n" : "{\"text\":\"%d\"}\n", i));
    const char *path = tmp_write(&f->tmp, "a.jsonl", text.data, text.len);
    buf_release(&text);

    /* A batch is 256 records: rejects lie in the first two, and none in the third. */
    f->run.stop_after = 1;
    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, NULL), ERR_CANCELLED, "15");
    f->run.stop_after = 2;
    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, NULL), ERR_CANCELLED, "15");
    f->run.stop_after = 0;
    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, NULL), ERR_INPUT,
                 "300 of 1500 records were rejected (300 in the part read before)");
}

static void a_file_replaced_by_one_of_the_same_size_and_time_is_read_from_its_beginning(
    void **state)
{
    struct fixture *f = *state;
    const char *path = write_corpus(f, "a.jsonl", 1500, false);
    const char *other = write_corpus(f, "b.jsonl", 1500, false);
    struct timespec times[2];
    struct stat st;
    struct error err;

    f->run.stop_after = 2;
    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, NULL), ERR_CANCELLED, "15");
    assert_int_equal(stat(path, &st), 0);
    times[0] = st.st_atim;
    times[1] = st.st_mtim;
    assert_int_equal(utimensat(AT_FDCWD, other, times, 0), 0);
    assert_int_equal(rename(other, path), 0);

    f->run.stop_after = 0;
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, NULL));
    assert_note(f, "changed since the earlier run");
    assert_int_equal(stage_run_int(&f->run, "read"), 1500);
}

/* This many ingest positions are stored for a resume. */
static void assert_positions(const struct fixture *f, const char *want)
{
    assert_rows(f->store,
                "SELECT count(*) FROM ingest_position JOIN run USING (run_id)"
                " WHERE status <> 'ok'",
                want);
}

static void resume_continues_after_the_last_committed_record(void **state)
{
    struct fixture *f = *state;
    const char *a = write_corpus(f, "a.jsonl", 600, false);
    const char *b = write_corpus(f, "b.jsonl", 3000, true);
    struct error err;

    f->run.stop_after = 5; /* batches: three of a, two of b */
    assert_fails(
        stage_run(&f->run, &err, "ingest", "files", a, "files", b, "max-rejects", "50", NULL),
        ERR_CANCELLED, "same command again");
    const int64_t first = stage_run_int(&f->run, "read");
    assert_true(first > 600);
    assert_positions(f, "2");

    f->run.stop_after = 0;
    assert_ok(
        stage_run(&f->run, &err, "ingest", "files", a, "files", b, "max-rejects", "50", NULL));
    assert_int_equal(stage_run_int(&f->run, "read"), 3600 - first);
    assert_note(f, "a.jsonl: the earlier run read it to the end");
    assert_note(f, "b.jsonl: continuing after record");
    assert_positions(f, "0");
}

static void a_changed_file_or_option_is_ingested_from_the_beginning(void **state)
{
    struct fixture *f = *state;
    const char *path = write_corpus(f, "a.jsonl", 1500, false);
    struct error err;

    f->run.stop_after = 2;
    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, NULL), ERR_CANCELLED, "15");
    assert_fails(
        stage_run(&f->run, &err, "ingest", "files", path, "context-split", "none", NULL),
        ERR_CANCELLED, "15");
    assert_note(f, "the earlier run had other options");

    write_corpus(f, "a.jsonl", 1600, false);
    f->run.stop_after = 0;
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "context-split", "none", NULL));
    assert_note(f, "changed since the earlier run");
    assert_int_equal(stage_run_int(&f->run, "read"), 1600);
}

static void resume_applies_max_rejects_to_the_whole_file(void **state)
{
    struct fixture *f = *state;
    struct buf text;
    struct error err;

    buf_init(&text, 1 << 20);
    for (int i = 0; i < 1000; i++)
        assert_ok(buf_printf(&text, &err, i < 100 ? "nonsense\n" : "{\"text\":\"%d\"}\n", i));
    const char *path = tmp_write(&f->tmp, "a.jsonl", text.data, text.len);
    buf_release(&text);
    f->run.stop_after = 1;
    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, NULL), ERR_CANCELLED, "15");
    f->run.stop_after = 0;
    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, NULL), ERR_INPUT,
                 "100 of 1000 records were rejected (100 in the part read before)");
}

static void a_signal_stops_ingest_while_it_waits_for_a_pipe(void **state)
{
    static const char record[] = "{\"text\":\"a\"}\n";
    struct fixture *f = *state;
    const char *path = tmp_path(&f->tmp, "pipe");
    struct error err;

    assert_int_equal(mkfifo(path, 0600), 0);
    const int end =
        open(path, O_RDWR | O_CLOEXEC); /* open for writing, so that the pipe never ends */
    assert_true(end >= 0);
    assert_int_equal(write(end, record, sizeof record - 1), sizeof record - 1);
    f->run.stop_after = 2;
    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, NULL), ERR_CANCELLED,
                 "signal 15");
    close(end);
}

static void too_many_rejects_are_an_error_and_good_records_are_kept(void **state)
{
    struct fixture *f = *state;
    const char *path =
        write_file(f, "a.jsonl", "{\"text\":\"a\"}\n{\"text\":\"b\"}\nnonsense\n");
    struct error err;

    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, NULL), ERR_INPUT,
                 "1 of 3 records were rejected (bad_json 1)");
    assert_counts(f, 3, 2, 0, 1);
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "34", NULL));
    assert_counts(f, 3, 0, 2, 1);
    assert_note(f, "1 of 3 records were rejected (bad_json 1)");
}

static void a_run_that_rejects_every_record_is_an_error(void **state)
{
    struct fixture *f = *state;
    const char *path = write_file(f, "a.jsonl", "7\n{}\n");
    struct error err;

    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "100", NULL),
                 ERR_INPUT, "every record (2) was rejected");
    assert_counts(f, 2, 0, 0, 2);
}

/* Write n lines that are no records, and one record as the line `good`. */
static const char *write_useless(struct fixture *f, const char *name, size_t n, size_t good)
{
    struct buf text;
    struct error err;

    buf_init(&text, 1 << 20);
    for (size_t i = 0; i < n; i++)
        assert_ok(buf_add_text(&text, i == good ? "{\"text\":\"good\"}\n" : "7\n", &err));
    const char *path = tmp_write(&f->tmp, name, text.data, text.len);
    buf_release(&text);
    return path;
}

static void a_file_of_which_nothing_can_be_used_is_given_up(void **state)
{
    enum { FEW = 600, MANY = 30000, GIVEN_UP = 10240 }; /* whole batches */
    struct fixture *f = *state;
    const char *a = write_corpus(f, "a.jsonl", FEW, false);
    const char *b = write_useless(f, "b.jsonl", MANY, MANY);
    static const char want[] =
        "b.jsonl: every one of the first 10240 records was rejected (not_an_object 10240)";
    struct error err;

    f->run.dry_run = true;
    assert_fails(stage_run(&f->run, &err, "ingest", "files", a, "files", b, NULL), ERR_INPUT,
                 want);
    f->run.dry_run = false;
    assert_fails(stage_run(&f->run, &err, "ingest", "files", a, "files", b, NULL), ERR_INPUT,
                 want);
    assert_counts(f, FEW + GIVEN_UP, FEW, 0, GIVEN_UP);
    assert_positions(f, "1");

    assert_fails(stage_run(&f->run, &err, "ingest", "files", a, "files", b, NULL), ERR_INPUT,
                 want);
    assert_note(f, "a.jsonl: the earlier run read it to the end");
    assert_counts(f, GIVEN_UP, 0, 0, GIVEN_UP);

    assert_ok(
        stage_run(&f->run, &err, "ingest", "files", a, "files", b, "max-rejects", "100", NULL));
    assert_counts(f, MANY, 0, 0, MANY);
    assert_positions(f, "0");
}

static void one_usable_record_is_enough_to_read_a_file_to_its_end(void **state)
{
    struct fixture *f = *state;
    const char *path = write_useless(f, "a.jsonl", 12000, 9000);
    struct error err;

    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "50", NULL),
                 ERR_INPUT, "11999 of 12000 records were rejected");
    assert_counts(f, 12000, 1, 0, 11999);
}

/* What an earlier run read of the file counts too. */
static void a_resumed_file_is_given_up_like_another(void **state)
{
    struct fixture *f = *state;
    const char *path = write_useless(f, "a.jsonl", 12000, 12000);
    struct error err;

    f->run.stop_after = 20;
    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, NULL), ERR_CANCELLED, "15");
    assert_positions(f, "1");
    const int64_t first = stage_run_int(&f->run, "read");
    f->run.stop_after = 0;
    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, NULL), ERR_INPUT,
                 "every one of the first 10240 records");
    assert_int_equal(stage_run_int(&f->run, "read"), 10240 - first);
    assert_positions(f, "0");
}

static void a_record_that_a_later_run_accepts_is_no_reject_any_more(void **state)
{
    static const char text[] = "{\"text\":\"a\"}\n"
                               "{\"text\":\"a text that is longer than the limit\"}\n"
                               "{\"text\": nonsense}\n";
    static const char other[] = "{\"text\":\"a\"}\n"
                                "{\"text\":\"another, which is as long as the 1st\"}\n";
    struct fixture *f = *state;
    const char *path = write_file(f, "a.jsonl", text);
    struct error err;

    assert_int_equal(strcspn(text + 13, "\n"), strcspn(other + 13, "\n"));
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "70",
                        "max-record", "20", NULL));
    assert_rows(f->store, "SELECT class FROM reject ORDER BY 1", "bad_json\ntoo_long");

    /* The file has other bytes at this place: the record that was rejected is not in it. */
    write_file(f, "a.jsonl", other);
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, NULL));
    assert_rows(f->store, "SELECT class FROM reject ORDER BY 1", "bad_json\ntoo_long");

    write_file(f, "a.jsonl", text);
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "70", NULL));
    assert_note(f, "1 rejects of earlier runs are closed");
    assert_rows(f->store, "SELECT class FROM reject ORDER BY 1", "bad_json");
}

static void a_row_of_a_table_that_a_later_run_accepts_is_no_reject_any_more(void **state)
{
    struct fixture *f = *state;
    const char *path = write_file(f, "a.csv",
                                  "prompt,completion\nab,cd\n"
                                  "longer than the limit is this row,x\n");
    struct error err;

    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "60",
                        "max-record", "24", NULL));
    assert_rows(f->store, "SELECT class FROM reject", "too_long");
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, NULL));
    assert_counts(f, 2, 1, 1, 0);
    assert_rows(f->store, "SELECT count(*) FROM reject", "0");
}

static void of_a_record_that_is_too_long_the_head_is_kept(void **state)
{
    struct fixture *f = *state;
    struct buf text;
    struct error err;

    buf_init(&text, 1 << 16);
    assert_ok(buf_printf(&text, &err, "{\"text\":\"%09000d\"}\n{\"text\":\"a\"}\n", 1));
    const char *path = tmp_write(&f->tmp, "a.jsonl", text.data, text.len);
    buf_release(&text);

    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "50",
                        "max-record", "500", NULL));
    assert_rows(f->store, "SELECT length(raw), byte_len FROM reject", "500|9011");
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "50",
                        "max-record", "5000", NULL));
    assert_rows(f->store, "SELECT length(raw), byte_len FROM reject ORDER BY 1",
                "500|9011\n4096|9011");
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, NULL));
    assert_note(f, "2 rejects of earlier runs are closed");
    assert_rows(f->store, "SELECT count(*) FROM reject", "0");
}

static void a_dry_run_of_ingest_counts_and_writes_nothing(void **state)
{
    struct fixture *f = *state;
    const char *path = write_corpus(f, "a.jsonl", 600, true);
    struct error err;

    f->run.dry_run = true;
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "50", NULL));
    assert_int_equal(stage_run_int(&f->run, "read"), 600);
    assert_int_equal(stage_run_int(&f->run, "parsed") + stage_run_int(&f->run, "rejected"),
                     600);
    assert_empty(f);
}

static void folders_are_read_in_order_of_names_and_patterns_are_expanded(void **state)
{
    static const char *const folders[] = { "d", "d/sub", "d/.git" };
    static const char *const names[] = { "d/b.jsonl",      "d/a.json",       "d/skip.txt",
                                         "d/.hidden.json", "d/sub/c.NDJSON", "d/.git/x.json" };
    struct fixture *f = *state;
    char corpus[64], pattern[256];
    struct error err;

    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        assert_int_equal(mkdir(tmp_path(&f->tmp, folders[i]), 0700), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(corpus, sizeof corpus, "{\"text\":\"%s\"}", names[i]);
        write_file(f, names[i], corpus);
    }
    const char *folder = tmp_path(&f->tmp, "d");
    assert_ok(stage_run(&f->run, &err, "ingest", "files", folder, NULL));
    assert_counts(f, 3, 3, 0, 0);
    assert_true(strstr(f->run.notes, "a.json:") < strstr(f->run.notes, "b.jsonl:"));
    assert_true(strstr(f->run.notes, "b.jsonl:") < strstr(f->run.notes, "sub/c.NDJSON:"));

    snprintf(pattern, sizeof pattern, "%s/d/*.json*", f->tmp.root);
    assert_ok(stage_run(&f->run, &err, "ingest", "files", pattern, NULL));
    assert_counts(f, 2, 0, 2, 0);
}

static void a_missing_file_is_an_error_before_any_file_is_read(void **state)
{
    struct fixture *f = *state;
    const char *good = write_file(f, "a.jsonl", "{\"text\":\"a\"}");
    const char *missing = tmp_path(&f->tmp, "missing.jsonl");
    const char *empty = tmp_path(&f->tmp, "empty");
    char pattern[256];
    struct error err;

    assert_int_equal(mkdir(empty, 0700), 0);
    snprintf(pattern, sizeof pattern, "%s/*.nothing", f->tmp.root);
    assert_fails(stage_run(&f->run, &err, "ingest", "files", good, "files", missing, NULL),
                 ERR_NOT_FOUND, "missing.jsonl");
    assert_fails(stage_run(&f->run, &err, "ingest", "files", good, "files", empty, NULL),
                 ERR_NOT_FOUND, "empty: no file in this folder");
    assert_fails(stage_run(&f->run, &err, "ingest", "files", good, "files", pattern, NULL),
                 ERR_NOT_FOUND, "*.nothing: no file");
    assert_empty(f);
}

static void a_folder_reports_what_it_passes_over(void **state)
{
    static const char *const others[] = { "d/a.orc",    "d/b.orc",   "d/c.ORC",
                                          "d/d.tar.gz", "d/LICENSE", "d/e.html" };
    struct fixture *f = *state;
    struct error err;

    assert_int_equal(mkdir(tmp_path(&f->tmp, "d"), 0700), 0);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        write_file(f, others[i], "x");
    write_file(f, "d/good.jsonl", "{\"text\":\"a\"}");
    assert_int_equal(symlink("/nowhere/at/all", tmp_path(&f->tmp, "d/lost.jsonl")), 0);
    assert_int_equal(symlink("..", tmp_path(&f->tmp, "d/loop")), 0);
    assert_ok(stage_run(&f->run, &err, "ingest", "files", tmp_path(&f->tmp, "d"), NULL));
    assert_counts(f, 1, 1, 0, 0);
    assert_note(f, "d: passed over 6 files: 3 .orc, 1 .tar.gz, 1 .html, 1 other");
    assert_note(f, "d/lost.jsonl: passed over: the link leads to a file that does not exist");
    assert_note(f, "d/loop/d: passed over: the link leads back");
}

static void an_empty_input_is_an_error_unless_it_is_allowed(void **state)
{
    struct fixture *f = *state;
    const char *blank = write_file(f, "blank.jsonl", "\n");
    const char *good = write_file(f, "good.jsonl", "{\"text\":\"a\"}");
    const char *empty = tmp_path(&f->tmp, "empty");
    struct error err;

    assert_fails(stage_run(&f->run, &err, "ingest", "files", blank, NULL), ERR_NOT_FOUND,
                 "--allow-empty");
    assert_fails(stage_run(&f->run, &err, "ingest", "files", "/dev/null", NULL), ERR_NOT_FOUND,
                 "no record");
    assert_ok(stage_run(&f->run, &err, "ingest", "files", blank, "allow-empty", "true", NULL));
    assert_counts(f, 0, 0, 0, 0);
    assert_ok(stage_run(&f->run, &err, "ingest", "files", blank, "files", good, NULL));
    assert_counts(f, 1, 1, 0, 0);
    assert_int_equal(mkdir(empty, 0700), 0);
    assert_ok(stage_run(&f->run, &err, "ingest", "files", empty, "allow-empty", "true", NULL));
}

static void the_detected_format_of_each_file_is_reported(void **state)
{
    struct fixture *f = *state;
    const char *mixed = write_file(f, "mixed.jsonl",
                                   "{\"question\":\"a\",\"answer\":\"b\"}\n"
                                   "{\"question\":\"c\",\"answer\":\"d\"}\n"
                                   "{\"text\":\"t\"}\n");
    const char *none = write_file(f, "none.jsonl", "\n\n");
    struct error err;

    assert_ok(stage_run(&f->run, &err, "ingest", "files", mixed, "files", none, NULL));
    assert_counts(f, 3, 3, 0, 0);
    assert_note(f, "mixed.jsonl: read as qa (2 of the first 3 records have this shape)");
    assert_note(f, "none.jsonl: no records");
    assert_note(f, "1 of 3 samples have another shape");

    assert_ok(stage_run(&f->run, &err, "ingest", "files", mixed, "format", "qa", "max-rejects",
                        "50", NULL));
    assert_counts(f, 3, 0, 2, 1);
    assert_note(f, "read as qa, as --format says");
}

static void records_before_a_truncation_are_kept(void **state)
{
    /* A gzip file of one stored block, truncated after that block. */
    static const unsigned char cut[] = {
        0x1f, 0x8b, 0x08, 0,   0,   0,   0,   0,   0,   0x03, 0x00, 0x0d, 0x00, 0xf2,
        0xff, '{',  '"',  't', 'e', 'x', 't', '"', ':', '"',  'a',  '"',  '}',  '\n',
    };
    struct fixture *f = *state;
    const char *path = tmp_write(&f->tmp, "a.jsonl.gz", cut, sizeof cut);
    struct error err;

    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, NULL), ERR_INPUT,
                 "a.jsonl.gz: the gzip data is truncated");
    assert_counts(f, 1, 1, 0, 0);
}

static void records_longer_than_max_record_are_rejected(void **state)
{
    struct fixture *f = *state;
    const char *path = write_corpus(f, "a.jsonl", 400, false);
    struct error err;

    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-record", "300",
                        "max-rejects", "60", NULL));
    assert_int_equal(stage_run_int(&f->run, "read"), 400);
    assert_true(stage_run_int(&f->run, "inserted") > 0);
    assert_note(f, "(too_long ");
}

static void invalid_arguments_of_ingest_are_refused(void **state)
{
    static const struct {
        const char *option, *value, *phrase;
    } cases[] = {
        { "format", "parquet", "must be one of auto, jsonl" },
        { "context-split", "half", "last-paragraph" },
        { "max-rejects", "101", "from 0 to 100" },
        { "max-rejects", "-1", "from 0 to 100" },
        { "max-record", "0", "from 1 to" },
        { "max-memory", "1M", "at least 64M" },
        { "max-memory", "lots", "such as 512M" },
        { "max-memory", "64MB", "such as 512M" },
        { "max-memory", "-1", "such as 512M" },
        { "max-memory", "99999999999G", "more bytes" },
        { "source", "", "empty" },
    };
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_fails(stage_run(&f->run, &err, "ingest", "files", "/dev/null", cases[i].option,
                               cases[i].value, NULL),
                     ERR_USAGE, cases[i].phrase);
}

static void option_source_names_one_source_for_all_files(void **state)
{
    struct fixture *f = *state;
    const char *a = write_file(f, "a.jsonl", "{\"text\":\"a\"}\nx");
    const char *b = write_file(f, "b.jsonl", "{\"text\":\"b\"}\ny");
    struct reject_scan *scan = NULL;
    struct reject_row row;
    struct error err;

    assert_ok(stage_run(&f->run, &err, "ingest", "files", a, "files", b, "source", "both",
                        "max-rejects", "50", NULL));
    assert_ok(reject_scan_open(f->store, &(struct reject_filter){ 0 }, &scan, &err));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(reject_scan_next(scan, &row, &err), 1);
        assert_true(slice_equal(row.source, slice_text("both")));
    }
    reject_scan_close(scan);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_record_is_inserted_a_duplicate_or_rejected),
        TEST(a_record_of_every_format_is_inserted),
        TEST(dirty_records_are_rejected_and_their_neighbours_inserted),
        TEST(ingesting_a_file_again_changes_nothing),
        TEST(any_number_of_threads_makes_the_same_database),
        TEST(any_memory_limit_makes_the_same_database),
        TEST(a_stopped_and_resumed_ingest_makes_the_same_database),
        TEST(records_of_several_samples_are_counted_and_resumed),
        TEST(a_table_is_read_in_parts_as_it_is_at_once),
        TEST(a_folder_of_texts_gives_a_sample_for_each),
        TEST(resume_after_two_interruptions_counts_the_rejects_of_all_parts),
        TEST(a_file_replaced_by_one_of_the_same_size_and_time_is_read_from_its_beginning),
        TEST(resume_continues_after_the_last_committed_record),
        TEST(a_changed_file_or_option_is_ingested_from_the_beginning),
        TEST(resume_applies_max_rejects_to_the_whole_file),
        TEST(a_signal_stops_ingest_while_it_waits_for_a_pipe),
        TEST(too_many_rejects_are_an_error_and_good_records_are_kept),
        TEST(a_run_that_rejects_every_record_is_an_error),
        TEST(a_row_of_a_table_that_a_later_run_accepts_is_no_reject_any_more),
        TEST(of_a_record_that_is_too_long_the_head_is_kept),
        TEST(a_record_that_a_later_run_accepts_is_no_reject_any_more),
        TEST(a_file_of_which_nothing_can_be_used_is_given_up),
        TEST(one_usable_record_is_enough_to_read_a_file_to_its_end),
        TEST(a_resumed_file_is_given_up_like_another),
        TEST(a_dry_run_of_ingest_counts_and_writes_nothing),
        TEST(folders_are_read_in_order_of_names_and_patterns_are_expanded),
        TEST(a_missing_file_is_an_error_before_any_file_is_read),
        TEST(a_folder_reports_what_it_passes_over),
        TEST(an_empty_input_is_an_error_unless_it_is_allowed),
        TEST(the_detected_format_of_each_file_is_reported),
        TEST(records_before_a_truncation_are_kept),
        TEST(records_longer_than_max_record_are_rejected),
        TEST(invalid_arguments_of_ingest_are_refused),
        TEST(option_source_names_one_source_for_all_files),
    };

    return cmocka_run_group_tests_name("stages/ingest", tests, NULL, NULL);
}
