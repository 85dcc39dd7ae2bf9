/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Phi-3 and Phi-3.5. Their templates write a line end after each control token, which their
 * tokenizer removes again. The strings below have no such line ends.
 */
#include <stddef.h>

#include "scoring/prompts/templates/template.h"

static const struct prompt_template phi3 = {
    .name = "phi3",
    .marks = { "message['content']+'<|end|>" },
    .exact_marks = { "<|user|>", "<|assistant|>", "<|end|>" },
    .lacks = { "FINAL RESPONSE" }, /* Apriel: same tokens, other text between them */
    .controls = { "<|system|>", "<|user|>", "<|assistant|>", "<|end|>" },
    .needs_controls = true,
    .trims_after_control = true,
    .system_open = "<|system|>",
    .system_close = "<|end|>",
    .context_close = "\n\n",
    .user_open = "<|user|>",
    .user_close = "<|end|>",
    .assistant_open = "<|assistant|>",
    .assistant_close = "<|end|>",
};

static const struct prompt_template *const forms[] = { &phi3, NULL };

const struct template_family template_family_phi3 = { .name = "phi3", .forms = forms };
