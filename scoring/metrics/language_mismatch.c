/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the response is written in another language than the question. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/text/language.h"
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

enum { FENCE_MIN = 3, FENCE_INDENT_MAX = 3 };

/* How many of the same '`' or '~' a line begins with, 0 when they are no fence; where they
 * end. */
static size_t fence_of(struct slice line, size_t *end)
{
    size_t i = 0;

    while (i < line.len && i < FENCE_INDENT_MAX && line.ptr[i] == ' ')
        i++;
    const size_t start = i;
    if (i < line.len && (line.ptr[i] == '`' || line.ptr[i] == '~'))
        while (i < line.len && line.ptr[i] == line.ptr[start])
            i++;
    *end = i;
    return i - start >= FENCE_MIN ? i - start : 0;
}

/* Append the text without its fenced code (of CommonMark; one that is left open goes on to the
 * end). Its language would be that of the names in it. */
static int add_prose(struct slice text, struct buf *out, struct error *err)
{
    size_t open_len = 0, end;
    char open_mark = 0;

    for (size_t i = 0, len; i < text.len; i += len) {
        const char *feed = memchr(text.ptr + i, '\n', text.len - i);

        len = feed ? (size_t)(feed - (text.ptr + i)) + 1 : text.len - i;
        const struct slice line = slice_of(text.ptr + i, len);
        const size_t n = fence_of(line, &end);
        const struct slice rest = slice_of(line.ptr + end, line.len - end);
        if (open_len == 0) {
            if (n > 0 && !(line.ptr[end - 1] == '`' && memchr(rest.ptr, '`', rest.len))) {
                open_len = n;
                open_mark = line.ptr[end - 1];
            } else if (buf_add_slice(out, line, err) < 0) {
                return -1;
            }
        } else if (n >= open_len && line.ptr[end - 1] == open_mark && slice_is_blank(rest)) {
            open_len = 0;
        }
    }
    return 0;
}

/* Texts of a few words can pass for a language next to theirs. What stays what it is even when
 * the other's language is the likely one is certain. */
static int compare(struct slice instruction, struct slice response, struct score *out,
                   struct error *err)
{
    const char *asked, *answered, *asked_again, *answered_again;

    if (language_identify(instruction, NULL, &asked, err) < 0 ||
        language_identify(response, NULL, &answered, err) < 0)
        return -1;
    out->n_tokens = (int64_t)language_letters(response);
    if (!asked) {
        out->reason = "instruction_language_unknown";
    } else if (!answered) {
        out->reason = "response_language_unknown";
    } else if (!language_same(asked, answered)) {
        if (language_identify(instruction, answered, &asked_again, err) < 0 ||
            language_identify(response, asked, &answered_again, err) < 0)
            return -1;
        if (asked_again && answered_again && language_same(asked, asked_again) &&
            language_same(answered, answered_again))
            out->value = 1;
        else
            out->reason = "languages_alike";
    }
    return 0;
}

static int measure_language_mismatch(const struct observed_text *text, struct score *out,
                                     struct error *err)
{
    struct buf instruction, response;
    int rc = -1;

    if (slice_is_blank(text->instruction)) {
        out->reason = "no_instruction";
        return 0;
    }
    buf_init(&instruction, SIZE_MAX / 2);
    buf_init(&response, SIZE_MAX / 2);
    if (add_prose(text->instruction, &instruction, err) == 0 &&
        add_prose(text->response, &response, err) == 0)
        rc = compare(buf_slice(&instruction), buf_slice(&response), out, err);
    buf_release(&instruction);
    buf_release(&response);
    return rc;
}

const struct scorer scorer_language_mismatch = {
    .name = "language_mismatch",
    .version = 1,
    .unit = "share",
    .better = BETTER_LOWER,
    .about = ABOUT_RESPONSE,
    .summary = "1 where the response is in another language than the question, else 0",
    .measure = measure_language_mismatch,
};
