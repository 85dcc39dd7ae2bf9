/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/parse.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/io/frame.h"
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/formats/mapping.h"
#include "stages/ingest/formats/members.h"
#include "stages/ingest/outline.h"
#include "stages/ingest/parse_private.h"
#include "stages/ingest/unfold.h"
#include "stages/record/defect.h"
#include "stages/record/repair.h"

int parser_new(const struct format_options *options, struct parser **out, struct error *err)
{
    struct parser *parser = calloc(1, sizeof *parser);

    if (!parser)
        return error_nomem(err);
    parser->options = options;
    defect_policy_init(&parser->policy);
    if (options->policy)
        parser->policy = *options->policy;
    if (json_new(&parser->json, err) < 0 || identifier_new(&parser->identifier, err) < 0) {
        parser_free(parser);
        return -1;
    }
    if (options->mapping && json_new(&parser->mapped, err) < 0) {
        parser_free(parser);
        return -1;
    }
    if (options->max_tree_bytes > 0)
        json_limit(parser->json, options->max_tree_bytes);
    if (options->max_tree_bytes > 0 && parser->mapped)
        json_limit(parser->mapped, options->max_tree_bytes);
    *out = parser;
    return 0;
}

void parser_free(struct parser *parser)
{
    if (!parser)
        return;
    identifier_free(parser->identifier);
    json_free(parser->mapped);
    json_free(parser->inner);
    json_free(parser->json);
    free(parser);
}

static int parse_reject(struct parsed *out, enum defect defect, const char *detail)
{
    out->rejected_for = defect;
    out->detail = slice_text(detail);
    return 0;
}

static int reject_at(struct parsed *out, enum defect defect, size_t at, const char *detail,
                     struct arena *arena, struct error *err)
{
    char text[256];

    snprintf(text, sizeof text, "at byte %zu of the record: %s", at, detail);
    out->rejected_for = defect;
    out->detail = arena_copy(arena, slice_text(text));
    return out->detail.ptr ? 0 : error_nomem(err);
}

static enum defect json_defect(enum json_issue issue)
{
    switch (issue) {
    case JSON_BAD_UTF8:
        return DEFECT_BAD_UTF8;
    case JSON_TOO_DEEP:
        return DEFECT_TOO_DEEP;
    case JSON_TRUNCATED:
        return DEFECT_TRUNCATED;
    case JSON_TOO_LARGE:
        return DEFECT_TOO_LONG;
    case JSON_OK:
    case JSON_BAD_SYNTAX:
        return DEFECT_BAD_JSON;
    }
    return DEFECT_BAD_JSON;
}

/* Does the record begin with a mark of UTF-16 or UTF-32? The reader converts such files unless
 * the policy rejects the mark. */
static bool has_wide_mark(const struct frame_record *record)
{
    static const struct slice marks[] = { { "\xff\xfe", 2 },
                                          { "\xfe\xff", 2 },
                                          { "\0\0\xfe\xff", 4 } };

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (record->text.len >= marks[i].len &&
            memcmp(record->text.ptr, marks[i].ptr, marks[i].len) == 0)
            return true;
    return false;
}

/* Reject text that stops being JSON at byte `at`. */
static int reject_json(const struct frame_record *record, enum json_issue issue, size_t at,
                       const char *detail, struct arena *arena, struct parsed *out,
                       struct error *err)
{
    enum defect defect = json_defect(issue);

    if (issue == JSON_TOO_LARGE)
        detail = "it has so many values that they do not fit into memory; if it holds many "
                 "records, --records reads them one by one";
    if (issue == JSON_BAD_UTF8 && has_wide_mark(record)) {
        detail = "this is UTF-16 or UTF-32; convert the file to UTF-8, with iconv for instance";
        defect = record->byte_offset == 0 ? DEFECT_BOM : defect;
    }
    return reject_at(out, defect, at, detail, arena, err);
}

/* Reject a record whose brackets do not match. The JSON parser gives a more precise reason than
 * the framing does. */
static int reject_broken(struct parser *parser, const struct frame_record *record,
                         struct arena *arena, struct parsed *out, struct error *err)
{
    const struct json_value *value;
    enum json_issue issue;
    const char *detail;
    size_t at;

