/* SPDX-License-Identifier: Apache-2.0 */
/* The passes about the instruction on its own, and for a question about the sample. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/observe/observe_private.h"
#include "scoring/prompts/prompt.h"
#include "scoring/scorer.h"

static const char *const yes_and_no[] = { "Yes", "No" };
static const char *const one_to_six[] = { "1", "2", "3", "4", "5", "6" };

/* Turn the error of a text that the vocabulary cannot encode into a reason. Returns rc for all
 * other errors. */
static int reason_for_encoding(int rc, const char **reason, struct error *err)
{
    if (rc == 0 || err->code != ERR_INPUT)
        return rc;
    *reason = "not_tokenizable";
    return 0;
}

static int plan_instruction(const struct planning *planning, struct error *err)
{
    const struct tokenizer *tokenizer = planning->observer->tokenizer;
    const struct slice instruction = planning->text->instruction;
    const int32_t bos = tokenizer_bos(tokenizer);
    struct observation *out = planning->out;
    struct token_buf ids = { 0 };
    int rc;

    if (bos == TOKEN_NONE)
        out->instruction_reason = "no_bos";
    else if (planning->text->prompt_reason)
        out->instruction_reason = planning->text->prompt_reason;
    else if (slice_is_blank(instruction))
        out->instruction_reason = "no_instruction";
    if (out->instruction_reason)
        return 0;
    rc =
        reason_for_encoding(tokenizer_encode(tokenizer, instruction, TOKENIZE_FIRST, &ids, err),
                            &out->instruction_reason, err);
    out->n_instruction_tokens = ids.n;
    if (rc == 0 && ids.n >= planning->observer->options.max_tokens)
        out->instruction_reason = "too_long";
    if (rc == 0 && !out->instruction_reason) {
        const struct joined_ids joined = { .first = bos, .after = ids.ids, .n_after = ids.n };

        rc = pass_add_joined(planning, &joined, &out->nll_instruction_nats, err);
    }
    token_buf_release(&ids);
    return rc;
}

/* The sample's dialogue followed by the question and an answer to it. */
struct question {
    struct dialogue dialogue;
    struct dialogue_turn *turns; /* the last one is the answer */
    struct observed_text text;   /* its response is the answer */
};

/* Reduce the response to the part of it that the question is about. */
static void keep_part(struct dialogue_turn *response, enum response_part part)
{
    if (part == RESPONSE_THOUGHT)
        *response = (struct dialogue_turn){ .role = response->role, .text = response->thought };
    if (part == RESPONSE_ANSWER)
        response->thought = slice_of(NULL, 0);
}

/* The caller frees question->turns, also after a failure. */
static int question_init(struct question *question, const struct observed_text *text,
                         const char *asked, struct error *err)
{
    const struct dialogue *before = text->dialogue;
    const size_t n_before = before ? text->response_turn + 1 : 2;
    struct dialogue_turn *turns = calloc(n_before + 2, sizeof *turns);
    size_t n = 0;

    *question = (struct question){ .turns = turns };
    if (!turns)
        return error_nomem(err);
    if (before) {
        memcpy(turns, before->turns, n_before * sizeof *turns);
        n = n_before;
        keep_part(&turns[n - 1], text->part);
    } else {
        if (text->instruction.ptr)
            turns[n++] = (struct dialogue_turn){ .role = ROLE_USER, .text = text->instruction };
        if (text->response.ptr)
            turns[n++] =
                (struct dialogue_turn){ .role = ROLE_ASSISTANT, .text = text->response };
    }
    turns[n++] = (struct dialogue_turn){ .role = ROLE_USER, .text = slice_text(asked) };
    turns[n] = (struct dialogue_turn){ .role = ROLE_ASSISTANT };
    question->dialogue = (struct dialogue){ .turns = turns, .n_turns = n + 1 };
    if (before) {
        question->dialogue.system = before->system;
        question->dialogue.tools = before->tools;
        question->dialogue.n_tools = before->n_tools;
    }
    question->text = (struct observed_text){ .context = text->context,
                                             .instruction = slice_text(asked),
                                             .dialogue = &question->dialogue,
                                             .response_turn = n };
    return 0;
}

