/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/facts/measured_text.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/text/utf8.h"

/* An array of one kind of piece that grows. */
struct pieces {
    void *items;
    size_t n;
    size_t cap;
};

struct text_splitter {
    struct pieces tokens;
    struct pieces lines;
    struct pieces paragraphs;
    size_t n_bytes;
    size_t max_bytes; /* 0: no limit */
    bool is_exceeded; /* the text needs more than max_bytes */
};

/* The text being split, and the token that is open. */
struct text_scan {
    struct text_splitter *splitter;
    struct measured_text *out;
    struct text_token token; /* len 0: none is open */
    size_t pending; /* bytes of an apostrophe or a hyphen that belongs to the token if it goes
                       on */
    size_t n_pending_chars;
};

int text_splitter_new(struct text_splitter **out, struct error *err)
{
    *out = calloc(1, sizeof **out);
    return *out ? 0 : error_nomem(err);
}

void text_splitter_free(struct text_splitter *splitter)
{
    if (!splitter)
        return;
    free(splitter->tokens.items);
    free(splitter->lines.items);
    free(splitter->paragraphs.items);
    free(splitter);
}

void text_splitter_limit(struct text_splitter *splitter, size_t max_bytes)
{
    splitter->max_bytes = max_bytes;
}

size_t text_splitter_bytes(const struct text_splitter *splitter)
{
    return splitter->n_bytes;
}

static int grow_pieces(struct text_splitter *splitter, struct pieces *pieces, size_t size,
                       struct error *err)
{
    const size_t cap = pieces->cap ? 2 * pieces->cap : 256;
    const size_t n_more = (cap - pieces->cap) * size;

    if (splitter->max_bytes > 0 && splitter->n_bytes + n_more > splitter->max_bytes) {
        splitter->is_exceeded = true;
        return error_nomem(err);
    }
    void *items = reallocarray(pieces->items, cap, size);
    if (!items)
        return error_nomem(err);
    pieces->items = items;
    pieces->cap = cap;
    splitter->n_bytes += n_more;
    return 0;
}

/* Make room for one more piece, and return its place; NULL when memory runs out. */
static void *next_piece(struct text_splitter *splitter, struct pieces *pieces, size_t size,
                        struct error *err)
{
    if (pieces->n == pieces->cap && grow_pieces(splitter, pieces, size, err) < 0)
        return NULL;
    return (char *)pieces->items + pieces->n++ * size;
}

/* Characters that are words of their own: scripts without blanks between words. */
static bool is_word_alone(uint32_t code)
{
    return (code >= 0x0e00 && code <= 0x0eff) || /* Thai, Lao */
           (code >= 0x1000 && code <= 0x109f) || /* Myanmar */
           (code >= 0x1780 && code <= 0x17ff) || /* Khmer */
           (code >= 0x3040 && code <= 0x30ff) || /* kana */
           (code >= 0x31f0 && code <= 0x31ff) || (code >= 0x3400 && code <= 0x4dbf) ||
           (code >= 0x4e00 && code <= 0x9fff) || (code >= 0xf900 && code <= 0xfaff) ||
           (code >= 0x20000 && code <= 0x323af);
}

static bool joins_words(uint32_t code)
{
    return code == '\'' || code == '-' || code == 0x2019 || code == '_';
}

/* Append the open token, without a joining character at its end. */
static int end_token(struct text_scan *scan, struct error *err)
{
    struct text_token *token = &scan->token;

    if (token->len == 0)
        return 0;
    struct text_token *added =
        next_piece(scan->splitter, &scan->splitter->tokens, sizeof *added, err);
    if (!added)
        return -1;
    *added = *token;
    added->hash = hash_u64(slice_of(scan->out->text.ptr + token->start, token->len));
    scan->out->n_words += token->is_word;
    token->len = 0;
    return 0;
}

/* Append a symbol, or a word of one character. */
static int add_single(struct text_scan *scan, size_t at, size_t len, bool is_word,
                      struct error *err)
{
    if (end_token(scan, err) < 0)
        return -1;
    scan->token = (struct text_token){ .start = (uint32_t)at,
                                       .len = (uint32_t)len,
                                       .n_chars = 1,
                                       .is_word = is_word,
                                       .has_letter = is_word };
    return end_token(scan, err);
}

/* Append the joining characters behind the open token as symbols. */
static int end_pending(struct text_scan *scan, size_t at, struct error *err)
{
    const size_t pending = scan->pending;

    scan->pending = 0;
    return pending == 0 ? 0 : add_single(scan, at - pending, pending, false, err);
}

