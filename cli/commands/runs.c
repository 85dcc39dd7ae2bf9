/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "cli/command.h"
#include "cli/rows.h"
#include "store/query.h"
#include "store/store.h"

static int cmd_runs_run(struct cli *cli, const void *args, struct error *err)
{
    struct store *store = NULL;
    struct query *query = NULL;
    int rc = -1;

    (void)args;
    if (command_open_store(cli, &store, err) == 0 &&
        query_open_view(store, "v_runs", &query, err) == 0)
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
