/* SPDX-License-Identifier: Apache-2.0 */
/* Trees and graphs of responses: what is recognised, what is checked, and what only looks like
 * one. */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/span_list.h"
#include "tests/support/rng.h"

#define TREE  "Draw a family tree."
#define GRAPH "Write down a graph."

struct verdict {
    int64_t nodes; /* -1: nothing was recognised */
    int64_t edges;
    int64_t checks; /* 0: nothing could be checked */
    int64_t kept;
    const char *kind; /* of the first span; NULL: none */
    char text[64];    /* of the span, or its detail */
};

static struct verdict verify(const char *instruction, struct slice response)
{
    const struct measured_turn turns[] = {
        { .role = slice_text("user"), .content = slice_text(instruction) },
        { .role = slice_text("assistant"), .content = response },
    };
    const struct measurer *const chosen[] = { measurer_find("graphs") };
    struct measured_sample sample = { .turns = turns, .n_turns = 2, .response_turn = 1 };
    struct measure_options options = { .tokenizer = NULL };
    struct measuring *measuring = NULL;
    struct span_list spans = { .n = 0 };
    struct fact_value values[8];
    struct verdict out = { .nodes = -1 };
    struct arena arena;
    struct error err;

    arena_init(&arena);
    sample.arena = &arena;
    assert_ok(measuring_new(&options, &measuring, &err));
    assert_int_equal(measuring_run(measuring, &sample, chosen, 1, values, &spans, &err), 0);
    if (!values[0].reason) {
        out.nodes = values[0].integer;
        out.edges = values[1].integer;
    }
    if (!values[2].reason) {
        out.checks = values[2].integer;
        out.kept = values[3].integer;
        assert_true(values[4].real == (double)out.kept / (double)out.checks);
    }
    if (spans.n > 0) {
        const struct span *span = &spans.items[0];
        const struct slice text =
            span->detail.ptr ? span->detail
                             : slice_of(response.ptr + span->start, span->end - span->start);
        out.kind = span->kind;
        assert_true(span->end <= response.len && span->start <= span->end);
        snprintf(out.text, sizeof out.text, "%.*s", (int)(text.len < 60 ? text.len : 60),
                 text.ptr);
    }
    assert_int_equal(spans.n, out.checks - out.kept);
    span_list_release(&spans);
    measuring_free(measuring);
    arena_release(&arena);
    return out;
}

struct graph_case {
    const char *instruction;
    const char *response;
    int64_t nodes, edges, checks, kept;
    const char *kind;
    const char *text;
};

static void check_cases(const struct graph_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct graph_case *c = &cases[i];
        const struct verdict got = verify(c->instruction, slice_text(c->response));

        if (got.nodes != c->nodes || got.edges != c->edges || got.checks != c->checks ||
            got.kept != c->kept || (got.kind == NULL) != (c->kind == NULL) ||
            (c->kind && strcmp(c->kind, got.kind) != 0) ||
            (c->text && strcmp(c->text, got.text) != 0))
            fail_msg("case %zu, %s\n%s\ngives %d nodes, %d edges, %d of %d, %s \"%s\"", i,
                     c->instruction, c->response, (int)got.nodes, (int)got.edges, (int)got.kept,
                     (int)got.checks, got.kind ? got.kind : "-", got.text);
    }
}

