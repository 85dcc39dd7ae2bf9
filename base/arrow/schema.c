/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arrow/schema.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arrow/schema_private.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/option.h"

/* Members by their numbers in Schema.fbs. */
enum { SCHEMA_ENDIANNESS, SCHEMA_FIELDS };
enum {
    FIELD_NAME,
    FIELD_NULLABLE,
    FIELD_TYPE_TYPE,
    FIELD_TYPE,
    FIELD_DICTIONARY,
    FIELD_CHILDREN,
    FIELD_METADATA
};
enum { DICTIONARY_ID, DICTIONARY_INDEX_TYPE };
enum { KEY_VALUE_KEY, KEY_VALUE_VALUE };

static int raise_malformed(const struct flatbuf *buf, struct error *err)
{
    return error_set(err, ERR_INPUT, "malformed at byte %zu of the metadata", buf->bad_at);
}

static int add_schema_field(struct arrow_schema *schema, size_t *cap, struct error *err)
{
    if (schema->n == ARROW_FIELDS_MAX)
        return error_set(err, ERR_INPUT, "the schema has more than %d fields",
                         (int)ARROW_FIELDS_MAX);
    if (schema->n == *cap) {
        const size_t grown = *cap > 0 ? 2 * *cap : 16;
        struct arrow_field *fields =
            reallocarray(schema->fields, grown, sizeof *schema->fields);

        if (!fields)
            return error_nomem(err);
        schema->fields = fields;
        *cap = grown;
    }
    schema->fields[schema->n++] = (struct arrow_field){ .is_used = true };
    return 0;
}

/* Copy the name, and make the key of a member of it. */
static int set_field_name(struct arrow_schema *schema, struct arrow_field *field,
                          struct slice name, struct error *err)
{
    struct buf key;

    buf_init(&key, SIZE_MAX);
    int rc = cell_text(&key, name.ptr ? name : slice_text(""), err);
    if (rc == 0)
        rc = buf_add_text(&key, ":", err);
    if (rc == 0) {
        field->name = arena_copy(&schema->arena, name.ptr ? name : slice_text(""));
        field->key = arena_copy(&schema->arena, buf_slice(&key));
        if (!field->name.ptr || !field->key.ptr)
            rc = error_nomem(err);
    }
    buf_release(&key);
    return rc;
}

static void parse_dictionary(const struct flat_table *table, struct arrow_field *field)
{
    const struct flat_table dictionary = flat_table(table, FIELD_DICTIONARY);
    const struct flat_table index = flat_table(&dictionary, DICTIONARY_INDEX_TYPE);

    if (dictionary.at == 0)
        return;
    field->has_dictionary = true;
    field->dictionary = flat_int(&dictionary, DICTIONARY_ID, 8, 0);
    field->index_bits = index.at == 0 ? 32 : (unsigned)flat_int(&index, 0, 4, 0);
    field->index_is_signed = index.at == 0 || flat_bool(&index, 1);
}

/* The name of the extension type; ptr NULL if it has none. */
static struct slice extension_name(const struct flat_table *table)
{
    const struct flat_list pairs = flat_list(table, FIELD_METADATA, 4);
    struct slice name = { NULL, 0 };

    for (size_t i = 0; i < pairs.n; i++) {
        const struct flat_table pair = flat_list_table(&pairs, i);

        if (slice_equal(flat_text(&pair, KEY_VALUE_KEY), slice_text("ARROW:extension:name")))
            name = flat_text(&pair, KEY_VALUE_VALUE);
    }
    return name;
}

static int check_schema_field(const struct arrow_field *field, struct error *err)
{
    const bool has_one = field->type == ARROW_LIST || field->type == ARROW_LARGE_LIST ||
                         field->type == ARROW_FIXED_LIST || field->type == ARROW_LIST_VIEW ||
                         field->type == ARROW_LARGE_LIST_VIEW || field->type == ARROW_MAP;
    const bool has_any = field->type == ARROW_STRUCT || field->type == ARROW_UNION ||
                         field->type == ARROW_RUN_END_ENCODED;

    if ((has_one && field->n_children != 1) || (!has_one && !has_any && field->n_children > 0))
        return error_set(err, ERR_INPUT, "a field of type %d has %zu fields below it",
                         (int)field->type, field->n_children);
    if (field->has_dictionary && field->index_bits != 8 && field->index_bits != 16 &&
        field->index_bits != 32 && field->index_bits != 64)
        return error_set(err, ERR_INPUT, "a dictionary has indices of %u bits",
                         field->index_bits);
    return 0;
}

