/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex.h - Unicode regular expressions, JIT-compiled; the only code that includes <pcre2.h>.
 *
 * A compiled pattern is immutable and shared between threads; each thread brings its own
 * struct regex_match. Subjects must be well-formed UTF-8 (utf8_bad_at()), which is not checked
 * again. Matching has depth limits, and step limits that grow with the subject: running into
 * them is ERR_INPUT.
 */
#ifndef CURATE_REGEX_H
#define CURATE_REGEX_H

#include <stddef.h>

#include "base/slice.h"

struct error;
struct regex;
struct regex_match;

/* ERR_INPUT with the offset within the pattern when it does not compile. */
int regex_new(const char *pattern, struct regex **out, struct error *err);
void regex_free(struct regex *regex);
int regex_match_new(struct regex_match **out, struct error *err);
void regex_match_free(struct regex_match *match);

/* Search from byte 'from' on: 1 and the span of the whole match, 0 for none, -1 on failure. */
int regex_find(const struct regex *regex, struct regex_match *match, struct slice subject,
               size_t from, size_t *start, size_t *end, struct error *err);

#endif
