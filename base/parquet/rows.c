/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parquet/rows.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/parquet/column.h"
#include "base/parquet/file.h"
#include "base/parquet/parquet_private.h"
#include "base/parquet/plan.h"
#include "base/table/cell.h"

/* A row that is longer than its limit by this factor is an error: a few bytes of a hostile file
 * can say that a list has any number of nulls. */
enum { LONGEST_ROW = 256 };

struct cursor {
    struct parquet_column *column; /* NULL while no group is open */
    struct parquet_batch batch;
    size_t level; /* of the batch: the next one */
    size_t value;
    uint8_t max_definition;
    bool at_end;
};

struct rows {
    const struct parquet_file *file;
    const struct plan *plan;
    struct cursor *cursors; /* one for each leaf of the plan */
    struct buf out;
    size_t max_row_bytes;
    size_t head_bytes;
    uint64_t n_cut;        /* bytes of the row that were dropped from out */
    struct plan_writer to; /* err is that of the call */
};

int rows_new(const struct parquet_file *file, const struct plan *plan, size_t max_row_bytes,
             struct rows **out, struct error *err)
{
    struct rows *rows = calloc(1, sizeof *rows);

    if (!rows)
        return error_nomem(err);
    rows->file = file;
    rows->plan = plan;
    rows->max_row_bytes = max_row_bytes;
    rows->head_bytes = max_row_bytes < ROWS_HEAD_BYTES ? max_row_bytes : ROWS_HEAD_BYTES;
    buf_init(&rows->out, SIZE_MAX / 2);
    rows->to.out = &rows->out;
    rows->cursors = calloc(plan->n_leaves, sizeof *rows->cursors);
    if (!rows->cursors) {
        rows_free(rows);
        return error_nomem(err);
    }
    *out = rows;
    return 0;
}

void rows_free(struct rows *rows)
{
    if (!rows)
        return;
    if (rows->cursors)
        rows_close_group(rows);
    free(rows->cursors);
    buf_release(&rows->out);
    free(rows);
}

/* Report levels of a cursor's column that cannot be. Returns -1. */
static int bad_levels(struct rows *rows, const struct cursor *cursor, const char *what)
{
    const size_t leaf = rows->plan->leaves[cursor - rows->cursors]->leaf;
    char path[256];

    schema_path(rows->file, leaf, path, sizeof path);
    return error_set(rows->to.err, ERR_INPUT, "column %s: %s", path, what);
}

int rows_open_group(struct rows *rows, size_t group, struct error *err)
{
    rows->to.err = err;
    rows_close_group(rows);
    for (size_t i = 0; i < rows->plan->n_leaves; i++) {
        struct cursor *cursor = &rows->cursors[i];
        const struct parquet_element *leaf = rows->plan->leaves[i];

        if (parquet_column_open(rows->file, group, leaf->leaf, &cursor->column, err) < 0)
            return -1;
        cursor->max_definition = leaf->max_definition;
    }
    return 0;
}

void rows_close_group(struct rows *rows)
{
    for (size_t i = 0; i < rows->plan->n_leaves; i++) {
        parquet_column_close(rows->cursors[i].column);
        rows->cursors[i] = (struct cursor){ 0 };
    }
}

/* Get the next batch if this one is used up. Values that were read before become invalid. */
static int cursor_refill(struct rows *rows, struct cursor *cursor)
{
    if (cursor->at_end)
        return 0;
    const int rc = parquet_column_next(cursor->column, &cursor->batch, rows->to.err);
    if (rc < 0)
        return -1;
    cursor->at_end = rc == 0;
    cursor->level = 0;
    cursor->value = 0;
    if (rc == 0)
        cursor->batch.n_levels = 0;
    return 0;
}

static inline int cursor_fill(struct rows *rows, struct cursor *cursor)
{
    return cursor->level < cursor->batch.n_levels ? 0 : cursor_refill(rows, cursor);
}

