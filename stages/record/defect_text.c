/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Find the defects in the words of a sample.
 */
#include <string.h>
#include <strings.h>

#include "stages/record/defect.h"
#include "stages/record/repair.h"
#include "store/sample.h"

enum { REFUSAL_BYTES = 200 };

/* Does the text contain one of the marks? All marks begin with the same byte. */
static bool contains_any(struct slice text, const char *const *marks, size_t n)
{
    const char *end = text.ptr + text.len;
    const char *p = text.ptr;

    while (p && p < end && (p = memchr(p, marks[0][0], (size_t)(end - p)))) {
        for (size_t i = 0; i < n; i++) {
            const size_t len = strlen(marks[i]);

            if ((size_t)(end - p) >= len && memcmp(p, marks[i], len) == 0)
                return true;
        }
        p++;
    }
    return false;
}

#define HAS_ANY(text, marks) contains_any(text, marks, sizeof(marks) / sizeof(marks)[0])

static bool has_template(struct slice text)
{
    static const char *const hashes[] = { "### Response:", "### Instruction:", "### Human:",
                                          "### Assistant:" };
    static const char *const brackets[] = { "[INST]", "[/INST]" };
    static const char *const angles[] = {
        "<|im_start|>", "<|im_end|>",    "<|endoftext|>",   "<|eot_id|>",
        "<|user|>",     "<|assistant|>", "<start_of_turn>", "<end_of_turn>",
        "<<SYS>>",      "<think>",       "</think>",        "<|begin_of_thought|>"
    };

    return HAS_ANY(text, hashes) || HAS_ANY(text, brackets) || HAS_ANY(text, angles);
}

/* Also true for text that cannot be repaired: a quotation mark that lost its last byte. */
static bool is_mojibake(struct slice text)
{
    static const char *const marks[] = { "\xc3\xa2\xe2\x82\xac", "\xc3\x83\xc2", "\xc3\x82\xc2",
                                         "\xc3\xaf\xc2\xbb\xc2\xbf" };

    return HAS_ANY(text, marks) || repair_has_mojibake(text);
}

/* All phrases begin with "as a", and hardly any response does: the C library's search for each
 * phrase took a fifth of the time of parsing. */
static bool begins_as_refusal(struct slice text)
{
    static const char *const phrases[] = { "as an ai language model", "as a language model",
                                           "as a large language model", "as an ai model",
                                           "as an artificial intelligence" };
    const size_t n = strnlen(text.ptr, text.len < REFUSAL_BYTES ? text.len : REFUSAL_BYTES);

    for (const char *p = text.ptr; p + 4 <= text.ptr + n; p++) {
        const size_t left = n - (size_t)(p - text.ptr);

        if (p[2] != ' ' || (p[0] | ' ') != 'a' || (p[1] | ' ') != 's')
            continue;
        for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
            if (strlen(phrases[i]) <= left &&
                strncasecmp(p, phrases[i], strlen(phrases[i])) == 0)
                return true;
    }
    return false;
}

static bool is_placeholder(struct slice text)
{
    static const char *const words[] = { "<nooutput>", "<no output>", "nooutput", "no output",
                                         "n/a",        "<noinput>",   "no input" };

    while (text.len > 0 && strchr(" \t\r\n", text.ptr[0]) && text.ptr[0])
        text = slice_of(text.ptr + 1, text.len - 1);
    while (text.len > 0 && strchr(" \t\r\n.", text.ptr[text.len - 1]) && text.ptr[text.len - 1])
        text.len--;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (text.len == strlen(words[i]) && strncasecmp(text.ptr, words[i], text.len) == 0)
            return true;
    return false;
}

static uint64_t scan_text(struct slice text, bool is_turn)
{
    uint64_t defects = 0;

    if (text.len == 0)
        return 0;
    if (is_turn && has_template(text)) /* a context may be about templates */
        defects |= defect_bit(DEFECT_TEMPLATE_LEAK);
    if (repair_has_entity(text))
        defects |= defect_bit(DEFECT_HTML_ENTITY);
    if (is_mojibake(text))
        defects |= defect_bit(DEFECT_MOJIBAKE);
    if (repair_has_invisible(text))
        defects |= defect_bit(DEFECT_INVISIBLE);
    return defects;
}

uint64_t defect_scan_texts(const struct sample *sample)
{
    const struct slice response = sample_response(sample);
    uint64_t defects = scan_text(sample->context, false) | scan_text(sample->system, true);

    for (size_t i = 0; i < sample->n_turns; i++)
        defects |= scan_text(sample->turns[i].content, true) |
                   scan_text(sample->turns[i].thought, true);
    if (response.len > 0 && begins_as_refusal(response))
        defects |= defect_bit(DEFECT_REFUSAL);
    if (response.len > 0 && is_placeholder(response))
        defects |= defect_bit(DEFECT_PLACEHOLDER);
    return defects;
}
