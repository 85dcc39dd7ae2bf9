/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parquet/plan.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/option.h"
#include "base/table/cell.h"

enum { MAX_NAME_BYTES = 1 << 30, ROOT = 0 };

struct planner {
    const struct parquet_file *file;
    struct plan *plan;
    struct buf key;
    struct error *err;
};

static bool element_is(const struct parquet_element *element, const char *name)
{
    return slice_equal(element->name, slice_text(name));
}

/* Is it the name of the list with "_tuple" behind it? */
static bool is_tuple_of(const struct parquet_element *repeated,
                        const struct parquet_element *list)
{
    const size_t n = list->name.len;

    return repeated->name.len > n && memcmp(repeated->name.ptr, list->name.ptr, n) == 0 &&
           slice_equal(slice_of(repeated->name.ptr + n, repeated->name.len - n),
                       slice_text("_tuple"));
}

/* Rules 1 to 4: is the repeated field of list i the element, rather than what it encloses? */
static bool repeated_is_element(const struct parquet_file *file, size_t i)
{
    const struct parquet_element *list = parquet_element(file, i);
    const struct parquet_element *repeated = parquet_element(file, i + 1);

    return !repeated->is_group || repeated->n_children != 1 ||
           parquet_element(file, i + 2)->repetition == PARQUET_REPEATED ||
           element_is(repeated, "array") || is_tuple_of(repeated, list);
}

/* A list or a map has one field, which is repeated. */
static bool has_one_repeated(const struct parquet_file *file, size_t i)
{
    return parquet_element(file, i)->n_children == 1 &&
           parquet_element(file, i + 1)->repetition == PARQUET_REPEATED;
}

static bool is_text_column(const struct parquet_element *element)
{
    return !element->is_group && element->type == PARQUET_BYTE_ARRAY &&
           element->meaning == PARQUET_TEXT;
}

/* A map that can be an object: the repeated group has a key, which is text, and a value. */
static bool is_object_map(const struct parquet_file *file, size_t repeated)
{
    const struct parquet_element *group = parquet_element(file, repeated);

    return group->is_group && group->n_children == 2 &&
           is_text_column(parquet_element(file, repeated + 1)) &&
           parquet_element(file, repeated + 1)->repetition != PARQUET_REPEATED;
}

/* How values of a type are written, by their meaning. A meaning that the type cannot have does
 * not count: those that are not listed are written as PARQUET_PLAIN. */
static const enum plan_value values_of[][PARQUET_REFUSED + 1] = {
    [PARQUET_BOOLEAN] = { [PARQUET_PLAIN] = PLAN_BOOL },
    [PARQUET_INT32] = { [PARQUET_PLAIN] = PLAN_INT32,
                        [PARQUET_UNSIGNED] = PLAN_UINT32,
                        [PARQUET_DECIMAL] = PLAN_DECIMAL32,
                        [PARQUET_DATE] = PLAN_DATE,
                        [PARQUET_TIME] = PLAN_TIME32 },
    [PARQUET_INT64] = { [PARQUET_PLAIN] = PLAN_INT64,
                        [PARQUET_UNSIGNED] = PLAN_UINT64,
                        [PARQUET_DECIMAL] = PLAN_DECIMAL64,
                        [PARQUET_TIME] = PLAN_TIME64,
                        [PARQUET_TIMESTAMP] = PLAN_TIMESTAMP },
    [PARQUET_INT96] = { [PARQUET_PLAIN] = PLAN_INT96 },
    [PARQUET_FLOAT] = { [PARQUET_PLAIN] = PLAN_FLOAT },
    [PARQUET_DOUBLE] = { [PARQUET_PLAIN] = PLAN_DOUBLE },
    [PARQUET_BYTE_ARRAY] = { [PARQUET_PLAIN] = PLAN_BYTES,
                             [PARQUET_TEXT] = PLAN_TEXT,
                             [PARQUET_JSON] = PLAN_JSON,
                             [PARQUET_DECIMAL] = PLAN_DECIMAL_BYTES },
    [PARQUET_FIXED] = { [PARQUET_PLAIN] = PLAN_BYTES,
                        [PARQUET_TEXT] = PLAN_TEXT,
                        [PARQUET_JSON] = PLAN_JSON,
                        [PARQUET_DECIMAL] = PLAN_DECIMAL_BYTES,
                        [PARQUET_UUID] = PLAN_UUID,
                        [PARQUET_HALF] = PLAN_HALF },
};

static enum plan_value plan_value_of(const struct parquet_element *element)
{
    const enum plan_value value = values_of[element->type][element->meaning];

    if (element->meaning == PARQUET_NULL)
        return PLAN_NOTHING;
    if (value == PLAN_NOTHING || (value == PLAN_UUID && element->type_length != 16) ||
        (value == PLAN_HALF && element->type_length != 2))
        return values_of[element->type][PARQUET_PLAIN];
    return value;
}