/* Parse a field and all below it. */
static int parse_schema_field(const struct flat_table *table, struct arrow_schema *schema,
                              size_t *cap, size_t parent, int depth, struct error *err)
{
    const struct flat_list children = flat_list(table, FIELD_CHILDREN, 4);
    const struct flat_table type = flat_table(table, FIELD_TYPE);
    const int64_t number = flat_int(table, FIELD_TYPE_TYPE, 1, 0);
    const struct slice name = flat_text(table, FIELD_NAME);
    const size_t at = schema->n;

    if (depth >= ARROW_DEPTH_MAX)
        return error_set(err, ERR_INPUT, "fields are nested deeper than %d",
                         (int)ARROW_DEPTH_MAX);
    if (add_schema_field(schema, cap, err) < 0)
        return -1;
    struct arrow_field *field = &schema->fields[at];
    field->parent = parent;
    field->n_children = children.n;
    if (set_field_name(schema, field, name, err) < 0)
        return -1;
    parse_dictionary(table, field);
    const struct slice extension = extension_name(table);
    if (table->buf->bad)
        return raise_malformed(table->buf, err);
    if (arrow_type_parse(number, &type, field, err) < 0)
        return table->buf->bad ? raise_malformed(table->buf, err) : -1;
    arrow_type_extend(field, extension);
    if (check_schema_field(field, err) < 0)
        return -1;
    for (size_t i = 0; i < children.n; i++) {
        const struct flat_table child = flat_list_table(&children, i);

        if (parse_schema_field(&child, schema, cap, at, depth + 1, err) < 0)
            return -1;
    }
    schema->fields[at].next = schema->n;
    return 0;
}

/* A map holds a struct of a key and a value. */
static int check_maps(const struct arrow_schema *schema, struct error *err)
{
    for (size_t i = 0; i < schema->n; i++) {
        const struct arrow_field *entry = &schema->fields[i + 1];

        if (schema->fields[i].type == ARROW_MAP &&
            (entry->type != ARROW_STRUCT || entry->n_children != 2 || entry->has_dictionary))
            return error_set(err, ERR_INPUT, "a map does not hold a struct of key and value");
    }
    return 0;
}

static bool is_binary(const struct arrow_field *field)
{
    return field->type == ARROW_BINARY || field->type == ARROW_LARGE_BINARY ||
           field->type == ARROW_BINARY_VIEW;
}

static bool is_text(const struct arrow_field *field)
{
    return field->type == ARROW_UTF8 || field->type == ARROW_LARGE_UTF8 ||
           field->type == ARROW_UTF8_VIEW;
}

/* Is the field what datasets stores images and audio as: a struct of the members `bytes` and
 * `path`, or a list of those? */
static bool is_media_column(const struct arrow_schema *schema, size_t at)
{
    const struct arrow_field *field = &schema->fields[at];

    while (field->type == ARROW_LIST || field->type == ARROW_LARGE_LIST)
        field++;
    if (field->type != ARROW_STRUCT || field->n_children != 2)
        return false;
    const struct arrow_field *a = field + 1, *b = &schema->fields[a->next];
    const bool is_swapped = is_binary(b);
    const struct arrow_field *bytes = is_swapped ? b : a, *path = is_swapped ? a : b;
    return is_binary(bytes) && is_text(path) && slice_equal(bytes->name, slice_text("bytes")) &&
           slice_equal(path->name, slice_text("path"));
}

/* Set whether a column and all below it are used. */
static void set_column_used(struct arrow_schema *schema, size_t column, bool is_used)
{
    for (size_t i = column; i < schema->fields[column].next; i++)
        schema->fields[i].is_used = is_used;
}

static int pass_over_media(struct arrow_schema *schema, struct error *err)
{
    struct buf names;
    int rc = 0;

    buf_init(&names, SIZE_MAX);
    for (size_t i = 0; i < schema->n && rc == 0; i = schema->fields[i].next) {
        if (!is_media_column(schema, i))
            continue;
        set_column_used(schema, i, false);
        rc = buf_add_text(&names, names.len > 0 ? ", " : "", err);
        if (rc == 0)
            rc = buf_add_slice(&names, schema->fields[i].name, err);
    }
    schema->passed_over =
        (char *)arena_copy(&schema->arena, names.len > 0 ? buf_slice(&names) : slice_text(""))
            .ptr;
    buf_release(&names);
    return rc == 0 && !schema->passed_over ? error_nomem(err) : rc;
}

