/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/frame.h"
#include "base/json.h"
#include "stages/formats/format.h"

struct parser {
    const struct format_options *options;
    struct json *json;
    struct identifier *identifier;
};

int parser_new(const struct format_options *options, struct parser **out, struct error *err)
{
    struct parser *parser = calloc(1, sizeof *parser);

    if (!parser)
        return error_nomem(err);
    parser->options = options;
    if (json_new(&parser->json, err) < 0 || identifier_new(&parser->identifier, err) < 0) {
        parser_free(parser);
        return -1;
    }
    *out = parser;
    return 0;
}

void parser_free(struct parser *parser)
{
    if (!parser)
        return;
    identifier_free(parser->identifier);
    json_free(parser->json);
    free(parser);
}

static int refuse(struct parsed *out, const char *class, const char *detail)
{
    out->class = class;
    out->detail = slice_text(detail);
    return 0;
}

static int refuse_at(struct parsed *out, const char *class, size_t at, const char *detail,
                     struct arena *arena, struct error *err)
{
    char text[256];

    snprintf(text, sizeof text, "at byte %zu of the record: %s", at, detail);
    out->class = class;
    out->detail = arena_copy(arena, slice_text(text));
    return out->detail.ptr ? 0 : error_nomem(err);
}

static const char *json_class(enum json_issue issue)
{
    switch (issue) {
    case JSON_BAD_UTF8:
        return "bad_utf8";
    case JSON_TOO_DEEP:
        return "too_deep";
    case JSON_TRUNCATED:
        return "truncated";
    case JSON_OK:
    case JSON_BAD_SYNTAX:
        return "bad_json";
    }
    return "bad_json";
}

/* Text that is not JSON, from which byte on. A file in UTF-16 is a common one: it is named. */
static int refuse_json(const struct frame_record *record, enum json_issue issue, size_t at,
                       const char *detail, struct arena *arena, struct parsed *out,
                       struct error *err)
{
    if (issue == JSON_BAD_UTF8 && record->text.len >= 2 &&
        (memcmp(record->text.ptr, "\xff\xfe", 2) == 0 ||
         memcmp(record->text.ptr, "\xfe\xff", 2) == 0))
        detail = "this is UTF-16; convert the file to UTF-8, with iconv for instance";
    return refuse_at(out, json_class(issue), at, detail, arena, err);
}

/* A record whose brackets do not add up. What the parser has to say about it is more to the
 * point than what the framing knows. */
static int refuse_broken(struct parser *parser, const struct frame_record *record,
                         struct arena *arena, struct parsed *out, struct error *err)
{
    const struct json_value *value;
    enum json_issue issue;
    const char *detail;
    size_t at;

    if (json_parse(parser->json, record->text, &value, &issue, &at, &detail, err) < 0)
        return -1;
    if (issue == JSON_OK)
        return refuse(out, "bad_json", "stray bytes around a value");
    if (issue != JSON_BAD_UTF8)
        issue = JSON_BAD_SYNTAX;
    return refuse_json(record, issue, at, detail, arena, out, err);
}

static int refuse_frame(struct parser *parser, const struct frame_record *record,
                        struct arena *arena, struct parsed *out, struct error *err)
{
    switch (record->issue) {
    case FRAME_TRUNCATED:
        return refuse(out, "truncated", "its line or the file ends inside the record");
    case FRAME_TOO_LONG:
        return refuse(out, "too_long", "it is longer than --max-record allows");
    case FRAME_TOO_DEEP:
        return refuse(out, "too_deep", "more than 256 brackets are open at a time");
    case FRAME_OK:
    case FRAME_BROKEN:
        break;
    }
    return refuse_broken(parser, record, arena, out, err);
}

/* The file's format if it fits, else any that does: files may be mixed. */
static const struct format *choose(const struct json_value *value, const struct format *format,
                                   bool forced)
{
    if (format && (forced || format->match(value)))
        return format;
    return format_detect(value);
}

static int read_sample(struct parser *parser, const struct json_value *value,
                       struct arena *arena, struct parsed *out, struct error *err)
{
    struct format_refusal why;
    const int rc = out->format->read(value, parser->options, arena, &out->sample, &why, err);

    if (rc < 0)
        return -1;
    if (rc == 0)
        return refuse(out, why.class, why.detail);
    return sample_identify(parser->identifier, &out->sample, err);
}

int parse_record(struct parser *parser, const struct frame_record *record,
                 const struct format *format, bool forced, struct arena *arena,
                 struct parsed *out, struct error *err)
{
    const struct json_value *value = NULL;
    enum json_issue issue;
    const char *detail;
    size_t at;

    *out = (struct parsed){ .class = NULL };
    if (record->issue != FRAME_OK)
        return refuse_frame(parser, record, arena, out, err);
    if (json_parse(parser->json, record->text, &value, &issue, &at, &detail, err) < 0)
        return -1;
    if (issue != JSON_OK)
        return refuse_json(record, issue, at, detail, arena, out, err);
    if (json_type(value) != JSON_OBJECT)
        return refuse(out, "not_an_object", "it is JSON, and no object");
    if (json_count(value) == 0)
        return refuse(out, "empty_record", "it is an object without members");
    out->format = choose(value, format, forced);
    if (!out->format)
        return refuse(
            out, "unknown_shape",
            "its keys and their types fit no shape; --format NAME names the one that is meant");
    if (read_sample(parser, value, arena, out, err) < 0)
        return -1;
    out->sample.line = record->line;
    out->sample.byte_offset = record->byte_offset;
    return 0;
}

int parse_detect(struct parser *parser, const struct frame_record *record,
                 const struct format **out, struct error *err)
{
    const struct json_value *value = NULL;
    enum json_issue issue = JSON_BAD_SYNTAX;
    const char *detail;
    size_t at;

    if (record->issue == FRAME_OK &&
        json_parse(parser->json, record->text, &value, &issue, &at, &detail, err) < 0)
        return -1;
    *out = issue == JSON_OK ? format_detect(value) : NULL;
    return 0;
}
