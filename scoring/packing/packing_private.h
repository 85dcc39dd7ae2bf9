/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packing_private.h - what the ways to pack share.
 */
#ifndef CURATE_PACKING_PRIVATE_H
#define CURATE_PACKING_PRIVATE_H

#include "scoring/packing/packing.h"

/* Returns -1 with err set: there are 2^32 pieces or more. */
int packing_too_many(const struct packing_limits *limits, struct error *err);

/* Initialise out and fill its pieces, in the order of the documents, and its counts. */
int packing_cut(const uint32_t *lengths, size_t n, const struct packing_limits *limits,
                struct packing *out, struct error *err);

/* Put the longest pieces first, of equal ones that of the smaller document. limit: the longest
 * length there may be. */
int packing_sort_pieces(struct packing *packing, uint32_t limit, struct error *err);

/* Group the pieces by pack, keeping their order within each: packs[p] < n_packs is that of
 * piece p. */
int packing_group(struct packing *packing, const uint32_t *packs, size_t n_packs,
                  struct error *err);

/* Put the packs into a new order: pack order[i] becomes pack i. */
int packing_reorder(struct packing *packing, const size_t *order, struct error *err);

#endif
