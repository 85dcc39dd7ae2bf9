/* SPDX-License-Identifier: Apache-2.0 */
/* Trees and graphs as JSON. */
#include "base/json/json.h"
#include "scoring/facts/graph_private.h"

enum { JSON_EDGES_LEAST = 2 };

/* The name of a node: a text, or a number, which has no text of its own, as one digit. */
static bool node_name(const struct json_value *value, struct slice *out)
{
    static const char digits[] = "0123456789";
    int64_t number;

    *out = json_text(value);
    if (out->ptr)
        return out->len > 0;
    if (json_type(value) != JSON_NUMBER || !json_int(value, &number) || number < 0 ||
        number > 9)
        return false;
    *out = slice_of(digits + number, 1);
    return true;
}

/* A member by any of the names, which end with NULL. */
static const struct json_value *get_any(const struct json_value *object,
                                        const char *const *names)
{
    const struct json_value *value = NULL;

    for (; !value && *names; names++)
        value = json_get(object, *names);
    return value;
}

/* Read ["A", "B"] or {"source": "A", "target": "B"}. Returns 1, 0 or -1. */
static int read_json_edge(const struct json_value *value, struct slice place,
                          struct graph *graph, struct error *err)
{
    static const char *const from_names[] = { "source", "from", "parent", "u", "start", NULL };
    static const char *const to_names[] = { "target", "to", "child", "v", "end", NULL };
    const bool is_array = json_type(value) == JSON_ARRAY;
    struct slice from_name, to_name;
    uint32_t from, to;

    if ((is_array && json_count(value) != 2 && json_count(value) != 3) ||
        (!is_array && json_type(value) != JSON_OBJECT) ||
        !node_name(is_array ? json_at(value, 0) : get_any(value, from_names), &from_name) ||
        !node_name(is_array ? json_at(value, 1) : get_any(value, to_names), &to_name))
        return 0;
    if (graph_find_node(graph, from_name, &from, err) < 0 ||
        graph_find_node(graph, to_name, &to, err) < 0 ||
        graph_add_edge(graph, from, to, place, err) < 0)
        return -1;
    graph->is_directed |= !is_array;
    return 1;
}

/* Read a list of edges. Returns 1, 0 or -1. */
static int read_json_edges(const struct json_value *list, struct slice place,
                           struct graph *graph, struct error *err)
{
    int rc = 1;

    if (json_type(list) != JSON_ARRAY || json_count(list) == 0)
        return 0;
    for (size_t i = 0; rc == 1 && i < json_count(list); i++)
        rc = read_json_edge(json_at(list, i), place, graph, err);
    return rc;
}

/* Read {"nodes": [...], "edges": [...]}. Returns 1, 0 or -1. */
static int read_node_list(const struct json_value *object, struct slice place,
                          struct graph *graph, struct error *err)
{
    static const char *const node_names[] = { "nodes", "vertices", NULL };
    static const char *const edge_names[] = { "edges", "links", NULL };
    static const char *const id_names[] = { "id", "name", "label", NULL };
    const struct json_value *nodes = get_any(object, node_names);
    const struct json_value *edges = get_any(object, edge_names);

    if (!edges)
        return 0;
    for (size_t i = 0; json_type(nodes) == JSON_ARRAY && i < json_count(nodes); i++) {
        const struct json_value *node = json_at(nodes, i);
        struct slice name;
        uint32_t unused;

        if (json_type(node) == JSON_OBJECT)
            node = get_any(node, id_names);
        if (!node_name(node, &name))
            return 0;
        if (graph_find_node(graph, name, &unused, err) < 0)
            return -1;
    }
    return read_json_edges(edges, place, graph, err);
}

/* Read {"A": ["B", "C"], "B": []} or {"B": "A", "C": "A", "A": null}. Returns 1, 0 or -1. */
static int read_node_map(const struct json_value *object, struct slice place,
                         struct graph *graph, struct error *err)
{
    const struct json_value *value;
    size_t pos = 0, n_null = 0, n_lists = 0;
    struct slice key, name;
    uint32_t node, other;

