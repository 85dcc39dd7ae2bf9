/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward/mean_pool.h"

#include <string.h>

#include "scoring/infer/forward/ragged.h"
#include "scoring/infer/forward/row_block.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model_private.h"

/* Rows of one part, from `first` of the batch on. */
struct rows {
    const struct session *session;
    const struct ragged *batch;
    size_t first;
};

/* In place: nothing looks at the residual stream after this. */
static void norm_state(void *arg, size_t row, size_t thread)
{
    const struct rows *rows = arg;
    const struct model *model = rows->session->model;
    float *x = rows->batch->x + (rows->first + row) * model->info.n_embd;

    (void)thread;
    norm_row(rows->session, &model->weights.output_norm, x, x);
}

/* One row after the other, so that the sums do not depend on threads. */
static void pool_part(const struct session *session, const struct ragged *batch,
                      const struct part *part)
{
    const size_t width = session->model->info.n_embd;
    const size_t skipped = part->sequence->pool_from - part->first_position;
    const size_t n_rows = part->n_keys - part->sequence->pool_from;
    double *pooled = part->sequence->pooled;
    struct rows rows = { session, batch, part->first_row + skipped };
    const float *x = batch->x + rows.first * width;

    rows_run(session, n_rows, norm_state, &rows);
    memset(pooled, 0, width * sizeof *pooled);
    for (size_t row = 0; row < n_rows; row++, x += width)
        for (size_t c = 0; c < width; c++)
            pooled[c] += (double)x[c];
    for (size_t c = 0; c < width; c++)
        pooled[c] /= (double)n_rows;
}

void hidden_means(const struct session *session, const struct ragged *batch)
{
    for (size_t p = 0; p < batch->n_parts; p++)
        if (batch->parts[p].sequence->pooled)
            pool_part(session, batch, &batch->parts[p]);
}
