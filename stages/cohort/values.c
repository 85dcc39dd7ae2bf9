/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compute a version of a cohort: which samples are in it, the median for a missing value, and
 * hmp and gateau over the samples in it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/gateau_top.h"
#include "stages/cohort/cohort.h"
#include "stages/stage.h"
#include "store/score.h"
#include "store/selection.h"

enum { COLUMN_SHORT, COLUMN_LONG, COLUMN_CAS, COLUMNS };

static const char not_scored[] = "not_scored";

/* The inputs of a scorer for some of the samples. */
struct gathered {
    size_t *from; /* index of the sample of each entry */
    double *inputs[2];
    double *out;
    size_t n;
};

static void gathered_release(struct gathered *gathered)
{
    free(gathered->from);
    free(gathered->inputs[0]);
    free(gathered->inputs[1]);
    free(gathered->out);
}

static int gathered_init(struct gathered *gathered, size_t n, struct error *err)
{
    *gathered = (struct gathered){ .from = calloc(n + 1, sizeof *gathered->from),
                                   .inputs = { calloc(n + 1, sizeof(double)),
                                               calloc(n + 1, sizeof(double)) },
                                   .out = calloc(n + 1, sizeof(double)) };
    if (gathered->from && gathered->inputs[0] && gathered->inputs[1] && gathered->out)
        return 0;
    gathered_release(gathered);
    return error_nomem(err);
}

static void gathered_add(struct gathered *gathered, size_t sample, double first, double second)
{
    gathered->from[gathered->n] = sample;
    gathered->inputs[0][gathered->n] = first;
    gathered->inputs[1][gathered->n] = second;
    gathered->n++;
}

/* Run a scorer over the inputs and store the results by sample. If the samples cannot be
 * compared, they get the reason as their status instead, and no hmp either. */
static int gathered_rank(const struct gathered *gathered, const char *metric,
                         const struct scorer_options *options, struct cohort_numbers *numbers,
                         double *out, struct error *err)
{
    const double *const inputs[] = { gathered->inputs[0], gathered->inputs[1] };

    if (gathered->n == 0)
        return 0;
    numbers->obstacle = normalise_obstacle(inputs, 2, gathered->n);
    for (size_t i = 0; numbers->obstacle && i < gathered->n; i++) {
        numbers->status[gathered->from[i]] = numbers->obstacle;
        numbers->hmp[gathered->from[i]] = NAN;
    }
    if (numbers->obstacle) {
        numbers->row.n_imputed = 0;
        return 0;
    }
    if (scorer_find(metric)->rank(options, inputs, gathered->n, gathered->out, err) < 0)
        return -1;
    for (size_t i = 0; i < gathered->n; i++)
        out[gathered->from[i]] = gathered->out[i];
    return 0;
}

/* Why the value of a sample in a column is missing; NULL when it is not. */
static const char *missing_reason(const struct cohort_numbers *numbers, size_t column,
                                  size_t sample)
{
    const char *status = numbers->columns[column].status[sample];

    if (!status)
        return not_scored;
    return score_has_value(status) || strcmp(status, SCORE_OUTSIDE_TOP) == 0 ? NULL : status;
}

/* Was the cas of the sample not computed, because an earlier --top did not need it? */
static bool is_skipped(const struct cohort_numbers *numbers, size_t sample)
{
    const char *status = numbers->columns[COLUMN_CAS].status[sample];

    return status && strcmp(status, SCORE_OUTSIDE_TOP) == 0;
}

static bool is_truncated_in(const struct cohort_numbers *numbers, size_t column, size_t sample)
{
    const char *status = numbers->columns[column].status[sample];

    return status && strcmp(status, "truncated") == 0;
}

static struct cohort_range range_of(const double *values, size_t n)
{
    struct cohort_range range = { INFINITY, -INFINITY };

    for (size_t i = 0; i < n; i++) {
        if (isnan(values[i]))
            continue;
        range.min = fmin(range.min, values[i]);
        range.max = fmax(range.max, values[i]);
    }
    return range;
}

/* Compute hmp, and set the status of each sample that has none. */
static int make_hmp(struct cohort_numbers *numbers, const struct cohort_spec *spec,
                    bool has_cas, struct error *err)
{
    struct gathered gathered;

    if (gathered_init(&gathered, numbers->n, err) < 0)
        return -1;
    for (size_t i = 0; i < numbers->n; i++) {
        const char *reason = missing_reason(numbers, COLUMN_SHORT, i);

        if (!reason)
            reason = missing_reason(numbers, COLUMN_LONG, i);
        if (has_cas && !spec->impute && !reason)
            reason = missing_reason(numbers, COLUMN_CAS, i);
        numbers->status[i] = reason;
        if (!reason)
            gathered_add(&gathered, i, numbers->columns[COLUMN_SHORT].values[i],
                         numbers->columns[COLUMN_LONG].values[i]);
    }
    const int rc = gathered_rank(&gathered, "hmp", &spec->options, numbers, numbers->hmp, err);
    numbers->row.nll_short = range_of(gathered.inputs[0], gathered.n);
    numbers->row.nll_long = range_of(gathered.inputs[1], gathered.n);
    gathered_release(&gathered);
    return rc;
}

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;

    return (a > b) - (a < b);
}

