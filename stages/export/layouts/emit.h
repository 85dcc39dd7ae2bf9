/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emit.h - members of records that several layouts write.
 */
#ifndef CURATE_EMIT_H
#define CURATE_EMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buf;
struct error;
struct jsonout;
struct sample;
struct turn;

/* Can a layout for conversations hold the sample? False with the reason in *why for plain text,
 * and for samples that no reader makes: an empty system prompt, an empty context, or a kind
 * that contradicts the turns. */
bool emit_check(const struct sample *sample, const char **why);
/* The part of it that is about the system prompt and the context. */
bool emit_check_texts(const struct sample *sample, const char **why);
/* The functions below return 1; 0 with the reason in *why when a reader would not read the turn
 * as it is; -1 for ERR_NOMEM. */

/* Would a reader find a thought, calls or results in the text of a turn? */
int emit_check_text(const struct turn *turn, const char **why, struct error *err);
/* Does a reader keep a thought beside the text, in a member of its own? */
int emit_check_thought(const struct turn *turn, const char **why);
/* Append the text of an answer, with its thought in front of it between <think> and </think>.
 */
int emit_add_answer(const struct turn *turn, struct buf *out, const char **why,
                    struct error *err);

/* Append a text as a JSON string. Returns 0, or -1 for ERR_NOMEM. */
int emit_add_quoted(struct buf *out, struct slice text, struct error *err);
/* Do two JSON texts have the same canonical form? Returns 1, 0, or -1 for ERR_NOMEM. */
int emit_same_json(struct slice a, struct slice b, struct error *err);
/* Shorten a buffer to a length that it had. */
void emit_undo(struct buf *out, size_t len);
/* Write "id" if the sample has one. */
void emit_id(struct jsonout *json, const struct sample *sample);
/* Write "tools" from the sample's meta if it is there. Returns 1, or -1 for ERR_NOMEM. */
int emit_tools(struct jsonout *json, const struct sample *sample, struct error *err);
/* Write "context_bytes" if there is a context, so that a reader can separate it from the
 * instruction; or 0 if a reader would find one that the sample does not have. is_text: context
 * and instruction are one text; the number is negative if the context stands last. */
void emit_context_bytes(struct jsonout *json, const struct sample *sample, bool is_text);

#endif
