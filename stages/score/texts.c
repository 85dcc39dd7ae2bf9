/* SPDX-License-Identifier: Apache-2.0 */
/* Samples as what an observer is to be shown: of each the last response, or every one. */
#include "stages/score/score_private.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "scoring/infer/forward/session.h"
#include "scoring/prompts/dialogue.h"
#include "store/sample.h"

void score_texts_release(struct score_texts *texts)
{
    free(texts->texts);
    free(texts->turns);
    *texts = (struct score_texts){ 0 };
}

static int add(struct score_texts *texts, const struct observed_text *text, int turn,
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

static int keep(struct arena *arena, struct slice text, struct slice *out, struct error *err)
{
    *out = text.ptr ? arena_copy(arena, text) : text;
    return text.ptr && !out->ptr ? error_nomem(err) : 0;
}

/* What is not one of our roles stands where a user's turn would. */
static enum dialogue_role role_of(struct slice name)
{
    if (slice_equal(name, slice_text("assistant")))
        return ROLE_ASSISTANT;
    if (slice_equal(name, slice_text("system")))
        return ROLE_SYSTEM;
    return slice_equal(name, slice_text("tool")) ? ROLE_TOOL : ROLE_USER;
}

static int copy_dialogue(const struct sample *sample, struct arena *arena,
                         const struct dialogue **out, struct error *err)
{
    struct dialogue *dialogue = arena_alloc(arena, 1, sizeof *dialogue);
    struct dialogue_turn *turns = arena_alloc(arena, sample->n_turns + 1, sizeof *turns);

    if (!dialogue || !turns)
        return error_nomem(err);
    *dialogue = (struct dialogue){ .turns = turns, .n_turns = sample->n_turns };
    if (keep(arena, sample->system, &dialogue->system, err) < 0)
        return -1;
    for (size_t i = 0; i < sample->n_turns; i++) {
        turns[i].role = role_of(sample->turns[i].role);
        if (keep(arena, sample->turns[i].content, &turns[i].text, err) < 0)
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

int score_texts_add(struct score_texts *texts, int64_t sample_id, const struct sample *sample,
                    bool all_turns, struct arena *arena, struct error *err)
{
    const struct dialogue *dialogue = NULL;
    struct observed_text text = { .sample = sample_id };

    if (copy_dialogue(sample, arena, &dialogue, err) < 0 ||
        keep(arena, sample->context, &text.context, err) < 0)
        return -1;
    if (sample->response_turn < 0) {
        if (sample->instruction_turn >= 0)
            text.instruction = dialogue->turns[sample->instruction_turn].text;
        return add(texts, &text, -1, err);
    }
    for (int i = all_turns ? 0 : sample->response_turn; i <= sample->response_turn; i++) {
        if (dialogue->turns[i].role != ROLE_ASSISTANT)
            continue;
        text = text_at(dialogue, text.context, sample_id, i);
        if (add(texts, &text, i, err) < 0)
            return -1;
    }
    return 0;
}

size_t score_texts_shared(const struct observed_text *text,
                          const struct observer_options *observing, size_t n)
{
    const size_t bytes_per_token = 4;
    const size_t lost = SESSION_SHARED_BLOCK / 2; /* as blocks are whole; on average */
    const size_t context = text->context.len / bytes_per_token;
    const size_t shared = context > lost ? context - lost : 0;

    if (n > observing->max_tokens || observing->prompt_window > 0)
        return 0;
    return shared < n ? shared : n;
}

size_t score_texts_longest(const struct score_texts *texts,
                           const struct observer_options *observing)
{
    size_t most = 0;

    for (size_t i = 0; i < texts->n; i++) {
        const size_t n = observer_guess_tokens(observing, &texts->texts[i], NEED_NLL);

        most = n > most ? n : most;
    }
    return most;
}
