/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distance to a near neighbour among the samples' embeddings: how unlike the others a sample
 * is. InstructMining's KNN_i (2307.06290) with i = 6, there over sentence embeddings.
 */
#include <stdlib.h>

#include "base/error.h"
#include "scoring/infer/nearest.h"
#include "scoring/scorer.h"

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
    .summary = "distance of the embedding to that of a near neighbour in the pool",
    .takes_vectors = true,
    .takes_neighbour = true,
    .inputs = { { "embedding", SCORER_MODEL } },
    .pool = pool_knn,
};
