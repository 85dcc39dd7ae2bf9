/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pretok.h - cutting text into the words that byte-level BPE joins letters within.
 *
 * A rule is a list of regular expressions. Each is applied to every piece the ones before it
 * left; its matches and what lies between them are the pieces for the next. A pretok is
 * immutable and shared between threads; a thread brings its own struct regex_match.
 */
#ifndef CURATE_PRETOK_H
#define CURATE_PRETOK_H

#include <stdbool.h>

#include "base/slice.h"

struct error;
struct pretok;
struct regex_match;

/* name is the value of tokenizer.ggml.pre, ptr NULL when the file has none ("default").
 * ERR_UNSUPPORTED for a name we do not know, listing those we do. */
int pretok_new(struct slice name, struct pretok **out, struct error *err);
void pretok_free(struct pretok *pretok);

/* The name the rule was asked for by. */
const char *pretok_name(const struct pretok *pretok);
/* The name of the rule itself: the same for names that cut the same way. */
const char *pretok_rule(const struct pretok *pretok);
/* Whether a word that is a token is taken whole, whatever the merges say. */
bool pretok_keeps_words(const struct pretok *pretok);
/* Whether prompts start with BOS when the file does not say. */
bool pretok_adds_bos(const struct pretok *pretok);

/* Receives the words in order; never an empty one. -1 stops, with the error filled. */
struct word_sink {
    int (*word)(const void *state, struct slice word, struct error *err);
    const void *state;
};
/* text must be well-formed UTF-8. */
int pretok_split(const struct pretok *pretok, struct regex_match *match, struct slice text,
                 const struct word_sink *sink, struct error *err);

#endif
