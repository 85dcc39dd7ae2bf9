/* SPDX-License-Identifier: Apache-2.0 */
/* Trees and graphs whose edges, neighbours or nodes stand in lines. */
#include <ctype.h>
#include <stdlib.h>

#include "base/error.h"
#include "scoring/facts/form.h"
#include "scoring/facts/graph_private.h"

enum {
    NAME_MAX_BYTES = 64,
    NAME_MAX_WORDS = 3,
    CODE_EDGES_LEAST = 2,
    PROSE_LINES_LEAST = 3,
};

/* Signs between two nodes; longer ones first. */
static const struct {
    const char *sign;
    bool is_directed;
    bool needs_blanks; /* else it may be part of a name */
} arrows[] = {
    { "-->", true, false },    { "->", true, false },     { "=>", true, false },
    { "\u2192", true, false }, { "---", false, false },   { "--", false, false },
    { "\u2014", false, true }, { "\u2013", false, true }, { "-", false, true },
};

/* Find the first arrow of the text. Returns its length, or 0. */
static size_t find_arrow(struct slice text, size_t *at, bool *is_directed)
{
    for (size_t i = 0; i < text.len; i++)
        for (size_t a = 0; a < sizeof arrows / sizeof *arrows; a++) {
            const size_t len = strlen(arrows[a].sign);
            const bool has_blanks = i > 0 && text.ptr[i - 1] == ' ' && i + len < text.len &&
                                    text.ptr[i + len] == ' ';

            if (i + len > text.len || memcmp(text.ptr + i, arrows[a].sign, len) != 0 ||
                (arrows[a].needs_blanks && !has_blanks))
                continue;
            *at = i;
            *is_directed = arrows[a].is_directed;
            return len;
        }
    return 0;
}

/* Cut attributes in brackets, a weight behind a colon or in parentheses, and quotes off. */
static struct slice cut_name(struct slice text)
{
    struct slice name = slice_trim(text);
    const char *bracket = name.len > 0 ? memchr(name.ptr + 1, '[', name.len - 1) : NULL;

    if (bracket && name.ptr[name.len - 1] == ']')
        name = slice_trim(slice_of(name.ptr, (size_t)(bracket - name.ptr)));
    const char *weight = name.len > 1 && name.ptr[name.len - 1] == ')'
                             ? memchr(name.ptr + 1, '(', name.len - 1)
                             : NULL;
    if (!weight && name.len > 1)
        weight = memchr(name.ptr + 1, ':', name.len - 1);
    if (weight) {
        size_t i = (size_t)(weight - name.ptr) + 1;

        while (i < name.len && strchr("0123456789.)= w", name.ptr[i]))
            i++;
        if (i == name.len)
            name = slice_trim(slice_of(name.ptr, (size_t)(weight - name.ptr)));
    }
    if (name.len > 2 && strchr("\"'`", name.ptr[0]) && name.ptr[name.len - 1] == name.ptr[0])
        name = slice_of(name.ptr + 1, name.len - 2);
    return name;
}

/* Can the text be the name of a node? */
static bool is_node_name(struct slice name)
{
    size_t n_words = name.len > 0;

    for (size_t i = 0; i < name.len; i++) {
        n_words += name.ptr[i] == ' ';
        if (memchr(".!?:;,(){}[]<>=|\"\\/\t*", name.ptr[i], 22))
            return false;
    }
    return name.len > 0 && name.len <= NAME_MAX_BYTES && n_words <= NAME_MAX_WORDS;
}

/* The line without the mark of a list, and without a mark at its end. */
static struct slice cut_item(struct slice line)
{
    struct slice item = slice_trim(line);
    size_t i = 0;

    if (item.len > 2 && memchr("-*+", item.ptr[0], 3) && item.ptr[1] == ' ') {
        item = slice_trim(slice_of(item.ptr + 2, item.len - 2));
    } else {
        while (i < item.len && isdigit((unsigned char)item.ptr[i]))
            i++;
        if (i > 0 && i + 1 < item.len && memchr(".)", item.ptr[i], 2) && item.ptr[i + 1] == ' ')
            item = slice_trim(slice_of(item.ptr + i + 1, item.len - i - 1));
    }
    while (item.len > 0 && memchr(";,", item.ptr[item.len - 1], 2))
        item = slice_trim_end(slice_of(item.ptr, item.len - 1));
    return item;
}