static void each_form_is_read(void **state)
{
    static const struct graph_case cases[] = {
        { TREE, "```\nA -> B\nA -> C\nB -> D\n```", 4, 3, 1, 1, NULL, NULL },
        { TREE, "```\nA -> B -> C\nA -> D;\n```", 4, 3, 1, 1, NULL, NULL },
        { TREE, "```\n1. A --> B\n2. A --> C\n```", 3, 2, 1, 1, NULL, NULL },
        { TREE, "```\nA \u2192 B\nA \u2192 C\n```", 3, 2, 1, 1, NULL, NULL },
        { TREE, "```\nA - B\nB - C\n```", 3, 2, 1, 1, NULL, NULL },
        { TREE, "```\n(A, B)\n(A, C, 2.5)\n```", 3, 2, 1, 1, NULL, NULL },
        { TREE, "Here it is:\n\n- A -> B\n- A -> C\n- C -> D\n\nDone.", 4, 3, 1, 1, NULL,
          NULL },
        { TREE,
          "```dot\ndigraph G {\n  rankdir=LR;\n  A [shape=box];\n  A -> B "
          "[label=\"x\"];\n}\n```",
          2, 1, 1, 1, NULL, NULL },
        { TREE, "```mermaid\ngraph TD\n  A[Boss] --> B[Clerk]\n  A --> C\n```", 3, 2, 1, 1,
          NULL, NULL },
        { TREE, "```\nA: B, C\nB: D\n```", 4, 3, 1, 1, NULL, NULL },
        { TREE, "```\nA -> B, C\nB -> []\nC -> []\n```", 3, 2, 1, 1, NULL, NULL },
        { TREE, "```\nA: [B, C]\nB: []\nC: []\n```", 3, 2, 1, 1, NULL, NULL },
        { GRAPH, "```\nA: B, C\nB: A\nC: A\n```", 3, 2, 0, 0, NULL, NULL },
        { TREE,
          "```\nA\n\u251c\u2500\u2500 B\n\u2502   \u2514\u2500\u2500 C\n\u2514\u2500\u2500 "
          "B\n```",
          4, 3, 1, 1, NULL, NULL },
        { TREE, "The tree:\nroot\n|-- left\n|   `-- leaf\n`-- right\n\nAs asked.", 4, 3, 1, 1,
          NULL, NULL },
        { TREE, "```json\n{\"A\": [\"B\", \"C\"], \"B\": [], \"C\": []}\n```", 3, 2, 1, 1, NULL,
          NULL },
        { TREE, "{\"A\": null, \"B\": \"A\", \"C\": \"A\"}", 3, 2, 1, 1, NULL, NULL },
        { TREE, "{\"nodes\": [\"A\", 2], \"edges\": [[\"A\", 2]]}", 2, 1, 1, 1, NULL, NULL },
        { TREE,
          "{\"nodes\": [{\"id\": \"A\"}, {\"id\": \"B\"}], \"links\": [{\"source\": \"A\","
          " \"target\": \"B\"}]}",
          2, 1, 1, 1, NULL, NULL },
        { TREE, "```json\n[[\"A\", \"B\"], [\"A\", \"C\"]]\n```", 3, 2, 1, 1, NULL, NULL },
        { TREE,
          "{\"name\": \"A\", \"children\": [{\"name\": \"B\"}, {\"name\": \"B\","
          " \"children\": []}]}",
          3, 2, 1, 1, NULL, NULL },
        { TREE, "{\"A\": {\"B\": {\"C\": {}}, \"D\": {}}}", 4, 3, 1, 1, NULL, NULL },
        { "Zeichne einen Baum.", "```\nA -> B\nA -> C\n```", 3, 2, 1, 1, NULL, NULL },
        { "Dessine un arbre.", "```\nA -> B\nA -> C\n```", 3, 2, 1, 1, NULL, NULL },
        { "Dibuja una jerarqu\u00eda.", "```\nA -> B\nA -> C\n```", 3, 2, 1, 1, NULL, NULL },
        { "\u753b\u4e00\u68f5\u4e8c\u53c9\u6811", "```\nA -> B\nA -> C\n```", 3, 2, 1, 1, NULL,
          NULL },
    };

    (void)state;
    check_cases(cases, sizeof cases / sizeof *cases);
}

static void what_is_no_tree_is_found(void **state)
{
    static const struct graph_case cases[] = {
        { TREE, "```\nA -> B\nC -> D\n```", 4, 2, 1, 0, "tree_unconnected", NULL },
        { TREE, "```\nA -> B\nA -> C\nD -> C\n```", 4, 3, 1, 0, "tree_two_parents", "C" },
        { TREE, "```\nA -> B\nB -> C\nC -> B\n```", 3, 3, 1, 0, "tree_cycle", "B -> C" },
        { TREE, "```\nA - B\nB - C\nC - A\n```", 3, 3, 1, 0, "tree_cycle", "C - A" },
        { TREE, "```\nA -> A\nA -> B\n```", 2, 2, 1, 0, "tree_cycle", "A -> A" },
        { TREE, "```\nB -> A\nC -> A\nD -> B\n```", 4, 3, 1, 1, NULL, NULL }, /* to parents */
        { TREE, "{\"A\": {\"B\": {\"C\": {}}}, \"D\": {}}", 4, 2, 1, 0, "tree_unconnected",
          NULL },
        { TREE, "```\nA: B\nB: C\nC: A\n```", 3, 3, 1, 0, "tree_cycle", "A: B" },
        { "Build a spanning tree of the graph.", "```\nA - B\nC - D\n```", 4, 2, 1, 0,
          "tree_unconnected", NULL },
        { "Make a DAG.", "```\nA -> B\nB -> A\n```", 2, 2, 1, 0, "graph_cycle", "A -> B" },
        { "Make an acyclic graph.", "```\nA -> B\nA -> C\nB -> C\n```", 3, 3, 1, 1, NULL,
          NULL },
        { "Make a connected graph.", "```\nA - B\nC - D\n```", 4, 2, 1, 0, "graph_unconnected",
          NULL },
        { "Make a connected graph.", "```\nA - B\nB - D\n```", 3, 2, 1, 1, NULL, NULL },
    };

    (void)state;
    check_cases(cases, sizeof cases / sizeof *cases);
}

