/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glaive: the text of glaive-function-calling. The system prompt begins with SYSTEM: and ends
 * with the tools. Turns begin with USER:, ASSISTANT: and FUNCTION RESPONSE:, answers end with
 * <|endoftext|>, and a call stands behind <functioncall> at the end of its turn, with its
 * arguments between single quotes.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/chat/calls.h"
#include "base/chat/tools.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "stages/export/layouts/emit.h"
#include "stages/export/layouts/layout.h"
#include "stages/record/roles.h"
#include "store/sample.h"

static const struct {
    const char *mark;
    const struct slice *role;
} glaive_turns[] = {
    { "USER:", &role_user },
    { "ASSISTANT:", &role_assistant },
    { "FUNCTION RESPONSE:", &role_tool },
};

enum { N_GLAIVE_TURNS = sizeof glaive_turns / sizeof glaive_turns[0] };

static const char call_mark[] = "<functioncall>";
static const char turn_end[] = "<|endoftext|>";

static bool glaive_refuse(const char **why, const char *detail)
{
    *why = detail;
    return false;
}

static const char *glaive_mark_of(const struct turn *turn)
{
    for (size_t i = 0; i < N_GLAIVE_TURNS; i++)
        if (turn_has_role(turn, *glaive_turns[i].role))
            return glaive_turns[i].mark;
    return NULL;
}

static bool holds_word(struct slice text, const char *word)
{
    return text.len > 0 && memmem(text.ptr, text.len, word, strlen(word));
}

/* Does a line of the text begin like a turn? */
static bool has_turn_line(struct slice text)
{
    for (size_t i = 0; i + 1 < text.len; i++)
        for (size_t j = 0; text.ptr[i] == '\n' && j < N_GLAIVE_TURNS; j++) {
            const size_t len = strlen(glaive_turns[j].mark);

            if (text.len - i - 1 >= len &&
                memcmp(text.ptr + i + 1, glaive_turns[j].mark, len) == 0)
                return true;
        }
    return false;
}

static bool has_blank_ends(struct slice text)
{
    return text.len > 0 && (slice_is_blank(slice_of(text.ptr, 1)) ||
                            slice_is_blank(slice_of(text.ptr + text.len - 1, 1)));
}

static bool glaive_holds_turn(const struct turn *turn, const char **why)
{
    if (!glaive_mark_of(turn))
        return glaive_refuse(why, "a turn's role has no name in this shape");
    if (turn->extra.ptr || turn->media.ptr)
        return glaive_refuse(why, "a turn holds more than text, a thought and a call");
    if (turn->trained == TURN_TRAINED_NO)
        return glaive_refuse(why, "an answer is not to be trained on");
    return true;
}

/* Would a reader get this text of a turn, which has its thought in front? */
static bool glaive_holds_text(struct slice text, const char **why)
{
    const size_t end = sizeof turn_end - 1;

    if (has_blank_ends(text))
        return glaive_refuse(why, "white space begins or ends a turn");
    if (has_turn_line(text))
        return glaive_refuse(why, "a line of a turn begins like a turn of this shape");
    if (holds_word(text, call_mark) ||
        (text.len >= end && memcmp(text.ptr + text.len - end, turn_end, end) == 0))
        return glaive_refuse(why, "a turn's text holds a mark of this shape");
    return true;
}

/* A reader drops blanks in front of the system prompt. With tools it also drops blanks at the
 * end, and reads the tools from the first brace on. */
static bool glaive_holds_system(const struct sample *sample)
{
    const struct slice system = sample->system;

    if (sample->tools.ptr)
        return !has_blank_ends(system) && !holds_word(system, "{");
    return system.len == 0 || !slice_is_blank(slice_of(system.ptr, 1));
}

