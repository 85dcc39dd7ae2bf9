/* SPDX-License-Identifier: Apache-2.0 */
/* What an observer computes besides the likelihood of the response, each compared with
 * sequences assembled by hand. */
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

enum { WIDTH = 16, MAX_TOKENS = 512, NEAR = 10 };

static const char context[] =
    "the cat sat on the mat and the dog lay on the rug while the rain fell on the roof of the "
    "old house there was a light in the window and a man at the table he read the letter again "
    "and then he put it into the fire and said that he would not go there any more";
static const char question[] = "is it good?";

struct fixture {
    struct model *model;
    const struct tokenizer *tokenizer;
    struct pool *pool;
    struct observer_options options;
    struct observer *observer;
    struct session *session; /* for the sequences of the tests */
    struct arena arena;
};

static int setup(void **state)
{
    static struct fixture f;
    struct kernels kernels;
    const struct observer_options options = { .max_tokens = MAX_TOKENS,
                                              .segment_tokens = WIDTH,
                                              .batch_tokens = 200,
                                              .near_tokens = NEAR,
                                              .question = question,
                                              .template = prompt_template_find("plain") };
    char path[4096];
    struct error err;

    snprintf(path, sizeof path, "%s/tests/data/tiny-llama.gguf", getenv("CURATE_SOURCE"));
    assert_ok(model_open(path, &f.model, &err));
    f.tokenizer = model_tokenizer(f.model);
    kernels_init(&kernels, cpu_detect());
    arena_init(&f.arena);
    f.options = options;
    assert_ok(pool_new(2, &f.pool, &err));
    assert_ok(observer_new(f.model, &kernels, f.pool, &options, &f.observer, &err));
    assert_ok(session_new(f.model, &kernels, f.pool, &f.session, &err));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    session_free(f->session);
    observer_free(f->observer);
    pool_free(f->pool);
    arena_release(&f->arena);
    model_close(f->model);
    return 0;
}

static struct slice text_or_none(const char *text)
{
    return text ? slice_text(text) : (struct slice){ 0 };
}

static struct observation observe(struct fixture *f, const char *before,
                                  const char *instruction, const char *response, unsigned needs)
{
    const struct observed_text text = { .context = text_or_none(before),
                                        .instruction = text_or_none(instruction),
                                        .response = text_or_none(response) };
    struct observation seen;
    struct error err;

    assert_ok(observer_run(f->observer, &text, 1, needs, &f->arena, &seen, &err));
    return seen;
}

static void encode(struct fixture *f, const char *text, struct token_buf *ids)
{
    struct error err;

    assert_ok(tokenizer_encode(f->tokenizer, slice_text(text), TOKENIZE_FIRST, ids, &err));
}

/* Mean NLL of the last n_scored ids. */
static double mean_nll(struct fixture *f, const struct token_buf *ids, size_t n_scored)
{
    double nll[MAX_TOKENS], sum = 0;
    const struct sequence sequence = {
        .tokens = ids->ids, .n_tokens = ids->n, .score_from = ids->n - n_scored, .nll_nats = nll
    };
    struct error err;

    assert_true(n_scored <= MAX_TOKENS);
    assert_ok(session_eval(f->session, &sequence, 1, &err));
    for (size_t i = 0; i < n_scored; i++)
        sum += nll[i];
    return sum / (double)n_scored;
}

static void assert_near(double value, double want)
{
    if (!(fabs(value - want) <= 1e-9 * fmax(1, fabs(want))))
        fail_msg("%.17g is not %.17g", value, want);
}

static void the_instruction_is_scored_after_a_start_token(void **state)
{
    struct fixture *f = *state;
    struct token_buf ids = { 0 };
    struct error err;

    assert_ok(token_buf_add(&ids, tokenizer_bos(f->tokenizer), &err));
    encode(f, "who sat on it?", &ids);
    const struct observation seen =
        observe(f, context, "who sat on it?", "the cat", NEED_NLL_INSTRUCTION);

    assert_null(seen.instruction_reason);
    assert_int_equal(seen.n_instruction_tokens, ids.n - 1);
    assert_near(seen.nll_instruction_nats, mean_nll(f, &ids, ids.n - 1));
    token_buf_release(&ids);
}

