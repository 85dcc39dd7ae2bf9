/* SPDX-License-Identifier: Apache-2.0 */
/*
 * language.h - identify the language of a text with CLD2.
 *
 * A text may contain any bytes. It has no identified language if it has fewer than
 * LANGUAGE_LETTERS_MIN letters, or if no language reliably makes up LANGUAGE_PERCENT_MIN of it.
 * Only the first LANGUAGE_BYTES_MAX bytes are read.
 */
#ifndef CURATE_LANGUAGE_H
#define CURATE_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct error;

/* In a build without CLD2: the build option that adds it. NULL in any other build. */
#ifdef CURATE_WITHOUT_CLD2
#define LANGUAGE_LEFT_OUT "-Dcld2=enabled"
#else
#define LANGUAGE_LEFT_OUT NULL
#endif

enum {
    LANGUAGE_LETTERS_MIN = 20,
    LANGUAGE_PERCENT_MIN = 70,
    LANGUAGE_BYTES_MAX = 1 << 24,
};

/* Count the letters of a text. A wide one (Han, kana, Hangul) counts as three. Bytes that are
 * not UTF-8 are no letters. */
size_t language_letters(struct slice text);

/* Identify the language. *code is static ("de", "zh-Hant"), or NULL if the language is not
 * certain. hint is the code of a likely language, or NULL; it matters for short texts. Returns
 * 0, or -1 with err set: ERR_NOMEM, or ERR_UNSUPPORTED in a build without CLD2. */
int language_identify(struct slice text, const char *hint, const char **code,
                      struct error *err);

/* A language and the share of the bytes of letters that are in it, 0 to 1 in steps of 0.01. */
struct language_share {
    const char *code; /* as that of language_identify(); NULL: not certain */
    double share;     /* 0 if code is NULL */
};
/* The same as language_identify(), with the share. */
int language_identify_share(struct slice text, const char *hint, struct language_share *out,
                            struct error *err);

/* True if both codes name the same language or members of the same ISO 639-3 macrolanguage:
 * Chinese in two scripts; Bosnian, Croatian, Serbian; Bokmaal, Nynorsk; Indonesian, Malay. */
bool language_same(const char *a, const char *b);

#endif
