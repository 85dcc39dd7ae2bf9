/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <inttypes.h>
#include <math.h>

#include "base/buf.h"
#include "scoring/packing/packing.h"
#include "tests/support/oom.h"

/* A packing as text: documents in brackets for each pack, "d:from+length" for a part. */
static const char *text_of(const struct packing *packing, const uint32_t *lengths)
{
    static char text[512];
    struct error err;
    struct buf buf;

    buf_init(&buf, sizeof text - 1);
    for (size_t i = 0; i < packing->n_packs; i++) {
        assert_ok(buf_add(&buf, "[", 1, &err));
        for (size_t p = packing->starts[i]; p < packing->starts[i + 1]; p++) {
            const struct packing_piece *piece = &packing->pieces[p];

            assert_ok(buf_printf(&buf, &err, "%s%" PRIu32, p > packing->starts[i] ? " " : "",
                                 piece->document));
            if (piece->length < lengths[piece->document])
                assert_ok(buf_printf(&buf, &err, ":%" PRIu32 "+%" PRIu32, piece->start,
                                     piece->length));
        }
        assert_ok(buf_add(&buf, "]", 1, &err));
    }
    memcpy(text, buf.data ? buf.data : "", buf.len);
    text[buf.len] = 0;
    buf_release(&buf);
    return text;
}

static void best_fit_matches_the_worked_examples(void **state)
{
    static const struct {
        uint32_t lengths[10];
        size_t n;
        struct packing_limits limits;
        const char *want;
        uint64_t n_tokens, n_left_out;
        size_t n_short, n_long;
    } cases[] = {
        { { 5, 2, 3, 1 }, 4, { 4, 0, PACKING_TRUNCATE }, "[0:0+4][2 3][1]", 10, 1, 0, 1 },
        { { 5, 2, 3, 1 }, 4, { 4, 0, PACKING_SPLIT }, "[0:0+4][2 0:4+1][1 3]", 11, 0, 0, 1 },
        { { 5, 2, 3, 1 }, 4, { 4, 0, PACKING_DROP }, "[2 3][1]", 6, 5, 0, 1 },
        { { 6, 5, 4, 3, 3, 2, 2, 10, 1 },
          9,
          { 10, 0, PACKING_DROP },
          "[7][0 2][1 3 5][4 6 8]",
          36,
          0,
          0,
          0 },
        /* Packs 0, 1 and 2 have room for 1; pack 0 has had it for longest. */
        { { 3, 3, 3, 1 }, 4, { 4, 0, PACKING_DROP }, "[0 3][1][2]", 10, 0, 0, 0 },
        /* Pack 0 is older, but pack 1 has had a room of 2 for longer. */
        { { 13, 10, 8, 5, 2 }, 5, { 20, 0, PACKING_DROP }, "[0 3][1 2 4]", 38, 0, 0, 0 },
        { { 0, 4, 1 }, 3, { 4, 2, PACKING_DROP }, "[1]", 4, 1, 2, 0 },
        { { 1, 1 }, 2, { 1, 0, PACKING_DROP }, "[0][1]", 2, 0, 0, 0 },
        { { 0 }, 0, { 4, 0, PACKING_DROP }, "", 0, 0, 0, 0 },
        { { UINT32_MAX }, 1, { 4, 0, PACKING_DROP }, "", 0, UINT32_MAX, 0, 1 },
    };
    struct packing packing;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(
            packing_best_fit(cases[i].lengths, cases[i].n, &cases[i].limits, &packing, &err));
        assert_string_equal(text_of(&packing, cases[i].lengths), cases[i].want);
        assert_int_equal(packing.n_tokens, cases[i].n_tokens);
        assert_int_equal(packing.n_tokens_left_out, cases[i].n_left_out);
        assert_int_equal(packing.n_short, cases[i].n_short);
        assert_int_equal(packing.n_long, cases[i].n_long);
        packing_release(&packing);
    }
}

/* Rooms of the largest limit use the whole tree. */
static void the_longest_pack_there_is_is_filled(void **state)
{
    const uint32_t max = PACKING_MAX_LENGTH;
    const uint32_t lengths[] = { max, max - 1, 1, max / 2, max / 2, 1, max + 1 };
    const struct packing_limits limits = { max, 0, PACKING_DROP };
    struct packing packing;
    struct error err;

    (void)state;
    assert_ok(packing_best_fit(lengths, 7, &limits, &packing, &err));
    assert_string_equal(text_of(&packing, lengths), "[0][1 2][3 4 5]");
    assert_int_equal(packing.n_long, 1);
    packing_release(&packing);
}

static void sorted_batches_hold_documents_of_equal_length(void **state)
{
    const uint32_t lengths[] = { 2, 9, 4, 3, 8, 5, 7 };
    const struct packing_limits limits = { 9, 0, PACKING_DROP };
    size_t n_first = 0;
    struct packing packing;
    struct error err;

    (void)state;
    for (uint64_t seed = 0; seed < 8; seed++) {
        assert_ok(packing_sorted(lengths, 7, &limits, 2, seed, &packing, &err));
        const char *text = text_of(&packing, lengths);
        n_first += strncmp(text, "[1 4]", 5) == 0;
        assert_non_null(strstr(text, "[1 4]"));
        assert_non_null(strstr(text, "[6 5]"));
        assert_non_null(strstr(text, "[2 3]"));
        assert_string_equal(strchr(text, 0) - 3, "[0]");
        packing_release(&packing);
    }
    assert_in_range(n_first, 1, 7);
}

