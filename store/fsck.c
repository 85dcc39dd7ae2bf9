/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/report.h"
#include "store/db_private.h"
#include "store/fact.h"
#include "store/fsck_private.h"

enum { REPORTED_MAX = 100, TEXT_BYTES = 400 };

/* Only the pairs p that make clusters of a complete set d. */
#define USED_PAIR                                                                              \
    " JOIN dedup_set d ON d.dedup_set_id = p.dedup_set_id AND d.complete"                      \
    " AND (p.similarity >= d.threshold OR p.containment >= d.containment_threshold)"

/* Each result row is a problem. Its columns: where, detail. */
static const struct {
    const char *check;
    const char *sql;
} problem_queries[] = {
    { "integrity", "SELECT 'file', integrity_check FROM pragma_integrity_check(100)"
                   " WHERE integrity_check <> 'ok'" },
    { "foreign_key", "SELECT \"table\" || coalesce(' row ' || rowid, ''),"
                     " 'refers to a missing row of ' || parent"
                     " FROM pragma_foreign_key_check" },
    { "view",
      "SELECT view, views || ' rows for ' || rows || ' of ' || of FROM ("
      " SELECT 'v_sample' AS view, 'sample' AS of, (SELECT count(*) FROM v_sample) AS views,"
      " (SELECT count(*) FROM sample) AS rows UNION ALL"
      " SELECT 'v_turn', 'turn', (SELECT count(*) FROM v_turn), (SELECT count(*) FROM turn)"
      " UNION ALL SELECT 'v_pair', 'sample', (SELECT count(*) FROM v_pair),"
      " (SELECT count(*) FROM sample WHERE kind = 'pair') UNION ALL"
      " SELECT 'v_dup_meta', 'dup_meta', (SELECT count(*) FROM v_dup_meta),"
      " (SELECT count(*) FROM dup_meta) UNION ALL"
      " SELECT 'v_migrated', 'migrated_sample', (SELECT count(*) FROM v_migrated),"
      " (SELECT count(*) FROM migrated_sample) UNION ALL"
      " SELECT 'v_scores', 'score', (SELECT count(*) FROM v_scores),"
      " (SELECT count(*) FROM score) + (SELECT coalesce(sum(1 + (h.gateau_set_id IS NOT NULL)),"
      " 0) FROM cohort_score JOIN cohort h USING (cohort_id) JOIN v_cohorts v"
      " ON v.cohort = h.name AND v.version = h.version WHERE v.is_current) UNION ALL"
      " SELECT 'v_cohort_scores', 'cohort_score', (SELECT count(*) FROM v_cohort_scores),"
      " (SELECT count(*) FROM cohort_score) UNION ALL"
      " SELECT 'v_cohorts', 'cohort', (SELECT count(*) FROM v_cohorts),"
      " (SELECT count(*) FROM cohort) UNION ALL"
      " SELECT 'v_segments', 'segment_score', (SELECT count(*) FROM v_segments),"
      " (SELECT count(*) FROM segment_score) UNION ALL"
      " SELECT 'v_segment_attention', 'segment_attention',"
      " (SELECT count(*) FROM v_segment_attention),"
      " (SELECT count(*) FROM segment_attention) UNION ALL"
      " SELECT 'v_turn_scores', 'turn_score', (SELECT count(*) FROM v_turn_scores),"
      " (SELECT count(*) FROM turn_score) UNION ALL"
      " SELECT 'v_selection', 'selection_sample', (SELECT count(*) FROM v_selection),"
      " (SELECT count(*) FROM selection_sample) UNION ALL"
      " SELECT 'v_selections', 'selection', (SELECT count(*) FROM v_selections),"
      " (SELECT count(*) FROM selection) UNION ALL"
      " SELECT 'v_funnel', 'selection_funnel', (SELECT count(*) FROM v_funnel),"
      " (SELECT count(*) FROM selection_funnel) UNION ALL"
      " SELECT 'v_exclusions', 'selection_exclusion', (SELECT count(*) FROM v_exclusions),"
      " (SELECT count(*) FROM selection_exclusion) UNION ALL"
      " SELECT 'v_selection_terms', 'selection_term', (SELECT count(*) FROM v_selection_terms),"
      " (SELECT count(*) FROM selection_term) UNION ALL"
      " SELECT 'v_selection_groups', 'selection_group',"
      " (SELECT count(*) FROM v_selection_groups),"
      " (SELECT count(*) FROM selection_group) UNION ALL"
      " SELECT 'v_selection_statistics', 'selection_statistic',"
      " (SELECT count(*) FROM v_selection_statistics),"
      " (SELECT count(*) FROM selection_statistic) UNION ALL"
      " SELECT 'v_dedup_sets', 'dedup_set', (SELECT count(*) FROM v_dedup_sets),"
      " (SELECT count(*) FROM dedup_set) UNION ALL"
      " SELECT 'v_dedup_pairs', 'dedup_pair', (SELECT count(*) FROM v_dedup_pairs),"
      " (SELECT count(*) FROM dedup_pair) UNION ALL"
      " SELECT 'v_duplicates', 'dedup_member', (SELECT count(*) FROM v_duplicates),"
      " (SELECT count(*) FROM dedup_member) UNION ALL"
      " SELECT 'v_contamination', 'contamination_hit', (SELECT count(*) FROM v_contamination),"
      " (SELECT count(*) FROM contamination_hit) UNION ALL"
      " SELECT 'v_contamination_spans', 'contamination_span',"
      " (SELECT count(*) FROM v_contamination_spans),"
      " (SELECT count(*) FROM contamination_span) UNION ALL"
      " SELECT 'v_splits', 'split', (SELECT count(*) FROM v_splits),"
      " (SELECT count(*) FROM split) UNION ALL"
      " SELECT 'v_split_parts', 'split_part', (SELECT count(*) FROM v_split_parts),"
      " (SELECT count(*) FROM split_part) UNION ALL"
      " SELECT 'v_split', 'split_sample', (SELECT count(*) FROM v_split),"
      " (SELECT count(*) FROM split_sample) UNION ALL"
      " SELECT 'v_rejects', 'reject', (SELECT count(*) FROM v_rejects),"
      " (SELECT count(*) FROM reject) UNION ALL"
      " SELECT 'v_runs', 'run', (SELECT count(*) FROM v_runs), (SELECT count(*) FROM run))"
      " WHERE views <> rows" },
    { "conservation",
      "SELECT 'run ' || run_id, n_read || ' read, but ' || n_inserted || ' inserted + ' ||"
      " n_duplicate || ' duplicate + ' || n_rejected || ' rejected' FROM run"
      " WHERE n_read <> n_inserted + n_duplicate + n_rejected"
      " + CASE command WHEN 'score import' THEN n_scored ELSE 0 END AND NOT EXISTS"
      " (SELECT 1 FROM run c WHERE c.parent_run_id = run.run_id)" },
    { "conservation",
      "SELECT 'run ' || r.run_id, r.n_inserted || ' inserted, but ' || coalesce(s.n, 0) ||"
      " ' samples exist' FROM run r LEFT JOIN (SELECT run_id, count(*) AS n FROM sample"
      " GROUP BY run_id) s ON s.run_id = r.run_id WHERE r.n_inserted <> coalesce(s.n, 0)"
      " AND NOT EXISTS (SELECT 1 FROM run c WHERE c.parent_run_id = r.run_id)" },
    { "conservation",
      "SELECT 'run ' || run_id, n_inserted || ' inserted, but ' || n_sft || ' sft + ' ||"
      " n_pair || ' pair + ' || n_prompt_only || ' prompt_only + ' || n_text || ' text'"
      " FROM run WHERE n_inserted <> n_sft + n_pair + n_prompt_only + n_text UNION ALL"
      " SELECT 'run ' || run_id, n_dup_meta || ' of ' || n_duplicate ||"
      " ' duplicates have another meta' FROM run WHERE n_dup_meta > n_duplicate" },
    { "conservation",
      "SELECT 'run ' || r.run_id, r.n_rejected || ' rejected, but ' || j.n ||"
      " ' rejects exist' FROM run r JOIN (SELECT run_id, sum(n_rows) AS n FROM reject"
      " GROUP BY run_id) j ON j.run_id = r.run_id WHERE j.n > r.n_rejected" },
    { "score", "SELECT 'sample ' || sample_id || ' in set ' || score_set_id,"
               " 'its value is not finite' FROM score WHERE value IN (9e999, -9e999)" },
    { "score", "SELECT 'segment ' || segment || ' of sample ' || sample_id || ' in set ' || "
               "score_set_id,"
               " 'one of its values is not finite' FROM segment_score"
               " WHERE attention IN (9e999, -9e999) OR nll IN (9e999, -9e999)" },
    { "score", "SELECT 'layer ' || layer || ' of segment ' || segment || ' of sample ' ||"
               " sample_id || ' in set ' || score_set_id,"
               " 'its attention is not finite' FROM segment_attention"
               " WHERE attention IN (9e999, -9e999)" },
    { "score", "SELECT 'turn ' || turn || ' of sample ' || sample_id || ' in set ' ||"
               " score_set_id,"
               " 'its value is not finite' FROM turn_score WHERE value IN (9e999, -9e999)" },
    { "score", "SELECT 'sample ' || k.sample_id || ' in cohort ' || h.name || '@' || h.version,"
               " 'it has a score, and the status ' || k.status"
               " FROM cohort_score k JOIN cohort h USING (cohort_id)"
               " WHERE (k.status IN ('cohort_of_one', 'all_equal')"
               " AND (k.hmp IS NOT NULL OR k.gateau IS NOT NULL))"
               " OR (k.gateau IS NOT NULL"
               " AND k.status NOT IN ('ok', 'truncated', 'imputed', 'at_least'))" },
    { "score", "SELECT 'sample ' || k.sample_id || ' in cohort ' || h.name || '@' || h.version,"
               " 'its status is ' || k.status || ', but it has no score'"
               " FROM cohort_score k JOIN cohort h USING (cohort_id)"
               " WHERE k.status IN ('ok', 'truncated', 'imputed', 'at_least')"
               " AND (k.hmp IS NULL OR (h.gateau_set_id IS NOT NULL AND k.gateau IS NULL))" },
    { "score",
      "SELECT 'cohort ' || h.name || '@' || h.version,"
      " 'it compares nothing, because its samples have the same inputs, but it has scores'"
      " FROM cohort h WHERE nll_short_min = nll_short_max AND nll_long_min = nll_long_max"
      " AND EXISTS (SELECT 1 FROM cohort_score k WHERE k.cohort_id = h.cohort_id"
      " AND k.hmp IS NOT NULL)" },
    { "selection",
      "SELECT 'selection ' || e.name, 'its ranks are not 1 to ' || count(*)"
      " FROM selection_sample x JOIN selection e USING (selection_id)"
      " GROUP BY selection_id HAVING min(x.rank) <> 1 OR max(x.rank) <> count(*)" },
    { "selection", "SELECT 'selection ' || e.name, 'it was ordered by ' || e.fact ||"
                   " ', which is no fact of the database' FROM selection e WHERE NOT EXISTS"
                   " (SELECT 1 FROM fact_column k WHERE k.name = e.fact AND k.of_turns = 0"
                   " AND k.type <> 'TEXT') AND e.fact IS NOT NULL" },
    { "selection", "SELECT 'selection ' || e.name, 'rank ' || x.rank || ' has ' ||"
                   " iif(x.score IS NULL, 'no score', 'a score, and it is not ordered')"
                   " FROM selection_sample x JOIN selection e USING (selection_id)"
                   " WHERE (x.score IS NULL) <> (e.ordering = 'none')" },
    { "selection",
      "SELECT 'selection ' || e.name, 'it has more of ' || k.kind || ' ' || k.name ||"
      " ' than there was to choose from' FROM selection_group k"
      " JOIN selection e USING (selection_id)"
      " WHERE k.n_selected > k.n_pool OR k.units_selected > k.units_pool" },
    { "selection",
      "SELECT 'selection ' || e.name, 'rank ' || k.rank || ': its terms sum up to ' ||"
      " sum(k.value) || ' and not to its score' FROM selection_term k"
      " JOIN selection e USING (selection_id)"
      " JOIN selection_sample x USING (selection_id, rank) GROUP BY selection_id, rank"
      " HAVING abs(sum(k.value) - x.score) > 1e-9 * (sum(abs(k.value)) + 1)" },
    { "dedup", "SELECT 'samples ' || p.a || ' and ' || p.b || ' in set ' || d.name,"
               " 'the first of the pair has not the smaller hash' FROM dedup_pair p"
               " JOIN dedup_set d USING (dedup_set_id) JOIN sample a ON a.sample_id = p.a"
               " JOIN sample b ON b.sample_id = p.b WHERE a.hash >= b.hash" },
    { "dedup", "SELECT 'samples ' || p.a || ' and ' || p.b || ' in set ' || d.name,"
               " 'their similarity or containment is out of range' FROM dedup_pair p"
               " JOIN dedup_set d USING (dedup_set_id)"
               " WHERE abs(p.similarity) > 1.000001 OR p.containment NOT BETWEEN 0 AND 1" },
    { "dedup", "SELECT 'set ' || name, 'it is complete, but has no threshold' FROM dedup_set"
               " WHERE complete AND threshold IS NULL" },
    { "dedup",
      "SELECT 'sample ' || m.sample_id || ' in set ' || d.name, 'it is in a cluster, but was "
      "not"
      " compared' FROM dedup_member m JOIN dedup_set d USING (dedup_set_id) WHERE d.complete"
      " AND NOT EXISTS (SELECT 1 FROM dedup_signature g WHERE g.dedup_set_id = m.dedup_set_id"
      " AND g.sample_id = m.sample_id AND g.signature IS NOT NULL)" },
    { "dedup",
      "SELECT 'samples ' || p.a || ' and ' || p.b || ' in set ' || d.name,"
      " 'they are a pair, but not of one cluster' FROM dedup_pair p" USED_PAIR
      " LEFT JOIN dedup_member a ON a.dedup_set_id = p.dedup_set_id AND a.sample_id = p.a"
      " LEFT JOIN dedup_member b ON b.dedup_set_id = p.dedup_set_id AND b.sample_id = p.b"
      " WHERE a.cluster IS NULL OR a.cluster IS NOT b.cluster" },
    { "dedup",
      "WITH RECURSIVE reached (id, s) AS (SELECT dedup_set_id, sample_id FROM dedup_member"
      " WHERE sample_id = cluster"
      " UNION SELECT r.id, p.b FROM reached r JOIN dedup_pair p ON p.dedup_set_id = r.id"
      " AND p.a = r.s" USED_PAIR
      " UNION SELECT r.id, p.a FROM reached r JOIN dedup_pair p ON p.dedup_set_id = r.id"
      " AND p.b = r.s" USED_PAIR ")"
      " SELECT 'sample ' || m.sample_id || ' in set ' || d.name,"
      " 'no pairs connect it with the sample ' || m.cluster || ', which names its cluster'"
      " FROM dedup_member m JOIN dedup_set d USING (dedup_set_id) WHERE d.complete"
      " AND (m.dedup_set_id, m.sample_id) NOT IN (SELECT id, s FROM reached)" },
    { "dedup",
      "SELECT 'sample ' || m.sample_id || ' in set ' || d.name,"
      " 'its cluster has the name of a sample with a greater hash' FROM dedup_member m"
      " JOIN dedup_set d USING (dedup_set_id) JOIN sample s ON s.sample_id = m.sample_id"
      " JOIN sample c ON c.sample_id = m.cluster WHERE s.hash < c.hash" },
    { "dedup", "SELECT 'samples ' || p.a || ' and ' || p.b || ' in set ' || d.name,"
               " 'they are a pair, and both are kept' FROM dedup_pair p" USED_PAIR
               " JOIN dedup_member a ON a.dedup_set_id = p.dedup_set_id AND a.sample_id = p.a"
               " JOIN dedup_member b ON b.dedup_set_id = p.dedup_set_id AND b.sample_id = p.b"
               " WHERE a.leader IS NULL AND b.leader IS NULL" },
    { "dedup",
      "SELECT 'sample ' || m.sample_id || ' in set ' || d.name, 'the sample ' || m.leader ||"
      " ' is not kept instead of it' FROM dedup_member m JOIN dedup_set d USING (dedup_set_id)"
      " LEFT JOIN dedup_member l ON l.dedup_set_id = m.dedup_set_id AND l.sample_id = m.leader"
      " WHERE m.leader IS NOT NULL AND (l.sample_id IS NULL OR l.leader IS NOT NULL"
      " OR l.cluster <> m.cluster)" },
    { "dedup", "SELECT 'cluster ' || m.cluster || ' in set ' || d.name,"
               " sum(m.component_keep) || ' of its samples are the one that is kept, the first "
               "of them at"
               " place ' ||  min(CASE WHEN m.component_keep THEN m.place END)"
               " FROM dedup_member m JOIN dedup_set d USING (dedup_set_id)"
               " GROUP BY m.dedup_set_id, m.cluster HAVING sum(m.component_keep) <> 1"
               " OR sum(m.component_keep AND m.leader IS NULL) <> 1"
               " OR min(m.place) <> min(CASE WHEN m.component_keep THEN m.place END)" },
    { "split",
      "SELECT 'split ' || name, 'it has groups: ' || n_groups || ', but the groups of its"
      " samples are ' || n FROM (SELECT p.name, p.n_groups, count(DISTINCT x.group_key)"
      " AS n FROM split p LEFT JOIN split_sample x ON x.split_id = p.split_id"
      " GROUP BY p.split_id) WHERE n_groups <> n" },
    { "split", "SELECT 'split ' || p.name, 'its shares sum to ' || sum(k.share) || ', not to 1'"
               " FROM split p LEFT JOIN split_part k ON k.split_id = p.split_id"
               " GROUP BY p.split_id HAVING abs(coalesce(sum(k.share), 0) - 1) > 1e-9" },
    { "split",
      "SELECT 'sample ' || x.sample_id || ' in split ' || p.name,"
      " 'it is in ' || x.part || ', but the first sample of its group, ' || x.group_key"
      " || ', is in ' || coalesce(k.part, 'none of its parts') FROM split_sample x"
      " JOIN split p ON p.split_id = x.split_id LEFT JOIN split_sample k"
      " ON k.split_id = x.split_id AND k.sample_id = x.group_key"
      " WHERE k.part IS NOT x.part OR k.group_key <> x.group_key" },
    { "split", "SELECT 'sample ' || x.sample_id || ' in split ' || p.name,"
               " 'its group has the key of a sample with a greater hash' FROM split_sample x"
               " JOIN split p ON p.split_id = x.split_id JOIN sample s"
               " ON s.sample_id = x.sample_id JOIN sample k ON k.sample_id = x.group_key"
               " WHERE s.hash < k.hash" },
    { "split", "SELECT 'context ' || s.context_id || ' in split ' || p.name,"
               " 'its samples are of ' || count(DISTINCT x.group_key) || ' groups'"
               " FROM split_sample x JOIN split p ON p.split_id = x.split_id"
               " JOIN sample s ON s.sample_id = x.sample_id WHERE s.context_id IS NOT NULL"
               " GROUP BY x.split_id, s.context_id HAVING count(DISTINCT x.group_key) > 1" },
    { "contamination",
      "SELECT 'evaluation ' || e.name, e.n_items || ' items, ' || e.n_not_checkable ||"
      " ' not checkable, but ' || i.n || ' and ' || i.n_not || ' exist' FROM evaluation e"
      " JOIN (SELECT x.evaluation_id AS id, count(y.item) AS n,"
      " count(CASE WHEN NOT y.checkable THEN 1 END) AS n_not FROM evaluation x"
      " LEFT JOIN evaluation_item y ON y.evaluation_id = x.evaluation_id GROUP BY 1) i"
      " ON i.id = e.evaluation_id WHERE (e.n_items, e.n_not_checkable) <> (i.n, i.n_not)" },
    { "contamination",
      "SELECT 'sample ' || k.sample_id || ' in evaluation ' || e.name,"
      " 'its values are not the most of its items' FROM contamination k"
      " JOIN evaluation e USING (evaluation_id) LEFT JOIN (SELECT evaluation_id, sample_id,"
      " max(covered) AS covered, max(longest) AS longest, max(flagged) AS flagged"
      " FROM contamination_hit GROUP BY evaluation_id, sample_id) h"
      " ON h.evaluation_id = k.evaluation_id AND h.sample_id = k.sample_id"
      " WHERE (k.covered, k.longest, k.flagged) <>"
      " (coalesce(h.covered, 0), coalesce(h.longest, 0), coalesce(h.flagged, 0))" },
    { "contamination",
      "SELECT 'span ' || p.number || ' of sample ' || p.sample_id || ' in evaluation ' ||"
      " e.name, 'it is not inside its text' FROM contamination_span p"
      " JOIN evaluation e USING (evaluation_id) JOIN sample s ON s.sample_id = p.sample_id"
      " LEFT JOIN turn t ON t.sample_id = p.sample_id AND t.turn = p.turn"
      " LEFT JOIN context c ON c.context_id = s.context_id AND p.turn IS NULL"
      " WHERE p.start < 0 OR p.start >= p.end"
      " OR p.end > coalesce(length(CAST(coalesce(t.content, c.text) AS BLOB)), 0)" },
};