static void an_instruction_needs_no_response_and_a_response_no_instruction(void **state)
{
    struct fixture *f = *state;
    const unsigned needs = NEED_NLL | NEED_NLL_INSTRUCTION;

    const struct observation prompt_only = observe(f, NULL, "who sat?", NULL, needs);
    const struct observation blank = observe(f, NULL, " ", "the cat", needs);
    const struct observation odd = observe(f, NULL, "caf\xe9", "the cat", needs);

    assert_string_equal(prompt_only.reason, "no_response");
    assert_null(prompt_only.instruction_reason);
    assert_true(prompt_only.nll_instruction_nats > 0);
    assert_null(blank.reason);
    assert_string_equal(blank.instruction_reason, "no_instruction");
    assert_string_equal(odd.instruction_reason, "not_tokenizable");
}

static void the_near_context_is_the_end_of_the_context(void **state)
{
    struct fixture *f = *state;
    const struct observed_text text = { .context = slice_text(context),
                                        .instruction = slice_text("who?"),
                                        .response = slice_text("the cat") };
    struct prompt prompt = { 0 };
    struct token_buf ids = { 0 };
    struct error err;

    assert_ok(prompt_build(prompt_template_find("plain"), f->tokenizer, &text, &prompt, &err));
    for (size_t i = 0; i < prompt.ids.n; i++)
        if (i < prompt.n_head || i >= prompt.n_head + prompt.n_context - NEAR)
            assert_ok(token_buf_add(&ids, prompt.ids.ids[i], &err));
    const struct observation seen =
        observe(f, context, "who?", "the cat", NEED_NLL | NEED_NLL_NEAR);

    assert_near(seen.nll_near_nats, mean_nll(f, &ids, prompt.n_response));
    assert_true(seen.nll_near_nats != seen.nll_nats);
    prompt_release(&prompt);
    token_buf_release(&ids);
}

static void all_of_a_short_context_is_near(void **state)
{
    struct fixture *f = *state;
    const struct observation none =
        observe(f, NULL, "who?", "the cat", NEED_NLL | NEED_NLL_NEAR);
    const struct observation little =
        observe(f, "a cat", "who?", "the cat", NEED_NLL | NEED_NLL_NEAR);

    assert_true(none.nll_near_nats == none.nll_nats);
    assert_true(little.nll_near_nats == little.nll_nats);
}

static void embeddings_pool_all_tokens_but_the_start_token(void **state)
{
    struct fixture *f = *state;
    const struct observed_text text = { .instruction = slice_text("who?"),
                                        .response = slice_text("the cat") };
    double want[64];
    struct prompt prompt = { 0 };
    struct error err;

    assert_int_equal(model_info(f->model)->n_embd, 64);
    assert_ok(prompt_build(prompt_template_find("plain"), f->tokenizer, &text, &prompt, &err));
    assert_int_equal(prompt.ids.ids[0], tokenizer_bos(f->tokenizer));
    const struct sequence sequence = {
        .tokens = prompt.ids.ids, .n_tokens = prompt.ids.n, .pool_from = 1, .pooled = want
    };
    assert_ok(session_eval(f->session, &sequence, 1, &err));
    const struct observation seen = observe(f, NULL, "who?", "the cat", NEED_POOLED);

    assert_int_equal(seen.n_pooled, 64);
    assert_memory_equal(seen.pooled, want, sizeof want);
    prompt_release(&prompt);
}

