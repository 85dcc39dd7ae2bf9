/* SPDX-License-Identifier: Apache-2.0 */
/*
 * step.h - the blocks that the parts of a layer are made of, on one chunk of rows.
 */
#ifndef CURATE_STEP_H
#define CURATE_STEP_H

#include <stdbool.h>
#include <stddef.h>

struct hparams;
struct layer;
struct linear;
struct model_info;
struct norm;
struct ragged;
struct session;

/* What the row functions of one layer go along with. */
struct step {
    const struct session *session;
    struct ragged *batch;
    const struct layer *layer;
    const struct norm *norm; /* at hand */
    const float *bias;       /* at hand */
    size_t first;            /* row of the batch that is row 0 of the chunk */
    size_t n;                /* rows of the chunk */
};

const struct model_info *step_info(const struct step *step);
const struct hparams *step_hparams(const struct step *step);

/* One row of n_embd floats through a norm of the model; out may be x. */
void norm_row(const struct session *session, const struct norm *norm, const float *x,
              float *out);

/* The chunk of the residual stream through a norm into batch->h. */
void step_norm(struct step *step, const struct norm *norm);

/* out = a * weights^T + bias for the rows of the chunk, as plain rows. */
void step_multiply(const struct step *step, const struct linear *linear, const float *a,
                   float *out);

/* The same, through post (if it has weights), added to the chunk of the residual stream.
 * Overwrites batch->h if there is such a norm. */
void step_add(struct step *step, const struct linear *linear, const struct norm *post,
              const float *a);

#endif
