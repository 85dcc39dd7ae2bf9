/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>

#include "store/run.h"
#include "store/score.h"
#include "store/segment_attention.h"
#include "tests/support/store_fixture.h"

static struct model_row model_row(const char *name, uint8_t byte, const char *path)
{
    return (struct model_row){
        .sha256 = { 0xab, byte, 0xcd, 0xef, byte },
        .name = name,
        .arch = "qwen2",
        .n_params = 500000000,
        .context_length = 32768,
        .tokenizer_hash = { { 7 } },
        .path = path,
        .stamp = { .size_bytes = 1000 + byte, .mtime_ns = 20, .inode = 30 },
    };
}

static void a_model_is_identified_by_its_bytes(void **state)
{
    struct store_fixture *f = *state;
    struct model_row row = model_row("tiny", 1, "/a/tiny.gguf");
    struct error err;
    int64_t first = 0;
    int64_t moved = 0;

    assert_ok(model_put(f->store, &row, &first, &err));
    row.path = "/b/other.gguf";
    row.name = "other";
    row.stamp.mtime_ns = 21;
    assert_ok(model_put(f->store, &row, &moved, &err));

    assert_int_equal(moved, first);
    assert_rows(
        f->store,
        "SELECT name, path, mtime_ns, n_params, context_length, length(sha256) FROM model",
        "tiny|/b/other.gguf|21|500000000|32768|32");
}

static void models_of_the_same_name_get_different_names(void **state)
{
    struct store_fixture *f = *state;
    struct error err;
    int64_t id;

    for (uint8_t i = 1; i <= 2; i++) {
        const struct model_row row = model_row("tiny", i, "/a/tiny.gguf");
        assert_ok(model_put(f->store, &row, &id, &err));
    }
    /* A file may even have the name that would be given next. */
    const struct model_row thief = model_row("tiny@ab04cdef", 3, "/a/thief.gguf");
    assert_ok(model_put(f->store, &thief, &id, &err));
    const struct model_row fourth = model_row("tiny", 4, "/a/tiny.gguf");
    assert_ok(model_put(f->store, &fourth, &id, &err));

    assert_rows(f->store, "SELECT name FROM model ORDER BY model_id",
                "tiny\ntiny@ab02cdef\ntiny@ab04cdef\ntiny@ab04cdef04000000");
}

static void an_unchanged_model_file_is_not_read_again(void **state)
{
    struct store_fixture *f = *state;
    const struct model_row row = model_row("tiny", 1, "/a/tiny.gguf");
    struct file_stamp stamp = row.stamp;
    uint8_t sha256[DIGEST_BYTES] = { 0 };
    struct error err;
    int64_t id;

    assert_int_equal(model_find_sha256(f->store, row.path, &stamp, sha256, &err), 0);
    assert_ok(model_put(f->store, &row, &id, &err));
    assert_int_equal(model_find_sha256(f->store, row.path, &stamp, sha256, &err), 1);
    assert_memory_equal(sha256, row.sha256, DIGEST_BYTES);

    stamp.mtime_ns++;
    assert_int_equal(model_find_sha256(f->store, row.path, &stamp, sha256, &err), 0);
    stamp = row.stamp;
    stamp.ctime_ns++;
    assert_int_equal(model_find_sha256(f->store, row.path, &stamp, sha256, &err), 0);
    assert_int_equal(model_find_sha256(f->store, "/b", &row.stamp, sha256, &err), 0);
}

static void a_score_row_with_a_number_too_large_is_refused(void **state)
{
    struct store_fixture *f = *state;
    struct model_row row = model_row("tiny", 1, "/a/tiny.gguf");
    struct error err;
    int64_t id;

    row.n_params = UINT64_MAX;
    assert_fails(model_put(f->store, &row, &id, &err), ERR_INPUT, "too large for SQLite");
}

