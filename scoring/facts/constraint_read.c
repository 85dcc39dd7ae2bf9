/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading constraints from an instruction: look for the wordings at each token.
 *
 * Only certain wordings are read: a constraint that is read wrongly condemns a good response,
 * one that is not read only leaves something unchecked. Quoted texts are single tokens, so
 * nothing is read inside them.
 */
#include "base/text/language.h"
#include "scoring/facts/constraint_private.h"

enum { END_PHRASE_MAX = 400 };

/* A wording being matched. */
struct match {
    const struct instruction_text *in;
    struct constraint *out;
    struct quantity quantity;
    bool has_quantity;
};

static bool add_arg(struct constraint *out, struct slice arg)
{
    if (out->n_args == CONSTRAINT_ARGS_MAX || arg.len == 0)
        return false;
    out->args[out->n_args++] = arg;
    return true;
}

/* Read a list: quoted texts, or words behind a colon, with commas or "and" between them.
 * Returns the token behind it, or 0: there is none, or more than CONSTRAINT_ARGS_MAX. */
static size_t read_list(struct match *match, size_t i)
{
    const struct instruction_text *in = match->in;
    const bool has_colon = token_is(in, i, ":");
    size_t end = 0;

    for (size_t k = i; k < in->n_tokens; k++) {
        const struct constraint_token *token = &in->tokens[k];

        if (token_is(in, k, ",|[|]|(|)|and|or|:|;"))
            continue;
        if (token->sentence != in->tokens[i].sentence ||
            (token->kind != TOKEN_QUOTED && (!has_colon || token->kind != TOKEN_WORD)))
            break;
        if (token->kind == TOKEN_WORD && k > i + 1 && !token_is(in, k - 1, ",|and|or|:"))
            return 0; /* a phrase or a sentence */
        if (!add_arg(match->out, instruction_token(in, k)))
            return 0;
        end = k + 1;
    }
    return end;
}

/* Read the phrase that a response ends with. */
static size_t read_end_phrase(struct match *match, size_t i)
{
    const struct instruction_text *in = match->in;
    const char *stop = ". No other words";

    i += token_is(in, i, ":|,");
    if (i >= in->n_tokens)
        return 0;
    if (in->tokens[i].kind == TOKEN_QUOTED)
        return add_arg(match->out, instruction_token(in, i)) ? i + 1 : 0;
    const size_t start = in->tokens[i].start;
    const size_t max =
        start + END_PHRASE_MAX < in->text.len ? start + END_PHRASE_MAX : in->text.len;
    const size_t end = find_text(slice_of(in->text.ptr, max), slice_text(stop), start);
    if (end == SIZE_MAX || memchr(in->text.ptr + start, '\n', end - start) ||
        !add_arg(match->out, slice_of(in->text.ptr + start, end - start)))
        return 0;
    while (i < in->n_tokens && in->tokens[i].start <= end)
        i++;
    return i;
}

static size_t read_postscript(struct match *match, size_t i)
{
    static const char *const markers[] = { "P.P.S", "P.S." };
    const struct instruction_text *in = match->in;

    for (size_t k = 0; i < in->n_tokens && k < 2; k++) {
        const size_t len = strlen(markers[k]), start = in->tokens[i].start;

        if (in->text.len - start < len || memcmp(in->text.ptr + start, markers[k], len) != 0)
            continue;
        add_arg(match->out, slice_of(in->text.ptr + start, len));
        while (i < in->n_tokens && in->tokens[i].start < start + len)
            i++;
        return i;
    }
    return 0;
}

static bool is_section_word(const struct instruction_text *in, size_t i)
{
    struct slice word = instruction_token(in, i);
    char lower[16];

    if (!in->section_word.ptr || in->section_word.len >= sizeof lower)
        return false;
    for (size_t k = 0; k < in->section_word.len; k++)
        lower[k] = (char)(in->section_word.ptr[k] | 0x20);
    if (word.len == in->section_word.len + 1 && (word.ptr[word.len - 1] | 0x20) == 's')
        word.len--;
    return is_one_of(word, lower, in->section_word.len);
}

/* Match a sign of the pattern at token i. Returns the token behind it, 0: it does not fit. */
static size_t match_sign(struct match *match, char sign, size_t i)
{
    const struct instruction_text *in = match->in;
    struct constraint *out = match->out;
    const struct constraint_token *token = i < in->n_tokens ? &in->tokens[i] : NULL;
    const bool is_quoted = token && token->kind == TOKEN_QUOTED;
    const bool is_word = token && token->kind == TOKEN_WORD;

    if (!token)
        return 0;
    switch (sign) {
    case 'N':
        match->has_quantity = true;
        return read_quantity(in, i, &match->quantity);
    case '#':
        return read_number(in, i, &out->min);
    case '$':
        return (is_quoted || is_word) && add_arg(out, instruction_token(in, i)) ? i + 1 : 0;
    case '"':
        return is_quoted && add_arg(out, instruction_token(in, i)) ? i + 1 : 0;
    case '%':
        return token->len == 1 && (is_quoted || is_word) &&
                       add_arg(out, instruction_token(in, i))
                   ? i + 1
                   : 0;
    case '@':
        out->language = is_word ? language_code_of(instruction_token(in, i)) : NULL;
        return out->language ? i + 1 : 0;
    case 'L':
        return read_list(match, i);
    case 'P':
        return read_postscript(match, i);
    case 'E':
        return read_end_phrase(match, i);
    case '*':
        i += token_is(in, i, ":");
        return i < in->n_tokens && in->tokens[i].kind == TOKEN_STARS && in->tokens[i].len == 6
                   ? i + 1
                   : 0;
    default: /* R */
        return is_word && is_section_word(in, i) ? i + 1 : 0;
    }
}

