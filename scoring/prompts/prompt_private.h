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

/* A control token that the template's strings may name. */
struct prompt_control {
    const char *name;
    int32_t id;
};

struct prompt_writer {
    const struct prompt_template *template;
    const struct tokenizer *tokenizer;
    struct prompt *prompt;
    struct prompt_control controls[2 * TEMPLATE_CONTROLS_MAX]; /* those of the vocabulary */
    size_t n_controls;
    struct buf text;          /* collected, not tokenised yet */
    size_t first_unconverted; /* from this turn on, spans are bytes of the text, not ids */
    bool fresh;               /* a control token or nothing stands before the text */
};

/* The prompt may hold ids already; the writer appends. ERR_UNSUPPORTED if the vocabulary lacks
 * a control token that the template needs. */
int prompt_writer_init(struct prompt_writer *writer, const struct prompt_template *template,
                       const struct tokenizer *tokenizer, struct prompt *prompt,
                       struct error *err);
void prompt_writer_release(struct prompt_writer *writer);
/* Let the control tokens of the template's tool strings become ids, too. Call this once before
 * the first tool, call or result. */
void prompt_writer_use_tools(struct prompt_writer *writer);

/* Write text of the template, NULL for none. Names of control tokens become their ids. */
int prompt_write_words(struct prompt_writer *writer, const char *words, struct error *err);
/* Write a turn's text and add it to the prompt's turns. */
int prompt_write_turn(struct prompt_writer *writer, enum dialogue_role role, int turn,
                      struct slice text, struct error *err);
/* The same for a text that no template trims. */
int prompt_write_verbatim(struct prompt_writer *writer, enum dialogue_role role, int turn,
                          struct slice text, struct error *err);
/* Write untrusted text that is not a turn. */
int prompt_write_text(struct prompt_writer *writer, struct slice text, struct error *err);
/* End a piece: tokenise the collected text. */
int prompt_write_end(struct prompt_writer *writer, struct error *err);
/* End a piece and append a control token. */
int prompt_write_id(struct prompt_writer *writer, int32_t id, struct error *err);

/* prompt_tools.c: thoughts, tools, calls and results. */

/* Why the template cannot write the tools, calls and results of turns first .. response; NULL
 * if it can, or there are none. */
const char *prompt_tools_reason(const struct prompt_writer *writer,
                                const struct dialogue *dialogue, size_t first, size_t response);
/* Write the definitions of the tools. */
int prompt_write_tools(struct prompt_writer *writer, const struct dialogue *dialogue,
                       struct error *err);
/* Write a tool turn as the result of a call. */
int prompt_write_result(struct prompt_writer *writer, const struct dialogue_turn *turn,
                        int index, struct error *err);

/* Bits: what of a thought to write. */
enum thought_marks { THOUGHT_OPEN = 1, THOUGHT_TEXT = 2, THOUGHT_CLOSE = 4 };
int prompt_add_thought(struct buf *out, struct slice thought, unsigned marks,
                       struct error *err);
/* Append a turn's text and calls, without the calls_open of the template's tools. */
int prompt_add_answer(const struct prompt_template *template, const struct dialogue_turn *turn,
                      bool after_thought, struct buf *out, struct error *err);
/* Append JSON, written by json_write(), in the spelling of json.dumps(): a space after each
 * comma and colon; with an indent, each element on a line of its own. */
int prompt_add_json(struct buf *out, struct slice json, unsigned indent, struct error *err);

#endif
