/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/report.h"
#include "cli/command.h"
#include "cli/rows.h"
#include "store/query.h"
#include "store/store.h"

struct selection_show_args {
    const char *selection;
};

static const struct option positional = {
    OPTION_TEXT, 0,
    "selection", offsetof(struct selection_show_args, selection),
    "NAME",      .help = "name of a selection",
};

static int report_warnings(struct cli *cli, struct store *store, const char *selection,
                           struct error *err)
{
    struct query *query = NULL;
    int rc;

    if (query_open_selection_warnings(store, selection, &query, err) < 0)
        return -1;
    while ((rc = query_next(query, err)) == 1) {
        const struct slice text = query_value(query, 0).bytes;

        report_note(&cli->report, "warning: %.*s", (int)text.len, text.ptr);
    }
    query_close(query);
    return rc;
}

static int cmd_selection_show_run(struct cli *cli, const void *args, struct error *err)
{
    const struct selection_show_args *a = args;
    struct store *store = NULL;
    struct query *query = NULL;
    int rc = -1;

    cli->report.phase = "selection show";
    if (command_open_store(cli, &store, err) == 0 &&
        query_open_selection(store, a->selection, cli->json, &query, err) == 0)
        rc = rows_print(query, cli->json ? ROWS_JSON : ROWS_TABLE, err);
    if (rc == 0 && !cli->json)
        rc = report_warnings(cli, store, a->selection, err);
    query_close(query);
    store_close(store);
    return rc;
}

const struct command cmd_selection_show = {
    .name = "selection show",
    .summary = "print what a selection is, beside what it was chosen from",
    .description =
        "A row of a group has the samples and units of the pool and of the selection; any\n"
        "other row is a number of a column: its mean and quantiles in the pool and in the\n"
        "selection, or the rank correlation (spearman) of the order with it, in the pool.\n"
        "A selection without rows is older than that: run its 'curate select' again.",
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct selection_show_args),
    .defaults = &(const struct selection_show_args){ 0 },
    .run = cmd_selection_show_run,
};
