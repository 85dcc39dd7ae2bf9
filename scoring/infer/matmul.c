/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/matmul.h"

#include <string.h>

#include "base/pool.h"
#include "scoring/infer/session_private.h"
#include "scoring/infer/weights.h"
#include "scoring/kernels/kernels.h"

/* Rows taken together: with a depth of 512 they stay in the second cache (192 KiB) beside the
 * packed weights while all panels of the task pass. A multiple of the heights of all tiles. */
enum { BLOCK_ROWS = 96 };

typedef void pack_panel(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                        float *out);

struct job {
    const struct session *session;
    const struct matmul *matmul;
    pack_panel *pack;
    size_t n_panels; /* of one task */
};

static pack_panel *pack_of(const struct kernels *kernels, enum dtype type)
{
    switch (type) {
    case DTYPE_F32:
        return kernels->pack_f32;
    case DTYPE_F16:
        return kernels->pack_f16;
    case DTYPE_Q8_0:
        return kernels->pack_q8_0;
    case DTYPE_BF16:
        return kernels->pack_bf16;
    }
    return NULL; /* weights.c lets no other type in */
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

    for (size_t c = first; job->matmul->bias && c < end; c += panel)
        fill_bias(job->matmul, panel, c, min_size(panel, end - c));
    for (size_t depth = 0; depth < weights->n_cols; depth += MATMUL_DEPTH) {
        const size_t k = min_size(MATMUL_DEPTH, weights->n_cols - depth);
        float *b = packed;

        for (size_t c = first; c < end; c += panel) {
            job->pack(weights->data + c * weights->row_bytes, weights->row_bytes,
                      min_size(panel, end - c), depth, k, b);
            b += panel * k;
        }
        multiply(job, packed, first, end, depth, k);
    }
}

void matmul_run(const struct session *session, const struct matmul *matmul)
{
    const size_t panel = session->kernels.panel;
    const size_t n_panels = (matmul->weights->n_rows + panel - 1) / panel;
    /* Eight tasks a thread even out what panels cost; more panels a task save reading rows. */
    const size_t fair = n_panels / (8 * pool_threads(session->pool));
    struct job job = {
        .session = session,
        .matmul = matmul,
        .pack = pack_of(&session->kernels, matmul->weights->type),
        .n_panels = fair > 1 ? min_size(fair, MATMUL_COLUMNS / panel) : 1,
    };

    pool_run(session->pool, (n_panels + job.n_panels - 1) / job.n_panels, run_task, &job);
}

void matrix_row(const struct session *session, const struct matrix *matrix, size_t i,
                float *scratch, float *out)
{
    const size_t panel = session->kernels.panel;
    pack_panel *pack = pack_of(&session->kernels, matrix->type);

    for (size_t first = 0; first < matrix->n_cols; first += MATMUL_DEPTH) {
        const size_t k = min_size(MATMUL_DEPTH, matrix->n_cols - first);

        pack(matrix->data + i * matrix->row_bytes, matrix->row_bytes, 1, first, k, scratch);
        for (size_t l = 0; l < k; l++)
            out[first + l] = scratch[l * panel];
    }
}
