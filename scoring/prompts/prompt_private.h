/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prompt_private.h - writing a prompt piece by piece.
 *
 * Text is collected until a control token or a boundary comes, and then tokenised at once. A
 * writer remembers which bytes of the collected text are a turn's own, and turns them into ids
 * when they are there.
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
    struct buf text;                         /* collected */
    size_t first_marked; /* of the prompt's turns: from here on spans are of the text */
    bool fresh;          /* a control token, or nothing at all, is before the text */
};

/* The prompt may hold ids already. ERR_UNSUPPORTED for a control token that is missing. */
int prompt_writer_init(struct prompt_writer *writer, const struct prompt_template *template,
                       const struct tokenizer *tokenizer, struct prompt *prompt,
                       struct error *err);
void prompt_writer_release(struct prompt_writer *writer);

/* The template's own words (NULL is none): names of control tokens become their ids. */
int prompt_write_words(struct prompt_writer *writer, const char *words, struct error *err);
/* A turn's text, and an entry in the prompt's turns. */
int prompt_write_turn(struct prompt_writer *writer, enum dialogue_role role, int turn,
                      struct slice text, struct error *err);
/* A stranger's text that is no turn. */
int prompt_write_text(struct prompt_writer *writer, struct slice text, struct error *err);
/* A boundary: tokenise what was collected. */
int prompt_write_end(struct prompt_writer *writer, struct error *err);
int prompt_write_id(struct prompt_writer *writer, int32_t id, struct error *err);

/* The text as the template takes it: perhaps without the white space around it. */
struct slice prompt_trimmed(const struct prompt_template *template, struct slice text);

#endif
