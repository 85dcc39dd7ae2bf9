/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/vectors.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"
#include "store/candidates.h"
#include "store/embedding.h"

enum {
    BESIDE_BYTES = 160, /* that a candidate takes beside its vector, at most */
    RESERVED_BYTES = 32 << 20,
};

static int compare_numbers(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

    return (a > b) - (a < b);
}

/* Find the candidates that have a vector, and how long the vectors are. */
static int find_vectors(struct store *store, const struct vector_set *set,
                        const struct candidates *candidates, const uint32_t *among, size_t n,
                        struct candidate_vectors *out, struct error *err)
{
    size_t width;
    int found;

    out->candidates = calloc(n + 1, sizeof *out->candidates);
    if (!out->candidates)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const int64_t id = candidates->ids[among[i]];

        if ((found = embedding_width(store, set->score_set_id, id, &width, err)) < 0)
            return -1;
        if (found == 0)
            continue;
        if (out->width > 0 && width != out->width)
            return error_set(err, ERR_INPUT,
                             "sample %" PRId64 ": its vector has %zu numbers, others have %zu: "
                             "score it again",
                             id, width, out->width);
        out->width = width;
        out->candidates[out->n++] = among[i];
    }
    qsort(out->candidates, out->n, sizeof *out->candidates, compare_numbers);
    return 0;
}

static int check_vectors_fit(const struct vector_set *set,
                             const struct candidate_vectors *vectors, struct error *err)
{
    const uint64_t each = vectors->width * sizeof(float) + BESIDE_BYTES;
    const uint64_t need = RESERVED_BYTES + vectors->n * each;

    if (need <= set->max_bytes)
        return 0;
    return error_set(err, ERR_NOMEM,
                     "choosing among %zu vectors of %zu numbers needs %" PRIu64
                     " MiB, and --max-memory or this machine leaves %" PRIu64
                     ": choose from fewer samples, with --where or --from",
                     vectors->n, vectors->width, (need >> 20) + 1, set->max_bytes >> 20);
}

/* Read the vectors; those without a length are left out. */
static int read_found(struct store *store, const struct vector_set *set,
                      const struct candidates *candidates, struct candidate_vectors *out,
                      struct error *err)
{
    size_t n = 0;

    out->vectors = reallocarray(NULL, out->n + 1, out->width * sizeof(float) + 1);
    if (!out->vectors)
        return error_nomem(err);
    for (size_t i = 0; i < out->n; i++) {
        float *vector = out->vectors + n * out->width;
        bool has_length = false;

        if (embedding_get(store, set->score_set_id, candidates->ids[out->candidates[i]], vector,
                          out->width, err) < 0)
            return -1;
        for (size_t l = 0; !has_length && l < out->width; l++)
            has_length = vector[l] != 0;
        if (has_length)
            out->candidates[n++] = out->candidates[i];
    }
    out->n = n;
    return 0;
}

int vectors_load(struct store *store, const struct vector_set *set,
                 const struct candidates *candidates, const uint32_t *among, size_t n,
                 struct candidate_vectors *out, struct error *err)
{
    *out = (struct candidate_vectors){ .n = 0 };
    if (find_vectors(store, set, candidates, among, n, out, err) == 0 &&
        check_vectors_fit(set, out, err) == 0 &&
        read_found(store, set, candidates, out, err) == 0)
        return 0;
    vectors_release(out);
    return -1;
}

void vectors_release(struct candidate_vectors *vectors)
{
    free(vectors->candidates);
    free(vectors->vectors);
    *vectors = (struct candidate_vectors){ .n = 0 };
}
