/* SPDX-License-Identifier: Apache-2.0 */
/* The expected ids are worked out by hand from the tables of tests/support/vocab_fixture.c. */
#include "tests/support/test.h"

#include "base/buf.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/infer/tokenizer/vocab.h"
#include "tests/support/vocab_fixture.h"

enum { SPM_BYTES = 3, NO_FLAGS = 0 };

struct setting {
    struct vocab_fixture fixture;
    struct vocab_open open;
    struct token_buf ids;
};

static int setup_spm(void **state)
{
    struct setting *setting = test_calloc(1, sizeof *setting);

    vocab_fixture_spm(&setting->fixture);
    *state = setting;
    return 0;
}

static int setup_bpe(void **state)
{
    struct setting *setting = test_calloc(1, sizeof *setting);

    vocab_fixture_bpe(&setting->fixture);
    *state = setting;
    return 0;
}

static int setup_raw(void **state)
{
    struct setting *setting = test_calloc(1, sizeof *setting);

    vocab_fixture_raw(&setting->fixture);
    *state = setting;
    return 0;
}

static int teardown(void **state)
{
    struct setting *setting = *state;

    token_buf_release(&setting->ids);
    vocab_open_release(&setting->open);
    test_free(setting);
    return 0;
}

static void open_fixture(struct setting *setting)
{
    struct error err;

    vocab_open_release(&setting->open);
    assert_ok(vocab_fixture_open(&setting->fixture, &setting->open, &err));
    assert_non_null(setting->open.tokenizer);
}

#define assert_ids(setting, text, flags, ...)                                                  \
    expect_ids((setting), slice_text(text), (flags), (const int32_t[]){ __VA_ARGS__ },         \
               sizeof((const int32_t[]){ __VA_ARGS__ }) / sizeof(int32_t))

static void expect_ids(struct setting *setting, struct slice text, unsigned flags,
                       const int32_t *want, size_t n)
{
    struct error err;
    struct token_buf *ids = &setting->ids;

    ids->n = 0;
    assert_ok(tokenizer_encode(setting->open.tokenizer, text, flags, ids, &err));
    for (size_t i = 0; i < n && i < ids->n; i++)
        if (ids->ids[i] != want[i])
            fail_msg("'%s': id %zu is %d, not %d", text.ptr, i, ids->ids[i], want[i]);
    if (ids->n != n)
        fail_msg("'%s': %zu ids, not %zu", text.ptr, ids->n, n);
}

static void spm_joins_the_best_score_first(void **state)
{
    struct setting *setting = *state;

    open_fixture(setting);
    /* bc (-2) before ab (-3), then a and bc to abc; nothing joins the space to it. */
    assert_ids(setting, "abc", TOKENIZE_FIRST, 259, 265);
    /* First ab, then the space and ab. */
    assert_ids(setting, "ab", TOKENIZE_FIRST, 267);
    assert_ids(setting, "abab", NO_FLAGS, 263, 263);
}

static void spm_joins_from_the_left_when_scores_are_equal(void **state)
{
    struct setting *setting = *state;

    open_fixture(setting);
    assert_ids(setting, "   ", NO_FLAGS, 268, 259);
    assert_ids(setting, "   a", NO_FLAGS, 268, 266);
}

static void spm_puts_its_space_before_the_first_piece_only(void **state)
{
    struct setting *setting = *state;

    open_fixture(setting);
    assert_ids(setting, "a a", TOKENIZE_FIRST, 266, 266);
    assert_ids(setting, "a a", NO_FLAGS, 260, 266);
    setting->fixture.adds_space = 0;
    open_fixture(setting);
    assert_ids(setting, "a a", TOKENIZE_FIRST, 260, 266);
}

static void spm_writes_unknown_characters_as_bytes(void **state)
{
    struct setting *setting = *state;

    open_fixture(setting);
    assert_ids(setting, "d", NO_FLAGS, SPM_BYTES + 'd');
    assert_ids(setting, "\u00e8b", NO_FLAGS, SPM_BYTES + 0xc3, SPM_BYTES + 0xa8, 261);
    assert_ids(setting, "\u00e9", NO_FLAGS, 273);
}

static void spm_uses_the_unknown_token_if_byte_tokens_are_missing(void **state)
{
    struct setting *setting = *state;
    struct error err;

    setting->fixture.types[SPM_BYTES + 0xa8] = TOKEN_UNUSED;
    setting->fixture.texts[SPM_BYTES + 0xa8] = slice_text("");
    open_fixture(setting);
    assert_ids(setting, "\u00e8b", NO_FLAGS, 0, 261);

    setting->fixture.types[0] = TOKEN_CONTROL;
    open_fixture(setting);
    assert_fails(tokenizer_encode(setting->open.tokenizer, slice_text("\u00e8"), NO_FLAGS,
                                  &setting->ids, &err),
                 ERR_INPUT, "no token for the character");
}

