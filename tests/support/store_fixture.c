/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/store_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "store/query.h"
#include "store/run.h"
#include "store/score.h"
#include "store/source.h"
#include "store/store.h"
#include "tests/support/test.h"

enum { OUTPUT_MAX_BYTES = 1 << 20 };

void store_fixture_init(struct store_fixture *f, struct store *store)
{
    struct error err;

    f->store = store;
    assert_ok(identifier_new(&f->identifier, &err));
    assert_ok(run_begin(store, 0, "ingest", slice_text("{}"), &f->run_id, &err));
    assert_ok(source_file_put(store, "novels", "a.jsonl", &f->file_id, &err));
}

void store_fixture_release(struct store_fixture *f)
{
    identifier_free(f->identifier);
    *f = (struct store_fixture){ 0 };
}

int store_fixture_setup(void **state)
{
    struct store_fixture *f = test_calloc(1, sizeof *f);
    struct store *store = NULL;
    struct error err;

    assert_ok(store_open(":memory:", STORE_CREATE, &store, &err));
    store_fixture_init(f, store);
    *state = f;
    return 0;
}

int store_fixture_teardown(void **state)
{
    struct store_fixture *f = *state;

    store_close(f->store);
    store_fixture_release(f);
    test_free(f);
    return 0;
}

int64_t store_fixture_add_sample(struct store_fixture *f, struct sample *sample)
{
    struct error err;
    int64_t id = 0;

    sample->file_id = f->file_id;
    assert_ok(sample_identify(f->identifier, sample, &err));
    if (sample_add(f->store, sample, f->run_id, &id, &err) < 0)
        fail_msg("%s", err.msg);
    return id;
}

int64_t store_fixture_add(struct store_fixture *f, const char *context, const char *instruction,
                          const char *response)
{
    struct turn turns[] = {
        { .role = slice_text("user"), .content = slice_text(instruction) },
        { .role = slice_text("assistant"), .content = slice_text(response) },
    };
    struct sample sample = { .kind = SAMPLE_SFT,
                             .turns = turns,
                             .n_turns = 2,
                             .instruction_turn = 0,
                             .response_turn = 1,
                             .line = 1 };

    if (context)
        sample.context = slice_text(context);
    return store_fixture_add_sample(f, &sample);
}

int64_t store_fixture_model(struct store *store, const char *name, uint8_t byte)
{
    struct model_row row = {
        .sha256 = { byte },
        .name = name,
        .arch = "llama",
        .n_params = 1000,
        .context_length = 4096,
        .path = name,
        .stamp = { .size_bytes = byte, .mtime_ns = 1, .inode = 1 },
    };
    struct error err;
    int64_t id = 0;

    assert_ok(model_put(store, &row, &id, &err));
    return id;
}

int64_t store_fixture_set(struct store *store, const char *metric, int64_t model_id,
                          const char *params, const char *better)
{
    const struct score_set set = {
        .metric = metric,
        .version = 1,
        .unit = "nats/token",
        .better = better,
        .model_id = model_id,
        .params_json = slice_text(params),
    };
    struct error err;
    int64_t id = 0;

    assert_ok(score_set_put(store, &set, &id, &err));
    return id;
}

void store_fixture_make(const char *path, size_t n)
{
    struct store *store = NULL;
    struct store_fixture f;
    struct error err;
    char text[1001];

    assert_ok(store_open(path, STORE_CREATE, &store, &err));
    store_fixture_init(&f, store);
    assert_ok(store_begin(store, &err));
    for (size_t i = 0; i < n; i++) {
        snprintf(text, sizeof text, "%01000zu", i);
        store_fixture_add(&f, "a context", "say it", text);
    }
    assert_ok(store_commit(store, &err));
    store_fixture_release(&f);
    store_close(store);
}

static void add_value(struct buf *out, struct query_value value)
{
    struct error err;

    switch (value.type) {
    case QUERY_NULL:
        break;
    case QUERY_INT:
        assert_ok(buf_printf(out, &err, "%" PRId64, value.integer));
        break;
    case QUERY_REAL:
        assert_ok(buf_printf(out, &err, "%.15g", value.real));
        break;
    case QUERY_TEXT:
    case QUERY_BLOB:
        assert_ok(buf_add_slice(out, value.bytes, &err));
        break;
    }
}

void assert_rows(struct store *store, const char *sql, const char *want)
{
    struct query *query = NULL;
    struct error err;
    struct buf out;
    int rc;

    buf_init(&out, OUTPUT_MAX_BYTES);
    assert_ok(query_open(store, sql, &query, &err));
    while ((rc = query_next(query, &err)) == 1) {
        if (out.len > 0)
            assert_ok(buf_add_text(&out, "\n", &err));
        for (size_t i = 0; i < query_columns(query); i++) {
            if (i > 0)
                assert_ok(buf_add_text(&out, "|", &err));
            add_value(&out, query_value(query, i));
        }
    }
    assert_ok(rc);
    query_close(query);
    assert_string_equal(buf_slice(&out).ptr, want);
    buf_release(&out);
}

/* The SQL is read from a file, so that no shell interprets it. */
static void run_cli(const char *path, const char *sql, struct buf *out)
{
    char script[] = "/tmp/curate-test-sql-XXXXXX";
    char command[600];
    char block[4096];
    struct error err;
    size_t n;

    const int fd = mkstemp(script);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, sql, strlen(sql)), (ssize_t)strlen(sql));
    close(fd);
    assert_null(strpbrk(path, "'\\"));
    snprintf(command, sizeof command, "sqlite3 -batch -bail '%s' < %s 2>&1", path, script);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    while ((n = fread(block, 1, sizeof block, pipe)) > 0)
        assert_ok(buf_add(out, block, n, &err));
    const int status = pclose(pipe);
    unlink(script);
    if (status != 0)
        fail_msg("sqlite3 %s: %s", path, buf_slice(out).ptr);
}

void assert_cli_rows(const char *path, const char *sql, const char *want)
{
    struct buf out;

    buf_init(&out, OUTPUT_MAX_BYTES);
    run_cli(path, sql, &out);
    if (out.len > 0 && out.data[out.len - 1] == '\n')
        out.data[out.len - 1] = '\0';
    assert_string_equal(buf_slice(&out).ptr, want);
    buf_release(&out);
}

void cli_run(const char *path, const char *sql)
{
    struct buf out;

    buf_init(&out, OUTPUT_MAX_BYTES);
    run_cli(path, sql, &out);
    buf_release(&out);
}
