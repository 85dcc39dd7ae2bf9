/* SPDX-License-Identifier: Apache-2.0 */
/* The tiny models of tests/data against the numbers of oracle.py, and what a session guarantees
 * besides correct numbers. */
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/io/file.h"
#include "base/threads/pool.h"
#include "scoring/infer/forward/attention.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/gguf/gguf.h"
#include "scoring/infer/model/model.h"
#include "scoring/kernels/kernels.h"
#include "tests/support/infer.h"
#include "tests/support/model_bytes.h"
#include "tests/support/model_fixture.h"

/* 32-bit sums against double precision, for NLLs of tens of nats. */
#define NLL_TOLERANCE       1e-4
#define ATTENTION_TOLERANCE 1e-6

static const char *const names[] = { "tiny-llama", "tiny-qwen2" };

/* A model with its cases. */
struct subject {
    struct arena arena;
    const char *path;
    struct infer_cases cases;
};

static void subject_open(struct subject *subject, const char *name)
{
    char file[64];

    arena_init(&subject->arena);
    snprintf(file, sizeof file, "tests/data/%s.gguf", name);
    subject->path = source_path(&subject->arena, file);
    snprintf(file, sizeof file, "tests/data/%s.json", name);
    infer_cases_open(&subject->cases, source_path(&subject->arena, file));
}

static void subject_close(struct subject *subject)
{
    infer_cases_close(&subject->cases);
    arena_release(&subject->arena);
}

static void eval_each(struct runner *runner, const struct infer_cases *cases)
{
    struct error err;

    for (size_t i = 0; i < cases->n; i++)
        assert_ok(session_eval(runner->session, &cases->cases[i].sequence, 1, &err));
}

/* In one call, in reverse order and each case several times: together more than
 * TARGET_CHUNK. */
enum { COPIES = 3 };

static void eval_together(struct runner *runner, const struct infer_cases *cases)
{
    struct sequence *all = test_calloc(COPIES * cases->n, sizeof *all);
    struct error err;
    size_t n_tokens = 0;

    for (size_t i = 0; i < COPIES * cases->n; i++) {
        all[i] = cases->cases[(COPIES * cases->n - 1 - i) % cases->n].sequence;
        n_tokens += all[i].n_tokens;
    }
    assert_true(n_tokens > TARGET_CHUNK);
    assert_ok(session_eval(runner->session, all, COPIES * cases->n, &err));
    test_free(all);
}

/* The results of all cases, one after the other. */
static double *collect(const struct infer_cases *cases, size_t *n)
{
    double *all = test_calloc(4096, sizeof *all);

    *n = 0;
    for (size_t i = 0; i < cases->n; i++) {
        const struct sequence *sequence = &cases->cases[i].sequence;
        const size_t n_scored = sequence->n_tokens - sequence->score_from;

        const size_t n_states = cases->cases[i].n_states;

        const size_t n_by_head = cases->cases[i].n_by_head;

        assert_true(*n + n_scored + sequence->n_spans + n_by_head + n_states <= 4096);
        memcpy(all + *n, sequence->nll_nats, n_scored * sizeof *all);
        *n += n_scored;
        memcpy(all + *n, sequence->attention, sequence->n_spans * sizeof *all);
        *n += sequence->n_spans;
        memcpy(all + *n, sequence->attention_by_head, n_by_head * sizeof *all);
        *n += n_by_head;
        memcpy(all + *n, cases->cases[i].states, n_states * sizeof *all);
        *n += n_states;
    }
    return all;
}