/* The median of the values that are not NAN; NAN when there is none. */
static int median_of_known(const double *values, size_t n, double *out, struct error *err)
{
    double *sorted = calloc(n + 1, sizeof *sorted);
    size_t m = 0;

    if (!sorted)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i]))
            sorted[m++] = values[i];
    qsort(sorted, m, sizeof *sorted, compare_doubles);
    *out = m > 0 ? (sorted[(m - 1) / 2] + sorted[m / 2]) / 2 : NAN;
    free(sorted);
    return 0;
}

/* Give a sample with only one of hmp and cas the median of the other. */
static int impute_medians(struct cohort_numbers *numbers, struct error *err)
{
    double hmp, cas;

    if (median_of_known(numbers->hmp, numbers->n, &hmp, err) < 0 ||
        median_of_known(numbers->cas, numbers->n, &cas, err) < 0)
        return -1;
    for (size_t i = 0; i < numbers->n; i++) {
        const bool has_hmp = !isnan(numbers->hmp[i]);
        const bool has_cas = !isnan(numbers->cas[i]);

        if (has_hmp == has_cas)
            continue;
        if (isnan(has_hmp ? cas
                          : hmp)) { /* no sample has the other one, so there is no median */
            if (has_hmp)
                numbers->status[i] = missing_reason(numbers, COLUMN_CAS, i);
            continue;
        }
        if (has_hmp)
            numbers->cas[i] = cas;
        else
            numbers->hmp[i] = hmp;
        numbers->status[i] = "imputed";
        numbers->row.n_imputed++;
    }
    return 0;
}

/* A sample whose cas is needed. */
struct candidate {
    double hmp;
    int64_t sample_id;
};

static int candidate_order(const void *left, const void *right)
{
    const struct candidate *a = left;
    const struct candidate *b = right;

    if (a->hmp != b->hmp)
        return a->hmp > b->hmp ? -1 : 1;
    return (a->sample_id > b->sample_id) - (a->sample_id < b->sample_id);
}

/* List the samples whose cas is needed. High hmp come first: they can have the highest gateau.
 */
static int list_wanted(struct cohort_numbers *numbers, const struct cohort_spec *spec,
                       const struct gathered *gathered, struct error *err)
{
    struct candidate *candidates = calloc(gathered->n + 1, sizeof *candidates);
    size_t n = 0;

    numbers->wanted.ids = calloc(gathered->n + 1, sizeof *numbers->wanted.ids);
    if (!candidates || !numbers->wanted.ids) {
        free(candidates);
        return error_nomem(err);
    }
    for (size_t i = 0; i < gathered->n; i++)
        if (isnan(gathered->inputs[1][i]))
            candidates[n++] = (struct candidate){ gathered->inputs[0][i],
                                                  spec->samples->ids[gathered->from[i]] };
    qsort(candidates, n, sizeof *candidates, candidate_order);
    for (size_t i = 0; i < n; i++)
        numbers->wanted.ids[i] = candidates[i].sample_id;
    numbers->wanted.n = n;
    free(candidates);
    return 0;
}

/* Compute gateau of the wanted top, if it is certain without the unknown cas. If it is not,
 * list the samples whose cas is needed. */
static int make_top(struct cohort_numbers *numbers, const struct cohort_spec *spec,
                    struct error *err)
{
    struct gathered gathered;
    int rc = -1;

    if (gathered_init(&gathered, numbers->n, err) < 0)
        return -1;
    for (size_t i = 0; i < numbers->n; i++)
        if (!isnan(numbers->hmp[i]))
            gathered_add(&gathered, i, numbers->hmp[i], numbers->cas[i]);
    const size_t k = spec->top_n || spec->top_per_10000
                         ? (size_t)selection_count(spec->top_n, spec->top_per_10000, gathered.n)
                         : gathered.n;
    if (gateau_top_find(&spec->options, gathered.inputs[0], gathered.inputs[1], gathered.n, k,
                        gathered.out, &numbers->certain, err) < 0)
        goto done;
    for (size_t i = 0; numbers->certain && i < gathered.n; i++) {
        const size_t sample = gathered.from[i];

        numbers->gateau[sample] = gathered.out[i];
        numbers->status[sample] = isnan(gathered.out[i]) ? SCORE_OUTSIDE_TOP : "at_least";
    }
    numbers->row.n = gathered.n;
    rc = numbers->certain ? 0 : list_wanted(numbers, spec, &gathered, err);
done:
    gathered_release(&gathered);
    return rc;
}

