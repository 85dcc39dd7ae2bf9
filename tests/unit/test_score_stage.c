/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "store/db_private.h"
#include "store/query.h"
#include "store/run.h"
#include "store/store.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"
#include "tests/support/tmp.h"

enum { DUMP_MAX_BYTES = 1 << 20 };

struct fixture {
    struct store_fixture *samples;
    struct stage_run run;
    char long_model[1024];
    char short_model[1024];
    char other_model[1024]; /* a model with another vocabulary */
};

/* Enough tokens for several segments of 16. */
#define HOUSE                                                                                  \
    "the cat sat on the mat and the dog lay on the rug while the rain fell on the roof "
#define LIGHT "of the old house there was a light in the window and a man at the table he read "
#define LETTER                                                                                 \
    "the letter again and then he put it into the fire and said that he would not go "

/* Seven samples: three with several segments, one with a single segment, three without a
 * context. */
static const char *const corpus[][3] = {
    { HOUSE LIGHT, "where was the light?", "in the window of the old house" },
    { LIGHT LETTER, "what did he do?", "he read the letter and put it into the fire" },
    { HOUSE LETTER, "who sat on the mat?", "the cat" },
    { "the man", "who?", "the man" },
    { NULL, "say that it rains", "the rain fell" },
    { NULL, "say nothing", " " },
    { NULL, "say it twice", "it it" },
};
enum { N_CORPUS = sizeof corpus / sizeof *corpus, N_CONTEXTS = 3 };

static void open_corpus(struct fixture *f)
{
    void *samples;

    store_fixture_setup(&samples);
    f->samples = samples;
    stage_run_init(&f->run, f->samples->store);
}

static void close_corpus(struct fixture *f)
{
    void *samples = f->samples;

    store_fixture_teardown(&samples);
}

static void add(struct fixture *f, size_t i)
{
    store_fixture_add(f->samples, corpus[i][0], corpus[i][1], corpus[i][2]);
}

static int setup(void **state)
{
    static struct fixture f;
    const char *source = getenv("CURATE_SOURCE");

    open_corpus(&f);
    for (size_t i = 0; i < N_CORPUS; i++)
        add(&f, i);
    snprintf(f.long_model, sizeof f.long_model, "%s/tests/data/tiny-llama.gguf", source);
    snprintf(f.short_model, sizeof f.short_model, "%s/tests/data/tiny-llama-short.gguf",
             source);
    snprintf(f.other_model, sizeof f.other_model, "%s/tests/data/tiny-qwen2.gguf", source);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    close_corpus(*state);
    return 0;
}

static int score(struct fixture *f, const char *metric, struct error *err)
{
    return stage_run(&f->run, err, "score", "metrics", metric, "model", f->long_model,
                     "segment-tokens", "16", NULL);
}

static int score_pair(struct fixture *f, const char *metric, struct error *err)
{
    return stage_run(&f->run, err, "score", "metrics", metric, "model", f->long_model,
                     "short-model", f->short_model, "segment-tokens", "16", NULL);
}

/* The same in the smallest batches. */
static int score_slowly(struct fixture *f, const char *metric, struct error *err)
{
    return stage_run(&f->run, err, "score", "metrics", metric, "model", f->long_model,
                     "short-model", f->short_model, "segment-tokens", "16", "batch-tokens", "1",
                     NULL);
}

/* The rows of a query, with numbers to the last bit. The caller frees them. */
static char *rows_of(struct store *store, const char *sql)
{
    struct query *query = NULL;
    struct buf out;
    struct error err;
    int rc;

    buf_init(&out, DUMP_MAX_BYTES);
    assert_ok(query_open(store, sql, &query, &err));
    while ((rc = query_next(query, &err)) == 1) {
        for (size_t i = 0; i < query_columns(query); i++) {
            const struct query_value value = query_value(query, i);

            assert_ok(value.type == QUERY_REAL
                          ? buf_printf(&out, &err, "%a|", value.real)
                          : buf_printf(&out, &err, "%" PRId64 "%.*s|", value.integer,
                                       (int)value.bytes.len,
                                       value.bytes.ptr ? value.bytes.ptr : ""));
        }
        assert_ok(buf_add_text(&out, "\n", &err));
    }
    assert_ok(rc);
    query_close(query);
    assert_true(out.len > 0);
    return out.data;
}

/* All scores, identified by the texts of the samples instead of their ids. */
static char *dump(struct store *store)
{
    return rows_of(store,
                   "SELECT m.name, d.name, t.params, v.instruction, k.status, k.n_tokens,"
                   " k.value FROM score k JOIN score_set t USING (score_set_id)"
                   " JOIN metric m USING (metric_id) JOIN model d USING (model_id)"
                   " JOIN v_sample v USING (sample_id)"
                   " UNION ALL SELECT k.cohort, k.version, v.instruction, k.status, k.hmp,"
                   " k.cas, k.gateau FROM v_cohort_scores k JOIN v_sample v USING (sample_id)"
                   " ORDER BY 1, 2, 3, 4");
}

static void assert_same_scores(struct store *store, struct store *other)
{
    char *one = dump(store);
    char *two = dump(other);

    assert_string_equal(one, two);
    free(one);
    free(two);
}

