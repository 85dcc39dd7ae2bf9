/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/threads/pool.h"
#include "cli/command.h"
#include "scoring/kernels/kernels.h"

const char *settings_variable(const char *name)
{
    return getenv(name);
}

enum { LOCK_SECONDS_MAX = 1000000 };

int settings_set(struct cli *cli, const char *name, const char *text, struct error *err)
{
    return option_set(option_find(common_options, name, strlen(name)), cli, text, err);
}

int settings_environment(struct cli *cli, struct error *err)
{
    const char *db = getenv("CURATE_DB");
    const char *threads = getenv("CURATE_THREADS");

    cli->db_given = cli->db != NULL;
    if (!cli->db && db && db[0]) {
        cli->db = db;
        cli->db_given = true;
    }
    if (!cli->db)
        cli->db = "curate.db";
    if (cli->threads == 0 && threads && threads[0] &&
        settings_set(cli, "threads", threads, err) < 0)
        return error_prefix(err, "CURATE_THREADS=%s", threads);
    return 0;
}

/* The N of "wait:N", or -1. */
static long parse_lock_seconds(const char *text)
{
    char *end;

    errno = 0;
    const long value = strtol(text, &end, 10);
    return end == text || *end || errno || value < 1 || value > LOCK_SECONDS_MAX ? -1 : value;
}

static int resolve_lock(struct cli *cli, struct error *err)
{
    const char *text = cli->lock_text ? cli->lock_text : LOCK_DEFAULT;

    cli->lock_timeout_ms = 0;
    if (strcmp(text, "fail") == 0) {
        cli->lock = LOCK_FAIL;
    } else if (strcmp(text, "skip") == 0) {
        cli->lock = LOCK_SKIP;
    } else if (strcmp(text, "wait") == 0) {
        cli->lock = LOCK_WAIT;
    } else if (strncmp(text, "wait:", 5) == 0 && parse_lock_seconds(text + 5) > 0) {
        cli->lock = LOCK_WAIT;
        cli->lock_timeout_ms = parse_lock_seconds(text + 5) * 1000;
    } else {
        return error_set(err, ERR_USAGE,
                         "--lock %s: must be one of wait, wait:SECONDS, fail, skip", text);
    }
    return 0;
}

/* CURATE_CPU limits the kernels to a family, for tests and to compare families. */
static int resolve_cpu(struct cli *cli, struct error *err)
{
    const char *limit = getenv("CURATE_CPU");
    unsigned flags;

    cli->cpu_flags = cpu_detect();
    if (!limit || !limit[0])
        return 0;
    if (!kernels_find_flags(limit, &flags))
        return error_set(err, ERR_USAGE, "CURATE_CPU=%s: must be one of " KERNELS_FAMILIES,
                         limit);
    cli->cpu_flags &= flags;
    return 0;
}

int settings_resolve(struct cli *cli, struct error *err)
{
    if (resolve_cpu(cli, err) < 0)
        return -1;
    cli->fetcher.settings = (struct remote_settings){ .variable = settings_variable,
                                                      .offline = cli->offline,
                                                      .allow_http = cli->allow_http,
                                                      .report = &cli->report };
    cli->n_threads = cli->threads > 0 ? (size_t)cli->threads : pool_cpu_count();
    return resolve_lock(cli, err);
}

/* Models are installed beside the program, or lie in the tree that it was built in. */
void settings_models_dir(char *out, unsigned n)
{
    static const char *const places[] = { "../share/curate/models", "../../models" };
    const char *given = getenv("CURATE_MODELS");
    char exe[2048];

    if (given && given[0]) {
        snprintf(out, n, "%s", given);
        return;
    }
    out[0] = '\0';
    const ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (len <= 0)
        return;
    exe[len] = '\0';
    char *slash = strrchr(exe, '/');
    if (!slash)
        return;
    *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(out, n, "%s/%s", exe, places[i]);
        if (access(out, R_OK) == 0)
            return;
    }
    out[0] = '\0';
}
