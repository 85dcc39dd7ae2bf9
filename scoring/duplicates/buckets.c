/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/duplicates/buckets.h"

#include <stdbool.h>

struct pair_visit {
    const uint64_t *entries; /* of a bucket */
    size_t n;
    uint64_t mask;
    const uint8_t *flags;
    int (*fn)(void *arg, uint32_t a, uint32_t b, struct error *err);
    void *arg;
};

static bool is_new_pair(uint8_t a, uint8_t b)
{
    return ((a | b) & BUCKET_IS_NEW) && ((a | b) & BUCKET_IS_ASKED);
}

static int visit_pair(const struct pair_visit *visit, size_t i, size_t j, struct error *err)
{
    const uint32_t a = (uint32_t)(visit->entries[i] & visit->mask);
    const uint32_t b = (uint32_t)(visit->entries[j] & visit->mask);

    return is_new_pair(visit->flags[a], visit->flags[b]) ? visit->fn(visit->arg, a, b, err) : 0;
}

static int visit_all(const struct pair_visit *visit, struct error *err)
{
    for (size_t i = 0; i < visit->n; i++)
        for (size_t j = i + 1; j < visit->n; j++)
            if (visit_pair(visit, i, j, err) < 0)
                return -1;
    return 0;
}

static bool is_asked_member(const struct pair_visit *visit, size_t i)
{
    return visit->flags[visit->entries[i] & visit->mask] & BUCKET_IS_ASKED;
}

/* The first ones are those that are asked for: only they have pairs with all others. */
static int visit_big(const struct pair_visit *visit, struct error *err)
{
    size_t n_first = 0;

    for (size_t i = 0; i < visit->n && n_first < BUCKET_FIRST; i++) {
        if (!is_asked_member(visit, i))
            continue;
        n_first++;
        for (size_t j = 0; j < visit->n; j++) {
            const bool visited = j < i && is_asked_member(visit, j);

            if (j != i && !visited && visit_pair(visit, i < j ? i : j, i < j ? j : i, err) < 0)
                return -1;
        }
    }
    return 0;
}

int buckets_each_pair(const uint64_t *entries, size_t n, unsigned shift, const uint8_t *flags,
                      int (*fn)(void *arg, uint32_t a, uint32_t b, struct error *err),
                      void *arg, uint64_t *n_big, struct error *err)
{
    struct pair_visit visit = {
        .mask = ((uint64_t)1 << shift) - 1, .flags = flags, .fn = fn, .arg = arg
    };

    for (size_t start = 0, end; start < n; start = end) {
        for (end = start + 1; end < n && entries[end] >> shift == entries[start] >> shift;)
            end++;
        visit.entries = entries + start;
        visit.n = end - start;
        *n_big += visit.n > BUCKET_BIG;
        if (visit.n > BUCKET_BIG ? visit_big(&visit, err) < 0 : visit_all(&visit, err) < 0)
            return -1;
    }
    return 0;
}
