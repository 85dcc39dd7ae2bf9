/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/selection/formula.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/option.h"
#include "scoring/selection/formula_private.h"

enum { NAME_MAX_BYTES = 63, NEAREST = 3 };

struct formula_parser {
    struct formula *formula;
    const struct formula_names *names;
    const char *text;
    size_t at;
    size_t depth;
};

static const struct {
    const char *name;
    enum formula_kind kind;
    size_t min_args;
    size_t max_args;
} functions[] = {
    { "log", FORMULA_LOG, 1, 1 },
    { "exp", FORMULA_EXP, 1, 1 },
    { "min", FORMULA_MIN, 2, FORMULA_ARGS_MAX },
    { "max", FORMULA_MAX, 2, FORMULA_ARGS_MAX },
    { "clip", FORMULA_CLIP, 3, 3 },
    { "rank", FORMULA_RANK, 1, 1 },
    { "z", FORMULA_Z, 1, 1 },
    { "minmax", FORMULA_MINMAX, 1, 1 },
};

static int formula_fault(size_t at, const char *what, struct error *err)
{
    return error_set(err, ERR_USAGE, "formula: at character %zu: %s", at + 1, what);
}

static char skip_formula_space(struct formula_parser *p)
{
    while (p->text[p->at] != '\0' && isspace((unsigned char)p->text[p->at]))
        p->at++;
    return p->text[p->at];
}

static bool accept_formula_char(struct formula_parser *p, char c)
{
    if (skip_formula_space(p) != c)
        return false;
    p->at++;
    return true;
}

/* Add a node that begins at `from` and ends here. Returns -1 if there are too many. */
static int add_formula_node(struct formula_parser *p, enum formula_kind kind, size_t from,
                            uint32_t *out, struct error *err)
{
    struct formula *f = p->formula;

    if (f->n_nodes == FORMULA_NODES_MAX)
        return formula_fault(from, "the formula is too long: shorten it", err);
    f->nodes[f->n_nodes] = (struct formula_node){ .kind = kind, .from = from, .to = p->at };
    *out = (uint32_t)f->n_nodes++;
    return 0;
}

/* Set the error of an unknown name, with the names most like it. */
static int unknown_formula_name(const struct formula_parser *p, size_t at, const char *name,
                                struct error *err)
{
    const char *nearest[NEAREST] = { NULL };
    size_t distances[NEAREST] = { 0 };
    size_t n = 0;
    const char *other;

    for (size_t i = 0; (other = p->names->name(p->names->arg, i)) != NULL; i++) {
        const size_t distance = option_distance(other, name, NAME_MAX_BYTES);
        size_t place = n < NEAREST ? n++ : NEAREST;

        for (; place > 0 && distance < distances[place - 1]; place--)
            if (place < NEAREST) {
                nearest[place] = nearest[place - 1];
                distances[place] = distances[place - 1];
            }
        if (place < NEAREST) {
            nearest[place] = other;
            distances[place] = distance;
        }
    }
    error_set(err, ERR_USAGE, "formula: at character %zu: there is no '%s'", at + 1, name);
    char list[4 * NAME_MAX_BYTES] = "";
    size_t len = 0;
    for (size_t i = 0; i < n && len < sizeof list; i++)
        len +=
            (size_t)snprintf(list + len, sizeof list - len, "%s%s", i ? ", " : "", nearest[i]);
    if (n > 0)
        error_set(err, ERR_USAGE,
                  "formula: at character %zu: there is no '%s'; the nearest names are %s",
                  at + 1, name, list);
    return -1;
}

/* Find the column of a name, and add it if the formula has not named it before. */
static int find_formula_column(struct formula_parser *p, size_t at, const char *name,
                               bool is_required, uint32_t *out, struct error *err)
{
    struct formula *f = p->formula;
    const char *other;
    size_t i = 0;

    while ((other = p->names->name(p->names->arg, i)) != NULL && strcmp(other, name) != 0)
        i++;
    if (!other)
        return unknown_formula_name(p, at, name, err);
    size_t column = 0;
    while (column < f->n_columns && f->columns[column] != i)
        column++;
    if (column == f->n_columns) {
        f->columns[f->n_columns] = i;
        f->is_required[f->n_columns++] = false;
    }
    f->is_required[column] = f->is_required[column] || is_required;
    *out = (uint32_t)column;
    return 0;
}

/* Read an identifier or a name in double quotes. */
static int read_formula_name(struct formula_parser *p, char name[NAME_MAX_BYTES + 1],
                             struct error *err)
{
    const size_t from = p->at;
    const bool quoted = p->text[p->at] == '"';
    size_t len = 0;

    p->at += quoted;
    for (char c; (c = p->text[p->at]) != '\0'; p->at++) {
        if (quoted ? c == '"' : !(isalnum((unsigned char)c) || c == '_'))
            break;
        if (len == NAME_MAX_BYTES)
            return formula_fault(from, "a name of more than 63 bytes", err);
        name[len++] = c;
    }
    name[len] = '\0';
    if (quoted && p->text[p->at] != '"')
        return formula_fault(from, "the quotation mark of a name is not closed", err);
    p->at += quoted;
    return 0;
}

