/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "cli/command.h"
#include "cli/rows.h"
#include "store/query.h"
#include "store/store.h"

struct query_args {
    const char *sql;
    bool csv;
    bool table;
    int64_t max_steps;
};

static const struct option opts[] = {
    { OPTION_FLAG, 0, "csv", offsetof(struct query_args, csv), NULL,
      .help = "print CSV with a header" },
    { OPTION_FLAG, 0, "table", offsetof(struct query_args, table), NULL,
      .help = "print an aligned table with long text shortened, as without an option" },
    { OPTION_INT, 0, "max-steps", offsetof(struct query_args, max_steps), "N",
      .help = "stop after this many steps of SQLite; 0: never" },
    { .type = OPTION_END },
};

static const struct option positional = {
    OPTION_TEXT, 0,
    "sql",       offsetof(struct query_args, sql),
    "SQL",       .help = "one SELECT statement",
};

static int cmd_query_run(struct cli *cli, const void *args, struct error *err)
{
    const struct query_args *a = args;
    struct store *store = NULL;
    struct query *query = NULL;
    int rc = -1;

    if ((int)a->csv + (int)a->table + (int)cli->json > 1)
        return error_set(err, ERR_USAGE,
                         "--csv, --table and --json exclude each other: give one of them");
    const enum rows_format format = a->csv ? ROWS_CSV : cli->json ? ROWS_JSON : ROWS_TABLE;
    if (command_open_store(cli, &store, err) < 0)
        return -1;
    store_limit_steps(store, (uint64_t)a->max_steps);
    if (query_open(store, a->sql, &query, err) == 0)
        rc = rows_print(query, format, err);
    query_close(query);
    store_close(store);
    return rc;
}

const struct command cmd_query = {
    .name = "query",
    .summary = "answer one SELECT statement, read-only",
    .description =
        "Promised not to change: the views v_sample, v_turn, v_pair, v_scores, v_turn_scores,\n"
        "v_segments, v_segment_attention, v_cohorts, v_cohort_scores, v_selection, "
        "v_selections, v_rejects,\n"
        "v_defects, v_run_defects, v_dup_meta, v_migrated, v_runs, v_turn_facts, "
        "v_missing_facts,\n"
        "v_spans, v_funnel, v_exclusions, v_selection_terms, v_selection_groups,\n"
        "v_selection_statistics, v_splits, v_split_parts and v_split. v_facts has a column for "
        "each\n"
        "fact that was measured.",
    .options = opts,
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct query_args),
    .defaults = &(const struct query_args){ .max_steps = STORE_USER_STEPS },
    .run = cmd_query_run,
};
