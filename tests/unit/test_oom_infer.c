/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation on the way from a model file to a likelihood fails once. */
#include "tests/support/test.h"

#include "base/arena.h"
#include "base/io/file.h"
#include "base/threads/pool.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/model/pack.h"
#include "scoring/kernels/kernels.h"
#include "tests/support/infer.h"
#include "tests/support/model_bytes.h"
#include "tests/support/oom.h"

static int score_tokens(const void *input, struct error *err)
{
    const struct file_map *file = input;
    static const int32_t tokens[] = { 1, 300, 301, 302 };
    const struct span span = { 0, 2 };
    double nll[3];
    double attention;
    const struct sequence sequence = {
        .tokens = tokens,
        .n_tokens = 4,
        .score_from = 1,
        .nll_nats = nll,
        .attend_from = 2,
        .spans = &span,
        .n_spans = 1,
        .attention = &attention,
    };
    struct session *session = NULL;
    struct model *model = NULL;
    struct pool *pool = NULL;
    struct kernels kernels;
    int rc = -1;

    kernels_init(&kernels, cpu_detect());
    if (model_open_bytes(file->data, file->len, &model, err) == 0 &&
        pool_new(1, &pool, err) == 0 && model_pack(model, &kernels, pool, err) == 0 &&
        session_new(model, &kernels, pool, &session, err) == 0)
        rc = session_eval(session, &sequence, 1, err);
    session_free(session);
    pool_free(pool);
    model_close(model);
    return rc;
}

/* Fail each allocation once. Returns how many there are. */
static size_t survives_each_failure(const char *name)
{
    struct file_map file = { 0 };
    struct arena arena;
    struct error err;

    arena_init(&arena);
    assert_ok(file_map_open(source_path(&arena, name), &file, &err));
    const size_t n = oom_survive(score_tokens, &file);
    file_map_close(&file);
    arena_release(&arena);
    return n;
}

static void scoring_with_llama_reports_each_failed_allocation(void **state)
{
    (void)state;

    assert_true(survives_each_failure("tests/data/tiny-llama.gguf") > 10);
}

static void scoring_with_qwen2_reports_each_failed_allocation(void **state)
{
    (void)state;

    assert_true(survives_each_failure("tests/data/tiny-qwen2.gguf") > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scoring_with_llama_reports_each_failed_allocation),
        cmocka_unit_test(scoring_with_qwen2_reports_each_failed_allocation),
    };

    return cmocka_run_group_tests_name("infer/oom", tests, NULL, NULL);
}
