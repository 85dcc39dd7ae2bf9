/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch - bring the files of URLs to this machine.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/json/jsonout.h"
#include "base/net/fetcher.h"
#include "cli/command.h"
#include "cli/summary.h"
#include "scoring/infer/gguf/gguf_fetch.h"
#include "stages/ingest/fetched.h"
#include "stages/stage.h"

enum { SHA256_DIGITS = 64, ROW_MAX_BYTES = 1 << 20, JOBS_MAX = 32 };

struct fetch_args {
    struct text_list urls;
    const char *output;
    int64_t jobs;
    const char *sha256;
    const char *config;
    const char *split;
};

static const struct option opts[] = {
    { OPTION_TEXT, 'o', "output", offsetof(struct fetch_args, output), "DIR",
      .help = "write the files below this folder", .unset = "the cache, see docs/hub.md" },
    { OPTION_INT, 0, "jobs", offsetof(struct fetch_args, jobs), "N",
      .help = "files to receive at the same time", .min = 1, .max = JOBS_MAX },
    { OPTION_TEXT, 0, "sha256", offsetof(struct fetch_args, sha256), "HEX",
      .help = "of one https:// URL: fail unless the file has this SHA-256" },
    { OPTION_TEXT, 0, "config", offsetof(struct fetch_args, config), "NAME",
      .help = "only this config of a dataset", .unset = "all" },
    { OPTION_TEXT, 0, "split", offsetof(struct fetch_args, split), "NAME",
      .help = "only this split of a dataset", .unset = "all" },
    { .type = OPTION_END },
};

static const struct option positional = {
    OPTION_LIST, 0,
    "urls",      offsetof(struct fetch_args, urls),
    "URL",       .help = "hf://OWNER/NAME/PATH, hf://datasets/OWNER/NAME, https://...",
};

/* The files of one URL, and what was fetched so far. */
struct fetch {
    struct cli *cli;
    const struct fetch_args *args;
    struct remote_files *files;
    size_t *numbers;
    size_t n;
    struct buf url; /* public */
    uint64_t n_files;
    uint64_t n_bytes;
    char commit[64]; /* of the last repository */
};

static int check_fetch_args(const struct fetch_args *args, struct error *err)
{
    for (unsigned i = 0; i < args->urls.n; i++) {
        if (!remote_is_url(args->urls.items[i]))
            return error_set(err, ERR_USAGE,
                             "%s: is not a URL: give hf://OWNER/NAME/PATH or https://...",
                             args->urls.items[i]);
        if (fetched_check(args->urls.items[i], err) < 0)
            return -1;
    }
    if (!args->sha256)
        return 0;
    if (strlen(args->sha256) != SHA256_DIGITS ||
        strspn(args->sha256, "0123456789abcdefABCDEF") != SHA256_DIGITS)
        return error_set(err, ERR_USAGE, "--sha256: must have %d hex digits", SHA256_DIGITS);
    if (args->urls.n > 1)
        return error_set(err, ERR_USAGE, "--sha256 is for one URL, and there are %u",
                         args->urls.n);
    return 0;
}

/* Choose the data files of a dataset, as ingest does. */
static int choose_data_files(struct fetch *fetch, struct error *err)
{
    const struct repository_query query = { .name = fetch->url.data,
                                            .config = fetch->args->config,
                                            .split = fetch->args->split,
                                            .report = &fetch->cli->report };
    struct repository repository;

    if (fetched_data_choose(&fetch->cli->fetcher, fetch->files, &query, &repository, err) < 0)
        return -1;
    for (size_t i = 0; i < repository.n; i++)
        fetch->numbers[fetch->n++] = repository.files[i].number;
    repository_release(&repository);
    return 0;
}

static int choose_fetched(struct fetch *fetch, struct error *err)
{
    const size_t n = remote_n_files(fetch->files);

    fetch->n = 0;
    fetch->numbers = calloc(n + 1, sizeof *fetch->numbers);
    if (!fetch->numbers)
        return error_nomem(err);
    if (remote_is_repository(fetch->files) && remote_is_dataset(fetch->files))
        return choose_data_files(fetch, err);
    if (remote_is_repository(fetch->files))
        return gguf_choose(fetch->files, fetch->url.data, fetch->numbers, &fetch->n, err);
    for (; fetch->n < n; fetch->n++)
        fetch->numbers[fetch->n] = fetch->n;
    return 0;
}

