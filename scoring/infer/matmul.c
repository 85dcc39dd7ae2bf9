/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/matmul.h"

#include <string.h>

#include "base/pool.h"
#include "scoring/infer/matmul_int8.h"
#include "scoring/infer/session_private.h"
#include "scoring/infer/weights.h"
#include "scoring/kernels/kernels.h"

/* Rows taken together: with a depth of 512 they stay in the second cache (192 KiB) beside the
 * packed weights while all panels of the task pass. A multiple of the heights of all tiles. */
enum { BLOCK_ROWS = 96 };

typedef void unpack_row(const void *row, size_t first, size_t k, float *out);
typedef void pack_panel(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                        float *out);

struct job {
    const struct session *session;
    const struct matmul *matmul;
    size_t n_panels; /* of one task */
};

/* How a type becomes floats: straight from the file into a panel, or row by row first. */
struct widening {
    pack_panel *pack;
    unpack_row *unpack;
};

static struct widening widening_of(const struct kernels *k, enum dtype type)
{
    switch (type) {
    case DTYPE_F32:
        return (struct widening){ .pack = k->pack_f32 };
    case DTYPE_F16:
        return (struct widening){ .pack = k->pack_f16 };
    case DTYPE_BF16:
        return (struct widening){ .pack = k->pack_bf16 };
    case DTYPE_Q8_0:
        return (struct widening){ .pack = k->pack_q8_0 };
    case DTYPE_Q4_0:
        return (struct widening){ .unpack = k->unpack_q4_0 };
    case DTYPE_Q4_1:
        return (struct widening){ .unpack = k->unpack_q4_1 };
    case DTYPE_Q5_0:
        return (struct widening){ .unpack = k->unpack_q5_0 };
    case DTYPE_Q5_1:
        return (struct widening){ .unpack = k->unpack_q5_1 };
    case DTYPE_Q2_K:
        return (struct widening){ .unpack = k->unpack_q2_k };
    case DTYPE_Q3_K:
        return (struct widening){ .unpack = k->unpack_q3_k };
    case DTYPE_Q4_K:
        return (struct widening){ .unpack = k->unpack_q4_k };
    case DTYPE_Q5_K:
        return (struct widening){ .unpack = k->unpack_q5_k };
    case DTYPE_Q6_K:
        return (struct widening){ .unpack = k->unpack_q6_k };
    case DTYPE_IQ4_NL:
        return (struct widening){ .unpack = k->unpack_iq4_nl };
    }
    return (struct widening){ NULL, NULL }; /* weights.c lets no other type in */
}

/* Elements [first, first + k) of n <= panel rows into a panel; rows is room for a panel of
 * UNPACK_DEPTH elements. */
static void pack_rows(const struct kernels *kernels, const struct matrix *weights, size_t row,
                      size_t n, size_t first, size_t k, float *rows, float *out)
{
    const uint8_t *data = weights->data + row * weights->row_bytes;
    const struct widening widen = widening_of(kernels, weights->type);

    if (widen.pack) {
        widen.pack(data, weights->row_bytes, n, first, k, out);
        return;
    }
    for (size_t l = 0; l < k; l += UNPACK_DEPTH) {
        const size_t depth = min_size(UNPACK_DEPTH, k - l);

        for (size_t j = 0; j < n; j++)
            widen.unpack(data + j * weights->row_bytes, first + l, depth,
                         rows + j * UNPACK_DEPTH);
        kernels->pack_f32(rows, UNPACK_DEPTH * sizeof *rows, n, 0, depth,
                          out + l * kernels->panel);
    }
}

static void fill_bias(const struct matmul *matmul, size_t panel, size_t column, size_t n)
{
    float *out = matmul->out + column / panel * matmul->panel_stride;

    for (size_t i = 0; i < matmul->m; i++)
        memcpy(out + i * matmul->ldo, matmul->bias + column, n * sizeof *out);
}

/* The packed weights of columns [first, end), elements [depth, depth + k), times all rows. */
static void multiply(const struct job *job, const float *packed, size_t first, size_t end,
                     size_t depth, size_t k)
{
    const struct matmul *matmul = job->matmul;
    const size_t panel = job->session->kernels.panel;
    const bool add = matmul->add || matmul->bias || depth > 0;

    for (size_t i = 0; i < matmul->m; i += BLOCK_ROWS) {
        const float *b = packed;

        for (size_t c = first; c < end; c += panel) {
            float *out = matmul->out + c / panel * matmul->panel_stride + i * matmul->ldo;

            job->session->kernels.gemm_f32(min_size(BLOCK_ROWS, matmul->m - i),
                                           min_size(panel, end - c), k,
                                           matmul->a + i * matmul->lda + depth, matmul->lda, b,
                                           panel, out, matmul->ldo, add);
            b += panel * k;
        }
    }
}

static void run_task(void *arg, size_t item, size_t thread)
{
    const struct job *job = arg;
    const struct matrix *weights = job->matmul->weights;
    const size_t panel = job->session->kernels.panel;
    const size_t first = item * job->n_panels * panel;
    const size_t end = min_size(first + job->n_panels * panel, weights->n_rows);
    float *packed = session_scratch(job->session, thread);
    float *rows = packed + MATMUL_COLUMNS * MATMUL_DEPTH;

    for (size_t c = first; job->matmul->bias && c < end; c += panel)
        fill_bias(job->matmul, panel, c, min_size(panel, end - c));
    for (size_t depth = 0; depth < weights->n_cols; depth += MATMUL_DEPTH) {
        const size_t k = min_size(MATMUL_DEPTH, weights->n_cols - depth);
        float *b = packed;

        for (size_t c = first; c < end; c += panel) {
            pack_rows(&job->session->kernels, weights, c, min_size(panel, end - c), depth, k,
                      rows, b);
            b += panel * k;
        }
        multiply(job, packed, first, end, depth, k);
    }
}

void matmul_run(const struct session *session, const struct matmul *matmul)
{
    if (matmul_int8_serves(session, matmul->weights)) {
        matmul_int8_run(session, matmul);
        return;
    }
    const size_t panel = session->kernels.panel;
    const size_t n_panels = (matmul->weights->n_rows + panel - 1) / panel;
    /* Eight tasks a thread even out what panels cost; more panels a task save reading rows. */
    const size_t fair = n_panels / (8 * pool_threads(session->pool));
    struct job job = {
        .session = session,
        .matmul = matmul,
        .n_panels = fair > 1 ? min_size(fair, MATMUL_COLUMNS / panel) : 1,
    };

    pool_run(session->pool, (n_panels + job.n_panels - 1) / job.n_panels, run_task, &job);
}

void matrix_row(const struct session *session, const struct matrix *matrix, size_t i,
                float *scratch, float *out)
{
    const size_t panel = session->kernels.panel;
    const struct widening widen = widening_of(&session->kernels, matrix->type);

    if (widen.unpack) {
        widen.unpack(matrix->data + i * matrix->row_bytes, 0, matrix->n_cols, out);
        return;
    }
    for (size_t first = 0; first < matrix->n_cols; first += MATMUL_DEPTH) {
        const size_t k = min_size(MATMUL_DEPTH, matrix->n_cols - first);

        pack_rows(&session->kernels, matrix, i, 1, first, k, NULL, scratch);
        for (size_t l = 0; l < k; l++)
            out[first + l] = scratch[l * panel];
    }
}
