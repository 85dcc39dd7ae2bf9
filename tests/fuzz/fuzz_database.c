/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small database with edits (tests/support/database_edits.h), and then every kind of reading
 * and writing over it. The input is a list of edits.
 */
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/json/json_check.h"
#include "base/report.h"
#include "base/text/utf8.h"
#include "pipeline/recipe.h"
#include "pipeline/run.h"
#include "store/content.h"
#include "store/db_private.h"
#include "store/embedding.h"
#include "store/fsck.h"
#include "store/query.h"
#include "store/run.h"
#include "store/sample.h"
#include "store/score.h"
#include "store/selection.h"
#include "store/store.h"
#include "store/turn_score.h"
#include "tests/support/database_edits.h"
#include "tests/support/store_fixture.h"

enum {
    EDITS_MAX = 40,
    FILE_MAX_BYTES = 64 << 20,
    N_SAMPLES = 6,
    MAX_ROWS = 500,
    MAX_STEPS = 2000000,
};

static const char corpus[] =
    "{\"instruction\": \"say it again\", \"output\": \"it is said again and again\"}\n"
    "{\"instruction\": \"say the first\", \"output\": \"the answer number 1 of the lot\"}\n"
    "{not json\n";

static const char *const steps[] = {
    "ingest: {files: [@/corpus.jsonl], max-rejects: 50}",
    "score: {metrics: [mtld]}",
    "score: {metrics: [mtld], turns: all}",
    "select: {name: s, by: mtld, top: 3}",
    "select: {name: t, by: nll, top: 50%, where: length(response) > 1}",
    "export: {selection: s, to: jsonl, output: @/out.jsonl, force: true}",
    "export: {selection: s, to: messages, output: @/out.jsonl, force: true, skip: true}",
    "export: {selection: s, to: sharegpt, output: @/out.jsonl, force: true, skip: true}",
    "export: {selection: s, to: alpaca, output: @/out.jsonl, force: true, skip: true}",
    "split: {by: 'a=.5,b=.5', group-ext-id: '[0-9]+'}",
    "split: {by: 'a=.5,b=.5', name: exact, group: [meta], exact: samples, stratify: kind}",
    "export: {selection: s, split: a, output: @/out.jsonl, force: true, skip: true}",
    "split drop: {split: split}",
};

/* The folder that all files are in. */
static struct {
    char folder[40];
    char db[60];
} place;

/* The steps that make the fixture leave something to do for the others. */
static const char *const first_steps[] = {
    "score: {metrics: [mtld], where: sample_id < 4}",
    "select: {name: s, by: mtld, top: 3}",
    "split: {by: 'a=.5,b=.5', group-ext-id: '[0-9]+'}",
};

static void require(bool holds, const char *invariant, const struct error *err)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s: [%d] %s\n", invariant, err ? (int)err->code : 0,
            err ? err->msg : "");
    abort();
}

/* What a damaged database may end in. ERR_INVARIANT would be a defect of the program. */
static void check_error(const struct error *err, const char *what)
{
    require(err->msg[0] != '\0', "an error has a message", err);
    require(err->code != ERR_INVARIANT && err->code != ERR_CANCELLED, what, err);
}

/* Every line of an export is one JSON value, whatever the database holds. */
static void check_export(void)
{
    struct json_check check;
    struct buf bytes;
    struct error err;
    char path[80];

    buf_init(&bytes, FILE_MAX_BYTES);
    snprintf(path, sizeof path, "%s/out.jsonl", place.folder);
    require(file_read(path, &bytes, &err) == 0, "an export can be read", &err);
    for (size_t at = 0; at < bytes.len;) {
        const char *end = memchr(bytes.data + at, '\n', bytes.len - at);

        require(end != NULL, "an export ends with a line end", NULL);
        const struct slice line = slice_of(bytes.data + at, (size_t)(end - bytes.data) - at);
        require(utf8_bad_at(line) == line.len && json_check(line, &check) &&
                    !check.raw_controls,
                "a line of an export is JSON", NULL);
        at += line.len + 1;
    }
    buf_release(&bytes);
}

