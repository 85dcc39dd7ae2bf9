/* SPDX-License-Identifier: Apache-2.0 */
/* From a batch's sums of attention to the means that its sequences request. */
#include <math.h>

#include "base/threads/pool.h"
#include "scoring/infer/forward/attention.h"
#include "scoring/infer/forward/ragged.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model_private.h"

double attention_fixed_one(const struct session *session, const struct batch_range *range)
{
    const struct model_info *info = &session->model->info;
    const double n = (double)info->n_layers * info->n_heads *
                     (double)(range->n_keys - range->sequence->attend_from);

    return ldexp(1, 61 - (int)ceil(log2(n)));
}

double attention_focus(const double *mass, size_t n_rows, size_t n_heads)
{
    double sum = 0;

    for (size_t r = 0; r < n_rows; r++, mass += n_heads) {
        double largest = mass[0];

        for (size_t head = 1; head < n_heads; head++)
            largest = fmax(largest, mass[head]);
        sum += largest;
    }
    return sum / (double)n_rows;
}

double attention_variance(double sum, double squares, double n)
{
    return (squares - sum * sum / n) / (n - 1);
}

void attention_means(const struct session *session, const struct ragged *batch)
{
    const struct model_info *info = &session->model->info;
    const size_t n_threads = pool_threads(session->pool);
    const size_t n_layer_heads = (size_t)info->n_layers * info->n_heads;

    for (size_t p = 0; p < batch->n_ranges; p++) {
        const struct batch_range *range = &batch->ranges[p];
        const struct sequence *sequence = range->sequence;

        for (size_t i = 0; sequence->attention && i < sequence->n_spans; i++) {
            const double n_rows = (double)(range->n_keys - sequence->attend_from);
            const double unit = attention_fixed_one(session, range);
            const double n_span = (double)(sequence->spans[i].end - sequence->spans[i].start);
            int64_t mass = 0;

            for (size_t t = 0; t < n_threads; t++)
                mass += batch->mass[t * batch->n_spans + range->first_span + i];
            sequence->attention[i] = (double)mass / unit /
                                     ((double)info->n_layers * info->n_heads * n_rows) / n_span;
            for (size_t c = 0; sequence->attention_by_head && c < n_layer_heads; c++)
                sequence->attention_by_head[i * n_layer_heads + c] =
                    (double)batch->head_mass[range->first_head_mass + i * n_layer_heads + c] /
                    unit / n_rows / n_span;
        }
        if (sequence->focus)
            *sequence->focus =
                attention_focus(batch->focus + range->first_focus * info->n_heads,
                                range->n_keys - sequence->attend_from, info->n_heads);
    }
}

void attention_reach(const struct session *session, const struct ragged *batch)
{
    const size_t n_heads = session->model->info.n_heads;

    for (size_t p = 0; p < batch->n_ranges; p++) {
        const struct sequence *sequence = batch->ranges[p].sequence;
        const size_t end =
            p + 1 < batch->n_ranges ? batch->ranges[p + 1].first_tile : batch->n_tiles;
        const double n = (double)sequence->n_tokens;
        double strength = 0, variance = 0;

        for (size_t head = 0; sequence->reach && head < n_heads; head++) {
            double sum = 0, squares = 0;

            for (size_t t = batch->ranges[p].first_tile; t < end; t++) {
                sum += batch->reach[2 * (t * n_heads + head)];
                squares += batch->reach[2 * (t * n_heads + head) + 1];
            }
            strength += sum / n;
            variance += attention_variance(sum, squares, n * n);
        }
        if (sequence->reach) {
            sequence->reach[0] = strength / (double)n_heads;
            sequence->reach[1] = variance / (double)n_heads;
        }
    }
}