    if (json_parse(parser->json, record->text, &value, &issue, &at, &detail, err) < 0)
        return -1;
    if (issue == JSON_OK)
        return parse_reject(out, DEFECT_BAD_JSON, "stray bytes around a value");
    if (issue != JSON_BAD_UTF8)
        issue = JSON_BAD_SYNTAX;
    return reject_json(record, issue, at, detail, arena, out, err);
}

static int reject_ragged(const struct frame_record *record, struct arena *arena,
                         struct parsed *out, struct error *err)
{
    char text[128];

    snprintf(text, sizeof text, "the row has %zu field%s, and the table has %zu column%s",
             record->n_fields, record->n_fields == 1 ? "" : "s", record->n_columns,
             record->n_columns == 1 ? "" : "s");
    out->rejected_for = DEFECT_BAD_CSV;
    out->detail = arena_copy(arena, slice_text(text));
    return out->detail.ptr ? 0 : error_nomem(err);
}

static int reject_off_path(const struct frame_record *record, struct arena *arena,
                           struct parsed *out, struct error *err)
{
    char names[160];
    char text[256];

    outline_names(record->text, names, sizeof names);
    snprintf(text, sizeof text, "nothing lies at the path of --records in this document%s%s",
             names[0] ? "; its members are " : "", names);
    out->rejected_for = DEFECT_MISSING_CONTENT;
    out->detail = arena_copy(arena, slice_text(text));
    return out->detail.ptr ? 0 : error_nomem(err);
}

static int reject_frame(struct parser *parser, const struct frame_record *record,
                        struct arena *arena, struct parsed *out, struct error *err)
{
    switch (record->issue) {
    case FRAME_TRUNCATED:
        return parse_reject(out, DEFECT_TRUNCATED,
                            "its line or the file ends inside the record");
    case FRAME_TOO_LONG:
        return parse_reject(
            out, DEFECT_TOO_LONG,
            "it is longer than --max-record allows, or what --max-memory leaves for "
            "a record; if it holds many records, --records reads them one by one");
    case FRAME_TOO_DEEP:
        return parse_reject(out, DEFECT_TOO_DEEP, "more than 256 brackets are open at a time");
    case FRAME_BAD_ROW:
        return parse_reject(out, DEFECT_BAD_CSV,
                            "the quotes of the row do not match, or it has too many fields");
    case FRAME_RAGGED:
        return reject_ragged(record, arena, out, err);
    case FRAME_OFF_PATH:
        return reject_off_path(record, arena, out, err);
    case FRAME_BAD_PAGE:
        out->n_more_rows = record->n_more_rows;
        out->rejected_for = DEFECT_BAD_PAGE;
        out->detail = record->text;
        return 0;
    case FRAME_OK:
    case FRAME_BROKEN:
        break;
    }
    return reject_broken(parser, record, arena, out, err);
}

/* The format of the file if the record matches it, else the first that matches: a file may hold
 * several shapes. */
static const struct format *choose_format(const struct members *members,
                                          const struct format *format, bool forced)
{
    if (format && (forced || format->match(members)))
        return format;
    return format_detect(members);
}

static int reject_unknown(const struct members *members, struct arena *arena,
                          struct parsed *out, struct error *err)
{
    char text[256];

    format_explain_unknown(members, text, sizeof text);
    out->rejected_for = DEFECT_UNKNOWN_SHAPE;
    out->detail = arena_copy(arena, slice_text(text));
    return out->detail.ptr ? 0 : error_nomem(err);
}

static int read_sample(struct parser *parser, const struct members *members,
                       struct arena *arena, struct parsed *out, struct error *err)
{
    struct draft draft = { .members = members,
                           .is_padded = parser->is_padded,
                           .options = parser->options,
                           .arena = arena,
                           .out = &out->sample,
                           .err = err };
    const struct mapping *mapping = parser->options->mapping;
    const int rc = mapping ? mapping_read(mapping, parser->mapped, &draft, &out->map_missing)
                           : format_read(out->format, &draft);

    if (rc < 0)
        return -1;
    if (rc == 0)
        return parse_reject(out, draft.rejected_for, draft.detail);
    return sample_identify(parser->identifier, &out->sample, err);
}

/* Read a record by the shape of its file, or by the first shape that it matches. A shape that
 * leaves text unread is not the record's if another one matches. */
static int read_record(struct parser *parser, const struct json_value *value,
                       const struct format *format, bool forced, struct arena *arena,
                       struct parsed *out, struct error *err)
{
    struct members members;

