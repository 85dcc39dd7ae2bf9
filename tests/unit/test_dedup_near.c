/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages `dedup near` and `dedup exact` on texts of random words, whose similarities are
 * also computed by brute force.
 */
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "store/db_private.h"
#include "tests/support/rng.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"

enum {
    N_TEXTS = 240,
    TEXT_WORDS = 60,
    WORD_BITS = 12, /* five words are a number of 64 bits */
    N_SHINGLES = TEXT_WORDS - 4,
    TEXT_BYTES = 8 * TEXT_WORDS,
    ROWS_MAX_BYTES = 1 << 24,
};

struct text {
    unsigned words[TEXT_WORDS];
    uint64_t set[N_SHINGLES];
    size_t n_set;
};

/* Sample i has text i as its response. */
struct fixture {
    struct store_fixture *samples;
    struct stage_run run;
    struct text *texts;
    int64_t ids[N_TEXTS];
};

static void open_fixture(struct fixture *f)
{
    void *samples = NULL;

    assert_int_equal(store_fixture_setup(&samples), 0);
    f->samples = samples;
    stage_run_init(&f->run, f->samples->store);
    f->run.n_threads = 1;
}

static void close_fixture(struct fixture *f)
{
    void *samples = f->samples;

    store_fixture_teardown(&samples);
}