static void score_stores_a_metric_and_its_inputs(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(score_pair(f, "gateau", &err));

    assert_int_equal(stage_run_int(&f->run, "samples"), N_CORPUS);
    assert_int_equal(stage_run_int(&f->run, "metrics"), 6);
    assert_int_equal(stage_run_int(&f->run, "cached"), 0);
    assert_rows(f->run.store,
                "SELECT metric, model, count(*), count(value) FROM v_scores GROUP BY 1, 2",
                "cas|tiny-llama|7|3\n"
                "gateau|tiny-llama|7|3\n"
                "hmp|tiny-llama|7|3\n"
                "nll|tiny-llama|7|6\n"
                "nll|tiny-llama-short|7|6\n"
                "segments|tiny-llama|7|6");
    assert_int_equal(stage_run_int(&f->run, "scored"), 3 + 6 + 6 + 6);
    assert_int_equal(stage_run_int(&f->run, "unscorable"), 4 + 1 + 1 + 1);
    assert_int_equal(stage_run_int(&f->run, "ranked"), 3);
    assert_true(stage_run_int(&f->run, "tokens") > 0);
}

static void a_sample_without_a_score_has_a_reason(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(score_pair(f, "gateau", &err));

    assert_rows(f->run.store,
                "SELECT metric, status, count(*) FROM v_scores WHERE value IS NULL"
                " AND model = 'tiny-llama' GROUP BY 1, 2",
                "cas|empty_response|1\n"
                "cas|too_few_segments|3\n"
                "gateau|empty_response|1\n"
                "gateau|too_few_segments|3\n"
                "hmp|empty_response|1\n"
                "hmp|too_few_segments|3\n"
                "nll|empty_response|1\n"
                "segments|empty_response|1");
}

static void a_response_whose_role_was_renamed_is_missing(void **state)
{
    static const char *const turns[] = { "last", "all" };
    struct fixture *f = *state;
    struct error err;

    assert_ok(db_exec(f->run.store,
                      "UPDATE turn SET role = 'model' WHERE role = 'assistant'"
                      " AND sample_id <= 3",
                      &err));
    for (size_t i = 0; i < 2; i++)
        assert_ok(stage_run(&f->run, &err, "score", "metrics", "ppl", "metrics", "mtld",
                            "model", f->long_model, "turns", turns[i], NULL));
    assert_rows(f->run.store,
                "SELECT metric, count(*), max(value) FROM v_scores WHERE status = 'no_response'"
                " GROUP BY metric",
                "mtld|6|\nnll|6|\nppl|6|");
}

static void a_stored_score_that_sql_changed_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(
        stage_run(&f->run, &err, "score", "metrics", "nll", "model", f->long_model, NULL));
    assert_ok(
        db_exec(f->run.store, "UPDATE score SET value = 9e999 WHERE sample_id = 2", &err));
    assert_fails(
        stage_run(&f->run, &err, "score", "metrics", "ppl", "model", f->long_model, NULL),
        ERR_INPUT, "a score of sample 2 is damaged");
}

static void hmp_ranks_all_samples_with_both_perplexities(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(score_pair(f, "hmp", &err));

    assert_rows(f->run.store,
                "SELECT count(*), count(value), min(value) >= -1, max(value) <= 1"
                " FROM v_scores WHERE metric = 'hmp'",
                "7|6|1|1");
}

static void a_cohort_records_models_options_and_ranges(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(score_pair(f, "hmp", &err));
    assert_ok(score_pair(f, "gateau", &err));

    assert_string_equal(stage_run_text(&f->run, "cohort"), "gateau@1");
    assert_rows(
        f->run.store,
        "SELECT cohort, version, is_current, model, short_model, ppl, normaliser, alpha,"
        " cas_sign, nulls, n_samples, n, json_extract(cas_params, '$.segments.tokens'),"
        " nll_long_min < nll_long_max, hmp_max <= 1, cas_min < cas_max FROM v_cohorts",
        "hmp|1|1|tiny-llama|tiny-llama-short|ppl|rank|0.8|1|exclude|7|6||1|1|\n"
        "gateau|1|1|tiny-llama|tiny-llama-short|ppl|rank|0.8|1|exclude|7|3|16|1|1|1");
}

static void other_options_make_another_cohort_version(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(score_pair(f, "gateau", &err));
    assert_ok(stage_run(&f->run, &err, "score", "metrics", "gateau", "model", f->long_model,
                        "short-model", f->short_model, "segment-tokens", "40", NULL));

    assert_rows(f->run.store,
                "SELECT version, is_current, json_extract(cas_params, '$.segments.tokens')"
                " FROM v_cohorts ORDER BY version",
                "1|0|16\n2|1|40");
}

static void parameters_do_not_depend_on_other_requested_metrics(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(score_pair(f, "gateau", &err));
    assert_ok(stage_run(&f->run, &err, "score", "metrics", "ifd", "metrics", "cas", "metrics",
                        "nll", "metrics", "gateau", "model", f->long_model, "short-model",
                        f->short_model, "segment-tokens", "16", NULL));

    assert_int_equal(stage_run_int(&f->run, "cached"), 4 * N_CORPUS);
    assert_int_equal(stage_run_int(&f->run, "scored"), 2 * (N_CORPUS - 1));
    assert_rows(f->run.store, "SELECT count(*) FROM cohort", "1");
}