static void spm_never_makes_control_or_byte_tokens_from_text(void **state)
{
    struct setting *setting = *state;
    const int32_t b = SPM_BYTES;

    open_fixture(setting);
    /* "<s" and ">" are tokens, and their join is the text of token 1. */
    assert_ids(setting, "<s>", NO_FLAGS, 272, 271);
    assert_ids(setting, "<0x41>", NO_FLAGS, 269, b + '0', b + 'x', b + '4', b + '1', 271);
}

static void spm_finds_tokens_with_a_space_inside(void **state)
{
    struct setting *setting = *state;

    open_fixture(setting);
    assert_ids(setting, "b a", NO_FLAGS, 261, 266);
    const int32_t id =
        vocab_fixture_add(&setting->fixture, "b" VOCAB_SPACE "a", TOKEN_NORMAL, -20);
    open_fixture(setting);
    assert_ids(setting, "b a", NO_FLAGS, id);
}

static void bpe_joins_the_first_merge_first(void **state)
{
    struct setting *setting = *state;

    open_fixture(setting);
    assert_ids(setting, "hello world", NO_FLAGS, 259, 262, 263);
    assert_ids(setting, "helllo", NO_FLAGS, 258, 'l', 'o');
    assert_ids(setting, "\u00e9", NO_FLAGS, 264);
    assert_ids(setting, "\u00e8", NO_FLAGS, 0xc3, 0xa8);
}

static void bpe_joins_nothing_across_words(void **state)
{
    struct setting *setting = *state;

    open_fixture(setting);
    /* "o" ends a word, and " w" begins one. */
    assert_ids(setting, "o world", NO_FLAGS, 'o', 262, 263);
    /* Of three spaces before a word, two are a word of their own. */
    assert_ids(setting, "   w", NO_FLAGS, 266, 260);
}

static void bpe_follows_the_pre_tokeniser_of_the_file(void **state)
{
    struct setting *setting = *state;

    open_fixture(setting);
    assert_ids(setting, "12", NO_FLAGS, 267);
    setting->fixture.pre = "qwen2"; /* digits one by one */
    open_fixture(setting);
    assert_ids(setting, "12", NO_FLAGS, '1', '2');
    setting->fixture.pre = NULL;
    open_fixture(setting);
    assert_string_equal(tokenizer_name(setting->open.tokenizer), "gpt2/default");
}

static void bpe_uses_whole_word_tokens_if_the_family_does(void **state)
{
    struct setting *setting = *state;
    const int32_t id = vocab_fixture_add(&setting->fixture, "dodo", TOKEN_NORMAL, 0);

    open_fixture(setting);
    assert_ids(setting, "dodo", NO_FLAGS, 'd', 'o', 'd', 'o');
    setting->fixture.pre = "llama-bpe";
    open_fixture(setting);
    assert_ids(setting, "dodo", NO_FLAGS, id);

    setting->fixture.types[id] = TOKEN_CONTROL;
    open_fixture(setting);
    assert_ids(setting, "dodo", NO_FLAGS, 'd', 'o', 'd', 'o');
}

static void bpe_refuses_a_byte_without_a_token(void **state)
{
    struct setting *setting = *state;
    struct error err;

    setting->fixture.texts['q'] = slice_text("");
    open_fixture(setting);
    assert_ids(setting, "hello", NO_FLAGS, 259);
    assert_fails(tokenizer_encode(setting->open.tokenizer, slice_text("hello q"), NO_FLAGS,
                                  &setting->ids, &err),
                 ERR_INPUT, "0x71");
    assert_int_equal(setting->ids.n, 1); /* the ids from before are unchanged */
}

static void bpe_uses_the_unknown_token_only_if_the_file_names_one(void **state)
{
    struct setting *setting = *state;
    struct error err;
    const int32_t id = vocab_fixture_add(&setting->fixture, "<|end|>", TOKEN_UNKNOWN, 0);

    setting->fixture.texts['q'] = slice_text("");
    setting->fixture.unknown = id;
    open_fixture(setting);
    assert_ids(setting, "q", NO_FLAGS, id);

    setting->fixture.types[id] = TOKEN_CONTROL;
    open_fixture(setting);
    assert_fails(tokenizer_encode(setting->open.tokenizer, slice_text("q"), NO_FLAGS,
                                  &setting->ids, &err),
                 ERR_INPUT, "0x71");
}