    while (json_member_next(object, &pos, &key, &value)) {
        const bool is_list = json_type(value) == JSON_ARRAY;
        const size_t n = is_list ? json_count(value) : json_type(value) != JSON_NULL;

        n_null += !is_list && n == 0;
        n_lists += is_list;
        if (key.len == 0)
            return 0;
        if (graph_find_node(graph, key, &node, err) < 0)
            return -1;
        for (size_t i = 0; i < n; i++) {
            if (!node_name(is_list ? json_at(value, i) : value, &name))
                return 0;
            if (graph_find_node(graph, name, &other, err) < 0 ||
                graph_add_edge(graph, is_list ? node : other, is_list ? other : node, place,
                               err) < 0)
                return -1;
        }
    }
    /* Some neighbour is a key, or it is a map of something else. */
    if (graph->n_edges < JSON_EDGES_LEAST ||
        graph->n_nodes >= json_count(object) + graph->n_edges ||
        (n_lists == 0) != (n_null > 0) || (n_lists > 0 && n_lists < json_count(object)))
        return 0;
    graph->is_directed = true;
    return graph_join_reverses(graph, err) < 0 ? -1 : 1;
}

/* Add a node and all below it: {"name": "A", "children": [...]}. Returns 1, 0 or -1. */
static int read_children(const struct json_value *object, const uint32_t *parent,
                         struct slice place, struct graph *graph, struct error *err)
{
    static const char *const id_names[] = { "name", "id",    "label", "value",
                                            "node", "title", NULL };
    const struct json_value *children = json_get(object, "children");
    struct slice name;
    uint32_t node;
    int rc = 1;

    if (json_type(object) != JSON_OBJECT || !node_name(get_any(object, id_names), &name))
        return 0;
    if (graph_add_node(graph, name, &node, err) < 0 ||
        (parent && graph_add_edge(graph, *parent, node, place, err) < 0))
        return -1;
    for (size_t i = 0; rc == 1 && json_type(children) == JSON_ARRAY && i < json_count(children);
         i++)
        rc = read_children(json_at(children, i), &node, place, graph, err);
    return rc;
}

/* Add what is below a node: {"B": {"C": {}}, "D": {}}. Returns 1, 0 or -1. */
static int read_nested(const struct json_value *object, const uint32_t *parent,
                       struct slice place, struct graph *graph, struct error *err)
{
    const struct json_value *value;
    struct slice key;
    size_t pos = 0;
    uint32_t node;
    int rc = 1;

    while (rc == 1 && json_member_next(object, &pos, &key, &value)) {
        if (json_type(value) != JSON_OBJECT)
            return 0;
        if (graph_add_node(graph, key, &node, err) < 0 ||
            (parent && graph_add_edge(graph, *parent, node, place, err) < 0))
            return -1;
        rc = read_nested(value, &node, place, graph, err);
    }
    return rc;
}

static int read_children_form(const struct json_value *value, struct slice place,
                              struct graph *graph, struct error *err)
{
    graph->is_directed = true;
    return json_get(value, "children") ? read_children(value, NULL, place, graph, err) : 0;
}

static int read_nested_form(const struct json_value *value, struct slice place,
                            struct graph *graph, struct error *err)
{
    graph->is_directed = true;
    const int rc = read_nested(value, NULL, place, graph, err);
    return rc == 1 ? graph->n_edges >= JSON_EDGES_LEAST : rc;
}

int graph_read_json(const struct json_value *value, struct slice place, struct graph *graph,
                    struct error *err)
{
    static int (*const forms[])(const struct json_value *, struct slice, struct graph *,
                                struct error *) = { read_node_list, read_children_form,
                                                    read_node_map, read_nested_form };
    int rc = 0;

    graph->place = place;
    graph_clear(graph);
    if (json_type(value) == JSON_ARRAY)
        return read_json_edges(value, place, graph, err);
    for (size_t i = 0;
         rc == 0 && json_type(value) == JSON_OBJECT && i < sizeof forms / sizeof *forms; i++) {
        graph_clear(graph);
        rc = forms[i](value, place, graph, err);
    }
    return rc;
}
