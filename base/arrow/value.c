/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arrow/value.h"

#include <inttypes.h>

#include "base/arrow/batch.h"
#include "base/arrow/dictionary.h"
#include "base/arrow/schema.h"
#include "base/arrow/value_private.h"
#include "base/error.h"

enum { HEAD_BYTES = 4096 }; /* of a row that is too long */

/* Elements of a list, or bytes of a text. */
struct range {
    uint64_t start;
    uint64_t end;
};

static int write_array_value(struct arrow_writer *writer, struct arrow_batch *batch,
                             size_t field, uint64_t i, struct error *err);

static struct arrow_array *array_of(struct arrow_batch *batch, size_t field)
{
    return &batch->arrays[field - batch->first];
}

/* Get bit i of a buffer. */
static int load_bit(struct arrow_writer *writer, struct arrow_buffer *buffer, uint64_t i,
                    bool *out, struct error *err)
{
    const char *byte;

    if (arrow_buffer_get(writer->input, buffer, i / 8, 1, &byte, err) < 0)
        return -1;
    *out = (unsigned char)*byte >> (i % 8) & 1;
    return 0;
}

static int find_null(struct arrow_writer *writer, struct arrow_array *array, uint64_t i,
                     bool *is_null, struct error *err)
{
    bool is_valid = true;

    if (array->validity.is_present && load_bit(writer, &array->validity, i, &is_valid, err) < 0)
        return -1;
    *is_null = !is_valid;
    return 0;
}

/* Get number i of a buffer of signed numbers. */
static int load_number(struct arrow_writer *writer, struct arrow_buffer *buffer, size_t n_bytes,
                       uint64_t i, int64_t *out, struct error *err)
{
    const char *at;

    if (arrow_buffer_get(writer->input, buffer, i * n_bytes, n_bytes, &at, err) < 0)
        return -1;
    *out = arrow_load_signed(at, n_bytes);
    return 0;
}

void arrow_writer_settle(struct arrow_writer *writer)
{
    struct buf *out = &writer->out;

    if (writer->max_row_bytes > 0 && out->len > writer->max_row_bytes)
        writer->is_too_long = true;
    if (!writer->is_too_long || out->len <= HEAD_BYTES)
        return;
    writer->n_dropped += out->len - HEAD_BYTES;
    out->len = HEAD_BYTES;
    out->data[HEAD_BYTES] = '\0';
}

/* Get offsets i and i + 1, of 4 or 8 bytes. */
static int load_range(struct arrow_writer *writer, struct arrow_array *array, bool is_large,
                      uint64_t i, uint64_t max, struct range *out, struct error *err)
{
    const size_t n_bytes = is_large ? 8 : 4;
    const char *at;

    if (arrow_buffer_get(writer->input, &array->data, i * n_bytes, 2 * n_bytes, &at, err) < 0)
        return -1;
    out->start = (uint64_t)arrow_load_signed(at, n_bytes);
    out->end = (uint64_t)arrow_load_signed(at + n_bytes, n_bytes);
    if (out->start > out->end || out->end > max)
        return error_set(err, ERR_INPUT,
                         "value %" PRIu64 " has the offsets %" PRId64 " and %" PRId64
                         ", and the largest one is %" PRIu64,
                         i, (int64_t)out->start, (int64_t)out->end, max);
    return 0;
}

/* Get the text or the bytes of a value. */
static int load_bytes(struct arrow_writer *writer, struct arrow_array *array, bool is_large,
                      uint64_t i, struct slice *out, struct error *err)
{
    struct range range;

    if (load_range(writer, array, is_large, i, array->more.n, &range, err) < 0)
        return -1;
    out->len = (size_t)(range.end - range.start);
    return arrow_buffer_get(writer->input, &array->more, range.start, out->len, &out->ptr, err);
}

/* Get the first element of a list and their number, from a list view or a fixed-size list. */
static int load_extent(struct arrow_writer *writer, const struct arrow_field *field,
                       struct arrow_array *array, uint64_t i, struct range *out,
                       struct error *err)
{
    const size_t n_bytes = field->type == ARROW_LARGE_LIST_VIEW ? 8 : 4;
    int64_t start, n;