static void a_score_set_is_identified_by_metric_version_model_and_parameters(void **state)
{
    struct store_fixture *f = *state;
    const int64_t a = store_fixture_model(f->store, "a", 1);
    const int64_t b = store_fixture_model(f->store, "b", 2);
    const int64_t first = store_fixture_set(f->store, "nll", a, "{}", "lower");
    struct score_set set = { .metric = "nll",
                             .version = 2,
                             .unit = "nats/token",
                             .better = "lower",
                             .model_id = a,
                             .params_json = slice_text("{}") };
    struct error err;
    int64_t newer = 0;

    assert_int_equal(store_fixture_set(f->store, "nll", a, "{}", "lower"), first);
    assert_int_not_equal(store_fixture_set(f->store, "ifd", a, "{}", "lower"), first);
    assert_int_not_equal(store_fixture_set(f->store, "nll", b, "{}", "lower"), first);
    assert_int_not_equal(store_fixture_set(f->store, "nll", a, "{\"x\":1}", "lower"), first);
    assert_ok(score_set_put(f->store, &set, &newer, &err));
    assert_int_not_equal(newer, first);
    assert_rows(f->store, "SELECT name, version, unit, better FROM metric ORDER BY 1, 2",
                "ifd|1|nats/token|lower\nnll|1|nats/token|lower\nnll|2|nats/token|lower");
}

/* Score one sample in the set, in a run of its own. */
static void score_one(struct store_fixture *f, int64_t set_id)
{
    const struct score_row row = { .score_set_id = set_id,
                                   .sample_id = store_fixture_add(f, NULL, "ask", "answer"),
                                   .value = 1,
                                   .status = "ok" };
    struct error err;
    int64_t run_id = 0;

    assert_ok(run_begin(f->store, 0, "score", slice_text("{}"), &run_id, &err));
    assert_ok(score_put(f->store, &row, run_id, &err));
}

static void a_metric_name_finds_the_set_of_the_newest_run(void **state)
{
    struct store_fixture *f = *state;
    const int64_t model = store_fixture_model(f->store, "tiny", 1);
    const int64_t later = store_fixture_set(f->store, "ifd", model, "{\"a\":1}", "higher");
    const int64_t sooner = store_fixture_set(f->store, "ifd", model, "{\"a\":2}", "higher");
    struct score_set_info info;
    struct error err;

    store_fixture_set(f->store, "ifd", model, "{\"a\":3}",
                      "higher"); /* this set has no scores */
    score_one(f, sooner);
    score_one(f, later);

    assert_ok(score_set_find(f->store, "ifd", NULL, &info, &err));
    assert_int_equal(info.score_set_id, later);
    assert_true(info.higher_is_better);
    assert_int_equal(info.n_others, 1);
    score_one(f, sooner);
    assert_ok(score_set_find(f->store, "ifd", "tiny", &info, &err));
    assert_int_equal(info.score_set_id, sooner);
}

static void a_metric_name_finds_the_set_requested_last(void **state)
{
    struct store_fixture *f = *state;
    const int64_t model = store_fixture_model(f->store, "tiny", 1);
    const int64_t first = store_fixture_set(f->store, "nll", model, "{\"a\":1}", "lower");
    const int64_t second = store_fixture_set(f->store, "nll", model, "{\"a\":2}", "lower");
    struct score_set_info info;
    struct error err;
    int64_t run_id = 0;

    score_one(f, first);
    score_one(f, second);
    assert_ok(run_begin(f->store, 0, "score", slice_text("{}"), &run_id, &err));
    assert_ok(
        score_set_request(f->store, first, run_id, &err)); /* all scores existed already */

    assert_ok(score_set_find(f->store, "nll", NULL, &info, &err));
    assert_int_equal(info.score_set_id, first);
    assert_false(info.higher_is_better);
}