/* Read "(A, B)" or "(A, B, 3)". Returns 1, 0 or -1. */
static int read_pair(struct slice item, struct graph *graph, struct error *err)
{
    const struct slice inner = slice_of(item.ptr + 1, item.len - 2);
    const char *comma = memchr(inner.ptr, ',', inner.len);
    uint32_t from, to;

    if (!comma)
        return 0;
    struct slice first = slice_of(inner.ptr, (size_t)(comma - inner.ptr));
    struct slice second = slice_of(comma + 1, inner.len - first.len - 1);
    const char *third = memchr(second.ptr, ',', second.len);
    if (third)
        second.len = (size_t)(third - second.ptr);
    first = cut_name(first);
    second = cut_name(second);
    if (!is_node_name(first) || !is_node_name(second))
        return 0;
    if (graph_find_node(graph, first, &from, err) < 0 ||
        graph_find_node(graph, second, &to, err) < 0 ||
        graph_add_edge(graph, from, to, item, err) < 0)
        return -1;
    return 1;
}

/* Read "A -> B -> C". Returns 1, 0 or -1. */
static int read_edges(struct slice item, struct graph *graph, struct error *err)
{
    struct slice rest = item;
    uint32_t before = 0, node;
    bool is_directed = false;
    size_t n_names = 0, at, len;

    if (item.len > 4 && item.ptr[0] == '(' && item.ptr[item.len - 1] == ')' &&
        find_arrow(item, &at, &is_directed) == 0)
        return read_pair(item, graph, err);
    do {
        len = find_arrow(rest, &at, &is_directed);
        const struct slice name = cut_name(len > 0 ? slice_of(rest.ptr, at) : rest);

        if (!is_node_name(name) || (len == 0 && n_names == 0))
            return 0;
        if (graph_find_node(graph, name, &node, err) < 0 ||
            (n_names > 0 && graph_add_edge(graph, before, node, item, err) < 0))
            return -1;
        graph->is_directed |= len > 0 && is_directed;
        before = node;
        n_names++;
        if (len > 0)
            rest = slice_of(rest.ptr + at + len, rest.len - at - len);
    } while (len > 0);
    return 1;
}

/* Does a line of DOT or Mermaid say nothing about nodes and edges? */
static bool is_dot_setting(struct slice item)
{
    static const char *const words[] = { "digraph", "graph",   "strict",   "flowchart",
                                         "node",    "edge",    "subgraph", "}",
                                         "{",       "rankdir", "#",        "//",
                                         "%%",      "classDef" };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t len = strlen(words[i]);
        const char after = item.len > len ? item.ptr[len] : ' ';

        if (item.len >= len && memcmp(item.ptr, words[i], len) == 0 &&
            (!isalnum((unsigned char)words[i][0]) || memchr(" {[=\t", after, 5)))
            return true;
    }
    return false;
}

/* Read a text whose every line is an edge, a setting of DOT, or blank. */
static int read_edge_lines(struct slice text, struct graph *graph, struct error *err)
{
    struct slice line;
    size_t pos = 0;
    bool is_dot = false;
    int rc;

    graph_clear(graph);
    while (form_line_next(text, &pos, &line)) {
        const struct slice item = cut_item(line);
        uint32_t node;

        if (item.len == 0 || is_dot_setting(item)) {
            is_dot |= item.len > 0 && !memchr("#/%", item.ptr[0], 3);
            continue;
        }
        if ((rc = read_edges(item, graph, err)) < 0)
            return -1;
        if (rc == 1)
            continue;
        const struct slice name = cut_name(item);
        if (!is_dot || !is_node_name(name))
            return 0;
        if (graph_find_node(graph, name, &node, err) < 0)
            return -1;
    }
    return graph->n_edges >= CODE_EDGES_LEAST || (is_dot && graph->n_edges > 0);
}

/* Read the neighbours behind a key: "B, C" or "[B, C]". Returns 1, 0 or -1. */
static int read_neighbours(struct graph *graph, uint32_t key, struct slice list,
                           struct slice place, struct error *err)
{
    uint32_t node;

