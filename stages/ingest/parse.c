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
#include "base/text/utf8.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/formats/members.h"
#include "stages/ingest/outline.h"
#include "stages/record/defect.h"
#include "stages/record/repair.h"

struct parser {
    const struct format_options *options;
    struct defect_policy policy;
    struct json *json;
    struct json *inner; /* for JSON inside a JSON string; made for the first such record */
    struct identifier *identifier;
};

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
    if (options->max_tree_bytes > 0)
        json_limit(parser->json, options->max_tree_bytes);
    *out = parser;
    return 0;
}

void parser_free(struct parser *parser)
{
    if (!parser)
        return;
    identifier_free(parser->identifier);
    json_free(parser->inner);
    json_free(parser->json);
    free(parser);
}

/* A record as JSON. value is NULL when issue is not JSON_OK. */
struct decoded {
    const struct json_value *value;
    enum json_issue issue;
    size_t at;
    const char *detail;
    uint64_t defects;
};

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

struct noted_defect {
    unsigned note; /* one bit */
    enum defect defect;
};

static const struct noted_defect frame_defects[] = {
    { FRAME_NOTED_BOM, DEFECT_BOM },
    { FRAME_NOTED_CR, DEFECT_CR },
    { FRAME_NOTED_BLANK_LINE, DEFECT_BLANK_LINE },
    { FRAME_NOTED_COMMA, DEFECT_STRAY_COMMA },
    { FRAME_NOTED_SAME_LINE, DEFECT_SAME_LINE },
    { FRAME_NOTED_MANY_LINES, DEFECT_MANY_LINES },
};

static const struct noted_defect json_defects[] = {
    { JSON_NOTED_NAN, DEFECT_NAN_INF },
    { JSON_NOTED_SURROGATE, DEFECT_LONE_SURROGATE },
    { JSON_NOTED_NUL, DEFECT_NUL },
    { JSON_NOTED_CONTROL, DEFECT_CONTROL },
    { JSON_NOTED_BIG_NUMBER, DEFECT_BIG_NUMBER },
    { JSON_NOTED_DUPLICATE_KEY, DEFECT_DUPLICATE_KEY },
};

enum {
    N_FRAME_DEFECTS = sizeof frame_defects / sizeof frame_defects[0],
    N_JSON_DEFECTS = sizeof json_defects / sizeof json_defects[0],
};

/* Notes are the bits 1, 2, 4 and so on: n entries cover them all when the last is bit n - 1. */
static_assert(FRAME_NOTED_END - 1 == 1 << (N_FRAME_DEFECTS - 1), "a note has no defect");
static_assert(JSON_NOTED_END - 1 == 1 << (N_JSON_DEFECTS - 1), "a note has no defect");

static uint64_t defects_of_notes(const struct noted_defect *table, size_t n, unsigned notes)
{
    uint64_t defects = 0;

    for (size_t i = 0; i < n; i++)
        if (notes & table[i].note)
            defects |= defect_bit(table[i].defect);
    return defects;
}

uint64_t parse_frame_defects(unsigned notes)
{
    return defects_of_notes(frame_defects, N_FRAME_DEFECTS, notes);
}

static uint64_t parse_json_defects(const struct json *json)
{
    return defects_of_notes(json_defects, N_JSON_DEFECTS, json_noted(json));
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
            "a record");
    case FRAME_TOO_DEEP:
        return parse_reject(out, DEFECT_TOO_DEEP, "more than 256 brackets are open at a time");
    case FRAME_BAD_ROW:
        return parse_reject(out, DEFECT_BAD_CSV,
                            "the quotes of the row do not match, or it has too many fields");
    case FRAME_RAGGED:
        return reject_ragged(record, arena, out, err);
    case FRAME_OFF_PATH:
        return reject_off_path(record, arena, out, err);
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
                           .options = parser->options,
                           .arena = arena,
                           .out = &out->sample,
                           .err = err };
    const int rc = format_read(out->format, &draft);

    if (rc < 0)
        return -1;
    if (rc == 0)
        return parse_reject(out, draft.rejected_for, draft.detail);
    return sample_identify(parser->identifier, &out->sample, err);
}

/* Is it a list of messages without a record around it? */
static bool is_messages(const struct json_value *value)
{
    struct members message;

    members_find(json_at(value, 0), &message);
    return message.values[MEMBER_ROLE] || message.values[MEMBER_FROM];
}

/* The members of a record. A list of messages is the only member of its record. */
static void parse_members(const struct json_value *value, struct members *out)
{
    members_find(value, out);
    if (json_type(value) == JSON_ARRAY && is_messages(value))
        out->values[MEMBER_MESSAGES] = value;
}

/* Read a record by the shape of its file, or by the first shape that it matches. A shape that
 * leaves text unread is not the record's if another one matches. */
