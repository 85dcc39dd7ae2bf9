/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/file.h"
#include "cli/command.h"
#include "cli/commands/stage.h"
#include "cli/reject_print.h"
#include "cli/rows.h"
#include "cli/summary.h"
#include "stages/ingest/retry.h"
#include "stages/record/defect.h"
#include "stages/stage.h"
#include "store/output.h"
#include "store/query.h"
#include "store/source.h"
#include "store/store.h"

struct rejects_args {
    struct text_list words;
    const char *output;
    bool force;
    struct retry_args retry;
};

#define OF_RETRY(member) offsetof(struct rejects_args, retry.member)

static const struct option opts[] = {
    { OPTION_TEXT, 0, "class", OF_RETRY(class), "CLASS",
      .help =
          "with list, retry and export: only records of this class; 'curate explain reject' "
          "lists the classes" },
    { OPTION_TEXT, 'o', "output", offsetof(struct rejects_args, output), "FILE|-",
      .help = "with export: the file to write; - is standard output" },
    { OPTION_FLAG, 0, "force", offsetof(struct rejects_args, force), NULL,
      .help = "with export: replace a file that exists" },
    { OPTION_CHOICE, 0, "format", OF_RETRY(format), "NAME",
      .help = "with retry: shape of the records", .choice_name = format_choice },
    { OPTION_CHOICE, 0, "oasst", OF_RETRY(oasst), "PATHS",
      .help = "with retry: which paths of a tree of messages become samples",
      .choices = format_paths_names },
    { OPTION_CHOICE, 0, "context-split", OF_RETRY(split), "HOW",
      .help = "with retry: where to separate a long context from the question about it",
      .choices = format_split_names },
    { OPTION_CHOICE, 0, "split", OF_RETRY(old_split), "HOW",
      .help = "with retry: old name of --context-split", .choices = format_split_names },
    { OPTION_LIST, 0, "on", OF_RETRY(on), "CLASS=ACTION",
      .help = "with retry: reject, repair or keep a class of defect" },
    { OPTION_FLAG, 0, "strict", OF_RETRY(strict), NULL,
      .help = "with retry: reject what would be repaired" },
    { OPTION_LIST, 0, "map", OF_RETRY(map), "FIELD=PATH",
      .help = "with retry: where a field of the sample lies in a record" },
    { OPTION_LIST, 0, "role", OF_RETRY(role), "NAME=ROLE",
      .help = "with retry: the role that a word of the corpus means" },
    { .type = OPTION_END },
};

static const struct option positional = {
    OPTION_LIST,
    0,
    "action",
    offsetof(struct rejects_args, words),
    "list|show ID|retry|export",
    .help = "list the records, show one, parse them again, or write them out",
};

static int list_rejects(struct cli *cli, const struct rejects_args *args, struct error *err)
{
    struct store *store = NULL;
    struct query *query = NULL;
    int rc = -1;

    if (command_open_store(cli, &store, err) == 0 &&
        query_open_rejects(store, args->retry.class, &query, err) == 0)
        rc = rows_print(query, cli->json ? ROWS_JSON : ROWS_TABLE, err);
    query_close(query);
    store_close(store);
    return rc;
}

static int retry_rejects(struct cli *cli, const struct rejects_args *args, struct error *err)
{
    return cmd_stage_run(cli, &stage_retry, &args->retry, err);
}

static int show_reject(struct cli *cli, const struct rejects_args *args, struct error *err)
{
    const char *word = args->words.n == 2 ? args->words.items[1] : "";
    struct store *store = NULL;
    char *end;
    int rc = -1;

    errno = 0;
    const long long id = strtoll(word, &end, 10);
    if (end == word || *end || errno || id < 1)
        return error_set(
            err, ERR_USAGE,
            "'rejects show' needs the id of a reject: 'curate rejects' lists them");
    if (command_open_store(cli, &store, err) == 0)
        rc = reject_print(store, id, cli->json, err);
    store_close(store);
    return rc;
}

/* Write every record that is stored whole; a file of NULL only counts them. *n_cut counts the
 * records of which only the beginning is stored. */
static int copy_rejects(struct reject_scan *scan, struct file_out *file, int64_t *n_exported,
                        int64_t *n_cut, struct error *err)
{
    struct reject_row row;
    int rc;

    while ((rc = reject_scan_next(scan, &row, err)) == 1) {
        if (row.reject.raw.len == 0 || row.reject.raw.len < row.reject.byte_len) {
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
    struct stat st;

    if (!args->output)
        return error_set(err, ERR_USAGE,
                         "no output file: use -o FILE, or -o - for standard output");
    const bool to_stdout = file_is_stdout(args->output);
    if (cli->json && to_stdout)
        return error_set(
            err, ERR_USAGE,
            "the records and --json cannot both go to standard output: use -o FILE");
    if (!to_stdout && !args->force && stat(args->output, &st) == 0 && S_ISREG(st.st_mode))
        return error_set(err, ERR_CANTCREATE, "%s: the file exists: use --force to replace it",
                         args->output);
    return 0;
}

static int export_rejects(struct cli *cli, const struct rejects_args *args, struct error *err)
{
    const struct reject_filter filter = { .class = args->retry.class };
    struct stage_result result = { .n_facts = 0 };
    struct store *store = NULL;
    struct reject_scan *scan = NULL;
    struct file_out *file = NULL;
    int64_t n_exported = 0, n_cut = 0;
    int rc = -1;

    if (check_export(cli, args, err) < 0 || command_open_store(cli, &store, err) < 0 ||
        output_check(store, args->output, err) < 0 ||
        reject_scan_open(store, &filter, &scan, err) < 0 ||
        (!cli->dry_run && file_out_open(args->output, &file, err) < 0) ||
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
    store_close(store);
    return rc;
}

static int cmd_rejects_run(struct cli *cli, const void *args, struct error *err)
{
    static const struct {
        const char *word;
        unsigned n_words;
        int (*act)(struct cli *cli, const struct rejects_args *args, struct error *err);
    } actions[] = {
        { "list", 1, list_rejects },
        { "show", 2, show_reject },
        { "retry", 1, retry_rejects },
        { "export", 1, export_rejects },
    };
    const struct rejects_args *a = args;
    const char *word = a->words.n > 0 ? a->words.items[0] : "list";

    if (a->retry.class && defect_find(a->retry.class) == DEFECT_NONE)
        return error_set(err, ERR_USAGE,
                         "--class %s: unknown class; 'curate explain reject' lists the classes",
                         a->retry.class);
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(word, actions[i].word) != 0)
            continue;
        if (a->words.n > actions[i].n_words)
            return error_set(err, ERR_USAGE, "'%s': too many arguments",
                             a->words.items[actions[i].n_words]);
        if (a->output && actions[i].act != export_rejects)
            return error_set(err, ERR_USAGE, "--output has no use without 'rejects export'");
        return actions[i].act(cli, a, err);
    }
    return error_set(err, ERR_USAGE, "rejects %s: must be one of list, show, retry, export",
                     word);
}

const struct command cmd_rejects = {
    .name = "rejects",
    .summary = "list rejected records, show one, retry or export them",
    .description =
        "A record that cannot be used is kept with its place and the reason, up to its first\n"
        "MiB. 'retry' parses the kept records again, with other options or by a newer version\n"
        "of curate; those that can be used now become samples. 'export' writes the records\n"
        "out, so that they can be repaired by hand.",
    .options = opts,
    .positional = &positional,
    .args_size = sizeof(struct rejects_args),
    .defaults = &(const struct rejects_args){ .output = NULL },
    .run = cmd_rejects_run,
};
