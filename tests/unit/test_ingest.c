/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/option.h"
#include "base/report.h"
#include "stages/stage.h"
#include "store/run.h"
#include "store/sample.h"
#include "store/source.h"
#include "store/store.h"
#include "tests/support/tmp.h"

enum { NOTES_BYTES = 8192 };

struct fixture {
    struct tmp tmp;
    const struct stage *stage;
    void *args;
    struct store *store;
    struct report report;
    char notes[NOTES_BYTES];
    int stop_signal;
    size_t stop_after; /* ticks; 0 for never */
    size_t n_ticks;
    size_t n_threads;
    bool dry_run;
    struct stage_result result;
};

static void count_tick(struct report *report)
{
    struct fixture *f = report->arg;

    if (++f->n_ticks == f->stop_after)
        f->stop_signal = SIGTERM;
}

static void keep_note(struct report *report, const char *text)
{
    struct fixture *f = report->arg;
    const size_t len = strlen(f->notes);

    snprintf(f->notes + len, sizeof f->notes - len, "%s\n", text);
}

static void open_store(struct fixture *f)
{
    struct error err;

    store_close(f->store);
    f->store = NULL;
    assert_ok(store_open(":memory:", STORE_CREATE, &f->store, &err));
}

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    tmp_open(&f->tmp);
    f->stage = stage_find("ingest");
    f->args = test_calloc(1, f->stage->args_size);
    f->n_threads = 2;
    open_store(f);
    *state = f;
    return 0;
}

static struct text_list *files_of(struct fixture *f)
{
    return (struct text_list *)((char *)f->args + f->stage->positional->offset);
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    option_list_free(files_of(f));
    test_free(f->args);
    store_close(f->store);
    tmp_close(&f->tmp);
    test_free(f);
    return 0;
}

/* The arguments of the next run: the defaults and one file. */
static void name_file(struct fixture *f, const char *path)
{
    struct error err;

    option_list_free(files_of(f));
    memcpy(f->args, f->stage->defaults, f->stage->args_size);
    assert_ok(option_set(f->stage->positional, f->args, path, &err));
}

static void add_file(struct fixture *f, const char *path)
{
    struct error err;

    assert_ok(option_set(f->stage->positional, f->args, path, &err));
}

static void set(struct fixture *f, const char *name, const char *value)
{
    const struct option *option = option_find(f->stage->options, name, strlen(name));
    struct error err;

    assert_non_null(option);
    assert_ok(option_set(option, f->args, value, &err));
}

/* What pipeline/run.c does around a stage. */
static int ingest(struct fixture *f, struct error *error)
{
    struct stage_context context = { .store = f->store,
                                     .n_threads = f->n_threads,
                                     .dry_run = f->dry_run,
                                     .report = &f->report };
    struct error err;

    f->report = (struct report){ .phase = "ingest",
                                 .tick = count_tick,
                                 .note = keep_note,
                                 .stop_signal = &f->stop_signal,
                                 .arg = f };
    f->result.n_facts = 0;
    f->n_ticks = 0;
    f->notes[0] = '\0';
    if (!f->dry_run)
        assert_ok(run_begin(f->store, 0, "ingest", slice_text("{}"), &context.run_id, &err));
    const int rc = f->stage->run(&context, f->args, &f->result, error);
    if (!f->dry_run)
        assert_ok(run_finish(f->store, context.run_id, rc == 0 ? RUN_OK : RUN_FAILED,
                             rc == 0 ? NULL : error->msg, &err));
    return rc;
}

static int64_t fact(const struct fixture *f, const char *key)
{
    for (size_t i = 0; i < f->result.n_facts; i++)
        if (strcmp(f->result.facts[i].key, key) == 0)
            return f->result.facts[i].integer;
    fail_msg("no fact is called %s", key);
    return -1;
}

static void assert_counts(const struct fixture *f, int64_t read, int64_t inserted, int64_t dup,
                          int64_t rejected)
{
    const int64_t got[] = { fact(f, "read"), fact(f, "inserted"), fact(f, "dup"),
                            fact(f, "rejected") };

    if (got[0] != read || got[1] != inserted || got[2] != dup || got[3] != rejected)
        fail_msg("read %lld inserted %lld dup %lld rejected %lld\n%s", (long long)got[0],
                 (long long)got[1], (long long)got[2], (long long)got[3], f->notes);
}

static void hash_text(struct hash_stream *stream, struct slice text)
{
    hash_stream_add(stream, &text.len, sizeof text.len);
    if (text.ptr)
        hash_stream_add(stream, text.ptr, text.len);
}