    if (field->type == ARROW_FIXED_LIST) {
        if (__builtin_mul_overflow(i, (uint64_t)field->n_each, &out->start))
            out->start = UINT64_MAX;
        out->end = field->n_each;
        return 0;
    }
    if (load_number(writer, &array->data, n_bytes, i, &start, err) < 0 ||
        load_number(writer, &array->more, n_bytes, i, &n, err) < 0)
        return -1;
    *out = (struct range){ (uint64_t)start, (uint64_t)n };
    return 0;
}

/* Get the elements of a list. */
static int load_list(struct arrow_writer *writer, const struct arrow_field *field,
                     struct arrow_array *array, uint64_t n_elements, uint64_t i,
                     struct range *out, struct error *err)
{
    if (field->type == ARROW_LIST || field->type == ARROW_MAP)
        return load_range(writer, array, false, i, n_elements, out, err);
    if (field->type == ARROW_LARGE_LIST)
        return load_range(writer, array, true, i, n_elements, out, err);
    if (load_extent(writer, field, array, i, out, err) < 0)
        return -1;
    const uint64_t n = out->end;
    if (out->start > n_elements || n > n_elements - out->start)
        return error_set(err, ERR_INPUT,
                         "value %" PRIu64 " has %" PRId64 " elements from %" PRId64
                         " on, and there are %" PRIu64,
                         i, (int64_t)n, (int64_t)out->start, n_elements);
    out->end = out->start + n;
    return 0;
}

/* Put the name of the column before the message, unless the batch is not to blame. */
static int raise_at_column(const struct arrow_writer *writer, size_t field, struct error *err)
{
    return err->code == ERR_INPUT ? arrow_schema_prefix(writer->schema, field, err) : -1;
}

static int write_list_value(struct arrow_writer *writer, struct arrow_batch *batch,
                            size_t field, uint64_t i, struct error *err)
{
    const struct arrow_schema *schema = writer->schema;
    struct range range;

    if (load_list(writer, &schema->fields[field], array_of(batch, field),
                  array_of(batch, field + 1)->n, i, &range, err) < 0)
        return raise_at_column(writer, field, err);
    if (buf_add_text(&writer->out, "[", err) < 0)
        return -1;
    for (uint64_t k = range.start; k < range.end; k++)
        if ((k > range.start && buf_add_text(&writer->out, ",", err) < 0) ||
            write_array_value(writer, batch, field + 1, k, err) < 0)
            return -1;
    return buf_add_text(&writer->out, "]", err);
}

static int write_struct_value(struct arrow_writer *writer, struct arrow_batch *batch,
                              size_t field, uint64_t i, struct error *err)
{
    const struct arrow_field *fields = writer->schema->fields;
    const char *before = "{";

    if (fields[field].n_children == 0)
        return buf_add_text(&writer->out, "{}", err);
    for (size_t k = field + 1; k < fields[field].next; k = fields[k].next) {
        if (buf_add_text(&writer->out, before, err) < 0 ||
            buf_add_slice(&writer->out, fields[k].key, err) < 0 ||
            write_array_value(writer, batch, k, i, err) < 0)
            return -1;
        before = ",";
    }
    return buf_add_text(&writer->out, "}", err);
}

/* Write a member of an object if the keys are texts, else an object of key and value. */
static int write_entry(struct arrow_writer *writer, struct arrow_batch *batch, size_t entry,
                       bool is_member, uint64_t i, struct error *err)
{
    const size_t key = entry + 1, value = writer->schema->fields[key].next;
    struct arrow_array *keys = array_of(batch, key);
    bool is_null_key = false;

    if (is_member && i < keys->n && find_null(writer, keys, i, &is_null_key, err) < 0)
        return raise_at_column(writer, key, err);
    if ((!is_member && buf_add_text(&writer->out, "{\"key\":", err) < 0) ||
        (is_null_key ? buf_add_text(&writer->out, "\"null\"", err)
                     : write_array_value(writer, batch, key, i, err)) < 0 ||
        buf_add_text(&writer->out, is_member ? ":" : ",\"value\":", err) < 0 ||
        write_array_value(writer, batch, value, i, err) < 0)
        return -1;
    return is_member ? 0 : buf_add_text(&writer->out, "}", err);
}

