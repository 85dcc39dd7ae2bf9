/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words.h - the words of a text, normalised, for the comparison of texts.
 *
 * The text is normalised by NFKC and case folding. A word is a run of letters, marks and
 * numbers; each character of Han, kana, Thai, Lao, Khmer and Myanmar is a word of its own.
 * Everything else separates words. So "Ok!" and "OK" have the same words.
 */
#ifndef CURATE_WORDS_H
#define CURATE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;

/* Version of the rules above; part of the parameters of everything that is stored. */
enum { WORDS_VERSION = 1 };

enum { WORD_SEPARATOR = 0x1F }; /* between the words in word_list.bytes */

struct word {
    uint32_t start; /* in word_list.bytes */
    uint32_t len;
    uint32_t text_start; /* bytes of the text that it was made of */
    uint32_t text_end;
};

/* The words i to j, joined by WORD_SEPARATOR, are the bytes from the start of i to the end of
 * j. All arrays are those of the reader, valid until its next text. */
struct word_list {
    struct slice bytes;
    const struct word *words;
    size_t n;
};

struct word_reader;
/* zero_digits: each run of digits becomes "0". */
int word_reader_new(bool zero_digits, struct word_reader **out, struct error *err);
void word_reader_free(struct word_reader *reader);
/* Split a text, which is valid UTF-8. Returns 0, or -1 with err set: ERR_NOMEM; ERR_INPUT for a
 * text of 1 GiB or more. */
int word_reader_split(struct word_reader *reader, struct slice text, struct word_list *out,
                      struct error *err);

#endif
