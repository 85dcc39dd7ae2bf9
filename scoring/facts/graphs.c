/* SPDX-License-Identifier: Apache-2.0 */
/* The tree or graph of a response: is it one, and as the instruction asks? */
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json/json.h"
#include "scoring/facts/form.h"
#include "scoring/facts/graph_private.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/span_list.h"

extern const struct measurer measurer_graphs;

enum {
    FACT_NODES,
    FACT_EDGES,
    FACT_CHECKS,
    FACT_KEPT,
    FACT_SHARE,
    N_GRAPH_FACTS,
};

static const struct fact graph_facts[N_GRAPH_FACTS] = {
    [FACT_NODES] = { "graph_nodes", FACT_INTEGER, "nodes",
                     "nodes of the tree or graph in the response" },
    [FACT_EDGES] = { "graph_edges", FACT_INTEGER, "edges", "its edges" },
    [FACT_CHECKS] = { "graph_checks", FACT_INTEGER, "checks",
                      "what the instruction asks of it and was checked" },
    [FACT_KEPT] = { "graph_checks_kept", FACT_INTEGER, "checks",
                    "how many of these the response keeps" },
    [FACT_SHARE] = { "graph_kept_share", FACT_REAL, "share",
                     "graph_checks_kept / graph_checks" },
};

/* A graph that is checked; arrays have an element for each node. */
struct graph_check {
    const struct measured_sample *sample;
    struct graph *graph;
    struct graph_claims claims;
    uint32_t *n_in;
    uint32_t *n_out;
    uint32_t *parent; /* of the union-find */
    uint32_t *level;  /* edges from a root */
    size_t n_roots;
    size_t n_leaves;
    size_t depth;                    /* of the deepest node, in edges; valid without a cycle */
    size_t n_unordered;              /* nodes that are on a cycle or behind one */
    const struct graph_edge *cycle;  /* an edge that closes a cycle, by directions; or NULL */
    const struct graph_edge *loop;   /* the same without directions */
    const struct graph_edge *second; /* an edge to a node that has a parent already */
    size_t n_components;
    size_t n_checks;
    size_t n_kept;
    struct span_list *spans;
};

/* Count a check. kind NULL: it is kept. */
static int count_check(struct graph_check *check, const char *kind,
                       const struct graph_edge *edge, struct slice detail, struct error *err)
{
    const struct slice response = form_response(check->sample);
    const struct slice place = edge ? edge->place : check->graph->place;
    const size_t start = (size_t)(place.ptr - response.ptr);
    struct span span = { .measurer = &measurer_graphs,
                         .turn = check->sample->response_turn,
                         .start = start,
                         .end = start + place.len,
                         .kind = kind };

    check->n_checks++;
    if (!kind) {
        check->n_kept++;
        return 0;
    }
    if (detail.ptr) { /* a name lives as long as the JSON or the claims */
        span.detail = arena_copy(check->sample->arena, detail);
        if (!span.detail.ptr)
            return error_nomem(err);
    }
    return span_add(check->spans, &span, err);
}

static uint32_t find_component(uint32_t *parent, uint32_t node)
{
    while (parent[node] != node) {
        parent[node] = parent[parent[node]];
        node = parent[node];
    }
    return node;
}

/* Count degrees, and join what is connected. */
static void join_nodes(struct graph_check *check)
{
    const struct graph *graph = check->graph;

    check->n_components = graph->n_nodes;
    for (size_t i = 0; i < graph->n_nodes; i++)
        check->parent[i] = (uint32_t)i;
    for (size_t i = 0; i < graph->n_edges; i++) {
        const struct graph_edge *edge = &graph->edges[i];
        const uint32_t a = find_component(check->parent, edge->from);
        const uint32_t b = find_component(check->parent, edge->to);

        check->n_out[edge->from]++;
        if (++check->n_in[edge->to] == 2 && !check->second)
            check->second = edge;
        if (a == b && !check->loop)
            check->loop = edge;
        if (a != b) {
            check->parent[a < b ? b : a] = a < b ? a : b;
            check->n_components--;
        }
    }
}

