/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/json/jsonout.h"
#include "base/report.h"
#include "pipeline/options_json.h"
#include "pipeline/recipe.h"
#include "stages/stage.h"
#include "store/run.h"
#include "store/sample.h"
#include "store/store.h"

enum {
    OPTIONS_JSON_MAX = 1 << 20,
    SHORT_WAIT_MS = 1000, /* readers lock the database for moments, as when they close it */
};

/* The locked database. Both are NULL if another process has the lock and the run is skipped. */
struct database {
    struct lock *lock;
    struct store *store;
};

/* A stage, its arguments and its configuration. */
struct stage_call {
    const struct stage *stage;
    const void *args;
    const void *config;
};

static enum run_status status_of(int rc, const struct error *err)
{
    if (rc == 0)
        return RUN_OK;
    return err->code == ERR_CANCELLED ? RUN_INTERRUPTED : RUN_FAILED;
}

/* Finish the row of the run. If the stage failed, keep its error rather than a later one. */
static int finish_run(struct store *store, int64_t run_id, int rc, struct error *err)
{
    struct error later;

    if (run_finish(store, run_id, status_of(rc, err), rc == 0 ? NULL : err->msg, &later) < 0 &&
        rc == 0) {
        *err = later;
        return -1;
    }
    return rc;
}

/* Run one stage. *run_id is the row of its run; 0 in a dry run. */
static int run_in_store(const struct pipeline_options *options, const struct database *db,
                        int64_t parent_run_id, const struct stage_call *call, int64_t *run_id,
                        struct error *err)
{
    const struct stage *stage = call->stage;
    struct store *store = db->store;
    struct stage_context context = { .store = store,
                                     .n_threads = options->n_threads,
                                     .dry_run = options->dry_run,
                                     .models_dir = options->models_dir,
                                     .cpu_flags = options->cpu_flags,
                                     .stdout_taken = options->stdout_taken,
                                     .fetcher = options->fetcher,
                                     .report = options->report };
    struct stage_result result = { .n_facts = 0 };
    struct buf json;
    int rc = -1;

    buf_init(&json, OPTIONS_JSON_MAX);
    store_stop_on(store, options->report->stop_signal);
    store_note_user_sql(store, options->report->user_sql_runs);
    if (!options->dry_run && (options_json(stage, call->args, &json, err) < 0 ||
                              run_begin(store, parent_run_id, stage->name, buf_slice(&json),
                                        &context.run_id, err) < 0))
        goto done;
    *run_id = context.run_id;
    if (db->lock && parent_run_id == 0)
        lock_set_run(db->lock, context.run_id);
    options->report->phase = stage->name;
    options->report->done = options->report->total = options->report->n_rejected = 0;
    rc = stage->run(&context, call->args, call->config, &result, err);
    if (!options->dry_run)
        rc = finish_run(store, context.run_id, rc, err);
    if (options->stage_done)
        options->stage_done(options->arg, stage, context.run_id, &result, rc < 0 ? err : NULL);
done:
    buf_release(&json);
    return rc;
}

/* A dry run must not create a database: a missing one is replaced by an empty one in memory. */
static int open_dry(const struct pipeline_options *options, bool create, struct store **store,
                    struct error *err)
{
    struct file_stamp stamp;

    if (create && file_stamp(options->db_path, &stamp, err) < 0) {
        if (err->code != ERR_NOT_FOUND)
            return -1;
        return store_open(":memory:", STORE_CREATE, store, err);
    }
    return store_open(options->db_path, STORE_READ_ONLY, store, err);
}

/* Check that the database exists, or can be created, before a lock file is created beside it.
 */
static int check_database_path(const char *path, bool create, struct error *err)
{
    const char *slash = strrchr(path, '/');
    char folder[4096];
    struct file_stamp stamp;

    if (file_stamp(path, &stamp, err) == 0)
        return 0;
    if (err->code != ERR_NOT_FOUND)
        return -1;
    if (!create)
        return error_set(err, ERR_NOT_FOUND,
                         "%s: no such database: 'curate ingest' creates one", path);
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 0, path);
    if (folder[0] && file_stamp(folder, &stamp, err) < 0 && err->code == ERR_NOT_FOUND)
        return error_set(err, ERR_CANTCREATE,
                         "%s: cannot be created: the folder does not exist", path);
    return 0;
}

/* flock() and the locks of SQLite protect against processes of this machine only. */
static void warn_of_network(const struct pipeline_options *options)
{
    const char *name = file_network_name(options->db_path);

    if (name)
        report_note(options->report,
                    "%s: on a network file system (%s): do not use it from another machine "
                    "meanwhile; a local disk is safer and faster",
                    options->db_path, name);
}

/* Name the lock file of a database; the caller frees it. A link and its target are one
 * database, which has one lock. */
