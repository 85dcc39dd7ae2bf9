/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the pages of a column: values come in batches that add up, or there is an error
 * with a message. The first 9 bytes say what the footer would: physical type, compression,
 * length of FIXED, largest definition and repetition level, number of values (2 bytes), and how
 * many of them are rows.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/parquet/column_private.h"
#include "base/parquet/file.h"
#include "base/parquet/parquet_private.h"
#include "tests/fuzz/fuzz.h"

enum { HEAD = 9, MAX_BYTES = 4 << 20, LEVEL_MAX = 64 };

static void require(bool holds, const char *invariant)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", invariant);
    abort();
}

/* Read every byte of the batch, so that a sanitizer sees bytes that do not exist. */
static uint64_t add_up(const struct parquet_batch *batch, enum parquet_type type)
{
    static const size_t sizes[] = {
        [PARQUET_BOOLEAN] = 1, [PARQUET_INT32] = 4,  [PARQUET_INT64] = 8,
        [PARQUET_FLOAT] = 4,   [PARQUET_DOUBLE] = 8, [PARQUET_FIXED] = 0
    };
    uint64_t sum = 0;

    if (sizes[type] > 0)
        for (size_t i = 0; i < batch->n_values * sizes[type]; i++)
            sum += batch->values.booleans[i];
    else
        for (size_t i = 0; i < batch->n_values; i++)
            for (size_t k = 0; k < batch->values.bytes[i].len; k++)
                sum += (unsigned char)batch->values.bytes[i].ptr[k];
    return sum;
}

static void check_batch(const struct parquet_batch *batch,
                        const struct parquet_element *element, uint64_t *n_rows)
{
    size_t n = 0;

    require(batch->n_levels > 0, "a batch has levels");
    require((batch->definitions != NULL) == (element->max_definition > 0) &&
                (batch->repetitions != NULL) == (element->max_repetition > 0),
            "there are levels where the schema has them");
    for (size_t i = 0; i < batch->n_levels; i++) {
        require(!batch->definitions || batch->definitions[i] <= element->max_definition,
                "definition levels are in range");
        require(!batch->repetitions || batch->repetitions[i] <= element->max_repetition,
                "repetition levels are in range");
        n += !batch->definitions || batch->definitions[i] == element->max_definition;
        *n_rows += !batch->repetitions || batch->repetitions[i] == 0;
    }
    require(n == batch->n_values, "a value for each level that has one");
    for (size_t i = 0; element->type == PARQUET_FIXED && i < batch->n_values; i++)
        require(batch->values.bytes[i].len == (size_t)element->type_length,
                "values have the length of their type");
}

static void read_column(struct parquet_column *column, const struct parquet_element *element,
                        uint64_t n_values, uint64_t n_expected)
{
    uint64_t n_rows = 0, n_levels = 0, sum = 0;
    struct parquet_batch batch;
    struct error err = { 0 };
    int rc;

    while ((rc = parquet_column_next(column, &batch, &err)) > 0) {
        check_batch(&batch, element, &n_rows);
        sum += add_up(&batch, element->type);
        n_levels += batch.n_levels;
    }
    require(n_levels <= n_values, "no more values than the footer counts");
    if (rc < 0)
        require(strncmp(err.msg, "column c, page at byte ", 23) == 0, "errors name the page");
    else
        require(n_levels == n_values && n_rows == n_expected && sum != UINT64_MAX,
                "all rows were read");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < HEAD)
        return 0;
    const int64_t n_values = data[5] | data[6] << 8;
    struct budget budget = { .max_bytes = MAX_BYTES };
    const struct parquet_element element = {
        .type = (enum parquet_type)(data[0] % 8),
        .type_length = data[2] + 1,
        .max_definition = (uint8_t)(data[3] % (LEVEL_MAX + 1)),
        .max_repetition = (uint8_t)(data[4] % (data[3] % (LEVEL_MAX + 1) + 1)),
    };
    const struct parquet_chunk chunk = { .data_offset = HEAD,
                                         .n_bytes = (int64_t)len - HEAD,
                                         .n_values = n_values,
                                         .codec = data[1] % 8,
                                         .type = (int32_t)element.type };
    const int fd = memfd_create("pages", 0);
    const struct column_place place = {
        .fd = fd,
        .limit = len,
        .block_bytes = 64,
        .budget = &budget,
        .path = "c",
        .n_rows = element.max_repetition > 0 ? (uint64_t)(data[7] | data[8] << 8)
                                             : (uint64_t)n_values,
    };
    struct parquet_column *column = NULL;
    struct error err;

    require(fd >= 0 && write(fd, data, len) == (ssize_t)len, "memory suffices");
    if (column_new(&place, &chunk, &element, &column, &err) == 0)
        read_column(column, &element, (uint64_t)n_values, place.n_rows);
    else
        require(strncmp(err.msg, "column c: ", 10) == 0, "errors name the column");
    parquet_column_close(column);
    require(atomic_load(&budget.used) == 0, "memory that was counted is given back");
    close(fd);
    return 0;
}
