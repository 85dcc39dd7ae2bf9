/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Give tools, thoughts, calls and results their internal forms (base/chat/), whatever the shape
 * of the record.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/chat/calls.h"
#include "base/chat/thought.h"
#include "base/chat/tools.h"
#include "base/json/json.h"
#include "base/json/prune.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/record/roles.h"

static const char result_opens[] = "<tool_response>";
static const char result_closes[] = "</tool_response>";

enum { OPENS_LEN = sizeof result_opens - 1, CLOSES_LEN = sizeof result_closes - 1 };

/* Is it a list of objects that have a name each? "functions" may be something else. */
static bool is_named_list(const struct json_value *list)
{
    for (size_t i = 0; i < json_count(list); i++)
        if (!json_text(json_get(json_at(list, i), "name")).ptr)
            return false;
    return json_type(list) == JSON_ARRAY && json_count(list) > 0;
}

/* Does the value say that there are no tools? */
static bool says_no_tools(const struct json_value *value)
{
    const struct slice text = json_text(value);

    return prune_is_empty(value) ||
           (text.ptr && (slice_is_blank(text) || slice_equal(text, slice_text("[]"))));
}

int draft_read_calls(struct draft *draft, const struct json_value *value, struct slice *out)
{
    struct buf buf;

    buf_init(&buf, SIZE_MAX / 4); /* hardly longer than the record, whose length is bounded */
    int rc = calls_add(value, &buf, draft->err);
    if (rc == 1 && calls_end(&buf, draft->err) < 0)
        rc = -1;
    if (rc < 0)
        draft->state = DRAFT_FAILED;
    else if (rc == 1)
        *out = draft_copy(draft, buf_slice(&buf));
    buf_release(&buf);
    return rc;
}

static void read_tools_of(struct draft *draft, const struct json_value *value)
{
    struct buf buf;

    buf_init(&buf, SIZE_MAX / 4); /* hardly longer than the record, whose length is bounded */
    const int rc = tools_read(value, &buf, draft->err);
    if (rc < 0)
        draft->state = DRAFT_FAILED;
    else if (rc == 1)
        draft->out->tools = draft_copy(draft, buf_slice(&buf));
    if (value && (rc == 1 || says_no_tools(value)))
        draft_claim_value(draft, value);
    buf_release(&buf);
}

/* Tools belong to a dialogue. A text that has a member of this name keeps it in meta. */
static void read_tools(struct draft *draft)
{
    const struct members *members = draft->members;
    const struct json_value *tools = members->values[MEMBER_TOOLS];

    if (!tools) /* OpenAI's preferences have them in their "input" */
        tools = json_get(members->values[draft->unwrap], "tools");
    if (draft->out->n_turns == 0 || draft->out->tools.ptr ||
        (tools && draft_is_claimed(draft, slice_text("tools"), tools)))
        return;
    if (!tools)
        draft_claim(draft, MEMBER_TOOLS); /* a null is not worth keeping */
    read_tools_of(draft, tools);
    if (!draft->out->tools.ptr && is_named_list(members->values[MEMBER_FUNCTIONS]))
        read_tools_of(draft, members->values[MEMBER_FUNCTIONS]);
}

static void read_marked_calls(struct draft *draft, struct turn *turn)
{
    struct slice rest;
    struct buf buf;

    buf_init(&buf, SIZE_MAX / 4); /* hardly longer than the text */
    int rc = calls_add_marked(turn->content, &rest, &buf, draft->err);
    if (rc == 1 && calls_end(&buf, draft->err) < 0)
        rc = -1;
    if (rc < 0)
        draft->state = DRAFT_FAILED;
    if (rc == 1) {
        turn->calls = draft_copy(draft, buf_slice(&buf));
        turn->content = rest;
    }
    buf_release(&buf);
}

static bool ends_with_mark(struct slice text, const char *mark, size_t len)
{
    text = slice_trim_end(text);
    return text.len >= len && memcmp(text.ptr + text.len - len, mark, len) == 0;
}

