/* SPDX-License-Identifier: Apache-2.0 */
/* How the options about segments change what an observer computes. */
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/threads/pool.h"
#include "scoring/infer/model/model.h"
#include "scoring/kernels/kernels.h"
#include "scoring/observe/observe.h"
#include "scoring/prompts/prompt.h"
#include "scoring/scorer.h"
#include "tests/support/observe_prompts.h"

struct fixture {
    struct model *model;
    struct pool *pool;
    struct arena arena;
    struct kernels kernels;
    struct prompt prompt;
    struct observer_options options;
    uint64_t n_tokens; /* of the last observation */
};

#define TEXT(literal)                                                                          \
    {                                                                                          \
        (literal), sizeof(literal) - 1                                                         \
    }

static const struct observed_text text = {
    .context = TEXT("the cat sat on the mat and the dog lay on the rug while the rain fell on "
                    "the roof of the old house there was a light in the window"),
    .instruction = TEXT("where was the light in the old house and who sat on the mat?"),
    .response = TEXT("in the window of the old house, and the cat sat on the mat"),
};

static int setup(void **state)
{
    static struct fixture f;
    char path[4096];
    struct error err;

    f = (struct fixture){ .options = { .max_tokens = 512,
                                       .segment_tokens = 16,
                                       .batch_tokens = 200,
                                       .template = prompt_template_find("plain") } };
    snprintf(path, sizeof path, "%s/tests/data/tiny-llama.gguf", getenv("CURATE_SOURCE"));
    assert_ok(model_open(path, &f.model, &err));
    kernels_init(&f.kernels, cpu_detect());
    arena_init(&f.arena);
    assert_ok(pool_new(2, &f.pool, &err));
    assert_ok(
        prompt_build(f.options.template, model_tokenizer(f.model), &text, &f.prompt, &err));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    prompt_release(&f->prompt);
    arena_release(&f->arena);
    pool_free(f->pool);
    model_close(f->model);
    return 0;
}

static struct observation look(struct fixture *f, const struct prompt *prompt, unsigned needs)
{
    struct observer *observer = NULL;
    struct observation seen;
    struct error err;

    assert_ok(observer_new(f->model, &f->kernels, f->pool, &f->options, &observer, &err));
    assert_ok(observe_prompts(observer, prompt, 1, needs, &f->arena, &seen, &err));
    f->n_tokens = observer_tokens(observer);
    observer_free(observer);
    assert_null(seen.reason);
    return seen;
}

static void assert_same_segments(const struct observation *a, const struct observation *b)
{
    assert_int_equal(a->n_segments, b->n_segments);
    assert_true(a->n_segments > 1);
    for (size_t i = 0; i < a->n_segments; i++) {
        assert_true(a->segments[i].attention == b->segments[i].attention);
        assert_true(a->segments[i].nll_nats == b->segments[i].nll_nats);
    }
}

/* Later tokens do not affect earlier ones, so the first tokens of a response are scored as if
 * it ended there. */
static void a_limited_response_is_scored_at_its_beginning(void **state)
{
    struct fixture *f = *state;
    struct prompt cut = f->prompt;

    f->options.response_tokens = 5;
    const struct observation limited = look(f, &f->prompt, NEED_NLL | NEED_SEGMENTS);
    f->options.response_tokens = 0;
    const struct observation whole = look(f, &f->prompt, NEED_NLL);
    assert_true(cut.n_response > 5);
    cut.ids.n -= cut.n_response - 5;
    cut.n_response = 5;
    const struct observation shorter = look(f, &cut, NEED_SEGMENTS);

    assert_same_segments(&limited, &shorter);
    assert_true(limited.nll_nats == whole.nll_nats); /* nll is still of the whole response */
}

