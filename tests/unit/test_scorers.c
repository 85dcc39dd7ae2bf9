/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "base/threads/pool.h"
#include "scoring/kernels/kernels.h"
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

enum { SOURCE_MAX_BYTES = 1 << 20, MAX_SCORERS = 200 };

/* The metrics that find() was asked for, by their place in the registry. */
static bool is_used[MAX_SCORERS];

static void assert_near(double value, double want)
{
    if (!(fabs(value - want) <= 1e-6))
        fail_msg("%.9g is not within 1e-6 of %.9g", value, want);
}

static size_t place_of(const char *name)
{
    size_t i = 0;

    while (scorers[i] && strcmp(scorers[i]->name, name) != 0)
        i++;
    return i;
}

static const struct scorer *find(const char *name)
{
    const struct scorer *scorer = scorer_find(name);

    assert_non_null(scorer);
    assert_true(place_of(name) < MAX_SCORERS);
    is_used[place_of(name)] = true;
    return scorer;
}

/* The cas of segments with this perplexity and attention. */
static struct score cas_of(const double *ppl, const double *attention, size_t n)
{
    struct segment segments[8] = { 0 };
    struct observation observation = { .segments = segments, .n_segments = n };
    struct score score;

    assert_true(n <= 8);
    for (size_t i = 0; i < n; i++) {
        segments[i].nll_nats = log(ppl[i]);
        segments[i].attention = attention[i];
    }
    scorer_observe(find("cas"), &observation, &score);
    return score;
}

static void cas_matches_worked_example_one(void **state)
{
    const double ppl[] = { 4, 2, 3, 5 };
    const double softmaxed[] = { 0.23688282, 0.03205860, 0.08714432, 0.64391426 };
    const double diluted[] = { 0.25316199, 0.24149611, 0.24819047, 0.25715143 };
    const double attention[] = { 0.0020, 0.0008, 0.0010, 0.0004 };

    (void)state;
    assert_near(cas_of(ppl, attention, 4).value, 0.8249773);
    assert_near(cas_of(softmaxed, attention, 4).value, 0.5062443);
    assert_near(cas_of(diluted, attention, 4).value, 0.8722139);
}

/* The same as readings: with other worths, centred, and with attention after a softmax, which
 * makes it almost even. */
static void other_readings_of_cas_match_worked_example_one(void **state)
{
    const double ppl[] = { 4, 2, 3, 5 };
    double attention[] = { 0.0020, 0.0008, 0.0010, 0.0004 };
    double opposite[4], even[4];
    struct segment segments[4] = { { .nll_nats = 0 } };
    struct observation seen = { .segments = segments,
                                .n_segments = 4,
                                .cas_options = { .centred = true } };
    struct score score;
    struct error err;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        segments[i] = (struct segment){ .nll_nats = log(ppl[i]), .attention = attention[i] };
        opposite[i] = -ppl[i];
    }
    scorer_observe(find("cas"), &seen, &score);
    assert_near(score.value, -0.0379322);

    assert_ok(normalise_softmax(attention, 4, even, &err));
    for (size_t i = 0; i < 4; i++)
        segments[i].attention = even[i];
    seen.cas_options = (struct cas_options){ .importance = IMPORTANCE_SOFTMAX };
    scorer_observe(find("cas"), &seen, &score);
    assert_near(score.value, 0.7220200);

    assert_ok(normalise_softmax(opposite, 4, opposite, &err));
    assert_near(cas_of(opposite, attention, 4).value, 0.5632208);
}

static void cas_does_not_change_with_the_scale_of_attention(void **state)
{
    const double ppl[] = { 4, 2, 3, 5 };
    const double attention[] = { 0.4761905, 0.1904762, 0.2380952, 0.0952381 };

    (void)state;
    assert_near(cas_of(ppl, attention, 4).value, 0.8249773);
}

