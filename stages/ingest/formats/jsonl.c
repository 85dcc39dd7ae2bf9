/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own shape, which holds every sample. One flat object with the same keys each time, null
 * where there is nothing:
 *
 *   id           the producer's id
 *   kind         "sft", "prompt_only" or "text"
 *   system, context, instruction, response
 *   split        how context and instruction were told apart
 *   turns        all of {"role", "content", "extra"}, when they are more than instruction and
 *                response as a user's and an assistant's plain turn; those two only repeat some
 *                of it then
 *   meta         members of the producer's record that no shape claims
 */
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/chat_style.h"

static bool is_kind(struct slice word)
{
    return slice_equal(word, slice_text("sft")) ||
           slice_equal(word, slice_text("prompt_only")) ||
           slice_equal(word, slice_text("text"));
}

static bool jsonl_match(const struct json_value *record)
{
    const struct slice kind = json_text(json_get(record, "kind"));

    return kind.ptr && is_kind(kind) &&
           (json_get(record, "instruction") || json_get(record, "context") ||
            json_get(record, "turns"));
}

static void read_turn(struct draft *draft, const struct json_value *turn, size_t i)
{
    const struct json_value *extra = json_get(turn, "extra");
    const struct slice word = json_text(json_get(turn, "role"));

    if (word.len == 0) {
        draft_reject(draft, DEFECT_MISSING_CONTENT, "turn %zu has no role", i + 1);
        return;
    }
    if (!json_text(json_get(turn, "content")).ptr) {
        draft_reject(draft, DEFECT_MISSING_CONTENT, "turn %zu has no content", i + 1);
        return;
    }
    const struct slice role = draft_role(draft, word);
    draft_add_turn_of(draft, role, draft_text_of(draft, json_get(turn, "content"), "content"),
                      draft_others(draft, extra, NULL, NULL));
}

static void read_turns(struct draft *draft, const struct json_value *turns)
{
    if (json_type(turns) != JSON_ARRAY) {
        draft_reject(draft, DEFECT_BAD_TYPE, "turns is not a list");
        return;
    }
    for (size_t i = 0; draft->state == 1 && i < json_count(turns); i++)
        read_turn(draft, json_at(turns, i), i);
}

static void read_flat(struct draft *draft, struct slice instruction, struct slice response)
{
    if (instruction.ptr)
        draft_add_turn(draft, "user", instruction, slice_of(NULL, 0));
    draft_answer(draft, response);
}

static void jsonl_read(struct draft *draft)
{
    draft->unwrap = "meta";
    draft_take_system(draft);
    draft_take(draft, "kind"); /* follows from the turns */
    draft->out->context = draft_take_text(draft, "context");
    draft->out->split = draft_take_text(draft, "split");
    const struct slice instruction = draft_take_text(draft, "instruction");
    const struct slice response = draft_take_text(draft, "response");
    const struct json_value *turns = draft_take(draft, "turns");
    if (turns)
        read_turns(draft, turns);
    else
        read_flat(draft, instruction, response);
}

/* Can instruction and response say all that the turns do? */
static bool is_flat(const struct sample *sample)
{
    const struct turn *turns = sample->turns;
    const size_t n = sample->n_turns;

    if (n == 0)
        return true;
    return n <= 2 && slice_equal(turns[0].role, slice_text("user")) && !turns[0].extra.ptr &&
           (n == 1 ||
            (slice_equal(turns[1].role, slice_text("assistant")) && !turns[1].extra.ptr));
}

static void write_turns(struct jsonout *json, const struct sample *sample)
{
    jsonout_array_begin(json);
    for (size_t i = 0; i < sample->n_turns; i++) {
        const struct turn *turn = &sample->turns[i];

        jsonout_object_begin(json);
        jsonout_key(json, "role");
        jsonout_text(json, turn->role);
        jsonout_key(json, "content");
        jsonout_text(json, turn->content);
        if (turn->extra.ptr) {
            jsonout_key(json, "extra");
            jsonout_raw(json, turn->extra);
        }
        jsonout_object_end(json);
    }
    jsonout_array_end(json);
}

static void write_text(struct jsonout *json, const char *key, struct slice text)
{
    jsonout_key(json, key);
    jsonout_text(json, text);
}

static int jsonl_write(const struct sample *sample, struct buf *out, const char **why,
                       struct error *err)
{
    struct jsonout json;

    (void)why; /* nothing is beyond it */
    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    write_text(&json, "id", sample->ext_id);
    write_text(&json, "kind", slice_text(sample_kind_name(sample->kind)));
    write_text(&json, "system", sample->system);
    write_text(&json, "context", sample->context);
    write_text(&json, "split", sample->split);
    write_text(&json, "instruction", sample_instruction(sample));
    write_text(&json, "response", sample_response(sample));
    jsonout_key(&json, "turns");
    if (is_flat(sample))
        jsonout_null(&json);
    else
        write_turns(&json, sample);
    jsonout_key(&json, "meta");
    jsonout_raw(&json, sample->meta.ptr ? sample->meta : slice_text("null"));
    jsonout_object_end(&json);
    return jsonout_end(&json, err) < 0 ? -1 : 1;
}

const struct format format_jsonl = {
    .name = "jsonl",
    .summary = "this program's own: kind, context, instruction, response, turns, meta",
    .match = jsonl_match,
    .read = jsonl_read,
    .write = jsonl_write,
};