static void wrapped_documents_are_cut_at_the_ends_of_packs(void **state)
{
    const uint32_t lengths[] = { 3, 1, 7, 2, 4 };
    const struct packing_limits limits = { 5, 2, PACKING_DROP };
    struct packing packing;
    struct error err;

    (void)state;
    assert_ok(packing_wrapped(lengths, 5, &limits, &packing, &err));
    assert_string_equal(text_of(&packing, lengths), "[0 2:0+2][2:2+5][3 4:0+3][4:3+1]");
    assert_int_equal(packing.n_tokens, 16);
    assert_int_equal(packing.n_tokens_left_out, 1);
    assert_int_equal(packing.n_short, 1);
    packing_release(&packing);

    /* A document longer than 2^31 tokens is cut like any other. */
    const uint32_t long_lengths[] = { 1u << 31, (1u << 31) + 5 };
    const struct packing_limits wide = { 1u << 23, 0, PACKING_DROP };
    assert_ok(packing_wrapped(long_lengths, 2, &wide, &packing, &err));
    assert_int_equal(packing.n_packs, 513);
    assert_int_equal(packing.pieces[packing.n_pieces - 1].length, 5);
    packing_release(&packing);
}

static void more_pieces_than_numbers_are_an_error(void **state)
{
    const uint32_t lengths[] = { UINT32_MAX, UINT32_MAX };
    const struct packing_limits limits = { 1, 0, PACKING_SPLIT };
    struct packing packing;
    struct error err;

    (void)state;
    assert_fails(packing_best_fit(lengths, 2, &limits, &packing, &err), ERR_INPUT,
                 "make packs longer than 1 tokens");
    packing_release(&packing);
    assert_fails(packing_wrapped(lengths, 2, &limits, &packing, &err), ERR_INPUT, "2^32");
    packing_release(&packing);
}

static void packs_of_a_step_are_ordered_by_squared_lengths(void **state)
{
    /* Packs of one, two and four pieces cost 64, 32 and 16; the last step has one pack. */
    const uint32_t lengths[] = { 8, 4, 4, 2, 2, 2, 2, 6, 1 };
    const struct packing_limits limits = { 8, 0, PACKING_DROP };
    struct packing packing;
    struct error err;

    (void)state;
    assert_ok(packing_best_fit(lengths, 9, &limits, &packing, &err));
    assert_string_equal(text_of(&packing, lengths), "[0][7 3][1 2][4 5 6 8]");
    assert_ok(packing_order_by_cost(&packing, 3, &err));
    assert_string_equal(text_of(&packing, lengths), "[1 2][7 3][0][4 5 6 8]");
    assert_int_equal(packing.starts[4], packing.n_pieces);
    packing_release(&packing);
}

/* Three sequences with token losses 1 3, 2 2 1 1 and 3 0 0 in two packs. */
static void weights_give_each_sequence_the_same_share(void **state)
{
    const double losses[3][4] = { { 1, 3 }, { 2, 2, 1, 1 }, { 3, 0, 0 } };
    const uint64_t n_targets[] = { 4, 2, 3, 0 };
    const uint32_t lengths[] = { 2, 4, 3, 1 };
    const size_t losses_of[] = { 1, 0, 2 };
    const struct packing_limits limits = { 6, 0, PACKING_DROP };
    double weights[4], sum = 0;
    struct packing packing;
    struct error err;

    (void)state;
    assert_ok(packing_best_fit(lengths, 4, &limits, &packing, &err));
    assert_string_equal(text_of(&packing, lengths), "[1 0][2 3]");
    packing_weigh(&packing, 2, n_targets, weights);
    for (size_t p = 0; p < 3; p++)
        for (size_t t = 0; t < n_targets[p]; t++)
            sum += weights[p] * losses[losses_of[p]][t];
    assert_true(fabs(sum / 2 - 1.5) < 1e-12);
    assert_true(fabs(weights[0] - 2. / (4 * 3)) < 1e-15);
    assert_true(weights[3] == 0); /* nothing is trained on, and M does not count the piece */

    /* Each pack is a step of its own. */
    packing_weigh(&packing, 1, n_targets, weights);
    assert_true(fabs(weights[1] - 1. / (2 * 2)) < 1e-15);
    assert_true(fabs(weights[2] - 1. / 3) < 1e-15);
    packing_release(&packing);
}

static int pack_in_all_ways(const void *arg, struct error *err)
{
    const uint32_t *lengths = arg;
    const struct packing_limits limits = { 10, 0, PACKING_SPLIT };
    struct packing packing = { 0 };
    int rc = packing_best_fit(lengths, 9, &limits, &packing, err);

    if (rc == 0)
        rc = packing_order_by_cost(&packing, 2, err);
    packing_release(&packing);
    if (rc == 0)
        rc = packing_sorted(lengths, 9, &limits, 2, 1, &packing, err);
    packing_release(&packing);
    if (rc == 0)
        rc = packing_wrapped(lengths, 9, &limits, &packing, err);
    packing_release(&packing);
    return rc;
}

static void packing_reports_each_failed_allocation(void **state)
{
    static const uint32_t lengths[] = { 6, 25, 4, 3, 3, 2, 2, 10, 1 };

    (void)state;
    assert_true(oom_survive(pack_in_all_ways, lengths) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(best_fit_matches_the_worked_examples),
        cmocka_unit_test(the_longest_pack_there_is_is_filled),
        cmocka_unit_test(sorted_batches_hold_documents_of_equal_length),
        cmocka_unit_test(wrapped_documents_are_cut_at_the_ends_of_packs),
        cmocka_unit_test(more_pieces_than_numbers_are_an_error),
        cmocka_unit_test(packs_of_a_step_are_ordered_by_squared_lengths),
        cmocka_unit_test(weights_give_each_sequence_the_same_share),
        cmocka_unit_test(packing_reports_each_failed_allocation),
    };

    return cmocka_run_group_tests_name("scoring/packing", tests, NULL, NULL);
}