/* Does the extra hold content parts, whose texts are the turn's? */
static bool has_kept_parts(const struct turn *turn)
{
    static const char name[] = "\"content\":[";

    return turn->extra.ptr && memmem(turn->extra.ptr, turn->extra.len, name, sizeof name - 1);
}

/* Separate the thought and the calls of an answer from its text. Media would lose their place,
 * and parts would differ from the text. */
static void read_answer(struct draft *draft, struct turn *turn)
{
    static const char call_closes[] = "</tool_call>";

    if (turn->media.ptr || has_kept_parts(turn))
        return;
    if (!turn->thought.ptr)
        thought_split(turn->content, &turn->thought, &turn->content);
    while (turn->thought.ptr && turn->content.len > 0 &&
           (turn->content.ptr[0] == '\n' || turn->content.ptr[0] == '\r'))
        turn->content = slice_of(turn->content.ptr + 1, turn->content.len - 1);
    if (!turn->calls.ptr && ends_with_mark(turn->content, call_closes, sizeof call_closes - 1))
        read_marked_calls(draft, turn);
}

/* The first of the marked results that the text is made of; the rest of the text in *rest. ptr
 * NULL when the text does not begin with one. */
static struct slice next_result(struct slice text, struct slice *rest)
{
    const struct slice body = slice_trim_start(text);
    const bool is_open =
        body.len >= OPENS_LEN && memcmp(body.ptr, result_opens, OPENS_LEN) == 0;
    const char *close = is_open ? memmem(body.ptr, body.len, result_closes, CLOSES_LEN) : NULL;

    if (!close)
        return slice_of(NULL, 0);
    const char *begin = body.ptr + OPENS_LEN;
    const char *end = close + CLOSES_LEN;
    *rest = slice_trim_start(slice_of(end, (size_t)(body.ptr + body.len - end)));
    return thought_trim(slice_of(begin, (size_t)(close - begin)));
}

/* The number of results between marks, if the text is nothing else; 0 for another text. */
static size_t count_results(struct slice text)
{
    size_t n = 0;

    if (text.len == 0 || !ends_with_mark(text, result_closes, CLOSES_LEN))
        return 0;
    for (; text.len > 0; n++)
        if (!next_result(text, &text).ptr)
            return 0;
    return n;
}

static size_t count_results_of(const struct turn *turn)
{
    const bool may_hold =
        (turn_has_role(turn, role_tool) || turn_has_role(turn, role_user)) && !turn->media.ptr;

    return may_hold ? count_results(turn->content) : 0;
}

/* Replace the turns whose text is marked results by a turn of the tool for each. */
static void split_results(struct draft *draft, size_t n_more)
{
    struct sample *out = draft->out;
    struct turn *turns = arena_alloc(draft->arena, out->n_turns + n_more, sizeof *turns);
    size_t n = 0;

    if (!turns) {
        draft_fail_nomem(draft);
        return;
    }
    for (size_t i = 0; i < out->n_turns; i++) {
        const size_t n_results = count_results_of(&out->turns[i]);
        struct slice text = out->turns[i].content;

        if (n_results == 0)
            turns[n++] = out->turns[i];
        for (size_t j = 0; j < n_results; j++) {
            turns[n] = out->turns[i];
            turns[n].role = role_tool;
            turns[n++].content = next_result(text, &text);
        }
    }
    out->turns = turns;
    out->n_turns = n;
    draft->turns_cap = n;
}

void draft_read_forms(struct draft *draft)
{
    struct sample *out = draft->out;
    size_t n_results = 0;

    if (draft->state != DRAFT_GOOD)
        return;
    read_tools(draft);
    for (size_t i = 0; draft->state == DRAFT_GOOD && i < out->n_turns; i++)
        if (turn_has_role(&out->turns[i], role_assistant))
            read_answer(draft, &out->turns[i]);
        else
            n_results += count_results_of(&out->turns[i]);
    if (draft->state == DRAFT_GOOD && n_results > 0)
        split_results(draft, n_results);
}