static void a_metric_with_scores_of_several_models_needs_a_model_name(void **state)
{
    struct store_fixture *f = *state;
    struct score_set_info info;
    struct error err;
    int64_t ids[2];

    for (uint8_t i = 0; i < 2; i++) {
        const int64_t model = store_fixture_model(f->store, i ? "long" : "short", i + 1);
        ids[i] = store_fixture_set(f->store, "nll", model, "{}", "lower");
        score_one(f, ids[i]);
    }

    assert_fails(score_set_find(f->store, "nll", NULL, &info, &err), ERR_USAGE, "long, short");
    assert_ok(score_set_find(f->store, "nll", "long", &info, &err));
    assert_int_equal(info.score_set_id, ids[1]);
    assert_fails(score_set_find(f->store, "nll", "huge", &info, &err), ERR_NOT_FOUND,
                 "have them: long, short");
}

/* The set that a condition of a policy means; 0: an error of this code and phrase. */
static int64_t find_one(struct store_fixture *f, const char *model, const char *hash,
                        enum error_code code, const char *phrase)
{
    const struct score_set_query query = { .metric = "nll", .model = model, .hash = hash };
    struct score_set_info info = { 0 };
    struct error err;

    if (phrase) {
        assert_fails(score_set_find_one(f->store, &query, &info, &err), code, phrase);
        return 0;
    }
    assert_ok(score_set_find_one(f->store, &query, &info, &err));
    return info.score_set_id;
}

static void a_policy_must_say_which_of_several_score_sets_it_means(void **state)
{
    struct store_fixture *f = *state;
    const int64_t tiny = store_fixture_model(f->store, "tiny", 1);
    const int64_t one = store_fixture_set(f->store, "nll", tiny, "{\"a\":1,\"b\":2}", "lower");
    const int64_t two = store_fixture_set(f->store, "nll", tiny, "{\"a\":1,\"b\":3}", "lower");
    const int64_t narrow =
        store_fixture_set(f->store, "nll", tiny, "{\"short_window\":9}", "lower");
    const struct hash hash = hash_bytes(slice_text("{\"a\":1,\"b\":3}"));
    char hex[2 * sizeof hash.bytes + 1];

    digest_hex(hash.bytes, sizeof hash.bytes, hex);
    find_one(f, NULL, NULL, ERR_NOT_FOUND, "'curate score'");
    score_one(f, narrow);
    assert_int_equal(find_one(f, NULL, NULL, 0, NULL), narrow);
    score_one(f, one);
    assert_int_equal(find_one(f, NULL, NULL, 0, NULL), one); /* not the narrow view */
    score_one(f, two);
    find_one(f, NULL, NULL, ERR_USAGE, "several sets of parameters: add score_set: one of ");
    find_one(f, "tiny", NULL, ERR_USAGE, " (a 1, b 2)");
    assert_int_equal(find_one(f, NULL, hex, 0, NULL), two);
    hex[8] = '\0';
    assert_int_equal(find_one(f, "tiny", hex, 0, NULL), two);
    find_one(f, NULL, "0123456789", ERR_USAGE, "score_set 0123456789: no 'nll' scores have");

    const int64_t huge = store_fixture_model(f->store, "huge", 2);
    score_one(f, store_fixture_set(f->store, "nll", huge, "{\"a\":1,\"b\":3}", "lower"));
    find_one(f, NULL, hex, ERR_USAGE, "several models: add model: one of huge, tiny");
    assert_int_equal(find_one(f, "tiny", hex, 0, NULL), two);
    find_one(f, "none", hex, ERR_NOT_FOUND, "models that have them: huge, tiny");
}

/* Sets that differ in the version of the metric only: the one requested last counts. */
static void a_policy_means_the_newest_version_of_a_metric(void **state)
{
    struct store_fixture *f = *state;
    const int64_t tiny = store_fixture_model(f->store, "tiny", 1);
    struct score_set set = { .metric = "nll",
                             .version = 2,
                             .unit = "nats/token",
                             .better = "lower",
                             .model_id = tiny,
                             .params_json = slice_text("{}") };
    struct error err;
    int64_t newer = 0;

    score_one(f, store_fixture_set(f->store, "nll", tiny, "{}", "lower"));
    assert_ok(score_set_put(f->store, &set, &newer, &err));
    score_one(f, newer);
    assert_int_equal(find_one(f, NULL, NULL, 0, NULL), newer);
}

