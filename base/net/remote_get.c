/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several files at a time. The threads of a pool get files in the order of the list, and send
 * notes through a queue. The calling thread alone uses the report: it prints the notes, and
 * adds up the bytes ten times a second.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/net/hub_get.h"
#include "base/net/remote_private.h"
#include "base/threads/pool.h"
#include "base/threads/queue.h"

enum {
    DEFAULT_JOBS = 4,
    MAX_JOBS = 64,
    N_MESSAGES = 64,
    TICK_MS = 100,
    DETAIL_BYTES = 64,
    NAME_SHOWN = 16
};

struct job;

/* A run of remote_get(). */
struct get_run {
    struct remote *remote;
    struct remote_files *files;
    const size_t *numbers;
    size_t n;
    char **paths;           /* one for each number; NULL: not there */
    struct queue *messages; /* malloced texts; the run itself from each thread at its end */
    struct job *jobs;
    size_t n_jobs;
    atomic_size_t n_taken;
    atomic_ullong n_bytes; /* of complete files */
    atomic_bool has_failed;
    atomic_size_t n_complete;
    atomic_bool is_watched;    /* the calling thread reads the messages */
    char detail[DETAIL_BYTES]; /* of the calling thread */
};

/* What one thread does. */
struct job {
    struct get_run *run;
    atomic_ullong n_bytes; /* of the file that it gets */
    atomic_size_t at;      /* index of this file; SIZE_MAX: none */
    struct http_watch watch;
    size_t failed_at; /* index of the file that failed; SIZE_MAX: none */
    struct error err;
};

/* Send a text to the calling thread. A text that does not fit into memory is lost. */
static void send_note(void *arg, const char *text)
{
    const struct job *job = arg;
    char *copy = strdup(text);

    if (copy && !queue_put(job->run->messages, copy))
        free(copy);
}

static void send_wait(void *arg, const char *why, uint64_t wait_ms)
{
    char text[512];

    remote_wait_text(why, wait_ms, text, sizeof text);
    send_note(arg, text);
}

static void count_bytes(void *arg, uint64_t n_bytes)
{
    struct job *job = arg;

    atomic_store(&job->n_bytes, n_bytes);
}

static int get_one(struct job *job, struct http *http, size_t i, struct error *err)
{
    struct get_run *run = job->run;
    const struct hub_entry *entry = &run->files->listing.entries[run->numbers[i]];
    const struct hub_get get = {
        .settings = &run->remote->net,
        .folder = run->remote->given.folder,
        .name = &run->files->name,
        .commit = run->files->commit,
        .http = http,
        .stop_signal = job->watch.stop_signal,
        .on_progress = count_bytes,
        .on_note = send_note,
        .arg = job,
    };
    struct buf path;

    atomic_store(&job->at, i);
    buf_init(&path, HUB_PATH_BUF_BYTES);
    if ((run->files->is_plain ? plain_get(&get, &run->files->plain, &path, err)
                              : hub_get_file(&get, entry, &path, err)) < 0) {
        buf_release(&path);
        return -1;
    }
    run->paths[i] = path.data;
    atomic_fetch_add(&run->n_complete, 1);
    atomic_store(&job->n_bytes, 0);
    if (entry->size_bytes != UINT64_MAX)
        atomic_fetch_add(&run->n_bytes, entry->size_bytes);
    return 0;
}

static void note_failure(struct job *job, size_t i, const struct error *err)
{
    if (job->failed_at == SIZE_MAX) {
        job->failed_at = i;
        job->err = *err;
    }
}

/* Get files until none is left or one has failed. Offline all are looked at, so that the number
 * of missing files is right. */
static void get_files(struct job *job)
{
    struct get_run *run = job->run;
    const bool is_offline = run->remote->http == NULL;
    struct http *http = NULL;
    struct error err;
    size_t i = 0;

    if (!is_offline && http_new(&run->remote->net, &job->watch, &http, &err) < 0) {
        note_failure(job, run->n, &err);
        atomic_store(&run->has_failed, true);
        return;
    }
    while (!atomic_load(&run->has_failed) && (i = atomic_fetch_add(&run->n_taken, 1)) < run->n)
        if (get_one(job, http, i, &err) < 0) {
            note_failure(job, i, &err);
            if (!is_offline || err.code != ERR_NOT_FOUND)
                atomic_store(&run->has_failed, true);
        }
    http_free(http);
}

