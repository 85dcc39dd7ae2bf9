/* SPDX-License-Identifier: Apache-2.0 */
/* K-means, and a choice that takes the best sample of each cluster in turn. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/threads/pool.h"
#include "scoring/kernels/kernels.h"
#include "scoring/selection/diverse_private.h"
#include "scoring/selection/order.h"

enum { ITERATIONS = 10, TRAINED_MAX = 200000, CLUSTER_BLOCK = 128, ASSIGNED_BLOCKS = 32 };

struct kmeans {
    const struct kernels *kernels;
    const float *vectors;
    size_t n;
    size_t width;
    size_t k;
    double *centres;
    double *squares; /* of the centres */
    double *inverse; /* 1 / length of each vector */
    uint32_t *cluster;
    double *distance; /* of trained vector t to the nearest centre, squared */
    size_t n_trained;
    size_t from;  /* centres that distance[] does not know yet */
    size_t first; /* block of vectors of this call of the pool */
    struct report *report;
};

static size_t trained_at(const struct kmeans *m, size_t t)
{
    return t * m->n / m->n_trained;
}

/* The squared distance of the direction of a vector to a centre. */
static double centre_distance(const struct kmeans *m, size_t i, size_t c)
{
    const float *x = m->vectors + i * m->width;
    const double *y = m->centres + c * m->width;
    double sum[4] = { 0 };

    for (size_t l = 0; l < m->width; l++)
        sum[l % 4] += (double)x[l] * y[l];
    return 1 + m->squares[c] - 2 * m->inverse[i] * ((sum[0] + sum[2]) + (sum[1] + sum[3]));
}

static void assign_vectors(void *arg, size_t item, size_t thread)
{
    const struct kmeans *m = arg;

    (void)thread;
    item += m->first;
    for (size_t i = item * CLUSTER_BLOCK; i < m->n && i < (item + 1) * CLUSTER_BLOCK; i++) {
        double best = INFINITY;

        for (size_t c = 0; c < m->k; c++) {
            const double distance = centre_distance(m, i, c);

            if (distance < best) {
                best = distance;
                m->cluster[i] = (uint32_t)c;
            }
        }
    }
}

/* The same for trained vectors, and only against the centres from `from` on. */
static void approach_centres(void *arg, size_t item, size_t thread)
{
    const struct kmeans *m = arg;

    (void)thread;
    for (size_t t = item * CLUSTER_BLOCK; t < m->n_trained && t < (item + 1) * CLUSTER_BLOCK;
         t++) {
        const size_t i = trained_at(m, t);

        for (size_t c = m->from; c < m->k; c++) {
            const double distance = fmax(0, centre_distance(m, i, c));

            if (distance < m->distance[t]) {
                m->distance[t] = distance;
                m->cluster[i] = (uint32_t)c;
            }
        }
    }
}

