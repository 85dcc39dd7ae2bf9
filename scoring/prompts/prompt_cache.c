/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/prompts/prompt_cache.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "scoring/prompts/prompt.h"

struct cached_prompt {
    int64_t sample;
    size_t turn;
    struct prompt prompt;
    enum { ENTRY_FREE, ENTRY_CACHED, ENTRY_TAKEN } state;
};

/* A hash table with open addressing. At least half of the entries are free. */
struct prompt_cache {
    struct cached_prompt *entries;
    size_t n_entries; /* a power of two, or 0 */
    size_t n_used;
    size_t n_bytes;
    size_t max_bytes;
};

int prompt_cache_new(size_t max_bytes, struct prompt_cache **out, struct error *err)
{
    struct prompt_cache *cache = calloc(1, sizeof *cache);

    if (!cache)
        return error_nomem(err);
    cache->max_bytes = max_bytes;
    *out = cache;
    return 0;
}

void prompt_cache_free(struct prompt_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < cache->n_entries; i++)
        if (cache->entries[i].state == ENTRY_CACHED)
            prompt_release(&cache->entries[i].prompt);
    free(cache->entries);
    free(cache);
}

/* The entry of a key, or the free entry for it. */
static struct cached_prompt *find_cached(struct cached_prompt *entries, size_t n_entries,
                                         int64_t sample, size_t turn)
{
    const uint64_t key[] = { (uint64_t)sample, turn };
    size_t at = hash_u64(slice_of((const char *)key, sizeof key)) & (n_entries - 1);

    while (entries[at].state != ENTRY_FREE &&
           (entries[at].sample != sample || entries[at].turn != turn))
        at = (at + 1) & (n_entries - 1);
    return &entries[at];
}

/* Double the table if half of it is used. */
static int grow_cache(struct prompt_cache *cache, struct error *err)
{
    const size_t n = cache->n_entries ? 2 * cache->n_entries : 64;
    struct cached_prompt *entries;

    if (cache->n_used < cache->n_entries / 2)
        return 0;
    entries = calloc(n, sizeof *entries);
    if (!entries)
        return error_nomem(err);
    for (size_t i = 0; i < cache->n_entries; i++) {
        const struct cached_prompt *entry = &cache->entries[i];

        if (entry->state != ENTRY_FREE)
            *find_cached(entries, n, entry->sample, entry->turn) = *entry;
    }
    free(cache->entries);
    cache->entries = entries;
    cache->n_entries = n;
    return 0;
}

int prompt_cache_add(struct prompt_cache *cache, int64_t sample, size_t turn,
                     struct prompt *prompt, struct error *err)
{
    const size_t n_bytes = 4 * sizeof(struct cached_prompt) +
                           prompt->n_turns * sizeof *prompt->turns +
                           prompt->ids.n * sizeof *prompt->ids.ids;

    if (prompt->ids.n == 0 || n_bytes > cache->max_bytes - cache->n_bytes)
        return 0;
    if (grow_cache(cache, err) < 0)
        return -1;
    struct cached_prompt *entry = find_cached(cache->entries, cache->n_entries, sample, turn);
    if (entry->state != ENTRY_FREE)
        return 0;
    /* A buffer that has grown can be twice as long as its content. */
    int32_t *ids = reallocarray(prompt->ids.ids, prompt->ids.n, sizeof *ids);
    if (!ids)
        return error_nomem(err);
    prompt->ids.ids = ids;
    prompt->ids.cap = prompt->ids.n;
    *entry = (struct cached_prompt){
        .sample = sample, .turn = turn, .prompt = *prompt, .state = ENTRY_CACHED
    };
    *prompt = (struct prompt){ 0 };
    cache->n_used++;
    cache->n_bytes += n_bytes;
    return 0;
}

bool prompt_cache_take(struct prompt_cache *cache, int64_t sample, size_t turn,
                       struct prompt *out)
{
    struct cached_prompt *entry =
        cache->n_entries > 0 ? find_cached(cache->entries, cache->n_entries, sample, turn)
                             : NULL;

    if (!entry || entry->state != ENTRY_CACHED)
        return false;
    *out = entry->prompt;
    entry->state = ENTRY_TAKEN;
    return true;
}
