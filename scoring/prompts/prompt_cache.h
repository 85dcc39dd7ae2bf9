/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prompt_cache.h - prompts that one model's observer has made, for that of another model with
 * the same vocabulary, template and max_tokens: a pair's samples are tokenised once.
 *
 * It holds those that were made first, up to a number of bytes: the other model asks for them
 * in about the same order, each once.
 */
#ifndef CURATE_PROMPT_CACHE_H
#define CURATE_PROMPT_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct prompt;

struct prompt_cache;

int prompt_cache_new(size_t max_bytes, struct prompt_cache **out, struct error *err);
void prompt_cache_free(struct prompt_cache *cache);

/* The prompt of a sample's response at a turn: it is the cache's from here on, and *prompt
 * empty; where there is no more room, it stays as it was. ERR_NOMEM. */
int prompt_cache_add(struct prompt_cache *cache, int64_t sample, size_t turn,
                     struct prompt *prompt, struct error *err);
/* Whether it was there: then it is the caller's again, to be released. */
bool prompt_cache_take(struct prompt_cache *cache, int64_t sample, size_t turn,
                       struct prompt *out);

#endif
