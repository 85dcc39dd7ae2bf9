/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "cli/command.h"
#include "cli/rows.h"
#include "store/query.h"
#include "store/store.h"

static int cmd_cohort_list_run(struct cli *cli, const void *args, struct error *err)
{
    struct store *store = NULL;
    struct query *query = NULL;
    int rc = -1;

    (void)args;
    if (command_open_store(cli, &store, err) == 0 &&
        query_open_view(store, "v_cohorts", &query, err) == 0)
        rc = rows_print(query, cli->json ? ROWS_JSON : ROWS_TABLE, err);
    query_close(query);
    store_close(store);
    return rc;
}

const struct command cmd_cohort_list = {
    .name = "cohort list",
    .summary = "list all versions of all cohorts",
    .run = cmd_cohort_list_run,
};
