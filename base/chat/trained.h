/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trained.h - what a message says about whether it is trained on.
 *
 * The members are OpenAI's "weight", Axolotl's "train", "loss" of ms-swift and XTuner, and
 * "loss_weight" of LLaMA-Factory. Their values are true or false, or the numbers 1 and 0. Other
 * values, as a weight of 0.5, say how much, and are no verdict.
 */
#ifndef CURATE_TRAINED_H
#define CURATE_TRAINED_H

#include "base/slice.h"

struct json_value;

/* Does a member of a message say that it is trained on (1), or that it is not (0)? -1: neither.
 */
int trained_of(struct slice name, const struct json_value *value);

#endif
