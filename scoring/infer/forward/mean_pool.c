/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward/mean_pool.h"

#include <string.h>

#include "scoring/infer/forward/ragged.h"
#include "scoring/infer/forward/row_block.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model_private.h"

/* The rows of one range that are pooled. */
struct pooled_rows {
    const struct session *session;
    const struct ragged *batch;
    size_t first; /* row of the batch */
};

/* In place: the residual stream is not used after this. */
static void norm_pooled_row(void *arg, size_t row, size_t thread)
{
    const struct pooled_rows *rows = arg;
    const struct model *model = rows->session->model;
    float *x = rows->batch->x + (rows->first + row) * model->info.n_embd;

    (void)thread;
    norm_row(rows->session, &model->weights.output_norm, x, x);
}

/* Write the mean of rows, weighted by their places if `weighted`. Rows are added in order by
 * one thread, so the sums do not depend on the number of threads. */
static void mean_rows(const float *x, size_t n_rows, size_t width, bool weighted, double *out)
{
    const double n = (double)n_rows;
    const double total = weighted ? n * (n + 1) / 2 : n;

    memset(out, 0, width * sizeof *out);
    for (size_t row = 0; row < n_rows; row++, x += width) {
        const double weight = weighted ? (double)(row + 1) : 1;

        for (size_t c = 0; c < width; c++)
            out[c] += weight * (double)x[c];
    }
    for (size_t c = 0; c < width; c++)
        out[c] /= total;
}

static void pool_range(const struct session *session, const struct ragged *batch,
                       const struct batch_range *range)
{
    const struct sequence *sequence = range->sequence;
    const size_t width = session->model->info.n_embd;
    const size_t skipped = sequence->pool_from - range->first_position;
    const size_t n_rows = range->n_keys - sequence->pool_from;
    struct pooled_rows rows = { session, batch, range->first_row + skipped };
    const float *x = batch->x + rows.first * width;

    session_run_rows(session, n_rows, norm_pooled_row, &rows);
    if (sequence->pooled)
        mean_rows(x, n_rows, width, false, sequence->pooled);
    if (sequence->pooled_weighted)
        mean_rows(x, n_rows, width, true, sequence->pooled_weighted);
}

void mean_pool_run(const struct session *session, const struct ragged *batch)
{
    for (size_t p = 0; p < batch->n_ranges; p++)
        if (batch->ranges[p].sequence->pooled || batch->ranges[p].sequence->pooled_weighted)
            pool_range(session, batch, &batch->ranges[p]);
}
