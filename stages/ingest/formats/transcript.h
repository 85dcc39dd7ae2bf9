/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transcript.h - a dialogue as one text: "\n\nHuman: ...\n\nAssistant: ...", as Anthropic wrote
 * it.
 */
#ifndef CURATE_TRANSCRIPT_H
#define CURATE_TRANSCRIPT_H

#include <stdbool.h>

#include "base/slice.h"

struct draft;

/* Does the text begin with Human:, and does a paragraph of it begin with Assistant:? */
bool transcript_is(struct slice text);
/* Append the turns of a transcript, without blanks around each. If it is a prompt, a last turn
 * of the assistant without text is left out: the answer is elsewhere. */
void transcript_read(struct draft *draft, struct slice text, bool is_prompt);

#endif
