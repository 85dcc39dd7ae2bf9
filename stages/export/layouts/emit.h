/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emit.h - members of records that several layouts write.
 */
#ifndef CURATE_EMIT_H
#define CURATE_EMIT_H

#include <stdbool.h>

struct error;
struct jsonout;
struct sample;

/* Can a layout for conversations hold the sample? False with the reason in *why for plain text,
 * and for samples that no reader makes: an empty system prompt, an empty context, or a kind
 * that contradicts the turns. */
bool emit_check(const struct sample *sample, const char **why);
/* Write "id" if the sample has one. */
void emit_id(struct jsonout *json, const struct sample *sample);
/* Write "tools" from the sample's meta if it is there. Returns 1, or -1 for ERR_NOMEM. */
int emit_tools(struct jsonout *json, const struct sample *sample, struct error *err);
/* Write "context_bytes" if there is a context, so that a reader can separate it from the
 * instruction. */
void emit_context_bytes(struct jsonout *json, const struct sample *sample);

#endif
