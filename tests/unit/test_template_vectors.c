/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prompts over vocabularies of real models have the ids of the text that the makers' own
 * template writes, tokenised as a whole with the names of control tokens in it.
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

static const struct vector {
    const char *vocabulary;
    const char *form;
    const char *text;
} vectors[] = {
    { "qwen2", "chatml",
      "<|im_start|>system\n" S "<|im_end|>\n<|im_start|>user\n" Q1 "<|im_end|>\n"
      "<|im_start|>assistant\n" A1 "<|im_end|>\n<|im_start|>user\n" Q2 "<|im_end|>\n"
      "<|im_start|>assistant\n" A2 },
    { "llama-bpe", "llama3",
      "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n" S "<|eot_id|>"
      "<|start_header_id|>user<|end_header_id|>\n\n" Q1 "<|eot_id|>"
      "<|start_header_id|>assistant<|end_header_id|>\n\n" A1 "<|eot_id|>"
      "<|start_header_id|>user<|end_header_id|>\n\n" Q2 "<|eot_id|>"
      "<|start_header_id|>assistant<|end_header_id|>\n\n" A2 },
    { "llama-spm", "llama2",
      "<s>[INST] <<SYS>>\n" S "\n<</SYS>>\n\n" Q1 " [/INST] " A1 " </s><s>[INST] " Q2
      " [/INST] " A2 },
    { "llama-spm", "mistral",
      "<s>[INST] " S "\n\n" Q1 " [/INST] " A1 "</s>[INST] " Q2 " [/INST] " A2 },
    { "llama-spm", "zephyr",
      "<s><|system|>\n" S "</s>\n<|user|>\n" Q1 "</s>\n<|assistant|>\n" A1 "</s>\n<|user|>\n" Q2
      "</s>\n<|assistant|>\n" A2 },
    { "llama-spm", "vicuna-lines",
      "<s>" S "\n\nUSER: " Q1 "\nASSISTANT: " A1 "</s>\nUSER: " Q2 "\nASSISTANT: " A2 },
    /* As its tokenizer leaves it: the line ends behind control tokens are gone. */
    { "phi-3", "phi3",
      "<s><|system|>" S "<|end|><|user|>" Q1 "<|end|><|assistant|>" A1 "<|end|><|user|>" Q2
      "<|end|><|assistant|>" A2 },
};
enum { N_VECTORS = sizeof vectors / sizeof *vectors };

static void a_prompt_has_the_ids_of_its_text(void **state)
{
    const struct vector *vector = *state;
    const struct dialogue_turn turns[] = { { ROLE_USER, slice_text(Q1) },
                                           { ROLE_ASSISTANT, slice_text(A1) },
                                           { ROLE_USER, slice_text(Q2) },
                                           { ROLE_ASSISTANT, slice_text(A2) } };
    const struct dialogue dialogue = { slice_text(S), turns, 4 };
    const struct observed_text text = { .dialogue = &dialogue, .response_turn = 3 };
    struct file_map map = { 0 };
    struct gguf *gguf = NULL;
    struct tokenizer *tokenizer = NULL;
    struct prompt prompt = { 0 };
    struct token_buf want = { 0 };
    struct error err;
    char path[4096];

    snprintf(path, sizeof path, "%s/tokenizers/%s.gguf", getenv("CURATE_SHARED"),
             vector->vocabulary);
    assert_ok(file_map_open(path, &map, &err));
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

int main(void)
{
    static struct vector states[N_VECTORS];
    struct CMUnitTest tests[N_VECTORS];

    if (!getenv("CURATE_SHARED"))
        return SKIP_ALL("no vocabularies of real models: CURATE_SHARED is not set");
    for (size_t i = 0; i < N_VECTORS; i++) {
        states[i] = vectors[i];
        tests[i] = (struct CMUnitTest){ vectors[i].form, a_prompt_has_the_ids_of_its_text, NULL,
                                        NULL, &states[i] };
    }
    return cmocka_run_group_tests_name("scoring/template vectors", tests, NULL, NULL);
}
