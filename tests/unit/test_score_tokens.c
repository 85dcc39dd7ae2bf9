/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/report.h"
#include "stages/score/backlog.h"
#include "stages/score/models.h"
#include "stages/score/plan.h"
#include "stages/score/run.h"
#include "stages/score/sets.h"
#include "stages/score/settings.h"
#include "stages/stage.h"
#include "store/selection.h"
#include "tests/support/rng.h"
#include "tests/support/store_fixture.h"

enum { N_SAMPLES = 3000, TEXT_MAX_BYTES = 1 << 20 };

/* Text of several kinds: from 1 to 5 bytes a token. */
static const char *const prose[] = { "the", "house ", "and then ", "said Alice, ", "was a " };
static const char *const code[] = { "for (i = 0; ", "x[i] += 0x1f;\n\t", "}} ", "42, ", "*p " };
static const char *const kanji[] = { "猫が", "机の上で", "眠っている。", "今日は", "雨" };
static const char *const *const kinds[] = { prose, code, kanji };

/* Mostly short texts, and a few that are very long. */
static size_t draw_words(struct rng *rng)
{
    return (size_t)exp(3 + 1.2 * rng_normal_f32(rng)) + 1;
}

static void add_words(struct buf *text, struct rng *rng, const char *const *words, size_t n)
{
    struct error err;

    buf_clear(text);
    for (size_t i = 0; i < n; i++)
        assert_ok(buf_add_text(text, words[rng_below(rng, 5)], &err));
}

/* The kinds come one after the other, as files of a corpus do. */
static void make_corpus(struct store_fixture *f, size_t n_contexts)
{
    struct rng rng = rng_from_seed(7);
    struct buf context, instruction, response;

    buf_init(&context, TEXT_MAX_BYTES);
    buf_init(&instruction, TEXT_MAX_BYTES);
    buf_init(&response, TEXT_MAX_BYTES);
    for (size_t i = 0; i < N_SAMPLES; i++) {
        const char *const *words = kinds[3 * i / N_SAMPLES];

        if (n_contexts > 0 && i % (N_SAMPLES / n_contexts) == 0)
            add_words(&context, &rng, words, 3 * draw_words(&rng));
        add_words(&instruction, &rng, words, draw_words(&rng));
        add_words(&response, &rng, words, draw_words(&rng));
        store_fixture_add(f, n_contexts > 0 ? context.data : NULL, instruction.data,
                          response.data);
    }
    buf_release(&context);
    buf_release(&instruction);
    buf_release(&response);
}

/* The tokens of the long model, when this much text is tokenised. */
static uint64_t tokens_of(const struct score_setup *setup, uint64_t count_bytes)
{
    const struct score_request request = { .role = SCORER_MODEL,
                                           .samples = &setup->samples,
                                           .count_bytes = count_bytes };
    struct score_backlog *backlog = NULL;
    struct error err;

    assert_ok(score_backlog_new(setup, &request, &backlog, &err));
    const uint64_t n = score_backlog_cost(backlog)->n_tokens;
    score_backlog_free(backlog);
    return n;
}

static void check_estimate(struct store_fixture *f, const char *metric)
{
    char models[1024];
    struct report report = { 0 };
    const struct stage_context context = { .store = f->store,
                                           .n_threads = 1,
                                           .dry_run = true,
                                           .models_dir = models,
                                           .report = &report };
    struct score_args args = score_args_defaults;
    struct score_settings settings;
    struct score_setup setup = { .context = &context, .settings = &settings };
    struct error err;

    snprintf(models, sizeof models, "%s/models", getenv("CURATE_SOURCE"));
    args.question = "Is that good?";
    assert_ok(option_list_add(&args.metrics, metric, &err));
    assert_ok(score_settings_make(&args, &settings, &err));
    assert_ok(score_plan_make(&args.metrics, &setup.plan, &err));
    assert_ok(condition_select(f->store, NULL, &setup.samples, &err));
    assert_ok(score_models_open(&context, &settings, &setup.plan, &setup.models, &err));
    assert_ok(score_sets_find(&setup, &err));

    const double counted = (double)tokens_of(&setup, UINT64_MAX);
    const double estimated = (double)tokens_of(&setup, 20000);
    if (fabs(estimated - counted) > 0.05 * counted)
        fail_msg("%s: %.0f tokens estimated, %.0f counted", metric, estimated, counted);
    assert_true(estimated != counted); /* or the test tests nothing */

    id_list_release(&setup.samples);
    score_models_close(&setup.models);
    score_plan_release(&setup.plan);
    score_settings_release(&settings);
    option_list_free(&args.metrics);
}

static void tokens_of_a_corpus_are_estimated_within_five_percent(void **state)
{
    static const char *const metrics[] = { "ifd", "yes_probability" };
    struct store_fixture *f = *state;

    make_corpus(f, 0);
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
        check_estimate(f, metrics[i]);
}

static void tokens_of_samples_with_common_contexts_are_estimated_within_five_percent(
    void **state)
{
    static const char *const metrics[] = { "nll", "gateau", "lds" };
    struct store_fixture *f = *state;

    make_corpus(f, 500);
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
        check_estimate(f, metrics[i]);
}

int main(void)
{
#define test(f) cmocka_unit_test_setup_teardown(f, store_fixture_setup, store_fixture_teardown)
    const struct CMUnitTest tests[] = {
        test(tokens_of_a_corpus_are_estimated_within_five_percent),
        test(tokens_of_samples_with_common_contexts_are_estimated_within_five_percent),
    };

    return cmocka_run_group_tests_name("stages/score/cost_tokens", tests, NULL, NULL);
}