static void an_unknown_metric_is_an_error_that_lists_the_known_ones(void **state)
{
    struct store_fixture *f = *state;
    struct score_set_info info;
    struct error err;

    assert_fails(score_set_find(f->store, "nll", NULL, &info, &err), ERR_NOT_FOUND,
                 "'curate score'");
    score_one(f, store_fixture_set(f->store, "nll", store_fixture_model(f->store, "m", 1), "{}",
                                   "lower"));
    score_one(f, store_fixture_set(f->store, "ifd", store_fixture_model(f->store, "m", 1), "{}",
                                   "higher"));

    assert_fails(score_set_find(f->store, "gateau", NULL, &info, &err), ERR_NOT_FOUND,
                 "with scores: ifd, nll");
}

static void looking_up_a_score_set_does_not_make_it(void **state)
{
    struct store_fixture *f = *state;
    const int64_t model = store_fixture_model(f->store, "tiny", 9);
    const struct score_set set = { .metric = "nll",
                                   .version = 1,
                                   .unit = "nats/token",
                                   .better = "lower",
                                   .params_json = slice_text("{}") };
    const uint8_t sha256[DIGEST_BYTES] = { 9 };
    struct error err;
    int64_t id = 0;

    assert_int_equal(score_set_lookup(f->store, &set, sha256, &id, &err), 0);
    const int64_t made = store_fixture_set(f->store, "nll", model, "{}", "lower");
    assert_int_equal(score_set_lookup(f->store, &set, sha256, &id, &err), 1);
    assert_int_equal(id, made);
}

static void a_score_is_stored_and_replaced(void **state)
{
    struct store_fixture *f = *state;
    const int64_t model = store_fixture_model(f->store, "tiny", 1);
    const int64_t set = store_fixture_set(f->store, "nll", model, "{}", "lower");
    const int64_t sample = store_fixture_add(f, NULL, "ask", "answer");
    struct score_row row = {
        .score_set_id = set, .sample_id = sample, .value = 0.1, .status = "ok", .n_tokens = 5
    };
    struct score_row got;
    struct error err;

    assert_int_equal(score_get(f->store, set, sample, &got, &err), 0);
    assert_ok(score_put(f->store, &row, f->run_id, &err));
    assert_int_equal(score_get(f->store, set, sample, &got, &err), 1);
    assert_true(got.value == 0.1);
    assert_string_equal(got.status, "ok");
    assert_int_equal(got.n_tokens, 5);

    row.status = "truncated";
    row.value = -2.5;
    assert_ok(score_put(f->store, &row, f->run_id, &err));
    assert_int_equal(score_get(f->store, set, sample, &got, &err), 1);
    assert_true(got.value == -2.5);
    assert_string_equal(got.status, "truncated");
    assert_rows(f->store, "SELECT sample_id, metric, model, value, status FROM v_scores",
                "1|nll|tiny|-2.5|truncated");
}

static void a_missing_score_is_null_with_a_reason(void **state)
{
    struct store_fixture *f = *state;
    const int64_t model = store_fixture_model(f->store, "tiny", 1);
    const int64_t set = store_fixture_set(f->store, "nll", model, "{}", "lower");
    const int64_t sample = store_fixture_add(f, NULL, "ask", "answer");
    struct score_row row = {
        .score_set_id = set, .sample_id = sample, .value = 3, .status = "no_response"
    };
    struct error err;

    assert_ok(score_put(f->store, &row, f->run_id, &err));
    assert_rows(f->store, "SELECT value IS NULL, status FROM score", "1|no_response");

    static const double bad[] = { NAN, INFINITY, -INFINITY };
    for (size_t i = 0; i < 3; i++) {
        row.status = "ok";
        row.value = bad[i];
        assert_fails(score_put(f->store, &row, f->run_id, &err), ERR_INVARIANT, "sample 1");
    }
}

