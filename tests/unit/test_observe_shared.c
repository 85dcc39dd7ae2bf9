/* SPDX-License-Identifier: Apache-2.0 */
/* What the samples of a run share (contexts), and what its models share (prompts). */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/threads/pool.h"
#include "scoring/infer/model/model.h"
#include "scoring/kernels/kernels.h"
#include "scoring/observe/observe.h"
#include "scoring/prompts/prompt.h"
#include "scoring/prompts/prompt_cache.h"
#include "scoring/scorer.h"

enum { NEEDS = NEED_NLL | NEED_NLL_ALONE, N_TEXTS = 5, COPIES = 12 };

static const char sentence[] =
    "the cat sat on the mat and the dog lay on the rug while the rain fell on the roof of the "
    "old house there was a light in the window and a man at the table he read the letter again "
    "and then he put it into the fire and said that he would not go there any more";
static const char *const questions[N_TEXTS] = { "who?", "what fell?", "where?", "when?",
                                                "why?" };

/* How often the observer reports progress: once a call. */
struct steps {
    size_t n_calls;
    size_t n_total;
    size_t n_first; /* of n_total, done in the first call */
};

static int count_step(void *arg, size_t n_done, size_t n_total)
{
    struct steps *steps = arg;

    if (steps->n_calls++ == 0)
        steps->n_first = n_done;
    steps->n_total = n_total;
    return 0;
}

struct fixture {
    struct model *model;
    struct pool *pool;
    struct arena arena;
    struct kernels kernels;
    struct steps steps;
    struct observer_options options;
    char contexts[2][COPIES * sizeof sentence];
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    char path[4096];
    struct error err;

    snprintf(path, sizeof path, "%s/tests/data/tiny-llama.gguf", getenv("CURATE_SOURCE"));
    assert_ok(model_open(path, &f->model, &err));
    assert_ok(pool_new(2, &f->pool, &err));
    kernels_init(&f->kernels, cpu_detect());
    arena_init(&f->arena);
    f->options = (struct observer_options){ .max_tokens = 4000,
                                            .segment_tokens = 16,
                                            .batch_tokens = 4000,
                                            .progress = count_step,
                                            .progress_arg = &f->steps,
                                            .template = prompt_template_find("plain") };
    for (size_t i = 0; i < COPIES; i++) {
        memcpy(f->contexts[0] + i * (sizeof sentence - 1), sentence, sizeof sentence);
        memcpy(f->contexts[1] + i * (sizeof sentence - 1), sentence, sizeof sentence);
    }
    memcpy(f->contexts[1], "one", 3);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    pool_free(f->pool);
    arena_release(&f->arena);
    model_close(f->model);
    test_free(f);
    return 0;
}

static void observe(struct fixture *f, const struct observed_text *texts, size_t n,
                    struct observation *out)
{
    struct observer *observer = NULL;
    struct error err;

    f->steps = (struct steps){ 0 };
    assert_ok(observer_new(f->model, &f->kernels, f->pool, &f->options, &observer, &err));
    assert_ok(observer_run(observer, texts, n, NEEDS, &f->arena, out, &err));
    observer_free(observer);
}

static void ask(const char *context, struct observed_text *out)
{
    for (size_t i = 0; i < N_TEXTS; i++)
        out[i] = (struct observed_text){ .context = slice_text(context),
                                         .instruction = slice_text(questions[i]),
                                         .response = slice_text("the cat"),
                                         .sample = (int64_t)i };
}

static void assert_same(const struct observation *seen, const struct observation *want,
                        size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_true(seen[i].nll_nats == want[i].nll_nats);
        assert_true(seen[i].nll_alone_nats == want[i].nll_alone_nats);
    }
}

static void samples_of_one_context_share_its_pass(void **state)
{
    struct fixture *f = *state;
    struct observation want[N_TEXTS], seen[N_TEXTS];
    struct observed_text texts[N_TEXTS];

    ask(f->contexts[0], texts);
    for (size_t i = 0; i < N_TEXTS; i++)
        observe(f, &texts[i], 1, &want[i]);
    /* Room for one sample and the others' own tokens, but not for two whole samples. */
    const size_t n_one = f->steps.n_total;
    f->options.batch_tokens = n_one * 7 / 4;
    observe(f, texts, N_TEXTS, seen);
    assert_true(f->steps.n_total > 4 * n_one);
    assert_int_equal(f->steps.n_calls, 1);
    assert_same(seen, want, N_TEXTS);
}

/* A call that has enough samples does not begin a context that it cannot complete. */
static void samples_of_one_context_stay_in_one_call(void **state)
{
    struct fixture *f = *state;
    struct observation want[2 * N_TEXTS], seen[2 * N_TEXTS];
    struct observed_text texts[2 * N_TEXTS];

    ask(f->contexts[0], texts);
    ask(f->contexts[1], texts + N_TEXTS);
    observe(f, texts, N_TEXTS, want);
    const size_t n_group = f->steps.n_total;
    observe(f, texts + N_TEXTS, N_TEXTS, want + N_TEXTS);
    observe(f, texts, 1, seen);
    const size_t n_one = f->steps.n_total;
    texts[0].context = slice_text("");
    observe(f, texts, 1, seen);
    texts[0].context = texts[1].context;

    /* There is room for one more context, but not for all passes over it. */
    f->options.batch_tokens = n_one + 6 * f->steps.n_total;
    observe(f, texts, 2 * N_TEXTS, seen);
    assert_int_equal(f->steps.n_calls, 2);
    assert_int_equal(f->steps.n_first, n_group);
    assert_same(seen, want, 2 * N_TEXTS);
}

/* The second observer is given another text, which it must not tokenise. */
static void a_kept_prompt_is_used_by_the_next_model(void **state)
{
    struct fixture *f = *state;
    struct observation want[N_TEXTS], seen[N_TEXTS], other[N_TEXTS];
    struct observed_text texts[N_TEXTS];
    struct prompt_cache *cache = NULL;
    struct error err;

    assert_ok(prompt_cache_new(1 << 20, &cache, &err));
    ask(f->contexts[0], texts);
    f->options.add_prompts_to = cache;
    observe(f, texts, N_TEXTS, want);
    f->options.add_prompts_to = NULL;
    for (size_t i = 0; i < N_TEXTS; i++)
        texts[i].response = slice_text("a light in the window");
    observe(f, texts, N_TEXTS, other);
    f->options.take_prompts_from = cache;
    observe(f, texts, N_TEXTS, seen);
    assert_same(seen, want, N_TEXTS);
    observe(f, texts, N_TEXTS, seen); /* the kept prompts are used up */
    assert_same(seen, other, N_TEXTS);
    assert_true(want[0].nll_nats != other[0].nll_nats);
    prompt_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(samples_of_one_context_share_its_pass, setup, teardown),
        cmocka_unit_test_setup_teardown(samples_of_one_context_stay_in_one_call, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_kept_prompt_is_used_by_the_next_model, setup,
                                        teardown),
    };

    return cmocka_run_group_tests_name("scoring/observe shared", tests, NULL, NULL);
}
