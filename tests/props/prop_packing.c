/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of packings over random lengths, against best-fit decreasing as its definition has
 * it. */
#include "tests/support/test.h"

#include <stdbool.h>

#include "scoring/packing/packing.h"
#include "tests/support/rng.h"

enum { DOCUMENTS_MAX = 60, ROUNDS = 2000 };

struct packing_case {
    uint32_t lengths[DOCUMENTS_MAX];
    size_t n;
    struct packing_limits limits;
    size_t n_batch;
};

static struct packing_case draw_case(struct rng *rng)
{
    struct packing_case drawn = {
        .n = rng_below(rng, DOCUMENTS_MAX + 1),
        .limits = { .length = (uint32_t)(1 + rng_below(rng, rng_below(rng, 2) ? 20 : 5000)),
                    .min_length = (uint32_t)rng_below(rng, 4),
                    .when_long = (enum packing_long)rng_below(rng, 3) },
        .n_batch = 1 + rng_below(rng, 5),
    };
    const uint32_t longest = drawn.limits.length * (rng_below(rng, 2) ? 1 : 3);

    for (size_t i = 0; i < drawn.n; i++)
        drawn.lengths[i] = (uint32_t)rng_below(rng, longest + 1);
    return drawn;
}

/* Every token of each document is in one piece, in order, or left out at its end. */
static void check_tokens(const struct packing_case *drawn, const struct packing *packing,
                         bool whole)
{
    uint64_t n_tokens = 0, n_left_out = 0;

    for (size_t d = 0; d < drawn->n; d++) {
        bool seen[15001] = { false };
        const uint32_t length = drawn->lengths[d];
        uint32_t n_seen = 0;

        for (size_t p = 0; p < packing->n_pieces; p++) {
            const struct packing_piece *piece = &packing->pieces[p];

            for (uint32_t t = 0; piece->document == d && t < piece->length; t++) {
                assert_false(seen[piece->start + t]);
                seen[piece->start + t] = true;
                n_seen++;
            }
        }
        for (uint32_t t = n_seen; t < length; t++)
            assert_false(seen[t]);
        if (length <= drawn->limits.length || whole)
            assert_int_equal(n_seen, length < drawn->limits.min_length ? 0 : length);
        n_tokens += n_seen;
        n_left_out += length - n_seen;
    }
    assert_int_equal(packing->n_tokens, n_tokens);
    assert_int_equal(packing->n_tokens_left_out, n_left_out);
}

static uint64_t tokens_of_pack(const struct packing *packing, size_t pack)
{
    uint64_t sum = 0;

    assert_true(packing->starts[pack] < packing->starts[pack + 1]);
    for (size_t p = packing->starts[pack]; p < packing->starts[pack + 1]; p++)
        sum += packing->pieces[p].length;
    return sum;
}

static void every_token_is_in_one_pack_of_bounded_length(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct packing packing;
    struct error err;

    (void)state;
    for (int round = 0; round < ROUNDS / 10; round++) {
        const struct packing_case drawn = draw_case(&rng);
        const struct packing_limits *limits = &drawn.limits;
        const bool is_split = limits->when_long == PACKING_SPLIT;

        assert_ok(packing_best_fit(drawn.lengths, drawn.n, limits, &packing, &err));
        for (size_t i = 0; i < packing.n_packs; i++)
            assert_true(tokens_of_pack(&packing, i) <= limits->length);
        check_tokens(&drawn, &packing, is_split);
        assert_ok(packing_order_by_cost(&packing, drawn.n_batch, &err));
        check_tokens(&drawn, &packing, is_split);
        packing_release(&packing);

        assert_ok(packing_wrapped(drawn.lengths, drawn.n, limits, &packing, &err));
        for (size_t i = 0; i + 1 < packing.n_packs; i++)
            assert_int_equal(tokens_of_pack(&packing, i), limits->length);
        check_tokens(&drawn, &packing, true);
        packing_release(&packing);

        assert_ok(
            packing_sorted(drawn.lengths, drawn.n, limits, drawn.n_batch, 1, &packing, &err));
        for (size_t i = 0; i + 1 < packing.n_packs; i++)
            assert_int_equal(packing.starts[i + 1] - packing.starts[i], drawn.n_batch);
        check_tokens(&drawn, &packing, is_split);
        packing_release(&packing);
    }
}

