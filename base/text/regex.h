/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex.h - Unicode regular expressions, JIT-compiled. Only regex.c includes <pcre2.h>.
 *
 * A compiled pattern is immutable; threads may share it. Each thread needs its own struct
 * regex_match. Subjects must be valid UTF-8 (utf8_bad_at()); this is not checked again. A
 * search that exceeds the depth limit, or the step limit, which grows with the subject, is
 * ERR_INPUT.
 */
#ifndef CURATE_REGEX_H
#define CURATE_REGEX_H

#include <stddef.h>

#include "base/slice.h"

struct error;
struct regex;
struct regex_match;

/* Compile a pattern. ERR_INPUT with the byte offset if it is invalid. */
int regex_new(const char *pattern, struct regex **out, struct error *err);
void regex_free(struct regex *regex);
int regex_match_new(struct regex_match **out, struct error *err);
void regex_match_free(struct regex_match *match);

/* Search from byte `from` on. Returns 1 and the span of the match, 0 if there is none, or -1.
 */
int regex_find(const struct regex *regex, struct regex_match *match, struct slice subject,
               size_t from, size_t *start, size_t *end, struct error *err);

#endif
