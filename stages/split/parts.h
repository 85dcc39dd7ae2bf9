/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts.h - the parts of a split, as --by names them.
 */
#ifndef CURATE_SPLIT_PARTS_H
#define CURATE_SPLIT_PARTS_H

#include <stddef.h>

struct arena;
struct error;
struct split_part;

enum { SPLIT_PARTS_MAX = 64 };

/*
 * Parse "train=.9,valid=5%,test=.05": 2 to SPLIT_PARTS_MAX parts whose shares sum to 1. The
 * parts are in the arena. Returns 0, or -1 with err set: ERR_USAGE.
 */
int parts_parse(const char *text, struct arena *arena, struct split_part **out, size_t *n,
                struct error *err);

#endif
