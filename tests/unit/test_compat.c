/* SPDX-License-Identifier: Apache-2.0 */
/* The samples that --compat builds, oddities of the published code included, against sequences
 * assembled by hand. */
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/threads/pool.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/model/model.h"
#include "scoring/kernels/kernels.h"
#include "scoring/observe/observe.h"
#include "scoring/prompts/prompt.h"
#include "scoring/scorer.h"

enum { WIDTH = 16, MAX_TOKENS = 96 };

static const char input[] =
    "the cat sat on the mat and the dog lay on the rug while the rain fell on the roof";

struct fixture {
    struct model *model;
    const struct tokenizer *tokenizer;
    struct pool *pool;
    struct kernels kernels;
    struct session *session;
    struct arena arena;
};

static int setup(void **state)
{
    static struct fixture f;
    char path[4096];
    struct error err;

    snprintf(path, sizeof path, "%s/tests/data/tiny-llama.gguf", getenv("CURATE_SOURCE"));
    assert_ok(model_open(path, &f.model, &err));
    f.tokenizer = model_tokenizer(f.model);
    assert_true(tokenizer_adds_bos(f.tokenizer));
    kernels_init(&f.kernels, cpu_detect());
    arena_init(&f.arena);
    assert_ok(pool_new(2, &f.pool, &err));
    assert_ok(session_new(f.model, &f.kernels, f.pool, &f.session, &err));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    session_free(f->session);
    pool_free(f->pool);
    arena_release(&f->arena);
    model_close(f->model);
    return 0;
}

static struct observation observe(struct fixture *f, enum compat compat, size_t max_tokens,
                                  const char *context, const char *response)
{
    const struct observer_options options = { .max_tokens = max_tokens,
                                              .segment_tokens = WIDTH,
                                              .batch_tokens = 500,
                                              .near_tokens = 1,
                                              .compat = compat,
                                              .template = prompt_template_find("plain") };
    const struct observed_text text = { .context = slice_text(context),
                                        .instruction = slice_text("who sat?"),
                                        .response = slice_text(response) };
    struct observer *observer = NULL;
    struct observation seen;
    struct error err;

    assert_ok(observer_new(f->model, &f->kernels, f->pool, &options, &observer, &err));
    assert_ok(observer_run(observer, &text, 1, compat_needs(compat), &f->arena, &seen, &err));
    observer_free(observer);
    return seen;
}

static struct token_buf encode(struct fixture *f, bool bos, const char *text)
{
    struct token_buf ids = { 0 };
    struct error err;

    if (bos)
        assert_ok(token_buf_add(&ids, tokenizer_bos(f->tokenizer), &err));
    assert_ok(tokenizer_encode(f->tokenizer, slice_text(text), TOKENIZE_FIRST, &ids, &err));
    return ids;
}

static size_t count(struct fixture *f, bool bos, const char *text)
{
    struct token_buf ids = encode(f, bos, text);
    const size_t n = ids.n;

    token_buf_release(&ids);
    return n;
}

/* Sum of the NLLs of ids[first] and all later ids. */
static double sum_nll(struct fixture *f, const struct token_buf *ids, size_t first)
{
    double nll[512], sum = 0;
    const struct sequence sequence = {
        .tokens = ids->ids, .n_tokens = ids->n, .score_from = first, .nll_nats = nll
    };
    struct error err;

    assert_true(ids->n <= 512);
    assert_ok(session_eval(f->session, &sequence, 1, &err));
    for (size_t i = first; i < ids->n; i++)
        sum += nll[i - first];
    return sum;
}

static double mean_of(struct fixture *f, const char *text, size_t first)
{
    struct token_buf ids = encode(f, true, text);
    const double mean = sum_nll(f, &ids, first) / (double)(ids.n - first);

    token_buf_release(&ids);
    return mean;
}

static void assert_near(double value, double want)
{
    if (!(fabs(value - want) <= 1e-9 * fmax(1, fabs(want))))
        fail_msg("%.17g is not %.17g", value, want);
}

