/* SPDX-License-Identifier: Apache-2.0 */
/*
 * language.h - which language a text is written in, as CLD2 sees it.
 *
 * A text may hold anything. Fewer letters than LANGUAGE_LETTERS_MIN tell no language, nor does
 * a text of several: one of them must make up LANGUAGE_PERCENT_MIN of it, reliably. What stands
 * behind the first LANGUAGE_BYTES_MAX bytes is not read.
 */
#ifndef CURATE_LANGUAGE_H
#define CURATE_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct error;

/* What a build without CLD2 lacks: the option to build curate with. NULL in any other build. */
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

/* Letters of a text; a byte in no character is none. A wide one (of Han, kana, Hangul) counts
 * as three. */
size_t language_letters(struct slice text);

/* *code gets the name of the language, static ("de", "zh-Hant"), or NULL when that is not
 * certain. hint, the code of a language that is likely, or NULL, counts in its favour where the
 * text is short. ERR_NOMEM; ERR_UNSUPPORTED in a build without CLD2. */
int language_identify(struct slice text, const char *hint, const char **code,
                      struct error *err);

/* Whether both codes name the same language, or forms of one that ISO 639-3 gives a common
 * name: Chinese in two scripts; Bosnian, Croatian, Serbian; Bokmaal, Nynorsk; Indonesian,
 * Malay. */
bool language_same(const char *a, const char *b);

#endif
