/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compat.h - published programs whose arithmetic can be reproduced, for comparison.
 */
#ifndef CURATE_COMPAT_H
#define CURATE_COMPAT_H

enum compat {
    COMPAT_NONE,
    COMPAT_GATEAU_CODE,    /* S1s-Z/GATEAU, select/ */
    COMPAT_SUPERFILTERING, /* tianyi-lab/Superfiltering, code_ifd/ */
    COMPAT_CHERRY,         /* tianyi-lab/Cherry_LLM, cherry_seletion/ */
};

/* "gateau-code", "superfiltering", "cherry"; "" for COMPAT_NONE; NULL after the last. */
const char *compat_name(int compat);
/* The quantities the program computes: bits of enum scorer_needs. */
unsigned compat_needs(enum compat compat);
/* The program's default for max_tokens; 0 for the model's context length. */
unsigned compat_max_tokens(enum compat compat);

#endif
