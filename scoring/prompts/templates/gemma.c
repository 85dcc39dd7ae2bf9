/* SPDX-License-Identifier: Apache-2.0 */
/* Gemma 1 to 3, from their model cards. There is no system role. Gemma 3 writes a system text
 * at the start of the first user turn. Gemma 1 and 2 reject it; here it is written as for
 * Gemma 3. */
#include <stddef.h>

#include "scoring/prompts/templates/template.h"

static const struct prompt_template gemma = {
    .name = "gemma",
    .exact_marks = { "<start_of_turn>", "<end_of_turn>" },
    .controls = { "<start_of_turn>", "<end_of_turn>" },
    .needs_controls = true,
    .starts_with_bos = true,
    .trims = true,
    .needs_user = true,
    .system_in_user = true,
    .system_close = "\n\n",
    .context_close = "\n\n",
    .user_open = "<start_of_turn>user\n",
    .user_close = "<end_of_turn>\n",
    .assistant_open = "<start_of_turn>model\n",
    .assistant_close = "<end_of_turn>\n",
};

static const struct prompt_template *const forms[] = { &gemma, NULL };

const struct template_family template_family_gemma = { .name = "gemma", .forms = forms };
