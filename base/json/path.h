/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path.h - name a value inside a JSON value: query, answers[0], docs[*].text, a.b.c.
 *
 * A path is a list of steps: the name of a member, the index of an element, or [*] for every
 * element of a list and every member of an object. A name that holds a dot or a bracket is
 * written in brackets and quotes: ["a.b"]. Names are compared without regard to the case of
 * ASCII letters. If two members differ only in case, an exact match counts.
 */
#ifndef CURATE_PATH_H
#define CURATE_PATH_H

#include <stddef.h>

#include "base/slice.h"

struct error;
struct json_value;

enum { JSON_PATH_STEPS = 8 };

struct json_step {
    enum json_step_type { STEP_MEMBER, STEP_INDEX, STEP_EACH } type;
    struct slice name; /* of STEP_MEMBER */
    size_t index;      /* of STEP_INDEX, from 0 */
};

struct json_path {
    struct json_step steps[JSON_PATH_STEPS];
    size_t n;
};

/* Parse a path; the text is borrowed. Returns 0, or -1 with ERR_USAGE: what is wrong, without
 * the text. */
int json_path_parse(const char *text, struct json_path *out, struct error *err);

/* Receives a value that a path leads to; NULL stands for null. Returns 0 to go on, or another
 * value to stop. */
typedef int json_path_fn(void *arg, const struct json_value *value);
/* Call fn for each value that the path leads to, in the order of the text. Returns what the
 * last call of fn returned; 0 when there was none. */
int json_path_walk(const struct json_value *value, const struct json_path *path,
                   json_path_fn *fn, void *arg);

#endif
