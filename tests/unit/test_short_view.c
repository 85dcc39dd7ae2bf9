/* SPDX-License-Identifier: Apache-2.0 */
/* A narrower view for the short model of a pair: --short-window, --short-rope. */
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/model/model.h"
#include "scoring/kernels/kernels.h"
#include "scoring/observe/observe.h"
#include "scoring/prompts/prompt.h"
#include "store/query.h"
#include "store/score.h"
#include "store/store.h"
#include "tests/support/infer.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"

#define HOUSE                                                                                  \
    "the cat sat on the mat and the dog lay on the rug while the rain fell on the roof "
#define FOUR(text) text text text text

enum { WINDOW = 10 };

static const struct observed_text texts[] = {
    { .context = { HOUSE, sizeof HOUSE - 1 },
      .instruction = { "who sat on the mat?", 19 },
      .response = { "the cat", 7 } },
    /* Longer than the 256 tokens that the model was trained on. */
    { .context = { FOUR(FOUR(HOUSE)), sizeof FOUR(FOUR(HOUSE)) - 1 },
      .instruction = { "where did the dog lie?", 22 },
      .response = { "on the rug", 10 } },
};
enum { N_TEXTS = sizeof texts / sizeof *texts };

struct fixture {
    struct store_fixture *samples;
    struct stage_run run;
    char model[1024];
};

static int setup(void **state)
{
    static struct fixture f;
    void *samples;

    store_fixture_setup(&samples);
    f.samples = samples;
    stage_run_init(&f.run, f.samples->store);
    snprintf(f.model, sizeof f.model, "%s/tests/data/tiny-llama.gguf", getenv("CURATE_SOURCE"));
    for (size_t i = 0; i < N_TEXTS; i++)
        store_fixture_add(f.samples, texts[i].context.ptr, texts[i].instruction.ptr,
                          texts[i].response.ptr);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    void *samples = f->samples;

    store_fixture_teardown(&samples);
    return 0;
}

static int score(struct fixture *f, const char *metric, const char *option, const char *value,
                 struct error *err)
{
    return stage_run(&f->run, err, "score", "metrics", metric, "model", f->model, "max-tokens",
                     "2000", option, value, NULL);
}

static double number(struct fixture *f, const char *sql)
{
    struct query *query = NULL;
    struct error err;

    assert_ok(query_open(f->samples->store, sql, &query, &err));
    assert_int_equal(query_next(query, &err), 1);
    const double value = query_value(query, 0).real;
    query_close(query);
    return value;
}

#define NLL_OF(sample, narrow)                                                                 \
    "SELECT k.value FROM score k JOIN score_set t USING (score_set_id) JOIN metric m USING "   \
    "(metric_id) WHERE m.name = 'nll' AND k.sample_id = " sample                               \
    " AND (t.params LIKE '%short_%') = " narrow

/* Mean NLL of the response after only the last WINDOW ids of the prompt. */
static double narrow_nll(const struct observed_text *text, const struct runner *runner)
{
    struct prompt prompt = { .n_head = 0 };
    struct error err;
    double nll[64], sum = 0;

    assert_ok(prompt_build(prompt_template_find("plain"), model_tokenizer(runner->model), text,
                           &prompt, &err));
    const size_t n_prompt = prompt.ids.n - prompt.n_response;
    assert_true(n_prompt > WINDOW && prompt.n_response <= 64);
    const struct sequence sequence = { .tokens = prompt.ids.ids + (n_prompt - WINDOW),
                                       .n_tokens = WINDOW + prompt.n_response,
                                       .score_from = WINDOW,
                                       .nll_nats = nll };
    assert_ok(session_eval(runner->session, &sequence, 1, &err));
    for (size_t i = 0; i < prompt.n_response; i++)
        sum += nll[i];
    sum /= (double)prompt.n_response;
    prompt_release(&prompt);
    return sum;
}

static void one_model_can_be_both_models_of_a_pair(void **state)
{
    struct fixture *f = *state;
    struct runner runner;
    struct error err;

    assert_ok(score(f, "hmp", "short-window", "10", &err));
    runner_open(&runner, f->model, cpu_detect(), 2);
    assert_true(fabs(number(f, NLL_OF("1", "1")) - narrow_nll(&texts[0], &runner)) < 1e-9);
    assert_true(fabs(number(f, NLL_OF("2", "1")) - narrow_nll(&texts[1], &runner)) < 1e-9);
    assert_true(number(f, NLL_OF("1", "0")) != number(f, NLL_OF("1", "1")));
    assert_rows(f->samples->store, "SELECT count(value) FROM v_scores WHERE metric = 'hmp'",
                "2");
    assert_null(strstr(f->run.notes, "the same model"));
    runner_close(&runner);
}

