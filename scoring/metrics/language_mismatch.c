/* SPDX-License-Identifier: Apache-2.0 */
/* True (1) if the response is written in another language than the instruction. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/text/language.h"
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

enum { FENCE_MIN = 3, FENCE_INDENT_MAX = 3 };

/* The length of the code fence ('`' or '~') at the start of the line, 0 when there is none.
 * *end is where the run of these characters ends. */
static size_t fence_length(struct slice line, size_t *end)
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

/* Append the text without its fenced code blocks: identifiers in code would be mistaken for a
 * language. Fences are CommonMark's; an open fence reaches to the end of the text. */
static int add_prose(struct slice text, struct buf *out, struct error *err)
{
    size_t open_len = 0, end;
    char open_mark = 0;

    for (size_t i = 0, len; i < text.len; i += len) {
        const char *feed = memchr(text.ptr + i, '\n', text.len - i);

        len = feed ? (size_t)(feed - (text.ptr + i)) + 1 : text.len - i;
        const struct slice line = slice_of(text.ptr + i, len);
        const size_t n = fence_length(line, &end);
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

/* A text of a few words can be mistaken for a closely related language. So each text is
 * identified a second time with the other text's language as the hint; the difference counts if
 * both results stay the same. */
static int compare_languages(struct slice instruction, struct slice response, struct score *out,
                             struct error *err)
{
    const char *instruction_code, *response_code, *instruction_hinted, *response_hinted;

    if (language_identify(instruction, NULL, &instruction_code, err) < 0 ||
        language_identify(response, NULL, &response_code, err) < 0)
        return -1;
    out->n_tokens = (int64_t)language_letters(response);
    if (!instruction_code) {
        out->reason = "instruction_language_unknown";
    } else if (!response_code) {
        out->reason = "response_language_unknown";
    } else if (!language_same(instruction_code, response_code)) {
        if (language_identify(instruction, response_code, &instruction_hinted, err) < 0 ||
            language_identify(response, instruction_code, &response_hinted, err) < 0)
            return -1;
        if (instruction_hinted && response_hinted &&
            language_same(instruction_code, instruction_hinted) &&
            language_same(response_code, response_hinted))
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
        rc = compare_languages(buf_slice(&instruction), buf_slice(&response), out, err);
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
    .summary = "1 if the response is in another language than the instruction, else 0",
    .left_out = LANGUAGE_LEFT_OUT,
    .measure = measure_language_mismatch,
};
