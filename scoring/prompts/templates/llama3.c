/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Llama 3, from its model card. From 3.1 on, a system turn with two dates always begins the
 * dialogue. Today's date is the published template's default, because a score must not depend
 * on the day when it was computed.
 */
#include <stddef.h>

#include "scoring/prompts/templates/template.h"

#define HEAD(role) "<|start_header_id|>" role "<|end_header_id|>\n\n"
#define FORM                                                                                   \
    .controls = { "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>" },                  \
    .needs_controls = true, .starts_with_bos = true, .trims = true,                            \
    .system_close = "<|eot_id|>", .context_close = "\n\n", .user_open = HEAD("user"),          \
    .user_close = "<|eot_id|>", .tool_open = HEAD("ipython"), .tool_close = "<|eot_id|>",      \
    .assistant_open = HEAD("assistant"), .assistant_close = "<|eot_id|>"

static const struct prompt_template llama3_1 = {
    .name = "llama3.1",
    .exact_marks = { "<|start_header_id|>", "<|eot_id|>", "Cutting Knowledge Date",
                     "Today Date: " },
    FORM,
    .default_system = "",
    .system_open =
        HEAD("system") "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n",
};

static const struct prompt_template llama3 = {
    .name = "llama3",
    .exact_marks = { "<|start_header_id|>", "<|eot_id|>" },
    .lacks = { "Cutting Knowledge Date", "functions" },
    FORM,
    .system_open = HEAD("system"),
};

static const struct prompt_template *const forms[] = { &llama3_1, &llama3, NULL };

const struct template_family template_family_llama3 = { .name = "llama3", .forms = forms };
