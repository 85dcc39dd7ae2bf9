/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/selection/formula.h"

enum { N = 5, NAMES = 5, TERMS_MAX = 512, COMPARISONS_MAX = 512 };

static void require(bool holds, const char *invariant)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", invariant);
    abort();
}

static const char *name_at(void *arg, size_t i)
{
    static const char *const names[] = { "ifd", "mtld", "lds", "long_attn", "ppl of x" };

    (void)arg;
    return i < NAMES ? names[i] : NULL;
}

static const struct formula_names names = { .name = name_at };

/* With missing, infinite and equal numbers. */
static const double table[NAMES][N] = { { 1, 2, 3, 4, 1e308 },
                                        { 5, 5, 7, NAN, -1e308 },
                                        { 0, -1, NAN, 2, 1e-310 },
                                        { 3, 3, 3, 3, 3 },
                                        { NAN, NAN, NAN, NAN, NAN } };

/* The text of a part is in the formula. */
static void check_part(struct slice part, const char *text)
{
    require(part.len > 0 && part.ptr >= text && part.ptr + part.len <= text + strlen(text),
            "a part is in the text");
}

static void check_result(const struct formula *formula, const struct formula_result *result)
{
    size_t counts[3] = { 0 };

    for (size_t i = 0; i < N; i++) {
        require(result->status[i] <= FORMULA_NOT_FINITE, "a status is known");
        require(isfinite(result->values[i]) == (result->status[i] == FORMULA_VALUE),
                "a value is finite, and missing without one");
        counts[result->status[i]]++;
        if (result->status[i] != FORMULA_VALUE)
            continue;
        double sum = 0, magnitude = 0;
        for (size_t t = 0; t < formula_n_terms(formula); t++) {
            sum += result->terms[t * N + i];
            magnitude += fabs(result->terms[t * N + i]);
        }
        require(!isfinite(magnitude) ||
                    fabs(sum - result->values[i]) <= 1e-9 * magnitude + 1e-300,
                "terms sum to the value");
    }
    require(counts[FORMULA_VALUE] == result->n_values &&
                counts[FORMULA_MISSING] == result->n_missing &&
                counts[FORMULA_NOT_FINITE] == result->n_not_finite,
            "counts are those of the samples");
}

static void check_formula(const struct formula *formula, const char *text)
{
    static double terms[TERMS_MAX * N];
    static struct formula_comparison comparisons[COMPARISONS_MAX];
    const double *columns[NAMES];
    double values[N];
    uint8_t status[N];
    struct formula_result result = {
        .values = values, .status = status, .terms = terms, .comparisons = comparisons
    };
    struct error err;
    bool negative;

    require(formula_n_columns(formula) <= NAMES, "each name is a column once");
    require(formula_n_terms(formula) >= 1 && formula_n_terms(formula) <= TERMS_MAX &&
                formula_n_comparisons(formula) <= COMPARISONS_MAX,
            "a formula is bounded");
    for (size_t c = 0; c < formula_n_columns(formula); c++) {
        require(formula_column(formula, c) < NAMES, "a column has a name");
        columns[c] = table[formula_column(formula, c)];
    }
    for (size_t t = 0; t < formula_n_terms(formula); t++)
        check_part(formula_term(formula, t, &negative), text);
    require(formula_evaluate(formula, columns, N, &result, &err) == 0, "memory suffices");
    check_result(formula, &result);
    for (size_t c = 0; c < formula_n_comparisons(formula); c++) {
        check_part(comparisons[c].text, text);
        require(comparisons[c].n <= N, "a comparison is of the samples");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text = malloc(len + 1);
    struct formula *formula = NULL;
    struct error err;

    if (!text)
        abort();
    if (len > 0)
        memcpy(text, data, len);
    text[len] = '\0';
    if (formula_parse(text, &names, &formula, &err) == 0)
        check_formula(formula, text);
    else
        require(err.code == ERR_USAGE && err.msg[0] != '\0', "a bad formula is bad usage");
    formula_free(formula);
    free(text);
    return 0;
}
