/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/gguf/gguf.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "scoring/infer/gguf/cursor.h"
#include "scoring/infer/gguf/dtype.h"
#include "scoring/infer/gguf/gguf_private.h"

enum {
    HEADER_BYTES = 24,
    MAX_ENTRIES = 65536,
    MAX_TENSORS = 65536,
    MAX_KEY_BYTES = 65535,
    MAX_NAME_BYTES = 63,
    MAX_STRING_BYTES = 16 << 20,
    DEFAULT_ALIGNMENT = 32,
    /* Size of the smallest possible record: a one-byte key with a one-byte value; a tensor with
     * a one-byte name and one dimension. They bound the counts before anything is allocated. */
    MIN_ENTRY_BYTES = 8 + 1 + 4 + 1,
    MIN_TENSOR_BYTES = 8 + 1 + 4 + 8 + 4 + 8,
};
#define MAX_ELEMENTS (UINT64_C(1) << 40)

static int truncated(const struct cursor *in, const char *what, struct error *err)
{
    return error_set(err, ERR_INPUT, "truncated at byte %zu: the file ends inside %s", in->pos,
                     what);
}

static int read_gguf_string(struct cursor *in, uint64_t max_bytes, const char *what,
                            struct slice *out, struct error *err)
{
    const size_t at = in->pos;
    const uint64_t len = cursor_u64(in);

    if (in->overrun)
        return truncated(in, what, err);
    if (len > max_bytes)
        return error_set(err, ERR_INPUT,
                         "at byte %zu: %s of %" PRIu64 " bytes, more than the %" PRIu64
                         " allowed",
                         at, what, len, max_bytes);
    const uint8_t *bytes = cursor_bytes(in, len);
    if (!bytes)
        return truncated(in, what, err);
    *out = slice_of((const char *)bytes, (size_t)len);
    return 0;
}

/* Keys and tensor names appear in messages, so only printable ASCII is accepted. */
static int read_gguf_name(struct cursor *in, uint64_t max_bytes, const char *what,
                          struct slice *out, struct error *err)
{
    const size_t at = in->pos;
    struct slice name;

    if (read_gguf_string(in, max_bytes, what, &name, err) < 0)
        return -1;
    if (name.len == 0)
        return error_set(err, ERR_INPUT, "at byte %zu: %s is empty", at, what);
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] < 0x20 || name.ptr[i] > 0x7e)
            return error_set(err, ERR_INPUT, "at byte %zu: %s is not printable ASCII", at,
                             what);
    }
    *out = name;
    return 0;
}

static int skip_strings(struct cursor *in, uint64_t n, struct error *err)
{
    struct slice ignored;

    if (n > cursor_left(in) / 8)
        return error_set(err, ERR_INPUT,
                         "at byte %zu: %" PRIu64 " strings cannot fit in the %zu bytes left",
                         in->pos, n, cursor_left(in));
    for (uint64_t i = 0; i < n; i++) {
        if (read_gguf_string(in, MAX_STRING_BYTES, "a string", &ignored, err) < 0)
            return -1;
    }
    return 0;
}

/* Check n elements of a type other than array, and describe them in *out. */
static int read_elements(struct cursor *in, enum gguf_type type, uint64_t n,
                         struct gguf_array *out, struct error *err)
{
    const size_t start = in->pos;
    const size_t size = gguf_type_bytes(type);

    if (type == GGUF_STRING) {
        if (skip_strings(in, n, err) < 0)
            return -1;
    } else if (n > cursor_left(in) / size) {
        return error_set(err, ERR_INPUT,
                         "at byte %zu: %" PRIu64
                         " elements of %s cannot fit in the %zu bytes left",
                         start, n, gguf_type_name(type), cursor_left(in));
    } else {
        cursor_bytes(in, n * size);
    }
    *out = (struct gguf_array){ type, n, in->data + start, in->pos - start };
    if (type != GGUF_BOOL)
        return 0;
    for (uint64_t i = 0; i < n; i++) {
        if (out->data[i] > 1)
            return error_set(err, ERR_INPUT, "at byte %zu: a bool holds %u, not 0 or 1",
                             start + (size_t)i, out->data[i]);
    }
    return 0;
}

