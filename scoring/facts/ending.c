/* SPDX-License-Identifier: Apache-2.0 */
/* Responses that stop before they are complete. */
#include <stdlib.h>
#include <string.h>

#include "scoring/facts/character_sets.h"
#include "scoring/facts/form.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/phrase.h"

enum { END_MARK, OPEN_BRACKETS, DANGLING_END, TRUNCATED, N_ENDING_FACTS };

static const struct fact ending_facts[N_ENDING_FACTS] = {
    [END_MARK] = { "end_mark", FACT_INTEGER, "0 or 1",
                   "the response ends with a mark that ends a sentence" },
    [OPEN_BRACKETS] = { "open_brackets", FACT_INTEGER, "brackets",
                        "brackets that are not closed" },
    [DANGLING_END] = { "dangling_end", FACT_INTEGER, "0 or 1",
                       "the response ends where a sentence cannot end" },
    [TRUNCATED] = { "truncated", FACT_INTEGER, "0 or 1",
                    "an open code block or bracket, or dangling_end" },
};

/* Words that cannot end an English sentence, in lower case, sorted. */
static const char *const dangling_words[] = {
    "a",     "an", "and", "are",  "as",   "because", "but",   "by",   "for",  "from", "her",
    "his",   "if", "is",  "its",  "my",   "of",      "or",    "our",  "than", "that", "the",
    "their", "to", "was", "were", "when", "which",   "while", "with", "your",
};
enum {
    N_DANGLING_WORDS = sizeof dangling_words / sizeof *dangling_words,
    DANGLING_WORD_MAX = 7,
};

/* Count brackets of prose that are open: depth[] of (, [ and {. A colon before makes it a face.
 */
static void pass_brackets(struct slice text, size_t depth[3])
{
    static const char opening[] = "([{";
    static const char closing[] = ")]}";
    bool in_code = false; /* between ` and ` */

    for (size_t i = 0; i < text.len; i++) {
        const char *open = memchr(opening, text.ptr[i], 3);
        const char *close = memchr(closing, text.ptr[i], 3);
        const char before = i > 0 ? text.ptr[i - 1] : ' ';

        in_code = in_code != (text.ptr[i] == '`');
        if (text.ptr[i] == '\n')
            in_code = false;
        if (in_code || before == '\\')
            continue;
        if (open && before != ':' && before != ';' && before != '-')
            depth[open - opening]++;
        else if (close && depth[close - closing] > 0)
            depth[close - closing]--;
    }
}

/* Marks that may stand behind the end of a sentence: quotes, closing brackets, emphasis. */
static bool is_closing_mark(uint32_t code)
{
    return code == '"' || code == '\'' || code == ')' || code == ']' || code == '}' ||
           code == '*' || code == '_' || code == '`' || code == 0x201d || code == 0x2019 ||
           code == 0xbb || code == 0x300d || code == 0x300f || code == 0xff09;
}

static bool has_end_mark(struct slice text)
{
    size_t start;

    while (text.len > 0) {
        const uint32_t code = last_character(text, &start);

        if (is_terminal_mark(code) || code == 0x2026)
            return true;
        if (!is_closing_mark(code))
            return false;
        text.len = start;
    }
    return false;
}

static int compare_to_dangling(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

static bool is_dangling_word(struct slice word)
{
    char lower[DANGLING_WORD_MAX + 1] = "";

    if (word.len > DANGLING_WORD_MAX)
        return false;
    for (size_t i = 0; i < word.len; i++)
        lower[i] = ascii_lower_byte(word.ptr[i]);
    return bsearch(lower, dangling_words, N_DANGLING_WORDS, sizeof *dangling_words,
                   compare_to_dangling) != NULL;
}

/* Does prose end with a comma, an opening bracket or a word that needs another one? */
static bool dangles(const struct measured_text *text)
{
    const struct text_token *last;

    if (text->n_tokens < 2)
        return false;
    last = &text->tokens[text->n_tokens - 1];
    const struct slice token = slice_of(text->text.ptr + last->start, last->len);
    if (last->is_word)
        return is_dangling_word(token);
    return (token.len == 1 && memchr(",([{", token.ptr[0], 4)) ||
           slice_equal(token, slice_text("\xef\xbc\x8c")) ||
           slice_equal(token, slice_text("\xe3\x80\x81"));
}

static int measure_ending(const struct measured_text *text,
                          const struct measure_options *options, struct fact_value *out,
                          struct error *err)
{
    struct form_block block;
    size_t depth[3] = { 0 };
    size_t pos = 0;
    bool ends_in_code = false;
    bool is_open = false;

    (void)options;
    (void)err;
    while (form_block_next(text->text, &pos, &block)) {
        if (block.is_code || trim_end(block.text).len > 0)
            ends_in_code = block.is_code;
        is_open = block.is_code && !block.is_closed;
        if (!block.is_code)
            pass_brackets(block.text, depth);
    }
    const size_t n_open = depth[0] + depth[1] + depth[2];
    out[END_MARK].integer = !ends_in_code && has_end_mark(trim_end(text->text));
    out[OPEN_BRACKETS].integer = (int64_t)n_open;
    out[DANGLING_END].integer = !ends_in_code && dangles(text);
    out[TRUNCATED].integer = is_open || n_open > 0 || out[DANGLING_END].integer;
    return 0;
}

const struct measurer measurer_ending = {
    .name = "ending",
    .version = 1,
    .summary = "responses that stop before they are complete",
    .facts = ending_facts,
    .n_facts = N_ENDING_FACTS,
    .parts = 1 << PART_RESPONSE,
    .measure = measure_ending,
};