static void what_the_instruction_states_is_checked(void **state)
{
    static const struct graph_case cases[] = {
        { "A graph with nodes A, B and C.", "```\nA - B\nB - C\n```", 3, 2, 1, 1, NULL, NULL },
        { "A graph with nodes A, B and C.", "```\nA - B\nB - D\n```", 3, 2, 1, 0,
          "node_undeclared", "D" },
        { "A tree of the nodes 1 to 4.", "```\n1 -> 2\n1 -> 3\n3 -> 4\n```", 4, 3, 3, 3, NULL,
          NULL },
        { "A tree of the nodes A to D.", "```\nA -> B\nA -> C\n```", 3, 2, 3, 2, "node_missing",
          "D" },
        { "A tree. Vertices: X1, X2, X3", "```\nX1 -> X2\nX1 -> X4\n```", 3, 2, 3, 1,
          "node_undeclared", "X4" },
        { "A graph with 3 nodes and 2 edges.", "```\nA - B\nB - C\n```", 3, 2, 2, 2, NULL,
          NULL },
        { "A graph with four nodes.", "```\nA - B\nB - C\n```", 3, 2, 1, 0, "node_count",
          NULL },
        { "A graph with at least 3 directed edges.", "```\nA -> B\nB -> C\n```", 3, 2, 1, 0,
          "edge_count", NULL },
        { "A graph with at most 3 edges.", "```\nA -> B\nB -> C\n```", 3, 2, 1, 1, NULL, NULL },
        { "A graph with more than 3 edges.", "```\nA -> B\nB -> C\n```", 3, 2, 0, 0, NULL,
          NULL },
        { "A tree with depth of 2.", "```\nA -> B\nB -> C\n```", 3, 2, 2, 2, NULL, NULL },
        { "A tree with depth 3.", "```\nA -> B\nB -> C\n```", 3, 2, 2, 2, NULL, NULL },
        { "A tree of height 4.", "```\nA -> B\nB -> C\n```", 3, 2, 2, 1, "tree_depth", NULL },
        { "A tree with 2 leaves.", "```\nA -> B\nA -> C\n```", 3, 2, 2, 2, NULL, NULL },
        { "A tree with 3 leaves.", "```\nA -> B\nA -> C\n```", 3, 2, 2, 1, "leaf_count", NULL },
        { "A binary tree.", "```\nA -> B\nA -> C\nA -> D\n```", 4, 3, 2, 1, "child_count",
          NULL },
        { "A tree where a node has up to 3 children.", "```\nA -> B\nA -> C\nA -> D\n```", 4, 3,
          2, 2, NULL, NULL },
        { "Ein Baum mit 3 Knoten.", "```\nA -> B\nA -> C\n```", 3, 2, 2, 2, NULL, NULL },
        { "Un graphe avec 4 sommets.", "```\nA -> B\nA -> C\n```", 3, 2, 1, 0, "node_count",
          NULL },
        { "Given a graph with 7 edges, write its edges.", "```\nA -> B\nA -> C\n```", 3, 2, 0,
          0, NULL, NULL },
    };

    (void)state;
    check_cases(cases, sizeof cases / sizeof *cases);
}

static void what_only_looks_like_a_graph_is_left_alone(void **state)
{
    static const char *const responses[] = {
        "Oaks live for a long time.",
        "",
        "- water it\n- prune it\n- wait",
        "A: How are you?\nB: Fine, thanks.\nA: Good, very good.",
        "```python\ndef grow(tree) -> None:\n    tree.age -> 3\n    return tree\n```",
        "```c\nnode->left = NULL;\nnode->right = NULL;\n```",
        "```haskell\nsize :: Tree a -> Int\nsize Leaf = 0\n```",
        "| tree | age |\n|---|---|\n| oak | 300 |",
        "x - y = 3\ny - z = 4\nz - x = 5",
        "Monday -> work.\nThen, after that: go home - sleep well, dream.\n",
        "```\nname: oak\nage: 300\nplace: forest\n```",
        "```json\n{\"name\": \"oak\", \"age\": 300}\n```",
        "```json\n{\"oak\": [\"green\", \"tall\"], \"elm\": [\"old\", \"wide\"]}\n```",
        "```json\n[1, 2, 3]\n```",
        "```json\n{\"A\": [\"B\", }\n```",
        "I walked home - it was late - and slept.\nThat was all.",
        "```\nsudo apt install tree\ntree -L 2\n```",
        "2024-01-01 - rain\n2024-01-02 - sun",
    };

    (void)state;
    for (size_t i = 0; i < sizeof responses / sizeof *responses; i++)
        if (verify(TREE, slice_text(responses[i])).nodes != -1)
            fail_msg("recognised: %s", responses[i]);
    assert_int_equal(
        verify("Walk down the street.", slice_text("```\nA -> B\nA -> C\n```")).nodes, -1);
    assert_int_equal(verify("Draw a picture.", slice_text("```\nA -> B\nA -> C\n```")).nodes,
                     -1);
}

