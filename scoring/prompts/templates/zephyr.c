/* SPDX-License-Identifier: Apache-2.0 */
/* Zephyr and TinyLlama-Chat. In most of their vocabularies the role names are ordinary text. */
#include <stddef.h>

#include "scoring/prompts/templates/template.h"

static const struct prompt_template zephyr = {
    .name = "zephyr",
    .marks = { "'<|user|>'+message['content']+eos_token", "<|assistant|>" },
    .lacks = { "<|end|>" },
    .controls = { "<|system|>", "<|user|>", "<|assistant|>" },
    .system_open = "<|system|>\n",
    .system_close = "{eos}\n",
    .context_close = "\n\n",
    .user_open = "<|user|>\n",
    .user_close = "{eos}\n",
    .assistant_open = "<|assistant|>\n",
    .assistant_close = "{eos}\n",
};

static const struct prompt_template *const forms[] = { &zephyr, NULL };

const struct template_family template_family_zephyr = { .name = "zephyr", .forms = forms };
