/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/unfold.h"

#include <stdint.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json/json_walk.h"
#include "stages/ingest/formats/members.h"
#include "stages/ingest/unfold_private.h"

static char first_byte(struct slice value)
{
    return value.len > 0 ? value.ptr[0] : '\0';
}

/* Is it an object whose first member is a list or an object, too? */
static bool is_object_of_objects(struct slice value)
{
    struct json_walk walk;
    struct slice name;
    struct slice first;

    if (first_byte(value) != '{')
        return false;
    json_walk_begin(&walk, value);
    return json_walk_next(&walk, &name, &first) &&
           (first_byte(first) == '{' || first_byte(first) == '[');
}

/* Is it a dialogue, and no column? */
static bool is_list_of_objects(struct slice list)
{
    struct json_walk walk;
    struct slice none;
    struct slice first;

    json_walk_begin(&walk, list);
    return json_walk_next(&walk, &none, &first) && first_byte(first) == '{';
}

/* Is this a member whose elements become items? */
static bool is_unfolded(enum unfold how, const struct raw_member *member)
{
    const bool is_list = first_byte(member->value) == '[';

    switch (how) {
    case UNFOLD_LISTS:
        return unfold_is_list_name(member->name) &&
               (is_list || is_object_of_objects(member->value));
    case UNFOLD_DIALOGUES:
        return is_list && unfold_is_dialogue_name(member->name);
    case UNFOLD_COLUMNS:
        return is_list;
    case UNFOLD_PLURALS:
        return is_list && unfold_singular(member->name).ptr;
    case UNFOLD_MEMBERS:
    case UNFOLD_PARTS:
        return true;
    case UNFOLD_PATHS:
        return slice_equal(member->name, slice_text("prompt"));
    case UNFOLD_NONE:
        break;
    }
    return false;
}

static size_t count_members(struct slice object)
{
    struct raw_member member;
    struct json_walk walk;
    size_t n = 0;

    json_walk_begin(&walk, object);
    while (json_walk_next(&walk, &member.name, &member.value))
        n++;
    return n;
}

static bool unfold_same_name(struct slice a, struct slice b)
{
    return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

/* The value of an object's member of this name, or of one that differs in case; ptr NULL for
 * none. */
static struct slice find_raw(struct slice object, struct slice name)
{
    struct slice found = { NULL, 0 };
    struct raw_member member;
    struct json_walk walk;

    if (!object.ptr)
        return found;
    json_walk_begin(&walk, object);
    while (json_walk_next(&walk, &member.name, &member.value))
        if (unfold_same_name(member.name, name))
            found = member.value;
    return found;
}

static bool is_id_name(struct slice name)
{
    const enum member member = member_of(name);

    for (const enum member *id = members_ids; *id; id++)
        if (*id == member)
            return true;
    return false;
}

static bool has_id(struct slice object)
{
    struct raw_member member;
    struct json_walk walk;

    json_walk_begin(&walk, object);
    while (json_walk_next(&walk, &member.name, &member.value))
        if (is_id_name(member.name))
            return true;
    return false;
}

int unfold_begin_item(struct unfolding *u)
{
    buf_clear(&u->item);
    return buf_add_text(&u->item, "{", u->err);
}

int unfold_add_raw(struct unfolding *u, struct slice name, struct slice value, bool first)
{
    if ((!first && buf_add_text(&u->item, ",", u->err) < 0) ||
        buf_add_text(&u->item, "\"", u->err) < 0 || buf_add_slice(&u->item, name, u->err) < 0 ||
        buf_add_text(&u->item, "\":", u->err) < 0)
        return -1;
    return buf_add_slice(&u->item, value, u->err);
}

/* Append a member to an item that is an object. */
static int add_raw(struct unfolding *u, struct slice name, struct slice value)
{
    return unfold_add_raw(u, name, value, u->item.len == 1);
}

/* Append the record's id and the number of the item, because ids of items must differ. */
static int add_id(struct unfolding *u, const struct raw_member *id)
{
    const bool is_text = first_byte(id->value) == '"';
    const struct slice word =
        is_text ? slice_of(id->value.ptr + 1, id->value.len - 2) : id->value;

    if (add_raw(u, id->name, slice_text("\"")) < 0 || buf_add_slice(&u->item, word, u->err) < 0)
        return -1;
    return buf_printf(&u->item, u->err, "/%zu\"", u->n + 1);
}

static bool is_scalar(struct slice value)
{
    return value.len > 0 && !memchr("{[n", value.ptr[0], 3);
}

/* Append a member of the record whose name the item uses itself: "version" becomes
 * "wrapper_version", unless that name is used, too. */
static int add_hidden(struct unfolding *u, const struct raw_member *member, struct slice own)
{
    struct buf name;
    int rc = -1;

    buf_init(&name, SIZE_MAX / 4);
    if (buf_add_text(&name, "wrapper_", u->err) == 0 &&
        buf_add_slice(&name, member->name, u->err) == 0)
        rc = 0;
    bool is_used = rc == 0 && find_raw(own, buf_slice(&name)).ptr;
    for (size_t i = 0; rc == 0 && i < u->n_outer; i++)
        is_used = is_used || unfold_same_name(u->outer[i].name, buf_slice(&name));
    if (rc == 0 && !is_used)
        rc = add_raw(u, buf_slice(&name), member->value);
    buf_release(&name);
    return rc;
}

int unfold_add_outer(struct unfolding *u, struct slice own)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < u->n_outer; i++) {
        const struct raw_member *member = &u->outer[i];
        const struct slice hiding = find_raw(own, member->name);

        if (first_byte(member->value) == 'n') /* null */
            continue;
        if (hiding.ptr || (u->has_key && unfold_same_name(member->name, slice_text("id"))))
            rc = slice_equal(hiding, member->value) ? 0 : add_hidden(u, member, own);
        else if (is_id_name(member->name) && is_scalar(member->value))
            rc = add_id(u, member);
        else
            rc = add_raw(u, member->name, member->value);
    }
    if (rc == 0 && u->split.ptr && !find_raw(own, slice_text("split")).ptr)
        rc = add_raw(u, slice_text("split"), u->split);
    return rc;
}

