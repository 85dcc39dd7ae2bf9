/* SPDX-License-Identifier: Apache-2.0 */
/* The ids are worked out by hand from the tables of tests/support/vocab_fixture.c. */
#include "tests/support/test.h"

#include <math.h>

#include "base/hash.h"
#include "scoring/infer/tokenizer.h"
#include "scoring/infer/vocab.h"
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

/* The fixture is refused, for this reason. */
static void assert_refused(struct setting *setting, enum error_code code, const char *phrase)
{
    struct error err;

    vocab_open_release(&setting->open);
    assert_fails(vocab_fixture_open(&setting->fixture, &setting->open, &err), code, phrase);
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
    /* bc (-2) before ab (-3), then a bc into abc; nothing joins the space to it. */
    assert_ids(setting, "abc", TOKENIZE_FIRST, 259, 265);
    /* ab, then the space and ab. */
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

static void spm_takes_the_unknown_token_where_bytes_are_missing(void **state)
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
    /* "<s" and ">" are tokens, and together they are the text of token 1. */
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
    /* "o" ends a word and " w" begins one. */
    assert_ids(setting, "o world", NO_FLAGS, 'o', 262, 263);
    /* Of three spaces before a word two are a word of their own. */
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

static void bpe_takes_whole_words_where_the_models_did(void **state)
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
    assert_int_equal(setting->ids.n, 1); /* what was there before stays, nothing is added */
}

static void bpe_takes_the_unknown_token_only_if_it_is_one(void **state)
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

static void pieces_are_the_bytes_a_token_stands_for(void **state)
{
    struct setting *setting = *state;

    open_fixture(setting);
    const struct tokenizer *spm = setting->open.tokenizer;
    assert_true(slice_equal(tokenizer_piece(spm, 267), slice_text(" ab")));
    assert_true(slice_equal(tokenizer_piece(spm, SPM_BYTES), slice_of("", 1)));
    assert_true(slice_equal(tokenizer_piece(spm, SPM_BYTES + 0xff), slice_text("\xff")));
    assert_true(slice_equal(tokenizer_piece(spm, 1), slice_text("<s>")));

    vocab_fixture_bpe(&setting->fixture);
    open_fixture(setting);
    const struct tokenizer *bpe = setting->open.tokenizer;
    assert_true(slice_equal(tokenizer_piece(bpe, 262), slice_text(" wor")));
    assert_true(slice_equal(tokenizer_piece(bpe, 264), slice_text("\u00e9")));
    assert_true(slice_equal(tokenizer_piece(bpe, 0xff), slice_text("\xff")));
}

static void refuses_text_that_is_not_utf8(void **state)
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

static void bos_and_eos_come_from_the_file(void **state)
{
    struct setting *setting = *state;

    setting->fixture.bos = 260;
    setting->fixture.eos = 261;
    setting->fixture.adds_bos = 0;
    open_fixture(setting);
    assert_int_equal(tokenizer_bos(setting->open.tokenizer), 260);
    assert_int_equal(tokenizer_eos(setting->open.tokenizer), 261);
    assert_false(tokenizer_adds_bos(setting->open.tokenizer));

    setting->fixture.bos = 9999;
    assert_refused(setting, ERR_INPUT, "bos_token_id");
}

static void spm_has_the_bos_of_the_format(void **state)
{
    struct setting *setting = *state;

    open_fixture(setting);
    assert_int_equal(tokenizer_bos(setting->open.tokenizer), 1);
    assert_int_equal(tokenizer_eos(setting->open.tokenizer), 2);
    assert_true(tokenizer_adds_bos(setting->open.tokenizer));
    assert_string_equal(tokenizer_name(setting->open.tokenizer), "llama/default");
    assert_int_equal(tokenizer_count(setting->open.tokenizer), setting->fixture.n_tokens);
}