static int lock_path(const char *db_path, char **out, struct error *err)
{
    char *real = NULL;
    int rc = 0;

    if (file_follow(db_path, &real, err) < 0)
        return -1;
    if (asprintf(out, "%s.lock", real) < 0)
        rc = error_nomem(err);
    free(real);
    return rc;
}

int pipeline_is_running(const char *db_path)
{
    struct error ignored;
    char *path = NULL;

    if (lock_path(db_path, &path, &ignored) < 0)
        return -1;
    const int held = lock_is_held(path);
    free(path);
    return held;
}

static int acquire_lock(const struct pipeline_options *options, const char *command,
                        struct lock **out, struct error *err)
{
    char *path = NULL;

    if (lock_path(options->db_path, &path, err) < 0)
        return -1;
    const struct lock_wait how = { .policy = options->lock,
                                   .timeout_ms = options->lock_timeout_ms,
                                   .stop_signal = options->report->stop_signal };
    int rc = lock_acquire(path, &how, command, out, err);
    if (rc < 0 && err->code == ERR_DENIED)
        rc = error_set_sys(err, ERR_DENIED, err->sys,
                           "%s: cannot be opened for writing, and this command needs that: "
                           "change the permissions of the folder, or read with 'curate query'",
                           path);
    free(path);
    return rc;
}

/* Report what opening an older database changed. */
static void report_migration(const struct pipeline_options *options, const struct store *store)
{
    const struct store_migration *done = store_migration(store);

    if (done->n_rewritten + done->n_rehashed + done->n_merged > 0)
        report_note(options->report,
                    "%s: migrated from an earlier release; samples with a new form: %" PRIu64
                    ", with only a new hash: %" PRIu64 ", merged with an equal sample: %" PRIu64
                    "; 'curate query \"SELECT * FROM v_migrated\"' lists them",
                    options->db_path, done->n_rewritten, done->n_rehashed, done->n_merged);
    if (done->n_rewritten > 0)
        report_note(options->report,
                    "%s: scores computed from the old form of these samples are removed: "
                    "'curate score' computes them again; records that counted as duplicates "
                    "because only their tools differ become samples when you ingest their "
                    "files again",
                    options->db_path);
    if (done->n_damaged > 0)
        report_note(options->report,
                    "%s: %" PRIu64
                    " damaged samples were not migrated: 'curate fsck' names them",
                    options->db_path, done->n_damaged);
}

/* Open the database and wait, as --lock says, until no other program writes to it. Other
 * programs do not know our lock, only SQLite's. Leaves *out NULL to skip. */
static int open_for_writing(const struct pipeline_options *options, bool create,
                            struct store **out, struct error *err)
{
    const bool waits = options->lock == LOCK_WAIT;
    const int64_t timeout_ms = options->lock_timeout_ms > 0 ? options->lock_timeout_ms : -1;
    const struct store_wait wait = { .ms = waits ? timeout_ms : SHORT_WAIT_MS,
                                     .stop_signal = options->report->stop_signal };
    struct store *store = NULL;
    int rc = store_open_wait(options->db_path, create ? STORE_CREATE : STORE_READ_WRITE, &wait,
                             &store, err);

    if (rc == 0 && (rc = store_begin(store, err)) == 0) {
        store_rollback(store);
        report_migration(options, store);
        *out = store;
        return 0;
    }
    store_close(store);
    return err->code == ERR_BUSY && options->lock == LOCK_SKIP ? 0 : -1;
}

/* Lock and open the database, for a stage or a whole recipe. */
static int open_database(const struct pipeline_options *options, const char *command,
                         bool create, struct database *db, struct error *err)
{
    *db = (struct database){ .store = NULL };
    if (strcmp(options->db_path, ":memory:") == 0)
        return error_set(err, ERR_USAGE,
                         "--db :memory:: nothing would be kept: name a file, as ./:memory:");
    if (options->dry_run)
        return open_dry(options, create, &db->store, err);
    if (check_database_path(options->db_path, create, err) < 0 ||
        acquire_lock(options, command, &db->lock, err) < 0)
        return -1;
    if (!db->lock)
        return 0;
    warn_of_network(options);
    return open_for_writing(options, create, &db->store, err);
}

static void close_database(const struct database *db)
{
    store_close(db->store);
    lock_release(db->lock);
}

int pipeline_init(const struct pipeline_options *options, int64_t *n_samples, bool *skipped,
                  struct error *err)
{
    struct database db;
    int rc = open_database(options, "init", true, &db, err);

    *skipped = rc == 0 && !db.store;
    if (rc == 0 && db.store)
        rc = sample_count(db.store, n_samples, err);
    close_database(&db);
    return rc;
}