static inline uint8_t next_repetition(const struct cursor *cursor)
{
    return cursor->batch.repetitions ? cursor->batch.repetitions[cursor->level] : 0;
}

static inline uint8_t next_definition(const struct cursor *cursor)
{
    return cursor->batch.definitions ? cursor->batch.definitions[cursor->level]
                                     : cursor->max_definition;
}

/* Check the next level of a column: it begins at this repetition level, and what encloses it
 * is there, which is definition level `floor`. */
static inline int check_level(struct rows *rows, struct cursor *cursor, uint8_t floor,
                              uint8_t repetition)
{
    if (cursor_fill(rows, cursor) < 0)
        return -1;
    if (cursor->at_end)
        return bad_levels(rows, cursor, "it ends before the last row of the group");
    if (next_repetition(cursor) != repetition || next_definition(cursor) < floor)
        return bad_levels(rows, cursor, "its levels do not agree with those of other columns");
    return 0;
}

/* Skip one level of all columns below a node that is null or empty. */
static int skip_absent(struct rows *rows, const struct plan_node *node, uint8_t floor,
                       uint8_t repetition)
{
    for (size_t i = node->first_leaf; i < node->end_leaf; i++) {
        struct cursor *cursor = &rows->cursors[i];

        if (check_level(rows, cursor, floor, repetition) < 0)
            return -1;
        if (next_definition(cursor) != floor)
            return bad_levels(rows, cursor,
                              "its levels do not agree with those of other columns");
        cursor->level++;
    }
    return 0;
}

/* Keep only the start of a row that is too long. */
static inline int cut_row(struct rows *rows)
{
    if (rows->out.len <= rows->max_row_bytes)
        return 0;
    rows->n_cut += rows->out.len - rows->head_bytes;
    rows->out.len = rows->head_bytes;
    if (rows->n_cut / LONGEST_ROW > rows->max_row_bytes)
        return error_set(rows->to.err, ERR_INPUT, "a row is longer than %" PRIu64 " bytes",
                         rows->n_cut);
    return 0;
}

/* Write the start of a value that is longer than a row may be. */
static int put_start(struct rows *rows, struct slice bytes)
{
    rows->n_cut += bytes.len - rows->head_bytes;
    return cell_text(&rows->out, slice_of(bytes.ptr, rows->head_bytes), rows->to.err);
}

/* Write the value of a column that is there. */
static int put_value(struct rows *rows, const struct plan_node *node, struct cursor *cursor)
{
    const struct parquet_batch *batch = &cursor->batch;
    const size_t i = cursor->value;
    int rc;

    if (i >= batch->n_values)
        return bad_levels(rows, cursor, "it has fewer values than its levels say");
    cursor->level++;
    cursor->value++;
    if (node->value >= PLAN_DECIMAL_BYTES && batch->values.bytes[i].len > rows->max_row_bytes)
        rc = put_start(rows, batch->values.bytes[i]);
    else
        rc = plan_write_value(node, batch, i, &rows->to);
    return rc < 0 ? -1 : cut_row(rows);
}

static int put_node(struct rows *rows, const struct plan_node *node, uint8_t floor,
                    uint8_t repetition);

static int put_object(struct rows *rows, const struct plan_node *node, uint8_t floor,
                      uint8_t repetition)
{
    const struct plan_node *nodes = rows->plan->nodes;

    if (buf_add(&rows->out, "{", 1, rows->to.err) < 0)
        return -1;
    for (size_t i = node->child; i; i = nodes[i].sibling)
        if (buf_add_slice(&rows->out, nodes[i].key, rows->to.err) < 0 ||
            put_node(rows, &nodes[i], floor, repetition) < 0)
            return -1;
    return buf_add(&rows->out, "}", 1, rows->to.err);
}

