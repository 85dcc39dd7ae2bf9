/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/selection/formula.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/normalise.h"
#include "scoring/selection/formula_private.h"
#include "scoring/sum.h"

/* The samples of the pool, and the columns of the caller. */
struct formula_run {
    const struct formula *formula;
    const double *const *columns;
    const uint32_t *pool; /* the samples */
    size_t n;             /* of the pool */
    struct formula_comparison *comparisons;
};

struct formula_ranked {
    double value;
    size_t place;
};

static int compare_formula_ranked(const void *left, const void *right)
{
    const struct formula_ranked *a = left;
    const struct formula_ranked *b = right;

    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

/* out[i] = mean rank of values[i], from 1, divided by n. */
static int mean_ranks(const double *values, size_t n, double *out, struct error *err)
{
    struct formula_ranked *sorted = reallocarray(NULL, n, sizeof *sorted);

    if (!sorted)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++)
        sorted[i] = (struct formula_ranked){ values[i], i };
    qsort(sorted, n, sizeof *sorted, compare_formula_ranked);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && sorted[end].value == sorted[i].value;)
            end++;
        for (size_t k = i; k < end; k++)
            out[sorted[k].place] = (double)(i + 1 + end) / 2 / (double)n;
    }
    free(sorted);
    return 0;
}

static void describe_comparison(struct formula_comparison *out, const double *values, size_t n)
{
    struct sum sum = { 0 }, squares = { 0 };

    out->n = n;
    out->min = n > 0 ? values[0] : NAN;
    out->max = out->min;
    for (size_t i = 0; i < n; i++) {
        out->min = fmin(out->min, values[i]);
        out->max = fmax(out->max, values[i]);
        sum_add(&sum, values[i]);
    }
    out->mean = n > 0 ? sum_value(&sum) / (double)n : NAN;
    for (size_t i = 0; i < n; i++)
        sum_add(&squares, (values[i] - out->mean) * (values[i] - out->mean));
    out->deviation = n > 0 ? sqrt(sum_value(&squares) / (double)n) : NAN;
}

/* Replace the values by their comparison with the pool; those that are not finite by NAN. */
static int compare_with_pool(const struct formula_run *run, const struct formula_node *node,
                             double *values, struct error *err)
{
    double *finite = reallocarray(NULL, 2 * (run->n ? run->n : 1), sizeof *finite);
    double *compared = finite ? finite + run->n : NULL;
    size_t n = 0;
    int rc = 0;

    if (!finite)
        return error_nomem(err);
    for (size_t i = 0; i < run->n; i++)
        if (isfinite(values[i]))
            finite[n++] = values[i];
    if (run->comparisons) {
        struct formula_comparison *out = &run->comparisons[node->comparison];

        out->text = slice_of(run->formula->text + node->from, node->to - node->from);
        describe_comparison(out, finite, n);
    }
    if (n > 0 && node->kind == FORMULA_MINMAX)
        normalise_minmax(finite, n, compared);
    else if (n > 0)
        rc = node->kind == FORMULA_Z ? normalise_zscore(finite, n, compared, err)
                                     : mean_ranks(finite, n, compared, err);
    for (size_t i = 0, k = 0; rc == 0 && i < run->n; i++)
        values[i] = isfinite(values[i]) ? compared[k++] : NAN;
    free(finite);
    return rc;
}

/* The smaller or larger; NAN if one of them is NAN, unlike fmin(). */
static double pick_value(double a, double b, bool larger)
{
    if (isnan(a) || isnan(b))
        return NAN;
    return (a < b) != larger ? a : b;
}

static double apply_formula(enum formula_kind kind, double a, double b)
{
    switch (kind) {
    case FORMULA_ADD:
        return a + b;
    case FORMULA_SUBTRACT:
        return a - b;
    case FORMULA_MULTIPLY:
        return a * b;
    case FORMULA_DIVIDE:
        return a / b;
    case FORMULA_MIN:
        return pick_value(a, b, false);
    case FORMULA_MAX:
        return pick_value(a, b, true);
    case FORMULA_NEGATE:
        return -a;
    case FORMULA_LOG:
        return log(a);
    case FORMULA_EXP:
        return exp(a);
    case FORMULA_NUMBER:
    case FORMULA_COLUMN:
    case FORMULA_IFNULL:
    case FORMULA_CLIP:
    case FORMULA_RANK:
    case FORMULA_Z:
    case FORMULA_MINMAX:
        break;
    }
    return NAN;
}

