/* SPDX-License-Identifier: Apache-2.0 */
#include "store/segment_attention.h"

#include <inttypes.h>
#include <math.h>

#include "base/error.h"
#include "store/condition_private.h"
#include "store/db_private.h"
#include "store/selection.h"

static const char PUT_ATTENTION[] =
    "INSERT INTO segment_attention (score_set_id, sample_id, segment, layer, head, attention)"
    " VALUES (:score_set_id, :sample_id, :segment, :layer, :head, :attention)"
    " ON CONFLICT (score_set_id, sample_id, segment, layer, head) DO UPDATE SET"
    " attention = excluded.attention";

static const char IS_COMPLETE[] =
    "SELECT EXISTS (SELECT 1 FROM score WHERE score_set_id = :score_set_id"
    " AND sample_id = :sample_id) AND NOT EXISTS (SELECT 1 FROM segment_score g"
    " WHERE g.score_set_id = :score_set_id AND g.sample_id = :sample_id AND NOT EXISTS"
    " (SELECT 1 FROM segment_attention a WHERE a.score_set_id = g.score_set_id"
    " AND a.sample_id = g.sample_id AND a.segment = g.segment AND (a.head >= 0) = :by_head))";

int segment_attention_put(struct store *store, const struct segment_attention_row *row,
                          struct error *err)
{
    struct stmt *stmt = NULL;

    if (!isfinite(row->attention))
        return error_set(err, ERR_INVARIANT,
                         "the attention of layer %" PRId64 " to segment %" PRId64
                         " of sample %" PRId64 " is %g",
                         row->layer, row->segment, row->sample_id, row->attention);
    if (stmt_use(store, PUT_ATTENTION, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":score_set_id", row->score_set_id);
    stmt_bind_int(stmt, ":sample_id", row->sample_id);
    stmt_bind_int(stmt, ":segment", row->segment);
    stmt_bind_int(stmt, ":layer", row->layer);
    stmt_bind_int(stmt, ":head", row->head);
    stmt_bind_real(stmt, ":attention", row->attention);
    return stmt_run(stmt, err);
}

static int is_complete(struct store *store, int64_t score_set_id, bool by_head,
                       int64_t sample_id, int64_t *out, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, IS_COMPLETE, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":score_set_id", score_set_id);
    stmt_bind_int(stmt, ":sample_id", sample_id);
    stmt_bind_int(stmt, ":by_head", by_head);
    return stmt_get_int(stmt, out, err);
}

int segment_attention_list_incomplete(struct store *store, int64_t score_set_id, bool by_head,
                                      const struct id_list *samples, struct id_list *out,
                                      struct error *err)
{
    struct id_list list = { 0 };
    size_t cap = 0;
    int64_t complete;

    for (size_t i = 0; i < samples->n; i++) {
        if (is_complete(store, score_set_id, by_head, samples->ids[i], &complete, err) < 0 ||
            (!complete && id_list_add(&list, &cap, samples->ids[i], err) < 0)) {
            id_list_release(&list);
            return -1;
        }
    }
    *out = list;
    return 0;
}
