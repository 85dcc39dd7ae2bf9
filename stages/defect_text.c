/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/defect_text.h"

#include <string.h>
#include <strings.h>

#include "stages/defect.h"
#include "store/sample.h"

enum { REFUSAL_BYTES = 200 };

/* Does one of the marks stand in the text? All begin with the same byte. */
static bool has_any(struct slice text, const char *const *marks, size_t n)
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

#define HAS_ANY(text, marks) has_any(text, marks, sizeof(marks) / sizeof(marks)[0])

static bool has_template(struct slice text)
{
    static const char *const hashes[] = { "### Response:", "### Instruction:", "### Human:",
                                          "### Assistant:" };
    static const char *const brackets[] = { "[INST]", "[/INST]" };
    static const char *const angles[] = { "<|im_start|>",    "<|im_end|>",    "<|endoftext|>",
                                          "<|eot_id|>",      "<|user|>",      "<|assistant|>",
                                          "<start_of_turn>", "<end_of_turn>", "<<SYS>>",
                                          "<think>" };

    return HAS_ANY(text, hashes) || HAS_ANY(text, brackets) || HAS_ANY(text, angles);
}

static bool has_entity(struct slice text)
{
    static const char *const entities[] = {
        "&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&nbsp;"
    };

    return HAS_ANY(text, entities);
}

/* The bytes of UTF-8, each taken for a character of Windows-1252 and encoded once more. */
static bool is_mojibake(struct slice text)
{
    static const char *const marks[] = { "\xc3\xa2\xe2\x82\xac", "\xc3\x83\xc2", "\xc3\x82\xc2",
                                         "\xc3\xaf\xc2\xbb\xc2\xbf" };

    return HAS_ANY(text, marks);
}

static bool has_invisible(struct slice text)
{
    static const char *const general[] = {
        "\xe2\x80\x8b", "\xe2\x81\xa0", "\xe2\x80\xaa", "\xe2\x80\xab",
        "\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae", "\xe2\x81\xa6",
        "\xe2\x81\xa7", "\xe2\x81\xa8", "\xe2\x81\xa9",
    };
    static const char *const bom[] = { "\xef\xbb\xbf" };

    return HAS_ANY(text, general) || HAS_ANY(text, bom);
}

static bool begins_as_refusal(struct slice text)
{
    static const char *const phrases[] = { "as an ai language model", "as a language model",
                                           "as a large language model", "as an ai model",
                                           "as an artificial intelligence" };
    char head[REFUSAL_BYTES + 1];
    const size_t n = text.len < REFUSAL_BYTES ? text.len : REFUSAL_BYTES;

    memcpy(head, text.ptr, n);
    head[n] = '\0';
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (strcasestr(head, phrases[i]))
            return true;
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

static uint64_t look_at(struct slice text, bool is_turn)
{
    uint64_t defects = 0;

    if (text.len == 0)
        return 0;
    if (is_turn && has_template(text)) /* a passage may be about templates */
        defects |= defect_bit(DEFECT_TEMPLATE_LEAK);
    if (has_entity(text))
        defects |= defect_bit(DEFECT_HTML_ENTITY);
    if (is_mojibake(text))
        defects |= defect_bit(DEFECT_MOJIBAKE);
    if (has_invisible(text))
        defects |= defect_bit(DEFECT_INVISIBLE);
    return defects;
}

uint64_t defect_text(const struct sample *sample)
{
    const struct slice response = sample_response(sample);
    uint64_t defects = look_at(sample->context, false) | look_at(sample->system, true);

    for (size_t i = 0; i < sample->n_turns; i++)
        defects |= look_at(sample->turns[i].content, true);
    if (response.len > 0 && begins_as_refusal(response))
        defects |= defect_bit(DEFECT_REFUSAL);
    if (response.len > 0 && is_placeholder(response))
        defects |= defect_bit(DEFECT_PLACEHOLDER);
    return defects;
}
