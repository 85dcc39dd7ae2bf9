/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/recipe_yaml.h"

#include <stdbool.h>
#include <string.h>

#include <yaml.h>

#include "base/error.h"

/* A recipe needs 5: the file, its steps, a step, its options, a list. libyaml recurses no
 * deeper than the collections that are open. */
enum { DEPTH_MAX = 32 };

/* An open list or mapping. */
struct collection {
    bool is_mapping;
    bool expects_key;
};

struct yaml_check {
    struct collection open[DEPTH_MAX];
    size_t depth;
    unsigned n_documents;
};

static int raise_at(const yaml_mark_t *mark, const char *why, struct error *err)
{
    error_set(err, ERR_CONFIG, "%s", why);
    return error_prefix(err, "line %zu", mark->line + 1);
}

/* What libyaml found. An error of its reader has an offset but no mark. */
static int raise_invalid(const yaml_parser_t *parser, struct slice text, struct error *err)
{
    size_t line = parser->problem_mark.line + 1;

    if (parser->error == YAML_MEMORY_ERROR)
        return error_nomem(err);
    if (parser->error == YAML_READER_ERROR) {
        line = 1;
        for (size_t i = 0; i < parser->problem_offset && i < text.len; i++)
            line += text.ptr[i] == '\n';
    }
    error_set(err, ERR_CONFIG, "not valid YAML: %s",
              parser->problem ? parser->problem : "the parser does not say why");
    return error_prefix(err, "line %zu", line);
}

/* A node begins: it is a key, a value or an item of the collection around it. */
static int begin_node(struct yaml_check *check, const yaml_event_t *event, struct error *err)
{
    struct collection *around = check->depth > 0 ? &check->open[check->depth - 1] : NULL;

    if (!around || !around->is_mapping)
        return 0;
    if (around->expects_key && event->type != YAML_SCALAR_EVENT)
        return raise_at(&event->start_mark,
                        "a key must be a text, not a list or a mapping: quote a text that "
                        "begins with [ or {",
                        err);
    around->expects_key = !around->expects_key;
    return 0;
}

static int open_collection(struct yaml_check *check, const yaml_event_t *event,
                           struct error *err)
{
    if (begin_node(check, event, err) < 0)
        return -1;
    if (check->depth == DEPTH_MAX)
        return raise_at(&event->start_mark, "lists and mappings are nested too deeply", err);
    const bool is_mapping = event->type == YAML_MAPPING_START_EVENT;
    check->open[check->depth++] = (struct collection){ is_mapping, is_mapping };
    return 0;
}

static int check_yaml_scalar(struct yaml_check *check, const yaml_event_t *event,
                             struct error *err)
{
    if (memchr(event->data.scalar.value, '\0', event->data.scalar.length))
        return raise_at(&event->start_mark, "a text holds a NUL character: remove the \\0",
                        err);
    return begin_node(check, event, err);
}

static int check_event(struct yaml_check *check, const yaml_event_t *event, struct error *err)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (check->n_documents++ > 0)
            return raise_at(&event->start_mark,
                            "a second document begins here: give each recipe a file of its own",
                            err);
        return 0;
    case YAML_ALIAS_EVENT:
        return raise_at(&event->start_mark,
                        "an alias (*name): a recipe may have none, so repeat the value", err);
    case YAML_SCALAR_EVENT:
        return check_yaml_scalar(check, event, err);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return open_collection(check, event, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        check->depth--;
        return 0;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return 0;
}

int recipe_yaml_check(struct slice text, struct error *err)
{
    struct yaml_check check = { .depth = 0 };
    yaml_parser_t parser;
    bool at_end = false;
    int rc = 0;

    if (!yaml_parser_initialize(&parser))
        return error_nomem(err);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.ptr, text.len);
    while (rc == 0 && !at_end) {
        yaml_event_t event;

        if (!yaml_parser_parse(&parser, &event)) {
            rc = raise_invalid(&parser, text, err);
            break;
        }
        rc = check_event(&check, &event, err);
        at_end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return rc;
}
