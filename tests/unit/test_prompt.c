/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "scoring/infer/model/model.h"
#include "scoring/observe/observe.h"
#include "scoring/prompts/prompt.h"

struct fixture {
    struct model *llama; /* a SentencePiece vocabulary; prompts begin with BOS */
    struct model *qwen2; /* a byte-pair vocabulary, without BOS */
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

/* Append the expected ids of one piece. */
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

static void a_prompt_has_no_bos_if_the_model_wants_none(void **state)
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

static void the_ids_of_a_response_do_not_depend_on_the_text_before(void **state)
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

static void template_text_inside_a_sample_moves_no_boundary(void **state)
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

static const struct dialogue_turn talk[] = {
    { .role = ROLE_USER, .text = { "who sat?", 8 } },
    { .role = ROLE_ASSISTANT, .text = { "the cat", 7 } },
    { .role = ROLE_USER, .text = { "on the mat?", 11 } },
    { .role = ROLE_ASSISTANT, .text = { "no, the rug", 11 } },
    { .role = ROLE_USER, .text = { "and the dog?", 12 } },
    { .role = ROLE_ASSISTANT, .text = { "by the fire", 11 } },
};

static struct observed_text response_of(const struct dialogue *dialogue, size_t turn,
                                        const char *context)
{
    return (struct observed_text){
        .context = context ? slice_text(context) : (struct slice){ 0 },
        .instruction = dialogue->turns[turn - 1].text,
        .response = dialogue->turns[turn].text,
        .dialogue = dialogue,
        .response_turn = turn,
    };
}

static void a_dialogue_is_written_turn_by_turn(void **state)
{
    const struct fixture *f = *state;
    const struct dialogue dialogue = { .system = slice_text("be brief"),
                                       .turns = talk,
                                       .n_turns = 6 };
    const struct observed_text text = response_of(&dialogue, 3, "the dog lay on the rug");
    struct token_buf want = { 0 };
    struct prompt prompt = { 0 };
    struct error err;

    assert_ok(prompt_build(prompt_template_find("plain"), model_tokenizer(f->llama), &text,
                           &prompt, &err));

    assert_ok(token_buf_add(&want, tokenizer_bos(model_tokenizer(f->llama)), &err));
    assert_int_equal(prompt.n_head,
                     1 + expect(f->llama, "be brief\n\n### Input: ", TOKENIZE_FIRST, &want));
    assert_int_equal(prompt.n_context, expect(f->llama, "the dog lay on the rug", 0, &want));
    const size_t before_tail = want.n;
    expect(f->llama, "\n\n### Instruction: who sat?\n\n### Response: ", 0, &want);
    expect(f->llama, "the cat", 0, &want);
    expect(f->llama, "\n\n### Instruction: on the mat?\n\n### Response: ", 0, &want);
    assert_int_equal(prompt.n_tail, want.n - before_tail);
    assert_int_equal(prompt.n_response, expect(f->llama, "no, the rug", 0, &want));
    assert_ids(&prompt, &want);
    prompt_release(&prompt);
    token_buf_release(&want);
}

static void each_turn_of_a_prompt_has_the_range_of_its_text(void **state)
{
    const struct fixture *f = *state;
    const struct dialogue dialogue = { .system = slice_text("be brief"),
                                       .turns = talk,
                                       .n_turns = 6 };
    const struct observed_text text = response_of(&dialogue, 5, "the dog lay on the rug");
    static const char *const want[] = { "be brief",    "who sat?",    "the cat",
                                        "on the mat?", "no, the rug", "and the dog?",
                                        "by the fire" };
    struct prompt prompt = { 0 };
    struct error err;

    assert_ok(prompt_build(prompt_template_find("plain"), model_tokenizer(f->llama), &text,
                           &prompt, &err));
    assert_int_equal(prompt.n_turns, 7);
    for (size_t i = 0; i < prompt.n_turns; i++) {
        const struct prompt_turn *turn = &prompt.turns[i];
        char said[64] = "";

        for (size_t j = turn->text.start; j < turn->text.end; j++) {
            const struct slice piece =
                tokenizer_piece(model_tokenizer(f->llama), prompt.ids.ids[j]);
            snprintf(said + strlen(said), sizeof said - strlen(said), "%.*s", (int)piece.len,
                     piece.ptr);
        }
        /* The first token may include the space before the text. */
        assert_string_equal(said + (said[0] == ' '), want[i]);
        assert_int_equal(turn->turn, (int)i - 1);
    }
    assert_int_equal(prompt.turns[6].text.end, prompt.ids.n);
    prompt_release(&prompt);
}

static void a_later_prompt_of_a_dialogue_extends_the_earlier_one(void **state)
{
    const struct fixture *f = *state;
    const struct dialogue dialogue = { .system = { 0 }, .turns = talk, .n_turns = 6 };
    struct prompt first = { 0 };
    struct error err;

    const struct observed_text start = response_of(&dialogue, 1, "the rain");
    assert_ok(prompt_build(prompt_template_find("plain"), model_tokenizer(f->llama), &start,
                           &first, &err));
    for (size_t turn = 3; turn < 6; turn += 2) {
        const struct observed_text text = response_of(&dialogue, turn, "the rain");
        struct prompt whole = { 0 }, next = { 0 };

        assert_ok(prompt_build(prompt_template_find("plain"), model_tokenizer(f->llama), &text,
                               &whole, &err));
        assert_ok(prompt_build_next(prompt_template_find("plain"), model_tokenizer(f->llama),
                                    &first, &text, &next, &err));
        assert_ids(&next, &whole.ids);
        assert_int_equal(next.n_head, whole.n_head);
        assert_int_equal(next.n_context, whole.n_context);
        assert_int_equal(next.n_tail, whole.n_tail);
        assert_int_equal(next.n_response, whole.n_response);
        assert_int_equal(next.n_turns, whole.n_turns);
        assert_memory_equal(next.turns, whole.turns, next.n_turns * sizeof *next.turns);
        assert_memory_equal(next.ids.ids, first.ids.ids, first.ids.n * sizeof *first.ids.ids);
        prompt_release(&whole);
        prompt_release(&next);
    }
    prompt_release(&first);
}

static void a_dialogue_loses_as_few_old_turns_as_possible(void **state)
{
    const struct fixture *f = *state;
    const struct tokenizer *tokenizer = model_tokenizer(f->llama);
    const struct prompt_template *plain = prompt_template_find("plain");
    const struct dialogue dialogue = { .system = slice_text("be brief"),
                                       .turns = talk,
                                       .n_turns = 6 };
    const struct observed_text text = response_of(&dialogue, 5, NULL);
    struct error err;

    for (size_t first = 0; first < 6; first += 2) {
        const struct dialogue rest = { .system = dialogue.system,
                                       .turns = talk + first,
                                       .n_turns = 6 - first };
        const struct observed_text want_text = response_of(&rest, 5 - first, NULL);
        struct prompt want = { 0 }, fits = { 0 }, over = { 0 };

        assert_ok(prompt_build(plain, tokenizer, &want_text, &want, &err));
        assert_ok(prompt_build_short(plain, tokenizer, &text, want.ids.n, &fits, &err));
        assert_ids(&fits, &want.ids);
        assert_int_equal(fits.shortened, first > 0);
        assert_ok(prompt_build_short(plain, tokenizer, &text, want.ids.n - 1, &over, &err));
        /* The last question is kept, even if it alone is too long. */
        assert_true(first == 4 ? over.ids.n == want.ids.n : over.ids.n < want.ids.n);
        prompt_release(&want);
        prompt_release(&fits);
        prompt_release(&over);
    }
}

static void a_prompt_of_text_that_is_not_utf8_is_an_error(void **state)
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
        cmocka_unit_test(a_prompt_has_no_bos_if_the_model_wants_none),
        cmocka_unit_test(the_ids_of_a_response_do_not_depend_on_the_text_before),
        cmocka_unit_test(template_text_inside_a_sample_moves_no_boundary),
        cmocka_unit_test(a_dialogue_is_written_turn_by_turn),
        cmocka_unit_test(each_turn_of_a_prompt_has_the_range_of_its_text),
        cmocka_unit_test(a_later_prompt_of_a_dialogue_extends_the_earlier_one),
        cmocka_unit_test(a_dialogue_loses_as_few_old_turns_as_possible),
        cmocka_unit_test(a_prompt_of_text_that_is_not_utf8_is_an_error),
        cmocka_unit_test(a_template_is_found_by_its_name),
    };

    return cmocka_run_group_tests_name("scoring/prompt", tests, open_models, close_models);
}
