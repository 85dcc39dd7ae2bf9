/* SPDX-License-Identifier: Apache-2.0 */
#include "base/chat/thought.h"

#include <string.h>

static const struct {
    const char *open, *close;
} thought_marks[] = {
    { "<think>", "</think>" },
    { "<thinking>", "</thinking>" },
    { "<thought>", "</thought>" },
    { "<reasoning>", "</reasoning>" },
    { "<|begin_of_thought|>", "<|end_of_thought|>" },
};

enum { N_THOUGHT_MARKS = sizeof thought_marks / sizeof thought_marks[0] };

static const char solution_begins[] = "<|begin_of_solution|>";
static const char solution_ends[] = "<|end_of_solution|>";

static bool is_newline(char c)
{
    return c == '\n' || c == '\r';
}

bool thought_is_key(struct slice name)
{
    static const char *const keys[] = { "reasoning_content", "reasoning", "thinking",
                                        "thought" };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (slice_equal(name, slice_text(keys[i])))
            return true;
    return false;
}

struct slice thought_trim(struct slice text)
{
    while (text.len > 0 && is_newline(text.ptr[0]))
        text = slice_of(text.ptr + 1, text.len - 1);
    while (text.len > 0 && is_newline(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

static struct slice skip_newlines(struct slice text)
{
    while (text.len > 0 && is_newline(text.ptr[0]))
        text = slice_of(text.ptr + 1, text.len - 1);
    return text;
}

static bool starts_with_mark(struct slice text, const char *mark)
{
    const size_t n = strlen(mark);

    return text.len >= n && memcmp(text.ptr, mark, n) == 0;
}

/* The text without the marks of a solution, if they are around all of it. */
static struct slice drop_solution_marks(struct slice text)
{
    const size_t begin = sizeof solution_begins - 1;
    const size_t end = sizeof solution_ends - 1;
    const struct slice inner = thought_trim(slice_trim_start(text));

    if (!starts_with_mark(inner, solution_begins) || inner.len < begin + end ||
        memcmp(inner.ptr + inner.len - end, solution_ends, end) != 0)
        return text;
    return thought_trim(slice_of(inner.ptr + begin, inner.len - begin - end));
}

static void split_at(struct slice text, const char *close, size_t close_len,
                     struct slice *thought, struct slice *rest)
{
    const char *after = close + close_len;

    *thought = thought_trim(slice_of(text.ptr, (size_t)(close - text.ptr)));
    *rest = skip_newlines(slice_of(after, (size_t)(text.ptr + text.len - after)));
}

/* Split at the first line that is only the closing tag, if no opening tag is before it: the
 * template wrote that. Searches for '<', which is rare, because most answers have no thought.
 */
static bool split_unopened(struct slice text, struct slice *thought, struct slice *rest)
{
    static const char close[] = "\n</think>\n";
    const char *end = text.len > 0 ? text.ptr + text.len : NULL;
    const char *at = end ? memchr(text.ptr, '<', text.len) : NULL;

    for (; at; at = memchr(at + 1, '<', (size_t)(end - at) - 1)) {
        const struct slice left = slice_of(at, (size_t)(end - at));

        if (starts_with_mark(left, thought_marks[0].open))
            return false;
        if (at > text.ptr && at[-1] == '\n' && starts_with_mark(left, close + 1)) {
            split_at(text, at - 1, sizeof close - 1, thought, rest);
            return true;
        }
    }
    return false;
}

bool thought_split(struct slice text, struct slice *thought, struct slice *rest)
{
    const struct slice body = slice_trim_start(text);
    size_t i = 0;

    if (body.len == 0 || body.ptr[0] != '<')
        return split_unopened(text, thought, rest);
    while (i < N_THOUGHT_MARKS && !starts_with_mark(body, thought_marks[i].open))
        i++;
    if (i == N_THOUGHT_MARKS)
        return split_unopened(text, thought, rest);
    const size_t open = strlen(thought_marks[i].open);
    const size_t close = strlen(thought_marks[i].close);
    const struct slice inner = slice_of(body.ptr + open, body.len - open);
    const char *at = memmem(inner.ptr, inner.len, thought_marks[i].close, close);
    if (!at)
        return false;
    split_at(inner, at, close, thought, rest);
    if (i == N_THOUGHT_MARKS - 1)
        *rest = drop_solution_marks(*rest);
    return true;
}
