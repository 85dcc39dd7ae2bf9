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

#define DATES "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"

/* Llama 3.1 to 3.3: tools in the first user turn, one call in a turn, and no text beside it. A
 * result is written as a JSON string, even if it is JSON. */
static const struct tool_form llama3_tools = {
    .marks = { "Environment: ipython",
               "Given the following functions, please respond with a JSON for a function call",
               "\"parameters\": ", "<|start_header_id|>ipython<|end_header_id|>" },
    .place = TOOLS_IN_FIRST_USER,
    .system_open = HEAD("system") "Environment: ipython\n" DATES,
    .open = "Given the following functions, please respond with a JSON for a function call "
            "with its proper arguments that best answers the given prompt.\n\n"
            "Respond in the format {\"name\": function name, \"parameters\": dictionary of "
            "argument name and its value}.Do not use variables.\n\n",
    .after_tool = "\n\n",
    .indent = 4,
    .max_calls = 1,
    .only_calls = true,
    .call_open = "{\"name\": \"",
    .call_arguments = "\", \"parameters\": ",
    .call_close = "}",
    .result_open = HEAD("ipython"),
    .result_close = "<|eot_id|>",
    .quotes_results = true,
};

static const struct prompt_template llama3_1 = {
    .name = "llama3.1",
    .exact_marks = { "<|start_header_id|>", "<|eot_id|>", "Cutting Knowledge Date",
                     "Today Date: " },
    FORM,
    .default_system = "",
    .system_open = HEAD("system") DATES,
    .tools = &llama3_tools,
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
