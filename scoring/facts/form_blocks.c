/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "scoring/facts/form.h"
#include "scoring/facts/measurer.h"

struct slice form_response(const struct measured_sample *sample)
{
    if (sample->response_turn < 0)
        return slice_of(NULL, 0);
    return sample->turns[sample->response_turn].content;
}

bool form_fail(struct form_result *result, const char *kind, struct slice place)
{
    if (!result->kind) {
        result->kind = kind;
        result->place = place;
    }
    return false;
}

bool form_in_list(const char *list, struct slice name)
{
    char word[24] = " ";

    if (name.len == 0 || name.len > sizeof word - 3)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.ptr[i];

        word[i + 1] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    word[name.len + 1] = ' ';
    word[name.len + 2] = '\0';
    return strstr(list, word) != NULL;
}

bool form_line_next(struct slice text, size_t *pos, struct slice *line)
{
    if (*pos >= text.len)
        return false;
    const char *begin = text.ptr + *pos;
    const char *end = memchr(begin, '\n', text.len - *pos);
    const size_t len = end ? (size_t)(end - begin) : text.len - *pos;

    *pos += len + (end != NULL);
    *line = slice_of(begin, len > 0 && begin[len - 1] == '\r' ? len - 1 : len);
    return true;
}

static bool is_form_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Skip blanks and the marks of quotes. */
static size_t skip_quote_marks(struct slice line, size_t i)
{
    while (i < line.len && (is_form_blank(line.ptr[i]) || line.ptr[i] == '>'))
        i++;
    return i;
}

/* Skip the mark of a list item and the blanks behind it. */
static size_t skip_list_mark(struct slice line, size_t first)
{
    size_t i = first;

    if (i < line.len && memchr("-*+", line.ptr[i], 3)) {
        i++;
    } else {
        while (i < line.len && i < first + 9 && line.ptr[i] >= '0' && line.ptr[i] <= '9')
            i++;
        if (i == first || i == line.len || !memchr(".)", line.ptr[i], 2))
            return first;
        i++;
    }
    return i < line.len && is_form_blank(line.ptr[i]) ? skip_quote_marks(line, i) : first;
}

/* The number of equal fence characters at i; 0 if there are less than three. */
static size_t count_fence(struct slice line, size_t i)
{
    size_t end = i;

    if (i == line.len || (line.ptr[i] != '`' && line.ptr[i] != '~'))
        return 0;
    while (end < line.len && line.ptr[end] == line.ptr[i])
        end++;
    return end - i >= 3 ? end - i : 0;
}

/* Set mark and n if the line opens a block. Backticks behind the fence make it inline code. */
static bool opens_fence(struct slice line, struct form_block *out, char *mark, size_t *n)
{
    size_t i = skip_quote_marks(line, 0);

    i = skip_list_mark(line, i);
    *n = count_fence(line, i);
    if (*n == 0)
        return false;
    *mark = line.ptr[i];
    const struct slice info = slice_trim(form_cut(line, i + *n, line.len));
    if (*mark == '`' && info.len > 0 && memchr(info.ptr, '`', info.len))
        return false;
    size_t len = 0;
    while (len < info.len && !memchr(" \t{,:", info.ptr[len], 5))
        len++;
    out->language = slice_of(info.ptr, len);
    out->opening = form_cut(line, i, line.len);
    return true;
}

static bool closes_fence(struct slice line, char mark, size_t n)
{
    const size_t i = skip_quote_marks(line, 0);
    const size_t found = count_fence(line, i);

    return found >= n && line.ptr[i] == mark &&
           slice_is_blank(form_cut(line, i + found, line.len));
}

bool form_block_next(struct slice text, size_t *pos, struct form_block *out)
{
    const size_t first = *pos;
    struct slice line;
    size_t next = first;
    size_t n = 0;
    char mark = 0;

    *out = (struct form_block){ .is_code = false };
    if (first >= text.len)
        return false;
    while (form_line_next(text, &next, &line)) {
        if (opens_fence(line, out, &mark, &n)) {
            const size_t line_at = (size_t)(line.ptr - text.ptr);

            if (line_at == first)
                out->is_code = true;
            else
                next = line_at;
            break;
        }
    }
    *pos = next;
    if (!out->is_code) {
        *out = (struct form_block){ .text = form_cut(text, first, next) };
        return true;
    }
    while (form_line_next(text, &next, &line)) {
        out->is_closed = closes_fence(line, mark, n);
        if (out->is_closed)
            break;
    }
    const size_t end = out->is_closed ? (size_t)(line.ptr - text.ptr) : text.len;
    out->text = form_cut(text, *pos, end);
    *pos = next;
    return true;
}
