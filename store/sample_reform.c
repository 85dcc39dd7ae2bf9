/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Give the parts of a sample of an earlier release the forms that readers give them today, with
 * the functions of base/chat/ that the readers use.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/chat/calls.h"
#include "base/chat/chat_part.h"
#include "base/chat/media.h"
#include "base/chat/parts.h"
#include "base/chat/thought.h"
#include "base/chat/tools.h"
#include "base/chat/trained.h"
#include "base/error.h"
#include "base/json/json.h"
#include "base/json/prune.h"
#include "store/migrate_private.h"
#include "store/reform_private.h"

/* Keep the text of a buffer that a function of base/chat/ has filled. rc: that function's
 * result. Returns 1 if *out is set, 0 if the function read nothing, or -1. */
static int reform_keep_calls(struct reform *reform, int rc, struct buf *buf, struct slice *out)
{
    if (rc == 1 && (calls_end(buf, reform->err) < 0 || reform_keep(reform, buf, out) < 0))
        rc = -1;
    buf_release(buf);
    return rc;
}

static int reform_calls(struct reform *reform, const struct json_value *value,
                        struct slice *out)
{
    struct buf buf;

    buf_init(&buf, REFORM_MAX_BYTES);
    return reform_keep_calls(reform, calls_add(value, &buf, reform->err), &buf, out);
}

static bool is_role_key(struct slice name)
{
    return slice_equal(name, slice_text("from")) || slice_equal(name, slice_text("role"));
}

/* A turn of the role "function_call" was an answer whose text was the call; its extra kept the
 * word. */
static int reform_call_turn(struct reform *reform, struct turn *turn)
{
    struct slice thought = turn->thought, text = turn->content, rest = slice_text("");
    struct buf buf;

    if (turn->calls.ptr)
        return 0;
    thought_split(turn->content, &thought, &text);
    buf_init(&buf, REFORM_MAX_BYTES);
    int rc = calls_add_text(text, &buf, reform->err);
    if (rc == 0)
        rc = calls_add_marked(text, &rest, &buf, reform->err);
    rc = reform_keep_calls(reform, rc, &buf, &turn->calls);
    if (rc == 1) {
        turn->content = rest;
        turn->thought = thought;
    }
    return rc;
}

/* Append a thought to the one that the turn has, unless both are the same. */
static int reform_thought(struct reform *reform, const struct json_value *value,
                          struct turn *turn)
{
    const struct slice text = thought_trim(json_text(value));
    const bool has_one = turn->thought.len > 0;
    struct buf buf;

    if (!json_text(value).ptr)
        return 0;
    if (has_one && (text.len == 0 || slice_equal(turn->thought, text)))
        return 1;
    buf_init(&buf, REFORM_MAX_BYTES);
    int rc = has_one && (buf_add_slice(&buf, turn->thought, reform->err) < 0 ||
                         buf_add_text(&buf, "\n", reform->err) < 0)
                 ? -1
                 : buf_add_slice(&buf, text, reform->err);
    if (rc == 0 && buf.len > 0)
        rc = reform_keep(reform, &buf, &turn->thought);
    else if (rc == 0)
        turn->thought = slice_text("");
    buf_release(&buf);
    return rc < 0 ? -1 : 1;
}

/* Read the parts of a content. Returns 1, 0 if one of them is bad, or -1. */
static int reform_read_parts(struct reform *reform, const struct json_value *list,
                             struct parts *parts)
{
    struct chat_part part;

    for (size_t i = 0; i < json_count(list); i++) {
        chat_part_read(json_at(list, i), &part);
        if (part.kind == CHAT_PART_BAD)
            return 0;
        if (parts_add(parts, json_at(list, i), &part, reform->err) < 0)
            return -1;
    }
    return parts_end(parts, reform->err) < 0 ? -1 : 1;
}

static int reform_keep_list(struct reform *reform, const struct buf *buf, struct slice *out)
{
    return buf->len > 0 && !out->ptr ? reform_keep(reform, buf, out) : 0;
}

static int reform_keep_thought(struct reform *reform, const struct parts *parts,
                               struct turn *turn)
{
    const struct slice text = thought_trim(buf_slice(&parts->thought));

