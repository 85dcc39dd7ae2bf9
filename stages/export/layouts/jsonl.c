/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonl: the program's own layout, which holds every sample. Each record is a flat object with
 * the same keys; a value that the sample lacks is null.
 *
 *   id           the producer's id
 *   kind         "sft", "pair", "prompt_only" or "text"
 *   system, context, instruction, response
 *   split        how context and instruction were separated
 *   turns        a list of {"role", "content"}; null when instruction and response hold all
 *                of it: no turn, or a plain user turn, or that and a plain answer
 *   meta         members of the producer's record that no shape claimed
 *   tools        only if the sample has tools
 *
 * A turn has more members if it has such parts: "thought"; "calls" and "media" in their
 * internal forms (base/chat/); "side", which is "chosen" or "rejected"; "trained"; "extra".
 */
#include <stdbool.h>

#include "base/json/jsonout.h"
#include "stages/export/layouts/layout.h"
#include "stages/record/roles.h"
#include "store/sample.h"

static bool is_flat_turn(const struct turn *turn, struct slice role)
{
    return turn_has_role(turn, role) && !turn->extra.ptr && !turn->thought.ptr &&
           !turn->calls.ptr && !turn->media.ptr && turn->trained == TURN_TRAINED_UNSAID &&
           turn->side == TURN_SIDE_PROMPT;
}

/* Do instruction and response hold everything that is in the turns? */
static bool is_flat(const struct sample *sample)
{
    const struct turn *turns = sample->turns;
    const size_t n = sample->n_turns;

    if (n == 0)
        return true;
    return n <= 2 && is_flat_turn(&turns[0], role_user) &&
           (n == 1 || is_flat_turn(&turns[1], role_assistant));
}

static void jsonl_write_json(struct jsonout *json, const char *key, struct slice value)
{
    if (!value.ptr)
        return;
    jsonout_key(json, key);
    jsonout_raw(json, value);
}

static void jsonl_write_facts(struct jsonout *json, const struct turn *turn)
{
    if (turn->thought.ptr) {
        jsonout_key(json, "thought");
        jsonout_text(json, turn->thought);
    }
    jsonl_write_json(json, "calls", turn->calls);
    jsonl_write_json(json, "media", turn->media);
    if (turn->side != TURN_SIDE_PROMPT) {
        jsonout_key(json, "side");
        jsonout_text(json, slice_text(turn_side_name(turn->side)));
    }
    if (turn->trained != TURN_TRAINED_UNSAID) {
        jsonout_key(json, "trained");
        jsonout_bool(json, turn->trained == TURN_TRAINED_YES);
    }
}

static void jsonl_write_turns(struct jsonout *json, const struct sample *sample)
{
    jsonout_array_begin(json);
    for (size_t i = 0; i < sample->n_turns; i++) {
        const struct turn *turn = &sample->turns[i];

        jsonout_object_begin(json);
        jsonout_key(json, "role");
        jsonout_text(json, turn->role);
        jsonout_key(json, "content");
        jsonout_text(json, turn->content);
        jsonl_write_facts(json, turn);
        jsonl_write_json(json, "extra", turn->extra);
        jsonout_object_end(json);
    }
    jsonout_array_end(json);
}

static void jsonl_write_text(struct jsonout *json, const char *key, struct slice text)
{
    jsonout_key(json, key);
    jsonout_text(json, text);
}

static int jsonl_write(const struct sample *sample, struct buf *out, const char **why,
                       struct error *err)
{
    struct jsonout json;

    (void)why; /* the layout holds every sample */
    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    jsonl_write_text(&json, "id", sample->ext_id);
    jsonl_write_text(&json, "kind", slice_text(sample_kind_name(sample->kind)));
    jsonl_write_text(&json, "system", sample->system);
    jsonl_write_text(&json, "context", sample->context);
    jsonl_write_text(&json, "split", sample->split);
    jsonl_write_text(&json, "instruction", sample_instruction(sample));
    jsonl_write_text(&json, "response", sample_response(sample));
    jsonout_key(&json, "turns");
    if (is_flat(sample))
        jsonout_null(&json);
    else
        jsonl_write_turns(&json, sample);
    jsonout_key(&json, "meta");
    jsonout_raw(&json, sample->meta.ptr ? sample->meta : slice_text("null"));
    jsonl_write_json(&json, "tools", sample->tools);
    jsonout_object_end(&json);
    return jsonout_end(&json, err) < 0 ? -1 : 1;
}

const struct layout layout_jsonl = {
    .name = "jsonl",
    .summary = "this program's own: kind, context, instruction, response, turns, meta",
    .write = jsonl_write,
};