static bool glaive_holds(const struct sample *sample, const char **why)
{
    if (!emit_check(sample, why))
        return false;
    if (sample->context.ptr)
        return glaive_refuse(why, "it has a context");
    if (!glaive_holds_system(sample))
        return glaive_refuse(why, "a reader would not get its system prompt back unchanged");
    for (size_t i = 0; i < sample->n_turns; i++)
        if (!glaive_holds_turn(&sample->turns[i], why))
            return false;
    return true;
}

/* Append the tools, each on a line of its own. */
static int add_glaive_tools(struct slice tools, struct buf *out, struct error *err)
{
    const struct json_value *list;
    struct json *json = NULL;
    enum json_issue issue;
    const char *detail;
    size_t at;
    int rc = json_new(&json, err);

    if (rc == 0)
        rc = json_parse(json, tools, &list, &issue, &at, &detail, err);
    for (size_t i = 0; rc == 0 && i < json_count(list); i++)
        if (buf_add_text(out, i > 0 ? "\n\n" : "", err) < 0 ||
            json_write(json_at(list, i), out, err) < 0)
            rc = -1;
    json_free(json);
    return rc;
}

/* Write the system prompt with the tools. Returns 1, 0 or -1, as the functions below. */
static int glaive_write_system(struct jsonout *json, const struct sample *sample,
                               const char **why, struct error *err)
{
    struct buf text, read;
    int rc = 1;

    if (!sample->system.ptr && !sample->tools.ptr)
        return 1;
    buf_init(&text, SIZE_MAX / 4);
    buf_init(&read, SIZE_MAX / 4);
    if (buf_add_text(&text, "SYSTEM: ", err) < 0 ||
        buf_add_slice(&text, sample->system.ptr ? sample->system : slice_text(""), err) < 0 ||
        (sample->tools.ptr && (buf_add_text(&text, sample->system.ptr ? "\n" : "", err) < 0 ||
                               add_glaive_tools(sample->tools, &text, err) < 0)))
        rc = -1;
    const char *brace = rc == 1 ? memchr(text.data, '{', text.len) : NULL;
    if (brace) {
        rc = tools_read_objects(slice_of(brace, (size_t)(text.data + text.len - brace)), &read,
                                err);
        if (rc >= 0)
            rc = emit_same_json(buf_slice(&read), sample->tools, err);
        if (rc == 0)
            *why = "its tools are not what a reader would make of them";
    }
    if (rc == 1) {
        jsonout_key(json, "system");
        jsonout_text(json, buf_slice(&text));
    }
    buf_release(&text);
    buf_release(&read);
    return rc;
}

/* Append JSON text between single quotes, as Python's repr() writes it. */
static int add_single_quoted(const struct json_value *value, struct buf *out, struct error *err)
{
    struct buf text;
    int rc = -1;

    buf_init(&text, SIZE_MAX / 4);
    if (json_write(value, &text, err) == 0)
        rc = buf_add_text(out, "'", err);
    for (size_t i = 0; rc == 0 && i < text.len; i++)
        rc = text.data[i] == '\'' ? buf_add_text(out, "\\'", err)
                                  : buf_add(out, text.data + i, 1, err);
    buf_release(&text);
    return rc < 0 ? -1 : buf_add_text(out, "'", err);
}

/* {"id", "name", "arguments"}; other members come first, because the arguments end the text. */
static int add_glaive_call(const struct json_value *call, struct buf *out, struct error *err)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    if (buf_add_text(out, call_mark, err) < 0 || buf_add_text(out, " {", err) < 0)
        return -1;
    while (json_member_next(call, &pos, &name, &value) == 1)
        if (!slice_equal(name, slice_text("arguments")) &&
            (emit_add_quoted(out, name, err) < 0 || buf_add_text(out, ": ", err) < 0 ||
             json_write(value, out, err) < 0 || buf_add_text(out, ", ", err) < 0))
            return -1;
    if (buf_add_text(out, "\"arguments\": ", err) < 0 ||
        add_single_quoted(json_get(call, "arguments"), out, err) < 0)
        return -1;
    return buf_add_text(out, "}", err);
}

