/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/arrow/value_private.h"
#include "base/error.h"
#include "base/table/cell.h"
#include "base/text/utf8.h"

enum {
    VIEW_BYTES = 16,
    INLINE_BYTES = 12, /* a shorter text is in the view itself */
    DECIMAL_BYTES = 32,
    PIECE_BYTES = 64 << 10, /* of a text in a row that is too long */
    MILLIS_PER_DAY = 24 * 60 * 60 * 1000,
};

uint64_t arrow_load_unsigned(const char *at, size_t n_bytes)
{
    uint16_t two;
    uint32_t four;
    uint64_t eight;

    switch (n_bytes) {
    case 1:
        return (unsigned char)at[0];
    case 2:
        memcpy(&two, at, sizeof two);
        return two;
    case 4:
        memcpy(&four, at, sizeof four);
        return four;
    default:
        memcpy(&eight, at, sizeof eight);
        return eight;
    }
}

int64_t arrow_load_signed(const char *at, size_t n_bytes)
{
    const uint64_t value = arrow_load_unsigned(at, n_bytes);
    const uint64_t sign = UINT64_C(1) << (8 * n_bytes - 1);

    return (int64_t)((value ^ sign) - sign);
}

int arrow_load_view(struct arrow_writer *writer, struct arrow_array *array, uint64_t i,
                    struct slice *out, struct error *err)
{
    const char *view;

    if (arrow_buffer_get(writer->input, &array->data, i * VIEW_BYTES, VIEW_BYTES, &view, err) <
        0)
        return -1;
    const int64_t n = arrow_load_signed(view, 4);
    const int64_t buffer = arrow_load_signed(view + 8, 4);
    const int64_t offset = arrow_load_signed(view + 12, 4);
    if (n >= 0 && n <= INLINE_BYTES) {
        *out = slice_of(view + 4, (size_t)n);
        return 0;
    }
    const uint64_t len =
        buffer >= 0 && (uint64_t)buffer < array->n_views ? array->views[buffer].n : 0;
    if (n < 0 || offset < 0 || (uint64_t)offset > len || (uint64_t)n > len - (uint64_t)offset)
        return error_set(err, ERR_INPUT,
                         "value %" PRIu64 " has %" PRId64 " bytes at byte %" PRId64
                         " of data buffer %" PRId64 ", which has %" PRIu64 " bytes",
                         i, n, offset, buffer, len);
    out->len = (size_t)n;
    return arrow_buffer_get(writer->input, &array->views[buffer], (uint64_t)offset, out->len,
                            &out->ptr, err);
}

/* Write a number of more than 64 bits: as a decimal, or, as text without quotes, an integer. */
static int write_wide_value(struct arrow_writer *writer, const struct arrow_field *field,
                            struct slice little, struct error *err)
{
    char big[DECIMAL_BYTES + 1] = { 0 };
    const bool is_integer = field->type == ARROW_INT;
    /* A byte 0 before the number keeps a large unsigned one positive. */
    const size_t lead = is_integer && !field->is_signed ? 1 : 0;
    struct buf *out = is_integer ? &writer->piece : &writer->out;

    for (size_t i = 0; i < little.len; i++)
        big[lead + i] = little.ptr[little.len - 1 - i];
    buf_clear(&writer->piece);
    if (cell_decimal(out, slice_of(big, lead + little.len), is_integer ? 0 : field->scale,
                     err) < 0)
        return -1;
    return is_integer ? buf_add(&writer->out, out->data + 1, out->len - 2, err) : 0;
}

static int write_float_value(struct arrow_writer *writer, const struct arrow_field *field,
                             const char *at, struct error *err)
{
    float single;
    double wide;

    if (field->bits == 16)
        return cell_half(&writer->out, (uint16_t)arrow_load_unsigned(at, 2), err);
    if (field->bits == 32) {
        memcpy(&single, at, sizeof single);
        return cell_float(&writer->out, single, err);
    }
    memcpy(&wide, at, sizeof wide);
    return cell_double(&writer->out, wide, err);
}