static void cas_of_perplexities_beyond_double_range_is_finite(void **state)
{
    struct segment segments[] = {
        { .nll_nats = 5000, .attention = 0.6 },
        { .nll_nats = 5000, .attention = 0.8 },
        { .nll_nats = 10, .attention = 0 },
    };
    const struct observation observation = { .segments = segments, .n_segments = 3 };
    struct score score;

    (void)state;
    scorer_observe(find("cas"), &observation, &score);

    assert_null(score.reason);
    assert_near(score.value, 1.4 / sqrt(2));
}

static void cas_of_one_segment_or_none_has_a_reason(void **state)
{
    const double one = 1;

    (void)state;
    assert_string_equal(cas_of(&one, &one, 1).reason, "too_few_segments");
    assert_string_equal(cas_of(&one, &one, 0).reason, "too_few_segments");
}

static void cas_without_attention_has_a_reason(void **state)
{
    const double ppl[] = { 4, 2 };
    const double attention[] = { 0, 0 };

    (void)state;
    assert_string_equal(cas_of(ppl, attention, 2).reason, "zero_attention");
}

static void hmp_and_gateau_match_worked_example_two(void **state)
{
    const double ppl_short[] = { 12, 8, 20, 9.5 };
    const double ppl_long[] = { 6, 7.5, 8, 9 };
    const double cas[] = { 0.30, 0.55, 0.80, 0.45 };
    const double hmp_want[] = { 1.0 / 3, -0.5, 1.0 / 3, -0.875 };
    const double want[][4] = { { 0.3149874, 0.1869124, 0.3531881, 0.1449120 },
                               { 0.3319446, 0.1776089, 0.3574118, 0.1330347 } };
    const double alphas[] = { 0.7, 0.8 };
    double nll_short[4], nll_long[4], hmp[4], gateau[4];
    struct error err;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        nll_short[i] = log(ppl_short[i]);
        nll_long[i] = log(ppl_long[i]);
    }
    const struct scorer_options options = { .alpha = 0.8 };
    const double *const nlls[] = { nll_short, nll_long };
    assert_ok(find("hmp")->rank(&options, nlls, 4, hmp, &err));
    for (size_t i = 0; i < 4; i++)
        assert_near(hmp[i], hmp_want[i]);

    for (size_t a = 0; a < 2; a++) {
        const struct scorer_options weighed = { .alpha = alphas[a] };
        const double *const inputs[] = { hmp, cas };

        assert_ok(find("gateau")->rank(&weighed, inputs, 4, gateau, &err));
        for (size_t i = 0; i < 4; i++)
            assert_near(gateau[i], want[a][i]);
    }
}

/* hmp of logarithms, and the reading of the paper in which the normaliser is a softmax. */
static void other_readings_of_hmp_match_worked_example_two(void **state)
{
    const double ppl_short[] = { 12, 8, 20, 9.5 };
    const double ppl_long[] = { 6, 7.5, 8, 9 };
    const double cas[] = { 0.30, 0.55, 0.80, 0.45 };
    const double of_logs[] = { .4425070, -.5503397, .2904887, -.8124501 };
    const double weights[] = { .3976806, .1473488, .3415967, .1133740 };
    const double of_softmax[] = { -.0300079, -.1359828, .7754232, -.6094325 };
    const double mixed[] = { .2079070, .2096477, .4305449, .1519004 };
    double nll_short[4], nll_long[4], hmp[4], with_long[4], awareness[4];
    const double *const nlls[] = { nll_short, nll_long };
    struct error err;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        nll_short[i] = log(ppl_short[i]);
        nll_long[i] = log(ppl_long[i]);
    }
    const struct scorer_options options = { .alpha = 0.8, .log_ppl = true };
    assert_ok(find("hmp")->rank(&options, nlls, 4, hmp, &err));
    for (size_t i = 0; i < 4; i++)
        assert_near(hmp[i], of_logs[i]);
    assert_ok(normalise_softmax(hmp, 4, hmp, &err));
    for (size_t i = 0; i < 4; i++)
        assert_near(hmp[i], weights[i]);

    assert_ok(normalise_softmax(ppl_short, 4, hmp, &err));
    assert_ok(normalise_softmax(ppl_long, 4, with_long, &err));
    for (size_t i = 0; i < 4; i++) {
        hmp[i] -= with_long[i];
        assert_near(hmp[i], of_softmax[i]);
    }
    assert_ok(normalise_softmax(hmp, 4, hmp, &err));
    assert_ok(normalise_softmax(cas, 4, awareness, &err));
    for (size_t i = 0; i < 4; i++)
        assert_near(.7 * hmp[i] + .3 * awareness[i], mixed[i]);
}

