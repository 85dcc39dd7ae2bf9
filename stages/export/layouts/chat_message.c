/* SPDX-License-Identifier: Apache-2.0 */
/* One message of a chat: its text, its thought, its calls and the members of the extra. */
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/chat/chat_part.h"
#include "base/chat/trained.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "stages/export/layouts/chat_private.h"
#include "stages/export/layouts/emit.h"
#include "stages/record/chat_style.h"
#include "stages/record/passage.h"
#include "stages/record/roles.h"
#include "store/sample.h"

static const char thought_key[] = "reasoning_content";

/* The members of a turn's extra that override the ones that chat_write() makes. */
struct overrides {
    const struct json_value *role;    /* the role word; NULL: not in extra */
    const struct json_value *content; /* the content parts; NULL: not in extra */
    bool has_calls;
};

static int parse_extra(struct chat_writer *writer, struct slice extra,
                       const struct json_value **out)
{
    if (chat_parse(writer, &writer->parser, extra, out) < 0)
        return -1;
    if (json_type(*out) != JSON_OBJECT || json_count(*out) == 0)
        return chat_cannot_hold(writer,
                                "the extra of a turn is not a JSON object with members");
    return 1;
}

/* Does a reader of these content parts get the text of the turn? */
static int check_parts(struct chat_writer *writer, const struct turn *turn,
                       const struct json_value *parts)
{
    struct buf buf;
    int rc = -1;

    if (json_type(parts) != JSON_ARRAY)
        return chat_cannot_hold(writer,
                                "the extra of a turn holds a member named like its text");
    buf_init(&buf, SIZE_MAX / 4);
    if (chat_join_parts(parts, &buf, writer->err) == 0)
        rc = slice_equal(buf_slice(&buf), turn->content)
                 ? 1
                 : chat_cannot_hold(writer, "a turn's text differs from its content parts");
    buf_release(&buf);
    return rc;
}

/* Does extra hold a text under another name than the style's? A reader would find two. */
static bool has_second_text(const struct chat_style *style, const struct json_value *extra)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    while (json_member_next(extra, &pos, &name, &value) == 1)
        if (json_type(value) != JSON_NULL && chat_is_text_key(name) &&
            !slice_equal(name, slice_text(style->text_key)))
            return true;
    return false;
}

/* Does extra also say whether the turn is trained on, or have a member that would be written
 * twice? */
static bool has_second_verdict(const struct chat_style *style, const struct turn *turn,
                               const struct json_value *extra)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    if (turn->trained != TURN_TRAINED_UNSAID && json_get(extra, style->trained_key))
        return true;
    while (json_member_next(extra, &pos, &name, &value) == 1) {
        const int trained = trained_of(name, value);

        if (trained == 0 || (trained == 1 && !turn_has_role(turn, role_system)))
            return true;
    }
    return false;
}

/* Would a reader get the same `trained` for this turn? */
static bool is_trained_readable(const struct turn *turn)
{
    return turn->trained == TURN_TRAINED_UNSAID ||
           (turn->trained == TURN_TRAINED_NO ? turn_has_role(turn, role_assistant)
                                             : !turn_has_role(turn, role_system));
}

static void write_trained(struct chat_writer *writer, const struct turn *turn)
{
    const bool trained = turn->trained == TURN_TRAINED_YES;

    if (turn->trained == TURN_TRAINED_UNSAID)
        return;
    jsonout_key(&writer->json, writer->style->trained_key);
    if (writer->style->trained_is_number)
        jsonout_int(&writer->json, trained);
    else
        jsonout_bool(&writer->json, trained);
}

/* Find the members that extra overrides. */
static int find_overrides(struct chat_writer *writer, const struct turn *turn,
                          struct overrides *overrides)
{
    const struct json_value *extra;

