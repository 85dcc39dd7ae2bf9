/* SPDX-License-Identifier: Apache-2.0 */
/*
 * panels.h - weights in the layout that products need: panels of columns, in one of three
 * forms.
 *
 * The form depends on the type in the file and on what the kernels are fast at. FORM_F32 is
 * exact. FORM_BF16 and FORM_INT8 use the weights unchanged and round the rows they are
 * multiplied by. In bfloat16, each number of a row is within 2^-8 relative. In 8-bit blocks, it
 * is within M / 254 + 4 * FLT_EPSILON * M (kernels.h), where M is the largest magnitude of a
 * block of 32 numbers. So an output differs from the one in floats by at most
 * 2^-8 * sum |a * w|, or by the sum over blocks of that bound times sum |w|, in addition to the
 * rounding of the sums.
 *
 * Panels are made slice by slice in a thread's scratch whenever they are needed, or once for
 * all matrices by model_pack(). The bits are the same.
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
    PANEL_DEPTH = 512, /* elements of a slice of a panel */
    /* Scratch of panel_fill(): blocks of rows before they are packed. */
    PANEL_SCRATCH_BYTES = 64 * 1024,
    /* Upper bound of the size of a slice. */
    PANEL_BYTES = 64 * PANEL_DEPTH * 4,
};

/* The form in which these kernels multiply a matrix. */
enum form panel_form(const struct kernels *kernels, const struct matrix *weights);

/* True if these kernels multiply any matrix of the model in this form. */
bool model_has_form(const struct model *model, const struct kernels *kernels, enum form form);

/* True if blocks of the matrix's type have a minimum in addition to a scale (gemm_int8). */
bool panel_has_minima(const struct matrix *weights);

/* Bytes of k elements of a panel. Linear in k. */
size_t panel_bytes(const struct kernels *kernels, enum form form, size_t k);

/*
 * Write elements [first, first + k) of a panel in the matrix's form. Its n <= panel columns are
 * rows of the matrix, from row `column` on. k <= PANEL_DEPTH; first and k are multiples of 256,
 * unless k reaches the end of the row. scratch has PANEL_SCRATCH_BYTES. scratch and out are
 * aligned for any type.
 */
void panel_fill(const struct kernels *kernels, const struct matrix *weights, size_t column,
                size_t n, size_t first, size_t k, void *scratch, void *out);

/* True if model_pack() has packed the model for kernels like these. */
bool panels_match(const struct model *model, const struct kernels *kernels);

/* Widen row i of a matrix (the embedding of a token) to floats. scratch has PANEL_BYTES. */
void matrix_row(const struct kernels *kernels, const struct matrix *matrix, size_t i,
                float *scratch, float *out);

#endif
