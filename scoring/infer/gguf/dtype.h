/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dtype.h - the tensor types of ggml: names, block sizes, and which of them we compute with.
 *
 * Types we only know by size can stand in a file's directory, so that refusing such a model can
 * name the type.
 */
#ifndef CURATE_DTYPE_H
#define CURATE_DTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dtype_info {
    const char *name;     /* "Q8_0" */
    uint32_t block;       /* elements that are stored together */
    uint32_t block_bytes; /* bytes of such a block */
    bool computed;        /* one of enum dtype (gguf.h) */
};

/* NULL for a number that ggml never gave out or has withdrawn. */
enum { DTYPE_NUMBERS = 40 }; /* their numbers are below this */
const struct dtype_info *dtype_find(uint32_t type);

/* The names of those we compute with, "F32, F16": at most size bytes. */
void dtype_list(char *out, size_t size);

#endif