    *overrides = (struct overrides){ .role = NULL };
    if (!turn->extra.ptr)
        return 1;
    const int rc = parse_extra(writer, turn->extra, &extra);
    if (rc != 1)
        return rc;
    overrides->role = json_get(extra, writer->style->role_key);
    overrides->content = json_get(extra, writer->style->text_key);
    overrides->has_calls = chat_has_calls(extra);
    if (turn->thought.ptr && json_get(extra, thought_key))
        return chat_cannot_hold(writer,
                                "the extra of a turn holds a member named like its thought");
    if (has_second_verdict(writer->style, turn, extra))
        return chat_cannot_hold(writer, "the extra of a turn holds a second weight");
    if (has_second_text(writer->style, extra))
        return chat_cannot_hold(writer, "the extra of a turn holds a text under another name");
    if (overrides->role &&
        (!chat_is_call(json_text(overrides->role)) || !turn_has_role(turn, role_assistant)))
        return chat_cannot_hold(writer,
                                "the extra of a turn holds a member named like its role");
    return overrides->content ? check_parts(writer, turn, overrides->content) : 1;
}

/* Append the text of a message: thought, content and calls as far as the style has them in the
 * text. */
static int add_own_text(struct chat_writer *writer, const struct turn *turn, struct buf *out)
{
    const struct chat_style *style = writer->style;
    struct error *err = writer->err;
    int rc;

    if (turn->media.ptr && turn->thought.ptr && style->thoughts_are_text)
        rc = chat_cannot_hold(writer, "a turn has media and a thought");
    else if (turn->media.ptr)
        rc = chat_add_marked_text(writer, turn, out);
    else if (turn->thought.ptr && style->thoughts_are_text)
        rc = emit_add_answer(turn, out, writer->why, err);
    else
        rc = buf_add_slice(out, turn->content, err) < 0 ? -1 : 1;
    if (rc != 1 || !turn->calls.ptr || !style->calls_are_text)
        return rc;
    return turn->content.len > 0 || turn->media.ptr
               ? chat_cannot_hold(writer, "a turn has text or media beside its calls")
               : chat_add_calls(writer, turn, out);
}

/* The same with the context, which stands where the record had it. */
static int add_message_text(struct chat_writer *writer, const struct turn *turn,
                            struct slice context, struct buf *out)
{
    const bool is_last = passage_is_last(writer->sample->split);
    struct error *err = writer->err;

    if (context.ptr && !is_last &&
        (buf_add_slice(out, context, err) < 0 || buf_add_text(out, "\n\n", err) < 0))
        return -1;
    const int rc = add_own_text(writer, turn, out);
    if (rc != 1 || !context.ptr || !is_last)
        return rc;
    if (buf_add_text(out, "\n\n", err) < 0 || buf_add_slice(out, context, err) < 0)
        return -1;
    return 1;
}

static int write_message_text(struct chat_writer *writer, const struct turn *turn,
                              struct slice context)
{
    struct buf text;
    int rc;

    buf_init(&text, SIZE_MAX / 4);
    rc = add_message_text(writer, turn, context, &text);
    if (rc == 1)
        jsonout_text(&writer->json, text.len > 0 ? buf_slice(&text) : slice_text(""));
    buf_release(&text);
    return rc;
}

/* Write the parts of a message. Those of a turn without media are in its extra. */
static int write_parts(struct chat_writer *writer, const struct turn *turn,
                       const struct overrides *overrides)
{
    if (overrides->content && writer->has_marks && turn->media.ptr)
        return chat_cannot_hold(writer, "a turn has content parts, and marks of media");
    if (turn->thought.ptr && writer->style->thoughts_are_text)
        return chat_cannot_hold(writer, "a turn has content parts, and a thought");
    if (turn->calls.ptr && writer->style->calls_are_text)
        return chat_cannot_hold(writer, "a turn has content parts, and calls");
    if (!turn->media.ptr)
        return 1;
    jsonout_key(&writer->json, writer->style->text_key);
    return chat_write_parts(writer, turn, overrides->content);
}

