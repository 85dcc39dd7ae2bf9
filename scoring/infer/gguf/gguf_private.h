/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gguf_private.h - what reading a directory (gguf.c) and asking it (gguf_find.c) share.
 */
#ifndef CURATE_GGUF_PRIVATE_H
#define CURATE_GGUF_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "scoring/infer/gguf/gguf.h"

/* One key. A scalar is an array of one element; the bytes are checked, and borrowed. */
struct gguf_entry {
    struct slice key;
    enum gguf_type type; /* GGUF_ARRAY or the type of the one element */
    struct gguf_array value;
};

struct gguf {
    uint32_t version;
    struct gguf_entry *entries; /* sorted by key */
    size_t n_entries;
    struct gguf_tensor *tensors; /* in the order of the file */
    size_t n_tensors;
    const struct gguf_tensor **by_name; /* the same, sorted */
};

/* Bytes of one element; 0 for GGUF_STRING and GGUF_ARRAY, which have no fixed size. */
size_t gguf_type_bytes(enum gguf_type type);
/* "u32", "string"; for messages. */
const char *gguf_type_name(enum gguf_type type);
/* The order keys and names are sorted in: by bytes, then by length. */
int gguf_name_order(struct slice a, struct slice b);
const struct gguf_entry *gguf_entry(const struct gguf *gguf, struct slice key);

#endif