/* Set the key of a member. */
static int plan_key(struct planner *p, struct plan_node *node, bool is_first)
{
    buf_clear(&p->key);
    if ((!is_first && buf_add(&p->key, ",", 1, p->err) < 0) ||
        cell_text(&p->key, node->element->name, p->err) < 0 ||
        buf_add(&p->key, ":", 1, p->err) < 0)
        return -1;
    node->key = arena_copy(&p->plan->keys, buf_slice(&p->key));
    return node->key.ptr ? 0 : error_nomem(p->err);
}

static int plan_content(struct planner *p, size_t i, size_t *number);

/* Begin a node. Its leaves end where end_node() is called. */
static struct plan_node *plan_node_begin(struct planner *p, enum plan_kind kind, size_t i,
                                         size_t *number)
{
    struct plan_node *node = &p->plan->nodes[p->plan->n_nodes];

    *number = p->plan->n_nodes++;
    *node = (struct plan_node){ .kind = kind,
                                .element = parquet_element(p->file, i),
                                .first_leaf = p->plan->n_leaves };
    return node;
}

/* Add an element with its repetition: a repeated one is a list. */
static int plan_field(struct planner *p, size_t i, size_t *number)
{
    const struct parquet_element *element = parquet_element(p->file, i);

    if (element->repetition != PARQUET_REPEATED) {
        if (plan_content(p, i, number) < 0)
            return -1;
        p->plan->nodes[*number].is_optional = element->repetition == PARQUET_OPTIONAL;
        return 0;
    }
    struct plan_node *node = plan_node_begin(p, PLAN_LIST, i, number);
    node->repetition = element->max_repetition;
    if (plan_content(p, i, &node->child) < 0)
        return -1;
    node->end_leaf = p->plan->n_leaves;
    return 0;
}

/* Add an annotated list, which element i encloses. */
static int plan_list(struct planner *p, size_t i, size_t *number)
{
    const struct parquet_element *repeated = parquet_element(p->file, i + 1);
    struct plan_node *node = plan_node_begin(p, PLAN_LIST, i, number);
    int rc;

    node->repetition = repeated->max_repetition;
    if (repeated_is_element(p->file, i))
        rc = plan_content(p, i + 1, &node->child);
    else
        rc = plan_field(p, i + 2, &node->child);
    if (rc < 0)
        return -1;
    node->end_leaf = p->plan->n_leaves;
    return 0;
}

static int plan_map(struct planner *p, size_t i, size_t *number)
{
    struct plan_node *node = plan_node_begin(p, PLAN_MAP, i, number);
    const size_t value = parquet_element(p->file, i + 2)->next;

    node->repetition = parquet_element(p->file, i + 1)->max_repetition;
    if (plan_field(p, i + 2, &node->child) < 0 ||
        plan_field(p, value, &p->plan->nodes[node->child].sibling) < 0)
        return -1;
    node->end_leaf = p->plan->n_leaves;
    return 0;
}

static int plan_object(struct planner *p, size_t i, size_t *number)
{
    struct plan_node *node = plan_node_begin(p, PLAN_OBJECT, i, number);
    const size_t end = node->element->next;
    size_t *link = &node->child;

    for (size_t k = i + 1; k < end; k = parquet_element(p->file, k)->next) {
        size_t child;

        if (plan_field(p, k, &child) < 0 ||
            plan_key(p, &p->plan->nodes[child], link == &node->child) < 0)
            return -1;
        *link = child;
        link = &p->plan->nodes[child].sibling;
    }
    node->end_leaf = p->plan->n_leaves;
    return 0;
}

/* Add an element without its repetition. */
static int plan_content(struct planner *p, size_t i, size_t *number)
{
    const struct parquet_element *element = parquet_element(p->file, i);

    if (element->meaning == PARQUET_REFUSED)
        return error_set(p->err, ERR_UNSUPPORTED,
                         "column %.*s: %s is not supported: name the columns to read with "
                         "--columns",
                         (int)element->name.len, element->name.ptr, element->refused);
    if (!element->is_group) {
        struct plan_node *node = plan_node_begin(p, PLAN_VALUE, i, number);

        node->value = plan_value_of(element);
        p->plan->leaves[p->plan->n_leaves++] = element;
        node->end_leaf = p->plan->n_leaves;
        return 0;
    }
    if (element->n_children == 0)
        return error_set(p->err, ERR_INPUT, "column %.*s is a group without columns",
                         (int)element->name.len, element->name.ptr);
    if (element->meaning == PARQUET_MAP && has_one_repeated(p->file, i))
        return is_object_map(p->file, i + 1) ? plan_map(p, i, number) : plan_list(p, i, number);
    if (element->meaning == PARQUET_LIST && has_one_repeated(p->file, i))
        return plan_list(p, i, number);
    return plan_object(p, i, number);
}

