/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "store/db_private.h"
#include "store/embedding.h"
#include "store/score.h"
#include "tests/support/rng.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"

enum {
    N = 90,
    WIDTH = 24,
    ROWS_MAX_BYTES = 1 << 20,
    /* Vectors so long that 100 MiB hold a part of them. */
    N_LONG = 150,
    WIDTH_LONG = 65536,
};

struct fixture {
    struct store_fixture *samples;
    struct stage_run run;
    int64_t set_id;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    void *samples = NULL;

    assert_int_equal(store_fixture_setup(&samples), 0);
    f->samples = samples;
    stage_run_init(&f->run, f->samples->store);
    f->run.n_threads = 2;
    f->set_id =
        store_fixture_set(f->samples->store, "embedding",
                          store_fixture_model(f->samples->store, "tiny", 1), "{}", "higher");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    void *samples = f->samples;

    store_fixture_teardown(&samples);
    test_free(f);
    return 0;
}

/* Add sample i. */
static int64_t add_sample(struct fixture *f, size_t i)
{
    char text[40];

    snprintf(text, sizeof text, "question %zu", i);
    return store_fixture_add(f->samples, NULL, text, "answer");
}

static void put_vector(struct fixture *f, int64_t sample_id, const double *vector, size_t n)
{
    const struct score_row row = {
        .score_set_id = f->set_id, .sample_id = sample_id, .value = 1, .status = "ok"
    };
    struct error err;

    assert_ok(score_put(f->run.store, &row, f->samples->run_id, &err));
    assert_ok(embedding_put(f->run.store, f->set_id, sample_id, vector, n, &err));
}

static double random_number(uint64_t seed, size_t l)
{
    struct rng rng = rng_from_seed(seed << 32 | l);

    return 2 * rng_unit(&rng) - 1;
}

/* The vector of sample i: every third one is near to that before it. */
static void make_vector(size_t i, double *out, size_t n)
{
    static const double noise[] = { 0.02, 0.13, 0.2, 0.5 };
    const size_t origin = i - (i % 3 == 2);
    const double share = i == origin ? 0 : noise[i / 3 % 4];

    for (size_t l = 0; l < n; l++)
        out[l] = random_number(origin, l) + share * random_number(1000 + i, l);
}

static void add_vectors(struct fixture *f, size_t first, size_t end, size_t width)
{
    double *vector = test_calloc(width, sizeof *vector);

    for (size_t i = first; i < end; i++) {
        make_vector(i, vector, width);
        put_vector(f, add_sample(f, i), vector, width);
    }
    test_free(vector);
}

/* All that a set says, by content hashes. */
static const char ALL_ROWS[] =
    "SELECT 'pair', hex(a.hash), hex(b.hash), p.similarity FROM dedup_pair p"
    " JOIN sample a ON a.sample_id = p.a JOIN sample b ON b.sample_id = p.b"
    " UNION ALL SELECT 'vector', hex(s.hash), hex(g.signature), NULL FROM dedup_signature g"
    " JOIN sample s USING (sample_id)"
    " UNION ALL SELECT 'member', hex(s.hash), hex(c.hash), hex(l.hash) FROM dedup_member m"
    " JOIN sample s USING (sample_id) JOIN sample c ON c.sample_id = m.cluster"
    " LEFT JOIN sample l ON l.sample_id = m.leader"
    " UNION ALL SELECT 'set', statistics, complete, threshold FROM dedup_set"
    " ORDER BY 1, 2, 3, 4";

static char *rows_of(struct store *store, const char *sql)
{
    struct stmt *stmt = NULL;
    struct error err;
    struct buf rows;
    int rc;

    buf_init(&rows, ROWS_MAX_BYTES);
    assert_ok(stmt_open(store, sql, &stmt, &err));
    while ((rc = stmt_next(stmt, &err)) == 1)
        for (size_t c = 0; c < stmt_columns(stmt); c++) {
            if (stmt_column_type(stmt, c) == STMT_REAL)
                assert_ok(buf_printf(&rows, &err, "%a|", stmt_real(stmt, c)));
            else
                assert_ok(buf_add_slice(&rows, stmt_bytes(stmt, c), &err));
            assert_ok(buf_add_text(&rows, c + 1 == stmt_columns(stmt) ? "\n" : "|", &err));
        }
    assert_ok(rc);
    stmt_close(stmt);
    return rows.data;
}

