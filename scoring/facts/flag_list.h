/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flag_list.h - a list of words and phrases that the user names, and where a text has them.
 *
 * A line of the list is a phrase. Words and symbols are those of measured_text.h, each
 * normalised by NFKC and case folding. A phrase is found where its words and symbols follow
 * each other in the text; white space between them does not matter.
 */
#ifndef CURATE_FLAG_LIST_H
#define CURATE_FLAG_LIST_H

#include <stddef.h>

#include "base/hash.h"
#include "base/slice.h"

struct error;
struct measured_text;

/* Limits of a list. They bound the memory to parse it, to about 50 MiB, and the time at each
 * word of a text. */
enum {
    FLAG_LIST_MAX_BYTES = 4 << 20,
    FLAG_LIST_MAX_TOKENS = 500000, /* words and symbols of all phrases */
    FLAG_PHRASE_MAX_BYTES = 1024,
    FLAG_PHRASE_MAX_TOKENS = 64,
};

/* Never changes once it is made: all threads use the same one. */
struct flag_list;
/*
 * Parse the bytes of a list, which it does not keep. Empty lines and lines that begin with `#`
 * are passed over, and a phrase that is there twice counts once. Fails with ERR_NOMEM, or with
 * ERR_INPUT for invalid UTF-8, for a limit, and if there is no phrase; the message names the
 * line.
 */
int flag_list_parse(struct slice text, struct flag_list **out, struct error *err);
void flag_list_free(struct flag_list *list);

/* Memory in bytes. */
size_t flag_list_bytes(const struct flag_list *list);
/* Of the normalised phrases in order: lists that find the same have the same hash. */
struct hash flag_list_hash(const struct flag_list *list);

struct flag_counts {
    size_t n_phrases; /* occurrences that do not overlap */
    size_t n_words;   /* words in them; symbols are not counted */
};
/*
 * Count the phrases in a text: from its start, always the longest that begins at a word, then
 * on behind it. Takes time proportional to the text times the longest phrase, whatever the
 * number of phrases. Returns 0, or -1 with err set: ERR_NOMEM.
 */
int flag_list_find(const struct flag_list *list, const struct measured_text *text,
                   struct flag_counts *out, struct error *err);

#endif
