/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/io/frame.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "base/text/escape.h"
#include "base/text/utf8.h"
#include "stages/ingest/explain_places.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/formats/mapping.h"
#include "stages/ingest/parse.h"
#include "stages/record/defect.h"
#include "store/sample.h"

enum {
    BEGINS_BYTES = 60, /* printed of a value */
    PLACE_BYTES = 160, /* the longest name of a place */
    PLACES_MAX = 8,    /* printed of a member */
    NAME_COLUMN = 16,
    BEGINS_COLUMN = 42,
    LINE_MAX_BYTES = 1 << 26
};

struct explain {
    bool as_json;
    const struct defect_policy *policy;
    struct json *json;
    struct file_out *out;
    const char *path; /* of the last record */
    unsigned n;       /* records of that file */
};

/* A record and what became of it. */
struct explained {
    const char *path;
    const struct format *shape;
    const struct frame_record *record;
    const struct parsed *parsed;
    const struct json_value *value; /* NULL if it is not JSON */
    struct places places;
};

int explain_new(bool as_json, const struct defect_policy *policy, struct explain **out,
                struct error *err)
{
    struct explain *explain = calloc(1, sizeof *explain);

    if (!explain)
        return error_nomem(err);
    explain->as_json = as_json;
    explain->policy = policy;
    if (json_new(&explain->json, err) < 0 || file_out_open("-", &explain->out, err) < 0) {
        explain_free(explain);
        return -1;
    }
    *out = explain;
    return 0;
}

void explain_free(struct explain *explain)
{
    if (!explain)
        return;
    file_out_close(explain->out);
    json_free(explain->json);
    free(explain);
}

/* Write the names of the members that decided on the shape: "question and answer". */
static void explain_shape(const struct explained *explained, char *out, size_t size)
{
    const struct format *format = explained->parsed->format;
    struct members members;

    out[0] = '\0';
    if (!format || format == &format_mapped)
        return;
    members_find(explained->value, &members);
    for (size_t i = 0; i < FORMAT_NEEDS_MAX && format->needs[i]; i++) {
        const enum member *name = format->needs[i];
        const size_t len = strlen(out);

        while (*name && !members.values[*name])
            name++;
        if (*name)
            snprintf(out + len, size - len, "%s%s", len > 0 ? " and " : "", member_name(*name));
    }
}

/* Append the first bytes of a value, as JSON. */
static int add_beginning(const struct json_value *value, struct buf *out, struct error *err)
{
    struct buf text;
    int rc;

    buf_init(&text, LINE_MAX_BYTES);
    rc = json_write(value, &text, err);
    if (rc == 0) {
        struct slice begins = buf_slice(&text);
        const bool is_cut = begins.len > BEGINS_BYTES;

        if (is_cut) {
            begins.len = BEGINS_BYTES;
            while (begins.len > 0 && (begins.ptr[begins.len] & 0xc0) == 0x80)
                begins.len--;
        }
        rc = buf_add_slice(out, begins, err);
        if (rc == 0 && is_cut)
            rc = buf_add_text(out, "...", err);
    }
    buf_release(&text);
    return rc;
}

/* Append blanks up to a column of the line that begins at `from`. */
static int pad_to(struct buf *out, size_t from, size_t column, struct error *err)
{
    while (out->len - from < column)
        if (buf_add_text(out, " ", err) < 0)
            return -1;
    return 0;
}

/* The words for a value that has no place in the sample: it has no text, or the sample holds it
 * in another form, such as the number of a choice. */
static const char *without_place(const struct json_value *value)
{
    const bool is_scalar = json_type(value) == JSON_NUMBER || json_type(value) == JSON_BOOL;

    return is_scalar || json_count(value) > 0 || !slice_is_blank(json_text(value))
               ? "not as text"
               : "nothing";
}

static int add_places(const struct explained *explained, const struct json_value *value,
                      struct buf *out, struct error *err)
{
    char place[PLACE_BYTES];
    size_t i = 0;
    int n = 0;

    for (; n <= PLACES_MAX && places_next(&explained->places, &i, place, sizeof place); n++)
        if (buf_printf(out, err, "%s%s", n > 0 ? ", " : "",
                       n < PLACES_MAX ? place : "and others") < 0)
            return -1;
    return n > 0 || explained->parsed->rejected_for
               ? 0
               : buf_add_text(out, without_place(value), err);
}

