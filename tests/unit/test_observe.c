/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/io/file.h"
#include "base/threads/pool.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/model/model.h"
#include "scoring/kernels/kernels.h"
#include "scoring/observe/observe.h"
#include "scoring/prompts/dialogue.h"
#include "scoring/prompts/prompt.h"
#include "scoring/scorer.h"
#include "tests/support/model_bytes.h"
#include "tests/support/observe_prompts.h"

enum { NEED_ALL = NEED_NLL | NEED_NLL_ALONE | NEED_SEGMENTS };

static const struct observer_options plain_options = { .max_tokens = 512,
                                                       .segment_tokens = 16,
                                                       .batch_tokens = 200 };

struct fixture {
    struct model *model;
    struct pool *pool;
    struct observer *observer;
    struct arena arena;
    struct kernels kernels;
};

static void open_model(struct model **out)
{
    char path[4096];
    struct error err;

    snprintf(path, sizeof path, "%s/tests/data/tiny-llama.gguf", getenv("CURATE_SOURCE"));
    assert_ok(model_open(path, out, &err));
}

static void open_observer(struct fixture *f, size_t n_threads,
                          const struct observer_options *options)
{
    struct observer_options given = *options;
    struct error err;

    given.template = prompt_template_find("plain");
    kernels_init(&f->kernels, cpu_detect());
    arena_init(&f->arena);
    assert_ok(pool_new(n_threads, &f->pool, &err));
    assert_ok(observer_new(f->model, &f->kernels, f->pool, &given, &f->observer, &err));
}

static void close_observer(struct fixture *f)
{
    observer_free(f->observer);
    pool_free(f->pool);
    arena_release(&f->arena);
}

static int setup(void **state)
{
    static struct fixture f;

    open_model(&f.model);
    open_observer(&f, 2, &plain_options);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    close_observer(f);
    model_close(f->model);
    return 0;
}

static struct observed_text text_of(const char *context, const char *instruction,
                                    const char *response)
{
    const struct slice none = { 0 };

    return (struct observed_text){ .context = context ? slice_text(context) : none,
                                   .instruction = instruction ? slice_text(instruction) : none,
                                   .response = response ? slice_text(response) : none };
}

/* About 60 tokens of context, 4 segments. */
static const char long_context[] =
    "the cat sat on the mat and the dog lay on the rug while the rain fell on the roof of the "
    "old house there was a light in the window and a man at the table he read the letter again "
    "and then he put it into the fire and said that he would not go there any more";

static struct observation observe_one(struct fixture *f, struct observed_text text,
                                      unsigned needs)
{
    struct observation seen;
    struct error err;

    assert_ok(observer_run(f->observer, &text, 1, needs, &f->arena, &seen, &err));
    return seen;
}

static void nll_is_the_mean_over_the_response_tokens(void **state)
{
    struct fixture *f = *state;
    const struct observed_text text = text_of(NULL, "who sat?", "the cat sat on the mat");
    struct session *session = NULL;
    struct prompt prompt = { 0 };
    double nll[64], total = 0;
    struct error err;

    const struct observation seen = observe_one(f, text, NEED_NLL);

    assert_ok(prompt_build(prompt_template_find("plain"), model_tokenizer(f->model), &text,
                           &prompt, &err));
    assert_true(prompt.n_response <= 64);
    const struct sequence sequence = { .tokens = prompt.ids.ids,
                                       .n_tokens = prompt.ids.n,
                                       .score_from = prompt.ids.n - prompt.n_response,
                                       .nll_nats = nll };
    assert_ok(session_new(f->model, &f->kernels, f->pool, &session, &err));
    assert_ok(session_eval(session, &sequence, 1, &err));
    for (size_t i = 0; i < prompt.n_response; i++)
        total += nll[i];
    assert_null(seen.reason);
    assert_false(seen.truncated);
    assert_int_equal(seen.n_response_tokens, prompt.n_response);
    assert_true(fabs(seen.nll_nats - total / (double)prompt.n_response) < 1e-12);
    assert_true(seen.nll_nats > 0);
    session_free(session);
    prompt_release(&prompt);
}

static void samples_without_a_response_have_a_reason(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(observe_one(f, text_of("a", "b", NULL), NEED_ALL).reason,
                        "no_response");
    assert_string_equal(observe_one(f, text_of("a", "b", ""), NEED_ALL).reason,
                        "empty_response");
    assert_string_equal(observe_one(f, text_of("a", "b", " \n\t "), NEED_ALL).reason,
                        "empty_response");
}

