/* SPDX-License-Identifier: Apache-2.0 */
/* Vicuna 1.1 and later: FastChat's form, and a form with each turn on its own line. */
#include <stddef.h>

#include "scoring/prompts/templates/template.h"

static const struct prompt_template vicuna = {
    .name = "vicuna",
    .exact_marks = { "USER:", "ASSISTANT:" },
    .lacks = { "SYSTEM:", /* Orca */
               "'USER:'+message['content']+''" },
    .needs_user = true,
    .starts_with_bos = true,
    .default_system = "A chat between a curious user and an artificial intelligence assistant. "
                      "The assistant gives helpful, detailed, and polite answers to the user's "
                      "questions.",
    .system_close = " ",
    .context_close = "\n\n",
    .user_open = "USER: ",
    .user_close = " ASSISTANT:",
    .assistant_lead = " ",
    .assistant_close = "{eos}",
};

static const struct prompt_template lines = {
    .name = "vicuna-lines",
    .marks = { "'USER:'+message['content']+''" },
    .exact_marks = { "ASSISTANT:" },
    .lacks = { "SYSTEM:" },
    .needs_user = true,
    .starts_with_bos = true,
    .system_close = "\n\n",
    .context_close = "\n\n",
    .user_open = "USER: ",
    .user_close = "\nASSISTANT:",
    .assistant_lead = " ",
    .assistant_close = "{eos}\n",
};

static const struct prompt_template *const forms[] = { &vicuna, &lines, NULL };

const struct template_family template_family_vicuna = { .name = "vicuna", .forms = forms };
