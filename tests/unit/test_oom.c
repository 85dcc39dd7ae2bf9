/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of a call fails once. The call returns ERR_NOMEM and leaks nothing (the
 * address sanitizer checks that), and works when it is called again. */
#include "tests/support/test.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json/json.h"
#include "base/threads/pool.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/gguf/gguf.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/kernels/kernels.h"
#include "store/run.h"
#include "store/sample.h"
#include "store/source.h"
#include "store/store.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/infer.h"
#include "tests/support/oom.h"
#include "tests/support/vocab_fixture.h"

static int grow_buf(const void *input, struct error *err)
{
    struct buf buf;
    int rc = 0;

    (void)input;
    buf_init(&buf, 1 << 20);
    for (int i = 0; i < 1000 && rc == 0; i++)
        rc = buf_printf(&buf, err, "%d times a sentence of some length, ", i);
    buf_release(&buf);
    return rc;
}

static void growing_a_buffer_reports_each_failed_allocation(void **state)
{
    (void)state;

    assert_true(oom_survive(grow_buf, NULL) > 3);
}

static int fill_arena(const void *input, struct error *err)
{
    struct arena arena;
    int rc = 0;

    (void)input;
    arena_init(&arena);
    for (size_t i = 1; i < 200 && rc == 0; i++) {
        unsigned char *bytes = arena_alloc(&arena, i, 4096);

        if (!bytes)
            rc = error_nomem(err);
        else
            bytes[i * 4096 - 1] = 1;
    }
    arena_release(&arena);
    return rc;
}

static void filling_an_arena_reports_each_failed_allocation(void **state)
{
    (void)state;

    assert_true(oom_survive(fill_arena, NULL) > 3);
}

static int parse_json(const void *input, struct error *err)
{
    const struct slice text = slice_text(input);
    const struct json_value *value = NULL;
    const char *detail = NULL;
    struct json *json = NULL;
    enum json_issue issue;
    size_t issue_at;
    struct buf out;
    int rc = -1;

    buf_init(&out, 1 << 16);
    if (json_new(&json, err) == 0 &&
        json_parse(json, text, &value, &issue, &issue_at, &detail, err) == 0)
        rc = json_write(value, &out, err);
    buf_release(&out);
    json_free(json);
    return rc;
}

static void reading_and_writing_json_reports_each_failed_allocation(void **state)
{
    static const char text[] =
        "{\"id\": 12345678901234567890123, \"turns\": [\"caf\\u00e9\", {}]}";

    (void)state;

    assert_true(oom_survive(parse_json, text) > 0);
}

static int parse_gguf(const void *input, struct error *err)
{
    const struct slice *file = input;
    struct gguf *gguf = NULL;
    const int rc = gguf_parse(file->ptr, file->len, &gguf, err);

    gguf_free(gguf);
    return rc;
}

static void reading_a_gguf_directory_reports_each_failed_allocation(void **state)
{
    const uint64_t dims[] = { 8, 2 };
    const float values[16] = { 0 };
    const struct slice bytes = { (const char *)values, sizeof values };
    struct gguf_writer writer;

    (void)state;
    gguf_writer_init(&writer);
    gguf_write_string(&writer, "general.architecture", slice_text("llama"));
    gguf_write_u32(&writer, "llama.block_count", 2);
    gguf_write_tensor(&writer, "token_embd.weight", dims, 2, DTYPE_F32, bytes);
    const struct slice file = gguf_writer_file(&writer);

    assert_true(oom_survive(parse_gguf, &file) > 0);

    gguf_writer_release(&writer);
}

static int open_tokenizer(const void *input, struct error *err)
{
    struct tokenizer *tokenizer = NULL;
    const int rc = tokenizer_new(input, &tokenizer, err);

    tokenizer_free(tokenizer);
    return rc;
}

static void opens_a_tokenizer(void (*fill)(struct vocab_fixture *))
{
    struct vocab_fixture *fixture = test_malloc(sizeof *fixture);
    struct vocab_open open;
    struct error err;

    fill(fixture);
    assert_ok(vocab_fixture_open(fixture, &open, &err));

    assert_true(oom_survive(open_tokenizer, open.gguf) > 3);

    vocab_open_release(&open);
    test_free(fixture);
}

