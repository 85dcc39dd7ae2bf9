/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/vectors.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/report.h"
#include "scoring/selection/whiten.h"
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

int vectors_check_memory(const struct vector_set *set, const struct candidate_vectors *vectors,
                         uint64_t n_bytes, struct error *err)
{
    const uint64_t each = vectors->width * sizeof(float) + BESIDE_BYTES;
    const uint64_t factors =
        set->whiten ? 2 * sizeof(double) * vectors->width * vectors->width : 0;
    const uint64_t beside = RESERVED_BYTES + factors + vectors->n * each;
    const uint64_t need = n_bytes < UINT64_MAX - beside ? beside + n_bytes : UINT64_MAX;

    if (need <= set->max_bytes)
        return 0;
    return error_set(err, ERR_NOMEM,
                     "choosing among %zu vectors of %zu numbers needs %" PRIu64
                     " MiB, and --max-memory or this machine leaves %" PRIu64
                     ": choose from fewer samples, with --where or --from%s",
                     vectors->n, vectors->width, (need >> 20) + 1, set->max_bytes >> 20,
                     n_bytes > 0 ? ", or choose fewer, or by fewer clusters" : "");
}

static bool has_length(const float *vector, size_t width)
{
    for (size_t l = 0; l < width; l++)
        if (vector[l] != 0)
            return true;
    return false;
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

        if (embedding_get(store, set->score_set_id, candidates->ids[out->candidates[i]], vector,
                          out->width, err) < 0)
            return -1;
        if (has_length(vector, out->width))
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
        vectors_check_memory(set, out, 0, err) == 0 &&
        read_found(store, set, candidates, out, err) == 0)
        return 0;
    vectors_release(out);
    return -1;
}

/* Leave out the vectors that have no length. */
static void drop_empty(struct candidate_vectors *vectors)
{
    const size_t width = vectors->width;
    size_t n = 0;

    for (size_t i = 0; i < vectors->n; i++) {
        if (!has_length(vectors->vectors + i * width, width))
            continue;
        memmove(vectors->vectors + n * width, vectors->vectors + i * width,
                width * sizeof *vectors->vectors);
        vectors->candidates[n++] = vectors->candidates[i];
    }
    vectors->n = n;
}

int vectors_whiten(const struct vector_set *set, struct candidate_vectors *vectors,
                   struct pool *pool, struct report *report, struct whitening **whitening,
                   struct error *err)
{
    if (!set->whiten || vectors->n == 0)
        return 0;
    if (!*whitening) {
        if (vectors->n < vectors->width)
            report_note(report,
                        "warning: %zu vectors of %zu numbers are few to whiten by: directions "
                        "that they lack count as hardly varying",
                        vectors->n, vectors->width);
        if (whitening_new(vectors->vectors, vectors->n, vectors->width, pool, whitening, err) <
            0)
            return error_prefix(err, "--whiten");
    }
    if (whitening_apply(*whitening, vectors->vectors, vectors->n, pool, err) < 0)
        return -1;
    drop_empty(vectors);
    return 0;
}

void vectors_release(struct candidate_vectors *vectors)
{
    free(vectors->candidates);
    free(vectors->vectors);
    *vectors = (struct candidate_vectors){ .n = 0 };
}
