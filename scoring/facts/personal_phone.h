/* SPDX-License-Identifier: Apache-2.0 */
/*
 * personal_phone.h - groups of digits, and whether they are a phone number.
 */
#ifndef CURATE_PERSONAL_PHONE_H
#define CURATE_PERSONAL_PHONE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum { PHRASE_GROUPS = 8, PHRASE_DIGITS = 24 };

struct number_group {
    size_t start; /* byte offsets in the text */
    size_t end;
    size_t len;      /* digits */
    size_t n_digits; /* digits of this group and those before */
    char joint;      /* before the next group: one of " -./()"; 0: none follows */
};

/* Groups of digits with one joint between two of them. */
struct number_phrase {
    size_t start;
    char lead;      /* '+', '(' or 0 */
    bool overflows; /* more groups or digits follow */
    struct number_group groups[PHRASE_GROUPS];
    size_t n;
    char digits[PHRASE_DIGITS];
    size_t n_digits;
};

/* The form of the phone number at the start of the phrase: "international" or "national", and
 * the number of its groups. NULL: there is none. */
const char *personal_phone_form(struct slice text, const struct number_phrase *phrase,
                                size_t *n_groups);

#endif
