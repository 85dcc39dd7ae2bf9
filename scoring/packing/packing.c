/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/packing/packing.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/packing/packing_private.h"

void packing_release(struct packing *packing)
{
    free(packing->pieces);
    free(packing->starts);
    *packing = (struct packing){ 0 };
}

int packing_too_many(const struct packing_limits *limits, struct error *err)
{
    return error_set(err, ERR_INPUT,
                     "2^32 documents and parts of documents or more: pack fewer documents, or "
                     "make packs longer than %u tokens",
                     limits->length);
}

/* Is the document too short to be packed? */
static bool packing_is_short(uint32_t length, const struct packing_limits *limits)
{
    return length == 0 || length < limits->min_length;
}

/* The number of pieces of a document. */
static uint64_t packing_count_pieces(uint32_t length, const struct packing_limits *limits)
{
    if (packing_is_short(length, limits))
        return 0;
    if (length <= limits->length || limits->when_long == PACKING_TRUNCATE)
        return 1;
    return limits->when_long == PACKING_DROP
               ? 0
               : ((uint64_t)length + limits->length - 1) / limits->length;
}

static void packing_add_document(struct packing *packing, uint32_t document, uint32_t length,
                                 const struct packing_limits *limits)
{
    const uint64_t n = packing_count_pieces(length, limits);
    uint32_t start = 0;

    packing->n_short += packing_is_short(length, limits);
    packing->n_long += !packing_is_short(length, limits) && length > limits->length;
    for (uint64_t i = 0; i < n; i++) {
        const uint32_t left = length - start;
        const uint32_t part = left < limits->length ? left : limits->length;

        packing->pieces[packing->n_pieces++] = (struct packing_piece){ document, start, part };
        start += part;
    }
    packing->n_tokens += start;
    packing->n_tokens_left_out += length - start;
}

int packing_cut(const uint32_t *lengths, size_t n, const struct packing_limits *limits,
                struct packing *out, struct error *err)
{
    uint64_t n_pieces = 0;

    *out = (struct packing){ 0 };
    for (size_t i = 0; i < n; i++)
        n_pieces += packing_count_pieces(lengths[i], limits);
    if (n > UINT32_MAX || n_pieces > UINT32_MAX)
        return packing_too_many(limits, err);
    out->pieces = reallocarray(NULL, n_pieces ? n_pieces : 1, sizeof *out->pieces);
    if (!out->pieces)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++)
        packing_add_document(out, (uint32_t)i, lengths[i], limits);
    return 0;
}

/* Sort pieces by key, keys[p] < n_keys, and keep the order of equal ones. starts has room for
 * n_keys + 1 and gets the first piece of each key. */
static int packing_sort_by_key(struct packing *packing, const uint32_t *keys, size_t n_keys,
                               size_t *starts, struct error *err)
{
    struct packing_piece *sorted =
        reallocarray(NULL, packing->n_pieces ? packing->n_pieces : 1, sizeof *sorted);

    if (!sorted)
        return error_nomem(err);
    memset(starts, 0, (n_keys + 1) * sizeof *starts);
    for (size_t p = 0; p < packing->n_pieces; p++)
        starts[keys[p] + 1]++;
    for (size_t k = 0; k < n_keys; k++)
        starts[k + 1] += starts[k];
    for (size_t p = 0; p < packing->n_pieces; p++)
        sorted[starts[keys[p]]++] = packing->pieces[p];
    /* Each start was moved to the end of its key, which is the start of the next. */
    memmove(starts + 1, starts, n_keys * sizeof *starts);
    starts[0] = 0;
    free(packing->pieces);
    packing->pieces = sorted;
    return 0;
}

int packing_sort_pieces(struct packing *packing, uint32_t limit, struct error *err)
{
    size_t *starts = reallocarray(NULL, (size_t)limit + 2, sizeof *starts);
    uint32_t *keys =
        reallocarray(NULL, packing->n_pieces ? packing->n_pieces : 1, sizeof *keys);
    int rc = -1;

    if (!starts || !keys) {
        error_nomem(err);
        goto done;
    }
    for (size_t p = 0; p < packing->n_pieces; p++)
        keys[p] = limit - packing->pieces[p].length;
    rc = packing_sort_by_key(packing, keys, (size_t)limit + 1, starts, err);
done:
    free(starts);
    free(keys);
    return rc;
}

int packing_group(struct packing *packing, const uint32_t *packs, size_t n_packs,
                  struct error *err)
{
    packing->starts = reallocarray(NULL, n_packs + 1, sizeof *packing->starts);
    if (!packing->starts)
        return error_nomem(err);
    packing->n_packs = n_packs;
    return packing_sort_by_key(packing, packs, n_packs, packing->starts, err);
}

int packing_reorder(struct packing *packing, const size_t *order, struct error *err)
{
    struct packing_piece *pieces =
        reallocarray(NULL, packing->n_pieces ? packing->n_pieces : 1, sizeof *pieces);
    size_t *starts = reallocarray(NULL, packing->n_packs + 1, sizeof *starts);

    if (!pieces || !starts) {
        free(pieces);
        free(starts);
        return error_nomem(err);
    }
    starts[0] = 0;
    for (size_t i = 0; i < packing->n_packs; i++) {
        const size_t from = packing->starts[order[i]];
        const size_t n = packing->starts[order[i] + 1] - from;

        memcpy(pieces + starts[i], packing->pieces + from, n * sizeof *pieces);
        starts[i + 1] = starts[i] + n;
    }
    free(packing->pieces);
    free(packing->starts);
    packing->pieces = pieces;
    packing->starts = starts;
    return 0;
}
