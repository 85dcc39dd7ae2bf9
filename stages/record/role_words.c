/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/record/role_words.h"

#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/option.h"
#include "stages/record/roles.h"

static bool is_same_word(struct slice a, struct slice b)
{
    return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

/* The role of this name; ptr NULL when there is none. */
static struct slice role_named(struct slice name)
{
    const struct slice roles[] = { role_user, role_assistant, role_system, role_tool };

    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (is_same_word(roles[i], name))
            return roles[i];
    return slice_of(NULL, 0);
}

static int add_role_word(const char *text, struct role_words *out, struct error *err)
{
    const char *equals = strrchr(text, '=');

    if (!equals)
        return error_set(err, ERR_USAGE,
                         "--role %s: write NAME=ROLE, such as narrator=assistant", text);
    const struct slice word = slice_trim(slice_of(text, (size_t)(equals - text)));
    const struct slice role = role_named(slice_trim(slice_text(equals + 1)));
    if (word.len == 0)
        return error_set(err, ERR_USAGE, "--role %s: the word before the = is missing", text);
    if (!role.ptr)
        return error_set(err, ERR_USAGE,
                         "--role %s: the role must be user, assistant, system or tool", text);
    if (role_words_find(out, word).ptr)
        return error_set(err, ERR_USAGE, "--role %s: the word is given twice", text);
    if (out->n == ROLE_WORDS_MAX)
        return error_set(err, ERR_USAGE, "--role can be given at most %d times",
                         ROLE_WORDS_MAX);
    out->items[out->n++] = (struct role_word){ .word = word, .role = role };
    return 0;
}

int role_words_make(const struct text_list *list, struct role_words *out, struct error *err)
{
    out->n = 0;
    for (unsigned i = 0; i < list->n; i++)
        if (add_role_word(list->items[i], out, err) < 0)
            return -1;
    return 0;
}

struct slice role_words_find(const struct role_words *words, struct slice word)
{
    word = slice_trim(word);
    for (size_t i = 0; i < words->n; i++)
        if (is_same_word(words->items[i].word, word))
            return words->items[i].role;
    return slice_of(NULL, 0);
}