static int emit(struct unfolding *u, struct slice item)
{
    const int rc = u->sink->each(u->sink->arg, item, u->err);

    u->n++;
    return rc;
}

int unfold_end_item(struct unfolding *u)
{
    return buf_add_text(&u->item, "}", u->err) < 0 ? -1 : emit(u, buf_slice(&u->item));
}

static int add_members(struct unfolding *u, struct slice object)
{
    struct raw_member member;
    struct json_walk walk;

    json_walk_begin(&walk, object);
    while (json_walk_next(&walk, &member.name, &member.value))
        if (add_raw(u, member.name, member.value) < 0)
            return -1;
    return 0;
}

/* The record in a row of the datasets server: {"row_idx": 0, "row": {...}}; else the value. */
static struct slice row_of(struct slice value)
{
    struct slice row = value;
    struct raw_member member;
    struct json_walk walk;
    bool is_row = false;

    json_walk_begin(&walk, value);
    while (json_walk_next(&walk, &member.name, &member.value)) {
        is_row = is_row || slice_equal(member.name, slice_text("row_idx"));
        if (slice_equal(member.name, slice_text("row")) && first_byte(member.value) == '{')
            row = member.value;
    }
    return is_row ? row : value;
}

/* Emit an element of a list: an object with what belongs to every item, or a dialogue. */
static int emit_element(struct unfolding *u, struct slice element)
{
    const struct slice messages = slice_text("messages");
    const char kind = first_byte(element);
    const struct slice row = kind == '{' ? row_of(element) : element;

    if (row.ptr != element.ptr || (kind != '{' && kind != '[') ||
        (u->n_outer == 0 && !u->split.ptr))
        return emit(u, row);
    if (unfold_begin_item(u) < 0)
        return -1;
    if (kind == '{' ? add_members(u, element) < 0 || unfold_add_outer(u, element) < 0
                    : add_raw(u, messages, element) < 0 ||
                          unfold_add_outer(u, slice_text("{\"messages\":0}")) < 0)
        return -1;
    return unfold_end_item(u);
}

/* Emit a member of an object of records. Its name is the id of a record that has no other. */
static int emit_keyed(struct unfolding *u, const struct raw_member *member)
{
    const struct slice name = slice_of(member->name.ptr - 1, member->name.len + 2);
    const char kind = first_byte(member->value);
    const bool hides = kind == '{' && has_id(member->value);

    if (kind != '[' && kind != '{')
        return emit(u, member->value);
    u->has_key = !hides;
    if (unfold_begin_item(u) < 0 ||
        add_raw(u, slice_text(hides ? "wrapper_key" : "id"), name) < 0 ||
        (kind == '{' ? add_members(u, member->value) < 0
                     : add_raw(u, slice_text("messages"), member->value) < 0) ||
        unfold_add_outer(u, kind == '{' ? member->value : slice_text("{\"messages\":0}")) < 0)
        return -1;
    return unfold_end_item(u);
}

static int emit_parts(struct unfolding *u)
{
    struct raw_member member;
    struct json_walk walk;
    int rc = 0;

    json_walk_begin(&walk, u->text);
    while (rc == 0 && json_walk_next(&walk, &member.name, &member.value))
        rc = emit(u, member.value);
    return rc;
}

/* A list whose elements are handed out one by one. */
struct column {
    struct slice name;
    struct slice value;
    struct json_walk walk;
};

/* Collect the lists that are unfolded, and what belongs to every item. */
static struct column *split_members(struct unfolding *u, size_t *n_columns)
{
    const size_t n = count_members(u->text);
    struct column *columns = arena_alloc(&u->arena, n + 1, sizeof *columns);
    struct raw_member member;
    struct json_walk walk;

