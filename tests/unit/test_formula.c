/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>

#include "scoring/selection/formula.h"

enum { N = 4 };

static const char *name_at(void *arg, size_t i)
{
    static const char *const names[] = { "ifd", "mtld", "lds", "long_attn", "ppl of x", NULL };

    (void)arg;
    return names[i];
}

static const struct formula_names names = { .name = name_at };
static const double table[][N] = {
    { 1, 2, 3, 4 }, { 5, 5, 7, NAN }, { 0, -1, NAN, 2 }, { 3, 3, 3, 3 }, { 10, 20, 30, 40 }
};

struct evaluated {
    double values[N];
    uint8_t status[N];
    double terms[8 * N];
    struct formula_comparison comparisons[8];
    struct formula_result result;
};

static struct formula *evaluate(const char *text, struct evaluated *e)
{
    struct formula *formula = NULL;
    const double *columns[8];
    struct error err;

    assert_ok(formula_parse(text, &names, &formula, &err));
    for (size_t c = 0; c < formula_n_columns(formula); c++)
        columns[c] = table[formula_column(formula, c)];
    e->result = (struct formula_result){ .values = e->values,
                                         .status = e->status,
                                         .terms = e->terms,
                                         .comparisons = e->comparisons };
    assert_ok(formula_evaluate(formula, columns, N, &e->result, &err));
    return formula;
}

static void expect(const char *text, double a, double b, double c, double d)
{
    const double want[] = { a, b, c, d };
    struct evaluated e;

    formula_free(evaluate(text, &e));
    for (size_t i = 0; i < N; i++)
        if (!(isnan(want[i]) ? isnan(e.values[i]) : fabs(e.values[i] - want[i]) < 1e-12))
            fail_msg("%s: sample %zu is %.17g, not %.17g", text, i, e.values[i], want[i]);
}

static void operators_have_the_precedence_of_c(void **state)
{
    (void)state;
    expect("1 + 2 * 3 - 8 / 4 / 2", 6, 6, 6, 6);
    expect("-(ifd - 1) * 2", 0, -2, -4, -6);
    expect("2 - 3 - 4", -5, -5, -5, -5);
    expect("--ifd*-.5e1", -5, -10, -15, -20);
    expect("\"ppl of x\" / 10", 1, 2, 3, 4);
}

static void functions_of_each_value_match_their_definitions(void **state)
{
    (void)state;
    expect("clip(ifd, 2, 3)", 2, 2, 3, 3);
    expect("min(ifd, 3, 2.5) + max(ifd, 2)", 3, 4, 5.5, 6.5);
    expect("log(exp(ifd))", 1, 2, 3, 4);
    expect("ifnull(lds, -2)", 0, -1, -2, 2);
}

static void comparisons_with_the_pool_match_their_definitions(void **state)
{
    (void)state;
    expect("rank(ifd)", .25, .5, .75, 1);
    expect("rank(mtld)", .5, .5, 1, NAN);
    expect("minmax(ifd)", 0, 1. / 3, 2. / 3, 1);
    expect("minmax(long_attn) + z(long_attn)", .5, .5, .5, .5);
    expect("z(ifd)", -1.5 / sqrt(1.25), -.5 / sqrt(1.25), .5 / sqrt(1.25), 1.5 / sqrt(1.25));
}

/* The pool has only samples with all numbers: the fourth has no mtld, the third no lds. */
static void missing_numbers_never_compete(void **state)
{
    struct evaluated e;

    (void)state;
    expect("rank(ifd) + 0 * mtld", 1. / 3, 2. / 3, 1, NAN);
    expect("rank(ifd) + 0 * mtld + 0 * lds", .5, 1, NAN, NAN);
    formula_free(evaluate("ifd + mtld", &e));
    assert_int_equal(e.result.n_missing, 1);
    assert_int_equal(e.status[3], FORMULA_MISSING);
}