static char *all_rows(struct fixture *f)
{
    return rows_of(f->run.store, ALL_ROWS);
}

static int compare(struct fixture *f, struct error *err)
{
    return stage_run(&f->run, err, "dedup semantic", NULL);
}

/* What a fixture with all vectors says. */
static char *rows_from_scratch(size_t n, size_t width)
{
    struct fixture *f = NULL;
    struct error err;
    void *state = NULL;

    setup(&state);
    f = state;
    add_vectors(f, 0, n, width);
    assert_ok(compare(f, &err));
    char *rows = all_rows(f);
    teardown(&state);
    return rows;
}

static double cosine_of(size_t i, size_t j, const double *mean)
{
    double a[WIDTH], b[WIDTH], ab = 0, aa = 0, bb = 0;

    make_vector(i, a, WIDTH);
    make_vector(j, b, WIDTH);
    for (size_t l = 0; l < WIDTH; l++) {
        const double x = (double)(float)a[l] - (mean ? mean[l] : 0);
        const double y = (double)(float)b[l] - (mean ? mean[l] : 0);

        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    return ab / sqrt(aa * bb);
}

/* Sample i has the id i + 1. Check all pairs against brute force. Returns how many there are.
 */
static size_t assert_pairs(struct fixture *f, double least, const double *mean)
{
    size_t n_pairs = 0;

    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < i; j++) {
            const double cosine = cosine_of(i, j, mean);
            char sql[200];

            if (cosine < least)
                continue;
            snprintf(sql, sizeof sql,
                     "SELECT count(*) FROM dedup_pair WHERE min(a, b) = %zu AND max(a, b) = %zu"
                     " AND abs(similarity - %.17g) < 1e-6",
                     j + 1, i + 1, cosine);
            assert_rows(f->run.store, sql, "1");
            n_pairs++;
        }
    }
    return n_pairs;
}

static void assert_count(struct fixture *f, const char *table, size_t n)
{
    char sql[300], want[20];

    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    snprintf(want, sizeof want, "%zu", n);
    assert_rows(f->run.store, sql, want);
}

static void pairs_are_those_of_brute_force(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add_vectors(f, 0, N, WIDTH);
    assert_ok(compare(f, &err));

    const size_t n = assert_pairs(f, 0.95, NULL);
    assert_count(f, "dedup_pair", n);
    assert_true(n > 10);
    assert_count(f,
                 "dedup_pair p JOIN sample a ON a.sample_id = p.a"
                 " JOIN sample b ON b.sample_id = p.b WHERE a.hash >= b.hash",
                 0);
    assert_int_equal(stage_run_int(&f->run, "vectors"), N);
    assert_int_equal(stage_run_int(&f->run, "new"), N);
    assert_non_null(strstr(f->run.notes, "cosine of the nearest vector, at shares of 90 vec"));
}

static void clusters_are_made_of_pairs_at_the_threshold(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add_vectors(f, 0, N, WIDTH);
    assert_ok(stage_run(&f->run, &err, "dedup semantic", "threshold", "0.97", NULL));
    assert_rows(f->run.store,
                "SELECT count(*) = (SELECT count(*) FROM dedup_pair WHERE similarity >= 0.97)"
                " FROM dedup_member WHERE leader IS NOT NULL",
                "1");
    const int64_t at_97 = stage_run_int(&f->run, "duplicates");

    assert_ok(compare(f, &err));
    assert_int_equal(stage_run_int(&f->run, "new"), 0);
    assert_true(stage_run_int(&f->run, "duplicates") < at_97);
    assert_rows(f->run.store,
                "SELECT count(*) = (SELECT count(*) FROM dedup_pair WHERE similarity >= 0.99)"
                " FROM dedup_member WHERE leader IS NOT NULL",
                "1");
}

static void the_mean_can_be_subtracted(void **state)
{
    struct fixture *f = *state;
    double mean[WIDTH] = { 0 }, vector[WIDTH];
    struct error err;

    for (size_t i = 0; i < N; i++) {
        make_vector(i, vector, WIDTH);
        for (size_t l = 0; l < WIDTH; l++)
            mean[l] += (double)(float)vector[l] / N;
    }
    add_vectors(f, 0, N, WIDTH);
    assert_ok(stage_run(&f->run, &err, "dedup semantic", "centre", "true", NULL));
    assert_count(f, "dedup_pair", assert_pairs(f, 0.95, mean));
}