static void fsck_report_problem(struct fsck *fsck, const char *where, const char *detail)
{
    const struct fsck_problem problem = { fsck->check, where, detail };

    fsck->result.n_problems++;
    if (fsck->n_reported++ < REPORTED_MAX)
        fsck->found(fsck->arg, &problem);
}

void fsck_report_row(struct fsck *fsck, const char *table, int64_t id, const char *detail)
{
    char where[64];

    snprintf(where, sizeof where, "%s %" PRId64, table, id);
    fsck_report_problem(fsck, where, detail);
}

int fsck_step(struct fsck *fsck, struct error *err)
{
    const int signal = report_stop(fsck->report);

    if (signal)
        return error_set_sys(err, ERR_CANCELLED, signal, "stopped by signal %d", signal);
    fsck->report->done++;
    report_tick(fsck->report);
    return 0;
}

static void copy_column(const struct stmt *row, size_t column, char out[TEXT_BYTES])
{
    const struct slice text = stmt_bytes(row, column);

    snprintf(out, TEXT_BYTES, "%.*s", (int)text.len, text.ptr ? text.ptr : "?");
}

static int report_rows(struct fsck *fsck, struct stmt *rows, struct error *err)
{
    char where[TEXT_BYTES], detail[TEXT_BYTES];
    int rc;

    while ((rc = stmt_next(rows, err)) == 1) {
        copy_column(rows, 0, where);
        copy_column(rows, 1, detail);
        fsck_report_problem(fsck, where, detail);
    }
    return rc;
}