static void run_step(const char *step)
{
    const volatile int never = 0;
    struct report report = { .stop_signal = &never };
    const struct pipeline_options options = {
        .db_path = place.db,
        .n_threads = 1,
        .lock = LOCK_FAIL,
        .models_dir = "",
        .report = &report,
    };
    struct recipe *recipe = NULL;
    struct error err;
    char text[300];
    bool skipped;
    const char *at = strchr(step, '@'); /* stands for the folder */
    const int before = (int)(at ? at - step : 0);

    snprintf(text, sizeof text, "version: 1\nsteps:\n  - %.*s%s%s\n", before, step,
             at ? place.folder : "", at ? at + 1 : step);
    require(recipe_parse(slice_text(text), "step", NULL, &recipe, &err) == 0, "a step is valid",
            &err);
    if (pipeline_run_recipe(&options, recipe, &skipped, &err) < 0)
        check_error(&err, step);
    else if (strncmp(step, "export", strlen("export")) == 0)
        check_export();
    recipe_free(recipe);
}

static void run_query(struct store *store, const char *sql)
{
    struct query *query = NULL;
    struct error err;
    int rc = query_open(store, sql, &query, &err);

    for (int i = 0; rc == 0 && i < MAX_ROWS; i++) {
        rc = query_next(query, &err);
        for (size_t c = 0; rc == 1 && c < query_columns(query); c++)
            (void)query_value(query, c);
        if (rc != 1)
            break;
        rc = 0;
    }
    if (rc < 0)
        check_error(&err, sql);
    query_close(query);
}

static void ignore_problem(void *arg, const struct fsck_problem *problem)
{
    size_t *n = arg;

    *n += strlen(problem->detail) > 0;
}

static void digest_and_check(struct store *store)
{
    struct report report = { .phase = NULL };
    struct content *content = NULL;
    struct content_database digest;
    struct content_sum sum;
    struct fsck_result result;
    struct error err;
    size_t n = 0;

    require(content_new(NULL, &content, &err) == 0, "a digest can begin", &err);
    if (content_of_database(content, store, &digest, &err) < 0)
        check_error(&err, "digest");
    if (content_of_selection(content, store, "s", &sum, &err) < 0)
        check_error(&err, "digest of a selection");
    content_free(content);
    if (fsck_run(store, &report, ignore_problem, &n, &result, &err) < 0)
        check_error(&err, "fsck");
}

/* What show, compare and the listings read. */
static void read_all(void)
{
    static const char *const queries[] = {
        "SELECT * FROM v_sample",   "SELECT * FROM v_scores",
        "SELECT * FROM v_segments", "SELECT * FROM v_turn_scores",
        "SELECT * FROM v_runs",     "SELECT * FROM v_selection ORDER BY rank",
        "SELECT * FROM v_rejects",  "SELECT * FROM v_cohorts",
        "SELECT * FROM v_turn",     "SELECT * FROM v_pair",
        "SELECT * FROM v_splits",   "SELECT * FROM v_split_parts",
        "SELECT * FROM v_split",
    };
    struct sample_reader *reader = NULL;
    struct store *store = NULL;
    struct sample sample;
    struct error err;

    if (store_open(place.db, STORE_READ_ONLY, &store, &err) < 0) {
        check_error(&err, "opening to read");
        return;
    }
    store_limit_steps(store, MAX_STEPS);
    digest_and_check(store);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
        run_query(store, queries[i]);
    require(sample_reader_new(store, &reader, &err) == 0, "reading can begin", &err);
    for (int64_t id = 0; id < N_SAMPLES + 3; id++)
        if (sample_read(reader, id, &sample, &err) < 0)
            check_error(&err, "reading a sample");
    sample_reader_free(reader);
    store_close(store);
}

static void exec_ok(struct store *store, const char *sql)
{
    struct error err;

    require(db_exec(store, sql, &err) == 0, sql, &err);
}

/* A row of each table that only a model fills. */
static void add_model_rows(struct store *store)
{
    const double vector[] = { 0.5, 1 };
    const int64_t model = store_fixture_model(store, "m", 1);
    const int64_t nll = store_fixture_set(store, "nll", model, "{}", "lower");
    const int64_t embedding = store_fixture_set(store, "embedding", model, "{}", "higher");
    struct error err;

    for (int64_t id = 1; id <= N_SAMPLES; id++) {
        const struct score_row row = { nll, id, 0.25 * (double)id, "ok", 4 };
        const struct turn_score_row turn = { nll, id, 1, 0.5, "ok", 4 };
        const struct segment_row segment = { nll, id, 0, 0, 8, 0.5, 1.5 };

        require(score_put(store, &row, 1, &err) == 0 &&
                    turn_score_put(store, &turn, &err) == 0 &&
                    segment_put(store, &segment, &err) == 0 &&
                    embedding_put(store, embedding, id, vector, 2, &err) == 0,
                "rows can be added", &err);
    }
}

