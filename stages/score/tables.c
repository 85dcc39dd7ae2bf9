/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "stages/score/score_private.h"
#include "stages/stage.h"
#include "store/segment_attention.h"

bool score_has_tables(const struct scoring *scoring, const struct score_node *node)
{
    return scoring->tables != SCORE_NO_TABLES && (node->scorer->needs & NEED_SEGMENTS) &&
           !node->reads_segments;
}

int score_tables_lacking(const struct scoring *scoring, const struct score_node *node,
                         struct id_list *out, struct error *err)
{
    return segment_attention_list_incomplete(scoring->context->store, node->set_id,
                                             scoring->tables == SCORE_BY_HEAD,
                                             &scoring->samples, out, err);
}

/* One layer's row, or those of its heads. */
static int save_layer(const struct scoring *scoring, struct segment_attention_row row,
                      const double *heads, size_t n_heads, struct error *err)
{
    struct store *store = scoring->context->store;

    if (scoring->tables == SCORE_BY_LAYER) {
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

int score_tables_save(const struct scoring *scoring, const struct score_node *node,
                      int64_t sample_id, const struct observation *seen, struct error *err)
{
    const double *heads = seen->attention_by_head;

    for (size_t i = 0; i < seen->n_segments; i++) {
        for (size_t l = 0; l < seen->n_layers; l++, heads += seen->n_heads) {
            const struct segment_attention_row row = { .score_set_id = node->set_id,
                                                       .sample_id = sample_id,
                                                       .segment = (int64_t)i,
                                                       .layer = (int64_t)l };

            if (save_layer(scoring, row, heads, seen->n_heads, err) < 0)
                return -1;
        }
    }
    return 0;
}
