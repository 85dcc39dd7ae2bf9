/* SPDX-License-Identifier: Apache-2.0 */
/*
 * byte_alphabet.h - the characters that stand for bytes in byte-level BPE.
 *
 * The vocabularies are text, so every byte needs a visible character. Printable characters of
 * Latin-1 stand for themselves; the other 68 bytes are U+0100 and up, in order.
 */
#ifndef CURATE_BYTE_ALPHABET_H
#define CURATE_BYTE_ALPHABET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum { ALPHABET_CHAR_MAX = 2 };

/* Write the character of a byte in UTF-8. Returns its length, 1 or 2. */
size_t alphabet_encode(uint8_t byte, char out[ALPHABET_CHAR_MAX]);

/* Decode a text of such characters into *n bytes; bytes needs room for text.len. Returns false,
 * without setting *n, if a character stands for no byte. */
bool alphabet_decode(struct slice text, char *bytes, size_t *n);

#endif