static int read_gguf_value(struct cursor *in, struct gguf_entry *entry, struct error *err)
{
    const size_t at = in->pos;
    const uint32_t type = cursor_u32(in);
    uint32_t element = type;
    uint64_t n = 1;

    if (type == GGUF_ARRAY) {
        element = cursor_u32(in);
        n = cursor_u64(in);
    }
    if (in->overrun)
        return truncated(in, "a value", err);
    if (type > GGUF_F64 || element > GGUF_F64)
        return error_set(err, ERR_INPUT, "at byte %zu: unknown value type %" PRIu32, at,
                         type > GGUF_F64 ? type : element);
    if (element == GGUF_ARRAY)
        return error_set(err, ERR_INPUT, "at byte %zu: an array of arrays is not supported",
                         at);
    entry->type = (enum gguf_type)type;
    return read_elements(in, (enum gguf_type)element, n, &entry->value, err);
}

static int compare_gguf_entries(const void *a, const void *b)
{
    const struct gguf_entry *left = a;
    const struct gguf_entry *right = b;

    return gguf_name_order(left->key, right->key);
}

static int read_entries(struct cursor *in, struct gguf *gguf, struct error *err)
{
    gguf->entries = calloc(gguf->n_entries + 1, sizeof *gguf->entries);
    if (!gguf->entries)
        return error_nomem(err);
    for (size_t i = 0; i < gguf->n_entries; i++) {
        struct gguf_entry *entry = &gguf->entries[i];

        if (read_gguf_name(in, MAX_KEY_BYTES, "a key", &entry->key, err) < 0)
            return -1;
        if (read_gguf_value(in, entry, err) < 0)
            return error_prefix(err, "key '%.*s'", (int)entry->key.len, entry->key.ptr);
    }
    qsort(gguf->entries, gguf->n_entries, sizeof *gguf->entries, compare_gguf_entries);
    for (size_t i = 1; i < gguf->n_entries; i++) {
        const struct slice key = gguf->entries[i].key;

        if (slice_equal(key, gguf->entries[i - 1].key))
            return error_set(err, ERR_INPUT, "key '%.*s' appears twice", (int)key.len, key.ptr);
    }
    return 0;
}

/* Compute the size of a tensor from its type and shape, without overflow. */
static int measure_tensor(struct gguf_tensor *tensor, struct error *err)
{
    const struct dtype_info *type = dtype_find(tensor->type);
    uint64_t n_elements = 1;

    if (!type)
        return error_set(err, ERR_INPUT, "unknown tensor type %" PRIu32, tensor->type);
    for (uint32_t d = 0; d < tensor->n_dims; d++) {
        if (tensor->dims[d] == 0)
            return error_set(err, ERR_INPUT, "dimension %" PRIu32 " is 0", d);
        if (__builtin_mul_overflow(n_elements, tensor->dims[d], &n_elements) ||
            n_elements > MAX_ELEMENTS)
            return error_set(err, ERR_INPUT, "more than 2^40 elements");
    }
    if (tensor->dims[0] % type->block != 0)
        return error_set(err, ERR_INPUT,
                         "rows of %" PRIu64
                         " elements are not a multiple of the block of %" PRIu32
                         " elements of %s",
                         tensor->dims[0], type->block, type->name);
    if (__builtin_mul_overflow(n_elements / type->block, type->block_bytes, &tensor->n_bytes))
        return error_set(err, ERR_INPUT, "the size does not fit in 64 bits");
    return 0;
}

static int read_tensor(struct cursor *in, struct gguf_tensor *tensor, uint64_t *offset,
                       struct error *err)
{
    if (read_gguf_name(in, MAX_NAME_BYTES, "a tensor name", &tensor->name, err) < 0)
        return -1;

    const size_t at = in->pos;
    tensor->n_dims = cursor_u32(in);
    if (!in->overrun && (tensor->n_dims < 1 || tensor->n_dims > 4)) {
        error_set(err, ERR_INPUT, "at byte %zu: %" PRIu32 " dimensions, not 1 to 4", at,
                  tensor->n_dims);
        goto fail;
    }
    for (uint32_t d = 0; d < 4; d++)
        tensor->dims[d] = d < tensor->n_dims ? cursor_u64(in) : 1;
    tensor->type = cursor_u32(in);
    *offset = cursor_u64(in);
    if (in->overrun) {
        truncated(in, "the list of tensors", err);
        goto fail;
    }
    if (measure_tensor(tensor, err) == 0)
        return 0;
fail:
    return error_prefix(err, "tensor '%.*s'", (int)tensor->name.len, tensor->name.ptr);
}

