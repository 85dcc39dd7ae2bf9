/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of reading, parsing and writing a record fails once, and so does each of the
 * ingest stage's own thread. The call returns ERR_NOMEM and leaks nothing, and works when it is
 * called again. */
#include "tests/support/test.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/io/file.h"
#include "base/io/frame.h"
#include "base/option.h"
#include "stages/export/layouts/layout.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/formats/mapping.h"
#include "stages/ingest/parse.h"
#include "stages/ingest/repository.h"
#include "stages/record/defect.h"
#include "store/store.h"
#include "tests/support/oom.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"
#include "tests/support/tmp.h"

enum { CORPUS_MAX = 1 << 20, ALLOCATIONS_MAX = 500 };

static int write_layouts(void *arg, const struct frame_record *record, struct parsed *parsed,
                         struct error *err)
{
    const char *why = NULL;

    (void)record;
    for (size_t i = 0; !parsed->rejected_for && layouts[i]; i++)
        if (layouts[i]->write(&parsed->sample, arg, &why, err) < 0)
            return -1;
    return 0;
}

/* Parse and write one record with the n-th allocation failing. Returns whether that allocation
 * was reached. */
static bool fails_once(const struct frame_record *record, const struct mapping *mapping,
                       size_t n)
{
    struct defect_policy policy;
    const struct format_options options = { .input_context_bytes = 40,
                                            .policy = &policy,
                                            .mapping = mapping };
    const struct format *forced = mapping ? &format_mapped : NULL;
    struct parser *parser = NULL;
    struct arena arena;
    struct error err;
    struct buf out;
    const struct parse_sink sink = { .each = write_layouts, .arg = &out };

    defect_policy_init(&policy);
    for (int i = 0; i < N_DEFECTS; i++) /* repair every defect that can be repaired */
        if (defect_allows(&defect_classes[i], ACTION_REPAIR))
            policy.actions[i] = ACTION_REPAIR;
    arena_init(&arena);
    buf_init(&out, CORPUS_MAX);
    oom_begin(n);
    int rc = parser_new(&options, &parser, &err);
    if (rc == 0)
        rc = parse_each(parser, record, forced, forced != NULL, &arena, &sink, &err);
    const bool refused = oom_end();
    parser_free(parser);
    arena_release(&arena);
    buf_release(&out);
    if (refused)
        assert_fails(rc, ERR_NOMEM, "memory");
    else
        assert_ok(rc);
    return refused;
}

/* Try every record of a file of tests/data. */
static void fail_in_each_mapped_record_of(const char *name, const struct mapping *mapping,
                                          size_t n_least)
{
    struct frame *frame = NULL;
    struct frame_record record;
    char path[4096];
    struct error err;
    struct buf text;
    size_t n_records = 0;

    snprintf(path, sizeof path, "%s/tests/data/%s", getenv("CURATE_SOURCE"), name);
    buf_init(&text, CORPUS_MAX);
    assert_ok(file_read(path, &text, &err));
    assert_ok(frame_new(CORPUS_MAX, &frame, &err));
    assert_ok(frame_feed(frame, text.data, text.len, &err));
    frame_finish(frame);
    for (; frame_next(frame, &record) == 1; n_records++) {
        size_t n = 0;

        while (n < ALLOCATIONS_MAX && fails_once(&record, mapping, n))
            n++;
        assert_true(n > 3 && n < ALLOCATIONS_MAX);
    }
    assert_true(n_records >= n_least);
    frame_free(frame);
    buf_release(&text);
}

static void fail_in_each_record_of(const char *name, size_t n_least)
{
    fail_in_each_mapped_record_of(name, NULL, n_least);
}

static void mapping_a_record_reports_each_failed_allocation(void **state)
{
    static const char *texts[] = { "instruction=q",    "response=a[0]", "context=docs[*].text",
                                   "system=task.rule", "thought=why",   "tools=tools" };
    static const char *dialogue[] = { "messages=lines[*]", "role=who.name", "content=says" };
    const struct text_list lists[] = { { texts, sizeof texts / sizeof *texts },
                                       { dialogue, sizeof dialogue / sizeof *dialogue } };
    struct mapping mapping;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        assert_ok(mapping_make(&lists[i], &mapping, &err));
        fail_in_each_mapped_record_of("corpora/mapped.jsonl", &mapping, 4);
    }
}

