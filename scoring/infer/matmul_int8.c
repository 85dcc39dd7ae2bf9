/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/matmul_int8.h"

#include <assert.h>
#include <string.h>

#include "base/pool.h"
#include "scoring/infer/matmul.h"
#include "scoring/infer/model.h"
#include "scoring/infer/session_private.h"
#include "scoring/infer/weights.h"
#include "scoring/kernels/kernels.h"

enum {
    /* Rows and blocks taken together: the rows stay in the second cache beside the panel. */
    BLOCK_ROWS = 96,
    DEPTH_BLOCKS = MATMUL_DEPTH / INT8_BLOCK,
};
static_assert(SCRATCH_FLOATS * sizeof(float) >=
                  (INT8_BYTES + sizeof(struct weight_int8)) * KERNELS_PANEL_MAX * DEPTH_BLOCKS,
              "scratch holds a packed panel and the blocks it is made of");

typedef void read_quants(const void *row, size_t first, size_t n, struct weight_int8 *out);

struct reader {
    read_quants *quants; /* NULL where the type has none */
    bool minima;
};

struct job {
    const struct session *session;
    const struct matmul *matmul;
    struct reader reader;
    size_t row_blocks; /* of a row */
};

static struct reader reader_of(const struct kernels *k, enum dtype type)
{
    switch (type) {
    case DTYPE_Q8_0:
        return (struct reader){ k->quants_q8_0, false };
    case DTYPE_Q4_0:
        return (struct reader){ k->quants_q4_0, false };
    case DTYPE_Q4_1:
        return (struct reader){ k->quants_q4_1, true };
    case DTYPE_Q5_0:
        return (struct reader){ k->quants_q5_0, false };
    case DTYPE_Q5_1:
        return (struct reader){ k->quants_q5_1, true };
    case DTYPE_IQ4_NL:
        return (struct reader){ k->quants_iq4_nl, false };
    case DTYPE_Q4_K:
        return (struct reader){ k->quants_q4_k, true };
    case DTYPE_Q5_K:
        return (struct reader){ k->quants_q5_k, true };
    case DTYPE_F32:
    case DTYPE_F16:
    case DTYPE_BF16:
    case DTYPE_Q2_K: /* their scales are those of 16 elements */
    case DTYPE_Q3_K:
    case DTYPE_Q6_K:
        break;
    }
    return (struct reader){ NULL, false };
}

bool matmul_int8_serves(const struct session *session, const struct matrix *weights)
{
    return session->kernels.int8 && reader_of(&session->kernels, weights->type).quants;
}

size_t matmul_int8_bytes(const struct model_info *info)
{
    size_t width = (size_t)info->n_heads * info->head_dim;

    width = info->n_embd > width ? info->n_embd : width;
    width = info->n_ff > width ? info->n_ff : width;
    return CHUNK_ROWS * (width / INT8_BLOCK) * sizeof(struct act_int8);
}

static void round_row(void *arg, size_t row, size_t thread)
{
    const struct job *job = arg;

    (void)thread;
    job->session->kernels.quantise_int8(job->matmul->a + row * job->matmul->lda,
                                        job->row_blocks,
                                        job->session->acts + row * job->row_blocks);
}

static float *column(const struct matmul *matmul, size_t panel, size_t first)
{
    return matmul->out + first / panel * matmul->panel_stride;
}

/* Blocks [depth, depth + n) of a packed panel times all rows. */
static void multiply(const struct job *job, const uint8_t *packed, size_t first, size_t n,
                     size_t depth, size_t n_blocks)
{
    const struct matmul *matmul = job->matmul;
    const struct kernels *kernels = &job->session->kernels;
    const bool add = matmul->add || matmul->bias || depth > 0;

    for (size_t i = 0; i < matmul->m; i += BLOCK_ROWS)
        kernels->gemm_int8(min_size(BLOCK_ROWS, matmul->m - i), n, n_blocks,
                           job->session->acts + i * job->row_blocks + depth, job->row_blocks,
                           packed, kernels->panel, job->reader.minima,
                           column(matmul, kernels->panel, first) + i * matmul->ldo, matmul->ldo,
                           add);
}

/* A panel of columns. */
static void run_task(void *arg, size_t item, size_t thread)
{
    const struct job *job = arg;
    const struct matmul *matmul = job->matmul;
    const struct matrix *weights = matmul->weights;
    const struct kernels *kernels = &job->session->kernels;
    const size_t first = item * kernels->panel;
    const size_t n = min_size(kernels->panel, weights->n_rows - first);
    struct weight_int8 *blocks = (struct weight_int8 *)session_scratch(job->session, thread);
    uint8_t *packed = (uint8_t *)(blocks + KERNELS_PANEL_MAX * DEPTH_BLOCKS);

    for (size_t i = 0; matmul->bias && i < matmul->m; i++)
        memcpy(column(matmul, kernels->panel, first) + i * matmul->ldo, matmul->bias + first,
               n * sizeof *matmul->bias);
    for (size_t depth = 0; depth < job->row_blocks; depth += DEPTH_BLOCKS) {
        const size_t n_blocks = min_size(DEPTH_BLOCKS, job->row_blocks - depth);

        for (size_t j = 0; j < n; j++)
            job->reader.quants(weights->data + (first + j) * weights->row_bytes, depth,
                               n_blocks, blocks + j * DEPTH_BLOCKS);
        kernels->pack_int8(blocks, DEPTH_BLOCKS, n, n_blocks, kernels->panel, packed);
        multiply(job, packed, first, n, depth, n_blocks);
    }
}

void matmul_int8_run(const struct session *session, const struct matmul *matmul)
{
    struct job job = {
        .session = session,
        .matmul = matmul,
        .reader = reader_of(&session->kernels, matmul->weights->type),
        .row_blocks = matmul->weights->n_cols / INT8_BLOCK,
    };
    const size_t panel = session->kernels.panel;

    assert(matmul->m <= CHUNK_ROWS);
    rows_run(session, matmul->m, round_row, &job);
    pool_run(session->pool, (matmul->weights->n_rows + panel - 1) / panel, run_task, &job);
}
