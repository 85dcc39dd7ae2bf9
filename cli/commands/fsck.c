/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/summary.h"
#include "stages/stage.h"
#include "store/fsck.h"
#include "store/store.h"

enum { LINE_MAX_BYTES = 1 << 16 };

static void add_member(struct jsonout *json, const char *key, const char *text)
{
    jsonout_key(json, key);
    jsonout_text(json, slice_text(text));
}

static void print_problem_json(const struct fsck_problem *problem)
{
    struct jsonout json;
    struct error ignored;
    struct buf line;

    buf_init(&line, LINE_MAX_BYTES);
    jsonout_init(&json, &line);
    jsonout_object_begin(&json);
    add_member(&json, "check", problem->check);
    add_member(&json, "where", problem->where);
    add_member(&json, "detail", problem->detail);
    jsonout_object_end(&json);
    if (jsonout_end(&json, &ignored) == 0)
        puts(line.data);
    buf_release(&line);
}

static void print_problem(void *arg, const struct fsck_problem *problem)
{
    const struct cli *cli = arg;

    progress_clear(cli->report.arg);
    if (cli->json)
        print_problem_json(problem);
    else
        printf("%s: %s: %s\n", problem->check, problem->where, problem->detail);
}

static int cmd_fsck_run(struct cli *cli, const void *args, struct error *err)
{
    struct stage_result facts = { .n_facts = 0 };
    struct fsck_result result = { .n_problems = 0 };
    struct store *store = NULL;

    (void)args;
    if (command_open_store(cli, &store, err) < 0)
        return -1;
    const int rc = fsck_run(store, &cli->report, print_problem, cli, &result, err);
    store_close(store);
    if (rc < 0)
        return -1;
    stage_fact_int(&facts, "samples", (int64_t)result.n_samples);
    stage_fact_int(&facts, "contexts", (int64_t)result.n_contexts);
    stage_fact_int(&facts, "rejects", (int64_t)result.n_rejects);
    stage_fact_int(&facts, "problems", (int64_t)result.n_problems);
    summary_print(cli, "fsck", result.n_problems ? "problems" : "ok", 0, &facts);
    if (result.n_problems == 0)
        return 0;
    return error_set(err, ERR_NEGATIVE,
                     "%s: %" PRIu64
                     " problem%s found: restore a copy, or create the database again",
                     cli->db, result.n_problems, result.n_problems == 1 ? "" : "s");
}

const struct command cmd_fsck = {
    .name = "fsck",
    .summary = "check the database for damage and broken invariants",
    .description =
        "Changes nothing. Runs SQLite's own check, then checks references, the schema and\n"
        "the promised views, the counts of every run, that scores are finite, and the hashes\n"
        "of all content. Ends with status 1 if a problem is found.",
    .run = cmd_fsck_run,
};
