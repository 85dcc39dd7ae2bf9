/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the metadata of a message of Arrow: a schema is a tree whose counts add up, the
 * lists of a record batch lie inside of the bytes, or there is an error with a message.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arrow/message.h"
#include "base/arrow/schema.h"
#include "base/error.h"
#include "tests/fuzz/fuzz.h"

static void require(bool holds, const char *rule)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz_arrow_message: %s\n", rule);
    abort();
}

static void require_reason(const struct error *err)
{
    require(err->code == ERR_INPUT || err->code == ERR_UNSUPPORTED,
            "an error has another code");
    require(err->msg[0] != '\0', "an error has no message");
}

/* The number of fields below a field, and the place behind them, are what they say. */
static void check_schema_tree(const struct arrow_schema *schema)
{
    require(schema->n > 0 && schema->n <= ARROW_FIELDS_MAX, "a schema has too many fields");
    for (size_t i = 0; i < schema->n; i++) {
        const struct arrow_field *field = &schema->fields[i];
        size_t n = 0;

        require(field->next > i && field->next <= schema->n, "a field ends before it begins");
        for (size_t k = i + 1; k < field->next; k = schema->fields[k].next) {
            require(schema->fields[k].parent == i, "a field has another parent");
            n++;
        }
        require(n == field->n_children, "a field has other children than it says");
        require(field->key.len >= field->name.len + 3, "a key is no name in quotes");
    }
}

static void parse_schema(const struct flat_table *table)
{
    struct arrow_schema schema;
    struct error err;

    if (arrow_schema_parse(table, &schema, &err) < 0)
        require_reason(&err);
    else {
        check_schema_tree(&schema);
        if (arrow_schema_check(&schema, &err) < 0)
            require_reason(&err);
    }
    arrow_schema_release(&schema);
}

static void check_list(const struct flat_list *list, size_t len)
{
    require(list->n == 0 ||
                (list->at <= len && list->n <= (len - list->at) / list->element_bytes),
            "a list lies outside of the metadata");
    for (size_t i = 0; i < list->n; i++)
        (void)flat_list_int64(list, i, 0);
    require(!list->buf->bad, "an element of a list cannot be read");
}

static void parse_batch(const struct flat_table *table)
{
    struct arrow_batch_header header;
    struct error err;

    if (arrow_batch_header_parse(table, &header, &err) < 0) {
        require_reason(&err);
        return;
    }
    check_list(&header.nodes, table->buf->len);
    check_list(&header.buffers, table->buf->len);
    check_list(&header.variadic, table->buf->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arrow_dictionary_header dictionary;
    struct arrow_message message;
    struct error err;

    if (arrow_message_parse(slice_of((const char *)data, len), &message, &err) < 0) {
        require_reason(&err);
        return 0;
    }
    switch (message.type) {
    case ARROW_MESSAGE_SCHEMA:
        parse_schema(&message.header);
        break;
    case ARROW_MESSAGE_BATCH:
        parse_batch(&message.header);
        break;
    case ARROW_MESSAGE_DICTIONARY:
        if (arrow_dictionary_header_parse(&message.header, &dictionary, &err) < 0)
            require_reason(&err);
        else
            parse_batch(&dictionary.data);
        break;
    case ARROW_MESSAGE_OTHER:
        break;
    }
    return 0;
}