/* Write the key of a map with a colon. A null is the key "null", as in Python. */
static int put_map_key(struct rows *rows, const struct plan_node *key, uint8_t floor,
                       uint8_t repetition)
{
    struct cursor *cursor = &rows->cursors[key->first_leaf];

    if (check_level(rows, cursor, floor, repetition) < 0)
        return -1;
    if (key->is_optional && next_definition(cursor) == floor) {
        cursor->level++;
        return buf_add(&rows->out, "\"null\":", 7, rows->to.err);
    }
    if (put_value(rows, key, cursor) < 0)
        return -1;
    return buf_add(&rows->out, ":", 1, rows->to.err);
}

static int put_element(struct rows *rows, const struct plan_node *node, uint8_t floor,
                       uint8_t repetition)
{
    const struct plan_node *child = &rows->plan->nodes[node->child];

    if (node->kind == PLAN_LIST)
        return put_node(rows, child, floor, repetition);
    if (put_map_key(rows, child, floor, repetition) < 0)
        return -1;
    return put_node(rows, &rows->plan->nodes[child->sibling], floor, repetition);
}

/* Write a list or a map. The first column below it says how many elements there are. */
static int put_list(struct rows *rows, const struct plan_node *node, uint8_t floor,
                    uint8_t repetition)
{
    struct cursor *first = &rows->cursors[node->first_leaf];
    const bool is_list = node->kind == PLAN_LIST;
    bool more = true;

    if (check_level(rows, first, floor, repetition) < 0)
        return -1;
    if (next_definition(first) == floor) {
        if (skip_absent(rows, node, floor, repetition) < 0)
            return -1;
        return buf_add(&rows->out, is_list ? "[]" : "{}", 2, rows->to.err);
    }
    if (buf_add(&rows->out, is_list ? "[" : "{", 1, rows->to.err) < 0)
        return -1;
    while (more) {
        if (put_element(rows, node, (uint8_t)(floor + 1), repetition) < 0 ||
            cursor_fill(rows, first) < 0)
            return -1;
        more = !first->at_end && next_repetition(first) >= node->repetition;
        repetition = node->repetition;
        if (more && (buf_add(&rows->out, ",", 1, rows->to.err) < 0 || cut_row(rows) < 0))
            return -1;
    }
    return buf_add(&rows->out, is_list ? "]" : "}", 1, rows->to.err);
}

/* Write a value at a place that is there at definition level `floor`. Its first column goes on
 * at this repetition level. */
static int put_node(struct rows *rows, const struct plan_node *node, uint8_t floor,
                    uint8_t repetition)
{
    struct cursor *first = &rows->cursors[node->first_leaf];

    if (node->is_optional) {
        if (check_level(rows, first, floor, repetition) < 0)
            return -1;
        if (next_definition(first) == floor) {
            if (skip_absent(rows, node, floor, repetition) < 0 ||
                cell_null(&rows->out, rows->to.err) < 0)
                return -1;
            return cut_row(rows);
        }
        floor++;
    }
    if (node->kind == PLAN_OBJECT)
        return put_object(rows, node, floor, repetition);
    if (node->kind != PLAN_VALUE)
        return put_list(rows, node, floor, repetition);
    if (check_level(rows, first, floor, repetition) < 0)
        return -1;
    return put_value(rows, node, first);
}

int rows_next(struct rows *rows, struct rows_text *out, struct error *err)
{
    rows->to.err = err;
    rows->n_cut = 0;
    rows->to.bad_json = false;
    buf_clear(&rows->out);
    if (put_object(rows, &rows->plan->nodes[0], 0, 0) < 0)
        return -1;
    *out = (struct rows_text){ .text = buf_slice(&rows->out),
                               .byte_len = rows->n_cut + rows->out.len,
                               .bad_json = rows->to.bad_json };
    return 0;
}

int rows_check_end(struct rows *rows, struct error *err)
{
    rows->to.err = err;
    for (size_t i = 0; i < rows->plan->n_leaves; i++) {
        struct cursor *cursor = &rows->cursors[i];

        if (cursor_fill(rows, cursor) < 0)
            return -1;
        if (!cursor->at_end)
            return bad_levels(rows, cursor, "it has values behind the last row of the group");
    }
    return 0;
}
