/* SPDX-License-Identifier: Apache-2.0 */
/* Packed weights give the same numbers as weights read from the file, in each layout of
 * panels. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/threads/pool.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/model/pack.h"
#include "scoring/kernels/kernels.h"

enum { N_TOKENS = 70, N_SEQUENCES = 2 };

/* A model for each type of panel, from each type of weights. */
static const char *const models[] = {
    "type-f32",    "type-f16",  "type-bf16", "type-q8_0", "type-q4_0", "type-q4_1",
    "type-q5_0",   "type-q5_1", "type-q2_k", "type-q3_k", "type-q4_k", "type-q5_k",
    "type-iq4_nl", "gemma3",    "gpt2",      "gptneox",   "phi3",
};

struct family {
    unsigned flags;
    bool int8;
    bool bf16;
};

/* The layouts of the plain C kernels, and of the best kernels of this CPU. */
static const struct family families[] = {
    { 0, false, false },
    { 0, true, true },
    { ~0U, true, true },
};

static struct kernels kernels_of(const struct family *family)
{
    struct kernels kernels;

    kernels_init(&kernels, cpu_detect() & family->flags);
    kernels.int8 = family->int8;
    kernels.bf16 = family->bf16;
    return kernels;
}

static struct model *open_model(const char *name)
{
    const char *folder = getenv("CURATE_ZOO");
    struct model *model = NULL;
    struct error err;
    char path[512];

    assert_non_null(folder);
    snprintf(path, sizeof path, "%s/%s.gguf", folder, name);
    assert_ok(model_open(path, &model, &err));
    return model;
}

static void eval(const struct model *model, const struct kernels *kernels, struct pool *pool,
                 double *nll)
{
    static int32_t ids[N_SEQUENCES * N_TOKENS];
    struct sequence sequences[N_SEQUENCES];
    struct session *session = NULL;
    struct error err;

    for (size_t i = 0; i < N_SEQUENCES * N_TOKENS; i++)
        ids[i] = (int32_t)(i * 37 % model_info(model)->n_vocab);
    for (size_t s = 0; s < N_SEQUENCES; s++)
        sequences[s] = (struct sequence){ .tokens = ids + s * N_TOKENS,
                                          .n_tokens = N_TOKENS - 9 * s,
                                          .score_from = 1,
                                          .nll_nats = nll + s * N_TOKENS };
    memset(nll, 0, N_SEQUENCES * N_TOKENS * sizeof *nll);
    assert_ok(session_new(model, kernels, pool, &session, &err));
    assert_ok(session_eval(session, sequences, N_SEQUENCES, &err));
    session_free(session);
}

static void packed_weights_give_the_same_bits_as_the_file(void **state)
{
    static double mapped[N_SEQUENCES * N_TOKENS], packed[N_SEQUENCES * N_TOKENS];
    struct pool *pool = NULL;
    struct error err;

    (void)state;
    assert_ok(pool_new(3, &pool, &err));
    for (size_t m = 0; m < sizeof models / sizeof *models; m++)
        for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
            const struct kernels kernels = kernels_of(&families[f]);
            struct model *model = open_model(models[m]);

            eval(model, &kernels, pool, mapped);
            assert_ok(model_pack(model, &kernels, pool, &err));
            eval(model, &kernels, pool, packed);
            if (memcmp(mapped, packed, sizeof mapped) != 0)
                fail_msg("%s, %s: packing changed what comes out", models[m], kernels.name);
            model_close(model);
        }
    pool_free(pool);
}

/* Kernels of another family read the weights from the file. */
static void kernels_of_another_family_ignore_packed_weights(void **state)
{
    static double before[N_SEQUENCES * N_TOKENS], after[N_SEQUENCES * N_TOKENS];
    const struct kernels floats = kernels_of(&families[0]);
    const struct kernels rounded = kernels_of(&families[1]);
    struct model *model = open_model("type-q8_0");
    struct pool *pool = NULL;
    struct error err;

    (void)state;
    assert_ok(pool_new(1, &pool, &err));
    eval(model, &floats, pool, before);
    assert_ok(model_pack(model, &rounded, pool, &err));
    eval(model, &floats, pool, after);
    assert_memory_equal(before, after, sizeof before);
    pool_free(pool);
    model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_weights_give_the_same_bits_as_the_file),
        cmocka_unit_test(kernels_of_another_family_ignore_packed_weights),
    };

    return cmocka_run_group_tests_name("infer/pack", tests, NULL, NULL);
}