/* Build the prompt that ends in this answer. *id is the answer's first token there. */
static int encode_answer(const struct observer *observer, struct question *question,
                         const char *answer, struct prompt *prompt, int32_t *id,
                         struct error *err)
{
    question->turns[question->text.response_turn].text = slice_text(answer);
    question->text.response = slice_text(answer);
    if (prompt_build(observer->options.template, observer->tokenizer, &question->text, prompt,
                     err) < 0)
        return -1;
    *id = prompt->n_response > 0 ? prompt->ids.ids[prompt->ids.n - prompt->n_response]
                                 : TOKEN_NONE;
    return 0;
}

/* One pass over the prompt without its answer, with as much of the context as fits. It requests
 * the NLLs of all n_ids first tokens of answers. */
static int add_question_pass(const struct planning *planning, const struct prompt *prompt,
                             const int32_t *ids, size_t n_ids, struct answers *out,
                             struct error *err)
{
    struct pass pass = { .kind = PASS_READY };
    struct span context;

    if (!observe_fit_context(prompt, planning->observer->options.max_tokens, false, &context)) {
        out->reason = "too_long";
        return 0;
    }
    const size_t n_cut = context.start;
    const size_t n_tokens = prompt->ids.n - prompt->n_response - n_cut;
    int32_t *tokens = arena_alloc(planning->arena, n_tokens, sizeof *tokens);
    int32_t *next_ids = arena_alloc(planning->arena, n_ids, sizeof *next_ids);

    if (!tokens || !next_ids)
        return error_nomem(err);
    memcpy(tokens, prompt->ids.ids, prompt->n_head * sizeof *tokens);
    memcpy(tokens + prompt->n_head, prompt->ids.ids + prompt->n_head + n_cut,
           (n_tokens - prompt->n_head) * sizeof *tokens);
    memcpy(next_ids, ids, n_ids * sizeof *next_ids);
    out->truncated = n_cut > 0;
    pass.n_context_end = n_cut > 0 ? 0 : prompt->n_head + prompt->n_context;
    pass.ready = (struct sequence){ .tokens = tokens,
                                    .n_tokens = n_tokens,
                                    .next_ids = next_ids,
                                    .n_next_ids = n_ids,
                                    .next_nll_nats = out->nll_nats };
    return pass_add(planning->list, &pass, err);
}

static bool all_distinct(const int32_t *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (ids[i] == ids[j])
                return false;
    return true;
}

static int plan_answers(const struct planning *planning, struct question *question,
                        const char *const *answers, size_t n, struct answers *out,
                        struct error *err)
{
    int32_t ids[ANSWERS_MAX];
    struct prompt prompt = { 0 };
    int rc = 0;

    out->reason =
        planning->text->reason ? planning->text->reason : planning->text->prompt_reason;
    for (size_t i = 0; rc == 0 && i < n && !out->reason; i++) {
        prompt_release(&prompt);
        rc = encode_answer(planning->observer, question, answers[i], &prompt, &ids[i], err);
        rc = reason_for_encoding(rc, &out->reason, err);
        if (rc == 0 && prompt.reason)
            out->reason = prompt.reason;
    }
    if (rc == 0 && !out->reason && !all_distinct(ids, n))
        out->reason = "answers_alike";
    if (rc == 0 && !out->reason)
        rc = add_question_pass(planning, &prompt, ids, n, out, err);
    prompt_release(&prompt);
    return rc;
}

static int plan_question(const struct planning *planning, struct error *err)
{
    struct observation *out = planning->out;
    struct question question;
    int rc =
        question_init(&question, planning->text, planning->observer->options.question, err);

    if (rc == 0 && (planning->needs & NEED_YES_NO))
        rc = plan_answers(planning, &question, yes_and_no, 2, &out->yes_or_no, err);
    if (rc == 0 && (planning->needs & NEED_RATING))
        rc = plan_answers(planning, &question, one_to_six, 6, &out->rating, err);
    free(question.turns);
    return rc;
}

static size_t guess_question(const struct guessed_parts *parts, unsigned needs)
{
    (void)needs; /* the passes of both questions share the prompt */
    return parts->context + parts->tail + parts->response;
}

static size_t guess_instruction(const struct guessed_parts *parts, unsigned needs)
{
    (void)needs;
    return parts->has_response ? parts->tail : 0;
}

const struct planner planner_instruction = { .needs = NEED_NLL_INSTRUCTION,
                                             .plan = plan_instruction,
                                             .guess = guess_instruction };

const struct planner planner_question = { .needs = NEED_YES_NO | NEED_RATING,
                                          .plan = plan_question,
                                          .guess = guess_question };