/* Turn a failure that damage causes into a problem: unreadable data, and a query that does not
 * fit the schema. Returns 0 then, otherwise rc. */
static int report_damage(struct fsck *fsck, int rc, struct error *err)
{
    if (rc == 0 || (err->code != ERR_INPUT && err->code != ERR_INVARIANT))
        return rc;
    fsck_report_problem(fsck, "file", err->msg);
    return 0;
}

static int run_query(struct fsck *fsck, const char *sql, struct error *err)
{
    struct stmt *rows = NULL;
    int rc = fsck_step(fsck, err);

    if (rc == 0)
        rc = stmt_open(fsck->store, sql, &rows, err);
    if (rc == 0)
        rc = report_rows(fsck, rows, err);
    stmt_close(rows);
    return report_damage(fsck, rc, err);
}

static const char LIST_OBJECTS[] = "SELECT name, type, sql FROM sqlite_schema"
                                   " WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'"
                                   " ORDER BY name";

static const char FIND_OBJECT[] = "SELECT sql = :sql FROM sqlite_schema WHERE name = :name";

/* Compare a table, index or view of a new database with the one in this database. */
static int compare_object(struct fsck *fsck, const struct stmt *want, struct error *err)
{
    struct stmt *found = NULL;
    char where[TEXT_BYTES], name[TEXT_BYTES], type[TEXT_BYTES];

    copy_column(want, 0, name);
    copy_column(want, 1, type);
    snprintf(where, sizeof where, "%.20s %.300s", type, name);
    if (stmt_use(fsck->store, FIND_OBJECT, &found, err) < 0)
        return -1;
    stmt_bind_text(found, ":name", stmt_bytes(want, 0));
    stmt_bind_text(found, ":sql", stmt_bytes(want, 2));
    const int rc = stmt_next(found, err);
    if (rc == 0)
        fsck_report_problem(fsck, where, "missing");
    else if (rc == 1 && stmt_int(found, 0) != 1)
        fsck_report_problem(fsck, where, "differs from what the migrations create");
    stmt_reset(found);
    return rc < 0 ? -1 : 0;
}

