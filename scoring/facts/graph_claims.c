/* SPDX-License-Identifier: Apache-2.0 */
/* What an instruction says of the tree or graph that it asks for. */
#include <ctype.h>

#include "scoring/facts/graph_private.h"
#include "scoring/facts/phrase.h"

/* Words of English, German, French and Spanish; Chinese ones are found within a text, too. */
static const char tree_words[] =
    " tree trees hierarchy baum b\u00e4ume hierarchie arbre arbres hi\u00e9rarchie \u00e1rbol "
    "\u00e1rboles jerarqu\u00eda ";
static const char graph_words[] = " graph graphs digraph dag graphen graphe graphes grafo "
                                  "grafos network netzwerk r\u00e9seau ";
static const char acyclic_words[] =
    " acyclic dag azyklisch azyklischen azyklischer acyclique ac\u00edclico ";
static const char connected_words[] =
    " connected zusammenh\u00e4ngend zusammenh\u00e4ngenden connexe conexo ";
static const char given_words[] =
    " given following below above shown this gegeben gegebenen folgende folgenden folgender "
    "suivant suivante donn\u00e9 donn\u00e9e siguiente dado dada ";
static const char binary_words[] =
    " binary bin\u00e4rer bin\u00e4ren bin\u00e4rbaum binaire binario ";
static const char node_words[] = " node nodes vertex vertices knoten n\u0153ud n\u0153uds "
                                 "noeud noeuds sommet sommets nodo nodos "
                                 "v\u00e9rtice v\u00e9rtices ";
static const char edge_words[] =
    " edge edges kante kanten ar\u00eate ar\u00eates arista aristas ";
static const char leaf_words[] =
    " leaf leaves blatt bl\u00e4tter bl\u00e4ttern feuille feuilles hoja hojas ";
static const char depth_words[] =
    " depth height tiefe h\u00f6he profondeur hauteur profundidad altura ";
static const char child_words[] = " child children kind kinder kindern enfants hijos ";

static const char *const tree_signs[] = { "\u6811", NULL };
static const char *const graph_signs[] = { "\u6709\u5411\u56fe", "\u65e0\u5411\u56fe",
                                           "\u56fe\u7ed3\u6784", NULL };
static const char *const acyclic_signs[] = { "\u65e0\u73af", NULL };
static const char *const given_signs[] = { "\u7ed9\u5b9a", "\u4ee5\u4e0b", "\u4e0b\u9762", "->",
                                           NULL };

static bool is_claim_word_byte(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || c == '_';
}

/* Get the next word: letters, digits and bytes above ASCII. */
static bool next_word(struct slice text, size_t *pos, struct slice *word)
{
    size_t i = *pos;

    while (i < text.len && !is_claim_word_byte(text.ptr[i]))
        i++;
    const size_t first = i;
    while (i < text.len && is_claim_word_byte(text.ptr[i]))
        i++;
    *word = slice_of(text.ptr + first, i - first);
    *pos = i;
    return i > first;
}

/* Is the word in a list that has a blank before and behind each? */
static bool is_claim_word(const char *list, struct slice word)
{
    for (const char *at = list; word.len > 0 && (at = strchr(at, ' ')) && at[1]; at++) {
        size_t i = 0;

        while (i < word.len && ascii_lower_byte(word.ptr[i]) == at[1 + i])
            i++;
        if (i == word.len && at[1 + i] == ' ')
            return true;
    }
    return false;
}

/* A number in digits, or from one to twelve in English. */
static bool read_claim_count(struct slice word, uint64_t *out)
{
    static const char *const names[] = {
        "one",   "two",   "three", "four", "five",   "six",
        "seven", "eight", "nine",  "ten",  "eleven", "twelve"
    };

    *out = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (word.len == strlen(names[i]) && phrase_len_at(word, names[i]) > 0) {
            *out = i + 1;
            return true;
        }
    for (size_t i = 0; i < word.len; i++) {
        if (!isdigit((unsigned char)word.ptr[i]) || i > 8)
            return false;
        *out = 10 * *out + (uint64_t)(word.ptr[i] - '0');
    }
    return word.len > 0;
}

