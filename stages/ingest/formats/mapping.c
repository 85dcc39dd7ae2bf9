/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/formats/mapping.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/json/json.h"
#include "base/option.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/formats/mapping_private.h"

static const struct mapping_field fields[] = {
    { "instruction", "question", FIELD_TEXT, true },
    { "input", "input", FIELD_TEXT, false },
    { "prompt", "prompt", FIELD_TURNS, true },
    { "response", "response", FIELD_TURNS, false },
    { "context", "context", FIELD_LIST, false },
    { "system", "system", FIELD_TEXT, false },
    { "history", "history", FIELD_LIST, false },
    { "messages", "messages", FIELD_MESSAGES, true },
    { "chosen", "chosen", FIELD_TURNS, true },
    { "rejected", "rejected", FIELD_TURNS, false },
    { "thought", NULL, FIELD_APART, false },
    { "tools", "tools", FIELD_LIST, false },
    { "choices", "choices", FIELD_LIST, false },
    { "images", "images", FIELD_LIST, false },
    { "text", "text", FIELD_TEXT, true },
    { "id", "id", FIELD_TEXT, false },
    { "role", "role", FIELD_MEMBER, false },
    { "content", "content", FIELD_MEMBER, false },
};

enum { N_FIELDS = sizeof fields / sizeof fields[0] };

const struct format format_mapped = {
    .name = "mapped",
    .summary = "what --map says",
};

static const struct mapping_field *find_mapping_field(struct slice name)
{
    for (size_t i = 0; i < N_FIELDS; i++)
        if (slice_equal(slice_text(fields[i].name), name))
            return &fields[i];
    return NULL;
}

static int refuse_field(const char *text, struct error *err)
{
    char names[256] = "";

    for (size_t i = 0; i < N_FIELDS; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s",
                 i == 0              ? ""
                 : i + 1 == N_FIELDS ? " or "
                                     : ", ",
                 fields[i].name);
    return error_set(err, ERR_USAGE, "--map %s: the field must be %s", text, names);
}

bool mapping_has(const struct mapping *mapping, const char *field)
{
    for (size_t i = 0; i < mapping->n; i++)
        if (strcmp(mapping->entries[i].field->name, field) == 0)
            return true;
    return false;
}

static int add_mapping_entry(const char *text, struct mapping *out, struct error *err)
{
    const char *equals = strchr(text, '=');

    if (!equals)
        return error_set(err, ERR_USAGE,
                         "--map %s: write FIELD=PATH, such as response=answers[0]", text);
    const bool is_optional = equals > text && equals[-1] == '?';
    const struct mapping_field *field =
        find_mapping_field(slice_of(text, (size_t)(equals - text) - is_optional));
    if (!field)
        return refuse_field(text, err);
    if (mapping_has(out, field->name))
        return error_set(err, ERR_USAGE, "--map %s: the field is given twice", text);
    if (out->n == MAPPING_MAX)
        return error_set(err, ERR_USAGE, "--map can be given at most %d times", MAPPING_MAX);
    struct mapping_entry *entry = &out->entries[out->n++];
    *entry = (struct mapping_entry){ .field = field, .text = text, .is_optional = is_optional };
    if (json_path_parse(equals + 1, &entry->path, err) < 0)
        return error_prefix(err, "--map %s", text);
    return 0;
}

static bool has_messages(const struct mapping *mapping)
{
    for (size_t i = 0; i < mapping->n; i++)
        if (mapping->entries[i].field->kind == FIELD_MESSAGES ||
            mapping->entries[i].field->kind == FIELD_TURNS)
            return true;
    return false;
}

int mapping_make(const struct text_list *list, struct mapping *out, struct error *err)
{
    bool has_text = false;

    out->n = 0;
    for (unsigned i = 0; i < list->n; i++)
        if (add_mapping_entry(list->items[i], out, err) < 0)
            return -1;
    for (size_t i = 0; i < out->n; i++)
        has_text = has_text || out->entries[i].field->is_text_of_sample;
    if (out->n > 0 && !has_text)
        return error_set(err, ERR_USAGE,
                         "--map: nothing is mapped to a question or a text: map one of "
                         "instruction, prompt, messages, chosen and text");
    for (size_t i = 0; i < out->n; i++)
        if (out->entries[i].field->kind == FIELD_MEMBER && !has_messages(out))
            return error_set(err, ERR_USAGE,
                             "--map %s: it is a member of each message: map messages, prompt, "
                             "response, chosen or rejected, too",
                             out->entries[i].text);
    return 0;
}

/* Does the name of a member, or the index of an element, fit a step? */
static bool fits_step(const struct json_step *step, struct slice name, size_t index)
{
    if (step->type == STEP_MEMBER)
        return name.ptr && name.len == step->name.len &&
               strncasecmp(name.ptr, step->name.ptr, name.len) == 0;
    return step->type == STEP_EACH || (!name.ptr && index == step->index);
}

/* The entries of a set whose step at `depth` fits. */
static uint32_t entries_on(const struct mapping *mapping, uint32_t set, size_t depth,
                           struct slice name, size_t index)
{
    uint32_t out = 0;

    for (size_t i = 0; i < mapping->n; i++)
        if ((set >> i & 1) && mapping->entries[i].path.n > depth &&
            fits_step(&mapping->entries[i].path.steps[depth], name, index))
            out |= (uint32_t)1 << i;
    return out;
}

/* Do the paths of a set lead to all that the value holds? They have `depth` steps above it. */
static bool is_covered(const struct mapping *mapping, uint32_t set, size_t depth,
                       const struct json_value *value)
{
    const struct slice none = { NULL, 0 };
    const struct json_value *inner;
    struct slice name;
    size_t pos = 0;

    for (size_t i = 0; i < mapping->n; i++)
        if ((set >> i & 1) && mapping->entries[i].path.n == depth)
            return true;
    if (!(json_type(value) == JSON_ARRAY || json_type(value) == JSON_OBJECT))
        return json_type(value) == JSON_NULL;
    if (set == 0)
        return json_count(value) == 0;
    for (size_t i = 0; json_type(value) == JSON_ARRAY && i < json_count(value); i++)
        if (!is_covered(mapping, entries_on(mapping, set, depth, none, i), depth + 1,
                        json_at(value, i)))
            return false;
    while (json_member_next(value, &pos, &name, &inner) == 1)
        if (!is_covered(mapping, entries_on(mapping, set, depth, name, 0), depth + 1, inner))
            return false;
    return true;
}

/* Do the paths lead to all of a member? inner: use the paths within messages, else the others.
 */
static bool covers(const struct mapping *mapping, bool inner, struct slice name,
                   const struct json_value *value)
{
    uint32_t set = 0;

    for (size_t i = 0; i < mapping->n; i++)
        if ((mapping->entries[i].field->kind == FIELD_MEMBER) == inner)
            set |= (uint32_t)1 << i;
    set = entries_on(mapping, set, 0, name, 0);
    return set && is_covered(mapping, set, 1, value);
}

bool mapping_covers(const struct mapping *mapping, struct slice name,
                    const struct json_value *value)
{
    return covers(mapping, false, name, value);
}

bool mapping_covers_inner(const struct mapping *mapping, struct slice name,
                          const struct json_value *value)
{
    return covers(mapping, true, name, value);
}
