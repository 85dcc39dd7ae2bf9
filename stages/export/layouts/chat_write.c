/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/export/layouts/chat_write.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/chat/trained.h"
#include "base/error.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "stages/export/layouts/emit.h"
#include "stages/record/chat_style.h"
#include "stages/record/roles.h"
#include "store/sample.h"

/* One record. When the style cannot hold the sample, writing stops half-way and chat_write()
 * removes what was appended. */
struct chat_writer {
    const struct sample *sample;
    const struct chat_style *style;
    struct jsonout json;
    struct json *parser; /* made for the first extra */
    const char **why;
    struct error *err;
};

/* The members of a turn's extra that override the ones that chat_write() makes. */
struct overrides {
    const struct json_value *role;    /* the role word; NULL: not in extra */
    const struct json_value *content; /* the content parts; NULL: not in extra */
    bool has_calls;
};

/* Functions below return 1, 0 when the style cannot hold the sample, -1 for ERR_NOMEM. */
static int cannot_hold(struct chat_writer *writer, const char *detail)
{
    *writer->why = detail;
    return 0;
}

static int parse_extra(struct chat_writer *writer, struct slice extra,
                       const struct json_value **out)
{
    enum json_issue issue;
    const char *detail;
    size_t at;

    if (!writer->parser && json_new(&writer->parser, writer->err) < 0)
        return -1;
    if (json_parse(writer->parser, extra, out, &issue, &at, &detail, writer->err) < 0)
        return -1;
    if (json_type(*out) != JSON_OBJECT || json_count(*out) == 0)
        return cannot_hold(writer, "the extra of a turn is not a JSON object with members");
    return 1;
}

/* Does a reader of these content parts get the text of the turn? */
static int check_parts(struct chat_writer *writer, const struct turn *turn,
                       const struct json_value *parts)
{
    struct buf buf;
    int rc = -1;

    if (json_type(parts) != JSON_ARRAY)
        return cannot_hold(writer, "the extra of a turn holds a member named like its text");
    buf_init(&buf, SIZE_MAX / 4);
    if (chat_join_parts(parts, &buf, writer->err) == 0)
        rc = slice_equal(buf_slice(&buf), turn->content)
                 ? 1
                 : cannot_hold(writer, "a turn's text differs from its content parts");
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

/* Does extra say in another place whether the turn is trained on, or would one member be there
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

/* Can a reader set what the turn says of being trained on? */
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

    *overrides = (struct overrides){ NULL, NULL, false };
    if (!turn->extra.ptr)
        return 1;
    const int rc = parse_extra(writer, turn->extra, &extra);
    if (rc != 1)
        return rc;
    overrides->role = json_get(extra, writer->style->role_key);
    overrides->content = json_get(extra, writer->style->text_key);
    overrides->has_calls = chat_has_calls(extra);
    if (has_second_verdict(writer->style, turn, extra))
        return cannot_hold(writer, "the extra of a turn holds a second weight");
    if (has_second_text(writer->style, extra))
        return cannot_hold(writer, "the extra of a turn holds a text under another name");
    if (overrides->role &&
        (!chat_is_call(json_text(overrides->role)) || !turn_has_role(turn, role_assistant)))
        return cannot_hold(writer, "the extra of a turn holds a member named like its role");
    return overrides->content ? check_parts(writer, turn, overrides->content) : 1;
}

/* Write the content of a turn, with the context in front if the turn carries it. */
static int write_chat_content(struct chat_writer *writer, struct slice context,
                              struct slice content)
{
    struct buf whole;
    int rc = -1;

    if (!context.ptr) {
        jsonout_text(&writer->json, content);
        return 1;
    }
    buf_init(&whole, SIZE_MAX / 4);
    if (buf_add_slice(&whole, context, writer->err) == 0 &&
        buf_add_text(&whole, "\n\n", writer->err) == 0 &&
        buf_add_slice(&whole, content, writer->err) == 0) {
        jsonout_text(&writer->json, buf_slice(&whole));
        rc = 1;
    }
    buf_release(&whole);
    return rc;
}