/* The score of a metric that is derived from nll and nll_alone. */
static struct score derived(const char *metric, double nll, double nll_alone)
{
    const struct score inputs[] = { { .value = nll, .n_tokens = 5 },
                                    { .value = nll_alone, .n_tokens = 5 } };
    struct score score;

    scorer_derive(find(metric), inputs, &score);
    return score;
}

static void ifd_matches_worked_example_three(void **state)
{
    (void)state;
    assert_near(derived("ifd_loss", 0.7, 1.5).value, 0.4666667);
    assert_near(derived("ifd", 0.7, 1.5).value, 0.4493290);
    assert_near(derived("ifd", 0.7, 1.1).value, 0.6703200);
    assert_int_equal(derived("ifd", 0.7, 1.5).n_tokens, 5);
}

/* Of an instruction with a mean of 3 nats per token. */
static struct score ic_ifd_of(double nll_instruction, int64_t n_tokens, double nll_alone)
{
    const struct score inputs[] = { { .value = 0.7 },
                                    { .value = nll_instruction, .n_tokens = n_tokens },
                                    { .value = nll_alone } };
    struct score score;

    scorer_derive(find("ic_ifd"), inputs, &score);
    return score;
}

static void ic_ifd_matches_worked_example_three(void **state)
{
    (void)state;
    assert_near(ic_ifd_of((4 + 2.5 + 3 + 2.5) / 4, 4, 1.5).value, 0.1555556);
    assert_string_equal(ic_ifd_of(3, 1, 1.5).reason, "instruction_too_short");
    assert_string_equal(ic_ifd_of(1e-7, 4, 1.5).reason, "nll_instruction_too_small");
    assert_string_equal(ic_ifd_of(3, 4, 1e-7).reason, "nll_alone_too_small");
}

static void lds_matches_worked_example_six(void **state)
{
    double singles[] = { log(20), log(18), log(25) };
    struct segment_pair pairs[] = { { 1, 0, log(15) }, { 2, 0, log(20) }, { 2, 1, log(24) } };
    struct observation seen = {
        .reason = "no_response",
        .document = { .single_nll_nats = singles, .n_singles = 3, .pairs = pairs, .n_pairs = 3 }
    };
    struct score score;

    (void)state;
    scorer_observe(find("lds"), &seen, &score);
    assert_null(score.reason);
    assert_near(score.value, 0.3514161);

    /* Of the third segment only: .2 + 2/255 and a specificity of .8700207. */
    seen.document.pairs = pairs + 1;
    seen.document.n_pairs = 2;
    scorer_observe(find("lds"), &seen, &score);
    assert_near(score.value / (.2 + 2.0 / 255), 0.8700207);
}

static void rating_matches_worked_example_eleven(void **state)
{
    const double logits[] = { .1, .5, 1.2, 2, 1, -.5 };
    struct observation seen = { .reason = "no_response" };
    struct score score;

    (void)state;
    for (size_t i = 0; i < 6; i++)
        seen.rating.nll_nats[i] = 3 - logits[i];
    scorer_observe(find("rating"), &seen, &score);
    assert_null(score.reason);
    assert_near(score.value, 3.6424963);
}

static void bpb_matches_worked_example_twelve(void **state)
{
    const struct observation seen = { .nll_nats = 3,
                                      .n_response_tokens = 100,
                                      .n_response_bytes = 400 };
    struct score score;

    (void)state;
    scorer_observe(find("bpb"), &seen, &score);
    assert_near(score.value, 1.0820213);
}