static void user_defined_tokens_are_found_in_text(void **state)
{
    struct setting *setting = *state;
    const int32_t tool = vocab_fixture_add(&setting->fixture, "<|t|>", TOKEN_USER_DEFINED, 0);
    const int32_t tool2 = vocab_fixture_add(&setting->fixture, "<|t|>2", TOKEN_USER_DEFINED, 0);
    const int32_t control = vocab_fixture_add(&setting->fixture, "<|u|>", TOKEN_CONTROL, 0);

    open_fixture(setting);
    assert_ids(setting, "hello<|t|>hello", NO_FLAGS, 259, tool, 259);
    assert_ids(setting, "<|t|><|t|>2", NO_FLAGS, tool, tool2);
    assert_ids(setting, "<|t|", NO_FLAGS, 265, 't', '|');
    assert_ids(setting, "<|u|>", NO_FLAGS, 265, 'u', '|', '>');
    assert_true(
        slice_equal(tokenizer_piece(setting->open.tokenizer, control), slice_text("<|u|>")));
}

static void spm_puts_its_space_after_user_defined_tokens_too(void **state)
{
    struct setting *setting = *state;
    const int32_t id = vocab_fixture_add(&setting->fixture, "[T]", TOKEN_USER_DEFINED, 0);

    open_fixture(setting);
    assert_ids(setting, "a[T]a", TOKENIZE_FIRST, 266, id, 266);
    assert_ids(setting, "a[T]a", NO_FLAGS, 260, id, 260);
}

static void raw_joins_characters_across_spaces(void **state)
{
    struct setting *setting = *state;
    const int32_t byte = 1;

    open_fixture(setting);
    assert_string_equal(tokenizer_name(setting->open.tokenizer), "gemma4/default");
    /* No space is put in front, and spaces end no word: only line ends do. */
    assert_ids(setting, "ab", TOKENIZE_FIRST, 262);
    assert_ids(setting, " ab", NO_FLAGS, 263);
    assert_ids(setting, "b ab", NO_FLAGS, 264);
    assert_ids(setting, "b\n\n ab", NO_FLAGS, 259, 265, 263);
    assert_ids(setting, "\u00e9\u00e9x\u00e8", NO_FLAGS, 266, byte + 'x', byte + 0xc3,
               byte + 0xa8);
    assert_ids(setting, "<0x41>", NO_FLAGS, byte + '<', byte + '0', byte + 'x', byte + '4',
               byte + '1', byte + '>');
}

static void control_tokens_are_found_in_text_on_request_only(void **state)
{
    struct setting *setting = *state;
    const int32_t control = vocab_fixture_add(&setting->fixture, "<|u|>", TOKEN_CONTROL, 0);
    const int32_t tool = vocab_fixture_add(&setting->fixture, "<|t|>", TOKEN_USER_DEFINED, 0);

    /* Of two tokens with the same name, the first counts. A name that is also text is no
     * control token. */
    vocab_fixture_add(&setting->fixture, "<|u|>", TOKEN_CONTROL, 0);
    vocab_fixture_add(&setting->fixture, "<|t|>", TOKEN_CONTROL, 0);
    open_fixture(setting);
    assert_ids(setting, "hello<|u|><|t|>", NO_FLAGS, 259, 265, 'u', '|', '>', tool);
    assert_ids(setting, "hello<|u|><|t|>", TOKENIZE_CONTROL, 259, control, tool);
    assert_int_equal(tokenizer_find(setting->open.tokenizer, slice_text("<|u|>")), control);
    assert_int_equal(tokenizer_find(setting->open.tokenizer, slice_text("hello")), 259);
    assert_int_equal(tokenizer_find(setting->open.tokenizer, slice_text("<|v|>")), TOKEN_NONE);
    assert_true(tokenizer_is_control(setting->open.tokenizer, control));
    assert_false(tokenizer_is_control(setting->open.tokenizer, tool));
}

static void bos_and_eos_are_added_as_the_file_says(void **state)
{
    struct setting *setting = *state;

    setting->fixture.bos = setting->fixture.eos = 'x';
    open_fixture(setting);
    assert_false(tokenizer_adds_bos(setting->open.tokenizer));
    assert_false(tokenizer_adds_eos(setting->open.tokenizer));
    setting->fixture.adds_bos = setting->fixture.adds_eos = 1;
    open_fixture(setting);
    assert_true(tokenizer_adds_bos(setting->open.tokenizer));
    assert_true(tokenizer_adds_eos(setting->open.tokenizer));

    struct error err;
    setting->fixture.eos = -1;
    vocab_open_release(&setting->open);
    assert_fails(vocab_fixture_open(&setting->fixture, &setting->open, &err), ERR_INPUT,
                 "eos_token_id is missing");
}