static int add_member_text(const struct explained *explained, struct slice name,
                           const struct json_value *value, struct buf *out, struct error *err)
{
    const bool is_reject = explained->parsed->rejected_for != DEFECT_NONE;
    const size_t from = out->len;

    if (buf_add_text(out, "  ", err) < 0 || escape_add(out, name, err) < 0 ||
        pad_to(out, from, NAME_COLUMN, err) < 0)
        return -1;
    if (!is_reject &&
        (buf_add_text(out, " -> ", err) < 0 || add_places(explained, value, out, err) < 0 ||
         pad_to(out, from, BEGINS_COLUMN, err) < 0))
        return -1;
    if (buf_add_text(out, "  ", err) < 0 || add_beginning(value, out, err) < 0)
        return -1;
    return buf_add_text(out, "\n", err);
}

static int explain_add_members(struct explained *explained, struct buf *out, struct error *err)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    if (json_type(explained->value) == JSON_ARRAY) {
        places_find(&explained->places, slice_text("[*]"), explained->value);
        return add_member_text(explained, slice_text("[*]"), explained->value, out, err);
    }
    while (json_member_next(explained->value, &pos, &name, &value) == 1) {
        places_find(&explained->places, name, value);
        if (add_member_text(explained, name, value, out, err) < 0)
            return -1;
    }
    return 0;
}

static int add_head_text(const struct explained *explained, struct buf *out, struct error *err)
{
    const struct parsed *parsed = explained->parsed;
    char members[PLACE_BYTES];
    int rc;

    explain_shape(explained, members, sizeof members);
    if (escape_add(out, slice_text(explained->path), err) < 0 ||
        buf_printf(out, err, ", line %" PRIu64 ", byte %" PRIu64, explained->record->line,
                   explained->record->byte_offset) < 0 ||
        (parsed->sample.item > 0 &&
         buf_printf(out, err, ", item %" PRIu64, parsed->sample.item + 1) < 0))
        return -1;
    if (parsed->rejected_for)
        rc = buf_printf(out, err,
                        ": rejected as %s: ", defect_classes[parsed->rejected_for].name) < 0 ||
                     escape_add(out, parsed->detail, err) < 0
                 ? -1
                 : 0;
    else
        rc = buf_printf(out, err, ": %s", sample_kind_name(parsed->sample.kind));
    if (rc == 0 && parsed->format)
        rc = buf_printf(out, err, "%s read as %s%s%s", parsed->rejected_for ? ";" : ",",
                        parsed->format->name, members[0] ? ", because it has " : "", members);
    if (rc == 0 && parsed->format && explained->shape && parsed->format != explained->shape)
        rc = buf_printf(out, err, " (the shape of the file is %s)", explained->shape->name);
    return rc < 0 ? -1 : buf_add_text(out, "\n", err);
}

static int explain_add_defects_text(const struct explain *explain, const struct parsed *parsed,
                                    struct buf *out, struct error *err)
{
    for (int i = DEFECT_NONE + 1; i < N_DEFECTS; i++)
        if ((parsed->defects & defect_bit((enum defect)i)) &&
            buf_printf(out, err, "  defect %s (%s): %s\n", defect_classes[i].name,
                       defect_action_name(explain->policy->actions[i]),
                       defect_classes[i].what) < 0)
            return -1;
    return 0;
}

static void add_members_json(struct explained *explained, struct jsonout *json,
                             struct error *err)
{
    const struct json_value *value;
    char place[PLACE_BYTES];
    struct slice name;
    struct buf begins;
    size_t pos = 0;

    jsonout_key(json, "members");
    jsonout_array_begin(json);
    while (json_member_next(explained->value, &pos, &name, &value) == 1) {
        places_find(&explained->places, name, value);
        jsonout_object_begin(json);
        jsonout_key(json, "name");
        jsonout_text(json, name);
        jsonout_key(json, "to");
        jsonout_array_begin(json);
        for (size_t i = 0; places_next(&explained->places, &i, place, sizeof place);)
            jsonout_text(json, slice_text(place));
        jsonout_array_end(json);
        buf_init(&begins, LINE_MAX_BYTES);
        if (add_beginning(value, &begins, err) < 0)
            json->failure = ERR_NOMEM;
        jsonout_key(json, "begins");
        jsonout_text(json, buf_slice(&begins));
        buf_release(&begins);
        jsonout_object_end(json);
    }
    jsonout_array_end(json);
}

