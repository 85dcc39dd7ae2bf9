/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/record/verdict.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/json/json.h"

static bool is_verdict_word(struct slice text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.ptr, word, text.len) == 0;
}

int verdict_of(struct slice name, const struct json_value *value)
{
    static const char *const names[] = { "label", "kto_tag", "score", "rating", "reward" };
    const struct slice text = json_text(value);
    bool truth = false;
    size_t i = 0;

    while (i < sizeof names / sizeof names[0] && !is_verdict_word(name, names[i]))
        i++;
    if (i == sizeof names / sizeof names[0])
        return -1;
    if (json_bool(value, &truth))
        return truth;
    return is_verdict_word(text, "true") ? 1 : is_verdict_word(text, "false") ? 0 : -1;
}