    if (parts->n_thoughts == 0 || turn->thought.ptr)
        return 0;
    turn->thought = arena_copy(reform->arena, text.len > 0 ? text : slice_text(""));
    return turn->thought.ptr ? 0 : error_nomem(reform->err);
}

static int reform_keep_signature(struct reform *reform, const struct parts *parts)
{
    struct buf buf;
    int rc = 0;

    buf_init(&buf, REFORM_MAX_BYTES);
    if (parts->signature)
        rc = json_write(parts->signature, &buf, reform->err) < 0
                 ? -1
                 : reform_keep_list(reform, &buf, &reform->signature);
    buf_release(&buf);
    return rc;
}

/* A content that was a list of parts was text, and extra had the list. Results of tools stay in
 * the list: turns keep their numbers, which scores refer to. */
static int reform_parts(struct reform *reform, const struct json_value *list, struct turn *turn)
{
    struct parts parts;
    int rc;

    parts_init(&parts, slice_equal(turn->role, slice_text("assistant")));
    rc = reform_read_parts(reform, list, &parts);
    if (rc == 1 && !slice_equal(turn->content, buf_slice(&parts.text)))
        rc = 0;
    if (rc == 1 && (reform_keep_list(reform, &parts.media, &turn->media) < 0 ||
                    reform_keep_list(reform, &parts.calls, &turn->calls) < 0 ||
                    reform_keep_list(reform, &parts.kept, &reform->kept) < 0 ||
                    reform_keep_thought(reform, &parts, turn) < 0 ||
                    reform_keep_signature(reform, &parts) < 0))
        rc = -1;
    parts_release(&parts);
    return rc;
}

/* Returns 1 if the turn holds now what the member says, 0 if the member stays, or -1. */
static int reform_member(struct reform *reform, struct slice name,
                         const struct json_value *value, struct turn *turn)
{
    const bool is_answer = slice_equal(turn->role, slice_text("assistant"));
    const bool is_system = slice_equal(turn->role, slice_text("system"));
    const int trained = trained_of(name, value);

    if (prune_is_empty(value))
        return 1;
    if (chat_is_text_key(name) && json_type(value) == JSON_ARRAY)
        return reform_parts(reform, value, turn);
    if (media_type_of(name))
        return reform_media_member(reform, media_type_of(name), value, turn);
    if (is_answer && thought_is_key(name))
        return reform_thought(reform, value, turn);
    if (is_answer && calls_is_key(name) && !turn->calls.ptr)
        return reform_calls(reform, value, &turn->calls);
    if (is_answer && is_role_key(name))
        return reform_call_turn(reform, turn);
    if (trained < 0 || (trained == 1 && is_system))
        return 0;
    if (trained == 1)
        turn->trained = TURN_TRAINED_YES;
    else if (is_answer)
        turn->trained = TURN_TRAINED_NO;
    return 1;
}

/* Append to an extra what parts of the content leave to it. */
static int reform_add_kept(struct reform *reform, struct buf *buf)
{
    const struct slice kept = reform->kept, signature = reform->signature;

    reform->kept = reform->signature = slice_of(NULL, 0);
    if (kept.ptr && (prune_add_name(slice_text("content"), 0, buf, reform->err) < 0 ||
                     buf_add_slice(buf, kept, reform->err) < 0))
        return -1;
    if (signature.ptr && (prune_add_name(slice_text("signature"), 0, buf, reform->err) < 0 ||
                          buf_add_slice(buf, signature, reform->err) < 0))
        return -1;
    return 0;
}

