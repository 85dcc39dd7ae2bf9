/* SPDX-License-Identifier: Apache-2.0 */
/*
 * byte_alphabet.h - the characters byte-level BPE writes bytes with.
 *
 * Its vocabularies are text, so every byte has a visible character: the printable ones of
 * Latin-1 stand for themselves, the other 68 are U+0100 and up in order.
 */
#ifndef CURATE_BYTE_ALPHABET_H
#define CURATE_BYTE_ALPHABET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum { ALPHABET_CHAR_MAX = 2 };

/* Write the UTF-8 of the byte's character; returns its length, 1 or 2. */
size_t alphabet_encode(uint8_t byte, char out[ALPHABET_CHAR_MAX]);

/* Undo it for a whole text: bytes needs room for text.len. False, with *n unset, when the text
 * holds a character that stands for no byte. */
bool alphabet_decode(struct slice text, char *bytes, size_t *n);

#endif