/* Print where a file is; in a dry run, which file it is. */
static int print_file(const struct fetch *fetch, const struct remote_file *file,
                      uint64_t n_bytes, struct error *err)
{
    struct jsonout json;
    struct buf row;

    if (!fetch->cli->json) {
        puts(file->local_path ? file->local_path : file->public_name);
        return 0;
    }
    buf_init(&row, ROW_MAX_BYTES);
    jsonout_init(&json, &row);
    jsonout_object_begin(&json);
    jsonout_key(&json, "schema");
    jsonout_text(&json, slice_text("curate.fetch/1"));
    jsonout_key(&json, "name");
    jsonout_text(&json, slice_text(file->public_name));
    if (file->local_path) {
        jsonout_key(&json, "path");
        jsonout_text(&json, slice_text(file->local_path));
    }
    if (n_bytes != UINT64_MAX) {
        jsonout_key(&json, "bytes");
        jsonout_int(&json, (int64_t)n_bytes);
    }
    jsonout_object_end(&json);
    const int rc = jsonout_end(&json, err);
    if (rc == 0)
        puts(row.data);
    buf_release(&row);
    return rc;
}

static int print_files(struct fetch *fetch, struct error *err)
{
    for (size_t i = 0; i < fetch->n; i++) {
        const struct remote_file *file = remote_file(fetch->files, fetch->numbers[i]);
        uint64_t n_bytes = file->size_bytes;
        struct file_stamp stamp;

        if (file->local_path) {
            if (file_stamp(file->local_path, &stamp, err) < 0)
                return -1;
            n_bytes = (uint64_t)stamp.size_bytes;
        }
        if (print_file(fetch, file, n_bytes, err) < 0)
            return -1;
        fetch->n_files++;
        fetch->n_bytes += n_bytes != UINT64_MAX ? n_bytes : 0;
    }
    return 0;
}

static int fetch_argument(struct fetch *fetch, const char *url, struct error *err)
{
    struct remote *remote = NULL;
    int rc = -1;

    buf_clear(&fetch->url);
    if (remote_public_url(url, &fetch->url, err) < 0 ||
        fetcher_remote(&fetch->cli->fetcher, &remote, err) < 0 ||
        remote_find(remote, url, &fetch->files, err) < 0)
        return -1;
    snprintf(fetch->commit, sizeof fetch->commit, "%s", remote_commit(fetch->files));
    if (choose_fetched(fetch, err) == 0 &&
        (fetch->cli->dry_run ||
         fetcher_get(&fetch->cli->fetcher, fetch->files, fetch->numbers, fetch->n, err) == 0))
        rc = print_files(fetch, err);
    free(fetch->numbers);
    remote_files_free(fetch->files);
    fetch->numbers = NULL;
    fetch->files = NULL;
    return rc;
}

static int cmd_fetch_run(struct cli *cli, const void *args, struct error *err)
{
    const struct fetch_args *a = args;
    const int64_t started_ns = clock_mono_ns();
    struct stage_result result = { .n_facts = 0 };
    struct fetch fetch = { .cli = cli, .args = a };
    int rc = 0;

    if (check_fetch_args(a, err) < 0)
        return -1;
    cli->fetcher.settings.folder = a->output;
    cli->fetcher.settings.n_jobs = (unsigned)a->jobs;
    cli->fetcher.settings.sha256 = a->sha256;
    cli->report.phase = "fetch";
    buf_init(&fetch.url, ROW_MAX_BYTES);
    for (unsigned i = 0; rc == 0 && i < a->urls.n; i++)
        rc = fetch_argument(&fetch, a->urls.items[i], err);
    buf_release(&fetch.url);
    if (rc < 0 || cli->json)
        return rc;
    stage_fact_int(&result, "files", (int64_t)fetch.n_files);
    stage_fact_int(&result, "bytes", (int64_t)fetch.n_bytes);
    if (fetch.commit[0])
        stage_fact_text(&result, "commit", fetch.commit);
    stage_fact_real(&result, "secs", (double)(clock_mono_ns() - started_ns) / 1e9);
    cli->db = NULL; /* it has no part in this */
    summary_print(cli, "fetch", cli->dry_run ? "dry-run" : "ok", 0, &result);
    return 0;
}

const struct command cmd_fetch = {
    .name = "fetch",
    .summary = "bring files of the Hugging Face Hub or of a web server here",
    .description =
        "Prints the path of each file. Files of the Hub are kept in the cache that Python's\n"
        "huggingface_hub uses, and are verified. An interrupted transfer is continued when "
        "the\n"
        "command is given again. Commands that read a file fetch a URL by themselves; use "
        "this\n"
        "one to have the files beforehand.",
    .options = opts,
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct fetch_args),
    .defaults = &(const struct fetch_args){ .jobs = 4 },
    .run = cmd_fetch_run,
};