/* Does a column hold images or audio: struct<bytes, path>, or a list of them? */
static bool holds_media(const struct parquet_file *file, size_t i)
{
    const struct parquet_element *element = parquet_element(file, i);
    bool has_bytes = false, has_path = false;

    while (element->is_group && element->n_children == 1 &&
           (element->meaning == PARQUET_LIST || element->repetition == PARQUET_REPEATED))
        element = parquet_element(file, ++i);
    if (!element->is_group || element->n_children != 2)
        return false;
    for (size_t k = i + 1; k < element->next; k = parquet_element(file, k)->next) {
        const struct parquet_element *child = parquet_element(file, k);

        has_bytes |= element_is(child, "bytes") && !child->is_group &&
                     child->type == PARQUET_BYTE_ARRAY && child->meaning == PARQUET_PLAIN;
        has_path |= element_is(child, "path") && is_text_column(child);
    }
    return has_bytes && has_path;
}

static bool is_listed(const struct text_list *columns, const struct parquet_element *element)
{
    for (unsigned i = 0; i < columns->n; i++)
        if (element_is(element, columns->items[i]))
            return true;
    return false;
}

static int append_name(struct buf *names, struct slice name, struct error *err)
{
    if (names->len > 0 && buf_add(names, ", ", 2, err) < 0)
        return -1;
    return buf_add_slice(names, name, err);
}

/* Report a column that the file lacks, with those that it has. Returns -1. */
static int no_column(const struct parquet_file *file, const char *name, struct error *err)
{
    struct buf names;

    buf_init(&names, MAX_NAME_BYTES);
    for (size_t i = 1; i < parquet_element(file, ROOT)->next;
         i = parquet_element(file, i)->next) {
        if (append_name(&names, parquet_element(file, i)->name, err) < 0) {
            buf_release(&names);
            return -1;
        }
    }
    error_set(err, ERR_USAGE, "no column %s: the columns are %s", name, buf_slice(&names).ptr);
    buf_release(&names);
    return -1;
}

static int check_names(const struct parquet_file *file, const struct text_list *columns,
                       struct error *err)
{
    const size_t end = parquet_element(file, ROOT)->next;

    for (unsigned k = 0; k < columns->n; k++) {
        size_t i = 1;

        while (i < end && !element_is(parquet_element(file, i), columns->items[k]))
            i = parquet_element(file, i)->next;
        if (i >= end)
            return no_column(file, columns->items[k], err);
    }
    return 0;
}

static int plan_root(struct planner *p, const struct text_list *columns)
{
    const size_t end = parquet_element(p->file, ROOT)->next;
    size_t root, child;
    struct plan_node *node = plan_node_begin(p, PLAN_OBJECT, ROOT, &root);
    size_t *link = &node->child;

    for (size_t i = 1; i < end; i = parquet_element(p->file, i)->next) {
        const struct parquet_element *element = parquet_element(p->file, i);

        if (columns ? !is_listed(columns, element) : holds_media(p->file, i)) {
            if (!columns && append_name(&p->plan->passed_over, element->name, p->err) < 0)
                return -1;
            continue;
        }
        if (plan_field(p, i, &child) < 0 ||
            plan_key(p, &p->plan->nodes[child], link == &node->child) < 0)
            return -1;
        *link = child;
        link = &p->plan->nodes[child].sibling;
    }
    node->end_leaf = p->plan->n_leaves;
    if (p->plan->n_leaves == 0)
        return error_set(p->err, ERR_INPUT,
                         end > 1 ? "all columns hold images or audio: name those to read "
                                   "with --columns"
                                 : "it has no columns");
    return 0;
}

int plan_make(const struct parquet_file *file, const struct text_list *columns,
              struct plan *out, struct error *err)
{
    struct planner p = { .file = file, .plan = out, .err = err };
    const bool has_names = columns && columns->n > 0;
    int rc = -1;

    *out = (struct plan){ 0 };
    arena_init(&out->keys);
    buf_init(&out->passed_over, MAX_NAME_BYTES);
    buf_init(&p.key, MAX_NAME_BYTES);
    /* A repeated element without annotation is two nodes. */
    out->nodes = calloc(2 * parquet_n_elements(file), sizeof *out->nodes);
    out->leaves = calloc(parquet_n_leaves(file) + 1, sizeof *out->leaves);
    if (!out->nodes || !out->leaves)
        error_nomem(err);
    else if (!has_names || check_names(file, columns, err) == 0)
        rc = plan_root(&p, has_names ? columns : NULL);
    buf_release(&p.key);
    if (rc < 0)
        plan_free(out);
    return rc;
}

void plan_free(struct plan *plan)
{
    free(plan->nodes);
    free(plan->leaves);
    arena_release(&plan->keys);
    buf_release(&plan->passed_over);
    *plan = (struct plan){ 0 };
}
