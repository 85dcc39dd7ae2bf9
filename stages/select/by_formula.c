/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/by_formula.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/option.h"
#include "base/report.h"
#include "scoring/selection/formula.h"
#include "stages/select/describe.h"
#include "stages/select/described.h"
#include "stages/select/making.h"
#include "stages/select/ordering.h"
#include "stages/stage.h"
#include "store/description.h"
#include "store/profile.h"

static const char *get_name(void *arg, size_t i)
{
    const struct text_list *names = arg;

    return i < names->n ? names->items[i] : NULL;
}

static bool is_identifier(const char *text)
{
    return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "0123456789_")] == '\0';
}

static bool is_known_name(const struct text_list *names, const char *name)
{
    for (unsigned i = 0; i < names->n; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return false;
}

/* Find what a name of the formula means: a fact, a metric, or METRIC@MODEL. */
static int find_named_column(const struct stage_context *context, const char *name,
                             const char *model, struct arena *arena, struct profile_fact *out,
                             struct error *err)
{
    const char *at = strchr(name, '@');

    if (!at)
        return profile_find(context->store, name, model, arena, out, err);
    const char *metric = arena_copy(arena, slice_of(name, (size_t)(at - name))).ptr;
    if (!metric)
        return error_nomem(err);
    return profile_find_metric(context->store, metric, at + 1, arena, out, err);
}

static int find_columns(const struct stage_context *context, const struct text_list *names,
                        const char *model, struct arena *arena, struct by_formula *made,
                        struct error *err)
{
    const size_t n = formula_n_columns(made->formula);
    struct profile_fact *columns = arena_alloc(arena, n + 1, sizeof *columns);

    if (!columns)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const char *name = names->items[formula_column(made->formula, i)];

        if (find_named_column(context, name, model, arena, &columns[i], err) < 0)
            return -1;
        if (columns[i].score_set_id > 0)
            columns[i].name = name; /* with the model */
    }
    made->columns = columns;
    return 0;
}

/* Parse --by with the names of the database. */
static int parse(const struct stage_context *context, const struct ordering_args *args,
                 struct text_list *names, struct arena *arena, struct selection_spec *spec,
                 struct error *err)
{
    const struct formula_names table = { get_name, names };

    if (args->cohort || args->order != OPTION_NO_CHOICE)
        return error_set(err, ERR_USAGE,
                         "--%s is not for a formula, whose largest value comes first: leave it "
                         "out",
                         args->cohort ? "cohort" : "order");
    struct by_formula *made = arena_alloc(arena, 1, sizeof *made);
    if (!made)
        return error_nomem(err);
    *made = (struct by_formula){ .text = args->by };
    spec->formula = made;
    spec->ordering = ORDERED_BY_FORMULA;
    spec->higher_is_better = true;
    if (formula_parse(args->by, &table, &made->formula, err) < 0)
        return -1;
    return find_columns(context, names, args->model, arena, made, err);
}

int by_formula_find(const struct stage_context *context, const struct ordering_args *args,
                    struct arena *arena, struct selection_spec *spec, struct error *err)
{
    struct text_list names = { .n = 0 };
    int rc = -1;

    if (is_identifier(args->by))
        return 0;
    if (profile_list_facts(context->store, arena, &names, err) == 0 &&
        profile_list_metrics(context->store, arena, &names, err) == 0)
        rc = is_known_name(&names, args->by) && !strchr(args->by, '@') ? 0 : 1;
    if (rc == 1 && parse(context, args, &names, arena, spec, err) < 0)
        rc = error_prefix(err, "--by");
    option_list_free(&names);
    return rc;
}

void by_formula_release(const struct by_formula *formula)
{
    if (formula)
        formula_free(formula->formula);
}

static int allocate(const struct formula *formula, size_t n, struct formula_values *values,
                    struct error *err)
{
    values->n_columns = formula_n_columns(formula);
    values->n_terms = formula_n_terms(formula);
    values->n_comparisons = formula_n_comparisons(formula);
    values->columns = calloc(values->n_columns + 1, sizeof *values->columns);
    values->terms = calloc(values->n_terms * n + 1, sizeof *values->terms);
    values->comparisons = calloc(values->n_comparisons + 1, sizeof *values->comparisons);
    values->parts = calloc(values->n_columns + 1, sizeof *values->parts);
    if (!values->columns || !values->parts || !values->terms || !values->comparisons)
        return error_nomem(err);
    for (size_t i = 0; i < values->n_columns; i++)
        if (!(values->columns[i] = calloc(n + 1, sizeof **values->columns)))
            return error_nomem(err);
    return 0;
}

