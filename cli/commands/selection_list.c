/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "cli/command.h"
#include "cli/rows.h"
#include "store/query.h"
#include "store/store.h"

static int cmd_selection_list_run(struct cli *cli, const void *args, struct error *err)
{
    struct store *store = NULL;
    struct query *query = NULL;
    int rc = -1;

    (void)args;
    if (command_open_store(cli, &store, err) == 0 &&
        query_open_view(store, "v_selections", &query, err) == 0)
        rc = rows_print(query, cli->json ? ROWS_JSON : ROWS_TABLE, err);
    query_close(query);
    store_close(store);
    return rc;
}

const struct command cmd_selection_list = {
    .name = "selection list",
    .summary = "list all selections, with what they were chosen by",
    .description =
        "n_candidates counts the samples that could be chosen, n_unscored those that had no\n"
        "value to be ordered by.",
    .run = cmd_selection_list_run,
};
