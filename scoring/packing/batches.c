/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "scoring/packing/packing.h"
#include "scoring/packing/packing_private.h"

/* A pack and the number that it is ordered by. */
struct ordered_pack {
    uint64_t value;
    size_t pack;
};

static int compare_ordered_packs(const void *left, const void *right)
{
    const struct ordered_pack *a = left;
    const struct ordered_pack *b = right;

    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return (a->pack > b->pack) - (a->pack < b->pack);
}

/* Order packs by values, smallest first, within each group of n_batch; of equal ones, the
 * earlier comes first. */
static int order_packs(struct packing *packing, struct ordered_pack *packs, size_t n_batch,
                       struct error *err)
{
    size_t *order = reallocarray(NULL, packing->n_packs ? packing->n_packs : 1, sizeof *order);

    if (!order)
        return error_nomem(err);
    for (size_t from = 0; from < packing->n_packs;) {
        const size_t left = packing->n_packs - from;
        const size_t n = left < n_batch ? left : n_batch;

        qsort(packs + from, n, sizeof *packs, compare_ordered_packs);
        from += n;
    }
    for (size_t i = 0; i < packing->n_packs; i++)
        order[i] = packs[i].pack;
    const int rc = packing_reorder(packing, order, err);
    free(order);
    return rc;
}

/* As good as random: the hash of the seed and the number. */
static uint64_t value_of_batch(uint64_t seed, uint64_t number)
{
    char bytes[16];

    for (size_t i = 0; i < 8; i++) {
        bytes[i] = (char)(seed >> (56 - 8 * i));
        bytes[8 + i] = (char)(number >> (56 - 8 * i));
    }
    return hash_u64(slice_of(bytes, sizeof bytes));
}

/* Put the packs with n_batch pieces into a random order, and leave a last one with fewer in its
 * place. */
static int shuffle_batches(struct packing *packing, size_t n_batch, uint64_t seed,
                           struct error *err)
{
    const size_t n_full = packing->n_pieces / n_batch;
    struct ordered_pack *packs =
        reallocarray(NULL, packing->n_packs ? packing->n_packs : 1, sizeof *packs);

    if (!packs)
        return error_nomem(err);
    for (size_t i = 0; i < packing->n_packs; i++)
        packs[i] =
            (struct ordered_pack){ i < n_full ? value_of_batch(seed, i) : UINT64_MAX, i };
    const int rc = order_packs(packing, packs, packing->n_packs, err);
    free(packs);
    return rc;
}

int packing_sorted(const uint32_t *lengths, size_t n, const struct packing_limits *limits,
                   size_t n_batch, uint64_t seed, struct packing *out, struct error *err)
{
    if (packing_cut(lengths, n, limits, out, err) < 0 ||
        packing_sort_pieces(out, limits->length, err) < 0)
        return -1;
    out->n_packs = out->n_pieces / n_batch + (out->n_pieces % n_batch != 0);
    out->starts = reallocarray(NULL, out->n_packs + 1, sizeof *out->starts);
    if (!out->starts)
        return error_nomem(err);
    for (size_t i = 0; i < out->n_packs; i++)
        out->starts[i] = i * n_batch;
    out->starts[out->n_packs] = out->n_pieces;
    return shuffle_batches(out, n_batch, seed, err);
}

int packing_order_by_cost(struct packing *packing, size_t n_batch, struct error *err)
{
    struct ordered_pack *packs =
        reallocarray(NULL, packing->n_packs ? packing->n_packs : 1, sizeof *packs);

    if (!packs)
        return error_nomem(err);
    for (size_t i = 0; i < packing->n_packs; i++) {
        packs[i] = (struct ordered_pack){ 0, i };
        /* At most limits.length squared: below 2^48. */
        for (size_t p = packing->starts[i]; p < packing->starts[i + 1]; p++)
            packs[i].value += (uint64_t)packing->pieces[p].length * packing->pieces[p].length;
    }
    const int rc = order_packs(packing, packs, n_batch, err);
    free(packs);
    return rc;
}

void packing_weigh(const struct packing *packing, size_t n_batch, const uint64_t *n_targets,
                   double *weights)
{
    for (size_t from = 0; from < packing->n_packs;) {
        const size_t left = packing->n_packs - from;
        const size_t n_packs = left < n_batch ? left : n_batch;
        const size_t end = packing->starts[from + n_packs];
        size_t n_trained = 0;

        for (size_t p = packing->starts[from]; p < end; p++)
            n_trained += n_targets[p] > 0;
        for (size_t p = packing->starts[from]; p < end; p++)
            weights[p] = n_targets[p] > 0
                             ? (double)n_packs / ((double)n_targets[p] * (double)n_trained)
                             : 0;
        from += n_packs;
    }
}
