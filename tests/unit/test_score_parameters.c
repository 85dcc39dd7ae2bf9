/* SPDX-License-Identifier: Apache-2.0 */
/* Which options of score are part of a score set's identity: every option, one by one. */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/option.h"
#include "stages/score/run.h"
#include "stages/score/sets.h"
#include "stages/stage.h"
#include "store/query.h"
#include "tests/support/infer.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"

/* Enough tokens for several segments of 8. */
#define STORY                                                                                  \
    "the cat sat on the mat and the dog lay on the rug while the rain fell on the roof of "    \
    "the "                                                                                     \
    "old house and a man at the table read a letter "

/* Words that stand for paths, so that the table below can be constant. */
#define LONG        "LONG"
#define SHORT       "SHORT"
#define OTHER       "OTHER"
#define WORDS       "WORDS" /* lists of flagged words */
#define OTHER_WORDS "OTHER_WORDS"

enum { PARAMS_MAX_BYTES = 1 << 16, OPTIONS_MAX = 4, PAIR_MAX = 2 * (OPTIONS_MAX + 4) };

/*
 * Score a metric twice, with the given options and then with one option more or of another
 * value. `counted` is the metric whose score sets are counted; NULL: the metric itself.
 */
struct change {
    const char *option;
    const char *metric;
    const char *counted;
    const char *with[2 * OPTIONS_MAX]; /* names and values, of both runs */
    const char *value;                 /* of the first run; NULL: not given */
    const char *other;                 /* of the second run */
    enum { SAME_SET, ANOTHER_SET } makes;
};

#define PAIR                                                                                   \
    {                                                                                          \
        "model", LONG, "short-model", SHORT                                                    \
    }
#define SEGMENTS                                                                               \
    {                                                                                          \
        "model", LONG, "segment-tokens", "8"                                                   \
    }
#define GATEAU                                                                                 \
    {                                                                                          \
        "model", LONG, "short-model", SHORT, "segment-tokens", "8"                             \
    }