/* The end of a name that is printed, at the start of a character. */
static const char *name_end(const char *name)
{
    const size_t len = strlen(name);
    const char *end = len > NAME_SHOWN ? name + len - NAME_SHOWN : name;

    while (((unsigned char)*end & 0xc0) == 0x80)
        end++;
    return end;
}

/* Write how many files are complete, and how far the first file that is being received is:
 * "3/20, train-3.parquet 45%". */
static void describe_progress(struct get_run *run)
{
    const size_t n_complete = atomic_load(&run->n_complete);
    const int n =
        snprintf(run->detail, sizeof run->detail, "%zu/%zu files", n_complete, run->n);
    const struct job *first = NULL;
    size_t first_at = SIZE_MAX;

    for (size_t i = 0; i < run->n_jobs; i++) {
        const size_t at = atomic_load(&run->jobs[i].at);

        if (at < first_at && atomic_load(&run->jobs[i].n_bytes) > 0) {
            first = &run->jobs[i];
            first_at = at;
        }
    }
    if (!first)
        return;
    const struct hub_entry *entry = &run->files->listing.entries[run->numbers[first_at]];
    if (entry->size_bytes == 0 || entry->size_bytes == UINT64_MAX)
        return;
    const double share = (double)atomic_load(&first->n_bytes) / (double)entry->size_bytes;
    snprintf(run->detail + n, sizeof run->detail - (size_t)n, ", %s %.0f%%",
             name_end(entry->path), 100 * share);
    error_make_printable(run->detail);
}

static void show_progress(struct get_run *run)
{
    struct report *report = run->remote->report;
    uint64_t done = atomic_load(&run->n_bytes);

    for (size_t i = 0; i < run->n_jobs; i++)
        done += atomic_load(&run->jobs[i].n_bytes);
    describe_progress(run);
    report->done = done;
    report->detail = run->detail;
    report_tick(report);
}

/* On the calling thread, until all others are finished. */
static void watch_jobs(struct get_run *run)
{
    size_t n_finished = 0;

    atomic_store(&run->is_watched, true);
    while (n_finished < run->n_jobs) {
        void *message = NULL;

        if (queue_take_within(run->messages, TICK_MS, &message) != 1) {
            show_progress(run);
        } else if (message == run) {
            n_finished++;
        } else {
            report_note(run->remote->report, "%s", (const char *)message);
            free(message);
        }
    }
    show_progress(run);
}

/* The calling thread is number 0. The others wait for it to watch before they return, so that
 * it gets one of the items. */
static void run_item(void *arg, size_t item, size_t thread)
{
    const struct timespec pause = { .tv_nsec = 1000000 };
    struct get_run *run = arg;

    (void)item;
    if (thread == 0) {
        watch_jobs(run);
        return;
    }
    get_files(&run->jobs[thread - 1]);
    while (!atomic_load(&run->is_watched))
        nanosleep(&pause, NULL);
    (void)queue_put(run->messages, run);
}

/* The failure of the first file of the list. That of a signal comes last. */
static const struct job *first_failure(const struct get_run *run)
{
    const struct job *first = NULL;

    for (size_t i = 0; i < run->n_jobs; i++) {
        const struct job *job = &run->jobs[i];

        if (job->failed_at == SIZE_MAX)
            continue;
        const bool is_worse =
            first && (first->err.code == ERR_CANCELLED) > (job->err.code == ERR_CANCELLED);
        if (!first || is_worse || job->failed_at < first->failed_at)
            first = job;
    }
    return first;
}

/* Set the error of a run that has failed. */
static int raise_failure(const struct get_run *run, struct error *err)
{
    size_t n_missing = 0;

    *err = first_failure(run)->err;
    for (size_t i = 0; i < run->n; i++)
        n_missing += run->paths[i] == NULL;
    if (run->n > 1 && err->code != ERR_CANCELLED)
        error_prefix(err, "%zu of %zu files are missing", n_missing, run->n);
    return -1;
}

