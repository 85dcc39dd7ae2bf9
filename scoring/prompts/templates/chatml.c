/* SPDX-License-Identifier: Apache-2.0 */
/* ChatML: Qwen, Yi, SmolLM and many others. Some files have a default system text. */
#include <stddef.h>

#include "scoring/prompts/templates/template.h"

#define HEAD(role) "<|im_start|>" role "\n"
#define FORM                                                                                   \
    .controls = { "<|im_start|>", "<|im_end|>" }, .needs_controls = true,                      \
    .system_from_file = true, .system_open = HEAD("system"), .system_close = "<|im_end|>\n",   \
    .context_close = "\n\n", .user_open = HEAD("user"), .user_close = "<|im_end|>\n",          \
    .tool_open = HEAD("tool"), .tool_close = "<|im_end|>\n",                                   \
    .assistant_open = HEAD("assistant"), .assistant_close = "<|im_end|>\n"

/* Qwen2.5 and Qwen3. Qwen2.5 always has a system text in front of the tools. */
static const struct tool_form qwen_tools = {
    .marks = { "You may call one or more functions to assist with the user query.",
               "<tools></tools> XML tags", "<tool_call></tool_call> XML tags",
               "<tool_response>" },
    .place = TOOLS_IN_SYSTEM,
    .after_system = "\n\n",
    .open = "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
            "You are provided with function signatures within <tools></tools> XML tags:\n"
            "<tools>",
    .before_tool = "\n",
    .close = "\n</tools>\n\nFor each function call, return a json object with function name "
             "and arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n"
             "{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call>",
    .after_text = "\n",
    .call_open = "<tool_call>\n{\"name\": \"",
    .call_arguments = "\", \"arguments\": ",
    .call_close = "}\n</tool_call>",
    .between_calls = "\n",
    .results_open = "<|im_start|>user",
    .results_close = "<|im_end|>\n",
    .result_open = "\n<tool_response>\n",
    .result_close = "\n</tool_response>",
};

/* Qwen3: the last response begins with the model's thoughts, which may be empty. */
static const struct prompt_template qwen3 = {
    .name = "qwen3",
    .exact_marks = { "<|im_start|>", "<|im_end|>", "\\n</think>\\n\\n' + content",
                     "multi_step_tool" },
    .lacks = { "processed_content" }, /* MiniCPM5 does not write empty thoughts */
    FORM,
    .response_open = HEAD("assistant") "<think>\n\n</think>\n\n",
    .response_open_unless = "</think>",
    .forgets_thoughts = true,
    .tools = &qwen_tools,
};

static const struct prompt_template chatml = {
    .name = "chatml",
    .exact_marks = { "<|im_start|>", "<|im_end|>" },
    .lacks = { "<|im_sep|>",                  /* Phi-4 ends its headers with this */
               "multi_step_tool",             /* Qwen3, above */
               "<think></think>",             /* Nemotron 3 writes it before every response */
               "## Metadata",                 /* SmolLM3 generates its system turn */
               "function calling AI model" }, /* Hermes' templates for tools */
    FORM,
    .tools = &qwen_tools,
    .tools_from_file = true,
};

static const struct prompt_template *const forms[] = { &qwen3, &chatml, NULL };

const struct template_family template_family_chatml = { .name = "chatml", .forms = forms };