int by_formula_read_values(struct making *making, struct error *err)
{
    const struct by_formula *by = making->spec->formula;
    struct formula_values *values = &making->formula;
    const size_t n = making->candidates.n;
    uint8_t *status = calloc(n + 1, 1);
    int rc = -1;

    if (!status) {
        error_nomem(err);
        goto done;
    }
    if (allocate(by->formula, n, values, err) < 0)
        goto done;
    for (size_t i = 0; i < values->n_columns; i++) {
        if (candidates_read_numbers(making->store, &making->candidates, &by->columns[i],
                                    values->columns[i], NULL, err) < 0)
            goto done;
        values->parts[i] = (struct ranked_part){ by->columns[i].name, values->columns[i] };
    }
    making->parts = values->parts;
    making->n_parts = values->n_columns;
    struct formula_result result = { .values = making->values,
                                     .status = status,
                                     .terms = values->terms,
                                     .comparisons = values->comparisons };
    rc = formula_evaluate(by->formula, (const double *const *)values->columns, n, &result, err);
    values->n_missing = result.n_missing;
    values->n_not_finite = result.n_not_finite;
done:
    free(status);
    return rc;
}

/* Copy the text of each term; a term that is subtracted begins with a minus sign. */
static int copy_term_texts(const struct formula *formula, struct arena *arena,
                           struct formula_values *values, struct error *err)
{
    values->texts = arena_alloc(arena, values->n_terms + 1, sizeof *values->texts);
    if (!values->texts)
        return error_nomem(err);
    for (size_t t = 0; t < values->n_terms; t++) {
        bool negative;
        const struct slice text = formula_term(formula, t, &negative);
        char *copy = arena_alloc(arena, text.len + 2, 1);

        if (!copy)
            return error_nomem(err);
        copy[0] = '-';
        memcpy(copy + negative, text.ptr, text.len);
        values->texts[t] = slice_of(copy, text.len + negative);
    }
    return 0;
}

static int describe_comparisons(const struct formula_values *values, struct arena *arena,
                                struct selection_description *out, struct error *err)
{
    struct described_comparison *made =
        arena_alloc(arena, values->n_comparisons + 1, sizeof *made);

    if (!made)
        return error_nomem(err);
    for (size_t i = 0; i < values->n_comparisons; i++) {
        const struct formula_comparison *from = &values->comparisons[i];

        made[i] = (struct described_comparison){ from->text,      from->n,   from->mean,
                                                 from->deviation, from->min, from->max };
    }
    out->comparisons = made;
    out->n_comparisons = values->n_comparisons;
    return 0;
}

int by_formula_describe(struct making *making, struct error *err)
{
    struct formula_values *values = &making->formula;
    struct described *described = making->spec->described;
    const size_t n_terms = values->n_terms, n = making->candidates.n;

    if (!making->spec->formula || !described)
        return 0;
    struct arena *arena = &described->arena;
    struct selection_description *out = &described->made;
    values->picked_terms = calloc(making->n_picks * n_terms + 1, sizeof *values->picked_terms);
    if (!values->picked_terms)
        return error_nomem(err);
    if (copy_term_texts(making->spec->formula->formula, arena, values, err) < 0 ||
        describe_comparisons(values, arena, out, err) < 0)
        return -1;
    for (size_t i = 0; i < making->n_picks; i++)
        for (size_t t = 0; t < n_terms; t++)
            values->picked_terms[i * n_terms + t] = values->terms[t * n + making->picks[i]];
    out->terms = values->texts;
    out->n_terms = n_terms;
    out->term_values = values->picked_terms;
    out->n_samples = making->n_picks;
    return 0;
}

void formula_values_release(struct formula_values *values)
{
    for (size_t i = 0; values->columns && i < values->n_columns; i++)
        free(values->columns[i]);
    free(values->columns);
    free(values->parts);
    free(values->terms);
    free(values->comparisons);
    free(values->picked_terms);
}

void by_formula_note(size_t n_missing, size_t n_not_finite, struct report *report)
{
    if (n_missing > 0)
        report_note(report,
                    "samples that lack a number of the formula, which cannot be selected: %zu",
                    n_missing);
    if (n_not_finite > 0)
        report_note(report,
                    "samples for which the formula is not finite, which cannot be selected: "
                    "%zu",
                    n_not_finite);
}