static int make_gateau(struct cohort_numbers *numbers, const struct cohort_spec *spec,
                       struct error *err)
{
    struct gathered gathered;

    for (size_t i = 0; i < numbers->n; i++)
        if (missing_reason(numbers, COLUMN_CAS, i) || (!spec->impute && numbers->status[i]))
            continue;
        else if (is_skipped(numbers, i))
            numbers->row.n_skipped++;
        else
            numbers->cas[i] = numbers->columns[COLUMN_CAS].values[i];
    numbers->row.cas = range_of(numbers->cas, numbers->n);
    if (numbers->row.n_skipped > 0)
        return make_top(numbers, spec, err);
    if (spec->impute && impute_medians(numbers, err) < 0)
        return -1;
    if (gathered_init(&gathered, numbers->n, err) < 0)
        return -1;
    for (size_t i = 0; i < numbers->n; i++)
        if (!isnan(numbers->hmp[i]) && !isnan(numbers->cas[i]))
            gathered_add(&gathered, i, numbers->hmp[i], numbers->cas[i]);
    const int rc =
        gathered_rank(&gathered, "gateau", &spec->options, numbers, numbers->gateau, err);
    gathered_release(&gathered);
    return rc;
}

/* Set the status of the samples that are in the cohort, and count. */
static void finish_status(struct cohort_numbers *numbers, bool has_cas)
{
    const double *last = has_cas ? numbers->gateau : numbers->hmp;

    for (size_t i = 0; i < numbers->n; i++) {
        const bool truncated = is_truncated_in(numbers, COLUMN_SHORT, i) ||
                               is_truncated_in(numbers, COLUMN_LONG, i) ||
                               (has_cas && is_truncated_in(numbers, COLUMN_CAS, i));

        numbers->row.n += numbers->row.n_skipped == 0 && !isnan(last[i]);
        numbers->n_not_scored += numbers->status[i] == not_scored;
        if (!numbers->status[i])
            numbers->status[i] = truncated ? "truncated" : "ok";
    }
}

static int numbers_init(struct cohort_numbers *numbers, size_t n, struct error *err)
{
    *numbers = (struct cohort_numbers){
        .n = n,
        .hmp = calloc(n + 1, sizeof *numbers->hmp),
        .cas = calloc(n + 1, sizeof *numbers->cas),
        .gateau = calloc(n + 1, sizeof *numbers->gateau),
        .status = calloc(n + 1, sizeof *numbers->status),
        .columns = calloc(COLUMNS, sizeof *numbers->columns),
    };
    if (!numbers->hmp || !numbers->cas || !numbers->gateau || !numbers->status ||
        !numbers->columns)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++)
        numbers->hmp[i] = numbers->cas[i] = numbers->gateau[i] = NAN;
    return 0;
}

int cohort_numbers_make(const struct stage_context *context, const struct cohort_spec *spec,
                        struct cohort_numbers *out, struct error *err)
{
    const int64_t sets[COLUMNS] = { spec->short_set_id, spec->long_set_id, spec->cas_set_id };
    const bool has_cas = spec->cas_set_id > 0;

    if (numbers_init(out, spec->samples->n, err) < 0)
        goto fail;
    for (size_t i = 0; i < COLUMNS; i++)
        if (sets[i] > 0 && score_column_read(context->store, sets[i], spec->samples,
                                             &out->columns[i], err) < 0)
            goto fail;
    out->row.cas = (struct cohort_range){ INFINITY, -INFINITY };
    if (make_hmp(out, spec, has_cas, err) < 0)
        goto fail;
    out->row.hmp = range_of(out->hmp, out->n);
    if (has_cas && make_gateau(out, spec, err) < 0)
        goto fail;
    finish_status(out, has_cas);
    out->row.n_samples = out->n;
    return 0;
fail:
    cohort_numbers_release(out);
    return -1;
}

void cohort_numbers_release(struct cohort_numbers *numbers)
{
    for (size_t i = 0; numbers->columns && i < COLUMNS; i++)
        score_column_release(&numbers->columns[i]);
    id_list_release(&numbers->wanted);
    free(numbers->hmp);
    free(numbers->cas);
    free(numbers->gateau);
    free(numbers->status);
    free(numbers->columns);
    *numbers = (struct cohort_numbers){ 0 };
}
