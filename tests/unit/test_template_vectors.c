/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A prompt has the ids of the text that the makers' template writes, tokenised as a whole with
 * the names of control tokens in it. The small vocabularies of tests/data are tested, and with
 * CURATE_SHARED set those of real models.
 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/io/file.h"
#include "scoring/infer/gguf/gguf.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/observe/observe.h"
#include "scoring/prompts/prompt.h"
#include "scoring/prompts/templates/template.h"

#define S  "You are a helpful robot"
#define Q1 "Hello there, who are you?"
#define A1 "I am a robot.\nNice!"
#define Q2 "What's 12345 + 6?"
#define A2 "It is 12351."

#define TOOL "{\"name\":\"add\",\"parameters\":{\"type\":\"object\",\"required\":[\"a\"]}}"
#define WRITTEN_TOOL                                                                           \
    "{\"type\": \"function\", \"function\": {\"name\": \"add\", \"parameters\": "              \
    "{\"type\": \"object\", \"required\": [\"a\"]}}}"
#define R1 "{\"sum\": 12351}"

static const struct vector {
    const char
        *small; /* of tests/data/vocabularies; NULL: no small one behaves like the real one */
    const char *real; /* of models that use the template */
    const char *form;
    const char *text;
    bool has_tools; /* the first answer is a call, and the result takes the place of Q2 */
} vectors[] = {
    { "small-gpt2", "qwen2", "chatml",
      "<|im_start|>system\n" S "<|im_end|>\n<|im_start|>user\n" Q1 "<|im_end|>\n"
      "<|im_start|>assistant\n" A1 "<|im_end|>\n<|im_start|>user\n" Q2 "<|im_end|>\n"
      "<|im_start|>assistant\n" A2,
      false },
    { "small-gpt2", "qwen2", "chatml",
      "<|im_start|>system\n" S
      "\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou "
      "are provided with function signatures within <tools></tools> XML "
      "tags:\n<tools>\n" WRITTEN_TOOL
      "\n</tools>\n\nFor each function call, return a json object with function name and "
      "arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": "
      "<function-name>, \"arguments\": <args-json-object>}\n</tool_call><|im_end|>\n"
      "<|im_start|>user\n" Q1 "<|im_end|>\n<|im_start|>assistant\n" A1 "\n<tool_call>\n"
      "{\"name\": \"add\", \"arguments\": {\"a\": 12345}}\n</tool_call><|im_end|>\n"
      "<|im_start|>user\n<tool_response>\n" R1 "\n</tool_response><|im_end|>\n"
      "<|im_start|>assistant\n" A2,
      true },
    { "small-llama3", "llama-bpe", "llama3",
      "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n" S "<|eot_id|>"
      "<|start_header_id|>user<|end_header_id|>\n\n" Q1 "<|eot_id|>"
      "<|start_header_id|>assistant<|end_header_id|>\n\n" A1 "<|eot_id|>"
      "<|start_header_id|>user<|end_header_id|>\n\n" Q2 "<|eot_id|>"
      "<|start_header_id|>assistant<|end_header_id|>\n\n" A2,
      false },
    { "small-spm", "llama-spm", "llama2",
      "<s>[INST] <<SYS>>\n" S "\n<</SYS>>\n\n" Q1 " [/INST] " A1 " </s><s>[INST] " Q2
      " [/INST] " A2,
      false },
    { "small-spm", "llama-spm", "mistral",
      "<s>[INST] " S "\n\n" Q1 " [/INST] " A1 "</s>[INST] " Q2 " [/INST] " A2, false },
    { "small-spm", "llama-spm", "zephyr",
      "<s><|system|>\n" S "</s>\n<|user|>\n" Q1 "</s>\n<|assistant|>\n" A1 "</s>\n<|user|>\n" Q2
      "</s>\n<|assistant|>\n" A2,
      false },
    { "small-spm", "llama-spm", "vicuna-lines",
      "<s>" S "\n\nUSER: " Q1 "\nASSISTANT: " A1 "</s>\nUSER: " Q2 "\nASSISTANT: " A2, false },
    /* The template as its tokenizer applies it: line ends after control tokens are removed. */
    { NULL, "phi-3", "phi3",
      "<s><|system|>" S "<|end|><|user|>" Q1 "<|end|><|assistant|>" A1 "<|end|><|user|>" Q2
      "<|end|><|assistant|>" A2,
      false },
};
enum { N_VECTORS = sizeof vectors / sizeof *vectors };

