/* SPDX-License-Identifier: Apache-2.0 */
/* Whether alpha has the meaning that it should have: cas is to decide 1 - alpha of gateau. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/normalise.h"
#include "scoring/sum.h"
#include "stages/select/describe.h"
#include "stages/select/described.h"
#include "stages/select/making.h"
#include "stages/select/statistics.h"
#include "store/cohort.h"
#include "store/score_values.h"

/* The two parts of gateau of each sample of the cohort, on one scale. */
struct gateau_parts {
    struct score_values hmp;
    struct score_values cas;
};

static double deviation_of(const struct score_values *values)
{
    struct sum sum = { 0 }, squares = { 0 };

    for (size_t i = 0; i < values->n; i++)
        sum_add(&sum, values->values[i]);
    const double mean = sum_value(&sum) / (double)values->n;
    for (size_t i = 0; i < values->n; i++)
        sum_add(&squares, (values->values[i] - mean) * (values->values[i] - mean));
    return sqrt(sum_value(&squares) / (double)values->n);
}

static int read_parts(struct making *making, struct gateau_parts *parts, struct error *err)
{
    const struct cohort_row *cohort = making->spec->cohort;
    enum normaliser normaliser;

    if (score_values_read_cohort(making->store, cohort->cohort_id, "hmp", &parts->hmp, err) <
            0 ||
        score_values_read_cohort(making->store, cohort->cohort_id, "cas", &parts->cas, err) < 0)
        return -1;
    if (parts->hmp.n != parts->cas.n || !normaliser_find(cohort->normaliser, &normaliser))
        return error_set(err, ERR_INVARIANT,
                         "cohort %s@%lld: its samples lack hmp or cas: run 'curate fsck'",
                         cohort->name, (long long)cohort->version);
    if (parts->hmp.n == 0)
        return 0;
    for (size_t i = 0; i < parts->cas.n; i++)
        parts->cas.values[i] *= (double)cohort->cas_sign;
    /* As rank_gateau() in scoring/metrics/gateau.c. */
    if (normalise(normaliser, parts->hmp.values, parts->hmp.n, parts->hmp.values, err) < 0)
        return -1;
    return normaliser == NORMALISE_GATEAU_CODE
               ? 0
               : normalise(normaliser, parts->cas.values, parts->cas.n, parts->cas.values, err);
}

/* Add which share of the picks would be chosen with another alpha. */
static int add_overlap(struct making *making, const struct statistics_pool *pool,
                       const struct gateau_parts *parts, double alpha, double *merits,
                       struct error *err)
{
    const struct candidates *candidates = &making->candidates;
    char subject[32];
    double overlap;
    size_t at = 0;

    for (size_t i = 0; i < candidates->n; i++)
        merits[i] = NAN;
    for (size_t i = 0; i < parts->hmp.n; i++) {
        const int64_t id = parts->hmp.sample_ids[i];

        while (at < candidates->n && candidates->ids[candidates->by_id[at]] < id)
            at++;
        if (at < candidates->n && candidates->ids[candidates->by_id[at]] == id)
            merits[candidates->by_id[at]] =
                alpha * parts->hmp.values[i] + (1 - alpha) * parts->cas.values[i];
    }
    if (statistics_overlap(pool, merits, making->n_picks, &overlap, err) < 0)
        return -1;
    snprintf(subject, sizeof subject, "alpha %.2f", alpha);
    return described_add_number(making->spec->described, "overlap", subject, NAN, overlap, err);
}

static int add_gateau(struct making *making, const struct statistics_pool *pool,
                      const struct gateau_parts *parts, struct error *err)
{
    const double alpha = making->spec->cohort->alpha;
    const double of_hmp = alpha * deviation_of(&parts->hmp);
    const double of_cas = (1 - alpha) * deviation_of(&parts->cas);
    double *merits = calloc(making->candidates.n + 1, sizeof *merits);
    int rc = 0;

    if (!merits)
        return error_nomem(err);
    if (of_hmp + of_cas > 0)
        rc = described_add_number(making->spec->described, "weight", "cas",
                                  of_cas / (of_hmp + of_cas), NAN, err);
    if (rc == 0)
        rc = described_add_number(making->spec->described, "weight", "alpha", alpha, NAN, err);
    /* Another alpha says something only if the best were chosen. */
    const bool are_best =
        memcmp(making->picks, making->order, making->n_picks * sizeof *making->picks) == 0;
    for (int step = -1; rc == 0 && are_best && step <= 1; step += 2) {
        const double other = round((alpha + .1 * step) * 1e6) / 1e6;

        if (other >= 0 && other <= 1)
            rc = add_overlap(making, pool, parts, other, merits, err);
    }
    free(merits);
    return rc;
}

int describe_gateau(struct making *making, const struct statistics_pool *pool,
                    struct error *err)
{
    const struct selection_spec *spec = making->spec;
    const struct cohort_row *cohort = spec->cohort;
    struct gateau_parts parts = { 0 };

    /* Medians in place of missing values are not stored, and cas that was not needed is not
     * known. */
    if (!cohort || !spec->cohort_column || strcmp(spec->cohort_column, "gateau") != 0 ||
        cohort->n_imputed > 0 || cohort->n_skipped > 0)
        return 0;
    int rc = read_parts(making, &parts, err);
    if (rc == 0 && parts.hmp.n > 0)
        rc = add_gateau(making, pool, &parts, err);
    score_values_release(&parts.hmp);
    score_values_release(&parts.cas);
    return rc;
}
