/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "scoring/infer/gguf/gguf.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "tests/support/infer.h"
#include "tests/support/model_fixture.h"
#include "tests/support/tmp.h"

/* The model is refused with this code and message. */
static void assert_refused(const struct model_fixture *fixture, enum error_code code,
                           const char *phrase)
{
    struct error err;

    assert_fails(model_fixture_try(fixture, &err), code, phrase);
}

static void assert_accepted(const struct model_fixture *fixture)
{
    struct error err;

    assert_ok(model_fixture_try(fixture, &err));
}

static struct model_fixture fresh(void)
{
    struct model_fixture fixture;

    model_fixture_init(&fixture);
    return fixture;
}

static void model_info_describes_a_model(void **state)
{
    struct model *model = NULL;
    struct arena arena;
    struct error err;

    (void)state;
    arena_init(&arena);
    assert_ok(model_open(source_path(&arena, "tests/data/tiny-qwen2.gguf"), &model, &err));
    const struct model_info *info = model_info(model);
    assert_string_equal(info->arch, "qwen2");
    assert_string_equal(info->name, "tiny-qwen2");
    assert_int_equal(info->n_layers, 2);
    assert_int_equal(info->n_embd, 64);
    assert_int_equal(info->n_heads, 4);
    assert_int_equal(info->n_kv_heads, 1);
    assert_int_equal(info->head_dim, 32);
    assert_int_equal(info->n_ff, 160);
    assert_int_equal(info->n_vocab, 320);
    assert_int_equal(info->context_length, 256);
    assert_true(info->rope_base == 500);
    assert_true(info->norm_epsilon == 1e-5f);
    assert_true(info->rope_neox);
    assert_string_equal(info->weight_types, "BF16 F16 Q8_0 F32");
    assert_int_equal(tokenizer_count(model_tokenizer(model)), 320);
    model_close(model);
    arena_release(&arena);
}

static void weights_are_counted_and_a_vocabulary_is_optional(void **state)
{
    struct model_fixture fixture = fresh();
    struct model *model = NULL;
    void *bytes = NULL;
    struct error err;

    (void)state;
    assert_ok(model_fixture_open(&fixture, &bytes, &model, &err));
    const struct model_info *info = model_info(model);
    const uint64_t n = 64 * 32 + 2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 64 + 3 * 32;
    assert_int_equal(info->n_params, n);
    assert_int_equal(info->weight_bytes, n * 4);
    assert_string_equal(info->weight_types, "F32");
    assert_string_equal(info->name, "");
    assert_true(info->rope_base == 10000);
    assert_false(info->rope_neox);
    assert_null(model_tokenizer(model));
    model_close(model);
    free(bytes);
}

static void a_hostile_model_name_is_escaped(void **state)
{
    struct model_fixture fixture = fresh();
    struct model *model = NULL;
    void *bytes = NULL;
    struct error err;

    (void)state;
    fixture_text(&fixture, "general.name", "a\x1b[2Jb \xc3\xa9");
    assert_ok(model_fixture_open(&fixture, &bytes, &model, &err));
    assert_string_equal(model_info(model)->name, "a?[2Jb \xc3\xa9");
    model_close(model);
    free(bytes);
    fixture_text(&fixture, "general.name", "a\xff b");
    assert_ok(model_fixture_open(&fixture, &bytes, &model, &err));
    assert_string_equal(model_info(model)->name, "a? b");
    model_close(model);
    free(bytes);
}

static void errors_name_the_model_file(void **state)
{
    struct model *model = NULL;
    struct error err;
    struct tmp tmp = { 0 };

    (void)state;
    tmp_open(&tmp);
    assert_fails(model_open(tmp_path(&tmp, "none.gguf"), &model, &err), ERR_NOT_FOUND,
                 "none.gguf");
    assert_fails(model_open(tmp_write(&tmp, "bad.gguf", "GGML", 4), &model, &err), ERR_INPUT,
                 "bad.gguf: at byte 0: not a GGUF file");
    tmp_close(&tmp);
}

