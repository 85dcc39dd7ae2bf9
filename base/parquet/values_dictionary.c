/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/parquet/column_private.h"
#include "base/parquet/load.h"

static const char what[] = "the dictionary";

/* Have the bytes of the page in memory that belongs to the dictionary. */
static int load_dictionary(struct parquet_column *column, struct error *err)
{
    const size_t n = (size_t)column->page.n_bytes;
    struct dictionary *dictionary = &column->dictionary;
    struct body *body = &column->body;

    body->what = "the dictionary of texts, which is needed as a whole,";
    if (body_begin(body, column->codec, (uint64_t)column->page.n_compressed, n, true, err) <
            0 ||
        feed_need(&body->feed, n, what, err) < 0)
        return -1;
    body_end(body);
    body->what = "a page";
    dictionary->bytes = body->block;
    body->block = (struct block){ 0 };
    return 0;
}

static int decode_texts(struct parquet_column *column, struct error *err)
{
    struct dictionary *dictionary = &column->dictionary;
    struct feed feed = feed_of(dictionary->bytes.data, (size_t)column->page.n_bytes);
    struct slice *out = (struct slice *)dictionary->values.data;

    for (size_t i = 0; i < dictionary->n;) {
        const ssize_t n_read = plain_bytes_read(&feed, out + i, dictionary->n - i, err);

        if (n_read < 0)
            return -1;
        i += (size_t)n_read;
    }
    return 0;
}

static void set_fixed(const struct parquet_column *column)
{
    const struct dictionary *dictionary = &column->dictionary;
    const char *bytes = (const char *)dictionary->bytes.data;
    struct slice *out = (struct slice *)dictionary->values.data;

    for (size_t i = 0; i < dictionary->n; i++)
        out[i] = slice_of(bytes + i * column->type_bytes, column->type_bytes);
}

/* The number of values is a claim until it was compared with the bytes of the page. */
static int decode_dictionary(struct parquet_column *column, struct error *err)
{
    struct dictionary *dictionary = &column->dictionary;
    const size_t n = (size_t)column->page.n_values;
    const size_t least = column->type_bytes > 0 ? column->type_bytes : sizeof(uint32_t);

    if (n > (size_t)column->page.n_bytes / least)
        return error_set(err, ERR_INPUT,
                         "the dictionary says that it has %zu values in %" PRId32 " bytes", n,
                         column->page.n_bytes);
    if (block_grow(&dictionary->values, n * column->value_bytes, column->budget, what, err) < 0)
        return -1;
    dictionary->n = n;
    if (column->type_bytes == 0)
        return decode_texts(column, err);
    if (column->value_bytes == sizeof(struct slice)) {
        set_fixed(column);
        return 0;
    }
    if (n > 0)
        load_array(dictionary->values.data, dictionary->bytes.data, n, column->type_bytes);
    block_release(&dictionary->bytes, column->budget);
    return 0;
}

int dictionary_read(struct parquet_column *column, struct error *err)
{
    const int32_t encoding = column->page.encoding;

    if (column->dictionary.is_read)
        return error_set(err, ERR_INPUT, "it is a second dictionary");
    if (column->type == PARQUET_BOOLEAN)
        return error_set(err, ERR_INPUT, "it is a dictionary of booleans");
    if (encoding != PAGE_PLAIN && encoding != PAGE_PLAIN_DICTIONARY)
        return error_set(err, ERR_UNSUPPORTED,
                         "the encoding %s of dictionaries is not supported",
                         page_encoding_name(encoding));
    column->dictionary.is_read = true;
    if (load_dictionary(column, err) < 0 || decode_dictionary(column, err) < 0)
        return -1;
    return block_grow(&column->indices, COLUMN_BATCH * sizeof(uint32_t), column->budget, what,
                      err);
}

void dictionary_release(struct parquet_column *column)
{
    block_release(&column->dictionary.bytes, column->budget);
    block_release(&column->dictionary.values, column->budget);
    block_release(&column->indices, column->budget);
}

/* The first byte is the width of the indices. */
static int begin(struct parquet_column *column, struct error *err)
{
    struct feed *feed = &column->body.feed;

    if (!column->dictionary.is_read)
        return error_set(err, ERR_INPUT, "it needs a dictionary, but the column has none");
    if (feed_need(feed, 1, "the indices", err) < 0)
        return -1;
    const unsigned width = *feed->at++;
    if (width > 32)
        return error_set(err, ERR_INPUT, "the indices have %u bits, but 32 is the most", width);
    hybrid_init(&column->state.hybrid, width, "the indices");
    return 0;
}

/* Decode indices and check that the dictionary has them. Of a width of 0 all are 0. */
static int read_indices(struct parquet_column *column, size_t n, struct error *err)
{
    uint32_t *indices = (uint32_t *)(void *)column->indices.data;
    uint32_t largest = 0;

    if (column->state.hybrid.width == 0)
        memset(indices, 0, n * sizeof *indices);
    else if (hybrid_read(&column->state.hybrid, &column->body.feed, indices, n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        largest = indices[i] > largest ? indices[i] : largest;
    if (largest >= column->dictionary.n)
        return error_set(err, ERR_INPUT,
                         "it has the index %" PRIu32 ", but the dictionary has %zu values",
                         largest, column->dictionary.n);
    return 0;
}

static ssize_t look_up_values(struct parquet_column *column, size_t n, struct error *err)
{
    const void *from = column->dictionary.values.data;
    void *to = column->values.data;

    if (read_indices(column, n, err) < 0)
        return -1;
    const uint32_t *indices = (const uint32_t *)(const void *)column->indices.data;
    if (column->value_bytes == sizeof(uint32_t))
        for (size_t i = 0; i < n; i++)
            ((uint32_t *)to)[i] = ((const uint32_t *)from)[indices[i]];
    else if (column->value_bytes == sizeof(uint64_t))
        for (size_t i = 0; i < n; i++)
            ((uint64_t *)to)[i] = ((const uint64_t *)from)[indices[i]];
    else
        for (size_t i = 0; i < n; i++)
            ((struct slice *)to)[i] = ((const struct slice *)from)[indices[i]];
    return (ssize_t)n;
}

const struct encoding encoding_dictionary = { begin, look_up_values };
