/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/gguf/arch_keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "scoring/infer/gguf/gguf.h"

/* Keys that hparams.c and rope.c read, and keys that do not affect scores. */
static const char *const known_keys[] = {
    "attention.head_count",
    "attention.head_count_kv",
    "attention.key_length",
    "attention.layer_norm_epsilon",
    "attention.layer_norm_rms_epsilon",
    "attention.scale",
    "attention.sliding_window",
    "attention.sliding_window_pattern",
    "attention.value_length",
    "attn_logit_softcapping",
    "block_count",
    "context_length",
    "embedding_length",
    "feed_forward_length",
    "final_logit_softcapping",
    "rope.dimension_count",
    "rope.freq_base",
    "rope.freq_base_swa",
    "rope.scale_linear",
    "rope.scaling.attn_factor",
    "rope.scaling.factor",
    "rope.scaling.finetuned", /* about training only */
    "rope.scaling.original_context_length",
    "rope.scaling.type",
    "rope.scaling.yarn_attn_factor",
    "rope.scaling.yarn_beta_fast",
    "rope.scaling.yarn_beta_slow",
    "rope.scaling.yarn_ext_factor",
    "tensor_data_layout",
    "use_parallel_residual",
    "vocab_size",
};

/* Counts that must be 0 if present. */
static const char *const must_be_0_keys[] = { "expert_count", "expert_used_count" };

static const char *full_key(const char *arch, const char *tail, char out[ARCH_KEY_BYTES])
{
    snprintf(out, ARCH_KEY_BYTES, "%s.%s", arch, tail);
    return out;
}

static int arch_key_check(const struct gguf *gguf, struct slice key, struct slice tail,
                          struct error *err)
{
    char name[ARCH_KEY_BYTES];
    uint64_t count = 0;

    for (size_t i = 0; i < sizeof known_keys / sizeof *known_keys; i++) {
        if (slice_equal(tail, slice_text(known_keys[i])))
            return 0;
    }
    for (size_t i = 0; i < sizeof must_be_0_keys / sizeof *must_be_0_keys; i++) {
        if (!slice_equal(tail, slice_text(must_be_0_keys[i])))
            continue;
        snprintf(name, sizeof name, "%.*s", (int)key.len, key.ptr);
        if (gguf_uint(gguf, name, 0, UINT64_MAX, &count, err) < 0)
            return -1;
        if (count == 0)
            return 0;
    }
    return error_set(err, ERR_UNSUPPORTED,
                     "key '%.*s' is not supported: scores would be wrong without it",
                     (int)key.len, key.ptr);
}

int arch_keys_check(const struct gguf *gguf, const char *arch, struct error *err)
{
    const size_t prefix = strlen(arch) + 1;
    uint64_t n_splits = 1;

    if (gguf_uint(gguf, "split.count", 0, UINT64_MAX, &n_splits, err) < 0)
        return -1;
    if (n_splits > 1 && n_splits != gguf_part_count(gguf))
        return error_set(err, ERR_UNSUPPORTED,
                         "key 'split.count' is %" PRIu64
                         ": the file is one part of a model: name the parts "
                         "X-00001-of-%05" PRIu64 ".gguf and so on, and give the first",
                         n_splits, n_splits);
    for (size_t i = 0; i < gguf_key_count(gguf); i++) {
        const struct slice key = gguf_key_at(gguf, i);

        if (key.len <= prefix || memcmp(key.ptr, arch, prefix - 1) != 0 ||
            key.ptr[prefix - 1] != '.')
            continue;
        if (arch_key_check(gguf, key, slice_of(key.ptr + prefix, key.len - prefix), err) < 0)
            return -1;
    }
    return 0;
}

int arch_key_u32(const struct gguf *gguf, const char *arch, const char *tail, uint64_t min,
                 uint64_t max, uint32_t fallback, uint32_t *out, struct error *err)
{
    char name[ARCH_KEY_BYTES];
    uint64_t value = fallback;
    const int rc = gguf_uint(gguf, full_key(arch, tail, name), min, max, &value, err);

    if (rc < 0)
        return -1;
    if (rc == 0 && fallback == 0 && min > 0)
        return error_set(err, ERR_INPUT, "key '%s' is missing", name);
    *out = (uint32_t)value;
    return 0;
}

int arch_key_double(const struct gguf *gguf, const char *arch, const char *tail, double min,
                    double max, double *out, struct error *err)
{
    char name[ARCH_KEY_BYTES];
    double value = *out;
    const int rc = gguf_float(gguf, full_key(arch, tail, name), &value, err);

    if (rc < 0)
        return -1;
    if (rc == 1 && !(value >= min && value <= max))
        return error_set(err, ERR_INPUT, "key '%s' is %g, outside %g..%g", name, value, min,
                         max);
    *out = value;
    return 0;
}

int arch_key_bool(const struct gguf *gguf, const char *arch, const char *tail, bool *out,
                  struct error *err)
{
    char name[ARCH_KEY_BYTES];

    return gguf_bool(gguf, full_key(arch, tail, name), out, err) < 0 ? -1 : 0;
}