static int compare_values(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void make_text_set(struct text *text)
{
    uint64_t all[N_SHINGLES];

    for (size_t i = 0; i < N_SHINGLES; i++) {
        all[i] = 0;
        for (size_t k = 0; k < 5; k++)
            all[i] = all[i] << WORD_BITS | text->words[i + k];
    }
    qsort(all, N_SHINGLES, sizeof *all, compare_values);
    text->n_set = 0;
    for (size_t i = 0; i < N_SHINGLES; i++)
        if (i == 0 || all[i] != all[i - 1])
            text->set[text->n_set++] = all[i];
}

/* Text 2 * i + 1 is text 2 * i with some words changed; every sixth text continues a chain. */
static struct text *make_texts(void)
{
    struct rng rng = rng_from_seed(5);
    struct text *texts = calloc(N_TEXTS, sizeof *texts);

    assert_non_null(texts);
    for (size_t i = 0; i < N_TEXTS; i++) {
        const bool copies = i > 0 && (i % 2 == 1 || i % 6 == 4);
        const double rate = copies ? 0.06 * rng_unit(&rng) : 1;

        if (copies)
            texts[i] = texts[i - 1];
        for (size_t k = 0; k < TEXT_WORDS; k++)
            if (rng_unit(&rng) < rate)
                texts[i].words[k] = (unsigned)rng_below(&rng, 1 << WORD_BITS);
        texts[i].words[rng_below(&rng, TEXT_WORDS)] = (unsigned)i; /* no two are equal */
        make_text_set(&texts[i]);
    }
    return texts;
}

static double similarity_of(const struct text *a, const struct text *b)
{
    size_t common = 0;

    for (size_t i = 0; i < a->n_set; i++)
        for (size_t j = 0; j < b->n_set; j++)
            common += a->set[i] == b->set[j];
    return (double)common / (double)(a->n_set + b->n_set - common);
}

static void write_text(const struct text *text, char *out)
{
    size_t len = 0;

    for (size_t k = 0; k < TEXT_WORDS; k++)
        len += (size_t)snprintf(out + len, TEXT_BYTES - len, "w%x%s", text->words[k],
                                k % 7 == 3 ? ", " : " ");
}

static void add_text(struct fixture *f, size_t i)
{
    char text[TEXT_BYTES];

    write_text(&f->texts[i], text);
    f->ids[i] = store_fixture_add(f->samples, NULL, "Say it.", text);
}

/* All that a set says, by content hashes. */
static const char ALL_ROWS[] =
    "SELECT 'pair', hex(a.hash), hex(b.hash), p.similarity, p.containment FROM dedup_pair p"
    " JOIN sample a ON a.sample_id = p.a JOIN sample b ON b.sample_id = p.b"
    " UNION ALL SELECT 'signature', hex(s.hash), hex(g.signature), NULL, NULL"
    " FROM dedup_signature g JOIN sample s USING (sample_id)"
    " UNION ALL SELECT 'member', hex(s.hash), hex(c.hash), hex(l.hash), m.component_keep"
    " FROM dedup_member m JOIN sample s USING (sample_id)"
    " JOIN sample c ON c.sample_id = m.cluster LEFT JOIN sample l ON l.sample_id = m.leader"
    " UNION ALL SELECT 'set', params, complete, n_big_buckets, NULL FROM dedup_set"
    " ORDER BY 1, 2, 3, 4";

/* The rows of a query. The caller frees the text. */
static char *rows_of(struct store *store, const char *sql)
{
    struct stmt *stmt = NULL;
    struct error err;
    struct buf rows;
    int rc;

    buf_init(&rows, ROWS_MAX_BYTES);
    assert_ok(stmt_open(store, sql, &stmt, &err));
    while ((rc = stmt_next(stmt, &err)) == 1) {
        for (size_t c = 0; c < 5; c++) {
            assert_ok(buf_add_slice(&rows, stmt_bytes(stmt, c), &err));
            assert_ok(buf_add_text(&rows, "|", &err));
        }
        assert_ok(buf_add_text(&rows, "\n", &err));
    }
    assert_ok(rc);
    stmt_close(stmt);
    return rows.data;
}

static int64_t count_rows(struct store *store, const char *sql)
{
    int64_t n = 0;
    struct error err;

    assert_ok(db_int(store, sql, &n, &err));
    return n;
}

static double stored_similarity(const struct fixture *f, size_t i, size_t j)
{
    char sql[200];
    struct stmt *stmt = NULL;
    struct error err;
    double found = -1;

    snprintf(sql, sizeof sql,
             "SELECT similarity FROM dedup_pair WHERE (a = %lld AND b = %lld) OR"
             " (a = %lld AND b = %lld)",
             (long long)f->ids[i], (long long)f->ids[j], (long long)f->ids[j],
             (long long)f->ids[i]);
    assert_ok(stmt_open(f->samples->store, sql, &stmt, &err));
    if (stmt_next(stmt, &err) == 1)
        found = stmt_real(stmt, 0);
    stmt_close(stmt);
    return found;
}

/* Each stored pair has exactly the similarity of the brute force, and of the pairs of at least
 * 0.7 those are missing that the bands miss. */
static void pairs_are_those_of_brute_force(void **state)
{
    struct fixture f = { .texts = make_texts() };
    struct error err;
    double expected = 0;
    double variance = 0;
    int64_t n_found = 0;
    size_t n_similar = 0;

    (void)state;
    open_fixture(&f);
    for (size_t i = 0; i < N_TEXTS; i++)
        add_text(&f, i);
    assert_ok(stage_run(&f.run, &err, "dedup near", "field", "response", NULL));
    for (size_t i = 0; i < N_TEXTS; i++) {
        for (size_t j = i + 1; j < N_TEXTS && j < i + 8; j++) {
            const double want = similarity_of(&f.texts[i], &f.texts[j]);
            const double found = stored_similarity(&f, i, j);

            assert_true(found == -1 || (found == want && want >= 0.7));
            if (want < 0.7)
                continue;
            const double p = 1 - pow(1 - pow(want, 6), 20);
            n_similar++;
            n_found += found >= 0;
            expected += p;
            variance += p * (1 - p);
        }
    }
    printf("# %lld of %zu pairs found, %.1f expected\n", (long long)n_found, n_similar,
           expected);
    assert_true(n_similar > 40);
    assert_true(fabs((double)n_found - expected) <= 3 * sqrt(variance) + 0.5);
    /* Texts further apart were made independently. */
    assert_int_equal(count_rows(f.samples->store, "SELECT count(*) FROM dedup_pair"), n_found);
    close_fixture(&f);
    free(f.texts);
}

/* How a database is filled and compared. */
struct way {
    const char *name;
    size_t n_threads;
    bool reversed;
    size_t n_parts; /* compared after each */
    const char *memory;
    unsigned cpu_flags; /* of all */
};

static char *compare_in_a_way(const struct way *way, struct text *texts)
{
    struct fixture f = { .texts = texts };
    struct error err;

    open_fixture(&f);
    f.run.n_threads = way->n_threads;
    f.run.cpu_flags &= way->cpu_flags;
    for (size_t i = 0; i < N_TEXTS; i++) {
        add_text(&f, way->reversed ? N_TEXTS - 1 - i : i);
        if ((i + 1) % (N_TEXTS / way->n_parts) == 0)
            assert_ok(stage_run(&f.run, &err, "dedup near", "max-memory", way->memory, NULL));
    }
    char *rows = rows_of(f.samples->store, ALL_ROWS);
    close_fixture(&f);
    return rows;
}

static void results_depend_on_the_samples_only(void **state)
{
    static const struct way ways[] = {
        { "one thread", 1, false, 1, "1G", ~0U }, { "8 threads", 8, false, 1, "1G", ~0U },
        { "reversed", 2, true, 1, "1G", ~0U },    { "in 4 parts", 2, false, 4, "1G", ~0U },
        { "in 3 parts", 3, true, 3, "64M", ~0U }, { "plain C", 2, false, 1, "64M", 0 },
    };
    struct text *texts = make_texts();
    char *want = compare_in_a_way(&ways[0], texts);

    (void)state;
    assert_true(strlen(want) > 10000);
    for (size_t i = 1; i < sizeof ways / sizeof *ways; i++) {
        char *rows = compare_in_a_way(&ways[i], texts);

        if (strcmp(rows, want) != 0)
            fail_msg("%s: the rows differ", ways[i].name);
        free(rows);
    }
    free(want);
    free(texts);
}

static void an_interrupted_run_is_continued(void **state)
{
    struct fixture f = { .texts = make_texts() };
    const struct way way = { "", 1, false, 1, "1G", ~0U };
    char *want = compare_in_a_way(&way, f.texts);
    struct error err;
    size_t n_stops = 0;

    (void)state;
    open_fixture(&f);
    for (size_t i = 0; i < N_TEXTS; i++)
        add_text(&f, i);
    for (f.run.stop_after = 1; f.run.stop_after < 100; f.run.stop_after++) {
        if (stage_run(&f.run, &err, "dedup near", NULL) == 0)
            break;
        assert_int_equal(err.code, ERR_CANCELLED);
        n_stops++;
        assert_rows(f.samples->store, "SELECT complete FROM dedup_set", "0");
    }
    assert_true(n_stops > 0);
    char *rows = rows_of(f.samples->store, ALL_ROWS);
    assert_string_equal(rows, want);
    free(rows);
    free(want);
    close_fixture(&f);
    free(f.texts);
}

/* A~B~C where A and C differ: B is the first by its content hash or not, so the longest is
 * kept, and the rule of the leader keeps what nothing kept resembles. */
static void a_chain_is_one_component_of_two_leaders(void **state)
{
    struct fixture f = { .texts = calloc(3, sizeof *f.texts) };
    struct error err;

    (void)state;
    assert_non_null(f.texts);
    open_fixture(&f);
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < TEXT_WORDS; k++)
            f.texts[i].words[k] = (unsigned)k;
        for (size_t k = 0; i > 0 && k < 6; k++)
            f.texts[i].words[k] = 1000;
        for (size_t k = 0; i > 1 && k < 6; k++)
            f.texts[i].words[TEXT_WORDS - 1 - k] = 2000;
        make_text_set(&f.texts[i]);
        add_text(&f, i);
    }
    assert_true(similarity_of(&f.texts[0], &f.texts[1]) >= 0.7);
    assert_true(similarity_of(&f.texts[1], &f.texts[2]) >= 0.7);
    assert_true(similarity_of(&f.texts[0], &f.texts[2]) < 0.7);
    assert_ok(stage_run(&f.run, &err, "dedup near", "bands", "100", "rows", "3", NULL));
    assert_int_equal(count_rows(f.samples->store, "SELECT count(*) FROM dedup_pair"), 2);
    assert_rows(f.samples->store,
                "SELECT count(DISTINCT cluster), sum(component_keep) FROM dedup_member", "1|1");
    /* The sources are the same and the texts of different lengths. */
    const int64_t n_kept =
        count_rows(f.samples->store, "SELECT count(*) FROM dedup_member WHERE leader IS NULL");
    const int64_t longest_is_middle = count_rows(
        f.samples->store, "SELECT m.leader IS NULL FROM dedup_member m JOIN sample s USING"
                          " (sample_id) ORDER BY s.sample_id LIMIT 1 OFFSET 1");
    assert_int_equal(n_kept, longest_is_middle ? 1 : 2);
    close_fixture(&f);
    free(f.texts);
}

