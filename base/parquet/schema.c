/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/parquet/parquet_private.h"
#include "base/parquet/thrift.h"

/* A group whose children are being placed. */
struct open_group {
    size_t element;
    size_t n_missing; /* children that did not come yet */
};

struct placing {
    struct parquet_file *file;
    struct open_group groups[PARQUET_DEPTH_MAX];
    size_t depth;
};

static struct parquet_element *element_at(const struct parquet_file *file, size_t i)
{
    return &((struct parquet_element *)file->elements.data)[i];
}

static void read_unit(struct thrift *thrift, uint8_t type, struct schema_node *node)
{
    struct thrift_field field = { 0 };

    thrift_expect_struct(thrift, type);
    while (thrift_next(thrift, &field)) {
        node->unit = field.id;
        thrift_skip(thrift, field.type);
    }
}

/* The struct of a member of LogicalType. Members with a content: DECIMAL (5) has a scale, TIME
 * (7) and TIMESTAMP (8) have isAdjustedToUTC and a unit, INTEGER (10) has a width and a sign.
 */
static void read_logical_content(struct thrift *thrift, uint8_t type, struct schema_node *node)
{
    struct thrift_field field = { 0 };

    thrift_expect_struct(thrift, type);
    while (thrift_next(thrift, &field)) {
        const bool is_time = node->logical == 7 || node->logical == 8;

        if (node->logical == 5 && field.id == 1)
            node->logical_scale = thrift_i32(thrift, field.type);
        else if (is_time && field.id == 1)
            node->is_utc = thrift_bool(thrift, field.type);
        else if (is_time && field.id == 2)
            read_unit(thrift, field.type, node);
        else if (node->logical == 10 && field.id == 1)
            node->bit_width = thrift_i32(thrift, field.type);
        else if (node->logical == 10 && field.id == 2)
            node->is_signed = thrift_bool(thrift, field.type);
        else
            thrift_skip(thrift, field.type);
    }
}

static void read_logical(struct thrift *thrift, uint8_t type, struct schema_node *node)
{
    struct thrift_field field = { 0 };

    thrift_expect_struct(thrift, type);
    while (thrift_next(thrift, &field)) {
        node->logical = field.id;
        read_logical_content(thrift, field.type, node);
    }
}

static void read_node(struct thrift *thrift, struct schema_node *node)
{
    struct thrift_field field = { 0 };

    *node = (struct schema_node){
        .name = slice_of("", 0), .type = -1, .repetition = -1, .converted = -1
    };
    while (thrift_next(thrift, &field)) {
        switch (field.id) {
        case 1:
            node->type = thrift_i32(thrift, field.type);
            break;
        case 2:
            node->type_length = thrift_i32(thrift, field.type);
            break;
        case 3:
            node->repetition = thrift_i32(thrift, field.type);
            break;
        case 4:
            node->name = thrift_binary(thrift, field.type);
            break;
        case 5:
            node->n_children = thrift_i32(thrift, field.type);
            break;
        case 6:
            node->converted = thrift_i32(thrift, field.type);
            break;
        case 7:
            node->scale = thrift_i32(thrift, field.type);
            break;
        case 10:
            read_logical(thrift, field.type, node);
            break;
        default:
            thrift_skip(thrift, field.type);
        }
    }
}

static int raise_node(const struct parquet_file *file, size_t i, const struct schema_node *node,
                      const char *why, struct error *err)
{
    const int shown = node->name.len < 64 ? (int)node->name.len : 64;

    return error_set(err, ERR_INPUT, "%s: the schema is malformed: element %zu (%.*s) %s",
                     file->name, i, shown, node->name.ptr, why);
}

/* What is wrong with an element alone, or NULL. */
static const char *node_problem(const struct schema_node *node, size_t i)
{
    const bool is_leaf = node->type >= 0;

    if (node->type < -1 || node->type > PARQUET_FIXED)
        return "has an unknown type";
    if (node->repetition < -1 || node->repetition > PARQUET_REPEATED)
        return "has an unknown repetition";
    if (i > 0 && node->repetition < 0)
        return "has no repetition";
    if (i == 0 && is_leaf)
        return "is the root, but no group";
    if (node->n_children < 0 || node->n_children >= PARQUET_ELEMENTS_MAX)
        return "has an invalid number of children";
    if (is_leaf && node->n_children > 0)
        return "has both a type and children";
    if (i > 0 && !is_leaf && node->n_children == 0)
        return "has neither a type nor children";
    if (node->type == PARQUET_FIXED && node->type_length <= 0)
        return "has an invalid length";
    return NULL;
}

