/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/texts.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/sample.h"

void score_texts_release(struct score_texts *texts)
{
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

/* Copy the turns that scores are about: a rejected answer is no part of the dialogue. */
static int copy_dialogue(const struct sample *sample, struct arena *arena,
                         const struct dialogue **out, struct error *err)
{
    struct dialogue *dialogue = arena_alloc(arena, 1, sizeof *dialogue);
    const size_t n_turns = sample_count_chosen(sample);
    struct dialogue_turn *turns = arena_alloc(arena, n_turns + 1, sizeof *turns);

    if (!dialogue || !turns)
        return error_nomem(err);
    *dialogue = (struct dialogue){ .turns = turns, .n_turns = n_turns };
    if (copy_text(arena, sample->system, &dialogue->system, err) < 0)
        return -1;
    for (size_t i = 0; i < n_turns; i++) {
        turns[i].role = role_of_turn(sample->turns[i].role);
        if (copy_text(arena, sample->turns[i].content, &turns[i].text, err) < 0)
            return -1;
    }
    *out = dialogue;
    return 0;
}

/* The response at a turn, with the last question before it. */
static struct observed_text text_at(const struct dialogue *dialogue, struct slice context,
                                    int64_t sample_id, int turn)
{
    struct observed_text text = { .context = context,
                                  .response = dialogue->turns[turn].text,
                                  .dialogue = dialogue,
                                  .response_turn = (size_t)turn,
                                  .sample = sample_id };

    for (int i = turn - 1; i >= 0 && !text.instruction.ptr; i--)
        if (dialogue->turns[i].role == ROLE_USER)
            text.instruction = dialogue->turns[i].text;
    return text;
}

/* True if the dialogue has a turn of this index and role. The row of a sample names its turns,
 * but SQL may have changed their roles or sides since. */
static bool has_turn(const struct dialogue *dialogue, int index, enum dialogue_role role)
{
    return index >= 0 && (size_t)index < dialogue->n_turns &&
           dialogue->turns[index].role == role;
}

/* Append the texts of a sample. */
static int append_sample(struct score_texts *texts, int64_t sample_id,
                         const struct sample *sample, bool all_turns, struct arena *arena,
                         struct error *err)
{
    const struct dialogue *dialogue = NULL;
    struct observed_text text = { .sample = sample_id };

    if (copy_dialogue(sample, arena, &dialogue, err) < 0 ||
        copy_text(arena, sample->context, &text.context, err) < 0)
        return -1;
    if (!has_turn(dialogue, sample->response_turn, ROLE_ASSISTANT)) {
        if (has_turn(dialogue, sample->instruction_turn, ROLE_USER))
            text.instruction = dialogue->turns[sample->instruction_turn].text;
        return append_text(texts, &text, -1, err);
    }
    for (int i = all_turns ? 0 : sample->response_turn; i <= sample->response_turn; i++) {
        if (dialogue->turns[i].role != ROLE_ASSISTANT)
            continue;
        text = text_at(dialogue, text.context, sample_id, i);
        if (append_text(texts, &text, i, err) < 0)
            return -1;
    }
    return 0;
}

int score_texts_read(struct score_texts *texts, struct sample_reader *reader, int64_t sample_id,
                     bool all_turns, struct arena *arena, struct error *err)
{
    struct sample sample;
    const int found = sample_read(reader, sample_id, &sample, err);

    if (found < 0)
        return -1;
    if (found == 0)
        return error_set(err, ERR_INPUT, "sample %lld was deleted while it was being scored",
                         (long long)sample_id);
    return append_sample(texts, sample_id, &sample, all_turns, arena, err);
}
