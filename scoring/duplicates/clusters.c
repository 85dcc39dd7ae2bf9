/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/duplicates/clusters.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static uint32_t find_root(uint32_t *root, uint32_t i)
{
    while (root[i] != i) {
        root[i] = root[root[i]];
        i = root[i];
    }
    return i;
}

/* The smaller number becomes the root, so that the order of the pairs does not matter. Halving
 * the paths alone keeps the trees low. */
int clusters_components(const struct similar_pair *pairs, size_t n_pairs, uint32_t *root,
                        size_t n, struct error *err)
{
    (void)err;
    for (size_t i = 0; i < n; i++)
        root[i] = (uint32_t)i;
    for (size_t p = 0; p < n_pairs; p++) {
        const uint32_t a = find_root(root, pairs[p].a);
        const uint32_t b = find_root(root, pairs[p].b);

        if (a < b)
            root[b] = a;
        else
            root[a] = b;
    }
    /* A root has a smaller number than the others, so it is final when they are reached. */
    for (size_t i = 0; i < n; i++)
        root[i] = root[root[i]];
    return 0;
}

/* The neighbours of sample i are others[starts[i]] to others[starts[i + 1] - 1]. */
struct neighbours {
    size_t *starts;
    uint32_t *others;
};

static void neighbours_release(struct neighbours *neighbours)
{
    free(neighbours->starts);
    free(neighbours->others);
}

static int neighbours_make(const struct similar_pair *pairs, size_t n_pairs, size_t n,
                           struct neighbours *out, struct error *err)
{
    out->starts = calloc(n + 2, sizeof *out->starts);
    out->others = calloc(n_pairs + 1, 2 * sizeof *out->others);
    if (!out->starts || !out->others) {
        neighbours_release(out);
        return error_nomem(err);
    }
    /* Counts stand two places behind, and filling moves each start one place on. */
    for (size_t p = 0; p < n_pairs; p++) {
        out->starts[pairs[p].a + 2]++;
        out->starts[pairs[p].b + 2]++;
    }
    for (size_t i = 2; i < n + 2; i++)
        out->starts[i] += out->starts[i - 1];
    for (size_t p = 0; p < n_pairs; p++) {
        out->others[out->starts[pairs[p].a + 1]++] = pairs[p].b;
        out->others[out->starts[pairs[p].b + 1]++] = pairs[p].a;
    }
    return 0;
}

int clusters_leaders(const struct similar_pair *pairs, size_t n_pairs, const uint32_t *order,
                     uint32_t *leader, size_t n, struct error *err)
{
    struct neighbours neighbours;

    if (neighbours_make(pairs, n_pairs, n, &neighbours, err) < 0)
        return -1;
    memset(leader, 0xFF, n * sizeof *leader); /* UINT32_MAX: none yet */
    for (size_t k = 0; k < n; k++) {
        const uint32_t i = order[k];

        if (leader[i] != UINT32_MAX)
            continue;
        leader[i] = i;
        for (size_t at = neighbours.starts[i]; at < neighbours.starts[i + 1]; at++)
            if (leader[neighbours.others[at]] == UINT32_MAX)
                leader[neighbours.others[at]] = i;
    }
    neighbours_release(&neighbours);
    return 0;
}

/* The pairs and the order of groups. */
struct group_graph {
    struct similar_pair *pairs;
    size_t n_pairs;
    uint32_t *order; /* first the groups, then the numbers that are no group */
    uint32_t *first; /* of a group: its sample that is first in the order */
    uint32_t *leader;
};

static void fill_group_graph(const struct similar_pair *pairs, size_t n_pairs,
                             const uint32_t *group, const uint32_t *order, size_t n,
                             struct group_graph *out)
{
    size_t n_groups = 0;
    size_t n_others = 0;

    for (size_t p = 0; p < n_pairs; p++) {
        const uint32_t a = group[pairs[p].a];
        const uint32_t b = group[pairs[p].b];

        if (a != b)
            out->pairs[out->n_pairs++] = (struct similar_pair){ a < b ? a : b, a < b ? b : a };
    }
    memset(out->first, 0xFF, n * sizeof *out->first);
    for (size_t k = 0; k < n; k++) {
        const uint32_t of = group[order[k]];

        if (out->first[of] == UINT32_MAX) {
            out->first[of] = order[k];
            out->order[n_groups++] = of;
        }
    }
    for (uint32_t i = 0; i < n; i++)
        if (group[i] != i)
            out->order[n_groups + n_others++] = i;
}

int clusters_leaders_of_groups(const struct similar_pair *pairs, size_t n_pairs,
                               const uint32_t *group, const uint32_t *order, uint32_t *leader,
                               size_t n, struct error *err)
{
    struct group_graph graph = { .pairs = calloc(n_pairs + 1, sizeof *graph.pairs),
                                 .order = calloc(n + 1, sizeof *graph.order),
                                 .first = calloc(n + 1, sizeof *graph.first),
                                 .leader = calloc(n + 1, sizeof *graph.leader) };
    int rc = -1;

    if (graph.pairs && graph.order && graph.first && graph.leader) {
        fill_group_graph(pairs, n_pairs, group, order, n, &graph);
        rc = clusters_leaders(graph.pairs, graph.n_pairs, graph.order, graph.leader, n, err);
    } else {
        error_nomem(err);
    }
    for (size_t i = 0; i < n && rc == 0; i++)
        leader[i] = graph.first[graph.leader[group[i]]];
    free(graph.pairs);
    free(graph.order);
    free(graph.first);
    free(graph.leader);
    return rc;
}