enum { NODES_MAX = 40, TEXT_MAX = 1 << 16 };

/* Write a random tree in a form; parents[i] < i. extra: an edge that closes a cycle. */
static void write_tree(struct buf *out, const unsigned *parents, unsigned n, unsigned form,
                       const unsigned *extra)
{
    struct error err;

    buf_clear(out);
    assert_ok(buf_add_text(out, "Look:\n```\n", &err));
    for (unsigned i = 1; i < n; i++)
        assert_ok(buf_printf(out, &err,
                             form == 0   ? "n%u -> n%u\n"
                             : form == 1 ? "n%u -- n%u\n"
                             : form == 2 ? "(n%u, n%u)\n"
                                         : "- n%u - n%u;\n",
                             parents[i], i));
    if (extra)
        assert_ok(buf_printf(out, &err, form == 0 ? "n%u -> n%u\n" : "n%u -- n%u\n", extra[0],
                             extra[1]));
    assert_ok(buf_add_text(out, "```\n", &err));
}

static void random_trees_are_trees_until_an_edge_is_added(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct buf text;

    (void)state;
    buf_init(&text, TEXT_MAX);
    for (int round = 0; round < 300; round++) {
        const unsigned n = 3 + (unsigned)rng_below(&rng, NODES_MAX - 3);
        const unsigned form = (unsigned)rng_below(&rng, 4);
        unsigned parents[NODES_MAX] = { 0 };

        for (unsigned i = 1; i < n; i++)
            parents[i] = (unsigned)rng_below(&rng, i);
        write_tree(&text, parents, n, form, NULL);
        struct verdict got = verify(TREE, buf_slice(&text));
        if (got.nodes != n || got.edges != n - 1 || got.kept != 1)
            fail_msg("%s%d nodes, %d edges, kept %d", text.data, (int)got.nodes, (int)got.edges,
                     (int)got.kept);
        const unsigned child = 1 + (unsigned)rng_below(&rng, n - 1);
        const unsigned extra[] = { child, parents[child] };
        write_tree(&text, parents, n, form < 2 ? form : 1, extra);
        got = verify(TREE, buf_slice(&text));
        assert_int_equal(got.kept, 0);
        assert_string_equal(got.kind, "tree_cycle");
    }
    buf_release(&text);
}

/* Pieces of all forms, put together at random, end nothing. */
static void random_texts_are_read_to_their_end(void **state)
{
    static const char *const pieces[] = {
        "```\n", "A",          "B",        " -> ", " - ",   "\n", ": ",  ", ",
        "[",     "]",          "{\"A\": ", "}",    "\"B\"", "(",  ")",   "\u251c\u2500 ",
        "|-- ",  "graph TD\n", ";",        "\xe2", "\xc2",  " ",  "null"
    };
    struct rng rng = rng_from_env("CURATE_SEED");
    struct buf text;
    struct error err;

    (void)state;
    buf_init(&text, TEXT_MAX);
    for (int round = 0; round < 3000; round++) {
        const size_t n = rng_below(&rng, 30);

        buf_clear(&text);
        assert_ok(buf_add_text(&text, "", &err));
        for (size_t i = 0; i < n; i++)
            assert_ok(buf_add_text(
                &text, pieces[rng_below(&rng, sizeof pieces / sizeof *pieces)], &err));
        verify("A tree with nodes A, B and 5 edges.", buf_slice(&text));
        verify(text.data, slice_text("```\nA -> B\nB -> C\n```"));
    }
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_is_read),
        cmocka_unit_test(what_is_no_tree_is_found),
        cmocka_unit_test(what_the_instruction_states_is_checked),
        cmocka_unit_test(what_only_looks_like_a_graph_is_left_alone),
        cmocka_unit_test(random_trees_are_trees_until_an_edge_is_added),
        cmocka_unit_test(random_texts_are_read_to_their_end),
    };

    return cmocka_run_group_tests_name("scoring/facts, graphs", tests, NULL, NULL);
}
