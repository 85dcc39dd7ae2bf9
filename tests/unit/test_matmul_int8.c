/* SPDX-License-Identifier: Apache-2.0 */
/* Whole passes with weights multiplied as bytes, held to the same passes in floats. */
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/pool.h"
#include "scoring/infer/model.h"
#include "scoring/infer/session.h"
#include "scoring/infer/tokenizer.h"
#include "scoring/kernels/kernels.h"
#include "tests/support/infer.h"

enum { N_TOKENS = 300, N_SEQUENCES = 3, VNNI = CPU_AVX2 | CPU_AVX512 | CPU_AVX512VNNI };

/* What a token may differ by, what between two families, and the mean of all: activations have
 * 8 bits. */
static const struct {
    const char *name;
    double token, between, mean;
} models[] = {
    { "models/curate-tiny-long.gguf", 0.2, 0.2, 5e-3 }, /* trained, all matrices Q8_0 */
    { "tests/data/tiny-qwen2.gguf", 0.2, 0.05, 5e-3 },  /* random, some of them */
};

/* Pages of a book: a trained model says nothing of use about ids at random. */
static void read_pages(const struct model *model, int32_t ids[N_SEQUENCES][N_TOKENS])
{
    static char text[8 * N_SEQUENCES * N_TOKENS];
    struct token_buf all = { 0 };
    struct arena arena;
    struct error err;

    arena_init(&arena);
    FILE *book = fopen(source_path(&arena, "models/alice.txt"), "r");
    assert_non_null(book);
    assert_int_equal(fread(text, 1, sizeof text, book), sizeof text);
    fclose(book);
    assert_ok(
        tokenizer_encode(model_tokenizer(model), slice_of(text, sizeof text), 0, &all, &err));
    assert_true(all.n >= N_SEQUENCES * N_TOKENS);
    memcpy(ids, all.ids, N_SEQUENCES * N_TOKENS * sizeof *all.ids);
    token_buf_release(&all);
    arena_release(&arena);
}

/* One pass over the same ids; in one call, or in as many as there are sequences. */
static void run(const char *path, const struct kernels *kernels, size_t n_threads,
                bool together, double *nll)
{
    static int32_t ids[N_SEQUENCES][N_TOKENS];
    struct sequence sequences[N_SEQUENCES];
    struct model *model = NULL;
    struct pool *pool = NULL;
    struct session *session = NULL;
    struct error err;

    assert_ok(model_open(path, &model, &err));
    assert_ok(pool_new(n_threads, &pool, &err));
    assert_ok(session_new(model, kernels, pool, &session, &err));
    read_pages(model, ids);
    for (size_t s = 0; s < N_SEQUENCES; s++)
        sequences[s] = (struct sequence){
            .tokens = ids[s],
            .n_tokens = N_TOKENS - 70 * s, /* no two as long */
            .score_from = 1,
            .nll_nats = nll + s * N_TOKENS,
        };
    memset(nll, 0, N_SEQUENCES * N_TOKENS * sizeof *nll);
    for (size_t s = 0; !together && s < N_SEQUENCES; s++)
        assert_ok(session_eval(session, &sequences[s], 1, &err));
    if (together)
        assert_ok(session_eval(session, sequences, N_SEQUENCES, &err));
    session_free(session);
    pool_free(pool);
    model_close(model);
}

static struct kernels kernels_of(unsigned flags, bool int8)
{
    struct kernels kernels;

    kernels_init(&kernels, flags);
    kernels.int8 = int8;
    return kernels;
}

static void check_close(const double *a, const double *b, double token, double mean,
                        const char *what)
{
    double most = 0, sum = 0;

    for (size_t i = 0; i < N_SEQUENCES * N_TOKENS; i++) {
        most = fmax(most, fabs(a[i] - b[i]));
        sum += a[i] - b[i];
    }
    sum = fabs(sum) / (N_SEQUENCES * N_TOKENS);
    print_message("# %s: a token differs by %.2g, the mean by %.2g\n", what, most, sum);
    if (!(most <= token) || !(sum <= mean))
        fail_msg("%s: a token differs by %g, the mean by %g", what, most, sum);
}

static void bytes_give_about_what_floats_give(void **state)
{
    static double floats[N_SEQUENCES * N_TOKENS], bytes[N_SEQUENCES * N_TOKENS];
    const struct kernels exact = kernels_of(0, false);
    const struct kernels rounded = kernels_of(0, true);
    struct arena arena;

    (void)state;
    arena_init(&arena);
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        const char *path = source_path(&arena, models[m].name);

        run(path, &exact, 2, true, floats);
        run(path, &rounded, 2, true, bytes);
        assert_memory_not_equal(floats, bytes, sizeof floats); /* they did take part */
        check_close(floats, bytes, models[m].token, models[m].mean, models[m].name);
    }
    arena_release(&arena);
}

/* Floats before the rounding differ in their last bits, so now and then a byte does by one:
 * what a token may move by is what rounding to bytes may move it by. */
static void vectors_give_about_what_plain_c_gives(void **state)
{
    static double plain[N_SEQUENCES * N_TOKENS], vectors[N_SEQUENCES * N_TOKENS];
    const struct kernels ref = kernels_of(0, true);
    const struct kernels best = kernels_of(cpu_detect() & VNNI, true);
    struct arena arena;

    (void)state;
    arena_init(&arena);
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        const char *path = source_path(&arena, models[m].name);

        run(path, &ref, 2, true, plain);
        run(path, &best, 2, true, vectors);
        check_close(plain, vectors, models[m].between, models[m].mean / 4, best.name);
    }
    arena_release(&arena);
}

static void gives_the_same_bits_for_any_threads_and_batching(void **state)
{
    static double first[N_SEQUENCES * N_TOKENS], other[N_SEQUENCES * N_TOKENS];
    const struct kernels best = kernels_of(cpu_detect() & VNNI, true);
    struct arena arena;

    (void)state;
    arena_init(&arena);
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        const char *path = source_path(&arena, models[m].name);

        run(path, &best, 1, false, first);
        for (size_t n_threads = 1; n_threads <= 4; n_threads++)
            for (int together = 0; together <= 1; together++) {
                run(path, &best, n_threads, together, other);
                assert_memory_equal(first, other, sizeof first);
            }
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_give_about_what_floats_give),
        cmocka_unit_test(vectors_give_about_what_plain_c_gives),
        cmocka_unit_test(gives_the_same_bits_for_any_threads_and_batching),
    };

    return cmocka_run_group_tests_name("matmul_int8", tests, NULL, NULL);
}
