/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "cli/command.h"
#include "cli/rows.h"
#include "store/query.h"
#include "store/store.h"

static int cmd_split_list_run(struct cli *cli, const void *args, struct error *err)
{
    struct store *store = NULL;
    struct query *query = NULL;
    int rc = -1;

    (void)args;
    if (command_open_store(cli, &store, err) == 0 &&
        query_open_view(store, "v_splits", &query, err) == 0)
        rc = rows_print(query, cli->json ? ROWS_JSON : ROWS_TABLE, err);
    query_close(query);
    store_close(store);
    return rc;
}

const struct command cmd_split_list = {
    .name = "split list",
    .summary = "list all splits, with their parts",
    .description =
        "n_outside counts the samples that are not in the split: they do not meet its\n"
        "condition, or are newer. To add new samples, run the command that made the split "
        "again.",
    .run = cmd_split_list_run,
};
