/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8.h - what we need to know of Unicode; the only code that includes <utf8proc.h>.
 */
#ifndef CURATE_UTF8_H
#define CURATE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;
struct error;

/* The offset of the first byte that is not well-formed UTF-8 (overlong forms, surrogates and
 * values above U+10FFFF are not), or text.len when all of it is. ASCII runs at memory speed. */
size_t utf8_bad_at(struct slice text);

/* Append text with U+FFFD for each byte that is in no well-formed character. */
int utf8_repair(struct slice text, struct buf *out, struct error *err);

/* Bytes of the character at text.ptr[0], 1 for a byte that starts none; 0 for no text. */
size_t utf8_char_len(struct slice text);

/* The first character of text.len > 0 bytes and how many bytes it takes; U+FFFD, of one byte,
 * for a byte that starts none. */
uint32_t utf8_first(struct slice text, size_t *len);
/* Its bytes; how many there are. */
size_t utf8_put(uint32_t code, char out[4]);
/* One character for another, as far as it goes that way. */
uint32_t utf8_lower(uint32_t code);
bool utf8_is_space(uint32_t code);
bool utf8_is_letter(uint32_t code);
/* Two columns wide: those of Han, kana, Hangul. */
bool utf8_is_wide(uint32_t code);

/* True when canonicalising (NFC, LF line ends) would change nothing, decided cheaply; false
 * also means "perhaps". */
bool utf8_is_canonical(struct slice text);

/* Append the canonical form (NFC; CR LF, CR and U+2028 become LF) of well-formed UTF-8. NUL is
 * kept. */
int utf8_canonical(struct slice text, struct buf *out, struct error *err);

#endif
