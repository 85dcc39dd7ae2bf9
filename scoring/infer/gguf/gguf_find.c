/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/gguf/gguf_private.h"

#include <inttypes.h>
#include <math.h>

#include "base/error.h"
#include "scoring/infer/gguf/cursor.h"
#include "scoring/infer/gguf/gguf.h"

static const struct {
    const char *name;
    uint8_t n_bytes;
    bool is_integer;
    bool is_signed;
} types[] = {
    [GGUF_U8] = { "u8", 1, true, false },          [GGUF_I8] = { "i8", 1, true, true },
    [GGUF_U16] = { "u16", 2, true, false },        [GGUF_I16] = { "i16", 2, true, true },
    [GGUF_U32] = { "u32", 4, true, false },        [GGUF_I32] = { "i32", 4, true, true },
    [GGUF_F32] = { "f32", 4, false, true },        [GGUF_BOOL] = { "bool", 1, false, false },
    [GGUF_STRING] = { "string", 0, false, false }, [GGUF_ARRAY] = { "array", 0, false, false },
    [GGUF_U64] = { "u64", 8, true, false },        [GGUF_I64] = { "i64", 8, true, true },
    [GGUF_F64] = { "f64", 8, false, true },
};

size_t gguf_type_bytes(enum gguf_type type)
{
    return types[type].n_bytes;
}

const char *gguf_type_name(enum gguf_type type)
{
    return types[type].name;
}

int gguf_name_order(struct slice a, struct slice b)
{
    const int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

const struct gguf_entry *gguf_entry(const struct gguf *gguf, struct slice key)
{
    size_t low = 0;
    size_t high = gguf->n_entries;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = gguf_name_order(gguf->entries[middle].key, key);

        if (order == 0)
            return &gguf->entries[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static int wrong_type(const struct gguf_entry *entry, const char *wanted, struct error *err)
{
    return error_set(err, ERR_INPUT, "key '%.*s' is of type %s, not %s", (int)entry->key.len,
                     entry->key.ptr, gguf_type_name(entry->type), wanted);
}

int gguf_uint(const struct gguf *gguf, const char *key, uint64_t min, uint64_t max,
              uint64_t *out, struct error *err)
{
    const struct gguf_entry *entry = gguf_entry(gguf, slice_text(key));

    if (!entry)
        return 0;
    if (!types[entry->type].is_integer)
        return wrong_type(entry, "an integer", err);

    const size_t n_bytes = gguf_type_bytes(entry->type);
    const uint64_t value = bytes_uint(entry->value.data, n_bytes);
    if (types[entry->type].is_signed && (value >> (8 * n_bytes - 1)) != 0)
        return error_set(err, ERR_INPUT, "key '%s' is negative", key);
    if (value < min || value > max)
        return error_set(err, ERR_INPUT,
                         "key '%s' is %" PRIu64 ", outside %" PRIu64 "..%" PRIu64, key, value,
                         min, max);
    *out = value;
    return 1;
}

static float bits_f32(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

int gguf_float(const struct gguf *gguf, const char *key, double *out, struct error *err)
{
    const struct gguf_entry *entry = gguf_entry(gguf, slice_text(key));
    double value;

    if (!entry)
        return 0;
    if (entry->type == GGUF_F32) {
        value = (double)bits_f32((uint32_t)bytes_uint(entry->value.data, 4));
    } else if (entry->type == GGUF_F64) {
        const uint64_t bits = bytes_uint(entry->value.data, 8);
        memcpy(&value, &bits, sizeof value);
    } else {
        return wrong_type(entry, "f32 or f64", err);
    }
    if (!isfinite(value))
        return error_set(err, ERR_INPUT, "key '%s' is not a finite number", key);
    *out = value;
    return 1;
}

int gguf_bool(const struct gguf *gguf, const char *key, bool *out, struct error *err)
{
    const struct gguf_entry *entry = gguf_entry(gguf, slice_text(key));

    if (!entry)
        return 0;
    if (entry->type != GGUF_BOOL)
        return wrong_type(entry, "bool", err);
    *out = entry->value.data[0] != 0;
    return 1;
}

int gguf_string(const struct gguf *gguf, const char *key, struct slice *out, struct error *err)
{
    const struct gguf_entry *entry = gguf_entry(gguf, slice_text(key));
    size_t pos = 0;

    if (!entry)
        return 0;
    if (entry->type != GGUF_STRING)
        return wrong_type(entry, "string", err);
    return gguf_string_next(&entry->value, &pos, out);
}

int gguf_array(const struct gguf *gguf, const char *key, enum gguf_type type,
               struct gguf_array *out, struct error *err)
{
    const struct gguf_entry *entry = gguf_entry(gguf, slice_text(key));

    if (!entry)
        return 0;
    if (entry->type != GGUF_ARRAY)
        return wrong_type(entry, "array", err);
    if (entry->value.type != type)
        return error_set(err, ERR_INPUT, "key '%s' is an array of %s, not of %s", key,
                         gguf_type_name(entry->value.type), gguf_type_name(type));
    *out = entry->value;
    return 1;
}

int gguf_string_next(const struct gguf_array *array, size_t *pos, struct slice *out)
{
    if (*pos >= array->n_bytes)
        return 0;

    const size_t len = (size_t)bytes_uint(array->data + *pos, 8); /* checked by gguf_parse() */
    *out = slice_of((const char *)array->data + *pos + 8, len);
    *pos += 8 + len;
    return 1;
}

float gguf_array_f32(const struct gguf_array *array, uint64_t i)
{
    return bits_f32((uint32_t)bytes_uint(array->data + 4 * i, 4));
}

int32_t gguf_array_i32(const struct gguf_array *array, uint64_t i)
{
    const uint32_t bits = (uint32_t)bytes_uint(array->data + 4 * i, 4);
    int32_t value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

size_t gguf_key_count(const struct gguf *gguf)
{
    return gguf->n_entries;
}

size_t gguf_part_count(const struct gguf *gguf)
{
    return gguf->n_parts > 0 ? gguf->n_parts : 1;
}

struct slice gguf_key_at(const struct gguf *gguf, size_t i)
{
    return gguf->entries[i].key;
}

const struct gguf_tensor *gguf_tensor(const struct gguf *gguf, const char *name)
{
    const struct slice want = slice_text(name);
    size_t low = 0;
    size_t high = gguf->n_tensors;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = gguf_name_order(gguf->by_name[middle]->name, want);

        if (order == 0)
            return gguf->by_name[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

size_t gguf_tensor_count(const struct gguf *gguf)
{
    return gguf->n_tensors;
}

const struct gguf_tensor *gguf_tensor_at(const struct gguf *gguf, size_t i)
{
    return &gguf->tensors[i];
}
