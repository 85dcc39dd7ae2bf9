/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/texts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json/json.h"
#include "scoring/prompts/prompt.h"
#include "store/sample.h"

void score_texts_release(struct score_texts *texts)
{
    json_free(texts->parser);
    free(texts->texts);
    free(texts->turns);
    *texts = (struct score_texts){ 0 };
}

static int append_text(struct score_texts *texts, const struct observed_text *text, int turn,
                       struct error *err)
{
    if (texts->n == texts->cap) {
        const size_t cap = texts->cap ? 2 * texts->cap : 64;
        struct observed_text *grown = reallocarray(texts->texts, cap, sizeof *grown);

        if (!grown)
            return error_nomem(err);
        texts->texts = grown;
        int *turns = reallocarray(texts->turns, cap, sizeof *turns);
        if (!turns)
            return error_nomem(err);
        texts->turns = turns;
        texts->cap = cap;
    }
    texts->texts[texts->n] = *text;
    texts->turns[texts->n++] = turn;
    return 0;
}

static int copy_text(struct arena *arena, struct slice text, struct slice *out,
                     struct error *err)
{
    *out = text.ptr ? arena_copy(arena, text) : text;
    return text.ptr && !out->ptr ? error_nomem(err) : 0;
}

/* A role that is none of ours counts as the user. */
static enum dialogue_role role_of_turn(struct slice name)
{
    if (slice_equal(name, slice_text("assistant")))
        return ROLE_ASSISTANT;
    if (slice_equal(name, slice_text("system")))
        return ROLE_SYSTEM;
    return slice_equal(name, slice_text("tool")) ? ROLE_TOOL : ROLE_USER;
}

/* Parse JSON that the store holds. ERR_INPUT if it is invalid: SQL may have changed it. */
static int parse_stored(struct score_texts *texts, struct slice text,
                        const struct json_value **out, struct error *err)
{
    enum json_issue issue;
    const char *detail;
    size_t at;

    if (!texts->parser && json_new(&texts->parser, err) < 0)
        return -1;
    if (json_parse(texts->parser, text, out, &issue, &at, &detail, err) < 0)
        return -1;
    return issue == JSON_OK
               ? 0
               : error_set(err, ERR_INPUT, "stored JSON: at byte %zu: %s", at, detail);
}

/* The JSON text of a value, in the arena. */
static int copy_json(const struct json_value *value, struct arena *arena, struct slice *out,
                     struct error *err)
{
    struct buf text;
    int rc;

    buf_init(&text, SIZE_MAX / 4);
    rc = json_write(value, &text, err);
    if (rc == 0)
        rc = copy_text(arena, buf_slice(&text), out, err);
    buf_release(&text);
    return rc;
}

static int copy_tools(struct score_texts *texts, struct slice stored, struct arena *arena,
                      struct dialogue *out, struct error *err)
{
    const struct json_value *list;

    if (!stored.ptr)
        return 0;
    if (parse_stored(texts, stored, &list, err) < 0)
        return -1;
    struct slice *tools = arena_alloc(arena, json_count(list) + 1, sizeof *tools);
    if (!tools)
        return error_nomem(err);
    for (size_t i = 0; i < json_count(list); i++)
        if (copy_json(json_at(list, i), arena, &tools[i], err) < 0)
            return -1;
    out->tools = tools;
    out->n_tools = json_count(list);
    return 0;
}

static int copy_calls(struct score_texts *texts, struct slice stored, struct arena *arena,
                      struct dialogue_turn *out, struct error *err)
{
    const struct json_value *list;

    if (!stored.ptr)
        return 0;
    if (parse_stored(texts, stored, &list, err) < 0)
        return -1;
    struct dialogue_call *calls = arena_alloc(arena, json_count(list) + 1, sizeof *calls);
    if (!calls)
        return error_nomem(err);
    for (size_t i = 0; i < json_count(list); i++) {
        const struct json_value *call = json_at(list, i);

        if (copy_text(arena, json_text(json_get(call, "id")), &calls[i].id, err) < 0 ||
            copy_text(arena, json_text(json_get(call, "name")), &calls[i].name, err) < 0 ||
            copy_json(json_get(call, "arguments"), arena, &calls[i].arguments, err) < 0)
            return -1;
    }
    out->calls = calls;
    out->n_calls = json_count(list);
    return 0;
}

/* The id of the call that a tool turn answers is one of its other members. */
static int copy_call_id(struct score_texts *texts, const struct turn *turn, struct arena *arena,
                        struct slice *out, struct error *err)
{
    static const char name[] = "\"tool_call_id\"";
    const struct json_value *extra;

    if (!turn->extra.ptr || !memmem(turn->extra.ptr, turn->extra.len, name, sizeof name - 1))
        return 0;
    return parse_stored(texts, turn->extra, &extra, err) < 0
               ? -1
               : copy_text(arena, json_text(json_get(extra, "tool_call_id")), out, err);
}

static int copy_turn(struct score_texts *texts, const struct turn *turn, struct arena *arena,
                     struct dialogue_turn *out, struct error *err)
{
    *out = (struct dialogue_turn){ .role = role_of_turn(turn->role) };
    return copy_text(arena, turn->content, &out->text, err) < 0 ||
                   copy_text(arena, turn->thought, &out->thought, err) < 0 ||
                   copy_calls(texts, turn->calls, arena, out, err) < 0 ||
                   (out->role == ROLE_TOOL &&
                    copy_call_id(texts, turn, arena, &out->call_id, err) < 0)
               ? -1
               : 0;
}

