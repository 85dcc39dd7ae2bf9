/* SPDX-License-Identifier: Apache-2.0 */
/* How far samples are from the nearest other one. Of the pool and of the selection as many
 * samples are compared, evenly spread over the order, because among more samples the nearest is
 * nearer. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "scoring/sum.h"
#include "stages/select/describe.h"
#include "stages/select/described.h"
#include "stages/select/making.h"
#include "stages/select/vectors.h"
#include "store/score.h"

enum { COMPARED_MAX = 1000 };

/* Double sums of products of floats, in one order on any CPU. */
static double product_of(const float *a, const float *b, size_t n)
{
    double sums[4] = { 0 };
    size_t i = 0;

    for (; i + 4 <= n; i += 4)
        for (size_t l = 0; l < 4; l++)
            sums[l] += (double)a[i + l] * (double)b[i + l];
    for (; i < n; i++)
        sums[0] += (double)a[i] * (double)b[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* Compute the mean of 1 - cosine with the nearest other vector. */
static double mean_distance(const struct candidate_vectors *vectors, double *lengths,
                            double *nearest)
{
    struct sum sum = { 0 };

    for (size_t i = 0; i < vectors->n; i++) {
        const float *vector = vectors->vectors + i * vectors->width;

        lengths[i] = sqrt(product_of(vector, vector, vectors->width));
        nearest[i] = -1;
    }
    for (size_t i = 0; i < vectors->n; i++)
        for (size_t k = i + 1; k < vectors->n; k++) {
            const double cosine =
                product_of(vectors->vectors + i * vectors->width,
                           vectors->vectors + k * vectors->width, vectors->width) /
                (lengths[i] * lengths[k]);

            nearest[i] = fmax(nearest[i], cosine);
            nearest[k] = fmax(nearest[k], cosine);
        }
    for (size_t i = 0; i < vectors->n; i++)
        sum_add(&sum, 1 - fmin(nearest[i], 1));
    return vectors->n < 2 ? NAN : sum_value(&sum) / (double)vectors->n;
}

/* Compare at most n of the candidates `among`. */
static int compare_evenly(struct making *making, const struct vector_set *set,
                          const uint32_t *among, size_t n_among, size_t n, double *out,
                          size_t *n_compared, struct error *err)
{
    struct candidate_vectors vectors = { 0 };
    uint32_t *spread = calloc(n + 1, sizeof *spread);
    double *scratch = calloc(2 * n + 1, sizeof *scratch);
    int rc = -1;

    if (!spread || !scratch) {
        error_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < n; i++)
        spread[i] = among[i * n_among / n];
    if (vectors_load(making->store, set, &making->candidates, spread, n, &vectors, err) < 0)
        goto done;
    *out = mean_distance(&vectors, scratch, scratch + n);
    *n_compared = vectors.n;
    rc = 0;
done:
    vectors_release(&vectors);
    free(spread);
    free(scratch);
    return rc;
}

int describe_nearest(struct making *making, struct error *err)
{
    const size_t n = making->n_picks < COMPARED_MAX ? making->n_picks : COMPARED_MAX;
    struct vector_set set = { .score_set_id = making->spec->vectors.score_set_id,
                              .max_bytes = UINT64_MAX };
    double pool = NAN, selected = NAN;
    size_t n_pool = 0, n_selected = 0;
    struct score_set_info found;

    if (set.score_set_id == 0 &&
        score_set_find(making->store, "embedding", NULL, &found, err) < 0)
        return err->code == ERR_NOT_FOUND || err->code == ERR_USAGE ? 0 : -1;
    if (set.score_set_id == 0)
        set.score_set_id = found.score_set_id;
    if (n < 2)
        return 0;
    if (compare_evenly(making, &set, making->order, making->n_order, n, &pool, &n_pool, err) <
            0 ||
        compare_evenly(making, &set, making->picks, making->n_picks, n, &selected, &n_selected,
                       err) < 0)
        return -1;
    if (isnan(pool) && isnan(selected))
        return 0;
    if (described_add_number(making->spec->described, "nearest distance", "vectors", pool,
                             selected, err) < 0)
        return -1;
    return described_add_number(making->spec->described, "count", "vectors compared",
                                (double)n_pool, (double)n_selected, err);
}
