/* SPDX-License-Identifier: Apache-2.0 */
#include "store/run.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "store/db_private.h"

enum { HOST_BYTES = 65 };

/* All runs that have not ended, except the ancestors of the new run. */
static const char INTERRUPT[] =
    "WITH RECURSIVE ours (run_id) AS (SELECT :parent UNION SELECT r.parent_run_id FROM run r"
    " JOIN ours ON r.run_id = ours.run_id WHERE r.parent_run_id IS NOT NULL)"
    " UPDATE run SET status = 'interrupted', finished_at_ms = :now,"
    " message = 'the process ended without reporting a status' WHERE status = 'running'"
    " AND run_id NOT IN (SELECT run_id FROM ours WHERE run_id IS NOT NULL)";

static const char ADD_RUN[] =
    "INSERT INTO run (parent_run_id, command, options, version, host, pid, started_at_ms, "
    "status)"
    " VALUES (:parent, :command, :options, :version, :host, :pid, :now, 'running')";

static const char SET_KERNELS[] = "UPDATE run SET kernels = :kernels WHERE run_id = :run_id";

static const char ADD_COUNTS[] =
    "UPDATE run SET n_read = n_read + :read, n_inserted = n_inserted + :inserted,"
    " n_duplicate = n_duplicate + :duplicate, n_rejected = n_rejected + :rejected,"
    " n_scored = n_scored + :scored, n_dup_meta = n_dup_meta + :dup_meta,"
    " n_sft = n_sft + :sft, n_pair = n_pair + :pair,"
    " n_prompt_only = n_prompt_only + :prompt_only, n_text = n_text + :text"
    " WHERE run_id = :run_id";

static const char GET_COUNTS[] =
    "SELECT n_read, n_inserted, n_duplicate, n_rejected, n_scored, n_dup_meta, n_sft, n_pair,"
    " n_prompt_only, n_text FROM run WHERE run_id = :run_id";

static const char FINISH[] = "UPDATE run SET status = :status, message = :message,"
                             " finished_at_ms = :now WHERE run_id = :run_id";

static void get_host_name(char out[HOST_BYTES])
{
    if (gethostname(out, HOST_BYTES) < 0)
        snprintf(out, HOST_BYTES, "?");
    out[HOST_BYTES - 1] = '\0';
}

static int interrupt_other_runs(struct store *store, int64_t parent_run_id, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, INTERRUPT, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":now", clock_unix_ms());
    stmt_bind_int(stmt, ":parent", parent_run_id);
    return stmt_run(stmt, err);
}

static int add_run(struct store *store, int64_t parent_run_id, const char *command,
                   struct slice options_json, const char *host, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, ADD_RUN, &stmt, err) < 0)
        return -1;
    if (parent_run_id != 0)
        stmt_bind_int(stmt, ":parent", parent_run_id);
    stmt_bind_text(stmt, ":command", slice_text(command));
    stmt_bind_text(stmt, ":options", options_json);
    stmt_bind_text(stmt, ":version", slice_text(CURATE_VERSION));
    stmt_bind_text(stmt, ":host", slice_text(host));
    stmt_bind_int(stmt, ":pid", getpid());
    stmt_bind_int(stmt, ":now", clock_unix_ms());
    return stmt_run(stmt, err);
}

int run_begin(struct store *store, int64_t parent_run_id, const char *command,
              struct slice options_json, int64_t *run_id, struct error *err)
{
    char host[HOST_BYTES];

    get_host_name(host);
    if (store_begin(store, err) < 0)
        return -1;
    if (interrupt_other_runs(store, parent_run_id, err) < 0 ||
        add_run(store, parent_run_id, command, options_json, host, err) < 0)
        goto failed;
    const int64_t added = db_last_id(store);
    if (store_commit(store, err) < 0)
        goto failed;
    *run_id = added;
    return 0;
failed:
    store_rollback(store);
    return -1;
}

/* Run an UPDATE of one run. ERR_INVARIANT if the run is missing. */
static int update_run(struct stmt *stmt, struct store *store, int64_t run_id, struct error *err)
{
    stmt_bind_int(stmt, ":run_id", run_id);
    if (stmt_run(stmt, err) < 0)
        return -1;
    if (db_changes(store) != 1)
        return error_set(err, ERR_INVARIANT, "no run %lld", (long long)run_id);
    return 0;
}