static void superfiltering_joins_lines_and_scores_the_response_bare(void **state)
{
    struct fixture *f = *state;
    const size_t n_prompt = count(f, true, "who sat?\nthe dog\n");
    const struct observation seen =
        observe(f, COMPAT_SUPERFILTERING, 1024, "the dog", "the cat sat");

    assert_near(seen.nll_nats, mean_of(f, "who sat?\nthe dog\nthe cat sat", n_prompt));
    assert_near(seen.nll_alone_nats, mean_of(f, "the cat sat", 1));
}

static void superfiltering_leaves_out_an_empty_input(void **state)
{
    struct fixture *f = *state;
    const struct observation seen = observe(f, COMPAT_SUPERFILTERING, 1024, "", "the cat sat");

    assert_near(seen.nll_nats,
                mean_of(f, "who sat?\nthe cat sat", count(f, true, "who sat?\n")));
}

static void superfiltering_cuts_both_passes_on_the_right(void **state)
{
    struct fixture *f = *state;
    const size_t n_prompt = count(f, true, "who sat?\n");
    struct token_buf whole = encode(f, true, "who sat?\nthe cat sat on the mat");
    struct token_buf alone = encode(f, true, "the cat sat on the mat");
    const struct observation seen =
        observe(f, COMPAT_SUPERFILTERING, n_prompt + 3, "", "the cat sat on the mat");

    whole.n = n_prompt + 3;
    alone.n = 3 + 1;
    assert_true(seen.truncated);
    assert_int_equal(seen.n_response_tokens, 3);
    assert_near(seen.nll_nats, sum_nll(f, &whole, n_prompt) / 3);
    assert_near(seen.nll_alone_nats, sum_nll(f, &alone, 1) / 3);
    token_buf_release(&whole);
    token_buf_release(&alone);
}

static void superfiltering_with_no_token_to_score_gives_a_reason_and_not_zero(void **state)
{
    struct fixture *f = *state;
    const size_t n_prompt = count(f, true, "who sat?\n");
    const struct observation seen =
        observe(f, COMPAT_SUPERFILTERING, n_prompt, "", "the cat sat on the mat");

    assert_null(seen.reason);
    assert_string_equal(seen.nll_reason, "nothing_scored");
    assert_string_equal(seen.alone_reason, "nothing_scored");
}

static void cherry_puts_a_marker_before_the_response_alone(void **state)
{
    static const char prompt[] =
        "Below is an instruction that describes a task. Write a response that appropriately "
        "completes the request.\n\n### Instruction:\nwho sat?\n\n### Response:";
    struct fixture *f = *state;
    char whole[512];
    const struct observation seen = observe(f, COMPAT_CHERRY, 512, "", "the cat sat");
    const struct observation long_one = observe(f, COMPAT_CHERRY, 40, "", "the cat sat");

    snprintf(whole, sizeof whole, "%sthe cat sat", prompt);
    assert_near(seen.nll_nats, mean_of(f, whole, count(f, true, prompt)));
    assert_near(seen.nll_alone_nats,
                mean_of(f, "### Response:the cat sat", count(f, true, "### Response:")));
    assert_string_equal(long_one.reason, "too_long");
}

/* The published code cuts tokens on the left, and then skips that many tokens at the start of
 * the response. */
static void gateau_code_skips_as_many_response_tokens_as_it_cuts(void **state)
{
    static const char prompt[] =
        "### Input:the dog\n\n ### Instruction: who sat?\n\n ### Response: ";
    struct fixture *f = *state;
    char text[512];

    snprintf(text, sizeof text, "%sthe cat sat on the mat", prompt);
    struct token_buf whole = encode(f, true, text);
    const size_t n_prompt = count(f, true, prompt);
    const size_t n_cut = 2;
    assert_true(whole.n > n_prompt + n_cut);

    const struct observation seen =
        observe(f, COMPAT_GATEAU_CODE, whole.n - n_cut, "the dog", "the cat sat on the mat");
    memmove(whole.ids + 1, whole.ids + 1 + n_cut, (whole.n - 1 - n_cut) * sizeof *whole.ids);
    whole.n -= n_cut;
    assert_near(seen.nll_nats, sum_nll(f, &whole, n_prompt) / (double)(whole.n - n_prompt));
    assert_true(seen.truncated);
    token_buf_release(&whole);
}