static void a_second_run_scores_nothing(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(score_pair(f, "gateau", &err));
    assert_ok(score_pair(f, "gateau", &err));

    assert_int_equal(stage_run_int(&f->run, "scored"), 0);
    assert_int_equal(stage_run_int(&f->run, "unscorable"), 0);
    assert_int_equal(stage_run_int(&f->run, "cached"), 4 * N_CORPUS);
    assert_int_equal(stage_run_int(&f->run, "ranked"), 0);
    assert_int_equal(stage_run_int(&f->run, "tokens"), 0);
    assert_rows(f->run.store, "SELECT count(*) FROM cohort", "1");
    assert_rows(f->run.store, "SELECT count(DISTINCT run_id) FROM score", "1");
}

static void only_a_new_sample_is_given_to_the_model(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(score(f, "ifd", &err));
    store_fixture_add(f->samples, NULL, "say it once", "it");
    assert_ok(score(f, "ifd", &err));

    assert_int_equal(stage_run_int(&f->run, "scored"), 3);
    assert_int_equal(stage_run_int(&f->run, "cached"), 3 * N_CORPUS);
}

static void a_new_sample_makes_a_new_cohort_version_and_keeps_the_old(void **state)
{
    static const char first[] = "SELECT sample_id, hmp, cas, gateau, status"
                                " FROM v_cohort_scores WHERE version = 1 ORDER BY 1";
    struct fixture *f = *state;
    struct error err;

    assert_ok(score_pair(f, "gateau", &err));
    char *before = rows_of(f->run.store, first);
    store_fixture_add(f->samples, LETTER HOUSE, "who would not go?", "he said that he");
    assert_ok(score_pair(f, "gateau", &err));

    assert_int_equal(stage_run_int(&f->run, "scored"), 4); /* the inputs of one sample */
    assert_string_equal(stage_run_text(&f->run, "cohort"), "gateau@2");
    char *after = rows_of(f->run.store, first);
    assert_string_equal(before, after);
    free(before);
    free(after);
    assert_rows(f->run.store,
                "SELECT version, count(gateau), round(sum(gateau), 9) FROM v_cohort_scores"
                " GROUP BY 1",
                "1|3|1.5\n2|4|2");
    assert_rows(f->run.store,
                "SELECT count(*), round(sum(value), 9) FROM v_scores"
                " WHERE metric = 'gateau' AND value IS NOT NULL",
                "4|2");
}

static void a_stopped_and_resumed_score_run_gives_the_same_scores(void **state)
{
    struct fixture *f = *state;
    struct fixture other = *f;
    struct error err;

    assert_ok(score_slowly(f, "gateau", &err));
    const size_t n_ticks = f->run.n_ticks;
    assert_true(n_ticks > 4);

    for (size_t stop = 1; stop < n_ticks; stop++) {
        open_corpus(&other);
        for (size_t i = 0; i < N_CORPUS; i++)
            add(&other, i);
        other.run.stop_after = stop;
        if (score_slowly(&other, "gateau", &err) < 0)
            assert_int_equal(err.code, ERR_CANCELLED);
        other.run.stop_after = 0;
        assert_ok(score_slowly(&other, "gateau", &err));
        assert_same_scores(f->run.store, other.run.store);
        close_corpus(&other);
    }
}

/* What a tick of the run does to the file of the model. */
struct change {
    const char *path;
    size_t at; /* the tick */
    bool writes;
};

/* Write other weights over the file and restore its time, or only change its mode. */
static void change_model(struct stage_run *run)
{
    const struct change *change = run->arg;
    struct stat st;

    if (run->n_ticks != change->at)
        return;
    const int fd = open(change->path, O_RDWR);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(fchmod(fd, 0640), 0);
    if (change->writes) {
        assert_int_equal(pwrite(fd, "\x40\x40\x40\x40", 4, st.st_size - 4), 4);
        assert_int_equal(futimens(fd, (struct timespec[]){ st.st_atim, st.st_mtim }), 0);
    }
    close(fd);
}

static const char *copy_model(struct fixture *f, struct tmp *tmp)
{
    struct buf bytes;
    struct error err;

    buf_init(&bytes, 64 << 20);
    assert_ok(file_read(f->long_model, &bytes, &err));
    const char *path = tmp_write(tmp, "copy.gguf", bytes.data, bytes.len);
    snprintf(f->long_model, sizeof f->long_model, "%s", path);
    buf_release(&bytes);
    return f->long_model;
}

static int score_copy(struct fixture *f, struct error *err)
{
    return stage_run(&f->run, err, "score", "metrics", "nll", "model", f->long_model,
                     "batch-tokens", "1", NULL);
}

static void a_model_written_over_during_the_run_ends_it(void **state)
{
    struct fixture *f = *state, whole = { 0 };
    struct tmp tmp;
    struct error err;

    tmp_open(&tmp);
    open_corpus(&whole);
    for (size_t i = 0; i < N_CORPUS; i++)
        add(&whole, i);
    memcpy(whole.long_model, f->long_model, sizeof whole.long_model);
    assert_ok(score_copy(&whole, &err));
    struct change change = { copy_model(f, &tmp), whole.run.n_ticks / 2, true };
    f->run.tick = change_model;
    f->run.arg = &change;

    assert_fails(score_copy(f, &err), ERR_INPUT,
                 "copy.gguf: the file changed while the model was in use");
    static const char scores[] = "SELECT sample_id, value FROM score WHERE value IS NOT NULL";
    char *kept = rows_of(f->run.store, scores), *all = rows_of(whole.run.store, scores);
    assert_in_range(strlen(kept), 1, strlen(all) - 1);
    char *rest = kept, *row;
    while ((row = strsep(&rest, "\n")))
        assert_non_null(strstr(all, row)); /* none is by the other weights */
    free(kept);
    free(all);

    /* The file is another model now. */
    f->run.tick = NULL;
    assert_ok(score_copy(f, &err));
    assert_rows(f->run.store, "SELECT count(*) FROM model", "2");
    close_corpus(&whole);
    tmp_close(&tmp);
}