static void check_answers(const struct infer_cases *cases, const char *who)
{
    for (size_t i = 0; i < cases->n; i++) {
        const struct infer_case *c = &cases->cases[i];
        const size_t n_scored = c->sequence.n_tokens - c->sequence.score_from;
        const double nll = max_difference(c->sequence.nll_nats, c->want_nll, n_scored);
        const double attention =
            max_difference(c->sequence.attention, c->want_attention, c->sequence.n_spans);

        const double by_head =
            max_difference(c->sequence.attention_by_head, c->want_by_head, c->n_by_head);
        const double states = max_difference(c->states, c->want_states, c->n_states);

        assert_true(c->n_by_head > c->sequence.n_spans);
        if (by_head > ATTENTION_TOLERANCE)
            fail_msg("%s, case %zu: attention of a head off by %g", who, i, by_head);
        print_message("# %s, %zu tokens: nll off by %.2g, attention by %.2g, states by %.2g\n",
                      who, c->sequence.n_tokens, nll, attention, states);
        if (nll > NLL_TOLERANCE || attention > ATTENTION_TOLERANCE || states > NLL_TOLERANCE)
            fail_msg("%s, case %zu: nll off by %g, attention by %g, states by %g", who, i, nll,
                     attention, states);
    }
}

static void every_kernel_family_agrees_with_the_oracle(void **state)
{
    unsigned flags[FAMILIES_MAX];
    const size_t n_families = find_families(flags);

    (void)state;
    for (size_t m = 0; m < sizeof names / sizeof *names; m++) {
        struct subject subject;

        subject_open(&subject, names[m]);
        for (size_t f = 0; f < n_families; f++) {
            struct runner runner;

            runner_open(&runner, subject.path, flags[f], 2);
            eval_each(&runner, &subject.cases);
            check_answers(&subject.cases, runner.session->kernels.name);
            runner_close(&runner);
        }
        subject_close(&subject);
    }
}

/* The same cases, one by one and in one call, on 1 to 5 threads. */
static void check_same_bits(const struct subject *subject, unsigned cpu_flags)
{
    double *first = NULL;
    size_t n_first = 0;

    for (size_t n_threads = 1; n_threads <= 5; n_threads++) {
        for (int together = 0; together <= 1; together++) {
            struct runner runner;
            size_t n;

            runner_open(&runner, subject->path, cpu_flags, n_threads);
            if (together)
                eval_together(&runner, &subject->cases);
            else
                eval_each(&runner, &subject->cases);
            double *all = collect(&subject->cases, &n);
            runner_close(&runner);
            if (!first) {
                first = all;
                n_first = n;
                continue;
            }
            assert_int_equal(n, n_first);
            assert_memory_equal(all, first, n * sizeof *all);
            test_free(all);
        }
    }
    test_free(first);
}

static void threads_and_batching_change_no_bit_of_a_session(void **state)
{
    unsigned flags[FAMILIES_MAX];
    const size_t n_families = find_families(flags);

    (void)state;
    for (size_t m = 0; m < sizeof names / sizeof *names; m++) {
        struct subject subject;

        subject_open(&subject, names[m]);
        for (size_t f = 0; f < n_families; f++)
            check_same_bits(&subject, flags[f]);
        subject_close(&subject);
    }
}

/* Both are computed from the same fixed-point sums. */
static void attention_is_the_mean_over_layers_and_heads(void **state)
{
    (void)state;
    for (size_t m = 0; m < sizeof names / sizeof *names; m++) {
        struct subject subject;
        struct runner runner;

        subject_open(&subject, names[m]);
        runner_open(&runner, subject.path, cpu_detect(), 3);
        eval_each(&runner, &subject.cases);
        for (size_t i = 0; i < subject.cases.n; i++) {
            const struct infer_case *c = &subject.cases.cases[i];
            const size_t n = c->n_by_head / c->sequence.n_spans;

            for (size_t s = 0; s < c->sequence.n_spans; s++) {
                double sum = 0;

                for (size_t j = 0; j < n; j++)
                    sum += c->sequence.attention_by_head[s * n + j];
                assert_true(fabs(sum / (double)n - c->sequence.attention[s]) <=
                            1e-15 * (double)n * c->sequence.attention[s]);
            }
        }
        runner_close(&runner);
        subject_close(&subject);
    }
}

