/* SPDX-License-Identifier: Apache-2.0 */
/* Stanford Alpaca. The context is its "input", which follows the instruction. */
#include <stddef.h>

#include "scoring/prompts/templates/template.h"

static const struct prompt_template alpaca = {
    .name = "alpaca",
    .exact_marks = { "### Instruction:", "### Response:" },
    .lacks = { "<|EOT|>" }, /* DeepSeek Coder */
    .needs_user = true,
    .default_system =
        "Below is an instruction that describes a task. Write a response that appropriately "
        "completes the request.",
    .default_system_for_context =
        "Below is an instruction that describes a task, paired with an input that provides "
        "further context. Write a response that appropriately completes the request.",
    .system_close = "\n\n",
    .context_place = CONTEXT_LAST_IN_TURN,
    .context_open = "\n\n### Input:\n",
    .user_open = "### Instruction:\n",
    .user_close = "\n\n### Response:\n",
    .assistant_close = "{eos}\n\n",
};

static const struct prompt_template *const forms[] = { &alpaca, NULL };

const struct template_family template_family_alpaca = { .name = "alpaca", .forms = forms };
