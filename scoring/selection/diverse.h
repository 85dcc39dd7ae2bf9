/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diverse.h - choose samples that differ from each other, by their vectors.
 *
 * Cosines are sums of exact products in double, in one fixed order. So the choice is the same
 * for any number of threads and on any CPU. Equal gains go to the smaller number.
 *
 * method        rule                                                         parameter
 * deita         in order of quality; keep a sample unless its cosine with     cosine, 0.9
 *               a kept one is above the parameter
 * k-center      begin with the best quality, then the sample farthest
 *               from all chosen ones (1 - cosine)
 * facility      greedy maximum of the sum, over the points, of the largest
 *               (1 + cosine) / 2 with a chosen sample
 * qdit          (1 - parameter) * facility + parameter * sum of quality       alpha, 0.5
 * mmr           parameter * quality - (1 - parameter) * largest cosine        lambda, 0.5
 *               with a chosen sample
 * dpp           greedy MAP of the determinantal point process with kernel
 *               quality * (1 + cosine) / 2 * quality
 * clusters      k-means; the clusters in turn give their best sample          clusters, sqrt(n)
 * mig           mig_choose() with these clusters as labels                    clusters, sqrt(n)
 */
#ifndef CURATE_DIVERSE_H
#define CURATE_DIVERSE_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct kernels;
struct pool;
struct report;

/*
 * The points that facility and qdit sum over: all samples up to DIVERSE_ALL_POINTS, else
 * DIVERSE_POINTS of them, evenly spread over the order of content hashes. Or, with
 * n_neighbours, all samples: a sample is then similar only to those that it is one of the
 * nearest of, itself included. DIVERSE_NEIGHBOURS is a good number.
 */
enum { DIVERSE_ALL_POINTS = 20000, DIVERSE_POINTS = 10000, DIVERSE_NEIGHBOURS = 64 };

struct diverse_method;
/* Find by name: NULL if there is no such method. */
const struct diverse_method *diverse_find(const char *name);
/* The names; NULL after the last. */
const char *diverse_name(size_t i);
/* The default of the parameter, for n samples; 0 for a method without one. */
double diverse_default(const struct diverse_method *method, size_t n);
/* The most bytes that grow with the choice and not only with n: 8 for each sample and pick of
 * dpp, for each number of a centre of clusters and mig, and 16 for each pair of clusters of
 * mig. UINT64_MAX if they do not fit into 64 bits. */
uint64_t diverse_bytes(const struct diverse_method *method, double parameter, size_t n,
                       size_t width, size_t n_wanted);

struct diverse_input {
    const float *vectors; /* n rows of `width` numbers, of any length */
    size_t n;
    size_t width;
    const double *quality; /* n finite numbers, larger is better; NULL: all 1. For qdit, mmr and
                              dpp, scale them to 0..1: they are weighed against cosines */
    size_t n_wanted;       /* samples to choose at most */
    const uint64_t
        *costs; /* NULL, or the cost of each sample; what no longer fits is skipped */
    uint64_t budget;
    double parameter;
    size_t n_neighbours; /* of facility and qdit; 0: similarities with the points above */
    uint64_t seed;       /* of k-means */
    const struct kernels *kernels;
    struct pool *pool;
    struct report *report; /* NULL, or told of each choice and asked to stop */
};

struct diverse_result {
    uint32_t *picks; /* room for the smaller of n and n_wanted */
    double *gains;   /* as long: what each pick was chosen by */
    size_t n_picks;
    double
        mean_nearest; /* cosine of a pick with the most similar other one; NAN below 2 picks */
    double max_nearest;
    size_t n_points; /* points of facility and qdit; 0 otherwise */
};

/*
 * Choose. Memory beside the input: about 60 bytes a sample and what diverse_bytes() says;
 * facility and qdit 15 MB, or 24 bytes for each neighbour of each sample and 1100 vectors a
 * thread. Returns 0, or -1 with err set: ERR_NOMEM; ERR_INPUT for a vector without a length;
 * and ERR_CANCELLED.
 */
int diverse_choose(const struct diverse_method *method, const struct diverse_input *input,
                   struct diverse_result *result, struct error *err);

/*
 * MIG (2504.13835): greedy maximum of the information of labels, which flows to similar labels.
 * Each pick takes n + n_labels^2 steps. Sample i has the labels labels[starts[i]] to
 * labels[starts[i + 1] - 1], each below n_labels.
 */
struct mig_input {
    size_t n;
    const size_t *starts;
    const uint32_t *labels;
    const double *quality;    /* n numbers >= 0 */
    const double *similarity; /* n_labels rows of n_labels: 1 on the diagonal, 0 below 0.9 */
    size_t n_labels;
    int by_label; /* divide a sample's quality by the number of its labels */
    size_t n_wanted;
    const uint64_t *costs; /* as above */
    uint64_t budget;
    struct report *report; /* as above */
};
/* Write the picks, at most n_wanted, and their gains. Memory: 8 * n_labels^2 bytes and 9 bytes
 * a sample. ERR_NOMEM, ERR_CANCELLED. */
int mig_choose(const struct mig_input *input, uint32_t *picks, double *gains, size_t *n_picks,
               struct error *err);

/*
 * K-means of the directions of vectors (their length does not count): k-means++ from a seed,
 * 10 iterations, on at most 200,000 evenly spread vectors; then each vector gets the nearest of
 * the k centres (by distance, equal ones the smaller number). centres has k rows of `width`.
 * ERR_NOMEM; ERR_USAGE unless k is 1 to n; ERR_CANCELLED if the report, which may be NULL, asks
 * to stop.
 */
int kmeans_cluster(const float *vectors, size_t n, size_t width, size_t k, uint64_t seed,
                   const struct kernels *kernels, struct pool *pool, double *centres,
                   uint32_t *cluster, struct report *report, struct error *err);

#endif
