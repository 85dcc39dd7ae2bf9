/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdict.h - what a record says about its answer: is it one to learn from?
 *
 * The members are label (TRL's KTO), kto_tag (LLaMA-Factory), score, rating and reward. Their
 * values are true and false, or these words as texts, as tables have them. Numbers are no
 * verdict: no threshold is guessed.
 */
#ifndef CURATE_VERDICT_H
#define CURATE_VERDICT_H

#include "base/slice.h"

struct json_value;

/* Return 1 if the member says that the record's answer is good, 0 if bad, -1 if neither. */
int verdict_of(struct slice name, const struct json_value *value);

#endif