/* A row of the table with one of its vocabularies. */
struct case_state {
    const struct vector *vector;
    char path[4096];
};

static void a_prompt_has_the_ids_of_its_text(void **state)
{
    const struct case_state *of = *state;
    const struct vector *vector = of->vector;
    static const struct dialogue_call call = { .name = { "add", 3 },
                                               .arguments = { "{\"a\":12345}", 11 } };
    static const struct slice tool = { TOOL, sizeof TOOL - 1 };
    struct dialogue_turn turns[] = { { .role = ROLE_USER, .text = slice_text(Q1) },
                                     { .role = ROLE_ASSISTANT, .text = slice_text(A1) },
                                     { .role = ROLE_USER, .text = slice_text(Q2) },
                                     { .role = ROLE_ASSISTANT, .text = slice_text(A2) } };
    const struct dialogue dialogue = { .system = slice_text(S),
                                       .turns = turns,
                                       .n_turns = 4,
                                       .tools = &tool,
                                       .n_tools = vector->has_tools };
    const struct observed_text text = { .dialogue = &dialogue, .response_turn = 3 };
    struct file_map map = { 0 };
    struct gguf *gguf = NULL;
    struct tokenizer *tokenizer = NULL;
    struct prompt prompt = { 0 };
    struct token_buf want = { 0 };
    struct error err;

    if (vector->has_tools) {
        turns[1].calls = &call;
        turns[1].n_calls = 1;
        turns[2] = (struct dialogue_turn){ .role = ROLE_TOOL, .text = slice_text(R1) };
    }
    assert_ok(file_map_open(of->path, &map, &err));
    assert_ok(gguf_parse(map.data, map.len, &gguf, &err));
    assert_ok(tokenizer_new(gguf, &tokenizer, &err));
    assert_ok(
        prompt_build(prompt_template_find(vector->form), tokenizer, &text, &prompt, &err));
    assert_ok(tokenizer_encode(tokenizer, slice_text(vector->text),
                               TOKENIZE_FIRST | TOKENIZE_CONTROL, &want, &err));
    assert_int_equal(prompt.ids.n, want.n);
    assert_memory_equal(prompt.ids.ids, want.ids, want.n * sizeof *want.ids);
    token_buf_release(&want);
    prompt_release(&prompt);
    tokenizer_free(tokenizer);
    gguf_free(gguf);
    file_map_close(&map);
}

static size_t add_case(struct CMUnitTest *tests, struct case_state *states, size_t n,
                       const struct vector *vector, const char *folder, const char *name)
{
    if (!folder || !name)
        return n;
    states[n].vector = vector;
    snprintf(states[n].path, sizeof states[n].path, "%s/%s.gguf", folder, name);
    tests[n] = (struct CMUnitTest){ vector->form, a_prompt_has_the_ids_of_its_text, NULL, NULL,
                                    &states[n] };
    return n + 1;
}

int main(void)
{
    static struct case_state states[2 * N_VECTORS];
    static char small[2048], real[2048];
    const char *shared = getenv("CURATE_SHARED");
    struct CMUnitTest tests[2 * N_VECTORS];
    size_t n = 0;

    snprintf(small, sizeof small, "%s/tests/data/vocabularies", getenv("CURATE_SOURCE"));
    snprintf(real, sizeof real, "%s/tokenizers", shared ? shared : "");
    for (size_t i = 0; i < N_VECTORS; i++) {
        n = add_case(tests, states, n, &vectors[i], small, vectors[i].small);
        n = add_case(tests, states, n, &vectors[i], shared ? real : NULL, vectors[i].real);
    }
    return _cmocka_run_group_tests("scoring/template vectors", tests, n, NULL, NULL);
}
