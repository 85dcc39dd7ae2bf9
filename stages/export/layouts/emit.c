/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/export/layouts/emit.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/chat/calls.h"
#include "base/chat/thought.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "stages/record/passage.h"
#include "stages/record/roles.h"
#include "store/sample.h"

static bool has_assistant_turn(const struct sample *sample)
{
    for (size_t i = 0; i < sample->n_turns; i++)
        if (turn_has_role(&sample->turns[i], role_assistant))
            return true;
    return false;
}

bool emit_check_texts(const struct sample *sample, const char **why)
{
    const char *detail = NULL;

    if (sample->system.ptr && sample->system.len == 0)
        detail = "its system prompt is empty";
    else if (sample->context.ptr && sample->context.len == 0)
        detail = "its context is empty";
    if (detail)
        *why = detail;
    return !detail;
}

bool emit_check(const struct sample *sample, const char **why)
{
    const enum sample_kind kind = has_assistant_turn(sample) ? SAMPLE_SFT : SAMPLE_PROMPT_ONLY;
    const char *detail = NULL;

    if (sample->kind == SAMPLE_PAIR)
        detail = "it is a pair, which the layout dpo holds";
    else if (sample->kind == SAMPLE_TEXT || sample->n_turns == 0)
        detail = "plain text has no turns";
    else if (sample->kind != kind)
        detail = "its turns contradict its kind";
    if (detail)
        *why = detail;
    return !detail && emit_check_texts(sample, why);
}

static int emit_refuse(const char **why, const char *detail)
{
    *why = detail;
    return 0;
}

/* Is the text between the marks of a tool's result? */
static bool is_marked_result(struct slice text)
{
    static const char open[] = "<tool_response>", close[] = "</tool_response>";
    const size_t n = sizeof open - 1, m = sizeof close - 1;

    text = slice_trim(text);
    return text.len >= n + m && memcmp(text.ptr, open, n) == 0 &&
           memcmp(text.ptr + text.len - m, close, m) == 0;
}

int emit_check_text(const struct turn *turn, const char **why, struct error *err)
{
    struct slice thought, rest;
    struct buf calls;

    if (!turn_has_role(turn, role_assistant)) {
        if (turn->calls.ptr || turn->thought.ptr)
            return emit_refuse(why, "a turn with calls or a thought is no answer");
        return is_marked_result(turn->content)
                   ? emit_refuse(why, "a turn's text is marked as the result of a tool")
                   : 1;
    }
    if (!turn->thought.ptr && thought_split(turn->content, &thought, &rest))
        return emit_refuse(why, "a turn's text begins with a thought");
    buf_init(&calls, SIZE_MAX / 4);
    const int rc = calls_add_marked(turn->content, &rest, &calls, err);
    buf_release(&calls);
    return rc == 1 ? emit_refuse(why, "a turn's text ends with calls") : rc < 0 ? -1 : 1;
}

/* Are there newlines that a reader drops? */
static bool loses_newlines(const struct turn *turn)
{
    return thought_trim(turn->thought).len != turn->thought.len ||
           (turn->content.len > 0 &&
            (turn->content.ptr[0] == '\n' || turn->content.ptr[0] == '\r'));
}

int emit_check_thought(const struct turn *turn, const char **why)
{
    return turn->thought.ptr && loses_newlines(turn)
               ? emit_refuse(why, "newlines stand around a turn's thought")
               : 1;
}

int emit_add_answer(const struct turn *turn, struct buf *out, const char **why,
                    struct error *err)
{
    const size_t start = out->len;
    struct slice thought, rest;

    if (turn->thought.ptr && (buf_add_text(out, "<think>\n", err) < 0 ||
                              buf_add_slice(out, turn->thought, err) < 0 ||
                              buf_add_text(out, "\n</think>\n\n", err) < 0))
        return -1;
    if (buf_add_slice(out, turn->content, err) < 0)
        return -1;
    if (!turn->thought.ptr)
        return 1;
    return thought_split(slice_of(out->data + start, out->len - start), &thought, &rest) &&
                   slice_equal(thought, turn->thought) && slice_equal(rest, turn->content)
               ? 1
               : emit_refuse(why, "a turn's thought holds its own end, or newlines around it");
}