static void add_samples(struct store_fixture *f)
{
    struct turn turns[] = {
        { .role = slice_text("user"), .content = slice_text("first") },
        { .role = slice_text("assistant"), .content = slice_text("it is so") },
        { .role = slice_text("user"),
          .content = slice_text("and then"),
          .extra = slice_text("{\"name\":\"n\"}") },
        { .role = slice_text("assistant"),
          .content = slice_text("it is so again"),
          .thought = slice_text("so it is"),
          .calls = slice_text("[{\"name\":\"f\",\"arguments\":{}}]"),
          .media = slice_text("[{\"type\":\"image\",\"at\":3,\"part\":{}}]"),
          .trained = TURN_TRAINED_YES },
    };
    struct sample sample = { .kind = SAMPLE_SFT,
                             .ext_id = slice_text("id-1"),
                             .tools = slice_text("[{\"name\":\"f\"}]"),
                             .system = slice_text("be kind"),
                             .meta = slice_text("{\"tag\":\"a\"}"),
                             .turns = turns,
                             .n_turns = 4,
                             .instruction_turn = 2,
                             .response_turn = 3 };

    store_fixture_add_sample(f, &sample);
    for (int i = 1; i < N_SAMPLES; i++) {
        char answer[100];

        snprintf(answer, sizeof answer, "the answer number %d of the lot", i);
        store_fixture_add(f, i % 2 ? "a context of some words" : NULL, "say it", answer);
    }
}

/* Make the database that the edits start from. */
static void make_fixture(struct buf *out)
{
    struct store_fixture f;
    struct store *store = NULL;
    struct error err;

    require(store_open(place.db, STORE_CREATE, &store, &err) == 0, "a database can be made",
            &err);
    store_fixture_init(&f, store);
    exec_ok(store, "BEGIN");
    add_samples(&f);
    add_model_rows(store);
    exec_ok(store, "INSERT INTO ingest_position (file_id, run_id, settings, size_bytes,"
                   " mtime_ns, inode, done, n_read, n_rejected, byte_offset, line, line_at,"
                   " rescanned, flags, member_at, member_before)"
                   " VALUES (1, 1, zeroblob(16), 1, 1, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0)");
    exec_ok(store, "COMMIT");
    require(run_finish(store, f.run_id, RUN_OK, NULL, &err) == 0, "a run can end", &err);
    store_fixture_release(&f);
    store_close(store);
    for (size_t i = 0; i < sizeof first_steps / sizeof first_steps[0]; i++)
        run_step(first_steps[i]);
    buf_init(out, FILE_MAX_BYTES);
    require(file_read(place.db, out, &err) == 0, "a database can be read", &err);
}

static void write_file(const char *path, const char *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");

    require(file && fwrite(bytes, 1, n, file) == n && fclose(file) == 0, "files can be written",
            NULL);
}

/* The folder is empty but for the corpus after each input. */
static void remove_folder(void)
{
    char path[80];

    snprintf(path, sizeof path, "%s/corpus.jsonl", place.folder);
    unlink(path);
    rmdir(place.folder);
}

/* The database that the edits start from, in a folder with a corpus. */
static const struct buf *the_fixture(void)
{
    static struct buf fixture;
    char path[80];

    if (fixture.len > 0)
        return &fixture;
    snprintf(place.folder, sizeof place.folder, "/tmp/curate-fuzz-XXXXXX");
    require(mkdtemp(place.folder) && atexit(remove_folder) == 0, "there is a folder to work in",
            NULL);
    snprintf(place.db, sizeof place.db, "%s/a.db", place.folder);
    snprintf(path, sizeof path, "%s/corpus.jsonl", place.folder);
    write_file(path, corpus, sizeof corpus - 1);
    make_fixture(&fixture);
    return &fixture;
}

/* Remove what a database leaves beside it. */
static void clean(void)
{
    static const char *const others[] = {
        "a.db",         "a.db-wal",  "a.db-shm",          "a.db.lock",
        "a.db-journal", "out.jsonl", "out.jsonl.manifest"
    };

    char path[80];

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", place.folder, others[i]);
        unlink(path);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct buf *fixture = the_fixture();
    const size_t n = len / EDIT_BYTES < EDITS_MAX ? len / EDIT_BYTES : EDITS_MAX;

    clean();
    database_edit(fixture, data, n, place.db);
    read_all();
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        run_step(steps[i]);
    read_all();
    clean();
    return 0;
}