/* Requesting tables by head changes no bit of the other results. */
static void attention_by_head_changes_no_other_attention(void **state)
{
    struct subject subject;
    struct runner runner;
    double with[16];

    (void)state;
    subject_open(&subject, names[0]);
    runner_open(&runner, subject.path, cpu_detect(), 3);
    eval_each(&runner, &subject.cases);
    for (size_t i = 0; i < subject.cases.n; i++) {
        struct sequence sequence = subject.cases.cases[i].sequence;
        struct error err;

        assert_true(sequence.n_spans <= 16);
        memcpy(with, sequence.attention, sequence.n_spans * sizeof *with);
        memset(sequence.attention, 0, sequence.n_spans * sizeof *with);
        sequence.attention_by_head = NULL;
        assert_ok(session_eval(runner.session, &sequence, 1, &err));
        assert_memory_equal(sequence.attention, with, sequence.n_spans * sizeof *with);
    }
    runner_close(&runner);
    subject_close(&subject);
}

struct fixture {
    struct subject subject;
    struct runner runner;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    subject_open(&f->subject, names[0]);
    runner_open(&f->runner, f->subject.path, cpu_detect(), 2);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    runner_close(&f->runner);
    subject_close(&f->subject);
    test_free(f);
    return 0;
}

/* A layer that no requested result needs is not run. That must change no number. */
static void a_result_does_not_depend_on_other_requested_results(void **state)
{
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < f->subject.cases.n; i++) {
        const struct infer_case *c = &f->subject.cases.cases[i];
        const struct sequence *s = &c->sequence;
        double *alone = test_calloc(c->n_states, sizeof *alone);
        const size_t focus = (size_t)(s->focus - c->states);
        struct sequence asks[4] = {
            { .next_ids = s->next_ids, .n_next_ids = s->n_next_ids, .next_nll_nats = alone },
            { .pool_from = s->pool_from, .pooled = alone + (s->pooled - c->states) },
            { .attend_from = s->attend_from,
              .focus_layer = s->focus_layer,
              .focus_spans = s->focus_spans,
              .n_focus_spans = s->n_focus_spans,
              .focus = alone + focus },
            { .reach_distance = s->reach_distance, .reach = alone + focus + 1 },
        };

        assert_ok(session_eval(f->runner.session, s, 1, &err));
        for (size_t ask = 0; ask < 4; ask++) {
            asks[ask].tokens = s->tokens;
            asks[ask].n_tokens = s->n_tokens;
            assert_ok(session_eval(f->runner.session, &asks[ask], 1, &err));
        }
        assert_memory_equal(alone, c->states, c->n_states * sizeof *alone);
        test_free(alone);
    }
}

/* Two heads with mass .2 + .3 and .1 + .1 on the spans. */
static void focus_is_the_mass_of_the_head_with_the_most(void **state)
{
    const double mass[] = { .2 + .3, .1 + .1 };
    const double two_rows[] = { .5, .2, .1, .3 };

    (void)state;
    assert_true(fabs(attention_focus(mass, 1, 2) - .5) < 1e-15);
    assert_true(fabs(attention_focus(two_rows, 2, 2) - .4) < 1e-15);
}

/* Rows [1], [.5 .5], [.2 .3 .5], [.1 .2 .3 .4] at a distance of at least one. */
static void reach_counts_near_keys_as_zero(void **state)
{
    const double far[] = { .5, .2, .3, .1, .2, .3 };
    double sum = 0, squares = 0;

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        sum += far[i];
        squares += far[i] * far[i];
    }
    assert_true(fabs(sum / 4 - .4) < 1e-15);
    assert_true(fabs(attention_variance(sum, squares, 16) - .024) < 1e-15);
}

static void a_token_depends_on_earlier_tokens_only(void **state)
{
    struct fixture *f = *state;
    const struct sequence *all = &f->subject.cases.cases[3].sequence;
    double nll_whole[128], nll_cut[128];
    struct sequence whole = {
        .tokens = all->tokens, .n_tokens = 129, .score_from = 1, .nll_nats = nll_whole
    };
    struct error err;

    assert_int_equal(all->n_tokens, 129);
    struct sequence cut = whole;
    cut.n_tokens = 70;
    cut.nll_nats = nll_cut;
    assert_ok(session_eval(f->runner.session, &whole, 1, &err));
    assert_ok(session_eval(f->runner.session, &cut, 1, &err));

    assert_memory_equal(nll_whole, nll_cut, 69 * sizeof *nll_cut);
}

