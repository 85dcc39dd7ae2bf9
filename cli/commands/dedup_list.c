/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "cli/command.h"
#include "cli/rows.h"
#include "store/query.h"
#include "store/store.h"

/* Print how many contexts several samples have: these samples are no duplicates, but a split
 * must not separate them. */
static int print_shared_contexts(struct store *store, struct error *err)
{
    struct query *query = NULL;

    if (query_open(store, "SELECT count(*), coalesce(sum(n_samples), 0) FROM v_shared_contexts",
                   &query, err) < 0)
        return -1;
    const int rc = query_next(query, err);
    if (rc == 1 && query_value(query, 0).integer > 0)
        printf("\n%" PRId64 " contexts are shared by %" PRId64 " samples (v_shared_contexts)\n",
               query_value(query, 0).integer, query_value(query, 1).integer);
    query_close(query);
    return rc < 0 ? -1 : 0;
}

static int cmd_dedup_list_run(struct cli *cli, const void *args, struct error *err)
{
    struct store *store = NULL;
    struct query *query = NULL;
    int rc = -1;

    (void)args;
    if (command_open_store(cli, &store, err) == 0 &&
        query_open_view(store, "v_dedup_sets", &query, err) == 0 &&
        rows_print(query, cli->json ? ROWS_JSON : ROWS_TABLE, err) == 0)
        rc = cli->json ? 0 : print_shared_contexts(store, err);
    query_close(query);
    store_close(store);
    return rc;
}

const struct command cmd_dedup_list = {
    .name = "dedup list",
    .summary = "list all sets of duplicates",
    .description =
        "A set is complete unless a run was interrupted. n_newer counts the samples that were\n"
        "not compared yet: run the command that made the set again, with the same options.",
    .run = cmd_dedup_list_run,
};
