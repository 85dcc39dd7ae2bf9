/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/error.h"
#include "cli/command.h"
#include "cli/rows.h"
#include "store/cohort.h"
#include "store/query.h"
#include "store/store.h"

struct cohort_show_args {
    const char *which;
};

static const struct option positional = {
    OPTION_TEXT,      0,
    "cohort",         offsetof(struct cohort_show_args, which),
    "NAME[@VERSION]", .help = "version to print; without @VERSION the current one",
};

static int cmd_cohort_show_run(struct cli *cli, const void *args, struct error *err)
{
    const struct cohort_show_args *a = args;
    struct store *store = NULL;
    struct query *query = NULL;
    struct cohort_row cohort;
    struct arena arena;
    int rc = -1;

    arena_init(&arena);
    if (command_open_store(cli, &store, err) == 0 &&
        cohort_load(store, a->which, &arena, &cohort, err) == 0 &&
        query_open_cohort(store, cohort.cohort_id, &query, err) == 0)
        rc = rows_print(query, cli->json ? ROWS_JSON : ROWS_TABLE, err);
    query_close(query);
    store_close(store);
    arena_release(&arena);
    return rc;
}

const struct command cmd_cohort_show = {
    .name = "cohort show",
    .summary = "print what a version of a cohort was made of, and its ranges",
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct cohort_show_args),
    .defaults = &(const struct cohort_show_args){ .which = NULL },
    .run = cmd_cohort_show_run,
};
