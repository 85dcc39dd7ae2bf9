/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dpo: a pair as TRL's preference trainers read it: prompt, chosen and rejected, each a list of
 * messages.
 */
#include "stages/export/layouts/chat_write.h"
#include "stages/export/layouts/layout.h"
#include "stages/record/roles.h"
#include "store/sample.h"

/* The number of turns before the first one of a side. */
static size_t count_turns_before(const struct sample *sample, enum turn_side side)
{
    size_t n = 0;

    while (n < sample->n_turns && sample->turns[n].side < side)
        n++;
    return n;
}

/* Does the side begin like the prompt? A reader would read both sides as whole dialogues. */
static bool repeats_prompt(const struct sample *sample, size_t first, size_t end)
{
    if (first < end && turn_repeats_system(&sample->turns[first], sample->system))
        first++;
    return first < end && turn_equals(&sample->turns[first], &sample->turns[0]);
}

static bool dpo_check(const struct sample *sample, size_t n_prompt, size_t n_before_rejected,
                      const char **why)
{
    const char *detail = NULL;

    if (sample->kind != SAMPLE_PAIR)
        detail = "it is no pair; kto holds an answer with a label, and messages any dialogue";
    else if (n_prompt == 0)
        detail = "it has no prompt";
    else if (sample->response_turn < 0 || roles_find_rejected(sample) < 0)
        detail = "a side has no answer";
    else if (repeats_prompt(sample, n_prompt, n_before_rejected) &&
             repeats_prompt(sample, n_before_rejected, sample->n_turns))
        detail = "its sides would be read as whole dialogues";
    if (detail)
        *why = detail;
    return !detail;
}

static int dpo_write(const struct sample *sample, struct buf *out, const char **why,
                     struct error *err)
{
    const size_t n_prompt = count_turns_before(sample, TURN_SIDE_CHOSEN);
    const size_t n_before_rejected = count_turns_before(sample, TURN_SIDE_REJECTED);
    const struct chat_list lists[] = {
        { "prompt", 0, n_prompt },
        { "chosen", n_prompt, n_before_rejected },
        { "rejected", n_before_rejected, sample->n_turns },
    };

    if (!dpo_check(sample, n_prompt, n_before_rejected, why))
        return 0;
    return chat_write_lists(sample, lists, 3, NULL, out, why, err);
}

const struct layout layout_dpo = {
    .name = "dpo",
    .summary = "pairs for TRL: prompt, chosen, rejected, each a list of messages",
    .write = dpo_write,
};