static void hash_sample(struct hash_stream *stream, const struct sample *sample)
{
    const uint64_t place[] = { sample->line, sample->byte_offset, (uint64_t)sample->file_id,
                               sample->n_turns };

    hash_stream_add(stream, &sample->hash, sizeof sample->hash);
    hash_stream_add(stream, place, sizeof place);
    hash_text(stream, sample->ext_id);
    hash_text(stream, sample->context);
    hash_text(stream, sample->meta);
    for (size_t i = 0; i < sample->n_turns; i++)
        hash_text(stream, sample->turns[i].content);
}

static void hash_rejects(struct hash_stream *stream, struct store *store)
{
    struct reject_scan *scan = NULL;
    struct reject_row row;
    struct error err;
    int rc;

    assert_ok(reject_scan_open(store, &scan, &err));
    while ((rc = reject_scan_next(scan, &row, &err)) == 1) {
        hash_stream_add(stream, &row.reject.byte_offset, sizeof row.reject.byte_offset);
        hash_text(stream, slice_text(row.reject.class));
        hash_text(stream, row.reject.detail);
        hash_text(stream, row.reject.raw);
    }
    assert_ok(rc);
    reject_scan_close(scan);
}

/* All that was kept, in order, without the runs. */
static struct hash digest(struct store *store)
{
    struct sample_reader *reader = NULL;
    struct hash_stream *stream = NULL;
    struct sample sample;
    struct error err;
    int64_t n = 0;

    assert_ok(sample_count(store, &n, &err));
    assert_ok(hash_stream_new(&stream, &err));
    assert_ok(sample_reader_new(store, &reader, &err));
    for (int64_t id = 1; id <= n; id++) {
        assert_int_equal(sample_read(reader, id, &sample, &err), 1);
        hash_sample(stream, &sample);
    }
    hash_rejects(stream, store);
    const struct hash hash = hash_stream_end(stream);
    sample_reader_free(reader);
    hash_stream_free(stream);
    return hash;
}

static void assert_same_hash(struct hash a, struct hash b)
{
    assert_memory_equal(a.bytes, b.bytes, sizeof a.bytes);
}

/* The next reject of a scan has this class at this place. */
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

/* n alpaca records, some of them odd, written to a file of the fixture. */
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

static void accounts_for_every_record(void **state)
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

    name_file(f, tmp_write(&f->tmp, "dirty.jsonl", corpus, strlen(corpus)));
    set(f, "max-rejects", "60");
    assert_ok(ingest(f, &err));

    assert_counts(f, 7, 3, 1, 3);
    assert_int_equal(fact(f, "bytes"), sizeof corpus - 1);
    assert_ok(reject_scan_open(f->store, &scan, &err));
    assert_reject(scan, "bad_json", 3, 106, "trailing");
    assert_reject(scan, "not_an_object", 4, 115, "17");
    assert_reject(scan, "truncated", 6, 131, "{\"instruction\":\"cut");
    reject_scan_close(scan);
}

static void changes_nothing_the_second_time(void **state)
{
    struct fixture *f = *state;
    struct error err;

    name_file(f, write_corpus(f, "a.jsonl", 700, true));
    set(f, "max-rejects", "50");
    assert_ok(ingest(f, &err));
    const struct hash before = digest(f->store);
    const int64_t n = fact(f, "inserted");
    const int64_t n_rejected = fact(f, "rejected");
    assert_ok(ingest(f, &err));

    assert_counts(f, 700, 0, 700 - n_rejected, n_rejected);
    assert_true(n > 0 && n_rejected > 0);
    assert_same_hash(digest(f->store), before);
}

static void makes_the_same_database_with_any_number_of_threads(void **state)
{
    static const size_t threads[] = { 1, 2, 3, 4, 9 };
    struct fixture *f = *state;
    struct hash first;
    struct error err;

    name_file(f, write_corpus(f, "a.jsonl", 3000, true));
    add_file(f, write_corpus(f, "b.jsonl", 1, false));
    add_file(f, write_corpus(f, "c.jsonl", 1500, true));
    set(f, "max-rejects", "50");
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        f->n_threads = threads[i];
        open_store(f);
        assert_ok(ingest(f, &err));
        assert_int_equal(fact(f, "read"), 4501);
        if (i == 0)
            first = digest(f->store);
        else
            assert_same_hash(digest(f->store), first);
    }
}

static void goes_on_where_it_was_stopped(void **state)
{
    struct fixture *f = *state;
    struct error err;

    name_file(f, write_corpus(f, "a.jsonl", 3000, true));
    set(f, "max-rejects", "50");
    assert_ok(ingest(f, &err));
    const struct hash whole = digest(f->store);

    open_store(f);
    f->stop_after = 1;
    assert_fails(ingest(f, &err), ERR_CANCELLED, "same command again");
    assert_int_equal(err.sys, SIGTERM);
    assert_true(fact(f, "read") > 0 && fact(f, "read") < 3000);
    f->stop_signal = 0;
    f->stop_after = 3;
    assert_fails(ingest(f, &err), ERR_CANCELLED, "signal 15");
    f->stop_signal = 0;
    f->stop_after = 0;
    assert_ok(ingest(f, &err));

    assert_same_hash(digest(f->store), whole);
}

