/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/card_yaml.h"

#include <stdbool.h>
#include <string.h>

#include <yaml.h>

#include "base/arena.h"
#include "base/error.h"

enum {
    DEPTH_MAX = 64, /* the features of a dataset are seldom nested deeper than 20 */
    NODES_MAX = 500000,
    ANCHORS_MAX = 1000,
};

/* A list or mapping that is open. */
struct open_node {
    struct card_node *node; /* NULL: its content is forgotten */
    const struct card_link **tail;
    const char *anchor; /* NULL: none */
    bool is_mapping;
    bool expects_key;
};

struct card_reader {
    struct arena *arena;
    const char *key;
    size_t n_before; /* lines before the text, for messages */
    const struct card_node *found;
    bool is_wanted; /* the next value at the top is that of the key */
    struct open_node open[DEPTH_MAX];
    size_t depth;
    size_t n_nodes;
    struct {
        const char *name;
        const struct card_node *node;
    } anchors[ANCHORS_MAX];
    size_t n_anchors;
};

static int raise_at_line(size_t line, const char *what, struct error *err)
{
    error_set(err, ERR_INPUT, "%s", what);
    return error_prefix(err, "line %zu", line);
}

static int raise_at_event(const struct card_reader *reader, const yaml_event_t *event,
                          const char *what, struct error *err)
{
    return raise_at_line(reader->n_before + event->start_mark.line + 1, what, err);
}

int card_node_error(const struct card_node *node, const char *what, struct error *err)
{
    return raise_at_line(node->line, what, err);
}

/* Is the next node part of the value? */
static bool is_kept(const struct card_reader *reader)
{
    if (reader->depth == 0)
        return false;
    const struct open_node *parent = &reader->open[reader->depth - 1];
    return parent->node || (reader->depth == 1 && parent->is_mapping && !parent->expects_key &&
                            reader->is_wanted);
}

static const char *copy_card_text(struct card_reader *reader, const yaml_char_t *text,
                                  size_t len)
{
    return arena_copy(reader->arena, slice_of((const char *)text, len)).ptr;
}

/* Make a node of the value. */
static int make_node(struct card_reader *reader, const yaml_event_t *event, enum card_kind kind,
                     struct card_node **out, struct error *err)
{
    if (reader->n_nodes++ == NODES_MAX)
        return raise_at_event(reader, event, "has too many values", err);
    struct card_node *node = arena_alloc(reader->arena, 1, sizeof *node);
    if (!node)
        return error_nomem(err);
    *node = (struct card_node){ .kind = kind,
                                .line = reader->n_before + event->start_mark.line + 1 };
    *out = node;
    return 0;
}

/* Put a node where it stands: into the collection around it, or at the top. NULL: a node that
 * is forgotten. */
static int attach_node(struct card_reader *reader, const struct card_node *node,
                       struct error *err)
{
    if (reader->depth == 0)
        return 0;
    struct open_node *parent = &reader->open[reader->depth - 1];
    const bool is_key = parent->is_mapping && parent->expects_key;

    if (parent->is_mapping)
        parent->expects_key = !parent->expects_key;
    if (!parent->node && node && !is_key) {
        reader->found = node;
        return 0;
    }
    if (!parent->node)
        return 0;
    struct card_link *link = arena_alloc(reader->arena, 1, sizeof *link);
    if (!link)
        return error_nomem(err);
    *link = (struct card_link){ .node = node, .next = NULL };
    *parent->tail = link;
    parent->tail = &link->next;
    return 0;
}

static int add_anchor(struct card_reader *reader, const char *name,
                      const struct card_node *node, struct error *err)
{
    if (!name)
        return 0;
    if (reader->n_anchors == ANCHORS_MAX)
        return card_node_error(node, "has too many anchors (&name)", err);
    reader->anchors[reader->n_anchors].name = name;
    reader->anchors[reader->n_anchors++].node = node;
    return 0;
}

static int read_alias(struct card_reader *reader, const yaml_event_t *event, struct error *err)
{
    const char *name = (const char *)event->data.alias.anchor;

    if (!is_kept(reader))
        return attach_node(reader, NULL, err);
    for (size_t i = reader->n_anchors; i-- > 0;)
        if (strcmp(reader->anchors[i].name, name) == 0)
            return attach_node(reader, reader->anchors[i].node, err);
    return raise_at_event(
        reader, event, "an alias (*name) refers to a value elsewhere: repeat the value", err);
}

/* At the top: is this the key? */
static int look_at_key(struct card_reader *reader, const yaml_event_t *event, struct error *err)
{
    const struct open_node *parent = reader->depth == 1 ? &reader->open[0] : NULL;

    if (!parent || !parent->is_mapping || !parent->expects_key)
        return 0;
    reader->is_wanted =
        event->type == YAML_SCALAR_EVENT &&
        slice_equal(slice_of((const char *)event->data.scalar.value, event->data.scalar.length),
                    slice_text(reader->key));
    if (reader->is_wanted && reader->found)
        return raise_at_event(reader, event, "the key is there twice", err);
    return 0;
}

