/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/prompts/prompt_cache.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "scoring/prompts/prompt.h"

struct entry {
    int64_t sample;
    size_t turn;
    struct prompt prompt;
    enum { ENTRY_FREE, ENTRY_KEPT, ENTRY_TAKEN } state;
};

/* Open addressing; at least half of the entries are free. */
struct prompt_cache {
    struct entry *entries;
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
        if (cache->entries[i].state == ENTRY_KEPT)
            prompt_release(&cache->entries[i].prompt);
    free(cache->entries);
    free(cache);
}

/* The entry of a key, or the free one where it would be. */
static struct entry *find(struct entry *entries, size_t n_entries, int64_t sample, size_t turn)
{
    const uint64_t key[] = { (uint64_t)sample, turn };
    size_t at = hash_u64(slice_of((const char *)key, sizeof key)) & (n_entries - 1);

    while (entries[at].state != ENTRY_FREE &&
           (entries[at].sample != sample || entries[at].turn != turn))
        at = (at + 1) & (n_entries - 1);
    return &entries[at];
}

static int make_room(struct prompt_cache *cache, struct error *err)
{
    const size_t n = cache->n_entries ? 2 * cache->n_entries : 64;
    struct entry *entries;

    if (cache->n_used < cache->n_entries / 2)
        return 0;
    entries = calloc(n, sizeof *entries);
    if (!entries)
        return error_nomem(err);
    for (size_t i = 0; i < cache->n_entries; i++) {
        const struct entry *entry = &cache->entries[i];

        if (entry->state != ENTRY_FREE)
            *find(entries, n, entry->sample, entry->turn) = *entry;
    }
    free(cache->entries);
    cache->entries = entries;
    cache->n_entries = n;
    return 0;
}

int prompt_cache_add(struct prompt_cache *cache, int64_t sample, size_t turn,
                     struct prompt *prompt, struct error *err)
{
    const size_t n_bytes = 4 * sizeof(struct entry) + prompt->n_turns * sizeof *prompt->turns +
                           prompt->ids.n * sizeof *prompt->ids.ids;

    if (prompt->ids.n == 0 || n_bytes > cache->max_bytes - cache->n_bytes)
        return 0;
    if (make_room(cache, err) < 0)
        return -1;
    struct entry *entry = find(cache->entries, cache->n_entries, sample, turn);
    if (entry->state != ENTRY_FREE)
        return 0;
    /* Buffers that grew are up to twice as long as what is in them. */
    int32_t *ids = reallocarray(prompt->ids.ids, prompt->ids.n, sizeof *ids);
    if (!ids)
        return error_nomem(err);
    prompt->ids.ids = ids;
    prompt->ids.cap = prompt->ids.n;
    *entry = (struct entry){
        .sample = sample, .turn = turn, .prompt = *prompt, .state = ENTRY_KEPT
    };
    *prompt = (struct prompt){ 0 };
    cache->n_used++;
    cache->n_bytes += n_bytes;
    return 0;
}

bool prompt_cache_take(struct prompt_cache *cache, int64_t sample, size_t turn,
                       struct prompt *out)
{
    struct entry *entry =
        cache->n_entries > 0 ? find(cache->entries, cache->n_entries, sample, turn) : NULL;

    if (!entry || entry->state != ENTRY_KEPT)
        return false;
    *out = entry->prompt;
    entry->state = ENTRY_TAKEN;
    return true;
}