/* SplitMix64, a number from 0 to 1. */
static double next_unit(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

static void centre_at(struct kmeans *m, size_t c, size_t i)
{
    for (size_t l = 0; l < m->width; l++)
        m->centres[c * m->width + l] = (double)m->vectors[i * m->width + l] * m->inverse[i];
    m->squares[c] = 1;
}

/* k-means++: each next centre is a vector drawn in proportion to its squared distance. */
static int draw_centres(struct kmeans *m, uint64_t seed, struct pool *pool, struct error *err)
{
    const size_t k = m->k;

    for (size_t t = 0; t < m->n_trained; t++)
        m->distance[t] = INFINITY;
    for (size_t c = 0; c < k; c++) {
        double sum = 0, goal;
        size_t t = 0;

        if (c == 0) {
            t = (size_t)(next_unit(&seed) * (double)m->n_trained);
        } else {
            for (size_t j = 0; j < m->n_trained; j++)
                sum += m->distance[j];
            goal = next_unit(&seed) * sum;
            for (sum = 0; t + 1 < m->n_trained && (sum += m->distance[t]) <= goal;)
                t++;
        }
        centre_at(m, c, trained_at(m, t));
        m->from = c;
        m->k = c + 1;
        pool_run(pool, (m->n_trained + CLUSTER_BLOCK - 1) / CLUSTER_BLOCK, approach_centres, m);
        if (diverse_stop(m->report, err) < 0)
            return -1;
    }
    m->k = k;
    return 0;
}

/* Move each centre to the mean of its vectors; a centre without vectors stays. */
static void move_centres(struct kmeans *m, size_t *counts)
{
    memset(counts, 0, m->k * sizeof *counts);
    for (size_t t = 0; t < m->n_trained; t++)
        counts[m->cluster[trained_at(m, t)]]++;
    for (size_t c = 0; c < m->k; c++)
        if (counts[c] > 0)
            memset(m->centres + c * m->width, 0, m->width * sizeof *m->centres);
    for (size_t t = 0; t < m->n_trained; t++) {
        const size_t i = trained_at(m, t);
        double *centre = m->centres + m->cluster[i] * m->width;

        for (size_t l = 0; l < m->width; l++)
            centre[l] += (double)m->vectors[i * m->width + l] * m->inverse[i];
    }
    for (size_t c = 0; c < m->k; c++) {
        double *centre = m->centres + c * m->width;

        m->squares[c] = 0;
        for (size_t l = 0; l < m->width; l++) {
            centre[l] /= counts[c] > 0 ? (double)counts[c] : 1;
            m->squares[c] += centre[l] * centre[l];
        }
    }
}

/* Give each vector its nearest centre; look at the report now and then. */
static int assign_all(struct kmeans *m, struct pool *pool, struct error *err)
{
    const size_t n_blocks = (m->n + CLUSTER_BLOCK - 1) / CLUSTER_BLOCK;
    const size_t most = ASSIGNED_BLOCKS * pool_threads(pool);

    for (m->first = 0; m->first < n_blocks; m->first += most) {
        const size_t left = n_blocks - m->first;

        pool_run(pool, left < most ? left : most, assign_vectors, m);
        if (diverse_stop(m->report, err) < 0)
            return -1;
    }
    return 0;
}

static int train_centres(struct kmeans *m, uint64_t seed, size_t *counts, struct pool *pool,
                         struct error *err)
{
    for (size_t i = 0; i < m->n; i++) {
        const float *x = m->vectors + i * m->width;

        m->inverse[i] = 1 / sqrt(m->kernels->dot_f32(x, x, m->width));
    }
    if (draw_centres(m, seed, pool, err) < 0)
        return -1;
    m->from = 0;
    for (size_t round = 0; round < ITERATIONS; round++) {
        move_centres(m, counts);
        for (size_t t = 0; t < m->n_trained; t++)
            m->distance[t] = INFINITY;
        pool_run(pool, (m->n_trained + CLUSTER_BLOCK - 1) / CLUSTER_BLOCK, approach_centres, m);
        if (diverse_stop(m->report, err) < 0)
            return -1;
    }
    return assign_all(m, pool, err);
}

int kmeans_cluster(const float *vectors, size_t n, size_t width, size_t k, uint64_t seed,
                   const struct kernels *kernels, struct pool *pool, double *centres,
                   uint32_t *cluster, struct report *report, struct error *err)
{
    struct kmeans m = { .kernels = kernels,
                        .vectors = vectors,
                        .n = n,
                        .width = width,
                        .k = k,
                        .centres = centres,
                        .cluster = cluster,
                        .report = report,
                        .n_trained = n < TRAINED_MAX ? n : TRAINED_MAX };
    size_t *counts;
    int rc = 0;

    if (n == 0 || k == 0 || k > n)
        return error_set(err, ERR_USAGE, "%zu clusters of %zu samples: must be 1 to %zu", k, n,
                         n);
    counts = calloc(k, sizeof *counts);
    m.squares = calloc(k, sizeof *m.squares);
    m.inverse = calloc(n, sizeof *m.inverse);
    m.distance = calloc(m.n_trained, sizeof *m.distance);
    if (!counts || !m.squares || !m.inverse || !m.distance)
        rc = error_nomem(err);
    else
        rc = train_centres(&m, seed, counts, pool, err);
    free(counts);
    free(m.squares);
    free(m.inverse);
    free(m.distance);
    return rc;
}

/* The turn of each sample: how many samples of its cluster come before it in the order. */
static int take_in_turns(struct diverse *d, const uint32_t *order, size_t n,
                         const uint32_t *cluster, size_t k, struct error *err)
{
    const size_t n_all = d->input->n;
    double *turns = calloc(n_all, sizeof *turns);
    uint32_t *in_turns = calloc(n_all, sizeof *in_turns);
    size_t *counts = calloc(k, sizeof *counts);
    size_t n_turns = 0;
    int rc = -1;

    if (!turns || !in_turns || !counts) {
        error_nomem(err);
        goto done;
    }
    /* By turn, then by order: both are in one number. */
    for (size_t i = 0; i < n; i++)
        turns[order[i]] = -((double)counts[cluster[order[i]]]++ * (double)n_all + (double)i);
    if (order_by_value(turns, n_all, in_turns, &n_turns, err) < 0)
        goto done;
    rc = 0;
    for (size_t i = 0; rc == 0 && i < n_turns && diverse_is_open(d); i++)
        if (diverse_may_take(d, in_turns[i]))
            rc = diverse_take(d, in_turns[i], d->quality[in_turns[i]], err);
done:
    free(turns);
    free(in_turns);
    free(counts);
    return rc;
}

int diverse_clusters(struct diverse *d, struct error *err)
{
    const struct diverse_input *input = d->input;
    const size_t n = input->n;
    const double wanted = input->parameter;
    const size_t k = wanted >= 1 && wanted <= (double)n ? (size_t)wanted : 0;
    double *centres = calloc(k ? k : 1, (input->width ? input->width : 1) * sizeof *centres);
    uint32_t *cluster = calloc(n ? n : 1, sizeof *cluster);
    uint32_t *order = calloc(n ? n : 1, sizeof *order);
    size_t n_ordered = 0;
    int rc = -1;

    if (!centres || !cluster || !order)
        error_nomem(err);
    else if (kmeans_cluster(input->vectors, n, input->width, k, input->seed, input->kernels,
                            input->pool, centres, cluster, input->report, err) == 0 &&
             order_by_value(d->quality, n, order, &n_ordered, err) == 0)
        rc = take_in_turns(d, order, n_ordered, cluster, k, err);
    free(centres);
    free(cluster);
    free(order);
    return rc;
}