    list = slice_trim(list);
    if (list.len > 1 && memchr("[{(", list.ptr[0], 3) &&
        memchr("]})", list.ptr[list.len - 1], 3))
        list = slice_trim(slice_of(list.ptr + 1, list.len - 2));
    while (list.len > 0) {
        const char *comma = memchr(list.ptr, ',', list.len);
        const size_t len = comma ? (size_t)(comma - list.ptr) : list.len;
        const struct slice name = cut_name(slice_of(list.ptr, len));

        if (!is_node_name(name) || memchr(name.ptr, ' ', name.len))
            return 0;
        if (graph_find_node(graph, name, &node, err) < 0 ||
            graph_add_edge(graph, key, node, place, err) < 0)
            return -1;
        list = slice_of(list.ptr + len + (comma != NULL), list.len - len - (comma != NULL));
    }
    return 1;
}

/* Read "A: B, C" or "A -> B, C". Returns 1, 0 or -1. */
static int read_key_line(struct slice item, struct graph *graph, struct error *err)
{
    const char *colon = memchr(item.ptr, ':', item.len);
    bool is_directed;
    size_t at = 0, len = 1;
    uint32_t key;

    if (colon)
        at = (size_t)(colon - item.ptr);
    else if ((len = find_arrow(item, &at, &is_directed)) == 0)
        return 0;
    const struct slice name = cut_name(slice_of(item.ptr, at));
    if (!is_node_name(name))
        return 0;
    if (graph_find_node(graph, name, &key, err) < 0)
        return -1;
    return read_neighbours(graph, key, slice_of(item.ptr + at + len, item.len - at - len), item,
                           err);
}

/* Read a text whose every line is a node with its neighbours. Some neighbour must have a line
 * of its own, or it is a dictionary of something else. */
static int read_adjacency(struct slice text, struct graph *graph, struct error *err)
{
    struct slice line;
    size_t pos = 0, n_lines = 0, n_known = 0;
    int rc;

    graph_clear(graph);
    while (form_line_next(text, &pos, &line)) {
        const struct slice item = cut_item(line);
        const size_t n_nodes = graph->n_nodes;

        if (item.len == 0)
            continue;
        if ((rc = read_key_line(item, graph, err)) != 1)
            return rc;
        n_lines++;
        n_known += n_lines > 1 && n_nodes > 0 && graph->edges && graph->n_edges > 0 &&
                   graph->edges[graph->n_edges - 1].from < n_nodes;
    }
    if (n_lines < CODE_EDGES_LEAST || graph->n_edges == 0 || n_known == 0)
        return 0;
    graph->is_directed = true;
    return graph_join_reverses(graph, err) < 0 ? -1 : 1;
}

static const char *const branches[] = { "\u251c", "\u2514", "\u2502", "|--", "`--", "+--" };

/* Skip the lines and blanks before the name of a drawn node. *column counts characters. */
static size_t skip_branches(struct slice line, size_t *column, bool *has_branch)
{
    size_t i = 0;

    *column = 0;
    *has_branch = false;
    for (size_t b = 0; b < sizeof branches / sizeof *branches; b++)
        *has_branch |= memmem(line.ptr, line.len, branches[b], strlen(branches[b])) != NULL;
    while (i < line.len) {
        const unsigned char c = (unsigned char)line.ptr[i];
        size_t len = 1;

        if (c == 0xe2 && i + 2 < line.len && (unsigned char)line.ptr[i + 1] >= 0x94 &&
            (unsigned char)line.ptr[i + 1] <= 0x95)
            len = 3; /* U+2500 to U+257F */
        else if (c == 0xc2 && i + 1 < line.len && (unsigned char)line.ptr[i + 1] == 0xa0)
            len = 2; /* a no-break space */
        else if (!(c == ' ' || (*has_branch && memchr("|`+-", (char)c, 4))))
            break;
        i += len;
        ++*column;
    }
    return i;
}

/* The nodes from the root to the last line, with their columns. */
struct drawing {
    struct graph *graph;
    uint32_t *path;
    size_t *columns;
    size_t depth;
    size_t cap;
};

static int draw_node(struct drawing *drawing, struct slice name, size_t column,
                     struct error *err)
{
    struct graph *graph = drawing->graph;
    uint32_t node;