static void attention_by_head_is_given_for_every_segment(void **state)
{
    struct fixture *f = *state;
    const struct observation plain = look(f, &f->prompt, NEED_SEGMENTS);
    const struct observation seen = look(f, &f->prompt, NEED_SEGMENTS | NEED_BY_HEAD);
    const size_t n = seen.n_layers * seen.n_heads;

    assert_null(plain.attention_by_head);
    assert_same_segments(&seen, &plain);
    assert_int_equal(n, 8);
    for (size_t i = 0; i < seen.n_segments; i++) {
        double sum = 0;

        for (size_t j = 0; j < n; j++)
            sum += seen.attention_by_head[i * n + j];
        assert_true(fabs(sum / (double)n - seen.segments[i].attention) < 1e-14);
    }
}

/* Row t - 1 is the row of the token before t, and so the own row of a response that begins one
 * token earlier. */
static void attention_rows_can_be_those_that_predict_the_response(void **state)
{
    struct fixture *f = *state;
    struct prompt earlier = f->prompt;

    f->options.attend_before = true;
    const struct observation before = look(f, &f->prompt, NEED_ATTENTION);
    f->options.attend_before = false;
    f->options.response_tokens = f->prompt.n_response;
    earlier.n_tail--;
    earlier.n_response++;
    const struct observation own = look(f, &earlier, NEED_ATTENTION);

    assert_int_equal(before.n_segments, own.n_segments);
    for (size_t i = 0; i < own.n_segments; i++)
        assert_true(before.segments[i].attention == own.segments[i].attention);
}

static void a_limited_instruction_loses_its_end(void **state)
{
    struct fixture *f = *state;

    const struct observation all = look(f, &f->prompt, NEED_NLL | NEED_SEGMENTS);
    const uint64_t n_all = f->n_tokens;
    f->options.instruction_tokens = 4;
    const struct observation limited = look(f, &f->prompt, NEED_NLL | NEED_SEGMENTS);
    const struct span said = f->prompt.turns[f->prompt.n_turns - 2].text;
    const size_t n_lost = said.end - said.start - 4;

    /* The pass of each segment is shorter, and so is the separate pass for attention. */
    assert_int_equal(f->n_tokens, n_all + f->prompt.ids.n - n_lost * (all.n_segments + 1));
    assert_true(limited.nll_nats == all.nll_nats);
    assert_true(limited.segments[0].nll_nats != all.segments[0].nll_nats);
    assert_true(limited.segments[0].attention != all.segments[0].attention);
}

static void a_long_context_can_be_cut_at_either_end(void **state)
{
    struct fixture *f = *state;
    const size_t n_rest = f->prompt.ids.n - f->prompt.n_context;
    struct prompt left = f->prompt;

    f->options.max_tokens = n_rest + 34;
    f->options.cut_right = f->options.cut_segments_right = true;
    const struct observation right = look(f, &f->prompt, NEED_NLL | NEED_SEGMENTS);
    assert_true(right.truncated);
    assert_int_equal(right.n_segments, 2);
    /* The passes give the same as for the first 34 tokens alone. */
    left.ids = (struct token_buf){ 0 };
    left.turns = NULL;
    left.n_turns = 0;
    left.n_context = 34;
    for (size_t i = 0; i < f->prompt.ids.n; i++) {
        struct error err;

        if (i < f->prompt.n_head + 34 || i >= f->prompt.n_head + f->prompt.n_context)
            assert_ok(token_buf_add(&left.ids, f->prompt.ids.ids[i], &err));
    }
    const struct observation first = look(f, &left, NEED_NLL | NEED_SEGMENTS);
    assert_same_segments(&right, &first);
    assert_true(right.nll_nats == first.nll_nats);
    token_buf_release(&left.ids);

    /* The side that is cut is chosen separately for each kind of pass. */
    f->options.cut_right = false;
    const struct observation mixed = look(f, &f->prompt, NEED_NLL | NEED_SEGMENTS);
    assert_same_segments(&mixed, &right);
    assert_true(mixed.nll_nats != right.nll_nats);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_limited_response_is_scored_at_its_beginning),
        TEST(attention_by_head_is_given_for_every_segment),
        TEST(attention_rows_can_be_those_that_predict_the_response),
        TEST(a_limited_instruction_loses_its_end),
        TEST(a_long_context_can_be_cut_at_either_end),
    };

    return cmocka_run_group_tests_name("scoring/observe segments", tests, NULL, NULL);
}
