/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mistral and Mixtral. In version 1 the brackets are text. From version 3 on they are tokens
 * without spaces around them; a SentencePiece vocabulary adds its own space after each. Version
 * 7 has a system turn. The other versions write the system text before the user's text: version
 * 3 in the last user turn, this program always in the first, so that the ids of earlier turns
 * do not change with the number of turns.
 */
#include <stddef.h>

#include "scoring/prompts/templates/template.h"

#define FORM                                                                                   \
    .starts_with_bos = true, .needs_user = true, .context_close = "\n\n",                      \
    .assistant_close = "{eos}"

/* Version 3: the tools stand before the last user turn. A turn with calls has no text, and the
 * ids of calls have nine characters. */
static const struct tool_form v3_tools = {
    .marks = { "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]", "[TOOL_RESULTS]",
               "call_id" },
    .controls = { "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]", "[TOOL_RESULTS]",
                  "[/TOOL_RESULTS]" },
    .place = TOOLS_BEFORE_LAST_USER,
    .open = "[AVAILABLE_TOOLS][",
    .between_tools = ", ",
    .close = "][/AVAILABLE_TOOLS]",
    .only_calls = true,
    .calls_open = "[TOOL_CALLS][",
    .call_open = "{\"name\": \"",
    .call_arguments = "\", \"arguments\": ",
    .call_id = ", \"id\": \"",
    .call_close = "\"}",
    .between_calls = ", ",
    .calls_close = "]",
    .id_len = 9,
    .result_open = "[TOOL_RESULTS]{\"content\": ",
    .result_id = ", \"call_id\": \"",
    .result_close = "\"}[/TOOL_RESULTS]",
};

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
    .tools = &v3_tools,
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

/* Version 1 as first published: no space before a response. */
static const struct prompt_template v1_tight = {
    .name = "mistral-tight",
    .marks = { "{{message['content']+eos_token" },
    .exact_marks = { "[INST]", "[/INST]" },
    .lacks = { "<<SYS>>", "[AVAILABLE_TOOLS]", "[SYSTEM_PROMPT]" },
    FORM_V1,
};

static const struct prompt_template *const forms[] = { &v7, &v3, &v1, &v1_tight, NULL };

const struct template_family template_family_mistral = { .name = "mistral", .forms = forms };