static int read_alignment(const struct gguf *gguf, uint64_t *out, struct error *err)
{
    const struct gguf_entry *entry = gguf_entry(gguf, slice_text("general.alignment"));

    *out = DEFAULT_ALIGNMENT;
    if (!entry)
        return 0;
    if (entry->type != GGUF_U32)
        return error_set(err, ERR_INPUT, "key 'general.alignment' is of type %s, not u32",
                         gguf_type_name(entry->type));
    const uint64_t value = bytes_uint(entry->value.data, 4);
    if (value < 8 || (value & (value - 1)) != 0)
        return error_set(
            err, ERR_INPUT,
            "key 'general.alignment' is %" PRIu64 ", not a power of two from 8 upwards", value);
    *out = value;
    return 0;
}

/* Turn offsets into pointers. Check that they are aligned and inside the file. */
static int place_tensors(const struct cursor *in, struct gguf *gguf, const uint64_t *offsets,
                         struct error *err)
{
    uint64_t alignment;

    if (read_alignment(gguf, &alignment, err) < 0)
        return -1;
    /* No overflow: pos is the size of an object in memory, and alignment fits in 32 bits. */
    const uint64_t start = ((uint64_t)in->pos + alignment - 1) & ~(alignment - 1);
    if (gguf->n_tensors > 0 && start > in->len)
        return error_set(err, ERR_INPUT,
                         "truncated at byte %zu: the file ends before its tensor data",
                         in->pos);
    for (size_t i = 0; i < gguf->n_tensors; i++) {
        struct gguf_tensor *tensor = &gguf->tensors[i];
        const uint64_t room = in->len - start;

        if (offsets[i] % alignment != 0)
            return error_set(err, ERR_INPUT,
                             "tensor '%.*s': offset %" PRIu64 " is not a multiple of %" PRIu64,
                             (int)tensor->name.len, tensor->name.ptr, offsets[i], alignment);
        if (offsets[i] > room || tensor->n_bytes > room - offsets[i])
            return error_set(err, ERR_INPUT,
                             "tensor '%.*s': %" PRIu64 " bytes at offset %" PRIu64
                             " reach past the %" PRIu64 " bytes of tensor data in the file",
                             (int)tensor->name.len, tensor->name.ptr, tensor->n_bytes,
                             offsets[i], room);
        tensor->data = in->data + start + offsets[i];
    }
    return 0;
}

static int compare_tensor_names(const void *a, const void *b)
{
    const struct gguf_tensor *const *left = a;
    const struct gguf_tensor *const *right = b;

    return gguf_name_order((*left)->name, (*right)->name);
}

static int compare_tensor_offsets(const void *a, const void *b)
{
    const struct gguf_tensor *const *left = a;
    const struct gguf_tensor *const *right = b;

    return ((*left)->data > (*right)->data) - ((*left)->data < (*right)->data);
}

int gguf_sort_tensors(struct gguf *gguf, struct error *err)
{
    const struct gguf_tensor **sorted = gguf->by_name;

    for (size_t i = 0; i < gguf->n_tensors; i++)
        sorted[i] = &gguf->tensors[i];
    qsort(sorted, gguf->n_tensors, sizeof *sorted, compare_tensor_names);
    for (size_t i = 1; i < gguf->n_tensors; i++) {
        const struct slice name = sorted[i]->name;

        if (slice_equal(name, sorted[i - 1]->name))
            return error_set(err, ERR_INPUT, "tensor '%.*s' appears twice", (int)name.len,
                             name.ptr);
    }
    return 0;
}

/* Check that no two tensors overlap or have the same name. Leaves by_name sorted. */
static int check_tensors_apart(struct gguf *gguf, struct error *err)
{
    const struct gguf_tensor **sorted = gguf->by_name;

    qsort(sorted, gguf->n_tensors, sizeof *sorted, compare_tensor_offsets);
    for (size_t i = 1; i < gguf->n_tensors; i++) {
        const struct gguf_tensor *a = sorted[i - 1];
        const struct gguf_tensor *b = sorted[i];

        if (a->n_bytes > (uint64_t)(b->data - a->data))
            return error_set(err, ERR_INPUT, "tensors '%.*s' and '%.*s' overlap",
                             (int)a->name.len, a->name.ptr, (int)b->name.len, b->name.ptr);
    }
    return gguf_sort_tensors(gguf, err);
}