static void too_many_rejects_are_an_error_after_all_is_kept(void **state)
{
    static const char corpus[] = "{\"text\":\"a\"}\n{\"text\":\"b\"}\nnonsense\n";
    struct fixture *f = *state;
    struct error err;

    name_file(f, tmp_write(&f->tmp, "a.jsonl", corpus, strlen(corpus)));
    assert_fails(ingest(f, &err), ERR_INPUT, "1 of 3 records were rejected (bad_json 1)");
    assert_counts(f, 3, 2, 0, 1);
    assert_non_null(strstr(f->notes, "a.jsonl: read as text (2 of the first 3"));

    set(f, "max-rejects", "34");
    assert_ok(ingest(f, &err));
    assert_counts(f, 3, 0, 2, 1);
    assert_non_null(strstr(f->notes, "1 of 3 records were rejected"));
}

static void rejecting_everything_is_always_an_error(void **state)
{
    struct fixture *f = *state;
    struct error err;

    name_file(f, tmp_write(&f->tmp, "a.jsonl", "7\n{}\n", 5));
    set(f, "max-rejects", "100");
    assert_fails(ingest(f, &err), ERR_INPUT, "all 2 records were rejected");
    assert_counts(f, 2, 0, 0, 2);
}

static void a_dry_run_counts_and_writes_nothing(void **state)
{
    struct fixture *f = *state;
    struct error err;
    int64_t n = -1;

    name_file(f, write_corpus(f, "a.jsonl", 600, true));
    set(f, "max-rejects", "50");
    f->dry_run = true;
    assert_ok(ingest(f, &err));

    assert_int_equal(fact(f, "read"), 600);
    assert_int_equal(fact(f, "parsed") + fact(f, "rejected"), 600);
    assert_ok(sample_count(f->store, &n, &err));
    assert_int_equal(n, 0);
}

static void reads_folders_by_name_and_patterns(void **state)
{
    static const char *const names[] = { "d/b.jsonl",      "d/a.json",       "d/skip.txt",
                                         "d/.hidden.json", "d/sub/c.NDJSON", "d/.git/x.json" };
    struct fixture *f = *state;
    char corpus[64], pattern[256];
    struct error err;

    assert_int_equal(mkdir(tmp_path(&f->tmp, "d"), 0700), 0);
    assert_int_equal(mkdir(tmp_path(&f->tmp, "d/sub"), 0700), 0);
    assert_int_equal(mkdir(tmp_path(&f->tmp, "d/.git"), 0700), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const int n = snprintf(corpus, sizeof corpus, "{\"text\":\"%s\"}", names[i]);
        tmp_write(&f->tmp, names[i], corpus, (size_t)n);
    }
    name_file(f, tmp_path(&f->tmp, "d"));
    assert_ok(ingest(f, &err));
    assert_counts(f, 3, 3, 0, 0);
    assert_true(strstr(f->notes, "a.json:") < strstr(f->notes, "b.jsonl:"));
    assert_true(strstr(f->notes, "b.jsonl:") < strstr(f->notes, "sub/c.NDJSON:"));

    snprintf(pattern, sizeof pattern, "%s/d/*.json*", f->tmp.root);
    name_file(f, pattern);
    assert_ok(ingest(f, &err));
    assert_counts(f, 2, 0, 2, 0);
}

static void looks_for_every_file_before_it_reads_one(void **state)
{
    struct fixture *f = *state;
    char pattern[256];
    struct error err;
    int64_t n = -1;

    name_file(f, tmp_write(&f->tmp, "a.jsonl", "{\"text\":\"a\"}", 12));
    add_file(f, tmp_path(&f->tmp, "missing.jsonl"));
    assert_fails(ingest(f, &err), ERR_NOT_FOUND, "missing.jsonl");
    snprintf(pattern, sizeof pattern, "%s/*.nothing", f->tmp.root);
    add_file(f, pattern);
    assert_int_equal(mkdir(tmp_path(&f->tmp, "empty"), 0700), 0);
    name_file(f, tmp_path(&f->tmp, "empty"));
    assert_fails(ingest(f, &err), ERR_NOT_FOUND, "empty: no file");
    name_file(f, pattern);
    assert_fails(ingest(f, &err), ERR_NOT_FOUND, "*.nothing: no file");

    assert_ok(sample_count(f->store, &n, &err));
    assert_int_equal(n, 0);
}