static void a_short_window_wider_than_the_prompt_changes_no_bit(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(score(f, "hmp", "short-window", "1000", &err));
    assert_true(number(f, NLL_OF("1", "0")) == number(f, NLL_OF("1", "1")));
    assert_true(number(f, NLL_OF("2", "0")) == number(f, NLL_OF("2", "1")));
}

static void the_narrow_view_is_part_of_the_parameters(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(score(f, "hmp", "short-window", "10", &err));
    assert_ok(score(f, "hmp", "short-window", "20", &err));
    assert_ok(stage_run(&f->run, &err, "score", "metrics", "hmp", "model", f->model,
                        "short-model", f->model, "short-rope", "ntk:2.5", "max-tokens", "2000",
                        NULL));
    assert_rows(f->samples->store,
                "SELECT t.params -> '$.short_rope', t.params -> '$.short_window'"
                " FROM score_set t JOIN metric m USING (metric_id)"
                " WHERE m.name = 'nll' ORDER BY 1, 2",
                "|\n|10\n|20\n\"ntk:2.5\"|");
    assert_rows(f->samples->store, /* each cohort ranks its own scores */
                "SELECT count(DISTINCT score_set_id) FROM score_set t JOIN metric m"
                " USING (metric_id) WHERE m.name = 'hmp'",
                "3");
}

static void a_metric_name_prefers_scores_of_the_unrestricted_model(void **state)
{
    struct fixture *f = *state;
    struct score_set_info info;
    struct error err;
    char sql[128];

    assert_ok(score(f, "nll", "segment-tokens", "128", &err));
    assert_ok(score(f, "hmp", "short-window", "10", &err));
    assert_ok(score_set_find(f->samples->store, "nll", NULL, &info, &err));
    snprintf(
        sql, sizeof sql,
        "SELECT params -> '$.short_window' IS NULL FROM score_set WHERE score_set_id = %lld",
        (long long)info.score_set_id);
    assert_rows(f->samples->store, sql, "1");
}

/* The second sample is longer than the trained context, the first one is not. */
static void positions_beyond_the_trained_ones_are_stretched(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(stage_run(&f->run, &err, "score", "metrics", "hmp", "model", f->model,
                        "short-model", f->model, "short-rope", "ntk", "max-tokens", "2000",
                        NULL));
    assert_true(number(f, NLL_OF("1", "0")) == number(f, NLL_OF("1", "1")));
    assert_true(number(f, NLL_OF("2", "0")) != number(f, NLL_OF("2", "1")));
}

static void invalid_narrow_views_are_refused(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_fails(score(f, "hmp", "short-window", "-1", &err), ERR_USAGE,
                 "--short-window -1: must be");
    assert_fails(score(f, "hmp", "short-rope", "spiral", &err), ERR_USAGE,
                 "--short-rope spiral: must be none, ntk, or ntk:S");
    assert_fails(score(f, "hmp", "short-rope", "ntk:0.5", &err), ERR_USAGE, "S from 1");
    assert_fails(score(f, "hmp", "short-rope", "ntk:2x", &err), ERR_USAGE, "ntk:2x");
    assert_fails(score(f, "hmp", "short-rope", "ntk", &err), ERR_USAGE, "add --short-model");
    assert_fails(score(f, "nll", "short-window", "9", &err), ERR_USAGE,
                 "leave out --short-window");
}

static void a_model_without_enough_positions_is_refused_before_it_runs(void **state)
{
    struct fixture *f = *state;
    char gpt2[1024];
    struct error err;

    snprintf(gpt2, sizeof gpt2, "%s/gpt2.gguf", getenv("CURATE_ZOO"));
    assert_fails(stage_run(&f->run, &err, "score", "metrics", "nll", "model", gpt2,
                           "max-tokens", "2000", NULL),
                 ERR_USAGE, "the model has 512 positions");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_model_can_be_both_models_of_a_pair, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_short_window_wider_than_the_prompt_changes_no_bit,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(the_narrow_view_is_part_of_the_parameters, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_metric_name_prefers_scores_of_the_unrestricted_model,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(positions_beyond_the_trained_ones_are_stretched, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(invalid_narrow_views_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_model_without_enough_positions_is_refused_before_it_runs, setup, teardown),
    };

    return cmocka_run_group_tests_name("stages/short_view", tests, NULL, NULL);
}