/* Move members of extra to where they belong, and write those that stay, without padding. */
static int reform_extra(struct reform *reform, struct turn *turn)
{
    const struct json_value *extra = NULL, *value;
    struct slice name;
    struct buf buf;
    size_t pos = 0;
    int rc = -1;

    if (!turn->extra.ptr)
        return 0;
    if (reform_parse(reform, turn->extra, &extra) < 0)
        return -1;
    if (!extra) /* it has too many values for a tree */
        return 0;
    buf_init(&buf, REFORM_MAX_BYTES);
    while (json_member_next(extra, &pos, &name, &value)) {
        rc = reform_member(reform, name, value, turn);
        if (rc == 0)
            rc = prune_write_member(name, value, 0, &buf, reform->err);
        if (rc < 0)
            goto done;
    }
    rc = reform_add_kept(reform, &buf);
    if (rc == 0 && buf.len > 0)
        rc = buf_add_text(&buf, "}", reform->err);
    if (rc == 0 && !slice_equal(turn->extra, buf_slice(&buf))) {
        reform->changed = true;
        turn->extra = slice_of(NULL, 0);
        rc = buf.len > 0 ? reform_keep(reform, &buf, &turn->extra) : 0;
    }
done:
    buf_release(&buf);
    return rc;
}

/* Separate the thought and the calls of an answer from its text. Media would lose their place.
 * So would the parts of a content that extra keeps. */
static int reform_answer(struct reform *reform, struct turn *turn)
{
    struct slice rest;
    struct buf buf;

    if (turn->media.ptr ||
        (turn->extra.ptr && memmem(turn->extra.ptr, turn->extra.len, "\"content\":[", 11)))
        return 0;
    if (!turn->thought.ptr)
        reform->changed |= thought_split(turn->content, &turn->thought, &turn->content);
    while (turn->thought.ptr && turn->content.len > 0 &&
           (turn->content.ptr[0] == '\n' || turn->content.ptr[0] == '\r'))
        turn->content = slice_of(turn->content.ptr + 1, turn->content.len - 1);
    if (turn->calls.ptr)
        return 0;
    buf_init(&buf, REFORM_MAX_BYTES);
    const int rc = reform_keep_calls(
        reform, calls_add_marked(turn->content, &rest, &buf, reform->err), &buf, &turn->calls);
    if (rc == 1) {
        turn->content = rest;
        reform->changed = true;
    }
    return rc < 0 ? -1 : 0;
}

/* Is it a list of objects with a name each? "functions" may be something else. */
static bool is_function_list(const struct json_value *list)
{
    for (size_t i = 0; i < json_count(list); i++)
        if (!json_text(json_get(json_at(list, i), "name")).ptr)
            return false;
    return json_type(list) == JSON_ARRAY;
}

/* Read tools from a member of meta. Returns 1, 0 if it has none, or -1. */
static int reform_tools_of(struct reform *reform, const struct json_value *value,
                           struct sample *sample)
{
    struct buf buf;

    buf_init(&buf, REFORM_MAX_BYTES);
    int rc = tools_read(value, &buf, reform->err);
    if (rc == 1 && reform_keep(reform, &buf, &sample->tools) < 0)
        rc = -1;
    buf_release(&buf);
    return rc;
}

/* Move the tools of a dialogue out of meta. */
static int reform_tools(struct reform *reform, struct sample *sample)
{
    const struct json_value *meta = NULL;

    if (!sample->meta.ptr || sample->n_turns == 0 || sample->tools.ptr)
        return 0;
    if (reform_parse(reform, sample->meta, &meta) < 0)
        return -1;
    const struct json_value *tools = json_get_nocase(meta, "tools");
    const struct json_value *functions = json_get_nocase(meta, "functions");
    const struct json_value *read = tools;
    int rc = reform_tools_of(reform, tools, sample);
    if (rc == 0 && is_function_list(functions)) {
        rc = reform_tools_of(reform, functions, sample);
        read = functions;
    }
    return rc == 1 ? reform_drop_members(reform, meta, &read, 1, sample) : rc;
}

int sample_reform(struct sample *sample, struct json *json, struct arena *arena,
                  struct error *err)
{
    struct reform reform = { .json = json, .arena = arena, .err = err };

    if (reform_tools(&reform, sample) < 0)
        return -1;
    for (size_t i = 0; i < sample->n_turns; i++) {
        struct turn *turn = &sample->turns[i];

        if (reform_extra(&reform, turn) < 0)
            return -1;
        if (slice_equal(turn->role, slice_text("assistant")) &&
            reform_answer(&reform, turn) < 0)
            return -1;
    }
    if (reform_media(&reform, sample) < 0)
        return -1;
    if (reform.changed)
        sample_find_turns(sample);
    return reform.changed;
}