static void values_that_are_not_finite_are_left_out(void **state)
{
    struct evaluated e;

    (void)state;
    formula_free(evaluate("1 / ifnull(lds, 0)", &e));
    assert_int_equal(e.result.n_values, 2);
    assert_int_equal(e.result.n_not_finite, 2);
    assert_int_equal(e.status[0], FORMULA_NOT_FINITE);
    assert_int_equal(e.status[2], FORMULA_NOT_FINITE);
    assert_true(isnan(e.values[0]));
    /* The logarithm of -1 and of 0 takes no part in the comparison. */
    expect("rank(log(ifnull(lds, 1)))", NAN, NAN, .5, 1);
    expect("min(log(ifnull(lds, 1)), 9)", NAN, NAN, 0, log(2));
}

static void terms_and_comparisons_explain_a_value(void **state)
{
    struct evaluated e;
    bool negative;

    (void)state;
    struct formula *formula = evaluate("2 * rank(ifd) - (ifd + 1) + z(ifd)", &e);
    assert_int_equal(formula_n_terms(formula), 3);
    struct slice text = formula_term(formula, 0, &negative);
    assert_true(slice_equal(text, slice_text("2 * rank(ifd)")) && !negative);
    text = formula_term(formula, 1, &negative);
    assert_true(slice_equal(text, slice_text("(ifd + 1)")) && negative);
    for (size_t i = 0; i < N; i++)
        assert_true(fabs(e.terms[i] + e.terms[N + i] + e.terms[2 * N + i] - e.values[i]) <
                    1e-12);
    assert_true(fabs(e.terms[N + 1] - -3) < 1e-12);
    assert_int_equal(formula_n_comparisons(formula), 2);
    assert_true(slice_equal(e.comparisons[1].text, slice_text("z(ifd)")));
    assert_true(e.comparisons[1].n == 4 && fabs(e.comparisons[1].mean - 2.5) < 1e-12);
    assert_true(fabs(e.comparisons[1].deviation - sqrt(1.25)) < 1e-12);
    assert_true(fabs(e.comparisons[1].min - 1) + fabs(e.comparisons[1].max - 4) < 1e-12);
    formula_free(formula);
}

static void faults_are_reported_with_their_position(void **state)
{
    static const struct {
        const char *text;
        const char *phrase;
    } cases[] = {
        { "", "character 1: the formula ends" },
        { "ifd +", "character 6: the formula ends" },
        { "ifd mtld", "character 5: expected an operator" },
        { "(ifd", "character 5: expected ')'" },
        { "ifd * $", "character 7: expected a name" },
        { "rank(ifd, mtld)", "too many arguments" },
        { "min(ifd)", "character 8: too few arguments" },
        { "clip(ifd, 1)", "too few arguments" },
        { "median(ifd)", "there is no function 'median'" },
        { "ifnull(3, 4)", "ifnull expects a name" },
        { "ifnull(ifd)", "a comma and a number" },
        { "\"ifd", "not closed" },
        { "0x10", "hexadecimal" },
        { "1 + mtdl", "character 5: there is no 'mtdl'; the nearest names are mtld, " },
    };
    struct formula *formula = NULL;
    char deep[300];
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_fails(formula_parse(cases[i].text, &names, &formula, &err), ERR_USAGE,
                     cases[i].phrase);
    memset(deep, '(', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    assert_fails(formula_parse(deep, &names, &formula, &err), ERR_USAGE, "too deeply");
    memset(deep, '-', sizeof deep - 1);
    assert_fails(formula_parse(deep, &names, &formula, &err), ERR_USAGE, "too deeply");
    assert_null(formula);
}

static void an_unknown_name_lists_the_nearest_three(void **state)
{
    struct formula *formula = NULL;
    struct error err;

    (void)state;
    assert_fails(formula_parse("ifdd", &names, &formula, &err), ERR_USAGE,
                 "the nearest names are ifd, mtld, lds");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_have_the_precedence_of_c),
        cmocka_unit_test(functions_of_each_value_match_their_definitions),
        cmocka_unit_test(comparisons_with_the_pool_match_their_definitions),
        cmocka_unit_test(missing_numbers_never_compete),
        cmocka_unit_test(values_that_are_not_finite_are_left_out),
        cmocka_unit_test(terms_and_comparisons_explain_a_value),
        cmocka_unit_test(faults_are_reported_with_their_position),
        cmocka_unit_test(an_unknown_name_lists_the_nearest_three),
    };

    return cmocka_run_group_tests_name("scoring/selection/formula", tests, NULL, NULL);
}
