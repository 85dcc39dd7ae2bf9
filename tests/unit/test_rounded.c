/* SPDX-License-Identifier: Apache-2.0 */
/* Whole passes in which products are of rounded numbers (bytes, bfloat16), compared with the
 * same passes in floats. */
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/threads/pool.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/kernels/kernels.h"
#include "tests/support/infer.h"

enum { N_TOKENS = 300, N_SEQUENCES = 3, N_SPANS = 3 };

/* How far NLLs may differ from those of other kernels: the mean of all tokens, a typical token,
 * the worst token. And attention on a span. */
struct bound {
    double mean, deviation, most, attention;
};

/* The model, and whether its matrices are multiplied as bytes only or also as bfloat16 (in
 * attention, too). The first bound is against floats. The second one is between rounding
 * families: floats differ in their last bits before the rounding, so now and then a number is
 * rounded to the next step. */
static const struct exhibit {
    const char *name;
    bool bf16;
    struct bound from_floats, between;
} exhibits[] = {
    /* Trained, all matrices Q8_0. */
    { "models/curate-tiny-long.gguf",
      false,
      { 2e-3, 3e-2, 0.2, 1e-4 },
      { 1.25e-3, 3e-2, 0.2, 1e-4 } },
    { "models/curate-tiny-long.gguf",
      true,
      { 2e-3, 3e-2, 0.3, 1e-4 },
      { 2e-3, 3e-2, 0.3, 1e-4 } },
    /* Random weights, some of them rounded. */
    { "tests/data/tiny-qwen2.gguf",
      false,
      { 2e-3, 3e-2, 0.2, 1e-4 },
      { 1.25e-3, 3e-2, 0.05, 1e-4 } },
    /* Of the zoo, with random weights. The second has windows and caps on scores: see
     * make_zoo.py. */
    { "type-bf16", true, { 2e-3, 3e-2, 0.3, 1e-4 }, { 2e-3, 3e-2, 0.3, 1e-4 } },
    { "gemma2-bf16", true, { 2e-3, 3e-2, 0.3, 1e-4 }, { 2e-3, 3e-2, 0.3, 1e-4 } },
};
enum {
    N_EXHIBITS = sizeof exhibits / sizeof *exhibits,
    FIRST_EXHIBIT = TEST_IS_SANITIZED ? N_EXHIBITS - 1 : 0, /* the zoo's models are small */
};

/* Pages of a book: random ids show nothing about a trained model. */
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

/* Models of the zoo get random ids, trained ones get text. */
static void choose_ids(const struct model *model, bool reads,
                       int32_t ids[N_SEQUENCES][N_TOKENS])
{
    if (reads) {
        read_pages(model, ids);
        return;
    }
    for (size_t i = 0; i < N_SEQUENCES * N_TOKENS; i++)
        ids[i / N_TOKENS][i % N_TOKENS] =
            (int32_t)((i * 2654435761U >> 7) % model_info(model)->n_vocab);
}

/* The results of a pass. */
struct seen {
    double nll[N_SEQUENCES * N_TOKENS];
    double attention[N_SEQUENCES * N_SPANS];
};

static void find(const char *name, char path[512])
{
    struct arena arena;

    arena_init(&arena);
    if (strchr(name, '/'))
        snprintf(path, 512, "%s", source_path(&arena, name));
    else
        snprintf(path, 512, "%s/%s.gguf", getenv("CURATE_ZOO"), name);
    arena_release(&arena);
}

/* One pass over the same ids, in one call or in one call for each sequence. */
static void run(const char *name, const struct kernels *kernels, size_t n_threads,
                bool together, struct seen *seen)
{
    static const struct span spans[N_SPANS] = { { 0, 3 }, { 3, 50 }, { 20, 110 } };
    static int32_t ids[N_SEQUENCES][N_TOKENS];
    char path[512];
    struct sequence sequences[N_SEQUENCES];
    struct model *model = NULL;
    struct pool *pool = NULL;
    struct session *session = NULL;
    struct error err;

    find(name, path);
    assert_ok(model_open(path, &model, &err));
    assert_ok(pool_new(n_threads, &pool, &err));
    assert_ok(session_new(model, kernels, pool, &session, &err));
    choose_ids(model, strchr(name, '/') != NULL, ids);
    for (size_t s = 0; s < N_SEQUENCES; s++)
        sequences[s] = (struct sequence){
            .tokens = ids[s],
            .n_tokens = N_TOKENS - 70 * s, /* all of different lengths */
            .score_from = 1,
            .nll_nats = seen->nll + s * N_TOKENS,
            .attend_from = 100,
            .spans = spans,
            .n_spans = N_SPANS,
            .attention = seen->attention + s * N_SPANS,
        };
    memset(seen, 0, sizeof *seen);
    for (size_t s = 0; !together && s < N_SEQUENCES; s++)
        assert_ok(session_eval(session, &sequences[s], 1, &err));
    if (together)
        assert_ok(session_eval(session, sequences, N_SEQUENCES, &err));
    session_free(session);
    pool_free(pool);
    model_close(model);
}

