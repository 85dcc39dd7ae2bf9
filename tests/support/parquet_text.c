/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/parquet_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/parquet/file.h"
#include "tests/support/parquet_writer.h"

static void require(int rc)
{
    if (rc < 0)
        abort();
}

static void add_hex(struct buf *out, struct slice bytes)
{
    struct error err;

    for (size_t i = 0; i < bytes.len; i++)
        require(buf_printf(out, &err, "%02x", (unsigned)(unsigned char)bytes.ptr[i]));
}

static void add_value(struct buf *out, const struct parquet_batch *batch,
                      enum parquet_type type, size_t i)
{
    struct error err;

    switch (type) {
    case PARQUET_BOOLEAN:
        require(buf_printf(out, &err, "%u", (unsigned)batch->values.booleans[i]));
        break;
    case PARQUET_INT32:
        require(buf_printf(out, &err, "%" PRId32, batch->values.ints[i]));
        break;
    case PARQUET_INT64:
        require(buf_printf(out, &err, "%" PRId64, batch->values.longs[i]));
        break;
    case PARQUET_FLOAT:
        require(buf_printf(out, &err, "%.9g", (double)batch->values.floats[i]));
        break;
    case PARQUET_DOUBLE:
        require(buf_printf(out, &err, "%.17g", batch->values.doubles[i]));
        break;
    case PARQUET_BYTE_ARRAY:
        require(buf_add_slice(out, batch->values.bytes[i], &err));
        break;
    case PARQUET_INT96:
    case PARQUET_FIXED:
        add_hex(out, batch->values.bytes[i]);
        break;
    }
}

void parquet_batch_text(const struct parquet_batch *batch,
                        const struct parquet_element *element, struct buf *out)
{
    struct error err;
    size_t n = 0;

    for (size_t i = 0; i < batch->n_levels; i++) {
        const unsigned definition =
            batch->definitions ? batch->definitions[i] : element->max_definition;

        if (batch->repetitions && batch->repetitions[i] > 0)
            require(buf_printf(out, &err, "%u:", (unsigned)batch->repetitions[i]));
        if (definition == element->max_definition)
            add_value(out, batch, element->type, n++);
        else if (element->max_definition > 1)
            require(buf_printf(out, &err, "-%u", definition));
        else
            require(buf_add_text(out, "-", &err));
        require(buf_add_text(out, " ", &err));
    }
    if (n != batch->n_values || batch->n_levels == 0)
        abort();
}

int parquet_column_text(struct parquet_column *column, const struct parquet_element *element,
                        struct buf *out, struct error *err)
{
    struct parquet_batch batch;
    int rc;

    while ((rc = parquet_column_next(column, &batch, err)) > 0)
        parquet_batch_text(&batch, element, out);
    return rc;
}

int parquet_text(struct slice bytes, size_t group, size_t leaf, uint64_t max_bytes,
                 struct buf *out, struct error *err)
{
    const int fd = parquet_descriptor(bytes);
    struct parquet_column *column = NULL;
    struct parquet_file *file = NULL;
    size_t i = 0;
    int rc = parquet_file_open(fd, "x.parquet", max_bytes, &file, err);

    if (rc == 0)
        rc = parquet_column_open(file, group, leaf, &column, err);
    if (rc == 0) {
        while (parquet_element(file, i)->is_group || parquet_element(file, i)->leaf != leaf)
            i++;
        rc = parquet_column_text(column, parquet_element(file, i), out, err);
    }
    parquet_column_close(column);
    parquet_file_close(file);
    close(fd);
    return rc;
}