static void opening_a_sentencepiece_vocabulary_reports_each_failed_allocation(void **state)
{
    (void)state;
    opens_a_tokenizer(vocab_fixture_spm);
}

static void opening_a_byte_level_vocabulary_reports_each_failed_allocation(void **state)
{
    (void)state;
    opens_a_tokenizer(vocab_fixture_bpe);
}

static int open_model(const void *input, struct error *err)
{
    struct model *model = NULL;
    const int rc = model_open(input, &model, err);

    model_close(model);
    return rc;
}

static int run_model(const void *input, struct error *err)
{
    const int32_t tokens[] = { 1, 20, 30, 40, 50, 60 };
    const struct span spans[] = { { 0, 2 }, { 2, 4 } };
    double nll_nats[2];
    double attention[2];
    const struct sequence sequence = { .tokens = tokens,
                                       .n_tokens = 6,
                                       .score_from = 4,
                                       .nll_nats = nll_nats,
                                       .attend_from = 4,
                                       .spans = spans,
                                       .n_spans = 2,
                                       .attention = attention };
    struct kernels kernels;
    struct session *session = NULL;
    struct pool *pool = NULL;
    int rc = -1;

    kernels_init(&kernels, cpu_detect());
    if (pool_new(1, &pool, err) == 0 && session_new(input, &kernels, pool, &session, err) == 0)
        rc = session_eval(session, &sequence, 1, err);
    session_free(session);
    pool_free(pool);
    return rc;
}

static void opening_and_running_a_model_reports_each_failed_allocation(void **state)
{
    struct model *model = NULL;
    struct arena arena;
    struct error err;

    (void)state;
    arena_init(&arena);
    const char *path = source_path(&arena, "tests/data/tiny-llama.gguf");
    assert_ok(model_open(path, &model, &err));

    assert_true(oom_survive(open_model, path) > 3);
    assert_true(oom_survive(run_model, model) > 3);

    model_close(model);
    arena_release(&arena);
}

/* One sample through the store: open, migrate, write, read back. */
static int keep_sample(const void *input, struct error *err)
{
    struct turn turns[] = { { .role = slice_text("user"),
                              .content = slice_text("caf\xc3\xa9?") },
                            { .role = slice_text("assistant"), .content = slice_text("yes") } };
    struct sample sample = { .turns = turns, .n_turns = 2, .response_turn = 1 };
    struct identifier *identifier = NULL;
    struct sample_reader *reader = NULL;
    struct store *store = NULL;
    struct sample out;
    int64_t run_id, sample_id;
    int rc = -1;

    if (store_open(input, STORE_CREATE, &store, err) < 0 ||
        identifier_new(&identifier, err) < 0 ||
        run_begin(store, 0, "ingest", slice_text("{}"), &run_id, err) < 0 ||
        source_file_put(store, "novels", "a.jsonl", &sample.file_id, err) < 0 ||
        sample_identify(identifier, &sample, err) < 0 ||
        sample_add(store, &sample, run_id, &sample_id, err) != 1 ||
        sample_reader_new(store, &reader, err) < 0 ||
        sample_read(reader, sample_id, &out, err) != 1)
        goto done;
    assert_int_equal(out.n_turns, 2);
    rc = 0;
done:
    sample_reader_free(reader);
    identifier_free(identifier);
    store_close(store);
    return rc;
}

static void storing_a_sample_reports_each_failed_allocation(void **state)
{
    (void)state;

    assert_true(oom_survive(keep_sample, ":memory:") > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(growing_a_buffer_reports_each_failed_allocation),
        cmocka_unit_test(filling_an_arena_reports_each_failed_allocation),
        cmocka_unit_test(reading_and_writing_json_reports_each_failed_allocation),
        cmocka_unit_test(reading_a_gguf_directory_reports_each_failed_allocation),
        cmocka_unit_test(opening_a_sentencepiece_vocabulary_reports_each_failed_allocation),
        cmocka_unit_test(opening_a_byte_level_vocabulary_reports_each_failed_allocation),
        cmocka_unit_test(opening_and_running_a_model_reports_each_failed_allocation),
        cmocka_unit_test(storing_a_sample_reports_each_failed_allocation),
    };

    return cmocka_run_group_tests_name("oom", tests, NULL, NULL);
}
