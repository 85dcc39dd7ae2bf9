/* SPDX-License-Identifier: Apache-2.0 */
/*
 * texts.h - samples as texts that an observer is given: the last response, or every response.
 *
 * A room of its own in the score stage, used by "backlog" and "compute". It may call scoring/,
 * store/sample.h and base/.
 */
#ifndef CURATE_SCORE_TEXTS_H
#define CURATE_SCORE_TEXTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/prompts/dialogue.h"

struct arena;
struct error;
struct json;
struct sample_reader;

/* Texts of samples, one after another. Zeroed is empty. */
struct score_texts {
    struct observed_text *texts;
    int *turns; /* index of each response in its sample's turns; -1: there is no response */
    size_t n;
    size_t cap;
    struct json *parser; /* made for the first tool or call */
};
void score_texts_release(struct score_texts *texts);

/* Read a sample and append its texts, at least one. They are copied to the arena. */
int score_texts_read(struct score_texts *texts, struct sample_reader *reader, int64_t sample_id,
                     const struct response_choice *choice, struct arena *arena,
                     struct error *err);

#endif