static int read_formula_number(struct formula_parser *p, double *out, struct error *err)
{
    const size_t from = p->at;
    const char *start = p->text + from;
    char *end;

    /* strtod() reads more than a formula has: hexadecimal numbers, "inf" and "nan". */
    if (!isdigit((unsigned char)start[0]) && start[0] != '.')
        return formula_fault(from, "expected a number", err);
    if (start[0] == '0' && (start[1] == 'x' || start[1] == 'X'))
        return formula_fault(from, "hexadecimal numbers are not supported", err);
    *out = strtod(start, &end);
    if (end == start)
        return formula_fault(from, "expected a number", err);
    p->at += (size_t)(end - start);
    return 0;
}

static int parse_formula_sum(struct formula_parser *p, uint32_t *out, struct error *err);

/* ifnull(NAME, NUMBER), after the parenthesis. */
static int parse_formula_ifnull(struct formula_parser *p, size_t from, uint32_t *out,
                                struct error *err)
{
    char name[NAME_MAX_BYTES + 1];
    uint32_t column = 0;
    double number = 0;

    const char first = skip_formula_space(p);
    const size_t at = p->at;
    if (!isalpha((unsigned char)first) && first != '_' && first != '"')
        return formula_fault(at, "ifnull expects a name and a number", err);
    if (read_formula_name(p, name, err) < 0 ||
        find_formula_column(p, at, name, false, &column, err) < 0)
        return -1;
    if (!accept_formula_char(p, ','))
        return formula_fault(p->at, "ifnull expects a comma and a number", err);
    const bool negative = accept_formula_char(p, '-');
    skip_formula_space(p);
    if (read_formula_number(p, &number, err) < 0)
        return -1;
    if (!accept_formula_char(p, ')'))
        return formula_fault(p->at, "expected ')'", err);
    if (add_formula_node(p, FORMULA_IFNULL, from, out, err) < 0)
        return -1;
    p->formula->nodes[*out].column = column;
    p->formula->nodes[*out].number = negative ? -number : number;
    return 0;
}

/* The arguments of a function, after the opening parenthesis. */
static int parse_formula_call(struct formula_parser *p, const char *name, size_t from,
                              uint32_t *out, struct error *err)
{
    uint32_t args[FORMULA_ARGS_MAX] = { 0 };
    size_t n_args = 0, f = 0;

    if (strcmp(name, "ifnull") == 0)
        return parse_formula_ifnull(p, from, out, err);
    while (f < sizeof functions / sizeof functions[0] && strcmp(functions[f].name, name) != 0)
        f++;
    if (f == sizeof functions / sizeof functions[0])
        return error_set(err, ERR_USAGE,
                         "formula: at character %zu: there is no function '%s'; there are "
                         "rank, z, minmax, clip, log, exp, min, max and ifnull",
                         from + 1, name);
    do {
        if (n_args == functions[f].max_args)
            return formula_fault(p->at, "too many arguments", err);
        if (parse_formula_sum(p, &args[n_args++], err) < 0)
            return -1;
    } while (accept_formula_char(p, ','));
    if (!accept_formula_char(p, ')'))
        return formula_fault(p->at, "expected ')'", err);
    if (n_args < functions[f].min_args)
        return formula_fault(p->at - 1, "too few arguments", err);
    if (add_formula_node(p, functions[f].kind, from, out, err) < 0)
        return -1;

    struct formula_node *node = &p->formula->nodes[*out];
    memcpy(node->args, args, sizeof args);
    node->n_args = n_args;
    if (node->kind >= FORMULA_RANK)
        node->comparison = (uint32_t)p->formula->n_comparisons++;
    return 0;
}

static int parse_formula_name(struct formula_parser *p, uint32_t *out, struct error *err)
{
    const size_t from = p->at;
    const bool quoted = p->text[from] == '"';
    char name[NAME_MAX_BYTES + 1];
    uint32_t column = 0;

    if (read_formula_name(p, name, err) < 0)
        return -1;
    if (!quoted && accept_formula_char(p, '('))
        return parse_formula_call(p, name, from, out, err);
    if (find_formula_column(p, from, name, true, &column, err) < 0 ||
        add_formula_node(p, FORMULA_COLUMN, from, out, err) < 0)
        return -1;
    p->formula->nodes[*out].column = column;
    return 0;
}