/* Fill in what has no arguments. */
static void read_leaf(const struct formula_run *run, const struct formula_node *node,
                      double *out)
{
    for (size_t i = 0; i < run->n; i++) {
        out[i] = node->number;
        if (node->kind == FORMULA_NUMBER)
            continue;
        const double value = run->columns[node->column][run->pool[i]];
        if (node->kind == FORMULA_COLUMN || !isnan(value))
            out[i] = value;
    }
}

/* Combine the first argument, in out, with another one: clip's second is its lower bound, its
 * third the upper one. */
static void combine_argument(const struct formula_run *run, const struct formula_node *node,
                             size_t arg, const double *other, double *out)
{
    enum formula_kind kind = node->kind;

    if (kind == FORMULA_CLIP)
        kind = arg == 1 ? FORMULA_MAX : FORMULA_MIN;
    for (size_t i = 0; i < run->n; i++)
        out[i] = apply_formula(kind, out[i], other ? other[i] : 0);
}

static int evaluate_node(const struct formula_run *run, uint32_t index, double *out,
                         struct error *err)
{
    const struct formula_node *node = &run->formula->nodes[index];
    double *other = NULL;
    int rc = 0;

    if (node->n_args == 0) {
        read_leaf(run, node, out);
        return 0;
    }
    if (evaluate_node(run, node->args[0], out, err) < 0)
        return -1;
    if (node->kind >= FORMULA_RANK)
        return compare_with_pool(run, node, out, err);
    if (node->n_args == 1) {
        combine_argument(run, node, 0, NULL, out);
        return 0;
    }
    other = reallocarray(NULL, run->n ? run->n : 1, sizeof *other);
    if (!other)
        return error_nomem(err);
    for (size_t arg = 1; arg < node->n_args && rc == 0; arg++) {
        rc = evaluate_node(run, node->args[arg], other, err);
        if (rc == 0)
            combine_argument(run, node, arg, other, out);
    }
    free(other);
    return rc;
}

/* List the samples that have all numbers that the formula requires. */
static size_t find_formula_pool(const struct formula *f, const double *const *columns, size_t n,
                                uint32_t *pool)
{
    size_t n_pool = 0;

    for (size_t i = 0; i < n; i++) {
        bool has_all = true;

        for (size_t c = 0; c < f->n_columns; c++)
            has_all = has_all && (!f->is_required[c] || !isnan(columns[c][i]));
        if (has_all)
            pool[n_pool++] = (uint32_t)i;
    }
    return n_pool;
}

static int evaluate_terms(const struct formula_run *run, double *pooled, size_t n,
                          double *terms, struct error *err)
{
    const struct formula *f = run->formula;
    /* The comparisons were described with the values. */
    struct formula_run again = *run;

    again.comparisons = NULL;
    for (size_t t = 0; t < f->n_terms; t++) {
        if (evaluate_node(&again, f->terms[t].node, pooled, err) < 0)
            return -1;
        for (size_t i = 0; i < n; i++)
            terms[t * n + i] = NAN;
        for (size_t i = 0; i < run->n; i++)
            terms[t * n + run->pool[i]] = f->terms[t].negative ? -pooled[i] : pooled[i];
    }
    return 0;
}

int formula_evaluate(const struct formula *formula, const double *const *columns, size_t n,
                     struct formula_result *result, struct error *err)
{
    uint32_t *pool = reallocarray(NULL, n ? n : 1, sizeof *pool);
    double *pooled = reallocarray(NULL, n ? n : 1, sizeof *pooled);
    struct formula_run run = {
        .formula = formula, .columns = columns, .pool = pool, .comparisons = result->comparisons
    };
    size_t n_values = 0;
    int rc = -1;

    if (!pool || !pooled) {
        error_nomem(err);
        goto done;
    }
    run.n = find_formula_pool(formula, columns, n, pool);
    if (evaluate_node(&run, formula->root, pooled, err) < 0)
        goto done;
    for (size_t i = 0; i < n; i++) {
        result->values[i] = NAN;
        result->status[i] = FORMULA_MISSING;
    }
    for (size_t i = 0; i < run.n; i++) {
        const bool finite = isfinite(pooled[i]);

        result->values[pool[i]] = finite ? pooled[i] : NAN;
        result->status[pool[i]] = finite ? FORMULA_VALUE : FORMULA_NOT_FINITE;
        n_values += finite;
    }
    if (result->terms && evaluate_terms(&run, pooled, n, result->terms, err) < 0)
        goto done;
    result->n_values = n_values;
    result->n_missing = n - run.n;
    result->n_not_finite = run.n - n_values;
    rc = 0;
done:
    free(pool);
    free(pooled);
    return rc;
}