/* What the words before a number say of it: 1 at least, -1 at most, 0 exactly, 2 neither. */
static int read_claim_relation(struct slice text, size_t at)
{
    static const struct {
        const char *words;
        int relation;
    } relations[] = {
        { "at least ", 1 },
        { "no fewer than ", 1 },
        { "mindestens ", 1 },
        { "au moins ", 1 },
        { "al menos ", 1 },
        { "at most ", -1 },
        { "up to ", -1 },
        { "no more than ", -1 },
        { "h\u00f6chstens ", -1 },
        { "au plus ", -1 },
        { "como m\u00e1ximo ", -1 },
        { "maximum of ", -1 },
        { "minimum of ", 1 },
        { "more than ", 2 },
        { "fewer than ", 2 },
        { "less than ", 2 },
        { "about ", 2 },
        { "around ", 2 },
        { "approximately ", 2 },
        { "to ", 2 },
        { "or ", 2 },
    };

    for (size_t i = 0; i < sizeof relations / sizeof *relations; i++) {
        const size_t len = strlen(relations[i].words);

        if (len <= at && phrase_len_at(slice_of(text.ptr + at - len, len), relations[i].words))
            return relations[i].relation;
    }
    return 0;
}

static void set_bounds(struct graph_bounds *bounds, uint64_t n, int relation)
{
    if (relation == 2)
        return;
    if (!bounds->is_stated)
        *bounds = (struct graph_bounds){ true, 0, UINT64_MAX };
    if (relation >= 0)
        bounds->least = n;
    if (relation <= 0)
        bounds->most = n;
}

/* Read a number and what it counts: "5 nodes", "depth of 3". */
static void read_quantity(struct slice text, struct slice number, uint64_t n,
                          struct slice before, struct graph_claims *out)
{
    const size_t at = (size_t)(number.ptr - text.ptr);
    const int relation = read_claim_relation(text, at);
    size_t pos = at + number.len;
    struct slice word = slice_of(NULL, 0);

    if (is_claim_word(depth_words, before)) {
        set_bounds(&out->bounds[GRAPH_DEPTH], n, relation);
        return;
    }
    for (int i = 0; i < 2; i++) { /* one adjective may stand between */
        if (!next_word(text, &pos, &word))
            return;
        if (is_claim_word(node_words, word))
            set_bounds(&out->bounds[GRAPH_NODES], n, relation);
        else if (is_claim_word(edge_words, word))
            set_bounds(&out->bounds[GRAPH_EDGES], n, relation);
        else if (is_claim_word(leaf_words, word))
            set_bounds(&out->bounds[GRAPH_LEAVES], n, relation);
        else if (is_claim_word(child_words, word) && relation == -1)
            set_bounds(&out->bounds[GRAPH_CHILDREN], n, relation);
        else
            continue;
        return;
    }
}

static void read_quantities(struct slice text, struct graph_claims *out)
{
    struct slice word, before = slice_of(NULL, 0);
    size_t pos = 0;
    uint64_t n;

    while (next_word(text, &pos, &word)) {
        if (read_claim_count(word, &n))
            read_quantity(text, word, n, before, out);
        /* "depth of 3", "depth: 3" */
        if (!is_claim_word(" of von de ", word))
            before = word;
        if (is_claim_word(binary_words, word))
            set_bounds(&out->bounds[GRAPH_CHILDREN], 2, -1);
    }
}

/* Can the word be a node that is declared? A capital letter or a number, and short. */
static bool is_declared_name(struct slice word)
{
    return word.len > 0 && word.len <= 16 &&
           (isupper((unsigned char)word.ptr[0]) || isdigit((unsigned char)word.ptr[0]));
}

static bool add_declared(struct graph_claims *out, struct slice name)
{
    if (out->n_declared == GRAPH_DECLARED_MAX)
        return false;
    out->declared[out->n_declared++] = name;
    return true;
}

