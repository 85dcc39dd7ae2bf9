/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "scoring/infer/tokenizer/tok_table.h"
#include "scoring/infer/tokenizer/tokenizer.h"

enum { N_PAIRS = 5000 };

static void every_merge_pair_is_found_and_no_other(void **state)
{
    struct pair_table table = { 0 };
    struct merge merge = { 0 };
    struct error err;

    (void)state;
    assert_ok(pair_table_init(&table, N_PAIRS, &err));
    for (int32_t i = 0; i < N_PAIRS; i++)
        assert_ok(
            pair_table_add(&table, i % 71, i / 71, (struct merge){ (uint32_t)i, -i }, &err));
    for (int32_t i = 0; i < N_PAIRS; i++) {
        assert_true(pair_table_find(&table, i % 71, i / 71, &merge));
        assert_int_equal(merge.priority, i);
        assert_int_equal(merge.id, -i);
    }
    assert_false(pair_table_find(&table, 71, 0, &merge));
    assert_false(pair_table_find(&table, TOKEN_NONE, 0, &merge));
    assert_false(pair_table_find(&table, 0, TOKEN_NONE, &merge));
    pair_table_release(&table);
}

static void the_first_merge_of_a_pair_is_kept(void **state)
{
    struct pair_table table = { 0 };
    struct merge merge = { 0 };
    struct error err;

    (void)state;
    assert_ok(pair_table_init(&table, 2, &err));
    assert_ok(pair_table_add(&table, 1, 2, (struct merge){ 10, 100 }, &err));
    assert_ok(pair_table_add(&table, 1, 2, (struct merge){ 11, 101 }, &err));
    assert_true(pair_table_find(&table, 1, 2, &merge));
    assert_int_equal(merge.id, 100);
    pair_table_release(&table);
}

/* The hash multiplies the key and keeps the high bits. With the inverse of the factor, the keys
 * of the products 0, 1, 2, ... all fall into slot 0. */
static void keys_made_to_collide_are_refused(void **state)
{
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t inverse = factor;
    struct pair_table table = { 0 };
    struct error err;
    int rc = 0;
    uint64_t n = 0;

    (void)state;
    for (int i = 0; i < 6; i++) /* Newton: each step doubles the number of correct bits */
        inverse *= 2 - factor * inverse;
    assert_true(factor * inverse == 1);
    assert_ok(pair_table_init(&table, N_PAIRS, &err));
    while (rc == 0 && n < N_PAIRS) {
        const uint64_t key = inverse * n++;

        rc = pair_table_add(&table, (int32_t)(uint32_t)(key >> 32), (int32_t)(uint32_t)key,
                            (struct merge){ 0, 0 }, &err);
    }
    assert_true(n < N_PAIRS);
    assert_fails(rc, ERR_INPUT, "the same hash");
    pair_table_release(&table);
}

static void every_token_text_is_found_once(void **state)
{
    static const char letters[] = "abcdefgh";
    struct slice texts[] = { slice_text("a"), slice_text("ab"), slice_text("abc"),
                             slice_of(letters, 3) };
    struct text_table table = { 0 };
    struct error err;

    (void)state;
    assert_ok(text_table_init(&table, 3, &err));
    for (int32_t id = 0; id < 3; id++)
        assert_ok(text_table_add(&table, texts, id, &err));
    assert_fails(text_table_add(&table, texts, 3, &err), ERR_INPUT, "tokens 2 and 3");
    assert_int_equal(text_table_find(&table, texts, slice_of(letters, 2)), 1);
    assert_int_equal(text_table_find(&table, texts, slice_of(letters, 4)), TOKEN_NONE);
    text_table_release(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_merge_pair_is_found_and_no_other),
        cmocka_unit_test(the_first_merge_of_a_pair_is_kept),
        cmocka_unit_test(keys_made_to_collide_are_refused),
        cmocka_unit_test(every_token_text_is_found_once),
    };

    return cmocka_run_group_tests_name("infer/tok_table", tests, NULL, NULL);
}