static struct kernels kernels_of(unsigned flags, bool int8, bool bf16)
{
    struct kernels kernels;

    kernels_init(&kernels, flags);
    kernels.int8 = int8;
    kernels.bf16 = bf16;
    return kernels;
}

static void check_close(const struct seen *a, const struct seen *b, const struct bound *bound,
                        const char *what)
{
    const size_t n = N_SEQUENCES * N_TOKENS;
    struct bound found = { 0 };

    for (size_t i = 0; i < n; i++) {
        const double off = a->nll[i] - b->nll[i];

        found.mean += off / (double)n;
        found.deviation += off * off / (double)n;
        found.most = fmax(found.most, fabs(off));
    }
    found.mean = fabs(found.mean);
    found.deviation = sqrt(found.deviation);
    for (size_t i = 0; i < N_SEQUENCES * N_SPANS; i++)
        found.attention = fmax(found.attention, fabs(a->attention[i] - b->attention[i]));
    print_message(
        "# %s: off by %.2g on average, %.2g typically, %.2g at most, attention %.2g\n", what,
        found.mean, found.deviation, found.most, found.attention);
    assert_true(found.mean <= bound->mean);
    assert_true(found.deviation <= bound->deviation);
    assert_true(found.most <= bound->most);
    assert_true(found.attention <= bound->attention);
}

static void rounding_kernels_stay_close_to_floats(void **state)
{
    static struct seen floats, rounded;
    const struct kernels exact = kernels_of(cpu_detect(), false, false);

    (void)state;
    for (size_t i = FIRST_EXHIBIT; i < N_EXHIBITS; i++) {
        const struct kernels rounding = kernels_of(cpu_detect(), true, exhibits[i].bf16);

        run(exhibits[i].name, &exact, 2, true, &floats);
        run(exhibits[i].name, &rounding, 2, true, &rounded);
        assert_memory_not_equal(&floats, &rounded,
                                sizeof floats); /* the rounding did have an effect */
        check_close(&floats, &rounded, &exhibits[i].from_floats, exhibits[i].name);
    }
}

static void rounding_vector_kernels_stay_close_to_plain_c(void **state)
{
    static struct seen plain, vectors;

    (void)state;
    for (size_t i = FIRST_EXHIBIT; i < N_EXHIBITS; i++) {
        const struct kernels ref = kernels_of(0, true, exhibits[i].bf16);
        const struct kernels best = kernels_of(cpu_detect(), true, exhibits[i].bf16);

        run(exhibits[i].name, &ref, 2, true, &plain);
        run(exhibits[i].name, &best, 2, true, &vectors);
        check_close(&plain, &vectors, &exhibits[i].between, exhibits[i].name);
    }
}

static void rounding_kernels_give_the_same_bits_for_any_threads_and_batching(void **state)
{
    static struct seen first, other;

    (void)state;
    for (size_t i = FIRST_EXHIBIT; i < N_EXHIBITS; i++) {
        const struct kernels best = kernels_of(cpu_detect(), true, exhibits[i].bf16);

        run(exhibits[i].name, &best, 1, false, &first);
        for (size_t n_threads = 1; n_threads <= 4; n_threads++)
            for (int together = 0; together <= 1; together++) {
                run(exhibits[i].name, &best, n_threads, together, &other);
                assert_memory_equal(&first, &other, sizeof first);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounding_kernels_stay_close_to_floats),
        cmocka_unit_test(rounding_vector_kernels_stay_close_to_plain_c),
        cmocka_unit_test(rounding_kernels_give_the_same_bits_for_any_threads_and_batching),
    };

    return cmocka_run_group_tests_name("infer/rounded", tests, NULL, NULL);
}