/* Weights 1, 2, 3 are the sum of what begins at each token. */
static void weighted_embeddings_are_sums_of_those_that_begin_later(void **state)
{
    struct fixture *f = *state;
    const struct observed_text text = { .instruction = slice_text("who?"),
                                        .response = slice_text("the cat") };
    double want[64] = { 0 }, mean[64];
    struct prompt prompt = { 0 };
    struct error err;

    assert_ok(prompt_build(prompt_template_find("plain"), f->tokenizer, &text, &prompt, &err));
    const size_t n = prompt.ids.n - 1;
    for (size_t first = 1; first < prompt.ids.n; first++) {
        const struct sequence sequence = { .tokens = prompt.ids.ids,
                                           .n_tokens = prompt.ids.n,
                                           .pool_from = first,
                                           .pooled = mean };

        assert_ok(session_eval(f->session, &sequence, 1, &err));
        for (size_t c = 0; c < 64; c++)
            want[c] += mean[c] * (double)(prompt.ids.n - first) / (double)(n * (n + 1) / 2);
    }
    const struct observation seen =
        observe(f, NULL, "who?", "the cat", NEED_POOLED | NEED_POOLED_WEIGHTED);

    assert_int_equal(seen.n_pooled, 64);
    for (size_t c = 0; c < 64; c++) {
        assert_true(fabs(seen.pooled_weighted[c] - want[c]) < 1e-9);
        mean[c] = seen.pooled[c];
    }
    const struct observation one = observe(f, NULL, "who?", "the cat", NEED_POOLED);
    assert_memory_equal(one.pooled, mean, sizeof mean);
    assert_null(one.pooled_weighted);
    prompt_release(&prompt);
}

static void user_mass_is_attention_on_context_and_user_turns(void **state)
{
    struct fixture *f = *state;
    const struct observed_text text = { .context = slice_text(context),
                                        .instruction = slice_text("who?"),
                                        .response = slice_text("the cat") };
    struct prompt prompt = { 0 };
    double want;
    struct error err;

    assert_ok(prompt_build(prompt_template_find("plain"), f->tokenizer, &text, &prompt, &err));
    const struct span spans[] = { { prompt.n_head, prompt.n_head + prompt.n_context },
                                  prompt.turns[0].text };
    assert_int_equal(prompt.turns[0].role, ROLE_USER);
    const struct sequence sequence = {
        .tokens = prompt.ids.ids,
        .n_tokens = prompt.ids.n,
        .attend_from = prompt.ids.n - prompt.n_response,
        .focus_layer = 7 * model_info(f->model)->n_layers / 10,
        .focus_spans = spans,
        .n_focus_spans = 2,
        .focus = &want,
    };
    assert_ok(session_eval(f->session, &sequence, 1, &err));
    const struct observation seen = observe(f, context, "who?", "the cat", NEED_USER_MASS);

    assert_null(seen.user_reason);
    assert_true(seen.user_mass == want);
    assert_true(want > 0 && want < 1);
    assert_string_equal(observe(f, NULL, NULL, "the cat", NEED_USER_MASS).user_reason,
                        "no_user_text");
    prompt_release(&prompt);
}

/* "Yes", where the model would begin to respond. */
static void a_yes_or_no_question_is_asked_in_one_more_turn(void **state)
{
    struct fixture *f = *state;
    const struct dialogue_turn turns[] = {
        { .role = ROLE_USER, .text = slice_text("who?") },
        { .role = ROLE_ASSISTANT, .text = slice_text("the cat") },
        { .role = ROLE_USER, .text = slice_text(question) },
        { .role = ROLE_ASSISTANT, .text = slice_text("Yes") }
    };
    const struct dialogue dialogue = { .turns = turns, .n_turns = 4 };
    const struct observed_text text = { .context = slice_text(context),
                                        .response = slice_text("Yes"),
                                        .dialogue = &dialogue,
                                        .response_turn = 3 };
    struct prompt prompt = { 0 };
    struct error err;

    assert_ok(prompt_build(prompt_template_find("plain"), f->tokenizer, &text, &prompt, &err));
    prompt.ids.n -= prompt.n_response - 1; /* up to the first token of the response */
    const struct observation seen =
        observe(f, context, "who?", "the cat", NEED_YES_NO | NEED_RATING);

    assert_null(seen.yes_or_no.reason);
    assert_near(seen.yes_or_no.nll_nats[0], mean_nll(f, &prompt.ids, 1));
    assert_null(seen.rating.reason);
    for (size_t i = 0; i < ANSWERS_MAX; i++)
        assert_true(seen.rating.nll_nats[i] > 0);
    prompt_release(&prompt);
}

static void a_yes_or_no_question_can_be_asked_about_a_plain_text(void **state)
{
    struct fixture *f = *state;
    const struct observation seen = observe(f, context, NULL, NULL, NEED_NLL | NEED_YES_NO);

    assert_string_equal(seen.reason, "no_response");
    assert_null(seen.yes_or_no.reason);
    assert_true(seen.yes_or_no.nll_nats[0] > 0);
}

