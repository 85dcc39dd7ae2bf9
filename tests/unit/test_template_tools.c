/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tools, calls, results and thoughts in the published templates. The expected texts are what
 * those templates write for the same dialogue.
 */
#include "tests/support/test.h"

#include "base/buf.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/infer/tokenizer/vocab.h"
#include "scoring/prompts/prompt.h"
#include "scoring/prompts/prompt_private.h"
#include "scoring/prompts/templates/template.h"
#include "tests/support/vocab_fixture.h"

static const char *const names[] = {
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|end|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<start_of_turn>",
    "<end_of_turn>",
    "[INST]",
    "[/INST]",
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",
    "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]",
    "[TOOL_CALLS]",
    "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]",
};

struct setting {
    struct vocab_fixture fixture;
    struct vocab_open open;
    struct chosen_template chosen;
};

static void open_vocabulary(struct setting *setting, const char *chat_template)
{
    struct vocab_fixture *fixture = &setting->fixture;
    struct error err;

    vocab_open_release(&setting->open);
    vocab_fixture_bpe(fixture);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        vocab_fixture_add(fixture, names[i], TOKEN_CONTROL, 0);
    fixture->bos = vocab_fixture_add(fixture, "<s>", TOKEN_CONTROL, 0);
    fixture->eos = vocab_fixture_add(fixture, "</s>", TOKEN_CONTROL, 0);
    if (chat_template)
        fixture->chat_template = slice_text(chat_template);
    assert_ok(vocab_fixture_open(fixture, &setting->open, &err));
}

static int setup(void **state)
{
    struct setting *setting = test_calloc(1, sizeof *setting);

    open_vocabulary(setting, NULL);
    *state = setting;
    return 0;
}

static int teardown(void **state)
{
    struct setting *setting = *state;

    vocab_open_release(&setting->open);
    test_free(setting);
    return 0;
}

#define TEXT(s)                                                                                \
    {                                                                                          \
        s, sizeof(s) - 1                                                                       \
    }
#define TOOL "{\"name\":\"f\",\"parameters\":{\"type\":\"object\",\"required\":[]}}"
#define TOOL_LINE                                                                              \
    "{\"type\": \"function\", \"function\": {\"name\": \"f\", \"parameters\": "                \
    "{\"type\": \"object\", \"required\": []}}}"
#define TOOL_INDENTED                                                                          \
    "{\n    \"type\": \"function\",\n    \"function\": {\n        \"name\": \"f\",\n"          \
    "        \"parameters\": {\n            \"type\": \"object\",\n"                           \
    "            \"required\": []\n        }\n    }\n}"

static const struct slice tools[] = { TEXT(TOOL) };
static const struct dialogue_call calls[] = {
    { .id = TEXT("abcdefgh1"), .name = TEXT("f"), .arguments = TEXT("{\"a\":[1,\"x, y:\"]}") },
    { .id = TEXT("abcdefgh2"), .name = TEXT("g"), .arguments = TEXT("{}") },
};
#define ARGUMENTS "{\"a\": [1, \"x, y:\"]}"

static const struct dialogue_turn one_call[] = {
    { .role = ROLE_USER, .text = TEXT("Q") },
    { .role = ROLE_ASSISTANT, .text = TEXT(""), .calls = calls, .n_calls = 1 },
    { .role = ROLE_TOOL, .text = TEXT("{\"r\":\n1}"), .call_id = TEXT("abcdefgh1") },
    { .role = ROLE_ASSISTANT, .text = TEXT("A") },
};
static const struct dialogue_turn two_calls[] = {
    { .role = ROLE_USER, .text = TEXT("Q") },
    { .role = ROLE_ASSISTANT, .text = TEXT("T"), .calls = calls, .n_calls = 2 },
    { .role = ROLE_TOOL, .text = TEXT("R1"), .call_id = TEXT("abcdefgh1") },
    { .role = ROLE_TOOL, .text = TEXT("R2"), .call_id = TEXT("abcdefgh2") },
    { .role = ROLE_ASSISTANT, .text = TEXT("A") },
};

