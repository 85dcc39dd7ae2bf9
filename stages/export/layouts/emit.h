/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emit.h - what the writers of several shapes share.
 */
#ifndef CURATE_EMIT_H
#define CURATE_EMIT_H

#include <stdbool.h>

struct error;
struct jsonout;
struct sample;

/* False, with the reason, for what no conversation shape can hold: plain text, and samples that
 * no reader makes (an empty system text, an empty context, a kind its turns do not bear out).
 */
bool emit_check(const struct sample *sample, const char **why);
/* "id", when the sample has one. */
void emit_id(struct jsonout *json, const struct sample *sample);
/* "tools" from the sample's meta, when it is there: 1, or -1. */
int emit_tools(struct jsonout *json, const struct sample *sample, struct error *err);
/* "context_bytes", when there is a context: lets a reader part it from the instruction again.
 */
void emit_context_bytes(struct jsonout *json, const struct sample *sample);

#endif