/* Run a stage that only answers a question. */
static int run_without_store(const struct pipeline_options *options,
                             const struct stage_call *call, struct error *err)
{
    const struct stage_context context = { .n_threads = options->n_threads,
                                           .dry_run = true,
                                           .models_dir = options->models_dir,
                                           .cpu_flags = options->cpu_flags,
                                           .stdout_taken = options->stdout_taken,
                                           .fetcher = options->fetcher,
                                           .report = options->report };
    struct stage_result result = { .n_facts = 0 };

    options->report->phase = call->stage->name;
    return call->stage->run(&context, call->args, call->config, &result, err);
}

int pipeline_run_stage(const struct pipeline_options *options, const struct stage *stage,
                       const void *args, bool *skipped, struct error *err)
{
    struct database db;
    void *config = NULL;
    int64_t run_id = 0;
    int rc;

    *skipped = false;
    if (stage_configure(stage, args, &config, err) < 0)
        return -1;
    const struct stage_call call = { stage, args, config };
    if (stage->without_store && stage->without_store(args)) {
        rc = run_without_store(options, &call, err);
        stage_config_free(stage, config);
        return rc;
    }
    rc = open_database(options, stage->name, stage->creates_store, &db, err);
    *skipped = rc == 0 && !db.store;
    if (rc == 0 && db.store)
        rc = run_in_store(options, &db, 0, &call, &run_id, err);
    close_database(&db);
    stage_config_free(stage, config);
    return rc;
}

/* Add the counts of a step to those of the recipe's run. */
static int add_step_counts(struct store *store, int64_t run_id, int64_t step_run_id,
                           struct error *err)
{
    struct run_counts counts;

    if (run_counts(store, step_run_id, &counts, err) < 0 || store_begin(store, err) < 0)
        return -1;
    if (run_add_counts(store, run_id, &counts, err) == 0)
        return store_commit(store, err);
    store_rollback(store);
    return -1;
}

static int run_steps(const struct pipeline_options *options, const struct database *db,
                     int64_t run_id, const struct recipe *recipe, struct error *err)
{
    for (size_t i = 0; i < recipe_count(recipe); i++) {
        const struct recipe_step *step = recipe_step(recipe, i);
        const struct stage_call call = { step->stage, step->args, step->config };
        int64_t step_run_id = 0;
        struct error ignored;

        if (run_in_store(options, db, run_id, &call, &step_run_id, err) < 0) {
            if (step_run_id > 0)
                (void)add_step_counts(db->store, run_id, step_run_id, &ignored);
            return error_prefix(err, "step %zu (%s)", i + 1, step->stage->name);
        }
        if (add_step_counts(db->store, run_id, step_run_id, err) < 0)
            return -1;
    }
    return 0;
}

static int run_recipe(const struct pipeline_options *options, const struct database *db,
                      const struct recipe *recipe, struct error *err)
{
    struct buf json;
    struct jsonout out;
    int64_t run_id;
    int rc = -1;

    buf_init(&json, OPTIONS_JSON_MAX);
    jsonout_init(&out, &json);
    jsonout_object_begin(&out);
    jsonout_key(&out, "recipe");
    jsonout_text(&out, slice_text(recipe_name(recipe)));
    jsonout_object_end(&out);
    if (jsonout_end(&out, err) < 0 ||
        run_begin(db->store, 0, "run", buf_slice(&json), &run_id, err) < 0)
        goto done;
    lock_set_run(db->lock, run_id);
    rc = finish_run(db->store, run_id, run_steps(options, db, run_id, recipe, err), err);
done:
    buf_release(&json);
    return rc;
}

/* No step may write over the recipe itself. */
static int check_recipe_outputs(const struct recipe *recipe, struct error *err)
{
    for (size_t i = 0; i < recipe_count(recipe); i++) {
        const struct recipe_step *step = recipe_step(recipe, i);
        const struct option *output = option_find(step->stage->options, "output", 6);
        const char *path = NULL;

        if (output)
            memcpy(&path, (const char *)step->args + output->offset, sizeof path);
        const int same = path ? file_is_same(path, recipe_name(recipe), err) : 0;
        if (same < 0)
            return -1;
        if (same == 1)
            return error_set(err, ERR_CANTCREATE,
                             "step %zu (%s): output %s is the recipe: name another file", i + 1,
                             step->stage->name, path);
    }
    return 0;
}

int pipeline_run_recipe(const struct pipeline_options *options, const struct recipe *recipe,
                        bool *skipped, struct error *err)
{
    struct database db;

    *skipped = false;
    if (check_recipe_outputs(recipe, err) < 0)
        return -1;
    int rc = open_database(options, "run", true, &db, err);
    *skipped = rc == 0 && !db.store;
    if (rc == 0 && db.store)
        rc = run_recipe(options, &db, recipe, err);
    close_database(&db);
    return rc;
}
