/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prompt_cache.h - prompts built by one model's observer, for another model's observer with the
 * same vocabulary, template and max_tokens. A pair of models tokenises each sample once.
 *
 * A full cache accepts no more prompts and keeps its first ones, because the second observer
 * takes the prompts in about the same order, each once. Not thread-safe.
 */
#ifndef CURATE_PROMPT_CACHE_H
#define CURATE_PROMPT_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct prompt;

struct prompt_cache;

/* An empty cache for about max_bytes. The caller calls prompt_cache_free(). ERR_NOMEM. */
int prompt_cache_new(size_t max_bytes, struct prompt_cache **out, struct error *err);
void prompt_cache_free(struct prompt_cache *cache);

/* Move the prompt of a sample's response at a turn into the cache; *prompt is empty then. If
 * the cache is full or had that prompt, *prompt stays unchanged. ERR_NOMEM. */
int prompt_cache_add(struct prompt_cache *cache, int64_t sample, size_t turn,
                     struct prompt *prompt, struct error *err);
/* Move a prompt out of the cache. False if it is not there. The caller releases *out. */
bool prompt_cache_take(struct prompt_cache *cache, int64_t sample, size_t turn,
                       struct prompt *out);

#endif