static void threads_and_the_order_of_ingestion_change_nothing(void **state)
{
    struct fixture *f = *state;
    double vector[WIDTH];
    struct error err;
    char *want = rows_from_scratch(N, WIDTH);

    for (size_t i = N; i-- > 0;) {
        make_vector(i, vector, WIDTH);
        put_vector(f, add_sample(f, i), vector, WIDTH);
    }
    f->run.n_threads = 8;
    assert_ok(compare(f, &err));
    char *rows = all_rows(f);
    assert_string_equal(rows, want);
    free(rows);
    free(want);
}

static void new_vectors_give_what_a_run_from_scratch_gives(void **state)
{
    struct fixture *f = *state;
    struct error err;
    char *want = rows_from_scratch(N, WIDTH);

    add_vectors(f, 0, 1, WIDTH);
    assert_ok(compare(f, &err));
    assert_rows(f->run.store, "SELECT length(signature) FROM dedup_signature", "8");
    add_vectors(f, 1, 61, WIDTH);
    assert_ok(compare(f, &err));
    assert_int_equal(stage_run_int(&f->run, "new"), 60);
    add_vectors(f, 61, N, WIDTH);
    assert_ok(compare(f, &err));
    assert_int_equal(stage_run_int(&f->run, "new"), N - 61);
    assert_null(strstr(f->run.notes, "compared again"));
    char *rows = all_rows(f);
    assert_string_equal(rows, want);
    free(rows);
    free(want);
}

static void a_new_vector_changes_the_mean_of_all(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add_vectors(f, 0, N, WIDTH);
    assert_ok(stage_run(&f->run, &err, "dedup semantic", "centre", "true", NULL));
    char *want = all_rows(f);
    assert_ok(db_exec(f->run.store, "DELETE FROM dedup_set", &err));
    assert_ok(db_exec(f->run.store,
                      "CREATE TEMP TABLE later AS SELECT * FROM embedding WHERE sample_id > 70;"
                      "DELETE FROM embedding WHERE sample_id > 70",
                      &err));
    assert_ok(stage_run(&f->run, &err, "dedup semantic", "centre", "true", NULL));
    assert_ok(db_exec(f->run.store, "INSERT INTO embedding SELECT * FROM later", &err));
    assert_ok(stage_run(&f->run, &err, "dedup semantic", "centre", "true", NULL));
    assert_int_equal(stage_run_int(&f->run, "new"), N);
    assert_non_null(strstr(f->run.notes, "changes their mean"));
    char *rows = all_rows(f);
    assert_string_equal(rows, want);
    free(rows);
    free(want);
}

/* A copy of another vector. */
#define CHANGE_VECTOR                                                                          \
    "UPDATE embedding SET vector = (SELECT vector FROM embedding WHERE sample_id = 1)"         \
    " WHERE sample_id = 50"

static void a_changed_or_deleted_vector_makes_all_compared_again(void **state)
{
    static const char *const changes[] = {
        CHANGE_VECTOR,
        "DELETE FROM sample WHERE sample_id = 2",
        "DELETE FROM embedding WHERE sample_id = 7",
    };
    struct fixture *f = *state;
    struct error err;

    add_vectors(f, 0, N, WIDTH);
    assert_ok(compare(f, &err));
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        assert_ok(db_exec(f->run.store, changes[i], &err));
        assert_ok(compare(f, &err));
        assert_non_null(strstr(f->run.notes, "vectors changed since the set was made"));
        char *rows = all_rows(f);
        assert_ok(db_exec(f->run.store, "DELETE FROM dedup_set", &err));
        assert_ok(compare(f, &err));
        char *want = all_rows(f);
        assert_string_equal(rows, want);
        free(rows);
        free(want);
    }
}

