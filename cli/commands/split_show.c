/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/error.h"
#include "base/report.h"
#include "cli/command.h"
#include "cli/rows.h"
#include "store/query.h"
#include "store/store.h"

struct split_show_args {
    const char *split;
};

static const struct option positional = {
    OPTION_TEXT, 0,
    "split",     offsetof(struct split_show_args, split),
    "NAME",      .help = "name of a split",
};

/* Report for each set of duplicates how many of its pairs the split separates. */
static int report_leaks(struct cli *cli, struct store *store, const char *split,
                        struct error *err)
{
    struct query *query = NULL;
    int rc;

    if (query_open_split_leaks(store, split, &query, err) < 0)
        return -1;
    while ((rc = query_next(query, err)) == 1) {
        const struct slice set = query_value(query, 0).bytes;

        report_note(&cli->report,
                    "set %.*s: of %" PRId64 " pairs of duplicates, %" PRId64
                    " have their samples in two parts",
                    (int)set.len, set.ptr, query_value(query, 1).integer,
                    query_value(query, 2).integer);
    }
    query_close(query);
    return rc;
}

static int cmd_split_show_run(struct cli *cli, const void *args, struct error *err)
{
    const struct split_show_args *a = args;
    struct store *store = NULL;
    struct query *query = NULL;
    int rc = -1;

    cli->report.phase = "split show";
    if (command_open_store(cli, &store, err) == 0 &&
        query_open_split_parts(store, a->split, &query, err) == 0)
        rc = rows_print(query, cli->json ? ROWS_JSON : ROWS_TABLE, err);
    if (rc == 0)
        rc = report_leaks(cli, store, a->split, err);
    query_close(query);
    store_close(store);
    return rc;
}

const struct command cmd_split_show = {
    .name = "split show",
    .summary = "print the parts of a split",
    .description =
        "share is what was asked for, had what the part has of the samples of the split. "
        "Below,\n"
        "for each complete set of duplicates, how many of its pairs are in two parts.",
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct split_show_args),
    .defaults = &(const struct split_show_args){ 0 },
    .run = cmd_split_show_run,
};
