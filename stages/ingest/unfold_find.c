/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decide whether a record holds several records. This looks at names and types only, and at a
 * few elements of a list: a bad element is rejected when it is read, alone.
 */
#include <string.h>
#include <strings.h>

#include "base/json/json.h"
#include "base/json/json_walk.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/formats/members.h"
#include "stages/ingest/unfold.h"
#include "stages/ingest/unfold_private.h"

enum { LOOK_MAX = 8 }; /* elements of a list that are looked at */

static const char *const split_names[] = { "train", "training", "test", "validation", "valid",
                                           "val",   "dev",      "eval", "evaluation" };
static const char *const list_names[] = { "data",      "dataset",  "rows",      "records",
                                          "samples",   "examples", "items",     "entries",
                                          "documents", "docs",     "instances", "paragraphs",
                                          "qas",       "qa_pairs", "questions" };
static const struct {
    const char *several, *one;
} plurals[] = {
    { "instructions", "instruction" },
    { "questions", "question" },
    { "prompts", "prompt" },
    { "queries", "query" },
    { "problems", "problem" },
    { "inputs", "input" },
    { "outputs", "output" },
    { "answers", "answer" },
    { "responses", "response" },
    { "completions", "completion" },
    { "targets", "target" },
    { "solutions", "solution" },
    { "replies", "reply" },
};
static const enum member question_plurals[] = { MEMBER_INSTRUCTIONS, MEMBER_QUESTIONS,
                                                MEMBER_PROMPTS, MEMBER_INPUTS, MEMBER_NONE };
static const char *const dialogue_names[] = { "messages",     "conversations", "dialogues",
                                              "conversation", "chat",          "data" };
static const enum member dialogue_members[] = { MEMBER_MESSAGES,  MEMBER_CONVERSATIONS,
                                                MEMBER_DIALOGUES, MEMBER_CONVERSATION,
                                                MEMBER_CHAT,      MEMBER_DATA,
                                                MEMBER_NONE };

static bool is_in(struct slice name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(list[i]) == name.len && strncasecmp(list[i], name.ptr, name.len) == 0)
            return true;
    return false;
}

bool unfold_is_split_name(struct slice name)
{
    return is_in(name, split_names, sizeof split_names / sizeof split_names[0]);
}

bool unfold_is_list_name(struct slice name)
{
    return is_in(name, list_names, sizeof list_names / sizeof list_names[0]) ||
           unfold_is_split_name(name);
}

struct slice unfold_singular(struct slice name)
{
    for (size_t i = 0; i < sizeof plurals / sizeof plurals[0]; i++)
        if (is_in(name, &plurals[i].several, 1))
            return slice_text(plurals[i].one);
    return slice_of(NULL, 0);
}

bool unfold_is_dialogue_name(struct slice name)
{
    return is_in(name, dialogue_names, sizeof dialogue_names / sizeof dialogue_names[0]);
}

bool unfold_is_messages(const struct json_value *value)
{
    struct members message;

    if (json_type(value) != JSON_ARRAY)
        return false;
    members_find(json_at(value, 0), &message);
    return message.values[MEMBER_ROLE] || message.values[MEMBER_FROM];
}

/* Is the value a record of a known shape, a dialogue, or something that unfolds into such? */
static bool is_record(const struct json_value *value, int depth)
{
    struct members members;

    if (json_type(value) != JSON_OBJECT)
        return unfold_is_messages(value);
    members_find(value, &members);
    if (format_detect(&members))
        return true;
    return depth < UNFOLD_DEPTH_MAX && (unfold_find_rows(&members) != UNFOLD_NONE ||
                                        unfold_find_wrapped(&members) != UNFOLD_NONE);
}

/* Does an element have a member of its own for a text that stands beside the list? It is not
 * known then what the text belongs to. */
static bool hides_text(const struct members *members, const struct json_value *element)
{
    for (size_t i = MEMBER_NONE + 1; i < N_MEMBERS; i++) {
        const struct json_value *value = members->values[i];
        const char *name = member_name((enum member)i);

        if (json_text(value).len > 0 && member_use_of(slice_text(name)) != USE_OTHER &&
            json_get_nocase(element, name))
            return true;
    }
    return false;
}