static void add_contexts(struct fixture *f, size_t n, const char *response)
{
    char context[40];

    for (size_t i = 0; i < n; i++) {
        snprintf(context, sizeof context, "context %zu", i);
        store_fixture_add(f->samples, context, "Say it.", response);
    }
}

static void a_thousand_copies_have_999_pairs(void **state)
{
    struct fixture f = { .texts = NULL };
    struct error err;

    (void)state;
    open_fixture(&f);
    add_contexts(&f, 1000, "One text, which a thousand samples have as their response.");
    assert_ok(stage_run(&f.run, &err, "dedup near", NULL));
    assert_ok(stage_run(&f.run, &err, "dedup exact", NULL));
    assert_rows(
        f.samples->store,
        "SELECT d.name, count(*), count(DISTINCT p.a), min(p.similarity),"
        " min(p.containment), d.n_big_buckets"
        " FROM dedup_pair p JOIN dedup_set d USING (dedup_set_id) GROUP BY 1 ORDER BY 1",
        "exact|999|1|1|1|0\nnear|999|1|1|1|0");
    assert_rows(f.samples->store,
                "SELECT dedup_set_id, count(*), sum(leader IS NULL), sum(component_keep)"
                " FROM dedup_member GROUP BY 1",
                "1|1000|1|1\n2|1000|1|1");
    close_fixture(&f);
}

