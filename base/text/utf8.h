/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8.h - UTF-8 and Unicode properties. Only utf8.c includes <utf8proc.h>.
 */
#ifndef CURATE_UTF8_H
#define CURATE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;
struct error;

/* Find the first byte that is not valid UTF-8; overlong forms, surrogates and values above
 * U+10FFFF are invalid. Returns its offset, or text.len if all is valid. ASCII is checked at
 * memory speed. */
size_t utf8_bad_at(struct slice text);

/* Append text with each invalid byte replaced by U+FFFD. Returns 0, or -1 with err set. */
int utf8_repair(struct slice text, struct buf *out, struct error *err);

/* Append text with each invalid byte written as \xff, two hexadecimal digits. in_json: the text
 * is JSON, where a string needs \\xff. Returns 0, or -1 with err set. */
int utf8_escape(struct slice text, bool in_json, struct buf *out, struct error *err);

/* Get the length in bytes of the first character; 1 for an invalid byte, 0 for empty text. */
size_t utf8_char_len(struct slice text);

/* Decode the first character of a text that is not empty, and get its length in bytes. An
 * invalid byte gives U+FFFD and length 1. */
uint32_t utf8_first(struct slice text, size_t *len);
/* Encode a character. Returns its length in bytes. */
size_t utf8_put(uint32_t code, char out[4]);
/* Get the lower case of a character, where that is one character. */
uint32_t utf8_lower(uint32_t code);
bool utf8_is_space(uint32_t code);
bool utf8_is_letter(uint32_t code);
/* What a character is, as bits that are or-ed together. */
enum utf8_class {
    UTF8_LETTER = 1,
    UTF8_UPPER = 2, /* a letter in upper case */
    UTF8_DIGIT = 4, /* category Nd */
    UTF8_MARK = 8,  /* combines with the character before it */
    UTF8_SPACE = 16,
    UTF8_PUNCTUATION = 32, /* categories P and S */
};
unsigned utf8_classes(uint32_t code);
/* True if the character is two columns wide: Han, kana, Hangul. */
bool utf8_is_wide(uint32_t code);

/* True if the text is certainly in canonical form (NFC, LF line ends). A quick check: false
 * means that it may or may not be. */
bool utf8_is_canonical(struct slice text);

/* Append the canonical form of valid UTF-8: NFC, with CR LF, CR and U+2028 replaced by LF. NUL
 * stays. Returns 0, or -1 with err set. */
int utf8_canonical(struct slice text, struct buf *out, struct error *err);

/* Append the text for comparisons: NFKC with case folding, so that "ﬁ", "FI" and "fi" are
 * equal. The text must be valid UTF-8. Returns 0, or -1 with err set. */
int utf8_fold(struct slice text, struct buf *out, struct error *err);
/* True if utf8_fold() of a text is that of the part before this character followed by that of
 * the rest: the character does not combine with anything before it. */
bool utf8_is_fold_start(uint32_t code);
/* True for letters, marks and numbers. */
bool utf8_is_word(uint32_t code);

#endif
