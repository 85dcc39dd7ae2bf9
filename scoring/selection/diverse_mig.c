/* SPDX-License-Identifier: Apache-2.0 */
/* MIG with clusters as labels: a sample has one label, and two labels are as similar as the
 * centres of their clusters. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "scoring/selection/diverse_private.h"

/* Labels below this cosine are not similar (2504.13835). */
#define SIMILAR_COSINE 0.9

struct cluster_labels {
    size_t k;
    double *centres;
    uint32_t *cluster;
    size_t *starts;
    double *similarity;
    uint32_t *picks;
    double *gains;
};

static int labels_new(struct cluster_labels *c, size_t n, size_t width, size_t n_wanted,
                      struct error *err)
{
    const size_t n_picks = n_wanted < n ? n_wanted : n;

    c->centres = calloc(c->k + 1, (width + 1) * sizeof *c->centres);
    c->cluster = calloc(n + 1, sizeof *c->cluster);
    c->starts = calloc(n + 1, sizeof *c->starts);
    c->similarity = calloc(c->k + 1, c->k * sizeof *c->similarity + 1);
    c->picks = calloc(n_picks + 1, sizeof *c->picks);
    c->gains = calloc(n_picks + 1, sizeof *c->gains);
    if (!c->centres || !c->cluster || !c->starts || !c->similarity || !c->picks || !c->gains)
        return error_nomem(err);
    for (size_t i = 0; i <= n; i++)
        c->starts[i] = i;
    return 0;
}

static void labels_release(struct cluster_labels *c)
{
    free(c->centres);
    free(c->cluster);
    free(c->starts);
    free(c->similarity);
    free(c->picks);
    free(c->gains);
}

static double dot(const double *x, const double *y, size_t n)
{
    double sum = 0;

    for (size_t l = 0; l < n; l++)
        sum += x[l] * y[l];
    return sum;
}

static void compare_centres(const struct cluster_labels *c, size_t width)
{
    for (size_t a = 0; a < c->k; a++)
        for (size_t b = 0; b <= a; b++) {
            const double *x = c->centres + a * width, *y = c->centres + b * width;
            const double squares = dot(x, x, width) * dot(y, y, width);
            const double cosine = a == b        ? 1
                                  : squares > 0 ? dot(x, y, width) / sqrt(squares)
                                                : 0;
            const double similar = cosine >= SIMILAR_COSINE ? diverse_clamp(cosine) : 0;

            c->similarity[a * c->k + b] = c->similarity[b * c->k + a] = similar;
        }
}

static int choose_by_labels(struct diverse *d, const struct cluster_labels *c,
                            struct error *err)
{
    const struct mig_input mig = { .n = d->input->n,
                                   .starts = c->starts,
                                   .labels = c->cluster,
                                   .quality = d->quality,
                                   .similarity = c->similarity,
                                   .n_labels = c->k,
                                   .n_wanted = d->input->n_wanted,
                                   .costs = d->input->costs,
                                   .budget = d->input->budget,
                                   .report = d->input->report };
    size_t n_picks = 0;
    int rc = mig_choose(&mig, c->picks, c->gains, &n_picks, err);

    for (size_t i = 0; rc == 0 && i < n_picks; i++)
        rc = diverse_take(d, c->picks[i], c->gains[i], err);
    return rc;
}

int diverse_mig(struct diverse *d, struct error *err)
{
    const struct diverse_input *input = d->input;
    const double wanted = input->parameter;
    struct cluster_labels c = { .k = wanted >= 1 && wanted <= (double)input->n ? (size_t)wanted
                                                                               : 0 };
    int rc = labels_new(&c, input->n, input->width, input->n_wanted, err);

    if (rc == 0)
        rc = kmeans_cluster(input->vectors, input->n, input->width, c.k, input->seed,
                            input->kernels, input->pool, c.centres, c.cluster, input->report,
                            err);
    if (rc == 0) {
        compare_centres(&c, input->width);
        rc = choose_by_labels(d, &c, err);
    }
    labels_release(&c);
    return rc;
}
