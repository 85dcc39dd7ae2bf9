/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thought.h - reasoning that an answer begins with.
 *
 * The marks are <think>, <thinking>, <thought> and <reasoning>, each with its closing tag, and
 * <|begin_of_thought|> with <|end_of_thought|>. After <|end_of_thought|>, marks of the solution
 * around the rest are dropped, too. The opening tag is missing if a template writes it. Then
 * the thought ends before a line that is only "</think>".
 *
 * The thought and the rest lose their marks and the newlines beside them.
 */
#ifndef CURATE_THOUGHT_H
#define CURATE_THOUGHT_H

#include <stdbool.h>

#include "base/slice.h"

/* Separate the thought that a text begins with from the rest. Returns false, and sets nothing,
 * when there is none or its mark is not closed. The parts are borrowed from the text. ptr is
 * set even if a part is empty. */
bool thought_split(struct slice text, struct slice *thought, struct slice *rest);
/* Is this the name of a member of a message that holds a thought? */
bool thought_is_key(struct slice name);
/* The text without the newlines at both ends. */
struct slice thought_trim(struct slice text);

#endif