static void decoding_gives_back_the_encoded_text(void **state)
{
    struct setting *setting = *state;
    static const char *const texts[] = { "",    " ",     "a",          " a",
                                         "[T]", "a[T]a", "[T] [T]a b", "d  e" };
    struct buf text;
    struct error err;

    buf_init(&text, 1 << 10);
    vocab_fixture_add(&setting->fixture, "[T]", TOKEN_USER_DEFINED, 0);
    open_fixture(setting);
    for (size_t i = 0; i < 2 * sizeof texts / sizeof *texts; i++) {
        const unsigned flags = i % 2 ? TOKENIZE_FIRST : 0;
        const struct slice want = slice_text(texts[i / 2]);

        setting->ids.n = 0;
        assert_ok(tokenizer_encode(setting->open.tokenizer, want, flags, &setting->ids, &err));
        buf_clear(&text);
        assert_ok(tokenizer_decode(setting->open.tokenizer, setting->ids.ids, setting->ids.n,
                                   flags, &text, &err));
        if (!slice_equal(buf_slice(&text), want))
            fail_msg("'%s' comes back as '%.*s'", want.ptr, (int)text.len, text.data);
    }
    buf_release(&text);
}

static void encoding_text_that_is_not_utf8_is_an_error(void **state)
{
    struct setting *setting = *state;
    struct error err;

    open_fixture(setting);
    assert_fails(tokenizer_encode(setting->open.tokenizer, slice_text("ab\xff"), NO_FLAGS,
                                  &setting->ids, &err),
                 ERR_INPUT, "at byte 2");
    assert_ids(setting, "ab", NO_FLAGS, 263);
}

static void empty_text_has_no_tokens(void **state)
{
    struct setting *setting = *state;
    struct error err;

    open_fixture(setting);
    assert_ok(tokenizer_encode(setting->open.tokenizer, slice_of(NULL, 0), TOKENIZE_FIRST,
                               &setting->ids, &err));
    assert_int_equal(setting->ids.n, 0);
}

/* A million of one letter is one word with a million symbols: joining them must not be
 * quadratic. */
static void encoding_long_runs_is_not_quadratic(void **state)
{
    struct setting *setting = *state;
    struct error err;
    enum { N = 1000000 };
    char *text = test_malloc(N);
    static const char runs[] = { 'l', ' ', '\n', '!' };

    open_fixture(setting);
    for (size_t i = 0; i < sizeof runs; i++) {
        memset(text, runs[i], N);
        setting->ids.n = 0;
        assert_ok(tokenizer_encode(setting->open.tokenizer, slice_of(text, N), NO_FLAGS,
                                   &setting->ids, &err));
        assert_true(setting->ids.n >= N / 2 && setting->ids.n <= N);
    }
    test_free(text);
}

#define SPM(name) cmocka_unit_test_setup_teardown(name, setup_spm, teardown)
#define BPE(name) cmocka_unit_test_setup_teardown(name, setup_bpe, teardown)
#define RAW(name) cmocka_unit_test_setup_teardown(name, setup_raw, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPM(spm_joins_the_best_score_first),
        SPM(spm_joins_from_the_left_when_scores_are_equal),
        SPM(spm_puts_its_space_before_the_first_piece_only),
        SPM(spm_writes_unknown_characters_as_bytes),
        SPM(spm_uses_the_unknown_token_if_byte_tokens_are_missing),
        SPM(spm_never_makes_control_or_byte_tokens_from_text),
        SPM(spm_finds_tokens_with_a_space_inside),
        SPM(spm_puts_its_space_after_user_defined_tokens_too),
        BPE(bpe_joins_the_first_merge_first),
        BPE(bpe_joins_nothing_across_words),
        BPE(bpe_follows_the_pre_tokeniser_of_the_file),
        BPE(bpe_uses_whole_word_tokens_if_the_family_does),
        BPE(bpe_refuses_a_byte_without_a_token),
        BPE(bpe_uses_the_unknown_token_only_if_the_file_names_one),
        BPE(user_defined_tokens_are_found_in_text),
        RAW(raw_joins_characters_across_spaces),
        BPE(control_tokens_are_found_in_text_on_request_only),
        BPE(bos_and_eos_are_added_as_the_file_says),
        SPM(decoding_gives_back_the_encoded_text),
        BPE(decoding_gives_back_the_encoded_text),
        RAW(decoding_gives_back_the_encoded_text),
        SPM(encoding_text_that_is_not_utf8_is_an_error),
        SPM(empty_text_has_no_tokens),
        BPE(empty_text_has_no_tokens),
        SPM(encoding_long_runs_is_not_quadratic),
        BPE(encoding_long_runs_is_not_quadratic),
        RAW(encoding_long_runs_is_not_quadratic),
    };

    return cmocka_run_group_tests_name("infer/tokenizer", tests, NULL, NULL);
}
