/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/export/layouts/chat_write.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "stages/export/layouts/emit.h"
#include "stages/record/chat_style.h"
#include "stages/record/roles.h"
#include "store/sample.h"

/* One record being written. Refusals stop it half-way; chat_write() takes back what was
 * written. */
struct chat_writer {
    const struct sample *sample;
    const struct chat_style *style;
    struct jsonout json;
    struct json *parser; /* made when the first extra is met */
    const char **why;
    struct error *err;
};

/* What is particular about a turn: the members of its extra that stand in for usual ones. */
struct special {
    const struct json_value *role;    /* the word itself, where extra keeps it */
    const struct json_value *content; /* the parts, where extra keeps them */
    bool has_calls;
};

static int refuse(struct chat_writer *writer, const char *detail)
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
        return refuse(writer, "the extra of a turn is not a JSON object with members");
    return 1;
}

/* Would a reader that finds these parts come to the turn's text? */
static int check_parts(struct chat_writer *writer, const struct turn *turn,
                       const struct json_value *parts)
{
    struct buf buf;
    int rc = -1;

    if (json_type(parts) != JSON_ARRAY)
        return refuse(writer, "the extra of a turn holds a member named like its text");
    buf_init(&buf, SIZE_MAX / 4);
    if (chat_join_parts(parts, &buf, writer->err) == 0)
        rc = slice_equal(buf_slice(&buf), turn->content)
                 ? 1
                 : refuse(writer, "a turn's text differs from its content parts");
    buf_release(&buf);
    return rc;
}

static int look_at_extra(struct chat_writer *writer, const struct turn *turn,
                         struct special *special)
{
    const struct json_value *extra;

    *special = (struct special){ NULL, NULL, false };
    if (!turn->extra.ptr)
        return 1;
    const int rc = parse_extra(writer, turn->extra, &extra);
    if (rc != 1)
        return rc;
    special->role = json_get(extra, writer->style->role_key);
    special->content = json_get(extra, writer->style->text_key);
    special->has_calls = chat_has_calls(extra);
    if (special->role &&
        (!chat_is_call(json_text(special->role)) || !turn_has_role(turn, role_assistant)))
        return refuse(writer, "the extra of a turn holds a member named like its role");
    return special->content ? check_parts(writer, turn, special->content) : 1;
}

/* The first user turn carries the sample's context, a blank line between. */
static int write_content(struct chat_writer *writer, struct slice context, struct slice content)
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

static int write_turn(struct chat_writer *writer, const struct turn *turn, struct slice context)
{
    const char *word = chat_word(writer->style, turn->role);
    struct jsonout *json = &writer->json;
    struct special special;

    if (!word)
        return refuse(
            writer,
            "a turn's role has no name in this shape; --roles trim leaves such turns out");
    int rc = look_at_extra(writer, turn, &special);
    if (rc == 1 && context.ptr && special.content)
        rc = refuse(writer, "the turn that carries the context has content parts");
    if (rc != 1)
        return rc;

    jsonout_object_begin(json);
    if (!special.role) {
        jsonout_key(json, writer->style->role_key);
        jsonout_text(json, slice_text(word));
    }
    if (!special.content) {
        jsonout_key(json, writer->style->text_key);
        if (special.has_calls && turn->content.len == 0 && !context.ptr)
            jsonout_null(json);
        else
            rc = write_content(writer, context, turn->content);
    }
    if (turn->extra.len >
        2) /* between the brackets: written by json_write() when it was read */
        jsonout_raw(json, slice_of(turn->extra.ptr + 1, turn->extra.len - 2));
    jsonout_object_end(json);
    return rc;
}

static int write_list(struct chat_writer *writer)
{
    const struct sample *sample = writer->sample;
    const struct slice none = { NULL, 0 };
    struct slice context = sample->context;
    int rc = 1;

    jsonout_key(&writer->json, writer->style->list_key);
    jsonout_array_begin(&writer->json);
    if (sample->system.ptr && writer->style->system_is_message)
        rc =
            write_turn(writer, &(const struct turn){ role_system, sample->system, none }, none);
    for (size_t i = 0; rc == 1 && i < sample->n_turns; i++) {
        const bool carries = context.ptr && turn_has_role(&sample->turns[i], role_user);

        rc = write_turn(writer, &sample->turns[i], carries ? context : none);
        if (carries)
            context = none;
    }
    jsonout_array_end(&writer->json);
    if (rc == 1 && context.ptr)
        rc = refuse(writer, "no user turn carries the context");
    return rc;
}

static int write_record(struct chat_writer *writer)
{
    const struct sample *sample = writer->sample;
    struct jsonout *json = &writer->json;

    jsonout_object_begin(json);
    emit_id(json, sample);
    if (sample->system.ptr && !writer->style->system_is_message) {
        jsonout_key(json, "system");
        jsonout_text(json, sample->system);
    }
    int rc = write_list(writer);
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
        rc = refuse(&writer, "its first turn would be taken for the system text");
    if (rc == 1) {
        jsonout_init(&writer.json, out);
        rc = write_record(&writer);
    }
    if (rc == 0 && out->len > before) {
        out->len = before;
        out->data[before] = '\0';
    }
    json_free(writer.parser);
    return rc;
}