static void add_defects_json(const struct explain *explain, const struct parsed *parsed,
                             struct jsonout *json)
{
    jsonout_key(json, "defects");
    jsonout_array_begin(json);
    for (int i = DEFECT_NONE + 1; i < N_DEFECTS; i++) {
        if (!(parsed->defects & defect_bit((enum defect)i)))
            continue;
        jsonout_object_begin(json);
        jsonout_key(json, "class");
        jsonout_text(json, slice_text(defect_classes[i].name));
        jsonout_key(json, "action");
        jsonout_text(json, slice_text(defect_action_name(explain->policy->actions[i])));
        jsonout_object_end(json);
    }
    jsonout_array_end(json);
}

static int explain_add_json(const struct explain *explain, struct explained *explained,
                            struct buf *out, struct error *err)
{
    const struct parsed *parsed = explained->parsed;
    const char *shape = parsed->format ? parsed->format->name : NULL;
    const bool is_reject = parsed->rejected_for != DEFECT_NONE;
    char members[PLACE_BYTES];
    struct jsonout json;

    explain_shape(explained, members, sizeof members);
    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    jsonout_key(&json, "schema");
    jsonout_text(&json, slice_text("curate.ingest-explain/1"));
    jsonout_key(&json, "path");
    jsonout_text(&json, slice_text(explained->path));
    jsonout_key(&json, "line");
    jsonout_int(&json, (int64_t)explained->record->line);
    jsonout_key(&json, "byte_offset");
    jsonout_int(&json, (int64_t)explained->record->byte_offset);
    jsonout_key(&json, "item");
    jsonout_int(&json, (int64_t)parsed->sample.item);
    jsonout_key(&json, "shape");
    jsonout_text(&json, shape ? slice_text(shape) : slice_of(NULL, 0));
    jsonout_key(&json, "shape_by");
    jsonout_text(&json, slice_text(members));
    jsonout_key(&json, "kind");
    jsonout_text(&json, is_reject ? slice_of(NULL, 0)
                                  : slice_text(sample_kind_name(parsed->sample.kind)));
    jsonout_key(&json, "rejected");
    jsonout_text(&json, is_reject ? slice_text(defect_classes[parsed->rejected_for].name)
                                  : slice_of(NULL, 0));
    jsonout_key(&json, "detail");
    jsonout_text(&json, is_reject ? parsed->detail : slice_of(NULL, 0));
    add_members_json(explained, &json, err);
    add_defects_json(explain, parsed, &json);
    jsonout_object_end(&json);
    if (jsonout_end(&json, err) < 0)
        return -1;
    return buf_add_text(out, "\n", err);
}

static int print_explained(struct explain *explain, struct explained *explained,
                           struct error *err)
{
    struct buf out;
    int rc;

    buf_init(&out, LINE_MAX_BYTES);
    if (explain->as_json)
        rc = explain_add_json(explain, explained, &out, err);
    else
        rc = add_head_text(explained, &out, err) < 0 ||
                     explain_add_members(explained, &out, err) < 0 ||
                     explain_add_defects_text(explain, explained->parsed, &out, err) < 0
                 ? -1
                 : 0;
    if (rc == 0)
        rc = file_out_add(explain->out, buf_slice(&out), err);
    buf_release(&out);
    return rc;
}

int explain_record(struct explain *explain, const char *path, const struct format *shape,
                   const struct frame_record *record, const struct parsed *parsed,
                   struct error *err)
{
    static const struct sample nothing = { .response_turn = -1 };
    struct explained explained = {
        .path = path, .shape = shape, .record = record, .parsed = parsed
    };
    enum json_issue issue;
    const char *detail;
    size_t at;

    explain->n = path == explain->path ? explain->n + 1 : 1;
    explain->path = path;
    if (explain->n > EXPLAIN_RECORDS)
        return 0;
    if (json_parse(explain->json, record->text, &explained.value, &issue, &at, &detail, err) <
        0)
        return -1;
    int rc =
        places_list(parsed->rejected_for ? &nothing : &parsed->sample, &explained.places, err);
    if (rc == 0)
        rc = print_explained(explain, &explained, err);
    places_release(&explained.places);
    return rc;
}

int explain_end(struct explain *explain, struct error *err)
{
    return file_out_commit(explain->out, err);
}