/* A hundred words, of which the last one is a number. */
static void write_boilerplate(size_t number, char *out, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; i < 99; i++)
        len += (size_t)snprintf(out + len, size - len, "word%zu ", i);
    snprintf(out + len, size - len, "%zu", number);
}

/* More than a thousand texts that share most of their words, but are not copies. */
static void boilerplate_is_compared_with_its_first_members(void **state)
{
    struct fixture f = { .texts = NULL };
    const size_t parts[] = { 990, 210 };
    char *rows[2];
    struct error err;

    (void)state;
    for (size_t way = 0; way < 2; way++) {
        size_t n = 0;

        open_fixture(&f);
        for (size_t p = 0; p < 2; p++) {
            for (size_t end = n + parts[p]; n < end; n++) {
                char text[1000];

                write_boilerplate(n, text, sizeof text);
                store_fixture_add(f.samples, NULL, "Say it.", text);
            }
            if (way == 1 || p == 1)
                assert_ok(stage_run(&f.run, &err, "dedup near", NULL));
        }
        assert_true(stage_run_int(&f.run, "big_buckets") > 0);
        rows[way] = rows_of(f.samples->store, ALL_ROWS);
        close_fixture(&f);
    }
    assert_string_equal(rows[0], rows[1]);
    free(rows[0]);
    free(rows[1]);
}

static void add_response(struct fixture *f, const char *instruction, struct slice response)
{
    struct turn turns[] = {
        { .role = slice_text("user"), .content = slice_text(instruction) },
        { .role = slice_text("assistant"), .content = response },
    };
    struct sample sample = { .turns = turns, .n_turns = 2, .file_id = f->samples->file_id };

    sample_find_turns(&sample);
    store_fixture_add_sample(f->samples, &sample);
}

