/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/parquet/column_private.h"

/* PLAIN, by the physical type. */
static const struct encoding *const plain[] = {
    [PARQUET_BOOLEAN] = &encoding_plain_boolean,  [PARQUET_INT32] = &encoding_plain_number,
    [PARQUET_INT64] = &encoding_plain_number,     [PARQUET_INT96] = &encoding_plain_fixed,
    [PARQUET_FLOAT] = &encoding_plain_number,     [PARQUET_DOUBLE] = &encoding_plain_number,
    [PARQUET_BYTE_ARRAY] = &encoding_plain_bytes, [PARQUET_FIXED] = &encoding_plain_fixed,
};

/* The encoding for a type; NULL if the format has no such pair. */
static const struct encoding *find(enum parquet_type type, int32_t number)
{
    const bool is_int = type == PARQUET_INT32 || type == PARQUET_INT64;

    switch (number) {
    case PAGE_PLAIN:
        return plain[type];
    case PAGE_PLAIN_DICTIONARY:
    case PAGE_RLE_DICTIONARY:
        return type != PARQUET_BOOLEAN ? &encoding_dictionary : NULL;
    case PAGE_RLE:
        return type == PARQUET_BOOLEAN ? &encoding_rle_boolean : NULL;
    case PAGE_DELTA_BINARY_PACKED:
        return is_int ? &encoding_delta_number : NULL;
    case PAGE_DELTA_LENGTH_BYTE_ARRAY:
        return type == PARQUET_BYTE_ARRAY ? &encoding_delta_length : NULL;
    case PAGE_DELTA_BYTE_ARRAY:
        return type == PARQUET_BYTE_ARRAY || type == PARQUET_FIXED ? &encoding_delta_bytes
                                                                   : NULL;
    case PAGE_BYTE_STREAM_SPLIT:
        return is_int || type == PARQUET_FLOAT || type == PARQUET_DOUBLE ||
                       type == PARQUET_FIXED
                   ? &encoding_split
                   : NULL;
    default:
        return NULL;
    }
}

int encoding_find(const struct parquet_column *column, int32_t number,
                  const struct encoding **out, struct error *err)
{
    *out = find(column->type, number);
    if (*out)
        return 0;
    if (number == PAGE_BIT_PACKED || number >= PAGE_ALP || number < 0 || number == 1)
        return error_set(err, ERR_UNSUPPORTED, "the encoding %s (%d) is not supported",
                         page_encoding_name(number), (int)number);
    return error_set(err, ERR_INPUT, "the encoding %s does not fit the type of the column",
                     page_encoding_name(number));
}