static struct dialogue with_tools(const char *system, const struct dialogue_turn *turns,
                                  size_t n)
{
    return (struct dialogue){ .system = system ? slice_text(system) : slice_of(NULL, 0),
                              .turns = turns,
                              .n_turns = n,
                              .tools = tools,
                              .n_tools = 1 };
}

/* Build the prompt for a part of the dialogue's last turn. */
static void build_part(const struct setting *setting, const struct prompt_template *form,
                       const struct dialogue *dialogue, enum response_part part,
                       struct prompt *out)
{
    const struct observed_text text = {
        .response = dialogue->turns[dialogue->n_turns - 1].text,
        .dialogue = dialogue,
        .response_turn = dialogue->n_turns - 1,
        .part = part,
    };
    struct error err;

    *out = (struct prompt){ 0 };
    assert_ok(prompt_build(form, setting->open.tokenizer, &text, out, &err));
}

static void spell(const struct setting *setting, const struct prompt *prompt, size_t start,
                  size_t end, struct buf *out)
{
    struct error err;

    buf_clear(out);
    assert_ok(buf_add_text(out, "", &err));
    for (size_t i = start; i < end; i++)
        assert_ok(buf_add_slice(
            out, tokenizer_piece(setting->open.tokenizer, prompt->ids.ids[i]), &err));
}

/* The prompt ends in `response`, which is scored, and begins with `before`. */
static void assert_part(const struct setting *setting, const struct prompt_template *form,
                        const struct dialogue *dialogue, enum response_part part,
                        const char *before, const char *response)
{
    struct prompt prompt;
    struct buf got;

    buf_init(&got, 1 << 16);
    build_part(setting, form, dialogue, part, &prompt);
    assert_null(prompt.reason);
    spell(setting, &prompt, 0, prompt.ids.n - prompt.n_response, &got);
    if (strcmp(got.data, before) != 0)
        fail_msg("%s writes\n%s\nand not\n%s", form->name, got.data, before);
    spell(setting, &prompt, prompt.ids.n - prompt.n_response, prompt.ids.n, &got);
    if (strcmp(got.data, response) != 0)
        fail_msg("%s scores\n%s\nand not\n%s", form->name, got.data, response);
    buf_release(&got);
    prompt_release(&prompt);
}

static void assert_written(const struct setting *setting, const char *name,
                           const struct dialogue *dialogue, const char *before,
                           const char *response)
{
    assert_part(setting, prompt_template_find(name), dialogue, RESPONSE_ALL, before, response);
}

static void assert_reason(const struct setting *setting, const char *name,
                          const struct dialogue *dialogue, const char *want)
{
    struct prompt prompt;

    build_part(setting, prompt_template_find(name), dialogue, RESPONSE_ALL, &prompt);
    assert_non_null(prompt.reason);
    assert_string_equal(prompt.reason, want);
    assert_int_equal(prompt.ids.n, 0);
    prompt_release(&prompt);
}

#define QWEN_TOOLS                                                                             \
    "# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou are " \
    "provided with function signatures within <tools></tools> XML tags:\n<tools>\n" TOOL_LINE  \
    "\n</tools>\n\nFor each function call, return a json object with function name and "       \
    "arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": "             \
    "<function-name>, \"arguments\": <args-json-object>}\n</tool_call><|im_end|>\n"

static void qwen_writes_tools_into_its_system_turn(void **state)
{
    const struct dialogue dialogue = with_tools("S", one_call, 4);
    const struct dialogue bare = with_tools(NULL, one_call, 4);

    assert_written(
        *state, "chatml", &dialogue,
        "<|im_start|>system\nS\n\n" QWEN_TOOLS "<|im_start|>user\nQ<|im_end|>\n"
        "<|im_start|>assistant\n<tool_call>\n{\"name\": \"f\", \"arguments\": " ARGUMENTS
        "}\n</tool_call><|im_end|>\n"
        "<|im_start|>user\n<tool_response>\n{\"r\":\n1}\n</tool_response><|im_end|>\n"
        "<|im_start|>assistant\n",
        "A");
    assert_written(
        *state, "qwen3", &bare,
        "<|im_start|>system\n" QWEN_TOOLS "<|im_start|>user\nQ<|im_end|>\n"
        "<|im_start|>assistant\n<tool_call>\n{\"name\": \"f\", \"arguments\": " ARGUMENTS
        "}\n</tool_call><|im_end|>\n"
        "<|im_start|>user\n<tool_response>\n{\"r\":\n1}\n</tool_response><|im_end|>\n"
        "<|im_start|>assistant\n<think>\n\n</think>\n\n",
        "A");
}

