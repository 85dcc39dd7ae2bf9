/* SPDX-License-Identifier: Apache-2.0 */
/*
 * panels.h - weights as products take them: a panel of columns in one of three forms.
 *
 * A form depends on what the kernels are fast at and on the type in the file. FORM_F32 is
 * exact. FORM_BF16 and FORM_INT8 take the weights as they are and round the rows they meet: a
 * row in bfloat16 is within 2^-8 of each number; in bytes within the M / 254 and 4 *
 * FLT_EPSILON * M of kernels.h, M the largest magnitude of 32 numbers. So an output differs
 * from that in floats by at most 2^-8 * sum |a * w|, or the sum over blocks of that bound times
 * sum |w|, beside the rounding of the sums.
 *
 * Panels are made for a stretch of elements in a thread's scratch whenever they are needed, or
 * of all matrices at once by model_pack(); the bits are the same.
 */
#ifndef CURATE_PANELS_H
#define CURATE_PANELS_H

#include <stdbool.h>
#include <stddef.h>

struct kernels;
struct matrix;
struct model;

enum form { FORM_F32, FORM_BF16, FORM_INT8 };

enum {
    PANEL_DEPTH = 512, /* elements of a panel that are made at once */
    /* What panel_fill() needs beside its output: blocks of rows before they are packed. */
    PANEL_SCRATCH_BYTES = 64 * 1024,
    /* What a stretch of PANEL_DEPTH elements takes, at most. */
    PANEL_BYTES = 64 * PANEL_DEPTH * 4,
};

enum form panel_form(const struct kernels *kernels, const struct matrix *weights);

/* Whether blocks of this type have minima beside their scales (gemm_int8). */
bool panel_has_minima(const struct matrix *weights);

/* Bytes that k elements of a panel take; linear in k. */
size_t panel_bytes(const struct kernels *kernels, enum form form, size_t k);

/*
 * Elements [first, first + k) of the n <= panel columns from `column` on, which are rows of the
 * matrix, in its form; k <= PANEL_DEPTH, first and k multiples of 256 or to the end of the row.
 * scratch has PANEL_SCRATCH_BYTES, both are aligned as for any type.
 */
void panel_fill(const struct kernels *kernels, const struct matrix *weights, size_t column,
                size_t n, size_t first, size_t k, void *scratch, void *out);

/* Whether model_pack() has made panels that these kernels can take. */
bool panels_match(const struct model *model, const struct kernels *kernels);

/* Widen row i of a matrix (a token's embedding). scratch has PANEL_BYTES. */
void matrix_row(const struct kernels *kernels, const struct matrix *matrix, size_t i,
                float *scratch, float *out);

#endif
