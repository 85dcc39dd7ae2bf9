/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gguf_writer.h - make GGUF files in memory.
 *
 * The writer writes what it is given, so tests make malformed files with it, too. Running out
 * of memory fails the test. The whole file is in memory, several times over.
 */
#ifndef CURATE_TEST_GGUF_WRITER_H
#define CURATE_TEST_GGUF_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "scoring/infer/gguf/gguf.h"

struct gguf_writer {
    struct buf entries;
    struct buf tensors; /* the tensor directory */
    struct buf data;
    struct buf file;
    uint64_t n_entries;
    uint64_t n_tensors;
};

void gguf_writer_init(struct gguf_writer *writer);
void gguf_writer_release(struct gguf_writer *writer);

void gguf_write_u32(struct gguf_writer *writer, const char *key, uint32_t value);
void gguf_write_f32(struct gguf_writer *writer, const char *key, float value);
void gguf_write_bool(struct gguf_writer *writer, const char *key, bool value);
void gguf_write_string(struct gguf_writer *writer, const char *key, struct slice value);

void gguf_write_strings(struct gguf_writer *writer, const char *key, const struct slice *values,
                        size_t n);
void gguf_write_f32s(struct gguf_writer *writer, const char *key, const float *values,
                     size_t n);
void gguf_write_i32s(struct gguf_writer *writer, const char *key, const int32_t *values,
                     size_t n);

/* Append a copy of the tensor's bytes after the bytes before, aligned to 32. */
void gguf_write_tensor(struct gguf_writer *writer, const char *name, const uint64_t *dims,
                       uint32_t n_dims, enum dtype type, struct slice bytes);

/* The complete file, version 3. Valid until the writer changes or is released. */
struct slice gguf_writer_file(struct gguf_writer *writer);

#endif