static void qwen_joins_the_calls_and_results_of_a_turn(void **state)
{
    const struct dialogue dialogue = { .turns = two_calls, .n_turns = 5 };

    assert_written(
        *state, "chatml", &dialogue,
        "<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\nT\n<tool_call>\n"
        "{\"name\": \"f\", \"arguments\": " ARGUMENTS "}\n</tool_call>\n<tool_call>\n"
        "{\"name\": \"g\", \"arguments\": {}}\n</tool_call><|im_end|>\n"
        "<|im_start|>user\n<tool_response>\nR1\n</tool_response>\n<tool_response>\nR2"
        "\n</tool_response><|im_end|>\n<|im_start|>assistant\n",
        "A");
}

static void a_call_is_scored_as_it_is_written(void **state)
{
    const struct dialogue dialogue = { .turns = two_calls, .n_turns = 2 };
    const struct dialogue single = { .turns = one_call, .n_turns = 2 };
    const char call[] = "{\"name\": \"f\", \"parameters\": " ARGUMENTS "}";
    struct prompt prompt;

    assert_written(*state, "qwen3", &dialogue,
                   "<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>"
                   "\n\n",
                   "T\n<tool_call>\n{\"name\": \"f\", \"arguments\": " ARGUMENTS
                   "}\n</tool_call>\n<tool_call>\n{\"name\": \"g\", \"arguments\": {}}\n"
                   "</tool_call>");
    assert_written(*state, "mistral-v3", &single, "<s>[INST]Q[/INST]",
                   "[TOOL_CALLS][{\"name\": \"f\", \"arguments\": " ARGUMENTS
                   ", \"id\": \"abcdefgh1\"}]");
    build_part(*state, prompt_template_find("llama3.1"), &single, RESPONSE_ALL, &prompt);
    assert_int_equal(prompt.n_response_bytes, sizeof call - 1);
    prompt_release(&prompt);
}

#define LLAMA_SYSTEM                                                                           \
    "<s><|start_header_id|>system<|end_header_id|>\n\nEnvironment: ipython\nCutting "          \
    "Knowledge "                                                                               \
    "Date: December 2023\nToday Date: 26 Jul 2024\n\n"
#define LLAMA_TOOLS                                                                            \
    "Given the following functions, please respond with a JSON for a function call with its "  \
    "proper arguments that best answers the given prompt.\n\nRespond in the format "           \
    "{\"name\": "                                                                              \
    "function name, \"parameters\": dictionary of argument name and its value}.Do not use "    \
    "variables.\n\n" TOOL_INDENTED "\n\n"

static void llama_writes_tools_into_the_first_user_turn(void **state)
{
    const struct dialogue dialogue = with_tools("S", one_call, 4);

    assert_written(
        *state, "llama3.1", &dialogue,
        LLAMA_SYSTEM
        "S<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n" LLAMA_TOOLS
        "Q<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
        "{\"name\": \"f\", \"parameters\": " ARGUMENTS "}<|eot_id|>"
        "<|start_header_id|>ipython<|end_header_id|>\n\n\"{\\\"r\\\":\\n1}\"<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
        "A");
}