    while (drawing->depth > 0 && drawing->columns[drawing->depth - 1] >= column)
        drawing->depth--;
    if (drawing->depth == drawing->cap) {
        const size_t cap = drawing->cap > 0 ? 2 * drawing->cap : 32;
        uint32_t *path = reallocarray(drawing->path, cap, sizeof *path);
        if (path)
            drawing->path = path;
        size_t *columns = path ? reallocarray(drawing->columns, cap, sizeof *columns) : NULL;
        if (!columns)
            return error_nomem(err);
        drawing->columns = columns;
        drawing->cap = cap;
    }
    if (graph_add_node(graph, name, &node, err) < 0 ||
        (drawing->depth > 0 &&
         graph_add_edge(graph, drawing->path[drawing->depth - 1], node, name, err) < 0))
        return -1;
    drawing->path[drawing->depth] = node;
    drawing->columns[drawing->depth++] = column;
    return 0;
}

/* Read a drawn tree: the line before the first branch is its root. */
static int read_drawing(struct slice text, struct graph *graph, struct error *err)
{
    struct drawing drawing = { .graph = graph };
    struct slice line, before = slice_of(NULL, 0);
    size_t pos = 0, column, n_lines = 0;
    bool has_branch, is_drawn = false;
    int rc = 0;

    graph_clear(graph);
    graph->is_directed = true;
    while (rc == 0 && form_line_next(text, &pos, &line)) {
        const size_t skipped = skip_branches(line, &column, &has_branch);
        const struct slice name = slice_trim(slice_of(line.ptr + skipped, line.len - skipped));

        if (has_branch && !is_drawn && before.len > 0) {
            size_t root_column;
            bool unused;
            const size_t at = skip_branches(before, &root_column, &unused);

            rc = draw_node(&drawing, slice_trim(slice_of(before.ptr + at, before.len - at)),
                           root_column, err);
        }
        is_drawn |= has_branch;
        if (is_drawn && !has_branch)
            break;
        if (rc == 0 && has_branch && name.len > 0) {
            rc = draw_node(&drawing, name, column, err);
            n_lines++;
        }
        before = slice_is_blank(line) ? slice_of(NULL, 0) : line;
    }
    free(drawing.path);
    free(drawing.columns);
    return rc < 0 ? -1 : n_lines >= CODE_EDGES_LEAST;
}

int graph_read_code(struct slice text, struct graph *graph, struct error *err)
{
    int rc = read_drawing(text, graph, err);

    if (rc == 0)
        rc = read_edge_lines(text, graph, err);
    if (rc == 0)
        rc = read_adjacency(text, graph, err);
    if (rc == 1)
        graph->place = text;
    return rc;
}

/* Is the line an edge? Returns 1, 0 or -1. */
static int is_edge_line(struct slice line, struct graph *probe, struct error *err)
{
    const struct slice item = cut_item(line);

    graph_clear(probe);
    return item.len > 0 ? read_edges(item, probe, err) : 0;
}

/* Find the first lines in a row that are edges. Returns 1, 0 or -1. */
static int find_edge_lines(struct slice text, struct slice *found, struct error *err)
{
    struct graph probe = { .n_nodes = 0 };
    struct slice line;
    size_t pos = 0, first = 0, n = 0, begin;
    int rc = 0;

    for (begin = 0; form_line_next(text, &pos, &line); begin = pos) {
        rc = is_edge_line(line, &probe, err);
        if (rc < 0 || (rc == 0 && n >= PROSE_LINES_LEAST))
            break;
        if (rc == 1 && n++ == 0)
            first = begin;
        if (rc == 0)
            n = 0;
    }
    graph_release(&probe);
    if (rc < 0 || n < PROSE_LINES_LEAST)
        return rc < 0 ? -1 : 0;
    *found = form_cut(text, first, begin);
    return 1;
}

int graph_read_prose(struct slice text, struct graph *graph, struct error *err)
{
    struct slice lines;
    int rc = read_drawing(text, graph, err);

    if (rc != 0) {
        graph->place = text;
        return rc;
    }
    rc = find_edge_lines(text, &lines, err);
    if (rc != 1)
        return rc;
    graph->place = slice_trim_end(lines);
    return read_edge_lines(lines, graph, err);
}