static void ingesting_a_record_reports_each_failed_allocation(void **state)
{
    (void)state;
    fail_in_each_record_of("corpora/shapes.jsonl", 23);
    fail_in_each_record_of("records/choices.jsonl", 13);
    fail_in_each_record_of("records/contexts.jsonl", 13);
    fail_in_each_record_of("records/layouts.jsonl", 20);
    fail_in_each_record_of("records/media.jsonl", 32);
    fail_in_each_record_of("records/pairs.jsonl", 47);
    fail_in_each_record_of("records/several.jsonl", 15);
    fail_in_each_record_of("records/thoughts.jsonl", 19);
    fail_in_each_record_of("records/tools.jsonl", 29);
    fail_in_each_record_of("records/trees.jsonl", 16);
    fail_in_each_record_of("records/unclaimed-text.jsonl", 30);
    fail_in_each_record_of("records/verdicts.jsonl", 20);
}

struct injection {
    size_t n;
    bool refused;
};

static void enter(struct stage_run *run)
{
    const struct injection *injection = run->arg;

    oom_begin(injection->n);
}

static void leave(struct stage_run *run)
{
    struct injection *injection = run->arg;

    injection->refused = oom_end();
}

static bool stage_fails_once(const char *path, int64_t n_records, size_t n)
{
    struct injection injection = { .n = n };
    struct store *store = NULL;
    struct stage_run run;
    struct error err;

    assert_ok(store_open(":memory:", STORE_CREATE, &store, &err));
    stage_run_init(&run, store);
    run.enter = enter;
    run.leave = leave;
    run.arg = &injection;
    const int rc = stage_run(&run, &err, "ingest", "files", path, NULL);
    if (injection.refused) {
        assert_fails(rc, ERR_NOMEM, "memory");
        run.enter = run.leave = NULL;
        assert_ok(stage_run(&run, &err, "ingest", "files", path, NULL));
    } else {
        assert_ok(rc);
    }
    assert_int_equal(stage_run_int(&run, "read"), n_records);
    store_close(store);
    return injection.refused;
}

static void ingest_reports_each_failed_allocation(void **state)
{
    static const struct {
        const char *name;
        int64_t n_records;
    } files[] = { { "corpora/shapes.jsonl", 23 }, { "tables/tasks.parquet", 45 } };

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[4096];
        size_t n = 0;

        snprintf(path, sizeof path, "%s/tests/data/%s", getenv("CURATE_SOURCE"), files[i].name);
        while (n < ALLOCATIONS_MAX && stage_fails_once(path, files[i].n_records, n))
            n++;
        assert_true(n > 3 && n < ALLOCATIONS_MAX);
    }
}

/* A corpus of several batches with some dirty records. */
static const char *write_corpus(struct tmp *tmp)
{
    struct buf text;
    struct error err;

    buf_init(&text, CORPUS_MAX);
    for (int i = 0; i < 900; i++)
        assert_ok(buf_printf(
            &text, &err,
            i % 300 == 7 ? "{\"text\":\"caf\xe9 %d\"}\n" : "{\"text\":\"of &amp; %d\"}\n", i));
    const char *path = tmp_write(tmp, "a.jsonl", text.data, text.len);
    buf_release(&text);
    return path;
}

static void stop(struct stage_run *run, const char *path)
{
    struct error err;

    run->stop_after = 2; /* of four batches */
    assert_fails(stage_run(run, &err, "ingest", "files", path, NULL), ERR_CANCELLED,
                 "same command again");
    run->stop_after = 0;
}

/* Ingest everything, so that there are rejects for a retry. */
static void finish(struct stage_run *run, const char *path)
{
    struct error err;

    assert_ok(stage_run(run, &err, "ingest", "files", path, NULL));
}

static int resume(struct stage_run *run, const char *path, struct error *err)
{
    return stage_run(run, err, "ingest", "files", path, NULL);
}

static int retry(struct stage_run *run, const char *path, struct error *err)
{
    (void)path;
    return stage_run(run, err, "retry", "on", "bad_utf8=repair", "on", "html_entity=repair",
                     NULL);
}