/* Add the names of "A to E" or "1-5". */
static bool add_range(struct graph_claims *out, struct slice first, struct slice last)
{
    uint64_t low, high;

    if (first.len == 1 && last.len == 1 && isupper((unsigned char)*first.ptr) &&
        isupper((unsigned char)*last.ptr)) {
        for (char c = *first.ptr; c <= *last.ptr; c++) {
            char *text = out->numbers[out->n_declared % GRAPH_DECLARED_MAX];

            text[0] = c;
            if (!add_declared(out, slice_of(text, 1)))
                return false;
        }
        return true;
    }
    if (!read_claim_count(first, &low) || !read_claim_count(last, &high) || high > 99 ||
        low > high)
        return false;
    for (; low <= high; low++) {
        char *text = out->numbers[out->n_declared % GRAPH_DECLARED_MAX];
        const size_t len = low > 9 ? 2 : 1;

        text[0] = (char)('0' + (low > 9 ? low / 10 : low));
        text[1] = (char)('0' + low % 10);
        if (!add_declared(out, slice_of(text, len)))
            return false;
    }
    return true;
}

/* Does the text continue a list? */
static bool continues_list(struct slice text, size_t *pos)
{
    static const char *const separators[] = { ", and ", ", ",  ",",      " and ", " und ",
                                              " et ",   " y ", "\u3001", NULL };
    const struct slice rest = slice_of(text.ptr + *pos, text.len - *pos);

    for (size_t i = 0; separators[i]; i++) {
        const size_t len = phrase_len_at(rest, separators[i]);

        *pos += len;
        if (len > 0)
            return true;
    }
    return false;
}

/* Read the names behind a word for nodes. Leaves none if they are not a list of names. */
static void read_declared(struct slice text, size_t pos, struct graph_claims *out)
{
    static const char *const ranges[] = { " to ",     " through ", "-", " bis ",
                                          " \u00e0 ", " a ",       NULL };
    struct slice name, last;
    size_t len = 0;

    while (pos < text.len && memchr(" :(=[{", text.ptr[pos], 6))
        pos++;
    size_t end = pos;
    if (!next_word(text, &end, &name) || name.ptr != text.ptr + pos || !is_declared_name(name))
        return;
    for (size_t i = 0; len == 0 && ranges[i]; i++)
        len = phrase_len_at(slice_of(text.ptr + end, text.len - end), ranges[i]);
    if (len > 0) {
        end += len;
        if (!next_word(text, &end, &last) || !add_range(out, name, last))
            out->n_declared = 0;
        return;
    }
    do {
        pos = end - name.len;
        if (!is_declared_name(name) || !add_declared(out, name)) {
            out->n_declared = 0;
            return;
        }
        pos = end;
        if (!continues_list(text, &pos))
            break;
        end = pos;
    } while (next_word(text, &end, &name) && name.ptr == text.ptr + pos);
    if (out->n_declared < 2)
        out->n_declared = 0;
}

static void find_declared(struct slice text, struct graph_claims *out)
{
    struct slice word;
    size_t pos = 0;

    while (out->n_declared == 0 && next_word(text, &pos, &word)) {
        size_t next = pos;
        struct slice after;

        if (!is_claim_word(node_words, word))
            continue;
        if (next_word(text, &next, &after) &&
            is_claim_word(" named labeled labelled called are numbered ", after))
            read_declared(text, next, out);
        else
            read_declared(text, pos, out);
    }
}

static bool names_any(struct slice text, const char *list)
{
    struct slice word;
    size_t pos = 0;

    while (next_word(text, &pos, &word))
        if (is_claim_word(list, word))
            return true;
    return false;
}

void graph_read_claims(struct slice instruction, struct graph_claims *out)
{
    *out = (struct graph_claims){ .is_asked = false };
    if (instruction.len == 0)
        return;
    const bool names_tree =
        names_any(instruction, tree_words) || phrase_is_in(instruction, tree_signs);
    const bool names_graph =
        names_any(instruction, graph_words) || phrase_is_in(instruction, graph_signs);
    const bool is_spanning =
        names_any(instruction, " spanning aufspannender couvrant generador ");

    out->is_asked = names_tree || names_graph;
    if (!out->is_asked)
        return;
    out->is_tree = names_tree && (!names_graph || is_spanning);
    out->is_acyclic =
        names_any(instruction, acyclic_words) || phrase_is_in(instruction, acyclic_signs);
    out->is_connected = !out->is_tree && names_any(instruction, connected_words);
    find_declared(instruction, out);
    /* Numbers may be those of a graph that the instruction shows. */
    if (!names_any(instruction, given_words) && !phrase_is_in(instruction, given_signs))
        read_quantities(instruction, out);
}