/* A user's own tables, views and indexes do no harm; a trigger might. */
static const char TRIGGERS[] = "SELECT 'trigger ' || name, 'the migrations create no triggers'"
                               " FROM sqlite_schema WHERE type = 'trigger'";

static int compare_objects(struct fsck *fsck, struct store *fresh, struct error *err)
{
    struct stmt *want = NULL;
    int rc;

    if (stmt_use(fresh, LIST_OBJECTS, &want, err) < 0)
        return -1;
    while ((rc = stmt_next(want, err)) == 1)
        if (compare_object(fsck, want, err) < 0)
            return -1;
    return rc;
}

static int check_schema(struct fsck *fsck, struct error *err)
{
    struct store *fresh = NULL;

    if (store_open(":memory:", STORE_CREATE, &fresh, err) < 0)
        return -1;
    int rc = fact_copy_columns(fsck->store, fresh, err);
    if (rc == 0)
        rc = compare_objects(fsck, fresh, err);
    store_close(fresh);
    return report_damage(fsck, rc, err) < 0 ? -1 : run_query(fsck, TRIGGERS, err);
}

static void begin_check(struct fsck *fsck, const char *check)
{
    if (!fsck->check || strcmp(fsck->check, check) != 0)
        fsck->n_reported = 0;
    fsck->check = check;
}

