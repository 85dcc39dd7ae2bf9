/* SPDX-License-Identifier: Apache-2.0 */
/* Sequences of one call with a common prefix: what they share, and that sharing changes no
 * bit. */
#include "tests/support/test.h"

#include <stdlib.h>

#include "scoring/infer/forward/ragged.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model.h"
#include "tests/support/infer.h"

enum { N_TOKENS = 900, N_SEQUENCES = 11, RESULTS_MAX = 4096 };

static const char *const names[] = {
    "llama",      "llama-biases",   "llama-rope-freqs", "llama-linear", "llama-partial",
    "mistral",    "qwen2",          "qwen2-yarn",       "qwen3",        "phi3",
    "phi3-long",  "gemma2",         "gemma3",           "gpt2",         "gptneox",
    "starcoder2", "gptneox-serial", "type-bf16",        "type-q8_0",    "llama-ntk",
};

struct sequences {
    int32_t tokens[N_SEQUENCES][N_TOKENS];
    struct sequence list[N_SEQUENCES];
    double results[RESULTS_MAX];
    size_t n_results;
};

static const struct span spans[] = { { 0, 5 }, { 200, 300 }, { 255, 257 }, { 400, 480 } };

enum { N_SPANS = sizeof spans / sizeof *spans };

static void open_runner(struct runner *runner, const char *name, unsigned cpu_flags,
                        size_t n_threads)
{
    const char *folder = getenv("CURATE_ZOO");
    struct error err;
    char path[512];

    assert_non_null(folder);
    snprintf(path, sizeof path, "%s/%s.gguf", folder, name);
    runner_open(runner, path, cpu_flags, n_threads);
    if (strcmp(name, "llama-ntk") == 0)
        assert_ok(session_stretch_ntk(runner->session, 2, &err));
}

static double *take(struct sequences *all, size_t n)
{
    double *at = all->results + all->n_results;

    all->n_results += n;
    assert_true(all->n_results <= RESULTS_MAX);
    return at;
}

/* Add a sequence of n tokens, the first n_same of which are those of an earlier sequence. */
static struct sequence *add(struct sequences *all, const struct model_info *info, size_t i,
                            size_t n, size_t like, size_t n_same)
{
    const size_t most = info->learned_positions ? info->context_length : N_TOKENS;

    for (size_t t = 0; t < n; t++)
        all->tokens[i][t] = t < n_same
                                ? all->tokens[like][t]
                                : (int32_t)((t * t * 31 + t * 7 + i * 101 + 3) % info->n_vocab);
    all->list[i] = (struct sequence){ .tokens = all->tokens[i], .n_tokens = min_size(n, most) };
    return &all->list[i];
}

static void score(struct sequences *all, struct sequence *sequence, size_t n)
{
    sequence->score_from = sequence->n_tokens - n;
    sequence->nll_nats = take(all, n);
}

static void attend(struct sequences *all, const struct model_info *info,
                   struct sequence *sequence, size_t n)
{
    sequence->attend_from = sequence->n_tokens - n;
    sequence->spans = spans;
    sequence->n_spans = N_SPANS;
    sequence->attention = take(all, N_SPANS);
    sequence->attention_by_head = take(all, (size_t)N_SPANS * info->n_layers * info->n_heads);
    sequence->focus_layer = info->n_layers - 1;
    sequence->focus_spans = spans;
    sequence->n_focus_spans = N_SPANS;
    sequence->focus = take(all, 1);
}

static void make(struct sequences *all, const struct model_info *info)
{
    struct sequence *sequence;

    memset(all, 0, sizeof *all);
    score(all, add(all, info, 0, 800, 0, 0), 20);
    sequence = add(all, info, 1, 790, 0, 600);
    score(all, sequence, 10);
    attend(all, info, sequence, 12);
    sequence = add(all, info, 2, 540, 2, 0);
    attend(all, info, sequence, 3);
    sequence = add(all, info, 3, 800, 0, 800); /* shares all tokens */
    sequence->next_ids = all->tokens[2];
    sequence->n_next_ids = 3;
    sequence->next_nll_nats = take(all, 3);
    sequence->pool_from = sequence->n_tokens - 30;
    sequence->pooled = take(all, info->n_embd);
    sequence = add(all, info, 4, 850, 0, 300);
    score(all, sequence, 40);
    score(all, add(all, info, 5, 900, 4, 840), 8); /* shares with 4 and with 0 */
    sequence = add(all, info, 6, 800, 0, 800);     /* attention is measured in every row */
    sequence->reach = take(all, 2);
    sequence->reach_distance = 50;
    score(all, add(all, info, 7, 500, 0, 255), 8); /* one token too few for the last block */
    sequence = add(all, info, 8, 800, 0, 800);     /* shares the part in which no row is used */
    score(all, sequence, sequence->n_tokens - 256);
    score(all, add(all, info, 9, 400, 4, 310), 8); /* ends within a block, shares with two */
    score(all, add(all, info, 10, 300, 0, 15), 8); /* shares nothing */
}