static void only_the_requested_tokens_are_scored(void **state)
{
    struct fixture *f = *state;
    const struct sequence *all = &f->subject.cases.cases[3].sequence;
    const struct span spans[] = { { 1, 3 }, { 10, 11 }, { 100, 129 } };
    double nll[128], some[128];
    struct sequence sequence = {
        .tokens = all->tokens, .n_tokens = 129, .score_from = 1, .nll_nats = nll
    };
    struct error err;

    for (size_t i = 0; i < 128; i++)
        some[i] = -1;
    assert_ok(session_eval(f->runner.session, &sequence, 1, &err));
    sequence.nll_nats = some;
    sequence.score_spans = spans;
    sequence.n_score_spans = 3;
    assert_ok(session_eval(f->runner.session, &sequence, 1, &err));
    for (size_t at = 1; at < 129; at++)
        assert_true(some[at - 1] == (at < 3 || at == 10 || at >= 100 ? nll[at - 1] : -1));
}

static void attention_on_all_keys_sums_to_one(void **state)
{
    struct fixture *f = *state;
    struct sequence sequence = f->subject.cases.cases[4].sequence;
    const struct span all[] = { { 0, 301 }, { 0, 100 }, { 100, 301 } };
    double attention[3];
    struct error err;

    sequence.spans = all;
    sequence.n_spans = 3;
    sequence.attention = attention;
    assert_ok(session_eval(f->runner.session, &sequence, 1, &err));

    assert_true(fabs(attention[0] * 301 - 1) < 1e-6);
    assert_true(fabs(attention[1] * 100 + attention[2] * 201 - 1) < 1e-6);
}

static void a_call_that_requests_nothing_does_nothing(void **state)
{
    struct fixture *f = *state;
    const int32_t tokens[] = { 5, 6 };
    double nll = -1;
    const struct sequence sequences[] = {
        { .tokens = tokens, .n_tokens = 2 },
        { .tokens = tokens, .n_tokens = 2, .score_from = 2, .nll_nats = &nll },
        { .tokens = tokens, .n_tokens = 2, .attend_from = 1, .attention = &nll },
    };
    struct error err;

    assert_ok(session_eval(f->runner.session, sequences, 3, &err));
    assert_ok(session_eval(f->runner.session, NULL, 0, &err));
    assert_true(nll == -1);
}

static void a_model_of_zeros_gives_every_token_the_same_probability(void **state)
{
    const struct fixture *f = *state;
    const uint32_t n_vocab = 2 * VOCAB_BLOCK + 5;
    const int32_t tokens[] = { 0, (int32_t)n_vocab - 1, VOCAB_BLOCK, 1 };
    struct model_fixture fixture;
    struct session *session = NULL;
    struct model *model = NULL;
    void *bytes = NULL;
    struct error err;
    double nll[3];
    const struct sequence sequence = {
        .tokens = tokens, .n_tokens = 4, .score_from = 1, .nll_nats = nll
    };

    model_fixture_init(&fixture);
    fixture_tensor(&fixture, "token_embd.weight", 32, n_vocab, DTYPE_F32, 0);
    assert_ok(model_fixture_open(&fixture, &bytes, &model, &err));
    assert_ok(session_new(model, &f->runner.session->kernels, f->runner.pool, &session, &err));
    assert_ok(session_eval(session, &sequence, 1, &err));
    for (size_t i = 0; i < 3; i++)
        assert_true(fabs(nll[i] - log(n_vocab)) < 1e-9);
    session_free(session);
    model_close(model);
    free(bytes);
}

static void a_token_id_outside_the_vocabulary_is_refused(void **state)
{
    struct fixture *f = *state;
    const int32_t good[] = { 1, 2 };
    const int32_t high[] = { 1, 2, 320 };
    const int32_t low[] = { 1, -1 };
    double nll[2];
    struct sequence sequences[] = {
        { .tokens = good, .n_tokens = 2, .score_from = 1, .nll_nats = nll },
        { .tokens = high, .n_tokens = 3, .score_from = 1, .nll_nats = nll },
    };
    struct error err;

    assert_fails(session_eval(f->runner.session, sequences, 2, &err), ERR_INPUT,
                 "token 2 of sequence 1 has id 320, but the vocabulary has 320 tokens");
    sequences[1].tokens = low;
    sequences[1].n_tokens = 2;
    assert_fails(session_eval(f->runner.session, sequences, 2, &err), ERR_INPUT,
                 "token 1 of sequence 1 has id -1");
}

