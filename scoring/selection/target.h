/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.h - choose samples that are like the samples of a target.
 */
#ifndef CURATE_TARGET_H
#define CURATE_TARGET_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct kernels;
struct pool;
struct report;

/*
 * out[i] = the largest cosine of vector i with one of the queries: of one query, or of all
 * queries of a task. NAN for a vector without a length. The bits do not depend on the number of
 * threads or on the CPU. Returns 0, or -1 with err set: ERR_NOMEM; ERR_INPUT for a query
 * without a length.
 */
int target_cosines(const float *vectors, size_t n, size_t width, const float *queries,
                   size_t n_queries, const struct kernels *kernels, struct pool *pool,
                   double *out, struct error *err);

/*
 * RDS+ (2503.01807): lists of scores, one for each query of a task or one for each task, take
 * turns. A list gives its best sample that it has not given yet; if that is chosen already, the
 * turn is used up. The choice depends on the order of the lists.
 */
struct rds_input {
    size_t n; /* samples */
    size_t n_lists;
    /* Write the n scores of a list, NAN where one is missing. -1 with err set stops. */
    int (*read_scores)(void *arg, size_t list, double *out, struct error *err);
    void *arg;
    size_t n_wanted;
    const uint64_t *costs; /* NULL, or the cost of each sample */
    uint64_t budget;       /* a sample that does not fit uses up the turn as well */
    struct report *report; /* NULL, or told of each list and asked to stop */
};
/* Write the picks, at most n_wanted, and the list that gave each. Memory: 20 bytes a sample and
 * 4 * n_lists * min(n, n_wanted) bytes; with costs 4 * n_lists * n. ERR_NOMEM, ERR_CANCELLED.
 */
int rds_choose(const struct rds_input *input, uint32_t *picks, uint32_t *lists, size_t *n_picks,
               struct error *err);

#endif
