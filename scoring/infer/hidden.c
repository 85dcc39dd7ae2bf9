/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/hidden.h"

#include <string.h>

#include "scoring/infer/model_private.h"
#include "scoring/infer/ragged.h"
#include "scoring/infer/session_private.h"
#include "scoring/infer/step.h"

/* A chunk of the rows of one part. */
struct chunk {
    const struct session *session;
    const struct ragged *batch;
    size_t first; /* row of the batch */
};

static void norm_state(void *arg, size_t row, size_t thread)
{
    const struct chunk *chunk = arg;
    const struct model *model = chunk->session->model;
    const size_t width = model->info.n_embd;

    (void)thread;
    norm_row(chunk->session, &model->weights.output_norm,
             chunk->batch->x + (chunk->first + row) * width, chunk->batch->h + row * width);
}

/* One row after the other, so that the sums do not depend on how they are cut into chunks. */
static void pool_part(const struct session *session, const struct ragged *batch,
                      const struct part *part)
{
    const size_t width = session->model->info.n_embd;
    const size_t skipped = part->sequence->pool_from - part->first_position;
    const size_t n_rows = part->n_keys - part->sequence->pool_from;
    double *pooled = part->sequence->pooled;
    struct chunk chunk = { session, batch, part->first_row + skipped };

    memset(pooled, 0, width * sizeof *pooled);
    for (size_t done = 0; done < n_rows; done += CHUNK_ROWS) {
        const size_t n = min_size(n_rows - done, CHUNK_ROWS);

        rows_run(session, n, norm_state, &chunk);
        for (size_t row = 0; row < n; row++)
            for (size_t c = 0; c < width; c++)
                pooled[c] += (double)batch->h[row * width + c];
        chunk.first += n;
    }
    for (size_t c = 0; c < width; c++)
        pooled[c] /= (double)n_rows;
}

void hidden_means(const struct session *session, const struct ragged *batch)
{
    for (size_t p = 0; p < batch->n_parts; p++)
        if (batch->parts[p].sequence->pooled)
            pool_part(session, batch, &batch->parts[p]);
}