/* Append the call of a turn, behind its text. */
static int glaive_add_calls(const struct turn *turn, struct buf *out, const char **why,
                            struct error *err)
{
    const struct json_value *list = NULL;
    struct json *json = NULL;
    enum json_issue issue;
    const char *detail;
    struct slice rest;
    struct buf read;
    size_t at;
    int rc = json_new(&json, err) < 0 ||
                     json_parse(json, turn->calls, &list, &issue, &at, &detail, err) < 0
                 ? -1
                 : 1;

    buf_init(&read, SIZE_MAX / 4);
    if (rc == 1 && json_count(list) != 1)
        rc = 0;
    const size_t start = out->len;
    if (rc == 1 && add_glaive_call(json_at(list, 0), out, err) < 0)
        rc = -1;
    if (rc == 1)
        rc = calls_add_glaive(slice_of(out->data + start, out->len - start), &rest, &read, err);
    if (rc == 1 && calls_end(&read, err) < 0)
        rc = -1;
    if (rc == 1)
        rc = emit_same_json(buf_slice(&read), turn->calls, err);
    if (rc == 0)
        *why = "a turn has several calls, or one that a reader would not read as it is";
    buf_release(&read);
    json_free(json);
    return rc;
}

static int add_glaive_turn(const struct turn *turn, struct buf *out, const char **why,
                           struct error *err)
{
    const bool is_answer = turn_has_role(turn, role_assistant);
    int rc = emit_check_text(turn, why, err);

    if (rc != 1)
        return rc;
    if (buf_add_text(out, glaive_mark_of(turn), err) < 0 || buf_add_text(out, " ", err) < 0)
        return -1;
    const size_t start = out->len;
    rc = emit_add_answer(turn, out, why, err);
    if (rc == 1 && turn->calls.ptr && turn->thought.ptr && turn->content.len == 0)
        out->len -= 2; /* the blank line between a thought and a text */
    if (rc == 1 &&
        !glaive_holds_text(out->len > start ? slice_of(out->data + start, out->len - start)
                                            : slice_text(""),
                           why))
        rc = 0;
    if (rc == 1 && turn->calls.ptr) {
        if (out->len > start && buf_add_text(out, " ", err) < 0)
            return -1;
        rc = glaive_add_calls(turn, out, why, err);
    }
    if (rc == 1 && is_answer &&
        (buf_add_text(out, " ", err) < 0 || buf_add_text(out, turn_end, err) < 0))
        return -1;
    return rc;
}

static int glaive_write_chat(struct jsonout *json, const struct sample *sample,
                             const char **why, struct error *err)
{
    struct buf text;
    int rc = 1;

    buf_init(&text, SIZE_MAX / 4);
    for (size_t i = 0; rc == 1 && i < sample->n_turns; i++)
        rc = i > 0 && buf_add_text(&text, "\n\n\n", err) < 0
                 ? -1
                 : add_glaive_turn(&sample->turns[i], &text, why, err);
    if (rc == 1) {
        jsonout_key(json, "chat");
        jsonout_text(json, buf_slice(&text));
    }
    buf_release(&text);
    return rc;
}

static int glaive_write(const struct sample *sample, struct buf *out, const char **why,
                        struct error *err)
{
    const size_t before = out->len;
    struct jsonout json;

    if (!glaive_holds(sample, why))
        return 0;
    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    emit_id(&json, sample);
    int rc = glaive_write_system(&json, sample, why, err);
    if (rc == 1)
        rc = glaive_write_chat(&json, sample, why, err);
    emit_context_bytes(&json, sample, true);
    jsonout_object_end(&json);
    if (rc == 0)
        emit_undo(out, before);
    return rc == 1 && jsonout_end(&json, err) < 0 ? -1 : rc;
}

const struct layout layout_glaive = {
    .name = "glaive",
    .summary = "chat: a text with USER: and ASSISTANT: before the turns; system",
    .write = glaive_write,
};
