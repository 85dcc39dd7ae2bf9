/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read a record by a mapping.
 */
#include <string.h>

#include "base/buf.h"
#include "base/chat/thought.h"
#include "base/error.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/formats/mapping_private.h"
#include "stages/record/verdict.h"

enum { NAMES_BYTES = 128 };

/* A text of the new record is no longer than the record, whose length is bounded. */
static const size_t mapped_max_bytes = SIZE_MAX / 4;

/* The state of writing the values at one path to the new record. */
struct found {
    const struct mapping *mapping;
    struct draft *draft;
    const struct mapping_entry *entry;
    struct jsonout *json; /* of the new record */
    enum { AS_VALUE, AS_TEXT, AS_LIST } as;
    size_t n;
    struct buf text; /* of AS_TEXT */
    uint32_t *inner; /* the set of the paths within messages that have led to something */
};

/* How many steps come before the first [*]; all of them if there is none. */
static size_t steps_before_star(const struct json_path *path)
{
    size_t n = 0;

    while (n < path->n && path->steps[n].type != STEP_EACH)
        n++;
    return n;
}

static bool has_star(const struct json_path *path)
{
    return steps_before_star(path) < path->n;
}

static bool is_list_or_object(const struct json_value *value)
{
    return json_type(value) == JSON_ARRAY || json_type(value) == JSON_OBJECT;
}

/* Is it a list or an object without elements, or null, rather than a text? */
static int is_without_elements(void *arg, const struct json_value *value)
{
    (void)arg;
    return is_list_or_object(value) ? json_count(value) == 0 : json_type(value) == JSON_NULL;
}

/* Does the path lead to nothing, for another reason than a list without elements? */
static bool is_missing(const struct mapping_entry *entry, const struct draft *draft)
{
    struct json_path path = entry->path;

    path.n = steps_before_star(&entry->path);
    return !has_star(&entry->path) ||
           json_path_walk(draft->members->record, &path, is_without_elements, NULL) == 0;
}

/* Choose from the first value what all values become. */
static void begin_found(struct found *found, const struct json_value *first)
{
    const enum field_kind kind = found->entry->field->kind;

    if (kind == FIELD_APART)
        found->as = AS_TEXT;
    else if (!has_star(&found->entry->path))
        found->as = AS_VALUE;
    else if (kind == FIELD_TEXT || (kind == FIELD_TURNS && !is_list_or_object(first)))
        found->as = AS_TEXT;
    else
        found->as = AS_LIST;
    if (found->as == AS_LIST)
        jsonout_array_begin(found->json);
}

static int write_mapped_value(const struct found *found, const struct json_value *value)
{
    struct buf buf;

    buf_init(&buf, mapped_max_bytes);
    const int rc = json_write(value, &buf, found->draft->err);
    if (rc == 0)
        jsonout_raw(found->json, buf_slice(&buf));
    buf_release(&buf);
    return rc;
}

static bool holds_messages(const struct found *found)
{
    return found->entry->field->kind == FIELD_MESSAGES ||
           found->entry->field->kind == FIELD_TURNS;
}

/* Receive the first value of a path. */
static int receive_first(void *arg, const struct json_value *value)
{
    const struct json_value **out = arg;

    *out = value;
    return 1;
}

/* Write the members of a message that --map names. */
static int write_inner_members(struct found *found, const struct json_value *message)
{
    for (size_t i = 0; i < found->mapping->n; i++) {
        const struct mapping_entry *entry = &found->mapping->entries[i];
        const struct json_value *value = NULL;

        if (entry->field->kind != FIELD_MEMBER ||
            json_path_walk(message, &entry->path, receive_first, &value) == 0)
            continue;
        *found->inner |= (uint32_t)1 << i;
        jsonout_key(found->json, entry->field->member);
        if (write_mapped_value(found, value) < 0)
            return -1;
    }
    return 0;
}

static int write_mapped_message(struct found *found, const struct json_value *message)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    if (json_type(message) != JSON_OBJECT ||
        !(mapping_has(found->mapping, "role") || mapping_has(found->mapping, "content")))
        return write_mapped_value(found, message);
    jsonout_object_begin(found->json);
    if (write_inner_members(found, message) < 0)
        return -1;
    while (json_member_next(message, &pos, &name, &value) == 1) {
        if (mapping_covers_inner(found->mapping, name, value) ||
            mapping_has(found->mapping, name.ptr))
            continue;
        jsonout_key(found->json, name.ptr);
        if (write_mapped_value(found, value) < 0)
            return -1;
    }
    jsonout_object_end(found->json);
    return 0;
}

/* Write a value of a field, or the messages that it holds. */
static int write_field_value(struct found *found, const struct json_value *value)
{
    int rc = 0;

    if (!holds_messages(found))
        return write_mapped_value(found, value);
    if (json_type(value) != JSON_ARRAY)
        return write_mapped_message(found, value);
    if (found->as != AS_LIST)
        jsonout_array_begin(found->json);
    for (size_t i = 0; rc == 0 && i < json_count(value); i++)
        rc = write_mapped_message(found, json_at(value, i));
    if (found->as != AS_LIST)
        jsonout_array_end(found->json);
    return rc;
}

