/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prompt.h - a sample's text as token ids, piece by piece.
 *
 * Head, context, tail and response are tokenised each on its own and their ids joined, so that
 * the boundaries are exact: the response's ids are the same whatever stands before it. The head
 * is BOS, where the model wants one, and what the template puts before the context; the tail is
 * the instruction with what the template puts around it.
 *
 * To add a template: a const struct in prompt.c and its place in the list there.
 */
#ifndef CURATE_PROMPT_H
#define CURATE_PROMPT_H

#include <stddef.h>

#include "scoring/infer/tokenizer.h"

struct error;
struct observed_text;

struct prompt_template {
    const char *name;
    const char *context_head;     /* before the context */
    const char *instruction_head; /* between context and instruction */
    const char *instruction_only; /* before the instruction when there is no context */
    const char *response_head;    /* between instruction and response */
};

/* NULL when there is none of that name. */
const struct prompt_template *prompt_template_find(const char *name);

struct prompt {
    struct token_buf ids; /* all pieces, in this order */
    size_t n_head;
    size_t n_context;
    size_t n_tail;
    size_t n_response;
    const char *reason; /* static; why there are no ids, when there are none; else NULL */
};

/* Fill a zeroed prompt; prompt_release() also after a failure. An empty context counts as none.
 * ERR_INPUT for text that is not UTF-8, ERR_UNSUPPORTED when the template's own text has no
 * ids. */
int prompt_build(const struct prompt_template *template, const struct tokenizer *tokenizer,
                 const struct observed_text *text, struct prompt *out, struct error *err);
void prompt_release(struct prompt *prompt);

#endif