int run_set_kernels(struct store *store, int64_t run_id, const char *kernels, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, SET_KERNELS, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":kernels", slice_text(kernels));
    return update_run(stmt, store, run_id, err);
}

int run_add_counts(struct store *store, int64_t run_id, const struct run_counts *counts,
                   struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, ADD_COUNTS, &stmt, err) < 0)
        return -1;
    stmt_bind_count(stmt, ":read", counts->n_read);
    stmt_bind_count(stmt, ":inserted", counts->n_inserted);
    stmt_bind_count(stmt, ":duplicate", counts->n_duplicate);
    stmt_bind_count(stmt, ":rejected", counts->n_rejected);
    stmt_bind_count(stmt, ":scored", counts->n_scored);
    stmt_bind_count(stmt, ":dup_meta", counts->n_dup_meta);
    stmt_bind_count(stmt, ":sft", counts->n_of_kind[SAMPLE_SFT]);
    stmt_bind_count(stmt, ":pair", counts->n_of_kind[SAMPLE_PAIR]);
    stmt_bind_count(stmt, ":prompt_only", counts->n_of_kind[SAMPLE_PROMPT_ONLY]);
    stmt_bind_count(stmt, ":text", counts->n_of_kind[SAMPLE_TEXT]);
    return update_run(stmt, store, run_id, err);
}

int run_counts(struct store *store, int64_t run_id, struct run_counts *out, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, GET_COUNTS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":run_id", run_id);
    const int rc = stmt_next(stmt, err);
    if (rc == 0)
        return error_set(err, ERR_INVARIANT, "no run %lld", (long long)run_id);
    if (rc < 0)
        return -1;
    *out = (struct run_counts){
        .n_read = (uint64_t)stmt_int(stmt, 0),
        .n_inserted = (uint64_t)stmt_int(stmt, 1),
        .n_duplicate = (uint64_t)stmt_int(stmt, 2),
        .n_rejected = (uint64_t)stmt_int(stmt, 3),
        .n_scored = (uint64_t)stmt_int(stmt, 4),
        .n_dup_meta = (uint64_t)stmt_int(stmt, 5),
        .n_of_kind = { [SAMPLE_SFT] = (uint64_t)stmt_int(stmt, 6),
                       [SAMPLE_PAIR] = (uint64_t)stmt_int(stmt, 7),
                       [SAMPLE_PROMPT_ONLY] = (uint64_t)stmt_int(stmt, 8),
                       [SAMPLE_TEXT] = (uint64_t)stmt_int(stmt, 9) },
    };
    stmt_reset(stmt);
    return 0;
}

void run_counts_sum(struct run_counts *sum, const struct run_counts *counts)
{
    sum->n_read += counts->n_read;
    sum->n_inserted += counts->n_inserted;
    sum->n_duplicate += counts->n_duplicate;
    sum->n_rejected += counts->n_rejected;
    sum->n_scored += counts->n_scored;
    sum->n_dup_meta += counts->n_dup_meta;
    for (size_t i = 0; i < N_SAMPLE_KINDS; i++)
        sum->n_of_kind[i] += counts->n_of_kind[i];
}

int run_last_running(struct store *store, int64_t *run_id, struct error *err)
{
    return db_int(store, "SELECT coalesce(max(run_id), 0) FROM run WHERE status = 'running'",
                  run_id, err);
}

int run_finish(struct store *store, int64_t run_id, enum run_status status, const char *message,
               struct error *err)
{
    static const char *const names[] = {
        [RUN_OK] = "ok",
        [RUN_FAILED] = "failed",
        [RUN_INTERRUPTED] = "interrupted",
    };
    struct stmt *stmt = NULL;
    struct error later;

    if (store_sync_commits(store, true, err) < 0 || stmt_use(store, FINISH, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":status", slice_text(names[status]));
    stmt_bind_text(stmt, ":message", message ? slice_text(message) : slice_of(NULL, 0));
    stmt_bind_int(stmt, ":now", clock_unix_ms());
    const int rc = update_run(stmt, store, run_id, err);
    (void)store_sync_commits(store, false, &later); /* if it fails, later commits are slower */
    return rc;
}