/* Append a value to the text of several. */
static int append_found_text(struct found *found, const struct json_value *value)
{
    struct error *err = found->draft->err;
    const struct slice text = draft_text(found->draft, value, found->entry->text);

    if (found->draft->state != DRAFT_GOOD)
        return -1;
    if (text.len == 0)
        return 0;
    if (found->text.len > 0 && buf_add_text(&found->text, "\n\n", err) < 0)
        return -1;
    return buf_add_slice(&found->text, text, err);
}

static int add_found(void *arg, const struct json_value *value)
{
    struct found *found = arg;

    if (found->n++ == 0)
        begin_found(found, value);
    return found->as == AS_TEXT ? append_found_text(found, value)
                                : write_field_value(found, value);
}

/* Find the values at a path. A failure is the draft's. */
static void find_values(struct found *found)
{
    struct draft *draft = found->draft;

    buf_init(&found->text, mapped_max_bytes);
    if (json_path_walk(draft->members->record, &found->entry->path, add_found, found) < 0 &&
        draft->state == DRAFT_GOOD)
        draft->state = DRAFT_FAILED;
}

/* Write the member of one field, unless its value is null. */
static void write_field(const struct mapping *mapping, const struct mapping_entry *entry,
                        struct draft *draft, struct jsonout *out, bool *missing,
                        uint32_t *inner)
{
    /* An instruction with an input is Alpaca's. Alone, it may stand beside a context. */
    const bool is_alpaca =
        strcmp(entry->field->name, "instruction") == 0 && mapping_has(mapping, "input");
    struct jsonout json;
    struct found found = {
        .mapping = mapping, .draft = draft, .entry = entry, .json = &json, .inner = inner
    };
    struct buf value;

    buf_init(&value, mapped_max_bytes);
    jsonout_init(&json, &value);
    find_values(&found);
    *missing = found.n == 0 && is_missing(entry, draft);
    if (found.n > 0 && found.as == AS_TEXT)
        jsonout_text(&json, found.text.len > 0 ? buf_slice(&found.text) : slice_text(""));
    else if (found.n > 0 && found.as == AS_LIST)
        jsonout_array_end(&json);
    if (draft->state == DRAFT_GOOD && jsonout_end(&json, draft->err) < 0)
        draft->state = DRAFT_FAILED;
    if (value.len > 0 && !slice_equal(buf_slice(&value), slice_text("null"))) {
        jsonout_key(out, is_alpaca ? entry->field->name : entry->field->member);
        jsonout_raw(out, buf_slice(&value));
    }
    buf_release(&found.text);
    buf_release(&value);
}

static bool is_any(const void *arg, struct slice name, const struct json_value *value)
{
    (void)arg;
    (void)name;
    (void)value;
    return true;
}

/* Find a text that is not a member of the new record. */
static struct slice find_apart(const struct mapping_entry *entry, struct draft *draft,
                               bool *missing)
{
    struct found found = { .draft = draft, .entry = entry };
    struct slice text = { NULL, 0 };

    find_values(&found);
    *missing = found.n == 0 && is_missing(entry, draft);
    if (draft->state == DRAFT_GOOD && found.text.len > 0)
        text = draft_copy(draft, thought_trim(buf_slice(&found.text)));
    buf_release(&found.text);
    return text;
}

/* Write the new record. *thought is a mapped thought; ptr NULL for none. */
static void write_mapped(const struct mapping *mapping, struct draft *draft, struct buf *out,
                         struct slice *thought, uint32_t *missing)
{
    struct jsonout json;
    uint32_t inner = 0;

    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    for (size_t i = 0; draft->state == DRAFT_GOOD && i < mapping->n; i++) {
        const struct mapping_entry *entry = &mapping->entries[i];
        bool no_value = false;

        if (entry->field->kind == FIELD_APART)
            *thought = find_apart(entry, draft, &no_value);
        else if (entry->field->kind != FIELD_MEMBER)
            write_field(mapping, entry, draft, &json, &no_value, &inner);
        *missing |= (uint32_t)no_value << i;
    }
    for (size_t i = 0; i < mapping->n; i++)
        if (mapping->entries[i].field->kind == FIELD_MEMBER)
            *missing |= ~inner & (uint32_t)1 << i;
    jsonout_object_end(&json);
    if (draft->state == DRAFT_GOOD && jsonout_end(&json, draft->err) < 0)
        draft->state = DRAFT_FAILED;
}

/* Reject the record if a path that is not optional leads to nothing. */
static void reject_missing(const struct mapping *mapping, struct draft *draft, uint32_t missing)
{
    char names[NAMES_BYTES];
    size_t i = 0;

    while (i < mapping->n && (!(missing >> i & 1) || mapping->entries[i].is_optional))
        i++;
    if (i == mapping->n)
        return;
    draft_name_members(draft->members->record, names, sizeof names, is_any, NULL);
    draft_reject(draft, DEFECT_MISSING_CONTENT,
                 "nothing is at the path of --map %s; its members are %s",
                 mapping->entries[i].text, names);
}