static void mistral_writes_tools_before_the_last_user_turn(void **state)
{
    const struct dialogue_turn turns[] = { { .role = ROLE_USER, .text = TEXT("Q0") },
                                           { .role = ROLE_ASSISTANT, .text = TEXT("A0") },
                                           one_call[0],
                                           one_call[1],
                                           one_call[2],
                                           one_call[3] };
    const struct dialogue dialogue = with_tools(NULL, turns, 6);

    assert_written(*state, "mistral-v3", &dialogue,
                   "<s>[INST]Q0[/INST]A0</s>[AVAILABLE_TOOLS][" TOOL_LINE "][/AVAILABLE_TOOLS]"
                   "[INST]Q[/INST][TOOL_CALLS][{\"name\": \"f\", \"arguments\": " ARGUMENTS
                   ", \"id\": \"abcdefgh1\"}]</s>[TOOL_RESULTS]{\"content\": {\"r\":\n1}, "
                   "\"call_id\": \"abcdefgh1\"}[/TOOL_RESULTS]",
                   "A");
}

static void a_dialogue_that_the_template_cannot_write_has_a_reason(void **state)
{
    const struct dialogue dialogue = with_tools(NULL, two_calls, 5);
    const struct dialogue only_tools = with_tools(NULL, two_calls, 1);
    static const struct dialogue_call anonymous[] = { { .name = TEXT("f"),
                                                        .arguments = TEXT("{}") } };
    static const struct dialogue_turn without_id[] = {
        { .role = ROLE_USER, .text = TEXT("Q") },
        { .role = ROLE_ASSISTANT, .text = TEXT(""), .calls = anonymous, .n_calls = 1 },
    };
    const struct dialogue no_id = { .turns = without_id, .n_turns = 2 };

    assert_int_equal(only_tools.n_tools, 1);
    assert_reason(*state, "llama3", &dialogue, "no_tool_template");
    assert_reason(*state, "gemma", &dialogue, "no_tool_template");
    assert_reason(*state, "plain", &dialogue, "no_tool_template");
    assert_reason(*state, "llama3.1", &dialogue, "calls_not_rendered"); /* two calls */
    assert_reason(*state, "mistral-v3", &no_id, "calls_not_rendered");
}

static void a_file_whose_template_has_no_tools_gets_none(void **state)
{
    struct setting *setting = *state;
    struct chosen_template *chosen = &setting->chosen;
    struct error err;

    open_vocabulary(setting, "<|im_start|> <|im_end|>");
    assert_ok(prompt_template_choose("auto", setting->open.tokenizer, chosen, &err));
    assert_string_equal(chosen->form.name, "chatml");
    assert_null(chosen->form.tools);

    open_vocabulary(setting,
                    "<|im_start|> <|im_end|> You may call one or more functions to assist with "
                    "the user query. <tools></tools> XML tags <tool_call></tool_call> XML tags "
                    "<tool_response>");
    assert_ok(prompt_template_choose("auto", setting->open.tokenizer, chosen, &err));
    assert_string_equal(chosen->form.name, "chatml");
    assert_non_null(chosen->form.tools);
    assert_ok(prompt_template_choose("qwen3", setting->open.tokenizer, chosen, &err));
    assert_non_null(chosen->form.tools);

    open_vocabulary(setting, NULL);
    assert_ok(prompt_template_choose("chatml", setting->open.tokenizer, chosen, &err));
    assert_null(chosen->form.tools);
}

static const struct dialogue_turn thinking[] = {
    { .role = ROLE_USER, .text = TEXT("Q1") },
    { .role = ROLE_ASSISTANT, .text = TEXT("A1"), .thought = TEXT("T1") },
    { .role = ROLE_USER, .text = TEXT("Q2") },
    { .role = ROLE_ASSISTANT, .text = TEXT("A2"), .thought = TEXT("\nT2\n") },
};

static void qwen3_forgets_the_thoughts_before_the_last_question(void **state)
{
    const struct dialogue dialogue = { .turns = thinking, .n_turns = 4 };

    assert_written(*state, "qwen3", &dialogue,
                   "<|im_start|>user\nQ1<|im_end|>\n<|im_start|>assistant\nA1<|im_end|>\n"
                   "<|im_start|>user\nQ2<|im_end|>\n<|im_start|>assistant\n",
                   "<think>\nT2\n</think>\n\nA2");
    assert_written(*state, "plain", &dialogue,
                   "### Instruction: Q1\n\n### Response: <think>\nT1\n</think>\n\nA1\n\n"
                   "### Instruction: Q2\n\n### Response: ",
                   "<think>\nT2\n</think>\n\nA2");
}

