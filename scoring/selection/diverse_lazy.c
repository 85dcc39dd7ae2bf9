/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lazy greedy: gains only fall while samples are chosen, so an old gain, or an upper bound of
 * it, bounds the gain of now. The heap's top is made tighter until it is exact and still the
 * top; the result is that of plain greedy.
 */
#include <stdlib.h>

#include "base/error.h"
#include "scoring/selection/diverse_private.h"

struct lazy {
    struct diverse *d;
    const struct lazy_rule *rule;
    struct lazy_bound *heap;
    size_t n_heap;
    struct lazy_bound *tries; /* LAZY_TRIES */
};

static bool is_above(const struct lazy_bound *a, const struct lazy_bound *b)
{
    if (a->gain != b->gain)
        return a->gain > b->gain;
    return a->sample < b->sample;
}

static void sift_down(struct lazy *lazy, size_t at)
{
    const struct lazy_bound moved = lazy->heap[at];

    for (size_t child; (child = 2 * at + 1) < lazy->n_heap; at = child) {
        if (child + 1 < lazy->n_heap && is_above(&lazy->heap[child + 1], &lazy->heap[child]))
            child++;
        if (!is_above(&lazy->heap[child], &moved))
            break;
        lazy->heap[at] = lazy->heap[child];
    }
    lazy->heap[at] = moved;
}

static struct lazy_bound pop_bound(struct lazy *lazy)
{
    const struct lazy_bound top = lazy->heap[0];

    lazy->heap[0] = lazy->heap[--lazy->n_heap];
    if (lazy->n_heap > 0)
        sift_down(lazy, 0);
    return top;
}

static void push_bound(struct lazy *lazy, struct lazy_bound bound)
{
    size_t at = lazy->n_heap++;

    for (; at > 0 && is_above(&bound, &lazy->heap[(at - 1) / 2]); at = (at - 1) / 2)
        lazy->heap[at] = lazy->heap[(at - 1) / 2];
    lazy->heap[at] = bound;
}

/* Drop samples that can no longer be chosen from the top. */
static bool has_top(struct lazy *lazy)
{
    while (lazy->n_heap > 0 && !diverse_may_take(lazy->d, lazy->heap[0].sample))
        pop_bound(lazy);
    return lazy->n_heap > 0;
}

/* Is the bound one of the picks made so far? */
static bool is_of_now(const struct lazy *lazy, const struct lazy_bound *bound)
{
    return bound->n_picks == lazy->d->result->n_picks;
}

/* Tighten at most n bounds from the top on: stale ones, or current ones that are not exact. */
static void tighten_top(struct lazy *lazy, bool stale, size_t n)
{
    const struct lazy_rule *rule = lazy->rule;
    size_t n_tries = 0;

    while (n_tries < n && has_top(lazy) && is_of_now(lazy, &lazy->heap[0]) != stale &&
           (stale || !lazy->heap[0].is_exact))
        lazy->tries[n_tries++] = pop_bound(lazy);
    (stale ? rule->update : rule->measure)(rule->state, lazy->tries, n_tries);
    for (size_t i = 0; i < n_tries; i++) {
        lazy->tries[i].n_picks = (uint32_t)lazy->d->result->n_picks;
        lazy->tries[i].is_exact = !stale || rule->update_is_exact;
        push_bound(lazy, lazy->tries[i]);
    }
}

static int choose_lazily(struct lazy *lazy, struct error *err)
{
    size_t n_updates = LAZY_UPDATES_MIN, n_measures = 1;

    while (diverse_is_open(lazy->d) && has_top(lazy)) {
        const struct lazy_bound top = lazy->heap[0];

        if (is_of_now(lazy, &top) && top.is_exact) {
            pop_bound(lazy);
            if (diverse_take(lazy->d, top.sample, top.gain, err) < 0)
                return -1;
            lazy->rule->add(lazy->rule->state, top.sample);
            n_updates = LAZY_UPDATES_MIN;
            n_measures = 1;
            continue;
        }
        /* Each failed try makes it likelier that many more are needed. */
        if (is_of_now(lazy, &top)) {
            tighten_top(lazy, false, n_measures);
            n_measures = 2 * n_measures < LAZY_MEASURES ? 2 * n_measures : LAZY_MEASURES;
        } else {
            tighten_top(lazy, true, n_updates);
            n_updates = 2 * n_updates < LAZY_TRIES ? 2 * n_updates : LAZY_TRIES;
        }
        if (diverse_stop(lazy->d->input->report, err) < 0)
            return -1;
    }
    return 0;
}

int diverse_lazy(struct diverse *d, struct lazy_bound *bounds, const struct lazy_rule *rule,
                 struct error *err)
{
    struct lazy lazy = { .d = d,
                         .rule = rule,
                         .heap = bounds,
                         .n_heap = d->input->n,
                         .tries = calloc(LAZY_TRIES, sizeof *lazy.tries) };

    if (!lazy.tries)
        return error_nomem(err);
    for (size_t i = lazy.n_heap / 2; i-- > 0;)
        sift_down(&lazy, i);
    const int rc = choose_lazily(&lazy, err);
    free(lazy.tries);
    return rc;
}
