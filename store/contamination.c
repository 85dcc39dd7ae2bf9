/* SPDX-License-Identifier: Apache-2.0 */
#include "store/contamination.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "store/condition_private.h"
#include "store/db_private.h"
#include "store/selection.h"

enum { PENDING_SQL_MAX_BYTES = 1 << 16 };

static const char FIND[] =
    "SELECT evaluation_id, params, digest FROM evaluation WHERE name = :name";

static const char REMOVE[] = "DELETE FROM evaluation WHERE evaluation_id = :evaluation_id";

static const char ADD[] =
    "INSERT INTO evaluation (name, path, params, digest, n_items, n_not_checkable, n_common,"
    " run_id) VALUES (:name, :path, :params, :digest, :n_items, :n_not_checkable, :n_common,"
    " :run_id)";

static const char ADD_ITEM[] =
    "INSERT INTO evaluation_item (evaluation_id, item, place, prompt, answer, n_prompt_words,"
    " n_answer_words, checkable) VALUES (:evaluation_id, :item, :place, :prompt, :answer,"
    " :n_prompt_words, :n_answer_words, :checkable)";

static const char REMOVE_FOUND[] = "DELETE FROM contamination"
                                   " WHERE evaluation_id = :evaluation_id"
                                   " AND sample_id = :sample_id";

static const char PUT[] =
    "INSERT INTO contamination (evaluation_id, sample_id, covered, longest, flagged)"
    " VALUES (:evaluation_id, :sample_id, :covered, :longest, :flagged)";

static const char ADD_HIT[] =
    "INSERT INTO contamination_hit (evaluation_id, sample_id, item, covered, longest,"
    " answer_whole, flagged) VALUES (:evaluation_id, :sample_id, :item, :covered, :longest,"
    " :answer_whole, :flagged)";

static const char ADD_SPAN[] =
    "INSERT INTO contamination_span (evaluation_id, sample_id, item, number, turn, start, end,"
    " of_answer, item_word, n_words) VALUES (:evaluation_id, :sample_id, :item, :number, :turn,"
    " :start, :end, :of_answer, :item_word, :n_words)";

static const char SUMMARISE[] = "SELECT (SELECT count(DISTINCT item) FROM contamination_hit"
                                " WHERE evaluation_id = :evaluation_id AND flagged),"
                                " count(*), coalesce(sum(flagged), 0) FROM contamination"
                                " WHERE evaluation_id = :evaluation_id";

static enum evaluation_state compare_stored(const struct stmt *row,
                                            const struct evaluation *evaluation)
{
    if (!slice_equal(stmt_bytes(row, 1), evaluation->params))
        return EVALUATION_OTHER_PARAMS;
    return slice_equal(stmt_bytes(row, 2),
                       slice_of((const char *)evaluation->digest, sizeof evaluation->digest))
               ? EVALUATION_SAME
               : EVALUATION_OTHER_ITEMS;
}

int evaluation_find(struct store *store, const struct evaluation *evaluation, int64_t *id,
                    enum evaluation_state *state, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, FIND, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(evaluation->name));
    const int rc = stmt_next(stmt, err);
    if (rc < 0)
        return -1;
    *id = rc == 1 ? stmt_int(stmt, 0) : 0;
    *state = rc == 1 ? compare_stored(stmt, evaluation) : EVALUATION_NEW;
    stmt_reset(stmt);
    return 0;
}

int evaluation_remove(struct store *store, int64_t id, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, REMOVE, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":evaluation_id", id);
    return stmt_run(stmt, err);
}

int evaluation_add(struct store *store, const struct evaluation *evaluation, int64_t run_id,
                   int64_t *id, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, ADD, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(evaluation->name));
    stmt_bind_text(stmt, ":path", slice_text(evaluation->path));
    stmt_bind_text(stmt, ":params", evaluation->params);
    stmt_bind_blob(stmt, ":digest", evaluation->digest, sizeof evaluation->digest);
    stmt_bind_int(stmt, ":n_items", evaluation->n_items);
    stmt_bind_int(stmt, ":n_not_checkable", evaluation->n_not_checkable);
    stmt_bind_int(stmt, ":n_common", evaluation->n_common);
    stmt_bind_int(stmt, ":run_id", run_id);
    if (stmt_run(stmt, err) < 0)
        return -1;
    *id = db_last_id(store);
    return 0;
}