static void a_part_of_a_response_is_scored_with_the_rest_before_it(void **state)
{
    const struct dialogue dialogue = { .turns = thinking, .n_turns = 2 };
    const struct prompt_template *qwen3 = prompt_template_find("qwen3");
    const struct prompt_template *vicuna = prompt_template_find("vicuna-lines");
    const char head[] = "<|im_start|>user\nQ1<|im_end|>\n<|im_start|>assistant\n<think>\nT1\n"
                        "</think>\n\n";

    assert_part(*state, qwen3, &dialogue, RESPONSE_ANSWER, head, "A1");
    assert_part(*state, qwen3, &dialogue, RESPONSE_THOUGHT,
                "<|im_start|>user\nQ1<|im_end|>\n<|im_start|>assistant\n<think>\n", "T1");
    assert_part(*state, vicuna, &dialogue, RESPONSE_ANSWER,
                "<s>USER: Q1\nASSISTANT: <think>\nT1\n</think>\n\n", "A1");
    assert_part(*state, vicuna, &dialogue, RESPONSE_ALL,
                "<s>USER: Q1\nASSISTANT:", " <think>\nT1\n</think>\n\nA1");
}

static void a_response_without_a_thought_is_all_answer(void **state)
{
    static const struct dialogue_turn turns[] = {
        { .role = ROLE_USER, .text = TEXT("Q") }, { .role = ROLE_ASSISTANT, .text = TEXT("A") }
    };
    const struct dialogue dialogue = { .turns = turns, .n_turns = 2 };

    for (size_t i = 0; template_families[i]; i++) {
        const struct prompt_template *form = template_families[i]->forms[0];
        struct prompt all, answer;

        build_part(*state, form, &dialogue, RESPONSE_ALL, &all);
        build_part(*state, form, &dialogue, RESPONSE_ANSWER, &answer);
        assert_int_equal(all.n_response, answer.n_response);
        assert_int_equal(all.ids.n, answer.ids.n);
        assert_memory_equal(all.ids.ids, answer.ids.ids, all.ids.n * sizeof *all.ids.ids);
        prompt_release(&all);
        prompt_release(&answer);
    }
}

static void json_is_spelled_as_python_does(void **state)
{
    static const struct {
        const char *json;
        unsigned indent;
        const char *want;
    } cases[] = {
        { "{}", 4, "{}" },
        { "[[],{}]", 2, "[\n  [],\n  {}\n]" },
        { "{\"a\":\"b:,\\\"{\",\"c\":[1,true]}", 0, "{\"a\": \"b:,\\\"{\", \"c\": [1, true]}" },
        { "{\"a\":{\"b\":[1,2]}}", 4,
          "{\n    \"a\": {\n        \"b\": [\n            1,\n            2\n        ]\n    "
          "}\n}" },
        { "\"\\\\\"", 0, "\"\\\\\"" },
    };
    struct error err;
    struct buf got;

    (void)state;
    buf_init(&got, 1 << 12);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_clear(&got);
        assert_ok(prompt_add_json(&got, slice_text(cases[i].json), cases[i].indent, &err));
        assert_string_equal(got.data, cases[i].want);
    }
    buf_release(&got);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(qwen_writes_tools_into_its_system_turn),
        TEST(qwen_joins_the_calls_and_results_of_a_turn),
        TEST(a_call_is_scored_as_it_is_written),
        TEST(llama_writes_tools_into_the_first_user_turn),
        TEST(mistral_writes_tools_before_the_last_user_turn),
        TEST(a_dialogue_that_the_template_cannot_write_has_a_reason),
        TEST(a_file_whose_template_has_no_tools_gets_none),
        TEST(qwen3_forgets_the_thoughts_before_the_last_question),
        TEST(a_part_of_a_response_is_scored_with_the_rest_before_it),
        TEST(a_response_without_a_thought_is_all_answer),
        cmocka_unit_test(json_is_spelled_as_python_does),
    };

    return cmocka_run_group_tests_name("scoring/template_tools", tests, NULL, NULL);
}