static void bpe_has_no_bos_unless_named(void **state)
{
    struct setting *setting = *state;

    setting->fixture.pre = "llama-bpe";
    open_fixture(setting);
    assert_int_equal(tokenizer_bos(setting->open.tokenizer), TOKEN_NONE);
    assert_int_equal(tokenizer_eos(setting->open.tokenizer), TOKEN_NONE);
    assert_false(tokenizer_adds_bos(setting->open.tokenizer));

    setting->fixture.bos = 256;
    open_fixture(setting);
    assert_true(tokenizer_adds_bos(setting->open.tokenizer));

    setting->fixture.bos = -1;
    setting->fixture.adds_bos = 1;
    assert_refused(setting, ERR_INPUT, "bos_token_id is missing");
}

static struct hash hash_of(struct setting *setting)
{
    struct hash hash;

    open_fixture(setting);
    tokenizer_hash(setting->open.tokenizer, &hash);
    return hash;
}

static void hash_is_equal_for_equal_ids_only(void **state)
{
    struct setting *setting = *state;
    const struct hash hash = hash_of(setting);

    setting->fixture.bos = 0;
    setting->fixture.pre = "phi-2"; /* another name of the same rule */
    const struct hash same = hash_of(setting);
    assert_memory_equal(&same, &hash, sizeof hash);

    setting->fixture.pre = "qwen2";
    const struct hash other_rule = hash_of(setting);
    assert_memory_not_equal(&other_rule, &hash, sizeof hash);

    setting->fixture.pre = "gpt-2";
    setting->fixture.n_merges--;
    const struct hash other_merges = hash_of(setting);
    assert_memory_not_equal(&other_merges, &hash, sizeof hash);

    setting->fixture.n_merges++;
    setting->fixture.types[255] = TOKEN_UNUSED;
    const struct hash other_types = hash_of(setting);
    assert_memory_not_equal(&other_types, &hash, sizeof hash);
}

static void file_without_a_vocabulary_has_no_tokenizer(void **state)
{
    struct setting *setting = *state;
    struct error err;

    setting->fixture.model = NULL;
    assert_ok(vocab_fixture_open(&setting->fixture, &setting->open, &err));
    assert_null(setting->open.tokenizer);
}

static void names_what_it_does_not_know(void **state)
{
    struct setting *setting = *state;

    setting->fixture.pre = "tekken";
    assert_refused(setting, ERR_UNSUPPORTED, "'tekken' is not one of gpt-2");
    assert_refused(setting, ERR_UNSUPPORTED, " qwen2 ");
    assert_refused(setting, ERR_UNSUPPORTED, " default");
    setting->fixture.model = "bert";
    assert_refused(setting, ERR_UNSUPPORTED, "'bert' is not one of llama gpt2");
}

static void refuses_arrays_of_another_length(void **state)
{
    struct setting *setting = *state;

    setting->fixture.n_types--;
    assert_refused(setting, ERR_INPUT, "token_type");
    setting->fixture.n_types = 0;
    assert_refused(setting, ERR_INPUT, "'tokenizer.ggml.token_type' is missing");
    setting->fixture.n_types = setting->fixture.n_tokens;
    setting->fixture.n_scores--;
    assert_refused(setting, ERR_INPUT, "scores");
    setting->fixture.n_tokens = 0;
    assert_refused(setting, ERR_INPUT, "'tokenizer.ggml.tokens' is empty");
}

static void refuses_bad_tokens(void **state)
{
    struct setting *setting = *state;
    struct vocab_fixture *fixture = &setting->fixture;

    fixture->types[260] = 7;
    assert_refused(setting, ERR_INPUT, "token 260 has type 7");
    fixture->types[260] = TOKEN_NORMAL;
    fixture->texts[260] = slice_text("b");
    assert_refused(setting, ERR_INPUT, "tokens 260 and 261");
    fixture->texts[260] = slice_text("a");
    fixture->scores[262] = NAN;
    assert_refused(setting, ERR_INPUT, "score of token 262");
}

