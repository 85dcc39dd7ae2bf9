/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/prompts/prompt.h"
#include "scoring/prompts/prompt_cache.h"

/* A prompt of n_ids times the same id, with one turn. */
static struct prompt make(int32_t id, size_t n_ids)
{
    struct prompt prompt = { .n_response = n_ids, .n_turns = 1 };
    struct error err;

    for (size_t i = 0; i < n_ids; i++)
        assert_ok(token_buf_add(&prompt.ids, id, &err));
    prompt.turns = calloc(1, sizeof *prompt.turns);
    assert_non_null(prompt.turns);
    return prompt;
}

static void keep(struct prompt_cache *cache, int64_t sample, size_t turn, int32_t id,
                 size_t n_ids, bool want_kept)
{
    struct prompt prompt = make(id, n_ids);
    struct error err;

    assert_ok(prompt_cache_add(cache, sample, turn, &prompt, &err));
    assert_int_equal(prompt.ids.n, want_kept ? 0 : n_ids);
    prompt_release(&prompt);
}

static void assert_takes(struct prompt_cache *cache, int64_t sample, size_t turn, int32_t id,
                         size_t n_ids)
{
    struct prompt prompt = { 0 };

    assert_true(prompt_cache_take(cache, sample, turn, &prompt));
    assert_int_equal(prompt.ids.n, n_ids);
    assert_int_equal(prompt.n_response, n_ids);
    for (size_t i = 0; i < n_ids; i++)
        assert_int_equal(prompt.ids.ids[i], id);
    prompt_release(&prompt);
}

static void a_kept_prompt_is_moved_out_once(void **state)
{
    struct prompt_cache *cache = NULL;
    struct prompt prompt = { 0 };
    struct error err;

    (void)state;
    assert_ok(prompt_cache_new(1 << 20, &cache, &err));
    assert_false(prompt_cache_take(cache, 1, 0, &prompt));
    for (int i = 0; i < 500; i++) {
        keep(cache, i, 1, i, 3, true);
        keep(cache, i, 3, -i, 5, true);
    }
    keep(cache, 7, 1, 99, 3, false); /* a prompt with this key is kept already */
    for (int i = 499; i >= 0; i--) {
        assert_takes(cache, i, 3, -i, 5);
        assert_takes(cache, i, 1, i, 3);
        assert_false(prompt_cache_take(cache, i, 1, &prompt));
    }
    assert_false(prompt_cache_take(cache, 500, 1, &prompt));
    prompt_cache_free(cache);
}

static void prompts_are_kept_up_to_the_size_of_the_cache(void **state)
{
    enum { ROOM = 1 << 14 };
    struct prompt_cache *cache = NULL;
    struct prompt prompt = { 0 };
    size_t n_kept = 0;
    struct error err;

    (void)state;
    assert_ok(prompt_cache_new(ROOM, &cache, &err));
    keep(cache, -1, 0, 1, ROOM / sizeof(int32_t), false);
    for (int i = 0; i < 200; i++) {
        prompt = make(i, 100);
        assert_ok(prompt_cache_add(cache, i, 0, &prompt, &err));
        n_kept += prompt.ids.n == 0;
        prompt_release(&prompt);
    }
    assert_true(n_kept > 5 && n_kept <= ROOM / (100 * sizeof(int32_t)));
    for (int i = 0; i < 200; i++) {
        if ((size_t)i < n_kept)
            assert_takes(cache, i, 0, i, 100);
        else
            assert_false(prompt_cache_take(cache, i, 0, &prompt));
    }
    prompt_cache_free(cache);
}

static void an_empty_prompt_is_not_kept(void **state)
{
    struct prompt_cache *cache = NULL;
    struct prompt prompt = { .reason = "not_tokenizable" };
    struct error err;

    (void)state;
    assert_ok(prompt_cache_new(1 << 20, &cache, &err));
    assert_ok(prompt_cache_add(cache, 1, 0, &prompt, &err));
    assert_string_equal(prompt.reason, "not_tokenizable");
    assert_false(prompt_cache_take(cache, 1, 0, &prompt));
    prompt_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kept_prompt_is_moved_out_once),
        cmocka_unit_test(prompts_are_kept_up_to_the_size_of_the_cache),
        cmocka_unit_test(an_empty_prompt_is_not_kept),
    };

    return cmocka_run_group_tests_name("scoring/prompt_cache", tests, NULL, NULL);
}
