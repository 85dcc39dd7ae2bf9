/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure and decontaminate end between batches after a signal, and continue where they ended;
 * decontaminate refuses evaluations that take too much of --max-memory.
 */
#include "tests/support/test.h"

#include "base/buf.h"
#include "base/hash.h"
#include "store/query.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"
#include "tests/support/tmp.h"

/* Six batches of 256 samples, the last one not full. */
enum { N_SAMPLES = 1500, BATCH = 256 };
/* The n-grams of so many words take more than 32 MiB, and those of a quarter more than 16. */
enum { LARGE_WORDS = 1500000, EVALUATION_BYTES = 32 << 20 };

struct fixture {
    struct store_fixture *samples;
    struct stage_run run;
    struct tmp tmp;
    const char *questions;
};

static void open_fixture(struct fixture *f)
{
    static const char questions[] =
        "{\"question\": \"how many words of the text number 7 are there in all of it\"}\n"
        "{\"question\": \"how many words of the text number 1400 are there in all of it\"}\n";
    void *samples = NULL;
    char text[128];

    *f = (struct fixture){ .questions = NULL };
    tmp_open(&f->tmp);
    f->questions = tmp_write(&f->tmp, "questions.jsonl", questions, sizeof questions - 1);
    assert_int_equal(store_fixture_setup(&samples), 0);
    f->samples = samples;
    for (int i = 0; i < N_SAMPLES; i++) {
        snprintf(text, sizeof text,
                 "how many words of the text number %d are there in all of it?", i);
        store_fixture_add(f->samples, NULL, text, "twelve, I think");
    }
    stage_run_init(&f->run, f->samples->store);
}

static void close_fixture(struct fixture *f)
{
    void *samples = f->samples;

    store_fixture_teardown(&samples);
    tmp_close(&f->tmp);
}

static int measure(struct fixture *f, struct error *err)
{
    return stage_run(&f->run, err, "measure", "facts", "length", "facts", "personal", NULL);
}

static int decontaminate(struct fixture *f, struct error *err)
{
    return stage_run(&f->run, err, "decontaminate", "against", f->questions, NULL);
}

/* The stages, and the values that each stores for a sample. */
struct stopped_stage {
    int (*run)(struct fixture *f, struct error *err);
    const char *values;
};
static const struct stopped_stage stopped_measure = {
    measure, "SELECT sample_id, words, chars_response, personal FROM v_facts ORDER BY 1"
};
static const struct stopped_stage stopped_decontaminate = {
    decontaminate, "SELECT sample_id, covered, longest, flagged FROM contamination ORDER BY 1"
};

/* Hash all values, and count the rows. */
static struct hash hash_rows(struct store *store, const char *sql, size_t *n_rows)
{
    struct hash_stream *stream = NULL;
    struct query *query = NULL;
    struct error err;
    int rc;

    *n_rows = 0;
    assert_ok(hash_stream_new(&stream, &err));
    assert_ok(query_open(store, sql, &query, &err));
    while ((rc = query_next(query, &err)) == 1) {
        for (size_t c = 0; c < query_columns(query); c++) {
            const struct query_value value = query_value(query, c);

            hash_stream_add(stream, &value.type, sizeof value.type);
            if (value.type == QUERY_INT)
                hash_stream_add(stream, &value.integer, sizeof value.integer);
            else if (value.type == QUERY_REAL)
                hash_stream_add(stream, &value.real, sizeof value.real);
        }
        ++*n_rows;
    }
    assert_ok(rc);
    query_close(query);
    const struct hash hash = hash_stream_end(stream);
    hash_stream_free(stream);
    return hash;
}