static void refuses_bad_byte_tokens(void **state)
{
    static const char *const bad[] = { "<0x-1>", "<0x1>", "<0x041>", "<0xag>", "<0x4a>", "x" };
    struct setting *setting = *state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setting->fixture.texts[SPM_BYTES + 0x41] = slice_text(bad[i]);
        assert_refused(setting, ERR_INPUT, "token 68");
    }
    setting->fixture.texts[SPM_BYTES + 0x41] = slice_text("<0x42>");
    assert_refused(setting, ERR_INPUT, "both stand for byte 0x42");
}

static void refuses_merges_that_are_no_tokens(void **state)
{
    struct setting *setting = *state;
    struct vocab_fixture *fixture = &setting->fixture;

    fixture->merges[3] = slice_text("hello");
    assert_refused(setting, ERR_INPUT, "merge 3 is not two texts");
    fixture->merges[3] = slice_text("hell xyz");
    assert_refused(setting, ERR_INPUT, "merge 3");
    fixture->merges[3] = slice_text("hell h");
    assert_refused(setting, ERR_INPUT, "merge 3 gives no token");
    fixture->merges[3] = slice_text(" o");
    assert_refused(setting, ERR_INPUT, "merge 3");
    fixture->merges[3] = slice_text("");
    assert_refused(setting, ERR_INPUT, "merge 3");
    fixture->n_merges = 0;
    assert_refused(setting, ERR_INPUT, "'tokenizer.ggml.merges' is missing");
}

static void refuses_user_defined_tokens_that_cut_characters(void **state)
{
    struct setting *setting = *state;

    vocab_fixture_add(&setting->fixture, "\xc3", TOKEN_USER_DEFINED, 0);
    assert_refused(setting, ERR_INPUT, "is not UTF-8");
}

/* A million of one letter is one word with a million symbols: this ends only if joining them is
 * not quadratic. */
static void long_runs_take_no_longer_than_sorting(void **state)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPM(spm_joins_the_best_score_first),
        SPM(spm_joins_from_the_left_when_scores_are_equal),
        SPM(spm_puts_its_space_before_the_first_piece_only),
        SPM(spm_writes_unknown_characters_as_bytes),
        SPM(spm_takes_the_unknown_token_where_bytes_are_missing),
        SPM(spm_never_makes_control_or_byte_tokens_from_text),
        SPM(spm_finds_tokens_with_a_space_inside),
        SPM(spm_puts_its_space_after_user_defined_tokens_too),
        SPM(spm_has_the_bos_of_the_format),
        BPE(bpe_joins_the_first_merge_first),
        BPE(bpe_joins_nothing_across_words),
        BPE(bpe_follows_the_pre_tokeniser_of_the_file),
        BPE(bpe_takes_whole_words_where_the_models_did),
        BPE(bpe_refuses_a_byte_without_a_token),
        BPE(bpe_takes_the_unknown_token_only_if_it_is_one),
        BPE(bpe_has_no_bos_unless_named),
        BPE(user_defined_tokens_are_found_in_text),
        SPM(pieces_are_the_bytes_a_token_stands_for),
        SPM(refuses_text_that_is_not_utf8),
        SPM(empty_text_has_no_tokens),
        BPE(empty_text_has_no_tokens),
        SPM(bos_and_eos_come_from_the_file),
        BPE(hash_is_equal_for_equal_ids_only),
        SPM(file_without_a_vocabulary_has_no_tokenizer),
        BPE(names_what_it_does_not_know),
        SPM(refuses_arrays_of_another_length),
        SPM(refuses_bad_tokens),
        SPM(refuses_bad_byte_tokens),
        BPE(refuses_merges_that_are_no_tokens),
        BPE(refuses_user_defined_tokens_that_cut_characters),
        SPM(long_runs_take_no_longer_than_sorting),
        BPE(long_runs_take_no_longer_than_sorting),
    };

    return cmocka_run_group_tests_name("infer/tokenizer", tests, NULL, NULL);
}