static void each_segment_of_a_document_is_scored_alone_and_after_earlier_ones(void **state)
{
    struct fixture *f = *state;
    struct token_buf ids = { 0 }, pair = { 0 };
    const int32_t bos = tokenizer_bos(f->tokenizer);
    struct error err;

    encode(f, context, &ids);
    const size_t n = ids.n / WIDTH;
    const struct observation seen = observe(f, context, NULL, NULL, NEED_PAIRS);

    assert_null(seen.document.reason);
    assert_null(seen.document.pairs_reason);
    assert_int_equal(seen.document.n_singles, n);
    assert_int_equal(seen.document.n_pairs, n * (n - 1) / 2);
    for (size_t p = 0; p < seen.document.n_pairs; p++) {
        const struct segment_pair *at = &seen.document.pairs[p];

        assert_true(at->j < at->i);
        pair.n = 0;
        assert_ok(token_buf_add(&pair, bos, &err));
        for (size_t i = 0; i < WIDTH; i++)
            assert_ok(token_buf_add(&pair, ids.ids[at->j * WIDTH + i], &err));
        for (size_t i = 0; i < WIDTH; i++)
            assert_ok(token_buf_add(&pair, ids.ids[at->i * WIDTH + i], &err));
        assert_near(at->nll_nats, mean_nll(f, &pair, WIDTH - 1));
    }
    pair.n = 0;
    assert_ok(token_buf_add(&pair, bos, &err));
    for (size_t i = 0; i < WIDTH; i++)
        assert_ok(token_buf_add(&pair, ids.ids[WIDTH + i], &err));
    assert_near(seen.document.single_nll_nats[1], mean_nll(f, &pair, WIDTH - 1));
    token_buf_release(&ids);
    token_buf_release(&pair);
}

/* 32 segments of 16 tokens have 496 pairs, 64 segments of 8 tokens have 2,016. */
static void five_hundred_segment_pairs_are_drawn_without_repeats(void **state)
{
    struct fixture *f = *state;
    char text[4096] = "";
    size_t n = 0;

    while (n < sizeof text - 8)
        n += (size_t)snprintf(text + n, sizeof text - n, "%c%zu ", 'a' + (int)(n % 26), n % 97);
    const struct observation seen = observe(f, text, NULL, NULL, NEED_PAIRS);
    const struct document *document = &seen.document;

    assert_true(document->truncated); /* the document is longer than max_tokens */
    assert_int_equal(document->n_singles, MAX_TOKENS / WIDTH);
    assert_int_equal(document->n_pairs, 32 * 31 / 2);

    struct observer_options options = { .segment_tokens = 8,
                                        .max_tokens = MAX_TOKENS,
                                        .batch_tokens = 1000,
                                        .template = prompt_template_find("plain") };
    const struct observed_text whole = { .context = slice_text(text) };
    struct observer *observer = NULL;
    struct observation fine;
    struct kernels kernels;
    struct error err;

    kernels_init(&kernels, cpu_detect());
    assert_ok(observer_new(f->model, &kernels, f->pool, &options, &observer, &err));
    assert_ok(observer_run(observer, &whole, 1, NEED_PAIRS, &f->arena, &fine, &err));
    assert_int_equal(fine.document.n_pairs, 500);
    for (size_t p = 1; p < 500; p++) {
        const struct segment_pair *a = &fine.document.pairs[p - 1];
        const struct segment_pair *b = &fine.document.pairs[p];

        assert_true(a->i < b->i || (a->i == b->i && a->j < b->j));
    }
    assert_true(fine.document.pairs[499].i > 60);
    observer_free(observer);
}

