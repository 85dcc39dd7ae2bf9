/* SPDX-License-Identifier: Apache-2.0 */
/* The seam between language.c and the C++ of CLD2: what both languages can read. */
#ifndef CURATE_LANGUAGE_PRIVATE_H
#define CURATE_LANGUAGE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cld2_guess {
    const char *code; /* static; "un" for none */
    int percent;      /* of the text */
    bool is_reliable;
};

/* text: well-formed UTF-8 of at most INT_MAX - 1 bytes, and a NUL behind them: CLD2 reads one
 * byte too many, and loses its way in anything else. False when there was no memory; CLD2 then
 * keeps a buffer or two. */
bool cld2_identify(const char *text, size_t len, const char *hint, struct cld2_guess *out);

#ifdef __cplusplus
}
#endif

#endif
