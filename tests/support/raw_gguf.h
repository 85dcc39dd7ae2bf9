/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw_gguf.h - write GGUF files byte by byte, valid or not.
 */
#ifndef CURATE_TEST_RAW_GGUF_H
#define CURATE_TEST_RAW_GGUF_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/infer/gguf/gguf.h"

struct error;

struct raw {
    uint8_t bytes[8192];
    size_t n;
};

/* Begin a file with magic, version and counts. */
struct raw raw_begin(uint32_t version, uint64_t n_tensors, uint64_t n_entries);

void raw_put(struct raw *raw, const void *bytes, size_t n);
void raw_uint(struct raw *raw, uint64_t value, size_t n_bytes);
void raw_u32(struct raw *raw, uint32_t value);
void raw_u64(struct raw *raw, uint64_t value);
void raw_text(struct raw *raw, const char *text);
/* Append zeros up to a multiple of 32. */
void raw_pad(struct raw *raw);

/* Append a key with a value of n_bytes; the head of an array of n elements; an entry of the
 * tensor directory. */
void raw_entry(struct raw *raw, const char *key, enum gguf_type type, uint64_t value,
               size_t n_bytes);
void raw_array(struct raw *raw, const char *key, uint32_t type, uint64_t n);
void raw_tensor(struct raw *raw, const char *name, uint32_t n_dims, const uint64_t *dims,
                uint32_t type, uint64_t offset);

/* A valid file with a key of each type and two tensors, "z.weight" before "b.weight". */
struct raw raw_good_file(void);

/* Parse a copy that ends with its allocation, so that a sanitizer sees reads past the end. */
int raw_parse(const struct raw *raw, struct error *err);

#endif
