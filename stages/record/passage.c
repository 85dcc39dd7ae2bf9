/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/record/passage.h"

enum {
    TITLE_BYTES = 60
}; /* a part without a mark that is no rival: a title, the end of code */

/* Where two parts of a text are separated: the first ends at `end`, the second begins at
 * `start`. */
struct part_break {
    size_t end;
    size_t start;
};

/* How much the end of a text looks like that of a question. */
enum asks { ASKS_NOTHING, ASKS_PLAINLY, ASKS_COLON, ASKS_MARK };

/* The newlines (LF or CR LF) that end at byte `end`; sets *start to where they begin. */
static size_t newlines_before(struct slice text, size_t end, size_t *start)
{
    size_t n = 0;

    while (end > 0 && text.ptr[end - 1] == '\n') {
        end -= end > 1 && text.ptr[end - 2] == '\r' ? 2 : 1;
        n++;
    }
    *start = end;
    return n;
}

/* Find the last or the first place with so many newlines between two parts that are not blank.
 * The text is trimmed. */
static bool find_break(struct slice text, size_t n_newlines, bool last, struct part_break *out)
{
    for (size_t i = 1; i < text.len; i++) {
        const size_t at = last ? text.len - i : i;

        if (text.ptr[at - 1] != '\n' || text.ptr[at] == '\n' || text.ptr[at] == '\r')
            continue;
        out->start = at;
        if (newlines_before(text, at, &out->end) >= n_newlines)
            return true;
    }
    return false;
}

static bool passage_ends_with(struct slice text, const char *end)
{
    const size_t n = strlen(end);

    return text.len >= n && memcmp(text.ptr + text.len - n, end, n) == 0;
}

/* Marks of Latin, Chinese, Arabic, Devanagari and Armenian. */
static enum asks how_it_asks(struct slice text)
{
    static const char *const closing[] = {
        "\"", "'", ")", "]", "*", "\xe2\x80\x9d", "\xe2\x80\x99", "\xc2\xbb", "\xe3\x80\x8d"
    };
    static const struct {
        const char *mark;
        enum asks how;
    } marks[] = {
        { "?", ASKS_MARK },
        { "\xef\xbc\x9f", ASKS_MARK },
        { "\xd8\x9f", ASKS_MARK },
        { "\xd5\x9e", ASKS_MARK },
        { ":", ASKS_COLON },
        { "\xef\xbc\x9a", ASKS_COLON },
        { ".", ASKS_PLAINLY },
        { "!", ASKS_PLAINLY },
        { "\xe3\x80\x82", ASKS_PLAINLY },
        { "\xef\xbc\x81", ASKS_PLAINLY },
        { "\xe0\xa5\xa4", ASKS_PLAINLY },
    };
    bool again = true;

    while (again) {
        again = false;
        for (size_t i = 0; i < sizeof closing / sizeof closing[0]; i++)
            if (passage_ends_with(text, closing[i])) {
                text.len -= strlen(closing[i]);
                again = true;
            }
    }
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (passage_ends_with(text, marks[i].mark))
            return marks[i].how;
    return ASKS_NOTHING;
}

/* The part at one end of the text, and the rest. */
struct end_part {
    struct slice text;
    struct slice rest;
    bool can_ask; /* it is short enough for a question, and the rest is long */
    enum asks asks;
};

static void look_at_end(struct end_part *part)
{
    part->can_ask = part->text.len <= PASSAGE_QUESTION_BYTES &&
                    slice_trim(part->rest).len >= PASSAGE_LEAST_BYTES;
    part->asks = how_it_asks(slice_trim(part->text));
    if (!part->can_ask && part->asks > ASKS_PLAINLY)
        part->asks = ASKS_PLAINLY; /* a question somewhere in the passage */
}

/* Is this part the question, and the other one a part of the passage? */
static bool is_question(const struct end_part *part, const struct end_part *other, bool is_last)
{
    if (!part->can_ask || part->asks == ASKS_NOTHING)
        return false;
    if (part->asks > ASKS_PLAINLY)
        return part->asks > other->asks || (part->asks == other->asks && is_last);
    if (other->asks == ASKS_NOTHING && other->text.len <= TITLE_BYTES)
        return true;
    return part->asks >= other->asks && part->text.len * 2 <= other->text.len;
}

/* Cut the first and the last part off a text. Returns false when it has only one. */
static bool cut_ends(struct slice text, size_t n_newlines, struct end_part *first,
                     struct end_part *last)
{
    const struct slice whole = slice_trim(text);
    const char *const end = text.ptr + text.len;
    struct part_break head;
    struct part_break tail;

    if (!find_break(whole, n_newlines, false, &head) ||
        !find_break(whole, n_newlines, true, &tail))
        return false;
    first->text = slice_of(text.ptr, (size_t)(whole.ptr - text.ptr) + head.end);
    first->rest = slice_of(whole.ptr + head.start, (size_t)(end - whole.ptr) - head.start);
    last->text = slice_of(whole.ptr + tail.start, (size_t)(end - whole.ptr) - tail.start);
    last->rest = slice_of(text.ptr, (size_t)(whole.ptr - text.ptr) + tail.end);
    look_at_end(first);
    look_at_end(last);
    return true;
}

bool passage_find(struct slice text, struct passage *out)
{
    static const char *const names[2][2] = { { "first-line", "first-paragraph" },
                                             { "last-line", "last-paragraph" } };
    struct end_part first;
    struct end_part last;

    if (text.len < PASSAGE_LEAST_BYTES)
        return false;
    const bool has_paragraphs = cut_ends(text, 2, &first, &last);
    if (!has_paragraphs && !cut_ends(text, 1, &first, &last))
        return false;
    const bool is_last = is_question(&last, &first, true);
    if (!is_last && !is_question(&first, &last, false))
        return false;
    out->question = is_last ? last.text : first.text;
    out->context = is_last ? last.rest : first.rest;
    out->split = names[is_last][has_paragraphs];
    return true;
}

bool passage_is_last(struct slice split)
{
    return slice_equal(split, slice_text("first-paragraph")) ||
           slice_equal(split, slice_text("first-line")) ||
           slice_equal(split, slice_text("marked-last"));
}

bool passage_part_input(struct slice split, struct slice text, struct slice *instruction,
                        struct slice *input)
{
    static const char word[] = INPUT_JOINED " ";
    const size_t len = sizeof word - 1;
    size_t at = 0;

    if (split.len <= len || memcmp(split.ptr, word, len) != 0)
        return false;
    for (size_t i = len; i < split.len; i++) {
        if (split.ptr[i] < '0' || split.ptr[i] > '9' || at > text.len)
            return false;
        at = 10 * at + (size_t)(split.ptr[i] - '0');
    }
    if (at == 0 || at + 1 >= text.len || text.ptr[at] != '\n')
        return false;
    *instruction = slice_of(text.ptr, at);
    *input = slice_of(text.ptr + at + 1, text.len - at - 1);
    return true;
}