static void unsupported_architectures_are_refused(void **state)
{
    struct model_fixture fixture = fresh();

    (void)state;
    fixture_text(&fixture, "general.architecture", "mamba");
    assert_refused(&fixture, ERR_UNSUPPORTED,
                   "architecture 'mamba' is not supported; supported: llama, mistral, qwen2, "
                   "qwen3, phi3, gemma2, gemma3, gpt2, gptneox, starcoder2");
    fixture_drop(&fixture, "general.architecture");
    assert_refused(&fixture, ERR_INPUT, "key 'general.architecture' is missing");
    fixture_count(&fixture, "general.architecture", 1);
    assert_refused(&fixture, ERR_INPUT, "'general.architecture' is of type u32, not string");
}

static void a_model_without_a_required_key_is_refused(void **state)
{
    const char *const needed[] = {
        "llama.block_count",          "llama.context_length",
        "llama.embedding_length",     "llama.feed_forward_length",
        "llama.attention.head_count", "llama.attention.layer_norm_rms_epsilon",
    };

    (void)state;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        struct model_fixture fixture = fresh();
        char want[128];

        fixture_drop(&fixture, needed[i]);
        snprintf(want, sizeof want, "key '%s' is missing", needed[i]);
        assert_refused(&fixture, ERR_INPUT, want);
    }
}

static void integers_out_of_range_are_refused(void **state)
{
    static const struct {
        const char *key;
        uint32_t value;
        const char *want;
    } cases[] = {
        { "llama.block_count", 0, "'llama.block_count' is 0, outside 1..512" },
        { "llama.block_count", 513, "outside 1..512" },
        { "llama.embedding_length", 1 << 17, "outside 32..65536" },
        { "llama.feed_forward_length", 0, "outside 1..1048576" },
        { "llama.context_length", UINT32_MAX, "outside 1..16777216" },
        { "llama.attention.head_count", 1025, "outside 1..1024" },
        { "llama.attention.head_count_kv", 3, "outside 1..2" },
        { "llama.attention.key_length", 513, "outside 2..512" },
        { "llama.attention.key_length", 15, "heads of 15 elements" },
        { "llama.vocab_size", 63, "'llama.vocab_size' is 63, outside 64..64" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct model_fixture fixture = fresh();

        fixture_count(&fixture, cases[i].key, cases[i].value);
        assert_refused(&fixture, ERR_INPUT, cases[i].want);
    }
}

static void heads_that_cannot_share_keys_are_refused(void **state)
{
    struct model_fixture fixture = fresh();

    (void)state;
    fixture_count(&fixture, "llama.attention.head_count", 8);
    fixture_count(&fixture, "llama.attention.head_count_kv", 3);
    assert_refused(&fixture, ERR_INPUT, "8 heads are not a multiple of 3 key-value heads");
}

static void reals_out_of_range_are_refused(void **state)
{
    struct model_fixture fixture = fresh();

    (void)state;
    fixture_real(&fixture, "llama.attention.layer_norm_rms_epsilon", 0);
    assert_refused(&fixture, ERR_INPUT, "epsilon' is 0, outside 0..0.1");
    fixture_real(&fixture, "llama.attention.layer_norm_rms_epsilon", NAN);
    assert_refused(&fixture, ERR_INPUT, "epsilon' is not a finite number");
    fixture = fresh();
    fixture_real(&fixture, "llama.rope.freq_base", -10000);
    assert_refused(&fixture, ERR_INPUT, "'llama.rope.freq_base' is -10000");
}

static void keys_that_would_be_ignored_are_refused(void **state)
{
    static const struct {
        const char *key;
        uint32_t value;
        const char *want;
    } cases[] = {
        { "llama.expert_count", 8, "'llama.expert_count'" },
        { "llama.expert_used_count", 2, "'llama.expert_used_count'" },
        { "llama.attention.max_alibi_bias", 1, "'llama.attention.max_alibi_bias'" },
        { "llama.rope.dimension_sections", 1, "'llama.rope.dimension_sections'" },
        { "llama.attention.value_length", 8, "keys of 16 elements with values of 8" },
        { "split.count", 2, "'split.count' is 2" },
    };
    struct model_fixture fixture;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture = fresh();
        fixture_count(&fixture, cases[i].key, cases[i].value);
        assert_refused(&fixture, ERR_UNSUPPORTED, cases[i].want);
    }
    fixture = fresh();
    fixture_text(&fixture, "llama.rope.scaling.type", "spiral");
    assert_refused(&fixture, ERR_UNSUPPORTED,
                   "key 'llama.rope.scaling.type' is 'spiral'; supported: none, linear, yarn, "
                   "longrope");
}