static void a_new_mode_of_the_model_file_does_not_end_the_run(void **state)
{
    struct fixture *f = *state;
    struct tmp tmp;
    struct error err;

    tmp_open(&tmp);
    struct change change = { copy_model(f, &tmp), 2, false };
    f->run.tick = change_model;
    f->run.arg = &change;
    assert_ok(score_copy(f, &err));
    assert_true(f->run.n_ticks > 4);
    tmp_close(&tmp);
}

static void a_stopped_score_run_keeps_committed_scores(void **state)
{
    struct fixture *f = *state;
    struct error err;

    f->run.stop_after = 1;
    assert_fails(score_pair(f, "gateau", &err), ERR_CANCELLED, "run the same command");
    f->run.stop_after = 0;
    const int64_t before = stage_run_int(&f->run, "scored");
    assert_ok(score_pair(f, "gateau", &err));

    assert_int_equal(before + stage_run_int(&f->run, "scored"), 3 + 6 + 6 + 6);
    assert_rows(f->run.store, "SELECT sum(n_scored) FROM run", "21");
}

static void threads_batches_and_sample_order_change_no_bit_of_a_score(void **state)
{
    struct fixture *f = *state;
    struct fixture other = *f;
    struct error err;

    f->run.n_threads = 1;
    assert_ok(score_pair(f, "gateau", &err));

    open_corpus(&other);
    for (size_t i = N_CORPUS; i-- > 0;)
        add(&other, i);
    other.run.n_threads = 2;
    assert_ok(score_slowly(&other, "gateau", &err));
    assert_same_scores(f->run.store, other.run.store);
    close_corpus(&other);
}

static void metrics_of_one_model_share_its_passes(void **state)
{
    struct fixture *f = *state;
    struct fixture other = *f;
    struct error err;

    assert_ok(score(f, "nll", &err));
    const int64_t n_nll = stage_run_int(&f->run, "tokens");
    assert_ok(score(f, "cas", &err));
    const int64_t n_cas = stage_run_int(&f->run, "tokens");

    open_corpus(&other);
    for (size_t i = 0; i < N_CORPUS; i++)
        add(&other, i);
    assert_ok(stage_run(&other.run, &err, "score", "metrics", "cas", "metrics", "nll", "model",
                        f->long_model, "segment-tokens", "16", NULL));

    /* The pass over the whole prompt serves both metrics. */
    assert_true(stage_run_int(&other.run, "tokens") < n_nll + n_cas);
    assert_true(stage_run_int(&other.run, "tokens") >= n_cas);
    close_corpus(&other);
}

static void where_limits_the_samples_that_are_scored(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(stage_run(&f->run, &err, "score", "metrics", "nll", "model", f->long_model,
                        "where", "context IS NOT NULL", NULL));

    assert_int_equal(stage_run_int(&f->run, "samples"), 4);
    assert_rows(f->run.store, "SELECT count(*) FROM score", "4");
    assert_fails(stage_run(&f->run, &err, "score", "metrics", "nll", "model", f->long_model,
                           "where", "contxt IS NOT NULL", NULL),
                 ERR_USAGE, "contxt");
}

static void a_condition_on_scores_is_evaluated_once(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(stage_run(&f->run, &err, "score", "metrics", "gateau", "metrics", "ifd", "model",
                        f->long_model, "short-model", f->short_model, "segment-tokens", "16",
                        "where", "sample_id NOT IN (SELECT sample_id FROM v_scores)", NULL));

    assert_int_equal(stage_run_int(&f->run, "cached"), 0);
    assert_rows(f->run.store, "SELECT count(*) FROM v_scores WHERE metric IN ('ifd', 'gateau')",
                "14");
}

static void a_sample_outside_the_pool_has_no_pool_score(void **state)
{
    static const char condition[] =
        "sample_id IN (SELECT sample_id FROM v_selection WHERE selection = 'some')";
    struct fixture *f = *state;
    struct error err;

    assert_ok(score(f, "cas", &err));
    for (const char *top = "3"; top; top = *top == '3' ? "2" : NULL) {
        assert_ok(
            stage_run(&f->run, &err, "select", "name", "some", "by", "cas", "top", top, NULL));
        assert_ok(stage_run(&f->run, &err, "score", "metrics", "gateau", "model", f->long_model,
                            "short-model", f->short_model, "segment-tokens", "16", "where",
                            condition, NULL));
        assert_rows(f->run.store,
                    "SELECT metric, count(*), round(sum(value), 9) FROM v_scores"
                    " WHERE metric = 'gateau'",
                    *top == '3' ? "gateau|3|1.5" : "gateau|2|1");
    }
    assert_rows(f->run.store, "SELECT count(*) FROM v_scores WHERE metric = 'cas'", "7");
}

static void segments_are_stored_with_cas(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(score(f, "cas", &err));

    assert_rows(f->run.store,
                "SELECT count(DISTINCT sample_id), min(segment), min(tok_start),"
                " min(tok_end - tok_start) >= 8 OR count(*) = 1, min(attention) > 0,"
                " min(nll) > 0 FROM v_segments WHERE sample_id IN"
                " (SELECT sample_id FROM v_scores WHERE metric = 'cas' AND status = 'ok')",
                "3|0|0|1|1|1");
}