int arrow_schema_parse(const struct flat_table *table, struct arrow_schema *out,
                       struct error *err)
{
    const struct flat_list fields = flat_list(table, SCHEMA_FIELDS, 4);
    const int64_t endianness = flat_int(table, SCHEMA_ENDIANNESS, 2, 0);
    size_t cap = 0;

    *out = (struct arrow_schema){ .n = 0 };
    arena_init(&out->arena);
    if (table->buf->bad)
        return raise_malformed(table->buf, err);
    if (endianness != 0)
        return error_set(err, ERR_UNSUPPORTED, "big-endian data are not supported");
    for (size_t i = 0; i < fields.n; i++) {
        const struct flat_table field = flat_list_table(&fields, i);

        if (parse_schema_field(&field, out, &cap, SIZE_MAX, 0, err) < 0)
            return -1;
    }
    if (out->n == 0)
        return error_set(err, ERR_INPUT, "the schema has no columns");
    return check_maps(out, err) < 0 ? -1 : pass_over_media(out, err);
}

void arrow_schema_release(struct arrow_schema *schema)
{
    free(schema->fields);
    schema->fields = NULL;
    schema->n = 0;
    arena_release(&schema->arena);
}

/* "x has no column foo: it has id, messages" */
static int raise_no_column(const struct arrow_schema *schema, const char *name,
                           struct error *err)
{
    struct buf names;
    int rc = 0;

    buf_init(&names, SIZE_MAX);
    for (size_t i = 0; i < schema->n && rc == 0; i = schema->fields[i].next) {
        rc = buf_add_text(&names, names.len > 0 ? ", " : "", err);
        if (rc == 0)
            rc = buf_add_slice(&names, schema->fields[i].name, err);
    }
    if (rc == 0)
        error_set(err, ERR_USAGE, "no column %s: the columns are %s", name,
                  names.len > 0 ? names.data : "");
    buf_release(&names);
    return -1;
}

int arrow_schema_choose(struct arrow_schema *schema, const struct text_list *columns,
                        struct error *err)
{
    for (size_t i = 0; i < schema->n; i = schema->fields[i].next)
        set_column_used(schema, i, false);
    schema->passed_over[0] = '\0';
    for (unsigned k = 0; k < columns->n; k++) {
        bool found = false;

        for (size_t i = 0; i < schema->n; i = schema->fields[i].next) {
            if (!slice_equal(schema->fields[i].name, slice_text(columns->items[k])))
                continue;
            set_column_used(schema, i, true);
            found = true;
        }
        if (!found)
            return raise_no_column(schema, columns->items[k], err);
    }
    return 0;
}

/* Append the names of a field and of those above it: "messages.item.role". */
static int add_field_path(const struct arrow_schema *schema, size_t field, struct buf *out,
                          struct error *err)
{
    const struct arrow_field *at = &schema->fields[field];

    if (at->parent != SIZE_MAX &&
        (add_field_path(schema, at->parent, out, err) < 0 || buf_add_text(out, ".", err) < 0))
        return -1;
    return buf_add_slice(out, at->name, err);
}

int arrow_schema_prefix(const struct arrow_schema *schema, size_t field, struct error *err)
{
    struct error ignored;
    struct buf path;

    buf_init(&path, SIZE_MAX);
    if (add_field_path(schema, field, &path, &ignored) == 0 && path.len > 0)
        error_prefix(err, "column %s", path.data);
    buf_release(&path);
    return -1;
}

int arrow_schema_check(const struct arrow_schema *schema, struct error *err)
{
    for (size_t i = 0; i < schema->n; i++) {
        const struct arrow_field *field = &schema->fields[i];

        if (!field->is_used || !field->refused)
            continue;
        error_set(err, ERR_UNSUPPORTED,
                  "values of type %s are not supported: name the other columns with --columns, "
                  "or convert this one",
                  field->refused);
        return arrow_schema_prefix(schema, i, err);
    }
    return 0;
}