/* Is one of the first elements a record? A row of the datasets server has its record inside. */
static bool has_records(const struct members *members, const struct json_value *list)
{
    bool found = false;

    for (size_t i = 0; i < json_count(list) && i < LOOK_MAX; i++) {
        const struct json_value *value = json_at(list, i);
        const struct json_value *row = json_get(value, "row");

        if (hides_text(members, value))
            return false;
        found = found || is_record(row && json_get(value, "row_idx") ? row : value, 0);
    }
    return found;
}

/* Get the next member that is not null. */
static bool next_member(const struct members *members, size_t *pos, struct slice *name,
                        const struct json_value **value)
{
    while (json_member_next(members->record, pos, name, value) == 1)
        if (json_type(*value) != JSON_NULL)
            return true;
    return false;
}

/* The first element that is not null. */
static const struct json_value *unfold_first_of(const struct json_value *list)
{
    for (size_t i = 0; i < json_count(list) && i < LOOK_MAX; i++)
        if (json_type(json_at(list, i)) != JSON_NULL)
            return json_at(list, i);
    return NULL;
}

/* Can the list be a column of values that fit its name? A list of messages is one dialogue, not
 * a column. Sets *is_known if the name is known and the list has a value. */
static bool can_be_column(struct slice name, const struct json_value *list, bool *is_known)
{
    const enum member_use use = member_use_of(name);
    const struct json_value *first = unfold_first_of(list);
    const enum json_type type = json_type(first);

    if (use == USE_OTHER)
        return true;
    *is_known = *is_known || type != JSON_NULL;
    if (use == USE_MESSAGES)
        return json_type(json_at(first, 0)) == JSON_OBJECT;
    return type != JSON_OBJECT;
}

/* Are all members lists of one length, whose first elements together are a record? */
static bool unfold_is_columns(const struct members *members)
{
    const struct json_value *value;
    struct members row = { .record = NULL };
    struct slice name;
    bool is_known = false;
    size_t n = 0;
    size_t pos = 0;
    bool first = true;

    while (next_member(members, &pos, &name, &value)) {
        if (json_type(value) != JSON_ARRAY || (!first && json_count(value) != n) ||
            !can_be_column(name, value, &is_known))
            return false;
        n = json_count(value);
        first = false;
        row.values[member_of(name)] = unfold_first_of(value);
    }
    row.values[MEMBER_NONE] = NULL;
    /* Lists of one value are read as that value, by the shapes. */
    return is_known && n > 1 && format_detect(&row);
}

/* Are there several questions and as many answers or none, whose first ones are a record with
 * the other members? */
static bool is_plurals(const struct members *members)
{
    const struct json_value *value;
    struct members row = *members;
    struct slice name;
    bool any = false;
    size_t n = 0;
    size_t pos = 0;

    while (next_member(members, &pos, &name, &value)) {
        const enum member one = member_of(unfold_singular(name));

        if (json_type(value) != JSON_ARRAY || one == MEMBER_NONE)
            continue;
        if ((any && json_count(value) != n) ||
            json_type(unfold_first_of(value)) == JSON_OBJECT || !unfold_first_of(value) ||
            members->values[one])
            return false;
        row.values[member_of(name)] = NULL;
        row.values[one] = unfold_first_of(value);
        n = json_count(value);
        any = true;
    }
    return any && format_detect(&row);
}

/* Does the object begin like a message? Most do, and then the rest is not searched. */
static bool begins_as_message(const struct json_value *object)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    return json_member_next(object, &pos, &name, &value) == 1 &&
           (slice_equal(name, slice_text("role")) || slice_equal(name, slice_text("from")));
}

/* Is the value a list of dialogues, as lists of messages or as records of such? */
static bool is_dialogues(const struct json_value *value)
{
    const struct json_value *first = json_type(value) == JSON_ARRAY ? json_at(value, 0) : NULL;

    if (json_type(first) == JSON_OBJECT)
        return !begins_as_message(first) &&
               (json_get(first, "messages") || json_get(first, "conversations")) &&
               !unfold_is_messages(value);
    return unfold_is_messages(first);
}