static void texts_of_all_kinds_are_compared(void **state)
{
    static const char *const texts[] = {
        "",
        "?!",
        "ok",
        "OK.",
        "\xe6\x88\x91\xe4\xbb\xac\xe5\x8e\xbb\xe5\x85\xac\xe5\x9b\xad\xe3\x80\x82",
        "\xe6\x88\x91\xe4\xbb\xac\xe5\x8e\xbb \xe5\x85\xac\xe5\x9b\xad!",
        "\xe6\x88\x91\xe4\xbb\xac\xe5\x9b\x9e\xe5\xae\xb6",
    };
    struct fixture f = { .texts = NULL };
    struct error err;

    (void)state;
    open_fixture(&f);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        add_response(&f, "Say it.", slice_text(texts[i]));
    add_response(&f, "Say it.", slice_of("a\0b", 3));
    add_response(&f, "Say it.", slice_text("A b"));
    assert_ok(stage_run(&f.run, &err, "dedup near", "field", "response", NULL));
    assert_rows(f.samples->store,
                "SELECT min(a, b), max(a, b), similarity FROM dedup_pair ORDER BY 1",
                "3|4|1\n5|6|1\n8|9|1");
    assert_rows(f.samples->store,
                "SELECT sample_id FROM dedup_signature WHERE signature IS NULL", "1\n2");
    close_fixture(&f);
}

/* A text of 10 MB and its copy with a few words changed. */
static void long_texts_are_compared_within_the_memory(void **state)
{
    const size_t len = TEST_IS_SANITIZED ? 300000 : 10000000;
    struct fixture f = { .texts = NULL };
    struct rng rng = rng_from_seed(3);
    char *text = calloc(len + 1, 1);
    struct error err;

    (void)state;
    assert_non_null(text);
    open_fixture(&f);
    for (size_t i = 0; i < len; i++)
        text[i] = i % 6 == 5 ? ' ' : (char)('a' + rng_below(&rng, 26));
    add_response(&f, "Say it.", slice_of(text, len));
    memcpy(text + len / 2, "other words", 11);
    add_response(&f, "Say it.", slice_of(text, len));
    if (!TEST_IS_SANITIZED)
        assert_fails(stage_run(&f.run, &err, "dedup near", "max-memory", "64M", NULL),
                     ERR_INPUT, "raise --max-memory");
    assert_ok(stage_run(&f.run, &err, "dedup near", "max-memory", "1G", NULL));
    assert_rows(f.samples->store, "SELECT similarity > 0.99 FROM dedup_pair", "1");
    assert_rows(f.samples->store, "SELECT similarity < 1 FROM dedup_pair", "1");
    free(text);
    close_fixture(&f);
}

/* Long texts of random words, and short ones that quote half of their words from one of them,
 * or nearly all. */
static void add_quotations(struct fixture *f, size_t first, size_t end)
{
    enum { LONG_WORDS = 4000, SHORT_WORDS = 200 };
    char *text = calloc(LONG_WORDS, 8);

    assert_non_null(text);
    for (size_t i = first; i < end; i++) {
        struct rng source = rng_from_seed(i / 4);
        struct rng own = rng_from_seed(1000 + i);
        const size_t n = i % 4 == 0 ? LONG_WORDS : SHORT_WORDS;
        const size_t n_quoted = i % 4 == 1 ? n / 2 : n - 4 * (i % 4);
        size_t len = 0;

        for (size_t k = 0; k < n; k++)
            len += (size_t)snprintf(
                text + len, 8, "%zx ",
                rng_below(i % 4 == 0 || k < n_quoted ? &source : &own, 1 << 20));
        store_fixture_add(f->samples, NULL, "Say it.", text);
    }
    free(text);
}

static void texts_inside_longer_ones_are_found_by_containment(void **state)
{
    enum { N_QUOTATIONS = 40 };
    char *rows[2];
    struct error err;

    (void)state;
    for (size_t way = 0; way < 2; way++) {
        struct fixture f = { .texts = NULL };

        open_fixture(&f);
        f.run.n_threads = 1 + 2 * way;
        if (way == 1) {
            add_quotations(&f, 0, 18);
            assert_ok(stage_run(&f.run, &err, "dedup near", "field", "response", "containment",
                                "0.8", "max-memory", "64M", NULL));
        }
        add_quotations(&f, way == 1 ? 18 : 0, N_QUOTATIONS);
        assert_ok(stage_run(&f.run, &err, "dedup near", "field", "response", "containment",
                            "0.8", "max-memory", "64M", NULL));
        /* Of four texts, the third and the fourth are inside the first and resemble each other.
         */
        assert_rows(f.samples->store,
                    "SELECT count(*), sum(containment >= 0.8), sum(similarity < 0.1),"
                    " count(DISTINCT (a - 1) / 4) FROM dedup_pair",
                    "30|30|20|10");
        assert_rows(f.samples->store,
                    "SELECT count(*), count(DISTINCT cluster), sum(leader IS NULL)"
                    " FROM dedup_member",
                    "30|10|10");
        rows[way] = rows_of(f.samples->store, ALL_ROWS);
        assert_fails(
            stage_run(&f.run, &err, "dedup near", "preset", "nemo", "containment", "0.8", NULL),
            ERR_USAGE, "--containment needs");
        close_fixture(&f);
    }
    assert_string_equal(rows[0], rows[1]);
    free(rows[0]);
    free(rows[1]);
}