/* Copy the turns that scores are about, without those of a rejected side. */
static int copy_dialogue(struct score_texts *texts, const struct sample *sample,
                         struct arena *arena, const struct dialogue **out, struct error *err)
{
    struct dialogue *dialogue = arena_alloc(arena, 1, sizeof *dialogue);
    const size_t n_turns = sample_count_chosen(sample);
    struct dialogue_turn *turns = arena_alloc(arena, n_turns + 1, sizeof *turns);

    if (!dialogue || !turns)
        return error_nomem(err);
    *dialogue = (struct dialogue){ .turns = turns, .n_turns = n_turns };
    if (copy_text(arena, sample->system, &dialogue->system, err) < 0 ||
        copy_tools(texts, sample->tools, arena, dialogue, err) < 0)
        return -1;
    for (size_t i = 0; i < n_turns; i++)
        if (copy_turn(texts, &sample->turns[i], arena, &turns[i], err) < 0)
            return -1;
    *out = dialogue;
    return 0;
}

/* The part of a response that is scored, as text. */
static int text_of_part(const struct dialogue_turn *turn, enum response_part part,
                        struct arena *arena, struct observed_text *out, struct error *err)
{
    struct buf text;

    out->response = turn->text;
    if (part == RESPONSE_THOUGHT) {
        out->response = turn->thought.ptr ? turn->thought : slice_text("");
        if (!turn->thought.ptr)
            out->reason = "no_thought";
    }
    if (part != RESPONSE_ALL || !turn->thought.ptr)
        return 0;
    buf_init(&text, SIZE_MAX / 4);
    int rc = prompt_add_response(&text, turn, err);
    if (rc == 0)
        rc = copy_text(arena, buf_slice(&text), &out->response, err);
    buf_release(&text);
    return rc;
}

/* Do turns first .. last hold media, which no template writes? */
static bool has_media(const struct sample *sample, int first, int last)
{
    for (int i = first; i <= last; i++)
        if (sample->turns[i].media.ptr)
            return true;
    return false;
}

/* The response at a turn, with the last question before it. */
static int make_text(const struct response_choice *choice, const struct sample *sample,
                     const struct dialogue *dialogue, int turn, struct arena *arena,
                     struct observed_text *out, struct error *err)
{
    out->dialogue = dialogue;
    out->response_turn = (size_t)turn;
    out->part = choice->part;
    out->reason = out->prompt_reason = NULL;
    out->instruction = slice_of(NULL, 0);
    for (int i = turn - 1; i >= 0 && !out->instruction.ptr; i--)
        if (dialogue->turns[i].role == ROLE_USER)
            out->instruction = dialogue->turns[i].text;
    if (text_of_part(&dialogue->turns[turn], choice->part, arena, out, err) < 0)
        return -1;
    if (!out->reason && choice->part != RESPONSE_THOUGHT && has_media(sample, turn, turn))
        out->reason = "media";
    if (has_media(sample, 0, turn - 1))
        out->prompt_reason = "media";
    return 0;
}

/* True if the dialogue has a turn of this index and role. The row of a sample names its turns,
 * but SQL may have changed their roles or sides since. */
static bool has_turn(const struct dialogue *dialogue, int index, enum dialogue_role role)
{
    return index >= 0 && (size_t)index < dialogue->n_turns &&
           dialogue->turns[index].role == role;
}

/* May the answer at this turn be trained on? The last answer is the response in any case. */
static bool is_response(const struct sample *sample, int turn)
{
    return turn == sample->response_turn || sample->turns[turn].trained != TURN_TRAINED_NO;
}

/* Append the texts of a sample. */
static int append_sample(struct score_texts *texts, const struct response_choice *choice,
                         int64_t sample_id, const struct sample *sample, struct arena *arena,
                         struct error *err)
{
    const struct dialogue *dialogue = NULL;
    struct observed_text text = { .sample = sample_id };

    if (copy_dialogue(texts, sample, arena, &dialogue, err) < 0 ||
        copy_text(arena, sample->context, &text.context, err) < 0)
        return -1;
    if (!has_turn(dialogue, sample->response_turn, ROLE_ASSISTANT)) {
        if (has_turn(dialogue, sample->instruction_turn, ROLE_USER)) {
            text.instruction = dialogue->turns[sample->instruction_turn].text;
            if (has_media(sample, 0, sample->instruction_turn))
                text.prompt_reason = "media";
        }
        return append_text(texts, &text, -1, err);
    }
    for (int i = choice->all_turns ? 0 : sample->response_turn; i <= sample->response_turn;
         i++) {
        if (dialogue->turns[i].role != ROLE_ASSISTANT || !is_response(sample, i))
            continue;
        if (make_text(choice, sample, dialogue, i, arena, &text, err) < 0 ||
            append_text(texts, &text, i, err) < 0)
            return -1;
    }
    return 0;
}

int score_texts_read(struct score_texts *texts, struct sample_reader *reader, int64_t sample_id,
                     const struct response_choice *choice, struct arena *arena,
                     struct error *err)
{
    struct sample sample;
    const int found = sample_read(reader, sample_id, &sample, err);

    if (found < 0)
        return -1;
    if (found == 0)
        return error_set(err, ERR_INPUT, "sample %lld was deleted while it was being scored",
                         (long long)sample_id);
    return append_sample(texts, choice, sample_id, &sample, arena, err) < 0
               ? error_prefix(err, "sample %lld", (long long)sample_id)
               : 0;
}