static bool is_sign(const char *element, size_t len)
{
    return len == 1 && strchr("N#$\"%@LPE*R", *element);
}

/* Match a pattern at token i. Returns the token behind it, 0: it does not fit. */
static size_t match_pattern(struct match *match, const char *pattern, size_t i)
{
    while (*pattern) {
        size_t len = strcspn(pattern, " ");
        const char *next = pattern + len + (pattern[len] == ' ');
        const bool may_lack = pattern[len - 1] == '?';
        size_t end;

        len -= may_lack;
        if (is_sign(pattern, len))
            end = match_sign(match, *pattern, i);
        else
            end = i < match->in->n_tokens && match->in->tokens[i].kind != TOKEN_QUOTED &&
                          is_one_of(instruction_token(match->in, i), pattern, len)
                      ? i + 1
                      : 0;
        if (end == 0 && !may_lack)
            return 0;
        i = end ? end : i;
        pattern = next;
    }
    return i;
}

/* Is one of the words in the sentence of token i, before it? Looks back at most 40 tokens. */
static bool is_said_before(const struct instruction_text *in, size_t i, const char *words)
{
    const size_t first = in->tokens[i].sentence;

    for (size_t k = i; k > first && i - k < 40; k--)
        if (token_is(in, k - 1, words))
            return true;
    return false;
}

static bool is_said_in_sentence(const struct instruction_text *in, size_t i, const char *words)
{
    const size_t first = in->tokens[i].sentence;

    for (size_t k = i; k < in->n_tokens && k - i < 40 && in->tokens[k].sentence == first; k++)
        if (token_is(in, k, words))
            return true;
    return is_said_before(in, i, words);
}

/* May the length at tokens i to end - 1 be that of the response? needs_lead: the wording begins
 * with the number, so the word before it decides. */
static bool is_length_of_response(const struct instruction_text *in, size_t i, size_t end,
                                  bool needs_lead)
{
    if (needs_lead && in->tokens[i].sentence != i &&
        !token_is(in, i - 1,
                  "in|with|using|use|contain|contains|containing|include|of|have|"
                  "has|be|is|that's|it's|write|to|it|a|an|and|should|must|do|may|into|,|:|("))
        return false;
    if (is_said_before(in, i,
                       "each|every|title|headline|heading|subject|line|lines|first|last|"
                       "second|third|per|point|list|vocabulary|function|string|program|"
                       "code|script|input|dataset|query|regex|file|class|password|if"))
        return false;
    return !token_is(in, end,
                     "that|which|who|whose|from|per|each|starting|beginning|ending|"
                     "containing|long|apart|before|after|as") &&
           !(token_is(in, end, "in|of") && token_is(in, end + 1, "the|each|every|this"));
}

/* Is the wording denied ("never respond in JSON"), under a condition, or qualified ("the word x
 * should not appear more than twice")? */
static bool is_denied(const struct instruction_text *in, const struct wording *wording,
                      size_t i, size_t end)
{
    const size_t first = in->tokens[i].sentence;

    if (is_said_before(in, i, "if|unless|whether"))
        return true;
    if (wording->flags & WORDING_FORBIDS)
        return token_is(in, end,
                        "more|less|fewer|at|once|twice|in|as|until|before|if|unless") &&
               !(token_is(in, end, "in") && token_is(in, end + 1, "your|the|any"));
    for (size_t k = i; k > first && i - k < 4; k--)
        if (token_is(in, k - 1, "not|don't|never|without|avoid|cannot|can't|nor|doesn't|no"))
            return true;
    return false;
}

/* Are the capital or lower-case letters those of the response, not of some of its words? */
static bool is_of_all_letters(const struct instruction_text *in, size_t i, size_t end)
{
    return !token_is(in, end, "for|to|when|only|with|of") &&
           !(i > in->tokens[i].sentence &&
             token_is(in, i - 1, "word|words|names|keyword|keywords|headings|titles")) &&
           !is_said_before(in, i,
                           "title|headline|heading|headings|name|each|first|function|"
                           "string|program|code|script|convert|input|variable|variables") &&
           !token_is(in, end, "string|strings|words");
}