static void samples_without_a_vector_are_counted(void **state)
{
    struct fixture *f = *state;
    const double zero[WIDTH] = { 0 };
    struct error err;

    add_vectors(f, 0, N, WIDTH);
    add_sample(f, N);
    add_sample(f, N + 1);
    const struct score_row missing = { .score_set_id = f->set_id,
                                       .sample_id = add_sample(f, N + 2),
                                       .status = "too_long" };
    assert_ok(score_put(f->run.store, &missing, f->samples->run_id, &err));
    put_vector(f, add_sample(f, N + 3), zero, WIDTH);

    assert_ok(compare(f, &err));
    assert_int_equal(stage_run_int(&f->run, "not_compared"), 4);
    assert_non_null(strstr(f->run.notes, "samples without a vector: 2: run"));
    assert_non_null(strstr(f->run.notes, "2 (vector missing for a reason: 1, only zeros: 1)"));
    assert_rows(f->run.store,
                "SELECT group_concat(sample_id) FROM dedup_signature WHERE signature IS NULL",
                "93,94");
    assert_count(f, "dedup_signature", N + 2);

    add_vectors(f, N, N + 2, WIDTH); /* the same samples, now with vectors */
    assert_ok(compare(f, &err));
    assert_int_equal(stage_run_int(&f->run, "new"), 2);
}

static void too_many_pairs_are_an_error_that_says_what_to_do(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add_vectors(f, 0, N, WIDTH);
    assert_fails(
        stage_run(&f->run, &err, "dedup semantic", "least", "0", "max-pairs", "100", NULL),
        ERR_INPUT, "more than 100 pairs have a cosine of 0 or more");
    assert_fails(compare(f, &err), ERR_USAGE, "");
    assert_fails(stage_run(&f->run, &err, "dedup semantic", "least", "0.995", NULL), ERR_USAGE,
                 "--threshold 0.99 is below --least 0.995");
}

static void scores_without_vectors_are_an_error(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_fails(compare(f, &err), ERR_NOT_FOUND, "there are no 'embedding' scores");
    add_vectors(f, 0, 2, WIDTH);
    assert_ok(db_exec(f->run.store, "DELETE FROM embedding", &err));
    assert_fails(compare(f, &err), ERR_NOT_FOUND, "the scores have no vectors");
}

static void a_dry_run_counts_and_stores_nothing(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add_vectors(f, 0, N, WIDTH);
    f->run.dry_run = true;
    assert_ok(compare(f, &err));
    assert_int_equal(stage_run_int(&f->run, "new"), N);
    assert_count(f, "dedup_set", 0);
}

/* With 100 MiB, vectors are read in blocks. Stop the run later each time. */
static void a_stopped_run_in_little_memory_continues(void **state)
{
    struct fixture *f = *state;
    struct error err;
    size_t n_stopped = 0;
    char *want = rows_from_scratch(N_LONG, WIDTH_LONG);
    int rc;

    add_vectors(f, 0, N_LONG, WIDTH_LONG);
    f->run.stop_after = 3;
    while ((rc = stage_run(&f->run, &err, "dedup semantic", "max-memory", "100M", NULL)) < 0) {
        assert_int_equal(err.code, ERR_CANCELLED);
        assert_rows(f->run.store, "SELECT complete FROM dedup_set", "0");
        f->run.stop_after = 3 + ++n_stopped;
        assert_true(n_stopped < 20);
    }
    assert_true(n_stopped > 1);
    char *rows = all_rows(f);
    assert_string_equal(rows, want);
    free(rows);
    free(want);
}

static void memory_that_is_too_little_is_an_error_with_what_is_needed(void **state)
{
    struct fixture *f = *state;
    double *vector = test_calloc(1 << 20, sizeof *vector);
    struct error err;

    vector[0] = 1;
    put_vector(f, add_sample(f, 0), vector, 1 << 20);
    assert_fails(stage_run(&f->run, &err, "dedup semantic", "max-memory", "64M", NULL),
                 ERR_NOMEM, "comparing 1 vectors of 1048576 numbers needs ");
    test_free(vector);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pairs_are_those_of_brute_force),
        TEST(clusters_are_made_of_pairs_at_the_threshold),
        TEST(the_mean_can_be_subtracted),
        TEST(threads_and_the_order_of_ingestion_change_nothing),
        TEST(new_vectors_give_what_a_run_from_scratch_gives),
        TEST(a_new_vector_changes_the_mean_of_all),
        TEST(a_changed_or_deleted_vector_makes_all_compared_again),
        TEST(samples_without_a_vector_are_counted),
        TEST(too_many_pairs_are_an_error_that_says_what_to_do),
        TEST(scores_without_vectors_are_an_error),
        TEST(a_dry_run_counts_and_stores_nothing),
        TEST(a_stopped_run_in_little_memory_continues),
        TEST(memory_that_is_too_little_is_an_error_with_what_is_needed),
    };

    return cmocka_run_group_tests_name("dedup_semantic", tests, NULL, NULL);
}