static void a_response_that_does_not_fit_is_too_long_and_fails_alone(void **state)
{
    struct fixture *f = *state;
    char response[4 * 512 + 1];
    struct observation seen[3];
    struct error err;

    for (size_t i = 0; i < sizeof response - 1; i++)
        response[i] = "a b?"[i % 4];
    response[sizeof response - 1] = '\0';
    const struct observed_text texts[] = { text_of(NULL, "who?", "the cat"),
                                           text_of(NULL, "who?", response),
                                           text_of(NULL, "who?", "the cat") };

    assert_ok(observer_run(f->observer, texts, 3, NEED_ALL, &f->arena, seen, &err));

    assert_null(seen[0].reason);
    assert_string_equal(seen[1].reason, "too_long");
    assert_null(seen[2].reason);
    assert_true(seen[0].nll_nats == seen[2].nll_nats);
}

static void a_long_context_loses_its_left_end(void **state)
{
    struct fixture *f = *state;
    const struct observed_text text = text_of(long_context, "who?", "the cat");
    struct observer_options options = plain_options;
    struct fixture small = { .model = f->model };
    struct prompt prompt = { 0 }, kept = { 0 };
    struct observation seen, same;
    struct error err;

    assert_ok(prompt_build(prompt_template_find("plain"), model_tokenizer(f->model), &text,
                           &prompt, &err));
    const size_t n_dropped = 10;
    options.max_tokens = prompt.ids.n - n_dropped;
    open_observer(&small, 1, &options);
    assert_ok(observer_run(small.observer, &text, 1, NEED_ALL, &small.arena, &seen, &err));

    kept = prompt;
    kept.ids = (struct token_buf){ 0 };
    kept.turns = NULL;
    kept.n_context -= n_dropped;
    for (size_t i = 0; i < prompt.ids.n; i++)
        if (i < prompt.n_head || i >= prompt.n_head + n_dropped)
            assert_ok(token_buf_add(&kept.ids, prompt.ids.ids[i], &err));
    assert_ok(observe_prompts(f->observer, &kept, 1, NEED_ALL, &f->arena, &same, &err));

    assert_true(seen.truncated);
    assert_false(same.truncated);
    assert_true(seen.nll_nats == same.nll_nats);
    assert_int_equal(seen.n_segments, same.n_segments);
    assert_int_equal(seen.segments[seen.n_segments - 1].tok_end, kept.n_context);
    for (size_t i = 0; i < seen.n_segments; i++)
        assert_memory_equal(&seen.segments[i], &same.segments[i], sizeof *seen.segments);
    prompt_release(&prompt);
    prompt_release(&kept);
    close_observer(&small);
}

static void a_context_without_room_is_dropped(void **state)
{
    struct fixture *f = *state;
    const struct observed_text text = text_of(long_context, "who?", "the cat");
    struct observer_options options = plain_options;
    struct fixture small = { .model = f->model };
    struct prompt prompt = { 0 };
    struct observation seen;
    struct error err;

    assert_ok(prompt_build(prompt_template_find("plain"), model_tokenizer(f->model), &text,
                           &prompt, &err));
    options.max_tokens = prompt.ids.n - prompt.n_context;
    open_observer(&small, 1, &options);
    assert_ok(observer_run(small.observer, &text, 1, NEED_ALL, &small.arena, &seen, &err));

    assert_null(seen.reason);
    assert_true(seen.truncated);
    assert_int_equal(seen.n_segments, 0);
    prompt_release(&prompt);
    close_observer(&small);
}

