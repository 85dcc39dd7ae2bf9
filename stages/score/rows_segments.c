/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/rows.h"

#include <math.h>

#include "base/error.h"
#include "stages/stage.h"
#include "store/score.h"
#include "store/segment_attention.h"

int score_save_segments(const struct score_setup *setup, const struct score_node *node,
                        int64_t sample_id, const struct observation *seen, enum score_pass pass,
                        struct error *err)
{
    struct store *store = setup->context->store;

    for (size_t i = 0; i < seen->n_segments; i++) {
        const struct segment *segment = &seen->segments[i];
        const struct segment_row row = { .score_set_id = node->set_id,
                                         .sample_id = sample_id,
                                         .segment = (int64_t)i,
                                         .tok_start = (int64_t)segment->tok_start,
                                         .tok_end = (int64_t)segment->tok_end,
                                         .attention = segment->attention,
                                         .nll = pass == SCORE_PASS_ATTENTION
                                                    ? (double)NAN
                                                    : segment->nll_nats };

        if ((pass == SCORE_PASS_NLL ? segment_put_nll(store, &row, err)
                                    : segment_put(store, &row, err)) < 0)
            return -1;
    }
    return 0;
}

bool score_has_tables(const struct score_setup *setup, const struct score_node *node)
{
    return setup->settings->args->attention_by != SCORE_NO_TABLES &&
           score_node_stores_segments(node);
}

int score_list_missing_tables(const struct score_setup *setup, const struct score_node *node,
                              const struct id_list *samples, struct id_list *out,
                              struct error *err)
{
    return segment_attention_list_incomplete(
        setup->context->store, node->set_id,
        setup->settings->args->attention_by == SCORE_BY_HEAD, samples, out, err);
}

/* Save the mean over the heads of a layer, or a row for each head. */
static int save_layer(const struct score_setup *setup, struct segment_attention_row row,
                      const double *heads, size_t n_heads, struct error *err)
{
    struct store *store = setup->context->store;

    if (setup->settings->args->attention_by == SCORE_BY_LAYER) {
        row.head = ALL_HEADS;
        for (size_t h = 0; h < n_heads; h++)
            row.attention += heads[h] / (double)n_heads;
        return segment_attention_put(store, &row, err);
    }
    for (size_t h = 0; h < n_heads; h++) {
        row.head = (int64_t)h;
        row.attention = heads[h];
        if (segment_attention_put(store, &row, err) < 0)
            return -1;
    }
    return 0;
}

int score_save_tables(const struct score_setup *setup, const struct score_node *node,
                      int64_t sample_id, const struct observation *seen, struct error *err)
{
    const double *heads = seen->attention_by_head;

    for (size_t i = 0; i < seen->n_segments; i++) {
        for (size_t l = 0; l < seen->n_layers; l++, heads += seen->n_heads) {
            const struct segment_attention_row row = { .score_set_id = node->set_id,
                                                       .sample_id = sample_id,
                                                       .segment = (int64_t)i,
                                                       .layer = (int64_t)l };

            if (save_layer(setup, row, heads, seen->n_heads, err) < 0)
                return -1;
        }
    }
    return 0;
}