static int score_by(struct fixture *f, const char *metric, const char *by, struct error *err)
{
    return stage_run(&f->run, err, "score", "metrics", metric, "model", f->long_model,
                     "segment-tokens", "16", "attention-by", by, NULL);
}

/* Segments whose attention, averaged over all layers and heads (or over all layers), is not the
 * stored attention. */
#define NOT_THE_MEAN                                                                           \
    "SELECT count(*) FROM v_segments g LEFT JOIN (SELECT sample_id, segment, head IS NULL AS"  \
    " whole, count(*) AS n, avg(attention) AS mean FROM v_segment_attention GROUP BY 1, 2, 3)" \
    " a USING (sample_id, segment)"                                                            \
    " WHERE a.n IS NOT CASE WHEN whole THEN 2 ELSE 8 END"                                      \
    " OR abs(a.mean - g.attention) > 1e-14 * g.attention"

static void attention_by_layer_and_head_is_stored_on_request(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(score(f, "cas", &err));
    assert_rows(f->run.store, "SELECT count(*) FROM v_segment_attention", "0");
    char *before = rows_of(f->run.store, "SELECT * FROM v_segments ORDER BY 1, 4");

    /* Samples with segments are observed again, once, and keep their segments. */
    for (const char *by = "layer"; by; by = *by == 'l' ? "head" : NULL) {
        assert_ok(score_by(f, "cas", by, &err));
        assert_true(stage_run_int(&f->run, "tokens") > 0);
        assert_int_equal(stage_run_int(&f->run, "scored"), 0);
        assert_rows(f->run.store, NOT_THE_MEAN, "0");
        assert_ok(score_by(f, "cas", by, &err));
        assert_int_equal(stage_run_int(&f->run, "tokens"), 0);
    }
    assert_rows(f->run.store,
                "SELECT count(DISTINCT sample_id), count(DISTINCT layer), max(head),"
                " count(head) = 4 * sum(head IS NULL) FROM v_segment_attention",
                "4|2|3|1");
    char *after = rows_of(f->run.store, "SELECT * FROM v_segments ORDER BY 1, 4");
    assert_string_equal(after, before);
    free(before);
    free(after);
    assert_rows(f->run.store, "SELECT count(*) FROM score_set", "2");
}

static void attention_tables_need_no_extra_pass_for_new_segments(void **state)
{
    struct fixture *f = *state;
    struct fixture plain = *f;
    struct error err;

    open_corpus(&plain);
    for (size_t i = 0; i < N_CORPUS; i++)
        add(&plain, i);
    assert_ok(score(&plain, "cas", &err));
    f->run.dry_run = true;
    assert_ok(score_by(f, "cas", "layer", &err));
    assert_string_equal(stage_run_text(&f->run, "lacking"), "segments:7,tables:7,cas:7");
    f->run.dry_run = false;
    assert_ok(score_by(f, "cas", "layer", &err));
    assert_int_equal(stage_run_int(&f->run, "tokens"), stage_run_int(&plain.run, "tokens"));
    char *with = rows_of(f->run.store, "SELECT * FROM v_segments ORDER BY 1, 4");
    char *without = rows_of(plain.run.store, "SELECT * FROM v_segments ORDER BY 1, 4");
    assert_string_equal(with, without);
    free(with);
    free(without);
    assert_rows(f->run.store, NOT_THE_MEAN, "0");
    close_corpus(&plain);
    assert_fails(score_by(f, "nll", "layer", &err), ERR_USAGE, "leave out --attention-by");
    assert_fails(score_by(f, "cas", "row", &err), ERR_USAGE, "must be one of layer, head");
}

static void scores_with_a_truncated_context_are_marked(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(stage_run(&f->run, &err, "score", "metrics", "ifd", "model", f->long_model,
                        "max-tokens", "120", NULL));

    assert_rows(f->run.store, "SELECT metric, status, count(*) FROM v_scores GROUP BY 1, 2",
                "ifd|empty_response|1\n"
                "ifd|ok|3\n"
                "ifd|truncated|3\n"
                "nll|empty_response|1\n"
                "nll|ok|3\n"
                "nll|truncated|3\n"
                "nll_alone|empty_response|1\n"
                "nll_alone|ok|6");
}

static void a_sample_that_does_not_fit_has_a_reason(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(stage_run(&f->run, &err, "score", "metrics", "nll", "model", f->long_model,
                        "max-tokens", "4", NULL));

    assert_rows(f->run.store, "SELECT status, count(*) FROM v_scores GROUP BY 1",
                "empty_response|1\ntoo_long|6");
}

static void both_models_of_a_pair_see_the_same_window(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(score_pair(f, "hmp", &err));

    assert_rows(f->run.store,
                "SELECT DISTINCT json_extract(nll_params, '$.max_tokens'),"
                " json_extract(t.params, '$.max_tokens') FROM v_cohorts JOIN cohort h"
                " JOIN score_set t ON t.score_set_id = h.short_set_id",
                "256|256");
}

static void a_pair_must_share_its_vocabulary(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_fails(stage_run(&f->run, &err, "score", "metrics", "hmp", "model", f->long_model,
                           "short-model", f->other_model, NULL),
                 ERR_USAGE, "different vocabularies");
}