/* Extend the open word by a letter or digit, or open one. */
static void extend_word(struct text_scan *scan, size_t at, size_t len, bool is_letter)
{
    struct text_token *token = &scan->token;

    if (token->len == 0) {
        *token = (struct text_token){ .start = (uint32_t)at, .is_word = true };
    } else if (scan->pending > 0) {
        token->len += (uint32_t)scan->pending;
        token->n_chars++;
    }
    scan->pending = 0;
    token->len += (uint32_t)len;
    token->n_chars++;
    token->has_letter = token->has_letter || is_letter;
}

/* Split at the character of len bytes at this offset. */
static int scan_character(struct text_scan *scan, uint32_t code, size_t at, size_t len,
                          struct error *err)
{
    const unsigned classes = utf8_classes(code);
    const bool is_digit = classes & UTF8_DIGIT;
    const bool is_letter = classes & UTF8_LETTER;
    struct measured_text *out = scan->out;

    out->n_letters += is_letter;
    out->n_digits += is_digit;
    out->n_upper += (classes & UTF8_UPPER) != 0;
    if (is_letter && is_word_alone(code)) {
        if (end_pending(scan, at, err) < 0)
            return -1;
        return add_single(scan, at, len, true, err);
    }
    if (is_letter || is_digit || (scan->token.len > 0 && (classes & UTF8_MARK))) {
        extend_word(scan, at, len, is_letter);
        return 0;
    }
    if (scan->token.len > 0 && scan->pending == 0 && joins_words(code)) {
        scan->pending = len;
        return 0;
    }
    if (end_token(scan, err) < 0 || end_pending(scan, at, err) < 0)
        return -1;
    if (classes & UTF8_SPACE) {
        out->n_spaces++;
        return 0;
    }
    return add_single(scan, at, len, false, err);
}

static int add_line(struct text_splitter *splitter, struct pieces *lines, size_t start,
                    size_t end, size_t n_chars, struct error *err)
{
    struct text_line *line = next_piece(splitter, lines, sizeof *line, err);

    if (!line)
        return -1;
    *line = (struct text_line){ (uint32_t)start, (uint32_t)(end - start), (uint32_t)n_chars };
    return 0;
}

static size_t count_text_chars(struct slice text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return n;
}

/* Split at each LF. */
static int split_lines(struct text_splitter *splitter, struct slice text, struct error *err)
{
    size_t start = 0;

    while (start < text.len) {
        const char *lf = memchr(text.ptr + start, '\n', text.len - start);
        const size_t end = lf ? (size_t)(lf - text.ptr) : text.len;

        if (add_line(splitter, &splitter->lines, start, end,
                     count_text_chars(slice_of(text.ptr + start, end - start)), err) < 0)
            return -1;
        start = end + 1;
    }
    return 0;
}

/* A paragraph is a run of lines that are not empty. */
static int split_paragraphs(struct text_splitter *splitter, struct slice text,
                            struct error *err)
{
    const struct text_line *lines = splitter->lines.items;
    const size_t n = splitter->lines.n;

    for (size_t i = 0; i < n;) {
        size_t end = i;

        while (end < n && lines[end].len > 0)
            end++;
        if (end > i) {
            const size_t from = lines[i].start;
            const size_t to = (size_t)lines[end - 1].start + lines[end - 1].len;

            if (add_line(splitter, &splitter->paragraphs, from, to,
                         count_text_chars(slice_of(text.ptr + from, to - from)), err) < 0)
                return -1;
        }
        i = end + 1;
    }
    return 0;
}

static int split_tokens(struct text_scan *scan, struct slice text, struct error *err)
{
    size_t len;

    for (size_t i = 0; i < text.len; i += len) {
        const uint32_t code = utf8_first(slice_of(text.ptr + i, text.len - i), &len);

        scan->out->n_chars++;
        if (scan_character(scan, code, i, len, err) < 0)
            return -1;
    }
    if (end_token(scan, err) < 0)
        return -1;
    return end_pending(scan, text.len, err);
}

int text_split(struct text_splitter *splitter, struct slice text, struct measured_text *out,
               struct error *err)
{
    struct text_scan scan = { .splitter = splitter, .out = out };

    if (text.len > UINT32_MAX)
        return error_set(err, ERR_UNSUPPORTED, "a text of more than 4 GiB cannot be measured");
    *out = (struct measured_text){ .text = text };
    splitter->tokens.n = splitter->lines.n = splitter->paragraphs.n = 0;
    splitter->is_exceeded = false;
    if (split_tokens(&scan, text, err) < 0 || split_lines(splitter, text, err) < 0 ||
        split_paragraphs(splitter, text, err) < 0)
        return splitter->is_exceeded ? 1 : -1;
    out->tokens = splitter->tokens.items;
    out->n_tokens = splitter->tokens.n;
    out->lines = splitter->lines.items;
    out->n_lines = splitter->lines.n;
    out->paragraphs = splitter->paragraphs.items;
    out->n_paragraphs = splitter->paragraphs.n;
    return 0;
}