int evaluation_add_item(struct store *store, int64_t evaluation_id,
                        const struct evaluation_item *item, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, ADD_ITEM, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":evaluation_id", evaluation_id);
    stmt_bind_int(stmt, ":item", item->item);
    stmt_bind_text(stmt, ":place", item->place);
    stmt_bind_text(stmt, ":prompt", item->prompt);
    stmt_bind_text(stmt, ":answer", item->answer);
    stmt_bind_int(stmt, ":n_prompt_words", item->n_prompt_words);
    stmt_bind_int(stmt, ":n_answer_words", item->n_answer_words);
    stmt_bind_int(stmt, ":checkable", item->checkable);
    return stmt_run(stmt, err);
}

/* Append the rest of the query: fewer rows than evaluations. */
static int add_not_searched(struct buf *sql, const int64_t *ids, size_t n, struct error *err)
{
    if (buf_add_text(sql,
                     " AS chosen WHERE (SELECT count(*) FROM contamination c"
                     " WHERE c.sample_id = chosen.sample_id AND c.evaluation_id IN (0",
                     err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (buf_printf(sql, err, ", %" PRId64, ids[i]) < 0)
            return -1;
    return buf_printf(sql, err, ")) < %zu ORDER BY sample_id", n);
}

int contamination_find_pending(struct store *store, const int64_t *evaluation_ids, size_t n,
                               const char *condition, struct id_list *out, struct error *err)
{
    struct stmt *stmt = NULL;
    struct buf after;
    int rc = -1;

    buf_init(&after, PENDING_SQL_MAX_BYTES);
    if (add_not_searched(&after, evaluation_ids, n, err) == 0)
        rc = condition_open(store, "SELECT sample_id FROM ", condition, after.data, &stmt, err);
    buf_release(&after);
    return rc < 0 ? -1 : condition_collect(stmt, out, err);
}

/* Get a statement and bind the keys of a sample of an evaluation. */
static int use_of_sample(struct store *store, const char *sql,
                         const struct contamination_row *row, struct stmt **out,
                         struct error *err)
{
    if (stmt_use(store, sql, out, err) < 0)
        return -1;
    stmt_bind_int(*out, ":evaluation_id", row->evaluation_id);
    stmt_bind_int(*out, ":sample_id", row->sample_id);
    return 0;
}

int contamination_put(struct store *store, const struct contamination_row *row,
                      struct error *err)
{
    struct stmt *stmt = NULL;

    if (use_of_sample(store, REMOVE_FOUND, row, &stmt, err) < 0 || stmt_run(stmt, err) < 0 ||
        use_of_sample(store, PUT, row, &stmt, err) < 0)
        return -1;
    stmt_bind_real(stmt, ":covered", row->covered);
    stmt_bind_int(stmt, ":longest", row->longest);
    stmt_bind_int(stmt, ":flagged", row->flagged);
    return stmt_run(stmt, err);
}

int contamination_add_hit(struct store *store, const struct contamination_row *sample,
                          const struct contamination_hit_row *hit, struct error *err)
{
    struct stmt *stmt = NULL;

    if (use_of_sample(store, ADD_HIT, sample, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":item", hit->item);
    stmt_bind_real(stmt, ":covered", hit->covered);
    stmt_bind_int(stmt, ":longest", hit->longest);
    stmt_bind_int(stmt, ":answer_whole", hit->answer_whole);
    stmt_bind_int(stmt, ":flagged", hit->flagged);
    return stmt_run(stmt, err);
}

int contamination_add_span(struct store *store, const struct contamination_row *sample,
                           const struct contamination_span_row *span, struct error *err)
{
    struct stmt *stmt = NULL;

    if (use_of_sample(store, ADD_SPAN, sample, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":item", span->item);
    stmt_bind_int(stmt, ":number", span->number);
    if (span->turn >= 0)
        stmt_bind_int(stmt, ":turn", span->turn);
    stmt_bind_count(stmt, ":start", span->start);
    stmt_bind_count(stmt, ":end", span->end);
    stmt_bind_int(stmt, ":of_answer", span->of_answer);
    stmt_bind_int(stmt, ":item_word", span->item_word);
    stmt_bind_int(stmt, ":n_words", span->n_words);
    return stmt_run(stmt, err);
}

int contamination_summarise(struct store *store, int64_t evaluation_id,
                            struct contamination_summary *out, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, SUMMARISE, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":evaluation_id", evaluation_id);
    if (stmt_next(stmt, err) < 0)
        return -1;
    *out = (struct contamination_summary){ .n_hit_items = stmt_int(stmt, 0),
                                           .n_searched = stmt_int(stmt, 1),
                                           .n_flagged = stmt_int(stmt, 2) };
    stmt_reset(stmt);
    return 0;
}