/* A model, and what a call asks of it. */
struct fixture {
    struct sequences all;
    struct runner runner;
    struct ragged batch;
};

static struct fixture *open_fixture(const char *name, size_t n_threads)
{
    struct fixture *f = test_malloc(sizeof *f);

    open_runner(&f->runner, name, cpu_detect(), n_threads);
    make(&f->all, model_info(f->runner.model));
    return f;
}

static void close_fixture(struct fixture *f)
{
    runner_close(&f->runner);
    test_free(f);
}

static double *copy_of(const struct sequences *all)
{
    double *copy = test_calloc(all->n_results, sizeof *copy);

    memcpy(copy, all->results, all->n_results * sizeof *copy);
    return copy;
}

/* Compare single calls by one thread with one call by each number of threads from the first to
 * the last. */
static void check_model(const char *name, unsigned cpu_flags, size_t first_threads,
                        size_t last_threads, struct sequences *all)
{
    struct runner runner;
    struct error err;

    open_runner(&runner, name, cpu_flags, 1);
    make(all, model_info(runner.model));
    for (size_t i = 0; i < N_SEQUENCES; i++)
        assert_ok(session_eval(runner.session, &all->list[i], 1, &err));
    double *want = copy_of(all);
    runner_close(&runner);
    for (size_t n_threads = first_threads; n_threads <= last_threads; n_threads++) {
        open_runner(&runner, name, cpu_flags, n_threads);
        memset(all->results, 0xff, sizeof all->results);
        assert_ok(session_eval(runner.session, all->list, N_SEQUENCES, &err));
        if (memcmp(all->results, want, all->n_results * sizeof *want) != 0)
            fail_msg("%s, CPU flags %x, %zu threads: numbers depend on what is shared", name,
                     cpu_flags, n_threads);
        runner_close(&runner);
    }
    test_free(want);
}

static void prefix_sharing_changes_no_bit(void **state)
{
    struct sequences *all = test_malloc(sizeof *all);

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_model(names[i], cpu_detect(), TEST_IS_SANITIZED ? 3 : 1,
                    TEST_IS_SANITIZED ? 3 : 4, all);
    test_free(all);
}

/* The panels of the families differ in size. */
static void prefix_sharing_changes_no_bit_with_any_kernel_family(void **state)
{
    static const char *const few[] = { "gemma2", "llama", "type-bf16" };
    const size_t n_few = TEST_IS_SANITIZED ? 1 : sizeof few / sizeof *few;
    const unsigned flags = cpu_detect();
    struct sequences *all = test_malloc(sizeof *all);

    (void)state;
    for (unsigned family = 0; family < flags; family = 2 * family + 1)
        for (size_t i = 0; i < n_few; i++)
            check_model(few[i], flags & family, 1, 1, all);
    test_free(all);
}

static void prefixes_without_used_rows_are_shared(void **state)
{
    static const struct {
        size_t n_shared, owner;
    } want[N_SEQUENCES] = { { 0, 0 },   { 592, 0 }, { 0, 0 }, { 768, 0 },
                            { 288, 0 }, { 832, 4 }, { 0, 0 }, { 240, 0 },
                            { 240, 0 }, { 304, 4 }, { 0, 0 } };
    struct fixture *f = open_fixture("llama", 1);
    struct error err;
    size_t n_keys = 0;

    (void)state;
    assert_ok(ragged_init(f->runner.session, f->all.list, N_SEQUENCES, &f->batch, &err));
    assert_int_equal(f->batch.n_ranges, N_SEQUENCES);
    for (size_t i = 0; i < N_SEQUENCES; i++) {
        const struct batch_range *range = &f->batch.ranges[i];

        assert_int_equal(range->n_shared, want[i].n_shared);
        if (range->n_shared > 0)
            assert_ptr_equal(range->owner, &f->batch.ranges[want[i].owner]);
        assert_int_equal(range->first_key, n_keys);
        n_keys += range->n_keys - range->n_shared;
    }
    assert_int_equal(f->batch.n_keys, n_keys);
    close_fixture(f);
}

static void assert_shares(const struct batch_range *range, const struct batch_range *owner,
                          size_t start, size_t end)
{
    const struct prefix_user *user = owner->users;

    while (user && user->range != range)
        user = user->next;
    assert_non_null(user);
    assert_int_equal(user->positions.start, start);
    assert_int_equal(user->positions.end, end);
}