static int write_integer_value(struct arrow_writer *writer, const struct arrow_field *field,
                               const char *at, struct error *err)
{
    const size_t n_bytes = field->bits / 8;

    if (field->extension == ARROW_BOOL8)
        return cell_bool(&writer->out, *at != 0, err);
    if (field->is_signed)
        return cell_int(&writer->out, arrow_load_signed(at, n_bytes), err);
    return cell_uint(&writer->out, arrow_load_unsigned(at, n_bytes), err);
}

/* Days since 1970, rounded down. */
static int64_t days_of(int64_t millis)
{
    const int64_t days = millis / MILLIS_PER_DAY;

    return days * MILLIS_PER_DAY > millis ? days - 1 : days;
}

int arrow_write_number(struct arrow_writer *writer, const struct arrow_field *field,
                       const char *at, struct error *err)
{
    const size_t n_bytes = field->bits / 8;

    if (field->type == ARROW_FLOAT)
        return write_float_value(writer, field, at, err);
    if (field->type == ARROW_DECIMAL || field->bits > 64)
        return write_wide_value(writer, field, slice_of(at, n_bytes), err);
    if (field->type == ARROW_INT)
        return write_integer_value(writer, field, at, err);
    const int64_t value = arrow_load_signed(at, n_bytes);
    if (field->type == ARROW_DATE)
        return cell_date(&writer->out, field->bits == 64 ? days_of(value) : value, err);
    if (field->type == ARROW_TIME)
        return cell_time(&writer->out, value, field->unit, err);
    if (field->type == ARROW_TIMESTAMP)
        return cell_timestamp(&writer->out, value, field->unit, field->is_utc, err);
    /* A duration is the number of its units, as Parquet stores it. */
    return cell_int(&writer->out, value, err);
}

/* Write a long text in pieces, of which only the first ones are kept. */
static int write_pieces(struct arrow_writer *writer, struct slice text, bool is_json,
                        struct error *err)
{
    writer->is_too_long = true;
    if (!is_json && buf_add_text(&writer->out, "\"", err) < 0)
        return -1;
    while (text.len > 0) {
        size_t n = text.len < PIECE_BYTES ? text.len : PIECE_BYTES;

        /* A character is not cut, or its bytes would not be UTF-8. */
        for (int back = 0; back < 3 && n < text.len && ((unsigned char)text.ptr[n] >> 6) == 2;
             back++)
            n--;
        buf_clear(&writer->piece);
        if (!is_json && cell_text(&writer->piece, slice_of(text.ptr, n), err) < 0)
            return -1;
        const struct slice piece =
            is_json ? slice_of(text.ptr, n)
                    : slice_of(writer->piece.data + 1, writer->piece.len - 2);
        if (buf_add_slice(&writer->out, piece, err) < 0)
            return -1;
        arrow_writer_settle(writer);
        text = slice_of(text.ptr + n, text.len - n);
    }
    return is_json ? 0 : buf_add_text(&writer->out, "\"", err);
}

int arrow_write_bytes(struct arrow_writer *writer, const struct arrow_field *field,
                      struct slice bytes, struct error *err)
{
    const bool is_binary = field->type == ARROW_BINARY || field->type == ARROW_LARGE_BINARY ||
                           field->type == ARROW_BINARY_VIEW ||
                           field->type == ARROW_FIXED_BINARY;
    const size_t max = writer->max_row_bytes;
    const bool is_long =
        max > 0 && bytes.len > PIECE_BYTES &&
        (writer->is_too_long || bytes.len > max || writer->out.len > max - bytes.len);

    if (field->extension == ARROW_UUID)
        return cell_uuid(&writer->out, (const uint8_t *)bytes.ptr, err);
    if (is_long && (!is_binary || utf8_bad_at(bytes) == bytes.len))
        return write_pieces(writer, bytes, field->extension == ARROW_JSON, err);
    if (field->extension == ARROW_JSON)
        return cell_json(&writer->out, bytes, &writer->bad_json, err);
    return is_binary ? cell_bytes(&writer->out, bytes, err)
                     : cell_text(&writer->out, bytes, err);
}
