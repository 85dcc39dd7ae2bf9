/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "cli/command.h"
#include "cli/rows.h"
#include "pipeline/run.h"
#include "store/query.h"
#include "store/run.h"
#include "store/store.h"

/* Find the runs whose process has ended without a word, as by a kill: they were running before
 * nobody held the lock. *last_dead is the largest id of them, or 0. */
static int find_dead_runs(const struct cli *cli, struct store *store, int64_t *last_dead,
                          struct error *err)
{
    if (run_last_running(store, last_dead, err) < 0)
        return -1;
    if (*last_dead > 0 && pipeline_is_running(cli->db) != 0)
        *last_dead = 0;
    return 0;
}

static int cmd_runs_run(struct cli *cli, const void *args, struct error *err)
{
    struct store *store = NULL;
    struct query *query = NULL;
    int64_t last_dead = 0;
    int rc = -1;

    (void)args;
    if (command_open_store(cli, &store, err) == 0 &&
        find_dead_runs(cli, store, &last_dead, err) == 0 &&
        query_open_runs(store, last_dead, &query, err) == 0)
        rc = rows_print(query, cli->json ? ROWS_JSON : ROWS_TABLE, err);
    query_close(query);
    store_close(store);
    return rc;
}

const struct command cmd_runs = {
    .name = "runs",
    .summary = "list all runs of commands on the database, with their results",
    .run = cmd_runs_run,
};
