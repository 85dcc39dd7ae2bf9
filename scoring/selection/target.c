/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/selection/target.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/threads/pool.h"
#include "scoring/kernels/kernels.h"
#include "scoring/selection/diverse_private.h"
#include "scoring/selection/order.h"

struct target_search {
    const float *vectors;
    size_t n;
    size_t width;
    const float *queries;
    const double *inverse; /* 1 / length of each query */
    size_t n_queries;
    const struct kernels *kernels;
    double *out;
};

static void find_target_cosines(void *arg, size_t item, size_t thread)
{
    const struct target_search *search = arg;
    const size_t width = search->width, first = item * DIVERSE_BLOCK;

    (void)thread;
    for (size_t i = first; i < search->n && i < first + DIVERSE_BLOCK; i++) {
        const float *vector = search->vectors + i * width;
        const double square = search->kernels->dot_f32(vector, vector, width);
        double best = -1;

        for (size_t q = 0; q < search->n_queries; q++)
            best = fmax(best,
                        search->kernels->dot_f32(vector, search->queries + q * width, width) *
                            (search->inverse[q] / sqrt(square)));
        search->out[i] = square > 0 && isfinite(square) ? fmin(1, best) : NAN;
    }
}

int target_cosines(const float *vectors, size_t n, size_t width, const float *queries,
                   size_t n_queries, const struct kernels *kernels, struct pool *pool,
                   double *out, struct error *err)
{
    double *inverse = reallocarray(NULL, n_queries ? n_queries : 1, sizeof *inverse);
    struct target_search search = {
        vectors, n, width, queries, inverse, n_queries, kernels, out
    };

    if (!inverse)
        return error_nomem(err);
    for (size_t q = 0; q < n_queries; q++) {
        const double square = kernels->dot_f32(queries + q * width, queries + q * width, width);

        inverse[q] = 1 / sqrt(square);
        if (!(square > 0) || !isfinite(square)) {
            free(inverse);
            return error_set(err, ERR_INPUT,
                             "the vector of query %zu has no length: leave the query out", q);
        }
    }
    pool_run(pool, (n + DIVERSE_BLOCK - 1) / DIVERSE_BLOCK, find_target_cosines, &search);
    free(inverse);
    return 0;
}

struct rds_list {
    uint32_t *order; /* the best samples first */
    size_t n;
};

struct rds_state {
    const struct rds_input *input;
    struct rds_list *lists;
    bool *taken;
    uint64_t left;
};

/* Read the best samples of a list. No list gives more than n_wanted: as long as all samples
 * fit, the first list's are all chosen. */
static int read_rds_list(struct rds_state *rds, size_t list, double *scores, uint32_t *order,
                         struct error *err)
{
    const struct rds_input *input = rds->input;
    struct rds_list *out = &rds->lists[list];
    size_t n = 0;

    if (input->read_scores(input->arg, list, scores, err) < 0 ||
        order_by_value(scores, input->n, order, &n, err) < 0)
        return -1;
    out->n = !input->costs && input->n_wanted < n ? input->n_wanted : n;
    out->order = reallocarray(NULL, out->n ? out->n : 1, sizeof *out->order);
    if (!out->order)
        return error_nomem(err);
    memcpy(out->order, order, out->n * sizeof *order);
    return 0;
}

static size_t take_turns(struct rds_state *rds, uint32_t *picks, uint32_t *lists)
{
    const struct rds_input *input = rds->input;
    size_t n_picks = 0;
    bool is_open = true;

    for (size_t turn = 0; is_open; turn++) {
        is_open = false;
        for (size_t l = 0; l < input->n_lists && n_picks < input->n_wanted; l++) {
            if (turn >= rds->lists[l].n)
                continue;
            is_open = true;
            const uint32_t sample = rds->lists[l].order[turn];
            const uint64_t cost = input->costs ? input->costs[sample] : 0;

            if (rds->taken[sample] || cost > rds->left)
                continue;
            rds->taken[sample] = true;
            rds->left -= cost;
            picks[n_picks] = sample;
            lists[n_picks++] = (uint32_t)l;
        }
    }
    return n_picks;
}

int rds_choose(const struct rds_input *input, uint32_t *picks, uint32_t *lists, size_t *n_picks,
               struct error *err)
{
    const size_t room = input->n ? input->n : 1;
    struct rds_state rds = { .input = input,
                             .lists = calloc(input->n_lists + 1, sizeof *rds.lists),
                             .taken = calloc(room, sizeof *rds.taken),
                             .left = input->budget };
    double *scores = calloc(room, sizeof *scores);
    uint32_t *order = calloc(room, sizeof *order);
    int rc = 0;

    if (!rds.lists || !rds.taken || !scores || !order)
        rc = error_nomem(err);
    for (size_t l = 0; rc == 0 && l < input->n_lists; l++)
        if ((rc = read_rds_list(&rds, l, scores, order, err)) == 0)
            rc = diverse_stop(input->report, err);
    if (rc == 0)
        *n_picks = take_turns(&rds, picks, lists);
    for (size_t l = 0; rds.lists && l < input->n_lists; l++)
        free(rds.lists[l].order);
    free(rds.lists);
    free(rds.taken);
    free(scores);
    free(order);
    return rc;
}