/* The context padded with EOS, followed by the end of the instruction and of the response. */
static struct token_buf padded(struct fixture *f, size_t *n_text, size_t *n_instruction)
{
    char text[512];
    snprintf(text, sizeof text, "### Input: %s", input);
    struct token_buf all = encode(f, false, text);
    struct token_buf instruction =
        encode(f, false, "\n\n ### Instruction: who sat?\n\n ### Response: ");
    struct token_buf response = encode(f, false, "the cat sat");
    struct error err;

    assert_true(all.n < MAX_TOKENS - 2 * WIDTH && all.n % WIDTH > 0);
    *n_text = all.n;
    *n_instruction = instruction.n - 1;
    while (all.n < MAX_TOKENS)
        assert_ok(token_buf_add(&all, tokenizer_eos(f->tokenizer), &err));
    for (size_t i = 1; i < instruction.n; i++)
        assert_ok(token_buf_add(&all, instruction.ids[i], &err));
    for (size_t i = 1; i < response.n; i++)
        assert_ok(token_buf_add(&all, response.ids[i], &err));
    token_buf_release(&instruction);
    token_buf_release(&response);
    return all;
}

static void gateau_code_averages_the_loss_of_a_segment_over_padding_too(void **state)
{
    struct fixture *f = *state;
    const struct observation seen =
        observe(f, COMPAT_GATEAU_CODE, MAX_TOKENS, input, "the cat sat");
    size_t n_text, n_instruction;
    struct token_buf all = padded(f, &n_text, &n_instruction);
    const size_t n_tail = all.n - MAX_TOKENS;
    struct error err;

    assert_int_equal(seen.n_segments, MAX_TOKENS / WIDTH);
    for (size_t i = 0; i < seen.n_segments; i++) {
        struct token_buf ids = { 0 };

        for (size_t t = 0; t < WIDTH; t++)
            assert_ok(token_buf_add(&ids, all.ids[i * WIDTH + t], &err));
        for (size_t t = MAX_TOKENS; t < all.n; t++)
            assert_ok(token_buf_add(&ids, all.ids[t], &err));
        assert_near(seen.segments[i].nll_nats,
                    sum_nll(f, &ids, WIDTH + n_instruction) / (double)(WIDTH + n_tail - 1));
        token_buf_release(&ids);
    }
    token_buf_release(&all);
}

static void gateau_code_counts_no_attention_on_padding(void **state)
{
    struct fixture *f = *state;
    const struct observation seen =
        observe(f, COMPAT_GATEAU_CODE, MAX_TOKENS, input, "the cat sat");
    size_t n_text, n_instruction;
    struct token_buf all = padded(f, &n_text, &n_instruction);
    const struct span parts[] = { { 0, WIDTH }, { 0, n_text }, { MAX_TOKENS, all.n } };
    double attention[3], total = 0;
    struct error err;
    const struct sequence sequence = { .tokens = all.ids,
                                       .n_tokens = all.n,
                                       .attend_from = MAX_TOKENS + n_instruction,
                                       .spans = parts,
                                       .n_spans = 3,
                                       .attention = attention,
                                       .ignored_keys = { n_text, MAX_TOKENS } };

    assert_ok(session_eval(f->session, &sequence, 1, &err));
    /* Attention on the text and attention on the padding add up to attention on the whole. */
    assert_true(fabs(attention[1] * (double)n_text +
                     attention[2] * (double)(all.n - MAX_TOKENS) - 1) < 1e-6);
    assert_true(seen.segments[0].attention == attention[0]);
    for (size_t i = 0; i < seen.n_segments; i++) {
        total += seen.segments[i].attention * WIDTH;
        if (i * WIDTH >= n_text)
            assert_true(seen.segments[i].attention == 0);
    }
    assert_true(fabs(total - attention[1] * (double)n_text) < 1e-9);
    token_buf_release(&all);
}

