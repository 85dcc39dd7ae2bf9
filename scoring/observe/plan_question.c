/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/observe/observe_private.h"
#include "scoring/prompts/prompt.h"
#include "scoring/scorer.h"

static const char *const yes_and_no[] = { "Yes", "No" };
static const char *const one_to_six[] = { "1", "2", "3", "4", "5", "6" };

/* Text that the vocabulary cannot spell is a reason, and no error. */
static int spell(int rc, const char **reason, struct error *err)
{
    if (rc == 0 || err->code != ERR_INPUT)
        return rc;
    *reason = "not_tokenizable";
    return 0;
}

int observe_plan_instruction(const struct observer *observer, const struct observed_text *text,
                             struct arena *arena, struct observation *out,
                             struct job_list *list, struct error *err)
{
    const int32_t bos = tokenizer_bos(observer->tokenizer);
    struct token_buf ids = { 0 };
    int rc;

    if (bos == TOKEN_NONE)
        out->instruction_reason = "no_bos";
    else if (slice_is_blank(text->instruction))
        out->instruction_reason = "no_instruction";
    if (out->instruction_reason)
        return 0;
    rc = spell(
        tokenizer_encode(observer->tokenizer, text->instruction, TOKENIZE_FIRST, &ids, err),
        &out->instruction_reason, err);
    out->n_instruction_tokens = ids.n;
    if (rc == 0 && ids.n >= observer->options.max_tokens)
        out->instruction_reason = "too_long";
    if (rc == 0 && !out->instruction_reason) {
        const struct joined joined = { .first = bos, .after = ids.ids, .n_after = ids.n };

        rc = job_add_joined(list, &joined, &out->nll_instruction_nats, arena, err);
    }
    token_buf_release(&ids);
    return rc;
}

/* The sample's dialogue with a question, and an answer, behind it. */
struct asking {
    struct dialogue dialogue;
    struct dialogue_turn *turns;
    struct observed_text text;
};

static int asking_init(struct asking *asking, const struct observed_text *text,
                       const char *question, struct error *err)
{
    const struct dialogue *said = text->dialogue;
    const size_t n_said = said ? text->response_turn + 1 : 2;
    struct dialogue_turn *turns = calloc(n_said + 2, sizeof *turns);
    size_t n = 0;

    *asking = (struct asking){ .turns = turns };
    if (!turns)
        return error_nomem(err);
    if (said) {
        memcpy(turns, said->turns, n_said * sizeof *turns);
        n = n_said;
    } else {
        if (text->instruction.ptr)
            turns[n++] = (struct dialogue_turn){ ROLE_USER, text->instruction };
        if (text->response.ptr)
            turns[n++] = (struct dialogue_turn){ ROLE_ASSISTANT, text->response };
    }
    turns[n++] = (struct dialogue_turn){ ROLE_USER, slice_text(question) };
    turns[n] = (struct dialogue_turn){ .role = ROLE_ASSISTANT };
    asking->dialogue = (struct dialogue){ .turns = turns, .n_turns = n + 1 };
    if (said)
        asking->dialogue.system = said->system;
    asking->text = (struct observed_text){ .context = text->context,
                                           .instruction = slice_text(question),
                                           .dialogue = &asking->dialogue,
                                           .response_turn = n };
    return 0;
}

/* The first id of an answer, in the place where the model would begin it. */
static int first_id(const struct observer *observer, struct asking *asking, const char *answer,
                    struct prompt *prompt, int32_t *id, struct error *err)
{
    asking->turns[asking->text.response_turn].text = slice_text(answer);
    asking->text.response = slice_text(answer);
    if (prompt_build(observer->options.template, observer->tokenizer, &asking->text, prompt,
                     err) < 0)
        return -1;
    *id = prompt->n_response > 0 ? prompt->ids.ids[prompt->ids.n - prompt->n_response]
                                 : TOKEN_NONE;
    return 0;
}

/* The prompt up to the answer, with as much of the context as fits. */
static int add_question(const struct observer *observer, const struct prompt *prompt,
                        const int32_t *ids, size_t n_ids, struct arena *arena,
                        struct answers *out, struct job_list *list, struct error *err)
{
    struct job job = { .kind = JOB_READY };
    struct span part;

    if (!observe_fit(prompt, observer->options.max_tokens, false, &part)) {
        out->reason = "too_long";
        return 0;
    }
    const size_t n_cut = part.start;
    const size_t n_tokens = prompt->ids.n - prompt->n_response - n_cut;
    int32_t *tokens = arena_alloc(arena, n_tokens, sizeof *tokens);
    int32_t *asked = arena_alloc(arena, n_ids, sizeof *asked);

    if (!tokens || !asked)
        return error_nomem(err);
    memcpy(tokens, prompt->ids.ids, prompt->n_head * sizeof *tokens);
    memcpy(tokens + prompt->n_head, prompt->ids.ids + prompt->n_head + n_cut,
           (n_tokens - prompt->n_head) * sizeof *tokens);
    memcpy(asked, ids, n_ids * sizeof *asked);
    out->truncated = n_cut > 0;
    job.ready = (struct sequence){ .tokens = tokens,
                                   .n_tokens = n_tokens,
                                   .next_ids = asked,
                                   .n_next_ids = n_ids,
                                   .next_nll_nats = out->nll_nats };
    return job_add(list, &job, err);
}

static bool all_different(const int32_t *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (ids[i] == ids[j])
                return false;
    return true;
}

static int plan_answers(const struct observer *observer, struct asking *asking,
                        const char *const *answers, size_t n, struct arena *arena,
                        struct answers *out, struct job_list *list, struct error *err)
{
    int32_t ids[ANSWERS_MAX];
    struct prompt prompt = { 0 };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n && !out->reason; i++) {
        prompt_release(&prompt);
        rc = spell(first_id(observer, asking, answers[i], &prompt, &ids[i], err), &out->reason,
                   err);
    }
    if (rc == 0 && !out->reason && !all_different(ids, n))
        out->reason = "answers_alike";
    if (rc == 0 && !out->reason)
        rc = add_question(observer, &prompt, ids, n, arena, out, list, err);
    prompt_release(&prompt);
    return rc;
}

int observe_plan_question(const struct observer *observer, const struct observed_text *text,
                          unsigned needs, struct arena *arena, struct observation *out,
                          struct job_list *list, struct error *err)
{
    struct asking asking;
    int rc = asking_init(&asking, text, observer->options.question, err);

    if (rc == 0 && (needs & NEED_ANSWER))
        rc = plan_answers(observer, &asking, yes_and_no, 2, arena, &out->yes_or_no, list, err);
    if (rc == 0 && (needs & NEED_RATING))
        rc = plan_answers(observer, &asking, one_to_six, 6, arena, &out->rating, list, err);
    free(asking.turns);
    return rc;
}