static void a_segment_is_scored_in_place_of_the_context(void **state)
{
    struct fixture *f = *state;
    const struct observed_text text = text_of(long_context, "who?", "the cat");
    struct prompt prompt = { 0 };
    struct error err;

    const struct observation seen = observe_one(f, text, NEED_SEGMENTS);

    assert_ok(prompt_build(prompt_template_find("plain"), model_tokenizer(f->model), &text,
                           &prompt, &err));
    assert_true(seen.n_segments >= 3);
    for (size_t s = 0; s < seen.n_segments; s++) {
        const struct segment *segment = &seen.segments[s];
        struct prompt alone = prompt;
        struct observation same;

        alone.ids = (struct token_buf){ 0 };
        alone.turns = NULL;
        alone.n_context = segment->tok_end - segment->tok_start;
        for (size_t i = 0; i < prompt.ids.n; i++) {
            const size_t first = prompt.n_head;

            if (i < first || i >= first + prompt.n_context ||
                (i >= first + segment->tok_start && i < first + segment->tok_end))
                assert_ok(token_buf_add(&alone.ids, prompt.ids.ids[i], &err));
        }
        assert_ok(observe_prompts(f->observer, &alone, 1, NEED_NLL, &f->arena, &same, &err));
        assert_true(segment->nll_nats == same.nll_nats);
        assert_true(segment->attention > 0);
        prompt_release(&alone);
    }
    prompt_release(&prompt);
}

static void a_single_segment_has_the_nll_of_its_sample(void **state)
{
    struct fixture *f = *state;
    const struct observed_text text = text_of("the cat sat", "who?", "the cat");

    const struct observation seen = observe_one(f, text, NEED_SEGMENTS);
    const struct observation whole = observe_one(f, text, NEED_NLL);

    assert_int_equal(seen.n_segments, 1);
    assert_true(seen.segments[0].nll_nats == whole.nll_nats);
    assert_true(seen.segments[0].attention > 0);
}

static void a_sample_without_a_context_has_no_segments(void **state)
{
    const struct observation seen =
        observe_one(*state, text_of(NULL, "who?", "the cat"), NEED_ALL);

    assert_null(seen.reason);
    assert_int_equal(seen.n_segments, 0);
}

static void assert_same(const struct observation *a, const struct observation *b)
{
    assert_true(a->nll_nats == b->nll_nats);
    assert_true(a->nll_alone_nats == b->nll_alone_nats);
    assert_int_equal(a->n_segments, b->n_segments);
    for (size_t i = 0; i < a->n_segments; i++)
        assert_memory_equal(&a->segments[i], &b->segments[i], sizeof *a->segments);
}

static void threads_and_batches_change_no_bit_of_an_observation(void **state)
{
    struct fixture *f = *state;
    const struct observed_text texts[] = {
        text_of(long_context, "who?", "the cat and the man"),
        text_of(NULL, "what fell?", "rain"),
        text_of("the old house", "where was the light?", "in the window"),
    };
    static const struct {
        size_t n_threads, batch_tokens;
    } ways[] = { { 1, 1 }, { 1, 100 }, { 2, 64 }, { 3, 1000000 } };
    struct observation want[3], seen[3];
    struct error err;

    assert_ok(observer_run(f->observer, texts, 3, NEED_ALL, &f->arena, want, &err));
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        struct observer_options options = plain_options;
        struct fixture other = { .model = f->model };

        options.batch_tokens = ways[w].batch_tokens;
        open_observer(&other, ways[w].n_threads, &options);
        assert_ok(observer_run(other.observer, texts, 3, NEED_ALL, &other.arena, seen, &err));
        for (size_t i = 0; i < 3; i++)
            assert_same(&seen[i], &want[i]);
        for (size_t i = 0; i < 3; i++) {
            assert_ok(
                observer_run(other.observer, &texts[i], 1, NEED_ALL, &other.arena, seen, &err));
            assert_same(&seen[0], &want[i]);
        }
        close_observer(&other);
    }
}

/* A model file whose BOS key has another name. A byte-pair vocabulary has no default BOS. */
static void without_a_start_token_nll_alone_is_missing(void **state)
{
    static const char key[] = "tokenizer.ggml.bos_token_id";
    struct fixture f = { 0 };
    struct buf bytes;
    char path[4096];
    struct error err;

    (void)state;
    buf_init(&bytes, 64 << 20);
    snprintf(path, sizeof path, "%s/tests/data/tiny-qwen2.gguf", getenv("CURATE_SOURCE"));
    assert_ok(file_read(path, &bytes, &err));
    char *at = memmem(bytes.data, bytes.len, key, sizeof key - 1);
    assert_non_null(at);
    at[sizeof key - 2] = 'x';
    assert_ok(model_open_bytes(bytes.data, bytes.len, &f.model, &err));
    open_observer(&f, 1, &plain_options);

    const struct observation seen =
        observe_one(&f, text_of(NULL, "who?", "the cat"), NEED_NLL | NEED_NLL_ALONE);

    assert_null(seen.reason);
    assert_string_equal(seen.alone_reason, "no_bos");
    assert_true(seen.nll_nats > 0);
    close_observer(&f);
    model_close(f.model);
    buf_release(&bytes);
}

