/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "scoring/segment.h"

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
        const size_t n = segment_count(n_context, cases[i].segment_tokens);

        assert_int_equal(n, cases[i].n_segments);
        if (n == 0)
            continue;
        const struct span last = segment_span(n_context, cases[i].segment_tokens, n - 1);
        assert_int_equal(last.start, cases[i].last_start);
        assert_int_equal(last.end, n_context);
    }
}

static void segments_tile_the_context(void **state)
{
    (void)state;
    for (size_t segment_tokens = 1; segment_tokens < 20; segment_tokens++) {
        for (size_t n_context = 1; n_context < 200; n_context++) {
            const size_t n = segment_count(n_context, segment_tokens);
            size_t at = 0;

            for (size_t i = 0; i < n; i++) {
                const struct span span = segment_span(n_context, segment_tokens, i);
                assert_int_equal(span.start, at);
                assert_true(span.end > span.start);
                at = span.end;
            }
            assert_int_equal(at, n_context);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_last_piece_under_half_a_segment_joins_the_one_before),
        cmocka_unit_test(segments_tile_the_context),
    };

    return cmocka_run_group_tests_name("scoring/segment", tests, NULL, NULL);
}
