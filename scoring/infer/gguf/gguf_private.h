/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gguf_private.h - shared by the parser of the header (gguf.c), the look-ups (gguf_find.c) and
 * the joining of parts (gguf_join.c).
 */
#ifndef CURATE_GGUF_PRIVATE_H
#define CURATE_GGUF_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "scoring/infer/gguf/gguf.h"

/* One key and its value. A scalar is stored as an array of one element. The bytes have been
 * checked, and are borrowed. */
struct gguf_entry {
    struct slice key;
    enum gguf_type type; /* GGUF_ARRAY, or the type of the scalar */
    struct gguf_array value;
};

struct gguf {
    struct gguf_entry *entries; /* sorted by key */
    size_t n_entries;
    struct gguf_tensor *tensors; /* in the order of the file */
    size_t n_tensors;
    const struct gguf_tensor **by_name; /* the same, sorted by name */
    size_t n_parts;                     /* files that it was read from; 0 stands for 1 */
};

/* Bytes of one element; 0 for GGUF_STRING and GGUF_ARRAY, which have no fixed size. */
size_t gguf_type_bytes(enum gguf_type type);
/* "u32", "string", ...: for messages. */
const char *gguf_type_name(enum gguf_type type);
/* Compare two keys or tensor names: by bytes, then by length. */
int gguf_name_order(struct slice a, struct slice b);
/* Set by_name, which has room, from tensors. ERR_INPUT if two tensors have one name. */
int gguf_sort_tensors(struct gguf *gguf, struct error *err);
/* Find a key. Returns NULL if it is absent. */
const struct gguf_entry *gguf_entry(const struct gguf *gguf, struct slice key);

#endif