static void yes_probability_weighs_yes_against_no(void **state)
{
    struct observation seen = { .yes_or_no = { .nll_nats = { -log(.3), -log(.1) } } };
    struct score score;

    (void)state;
    scorer_observe(find("yes_probability"), &seen, &score);
    assert_near(score.value, .75);
    seen.yes_or_no = (struct answers){ .nll_nats = { 2000, 1 } };
    scorer_observe(find("yes_probability"), &seen, &score);
    assert_null(score.reason);
    assert_true(score.value == 0);
}

static void ppl_is_the_exponential_of_nll(void **state)
{
    const struct score nll = { .value = 0.7 }, huge = { .value = 710 };
    struct score score;

    (void)state;
    scorer_derive(find("ppl"), &nll, &score);
    assert_near(score.value, 2.0137527);
    scorer_derive(find("ppl"), &huge, &score);
    assert_string_equal(score.reason, "ppl_overflow");
}

static void ppl_gap_is_the_loss_without_the_distant_context(void **state)
{
    const struct score inputs[] = { { .value = 2.5 }, { .value = 2 } };
    struct score score;

    (void)state;
    scorer_derive(find("ppl_gap"), inputs, &score);
    assert_true(score.value == .5);
}

/* Segments with 1/4, 1/2 and 1/4 of the attention: an entropy of 1.5 log 2, divided by log 3.
 */
