/* SPDX-License-Identifier: Apache-2.0 */
/* ChatML: Qwen, Yi, SmolLM and many others. Some files say what the system text is where a
 * dialogue has none. */
#include <stddef.h>

#include "scoring/prompts/templates/template.h"

#define HEAD(role) "<|im_start|>" role "\n"
#define FORM                                                                                   \
    .controls = { "<|im_start|>", "<|im_end|>" }, .needs_controls = true,                      \
    .system_from_file = true, .system_open = HEAD("system"), .system_close = "<|im_end|>\n",   \
    .context_close = "\n\n", .user_open = HEAD("user"), .user_close = "<|im_end|>\n",          \
    .tool_open = HEAD("tool"), .tool_close = "<|im_end|>\n",                                   \
    .assistant_open = HEAD("assistant"), .assistant_close = "<|im_end|>\n"

/* Qwen3: the last answer begins with what the model thought, which may be nothing. */
static const struct prompt_template qwen3 = {
    .name = "qwen3",
    .exact_marks = { "<|im_start|>", "<|im_end|>", "\\n</think>\\n\\n' + content",
                     "multi_step_tool" },
    .lacks = { "processed_content" }, /* MiniCPM5 writes thoughts only where there are some */
    FORM,
    .response_open = HEAD("assistant") "<think>\n\n</think>\n\n",
    .response_says = "</think>",
};

static const struct prompt_template chatml = {
    .name = "chatml",
    .exact_marks = { "<|im_start|>", "<|im_end|>" },
    .lacks = { "<|im_sep|>",                  /* Phi-4 ends its headers with it */
               "multi_step_tool",             /* Qwen3, above */
               "<think></think>",             /* Nemotron 3 puts it before every answer */
               "## Metadata",                 /* SmolLM3 has a system turn of its own making */
               "function calling AI model" }, /* so have Hermes' templates for tools */
    FORM,
};

static const struct prompt_template *const forms[] = { &qwen3, &chatml, NULL };

const struct template_family template_family_chatml = { .name = "chatml", .forms = forms };