static int write_map_value(struct arrow_writer *writer, struct arrow_batch *batch, size_t field,
                           uint64_t i, struct error *err)
{
    const struct arrow_schema *schema = writer->schema;
    const struct arrow_field *key = &schema->fields[field + 2];
    const bool is_object = (key->type == ARROW_UTF8 || key->type == ARROW_LARGE_UTF8 ||
                            key->type == ARROW_UTF8_VIEW) &&
                           key->extension == ARROW_PLAIN;
    struct range range;

    if (load_list(writer, &schema->fields[field], array_of(batch, field),
                  array_of(batch, field + 1)->n, i, &range, err) < 0)
        return raise_at_column(writer, field, err);
    if (buf_add_text(&writer->out, is_object ? "{" : "[", err) < 0)
        return -1;
    for (uint64_t k = range.start; k < range.end; k++)
        if ((k > range.start && buf_add_text(&writer->out, ",", err) < 0) ||
            write_entry(writer, batch, field + 1, is_object, k, err) < 0)
            return -1;
    return buf_add_text(&writer->out, is_object ? "}" : "]", err);
}

/* Write the value of the dictionary that index i refers to. */
static int write_indexed(struct arrow_writer *writer, struct arrow_array *array, size_t field,
                         uint64_t i, struct error *err)
{
    const struct arrow_field *at = &writer->schema->fields[field];
    struct arrow_dictionary *dictionary = &writer->dictionaries[field];
    const size_t n_bytes = at->index_bits / 8;
    const char *bytes;

    if (arrow_buffer_get(writer->input, &array->data, i * n_bytes, n_bytes, &bytes, err) < 0)
        return raise_at_column(writer, field, err);
    const uint64_t index = at->index_is_signed ? (uint64_t)arrow_load_signed(bytes, n_bytes)
                                               : arrow_load_unsigned(bytes, n_bytes);
    if (dictionary->is_damaged)
        error_set(err, ERR_INPUT, "the dictionary at byte %" PRIu64 " is damaged",
                  dictionary->damaged_at);
    else if (index >= dictionary->n)
        error_set(err, ERR_INPUT,
                  "value %" PRIu64 " has the index %" PRId64 " in a dictionary of %" PRIu64
                  " values",
                  i, (int64_t)index, dictionary->n);
    else {
        struct arrow_chunk *chunk = arrow_dictionary_find(dictionary, index);

        return write_array_value(writer, &chunk->batch, field, index - chunk->first, err);
    }
    return arrow_schema_prefix(writer->schema, field, err);
}

/* Write a value of fixed size, a text or bytes. */
static int write_leaf(struct arrow_writer *writer, struct arrow_array *array, size_t field,
                      uint64_t i, struct error *err)
{
    const struct arrow_field *at = &writer->schema->fields[field];
    const size_t n_bytes = at->bits / 8;
    struct slice bytes = { NULL, 0 };
    int rc;

    if (at->type == ARROW_UTF8_VIEW || at->type == ARROW_BINARY_VIEW)
        rc = arrow_load_view(writer, array, i, &bytes, err);
    else if (at->type == ARROW_FIXED_BINARY) {
        bytes.len = at->n_each;
        rc = arrow_buffer_get(writer->input, &array->more, i * bytes.len, bytes.len, &bytes.ptr,
                              err);
    } else if (n_bytes > 0)
        rc = arrow_buffer_get(writer->input, &array->data, i * n_bytes, n_bytes, &bytes.ptr,
                              err);
    else
        rc = load_bytes(writer, array,
                        at->type == ARROW_LARGE_UTF8 || at->type == ARROW_LARGE_BINARY, i,
                        &bytes, err);
    if (rc < 0)
        return raise_at_column(writer, field, err);
    return n_bytes > 0 ? arrow_write_number(writer, at, bytes.ptr, err)
                       : arrow_write_bytes(writer, at, bytes, err);
}