static int read_tensors(struct cursor *in, struct gguf *gguf, struct error *err)
{
    uint64_t *offsets = calloc(gguf->n_tensors + 1, sizeof *offsets);
    int rc = -1;

    gguf->tensors = calloc(gguf->n_tensors + 1, sizeof *gguf->tensors);
    gguf->by_name = calloc(gguf->n_tensors + 1, sizeof *gguf->by_name);
    if (!offsets || !gguf->tensors || !gguf->by_name) {
        error_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < gguf->n_tensors; i++) {
        if (read_tensor(in, &gguf->tensors[i], &offsets[i], err) < 0)
            goto done;
        gguf->by_name[i] = &gguf->tensors[i];
    }
    if (place_tensors(in, gguf, offsets, err) == 0 && check_tensors_apart(gguf, err) == 0)
        rc = 0;
done:
    free(offsets);
    return rc;
}

static int check_version(uint32_t version, struct error *err)
{
    if (version == 2 || version == 3)
        return 0;
    if ((version & 0xffff) == 0 && version != 0)
        return error_set(err, ERR_UNSUPPORTED,
                         "at byte 4: a big-endian GGUF file: convert it to little-endian");
    if (version == 1)
        return error_set(
            err, ERR_UNSUPPORTED,
            "at byte 4: GGUF version 1 is not supported: convert the file to version 3");
    if (version == 0)
        return error_set(err, ERR_INPUT, "at byte 4: invalid GGUF version 0");
    return error_set(err, ERR_UNSUPPORTED,
                     "at byte 4: GGUF version %" PRIu32 " is not supported: use version 3",
                     version);
}

static int read_gguf_header(struct cursor *in, struct gguf *gguf, struct error *err)
{
    if (in->len < 4 || memcmp(in->data, "GGUF", 4) != 0)
        return error_set(err, ERR_INPUT,
                         "at byte 0: not a GGUF file: it does not start with \"GGUF\"");
    if (in->len < HEADER_BYTES)
        return error_set(err, ERR_INPUT,
                         "truncated at byte %zu: the file ends inside the header of %d bytes",
                         in->len, HEADER_BYTES);
    in->pos = 4;
    if (check_version(cursor_u32(in), err) < 0)
        return -1;

    const uint64_t n_tensors = cursor_u64(in);
    const uint64_t n_entries = cursor_u64(in);
    if (n_tensors > MAX_TENSORS || n_tensors > cursor_left(in) / MIN_TENSOR_BYTES)
        return error_set(err, ERR_INPUT,
                         "at byte 8: %" PRIu64 " tensors: too many for a file of %zu bytes "
                         "(at most %d are supported)",
                         n_tensors, in->len, MAX_TENSORS);
    if (n_entries > MAX_ENTRIES || n_entries > cursor_left(in) / MIN_ENTRY_BYTES)
        return error_set(err, ERR_INPUT,
                         "at byte 16: %" PRIu64 " keys: too many for a file of %zu bytes "
                         "(at most %d are supported)",
                         n_entries, in->len, MAX_ENTRIES);
    gguf->n_tensors = (size_t)n_tensors;
    gguf->n_entries = (size_t)n_entries;
    return 0;
}

int gguf_parse(const void *bytes, size_t n, struct gguf **out, struct error *err)
{
    struct cursor in = { .data = bytes, .len = n };
    struct gguf *gguf = calloc(1, sizeof *gguf);

    if (!gguf)
        return error_nomem(err);
    if (read_gguf_header(&in, gguf, err) < 0 || read_entries(&in, gguf, err) < 0 ||
        read_tensors(&in, gguf, err) < 0) {
        gguf_free(gguf);
        return -1;
    }
    *out = gguf;
    return 0;
}

void gguf_free(struct gguf *gguf)
{
    if (!gguf)
        return;
    free(gguf->entries);
    free(gguf->tensors);
    free(gguf->by_name);
    free(gguf);
}
