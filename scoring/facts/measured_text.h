/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measured_text.h - a text split into words, lines and paragraphs once, for all measurers.
 *
 * A word is a run of letters, digits and marks, with an apostrophe or a hyphen inside; each
 * character of Han, kana and the scripts of South East Asia is a word of its own. Any other
 * character that is not white space is a symbol of its own, and counts as a token, as the word
 * tokenizers of the published filters do.
 */
#ifndef CURATE_MEASURED_TEXT_H
#define CURATE_MEASURED_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;

struct text_token {
    uint32_t start; /* byte offset */
    uint32_t len;
    uint32_t n_chars;
    bool is_word; /* has a letter or a digit; false: a symbol */
    bool has_letter;
    uint64_t hash; /* of its bytes */
};

struct text_line {
    uint32_t start;
    uint32_t len; /* without the line end */
    uint32_t n_chars;
};

/* Slices of lines and paragraphs are of the text; arrays are valid until the next text. */
struct measured_text {
    struct slice text; /* less than 4 GiB */
    size_t n_chars;    /* Unicode code points */
    const struct text_token *tokens;
    size_t n_tokens;
    size_t n_words;
    const struct text_line *lines; /* split at LF; those of a final LF are not counted */
    size_t n_lines;
    const struct text_line *paragraphs; /* split at two or more LF; empty ones are left out */
    size_t n_paragraphs;
    size_t n_letters; /* Unicode */
    size_t n_digits;
    size_t n_upper;  /* letters that are upper case */
    size_t n_spaces; /* white space, line ends too */
};

/* n / of; 0 if of is 0. */
static inline double share_of(size_t n, size_t of)
{
    return of ? (double)n / (double)of : 0;
}

struct text_splitter;
int text_splitter_new(struct text_splitter **out, struct error *err);
void text_splitter_free(struct text_splitter *splitter);
/* Limit the memory of the pieces; at first there is no limit. */
void text_splitter_limit(struct text_splitter *splitter, size_t max_bytes);
size_t text_splitter_bytes(const struct text_splitter *splitter);
/* Split a text. *out borrows the text and the memory of the splitter. Returns 0, 1 if the
 * pieces need more memory than the limit, or -1 with err set: ERR_NOMEM. */
int text_split(struct text_splitter *splitter, struct slice text, struct measured_text *out,
               struct error *err);

#endif
