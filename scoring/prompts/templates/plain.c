/* SPDX-License-Identifier: Apache-2.0 */
/* For models without a chat format: the prompt of GATEAU (arXiv 2410.15633). */
#include <stddef.h>

#include "scoring/prompts/templates/template.h"

static const struct prompt_template plain = {
    .name = "plain",
    .needs_user = true,
    .system_close = "\n\n",
    .context_place = CONTEXT_BEFORE_TURN,
    .context_open = "### Input: ",
    .context_close = "\n\n",
    .user_open = "### Instruction: ",
    .user_close = "\n\n### Response: ",
    .assistant_close = "\n\n",
};

static const struct prompt_template *const forms[] = { &plain, NULL };

const struct template_family template_family_plain = { .name = "plain", .forms = forms };