static const struct change changes[] = {
    { "model", "nll", NULL, { NULL }, LONG, OTHER, ANOTHER_SET },
    { "short-model", "hmp", "nll", { "model", LONG }, LONG, SHORT, ANOTHER_SET },
    { "short-window", "hmp", "nll", PAIR, NULL, "8", ANOTHER_SET },
    { "short-window", "hmp", "nll", PAIR, "8", "9", ANOTHER_SET },
    { "short-rope", "hmp", "nll", PAIR, "ntk:2", "ntk:4", ANOTHER_SET },
    { "short-rope", "hmp", "nll", PAIR, "none", "ntk", ANOTHER_SET },
    { "where", "nll", NULL, { "model", LONG }, NULL, "sample_id > 1", SAME_SET },
    { "where", "knn", NULL, { "model", LONG }, NULL, "sample_id > 1", ANOTHER_SET },
    { "template", "nll", NULL, { "model", LONG }, NULL, "alpaca", ANOTHER_SET },
    { "turns", "nll", NULL, { "model", LONG }, NULL, "all", ANOTHER_SET },
    { "of", "nll", NULL, { "model", LONG }, NULL, "answer", ANOTHER_SET },
    { "of", "nll", NULL, { "model", LONG }, "answer", "thought", ANOTHER_SET },
    { "of", "lds", NULL, { "model", LONG }, NULL, "answer", SAME_SET },

    /* What is relative to a cohort is a version of it; scores of samples do not depend on it.
     */
    { "cohort", "hmp", NULL, PAIR, NULL, "mine", ANOTHER_SET },
    { "cohort", "hmp", "nll", PAIR, NULL, "mine", SAME_SET },
    { "alpha", "gateau", NULL, GATEAU, NULL, "0.5", ANOTHER_SET },
    { "alpha", "gateau", "cas", GATEAU, NULL, "0.5", SAME_SET },
    { "norm", "gateau", NULL, GATEAU, NULL, "minmax", ANOTHER_SET },
    { "norm", "gateau", "cas", GATEAU, NULL, "minmax", SAME_SET },
    { "ppl", "hmp", NULL, PAIR, NULL, "log", ANOTHER_SET },
    { "ppl", "hmp", "nll", PAIR, NULL, "log", SAME_SET },
    { "cas-sign", "gateau", NULL, GATEAU, NULL, "-1", ANOTHER_SET },
    { "cas-sign", "gateau", "cas", GATEAU, NULL, "-1", SAME_SET },
    { "nulls", "gateau", NULL, GATEAU, NULL, "median", ANOTHER_SET },
    { "nulls", "gateau", "cas", GATEAU, NULL, "median", SAME_SET },
    { "top", "gateau", "cas", GATEAU, NULL, "1", SAME_SET },
    { "exact-all",
      "gateau",
      "cas",
      { "model", LONG, "short-model", SHORT, "segment-tokens", "8", "top", "1" },
      NULL,
      "true",
      SAME_SET },

    { "segment-tokens", "segments", NULL, { "model", LONG }, "8", "9", ANOTHER_SET },
    { "segment-tokens", "lds", NULL, { "model", LONG }, "8", "9", ANOTHER_SET },
    { "segment-tokens", "nll", NULL, { "model", LONG }, "8", "9", SAME_SET },
    { "max-segments", "segments", NULL, SEGMENTS, NULL, "2", ANOTHER_SET },
    { "last-segment", "segments", NULL, SEGMENTS, NULL, "drop", ANOTHER_SET },
    { "response-tokens", "segments", NULL, SEGMENTS, NULL, "2", ANOTHER_SET },
    { "instruction-tokens", "segments", NULL, SEGMENTS, NULL, "2", ANOTHER_SET },
    { "attn-row", "segments", NULL, SEGMENTS, NULL, "pred", ANOTHER_SET },
    { "attention-by", "segments", NULL, SEGMENTS, NULL, "head", SAME_SET },
    { "cas-truncate", "segments", NULL, SEGMENTS, NULL, "right", ANOTHER_SET },
    { "importance", "cas", NULL, SEGMENTS, NULL, "nll", ANOTHER_SET },
    { "importance", "cas", "segments", SEGMENTS, NULL, "nll", SAME_SET },
    { "pearson", "cas", NULL, SEGMENTS, NULL, "true", ANOTHER_SET },
    { "pearson", "cas", "segments", SEGMENTS, NULL, "true", SAME_SET },
    { "drop-first-segment", "cas", NULL, SEGMENTS, NULL, "true", ANOTHER_SET },
    { "drop-first-segment", "cas", "segments", SEGMENTS, NULL, "true", SAME_SET },

    { "truncate", "nll", NULL, { "model", LONG }, NULL, "right", ANOTHER_SET },
    { "max-tokens", "nll", NULL, { "model", LONG }, NULL, "40", ANOTHER_SET },
    { "near-tokens", "nll_near", NULL, { "model", LONG }, "8", "9", ANOTHER_SET },
    { "near-tokens", "ppl_gap", NULL, { "model", LONG }, NULL, "9", ANOTHER_SET },
    { "near-tokens", "ppl_gap", "nll", { "model", LONG }, NULL, "9", SAME_SET },
    { "question", "yes_probability", NULL, { "model", LONG }, "so", "the man", ANOTHER_SET },
    { "question", "rating", NULL, { "model", LONG }, "so", "the man", ANOTHER_SET },
    { "neighbour", "knn", NULL, { "model", LONG }, NULL, "2", ANOTHER_SET },
    { "neighbour", "knn", "embedding", { "model", LONG }, NULL, "2", SAME_SET },
    { "compat", "ifd", NULL, { "model", LONG }, NULL, "superfiltering", ANOTHER_SET },
    { "compat",
      "ifd",
      NULL,
      { "model", LONG, "max-tokens", "64" },
      "superfiltering",
      "cherry",
      ANOTHER_SET },

    { "batch-tokens", "nll", NULL, { "model", LONG }, NULL, "8", SAME_SET },
    { "estimate", "nll", NULL, { "model", LONG }, NULL, "true", SAME_SET },
    { "max-cost", "nll", NULL, { "model", LONG }, NULL, "9h", SAME_SET },
    { "max-memory", "nll", NULL, { "model", LONG }, NULL, "1G", SAME_SET },
    /* Of facts, which are measured before. */
    { "tokenizer", "nll", NULL, { "model", LONG, "metrics", "tokens" }, NULL, OTHER, SAME_SET },
    { "flagged-words",
      "nll",
      NULL,
      { "model", LONG, "metrics", "flagged" },
      WORDS,
      OTHER_WORDS,
      SAME_SET },
    { "label", "nll", NULL, { "model", LONG }, NULL, "topic=category", SAME_SET },
    { "mmap-only", "nll", NULL, { "model", LONG }, NULL, "true", SAME_SET },
};
enum { N_CHANGES = sizeof changes / sizeof *changes };

