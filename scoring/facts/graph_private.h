/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_private.h - trees and graphs that a response writes down, for the measurer graphs.
 *
 * Functions return 0, or -1 with err set: ERR_NOMEM.
 */
#ifndef CURATE_GRAPH_PRIVATE_H
#define CURATE_GRAPH_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;
struct json;
struct measure_options;

struct graph_edge {
    uint32_t from;
    uint32_t to;
    struct slice place; /* where it is written */
};

/* Zeroed is empty. Names are borrowed. */
struct graph {
    struct slice place; /* what it was read from */
    bool is_directed;
    struct slice *names;
    size_t n_nodes;
    size_t nodes_cap;
    uint32_t *slots; /* of a hash table: a node + 1, or 0 */
    size_t n_slots;
    struct graph_edge *edges;
    size_t n_edges;
    size_t edges_cap;
};
void graph_release(struct graph *graph);
/* Forget nodes and edges, but keep the memory. */
void graph_clear(struct graph *graph);
/* Find or add the node of a name. */
int graph_find_node(struct graph *graph, struct slice name, uint32_t *out, struct error *err);
/* Add a node, whose name others may have. */
int graph_add_node(struct graph *graph, struct slice name, uint32_t *out, struct error *err);
int graph_add_edge(struct graph *graph, uint32_t from, uint32_t to, struct slice place,
                   struct error *err);
/* If each edge has its reverse, keep one of both and make the graph undirected. Edges that are
 * written twice are kept once. */
int graph_join_reverses(struct graph *graph, struct error *err);

/* graph_read.c: read the first tree or graph of a response. Returns 1, 0 if there is none, or
 * -1. Names are valid until the next json_parse(). */
int graph_read(struct slice response, struct json *json, const struct measure_options *options,
               struct graph *out, struct error *err);
/* graph_lines.c: read a text whose lines are edges, lists of neighbours, or a drawn tree.
 * Returns as above. Prose must have more lines than code. */
int graph_read_code(struct slice text, struct graph *graph, struct error *err);
int graph_read_prose(struct slice text, struct graph *graph, struct error *err);
/* graph_json.c. */
struct json_value;
int graph_read_json(const struct json_value *value, struct slice place, struct graph *graph,
                    struct error *err);

/* graph_claims.c: what an instruction asks for. */
enum graph_quantity {
    GRAPH_NODES,
    GRAPH_EDGES,
    GRAPH_LEAVES,
    GRAPH_DEPTH,
    GRAPH_CHILDREN, /* the most of one node */
    N_GRAPH_QUANTITIES,
};
struct graph_bounds {
    bool is_stated;
    uint64_t least;
    uint64_t most;
};
enum { GRAPH_DECLARED_MAX = 64 };
struct graph_claims {
    bool is_asked; /* for a tree or a graph at all */
    bool is_tree;
    bool is_acyclic;
    bool is_connected;
    struct graph_bounds bounds[N_GRAPH_QUANTITIES];
    struct slice declared[GRAPH_DECLARED_MAX]; /* names of nodes */
    char numbers[GRAPH_DECLARED_MAX][4];       /* texts of those of a range */
    size_t n_declared;
};
void graph_read_claims(struct slice instruction, struct graph_claims *out);

#endif