/* Run a stage, stopped after each batch, until it is complete. Returns how often it stopped. */
static size_t stop_each_batch(struct fixture *f, const struct stopped_stage *stage)
{
    size_t n_stopped = 0;
    size_t n_before = 0;
    size_t n;
    struct error err;

    for (f->run.stop_after = 1; stage->run(f, &err) < 0; n_stopped++) {
        assert_int_equal(err.code, ERR_CANCELLED);
        assert_non_null(strstr(err.msg, "stopped by signal 15 after "));
        assert_non_null(strstr(err.msg, "give the same command again to continue"));
        (void)hash_rows(f->run.store, stage->values, &n);
        assert_true(n > n_before && (n % BATCH == 0 || n == N_SAMPLES));
        assert_int_equal(stage_run_int(&f->run, "pending"), N_SAMPLES - n);
        n_before = n;
    }
    return n_stopped;
}

static void check_stopped(const struct stopped_stage *stage)
{
    struct fixture f;
    struct error err;
    size_t n;

    open_fixture(&f);
    f.run.n_threads = 1;
    assert_ok(stage->run(&f, &err));
    const struct hash want = hash_rows(f.run.store, stage->values, &n);
    assert_int_equal(n, N_SAMPLES);
    close_fixture(&f);
    for (size_t n_threads = 1; n_threads <= 3; n_threads += 2) {
        open_fixture(&f);
        f.run.n_threads = n_threads;
        assert_true(stop_each_batch(&f, stage) > 1);
        const struct hash got = hash_rows(f.run.store, stage->values, &n);
        assert_memory_equal(&got, &want, sizeof want);
        close_fixture(&f);
    }
}

static void measure_continues_where_a_signal_stopped_it(void **state)
{
    (void)state;
    check_stopped(&stopped_measure);
}

static void decontaminate_continues_where_a_signal_stopped_it(void **state)
{
    (void)state;
    check_stopped(&stopped_decontaminate);
}

/* Write an evaluation of one item of n different words. */
static const char *write_evaluation(struct fixture *f, const char *name, size_t n)
{
    struct buf text;
    struct error err;
    char word[32];

    buf_init(&text, EVALUATION_BYTES);
    assert_ok(buf_add_text(&text, "{\"question\": \"", &err));
    for (size_t i = 0; i < n; i++) {
        snprintf(word, sizeof word, "%zx ", i * 7919);
        assert_ok(buf_add_text(&text, word, &err));
    }
    assert_ok(buf_add_text(&text, "\"}\n", &err));
    const char *path = tmp_write(&f->tmp, name, text.data, text.len);
    buf_release(&text);
    return path;
}

static void evaluations_that_take_half_of_the_memory_are_refused(void **state)
{
    struct fixture f;
    struct error err;

    (void)state;
    open_fixture(&f);
    f.run.n_threads = 8;
    const char *large = write_evaluation(&f, "large.jsonl", LARGE_WORDS);
    const char *first = write_evaluation(&f, "first.jsonl", LARGE_WORDS / 4);
    const char *second = write_evaluation(&f, "second.jsonl", LARGE_WORDS / 4);
    assert_fails(
        stage_run(&f.run, &err, "decontaminate", "against", large, "max-memory", "64M", NULL),
        ERR_NOMEM,
        "large.jsonl: the n-grams of its items need more than half of --max-memory, 64 "
        "MiB: allow more memory, or search for a part of the evaluation");
    assert_fails(stage_run(&f.run, &err, "decontaminate", "against", first, "against", second,
                           "max-memory", "64M", NULL),
                 ERR_NOMEM,
                 "the n-grams of all evaluations need more than half of --max-memory, 64 MiB: "
                 "allow more, or search for one evaluation after the other");
    assert_rows(f.run.store, "SELECT count(*) FROM evaluation", "0");
    assert_ok(
        stage_run(&f.run, &err, "decontaminate", "against", first, "max-memory", "64M", NULL));
    assert_rows(f.run.store, "SELECT name, n_items FROM evaluation", "first|1");
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measure_continues_where_a_signal_stopped_it),
        cmocka_unit_test(decontaminate_continues_where_a_signal_stopped_it),
        cmocka_unit_test(evaluations_that_take_half_of_the_memory_are_refused),
    };

    return cmocka_run_group_tests_name("measure and decontaminate", tests, NULL, NULL);
}
