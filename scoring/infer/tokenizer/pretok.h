/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pretok.h - the pre-tokeniser: split a text into words, before byte-level BPE merges in them.
 *
 * A rule is a list of regular expressions. The first splits the text into its matches and the
 * text between them. The next splits each of these pieces again, and so on. A pretok is
 * immutable, and threads share it; each thread has its own struct regex_match.
 */
#ifndef CURATE_PRETOK_H
#define CURATE_PRETOK_H

#include <stdbool.h>

#include "base/slice.h"

struct error;
struct pretok;
struct regex_match;

/* Create a pre-tokeniser by name: the value of tokenizer.ggml.pre, or a slice with ptr NULL if
 * the file has none ("default"). Returns -1 with ERR_UNSUPPORTED, listing the known names, if
 * the name is unknown. */
int pretok_new(struct slice name, struct pretok **out, struct error *err);
void pretok_free(struct pretok *pretok);

/* The name that was passed to pretok_new(), or "default". */
const char *pretok_name(const struct pretok *pretok);
/* The first name of the rule: the same for all names that split in the same way. */
const char *pretok_rule(const struct pretok *pretok);
/* True if a word that is a token becomes that token, without applying merges. */
bool pretok_keeps_words(const struct pretok *pretok);
/* True if prompts start with BOS by default. */
bool pretok_adds_bos(const struct pretok *pretok);

/* Receives the words in order, none of them empty. To stop, set err and return -1. */
struct word_sink {
    int (*word)(const void *state, struct slice word, struct error *err);
    const void *state;
};
/* Split a text, which must be well-formed UTF-8. */
int pretok_split(const struct pretok *pretok, struct regex_match *match, struct slice text,
                 const struct word_sink *sink, struct error *err);

#endif