/* The cas that the published code computes from these segments. */
static double cas_of(const double *ppl, const double *attention, size_t n)
{
    struct segment *segments = test_calloc(n, sizeof *segments);
    const struct observation seen = { .segments = segments,
                                      .n_segments = n,
                                      .cas_options = { .importance = IMPORTANCE_SOFTMAX } };
    struct score score;

    for (size_t i = 0; i < n; i++)
        segments[i] = (struct segment){ .nll_nats = log(ppl[i]), .attention = attention[i] };
    scorer_observe(scorer_find("cas"), &seen, &score);
    assert_null(score.reason);
    test_free(segments);
    return score.value;
}

static void cas_of_the_code_matches_worked_example_one(void **state)
{
    const double ppl[] = { 4, 2, 3, 5 };
    const double attention[] = { 0.0020, 0.0008, 0.0010, 0.0004 };
    double diluted[4], flat[500], real[500];

    (void)state;
    assert_true(fabs(cas_of(ppl, attention, 4) - 0.5062443) < 5e-8);
    for (size_t i = 0; i < 4; i++) /* ten tokens of 128 + 20 + 10 - 1 */
        diluted[i] = exp(10 * log(ppl[i]) / 157);
    assert_true(fabs(diluted[0] - 1.0923147) < 5e-8 && fabs(diluted[3] - 1.1079506) < 5e-8);
    assert_true(fabs(cas_of(diluted, attention, 4) - 0.8722139) < 5e-8);
    for (size_t i = 0; i < 500; i++) {
        flat[i] = 3;
        real[i] = i < 100 ? 1e-3 : 0;
    }
    assert_true(fabs(cas_of(flat, real, 500) - 0.4472136) < 5e-8);
}

static void gateau_of_the_code_matches_worked_example_two(void **state)
{
    const double hmp[] = { 1.0 / 3, -0.5, 1.0 / 3, -0.875 };
    const double cas[] = { 0.30, 0.55, 0.80, 0.45 };
    const double want[][4] = { { .3461013, .2763012, .4961013, .2114961 },
                               { .3526873, .2372014, .4526873, .1774241 } };
    const double *const inputs[] = { hmp, cas };
    double out[4];
    struct error err;

    (void)state;
    for (size_t a = 0; a < 2; a++) {
        const struct scorer_options options = { .alpha = a ? .8 : .7,
                                                .normaliser = NORMALISE_GATEAU_CODE };

        assert_ok(scorer_find("gateau")->rank(&options, inputs, 4, out, &err));
        for (size_t i = 0; i < 4; i++)
            assert_true(fabs(out[i] - want[a][i]) < 5e-8);
    }
}

static void every_compat_mode_is_found_by_its_name(void **state)
{
    (void)state;
    assert_string_equal(compat_name(COMPAT_NONE), "");
    assert_string_equal(compat_name(COMPAT_GATEAU_CODE), "gateau-code");
    assert_string_equal(compat_name(COMPAT_SUPERFILTERING), "superfiltering");
    assert_string_equal(compat_name(COMPAT_CHERRY), "cherry");
    assert_null(compat_name(COMPAT_CHERRY + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(superfiltering_joins_lines_and_scores_the_response_bare),
        cmocka_unit_test(superfiltering_leaves_out_an_empty_input),
        cmocka_unit_test(superfiltering_cuts_both_passes_on_the_right),
        cmocka_unit_test(superfiltering_with_no_token_to_score_gives_a_reason_and_not_zero),
        cmocka_unit_test(cherry_puts_a_marker_before_the_response_alone),
        cmocka_unit_test(gateau_code_skips_as_many_response_tokens_as_it_cuts),
        cmocka_unit_test(gateau_code_averages_the_loss_of_a_segment_over_padding_too),
        cmocka_unit_test(gateau_code_counts_no_attention_on_padding),
        cmocka_unit_test(cas_of_the_code_matches_worked_example_one),
        cmocka_unit_test(gateau_of_the_code_matches_worked_example_two),
        cmocka_unit_test(every_compat_mode_is_found_by_its_name),
    };

    return cmocka_run_group_tests_name("scoring/compat", tests, setup, teardown);
}
