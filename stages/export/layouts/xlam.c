/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xlam: a question that calls answer: query, tools, answers; tools and answers are JSON in
 * texts. Holds samples of a user turn and an answer of calls alone.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json/jsonout.h"
#include "stages/export/layouts/emit.h"
#include "stages/export/layouts/layout.h"
#include "stages/record/roles.h"
#include "store/sample.h"

static bool is_plain_turn(const struct turn *turn, struct slice role)
{
    return turn_has_role(turn, role) && !turn->extra.ptr && !turn->media.ptr &&
           !turn->thought.ptr && turn->trained != TURN_TRAINED_NO;
}

static bool xlam_holds(const struct sample *sample, const char **why)
{
    const struct turn *turns = sample->turns;
    const char *detail = NULL;

    if (!emit_check(sample, why))
        return false;
    if (sample->context.ptr)
        detail = "it has a context";
    else if (!sample->tools.ptr)
        detail = "it has no tools";
    else if (sample->n_turns != 2 || !is_plain_turn(&turns[0], role_user) ||
             !is_plain_turn(&turns[1], role_assistant))
        detail = "it is more than a question and an answer";
    else if (!turns[1].calls.ptr || turns[1].content.len > 0)
        detail = "its answer is not of calls alone";
    if (detail)
        *why = detail;
    return !detail;
}

static int xlam_write(const struct sample *sample, struct buf *out, const char **why,
                      struct error *err)
{
    struct jsonout json;

    if (!xlam_holds(sample, why))
        return 0;
    const int rc = emit_check_text(&sample->turns[0], why, err);
    if (rc != 1)
        return rc;
    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    emit_id(&json, sample);
    if (sample->system.ptr) {
        jsonout_key(&json, "system");
        jsonout_text(&json, sample->system);
    }
    jsonout_key(&json, "query");
    jsonout_text(&json, sample->turns[0].content);
    jsonout_key(&json, "tools");
    jsonout_text(&json, sample->tools);
    jsonout_key(&json, "answers");
    jsonout_text(&json, sample->turns[1].calls);
    emit_context_bytes(&json, sample, true);
    jsonout_object_end(&json);
    return jsonout_end(&json, err) < 0 ? -1 : 1;
}

const struct layout layout_xlam = {
    .name = "xlam",
    .summary = "query, tools, answers: a question that calls answer",
    .write = xlam_write,
};