static void invalid_rotary_positions_are_refused(void **state)
{
    struct model_fixture fixture = fresh();

    (void)state;
    fixture_count(&fixture, "llama.rope.dimension_count", 7);
    assert_refused(&fixture, ERR_INPUT, "7 rotated elements in a head of 16");
    fixture_count(&fixture, "llama.rope.dimension_count", 18);
    assert_refused(&fixture, ERR_INPUT, "18 rotated elements in a head of 16");
    fixture = fresh();
    fixture_real(&fixture, "llama.rope.scaling.factor", 0.5);
    assert_refused(&fixture, ERR_INPUT, "'llama.rope.scaling.factor' is 0.5, outside 1..10000");
    fixture = fresh();
    fixture_text(&fixture, "llama.rope.scaling.type", "yarn");
    fixture_real(&fixture, "llama.rope.scaling.yarn_beta_fast", NAN);
    assert_refused(&fixture, ERR_INPUT, "yarn_beta_fast' is not a finite number");
    fixture = fresh();
    fixture_text(&fixture, "llama.rope.scaling.type", "yarn");
    fixture_real(&fixture, "llama.rope.freq_base", 1);
    assert_refused(&fixture, ERR_INPUT, "YaRN needs a RoPE base above 1");
    fixture = fresh();
    fixture_text(&fixture, "llama.rope.scaling.type", "longrope");
    assert_refused(&fixture, ERR_INPUT, "tensor 'rope_factors_long.weight' is missing");
    fixture = fresh();
    fixture_tensor(&fixture, "rope_factors_long.weight", 8, 0, DTYPE_F32, 2);
    assert_refused(&fixture, ERR_INPUT, "tensor 'rope_factors_short.weight' is missing");
    fixture = fresh();
    fixture_tensor(&fixture, "rope_freqs.weight", 8, 0, DTYPE_F32, 0);
    assert_refused(&fixture, ERR_INPUT, "'rope_freqs.weight': element 0 is 0, not above 0");
    fixture_tensor(&fixture, "rope_freqs.weight", 16, 0, DTYPE_F32, 1);
    assert_refused(&fixture, ERR_INPUT, "tensor 'rope_freqs.weight' is 16 x");
}

static void model_info_describes_window_and_rotary_positions(void **state)
{
    struct model_fixture fixture = fresh();
    struct model *model = NULL;
    void *bytes = NULL;
    struct error err;

    (void)state;
    fixture_count(&fixture, "llama.attention.sliding_window", 40);
    fixture_count(&fixture, "llama.rope.dimension_count", 8);
    fixture_text(&fixture, "llama.rope.scaling.type", "yarn");
    fixture_real(&fixture, "llama.rope.scaling.factor", 4);
    fixture_tensor(&fixture, "rope_freqs.weight", 4, 0, DTYPE_F32, 1);
    assert_ok(model_fixture_open(&fixture, &bytes, &model, &err));
    const struct model_info *info = model_info(model);
    assert_int_equal(info->window, 40);
    assert_int_equal(info->rope_dims, 8);
    assert_string_equal(info->rope_scaling, "yarn");
    assert_true(info->rope_factor == 4);
    assert_false(info->learned_positions);
    model_close(model);
    free(bytes);
}