static int write_bool(struct arrow_writer *writer, struct arrow_array *array, size_t field,
                      uint64_t i, struct error *err)
{
    bool value = false;

    if (load_bit(writer, &array->data, i, &value, err) < 0)
        return raise_at_column(writer, field, err);
    return cell_bool(&writer->out, value, err);
}

static int write_present(struct arrow_writer *writer, struct arrow_batch *batch, size_t field,
                         uint64_t i, struct error *err)
{
    struct arrow_array *array = array_of(batch, field);

    switch (writer->schema->fields[field].type) {
    case ARROW_NULL:
    case ARROW_INTERVAL: /* arrow_schema_check() */
    case ARROW_UNION:
    case ARROW_RUN_END_ENCODED:
        return cell_null(&writer->out, err);
    case ARROW_BOOL:
        return write_bool(writer, array, field, i, err);
    case ARROW_INT:
    case ARROW_FLOAT:
    case ARROW_DECIMAL:
    case ARROW_DATE:
    case ARROW_TIME:
    case ARROW_TIMESTAMP:
    case ARROW_DURATION:
    case ARROW_BINARY:
    case ARROW_UTF8:
    case ARROW_FIXED_BINARY:
    case ARROW_LARGE_BINARY:
    case ARROW_LARGE_UTF8:
    case ARROW_BINARY_VIEW:
    case ARROW_UTF8_VIEW:
        return write_leaf(writer, array, field, i, err);
    case ARROW_LIST:
    case ARROW_LARGE_LIST:
    case ARROW_FIXED_LIST:
    case ARROW_LIST_VIEW:
    case ARROW_LARGE_LIST_VIEW:
        return write_list_value(writer, batch, field, i, err);
    case ARROW_MAP:
        return write_map_value(writer, batch, field, i, err);
    case ARROW_STRUCT:
        return write_struct_value(writer, batch, field, i, err);
    }
    return cell_null(&writer->out, err);
}

static int write_array_value(struct arrow_writer *writer, struct arrow_batch *batch,
                             size_t field, uint64_t i, struct error *err)
{
    struct arrow_array *array = array_of(batch, field);
    const bool is_indices = writer->schema->fields[field].has_dictionary &&
                            !(batch->is_values && field == batch->first);
    bool is_null = false;
    int rc;

    if (i >= array->n) {
        error_set(err, ERR_INPUT, "value %" PRIu64 " of an array of %" PRIu64 " is used", i,
                  array->n);
        return arrow_schema_prefix(writer->schema, field, err);
    }
    if (find_null(writer, array, i, &is_null, err) < 0)
        return raise_at_column(writer, field, err);
    if (is_null)
        rc = cell_null(&writer->out, err);
    else if (is_indices)
        rc = write_indexed(writer, array, field, i, err);
    else
        rc = write_present(writer, batch, field, i, err);
    arrow_writer_settle(writer);
    return rc;
}

int arrow_row_write(struct arrow_writer *writer, struct arrow_batch *batch, uint64_t i,
                    struct error *err)
{
    const struct arrow_schema *schema = writer->schema;
    const char *before = "{";

    buf_clear(&writer->out);
    writer->n_dropped = 0;
    writer->is_too_long = false;
    writer->bad_json = false;
    for (size_t k = 0; k < schema->n; k = schema->fields[k].next) {
        if (!schema->fields[k].is_used)
            continue;
        if (buf_add_text(&writer->out, before, err) < 0 ||
            buf_add_slice(&writer->out, schema->fields[k].key, err) < 0 ||
            write_array_value(writer, batch, k, i, err) < 0)
            return -1;
        before = ",";
    }
    if (buf_add_text(&writer->out, before[0] == '{' ? "{}" : "}", err) < 0)
        return -1;
    arrow_writer_settle(writer);
    return 0;
}