static void metrics_of_an_observation_match_worked_numbers(void **state)
{
    struct segment segments[] = {
        { .tok_start = 0, .tok_end = 20, .attention = .01, .nll_nats = 3 },
        { .tok_start = 20, .tok_end = 30, .attention = .04, .nll_nats = 2 },
        { .tok_start = 30, .tok_end = 40, .attention = .02, .nll_nats = 1.5 },
    };
    const struct observation seen = { .n_response_tokens = 7,
                                      .nll_nats = 1.25,
                                      .nll_alone_nats = 2.25,
                                      .nll_near_nats = 1.75,
                                      .nll_instruction_nats = 3.5,
                                      .user_mass = .375,
                                      .document = { .reach = { .125, .0625 } },
                                      .segments = segments,
                                      .n_segments = 3 };
    static const struct {
        const char *metric;
        double want;
    } cases[] = {
        { "nll", 1.25 },
        { "nll_alone", 2.25 },
        { "nll_near", 1.75 },
        { "nll_instruction", 3.5 },
        { "response_tokens", 7 },
        { "context_dependency", .375 },
        { "long_attn_strength", .125 },
        { "long_attn_variance", .0625 },
        { "segments", 3 },
        { "attention_entropy", .9463946 },
        { "attention_sink", .25 },
        { "top_segment", 1 },
        { "best_segment", 2 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct score score;

        scorer_observe(find(cases[i].metric), &seen, &score);
        assert_null(score.reason);
        assert_near(score.value, cases[i].want);
    }
}

/* Vectors at 0, 90 and 180 degrees: the length of a vector does not matter. */
static void knn_is_the_distance_to_a_neighbour_on_the_unit_circle(void **state)
{
    const double want[][3] = { { sqrt(2), sqrt(2), sqrt(2) }, { 2, sqrt(2), 2 } };
    struct kernels kernels;
    struct pool_options options = { .kernels = &kernels };
    struct score scores[3];
    struct error err;

    (void)state;
    kernels_init(&kernels, 0);
    assert_ok(pool_new(1, &options.threads, &err));
    for (options.neighbour = 1; options.neighbour <= 3; options.neighbour++) {
        float vectors[] = { 1, 0, 0, 2, -3, 0 };
        const struct pool_input input = { .vectors = vectors, .width = 2 };

        memset(scores, 0, sizeof scores);
        assert_ok(find("knn")->pool(&options, &input, 3, scores, &err));
        for (size_t i = 0; i < 3; i++) {
            if (options.neighbour == 3)
                assert_string_equal(scores[i].reason, "too_few_samples");
            else
                assert_near(scores[i].value, want[options.neighbour - 1][i]);
        }
    }
    pool_free(options.threads);
}

static void the_value_of_an_embedding_is_the_norm_of_its_vector(void **state)
{
    double vector[] = { 3, 0, -4 };
    const struct observation seen = { .pooled = vector, .n_pooled = 3 };
    const struct observation none = { .pooled = vector + 1, .n_pooled = 1 };
    struct score score;

    (void)state;
    scorer_observe(find("embedding"), &seen, &score);
    assert_true(score.value == 5);
    scorer_observe(find("embedding"), &none, &score);
    assert_string_equal(score.reason, "zero_embedding");
    const struct observation weighted = { .pooled_weighted = vector, .n_pooled = 3 };
    scorer_observe(find("embedding_weighted"), &weighted, &score);
    assert_true(score.value == 5);
}

static struct score mtld_of(const char *response)
{
    const struct observed_text text = { .response = response ? slice_text(response)
                                                             : slice_of(NULL, 0) };
    struct score score;
    struct error err;

    assert_ok(scorer_measure(find("mtld"), &text, &score, &err));
    return score;
}

static void mtld_matches_worked_example_four(void **state)
{
    (void)state;
    assert_near(mtld_of("the cat sat on the mat and the dog sat on the log near the cat").value,
                13.0149254);
    assert_true(mtld_of("a b c d e").value == 5);
    assert_true(mtld_of("a a a a").value == 2);
    assert_int_equal(mtld_of("a a a a").n_tokens, 4);
}

static void mtld_counts_words_and_ignores_punctuation(void **state)
{
    (void)state;
    assert_true(mtld_of("Well-known, WELLKNOWN; well\xe2\x80\x93known! wellknown?").value == 2);
    assert_true(mtld_of("a1 2a\xe2\x80\x94,\xc2\xa0"
                        "a\ta")
                    .value == 2);
    assert_true(
        mtld_of("\xc3\x89t\xc3\xa9 \xc3\xa9t\xc3\xa9 \xc3\xa9T\xc3\x89 \xc3\xa9t\xc3\xa9")
            .value == 2);
    assert_string_equal(mtld_of("12 - 34 ...").reason, "no_words");
    assert_string_equal(mtld_of(" \n").reason, "empty_response");
    assert_string_equal(mtld_of(NULL).reason, "no_response");
}

/* The value of a pool metric for the only sample of its pool. */
static double pool_of_one(const char *metric, const double *inputs)
{
    struct pool_input pool[SCORER_INPUTS_MAX];
    struct score score = { .value = 0 };
    struct error err;

    for (size_t i = 0; i < SCORER_INPUTS_MAX; i++)
        pool[i] = (struct pool_input){ .values = &inputs[i] };
    assert_ok(
        find(metric)->pool(&(struct pool_options){ .neighbour = 6 }, pool, 1, &score, &err));
    assert_null(score.reason);
    return score.value;
}

static void instruct_mining_matches_worked_example_thirteen(void **state)
{
    const double first[] = { 1.5, 200, .8, 0 };
    const double second[] = { 1.5, .85, .9, .95 };

    (void)state;
    assert_near(pool_of_one("instruct_mining_v1", first), .113214);
    assert_near(pool_of_one("instruct_mining_v2", second), -.041995);
}

static void long_attn_scales_both_inputs_over_the_pool(void **state)
{
    const double strength[] = { .1, .3, .2 }, variance[] = { 4, 2, 3 }, same[] = { 7, 7, 7 };
    const struct pool_input inputs[] = { { .values = strength }, { .values = variance } };
    const struct pool_input flat[] = { { .values = same }, { .values = same } };
    struct score scores[3] = { { .value = 0 } };
    struct error err;

    (void)state;
    assert_ok(find("long_attn")->pool(NULL, inputs, 3, scores, &err));
    assert_near(scores[0].value, -.5);
    assert_near(scores[1].value, 1);
    assert_near(scores[2].value, .25);
    assert_ok(find("long_attn")->pool(NULL, flat, 3, scores, &err));
    assert_string_equal(scores[2].reason, "all_equal");
    assert_ok(find("long_attn")->pool(NULL, inputs, 1, scores, &err));
    assert_string_equal(scores[0].reason, "cohort_of_one");
}

static void ifd_beyond_double_range_is_missing_with_a_reason(void **state)
{
    (void)state;
    assert_string_equal(derived("ifd", 800, 1).reason, "ppl_overflow");
    assert_string_equal(derived("ifd", 1, 800).reason, "ppl_underflow");
    assert_string_equal(derived("ifd", 0, 708.5).reason, "ppl_underflow");
    assert_true(derived("ifd", 0, 707).value >= DBL_MIN);
    assert_null(derived("ifd", 1800, 1799).reason);
    assert_near(derived("ifd", 1800, 1799).value, exp(1));
    assert_true(derived("ifd", 1, 2000).value == 0);
}

static void ifd_loss_with_nll_alone_zero_is_missing_with_a_reason(void **state)
{
    (void)state;
    assert_string_equal(derived("ifd_loss", 0.5, 0).reason, "nll_alone_too_small");
    assert_string_equal(derived("ifd_loss", 0.5, 9e-7).reason, "nll_alone_too_small");
    assert_null(derived("ifd_loss", 0.5, 2e-6).reason);
}

static void a_derived_metric_has_the_reason_of_its_missing_input(void **state)
{
    const struct score inputs[] = { { .value = 1, .n_tokens = 5 },
                                    { .reason = "no_bos", .n_tokens = 5 } };
    struct score score;

    (void)state;
    scorer_derive(find("ifd"), inputs, &score);

    assert_string_equal(score.reason, "no_bos");
}

static void a_truncated_context_marks_derived_metrics_too(void **state)
{
    const struct score inputs[] = { { .value = 1, .truncated = true }, { .value = 2 } };
    struct score score;

    (void)state;
    scorer_derive(find("ifd"), inputs, &score);

    assert_null(score.reason);
    assert_true(score.truncated);
}

static void a_sample_that_cannot_be_scored_has_its_reason_in_every_metric(void **state)
{
    const struct observation observation = { .reason = "too_long", .n_response_tokens = 7 };
    struct score score;

    (void)state;
    for (const struct scorer *const *at = scorers; *at; at++) {
        if (!(*at)->observe || (*at)->about != ABOUT_RESPONSE)
            continue;
        scorer_observe(*at, &observation, &score);
        assert_string_equal(score.reason, "too_long");
        assert_int_equal(score.n_tokens, 7);
    }
}

static void nll_alone_is_not_truncated_with_the_context(void **state)
{
    const struct observation observation = {
        .truncated = true, .nll_nats = 2, .nll_alone_nats = 3, .n_response_tokens = 4
    };
    struct score nll, alone;

    (void)state;
    scorer_observe(find("nll"), &observation, &nll);
    scorer_observe(find("nll_alone"), &observation, &alone);

    assert_true(nll.truncated);
    assert_false(alone.truncated);
    assert_true(nll.value == 2);
    assert_true(alone.value == 3);
}

static void a_score_that_is_not_finite_is_missing_with_a_reason(void **state)
{
    const struct observation observation = { .nll_nats = NAN };
    struct score score;

    (void)state;
    scorer_observe(find("nll"), &observation, &score);
    assert_string_equal(score.reason, "not_finite");
}

static void every_scorer_is_of_one_kind_and_its_inputs_come_before_it(void **state)
{
    (void)state;
    for (const struct scorer *const *at = scorers; *at; at++) {
        const struct scorer *scorer = *at;
        const size_t n = scorer_input_count(scorer);

        assert_int_equal(!!scorer->observe + !!scorer->measure + !!scorer->derive +
                             !!scorer->pool + !!scorer->rank,
                         1);
        assert_int_equal(scorer->needs != 0, scorer->observe != NULL);
        assert_true((n == 0) == (scorer->observe || scorer->measure) ||
                    (scorer->observe && strcmp(scorer->inputs[0].metric, "segments") == 0));
        for (size_t i = 0; i < n; i++) { /* before it in the list, so there is no cycle */
            if (scorer->inputs[i].model == SCORER_IMPORTED)
                assert_non_null(scorer_find_imported(scorer->inputs[i].metric));
            else
                assert_true(place_of(scorer->inputs[i].metric) < (size_t)(at - scorers));
        }
        assert_ptr_equal(scorer_find(scorer->name), scorer);
    }
    assert_null(scorer_find("no_such_metric"));
}

static void the_score_of_a_dialogue_is_the_token_weighted_mean_of_its_turns(void **state)
{
    const struct score turns[] = { { .value = 1, .n_tokens = 1 },
                                   { .reason = "empty_response" },
                                   { .value = 2, .n_tokens = 3, .truncated = true } };
    struct score out;

    (void)state;
    score_mean_over_turns(turns, 3, &out);
    assert_null(out.reason);
    assert_true(out.value == 1.75);
    assert_true(out.truncated);
    assert_int_equal(out.n_tokens, 4);

    /* One scored turn keeps its score; without one the score is missing with a reason. */
    score_mean_over_turns(turns, 2, &out);
    assert_true(out.value == 1 && out.n_tokens == 1 && !out.truncated);
    score_mean_over_turns(turns + 1, 1, &out);
    assert_string_equal(out.reason, "empty_response");
    score_mean_over_turns(NULL, 0, &out);
    assert_string_equal(out.reason, "no_response");
}

/* The test of this program that has the worked numbers of a metric, or the file that has them.
 */
static const struct worked {
    const char *metric;
    void (*test)(void **state);
    const char *file;
} worked[] = {
    { "nll", metrics_of_an_observation_match_worked_numbers, NULL },
    { "ppl", ppl_is_the_exponential_of_nll, NULL },
    { "bpb", bpb_matches_worked_example_twelve, NULL },
    { "response_tokens", metrics_of_an_observation_match_worked_numbers, NULL },
    { "nll_alone", metrics_of_an_observation_match_worked_numbers, NULL },
    { "nll_instruction", metrics_of_an_observation_match_worked_numbers, NULL },
    { "ifd", ifd_matches_worked_example_three, NULL },
    { "ifd_loss", ifd_matches_worked_example_three, NULL },
    { "ic_ifd", ic_ifd_matches_worked_example_three, NULL },
    { "nll_near", metrics_of_an_observation_match_worked_numbers, NULL },
    { "ppl_gap", ppl_gap_is_the_loss_without_the_distant_context, NULL },
    { "context_dependency", metrics_of_an_observation_match_worked_numbers, NULL },
    { "yes_probability", yes_probability_weighs_yes_against_no, NULL },
    { "rating", rating_matches_worked_example_eleven, NULL },
    { "embedding", the_value_of_an_embedding_is_the_norm_of_its_vector, NULL },
    { "embedding_weighted", the_value_of_an_embedding_is_the_norm_of_its_vector, NULL },
    { "lds", lds_matches_worked_example_six, NULL },
    { "long_attn_strength", metrics_of_an_observation_match_worked_numbers, NULL },
    { "long_attn_variance", metrics_of_an_observation_match_worked_numbers, NULL },
    { "long_attn", long_attn_scales_both_inputs_over_the_pool, NULL },
    { "mtld", mtld_matches_worked_example_four, NULL },
    { "language_mismatch", NULL, "tests/unit/test_language.c" },
    { "knn", knn_is_the_distance_to_a_neighbour_on_the_unit_circle, NULL },
    { "instruct_mining_v1", instruct_mining_matches_worked_example_thirteen, NULL },
    { "instruct_mining_v2", instruct_mining_matches_worked_example_thirteen, NULL },
    { "segments", metrics_of_an_observation_match_worked_numbers, NULL },
    { "cas", cas_matches_worked_example_one, NULL },
    { "attention_entropy", metrics_of_an_observation_match_worked_numbers, NULL },
    { "attention_sink", metrics_of_an_observation_match_worked_numbers, NULL },
    { "top_segment", metrics_of_an_observation_match_worked_numbers, NULL },
    { "best_segment", metrics_of_an_observation_match_worked_numbers, NULL },
    { "hmp", hmp_and_gateau_match_worked_example_two, NULL },
    { "gateau", hmp_and_gateau_match_worked_example_two, NULL },
};

static bool file_names(const char *file, const char *metric)
{
    const char *source = getenv("CURATE_SOURCE");
    char path[4096], quoted[100];
    struct buf text;
    struct error err;

    buf_init(&text, SOURCE_MAX_BYTES);
    snprintf(path, sizeof path, "%s/%s", source ? source : ".", file);
    snprintf(quoted, sizeof quoted, "\"%s\"", metric);
    assert_ok(file_read(path, &text, &err));
    const bool found = strstr(text.data, quoted) != NULL;
    buf_release(&text);
    return found;
}

static void every_metric_has_worked_numbers(void **state)
{
    for (size_t i = 0; scorers[i]; i++) {
        const char *name = scorers[i]->name;
        const struct worked *entry = NULL;

        for (size_t j = 0; j < sizeof worked / sizeof worked[0]; j++)
            if (strcmp(worked[j].metric, name) == 0)
                entry = &worked[j];
        if (!entry)
            fail_msg("the metric %s has no worked numbers: add a test and name it in worked[]",
                     name);
        if (entry->test) {
            is_used[i] = false;
            entry->test(state);
        }
        if (entry->test ? !is_used[i] : !file_names(entry->file, name))
            fail_msg("the test that worked[] names for %s does not use the metric", name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cas_matches_worked_example_one),
        cmocka_unit_test(other_readings_of_cas_match_worked_example_one),
        cmocka_unit_test(other_readings_of_hmp_match_worked_example_two),
        cmocka_unit_test(cas_does_not_change_with_the_scale_of_attention),
        cmocka_unit_test(cas_of_perplexities_beyond_double_range_is_finite),
        cmocka_unit_test(cas_of_one_segment_or_none_has_a_reason),
        cmocka_unit_test(cas_without_attention_has_a_reason),
        cmocka_unit_test(hmp_and_gateau_match_worked_example_two),
        cmocka_unit_test(ifd_matches_worked_example_three),
        cmocka_unit_test(ic_ifd_matches_worked_example_three),
        cmocka_unit_test(lds_matches_worked_example_six),
        cmocka_unit_test(rating_matches_worked_example_eleven),
        cmocka_unit_test(bpb_matches_worked_example_twelve),
        cmocka_unit_test(yes_probability_weighs_yes_against_no),
        cmocka_unit_test(ppl_is_the_exponential_of_nll),
        cmocka_unit_test(ppl_gap_is_the_loss_without_the_distant_context),
        cmocka_unit_test(metrics_of_an_observation_match_worked_numbers),
        cmocka_unit_test(knn_is_the_distance_to_a_neighbour_on_the_unit_circle),
        cmocka_unit_test(the_value_of_an_embedding_is_the_norm_of_its_vector),
        cmocka_unit_test(mtld_matches_worked_example_four),
        cmocka_unit_test(mtld_counts_words_and_ignores_punctuation),
        cmocka_unit_test(instruct_mining_matches_worked_example_thirteen),
        cmocka_unit_test(long_attn_scales_both_inputs_over_the_pool),
        cmocka_unit_test(ifd_beyond_double_range_is_missing_with_a_reason),
        cmocka_unit_test(ifd_loss_with_nll_alone_zero_is_missing_with_a_reason),
        cmocka_unit_test(a_derived_metric_has_the_reason_of_its_missing_input),
        cmocka_unit_test(a_truncated_context_marks_derived_metrics_too),
        cmocka_unit_test(a_sample_that_cannot_be_scored_has_its_reason_in_every_metric),
        cmocka_unit_test(nll_alone_is_not_truncated_with_the_context),
        cmocka_unit_test(a_score_that_is_not_finite_is_missing_with_a_reason),
        cmocka_unit_test(every_scorer_is_of_one_kind_and_its_inputs_come_before_it),
        cmocka_unit_test(every_metric_has_worked_numbers),
        cmocka_unit_test(the_score_of_a_dialogue_is_the_token_weighted_mean_of_its_turns),
    };

    return cmocka_run_group_tests_name("scoring/scorers", tests, NULL, NULL);
}