static void a_pair_needs_both_models_or_none(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_fails(
        stage_run(&f->run, &err, "score", "metrics", "hmp", "model", f->long_model, NULL),
        ERR_USAGE, "--short-model");
    assert_fails(stage_run(&f->run, &err, "score", "metrics", "hmp", "short-model",
                           f->short_model, NULL),
                 ERR_USAGE, "--model");
    assert_fails(score_pair(f, "nll", &err), ERR_USAGE, "leave out --short-model");
}

static void the_same_model_twice_is_noted(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(stage_run(&f->run, &err, "score", "metrics", "hmp", "model", f->long_model,
                        "short-model", f->long_model, NULL));

    assert_non_null(strstr(f->run.notes, "the same model"));
    assert_rows(
        f->run.store,
        "SELECT DISTINCT value FROM v_scores WHERE metric = 'hmp' AND value IS NOT NULL", "0");
}

static void without_model_options_the_built_in_pair_is_used(void **state)
{
    struct fixture *f = *state;
    struct tmp tmp;
    struct error err;

    tmp_open(&tmp);
    assert_int_equal(symlink(f->long_model, tmp_path(&tmp, "curate-tiny-long.gguf")), 0);
    assert_int_equal(symlink(f->short_model, tmp_path(&tmp, "curate-tiny-short.gguf")), 0);
    f->run.models_dir = tmp.root;

    assert_ok(stage_run(&f->run, &err, "score", "metrics", "hmp", NULL));

    assert_rows(f->run.store, "SELECT name FROM model ORDER BY name",
                "curate-tiny-long\ncurate-tiny-short");
    tmp_close(&tmp);
}

static int score_with(struct fixture *f, const char *metric, const char *option,
                      const char *value, struct error *err)
{
    return stage_run(&f->run, err, "score", "metrics", metric, "model", f->long_model,
                     "segment-tokens", "16", option, value, NULL);
}

static void another_reading_of_cas_needs_no_model_pass(void **state)
{
    struct fixture *f = *state;
    static const char *const ways[][2] = {
        { "pearson", "true" },
        { "drop-first-segment", "true" },
        { "importance", "nll" },
        { "importance", "softmax" },
    };
    struct error err;

    assert_ok(score(f, "cas", &err));
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        assert_ok(score_with(f, "cas", ways[i][0], ways[i][1], &err));
        assert_int_equal(stage_run_int(&f->run, "tokens"), 0);
        assert_int_equal(stage_run_int(&f->run, "scored") > 0, 1);
    }
    assert_ok(score(f, "attention_entropy", &err));
    assert_int_equal(stage_run_int(&f->run, "tokens"), 0);

    assert_rows(f->run.store,
                "SELECT count(DISTINCT t.params), count(DISTINCT k.value), min(k.value) < 0"
                " FROM score k JOIN score_set t USING (score_set_id) JOIN metric m"
                " USING (metric_id) WHERE m.name = 'cas' AND sample_id = 1",
                "5|5|1");
    assert_rows(f->run.store, "SELECT count(DISTINCT score_set_id) FROM segment_score", "1");
}

static void options_about_segments_are_parameters(void **state)
{
    struct fixture *f = *state;
    static const char *const ways[][2] = {
        { "attn-row", "pred" },     { "response-tokens", "2" }, { "instruction-tokens", "1" },
        { "last-segment", "drop" }, { "max-segments", "2" },    { "cas-truncate", "right" },
        { "truncate", "right" },
    };
    enum { N = sizeof ways / sizeof *ways };
    struct error err;

    assert_ok(score(f, "cas", &err));
    for (size_t i = 0; i < N; i++) {
        assert_ok(score_with(f, "cas", ways[i][0], ways[i][1], &err));
        assert_int_equal(stage_run_int(&f->run, "cached"), 0);
    }
    /* The side that is cut changes no number if nothing is cut; each other option does. */
    assert_rows(f->run.store,
                "SELECT count(DISTINCT t.params), count(DISTINCT k.value) FROM score k"
                " JOIN score_set t USING (score_set_id) JOIN metric m USING (metric_id)"
                " WHERE m.name = 'cas' AND sample_id = 1",
                "8|6");
}

static int score_top(struct fixture *f, const char *top, bool exact, struct error *err)
{
    return stage_run(&f->run, err, "score", "metrics", "gateau", "model", f->long_model,
                     "short-model", f->short_model, "segment-tokens", "16", "top", top,
                     "exact-all", exact ? "true" : "false", "alpha", "0.99", "norm", "softmax",
                     NULL);
}

/* Enough samples for early exit to skip some. */
static void add_many(struct fixture *f)
{
    static const char *const answers[] = { "in the window",
                                           "the rain",
                                           "on the roof of the house",
                                           "a man at the table",
                                           "he read the letter again",
                                           "the dog",
                                           "into the fire",
                                           "he would not go" };
    char question[40];

    for (size_t i = 0; i < 16; i++) {
        snprintf(question, sizeof question, "what about it, say %zu?", i);
        store_fixture_add(f->samples, i % 3 ? HOUSE LETTER LIGHT : LETTER HOUSE LIGHT, question,
                          answers[i % 8]);
    }
}