struct fixture {
    struct store_fixture *samples;
    struct stage_run run;
    struct arena arena;
};

static void open_fixture(struct fixture *f)
{
    void *samples;

    store_fixture_setup(&samples);
    *f = (struct fixture){ .samples = samples };
    arena_init(&f->arena);
    stage_run_init(&f->run, f->samples->store);
    store_fixture_add(f->samples, STORY STORY, "where did the man read?", "at the table");
    store_fixture_add(f->samples, STORY, "who sat on the mat?", "the cat sat on the mat");
    store_fixture_add(f->samples, NULL, "say that it rains", "the rain fell");
}

static void close_fixture(struct fixture *f)
{
    void *samples = f->samples;

    arena_release(&f->arena);
    store_fixture_teardown(&samples);
}

static const char *path_of(struct fixture *f, const char *value)
{
    if (strcmp(value, LONG) == 0)
        return source_path(&f->arena, "tests/data/tiny-llama.gguf");
    if (strcmp(value, SHORT) == 0)
        return source_path(&f->arena, "tests/data/tiny-llama-short.gguf");
    if (strcmp(value, WORDS) == 0)
        return source_path(&f->arena, "tests/data/flagged.txt");
    if (strcmp(value, OTHER_WORDS) == 0)
        return source_path(&f->arena, "tests/data/flagged_other.txt");
    if (strcmp(value, OTHER) == 0)
        return source_path(&f->arena, "tests/data/tiny-qwen2.gguf");
    return value;
}

/* Score the metric with the options of the row, and this value of its option. */
static void score_with(struct fixture *f, const struct change *change, const char *value)
{
    const char *pairs[PAIR_MAX] = { "metrics", change->metric };
    struct error err;
    size_t n = 2;

    for (size_t i = 0; i < 2 * OPTIONS_MAX && change->with[i]; i += 2) {
        pairs[n++] = change->with[i];
        pairs[n++] = path_of(f, change->with[i + 1]);
    }
    if (value) {
        pairs[n++] = change->option;
        pairs[n++] = path_of(f, value);
    }
    assert_in_range(n, 2, 12);
    if (stage_run(&f->run, &err, "score", pairs[0], pairs[1], pairs[2], pairs[3], pairs[4],
                  pairs[5], pairs[6], pairs[7], pairs[8], pairs[9], pairs[10], pairs[11],
                  NULL) < 0)
        fail_msg("--%s %s with %s: %s", change->option, value ? value : "", change->metric,
                 err.msg);
}