static void contradictory_requests_are_refused(void **state)
{
    struct fixture *f = *state;
    struct session *session = f->runner.session;
    const int32_t tokens[] = { 1, 2, 3 };
    const struct span empty = { 2, 2 };
    const struct span outside = { 2, 4 };
    double out[3];
    const struct sequence none = { .tokens = tokens, .n_tokens = 0 };
    const struct sequence from_0 = { .tokens = tokens, .n_tokens = 3, .nll_nats = out };
    const struct sequence from_4 = {
        .tokens = tokens, .n_tokens = 3, .score_from = 4, .nll_nats = out
    };
    struct sequence attend = { .tokens = tokens,
                               .n_tokens = 3,
                               .attend_from = 3,
                               .spans = &empty,
                               .n_spans = 1,
                               .attention = out };
    struct sequence focus = { .tokens = tokens,
                              .n_tokens = 3,
                              .focus_layer = 99,
                              .focus_spans = &outside,
                              .n_focus_spans = 1,
                              .focus = out };
    const struct sequence pooled = {
        .tokens = tokens, .n_tokens = 3, .pool_from = 3, .pooled = out
    };
    const struct sequence reach = { .tokens = tokens, .n_tokens = 1, .reach = out };
    const int32_t no_id = -7;
    const struct sequence asked = { .tokens = tokens,
                                    .n_tokens = 3,
                                    .next_ids = &no_id,
                                    .n_next_ids = 1,
                                    .next_nll_nats = out };
    struct error err;

    assert_fails(session_eval(session, &none, 1, &err), ERR_INVARIANT, "no tokens");
    assert_fails(session_eval(session, &from_0, 1, &err), ERR_INVARIANT, "score_from");
    assert_fails(session_eval(session, &from_4, 1, &err), ERR_INVARIANT, "score_from");
    assert_fails(session_eval(session, &attend, 1, &err), ERR_INVARIANT, "attend_from");
    attend.attend_from = 2;
    assert_fails(session_eval(session, &attend, 1, &err), ERR_INVARIANT, "span");
    attend.spans = &outside;
    assert_fails(session_eval(session, &attend, 1, &err), ERR_INVARIANT, "span");
    assert_fails(session_eval(session, &focus, 1, &err), ERR_INVARIANT, "focus_layer");
    focus.focus_layer = 0;
    assert_fails(session_eval(session, &focus, 1, &err), ERR_INVARIANT, "span");
    assert_fails(session_eval(session, &pooled, 1, &err), ERR_INVARIANT, "pool_from");
    assert_fails(session_eval(session, &reach, 1, &err), ERR_INVARIANT, "at least 2 tokens");
    assert_fails(session_eval(session, &asked, 1, &err), ERR_INPUT, "id -7");
}

static void a_session_stays_within_its_memory_estimate(void **state)
{
    struct fixture *f = *state;
    const struct session *session = f->runner.session;
    size_t n_tokens = 0;

    for (size_t i = 0; i < f->subject.cases.n; i++)
        n_tokens += COPIES * f->subject.cases.cases[i].sequence.n_tokens;
    eval_together(&f->runner, &f->subject.cases);

    const uint64_t held = session->n_floats * sizeof(float) + session->arena.total_bytes +
                          2 * session_scratch_bytes(model_info(f->runner.model));
    assert_in_range(held, 1,
                    session_memory(f->runner.model, 2, n_tokens, COPIES * f->subject.cases.n)
                        .activation_bytes);
}