/* With panels whose size divides a block of attention. */
static void a_partially_shared_attention_block_is_copied(void **state)
{
    struct fixture *f = open_fixture("llama", 1);
    struct error err;

    (void)state;
    assert_int_equal(ATTENTION_KEYS % f->runner.session->kernels.panel, 0);
    assert_ok(ragged_init(f->runner.session, f->all.list, N_SEQUENCES, &f->batch, &err));
    const struct batch_range *ranges = f->batch.ranges;
    assert_ptr_equal(range_storing(&ranges[5], 255), &ranges[0]);
    assert_ptr_equal(range_storing(&ranges[5], 256), &ranges[4]);
    assert_ptr_equal(range_storing(&ranges[5], 767), &ranges[4]);
    assert_ptr_equal(range_storing(&ranges[5], 768), &ranges[5]);
    assert_shares(&ranges[5], &ranges[4], 768, 832);
    assert_shares(&ranges[4], &ranges[0], 256, 288);
    assert_shares(&ranges[9], &ranges[4], 288, 304);
    assert_shares(&ranges[9], &ranges[0], 256, 288);
    assert_shares(&ranges[7], &ranges[0], 0, 240);
    assert_int_equal(ranges[3].first_stored, 768); /* it shares whole blocks only */
    for (const struct prefix_user *at = ranges[0].users; at; at = at->next)
        assert_ptr_not_equal(at->range, &ranges[3]);
    close_fixture(f);
}

static void sequences_with_length_dependent_positions_share_nothing(void **state)
{
    struct fixture *f = open_fixture("llama-ntk", 1);
    struct error err;

    (void)state;
    assert_ok(ragged_init(f->runner.session, f->all.list, N_SEQUENCES, &f->batch, &err));
    for (size_t i = 0; i < f->batch.n_ranges; i++) {
        assert_true(f->batch.ranges[i].has_own_rope_rows);
        assert_int_equal(f->batch.ranges[i].n_shared, 0);
    }
    close_fixture(f);
}

/* What the session reports for single sequences is what a call of them shares. */
static void the_session_reports_how_much_two_sequences_share(void **state)
{
    struct fixture *f = open_fixture("llama", 1);
    struct error err;

    (void)state;
    for (size_t i = 1; i < N_SEQUENCES; i++) {
        const struct sequence pair[] = { f->all.list[0], f->all.list[i] };

        assert_ok(ragged_init(f->runner.session, pair, 2, &f->batch, &err));
        assert_int_equal(session_shared_tokens(f->runner.session, &pair[0], &pair[1]),
                         f->batch.ranges[1].n_shared);
    }
    close_fixture(f);
    f = open_fixture("llama-ntk", 1);
    assert_int_equal(session_shared_tokens(f->runner.session, &f->all.list[0], &f->all.list[1]),
                     0);
    close_fixture(f);
}

static void a_call_stays_within_the_memory_estimate(void **state)
{
    struct fixture *f = open_fixture("gemma3", 2);
    struct error err;
    size_t n_tokens = 0;

    (void)state;
    for (size_t i = 0; i < N_SEQUENCES; i++)
        n_tokens += f->all.list[i].n_tokens;
    assert_ok(session_eval(f->runner.session, f->all.list, N_SEQUENCES, &err));
    assert_in_range(f->runner.session->n_floats * sizeof(float) +
                        f->runner.session->arena.total_bytes,
                    1, ragged_bytes(f->runner.model, 2, n_tokens, N_SEQUENCES));
    close_fixture(f);
}

/* An invalid id in a shared prefix is reported for the sequence that has it first. */
static void an_invalid_token_is_named_by_sequence_and_position(void **state)
{
    struct fixture *f = open_fixture("llama", 1);
    struct error err;

    (void)state;
    assert_ok(ragged_init(f->runner.session, f->all.list, N_SEQUENCES, &f->batch, &err));
    f->batch.bad_key[0] = f->batch.ranges[1].first_key + 3;
    assert_fails(ragged_check_values(f->runner.session, &f->batch, &err), ERR_INPUT,
                 "at token 595 of sequence 1");
    close_fixture(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefix_sharing_changes_no_bit),
        cmocka_unit_test(prefix_sharing_changes_no_bit_with_any_kernel_family),
        cmocka_unit_test(prefixes_without_used_rows_are_shared),
        cmocka_unit_test(a_partially_shared_attention_block_is_copied),
        cmocka_unit_test(sequences_with_length_dependent_positions_share_nothing),
        cmocka_unit_test(the_session_reports_how_much_two_sequences_share),
        cmocka_unit_test(a_call_stays_within_the_memory_estimate),
        cmocka_unit_test(an_invalid_token_is_named_by_sequence_and_position),
    };

    return cmocka_run_group_tests_name("infer/prefix", tests, NULL, NULL);
}
