/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prompt_private.h - write a prompt piece by piece.
 *
 * The writer collects text until a control token or a boundary follows, and then tokenises it
 * at once. It remembers which bytes of the collected text belong to a turn and converts these
 * positions to positions of ids. All functions fail with ERR_NOMEM, and as prompt_build() does.
 */
#ifndef CURATE_PROMPT_PRIVATE_H
#define CURATE_PROMPT_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "scoring/prompts/prompt.h"

struct prompt_writer {
    const struct prompt_template *template;
    const struct tokenizer *tokenizer;
    struct prompt *prompt;
    int32_t controls[TEMPLATE_CONTROLS_MAX]; /* the template's, TOKEN_NONE where missing */
    struct buf text;                         /* collected, not tokenised yet */
    size_t first_unconverted; /* from this turn on, spans are bytes of the text, not ids */
    bool fresh;               /* a control token or nothing stands before the text */
};

/* The prompt may hold ids already; the writer appends. ERR_UNSUPPORTED if the vocabulary lacks
 * a control token that the template needs. */
int prompt_writer_init(struct prompt_writer *writer, const struct prompt_template *template,
                       const struct tokenizer *tokenizer, struct prompt *prompt,
                       struct error *err);
void prompt_writer_release(struct prompt_writer *writer);

/* Write text of the template, NULL for none. Names of control tokens become their ids. */
int prompt_write_words(struct prompt_writer *writer, const char *words, struct error *err);
/* Write a turn's text and add it to the prompt's turns. */
int prompt_write_turn(struct prompt_writer *writer, enum dialogue_role role, int turn,
                      struct slice text, struct error *err);
/* Write untrusted text that is not a turn. */
int prompt_write_text(struct prompt_writer *writer, struct slice text, struct error *err);
/* End a piece: tokenise the collected text. */
int prompt_write_end(struct prompt_writer *writer, struct error *err);
/* End a piece and append a control token. */
int prompt_write_id(struct prompt_writer *writer, int32_t id, struct error *err);

#endif
