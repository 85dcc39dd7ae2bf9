/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/record/chat_style.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/json/json.h"
#include "stages/record/roles.h"

const struct chat_style chat_openai = {
    .list_key = "messages",
    .role_key = "role",
    .text_key = "content",
    .trained_key = "weight",
    .trained_is_number = true,
    .words = { "user", "assistant", "system", "tool" },
    .system_is_message = true,
    .has_parts = true,
};
const struct chat_style chat_sharegpt = {
    .list_key = "conversations",
    .role_key = "from",
    .text_key = "value",
    .trained_key = "train",
    .words = { "human", "gpt", "system", "observation" },
    .system_is_message = false,
    .calls_are_text = true,
    .thoughts_are_text = true,
    .tools_are_text = true,
};

const char chat_call_word[] = "function_call";

const char *chat_word(const struct chat_style *style, struct slice role)
{
    return slice_equal(role, role_user)        ? style->words.user
           : slice_equal(role, role_assistant) ? style->words.assistant
           : slice_equal(role, role_system)    ? style->words.system
           : slice_equal(role, role_tool)      ? style->words.tool
                                               : NULL;
}

static const char *const user_words[] = { "user",  "human",    "prompter", "customer",
                                          "input", "question", "inquirer", NULL };
static const char *const assistant_words[] = { "assistant", "gpt",    "chatgpt", "bard",
                                               "bing",      "model",  "ai",      "bot",
                                               "agent",     "output", "answer",  "response",
                                               "claude",    "llm",    NULL };
static const char *const system_words[] = { "system", "developer", NULL };
static const char *const tool_words[] = {
    "tool",        "function",          "observation",     "tool_response", "tool_result",
    "tool_output", "function_response", "function_result", "ipython",       "environment",
    NULL
};
static const char *const call_words[] = { chat_call_word, "tool_call", "tool_caller",
                                          "tool_calls", NULL };

/* Is it one of the words, whatever the case of its letters, with "-" or " " for "_"? */
static bool is_role_word(struct slice word, const char *const *words)
{
    for (; *words; words++) {
        size_t i = 0;

        while (i < word.len && (*words)[i] &&
               ((*words)[i] == '_' ? strchr("_- ", word.ptr[i]) != NULL && word.ptr[i]
                                   : tolower((unsigned char)word.ptr[i]) == (*words)[i]))
            i++;
        if (i == word.len && !(*words)[i])
            return true;
    }
    return false;
}

/* Is it the name of a model, as "GPT-4" or "gpt4"? */
static bool is_model(struct slice word)
{
    return word.len > 3 && strncasecmp(word.ptr, "gpt", 3) == 0 &&
           (word.ptr[3] == '-' || isdigit((unsigned char)word.ptr[3]));
}

struct slice chat_role_of(struct slice word)
{
    word = slice_trim(word);
    return is_role_word(word, user_words)                          ? role_user
           : is_role_word(word, assistant_words) || is_model(word) ? role_assistant
           : chat_is_call(word)                                    ? role_assistant
           : is_role_word(word, system_words)                      ? role_system
           : is_role_word(word, tool_words)                        ? role_tool
                                                                   : slice_of(NULL, 0);
}

bool chat_is_call(struct slice word)
{
    return is_role_word(slice_trim(word), call_words);
}

bool chat_has_calls(const struct json_value *message)
{
    const struct json_value *calls = json_get(message, "tool_calls");

    return json_count(calls) > 0 || json_text(calls).len > 0 ||
           json_type(json_get(message, chat_call_word)) == JSON_OBJECT;
}
