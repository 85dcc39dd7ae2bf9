/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/tokenizer/tok_merge.h"

#include <stdlib.h>

#include "base/error.h"
#include "scoring/infer/tokenizer/tok_table.h"

/* A pair that can merge: the symbol at `left` and the next one. */
struct candidate {
    uint32_t priority;
    uint32_t left;
    uint32_t len; /* of both together; differs from that in the list if either has changed */
    int32_t id;
};

void merger_release(struct merger *merger)
{
    free(merger->symbols);
    free(merger->heap);
    *merger = (struct merger){ 0 };
}

void merger_clear(struct merger *merger)
{
    merger->n = 0;
    merger->n_heap = 0;
}

int merger_add(struct merger *merger, uint32_t len, int32_t id, struct error *err)
{
    const size_t n = merger->n;

    if (n == merger->cap) {
        const size_t cap = n ? 2 * n : 64;
        struct symbol *symbols = realloc(merger->symbols, cap * sizeof *symbols);

        if (!symbols)
            return error_nomem(err);
        merger->symbols = symbols;
        merger->cap = cap;
    }
    struct symbol *symbol = &merger->symbols[n];
    *symbol = (struct symbol){ 0, len, SYMBOL_NONE, SYMBOL_NONE, id };
    if (n > 0) {
        symbol[-1].next = (uint32_t)n;
        symbol->prev = (uint32_t)(n - 1);
        symbol->pos = symbol[-1].pos + symbol[-1].len;
    }
    merger->n = n + 1;
    return 0;
}

/* A word of n symbols starts with n - 1 pairs. Each of its at most n - 1 merges removes one
 * candidate and adds at most two. */
static int reserve_heap(struct merger *merger, struct error *err)
{
    if (merger->cap_heap >= 2 * merger->n)
        return 0;
    const size_t cap = 2 * merger->cap;
    struct candidate *heap = realloc(merger->heap, cap * sizeof *heap);
    if (!heap)
        return error_nomem(err);
    merger->heap = heap;
    merger->cap_heap = cap;
    return 0;
}

static bool is_before(const struct candidate *a, const struct candidate *b)
{
    return a->priority != b->priority ? a->priority < b->priority : a->left < b->left;
}

static void heap_push(struct merger *merger, struct candidate candidate)
{
    struct candidate *heap = merger->heap;
    size_t at = merger->n_heap++;

    while (at > 0 && is_before(&candidate, &heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = candidate;
}

static struct candidate heap_pop(struct merger *merger)
{
    struct candidate *heap = merger->heap;
    const struct candidate best = heap[0];
    const size_t n = --merger->n_heap;
    const struct candidate last = heap[n];
    size_t at = 0;

    for (size_t child = 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n && is_before(&heap[child + 1], &heap[child]))
            child++;
        if (!is_before(&heap[child], &last))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return best;
}

static void push_pair(struct merger *merger, uint32_t left, const struct merge_rule *rule)
{
    const struct symbol *symbol = &merger->symbols[left];
    struct merge merge;

    if (symbol->next == SYMBOL_NONE)
        return;
    const struct symbol *next = &merger->symbols[symbol->next];
    if (rule->find(rule->state, symbol, next, &merge))
        heap_push(merger, (struct candidate){ merge.priority, left, symbol->len + next->len,
                                              merge.id });
}

/* Symbols only grow. So the pair is unchanged if and only if its length is. */
static bool is_current(const struct merger *merger, const struct candidate *candidate)
{
    const struct symbol *left = &merger->symbols[candidate->left];

    return left->len > 0 && left->next != SYMBOL_NONE &&
           left->len + merger->symbols[left->next].len == candidate->len;
}

static void merge_pair(struct merger *merger, const struct candidate *candidate)
{
    struct symbol *left = &merger->symbols[candidate->left];
    struct symbol *right = &merger->symbols[left->next];

    left->len += right->len;
    left->id = candidate->id;
    left->next = right->next;
    right->len = 0;
    if (left->next != SYMBOL_NONE)
        merger->symbols[left->next].prev = candidate->left;
}

int merger_run(struct merger *merger, const struct merge_rule *rule, struct error *err)
{
    if (reserve_heap(merger, err) < 0)
        return -1;
    for (size_t i = 0; i + 1 < merger->n; i++)
        push_pair(merger, (uint32_t)i, rule);
    while (merger->n_heap > 0) {
        const struct candidate best = heap_pop(merger);

        if (!is_current(merger, &best))
            continue;
        merge_pair(merger, &best);
        if (merger->symbols[best.left].prev != SYMBOL_NONE)
            push_pair(merger, merger->symbols[best.left].prev, rule);
        push_pair(merger, best.left, rule);
    }
    return 0;
}
