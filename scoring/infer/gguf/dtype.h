/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dtype.h - the tensor types of ggml: names, block sizes, and which of them are supported.
 *
 * Unsupported types are listed too, so that an error message can name the type.
 */
#ifndef CURATE_DTYPE_H
#define CURATE_DTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dtype_info {
    const char *name;     /* "Q8_0" */
    uint32_t block;       /* elements of a block, which are stored together */
    uint32_t block_bytes; /* bytes of a block */
    bool supported;       /* one of enum dtype (gguf.h) */
};

enum { DTYPE_NUMBERS = 40 }; /* ggml's type numbers are below this */

/* Find a type by ggml's number. Returns NULL for a number that was never used or is withdrawn.
 */
const struct dtype_info *dtype_find(uint32_t type);

/* Write the names of the supported types, "F32, F16, ...", into at most size bytes. */
void dtype_list(char *out, size_t size);

#endif
