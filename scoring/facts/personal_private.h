/* SPDX-License-Identifier: Apache-2.0 */
/*
 * personal_private.h - the parts of the measurer of personal data.
 *
 * The driver (personal.c) calls the finders at the first byte of each run of ASCII letters and
 * digits, and at the few symbols that begin a hit. A finder looks a bounded number of bytes
 * around, except for keys, whose bytes the driver skips afterwards: the time is linear.
 */
#ifndef CURATE_PERSONAL_PRIVATE_H
#define CURATE_PERSONAL_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "scoring/facts/personal.h"

/* Finders return true and set the hit, or return false. `at` is an offset in the text. */

/* at is '@'; the address begins at `floor` or later. */
bool personal_find_email(struct slice text, size_t at, size_t floor, struct personal_hit *hit);
/* at begins a run of letters and digits, or "-----BEGIN". */
bool personal_find_key(struct slice text, size_t at, struct personal_hit *hit);
/* at begins a run of letters and digits. */
bool personal_find_iban(struct slice text, size_t at, struct personal_hit *hit);
bool personal_find_mac(struct slice text, size_t at, struct personal_hit *hit);
bool personal_find_ipv4(struct slice text, size_t at, struct personal_hit *hit);
bool personal_find_ipv6(struct slice text, size_t at, struct personal_hit *hit);
/* at is a digit, '+' or '('. Card numbers and phone numbers. */
bool personal_find_number(struct slice text, size_t at, struct personal_hit *hit);

static inline bool personal_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool personal_is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static inline bool personal_is_letter(char c)
{
    return personal_is_upper(c) || (c >= 'a' && c <= 'z');
}

static inline bool personal_is_alnum(char c)
{
    return personal_is_digit(c) || personal_is_letter(c);
}

/* The value of a hexadecimal digit, or -1. */
static inline int personal_hex(char c)
{
    if (personal_is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte at an offset; 0 outside of the text. */
static inline char personal_byte(struct slice text, size_t at)
{
    return at < text.len ? text.ptr[at] : 0;
}

/* The byte `back` places before an offset; 0 before the text. */
static inline char personal_before(struct slice text, size_t at, size_t back)
{
    return at >= back ? text.ptr[at - back] : 0;
}

/* Does the text end with a word of the list before an offset, ignoring the case of ASCII
 * letters? A word of ASCII letters must not have another letter in front. */
bool personal_ends_with_word(struct slice text, size_t end, const char *const *words);

#endif
