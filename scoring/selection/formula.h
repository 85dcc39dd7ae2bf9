/* SPDX-License-Identifier: Apache-2.0 */
/*
 * formula.h - a formula over columns of numbers, which gives each sample one value.
 *
 *     0.7 * rank(ifd) + 0.3 * z(mtld) - ifnull(lds, 0)
 *
 * Names, numbers, + - * / and parentheses, with the precedence of C. A name that is not an
 * identifier stands in double quotes. Functions of each value: log, exp, min and max of two or
 * more, clip(x, low, high), ifnull(NAME, NUMBER). Functions that compare a value with the pool:
 * rank (mean rank from 1, divided by the number of samples), z (standard deviation of the
 * population; 0 if all are equal), minmax (0 to 1; 0.5 if all are equal).
 *
 * The pool is the samples that have a number in each column that is used outside ifnull().
 * Where an argument of rank, z or minmax is not finite, the sample is left out of that
 * comparison.
 *
 * Functions return 0, or -1 with err set.
 */
#ifndef CURATE_FORMULA_H
#define CURATE_FORMULA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;
struct formula;

/* The names that a formula may use: name(arg, i), NULL after the last. */
struct formula_names {
    const char *(*name)(void *arg, size_t i);
    void *arg;
};

/* Parse a formula; the text is borrowed until formula_free(). ERR_USAGE with the position of
 * the fault; for an unknown name with the three nearest names. */
int formula_parse(const char *text, const struct formula_names *names, struct formula **out,
                  struct error *err);
void formula_free(struct formula *formula);

/* The columns that the formula reads, in the order in which it first names them: the number i
 * of each name. */
size_t formula_n_columns(const struct formula *formula);
size_t formula_column(const struct formula *formula, size_t column);

/* The parts of the sum or difference that the formula is; one if it is something else. The text
 * is without the sign. */
size_t formula_n_terms(const struct formula *formula);
struct slice formula_term(const struct formula *formula, size_t term, bool *negative);

/* A comparison with the pool, as it is to be stored: a call of rank, z or minmax. */
struct formula_comparison {
    struct slice text;
    size_t n; /* finite arguments */
    double mean;
    double deviation; /* of the population */
    double min;
    double max;
};
size_t formula_n_comparisons(const struct formula *formula);

enum formula_status { FORMULA_VALUE, FORMULA_MISSING, FORMULA_NOT_FINITE };

struct formula_result {
    double *values;                         /* of n samples; NAN without a value */
    uint8_t *status;                        /* of n samples: enum formula_status */
    double *terms;                          /* NULL, or n values of each term, signed */
    struct formula_comparison *comparisons; /* NULL, or one for each call */
    size_t n_values;
    size_t n_missing;
    size_t n_not_finite;
};

/*
 * Evaluate the formula for n samples. columns[c] has the n numbers of column c, NAN where one
 * is missing. Needs about 8 bytes a sample for each level of nesting. ERR_NOMEM.
 */
int formula_evaluate(const struct formula *formula, const double *const *columns, size_t n,
                     struct formula_result *result, struct error *err);

#endif