/* Write the member of a message that holds its text. */
static int write_content(struct chat_writer *writer, const struct turn *turn,
                         struct slice context, const struct overrides *overrides)
{
    const bool has_parts = overrides->content || (turn->media.ptr && !writer->has_marks);
    const bool calls =
        overrides->has_calls || (turn->calls.ptr && !writer->style->calls_are_text);
    const bool has_text = turn->content.len > 0 || context.ptr || turn->media.ptr ||
                          (turn->thought.ptr && writer->style->thoughts_are_text);

    if (context.ptr && (has_parts || turn->media.ptr))
        return chat_cannot_hold(writer, "the turn that carries the context has content parts");
    if (has_parts)
        return write_parts(writer, turn, overrides);
    jsonout_key(&writer->json, writer->style->text_key);
    if (calls && !has_text) {
        jsonout_null(&writer->json);
        return 1;
    }
    return write_message_text(writer, turn, context);
}

/* Write the members of a message that its extra does not hold. */
static int write_fields(struct chat_writer *writer, const struct turn *turn,
                        const struct overrides *overrides)
{
    const struct chat_style *style = writer->style;
    struct jsonout *json = &writer->json;

    if (turn->thought.ptr && !style->thoughts_are_text) {
        if (emit_check_thought(turn, writer->why) == 0)
            return 0;
        jsonout_key(json, thought_key);
        jsonout_text(json, turn->thought);
    }
    if (turn->calls.ptr && overrides->has_calls)
        return chat_cannot_hold(writer, "the extra of a turn holds calls, too");
    if (turn->calls.ptr && !style->calls_are_text) {
        const int rc = chat_write_calls(writer, turn);

        if (rc != 1)
            return rc;
    }
    write_trained(writer, turn);
    return 1;
}

/* Write the members of the extra, without the parts if they are written already. */
static int write_extra(struct chat_writer *writer, const struct turn *turn,
                       const struct overrides *overrides)
{
    const struct json_value *extra, *value;
    struct slice name;
    struct buf text;
    size_t pos = 0;

    /* The text between the braces: json_write() wrote it when the record was read. */
    if (!overrides->content || !turn->media.ptr) {
        if (turn->extra.len > 2)
            jsonout_raw(&writer->json, slice_of(turn->extra.ptr + 1, turn->extra.len - 2));
        return 1;
    }
    int rc = parse_extra(writer, turn->extra, &extra);
    buf_init(&text, SIZE_MAX / 4);
    while (rc == 1 && json_member_next(extra, &pos, &name, &value) == 1) {
        buf_clear(&text);
        if (slice_equal(name, slice_text(writer->style->text_key)))
            continue;
        if (json_write(value, &text, writer->err) < 0) {
            rc = -1;
        } else {
            jsonout_key(&writer->json, name.ptr);
            jsonout_raw(&writer->json, buf_slice(&text));
        }
    }
    buf_release(&text);
    return rc;
}

int chat_write_message(struct chat_writer *writer, const struct turn *turn,
                       struct slice context)
{
    const bool is_call = turn->calls.ptr && writer->style->calls_are_text;
    const char *word = is_call ? chat_call_word : chat_word(writer->style, turn->role);
    struct jsonout *json = &writer->json;
    struct overrides overrides;

    if (!word)
        return chat_cannot_hold(
            writer,
            "a turn's role has no name in this shape; --roles trim leaves such turns out");
    int rc = emit_check_text(turn, writer->why, writer->err);
    if (rc == 1)
        rc = find_overrides(writer, turn, &overrides);
    if (rc == 1 && !is_trained_readable(turn))
        rc = chat_cannot_hold(writer,
                              "only an answer can have weight 0, and no system message 1");
    if (rc != 1)
        return rc;
    jsonout_object_begin(json);
    if (!overrides.role) {
        jsonout_key(json, writer->style->role_key);
        jsonout_text(json, slice_text(word));
    }
    rc = write_content(writer, turn, context, &overrides);
    if (rc == 1)
        rc = write_fields(writer, turn, &overrides);
    if (rc == 1)
        rc = write_extra(writer, turn, &overrides);
    jsonout_object_end(json);
    return rc;
}
