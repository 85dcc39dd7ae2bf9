/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "scoring/facts/graph_private.h"

enum { SLOTS_LEAST = 64, SLOTS_KEPT = 1024, ELEMENTS_LEAST = 32 };

void graph_release(struct graph *graph)
{
    free(graph->names);
    free(graph->slots);
    free(graph->edges);
    *graph = (struct graph){ .n_nodes = 0 };
}

void graph_clear(struct graph *graph)
{
    if (graph->n_slots > SLOTS_KEPT) { /* or many small texts would each clear a large table */
        free(graph->slots);
        graph->slots = NULL;
        graph->n_slots = 0;
    }
    for (size_t i = 0; i < graph->n_slots; i++)
        graph->slots[i] = 0;
    graph->n_nodes = 0;
    graph->n_edges = 0;
    graph->is_directed = false;
}

/* Put a node into the table. */
static void place_node(struct graph *graph, uint32_t node)
{
    size_t slot = hash_u64(graph->names[node]) & (graph->n_slots - 1);

    while (graph->slots[slot] > 0)
        slot = (slot + 1) & (graph->n_slots - 1);
    graph->slots[slot] = node + 1;
}

/* Make the table twice as large as the nodes. Only nodes that were found by name are in it. */
static int grow_slots(struct graph *graph, struct error *err)
{
    const size_t n = graph->n_slots > 0 ? 2 * graph->n_slots : SLOTS_LEAST;
    uint32_t *slots = calloc(n, sizeof *slots);

    if (!slots)
        return error_nomem(err);
    free(graph->slots);
    graph->slots = slots;
    graph->n_slots = n;
    for (size_t i = 0; i < graph->n_nodes; i++)
        place_node(graph, (uint32_t)i);
    return 0;
}

int graph_add_node(struct graph *graph, struct slice name, uint32_t *out, struct error *err)
{
    if (graph->n_nodes == graph->nodes_cap) {
        const size_t cap = graph->nodes_cap > 0 ? 2 * graph->nodes_cap : ELEMENTS_LEAST;
        struct slice *names = reallocarray(graph->names, cap, sizeof *names);

        if (!names)
            return error_nomem(err);
        graph->names = names;
        graph->nodes_cap = cap;
    }
    *out = (uint32_t)graph->n_nodes;
    graph->names[graph->n_nodes++] = name;
    return 0;
}

int graph_find_node(struct graph *graph, struct slice name, uint32_t *out, struct error *err)
{
    if (2 * graph->n_nodes >= graph->n_slots && grow_slots(graph, err) < 0)
        return -1;
    size_t slot = hash_u64(name) & (graph->n_slots - 1);
    while (graph->slots[slot] > 0) {
        *out = graph->slots[slot] - 1;
        if (slice_equal(graph->names[*out], name))
            return 0;
        slot = (slot + 1) & (graph->n_slots - 1);
    }
    if (graph_add_node(graph, name, out, err) < 0)
        return -1;
    graph->slots[slot] = *out + 1;
    return 0;
}

int graph_add_edge(struct graph *graph, uint32_t from, uint32_t to, struct slice place,
                   struct error *err)
{
    if (graph->n_edges == graph->edges_cap) {
        const size_t cap = graph->edges_cap > 0 ? 2 * graph->edges_cap : ELEMENTS_LEAST;
        struct graph_edge *edges = reallocarray(graph->edges, cap, sizeof *edges);

        if (!edges)
            return error_nomem(err);
        graph->edges = edges;
        graph->edges_cap = cap;
    }
    graph->edges[graph->n_edges++] = (struct graph_edge){ from, to, place };
    return 0;
}

/* An edge by its nodes, the smaller one first. */
struct sorted_edge {
    uint32_t low;
    uint32_t high;
    uint32_t index;
    bool is_reverse;
};

static int compare_edges(const void *left, const void *right)
{
    const struct sorted_edge *a = left, *b = right;

    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    if (a->is_reverse != b->is_reverse)
        return a->is_reverse ? 1 : -1;
    return (a->index > b->index) - (a->index < b->index);
}

/* Mark the edges that stay. Returns whether each edge has its reverse. */
static bool mark_edges(const struct sorted_edge *sorted, size_t n, bool *is_kept,
                       bool *is_reverse)
{
    bool all_reversed = true;
    size_t end;

    for (size_t i = 0; i < n; i = end) {
        size_t n_reverse = 0;

        for (end = i;
             end < n && sorted[end].low == sorted[i].low && sorted[end].high == sorted[i].high;
             end++) {
            const bool is_first =
                end == i || sorted[end].is_reverse != sorted[end - 1].is_reverse;

            is_kept[sorted[end].index] = is_first;
            is_reverse[sorted[end].index] = is_first && end > i;
            n_reverse += sorted[end].is_reverse;
        }
        if (n_reverse == 0 || n_reverse == end - i)
            all_reversed = false;
    }
    return all_reversed && n > 0;
}

int graph_join_reverses(struct graph *graph, struct error *err)
{
    const size_t n = graph->n_edges;
    struct sorted_edge *sorted = calloc(n + 1, sizeof *sorted);
    bool *is_kept = calloc(2 * n + 1, sizeof *is_kept);
    size_t n_kept = 0;

    if (!sorted || !is_kept) {
        free(sorted);
        free(is_kept);
        return error_nomem(err);
    }
    for (size_t i = 0; i < n; i++) {
        const struct graph_edge *edge = &graph->edges[i];
        const bool is_reverse = edge->from > edge->to;

        sorted[i] =
            (struct sorted_edge){ is_reverse ? edge->to : edge->from,
                                  is_reverse ? edge->from : edge->to, (uint32_t)i, is_reverse };
    }
    qsort(sorted, n, sizeof *sorted, compare_edges);
    bool *is_reverse = is_kept + n;
    const bool is_undirected = mark_edges(sorted, n, is_kept, is_reverse);
    for (size_t i = 0; i < n; i++)
        if (is_kept[i] && !(is_undirected && is_reverse[i]))
            graph->edges[n_kept++] = graph->edges[i];
    graph->n_edges = n_kept;
    if (is_undirected)
        graph->is_directed = false;
    free(sorted);
    free(is_kept);
    return 0;
}