static void fused_matrices_are_accepted(void **state)
{
    struct model_fixture fixture = fresh();

    (void)state;
    fixture_drop(&fixture, "blk.0.attn_q.weight");
    fixture_drop(&fixture, "blk.0.attn_k.weight");
    fixture_drop(&fixture, "blk.0.attn_v.weight");
    fixture_tensor(&fixture, "blk.0.attn_qkv.weight", 32, 64, DTYPE_F32, 0);
    fixture_tensor(&fixture, "blk.0.attn_qkv.bias", 64, 0, DTYPE_F32, 0);
    fixture_drop(&fixture, "blk.0.ffn_gate.weight");
    fixture_tensor(&fixture, "blk.0.ffn_up.weight", 32, 128, DTYPE_F32, 0);
    assert_accepted(&fixture);
    fixture_tensor(&fixture, "blk.0.attn_qkv.weight", 32, 63, DTYPE_F32, 0);
    assert_refused(&fixture, ERR_INPUT, "tensor 'blk.0.attn_qkv.weight' is 32 x 63");
    fixture_tensor(&fixture, "blk.0.attn_qkv.weight", 32, 64, DTYPE_F32, 0);
    fixture_tensor(&fixture, "blk.0.attn_q.weight", 32, 32, DTYPE_F32, 0);
    assert_refused(&fixture, ERR_UNSUPPORTED, "tensor 'blk.0.attn_q.weight' is not supported");
}

static void disabled_features_and_unrelated_keys_are_accepted(void **state)
{
    struct model_fixture fixture = fresh();

    (void)state;
    fixture_count(&fixture, "llama.attention.sliding_window", 0);
    fixture_count(&fixture, "llama.expert_count", 0);
    fixture_text(&fixture, "llama.rope.scaling.type", "none");
    fixture_real(&fixture, "llama.rope.scaling.factor", 1);
    fixture_count(&fixture, "llama.vocab_size", 64);
    fixture_count(&fixture, "llama.rope.dimension_count", 16);
    fixture_count(&fixture, "split.count", 1);
    fixture_count(&fixture, "general.quantization_version", 2);
    fixture_text(&fixture, "llamas.are", "another prefix");
    assert_accepted(&fixture);
}

static void a_model_without_a_required_tensor_is_refused(void **state)
{
    const struct model_fixture whole = fresh();

    (void)state;
    assert_accepted(&whole);
    for (size_t i = 0; i < whole.n_tensors; i++) {
        struct model_fixture fixture = fresh();
        char want[128];

        fixture_drop(&fixture, whole.tensors[i].name);
        snprintf(want, sizeof want, "tensor '%s' is missing", whole.tensors[i].name);
        assert_refused(&fixture, ERR_INPUT, want);
    }
}

static void tensors_of_another_shape_are_refused(void **state)
{
    const struct model_fixture whole = fresh();

    (void)state;
    for (size_t i = 1; i < whole.n_tensors;
         i++) { /* the first tensor is the embedding, whose rows are the vocabulary */
        struct model_fixture fixture = fresh();
        char want[128];

        fixture.tensors[i].dims[0] += 32;
        snprintf(want, sizeof want, "tensor '%s' is %d x", whole.tensors[i].name,
                 (int)whole.tensors[i].dims[0] + 32);
        assert_refused(&fixture, ERR_INPUT, want);
        if (whole.tensors[i].dims[1] == 0)
            continue;
        fixture = fresh();
        fixture.tensors[i].dims[1]--;
        assert_refused(&fixture, ERR_INPUT, whole.tensors[i].name);
    }
}

static void tensors_that_would_be_ignored_are_refused(void **state)
{
    static const char *const names[] = {
        "blk.0.attn_q_norm.weight",
        "blk.0.ffn_gate_inp.weight",
        "blk.1.attn_norm.weight",
        "blk.0.attn_norm.bias",
        "output.bias",
        "blk.0.attn_sub_norm.weight",
        "blk.0.post_attention_norm.weight",
        "position_embd.weight",
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct model_fixture fixture = fresh();

        fixture_tensor(&fixture, names[i], 32, 0, DTYPE_F32, 1);
        assert_refused(&fixture, ERR_UNSUPPORTED, names[i]);
    }
}

