/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of a model is part of the identity of its scores. */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/model/model.h"
#include "scoring/kernels/kernels.h"
#include "store/query.h"
#include "store/score.h"
#include "store/store.h"
#include "tests/support/infer.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"

enum { PARAMS_MAX_BYTES = 1 << 16, N_SAMPLES = 3 };

struct fixture {
    struct store_fixture *samples;
    struct stage_run run;
    struct arena arena;
    const char *rounded; /* with weights in Q8_0, which kernels with 8-bit products round */
    const char *floats;  /* with weights in F32, which no kernels round */
};

static int setup(void **state)
{
    static struct fixture f;
    void *samples;

    store_fixture_setup(&samples);
    arena_init(&f.arena);
    f.samples = samples;
    f.rounded = source_path(&f.arena, "models/curate-tiny-long.gguf");
    f.floats = source_path(&f.arena, "tests/data/tiny-llama.gguf");
    stage_run_init(&f.run, f.samples->store);
    store_fixture_add(f.samples, NULL, "Say that it rains.", "The rain fell.");
    store_fixture_add(f.samples, NULL, "Who sat on the mat?", "The cat.");
    store_fixture_add(f.samples, "The man read a letter.", "Who read?", "The man.");
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    void *samples = f->samples;

    store_fixture_teardown(&samples);
    arena_release(&f->arena);
    return 0;
}

static void score_on(struct fixture *f, unsigned cpu_flags, const char *metric,
                     const char *model)
{
    struct error err;

    f->run.cpu_flags = cpu_flags;
    assert_ok(stage_run(&f->run, &err, "score", "metrics", metric, "model", model, NULL));
}

/* Tests of kernels that round return early on a CPU without such kernels. */
static bool has_vnni(void)
{
    if (cpu_detect() & CPU_AVX512VNNI)
        return true;
    printf("# not tested: this CPU has no AVX-512 VNNI\n");
    return false;
}

/* The families of this CPU up to AVX-512 VNNI. */
static unsigned up_to_vnni(void)
{
    return cpu_detect() & ~(unsigned)CPU_AVX512BF16;
}

/* Replace one arithmetic by another in all sets, as a migration or another program does. */
static void rename_arithmetic(struct fixture *f, const char *from, const char *to)
{
    struct query *query = NULL;
    struct buf params;
    struct error err;
    char sql[300];
    int64_t ids[10];
    size_t n = 0;
    int rc;

    buf_init(&params, PARAMS_MAX_BYTES);
    snprintf(sql, sizeof sql,
             "SELECT score_set_id, json_set(params, '$.arithmetic', '%s') FROM score_set"
             " WHERE params ->> '$.arithmetic' = '%s'",
             to, from);
    assert_ok(query_open(f->run.store, sql, &query, &err));
    size_t starts[11] = { 0 };
    while ((rc = query_next(query, &err)) == 1) {
        assert_in_range(n, 0, 9);
        ids[n] = query_value(query, 0).integer;
        assert_ok(buf_add_slice(&params, query_value(query, 1).bytes, &err));
        starts[++n] = params.len;
    }
    assert_ok(rc);
    query_close(query);
    assert_true(n > 0);
    assert_ok(store_begin(f->run.store, &err));
    for (size_t i = 0; i < n; i++)
        assert_ok(score_set_change_params(
            f->run.store, ids[i], slice_of(params.data + starts[i], starts[i + 1] - starts[i]),
            &err));
    assert_ok(store_commit(f->run.store, &err));
    buf_release(&params);
}

static void assert_arithmetics(struct fixture *f, const char *want)
{
    assert_rows(
        f->run.store,
        "SELECT m.name, t.params ->> '$.arithmetic', (SELECT count(*) FROM score k WHERE"
        " k.score_set_id = t.score_set_id) FROM score_set t JOIN metric m USING"
        " (metric_id) WHERE m.name IN ('nll', 'ppl') ORDER BY 1, 2",
        want);
}

