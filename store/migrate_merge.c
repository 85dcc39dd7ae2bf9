/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "store/db_private.h"
#include "store/migrate_private.h"

/* The run that inserted the sample, and the recipe runs it belongs to. */
#define RUNS_OF_GONE                                                                           \
    "WITH RECURSIVE ours (run_id) AS (SELECT run_id FROM sample WHERE sample_id = :gone"       \
    " UNION SELECT r.parent_run_id FROM run r JOIN ours ON r.run_id = ours.run_id"             \
    " WHERE r.parent_run_id IS NOT NULL)"

/* Run these statements in this order. A row that the kept sample already has stays with the
 * other sample, and is deleted with it. */
static const char *const merge_steps[] = {
    "UPDATE OR IGNORE score SET sample_id = :kept WHERE sample_id = :gone",
    "UPDATE OR IGNORE turn_score SET sample_id = :kept WHERE sample_id = :gone",
    "UPDATE OR IGNORE segment_score SET sample_id = :kept WHERE sample_id = :gone",
    "UPDATE OR IGNORE segment_attention SET sample_id = :kept WHERE sample_id = :gone",
    "UPDATE OR IGNORE embedding SET sample_id = :kept WHERE sample_id = :gone",
    "UPDATE OR IGNORE cohort_score SET sample_id = :kept WHERE sample_id = :gone",
    "UPDATE OR IGNORE sample_defect SET sample_id = :kept WHERE sample_id = :gone",
    "UPDATE OR IGNORE dup_meta SET sample_id = :kept WHERE sample_id = :gone",
    "UPDATE migrated_sample SET sample_id = :kept WHERE sample_id = :gone",

    "UPDATE selection_sample SET sample_id = :kept WHERE sample_id = :gone",

    /* The run read a duplicate. */
    RUNS_OF_GONE " UPDATE run SET n_inserted = n_inserted - 1, n_duplicate = n_duplicate + 1,"
                 " n_sft = n_sft - k.sft, n_prompt_only = n_prompt_only - k.prompt_only,"
                 " n_text = n_text - k.text, n_dup_meta = n_dup_meta + k.differs"
                 " FROM (SELECT g.kind = 'sft' AS sft, g.kind = 'prompt_only' AS prompt_only,"
                 " g.kind = 'text' AS text, g.meta IS NOT s.meta AS differs FROM sample g"
                 " JOIN sample s ON s.sample_id = :kept WHERE g.sample_id = :gone) k"
                 " WHERE run_id IN (SELECT run_id FROM ours)",
    "INSERT INTO dup_meta (sample_id, run_id, file_id, line, byte_offset, item, ext_id, meta)"
    " SELECT s.sample_id, g.run_id, g.file_id, g.line, g.byte_offset, g.item, g.ext_id, g.meta"
    " FROM sample g JOIN sample s ON s.sample_id = :kept"
    /* These rows may be missing in a damaged database. */
    " JOIN file f ON f.file_id = g.file_id JOIN run r ON r.run_id = g.run_id"
    " WHERE g.sample_id = :gone AND g.meta IS NOT s.meta",
    "DELETE FROM sample WHERE sample_id = :gone AND :kept > 0",
};

/* Selections that have both samples, and the worse rank of the two. */
static const char BOTH_SELECTED[] =
    "SELECT selection_id, max(rank) FROM selection_sample WHERE sample_id IN (:kept, :gone)"
    " GROUP BY selection_id HAVING count(*) = 2 LIMIT 1";

static const char DROP_RANK[] =
    "DELETE FROM selection_sample WHERE selection_id = :selection_id AND rank = :rank";

/* Ranks are part of the primary key: two rows never share one, not even for a moment. */
static const char CLOSE_GAP[] = "UPDATE selection_sample SET rank = 1 - rank"
                                " WHERE selection_id = :selection_id AND rank > :rank";

static const char END_GAP[] = "UPDATE selection_sample SET rank = -rank"
                              " WHERE selection_id = :selection_id AND rank < 0";

static int drop_rank(struct store *store, int64_t selection_id, int64_t rank, struct error *err)
{
    static const char *const steps[] = { DROP_RANK, CLOSE_GAP, END_GAP };

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct stmt *stmt = NULL;

        if (stmt_use(store, steps[i], &stmt, err) < 0)
            return -1;
        stmt_bind_int(stmt, ":selection_id", selection_id);
        if (steps[i] != END_GAP)
            stmt_bind_int(stmt, ":rank", rank);
        if (stmt_run(stmt, err) < 0)
            return -1;
    }
    return 0;
}

/* A selection that has both samples keeps the better rank. */
static int merge_ranks(struct store *store, int64_t kept, int64_t gone, struct error *err)
{
    struct stmt *stmt = NULL;
    int rc;

    do {
        if (stmt_use(store, BOTH_SELECTED, &stmt, err) < 0)
            return -1;
        stmt_bind_int(stmt, ":kept", kept);
        stmt_bind_int(stmt, ":gone", gone);
        rc = stmt_next(stmt, err);
        if (rc < 1)
            return rc;
        const int64_t selection_id = stmt_int(stmt, 0), rank = stmt_int(stmt, 1);
        stmt_reset(stmt);
        rc = drop_rank(store, selection_id, rank, err);
    } while (rc == 0);
    return -1;
}

int migrate_merge_begin(struct store *store, struct error *err)
{
    return db_exec(store,
                   "CREATE INDEX merge_selection ON selection_sample (sample_id);"
                   "CREATE INDEX merge_segment ON segment_score (sample_id);"
                   "CREATE INDEX merge_attention ON segment_attention (sample_id);"
                   "CREATE INDEX merge_cohort ON cohort_score (sample_id);"
                   "CREATE INDEX merge_migrated ON migrated_sample (sample_id);",
                   err);
}

int migrate_merge_end(struct store *store, struct error *err)
{
    return db_exec(store,
                   "DROP INDEX merge_selection; DROP INDEX merge_segment;"
                   "DROP INDEX merge_attention; DROP INDEX merge_cohort;"
                   "DROP INDEX merge_migrated;",
                   err);
}

int migrate_merge(struct store *store, int64_t kept, int64_t gone, struct error *err)
{
    if (merge_ranks(store, kept, gone, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof merge_steps / sizeof merge_steps[0]; i++) {
        struct stmt *stmt = NULL;

        if (stmt_use(store, merge_steps[i], &stmt, err) < 0)
            return -1;
        stmt_bind_int(stmt, ":kept", kept);
        stmt_bind_int(stmt, ":gone", gone);
        if (stmt_run(stmt, err) < 0)
            return -1;
    }
    return 0;
}
