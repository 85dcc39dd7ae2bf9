/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Give the parts of a sample of an earlier release the forms that readers give them today, with
 * the functions of base/chat/ that the readers use.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/chat/calls.h"
#include "base/chat/media.h"
#include "base/chat/thought.h"
#include "base/chat/tools.h"
#include "base/chat/trained.h"
#include "base/error.h"
#include "base/json/json.h"
#include "base/json/prune.h"
#include "store/migrate_private.h"

enum { REFORM_MAX_BYTES = 1 << 30 };

/* Parts of one sample while they change. */
struct reform {
    struct json *json;
    struct arena *arena;
    struct error *err;
    bool changed;
};

/* Copy the text of a buffer to the arena. */
static int reform_keep(struct reform *reform, const struct buf *buf, struct slice *out)
{
    *out = arena_copy(reform->arena, buf_slice(buf));
    return out->ptr ? 0 : error_nomem(reform->err);
}

static int reform_parse(struct reform *reform, struct slice text,
                        const struct json_value **value)
{
    const char *detail = NULL;
    enum json_issue issue;
    size_t at;

    return json_parse(reform->json, text, value, &issue, &at, &detail, reform->err);
}

/* Keep the text of a buffer that a function of base/chat/ has filled. rc is what it returned.
 * Returns 1 if *out is set, 0 if the function read nothing, or -1. */
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
    struct slice thought = turn->thought, rest = turn->content;
    struct buf buf;

    if (turn->calls.ptr)
        return 0;
    thought_split(turn->content, &thought, &rest);
    buf_init(&buf, REFORM_MAX_BYTES);
    const int rc =
        reform_keep_calls(reform, calls_add_text(rest, &buf, reform->err), &buf, &turn->calls);
    if (rc == 1) {
        turn->content = slice_text("");
        turn->thought = thought;
    }
    return rc;
}

static int reform_thought(struct reform *reform, const struct json_value *value,
                          struct turn *turn)
{
    const struct slice text = json_text(value);

    if (!text.ptr)
        return 0;
    if (turn->thought.ptr)
        return slice_equal(turn->thought, thought_trim(text));
    turn->thought = arena_copy(reform->arena, thought_trim(text));
    return turn->thought.ptr ? 1 : error_nomem(reform->err);
}

/* The text of a content part that is nothing else; ptr NULL for another part. */
static struct slice reform_text_of_part(const struct json_value *part)
{
    const struct slice type = json_text(json_get(part, "type"));

    if (json_type(part) == JSON_STRING)
        return json_text(part);
    if (json_count(part) != 2 || !slice_equal(type, slice_text("text")))
        return slice_of(NULL, 0);
    return json_text(json_get(part, "text"));
}

/* Read a list of texts and media whose texts were joined to the content. Returns 1 and the
 * media, 0 if the list says more, or -1. */
static int reform_parts(struct reform *reform, const struct json_value *parts,
                        struct slice content, struct buf *media)
{
    bool after_text = false;
    size_t at = 0, n_texts = 0;

    for (size_t i = 0; i < json_count(parts); i++) {
        const struct json_value *part = json_at(parts, i);
        const char *type = media_type_of(json_text(json_get(part, "type")));
        const struct slice text = reform_text_of_part(part);
        const size_t begin = at + (n_texts > 0);

        if (text.ptr && !after_text && begin <= content.len &&
            text.len <= content.len - begin &&
            memcmp(content.ptr + begin, text.ptr, text.len) == 0) {
            at = begin + text.len;
            after_text = true;
            n_texts++;
        } else if (!text.ptr && type) {
            if (media_add_part(type, at, part, media, reform->err) < 0)
                return -1;
            after_text = false;
        } else {
            return 0;
        }
    }
    if (at != content.len)
        return 0;
    return media->len > 0 && media_end(media, reform->err) < 0 ? -1 : 1;
}

/* The content of a turn with media was a list of parts, which extra kept. */
static int reform_content(struct reform *reform, const struct json_value *parts,
                          struct turn *turn)
{
    struct buf media;

    if (json_type(parts) != JSON_ARRAY || turn->media.ptr)
        return 0;
    buf_init(&media, REFORM_MAX_BYTES);
    int rc = reform_parts(reform, parts, turn->content, &media);
    if (rc == 1 && media.len > 0 && reform_keep(reform, &media, &turn->media) < 0)
        rc = -1;
    buf_release(&media);
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
    if (is_answer && thought_is_key(name))
        return reform_thought(reform, value, turn);
    if (is_answer && calls_is_key(name) && !turn->calls.ptr)
        return reform_calls(reform, value, &turn->calls);
    if (slice_equal(name, slice_text("content")))
        return reform_content(reform, value, turn);
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
    rc = 0;
    if (buf.len > 0)
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

    if (turn->media.ptr)
        return 0;
    if (turn->extra.ptr && memmem(turn->extra.ptr, turn->extra.len, "\"content\"", 9))
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

/* Write meta without a member. */
static int reform_drop_member(struct reform *reform, const struct json_value *meta,
                              const struct json_value *dropped, struct sample *sample)
{
    const struct json_value *value;
    struct slice name;
    struct buf buf;
    size_t pos = 0;
    int rc = 0;

    buf_init(&buf, REFORM_MAX_BYTES);
    while (rc == 0 && json_member_next(meta, &pos, &name, &value)) {
        if (value == dropped)
            continue;
        rc = prune_add_name(name, 0, &buf, reform->err);
        if (rc == 0)
            rc = json_write(value, &buf, reform->err);
    }
    if (rc == 0 && buf.len > 0)
        rc = buf_add_text(&buf, "}", reform->err);
    reform->changed = true;
    sample->meta = slice_of(NULL, 0);
    if (rc == 0 && buf.len > 0)
        rc = reform_keep(reform, &buf, &sample->meta);
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
    return rc == 1 ? reform_drop_member(reform, meta, read, sample) : rc;
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
    if (reform.changed)
        sample_find_turns(sample);
    return reform.changed;
}
