/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sample.h"

static bool turn_is_of(const struct turn *turn, const char *role)
{
    return slice_equal(turn->role, slice_text(role));
}

int sample_find_answer(const struct sample *sample, enum turn_side side)
{
    int untrained = -1;

    for (size_t i = sample->n_turns; i-- > 0;) {
        const struct turn *turn = &sample->turns[i];

        if (turn->side != side || !turn_is_of(turn, "assistant"))
            continue;
        if (turn->trained != TURN_TRAINED_NO)
            return (int)i;
        if (untrained < 0)
            untrained = (int)i;
    }
    return untrained;
}

bool sample_has_sides(const struct sample *sample)
{
    return sample->n_turns > 0 && sample->turns[sample->n_turns - 1].side != TURN_SIDE_PROMPT;
}

void sample_find_turns(struct sample *sample)
{
    const bool is_pair = sample_has_sides(sample);
    const int response =
        sample_find_answer(sample, is_pair ? TURN_SIDE_CHOSEN : TURN_SIDE_PROMPT);
    size_t i = response >= 0 ? (size_t)response : sample_count_chosen(sample);

    sample->response_turn = response;
    sample->instruction_turn = -1;
    while (i-- > 0 && sample->instruction_turn < 0)
        if (turn_is_of(&sample->turns[i], "user"))
            sample->instruction_turn = (int)i;
    if (is_pair)
        sample->kind = SAMPLE_PAIR;
    else if (response >= 0)
        sample->kind = SAMPLE_SFT;
    else
        sample->kind = sample->n_turns > 0 ? SAMPLE_PROMPT_ONLY : SAMPLE_TEXT;
}

size_t sample_find_first_question(const struct sample *sample)
{
    size_t first = 0;

    for (size_t i = 0; i < sample->n_turns; i++)
        if (turn_is_of(&sample->turns[i], "user"))
            return i;
    while (first + 1 < sample->n_turns && turn_is_of(&sample->turns[first], "system"))
        first++;
    return turn_is_of(&sample->turns[first], "system") ? 0 : first;
}