/* Move the paths to the arena of the files. */
static int store_paths(struct get_run *run, struct error *err)
{
    for (size_t i = 0; i < run->n; i++) {
        const char *path =
            arena_copy(&run->files->listing.arena, slice_text(run->paths[i])).ptr;

        if (!path)
            return error_nomem(err);
        run->files->files[run->numbers[i]].local_path = path;
    }
    return 0;
}

static void begin_progress(struct get_run *run)
{
    struct report *report = run->remote->report;

    report->phase = "fetch";
    report->unit = "bytes";
    report->done = report->total = 0;
    for (size_t i = 0; i < run->n; i++) {
        const uint64_t size = run->files->listing.entries[run->numbers[i]].size_bytes;

        report->total += size != UINT64_MAX ? size : 0;
    }
}

static int run_jobs(struct get_run *run, struct error *err)
{
    struct pool *pool = NULL;
    int rc = -1;

    run->paths = calloc(run->n, sizeof *run->paths);
    run->jobs = calloc(run->n_jobs, sizeof *run->jobs);
    if (!run->paths || !run->jobs)
        return error_nomem(err);
    for (size_t i = 0; i < run->n_jobs; i++) {
        struct job *job = &run->jobs[i];

        job->run = run;
        job->failed_at = SIZE_MAX;
        atomic_store(&job->at, SIZE_MAX);
        job->watch = (struct http_watch){
            .stop_signal = run->remote->watch.stop_signal,
            .on_wait = send_wait,
            .arg = job,
            .backoff_ms = run->remote->watch.backoff_ms,
        };
    }
    if (queue_new(N_MESSAGES, &run->messages, err) == 0 &&
        pool_new(run->n_jobs + 1, &pool, err) == 0) {
        begin_progress(run);
        pool_run(pool, run->n_jobs + 1, run_item, run);
        rc = first_failure(run) ? raise_failure(run, err) : store_paths(run, err);
    }
    pool_free(pool);
    return rc;
}

static void release_run(struct get_run *run)
{
    for (size_t i = 0; run->paths && i < run->n; i++)
        free(run->paths[i]);
    free(run->paths);
    free(run->jobs);
    queue_free(run->messages);
}

static void print_note(void *arg, const char *text)
{
    const struct remote *remote = arg;

    report_note(remote->report, "%s", text);
}

/* Lock the folder of the copies. */
static int lock_folder(struct remote *remote, struct hub_lock *lock, struct error *err)
{
    const struct hub_get get = {
        .stop_signal = remote->watch.stop_signal,
        .on_note = print_note,
        .arg = remote,
    };

    return hub_lock_folder(&get, remote->given.folder, lock, err);
}

int remote_get(struct remote *remote, struct remote_files *files, const size_t *numbers,
               size_t n, struct error *err)
{
    const struct report before = *remote->report;
    const size_t asked = remote->given.n_jobs ? remote->given.n_jobs : DEFAULT_JOBS;
    struct hub_lock lock = { .fd = -1 };
    struct get_run run = { .remote = remote, .files = files, .numbers = numbers, .n = n };
    struct error ignored;
    int rc;

    if (n == 0)
        return 0;
    run.n_jobs = asked < n ? asked : n;
    if (run.n_jobs > MAX_JOBS)
        run.n_jobs = MAX_JOBS;
    if (remote->given.folder && lock_folder(remote, &lock, err) < 0)
        return -1;
    rc = run_jobs(&run, err);
    release_run(&run);
    hub_unlock(&lock);
    /* A cache that is read only has all that is needed, too. */
    if (rc == 0 && remote->http && !remote->given.folder && !files->is_plain)
        (void)hub_cache_set_commit(remote->net.cache, &files->name, files->commit, &ignored);
    remote->report->phase = before.phase;
    remote->report->detail = before.detail;
    remote->report->unit = before.unit;
    remote->report->done = before.done;
    remote->report->total = before.total;
    return rc;
}
