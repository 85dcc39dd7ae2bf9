/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a pair needs: an answer on each side, and a difference between them.
 */
#include "stages/ingest/formats/draft_private.h"
#include "stages/ingest/formats/transcript.h"
#include "stages/record/roles.h"

static size_t count_prompt_turns(const struct sample *pair)
{
    size_t n = 0;

    while (n < pair->n_turns && pair->turns[n].side == TURN_SIDE_PROMPT)
        n++;
    return n;
}

/* Are the sides the same, apart from blanks around a text? */
static bool are_sides_alike(const struct sample *pair)
{
    const size_t first = count_prompt_turns(pair);
    const size_t middle = sample_count_chosen(pair);

    if (pair->n_turns - middle != middle - first)
        return false;
    for (size_t i = first; i < middle; i++) {
        struct turn chosen = pair->turns[i];
        struct turn rejected = pair->turns[i + middle - first];

        chosen.content = slice_trim(chosen.content);
        rejected.content = slice_trim(rejected.content);
        if (!turn_equals(&chosen, &rejected))
            return false;
    }
    return true;
}

void draft_check_pair(struct draft *draft)
{
    const struct sample *pair = draft->out;

    if (pair->kind != SAMPLE_PAIR)
        return;
    if (pair->response_turn < 0 || roles_find_rejected(pair) < 0)
        draft_reject(draft, DEFECT_MISSING_CONTENT,
                     "its %s side holds no answer of the assistant",
                     pair->response_turn < 0 ? "chosen" : "rejected");
    else if (are_sides_alike(pair))
        draft_add_defect(draft, DEFECT_SIDES_ALIKE);
}
