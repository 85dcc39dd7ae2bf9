/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "cli/command.h"
#include "cli/summary.h"
#include "stages/stage.h"
#include "store/sample.h"
#include "store/store.h"

static int run(struct cli *cli, const void *args, struct error *err)
{
    struct stage_result result = { .n_facts = 0 };
    struct store *store = NULL;
    int64_t n_samples = 0;

    (void)args;
    if (cli->dry_run) {
        summary_print(cli, "init", "dry-run", 0, &result);
        return 0;
    }
    if (store_open(cli->db, STORE_CREATE, &store, err) < 0)
        return -1;
    const int rc = sample_count(store, &n_samples, err);
    store_close(store);
    if (rc < 0)
        return -1;
    stage_fact_int(&result, "schema", store_version());
    stage_fact_int(&result, "samples", n_samples);
    summary_print(cli, "init", "ok", 0, &result);
    return 0;
}

const struct command cmd_init = {
    .name = "init",
    .summary = "create an empty database, or bring an older one up to date",
    .run = run,
};
