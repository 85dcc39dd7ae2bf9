/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/raw_gguf.h"

#include "tests/support/test.h"

#include <stdlib.h>

void raw_put(struct raw *raw, const void *bytes, size_t n)
{
    assert_true(raw->n + n <= sizeof raw->bytes);
    memcpy(raw->bytes + raw->n, bytes, n);
    raw->n += n;
}

void raw_uint(struct raw *raw, uint64_t value, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++) {
        const uint8_t byte = (uint8_t)(value >> (8 * i));
        raw_put(raw, &byte, 1);
    }
}

void raw_u32(struct raw *raw, uint32_t value)
{
    raw_uint(raw, value, 4);
}

void raw_u64(struct raw *raw, uint64_t value)
{
    raw_uint(raw, value, 8);
}

void raw_text(struct raw *raw, const char *text)
{
    raw_u64(raw, strlen(text));
    raw_put(raw, text, strlen(text));
}

void raw_pad(struct raw *raw)
{
    while (raw->n % 32 != 0)
        raw_uint(raw, 0, 1);
}

struct raw raw_begin(uint32_t version, uint64_t n_tensors, uint64_t n_entries)
{
    struct raw raw = { .n = 0 };

    raw_put(&raw, "GGUF", 4);
    raw_u32(&raw, version);
    raw_u64(&raw, n_tensors);
    raw_u64(&raw, n_entries);
    return raw;
}

void raw_entry(struct raw *raw, const char *key, enum gguf_type type, uint64_t value,
               size_t n_bytes)
{
    raw_text(raw, key);
    raw_u32(raw, type);
    raw_uint(raw, value, n_bytes);
}

void raw_array(struct raw *raw, const char *key, uint32_t type, uint64_t n)
{
    raw_text(raw, key);
    raw_u32(raw, GGUF_ARRAY);
    raw_u32(raw, type);
    raw_u64(raw, n);
}

void raw_tensor(struct raw *raw, const char *name, uint32_t n_dims, const uint64_t *dims,
                uint32_t type, uint64_t offset)
{
    raw_text(raw, name);
    raw_u32(raw, n_dims);
    for (uint32_t i = 0; i < n_dims; i++)
        raw_u64(raw, dims[i]);
    raw_u32(raw, type);
    raw_u64(raw, offset);
}

int raw_parse(const struct raw *raw, struct error *err)
{
    struct gguf *gguf = NULL;
    uint8_t *bytes = malloc(raw->n > 0 ? raw->n : 1);

    assert_non_null(bytes);
    memcpy(bytes, raw->bytes, raw->n);
    const int rc = gguf_parse(bytes, raw->n, &gguf, err);
    gguf_free(gguf);
    free(bytes);
    return rc;
}

struct raw raw_good_file(void)
{
    struct raw raw = raw_begin(3, 2, 8);
    const uint64_t dims[] = { 4, 3 };
    const uint64_t row[] = { 32 };

    raw_entry(&raw, "a.u8", GGUF_U8, 200, 1);
    raw_entry(&raw, "a.i16", GGUF_I16, 0xfffe, 2);
    raw_entry(&raw, "a.u64", GGUF_U64, UINT64_MAX, 8);
    raw_entry(&raw, "a.f32", GGUF_F32, 0x3fc00000, 4);
    raw_entry(&raw, "a.bool", GGUF_BOOL, 1, 1);
    raw_text(&raw, "a.string");
    raw_u32(&raw, GGUF_STRING);
    raw_text(&raw, "hello");
    raw_array(&raw, "a.strings", GGUF_STRING, 3);
    raw_text(&raw, "one");
    raw_text(&raw, "");
    raw_text(&raw, "three");
    raw_array(&raw, "a.i32s", GGUF_I32, 2);
    raw_u32(&raw, 7);
    raw_u32(&raw, 0xffffffff);
    raw_tensor(&raw, "z.weight", 2, dims, DTYPE_F32, 64);
    raw_tensor(&raw, "b.weight", 1, row, DTYPE_Q8_0, 0);
    raw_pad(&raw);
    for (size_t i = 0; i < 64 + 48; i++)
        raw_uint(&raw, i, 1);
    return raw;
}