static int read_record(struct parser *parser, const struct json_value *value,
                       const struct format *format, bool forced, struct arena *arena,
                       struct parsed *out, struct error *err)
{
    struct members members;

    parse_members(value, &members);
    out->format = choose_format(&members, format, forced);
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

static int parse_text(struct json *json, struct slice text, struct decoded *out,
                      struct error *err)
{
    return json_parse(json, text, &out->value, &out->issue, &out->at, &out->detail, err);
}

/* Parse again with each malformed byte replaced by U+FFFD, if the policy repairs bad_utf8. */
static int decode_repaired(struct parser *parser, struct slice text, struct arena *arena,
                           struct decoded *out, struct error *err)
{
    struct slice repaired;
    struct buf buf;

    if (parser->policy.actions[DEFECT_BAD_UTF8] != ACTION_REPAIR)
        return 0;
    buf_init(&buf, SIZE_MAX / 4);
    if (utf8_repair(text, &buf, err) < 0) {
        buf_release(&buf);
        return -1;
    }
    repaired = arena_copy(arena, buf_slice(&buf));
    buf_release(&buf);
    if (!repaired.ptr)
        return error_nomem(err);
    if (parse_text(parser->json, repaired, out, err) < 0)
        return -1;
    out->defects |= defect_bit(DEFECT_BAD_UTF8);
    return 0;
}

/* Replace a string that holds an object by that object, once. */
static int decode_inner(struct parser *parser, struct decoded *out, struct error *err)
{
    const struct slice text = json_text(out->value);
    struct decoded inner = { .issue = JSON_OK };

    if (text.len == 0 || !memchr(text.ptr, '{', text.len))
        return 0;
    if (!parser->inner) {
        if (json_new(&parser->inner, err) < 0)
            return -1;
        if (parser->options->max_tree_bytes > 0)
            json_limit(parser->inner, parser->options->max_tree_bytes);
    }
    if (parse_text(parser->inner, text, &inner, err) < 0)
        return -1;
    if (inner.issue != JSON_OK || json_type(inner.value) != JSON_OBJECT)
        return 0;
    out->value = inner.value;
    out->defects |= defect_bit(DEFECT_DOUBLE_ENCODED) | parse_json_defects(parser->inner);
    return 0;
}

static int decode_record(struct parser *parser, const struct frame_record *record,
                         struct arena *arena, struct decoded *out, struct error *err)
{
    *out = (struct decoded){ .issue = JSON_OK };
    if (parse_text(parser->json, record->text, out, err) < 0)
        return -1;
    if (out->issue == JSON_BAD_UTF8 && arena &&
        decode_repaired(parser, record->text, arena, out, err) < 0)
        return -1;
    if (out->issue != JSON_OK)
        return 0;
    out->defects |= parse_frame_defects(record->noted) | parse_json_defects(parser->json);
    return json_type(out->value) == JSON_STRING ? decode_inner(parser, out, err) : 0;
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

int parse_record(struct parser *parser, const struct frame_record *record,
                 const struct format *format, bool forced, struct arena *arena,
                 struct parsed *out, struct error *err)
{
    struct decoded decoded;

    *out = (struct parsed){ .rejected_for = DEFECT_NONE };
    if (record->issue != FRAME_OK)
        return reject_frame(parser, record, arena, out, err);
    if (decode_record(parser, record, arena, &decoded, err) < 0)
        return -1;
    if (decoded.issue != JSON_OK)
        return reject_json(record, decoded.issue, decoded.at, decoded.detail, arena, out, err);
    if (json_type(decoded.value) != JSON_OBJECT && !is_messages(decoded.value))
        return parse_reject(out, DEFECT_NOT_AN_OBJECT, "it is JSON, and no object");
    if (json_count(decoded.value) == 0)
        return parse_reject(out, DEFECT_EMPTY_RECORD, "it is an object without members");
    if (read_record(parser, decoded.value, format, forced, arena, out, err) < 0)
        return -1;
    if (out->rejected_for)
        return 0;
    /* Repaired defects were recorded by the repair: do not report them again for the repaired
     * text. */
    const uint64_t left =
        defect_scan_texts(&out->sample) & ~(repair_known() & defect_repaired(&parser->policy));
    return apply_policy(parser, record, decoded.defects | out->sample.defects | left, out);
}

int parse_detect(struct parser *parser, const struct frame_record *record,
                 const struct format **out, struct error *err)
{
    struct decoded decoded = { .issue = JSON_BAD_SYNTAX };
    struct members members;

    if (record->issue == FRAME_OK && decode_record(parser, record, NULL, &decoded, err) < 0)
        return -1;
    parse_members(decoded.value, &members);
    *out = decoded.issue == JSON_OK ? format_detect(&members) : NULL;
    return 0;
}
