/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trained.h - what a message says about whether it is trained on.
 *
 * The members are OpenAI's "weight", Axolotl's "train", "loss" of ms-swift and XTuner, and
 * "loss_weight" of LLaMA-Factory. Their values are true or false, or the numbers 1 and 0. Other
 * values, such as a weight of 0.5, are neither yes nor no and are ignored.
 */
#ifndef CURATE_TRAINED_H
#define CURATE_TRAINED_H

#include "base/slice.h"

struct json_value;

/* Return 1 if the member says that its message is trained on, 0 if it says that it is not, -1
 * if it says neither. */
int trained_of(struct slice name, const struct json_value *value);

#endif