static void top_skips_segment_passes_and_gives_the_same_selection(void **state)
{
    static const char chosen[] = "SELECT group_concat(sample_id) FROM (SELECT sample_id FROM"
                                 " v_selection WHERE selection = 's' ORDER BY 1)";
    struct fixture *f = *state;
    struct fixture exact = *f;
    struct error err;

    add_many(f);
    open_corpus(&exact);
    for (size_t i = 0; i < N_CORPUS; i++)
        add(&exact, i);
    add_many(&exact);
    assert_ok(score_top(f, "20%", false, &err));
    const int64_t n_skipped = stage_run_int(&f->run, "skipped");
    const int64_t n_tokens = stage_run_int(&f->run, "tokens");
    assert_ok(score_top(&exact, "20%", true, &err));

    assert_true(n_skipped > 0);
    assert_int_equal(stage_run_int(&exact.run, "skipped"), 0);
    assert_true(n_tokens < stage_run_int(&exact.run, "tokens"));
    for (struct fixture *one = f; one; one = one == f ? &exact : NULL)
        assert_ok(stage_run(&one->run, &err, "select", "name", "s", "by", "gateau", "top",
                            "20%", NULL));
    char *with = rows_of(f->run.store, chosen);
    char *without = rows_of(exact.run.store, chosen);
    assert_string_equal(with, without);
    free(with);
    free(without);
    /* hmp is computed for all samples, and what --top did compute equals the full run. */
    assert_rows(f->run.store, "SELECT count(hmp), count(gateau) FROM v_cohort_scores", "19|4");
    assert_rows(f->run.store,
                "SELECT DISTINCT status FROM v_cohort_scores WHERE gateau IS NOT NULL",
                "at_least");
    close_corpus(&exact);
}

static void top_is_computed_once_and_can_be_completed(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add_many(f);
    assert_ok(score_top(f, "3", false, &err));
    const int64_t n_skipped = stage_run_int(&f->run, "skipped");
    assert_true(n_skipped > 0);
    assert_ok(score_top(f, "3", false, &err));
    assert_int_equal(stage_run_int(&f->run, "tokens"), 0);
    assert_int_equal(stage_run_int(&f->run, "ranked"), 0);
    assert_string_equal(stage_run_text(&f->run, "cohort"), "gateau@1");

    /* A larger top than the computed one is not known, and not invented. */
    assert_fails(
        stage_run(&f->run, &err, "select", "name", "s", "by", "gateau", "top", "4", NULL),
        ERR_USAGE, "only the first 3");
    assert_fails(
        stage_run(&f->run, &err, "cohort make", "cohort", "gateau", "alpha", "0.5", NULL),
        ERR_USAGE, "without --top");
    assert_ok(score_top(f, "3", true, &err));
    assert_true(stage_run_int(&f->run, "tokens") > 0);
    assert_rows(f->run.store,
                "SELECT count(*) FROM v_scores WHERE status IN ('outside_top', 'at_least')",
                "0");
    assert_rows(f->run.store, "SELECT count(*) FROM v_segments WHERE nll IS NULL", "0");
    assert_ok(
        stage_run(&f->run, &err, "select", "name", "s", "by", "gateau", "top", "4", NULL));
}

static void top_without_a_usable_bound_is_noted_and_skips_nothing(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(stage_run(&f->run, &err, "score", "metrics", "gateau", "model", f->long_model,
                        "short-model", f->short_model, "segment-tokens", "16", "top", "1",
                        "norm", "zscore", NULL));
    assert_non_null(strstr(f->run.notes, "skips nothing"));
    assert_int_equal(stage_run_int(&f->run, "skipped"), 0);
    assert_fails(score_with(f, "cas", "top", "3", &err), ERR_USAGE, "only the metric gateau");
    assert_fails(score_with(f, "cas", "exact-all", "true", &err), ERR_USAGE, "--top");
    assert_fails(score_with(f, "cas", "top", "0%", &err), ERR_USAGE, "12.5%");
}

static void invalid_segment_options_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[][2] = {
        { "attn-row", "next" },      { "last-segment", "cut" },      { "truncate", "middle" },
        { "cas-truncate", "both" },  { "importance", "log" },        { "max-segments", "-1" },
        { "response-tokens", "-1" }, { "instruction-tokens", "-2" },
    };
    struct error err;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fails(score_with(f, "cas", bad[i][0], bad[i][1], &err), ERR_USAGE, bad[i][0]);
}

static void score_arguments_out_of_range_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[][2] = {
        { "alpha", "1.5" },
        { "alpha", "-0.1" },
        { "segment-tokens", "0" },
        { "max-tokens", "-1" },
        { "batch-tokens", "0" },
        { "metrics", "perplexity" },
        { "max-tokens", "9999999999" },
    };
    struct error err;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fails(stage_run(&f->run, &err, "score", "metrics", "nll", bad[i][0], bad[i][1],
                               "model", f->long_model, NULL),
                     ERR_USAGE, i == 5 ? "choose from nll" : bad[i][0]);
}

static void a_missing_model_file_is_an_error_that_names_it(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_fails(
        stage_run(&f->run, &err, "score", "metrics", "nll", "model", "/no/such.gguf", NULL),
        ERR_NOT_FOUND, "/no/such.gguf");
}

static void a_dry_run_of_score_estimates_the_work_and_writes_nothing(void **state)
{
    struct fixture *f = *state;
    struct error err;

    f->run.dry_run = true;
    assert_ok(score_pair(f, "gateau", &err));
    assert_string_equal(stage_run_text(&f->run, "lacking"),
                        "nll@short:7,nll:7,segments:7,cas:7");
    assert_rows(f->run.store,
                "SELECT (SELECT count(*) FROM model)"
                " + (SELECT count(*) FROM score_set)",
                "0");

    f->run.dry_run = false;
    assert_ok(score(f, "nll", &err));
    f->run.dry_run = true;
    assert_ok(score(f, "ifd", &err));
    assert_string_equal(stage_run_text(&f->run, "lacking"), "nll:0,nll_alone:7,ifd:7");
    assert_true(stage_run_int(&f->run, "tokens") > 0);
    assert_rows(f->run.store, "SELECT count(*) FROM score_set", "1");
}

