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
static void observe_embedding(const struct observation *observation, struct score *out)
{
    struct sum squares = { 0 };

    for (size_t i = 0; i < observation->n_pooled; i++)
        sum_add(&squares, observation->pooled[i] * observation->pooled[i]);
    out->value = sqrt(sum_value(&squares));
    if (out->value == 0)
        out->reason = "zero_embedding";
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