static void unsupported_weight_types_are_refused_by_name(void **state)
{
    struct model_fixture fixture = fresh();

    (void)state;
    fixture_tensor(&fixture, "blk.0.ffn_up.weight", 32, 64, 39, 0);
    assert_refused(&fixture, ERR_UNSUPPORTED,
                   "tensor 'blk.0.ffn_up.weight' has type MXFP4; supported: F32, F16, Q4_0, "
                   "Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, BF16");
    fixture = fresh();
    fixture_tensor(&fixture, "output_norm.weight", 32, 0, DTYPE_F16, 0);
    assert_refused(&fixture, ERR_UNSUPPORTED,
                   "'output_norm.weight' has type F16; vectors must");
    fixture = fresh();
    fixture_tensor(&fixture, "blk.0.attn_norm.weight", 32, 0, DTYPE_F32, INFINITY);
    assert_refused(&fixture, ERR_INPUT, "'blk.0.attn_norm.weight': element 0 is not a finite");
}

static void biases_on_some_of_q_k_and_v_are_refused(void **state)
{
    struct model_fixture fixture = fresh();

    (void)state;
    fixture_tensor(&fixture, "blk.0.attn_q.bias", 32, 0, DTYPE_F32, 0);
    assert_refused(&fixture, ERR_INPUT, "layer 0 has a bias on some of Q, K and V");
    fixture_tensor(&fixture, "blk.0.attn_k.bias", 16, 0, DTYPE_F32, 0);
    fixture_tensor(&fixture, "blk.0.attn_v.bias", 16, 0, DTYPE_F32, 0);
    assert_accepted(&fixture);
    fixture_tensor(&fixture, "blk.0.attn_output.bias", 32, 0, DTYPE_F32, 0);
    assert_accepted(&fixture);
    fixture_tensor(&fixture, "blk.0.attn_v.bias", 32, 0, DTYPE_F32, 0);
    assert_refused(&fixture, ERR_INPUT, "tensor 'blk.0.attn_v.bias' is 32 x");
}

static void a_separate_output_matrix_is_accepted(void **state)
{
    struct model_fixture fixture = fresh();

    (void)state;
    fixture_tensor(&fixture, "output.weight", 32, 64, DTYPE_F16, 0);
    assert_accepted(&fixture);
    fixture_tensor(&fixture, "output.weight", 32, 65, DTYPE_F16, 0);
    assert_refused(&fixture, ERR_INPUT, "tensor 'output.weight' is 32 x 65");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(model_info_describes_a_model),
        cmocka_unit_test(weights_are_counted_and_a_vocabulary_is_optional),
        cmocka_unit_test(a_hostile_model_name_is_escaped),
        cmocka_unit_test(errors_name_the_model_file),
        cmocka_unit_test(unsupported_architectures_are_refused),
        cmocka_unit_test(a_model_without_a_required_key_is_refused),
        cmocka_unit_test(integers_out_of_range_are_refused),
        cmocka_unit_test(heads_that_cannot_share_keys_are_refused),
        cmocka_unit_test(reals_out_of_range_are_refused),
        cmocka_unit_test(keys_that_would_be_ignored_are_refused),
        cmocka_unit_test(invalid_rotary_positions_are_refused),
        cmocka_unit_test(model_info_describes_window_and_rotary_positions),
        cmocka_unit_test(fused_matrices_are_accepted),
        cmocka_unit_test(disabled_features_and_unrelated_keys_are_accepted),
        cmocka_unit_test(a_model_without_a_required_tensor_is_refused),
        cmocka_unit_test(tensors_of_another_shape_are_refused),
        cmocka_unit_test(tensors_that_would_be_ignored_are_refused),
        cmocka_unit_test(unsupported_weight_types_are_refused_by_name),
        cmocka_unit_test(biases_on_some_of_q_k_and_v_are_refused),
        cmocka_unit_test(a_separate_output_matrix_is_accepted),
    };

    return cmocka_run_group_tests_name("infer/model", tests, NULL, NULL);
}
