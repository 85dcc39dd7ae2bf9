/* SPDX-License-Identifier: Apache-2.0 */
/* The tokens of an instruction. */
#include "base/arena.h"
#include "base/error.h"
#include "scoring/facts/constraint_private.h"

enum { QUOTED_MAX = 400, SINGLE_QUOTED_MAX = 120 };

static bool is_of_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

static bool is_numeral(char c)
{
    return c >= '0' && c <= '9';
}

bool is_one_of(struct slice text, const char *words, size_t words_len)
{
    for (size_t i = 0; i < words_len;) {
        size_t n = 0;

        while (i + n < words_len && words[i + n] != '|')
            n++;
        size_t same = 0;
        while (n == text.len && same < n &&
               (text.ptr[same] >= 'A' && text.ptr[same] <= 'Z'
                    ? text.ptr[same] + 32
                    : text.ptr[same]) == words[i + same])
            same++;
        if (n == text.len && same == n)
            return true;
        i += n + 1;
    }
    return false;
}

bool token_is(const struct instruction_text *in, size_t i, const char *words)
{
    return i < in->n_tokens && in->tokens[i].kind != TOKEN_QUOTED &&
           is_one_of(instruction_token(in, i), words, strlen(words));
}

static bool has_at(struct slice text, size_t at, const char *what)
{
    const size_t len = strlen(what);

    return text.len - at >= len && memcmp(text.ptr + at, what, len) == 0;
}

/* Get the length of the quoted text that opens at `at`, without its quotes. SIZE_MAX: none
 * opens here, or it does not close soon. */
static size_t quoted_length(struct slice text, size_t at, size_t *quote_len)
{
    const bool is_curly = has_at(text, at, "\xe2\x80\x9c");
    const bool is_single = text.ptr[at] == '\'';
    const char *close = is_curly ? "\xe2\x80\x9d" : is_single ? "'" : "\"";

    *quote_len = strlen(close);
    if (!is_curly && !is_single && text.ptr[at] != '"')
        return SIZE_MAX;
    if (is_single && ((at > 0 && !memchr(" \n\t[(:", text.ptr[at - 1], 6)) ||
                      at + 1 >= text.len || text.ptr[at + 1] == ' '))
        return SIZE_MAX;
    const size_t start = at + *quote_len;
    const size_t max = is_single ? SINGLE_QUOTED_MAX : QUOTED_MAX;
    for (size_t i = start; i < text.len && i - start < max; i++) {
        if (is_single && text.ptr[i] == '\n')
            break;
        if (has_at(text, i, close) &&
            (!is_single || i + 1 == text.len || !is_of_word(text.ptr[i + 1])))
            return i - start;
    }
    return SIZE_MAX;
}

static size_t word_length(struct slice text, size_t at)
{
    size_t n = 0;

    while (at + n < text.len && (is_of_word(text.ptr[at + n]) ||
                                 (text.ptr[at + n] == '\'' && n > 0 && at + n + 1 < text.len &&
                                  is_of_word(text.ptr[at + n + 1]))))
        n++;
    return n;
}

static size_t number_length(struct slice text, size_t at)
{
    size_t n = 0;

    while (at + n < text.len &&
           (is_numeral(text.ptr[at + n]) ||
            (text.ptr[at + n] == ',' && at + n + 3 < text.len &&
             is_numeral(text.ptr[at + n + 1]) && is_numeral(text.ptr[at + n + 2]) &&
             is_numeral(text.ptr[at + n + 3]))))
        n++;
    return n;
}

/* Get the token at `at`, which is not white space. *end is where the next one may begin. len 0:
 * a hyphen or an asterisk of markup, which is no token. */
static struct constraint_token next_token(struct slice text, size_t at, size_t *end)
{
    struct constraint_token token = { .start = (uint32_t)at };
    size_t quote_len, n;

    if (is_numeral(text.ptr[at])) {
        n = number_length(text, at);
        token.kind = TOKEN_NUMBER;
    } else if ((n = quoted_length(text, at, &quote_len)) != SIZE_MAX) {
        token.start += (uint32_t)quote_len;
        token.len = (uint32_t)n;
        token.kind = TOKEN_QUOTED;
        *end = at + n + 2 * quote_len;
        return token;
    } else if (is_of_word(text.ptr[at])) {
        n = word_length(text, at);
        token.kind = TOKEN_WORD;
    } else if (text.ptr[at] == '*') {
        for (n = 0; at + n < text.len && text.ptr[at + n] == '*';)
            n++;
        token.kind = TOKEN_STARS;
    } else {
        n = 1;
        token.kind = TOKEN_SYMBOL;
    }
    *end = at + n;
    token.len = (uint32_t)((token.kind == TOKEN_STARS && n < 3) || text.ptr[at] == '-' ? 0 : n);
    return token;
}

static bool is_sentence_mark(struct slice text, size_t at)
{
    return memchr(".!?", text.ptr[at], 3) &&
           (at + 1 == text.len || memchr(" \n\t\"", text.ptr[at + 1], 4));
}

/* Split into tokens[], or only count them where tokens is NULL. */
static size_t split(struct slice text, struct constraint_token *tokens)
{
    size_t n = 0, sentence = 0, end;

    for (size_t i = 0; i < text.len; i = end) {
        const char c = text.ptr[i];

        end = i + 1;
        if (c == '\n')
            sentence = n;
        if (c == ' ' || c == '\n' || c == '\t')
            continue;
        struct constraint_token token = next_token(text, i, &end);
        if (token.len == 0 && token.kind != TOKEN_QUOTED)
            continue;
        token.sentence = (uint32_t)sentence;
        if (tokens)
            tokens[n] = token;
        n++;
        if (token.kind == TOKEN_SYMBOL && is_sentence_mark(text, i))
            sentence = n;
    }
    return n;
}

int instruction_split(struct slice text, struct arena *arena, struct instruction_text *out,
                      struct error *err)
{
    if (text.len > UINT32_MAX / 2)
        text.len = UINT32_MAX / 2;
    const size_t n = split(text, NULL);
    struct constraint_token *tokens = arena_alloc(arena, n + 1, sizeof *tokens);

    if (!tokens)
        return error_nomem(err);
    split(text, tokens);
    *out = (struct instruction_text){
        .text = text,
        .tokens = tokens,
        .n_tokens = n,
        .has_stars = text.len > 0 && memchr(text.ptr, '*', text.len),
    };
    for (size_t i = 0; i < n; i++) {
        if (tokens[i].kind == TOKEN_STARS && tokens[i].len == 3)
            out->has_dividers = true;
        if (i + 1 < n && tokens[i].kind == TOKEN_WORD && !out->section_word.ptr &&
            slice_equal(instruction_token(out, i + 1), slice_text("X")) &&
            token_is(out, i, "section|paragraph|part|chapter|day|week|audience|stanza|scene"))
            out->section_word = instruction_token(out, i);
    }
    return 0;
}