static void text_that_cannot_be_tokenised_fails_its_sample_only(void **state)
{
    const struct observed_text texts[] = {
        text_of(NULL, "who?", "caf\xe9"),
        text_of(NULL, "who?", "the cat"),
    };
    struct fixture *f = *state;
    struct observation seen[2];
    struct error err;

    assert_ok(observer_run(f->observer, texts, 2, NEED_NLL, &f->arena, seen, &err));

    assert_string_equal(seen[0].reason, "not_tokenizable");
    assert_null(seen[1].reason);
    assert_true(seen[1].nll_nats > 0);
}

struct steps {
    size_t n_calls, n_done, n_total, stop_at;
};

static int count_step(void *arg, size_t n_done, size_t n_total)
{
    struct steps *steps = arg;

    assert_true(n_done > steps->n_done);
    steps->n_done = n_done;
    steps->n_total = n_total;
    return ++steps->n_calls == steps->stop_at ? 15 : 0;
}

static void the_observer_reports_progress_and_stops_on_request(void **state)
{
    struct fixture *f = *state;
    const struct observed_text text = text_of(long_context, "who?", "the cat");
    struct observer_options options = plain_options;
    struct fixture other = { .model = f->model };
    struct steps steps = { 0 };
    struct observation seen;
    struct error err;

    options.batch_tokens = 1;
    options.progress = count_step;
    options.progress_arg = &steps;
    open_observer(&other, 1, &options);

    assert_ok(observer_run(other.observer, &text, 1, NEED_ALL, &other.arena, &seen, &err));
    assert_int_equal(steps.n_calls, 2 + seen.n_segments);
    assert_int_equal(steps.n_done, steps.n_total);
    assert_int_equal(observer_tokens(other.observer), steps.n_total);

    const size_t n_calls = steps.n_calls;
    steps = (struct steps){ .stop_at = 2 };
    assert_fails(observer_run(other.observer, &text, 1, NEED_ALL, &other.arena, &seen, &err),
                 ERR_CANCELLED, "signal 15");
    assert_int_equal(err.sys, 15);
    assert_int_equal(steps.n_calls, 2);

    steps = (struct steps){ .stop_at =
                                n_calls }; /* the last call is done, so a stop has no effect */
    assert_ok(observer_run(other.observer, &text, 1, NEED_ALL, &other.arena, &seen, &err));
    close_observer(&other);
}

static void token_estimates_depend_on_the_requested_passes(void **state)
{
    const struct observed_text text = text_of(long_context, "who?", "the cat");
    const struct observed_text blank = text_of(long_context, "who?", " ");

    (void)state;
    const size_t nll = observer_guess_tokens(&plain_options, &text, NEED_NLL);
    const size_t alone = observer_guess_tokens(&plain_options, &text, NEED_NLL_ALONE);
    const size_t all = observer_guess_tokens(&plain_options, &text, NEED_ALL);

    assert_true(nll > sizeof long_context / 8);
    assert_true(alone > 0 && alone < nll);
    assert_true(all > nll + alone);
    assert_int_equal(observer_guess_tokens(&plain_options, &blank, NEED_ALL), 0);
}

static const struct dialogue_turn talk[] = {
    { .role = ROLE_USER, .text = { "who sat on the mat?", 19 } },
    { .role = ROLE_ASSISTANT, .text = { "the cat", 7 } },
    { .role = ROLE_USER, .text = { "and the dog?", 12 } },
    { .role = ROLE_ASSISTANT, .text = { "the dog lay on the rug", 22 } },
    { .role = ROLE_USER, .text = { "thanks", 6 } },
    { .role = ROLE_ASSISTANT, .text = { " ", 1 } },
    { .role = ROLE_USER, .text = { "what fell?", 10 } },
    { .role = ROLE_ASSISTANT, .text = { "the rain fell on the roof", 25 } },
};
enum { N_RESPONSES = 4 };
static const struct dialogue dialogue = { .system = { "be brief", 8 },
                                          .turns = talk,
                                          .n_turns = 2 * N_RESPONSES };

