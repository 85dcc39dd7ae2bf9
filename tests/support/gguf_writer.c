/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/gguf_writer.h"

#include "tests/support/test.h"

enum { VERSION = 3, ALIGN = 32, MAX_BYTES = 1 << 30 };

static void add(struct buf *buf, const void *bytes, size_t n)
{
    struct error err;

    assert_ok(buf_add(buf, bytes, n, &err));
}

static void add_uint(struct buf *buf, uint64_t value, size_t n_bytes)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < n_bytes; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    add(buf, bytes, n_bytes);
}

static void add_f32(struct buf *buf, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    add_uint(buf, bits, 4);
}

static void add_string(struct buf *buf, struct slice text)
{
    add_uint(buf, text.len, 8);
    add(buf, text.ptr, text.len);
}

static void pad(struct buf *buf)
{
    static const char zeros[ALIGN];

    add(buf, zeros, (ALIGN - buf->len % ALIGN) % ALIGN);
}

void gguf_writer_init(struct gguf_writer *writer)
{
    *writer = (struct gguf_writer){ 0 };
    buf_init(&writer->entries, MAX_BYTES);
    buf_init(&writer->tensors, MAX_BYTES);
    buf_init(&writer->data, MAX_BYTES);
    buf_init(&writer->file, MAX_BYTES);
}

void gguf_writer_release(struct gguf_writer *writer)
{
    buf_release(&writer->entries);
    buf_release(&writer->tensors);
    buf_release(&writer->data);
    buf_release(&writer->file);
    *writer = (struct gguf_writer){ 0 };
}

static struct buf *begin_entry(struct gguf_writer *writer, const char *key, enum gguf_type type)
{
    writer->n_entries++;
    add_string(&writer->entries, slice_text(key));
    add_uint(&writer->entries, type, 4);
    return &writer->entries;
}

static struct buf *begin_array(struct gguf_writer *writer, const char *key, enum gguf_type type,
                               size_t n)
{
    struct buf *out = begin_entry(writer, key, GGUF_ARRAY);

    add_uint(out, type, 4);
    add_uint(out, n, 8);
    return out;
}

void gguf_write_u32(struct gguf_writer *writer, const char *key, uint32_t value)
{
    add_uint(begin_entry(writer, key, GGUF_U32), value, 4);
}

void gguf_write_f32(struct gguf_writer *writer, const char *key, float value)
{
    add_f32(begin_entry(writer, key, GGUF_F32), value);
}

void gguf_write_bool(struct gguf_writer *writer, const char *key, bool value)
{
    add_uint(begin_entry(writer, key, GGUF_BOOL), value, 1);
}

void gguf_write_string(struct gguf_writer *writer, const char *key, struct slice value)
{
    add_string(begin_entry(writer, key, GGUF_STRING), value);
}

void gguf_write_strings(struct gguf_writer *writer, const char *key, const struct slice *values,
                        size_t n)
{
    struct buf *out = begin_array(writer, key, GGUF_STRING, n);

    for (size_t i = 0; i < n; i++)
        add_string(out, values[i]);
}

void gguf_write_f32s(struct gguf_writer *writer, const char *key, const float *values, size_t n)
{
    struct buf *out = begin_array(writer, key, GGUF_F32, n);

    for (size_t i = 0; i < n; i++)
        add_f32(out, values[i]);
}

void gguf_write_i32s(struct gguf_writer *writer, const char *key, const int32_t *values,
                     size_t n)
{
    struct buf *out = begin_array(writer, key, GGUF_I32, n);

    for (size_t i = 0; i < n; i++)
        add_uint(out, (uint32_t)values[i], 4);
}

void gguf_write_tensor(struct gguf_writer *writer, const char *name, const uint64_t *dims,
                       uint32_t n_dims, enum dtype type, struct slice bytes)
{
    writer->n_tensors++;
    add_string(&writer->tensors, slice_text(name));
    add_uint(&writer->tensors, n_dims, 4);
    for (uint32_t i = 0; i < n_dims; i++)
        add_uint(&writer->tensors, dims[i], 8);
    add_uint(&writer->tensors, type, 4);
    add_uint(&writer->tensors, writer->data.len, 8);
    add(&writer->data, bytes.ptr, bytes.len);
    pad(&writer->data);
}

struct slice gguf_writer_file(struct gguf_writer *writer)
{
    struct buf *file = &writer->file;

    buf_clear(file);
    add(file, "GGUF", 4);
    add_uint(file, VERSION, 4);
    add_uint(file, writer->n_tensors, 8);
    add_uint(file, writer->n_entries, 8);
    add(file, writer->entries.data, writer->entries.len);
    add(file, writer->tensors.data, writer->tensors.len);
    pad(file);
    add(file, writer->data.data, writer->data.len);
    return buf_slice(file);
}
