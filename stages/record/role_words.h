/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role_words.h - words for roles that the user names: --role NAME=ROLE.
 */
#ifndef CURATE_ROLE_WORDS_H
#define CURATE_ROLE_WORDS_H

#include <stddef.h>

#include "base/slice.h"

struct error;
struct text_list;

enum { ROLE_WORDS_MAX = 32 };

struct role_words {
    size_t n;
    struct role_word {
        struct slice word; /* without blanks around it; borrowed */
        struct slice role; /* one of the four of roles.h */
    } items[ROLE_WORDS_MAX];
};

/* Parse a list of NAME=ROLE; its texts are borrowed. Returns 0, or -1 with ERR_USAGE. */
int role_words_make(const struct text_list *list, struct role_words *out, struct error *err);
/* The role of a word, without regard to the case of ASCII letters and to blanks around it; ptr
 * NULL for a word that is not in the list. */
struct slice role_words_find(const struct role_words *words, struct slice word);

#endif
