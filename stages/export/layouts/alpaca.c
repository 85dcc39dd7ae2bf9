/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alpaca: Stanford's flat object. Holds single-turn samples only; the input is the context, or
 * the short input that was read beside the instruction. A thought stands in front of the
 * output, between <think> and </think>. Tools are JSON in a text.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json/jsonout.h"
#include "stages/export/layouts/emit.h"
#include "stages/export/layouts/layout.h"
#include "stages/record/passage.h"
#include "stages/record/roles.h"
#include "store/sample.h"

/* Has the turn nothing that the layout lacks? */
static bool is_text_alone(const struct turn *turn)
{
    return !turn->extra.ptr && !turn->calls.ptr && !turn->media.ptr;
}

/* Is the sample one user turn, perhaps with one assistant turn, of text alone? */
static bool is_single_turn(const struct sample *sample, const char **why)
{
    const struct turn *turns = sample->turns;
    const char *detail = NULL;

    if (sample->n_turns > 2)
        detail = "it has more than one turn";
    else if (!turn_has_role(&turns[0], role_user))
        detail = "its first turn is not the user's";
    else if (sample->n_turns == 2 && !turn_has_role(&turns[1], role_assistant))
        detail = "its second turn is not the assistant's";
    else if (turns[sample->n_turns - 1].trained == TURN_TRAINED_NO)
        detail = "its answer is not to be trained on";
    else if (!is_text_alone(&turns[0]) || !is_text_alone(&turns[sample->n_turns - 1]))
        detail = "a turn holds more than text";
    if (detail)
        *why = detail;
    return !detail;
}

static int alpaca_check(const struct sample *sample, const char **why, struct error *err)
{
    int rc = emit_check(sample, why) && is_single_turn(sample, why);

    for (size_t i = 0; rc == 1 && i < sample->n_turns; i++)
        rc = emit_check_text(&sample->turns[i], why, err);
    return rc;
}

static int alpaca_write_output(struct jsonout *json, const struct turn *turn, const char **why,
                               struct error *err)
{
    struct buf text;

    buf_init(&text, SIZE_MAX / 4);
    const int rc = emit_add_answer(turn, &text, why, err);
    if (rc == 1) {
        jsonout_key(json, "output");
        jsonout_text(json, text.len > 0 ? buf_slice(&text) : slice_text(""));
    }
    buf_release(&text);
    return rc;
}

/* Write the instruction and the input: the context, or the short input that was joined to the
 * instruction. An input that reads as a context stays joined. */
static void alpaca_write_question(struct jsonout *json, const struct sample *sample)
{
    struct slice instruction = sample->turns[0].content;
    struct slice input = sample->context.ptr ? sample->context : slice_text("");
    struct slice parts[2];

    if (!sample->context.ptr &&
        passage_part_input(sample->split, instruction, &parts[0], &parts[1]) &&
        parts[1].len < PASSAGE_LEAST_BYTES && !slice_equal(parts[1], slice_text("<noinput>"))) {
        instruction = parts[0];
        input = parts[1];
    }
    jsonout_key(json, "instruction");
    jsonout_text(json, instruction);
    jsonout_key(json, "input");
    jsonout_text(json, input);
}

static int alpaca_write(const struct sample *sample, struct buf *out, const char **why,
                        struct error *err)
{
    const size_t before = out->len;
    struct jsonout json;
    int rc = alpaca_check(sample, why, err);

    if (rc != 1)
        return rc;
    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    emit_id(&json, sample);
    if (sample->system.ptr) {
        jsonout_key(&json, "system");
        jsonout_text(&json, sample->system);
    }
    alpaca_write_question(&json, sample);
    if (sample->n_turns == 2)
        rc = alpaca_write_output(&json, &sample->turns[1], why, err);
    if (sample->tools.ptr) {
        jsonout_key(&json, "tools");
        jsonout_text(&json, sample->tools);
    }
    emit_context_bytes(&json, sample, false);
    jsonout_object_end(&json);
    if (rc == 0)
        emit_undo(out, before);
    return rc == 1 && jsonout_end(&json, err) < 0 ? -1 : rc;
}

const struct layout layout_alpaca = {
    .name = "alpaca",
    .summary = "instruction, input, output; system",
    .write = alpaca_write,
};