/* Order the nodes so that edges lead forward; what is left is on a cycle, or behind one. */
static int order_nodes(struct graph_check *check, struct error *err)
{
    const struct graph *graph = check->graph;
    const size_t n = graph->n_nodes;
    size_t *first = calloc(n + 2, sizeof *first);
    uint32_t *queue = calloc(2 * n + graph->n_edges + 1, sizeof *queue);
    size_t n_queued = 0;

    if (!first || !queue) {
        free(first);
        free(queue);
        return error_nomem(err);
    }
    uint32_t *left = queue + n, *targets = left + n;
    for (size_t i = 0; i < graph->n_edges; i++)
        first[graph->edges[i].from + 2]++;
    for (size_t i = 2; i < n + 2; i++)
        first[i] += first[i - 1];
    for (size_t i = 0; i < graph->n_edges; i++)
        targets[first[graph->edges[i].from + 1]++] = graph->edges[i].to;
    for (size_t i = 0; i < n; i++) {
        left[i] = check->n_in[i];
        check->n_leaves += check->n_out[i] == 0;
        if (left[i] == 0)
            queue[n_queued++] = (uint32_t)i;
    }
    check->n_roots = n_queued;
    for (size_t at = 0; at < n_queued; at++)
        for (size_t t = first[queue[at]]; t < first[queue[at] + 1]; t++) {
            const uint32_t next = targets[t], level = check->level[queue[at]] + 1;

            if (check->level[next] < level)
                check->level[next] = level;
            if (check->level[next] > check->depth)
                check->depth = check->level[next];
            if (--left[next] == 0)
                queue[n_queued++] = next;
        }
    check->n_unordered = n - n_queued;
    for (size_t i = 0; i < graph->n_edges && !check->cycle; i++)
        if (left[graph->edges[i].from] > 0 && left[graph->edges[i].to] > 0)
            check->cycle = &graph->edges[i];
    free(first);
    free(queue);
    return 0;
}

static struct slice no_detail(void)
{
    return slice_of(NULL, 0);
}

/* A tree: one root, one parent for each other node, no cycle, all connected. */
static int check_tree(struct graph_check *check, struct error *err)
{
    const struct graph *graph = check->graph;
    const struct graph_edge *edge = NULL;
    const char *kind = NULL;

    if (!graph->is_directed && check->loop) {
        kind = "tree_cycle";
        edge = check->loop;
    } else if (graph->is_directed && check->cycle) {
        kind = "tree_cycle";
        edge = check->cycle;
    } else if (graph->is_directed && check->second) {
        kind = "tree_two_parents";
        edge = check->second;
    } else if (check->n_components > 1) {
        kind = "tree_unconnected";
    }
    return count_check(check, kind, edge,
                       kind && edge && kind[5] == 't' ? graph->names[edge->to] : no_detail(),
                       err);
}

/* Edges from children to parents are as good: turn them round if each node has one. */
static int turn_to_children(struct graph *graph, struct error *err)
{
    uint32_t *seen = calloc(2 * graph->n_nodes + 1, sizeof *seen);
    size_t n_sinks = 0, n_sources = 0;
    bool points_up = graph->is_directed;

    if (!seen)
        return error_nomem(err);
    for (size_t i = 0; i < graph->n_edges; i++) {
        points_up &= ++seen[graph->edges[i].from] == 1;
        seen[graph->n_nodes + graph->edges[i].to]++;
    }
    for (size_t i = 0; i < graph->n_nodes; i++) {
        n_sinks += seen[i] == 0;
        n_sources += seen[graph->n_nodes + i] == 0;
    }
    free(seen);
    for (size_t i = 0; points_up && n_sinks == 1 && n_sources > 1 && i < graph->n_edges; i++) {
        const uint32_t from = graph->edges[i].from;

        graph->edges[i].from = graph->edges[i].to;
        graph->edges[i].to = from;
    }
    return 0;
}

/* Nodes are those that the instruction declares; a tree has all of them. */
static int check_declared(struct graph_check *check, struct error *err)
{
    const struct graph_claims *claims = &check->claims;
    struct slice missing = no_detail(), foreign = no_detail();
    size_t n_found = 0;

    if (claims->n_declared == 0)
        return 0;
    for (size_t d = 0; d < claims->n_declared; d++) {
        bool found = false;

        for (size_t i = 0; !found && i < check->graph->n_nodes; i++)
            found = slice_equal(check->graph->names[i], claims->declared[d]);
        n_found += found;
        if (!found && !missing.ptr)
            missing = claims->declared[d];
    }
    for (size_t i = 0;
         n_found < check->graph->n_nodes && !foreign.ptr && i < check->graph->n_nodes; i++) {
        bool found = false;

        for (size_t d = 0; !found && d < claims->n_declared; d++)
            found = slice_equal(check->graph->names[i], claims->declared[d]);
        if (!found)
            foreign = check->graph->names[i];
    }
    if (count_check(check, foreign.ptr ? "node_undeclared" : NULL, NULL, foreign, err) < 0)
        return -1;
    if (!claims->is_tree)
        return 0;
    return count_check(check, missing.ptr ? "node_missing" : NULL, NULL, missing, err);
}

/* Is a number within what the instruction states? */
static bool is_within(const struct graph_bounds *bounds, uint64_t n)
{
    return n >= bounds->least && n <= bounds->most;
}

