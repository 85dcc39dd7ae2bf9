/* SPDX-License-Identifier: Apache-2.0 */
/* The interface between language.c and the C++ of CLD2; valid in both languages. */
#ifndef CURATE_LANGUAGE_PRIVATE_H
#define CURATE_LANGUAGE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cld2_guess {
    const char *code; /* static; "un": none */
    int percent;      /* share of the text in this language */
    bool is_reliable;
};

/* Identify the language. text must be valid UTF-8 of at most INT_MAX - 1 bytes, with a NUL
 * after them: CLD2 reads one byte too many. Returns false when memory runs out; CLD2 may leak a
 * buffer then. */
bool cld2_identify(const char *text, size_t len, const char *hint, struct cld2_guess *out);

#ifdef __cplusplus
}
#endif

#endif