static int run_checks(struct fsck *fsck, struct error *err)
{
    begin_check(fsck, "schema");
    if (check_schema(fsck, err) < 0)
        return -1;
    const bool schema_is_intact = fsck->result.n_problems == 0;
    for (size_t i = 0; i < sizeof problem_queries / sizeof problem_queries[0]; i++) {
        /* A foreign view can return anything, and may never end. */
        if (!schema_is_intact && strcmp(problem_queries[i].check, "view") == 0)
            continue;
        begin_check(fsck, problem_queries[i].check);
        if (run_query(fsck, problem_queries[i].sql, err) < 0)
            return -1;
    }
    begin_check(fsck, "content_hash");
    return report_damage(fsck, fsck_hashes(fsck, err), err);
}

int fsck_run(struct store *store, struct report *report,
             void (*found)(void *arg, const struct fsck_problem *problem), void *arg,
             struct fsck_result *out, struct error *err)
{
    struct fsck fsck = { .store = store, .report = report, .found = found, .arg = arg };

    report->phase = "fsck";
    report->unit = "rows";
    const bool is_inside = db_in_transaction(store);

    if (!is_inside && db_exec(store, "BEGIN", err) < 0)
        return -1;
    const int rc = run_checks(&fsck, err);
    if (!is_inside)
        store_rollback(store); /* nothing was written */
    *out = fsck.result;
    return rc;
}
