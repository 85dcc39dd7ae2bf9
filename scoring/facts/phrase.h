/* SPDX-License-Identifier: Apache-2.0 */
/*
 * phrase.h - fixed phrases in texts, without regard to the case of ASCII letters, and the ends
 * of texts.
 */
#ifndef CURATE_PHRASE_H
#define CURATE_PHRASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

static inline char ascii_lower_byte(char byte)
{
    return (char)(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
}

/* The length of the phrase, which is in lower case, if the text begins with it; 0 if not. */
static inline size_t phrase_len_at(struct slice text, const char *phrase)
{
    size_t i = 0;

    for (; phrase[i] != '\0'; i++)
        if (i == text.len || ascii_lower_byte(text.ptr[i]) != phrase[i])
            return 0;
    return i;
}

/* Is any of the phrases, up to NULL, in the text? */
bool phrase_is_in(struct slice text, const char *const *phrases);

/* Cut white space at the end, or at both ends, off a text. */
struct slice trim_end(struct slice text);
struct slice trim_both(struct slice text);

/* Decode the last character of a text that is not empty. *start gets its offset. */
uint32_t last_character(struct slice text, size_t *start);

#endif
