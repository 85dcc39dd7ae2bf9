/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arch.h - in what the architectures we run differ from each other.
 *
 * All of them are pre-norm decoders with RMSNorm, rotary positions, grouped-query attention and
 * a SwiGLU feed-forward part; model.h names the limits. To add one of that family: write
 * arch_NAME.c with `const struct arch arch_NAME` and put NAME into meson.build here.
 */
#ifndef CURATE_ARCH_H
#define CURATE_ARCH_H

#include <stdbool.h>

#include "base/slice.h"

struct arch {
    const char *name;      /* value of general.architecture, and prefix of its keys */
    bool rope_neox;        /* rotate the pairs (i, i + n/2); else (2i, 2i + 1) */
    bool attn_output_bias; /* the attention's output matrix may have a bias */
};

/* All of them, ended by NULL. */
extern const struct arch *const archs[];

/* NULL when there is none of that name. */
const struct arch *arch_find(struct slice name);

#endif
