/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/model/panels.h"

#include <assert.h>
#include <string.h>

#include "scoring/infer/model/weights.h"
#include "scoring/kernels/kernels.h"

enum { UNPACK_DEPTH = 256 /* elements of a row widened at once: one block of a type _K */ };
static_assert(PANEL_SCRATCH_BYTES >= KERNELS_PANEL_MAX * UNPACK_DEPTH * sizeof(float) &&
                  PANEL_SCRATCH_BYTES >= KERNELS_PANEL_MAX * (PANEL_DEPTH / INT8_BLOCK) *
                                             sizeof(struct weight_int8),
              "scratch holds widened rows, and the blocks of a panel");
static_assert(PANEL_BYTES >= KERNELS_PANEL_MAX * PANEL_DEPTH * sizeof(float), "panels fit");

typedef void pack_rows(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                       float *out);
typedef void unpack_row(const void *row, size_t first, size_t k, float *out);
typedef void read_quants(const void *row, size_t first, size_t n, struct weight_int8 *out);

/* How to read rows of a type: pack or unpack is set. */
struct row_reader {
    pack_rows *pack;     /* directly into a panel of floats */
    unpack_row *unpack;  /* into a row of floats */
    read_quants *quants; /* into 8-bit blocks; NULL if scales are not per 32 elements */
    bool minima;         /* see panel_has_minima() */
};

static struct row_reader row_reader_of(const struct kernels *k, enum dtype type)
{
    switch (type) {
    case DTYPE_F32:
        return (struct row_reader){ .pack = k->pack_f32 };
    case DTYPE_F16:
        return (struct row_reader){ .pack = k->pack_f16 };
    case DTYPE_BF16:
        return (struct row_reader){ .pack = k->pack_bf16 };
    case DTYPE_Q8_0:
        return (struct row_reader){ .pack = k->pack_q8_0, .quants = k->quants_q8_0 };
    case DTYPE_Q4_0:
        return (struct row_reader){ .unpack = k->unpack_q4_0, .quants = k->quants_q4_0 };
    case DTYPE_Q4_1:
        return (struct row_reader){ NULL, k->unpack_q4_1, k->quants_q4_1, true };
    case DTYPE_Q5_0:
        return (struct row_reader){ .unpack = k->unpack_q5_0, .quants = k->quants_q5_0 };
    case DTYPE_Q5_1:
        return (struct row_reader){ NULL, k->unpack_q5_1, k->quants_q5_1, true };
    case DTYPE_Q2_K:
        return (struct row_reader){ .unpack = k->unpack_q2_k };
    case DTYPE_Q3_K:
        return (struct row_reader){ .unpack = k->unpack_q3_k };
    case DTYPE_Q4_K:
        return (struct row_reader){ NULL, k->unpack_q4_k, k->quants_q4_k, true };
    case DTYPE_Q5_K:
        return (struct row_reader){ NULL, k->unpack_q5_k, k->quants_q5_k, true };
    case DTYPE_Q6_K:
        return (struct row_reader){ .unpack = k->unpack_q6_k };
    case DTYPE_IQ4_NL:
        return (struct row_reader){ .unpack = k->unpack_iq4_nl, .quants = k->quants_iq4_nl };
    }
    return (struct row_reader){ NULL, NULL, NULL,
                                false }; /* weights.c rejects all other types */
}

enum form panel_form(const struct kernels *kernels, const struct matrix *weights)
{
    if (kernels->int8 && row_reader_of(kernels, weights->type).quants)
        return FORM_INT8;
    if (kernels->bf16 && weights->type == DTYPE_BF16 && weights->n_cols % 2 == 0)
        return FORM_BF16;
    return FORM_F32;
}

bool panel_has_minima(const struct matrix *weights)
{
    static const struct kernels none; /* only `minima` is read, not a function */

    return row_reader_of(&none, weights->type).minima;
}

size_t panel_bytes(const struct kernels *kernels, enum form form, size_t k)
{
    switch (form) {
    case FORM_F32:
        break;
    case FORM_BF16:
        return kernels->panel * k * sizeof(uint16_t);
    case FORM_INT8:
        return kernels->panel * (k / INT8_BLOCK) * INT8_BYTES;
    }
    return kernels->panel * k * sizeof(float);
}

static void panel_fill_f32(const struct kernels *kernels, const struct matrix *weights,
                           size_t column, size_t n, size_t first, size_t k, float *rows,
                           float *out)
{
    const uint8_t *data = weights->data + column * weights->row_bytes;
    const struct row_reader reader = row_reader_of(kernels, weights->type);

    if (reader.pack) {
        reader.pack(data, weights->row_bytes, n, first, k, out);
        return;
    }
    for (size_t l = 0; l < k; l += UNPACK_DEPTH) {
        const size_t depth = k - l < UNPACK_DEPTH ? k - l : UNPACK_DEPTH;

        for (size_t j = 0; j < n; j++)
            reader.unpack(data + j * weights->row_bytes, first + l, depth,
                          rows + j * UNPACK_DEPTH);
        kernels->pack_f32(rows, UNPACK_DEPTH * sizeof *rows, n, 0, depth,
                          out + l * kernels->panel);
    }
}

static void panel_fill_int8(const struct kernels *kernels, const struct matrix *weights,
                            size_t column, size_t n, size_t first, size_t k,
                            struct weight_int8 *blocks, uint8_t *out)
{
    const size_t n_blocks = k / INT8_BLOCK;
    const struct row_reader reader = row_reader_of(kernels, weights->type);

    for (size_t j = 0; j < n; j++)
        reader.quants(weights->data + (column + j) * weights->row_bytes, first / INT8_BLOCK,
                      n_blocks, blocks + j * n_blocks);
    kernels->pack_int8(blocks, n_blocks, n, n_blocks, kernels->panel, out);
}

void panel_fill(const struct kernels *kernels, const struct matrix *weights, size_t column,
                size_t n, size_t first, size_t k, void *scratch, void *out)
{
    switch (panel_form(kernels, weights)) {
    case FORM_F32:
        panel_fill_f32(kernels, weights, column, n, first, k, scratch, out);
        break;
    case FORM_BF16:
        kernels->pair_bf16(weights->data + column * weights->row_bytes, weights->row_bytes, n,
                           first, k, kernels->panel, out);
        break;
    case FORM_INT8:
        panel_fill_int8(kernels, weights, column, n, first, k, scratch, out);
        break;
    }
}

void matrix_row(const struct kernels *kernels, const struct matrix *matrix, size_t i,
                float *scratch, float *out)
{
    const struct row_reader reader = row_reader_of(kernels, matrix->type);
    const uint8_t *row = matrix->data + i * matrix->row_bytes;

    if (reader.unpack) {
        reader.unpack(row, 0, matrix->n_cols, out);
        return;
    }
    for (size_t first = 0; first < matrix->n_cols; first += PANEL_DEPTH) {
        const size_t left = matrix->n_cols - first;
        const size_t k = left < PANEL_DEPTH ? left : PANEL_DEPTH;

        reader.pack(row, matrix->row_bytes, 1, first, k, scratch);
        for (size_t l = 0; l < k; l++)
            out[first + l] = scratch[l * kernels->panel];
    }
}