    parse_find_members(value, &members);
    if (parser->options->mapping) {
        out->format = &format_mapped;
        return read_sample(parser, &members, arena, out, err);
    }
    out->several = unfold_find_rows(&members);
    if (parser->options->all_paths && unfold_has_paths(&members))
        out->several = UNFOLD_PATHS;
    if (out->several)
        return 0;
    out->format = choose_format(&members, format, forced);
    if (!out->format || (forced && !format_detect(&members)))
        out->several = unfold_find_wrapped(&members);
    if (out->several)
        return 0;
    if (!out->format)
        return reject_unknown(&members, arena, out, err);
    if (read_sample(parser, &members, arena, out, err) < 0)
        return -1;
    const bool is_read = out->rejected_for != DEFECT_UNCLAIMED_TEXT &&
                         !(out->sample.defects & defect_bit(DEFECT_UNCLAIMED_TEXT));
    if (is_read || forced)
        return 0;
    const struct format *detected = format_detect(&members);
    if (!detected || detected == out->format)
        return 0;
    out->rejected_for = DEFECT_NONE;
    out->format = detected;
    return read_sample(parser, &members, arena, out, err);
}

/* Complete the sample, or reject it if the policy rejects one of its defects. */
static int apply_policy(const struct parser *parser, const struct frame_record *record,
                        uint64_t defects, struct parsed *out)
{
    const enum defect rejected = defect_rejected(&parser->policy, defects);

    out->defects = defects;
    out->sample.line = record->line;
    out->sample.byte_offset = record->byte_offset;
    return rejected ? parse_reject(out, rejected, defect_classes[rejected].what) : 0;
}

/* Finish a record that holds several. Its own defects are those of its layout, and those of
 * reading it; the others are found in the items. */
static int finish_several(const struct parser *parser, const struct frame_record *record,
                          const struct decoded *decoded, struct arena *arena,
                          struct parsed *out, struct error *err)
{
    const uint64_t of_text = defect_bit(DEFECT_DOUBLE_ENCODED) | defect_bit(DEFECT_BAD_UTF8);
    const uint64_t of_layout = parse_frame_defects(record->noted);
    const uint64_t defects = (decoded->defects & of_text) | of_layout;

    out->text = decoded->text;
    if (out->text.ptr != record->text.ptr)
        out->text = arena_copy(arena, out->text); /* the next record replaces it */
    if (!out->text.ptr)
        return error_nomem(err);
    const int rc = apply_policy(parser, record, defects, out);
    out->defects &= of_text; /* the first item has those of the layout */
    out->several = out->rejected_for ? UNFOLD_NONE : out->several;
    return rc;
}

int parse_record(struct parser *parser, const struct frame_record *record,
                 const struct format *format, bool forced, struct arena *arena,
                 struct parsed *out, struct error *err)
{
    struct decoded decoded;

    *out = (struct parsed){ .rejected_for = DEFECT_NONE };
    parser->is_padded = record->is_padded;
    if (record->issue != FRAME_OK)
        return reject_frame(parser, record, arena, out, err);
    if (parse_decode(parser, record, arena, &decoded, err) < 0)
        return -1;
    if (decoded.issue == JSON_TOO_LARGE && !parser->options->mapping)
        out->several = unfold_find_large(decoded.text);
    if (out->several)
        return finish_several(parser, record, &decoded, arena, out, err);
    if (decoded.issue != JSON_OK)
        return reject_json(record, decoded.issue, decoded.at, decoded.detail, arena, out, err);
    if (json_type(decoded.value) != JSON_OBJECT && !unfold_is_messages(decoded.value))
        return parse_reject(out, DEFECT_NOT_AN_OBJECT, "it is JSON, and no object");
    if (json_count(decoded.value) == 0)
        return parse_reject(out, DEFECT_EMPTY_RECORD, "it is an object without members");
    if (read_record(parser, decoded.value, format, forced, arena, out, err) < 0)
        return -1;
    if (out->several)
        return finish_several(parser, record, &decoded, arena, out, err);
    if (out->rejected_for)
        return 0;
    /* Repaired defects were recorded by the repair: do not report them again for the repaired
     * text. */
    const uint64_t left =
        defect_scan_texts(&out->sample) & ~(repair_known() & defect_repaired(&parser->policy));
    return apply_policy(parser, record, decoded.defects | out->sample.defects | left, out);
}
