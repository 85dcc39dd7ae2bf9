/* SPDX-License-Identifier: Apache-2.0 */
/*
 * by_formula.h - the option --by with a formula over facts and metrics.
 *
 * Functions return 0, or -1 with err set.
 */
#ifndef CURATE_BY_FORMULA_H
#define CURATE_BY_FORMULA_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct formula;
struct formula_comparison;
struct making;
struct ordering_args;
struct profile_fact;
struct ranked_part;
struct report;
struct selection_spec;
struct slice;
struct stage_context;

/* A formula whose names were found in the database. */
struct by_formula {
    const char *text;
    struct formula *formula;
    const struct profile_fact *columns; /* formula_n_columns() of them */
};

/* What was computed of the candidates. */
struct formula_values {
    double **columns; /* of each column of the formula, a number of each candidate */
    size_t n_columns;
    struct ranked_part *parts; /* the columns, for the description */
    double *terms;             /* of each term, a number of each candidate */
    size_t n_terms;
    struct formula_comparison *comparisons;
    size_t n_comparisons;
    size_t n_missing;    /* candidates that lack a number that the formula needs */
    size_t n_not_finite; /* candidates whose value is not finite */
    /* What is stored: the text of each term, and the terms of each pick. */
    struct slice *texts;
    double *picked_terms;
};

/* Find what --by names, if it is a formula: not the name of a metric, and no identifier. Fills
 * spec->formula. Returns 1; 0 if it is no formula; -1. */
int by_formula_find(const struct stage_context *context, const struct ordering_args *args,
                    struct arena *arena, struct selection_spec *spec, struct error *err);
/* Free what by_formula_find() made; NULL: nothing. */
void by_formula_release(const struct by_formula *formula);

/* Compute the value of each candidate: NAN where there is none. */
int by_formula_read_values(struct making *making, struct error *err);
/* A step: add terms and comparisons to the description; the arrays are those of
 * making->formula. */
int by_formula_describe(struct making *making, struct error *err);
void formula_values_release(struct formula_values *values);
/* Report why candidates have no value. */
void by_formula_note(size_t n_missing, size_t n_not_finite, struct report *report);

#endif