static void a_call_with_more_memory_than_the_machine_has_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct session_memory memory = session_memory(f->runner.model, 2, 1 << 20, 1);
    const uint64_t all = memory.weight_bytes + memory.activation_bytes;
    struct error err;

    assert_int_equal(memory.weight_bytes, model_info(f->runner.model)->weight_bytes);
    assert_ok(session_check_memory(&memory, 1 << 20, all, &err));
    assert_fails(session_check_memory(&memory, 1 << 20, all - 1, &err), ERR_NOMEM,
                 "1048576 tokens at once need 1.");
}

/* Run three tokens through a copy of the first model's file in which one weight is
 * overwritten. */
static int eval_damaged(const struct fixture *f, const char *tensor, size_t at, float value,
                        struct error *out)
{
    const int32_t tokens[] = { 7, 8, 9 };
    double nll[2];
    const struct sequence sequence = {
        .tokens = tokens, .n_tokens = 3, .score_from = 1, .nll_nats = nll
    };
    struct file_map map;
    struct gguf *gguf = NULL;
    struct model *model = NULL;
    struct session *session = NULL;
    struct error err = { 0 };

    assert_ok(file_map_open(f->subject.path, &map, &err));
    uint8_t *bytes = test_malloc(map.len);
    memcpy(bytes, map.data, map.len);
    assert_ok(gguf_parse(bytes, map.len, &gguf, &err));
    memcpy(bytes + (gguf_tensor(gguf, tensor)->data - bytes) + at * sizeof value, &value,
           sizeof value);
    assert_ok(model_open_bytes(bytes, map.len, &model, &err));
    assert_ok(session_new(model, &f->runner.session->kernels, f->runner.pool, &session, &err));
    const int rc = session_eval(session, &sequence, 1, &err);
    session_free(session);
    model_close(model);
    gguf_free(gguf);
    test_free(bytes);
    file_map_close(&map);
    *out = err;
    return rc;
}

static void values_that_are_not_finite_are_an_error(void **state)
{
    struct fixture *f = *state;
    struct error err;

    /* Row 8 of the embedding: token 8 is token 1 of the sequence. */
    assert_fails(eval_damaged(f, "token_embd.weight", 8 * 64 + 3, NAN, &err), ERR_INPUT,
                 "token 1 of sequence 0");
    assert_fails(eval_damaged(f, "blk.0.attn_k.weight", 70, INFINITY, &err), ERR_INPUT,
                 "token 0 of sequence 0");
    assert_fails(eval_damaged(f, "blk.1.attn_q.weight", 0, 1e30f, &err), ERR_INPUT,
                 "token 0 of sequence 0");
    assert_fails(eval_damaged(f, "blk.1.attn_v.weight", 5, -NAN, &err), ERR_INPUT,
                 "token 0 of sequence 0");
    /* A value that the last layer spoils shows in the logits. */
    assert_fails(eval_damaged(f, "blk.1.ffn_up.weight", 5, NAN, &err), ERR_INPUT,
                 "token 0 of sequence 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_family_agrees_with_the_oracle),
        cmocka_unit_test(threads_and_batching_change_no_bit_of_a_session),
        cmocka_unit_test(attention_is_the_mean_over_layers_and_heads),
        cmocka_unit_test(attention_by_head_changes_no_other_attention),
        cmocka_unit_test_setup_teardown(a_result_does_not_depend_on_other_requested_results,
                                        setup, teardown),
        cmocka_unit_test(focus_is_the_mass_of_the_head_with_the_most),
        cmocka_unit_test(reach_counts_near_keys_as_zero),
        cmocka_unit_test_setup_teardown(a_token_depends_on_earlier_tokens_only, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(attention_on_all_keys_sums_to_one, setup, teardown),
        cmocka_unit_test_setup_teardown(a_call_that_requests_nothing_does_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_model_of_zeros_gives_every_token_the_same_probability,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(only_the_requested_tokens_are_scored, setup, teardown),
        cmocka_unit_test_setup_teardown(a_token_id_outside_the_vocabulary_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(contradictory_requests_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_call_with_more_memory_than_the_machine_has_is_refused,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_session_stays_within_its_memory_estimate, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(values_that_are_not_finite_are_an_error, setup,
                                        teardown),
    };

    return cmocka_run_group_tests_name("infer/session", tests, NULL, NULL);
}
