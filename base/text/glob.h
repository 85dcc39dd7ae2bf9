/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glob.h - match paths against patterns.
 */
#ifndef CURATE_GLOB_H
#define CURATE_GLOB_H

#include <stdbool.h>

#include "base/slice.h"

/* True if the path matches the whole pattern. '?' stands for one UTF-8 character and '*' for
 * any number of bytes, both within one component; a component that is "**" stands for any
 * number of components. "[a-z_]" stands for one ASCII character of the set, "[!a]" for one that
 * is not in it; a '[' without its ']' is itself. What begins with '.' is matched only by a
 * pattern that has the dot. There are no other special characters. Takes at most pattern length
 * times path length steps.
 */
bool glob_matches(const char *pattern, struct slice path);

#endif