static int64_t count_sets(struct fixture *f, const char *metric)
{
    struct query *query = NULL;
    struct error err;
    char sql[200];

    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM score_set JOIN metric USING (metric_id) WHERE name = '%s'",
             metric);
    assert_ok(query_open(f->run.store, sql, &query, &err));
    assert_int_equal(query_next(query, &err), 1);
    const int64_t n = query_value(query, 0).integer;
    query_close(query);
    return n;
}

static void check_change(const struct change *change)
{
    const char *counted = change->counted ? change->counted : change->metric;
    struct fixture f;

    open_fixture(&f);
    score_with(&f, change, change->value);
    const int64_t n = count_sets(&f, counted);
    assert_true(n > 0);
    score_with(&f, change, change->value); /* the same again makes no new set */
    assert_int_equal(count_sets(&f, counted), n);
    score_with(&f, change, change->other);
    const bool is_new = count_sets(&f, counted) > n;
    if (is_new != (change->makes == ANOTHER_SET))
        fail_msg("--%s %s instead of %s makes %s set of %s", change->option, change->other,
                 change->value ? change->value : "the default", is_new ? "another" : "the same",
                 counted);
    close_fixture(&f);
}

static void another_value_makes_another_set_only_if_it_can_change_a_score(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CHANGES; i++)
        check_change(&changes[i]);
}

static void the_number_of_threads_is_not_a_parameter(void **state)
{
    static const struct change change = { .metric = "nll", .with = { "model", LONG } };
    struct fixture f;

    (void)state;
    open_fixture(&f);
    score_with(&f, &change, NULL);
    f.run.n_threads = 1;
    score_with(&f, &change, NULL);
    assert_int_equal(count_sets(&f, "nll"), 1);
    assert_int_equal(stage_run_int(&f.run, "scored"), 0);
    close_fixture(&f);
}

/* No metric that is stored for each sample compares two models yet; one that does must name
 * both. The text is what scores are found by: it must not change. */
static void a_metric_of_two_models_names_the_short_one(void **state)
{
    static const struct prompt_template form = { .name = "plain" };
    static const struct score_settings settings = { .short_view = { 512, 1.5 } };
    const struct score_node node = { .role = SCORER_MODEL, .has_short_model = true };
    struct score_setup setup = { .settings = &settings };
    struct buf params;
    struct error err;

    (void)state;
    memset(setup.models.of[SCORER_SHORT_MODEL].sha256, 0x1f, DIGEST_BYTES);
    setup.models.of[SCORER_SHORT_MODEL].arithmetic = "bf16";
    setup.models.observing.template = &form;
    setup.models.observing.max_tokens = 2048;
    buf_init(&params, PARAMS_MAX_BYTES);
    assert_ok(score_parameters(&setup, &node, "int8", &params, &err));
    assert_string_equal(
        params.data,
        "{\"arithmetic\":\"int8\",\"max_tokens\":2048,\"short_arithmetic\":\"bf16\","
        "\"short_model\":\"1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f\","
        "\"short_rope\":\"ntk:1.5\",\"short_window\":512,\"template\":\"plain\","
        "\"truncate\":\"left\",\"turns\":\"last\"}");
    buf_release(&params);
}

static void every_option_of_score_has_a_row(void **state)
{
    const struct stage *stage = stage_find("score");

    (void)state;
    assert_non_null(stage);
    for (const struct option *option = stage->options; option->type != OPTION_END; option++) {
        bool is_there = false;

        for (size_t i = 0; i < N_CHANGES; i++)
            is_there = is_there || strcmp(changes[i].option, option->name) == 0;
        if (!is_there)
            fail_msg("--%s has no row in `changes`: does another value make another set?",
                     option->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_of_score_has_a_row),
        cmocka_unit_test(another_value_makes_another_set_only_if_it_can_change_a_score),
        cmocka_unit_test(a_metric_of_two_models_names_the_short_one),
        cmocka_unit_test(the_number_of_threads_is_not_a_parameter),
    };

    return cmocka_run_group_tests_name("stages/score, parameters", tests, NULL, NULL);
}