static void pairs_of_a_selection_have_a_sample_in_it(void **state)
{
    struct fixture f = { .texts = NULL };
    struct error err;

    (void)state;
    open_fixture(&f);
    add_contexts(&f, 3, "The first text that three samples have in common.");
    add_contexts(&f, 2, "The second text that two other samples have in common.");
    const int64_t set =
        store_fixture_set(f.samples->store, "nll",
                          store_fixture_model(f.samples->store, "tiny", 1), "{}", "lower");
    (void)set;
    assert_ok(db_exec(f.samples->store,
                      "INSERT INTO score (score_set_id, sample_id, value, status, n_tokens,"
                      " run_id) VALUES (1, 3, 1, 'ok', 1, 1)",
                      &err));
    assert_ok(stage_run(&f.run, &err, "select", "name", "mine", "by", "nll", "top", "1", NULL));
    assert_fails(stage_run(&f.run, &err, "dedup near", "against", "other", NULL), ERR_NOT_FOUND,
                 "other");
    assert_ok(stage_run(&f.run, &err, "dedup near", "against", "mine", NULL));
    assert_rows(f.samples->store, "SELECT min(a, b), max(a, b) FROM dedup_pair ORDER BY 1",
                "1|3\n2|3");
    assert_fails(stage_run(&f.run, &err, "dedup near", NULL), ERR_USAGE, "other parameters");
    close_fixture(&f);
}

static void dry_runs_and_wrong_options_store_nothing(void **state)
{
    struct fixture f = { .texts = NULL };
    struct error err;

    (void)state;
    open_fixture(&f);
    add_contexts(&f, 2, "text");
    f.run.dry_run = true;
    assert_ok(stage_run(&f.run, &err, "dedup near", NULL));
    assert_int_equal(stage_run_int(&f.run, "new"), 2);
    f.run.dry_run = false;
    assert_fails(stage_run(&f.run, &err, "dedup near", "bands", "20000", NULL), ERR_USAGE,
                 "at most 16384");
    assert_fails(
        stage_run(&f.run, &err, "dedup near", "unverified", "true", "threshold", "0.5", NULL),
        ERR_USAGE, "--unverified");
    assert_fails(stage_run(&f.run, &err, "dedup near", "keep", "nothing", NULL), ERR_NOT_FOUND,
                 "nothing");
    assert_int_equal(count_rows(f.samples->store, "SELECT count(*) FROM dedup_set"), 0);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_those_of_brute_force),
        cmocka_unit_test(results_depend_on_the_samples_only),
        cmocka_unit_test(an_interrupted_run_is_continued),
        cmocka_unit_test(a_chain_is_one_component_of_two_leaders),
        cmocka_unit_test(a_thousand_copies_have_999_pairs),
        cmocka_unit_test(boilerplate_is_compared_with_its_first_members),
        cmocka_unit_test(texts_of_all_kinds_are_compared),
        cmocka_unit_test(long_texts_are_compared_within_the_memory),
        cmocka_unit_test(texts_inside_longer_ones_are_found_by_containment),
        cmocka_unit_test(pairs_of_a_selection_have_a_sample_in_it),
        cmocka_unit_test(dry_runs_and_wrong_options_store_nothing),
    };

    return cmocka_run_group_tests_name("stages/dedup/near", tests, NULL, NULL);
}