static bool fits_flags(const struct instruction_text *in, const struct wording *wording,
                       size_t i, size_t end)
{
    const unsigned flags = wording->flags;

    if (is_denied(in, wording, i, end))
        return false;
    if (flags & WORDING_LENGTH && !is_length_of_response(in, i, end, *wording->pattern == 'N'))
        return false;
    if (flags & WORDING_RESPONSE &&
        !is_said_in_sentence(in, i,
                             "response|respond|answer|output|reply|provide|give|wrap|"
                             "wrapped|write|return"))
        return false;
    if (flags & WORDING_RESPONSE &&
        is_said_in_sentence(in, i, "function|program|code|script|file|api|endpoint|method"))
        return false;
    if (flags & WORDING_STARS && !in->has_stars)
        return false;
    if (flags & WORDING_ENDING && !is_said_before(in, i, "finish|end|ending|finishing"))
        return false;
    if (flags & WORDING_TITLE && !is_said_before(in, i, "title"))
        return false;
    if (flags & WORDING_SECTIONS && !in->section_word.ptr)
        return false;
    return !(flags & WORDING_LETTERS) || is_of_all_letters(in, i, end);
}

/* Set the limits from the quantity, if the wording has one. Returns the token behind the
 * constraint, 0: a number without a relation does not make this constraint. */
static size_t set_limits(struct match *match, const struct wording *wording, size_t end)
{
    struct quantity *quantity = &match->quantity;

    if (!match->has_quantity)
        return end;
    if (quantity->is_plain)
        end = read_late_relation(match->in, end, quantity);
    if (quantity->is_plain && !(wording->flags & (WORDING_PLAIN | WORDING_AT_LEAST)))
        return 0;
    match->out->min = quantity->min;
    match->out->max =
        quantity->is_plain && wording->flags & WORDING_AT_LEAST ? INT64_MAX : quantity->max;
    return end;
}

/* Read one wording at token i. Returns the token behind it, 0: it is not there. */
static size_t read_wording(const struct instruction_text *in, const struct wording *wording,
                           size_t i, struct constraint *out)
{
    struct match match = { .in = in, .out = out };

    out->kind = wording->kind;
    out->n_args = 0;
    out->args[0] = slice_of(NULL, 0);
    out->language = NULL;
    out->min = 0;
    out->max = INT64_MAX;
    size_t end = match_pattern(&match, wording->pattern, i);
    end = end > 0 ? set_limits(&match, wording, end) : 0;
    if (end == 0 || !fits_flags(in, wording, i, end) ||
        (LANGUAGE_LEFT_OUT && out->kind == CONSTRAINT_LANGUAGE))
        return 0;
    out->start = in->tokens[i].start;
    out->end = in->tokens[end - 1].start + in->tokens[end - 1].len;
    if (in->tokens[end - 1].kind == TOKEN_QUOTED)
        out->end += in->text.ptr[out->end] == '"' || in->text.ptr[out->end] == '\'' ? 1 : 3;
    out->has_dividers = in->has_dividers;
    if (out->kind == CONSTRAINT_SECTIONS)
        add_arg(out, in->section_word);
    if (out->kind == CONSTRAINT_REPEAT_PROMPT) {
        const struct slice before = slice_trim(slice_of(in->text.ptr, out->start));

        return add_arg(out, before) ? end : 0;
    }
    return end;
}

/* Could the pattern begin at a token with this first byte, in lower case? */
static bool may_begin(const char *pattern, char first, bool may_be_number)
{
    if (*pattern == 'N')
        return may_be_number;
    for (const char *at = pattern; *at && *at != ' '; at++)
        if (*at == first && (at == pattern || at[-1] == '|'))
            return true;
    return false;
}

static bool is_same_constraint(const struct constraint *a, const struct constraint *b)
{
    if (a->kind != b->kind || a->min != b->min || a->max != b->max || a->n_args != b->n_args ||
        a->language != b->language)
        return false;
    for (size_t i = 0; i < a->n_args; i++)
        if (!slice_equal(a->args[i], b->args[i]))
            return false;
    return true;
}

static bool is_read_already(const struct constraint *constraints, size_t n,
                            const struct constraint *one)
{
    for (size_t i = 0; i < n; i++)
        if (is_same_constraint(&constraints[i], one))
            return true;
    return false;
}

/* Read the longest wording at token i. Returns the token behind it, 0: none. */
static size_t read_longest(const struct instruction_text *in, size_t i, struct constraint *out)
{
    const char first = (char)(in->text.ptr[in->tokens[i].start] | 0x20);
    struct quantity quantity;
    const bool may_be_number = read_quantity(in, i, &quantity) > 0;
    struct constraint one;
    size_t longest = 0;

    for (size_t w = 0; w < n_wordings; w++) {
        if (!may_begin(wordings[w].pattern, first, may_be_number))
            continue;
        const size_t end = read_wording(in, &wordings[w], i, &one);
        if (end > longest) {
            longest = end;
            *out = one;
        }
    }
    return longest;
}

size_t read_constraints(const struct instruction_text *in, struct constraint *out)
{
    size_t n = 0, end;

    for (size_t i = 0; i < in->n_tokens && n < CONSTRAINTS_MAX; i = end) {
        end = i + 1;
        if (in->tokens[i].kind == TOKEN_QUOTED)
            continue;
        const size_t behind = read_longest(in, i, &out[n]);
        if (behind > 0) {
            end = behind;
            n += !is_read_already(out, n, &out[n]);
        }
    }
    return n;
}
