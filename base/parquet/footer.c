/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parquet/footer.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/parquet/parquet_private.h"
#include "base/parquet/thrift.h"

/* Make room for one more element. The room doubles, so that it follows what was read and not a
 * claim. */
static int reserve_one(struct block *block, size_t n, size_t element_bytes,
                       const struct parquet_file *file, struct error *err)
{
    const size_t need = (n + 1) * element_bytes;

    if (need <= block->cap)
        return 0;
    if (block_grow(block, 2 * need, file->budget, "the footer", err) < 0)
        return error_prefix(err, "%s", file->name);
    return 0;
}

static void read_chunk_meta(struct thrift *thrift, uint8_t type, struct parquet_chunk *chunk)
{
    struct thrift_field field = { 0 };

    thrift_expect_struct(thrift, type);
    while (thrift_next(thrift, &field)) {
        switch (field.id) {
        case 1:
            chunk->type = thrift_i32(thrift, field.type);
            break;
        case 4:
            chunk->codec = thrift_i32(thrift, field.type);
            break;
        case 5:
            chunk->n_values = thrift_int(thrift, field.type);
            break;
        case 7:
            chunk->n_bytes = thrift_int(thrift, field.type);
            break;
        case 9:
            chunk->data_offset = thrift_int(thrift, field.type);
            break;
        case 11:
            chunk->dictionary_offset = thrift_int(thrift, field.type);
            break;
        default:
            thrift_skip(thrift, field.type);
        }
    }
}

static void read_chunk(struct thrift *thrift, struct parquet_chunk *chunk)
{
    struct thrift_field field = { 0 };
    bool has_meta = false;

    *chunk = (struct parquet_chunk){ .codec = -1, .type = -1, .n_values = -1, .n_bytes = -1 };
    while (thrift_next(thrift, &field)) {
        if (field.id == 1) {
            if (thrift_binary(thrift, field.type).len > 0)
                chunk->refused = "its data is in another file";
        } else if (field.id == 3) {
            read_chunk_meta(thrift, field.type, chunk);
            has_meta = true;
        } else {
            if (field.id == 8 || field.id == 9)
                chunk->refused = "it is encrypted";
            thrift_skip(thrift, field.type);
        }
    }
    if (!has_meta && !chunk->refused)
        thrift_fail(thrift, "a column chunk has no metadata");
}

/* The bytes of a group, for progress and for places in messages: of the chunks that can be. */
static void widen(const struct parquet_file *file, const struct parquet_chunk *chunk,
                  struct parquet_group *group)
{
    const bool has_dictionary =
        chunk->dictionary_offset > 0 && chunk->dictionary_offset < chunk->data_offset;
    const int64_t begin = has_dictionary ? chunk->dictionary_offset : chunk->data_offset;

    if (begin < PARQUET_MAGIC_BYTES || (uint64_t)begin > file->footer_offset ||
        chunk->n_bytes < 0 || (uint64_t)chunk->n_bytes > file->footer_offset - (uint64_t)begin)
        return;
    const uint64_t end = (uint64_t)begin + (uint64_t)chunk->n_bytes;
    if (group->end == 0 || (uint64_t)begin < group->begin)
        group->begin = (uint64_t)begin;
    if (end > group->end)
        group->end = end;
}

static int read_chunks(struct parquet_file *file, struct thrift *thrift, uint8_t type,
                       struct parquet_group *group, struct error *err)
{
    const size_t n = thrift_list(thrift, type, THRIFT_STRUCT);

    if (thrift->issue)
        return -1;
    if (n != file->n_leaves)
        return error_set(err, ERR_INPUT,
                         "%s: row group %zu has %zu columns, but the schema has %zu",
                         file->name, file->n_groups + 1, n, file->n_leaves);
    for (size_t i = 0; i < n; i++) {
        if (reserve_one(&file->chunks, file->n_chunks, sizeof(struct parquet_chunk), file,
                        err) < 0)
            return -1;
        struct parquet_chunk *chunk =
            &((struct parquet_chunk *)file->chunks.data)[file->n_chunks];
        read_chunk(thrift, chunk);
        if (thrift->issue)
            return -1;
        widen(file, chunk, group);
        file->n_chunks++;
    }
    return 0;
}

