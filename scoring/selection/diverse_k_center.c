/* SPDX-License-Identifier: Apache-2.0 */
/* k-center and MMR: after each pick, the similarity to it changes the value of all others. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "scoring/selection/diverse_private.h"

struct pick_update {
    const struct diverse *d;
    size_t pick;
    double *nearest; /* largest cosine with a pick; -INFINITY before the first */
    double *values;
    double (*value)(const struct diverse *d, size_t i, double nearest);
};

static void update_value(void *arg, size_t i)
{
    const struct pick_update *update = arg;

    if (update->pick < update->d->input->n)
        update->nearest[i] =
            fmax(update->nearest[i], diverse_cosine(update->d, i, update->pick));
    else
        update->nearest[i] = -INFINITY;
    update->values[i] = update->value(update->d, i, update->nearest[i]);
}

static int choose_by_nearest(struct diverse *d,
                             double (*value)(const struct diverse *d, size_t i, double nearest),
                             struct error *err)
{
    const size_t n = d->input->n;
    struct pick_update update = { .d = d,
                                  .pick = n,
                                  .nearest = calloc(n ? n : 1, sizeof *update.nearest),
                                  .values = calloc(n ? n : 1, sizeof *update.values),
                                  .value = value };
    int rc = 0;

    if (!update.nearest || !update.values)
        rc = error_nomem(err);
    while (rc == 0 && diverse_is_open(d)) {
        diverse_for_all(d, n, update_value, &update);
        update.pick = diverse_best(d, update.values);
        if (update.pick == n)
            break;
        rc = diverse_take(d, update.pick, update.values[update.pick], err);
    }
    free(update.nearest);
    free(update.values);
    return rc;
}

/* The first pick is that of the best quality. */
static double distance_value(const struct diverse *d, size_t i, double nearest)
{
    return isinf(nearest) ? d->quality[i] : 1 - nearest;
}

int diverse_k_center(struct diverse *d, struct error *err)
{
    return choose_by_nearest(d, distance_value, err);
}

static double relevance_value(const struct diverse *d, size_t i, double nearest)
{
    const double lambda = d->input->parameter;

    return lambda * d->quality[i] - (1 - lambda) * (isinf(nearest) ? 0 : nearest);
}

int diverse_mmr(struct diverse *d, struct error *err)
{
    return choose_by_nearest(d, relevance_value, err);
}
