/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gguf.h - the directory of a GGUF file (version 2 or 3): typed keys and tensor extents.
 *
 * Parsed from bytes that stay mapped; everything handed out is borrowed from them. Nothing in
 * the file is trusted: counts and lengths are held against what is left before anything is
 * allocated, keys and tensor names are unique, every tensor lies inside the file, aligned, and
 * no two overlap. Every error names the byte offset or the key or tensor.
 */
#ifndef CURATE_GGUF_H
#define CURATE_GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;
struct gguf;

enum gguf_type {
    GGUF_U8 = 0,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
};

/* ggml's numbers of the tensor types we compute with. */
enum dtype {
    DTYPE_F32 = 0,
    DTYPE_F16 = 1,
    DTYPE_Q4_0 = 2,
    DTYPE_Q4_1 = 3,
    DTYPE_Q5_0 = 6,
    DTYPE_Q5_1 = 7,
    DTYPE_Q8_0 = 8,
    DTYPE_Q2_K = 10,
    DTYPE_Q3_K = 11,
    DTYPE_Q4_K = 12,
    DTYPE_Q5_K = 13,
    DTYPE_Q6_K = 14,
    DTYPE_IQ4_NL = 20,
    DTYPE_BF16 = 30,
};

struct gguf_tensor {
    struct slice name;
    uint32_t n_dims;
    uint64_t dims[4];    /* dims[0] is the row: contiguous; unused ones are 1 */
    uint32_t type;       /* enum dtype */
    const uint8_t *data; /* unaligned as far as C is concerned */
    uint64_t n_bytes;
};

int gguf_parse(const void *bytes, size_t n, struct gguf **out, struct error *err);
void gguf_free(struct gguf *gguf);
uint32_t gguf_version(const struct gguf *gguf);

/*
 * Typed look-ups. Return 1 and fill *out, 0 when the key is absent, -1 (ERR_INPUT, naming the
 * key) when it is there with another type or out of range. gguf_uint() takes any integer type
 * whose value is in [min, max]; gguf_float() F32 or F64, finite.
 */
int gguf_uint(const struct gguf *gguf, const char *key, uint64_t min, uint64_t max,
              uint64_t *out, struct error *err);
int gguf_float(const struct gguf *gguf, const char *key, double *out, struct error *err);
int gguf_bool(const struct gguf *gguf, const char *key, bool *out, struct error *err);
int gguf_string(const struct gguf *gguf, const char *key, struct slice *out, struct error *err);

/* An array as found: its element type and count. Strings are reached one by one in order. */
struct gguf_array {
    enum gguf_type type;
    uint64_t n;
    const uint8_t
        *data; /* elements, unaligned; for strings: length-prefixed, already checked */
    size_t n_bytes;
};
int gguf_array(const struct gguf *gguf, const char *key, enum gguf_type type,
               struct gguf_array *out, struct error *err);
/* Walk an array of strings: *pos starts at 0; 1 with a string, 0 at the end. */
int gguf_string_next(const struct gguf_array *array, size_t *pos, struct slice *out);
/* Element i < n of an array of F32, I32 or U32. */
float gguf_array_f32(const struct gguf_array *array, uint64_t i);
int32_t gguf_array_i32(const struct gguf_array *array, uint64_t i);

/* The keys, sorted: for those who must refuse what they do not know. */
size_t gguf_key_count(const struct gguf *gguf);
struct slice gguf_key_at(const struct gguf *gguf, size_t i);

/* NULL when there is none of that name. */
const struct gguf_tensor *gguf_tensor(const struct gguf *gguf, const char *name);
size_t gguf_tensor_count(const struct gguf *gguf);
const struct gguf_tensor *gguf_tensor_at(const struct gguf *gguf, size_t i);

#endif