/* One object with the members of two; ptr NULL stands for an object without members. */
static struct slice join_objects(struct draft *draft, struct slice a, struct slice b)
{
    struct slice joined = { NULL, 0 };
    struct buf buf;

    if (!a.ptr || !b.ptr)
        return a.ptr ? a : b;
    buf_init(&buf, mapped_max_bytes);
    if (buf_add(&buf, a.ptr, a.len - 1, draft->err) < 0 ||
        buf_add_text(&buf, ",", draft->err) < 0 ||
        buf_add(&buf, b.ptr + 1, b.len - 1, draft->err) < 0)
        draft->state = DRAFT_FAILED;
    else
        joined = draft_copy(draft, buf_slice(&buf));
    buf_release(&buf);
    return joined;
}

/* A record and what of it is in the sample. */
struct rest {
    const struct mapping *mapping;
    const struct draft *draft; /* whose claims are the id */
};

static bool is_rest(const void *arg, struct slice name, const struct json_value *value)
{
    const struct rest *rest = arg;

    return !draft_is_claimed(rest->draft, name, value) &&
           !mapping_covers(rest->mapping, name, value);
}

/* Does a member that is not mapped say that the response is bad? */
static bool is_rest_disliked(const struct rest *rest)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    while (json_member_next(rest->draft->members->record, &pos, &name, &value) == 1)
        if (verdict_of(name, value) == 0 && is_rest(rest, name, value))
            return true;
    return false;
}

/* Set meta to the members of the record that are not mapped, and the id to its own unless
 * another one is mapped. Members of the new record that its shape left stay before them. */
static void fill_meta(const struct mapping *mapping, struct draft *draft)
{
    struct sample sample;
    struct draft outer = *draft;
    const struct rest rest = { mapping, &outer };

    outer.out = &sample;
    draft_begin(&outer, draft->format);
    if (!mapping_has(mapping, "id")) {
        draft_fill_ext_id(&outer);
        draft->out->ext_id = sample.ext_id;
    }
    const struct slice meta =
        draft_members_where(&outer, draft->members->record, is_rest, &rest);
    draft->out->meta = join_objects(draft, draft->out->meta, meta);
    if (draft->out->kind == SAMPLE_SFT && is_rest_disliked(&rest))
        draft->out->defects |= defect_bit(DEFECT_DISLIKED);
    if (outer.state != DRAFT_GOOD)
        draft->state = outer.state;
}

/* Give the response its thought. */
static void set_thought(struct draft *draft, struct slice thought)
{
    struct sample *sample = draft->out;

    if (draft->state != DRAFT_GOOD || !thought.ptr)
        return;
    if (sample->response_turn < 0)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has a thought and no response");
    else if (sample->turns[sample->response_turn].thought.ptr)
        draft_reject(draft, DEFECT_MISSING_CONTENT,
                     "its response begins with a thought, and another one is mapped");
    else
        sample->turns[sample->response_turn].thought = thought;
}

/* Read the new record by its shape. */
static void read_mapped(struct json *json, struct draft *draft, struct slice text)
{
    const uint64_t defects = draft->defects;
    const struct members *outer = draft->members;
    const struct json_value *value;
    struct members members;
    enum json_issue issue;
    const char *detail;
    char why[256];
    size_t at;

    if (json_parse(json, text, &value, &issue, &at, &detail, draft->err) < 0) {
        draft->state = DRAFT_FAILED;
        return;
    }
    if (issue != JSON_OK) {
        draft_reject(draft, DEFECT_TOO_LONG, "the values at the paths of --map: %s", detail);
        return;
    }
    members_find(value, &members);
    const struct format *format = format_detect(&members);
    if (!format) {
        format_explain_unknown(&members, why, sizeof why);
        draft_reject(draft, DEFECT_UNKNOWN_SHAPE, "with the names of --map: %s", why);
        return;
    }
    draft->members = &members;
    (void)format_read(format, draft);
    draft->members = outer;
    draft->out->defects |= defects;
}

int mapping_read(const struct mapping *mapping, struct json *json, struct draft *draft,
                 uint32_t *missing)
{
    struct slice thought = { NULL, 0 };
    struct buf buf;

    *missing = 0;
    buf_init(&buf, mapped_max_bytes);
    draft_begin(draft, &format_mapped);
    write_mapped(mapping, draft, &buf, &thought, missing);
    reject_missing(mapping, draft, *missing);
    if (draft->state == DRAFT_GOOD)
        read_mapped(json, draft, buf_slice(&buf));
    set_thought(draft, thought);
    if (draft->state == DRAFT_GOOD)
        fill_meta(mapping, draft);
    buf_release(&buf);
    return (int)draft->state;
}
