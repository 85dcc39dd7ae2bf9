/* SPDX-License-Identifier: Apache-2.0 */
/* The sample as a vector, and how far that vector is from those of the other samples. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "scoring/infer/nearest.h"
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"
#include "scoring/sum.h"

/* The score is the vector's length. The vector itself is stored beside it. */
static void measure_vector(const double *vector, size_t n, struct score *out)
{
    struct sum squares = { 0 };

    for (size_t i = 0; i < n; i++)
        sum_add(&squares, vector[i] * vector[i]);
    out->value = sqrt(sum_value(&squares));
    if (out->value == 0)
        out->reason = "zero_embedding";
}

static void observe_embedding(const struct observation *observation, struct score *out)
{
    measure_vector(observation->pooled, observation->n_pooled, out);
}

static void observe_embedding_weighted(const struct observation *observation, struct score *out)
{
    measure_vector(observation->pooled_weighted, observation->n_pooled, out);
}

const struct scorer scorer_embedding = {
    .name = "embedding",
    .version = 1,
    .unit = "norm",
    .better = BETTER_HIGHER,
    .summary = "length of the sample's vector, the mean of its last states; stores the vector",
    .needs = NEED_POOLED,
    .observe = observe_embedding,
};

/* RDS+ (2503.01807). Its program counts BOS as the first token. */
const struct scorer scorer_embedding_weighted = {
    .name = "embedding_weighted",
    .version = 1,
    .unit = "norm",
    .better = BETTER_HIGHER,
    .summary =
        "length of the sample's vector, in whose mean later tokens weigh more; stores it",
    .needs = NEED_POOLED_WEIGHTED,
    .observe = observe_embedding_weighted,
};

/* Distance to the neighbour-th nearest embedding. InstructMining's KNN_i (2307.06290) with i =
 * 6 uses sentence embeddings instead. */
static int pool_knn(const struct pool_options *options, const struct pool_input *inputs,
                    size_t n, struct score *out, struct error *err)
{
    double *distances = calloc(n, sizeof *distances);
    int rc = 0;

    if (!distances)
        return error_nomem(err);
    const bool has_neighbour = options->neighbour < n;
    if (has_neighbour)
        rc = nearest_distances(inputs[0].vectors, n, inputs[0].width, options->neighbour,
                               options->kernels, options->threads, distances, err);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        if (has_neighbour)
            out[i].value = distances[i];
        else
            out[i].reason = "too_few_samples";
    }
    free(distances);
    return rc;
}

const struct scorer scorer_knn = {
    .name = "knn",
    .version = 1,
    .unit = "distance",
    .better = BETTER_HIGHER,
    .summary = "distance of the embedding to its --neighbour-th nearest in the pool",
    .uses_vectors = true,
    .uses_neighbour = true,
    .inputs = { { "embedding", SCORER_MODEL } },
    .pool = pool_knn,
};
