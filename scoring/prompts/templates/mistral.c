/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mistral and Mixtral. In the first version the brackets are text; from the third on they are
 * tokens, with no blanks around: a SentencePiece vocabulary puts its own after each. The
 * seventh has a system turn; the others put that text in front of the user's (the third in
 * front of the last user turn, we of the first, so that what was said stays as it was).
 */
#include <stddef.h>

#include "scoring/prompts/templates/template.h"

#define FORM                                                                                   \
    .starts_with_bos = true, .needs_user = true, .context_close = "\n\n",                      \
    .assistant_close = "{eos}"

static const struct prompt_template v7 = {
    .name = "mistral-v7",
    .exact_marks = { "[INST]", "[SYSTEM_PROMPT]" },
    .controls = { "[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]" },
    .needs_controls = true,
    FORM,
    .system_open = "[SYSTEM_PROMPT]",
    .system_close = "[/SYSTEM_PROMPT]",
    .user_open = "[INST]",
    .user_close = "[/INST]",
};

static const struct prompt_template v3 = {
    .name = "mistral-v3",
    .exact_marks = { "[INST]", "[AVAILABLE_TOOLS]" },
    .lacks = { "[SYSTEM_PROMPT]" },
    .controls = { "[INST]", "[/INST]" },
    .needs_controls = true,
    FORM,
    .system_in_user = true,
    .system_close = "\n\n",
    .user_open = "[INST]",
    .user_close = "[/INST]",
};

#define FORM_V1                                                                                \
    FORM, .system_in_user = true, .system_close = "\n\n", .user_open = "[INST] ",              \
          .user_close = " [/INST]"

static const struct prompt_template v1 = {
    .name = "mistral",
    .marks = { "''+message['content']+eos_token" },
    .exact_marks = { "[INST]", "[/INST]" },
    .lacks = { "<<SYS>>", "[AVAILABLE_TOOLS]", "[SYSTEM_PROMPT]" },
    FORM_V1,
    .assistant_lead = " ",
};

/* The first version as its file had it at first: no blank before an answer. */
static const struct prompt_template v1_tight = {
    .name = "mistral-tight",
    .marks = { "{{message['content']+eos_token" },
    .exact_marks = { "[INST]", "[/INST]" },
    .lacks = { "<<SYS>>", "[AVAILABLE_TOOLS]", "[SYSTEM_PROMPT]" },
    FORM_V1,
};

static const struct prompt_template *const forms[] = { &v7, &v3, &v1, &v1_tight, NULL };

const struct template_family template_family_mistral = { .name = "mistral", .forms = forms };
