/* SPDX-License-Identifier: Apache-2.0 */
/* DEITA (2312.15685): in order of quality, keep what is not too similar to what is kept. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "scoring/selection/diverse_private.h"
#include "scoring/selection/order.h"

enum { CANDIDATES = 512 }; /* compared with the kept samples at a time */

struct deita_search {
    const struct diverse *d;
    const uint32_t *candidates;
    size_t n_kept; /* before these candidates */
    double *nearest;
};

/* The largest cosine of a candidate with the kept samples; those above the limit need no more
 * than one. */
static void find_kept_cosine(void *arg, size_t i)
{
    const struct deita_search *search = arg;
    const struct diverse *d = search->d;
    double best = -INFINITY;

    for (size_t j = 0; j < search->n_kept && best <= d->input->parameter; j++)
        best = fmax(best, diverse_cosine(d, search->candidates[i], d->result->picks[j]));
    search->nearest[i] = best;
}

/* The candidates in their order; each is also compared with those kept just before it. */
static int keep_candidates(struct diverse *d, const struct deita_search *search, size_t n,
                           struct error *err)
{
    for (size_t i = 0; i < n && diverse_is_open(d); i++) {
        const uint32_t sample = search->candidates[i];
        double nearest = search->nearest[i];

        if (!diverse_may_take(d, sample))
            continue;
        for (size_t j = search->n_kept;
             j < d->result->n_picks && nearest <= d->input->parameter; j++)
            nearest = fmax(nearest, diverse_cosine(d, sample, d->result->picks[j]));
        if (nearest <= d->input->parameter && diverse_take(d, sample, d->quality[sample], err))
            return -1;
    }
    return 0;
}

int diverse_deita(struct diverse *d, struct error *err)
{
    const size_t n = d->input->n;
    uint32_t *order = reallocarray(NULL, n ? n : 1, sizeof *order);
    double nearest[CANDIDATES];
    size_t n_ordered = 0;
    int rc = -1;

    if (!order)
        return error_nomem(err);
    if (order_by_value(d->quality, n, order, &n_ordered, err) < 0)
        goto done;
    for (size_t first = 0; first < n_ordered && diverse_is_open(d); first += CANDIDATES) {
        const size_t count = n_ordered - first < CANDIDATES ? n_ordered - first : CANDIDATES;
        struct deita_search search = { d, order + first, d->result->n_picks, nearest };

        diverse_for_all(d, count, find_kept_cosine, &search);
        if (keep_candidates(d, &search, count, err) < 0)
            goto done;
    }
    rc = 0;
done:
    free(order);
    return rc;
}
