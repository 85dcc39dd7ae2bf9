/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/rows.h"
#include "cli/summary.h"
#include "stages/stage.h"
#include "store/query.h"
#include "store/source.h"
#include "store/store.h"

struct rejects_args {
    const char *action;
    const char *output;
    bool force;
};

static const struct option opts[] = {
    { OPTION_TEXT, 'o', "output", offsetof(struct rejects_args, output), "FILE|-",
      "with export: where the records go" },
    { OPTION_FLAG, 0, "force", offsetof(struct rejects_args, force), NULL,
      "with export: replace a file that is there" },
    { OPTION_END, 0, NULL, 0, NULL, NULL },
};

static const struct option positional = {
    OPTION_TEXT,   0,
    "action",      offsetof(struct rejects_args, action),
    "list|export", "list: one line each; export: the records as they were read",
};

static int list(struct cli *cli, struct store *store, struct error *err)
{
    struct query *query = NULL;
    int rc = -1;

    if (query_open_view(store, "v_rejects", &query, err) == 0)
        rc = rows_print(query, cli->json ? ROWS_JSON : ROWS_TABLE, err);
    query_close(query);
    return rc;
}

/* Write every record that is kept whole, unless file is NULL; count those of which only the
 * beginning is kept. */
static int copy_rejects(struct reject_scan *scan, struct file_out *file, int64_t *n_exported,
                        int64_t *n_cut, struct error *err)
{
    struct reject_row row;
    int rc;

    while ((rc = reject_scan_next(scan, &row, err)) == 1) {
        if (row.reject.raw.len < row.reject.byte_len) {
            ++*n_cut;
            continue;
        }
        if (file && (file_out_add(file, row.reject.raw, err) < 0 ||
                     file_out_add(file, slice_text("\n"), err) < 0))
            return -1;
        ++*n_exported;
    }
    return rc;
}

static int check_export(const struct cli *cli, const struct rejects_args *args,
                        struct error *err)
{
    const bool to_stdout = strcmp(args->output, "-") == 0;
    struct stat st;

    if (cli->json && to_stdout)
        return error_set(err, ERR_USAGE,
                         "the records and --json cannot both have standard output; name a file "
                         "with --output");
    if (!to_stdout && !args->force && stat(args->output, &st) == 0 && S_ISREG(st.st_mode))
        return error_set(err, ERR_CANTCREATE, "%s is there; replace it with --force",
                         args->output);
    return 0;
}

static int export_rejects(struct cli *cli, struct store *store, const char *path,
                          struct error *err)
{
    struct stage_result result = { .n_facts = 0 };
    struct reject_scan *scan = NULL;
    struct file_out *file = NULL;
    int64_t n_exported = 0, n_cut = 0;
    int rc = -1;

    if (reject_scan_open(store, &scan, err) < 0 ||
        (!cli->dry_run && file_out_open(path, &file, err) < 0) ||
        copy_rejects(scan, file, &n_exported, &n_cut, err) < 0 ||
        (file && file_out_commit(file, err) < 0))
        goto done;
    stage_fact_int(&result, "exported", n_exported);
    stage_fact_int(&result, "not_kept_whole", n_cut);
    summary_print(cli, "rejects", cli->dry_run ? "dry-run" : "ok", 0, &result);
    rc = 0;
done:
    file_out_close(file);
    reject_scan_close(scan);
    return rc;
}

static int run(struct cli *cli, const void *args, struct error *err)
{
    const struct rejects_args *a = args;
    const bool is_export = strcmp(a->action, "export") == 0;
    struct store *store = NULL;
    int rc = -1;

    if (!is_export && strcmp(a->action, "list") != 0)
        return error_set(err, ERR_USAGE, "rejects takes list or export, not '%s'", a->action);
    if (is_export != (a->output != NULL))
        return error_set(err, ERR_USAGE, "%s",
                         is_export ? "rejects export needs --output FILE"
                                   : "--output belongs to rejects export");
    if (is_export && check_export(cli, a, err) < 0)
        return -1;
    if (store_open(cli->db, STORE_READ_ONLY, &store, err) == 0)
        rc = is_export ? export_rejects(cli, store, a->output, err) : list(cli, store, err);
    store_close(store);
    return rc;
}

const struct command cmd_rejects = {
    .name = "rejects",
    .summary = "list the records that were refused, or write them out to be mended",
    .options = opts,
    .positional = &positional,
    .args_size = sizeof(struct rejects_args),
    .defaults = &(const struct rejects_args){ .action = "list" },
    .run = run,
};
