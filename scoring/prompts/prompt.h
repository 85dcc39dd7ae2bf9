/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prompt.h - a sample's dialogue as token ids, with exact boundaries.
 *
 * A prompt is head, context, tail and response, in this order: the head is BOS and what the
 * template puts before the context, the tail is the rest of the dialogue up to the response.
 * Context and response are tokenised each on its own, what lies between two control tokens,
 * the context and a response likewise, and the ids are joined. So the response has the same
 * ids whatever stands before it, and no boundary is ever looked for in text.
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

struct error;
struct observed_text;

enum { PROMPT_SYSTEM_TURN = -1 };

/* Where a turn's own text went. */
struct prompt_turn {
    enum dialogue_role role;
    int turn;         /* its index in the dialogue; PROMPT_SYSTEM_TURN for the system text */
    struct span text; /* the ids that hold any of it */
};

struct prompt {
    struct token_buf ids; /* all pieces, in this order */
    size_t n_head;
    size_t n_context;
    size_t n_tail;
    size_t n_response;
    struct prompt_turn *turns; /* in order; the response is the last one */
    size_t n_turns;
    bool has_user;      /* a user's turn was written */
    bool shortened;     /* the oldest turns were left out to fit */
    const char *reason; /* static; why there are no ids, when there are none; else NULL */
};

/* Fill a zeroed prompt; prompt_release() also after a failure. An empty context counts as none.
 * ERR_INPUT for text that is not UTF-8, ERR_UNSUPPORTED when the template's own text has no
 * ids, or a control token it needs is not in the vocabulary. */
int prompt_build(const struct prompt_template *template, const struct tokenizer *tokenizer,
                 const struct observed_text *text, struct prompt *out, struct error *err);

/* The same for a later response of the dialogue that 'before' is a prompt of. Unless the
 * template begins last turns in a way of its own, the ids begin with all of before's, and what
 * they stand for is not tokenised again. */
int prompt_build_next(const struct prompt_template *template, const struct tokenizer *tokenizer,
                      const struct prompt *before, const struct observed_text *text,
                      struct prompt *out, struct error *err);

/* The same with as many of the dialogue's last turns as fit max_tokens beside the response,
 * from a user's turn on; at least from the last one before the response. The context does not
 * count: it can be shortened. */
int prompt_build_short(const struct prompt_template *template,
                       const struct tokenizer *tokenizer, const struct observed_text *text,
                       size_t max_tokens, struct prompt *out, struct error *err);

void prompt_release(struct prompt *prompt);

#endif