/* Most records need no closer look. */
static bool begins_with_list(const struct members *members)
{
    const struct json_value *value = NULL;
    struct slice name;
    size_t pos = 0;

    return next_member(members, &pos, &name, &value) && json_type(value) == JSON_ARRAY;
}

enum unfold unfold_find_rows(const struct members *members)
{
    const struct json_value *const instances = members->values[MEMBER_INSTANCES];

    if (json_type(members->record) != JSON_OBJECT)
        return UNFOLD_NONE;
    if (json_type(instances) == JSON_ARRAY && json_count(instances) > 1)
        return hides_text(members, json_at(instances, 0)) ? UNFOLD_NONE : UNFOLD_LISTS;
    if (begins_with_list(members) && unfold_is_columns(members))
        return UNFOLD_COLUMNS;
    for (const enum member *name = dialogue_members; *name; name++)
        if (members->values[*name] && is_dialogues(members->values[*name]))
            return UNFOLD_DIALOGUES;
    return members_have(members, question_plurals) && is_plurals(members) ? UNFOLD_PLURALS
                                                                          : UNFOLD_NONE;
}

/* Is the record one sample, rather than several? */
static bool is_sample(const struct members *members, const struct format *format)
{
    return json_type(members->record) != JSON_OBJECT ||
           (format && unfold_find_rows(members) == UNFOLD_NONE);
}

/* Is every member a record, under a name that no shape knows? A member that is only a text is
 * more likely a part of one document. */
static enum unfold find_object_of_records(const struct members *members)
{
    enum unfold how = UNFOLD_NONE;
    const struct json_value *value;
    struct members inner;
    struct slice name;
    size_t n = 0;
    size_t pos = 0;

    while (next_member(members, &pos, &name, &value)) {
        if (n++ == LOOK_MAX)
            break;
        if (member_use_of(name) != USE_OTHER || !is_record(value, 0))
            return UNFOLD_NONE;
        members_find(value, &inner);
        const struct format *format = format_detect(&inner);
        if (format && strcmp(format->name, "text") == 0)
            return UNFOLD_NONE;
        if (how == UNFOLD_NONE)
            how = is_sample(&inner, format) ? UNFOLD_MEMBERS : UNFOLD_PARTS;
    }
    return how;
}

/* Does an object stand in the place of the list, with columns or records by their ids? */
static bool has_inner_records(const struct members *members, const struct json_value *object)
{
    struct members inner;

    if (json_type(object) != JSON_OBJECT || hides_text(members, object))
        return false;
    members_find(object, &inner);
    return (begins_with_list(&inner) && unfold_is_columns(&inner)) ||
           find_object_of_records(&inner) == UNFOLD_MEMBERS;
}

enum unfold unfold_find_wrapped(const struct members *members)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    if (json_type(members->record) != JSON_OBJECT)
        return UNFOLD_NONE;
    while (next_member(members, &pos, &name, &value))
        if (unfold_is_list_name(name) &&
            (json_type(value) == JSON_ARRAY ? has_records(members, value)
                                            : has_inner_records(members, value)))
            return UNFOLD_LISTS;
    return find_object_of_records(members);
}

enum unfold unfold_find_large(struct slice text)
{
    struct json_walk walk;
    struct json_walk list;
    struct slice name;
    struct slice value;
    struct slice first;
    bool found = false;

    if (text.len == 0 || text.ptr[0] != '{')
        return UNFOLD_NONE;
    json_walk_begin(&walk, text);
    while (json_walk_next(&walk, &name, &value)) {
        const bool is_list = value.ptr[0] == '[' && unfold_is_list_name(name);

        if (!is_list && member_use_of(name) != USE_OTHER)
            return UNFOLD_NONE; /* a list of documents beside a question, perhaps */
        if (!is_list)
            continue;
        json_walk_begin(&list, value);
        found = found || (json_walk_next(&list, &name, &first) &&
                          (first.ptr[0] == '{' || first.ptr[0] == '['));
    }
    return found ? UNFOLD_LISTS : UNFOLD_NONE;
}
