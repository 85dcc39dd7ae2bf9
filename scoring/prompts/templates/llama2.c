/* SPDX-License-Identifier: Apache-2.0 */
/* Llama 2 Chat. BOS and EOS enclose each pair of turns; the system text is part of the first
 * user turn. */
#include <stddef.h>

#include "scoring/prompts/templates/template.h"

static const struct prompt_template llama2 = {
    .name = "llama2",
    .marks = { "bos_token+'[INST]'+content.strip()+'[/INST]'" },
    .exact_marks = { "<<SYS>>" },
    .starts_with_bos = true,
    .trims = true,
    .needs_user = true,
    .system_in_user = true,
    .system_open = "<<SYS>>\n",
    .system_close = "\n<</SYS>>\n\n",
    .context_close = "\n\n",
    .user_open = "[INST] ",
    .user_close = " [/INST]",
    .assistant_lead = " ",
    .assistant_close = " {eos}{bos}",
};

static const struct prompt_template *const forms[] = { &llama2, NULL };

const struct template_family template_family_llama2 = { .name = "llama2", .forms = forms };
