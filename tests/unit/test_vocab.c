/* SPDX-License-Identifier: Apache-2.0 */
/* What a tokenizer reads from its file, and which files it refuses. */
#include "tests/support/test.h"

#include <math.h>

#include "base/hash.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/infer/tokenizer/vocab.h"
#include "tests/support/vocab_fixture.h"

enum { SPM_BYTES = 3 };

struct setting {
    struct vocab_fixture fixture;
    struct vocab_open open;
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

/* Opening the fixture fails with this code and message. */
static void assert_refused(struct setting *setting, enum error_code code, const char *phrase)
{
    struct error err;

    vocab_open_release(&setting->open);
    assert_fails(vocab_fixture_open(&setting->fixture, &setting->open, &err), code, phrase);
}

static void a_file_without_a_vocabulary_has_no_tokenizer(void **state)
{
    struct setting *setting = *state;
    struct error err;

    setting->fixture.model = NULL;
    assert_ok(vocab_fixture_open(&setting->fixture, &setting->open, &err));
    assert_null(setting->open.tokenizer);
}

static void a_piece_is_the_bytes_of_its_token(void **state)
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

static void vocabulary_hashes_are_equal_for_equal_ids_only(void **state)
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

static void unsupported_tokenizers_are_refused_by_name(void **state)
{
    struct setting *setting = *state;

    setting->fixture.pre = "tokken";
    assert_refused(setting, ERR_UNSUPPORTED, "'tokken' is not supported; supported: gpt-2");
    assert_refused(setting, ERR_UNSUPPORTED, " qwen2 ");
    assert_refused(setting, ERR_UNSUPPORTED, " default");
    setting->fixture.model = "bert";
    assert_refused(setting, ERR_UNSUPPORTED, "'bert' is not supported; supported: llama, gpt2");
}

static void token_arrays_of_different_lengths_are_refused(void **state)
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

static void malformed_tokens_are_refused(void **state)
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

static void malformed_byte_tokens_are_refused(void **state)
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

static void merges_that_give_no_token_are_refused(void **state)
{
    struct setting *setting = *state;
    struct vocab_fixture *fixture = &setting->fixture;

    fixture->merges[3] = slice_text("hello");
    assert_refused(setting, ERR_INPUT, "merge 3 is not two texts");
    fixture->merges[3] = slice_text("hell xyz");
    assert_refused(setting, ERR_INPUT, "merge 3");
    fixture->merges[3] = slice_text("hell h");
    assert_refused(setting, ERR_INPUT, "merge 3 results in no token");
    fixture->merges[3] = slice_text(" o");
    assert_refused(setting, ERR_INPUT, "merge 3");
    fixture->merges[3] = slice_text("");
    assert_refused(setting, ERR_INPUT, "merge 3");
    fixture->n_merges = 0;
    assert_refused(setting, ERR_INPUT, "'tokenizer.ggml.merges' is missing");
}

static void user_defined_tokens_that_split_characters_are_refused(void **state)
{
    struct setting *setting = *state;

    vocab_fixture_add(&setting->fixture, "\xc3", TOKEN_USER_DEFINED, 0);
    assert_refused(setting, ERR_INPUT, "is not UTF-8");
}

#define SPM(name) cmocka_unit_test_setup_teardown(name, setup_spm, teardown)
#define BPE(name) cmocka_unit_test_setup_teardown(name, setup_bpe, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPM(a_file_without_a_vocabulary_has_no_tokenizer),
        SPM(a_piece_is_the_bytes_of_its_token),
        SPM(bos_and_eos_come_from_the_file),
        SPM(spm_has_the_bos_of_the_format),
        BPE(bpe_has_no_bos_unless_named),
        BPE(vocabulary_hashes_are_equal_for_equal_ids_only),
        BPE(unsupported_tokenizers_are_refused_by_name),
        SPM(token_arrays_of_different_lengths_are_refused),
        SPM(malformed_tokens_are_refused),
        SPM(malformed_byte_tokens_are_refused),
        BPE(merges_that_give_no_token_are_refused),
        BPE(user_defined_tokens_that_split_characters_are_refused),
    };

    return cmocka_run_group_tests_name("infer/vocab", tests, NULL, NULL);
}