static int write_message(struct chat_writer *writer, const struct turn *turn,
                         struct slice context)
{
    const char *word = chat_word(writer->style, turn->role);
    struct jsonout *json = &writer->json;
    struct overrides overrides;

    if (!word)
        return cannot_hold(
            writer,
            "a turn's role has no name in this shape; --roles trim leaves such turns out");
    int rc = find_overrides(writer, turn, &overrides);
    if (rc == 1 && !is_trained_readable(turn))
        rc = cannot_hold(writer, "only an answer can have weight 0, and no system message 1");
    if (rc == 1 && context.ptr && overrides.content)
        rc = cannot_hold(writer, "the turn that carries the context has content parts");
    if (rc != 1)
        return rc;

    jsonout_object_begin(json);
    if (!overrides.role) {
        jsonout_key(json, writer->style->role_key);
        jsonout_text(json, slice_text(word));
    }
    if (!overrides.content) {
        jsonout_key(json, writer->style->text_key);
        if (overrides.has_calls && turn->content.len == 0 && !context.ptr)
            jsonout_null(json);
        else
            rc = write_chat_content(writer, context, turn->content);
    }
    write_trained(writer, turn);
    /* The text between the braces: json_write() wrote it when the record was read. */
    if (turn->extra.len > 2)
        jsonout_raw(json, slice_of(turn->extra.ptr + 1, turn->extra.len - 2));
    jsonout_object_end(json);
    return rc;
}

static int write_messages(struct chat_writer *writer)
{
    const struct sample *sample = writer->sample;
    const struct turn prompt = { .role = role_system, .content = sample->system };
    const struct slice none = { NULL, 0 };
    struct slice context = sample->context;
    int rc = 1;

    jsonout_key(&writer->json, writer->style->list_key);
    jsonout_array_begin(&writer->json);
    if (sample->system.ptr && writer->style->system_is_message)
        rc = write_message(writer, &prompt, none);
    for (size_t i = 0; rc == 1 && i < sample->n_turns; i++) {
        const bool carries = context.ptr && turn_has_role(&sample->turns[i], role_user);

        rc = write_message(writer, &sample->turns[i], carries ? context : none);
        if (carries)
            context = none;
    }
    jsonout_array_end(&writer->json);
    if (rc == 1 && context.ptr)
        rc = cannot_hold(writer, "no user turn carries the context");
    return rc;
}

static int write_chat_record(struct chat_writer *writer)
{
    const struct sample *sample = writer->sample;
    struct jsonout *json = &writer->json;

    jsonout_object_begin(json);
    emit_id(json, sample);
    if (sample->system.ptr && !writer->style->system_is_message) {
        jsonout_key(json, "system");
        jsonout_text(json, sample->system);
    }
    int rc = write_messages(writer);
    if (rc == 1)
        rc = emit_tools(json, sample, writer->err);
    if (rc == 1)
        emit_context_bytes(json, sample);
    jsonout_object_end(json);
    if (rc == 1 && jsonout_end(json, writer->err) < 0)
        rc = -1;
    return rc;
}

int chat_write(const struct sample *sample, const struct chat_style *style, struct buf *out,
               const char **why, struct error *err)
{
    struct chat_writer writer = { .sample = sample, .style = style, .why = why, .err = err };
    const size_t before = out->len;
    int rc = emit_check(sample, why) ? 1 : 0;

    if (rc == 1 && sample->n_turns > 0 && !sample->system.ptr && !sample->turns[0].extra.ptr &&
        turn_has_role(&sample->turns[0], role_system))
        rc = cannot_hold(&writer, "its first turn would be read as the system prompt");
    if (rc == 1) {
        jsonout_init(&writer.json, out);
        rc = write_chat_record(&writer);
    }
    if (rc == 0 && out->len > before) {
        out->len = before;
        out->data[before] = '\0';
    }
    json_free(writer.parser);
    return rc;
}