static void segments_of_a_context_are_stored(void **state)
{
    struct store_fixture *f = *state;
    const int64_t model = store_fixture_model(f->store, "tiny", 1);
    const int64_t set = store_fixture_set(f->store, "cas", model, "{}", "higher");
    const int64_t sample = store_fixture_add(f, "context", "ask", "answer");
    struct segment_row row = {
        .score_set_id = set, .sample_id = sample, .tok_end = 128, .attention = 0.5, .nll = 2
    };
    struct error err;

    assert_ok(segment_put(f->store, &row, &err));
    row.nll = 3;
    assert_ok(segment_put(f->store, &row, &err));
    row = (struct segment_row){ .score_set_id = set,
                                .sample_id = sample,
                                .segment = 1,
                                .tok_start = 128,
                                .tok_end = 200,
                                .attention = 0.25,
                                .nll = 4 };
    assert_ok(segment_put(f->store, &row, &err));

    assert_rows(f->store,
                "SELECT sample_id, model, segment, tok_start, tok_end, attention, nll"
                " FROM v_segments ORDER BY segment",
                "1|tiny|0|0|128|0.5|3\n1|tiny|1|128|200|0.25|4");
    row.attention = NAN;
    assert_fails(segment_put(f->store, &row, &err), ERR_INVARIANT, "segment 1 of sample 1");
}

static void attention_by_layer_or_head_is_stored(void **state)
{
    struct store_fixture *f = *state;
    const int64_t model = store_fixture_model(f->store, "tiny", 1);
    const int64_t set = store_fixture_set(f->store, "segments", model, "{}", "higher");
    const int64_t sample = store_fixture_add(f, "context", "ask", "answer");
    const struct segment_row segment = {
        .score_set_id = set, .sample_id = sample, .tok_end = 128, .attention = 0.5, .nll = 2
    };
    struct segment_attention_row row = {
        .score_set_id = set, .sample_id = sample, .head = ALL_HEADS, .attention = 0.5
    };
    struct error err;

    assert_ok(segment_put(f->store, &segment, &err));
    assert_ok(segment_attention_put(f->store, &row, &err));
    row.attention = 0.25;
    assert_ok(segment_attention_put(f->store, &row, &err));
    row.layer = row.head = 1;
    assert_ok(segment_attention_put(f->store, &row, &err));

    assert_rows(f->store,
                "SELECT sample_id, model, segment, layer, coalesce(head, 'all'), attention"
                " FROM v_segment_attention ORDER BY layer",
                "1|tiny|0|0|all|0.25\n1|tiny|0|1|1|0.25");
    row.attention = NAN;
    assert_fails(segment_attention_put(f->store, &row, &err), ERR_INVARIANT,
                 "layer 1 to segment 0 of sample 1");
}

#define TEST(name)                                                                             \
    cmocka_unit_test_setup_teardown(name, store_fixture_setup, store_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_model_is_identified_by_its_bytes),
        TEST(models_of_the_same_name_get_different_names),
        TEST(an_unchanged_model_file_is_not_read_again),
        TEST(a_score_row_with_a_number_too_large_is_refused),
        TEST(a_score_set_is_identified_by_metric_version_model_and_parameters),
        TEST(a_metric_name_finds_the_set_of_the_newest_run),
        TEST(a_metric_name_finds_the_set_requested_last),
        TEST(a_metric_with_scores_of_several_models_needs_a_model_name),
        TEST(a_policy_must_say_which_of_several_score_sets_it_means),
        TEST(a_policy_means_the_newest_version_of_a_metric),
        TEST(an_unknown_metric_is_an_error_that_lists_the_known_ones),
        TEST(looking_up_a_score_set_does_not_make_it),
        TEST(a_score_is_stored_and_replaced),
        TEST(a_missing_score_is_null_with_a_reason),
        TEST(segments_of_a_context_are_stored),
        TEST(attention_by_layer_or_head_is_stored),
    };

    return cmocka_run_group_tests_name("store/score", tests, NULL, NULL);
}