static void responses_of_talk(const char *context, struct observed_text out[N_RESPONSES])
{
    for (size_t i = 0; i < N_RESPONSES; i++) {
        out[i] = text_of(context, NULL, NULL);
        out[i].instruction = talk[2 * i].text;
        out[i].response = talk[2 * i + 1].text;
        out[i].dialogue = &dialogue;
        out[i].response_turn = 2 * i + 1;
    }
}

static void assert_same_numbers(const struct observation *a, const struct observation *b)
{
    assert_int_equal(!a->reason, !b->reason);
    assert_int_equal(a->truncated, b->truncated);
    assert_int_equal(a->n_response_tokens, b->n_response_tokens);
    if (a->reason)
        return;
    assert_true(a->nll_nats == b->nll_nats);
    assert_true(a->nll_alone_nats == b->nll_alone_nats);
}

static void one_pass_over_a_dialogue_gives_each_turn_the_nll_of_its_own_pass(void **state)
{
    struct fixture *f = *state;
    struct observed_text texts[N_RESPONSES];
    struct observation together[N_RESPONSES], alone[N_RESPONSES];
    struct error err;

    responses_of_talk("the cat sat on the mat", texts);
    const uint64_t before = observer_tokens(f->observer);
    assert_ok(
        observer_run(f->observer, texts, N_RESPONSES, NEED_NLL, &f->arena, together, &err));
    const uint64_t n_together = observer_tokens(f->observer) - before;
    for (size_t i = 0; i < N_RESPONSES; i++)
        assert_ok(
            observer_run(f->observer, &texts[i], 1, NEED_NLL, &f->arena, &alone[i], &err));
    const uint64_t n_alone = observer_tokens(f->observer) - before - n_together;

    for (size_t i = 0; i < N_RESPONSES; i++)
        assert_same_numbers(&together[i], &alone[i]);
    assert_string_equal(together[2].reason, "empty_response");
    assert_true(together[0].nll_nats != together[1].nll_nats);
    assert_true(n_together * 3 / 2 < n_alone);
}

static void a_dialogue_too_long_loses_its_oldest_turns_and_is_scored(void **state)
{
    struct fixture *f = *state;
    struct observer_options options = plain_options;
    struct fixture small = { .model = f->model };
    struct observed_text texts[N_RESPONSES];
    struct observation together[N_RESPONSES], alone[N_RESPONSES];
    struct error err;

    responses_of_talk(NULL, texts);
    options.max_tokens = 140;
    open_observer(&small, 1, &options);
    assert_ok(observer_run(small.observer, texts, N_RESPONSES, NEED_NLL | NEED_NLL_ALONE,
                           &small.arena, together, &err));
    for (size_t i = 0; i < N_RESPONSES; i++) {
        assert_ok(observer_run(small.observer, &texts[i], 1, NEED_NLL | NEED_NLL_ALONE,
                               &small.arena, &alone[i], &err));
        assert_same_numbers(&together[i], &alone[i]);
    }
    assert_false(together[0].truncated);
    assert_null(together[3].reason);
    assert_true(together[3].truncated);
    close_observer(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nll_is_the_mean_over_the_response_tokens),
        cmocka_unit_test(samples_without_a_response_have_a_reason),
        cmocka_unit_test(text_that_cannot_be_tokenised_fails_its_sample_only),
        cmocka_unit_test(a_response_that_does_not_fit_is_too_long_and_fails_alone),
        cmocka_unit_test(a_long_context_loses_its_left_end),
        cmocka_unit_test(a_context_without_room_is_dropped),
        cmocka_unit_test(a_segment_is_scored_in_place_of_the_context),
        cmocka_unit_test(a_single_segment_has_the_nll_of_its_sample),
        cmocka_unit_test(a_sample_without_a_context_has_no_segments),
        cmocka_unit_test(threads_and_batches_change_no_bit_of_an_observation),
        cmocka_unit_test(without_a_start_token_nll_alone_is_missing),
        cmocka_unit_test(the_observer_reports_progress_and_stops_on_request),
        cmocka_unit_test(token_estimates_depend_on_the_requested_passes),
        cmocka_unit_test(one_pass_over_a_dialogue_gives_each_turn_the_nll_of_its_own_pass),
        cmocka_unit_test(a_dialogue_too_long_loses_its_oldest_turns_and_is_scored),
    };

    return cmocka_run_group_tests_name("scoring/observe", tests, setup, teardown);
}