/* Run `prepare`, then `rest` with allocation n failing. Returns whether that allocation was
 * reached. */
static bool rest_fails_once(void (*prepare)(struct stage_run *, const char *),
                            int (*rest)(struct stage_run *, const char *, struct error *),
                            const char *path, const char *want, size_t n)
{
    struct injection injection = { .n = n };
    struct store *store = NULL;
    struct stage_run run;
    struct error err;

    assert_ok(store_open(":memory:", STORE_CREATE, &store, &err));
    stage_run_init(&run, store);
    prepare(&run, path);
    run.enter = enter;
    run.leave = leave;
    run.arg = &injection;
    const int rc = rest(&run, path, &err);
    run.enter = run.leave = NULL;
    if (injection.refused) {
        assert_fails(rc, ERR_NOMEM, "memory");
        assert_ok(rest(&run, path, &err));
    } else {
        assert_ok(rc);
    }
    assert_rows(store, "SELECT count(*), (SELECT count(*) FROM reject) FROM sample", want);
    store_close(store);
    return injection.refused;
}

static void resume_and_retry_report_each_failed_allocation(void **state)
{
    struct tmp tmp;
    size_t n = 0;

    (void)state;
    tmp_open(&tmp);
    const char *path = write_corpus(&tmp);
    while (n < ALLOCATIONS_MAX && rest_fails_once(stop, resume, path, "897|3", n))
        n++;
    assert_true(n > 3 && n < ALLOCATIONS_MAX);
    n = 0;
    while (n < ALLOCATIONS_MAX && rest_fails_once(finish, retry, path, "900|0", n))
        n++;
    assert_true(n > 3 && n < ALLOCATIONS_MAX);
    tmp_close(&tmp);
}

static int read_readme(void *state, size_t number, struct buf *out, struct error *err)
{
    (void)number;
    return buf_add_text(out, state, err);
}

/* A repository with a card, splits by names, and a conversion of the Hub. */
static int choose_files(const void *input, struct error *err)
{
    static const char card[] = "---\nconfigs:\n- &a\n  config_name: a\n  data_dir: x\n"
                               "- config_name: b\n  data_files: &f\n  - split: s\n"
                               "    path: ['*.jsonl']\n- *a\n---\n";
    const char *const paths[] = { "README.md", "a.jsonl", "x/data/t-00000-of-00001.jsonl",
                                  "x/train.csv" };
    const char *const converted[] = { "c/train/0000.parquet", "d/test/0000.parquet" };
    struct repository chosen = { .n = 0 };

    (void)input;
    const struct repository_query query = { .name = "repo",
                                            .paths = paths,
                                            .n_paths = 4,
                                            .is_whole = true,
                                            .read_file = read_readme,
                                            .state = (void *)card };
    if (repository_choose(&query, &chosen, err) < 0)
        return -1;
    assert_int_equal(chosen.n, 2);
    repository_release(&chosen);
    for (int is_whole = 0; is_whole < 2; is_whole++) {
        const struct repository_query hub = {
            .name = "repo", .paths = converted, .n_paths = 2, .is_whole = is_whole
        };
        if (repository_choose(&hub, &chosen, err) < 0)
            return -1;
        assert_string_equal(chosen.files[1].config, "d");
        repository_release(&chosen);
    }
    return 0;
}

static void choosing_files_of_a_repository_reports_each_failed_allocation(void **state)
{
    (void)state;
    assert_true(oom_survive(choose_files, NULL) >= 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ingesting_a_record_reports_each_failed_allocation),
        cmocka_unit_test(mapping_a_record_reports_each_failed_allocation),
        cmocka_unit_test(ingest_reports_each_failed_allocation),
        cmocka_unit_test(resume_and_retry_report_each_failed_allocation),
        cmocka_unit_test(choosing_files_of_a_repository_reports_each_failed_allocation),
    };

    if (!getenv("CURATE_SOURCE"))
        return SKIP_ALL("CURATE_SOURCE names no source tree");
    return cmocka_run_group_tests_name("ingest without memory", tests, NULL, NULL);
}