static int parse_formula_factor(struct formula_parser *p, uint32_t *out, struct error *err)
{
    const char c = skip_formula_space(p);
    const size_t from = p->at;
    uint32_t arg = 0;
    double number = 0;

    if (c == '-') {
        p->at++;
        if (++p->depth > FORMULA_DEPTH_MAX)
            return formula_fault(from, "nested too deeply", err);
        if (parse_formula_factor(p, &arg, err) < 0 ||
            add_formula_node(p, FORMULA_NEGATE, from, out, err) < 0)
            return -1;
        p->depth--;
        p->formula->nodes[*out].args[0] = arg;
        p->formula->nodes[*out].n_args = 1;
        return 0;
    }
    if (c == '(') {
        p->at++;
        if (parse_formula_sum(p, out, err) < 0)
            return -1;
        if (!accept_formula_char(p, ')'))
            return formula_fault(p->at, "expected ')'", err);
        p->formula->nodes[*out].from = from;
        p->formula->nodes[*out].to = p->at;
        p->formula->nodes[*out].in_parentheses = true;
        return 0;
    }
    if (isalpha((unsigned char)c) || c == '_' || c == '"')
        return parse_formula_name(p, out, err);
    if (c == '\0')
        return formula_fault(from, "the formula ends where a value is expected", err);
    if (!isdigit((unsigned char)c) && c != '.')
        return formula_fault(from, "expected a name, a number or '('", err);
    if (read_formula_number(p, &number, err) < 0 ||
        add_formula_node(p, FORMULA_NUMBER, from, out, err) < 0)
        return -1;
    p->formula->nodes[*out].number = number;
    return 0;
}

typedef int parse_formula_operand(struct formula_parser *p, uint32_t *out, struct error *err);

/* Operands joined by one of two operators of the same precedence, from the left. */
static int parse_formula_chain(struct formula_parser *p, const char operators[2],
                               const enum formula_kind kinds[2],
                               parse_formula_operand *parse_operand, uint32_t *out,
                               struct error *err)
{
    skip_formula_space(p);
    const size_t from = p->at;
    uint32_t left = 0, right = 0;

    if (parse_operand(p, &left, err) < 0)
        return -1;
    for (;;) {
        const char c = skip_formula_space(p);

        if (c == '\0' || (c != operators[0] && c != operators[1]))
            break;
        p->at++;
        uint32_t joined = 0;
        if (parse_operand(p, &right, err) < 0 ||
            add_formula_node(p, kinds[c == operators[1]], from, &joined, err) < 0)
            return -1;
        p->formula->nodes[joined].args[0] = left;
        p->formula->nodes[joined].args[1] = right;
        p->formula->nodes[joined].n_args = 2;
        left = joined;
    }
    *out = left;
    return 0;
}

static int parse_formula_product(struct formula_parser *p, uint32_t *out, struct error *err)
{
    static const enum formula_kind kinds[] = { FORMULA_MULTIPLY, FORMULA_DIVIDE };

    return parse_formula_chain(p, "*/", kinds, parse_formula_factor, out, err);
}

static int parse_formula_sum(struct formula_parser *p, uint32_t *out, struct error *err)
{
    static const enum formula_kind kinds[] = { FORMULA_ADD, FORMULA_SUBTRACT };

    if (++p->depth > FORMULA_DEPTH_MAX)
        return formula_fault(p->at, "nested too deeply", err);
    if (parse_formula_chain(p, "+-", kinds, parse_formula_product, out, err) < 0)
        return -1;
    p->depth--;
    return 0;
}

/* List the terms: the right operands of the chain at the root, then what it begins with. */
static void list_formula_terms(struct formula *f)
{
    uint32_t node = f->root;
    struct formula_part reversed[FORMULA_NODES_MAX];
    size_t n = 0;

    while ((f->nodes[node].kind == FORMULA_ADD || f->nodes[node].kind == FORMULA_SUBTRACT) &&
           (node == f->root || !f->nodes[node].in_parentheses)) {
        reversed[n++] = (struct formula_part){ f->nodes[node].args[1],
                                               f->nodes[node].kind == FORMULA_SUBTRACT };
        node = f->nodes[node].args[0];
    }
    reversed[n++] = (struct formula_part){ node, false };
    f->n_terms = n;
    for (size_t i = 0; i < n; i++)
        f->terms[i] = reversed[n - 1 - i];
}

int formula_parse(const char *text, const struct formula_names *names, struct formula **out,
                  struct error *err)
{
    struct formula *formula = calloc(1, sizeof *formula);
    struct formula_parser p = { .formula = formula, .names = names, .text = text };

    if (!formula)
        return error_nomem(err);
    formula->text = text;
    if (parse_formula_sum(&p, &formula->root, err) < 0) {
        formula_free(formula);
        return -1;
    }
    if (skip_formula_space(&p) != '\0') {
        formula_free(formula);
        return formula_fault(p.at, "expected an operator or the end of the formula", err);
    }
    list_formula_terms(formula);
    *out = formula;
    return 0;
}

void formula_free(struct formula *formula)
{
    free(formula);
}

size_t formula_n_columns(const struct formula *formula)
{
    return formula->n_columns;
}

size_t formula_column(const struct formula *formula, size_t column)
{
    return formula->columns[column];
}

size_t formula_n_terms(const struct formula *formula)
{
    return formula->n_terms;
}

struct slice formula_term(const struct formula *formula, size_t term, bool *negative)
{
    const struct formula_node *node = &formula->nodes[formula->terms[term].node];

    *negative = formula->terms[term].negative;
    return slice_of(formula->text + node->from, node->to - node->from);
}

size_t formula_n_comparisons(const struct formula *formula)
{
    return formula->n_comparisons;
}
