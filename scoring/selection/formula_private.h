/* SPDX-License-Identifier: Apache-2.0 */
/*
 * formula_private.h - the tree of a formula.
 */
#ifndef CURATE_FORMULA_PRIVATE_H
#define CURATE_FORMULA_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FORMULA_NODES_MAX = 512, FORMULA_DEPTH_MAX = 64, FORMULA_ARGS_MAX = 8 };

enum formula_kind {
    FORMULA_NUMBER,
    FORMULA_COLUMN,
    FORMULA_IFNULL, /* of a column */
    FORMULA_NEGATE,
    FORMULA_ADD,
    FORMULA_SUBTRACT,
    FORMULA_MULTIPLY,
    FORMULA_DIVIDE,
    FORMULA_LOG,
    FORMULA_EXP,
    FORMULA_MIN,
    FORMULA_MAX,
    FORMULA_CLIP,
    FORMULA_RANK, /* from here on: comparisons with the pool */
    FORMULA_Z,
    FORMULA_MINMAX,
};

struct formula_node {
    enum formula_kind kind;
    double number;   /* of a number, and of ifnull */
    uint32_t column; /* index in `columns` of a column and of ifnull */
    uint32_t comparison;
    uint32_t args[FORMULA_ARGS_MAX];
    size_t n_args;
    size_t from; /* bytes of the text */
    size_t to;
    bool in_parentheses;
};

struct formula_part {
    uint32_t node;
    bool negative;
};

struct formula {
    const char *text;
    struct formula_node nodes[FORMULA_NODES_MAX];
    size_t n_nodes;
    uint32_t root;
    size_t columns[FORMULA_NODES_MAX];
    bool is_required[FORMULA_NODES_MAX];
    size_t n_columns;
    struct formula_part terms[FORMULA_NODES_MAX];
    size_t n_terms;
    size_t n_comparisons;
};

#endif