static void reach_is_measured_in_the_first_layer_over_the_context_alone(void **state)
{
    struct fixture *f = *state;
    struct token_buf ids = { 0 };
    double want[2];
    struct error err;

    encode(f, context, &ids);
    const struct sequence sequence = {
        .tokens = ids.ids, .n_tokens = ids.n, .reach_distance = (ids.n + 3) / 4, .reach = want
    };
    assert_ok(session_eval(f->session, &sequence, 1, &err));
    const struct observation seen = observe(f, context, "who?", NULL, NEED_REACH | NEED_PAIRS);

    assert_int_equal(seen.document.n_tokens, ids.n);
    assert_memory_equal(seen.document.reach, want, sizeof want);
    assert_true(want[0] > 0 && want[1] > 0);
    token_buf_release(&ids);
}

static void a_document_that_cannot_be_scored_has_a_reason(void **state)
{
    struct fixture *f = *state;
    const unsigned needs = NEED_REACH | NEED_PAIRS;
    const struct observation little = observe(f, "the cat sat", "who?", "it", needs);

    assert_string_equal(observe(f, NULL, "who?", "it", needs).document.reason, "no_context");
    assert_string_equal(observe(f, "a", "who?", "it", needs).document.reason,
                        "context_too_short");
    assert_string_equal(observe(f, "caf\xe9", "who?", "it", needs).document.reason,
                        "not_tokenizable");
    assert_null(little.document.reason);
    assert_string_equal(little.document.pairs_reason, "context_too_short");
}

/* For a need that a metric names: a pass runs for it, its tokens are counted without running
 * it, and about that many are estimated. */
static void check_need(struct fixture *f, unsigned need, const struct observed_text *text)
{
    const uint64_t n_before = observer_tokens(f->observer);
    struct observation seen;
    struct error err;

    assert_ok(observer_run(f->observer, text, 1, need, &f->arena, &seen, &err));
    const size_t n_run = (size_t)(observer_tokens(f->observer) - n_before);
    struct token_count count;
    assert_ok(observer_count_tokens(f->observer, text, 1, need, &f->arena, &count, &err));
    assert_int_equal(count.n_tokens, n_run);
    const size_t n_guessed = observer_guess_tokens(&f->options, text, need);
    if (need == NEED_LENGTH) { /* no pass at all */
        assert_int_equal(n_run, 0);
        assert_int_equal(n_guessed, 0);
    } else if (n_run == 0) {
        fail_msg("need 0x%x: no planner plans a pass for it", need);
    } else if (n_guessed < n_run / 4 || n_guessed > 4 * n_run) {
        fail_msg("need 0x%x: %zu tokens estimated, %zu run", need, n_guessed, n_run);
    }
}

static void every_need_of_a_metric_is_planned_and_estimated(void **state)
{
    struct fixture *f = *state;
    const struct observed_text text = { .context = slice_text(context),
                                        .instruction = slice_text("who sat on the mat?"),
                                        .response = slice_text("the cat sat on the mat") };
    unsigned needs = 0;

    for (size_t i = 0; scorers[i]; i++)
        needs |= scorers[i]->needs;
    assert_true(needs != 0);
    for (unsigned need = 1; need != 0; need <<= 1)
        if (needs & need)
            check_need(f, need, &text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_instruction_is_scored_after_a_start_token),
        cmocka_unit_test(an_instruction_needs_no_response_and_a_response_no_instruction),
        cmocka_unit_test(the_near_context_is_the_end_of_the_context),
        cmocka_unit_test(all_of_a_short_context_is_near),
        cmocka_unit_test(embeddings_pool_all_tokens_but_the_start_token),
        cmocka_unit_test(weighted_embeddings_are_sums_of_those_that_begin_later),
        cmocka_unit_test(user_mass_is_attention_on_context_and_user_turns),
        cmocka_unit_test(a_yes_or_no_question_is_asked_in_one_more_turn),
        cmocka_unit_test(a_yes_or_no_question_can_be_asked_about_a_plain_text),
        cmocka_unit_test(each_segment_of_a_document_is_scored_alone_and_after_earlier_ones),
        cmocka_unit_test(five_hundred_segment_pairs_are_drawn_without_repeats),
        cmocka_unit_test(reach_is_measured_in_the_first_layer_over_the_context_alone),
        cmocka_unit_test(a_document_that_cannot_be_scored_has_a_reason),
        cmocka_unit_test(every_need_of_a_metric_is_planned_and_estimated),
    };

    return cmocka_run_group_tests_name("scoring/observe_asked", tests, setup, teardown);
}
