/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_build.h - build a json-c tree from checked JSON text.
 *
 * json-c's parser ignores failed allocations: it truncates a string, drops a member, or ends
 * the program. Its constructors report them. So the tree is built with constructors, and each
 * result is checked.
 */
#ifndef CURATE_JSON_BUILD_H
#define CURATE_JSON_BUILD_H

#include "base/slice.h"

struct arena;
struct error;
struct json_object;

/*
 * Build the tree of a text that json_check() has accepted and json.c has simplified. A string
 * may be a placeholder (json_long.h). *out is NULL for null; free it with json_object_put().
 * Keys are allocated in `keys`, which must outlive the tree. Returns 0, or -1 with err set:
 * ERR_NOMEM.
 */
int json_build(struct slice text, struct arena *keys, struct json_object **out,
               struct error *err);

#endif
