/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gguf.h - the header of a GGUF file (version 2 or 3): typed keys, and where tensors are.
 *
 * The bytes must stay mapped: all slices and pointers are borrowed from them. The file is not
 * trusted. Counts and lengths are compared with the bytes left before anything is allocated.
 * Keys and tensor names are unique. Every tensor is aligned and inside the file, and no two
 * overlap. Every error names the byte offset, the key or the tensor.
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

/* ggml's numbers of the supported tensor types. */
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
    uint64_t dims[4];    /* dims[0]: elements of a row, contiguous; unused ones are 1 */
    uint32_t type;       /* known to dtype_find(), maybe not supported */
    const uint8_t *data; /* may be unaligned for its type */
    uint64_t n_bytes;
};

/* Parse the header of a file of n bytes, which are borrowed until gguf_free(). Returns -1 with
 * ERR_INPUT, ERR_UNSUPPORTED (another version or byte order) or ERR_NOMEM. */
int gguf_parse(const void *bytes, size_t n, struct gguf **out, struct error *err);
void gguf_free(struct gguf *gguf);
/* The number of files that the model is in, see gguf_file.h. */
size_t gguf_part_count(const struct gguf *gguf);

/*
 * Look up a key. Returns 1 and fills *out; 0 if the key is absent; -1 with ERR_INPUT, naming
 * the key, if it has another type or is out of range. gguf_uint() accepts any integer type with
 * a value in [min, max]; gguf_float() accepts a finite F32 or F64.
 */
int gguf_uint(const struct gguf *gguf, const char *key, uint64_t min, uint64_t max,
              uint64_t *out, struct error *err);
int gguf_float(const struct gguf *gguf, const char *key, double *out, struct error *err);
int gguf_bool(const struct gguf *gguf, const char *key, bool *out, struct error *err);
int gguf_string(const struct gguf *gguf, const char *key, struct slice *out, struct error *err);

/* An array in the file. Strings are read one by one with gguf_string_next(). */
struct gguf_array {
    enum gguf_type type;
    uint64_t n;
    const uint8_t *data; /* unaligned elements; strings have a length prefix, already checked */
    size_t n_bytes;
};
/* Look up an array with elements of this type, as above. */
int gguf_array(const struct gguf *gguf, const char *key, enum gguf_type type,
               struct gguf_array *out, struct error *err);
/* Read the next string of an array. *pos is 0 at first. Returns 1, or 0 at the end. */
int gguf_string_next(const struct gguf_array *array, size_t *pos, struct slice *out);
/* Element i < n of an array of F32, or of I32 or U32. */
float gguf_array_f32(const struct gguf_array *array, uint64_t i);
int32_t gguf_array_i32(const struct gguf_array *array, uint64_t i);

/* The keys in sorted order, to check that all are known. */
size_t gguf_key_count(const struct gguf *gguf);
struct slice gguf_key_at(const struct gguf *gguf, size_t i);

/* Find a tensor by name. Returns NULL if there is none. */
const struct gguf_tensor *gguf_tensor(const struct gguf *gguf, const char *name);
/* The tensors in the order of the file. */
size_t gguf_tensor_count(const struct gguf *gguf);
const struct gguf_tensor *gguf_tensor_at(const struct gguf *gguf, size_t i);

#endif
