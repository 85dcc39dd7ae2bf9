/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packing.h - put documents into packs: the sequences or batches that a trainer reads.
 *
 * Everything in scoring/packing/ works on arrays in memory. Lengths are in tokens. Documents
 * are numbered from 0, and equal lengths go to the smaller number. If the caller numbers them
 * in the order of their content hashes, a packing does not depend on the order of ingestion.
 *
 * A piece is a document, or a part of one. Each token of the documents is in one piece or
 * counted as left out. Memory: 40 bytes a piece and 9 bytes a token of limits.length, at most.
 *
 * Functions return 0, or -1 with err set: ERR_NOMEM, or ERR_INPUT if there are 2^32 pieces or
 * more. They initialise `out`; release it with packing_release() in any case.
 */
#ifndef CURATE_PACKING_H
#define CURATE_PACKING_H

#include <stddef.h>
#include <stdint.h>

struct error;

#define PACKING_MAX_LENGTH ((1u << 24) - 1)

/* What happens to a document that is longer than a pack. */
enum packing_long {
    PACKING_DROP,     /* leave the document out */
    PACKING_TRUNCATE, /* leave out what is behind the limit */
    PACKING_SPLIT,    /* cut it into pieces as long as a pack, and a shorter last one */
};

struct packing_limits {
    uint32_t length;     /* tokens of a pack, 1 to PACKING_MAX_LENGTH */
    uint32_t min_length; /* leave out documents with fewer tokens; empty ones always */
    enum packing_long when_long;
};

struct packing_piece {
    uint32_t document;
    uint32_t start; /* the piece's first token, counted from 0 in the document */
    uint32_t length;
};

struct packing {
    struct packing_piece *pieces; /* n_pieces, pack after pack */
    size_t n_pieces;
    size_t *starts; /* n_packs + 1: the first piece of each pack; the last is n_pieces */
    size_t n_packs;
    uint64_t n_tokens;          /* in all pieces */
    uint64_t n_tokens_left_out; /* of documents left out and truncated */
    /* Documents. */
    size_t n_short; /* left out: empty or below min_length */
    size_t n_long;  /* longer than a pack: left out, truncated or split, as when_long says */
};

void packing_release(struct packing *packing);

/*
 * Best-fit decreasing: longest piece first, each into the pack with the smallest room that
 * fits it; among packs with equal room, the one that has had this room for longest; else into a
 * new pack. Packs come in the order in which they were begun. These are the rules of TRL's
 * "bfd" (truncate) and "bfd_split". O(n log L) with a tree over the rooms.
 */
int packing_best_fit(const uint32_t *lengths, size_t n, const struct packing_limits *limits,
                     struct packing *out, struct error *err);

/*
 * Sorted batches (LongAlign): longest piece first, cut into packs of n_batch pieces, n_batch >=
 * 1. Each piece is a row of its own, and limits.length is the limit of a row. The packs are put
 * into a random order that the seed decides. A last one with fewer pieces stays last. O(n log
 * n).
 */
int packing_sorted(const uint32_t *lengths, size_t n, const struct packing_limits *limits,
                   size_t n_batch, uint64_t seed, struct packing *out, struct error *err);

/* Concatenate the documents in their order and cut at each limits.length tokens (ProLong). Only
 * the last pack may be shorter. when_long has no effect, and n_long is 0. O(n + packs). */
int packing_wrapped(const uint32_t *lengths, size_t n, const struct packing_limits *limits,
                    struct packing *out, struct error *err);

/* Order the packs of each group of n_batch packs by the sum of the squares of their pieces'
 * lengths, smallest first (ProLong): packs that cost about as much attention are neighbours. */
int packing_order_by_cost(struct packing *packing, size_t n_batch, struct error *err);

/*
 * Weights of the loss (LongAlign) if each n_batch packs are a training step, whose loss is the
 * sum over a pack of weighted token losses, averaged over the packs. weights[p] = K / (N M) for
 * each token of piece p: K packs in the step, N = n_targets[p] tokens of the piece that are
 * trained on, M pieces of the step with N > 0. So each piece weighs the same. 0 if N is 0.
 */
void packing_weigh(const struct packing *packing, size_t n_batch, const uint64_t *n_targets,
                   double *weights);

#endif