    *n_columns = 0;
    u->outer = arena_alloc(&u->arena, n + 1, sizeof *u->outer);
    if (!columns || !u->outer) {
        error_nomem(u->err);
        return NULL;
    }
    json_walk_begin(&walk, u->text);
    while (json_walk_next(&walk, &member.name, &member.value)) {
        if (!is_unfolded(u->how, &member)) {
            u->outer[u->n_outer++] = member;
            continue;
        }
        struct column *column = &columns[(*n_columns)++];
        const struct slice one = unfold_singular(member.name);
        column->name = u->how == UNFOLD_PLURALS ? one : member.name;
        column->value = member.value;
        json_walk_begin(&column->walk, member.value);
    }
    return columns;
}

/* Emit the next row of the columns, without what is null. own has their names, if others stand
 * beside them. Returns 2 when there is no row. */
static int emit_row(struct unfolding *u, struct column *columns, size_t n_columns,
                    struct slice own)
{
    struct slice value;
    struct slice none;
    bool any = false;

    if (unfold_begin_item(u) < 0)
        return -1;
    for (size_t i = 0; i < n_columns; i++) {
        if (!json_walk_next(&columns[i].walk, &none, &value))
            continue;
        any = true;
        if (first_byte(value) != 'n' && add_raw(u, columns[i].name, value) < 0)
            return -1;
    }
    if (!any)
        return 2;
    if (unfold_add_outer(u, own) < 0)
        return -1;
    return unfold_end_item(u);
}

static int emit_rows(struct unfolding *u, struct column *columns, size_t n_columns,
                     struct slice own)
{
    int rc = 0;

    while (rc == 0)
        rc = emit_row(u, columns, n_columns, own);
    return rc < 0 ? -1 : 0;
}

/* Emit the rows of an object of columns. */
static int emit_columns(struct unfolding *u, struct slice object)
{
    struct column *columns = arena_alloc(&u->arena, count_members(object) + 1, sizeof *columns);
    struct json_walk walk;
    struct slice value;
    size_t n = 0;

    if (!columns)
        return error_nomem(u->err);
    json_walk_begin(&walk, object);
    while (json_walk_next(&walk, &columns[n].name, &value))
        if (first_byte(value) == '[')
            json_walk_begin(&columns[n++].walk, value);
    return emit_rows(u, columns, n, object);
}

/* Emit the records of an object by their ids. */
static int emit_records(struct unfolding *u, struct slice object)
{
    struct raw_member member;
    struct json_walk walk;
    int rc = 0;

    json_walk_begin(&walk, object);
    while (rc == 0 && json_walk_next(&walk, &member.name, &member.value))
        rc = emit_keyed(u, &member);
    u->has_key = false;
    return rc;
}

/* Emit what an object holds that stands in the place of a list: columns, or records. */
static int emit_object(struct unfolding *u, struct slice object)
{
    struct json_walk walk;
    struct slice none;
    struct slice first = { "", 0 };

    json_walk_begin(&walk, object);
    (void)json_walk_next(&walk, &none, &first);
    return first_byte(first) == '[' && !is_list_of_objects(first) ? emit_columns(u, object)
                                                                  : emit_records(u, object);
}

static int emit_lists(struct unfolding *u)
{
    struct raw_member member;
    struct json_walk walk;
    struct json_walk elements;
    struct slice element;
    struct slice none;
    int rc = 0;

    json_walk_begin(&walk, u->text);
    while (rc == 0 && json_walk_next(&walk, &member.name, &member.value)) {
        if (!is_unfolded(u->how, &member))
            continue;
        u->split = slice_of(NULL, 0);
        if (unfold_is_split_name(member.name)) /* with its quotes it is JSON */
            u->split = slice_of(member.name.ptr - 1, member.name.len + 2);
        if (first_byte(member.value) == '{') {
            rc = emit_object(u, member.value);
            continue;
        }
        json_walk_begin(&elements, member.value);
        while (rc == 0 && json_walk_next(&elements, &none, &element))
            rc = emit_element(u, element);
    }
    return rc;
}

int unfold_each(enum unfold how, struct slice text, const struct unfold_sink *sink,
                struct error *err)
{
    struct unfolding u = { .how = how, .text = text, .sink = sink, .err = err };
    size_t n_columns;
    int rc;

    arena_init(&u.arena);
    buf_init(&u.item,
             SIZE_MAX / 4); /* hardly longer than the record, whose length is bounded */
    struct column *columns = split_members(&u, &n_columns);
    if (!columns)
        rc = -1;
    else if (how == UNFOLD_MEMBERS)
        rc = emit_records(&u, text);
    else if (how == UNFOLD_PARTS)
        rc = emit_parts(&u);
    else if (how == UNFOLD_PATHS)
        rc = n_columns > 0 ? unfold_paths(&u, columns[n_columns - 1].value) : 0;
    else if (how == UNFOLD_COLUMNS || how == UNFOLD_PLURALS)
        rc = emit_rows(&u, columns, n_columns, slice_of(NULL, 0));
    else
        rc = emit_lists(&u);
    buf_release(&u.item);
    arena_release(&u.arena);
    return rc < 0 ? -1 : 0;
}
