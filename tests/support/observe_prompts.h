/* SPDX-License-Identifier: Apache-2.0 */
/*
 * observe_prompts.h - observe prompts that a test has assembled itself.
 */
#ifndef CURATE_TEST_OBSERVE_PROMPTS_H
#define CURATE_TEST_OBSERVE_PROMPTS_H

#include <stddef.h>

struct arena;
struct error;
struct observation;
struct observer;
struct prompt;

/* As observer_run(), for samples that are token ids already. Needs that require the text are
 * ignored. */
int observe_prompts(struct observer *observer, const struct prompt *prompts, size_t n,
                    unsigned needs, struct arena *arena, struct observation *out,
                    struct error *err);

#endif
