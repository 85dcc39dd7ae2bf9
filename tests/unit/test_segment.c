/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "scoring/observe/segment.h"

static void a_last_piece_under_half_a_segment_joins_the_one_before(void **state)
{
    static const struct {
        size_t n_context, segment_tokens, n_segments, last_start;
    } cases[] = {
        { 0, 128, 0, 0 },     { 1, 128, 1, 0 },     { 63, 128, 1, 0 },     { 127, 128, 1, 0 },
        { 128, 128, 1, 0 },   { 191, 128, 1, 0 },   { 192, 128, 2, 128 },  { 256, 128, 2, 128 },
        { 319, 128, 2, 128 }, { 320, 128, 3, 256 }, { 821, 128, 6, 640 },  { 7, 5, 1, 0 },
        { 8, 5, 2, 5 },       { 3, 1, 3, 2 },       { 9, SIZE_MAX, 1, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t n_context = cases[i].n_context;
        const struct segment_rule rule = { .tokens = cases[i].segment_tokens };
        const size_t n = segment_count(&rule, n_context);

        assert_int_equal(n, cases[i].n_segments);
        if (n == 0)
            continue;
        const struct span last = segment_span(&rule, n_context, n - 1);
        assert_int_equal(last.start, cases[i].last_start);
        assert_int_equal(last.end, n_context);
    }
}

/* For each rule, except for what is dropped at the end. */
static void segments_cover_the_context_without_overlap(void **state)
{
    (void)state;
    for (size_t tokens = 1; tokens < 20; tokens++) {
        for (size_t n_context = 1; n_context < 200; n_context++) {
            const struct segment_rule rule = { .tokens = tokens,
                                               .max_segments =
                                                   n_context % 3 ? n_context % 11 : 0,
                                               .last = n_context % (SEGMENT_LAST_DROP + 1) };
            const size_t n = segment_count(&rule, n_context);
            size_t at = 0;

            assert_true(rule.max_segments == 0 || n <= rule.max_segments);
            for (size_t i = 0; i < n; i++) {
                const struct span span = segment_span(&rule, n_context, i);
                assert_int_equal(span.start, at);
                assert_true(span.end > span.start);
                at = span.end;
            }
            if (rule.last == SEGMENT_LAST_DROP)
                assert_true(at <= n_context);
            else
                assert_int_equal(at, n_context);
        }
    }
}

static void a_short_last_piece_is_handled_by_each_rule(void **state)
{
    static const struct {
        enum segment_last last;
        size_t n_context, n_segments, last_start, last_end;
    } cases[] = {
        { SEGMENT_LAST_KEEP, 21, 3, 20, 21 },  { SEGMENT_LAST_KEEP, 20, 2, 10, 20 },
        { SEGMENT_LAST_MERGE, 29, 2, 10, 29 }, { SEGMENT_LAST_MERGE, 9, 1, 0, 9 },
        { SEGMENT_LAST_DROP, 29, 2, 10, 20 },  { SEGMENT_LAST_DROP, 9, 0, 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct segment_rule rule = { .tokens = 10, .last = cases[i].last };
        const size_t n = segment_count(&rule, cases[i].n_context);

        assert_int_equal(n, cases[i].n_segments);
        if (n == 0)
            continue;
        const struct span last = segment_span(&rule, cases[i].n_context, n - 1);
        assert_int_equal(last.start, cases[i].last_start);
        assert_int_equal(last.end, cases[i].last_end);
    }
}

static void segments_grow_when_there_are_too_many(void **state)
{
    const struct segment_rule rule = { .tokens = 128, .max_segments = 500 };

    (void)state;
    assert_int_equal(segment_count(&rule, 64000), 500);
    assert_int_equal(segment_span(&rule, 64000, 0).end, 128);
    assert_int_equal(segment_count(&rule, 100000), 500);
    assert_int_equal(segment_span(&rule, 100000, 0).end, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_last_piece_under_half_a_segment_joins_the_one_before),
        cmocka_unit_test(segments_cover_the_context_without_overlap),
        cmocka_unit_test(a_short_last_piece_is_handled_by_each_rule),
        cmocka_unit_test(segments_grow_when_there_are_too_many),
    };

    return cmocka_run_group_tests_name("scoring/segment", tests, NULL, NULL);
}