static void add_leaf(struct parquet_file *file, size_t i)
{
    ((size_t *)file->leaves.data)[file->n_leaves++] = i;
}

/* Set what follows from the element and the group that it is in. */
static void set_element(const struct parquet_file *file, const struct schema_node *node,
                        const struct parquet_element *parent, struct parquet_element *out)
{
    *out = (struct parquet_element){
        .name = node->name,
        .repetition = parent ? (enum parquet_repetition)node->repetition : PARQUET_REQUIRED,
        .is_group = node->type < 0,
        .n_children = (size_t)node->n_children,
        .leaf = file->n_leaves,
        .max_definition = parent ? parent->max_definition : 0,
        .max_repetition = parent ? parent->max_repetition : 0,
        .type = node->type < 0 ? PARQUET_BOOLEAN : (enum parquet_type)node->type,
        .type_length = node->type_length,
    };
    if (out->repetition != PARQUET_REQUIRED)
        out->max_definition++;
    if (out->repetition == PARQUET_REPEATED)
        out->max_repetition++;
    schema_set_meaning(out, node);
}

/* Close the groups that have all their children. `next` is the element behind them. */
static void close_groups(struct placing *placing, size_t next)
{
    while (placing->depth > 0 && placing->groups[placing->depth - 1].n_missing == 0)
        element_at(placing->file, placing->groups[--placing->depth].element)->next = next;
}

static int place(struct placing *placing, size_t i, const struct schema_node *node,
                 struct error *err)
{
    struct parquet_file *file = placing->file;
    struct parquet_element *element = element_at(file, i);
    const char *problem = node_problem(node, i);
    struct open_group *top = placing->depth > 0 ? &placing->groups[placing->depth - 1] : NULL;

    if (problem)
        return raise_node(file, i, node, problem, err);
    if (i > 0 && !top)
        return raise_node(file, i, node, "belongs to no group", err);
    set_element(file, node, top ? element_at(file, top->element) : NULL, element);
    element->next = i + 1;
    if (top)
        top->n_missing--;
    if (!element->is_group) {
        add_leaf(file, i);
    } else {
        if (placing->depth == PARQUET_DEPTH_MAX)
            return raise_node(file, i, node, "is nested more than 64 deep", err);
        placing->groups[placing->depth++] = (struct open_group){ i, element->n_children };
    }
    close_groups(placing, i + 1);
    return 0;
}

static int reserve(struct parquet_file *file, size_t n, struct error *err)
{
    if (n == 0 || n > PARQUET_ELEMENTS_MAX)
        return error_set(err, ERR_INPUT,
                         "%s: the schema has %zu elements, which is not between 1 and %d",
                         file->name, n, PARQUET_ELEMENTS_MAX);
    if (block_grow(&file->elements, n * sizeof(struct parquet_element), file->budget,
                   "the schema", err) < 0 ||
        block_grow(&file->leaves, n * sizeof(size_t), file->budget, "the schema", err) < 0)
        return error_prefix(err, "%s", file->name);
    return 0;
}

int schema_parse(struct parquet_file *file, struct thrift *thrift, uint8_t type,
                 struct error *err)
{
    struct placing placing = { .file = file };
    struct schema_node node;
    const size_t n = thrift_list(thrift, type, THRIFT_STRUCT);

    if (thrift->issue)
        return -1;
    if (file->n_elements > 0)
        thrift_fail(thrift, "it has two schemas");
    if (thrift->issue || reserve(file, n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        read_node(thrift, &node);
        if (thrift->issue || place(&placing, i, &node, err) < 0)
            return -1;
        file->n_elements++;
    }
    if (placing.depth > 0)
        return error_set(err, ERR_INPUT,
                         "%s: the schema is malformed: %zu elements are missing", file->name,
                         placing.groups[placing.depth - 1].n_missing);
    return 0;
}

void schema_path(const struct parquet_file *file, size_t leaf, char *out, size_t n)
{
    const size_t target = ((const size_t *)file->leaves.data)[leaf];
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 1; i <= target; i++) {
        const struct parquet_element *element = element_at(file, i);
        const size_t left = n - used;

        if (element->next <= target) {
            i = element->next - 1;
            continue;
        }
        const int len = snprintf(out + used, left, "%s%.*s", used > 0 ? "." : "",
                                 element->name.len < left ? (int)element->name.len : (int)left,
                                 element->name.ptr);
        used += len < 0 ? 0 : (size_t)len < left ? (size_t)len : left - 1;
    }
}