static int read_row_group(struct parquet_file *file, struct thrift *thrift, struct error *err)
{
    const size_t n_before = file->n_chunks;
    struct thrift_field field = { 0 };
    struct parquet_group group = { 0 };
    int64_t n_rows = -1;

    while (thrift_next(thrift, &field)) {
        if (field.id == 1 && file->n_chunks == n_before) {
            if (read_chunks(file, thrift, field.type, &group, err) < 0)
                return -1;
        } else if (field.id == 3) {
            n_rows = thrift_int(thrift, field.type);
        } else {
            thrift_skip(thrift, field.type);
        }
    }
    if (thrift->issue)
        return -1;
    if (n_rows < 0 || (uint64_t)n_rows > INT64_MAX - file->n_rows ||
        file->n_chunks - n_before != file->n_leaves)
        return error_set(err, ERR_INPUT, "%s: row group %zu has an invalid number of %s",
                         file->name, file->n_groups + 1,
                         file->n_chunks - n_before != file->n_leaves ? "columns" : "rows");
    if (reserve_one(&file->groups, file->n_groups, sizeof group, file, err) < 0)
        return -1;
    group.n_rows = (uint64_t)n_rows;
    file->n_rows += group.n_rows;
    ((struct parquet_group *)file->groups.data)[file->n_groups++] = group;
    return 0;
}

static int read_groups(struct parquet_file *file, struct thrift *thrift, uint8_t type,
                       struct error *err)
{
    const size_t n = thrift_list(thrift, type, THRIFT_STRUCT);

    if (file->n_elements == 0)
        thrift_fail(thrift, "the row groups stand before the schema");
    if (file->n_groups > 0)
        thrift_fail(thrift, "it has two lists of row groups");
    for (size_t i = 0; i < n && !thrift->issue; i++)
        if (read_row_group(file, thrift, err) < 0)
            return -1;
    return thrift->issue ? -1 : 0;
}

/* The fields of FileMetaData. If thrift failed, err is not set. */
static int read_fields(struct parquet_file *file, struct thrift *thrift, int64_t *n_rows,
                       struct error *err)
{
    struct thrift_field field = { 0 };

    while (thrift_next(thrift, &field)) {
        int rc = 0;

        if (field.id == 2)
            rc = schema_parse(file, thrift, field.type, err);
        else if (field.id == 3)
            *n_rows = thrift_int(thrift, field.type);
        else if (field.id == 4)
            rc = read_groups(file, thrift, field.type, err);
        else if (field.id == 8)
            return error_set(err, ERR_UNSUPPORTED,
                             "%s: the columns are encrypted: decrypt the file with the program "
                             "that wrote it",
                             file->name);
        else if (field.id == 5 && field.type == THRIFT_LIST)
            file->keys_at = (size_t)(thrift->at - file->footer.data);
        if (rc < 0)
            return -1;
        if (field.id < 2 || field.id > 4)
            thrift_skip(thrift, field.type);
    }
    return thrift->issue ? -1 : 0;
}

int footer_parse(struct parquet_file *file, struct error *err)
{
    int64_t n_rows = -1;
    struct thrift thrift;

    thrift_init(&thrift, slice_of((const char *)file->footer.data, file->footer_len));
    const int rc = read_fields(file, &thrift, &n_rows, err);
    if (thrift.issue)
        return error_set(
            err, ERR_INPUT, "%s: the footer is malformed at byte %" PRIu64 ": %s", file->name,
            file->footer_offset + (uint64_t)(thrift.at - file->footer.data), thrift.issue);
    if (rc < 0)
        return -1;
    if (file->n_elements == 0)
        return error_set(err, ERR_INPUT, "%s: the footer is malformed: it has no schema",
                         file->name);
    if (n_rows < 0 || (uint64_t)n_rows != file->n_rows)
        return error_set(err, ERR_INPUT,
                         "%s: the footer counts %" PRId64
                         " rows, but the row groups have %" PRIu64,
                         file->name, n_rows, file->n_rows);
    return 0;
}
