/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first step of parsing: the JSON of a record.
 */
#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/io/frame.h"
#include "base/text/utf8.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/formats/members.h"
#include "stages/ingest/parse_private.h"
#include "stages/ingest/unfold.h"

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
    { FRAME_NOTED_BAD_VALUE, DEFECT_DOUBLE_ENCODED },
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

uint64_t parse_json_defects(const struct json *json)
{
    return defects_of_notes(json_defects, N_JSON_DEFECTS, json_noted(json));
}

static int parse_text(struct json *json, struct slice text, struct decoded *out,
                      struct error *err)
{
    out->text = text;
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
    out->text = inner.text;
    out->defects |= defect_bit(DEFECT_DOUBLE_ENCODED) | parse_json_defects(parser->inner);
    return 0;
}

int parse_decode(struct parser *parser, const struct frame_record *record, struct arena *arena,
                 struct decoded *out, struct error *err)
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

void parse_find_members(const struct json_value *value, struct members *out)
{
    members_find(value, out);
    if (unfold_is_messages(value))
        out->values[MEMBER_MESSAGES] = value;
}
