/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/model/rope.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "base/slice.h"
#include "scoring/infer/gguf/arch_keys.h"
#include "scoring/infer/gguf/gguf.h"
#include "scoring/infer/model/model.h"

/* The pair, as a real number, that makes `turns` full turns over the original context. */
static double pair_of_turns(const struct rope *rope, double turns)
{
    return rope->n_rot * log(rope->original_context / (turns * 2 * acos(-1))) /
           (2 * log(rope->base));
}

static int read_yarn(const struct gguf *gguf, const char *arch, struct rope *rope,
                     struct error *err)
{
    double fast = 32, slow = 1;
    double magnitude = rope->factor > 1 ? 0.1 * log(rope->factor) + 1 : 1;

    rope->extrapolated = 1;
    if (arch_key_double(gguf, arch, "rope.scaling.yarn_beta_fast", 1e-3, 1e6, &fast, err) < 0 ||
        arch_key_double(gguf, arch, "rope.scaling.yarn_beta_slow", 1e-3, 1e6, &slow, err) < 0 ||
        arch_key_double(gguf, arch, "rope.scaling.yarn_ext_factor", -1, 1, &rope->extrapolated,
                        err) < 0 ||
        arch_key_double(gguf, arch, "rope.scaling.yarn_attn_factor", 1e-3, 1e3, &magnitude,
                        err) < 0)
        return -1;
    if (rope->base <= 1)
        return error_set(err, ERR_INPUT, "YaRN needs a RoPE base above 1, not %g", rope->base);
    if (rope->extrapolated < 0) /* -1 means not set */
        rope->extrapolated = 1;
    rope->ramp_low = fmax(0, floor(pair_of_turns(rope, fast)));
    rope->ramp_high = fmin(rope->n_rot - 1, ceil(pair_of_turns(rope, slow)));
    rope->magnitude = magnitude;
    return 0;
}

static int read_rope_scaling(const struct gguf *gguf, const struct model_info *info,
                             struct rope *rope, struct error *err)
{
    static const char *const kinds[] = { "none", "linear", "yarn", "longrope" };
    const char *arch = info->arch;
    double attn_factor = 1;
    struct slice kind = { NULL, 0 };
    char key[ARCH_KEY_BYTES];

    snprintf(key, sizeof key, "%s.rope.scaling.type", arch);
    if (gguf_string(gguf, key, &kind, err) < 0 ||
        arch_key_double(gguf, arch, "rope.scale_linear", 1, 1e4, &rope->factor, err) < 0 ||
        arch_key_double(gguf, arch, "rope.scaling.factor", 1, 1e4, &rope->factor, err) < 0 ||
        arch_key_double(gguf, arch, "rope.scaling.attn_factor", 1e-3, 1e3, &attn_factor, err) <
            0 ||
        arch_key_u32(gguf, arch, "rope.scaling.original_context_length", 1, 1 << 24,
                     info->context_length, &rope->original_context, err) < 0)
        return -1;
    if (!kind.ptr) /* a factor without a type means linear scaling */
        kind = slice_text(rope->factor > 1 ? "linear" : "none");
    rope->scaling = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (slice_equal(kind, slice_text(kinds[i])))
            rope->scaling = kinds[i];
    if (!rope->scaling)
        return error_set(err, ERR_UNSUPPORTED,
                         "key '%s' is '%.*s'; supported: none, linear, yarn, longrope", key,
                         (int)(kind.len < 64 ? kind.len : 64), kind.ptr);
    if (slice_equal(kind, slice_text("none")))
        rope->factor = 1;
    if (slice_equal(kind, slice_text("yarn")) && read_yarn(gguf, arch, rope, err) < 0)
        return -1;
    rope->magnitude *= attn_factor;
    return 0;
}

int rope_read(const struct gguf *gguf, const struct model_info *info, struct rope *out,
              struct error *err)
{
    out->base = 10000;
    out->factor = 1;
    out->magnitude = 1;
    if (arch_key_u32(gguf, info->arch, "rope.dimension_count", 1, HEAD_DIM_MAX, info->head_dim,
                     &out->n_rot, err) < 0 ||
        arch_key_double(gguf, info->arch, "rope.freq_base", 1, 1e12, &out->base, err) < 0)
        return -1;
    if (out->n_rot % 2 != 0 || out->n_rot > info->head_dim)
        return error_set(err, ERR_INPUT,
                         "%" PRIu32 " rotated elements in a head of %" PRIu32
                         ": the number must be even and not above the size of a head",
                         out->n_rot, info->head_dim);
    return read_rope_scaling(gguf, info, out, err);
}

static bool beyond_trained(const struct rope_stretch *stretch, size_t n_tokens)
{
    return stretch->ntk_factor > 0 && n_tokens > stretch->trained;
}

bool rope_depends_on_length(const struct rope *rope, const struct rope_stretch *stretch,
                            size_t n_tokens)
{
    return beyond_trained(stretch, n_tokens) ||
           (rope->long_factors && n_tokens > rope->original_context);
}

static double rope_base_for(const struct rope *rope, const struct rope_stretch *stretch,
                            size_t n_tokens)
{
    const double s = stretch->ntk_factor;
    const double n = rope->n_rot;

    if (!beyond_trained(stretch, n_tokens) || n <= 2)
        return rope->base;
    return rope->base * pow(s * (double)n_tokens / stretch->trained - (s - 1), n / (n - 2));
}

/* YaRN: the share of a pair's frequency that is not divided by the factor. It falls linearly
 * from `extrapolated` for fast pairs to 0 for slow ones. */
static double unscaled_share(const struct rope *rope, size_t pair)
{
    const double width = fmax(0.001, rope->ramp_high - rope->ramp_low);
    const double along = ((double)pair - rope->ramp_low) / width;

    return rope->extrapolated * (1 - fmin(1, fmax(0, along)));
}

void rope_frequencies(const struct rope *rope, const struct rope_stretch *stretch,
                      size_t n_tokens, double *freq)
{
    const double base = rope_base_for(rope, stretch, n_tokens);
    const bool is_long = rope->long_factors && n_tokens > rope->original_context;
    const float *factors = is_long ? rope->long_factors : rope->factors;

    for (size_t i = 0; i < rope->n_rot / 2; i++) {
        const double plain =
            pow(base, -2 * (double)i / rope->n_rot) / (factors ? (double)factors[i] : 1);
        const double kept = unscaled_share(rope, i);

        freq[i] = plain / rope->factor * (1 - kept) + plain * kept;
    }
}