/* The arithmetic of kernels that round in these ways, whether this CPU has them or not. */
static const char *arithmetic_of(const char *path, bool int8, bool bf16)
{
    struct model *model = NULL;
    struct kernels kernels;
    struct error err;

    kernels_init(&kernels, 0);
    kernels.int8 = int8;
    kernels.bf16 = bf16;
    assert_ok(model_open(path, &model, &err));
    const char *arithmetic = session_arithmetic(model, &kernels);
    model_close(model);
    return arithmetic;
}

static void arithmetic_depends_on_weight_types_and_kernels(void **state)
{
    /* The type of the matrices. Norms are F32 in all files. */
    static const struct {
        const char *type, *with_int8, *with_bf16, *with_both;
    } cases[] = {
        { "f32", "float", "float", "float" },
        { "f16", "float", "float", "float" },
        { "bf16", "float", "bf16", "bf16" },
        { "q8_0", "int8", "float", "int8+bf16" },
        { "q4_k", "int8", "float", "int8+bf16" },
        /* One matrix is Q8_0; keys of Q6_K are not rounded, so attention is not either. */
        { "q6_k", "int8", "float", "int8" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[512];

        snprintf(path, sizeof path, "%s/type-%s.gguf", getenv("CURATE_ZOO"), cases[i].type);
        assert_string_equal(arithmetic_of(path, false, false), "float");
        assert_string_equal(arithmetic_of(path, true, false), cases[i].with_int8);
        assert_string_equal(arithmetic_of(path, false, true), cases[i].with_bf16);
        assert_string_equal(arithmetic_of(path, true, true), cases[i].with_both);
    }
}

static void families_that_do_not_round_share_a_set(void **state)
{
    struct fixture *f = *state;

    score_on(f, 0, "nll", f->rounded);
    score_on(f, cpu_detect() & (CPU_AVX2 | CPU_AVX512), "nll", f->rounded);

    assert_int_equal(stage_run_int(&f->run, "cached"), N_SAMPLES);
    assert_arithmetics(f, "nll|float|3");
}

static void rounded_scores_are_a_set_of_their_own(void **state)
{
    struct fixture *f = *state;

    if (!has_vnni())
        return;
    score_on(f, 0, "ppl", f->rounded);
    score_on(f, up_to_vnni(), "ppl", f->rounded);

    assert_int_equal(stage_run_int(&f->run, "cached"), 0);
    assert_int_equal(stage_run_int(&f->run, "scored"), 2 * N_SAMPLES);
    assert_arithmetics(f, "nll|float|3\nnll|int8|3\nppl|float|3\nppl|int8|3");
}

static void a_model_in_floats_has_one_set_on_every_cpu(void **state)
{
    struct fixture *f = *state;

    score_on(f, 0, "nll", f->floats);
    score_on(f, cpu_detect(), "nll", f->floats);

    assert_int_equal(stage_run_int(&f->run, "cached"), N_SAMPLES);
    assert_arithmetics(f, "nll|float|3");
}

/* Migration 0012 can store only the family of a set. */
static void an_earlier_set_is_reused_if_its_family_computes_the_same(void **state)
{
    struct fixture *f = *state;

    if (!has_vnni())
        return;
    score_on(f, up_to_vnni(), "ppl", f->rounded);
    rename_arithmetic(f, "int8", "avx512vnni");

    score_on(f, 0, "ppl", f->rounded); /* floats: another set */
    assert_int_equal(stage_run_int(&f->run, "cached"), 0);
    assert_arithmetics(f, "nll|avx512vnni|3\nnll|float|3\nppl|avx512vnni|3\nppl|float|3");

    f->run.dry_run = true; /* finds the set and does not change it */
    score_on(f, up_to_vnni(), "ppl", f->rounded);
    assert_string_equal(stage_run_text(&f->run, "lacking"), "nll:0,ppl:0");
    assert_arithmetics(f, "nll|avx512vnni|3\nnll|float|3\nppl|avx512vnni|3\nppl|float|3");
    f->run.dry_run = false;

    score_on(f, up_to_vnni(), "ppl", f->rounded);
    assert_int_equal(stage_run_int(&f->run, "cached"), 2 * N_SAMPLES);
    assert_int_equal(stage_run_int(&f->run, "tokens"), 0);
    assert_arithmetics(f, "nll|float|3\nnll|int8|3\nppl|float|3\nppl|int8|3");
}

static void an_earlier_set_of_several_families_is_reused_if_all_compute_the_same(void **state)
{
    struct fixture *f = *state;
    struct kernels kernels;

    kernels_init(&kernels, CPU_AVX2 | CPU_AVX512 | CPU_AVX512VNNI | CPU_AVX512BF16);
    if (strcmp(kernels.name, "avx512bf16") != 0)
        return; /* this program was built without some families */
    score_on(f, 0, "nll", f->floats);
    rename_arithmetic(f, "float", "float,avx512vnni,avx512bf16");
    score_on(f, 0, "nll", f->floats); /* F32: all families compute the same */
    assert_int_equal(stage_run_int(&f->run, "cached"), N_SAMPLES);
    assert_arithmetics(f, "nll|float|3");

    rename_arithmetic(f, "float", "unknown");
    score_on(f, 0, "nll", f->floats);
    assert_int_equal(stage_run_int(&f->run, "cached"), 0);
    assert_arithmetics(f, "nll|float|3\nnll|unknown|3");
}

static void an_earlier_set_of_mixed_arithmetic_is_never_reused(void **state)
{
    struct fixture *f = *state;

    score_on(f, 0, "nll", f->rounded);
    rename_arithmetic(f, "float", "float,avx512vnni");
    score_on(f, 0, "nll", f->rounded);
    assert_int_equal(stage_run_int(&f->run, "cached"), 0);
    assert_arithmetics(f, "nll|float|3\nnll|float,avx512vnni|3");
}

static void a_cohort_of_two_arithmetics_is_reported(void **state)
{
    struct fixture *f = *state;
    struct error err;

    f->run.cpu_flags = 0;
    assert_ok(stage_run(&f->run, &err, "score", "metrics", "hmp", "model", f->floats,
                        "short-window", "8", NULL));
    assert_string_equal(f->run.notes, "");
    rename_arithmetic(f, "float", "int8");
    assert_ok(stage_run(&f->run, &err, "cohort make", "cohort", "hmp", NULL));
    assert_string_equal(f->run.notes, ""); /* all of one arithmetic */

    assert_ok(stage_run(&f->run, &err, "score", "metrics", "nll", "model", f->floats, NULL));
    assert_ok(store_begin(f->run.store, &err));
    assert_ok(score_set_change_params(f->run.store, 1, slice_text("{\"arithmetic\":\"bf16\"}"),
                                      &err));
    assert_ok(store_commit(f->run.store, &err));
    assert_ok(stage_run(&f->run, &err, "cohort make", "cohort", "hmp", NULL));
    assert_non_null(strstr(f->run.notes, "cohort hmp mixes scores of different arithmetic"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic_depends_on_weight_types_and_kernels),
        TEST(families_that_do_not_round_share_a_set),
        TEST(rounded_scores_are_a_set_of_their_own),
        TEST(a_model_in_floats_has_one_set_on_every_cpu),
        TEST(an_earlier_set_is_reused_if_its_family_computes_the_same),
        TEST(an_earlier_set_of_several_families_is_reused_if_all_compute_the_same),
        TEST(an_earlier_set_of_mixed_arithmetic_is_never_reused),
        TEST(a_cohort_of_two_arithmetics_is_reported),
    };

    return cmocka_run_group_tests_name("stages/score, arithmetic", tests, NULL, NULL);
}
