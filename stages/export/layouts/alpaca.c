/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alpaca: Stanford's flat object. Holds single-turn samples only; the input is the context.
 */
#include <stdbool.h>

#include "base/json/jsonout.h"
#include "stages/export/layouts/emit.h"
#include "stages/export/layouts/layout.h"
#include "stages/record/roles.h"
#include "store/sample.h"

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
    else if (turns[0].extra.ptr || turns[sample->n_turns - 1].extra.ptr)
        detail = "a turn holds more than text";
    if (detail)
        *why = detail;
    return !detail;
}

static int alpaca_write(const struct sample *sample, struct buf *out, const char **why,
                        struct error *err)
{
    struct jsonout json;

    if (!emit_check(sample, why) || !is_single_turn(sample, why))
        return 0;
    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    emit_id(&json, sample);
    if (sample->system.ptr) {
        jsonout_key(&json, "system");
        jsonout_text(&json, sample->system);
    }
    jsonout_key(&json, "instruction");
    jsonout_text(&json, sample->turns[0].content);
    jsonout_key(&json, "input");
    jsonout_text(&json, sample->context.ptr ? sample->context : slice_text(""));
    if (sample->n_turns == 2) {
        jsonout_key(&json, "output");
        jsonout_text(&json, sample->turns[1].content);
    }
    emit_context_bytes(&json, sample);
    jsonout_object_end(&json);
    return jsonout_end(&json, err) < 0 ? -1 : 1;
}

const struct layout layout_alpaca = {
    .name = "alpaca",
    .summary = "instruction, input, output; system",
    .write = alpaca_write,
};