/* What a dry run counts is what the progress ends at, and the closing line. */
static void the_tokens_of_dry_run_progress_and_closing_line_agree(void **state)
{
    static const char *const metrics[] = { "nll", "ifd", "nll_near", "lds", "gateau" };
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        int (*const run)(struct fixture *, const char *, struct error *) =
            strcmp(metrics[i], "gateau") == 0 ? score_slowly : score;

        f->run.dry_run = true;
        assert_ok(run(f, metrics[i], &err));
        const int64_t n_expected = stage_run_int(&f->run, "tokens");
        f->run.dry_run = false;
        assert_ok(run(f, metrics[i], &err));
        assert_int_equal(stage_run_int(&f->run, "tokens"), n_expected);
        assert_int_equal((int64_t)f->run.report.done, n_expected);
        assert_int_equal((int64_t)f->run.report.total, n_expected);
    }
}

static void tokens_agree_when_top_skips_segment_passes(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(stage_run(&f->run, &err, "score", "metrics", "gateau", "model", f->long_model,
                        "short-model", f->short_model, "segment-tokens", "16", "top", "1",
                        "norm", "softmax", NULL));
    const int64_t n_run = stage_run_int(&f->run, "tokens");
    assert_true(n_run > 0);
    assert_int_equal((int64_t)f->run.report.done, n_run);
    assert_int_equal((int64_t)f->run.report.total, n_run);
}

static void scoring_an_empty_corpus_does_nothing(void **state)
{
    struct fixture empty = *(struct fixture *)*state;
    struct error err;

    open_corpus(&empty);
    assert_ok(score_pair(&empty, "gateau", &err));

    assert_int_equal(stage_run_int(&empty.run, "samples"), 0);
    assert_int_equal(stage_run_int(&empty.run, "scored"), 0);
    close_corpus(&empty);
}

static void a_score_run_records_its_kernels(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(score(f, "nll", &err));

    assert_rows(f->run.store,
                "SELECT kernels IN ('ref', 'avx2', 'avx512', 'avx512vnni', 'avx512bf16'), "
                "n_scored FROM run"
                " WHERE command = 'score'",
                "1|6");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(score_stores_a_metric_and_its_inputs),
        TEST(a_sample_without_a_score_has_a_reason),
        TEST(a_response_whose_role_was_renamed_is_missing),
        TEST(a_stored_score_that_sql_changed_is_an_error),
        TEST(hmp_ranks_all_samples_with_both_perplexities),
        TEST(a_cohort_records_models_options_and_ranges),
        TEST(other_options_make_another_cohort_version),
        TEST(parameters_do_not_depend_on_other_requested_metrics),
        TEST(a_second_run_scores_nothing),
        TEST(only_a_new_sample_is_given_to_the_model),
        TEST(a_new_sample_makes_a_new_cohort_version_and_keeps_the_old),
        TEST(a_stopped_and_resumed_score_run_gives_the_same_scores),
        TEST(a_stopped_score_run_keeps_committed_scores),
        TEST(a_model_written_over_during_the_run_ends_it),
        TEST(a_new_mode_of_the_model_file_does_not_end_the_run),
        TEST(threads_batches_and_sample_order_change_no_bit_of_a_score),
        TEST(metrics_of_one_model_share_its_passes),
        TEST(where_limits_the_samples_that_are_scored),
        TEST(a_condition_on_scores_is_evaluated_once),
        TEST(a_sample_outside_the_pool_has_no_pool_score),
        TEST(segments_are_stored_with_cas),
        TEST(attention_by_layer_and_head_is_stored_on_request),
        TEST(attention_tables_need_no_extra_pass_for_new_segments),
        TEST(scores_with_a_truncated_context_are_marked),
        TEST(a_sample_that_does_not_fit_has_a_reason),
        TEST(both_models_of_a_pair_see_the_same_window),
        TEST(a_pair_must_share_its_vocabulary),
        TEST(a_pair_needs_both_models_or_none),
        TEST(the_same_model_twice_is_noted),
        TEST(without_model_options_the_built_in_pair_is_used),
        TEST(another_reading_of_cas_needs_no_model_pass),
        TEST(options_about_segments_are_parameters),
        TEST(top_skips_segment_passes_and_gives_the_same_selection),
        TEST(top_is_computed_once_and_can_be_completed),
        TEST(top_without_a_usable_bound_is_noted_and_skips_nothing),
        TEST(invalid_segment_options_are_refused),
        TEST(score_arguments_out_of_range_are_refused),
        TEST(a_missing_model_file_is_an_error_that_names_it),
        TEST(a_dry_run_of_score_estimates_the_work_and_writes_nothing),
        TEST(the_tokens_of_dry_run_progress_and_closing_line_agree),
        TEST(tokens_agree_when_top_skips_segment_passes),
        TEST(scoring_an_empty_corpus_does_nothing),
        TEST(a_score_run_records_its_kernels),
    };

    return cmocka_run_group_tests_name("stages/score", tests, NULL, NULL);
}