struct slow_pack {
    uint32_t room;
    uint32_t since; /* the step at which it got this room */
};

/* Choose the pack of a piece by looking at all of them. */
static size_t choose_slowly(const struct slow_pack *packs, size_t n, uint32_t length)
{
    size_t best = n;

    for (size_t i = 0; i < n; i++)
        if (packs[i].room >= length &&
            (best == n || packs[i].room < packs[best].room ||
             (packs[i].room == packs[best].room && packs[i].since < packs[best].since)))
            best = i;
    return best;
}

static void best_fit_matches_its_definition(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct packing packing;
    struct error err;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct packing_case drawn = draw_case(&rng);
        struct slow_pack packs[DOCUMENTS_MAX];
        size_t pack_of[DOCUMENTS_MAX];
        size_t n_packs = 0, left = drawn.n;

        drawn.limits.when_long = PACKING_DROP;
        drawn.limits.min_length = 1;
        assert_ok(packing_best_fit(drawn.lengths, drawn.n, &drawn.limits, &packing, &err));
        /* From the longest length down, documents by number. */
        for (uint32_t step = 0, length = drawn.limits.length; length > 0; length--)
            for (size_t d = 0; d < drawn.n; d++) {
                if (drawn.lengths[d] != length)
                    continue;
                pack_of[d] = choose_slowly(packs, n_packs, length);
                if (pack_of[d] == n_packs)
                    packs[n_packs++].room = drawn.limits.length;
                packs[pack_of[d]].room -= length;
                packs[pack_of[d]].since = step++;
                left--;
            }
        assert_int_equal(packing.n_packs, n_packs);
        assert_int_equal(packing.n_pieces, drawn.n - left);
        for (size_t i = 0; i < n_packs; i++)
            for (size_t p = packing.starts[i]; p < packing.starts[i + 1]; p++)
                assert_int_equal(pack_of[packing.pieces[p].document], i);
        packing_release(&packing);
    }
}

/* Documents of equal length are alike, so only their numbers may differ. */
static void the_order_of_the_documents_changes_no_length(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct packing packing, shuffled;
    struct error err;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct packing_case drawn = draw_case(&rng);
        const bool is_sorted = rng_below(&rng, 2);

        for (int i = 0; i < 2; i++) {
            struct packing *out = i ? &shuffled : &packing;

            if (is_sorted)
                assert_ok(packing_sorted(drawn.lengths, drawn.n, &drawn.limits, drawn.n_batch,
                                         7, out, &err));
            else
                assert_ok(packing_best_fit(drawn.lengths, drawn.n, &drawn.limits, out, &err));
            for (size_t d = drawn.n; d > 1; d--) {
                const size_t with = rng_below(&rng, d);
                const uint32_t length = drawn.lengths[d - 1];

                drawn.lengths[d - 1] = drawn.lengths[with];
                drawn.lengths[with] = length;
            }
        }
        assert_int_equal(packing.n_packs, shuffled.n_packs);
        assert_int_equal(packing.n_pieces, shuffled.n_pieces);
        assert_memory_equal(packing.starts, shuffled.starts,
                            (packing.n_packs + 1) * sizeof *packing.starts);
        for (size_t p = 0; p < packing.n_pieces; p++)
            assert_int_equal(packing.pieces[p].length, shuffled.pieces[p].length);
        packing_release(&packing);
        packing_release(&shuffled);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_token_is_in_one_pack_of_bounded_length),
        cmocka_unit_test(best_fit_matches_its_definition),
        cmocka_unit_test(the_order_of_the_documents_changes_no_length),
    };

    return cmocka_run_group_tests_name("scoring/packing/props", tests, NULL, NULL);
}