int emit_add_quoted(struct buf *out, struct slice text, struct error *err)
{
    struct jsonout json;

    jsonout_init(&json, out);
    jsonout_text(&json, text);
    return jsonout_end(&json, err);
}

static int add_canonical_json(struct slice text, struct buf *out, struct error *err)
{
    const struct json_value *value;
    struct json *parser = NULL;
    enum json_issue issue;
    const char *detail;
    size_t at;
    int rc = -1;

    if (json_new(&parser, err) == 0 &&
        json_parse(parser, text, &value, &issue, &at, &detail, err) == 0)
        rc = json_write_canonical(value, out, err);
    json_free(parser);
    return rc;
}

int emit_same_json(struct slice a, struct slice b, struct error *err)
{
    struct buf left, right;
    int rc = -1;

    if (slice_equal(a, b))
        return 1;
    buf_init(&left, SIZE_MAX / 4);
    buf_init(&right, SIZE_MAX / 4);
    if (add_canonical_json(a, &left, err) == 0 && add_canonical_json(b, &right, err) == 0)
        rc = slice_equal(buf_slice(&left), buf_slice(&right));
    buf_release(&left);
    buf_release(&right);
    return rc;
}

void emit_undo(struct buf *out, size_t len)
{
    if (out->len == len)
        return;
    out->len = len;
    out->data[len] = '\0';
}

void emit_id(struct jsonout *json, const struct sample *sample)
{
    if (!sample->ext_id.ptr)
        return;
    jsonout_key(json, "id");
    jsonout_text(json, sample->ext_id);
}

static int emit_member(struct jsonout *json, const char *key, const struct json_value *value,
                       struct error *err)
{
    struct buf text;
    int rc = 1;

    buf_init(&text, SIZE_MAX / 4);
    if (json_write(value, &text, err) < 0) {
        rc = -1;
    } else {
        jsonout_key(json, key);
        jsonout_raw(json, buf_slice(&text));
    }
    buf_release(&text);
    return rc;
}

int emit_tools(struct jsonout *json, const struct sample *sample, struct error *err)
{
    static const char name[] = "\"tools\"";
    const struct json_value *meta;
    struct json *parser = NULL;
    enum json_issue issue;
    const char *detail;
    size_t at;
    int rc = 1;

    /* Most samples have no tools, and a search for the word is cheaper than parsing. */
    if (!sample->meta.ptr || !memmem(sample->meta.ptr, sample->meta.len, name, sizeof name - 1))
        return 1;
    if (json_new(&parser, err) < 0)
        return -1;
    if (json_parse(parser, sample->meta, &meta, &issue, &at, &detail, err) < 0)
        rc = -1;
    else if (json_get(meta, "tools"))
        rc = emit_member(json, "tools", json_get(meta, "tools"), err);
    json_free(parser);
    return rc;
}

/* Would a reader separate a passage from the first user turn, though the sample keeps it whole?
 */
static bool emit_has_passage(const struct sample *sample)
{
    struct passage passage;

    for (size_t i = 0; i < sample->n_turns; i++) {
        const struct turn *turn = &sample->turns[i];

        if (turn_has_role(turn, role_user))
            return !turn->extra.ptr && !turn->media.ptr && !turn->calls.ptr &&
                   passage_find(turn->content, &passage);
    }
    return false;
}

void emit_context_bytes(struct jsonout *json, const struct sample *sample, bool is_text)
{
    const int64_t n = (int64_t)sample->context.len;

    if (!sample->context.ptr && !emit_has_passage(sample))
        return;
    jsonout_key(json, "context_bytes");
    jsonout_int(json, is_text && passage_is_last(sample->split) ? -n : n);
}
