/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prompt.h - a sample's dialogue as token ids, with exact boundaries.
 *
 * A prompt consists of head, context, tail and response, in this order. The head is BOS and
 * what the template writes before the context. The tail is the rest of the dialogue before the
 * response.
 *
 * Context, each response and each stretch of text between control tokens are tokenised on their
 * own, and the ids are joined. So a response has the same ids whatever stands before it, and
 * its boundary is exact.
 *
 * Text of a sample is untrusted: it never becomes one of the template's control tokens.
 */
#ifndef CURATE_PROMPT_H
#define CURATE_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "scoring/infer/forward/session.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/prompts/dialogue.h"
#include "scoring/prompts/templates/template.h"

struct buf;
struct error;
struct observed_text;

enum { PROMPT_SYSTEM_TURN = -1 };

/* The position of a turn's text in the prompt. */
struct prompt_turn {
    enum dialogue_role role;
    int turn;         /* index in the dialogue; PROMPT_SYSTEM_TURN for the system text */
    struct span text; /* all ids that contain a part of the turn's text */
};

struct prompt {
    struct token_buf ids; /* head, context, tail, response */
    size_t n_head;
    size_t n_context;
    size_t n_tail;
    size_t n_response;
    struct prompt_turn *turns; /* in order; the response is the last one */
    size_t n_turns;
    size_t n_response_bytes; /* of the response's text */
    bool has_user;           /* there is a user turn */
    bool shortened;          /* the oldest turns were left out to fit */
    const char *reason;      /* static: why there are no ids; NULL if there are */
};

/* The reasons that this file sets are no_tool_template: the template, or the vocabulary, cannot
 * write tools and calls; and calls_not_rendered: it cannot write the calls of this dialogue. */

/* Does the dialogue define tools, or call tools up to the response? Then its tool turns are
 * results of calls. */
bool dialogue_uses_tools(const struct dialogue *dialogue, size_t response);

/* Fill a zeroed prompt. The caller calls prompt_release(), also after a failure. An empty
 * context counts as none. ERR_INPUT for text that the vocabulary cannot encode; ERR_UNSUPPORTED
 * if the vocabulary lacks a control token that the template needs, or has no ids for its text;
 * ERR_NOMEM. */
int prompt_build(const struct prompt_template *template, const struct tokenizer *tokenizer,
                 const struct observed_text *text, struct prompt *out, struct error *err);

/* The same for a later response of the dialogue that `before` is a prompt of. The ids of
 * `before` are reused as a prefix unless the template formats the final turn differently. */
int prompt_build_next(const struct prompt_template *template, const struct tokenizer *tokenizer,
                      const struct prompt *before, const struct observed_text *text,
                      struct prompt *out, struct error *err);

/* The same without the oldest turns, if the dialogue exceeds max_tokens without its context.
 * The prompt then begins at the earliest user turn with which it fits, at the latest with the
 * last user turn before the response. */
int prompt_build_short(const struct prompt_template *template,
                       const struct tokenizer *tokenizer, const struct observed_text *text,
                       size_t max_tokens, struct prompt *out, struct error *err);

void prompt_release(struct prompt *prompt);

/* Append the text of a response with its thought between the marks that templates write, and
 * without calls. ERR_NOMEM. */
int prompt_add_response(struct buf *out, const struct dialogue_turn *turn, struct error *err);

#endif