static int read_scalar(struct card_reader *reader, const yaml_event_t *event, struct error *err)
{
    const yaml_char_t *anchor = event->data.scalar.anchor;
    struct card_node *node = NULL;

    if (look_at_key(reader, event, err) < 0)
        return -1;
    if (!is_kept(reader))
        return attach_node(reader, NULL, err);
    if (memchr(event->data.scalar.value, '\0', event->data.scalar.length))
        return raise_at_event(reader, event, "a text holds a NUL character", err);
    if (make_node(reader, event, CARD_TEXT, &node, err) < 0)
        return -1;
    node->text = copy_card_text(reader, event->data.scalar.value, event->data.scalar.length);
    const char *name =
        anchor ? copy_card_text(reader, anchor, strlen((const char *)anchor)) : NULL;
    if (!node->text || (anchor && !name))
        return error_nomem(err);
    return add_anchor(reader, name, node, err) < 0 ? -1 : attach_node(reader, node, err);
}

static int open_card_node(struct card_reader *reader, const yaml_event_t *event,
                          bool is_mapping, struct error *err)
{
    const yaml_char_t *anchor =
        is_mapping ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    struct open_node opened = { .is_mapping = is_mapping, .expects_key = is_mapping };

    if (reader->depth == DEPTH_MAX)
        return raise_at_event(reader, event, "lists and mappings are nested too deeply", err);
    if (look_at_key(reader, event, err) < 0)
        return -1;
    if (is_kept(reader)) {
        if (make_node(reader, event, is_mapping ? CARD_MAPPING : CARD_LIST, &opened.node, err) <
            0)
            return -1;
        if (anchor)
            opened.anchor = copy_card_text(reader, anchor, strlen((const char *)anchor));
        if (anchor && !opened.anchor)
            return error_nomem(err);
        opened.tail = &opened.node->items;
    }
    if (attach_node(reader, opened.node, err) < 0)
        return -1;
    reader->open[reader->depth++] = opened;
    return 0;
}

/* An anchor holds from the end of its collection on, so no collection contains itself. */
static int close_card_node(struct card_reader *reader, struct error *err)
{
    const struct open_node *closed = &reader->open[--reader->depth];

    return add_anchor(reader, closed->anchor, closed->node, err);
}

static int read_card_event(struct card_reader *reader, const yaml_event_t *event,
                           struct error *err)
{
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return read_alias(reader, event, err);
    case YAML_SCALAR_EVENT:
        return read_scalar(reader, event, err);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return open_card_node(reader, event, event->type == YAML_MAPPING_START_EVENT, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_card_node(reader, err);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return 0;
}

/* What libyaml found. An error of its reader has an offset but no mark. */
static int raise_invalid_card(const struct card_reader *reader, const yaml_parser_t *parser,
                              struct slice yaml, struct error *err)
{
    size_t line = parser->problem_mark.line + 1;

    if (parser->error == YAML_MEMORY_ERROR)
        return error_nomem(err);
    if (parser->error == YAML_READER_ERROR) {
        line = 1;
        for (size_t i = 0; i < parser->problem_offset && i < yaml.len; i++)
            line += yaml.ptr[i] == '\n';
    }
    error_set(err, ERR_INPUT, "not valid YAML: %s",
              parser->problem ? parser->problem : "the parser does not say why");
    return error_prefix(err, "line %zu", reader->n_before + line);
}

/* Parse the first document. */
static int read_document(struct card_reader *reader, yaml_parser_t *parser, struct slice yaml,
                         struct error *err)
{
    yaml_event_type_t type = YAML_NO_EVENT;

    while (type != YAML_DOCUMENT_END_EVENT && type != YAML_STREAM_END_EVENT) {
        yaml_event_t event;

        if (!yaml_parser_parse(parser, &event))
            return raise_invalid_card(reader, parser, yaml, err);
        type = event.type;
        const int rc = read_card_event(reader, &event, err);
        yaml_event_delete(&event);
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* Does the text begin with a directive? libyaml compares each %TAG with all before it, which is
 * quadratic. */
static bool has_directive(struct slice yaml)
{
    const char *end = yaml.ptr + yaml.len;

    for (const char *line = yaml.ptr; line < end;) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        const struct slice text =
            slice_trim(slice_of(line, (size_t)((next ? next : end) - line)));

        if (text.len > 0 && text.ptr[0] != '#' && !slice_equal(text, slice_text("...")))
            return text.ptr[0] == '%';
        line = next ? next + 1 : end;
    }
    return false;
}

int card_yaml_find(struct slice yaml, size_t n_before, const char *key, struct arena *arena,
                   const struct card_node **out, struct error *err)
{
    struct card_reader *reader = arena_alloc(arena, 1, sizeof *reader);
    yaml_parser_t parser;

    if (!reader)
        return error_nomem(err);
    *reader = (struct card_reader){ .arena = arena, .key = key, .n_before = n_before };
    if (has_directive(yaml))
        return raise_at_line(n_before + 1,
                             "a directive (%) of YAML is not supported: remove it", err);
    if (!yaml_parser_initialize(&parser))
        return error_nomem(err);
    yaml_parser_set_input_string(&parser, (const unsigned char *)yaml.ptr, yaml.len);
    const int rc = read_document(reader, &parser, yaml, err);
    yaml_parser_delete(&parser);
    if (rc == 0)
        *out = reader->found;
    return rc;
}

const struct card_node *card_node_member(const struct card_node *mapping, const char *key)
{
    for (const struct card_link *link = mapping->items; link && link->next;
         link = link->next->next)
        if (link->node->kind == CARD_TEXT && strcmp(link->node->text, key) == 0)
            return link->next->node;
    return NULL;
}