static void tells_the_shape_of_each_file(void **state)
{
    static const char mixed[] = "{\"question\":\"a\",\"answer\":\"b\"}\n"
                                "{\"question\":\"c\",\"answer\":\"d\"}\n"
                                "{\"text\":\"t\"}\n";
    struct fixture *f = *state;
    struct error err;

    name_file(f, tmp_write(&f->tmp, "mixed.jsonl", mixed, strlen(mixed)));
    add_file(f, tmp_write(&f->tmp, "none.jsonl", "\n\n", 2));
    assert_ok(ingest(f, &err));
    assert_counts(f, 3, 3, 0, 0);
    assert_non_null(strstr(f->notes, "mixed.jsonl: read as qa (2 of the first 3 records are)"));
    assert_non_null(strstr(f->notes, "none.jsonl: no records"));
    assert_non_null(strstr(f->notes, "1 of 3 samples have another shape"));

    set(f, "format", "qa");
    set(f, "max-rejects", "50");
    assert_ok(ingest(f, &err));
    assert_counts(f, 3, 0, 2, 1);
}

static void keeps_what_was_read_before_a_cut(void **state)
{
    /* gzip -n of two text records, without its last 12 bytes */
    static const unsigned char cut[] = {
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x0d, 0x00, 0xf2,
        0xff, 0x7b, 0x22, 0x74, 0x65, 0x78, 0x74, 0x22, 0x3a, 0x22, 0x61, 0x22, 0x7d, 0x0a,
    };
    struct fixture *f = *state;
    struct error err;

    name_file(f, tmp_write(&f->tmp, "a.jsonl.gz", cut, sizeof cut));
    assert_fails(ingest(f, &err), ERR_INPUT, "a.jsonl.gz");
    assert_counts(f, 1, 1, 0, 0);
}

static void a_long_record_is_skipped_and_a_short_limit_obeyed(void **state)
{
    struct fixture *f = *state;
    struct error err;

    name_file(f, write_corpus(f, "a.jsonl", 400, false));
    set(f, "max-record", "300");
    set(f, "max-rejects", "60");
    assert_ok(ingest(f, &err));
    assert_int_equal(fact(f, "read"), 400);
    assert_true(fact(f, "rejected") > 0 && fact(f, "inserted") > 0);
    assert_non_null(strstr(f->notes, "too_long"));
}

static void refuses_arguments_that_make_no_sense(void **state)
{
    static const struct {
        const char *option, *value, *phrase;
    } cases[] = {
        { "format", "parquet", "there are auto, jsonl" },
        { "split", "half", "last-paragraph" },
        { "max-rejects", "101", "percent" },
        { "max-rejects", "-1", "percent" },
        { "max-record", "0", "bytes" },
        { "source", "", "empty" },
    };
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        name_file(f, tmp_path(&f->tmp, "a.jsonl"));
        set(f, cases[i].option, cases[i].value);
        assert_fails(ingest(f, &err), ERR_USAGE, cases[i].phrase);
    }
}

static void all_files_of_one_run_can_be_one_source(void **state)
{
    struct fixture *f = *state;
    struct reject_scan *scan = NULL;
    struct reject_row row;
    struct error err;

    name_file(f, tmp_write(&f->tmp, "a.jsonl", "{\"text\":\"a\"}\nx", 14));
    add_file(f, tmp_write(&f->tmp, "b.jsonl", "{\"text\":\"b\"}\ny", 14));
    set(f, "source", "both");
    set(f, "max-rejects", "50");
    assert_ok(ingest(f, &err));
    assert_ok(reject_scan_open(f->store, &scan, &err));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(reject_scan_next(scan, &row, &err), 1);
        assert_true(slice_equal(row.source, slice_text("both")));
    }
    reject_scan_close(scan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(accounts_for_every_record, setup, teardown),
        cmocka_unit_test_setup_teardown(changes_nothing_the_second_time, setup, teardown),
        cmocka_unit_test_setup_teardown(makes_the_same_database_with_any_number_of_threads,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(goes_on_where_it_was_stopped, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_rejects_are_an_error_after_all_is_kept, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(rejecting_everything_is_always_an_error, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_dry_run_counts_and_writes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_folders_by_name_and_patterns, setup, teardown),
        cmocka_unit_test_setup_teardown(looks_for_every_file_before_it_reads_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(tells_the_shape_of_each_file, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_what_was_read_before_a_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(a_long_record_is_skipped_and_a_short_limit_obeyed,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_arguments_that_make_no_sense, setup, teardown),
        cmocka_unit_test_setup_teardown(all_files_of_one_run_can_be_one_source, setup,
                                        teardown),
    };

    return cmocka_run_group_tests_name("stages/ingest", tests, NULL, NULL);
}
