/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "scoring/infer/model.h"
#include "scoring/observe.h"
#include "scoring/prompt.h"

struct fixture {
    struct model *llama; /* SentencePiece, prompts begin with BOS */
    struct model *qwen2; /* byte pairs, no BOS */
};

static int open_models(void **state)
{
    static struct fixture f;
    char path[4096];
    struct error err;

    snprintf(path, sizeof path, "%s/tests/data/tiny-llama.gguf", getenv("CURATE_SOURCE"));
    assert_ok(model_open(path, &f.llama, &err));
    snprintf(path, sizeof path, "%s/tests/data/tiny-qwen2.gguf", getenv("CURATE_SOURCE"));
    assert_ok(model_open(path, &f.qwen2, &err));
    *state = &f;
    return 0;
}

static int close_models(void **state)
{
    struct fixture *f = *state;

    model_close(f->llama);
    model_close(f->qwen2);
    return 0;
}

static void build(const struct model *model, const char *context, const char *instruction,
                  const char *response, struct prompt *out)
{
    const struct observed_text text = {
        .context = context ? slice_text(context) : (struct slice){ 0 },
        .instruction = instruction ? slice_text(instruction) : (struct slice){ 0 },
        .response = slice_text(response),
    };
    struct error err;

    *out = (struct prompt){ 0 };
    assert_ok(
        prompt_build(prompt_template_find("plain"), model_tokenizer(model), &text, out, &err));
}

/* Append what one piece must be. */
static size_t expect(const struct model *model, const char *text, unsigned flags,
                     struct token_buf *ids)
{
    const size_t before = ids->n;
    struct error err;

    assert_ok(tokenizer_encode(model_tokenizer(model), slice_text(text), flags, ids, &err));
    return ids->n - before;
}

static void assert_ids(const struct prompt *prompt, const struct token_buf *want)
{
    assert_int_equal(prompt->ids.n, want->n);
    assert_memory_equal(prompt->ids.ids, want->ids, want->n * sizeof *want->ids);
}

static void each_piece_is_tokenised_on_its_own(void **state)
{
    const struct fixture *f = *state;
    struct token_buf want = { 0 };
    struct prompt prompt;
    struct error err;

    build(f->llama, "the cat sat", "who sat?", "the cat", &prompt);

    assert_ok(token_buf_add(&want, tokenizer_bos(model_tokenizer(f->llama)), &err));
    assert_int_equal(prompt.n_head, 1 + expect(f->llama, "### Input: ", TOKENIZE_FIRST, &want));
    assert_int_equal(prompt.n_context, expect(f->llama, "the cat sat", 0, &want));
    assert_int_equal(
        prompt.n_tail,
        expect(f->llama, "\n\n### Instruction: who sat?\n\n### Response: ", 0, &want));
    assert_int_equal(prompt.n_response, expect(f->llama, "the cat", 0, &want));
    assert_ids(&prompt, &want);
    prompt_release(&prompt);
    token_buf_release(&want);
}

static void without_a_context_the_prompt_starts_at_the_instruction(void **state)
{
    const struct fixture *f = *state;
    struct token_buf want = { 0 };
    struct prompt prompt, empty;
    struct error err;

    build(f->llama, NULL, "who sat?", "the cat", &prompt);
    build(f->llama, "", "who sat?", "the cat", &empty);

    assert_ok(token_buf_add(&want, tokenizer_bos(model_tokenizer(f->llama)), &err));
    assert_int_equal(prompt.n_head, 1);
    assert_int_equal(prompt.n_context, 0);
    expect(f->llama, "### Instruction: who sat?\n\n### Response: ", TOKENIZE_FIRST, &want);
    expect(f->llama, "the cat", 0, &want);
    assert_ids(&prompt, &want);
    assert_ids(&empty, &want);
    prompt_release(&prompt);
    prompt_release(&empty);
    token_buf_release(&want);
}

static void a_model_that_wants_no_bos_gets_none(void **state)
{
    const struct fixture *f = *state;
    struct token_buf want = { 0 };
    struct prompt prompt;

    build(f->qwen2, NULL, "who sat?", "the cat", &prompt);

    assert_int_equal(prompt.n_head, 0);
    expect(f->qwen2, "### Instruction: who sat?\n\n### Response: ", TOKENIZE_FIRST, &want);
    expect(f->qwen2, "the cat", 0, &want);
    assert_ids(&prompt, &want);
    prompt_release(&prompt);
    token_buf_release(&want);
}

static void the_response_has_the_same_ids_whatever_stands_before_it(void **state)
{
    const struct fixture *f = *state;
    struct prompt one, other;

    build(f->llama, "the rain", "what fell?", " rain on the roof ", &one);
    build(f->llama, NULL, NULL, " rain on the roof ", &other);

    assert_int_equal(one.n_response, other.n_response);
    assert_memory_equal(one.ids.ids + one.ids.n - one.n_response,
                        other.ids.ids + other.ids.n - other.n_response,
                        one.n_response * sizeof *one.ids.ids);
    prompt_release(&one);
    prompt_release(&other);
}

static void text_of_the_template_inside_a_sample_moves_no_boundary(void **state)
{
    const struct fixture *f = *state;
    const char *context = "a\n\n### Response: b";
    struct token_buf want = { 0 };
    struct prompt prompt;

    build(f->llama, context, "c", "### Response: d", &prompt);

    assert_int_equal(prompt.n_context, expect(f->llama, context, 0, &want));
    assert_int_equal(prompt.n_response, expect(f->llama, "### Response: d", 0, &want));
    prompt_release(&prompt);
    token_buf_release(&want);
}

static void text_that_is_not_utf8_is_refused(void **state)
{
    const struct fixture *f = *state;
    const struct observed_text text = { .response = slice_text("a\xff") };
    struct prompt prompt = { 0 };
    struct error err;

    assert_fails(prompt_build(prompt_template_find("plain"), model_tokenizer(f->llama), &text,
                              &prompt, &err),
                 ERR_INPUT, "UTF-8");
    prompt_release(&prompt);
}

static void a_template_is_found_by_its_name(void **state)
{
    (void)state;
    assert_string_equal(prompt_template_find("plain")->name, "plain");
    assert_null(prompt_template_find("plainer"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_piece_is_tokenised_on_its_own),
        cmocka_unit_test(without_a_context_the_prompt_starts_at_the_instruction),
        cmocka_unit_test(a_model_that_wants_no_bos_gets_none),
        cmocka_unit_test(the_response_has_the_same_ids_whatever_stands_before_it),
        cmocka_unit_test(text_of_the_template_inside_a_sample_moves_no_boundary),
        cmocka_unit_test(text_that_is_not_utf8_is_refused),
        cmocka_unit_test(a_template_is_found_by_its_name),
    };

    return cmocka_run_group_tests_name("scoring/prompt", tests, open_models, close_models);
}
