/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "cli/command.h"
#include "cli/rows.h"
#include "store/query.h"
#include "store/store.h"

struct selection_diff_args {
    struct text_list selections;
};

static const struct option positional = {
    OPTION_LIST,  0,
    "selections", offsetof(struct selection_diff_args, selections),
    "NAME",       .help = "the two selections to compare",
};

static int cmd_selection_diff_run(struct cli *cli, const void *args, struct error *err)
{
    const struct selection_diff_args *a = args;
    struct store *store = NULL;
    struct query *query = NULL;
    int rc = -1;

    if (a->selections.n != 2)
        return error_set(err, ERR_USAGE, "names %u selections: name two", a->selections.n);
    if (command_open_store(cli, &store, err) == 0 &&
        query_open_selection_diff(store, a->selections.items[0], a->selections.items[1], &query,
                                  err) == 0)
        rc = rows_print(query, cli->json ? ROWS_JSON : ROWS_TABLE, err);
    query_close(query);
    store_close(store);
    return rc;
}

const struct command cmd_selection_diff = {
    .name = "selection diff",
    .summary = "count the samples that one of two selections lacks",
    .description =
        "only_a counts the samples that only the first selection has, only_b those that only\n"
        "the second one has. The units are tokens if they were measured, else words, else\n"
        "samples. The last row is all sources.",
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct selection_diff_args),
    .defaults = &(const struct selection_diff_args){ .selections = { .n = 0 } },
    .run = cmd_selection_diff_run,
};