static int check_quantities(struct graph_check *check, struct error *err)
{
    static const char *const kinds[N_GRAPH_QUANTITIES] = {
        [GRAPH_NODES] = "node_count",     [GRAPH_EDGES] = "edge_count",
        [GRAPH_LEAVES] = "leaf_count",    [GRAPH_DEPTH] = "tree_depth",
        [GRAPH_CHILDREN] = "child_count",
    };
    const struct graph *graph = check->graph;
    const bool is_ordered = graph->is_directed && check->n_unordered == 0;
    uint64_t counts[N_GRAPH_QUANTITIES] = { [GRAPH_NODES] = graph->n_nodes,
                                            [GRAPH_EDGES] = graph->n_edges,
                                            [GRAPH_LEAVES] = check->n_leaves,
                                            [GRAPH_DEPTH] = check->depth };

    for (size_t i = 0; i < graph->n_nodes; i++)
        if (check->n_out[i] > counts[GRAPH_CHILDREN])
            counts[GRAPH_CHILDREN] = check->n_out[i];
    for (int q = 0; q < N_GRAPH_QUANTITIES; q++) {
        const struct graph_bounds *bounds = &check->claims.bounds[q];
        const bool needs_order = q == GRAPH_LEAVES || q == GRAPH_DEPTH || q == GRAPH_CHILDREN;

        if (!bounds->is_stated || (needs_order && !is_ordered))
            continue;
        /* A depth counts edges or levels. */
        const bool is_kept = is_within(bounds, counts[q]) ||
                             (q == GRAPH_DEPTH && is_within(bounds, counts[q] + 1));
        if (count_check(check, is_kept ? NULL : kinds[q], NULL, no_detail(), err) < 0)
            return -1;
    }
    return 0;
}

static int check_all_of_graph(struct graph_check *check, struct error *err)
{
    const size_t n = check->graph->n_nodes;
    uint32_t *arrays = calloc(4 * n + 1, sizeof *arrays);

    if (!arrays)
        return error_nomem(err);
    check->n_in = arrays;
    check->n_out = arrays + n;
    check->parent = arrays + 2 * n;
    check->level = arrays + 3 * n;
    join_nodes(check);
    int rc = order_nodes(check, err);
    if (rc == 0 && check->claims.is_tree)
        rc = check_tree(check, err);
    if (rc == 0 && check->claims.is_acyclic && check->graph->is_directed)
        rc = count_check(check, check->cycle ? "graph_cycle" : NULL, check->cycle, no_detail(),
                         err);
    if (rc == 0 && check->claims.is_connected)
        rc = count_check(check, check->n_components > 1 ? "graph_unconnected" : NULL, NULL,
                         no_detail(), err);
    if (rc == 0)
        rc = check_declared(check, err);
    if (rc == 0)
        rc = check_quantities(check, err);
    free(arrays);
    return rc;
}

/* Read the graph and check it. */
static int check_graph_response(const struct measured_sample *sample,
                                const struct measure_options *options,
                                struct graph_check *check, struct error *err)
{
    struct json *json = NULL;

    if (json_new(&json, err) < 0)
        return -1;
    int rc = graph_read(form_response(sample), json, options, check->graph, err);
    if (rc == 1 && check->claims.is_tree && turn_to_children(check->graph, err) < 0)
        rc = -1;
    if (rc == 1)
        rc = check_all_of_graph(check, err) < 0 ? -1 : 1;
    else
        check->graph->n_nodes = 0;
    json_free(json);
    return rc;
}

static int verify_graphs(const struct measured_sample *sample,
                         const struct measure_options *options, struct fact_value *out,
                         struct span_list *spans, struct error *err)
{
    struct graph graph = { .n_nodes = 0 };
    struct graph_check check = { .sample = sample, .graph = &graph, .spans = spans };
    int rc = 0;

    if (sample->instruction_turn >= 0 && sample->response_turn >= 0)
        graph_read_claims(sample->turns[sample->instruction_turn].content, &check.claims);
    if (check.claims.is_asked)
        rc = check_graph_response(sample, options, &check, err);
    for (int i = 0; i < N_GRAPH_FACTS; i++)
        out[i].reason =
            rc == 1 && (i < FACT_CHECKS || check.n_checks > 0) ? NULL : MEASURE_UNCHECKED;
    out[FACT_NODES].integer = (int64_t)graph.n_nodes;
    out[FACT_EDGES].integer = (int64_t)graph.n_edges;
    out[FACT_CHECKS].integer = (int64_t)check.n_checks;
    out[FACT_KEPT].integer = (int64_t)check.n_kept;
    out[FACT_SHARE].real =
        check.n_checks > 0 ? (double)check.n_kept / (double)check.n_checks : 0;
    graph_release(&graph);
    return rc < 0 ? -1 : 0;
}

/* Names, edges and the table of names take the most where each of them is a few bytes. */
static size_t bytes_of_graphs(const struct measured_sample *sample)
{
    struct graph_claims claims = { .is_asked = false };

    if (sample->instruction_turn >= 0 && sample->response_turn >= 0)
        graph_read_claims(sample->turns[sample->instruction_turn].content, &claims);
    return claims.is_asked ? 64 * form_response(sample).len + (64 << 10) : 0;
}

const struct measurer measurer_graphs = {
    .name = "graphs",
    .version = 1,
    .summary = "trees and graphs of the response: are they, and as the instruction asks?",
    .facts = graph_facts,
    .n_facts = N_GRAPH_FACTS,
    .finds_spans = true,
    .may_be_unchecked = true,
    .verify = verify_graphs,
    .verify_bytes = bytes_of_graphs,
};
