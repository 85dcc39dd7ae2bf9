/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compat.h - published code whose arithmetic can be reproduced, for comparison.
 */
#ifndef CURATE_COMPAT_H
#define CURATE_COMPAT_H

#include <stdbool.h>

enum compat {
    COMPAT_NONE,
    COMPAT_GATEAU_CODE,    /* S1s-Z/GATEAU, select/ */
    COMPAT_SUPERFILTERING, /* tianyi-lab/Superfiltering, code_ifd/ */
    COMPAT_CHERRY,         /* tianyi-lab/Cherry_LLM, cherry_seletion/ */
};

/* "gateau-code", "superfiltering", "cherry"; "" for none. */
const char *compat_name(enum compat compat);
bool compat_find(const char *name, enum compat *out);
/* What of a sample it computes (bits of scorer.h). */
unsigned compat_needs(enum compat compat);
/* The most tokens its sequences have where nothing else is said; 0 for the model's window. */
unsigned compat_max_tokens(enum compat compat);

#endif
