/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/model/hparams.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "scoring/infer/arch/arch.h"
#include "scoring/infer/gguf/arch_keys.h"
#include "scoring/infer/gguf/gguf.h"
#include "scoring/infer/model/model.h"

static int unknown_arch(struct slice name, struct error *err)
{
    char list[256] = "";
    size_t len = 0;

    for (size_t i = 0; archs[i] && len < sizeof list; i++)
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", i ? ", " : "",
                                archs[i]->name);
    return error_set(err, ERR_UNSUPPORTED,
                     "architecture '%.*s' is not supported; supported: %s",
                     (int)(name.len < 64 ? name.len : 64), name.ptr, list);
}

static int find_arch(const struct gguf *gguf, const struct arch **out, struct error *err)
{
    struct slice name;
    const int rc = gguf_string(gguf, "general.architecture", &name, err);

    if (rc < 0)
        return -1;
    if (rc == 0)
        return error_set(err, ERR_INPUT, "key 'general.architecture' is missing");
    *out = arch_find(name);
    return *out ? 0 : unknown_arch(name, err);
}

static int read_heads(const struct gguf *gguf, struct model_info *info, struct error *err)
{
    uint32_t value_dim = 0;

    if (arch_key_u32(gguf, info->arch, "attention.head_count", 1, 1024, 0, &info->n_heads,
                     err) < 0 ||
        arch_key_u32(gguf, info->arch, "attention.head_count_kv", 1, info->n_heads,
                     info->n_heads, &info->n_kv_heads, err) < 0)
        return -1;
    if (info->n_heads % info->n_kv_heads != 0)
        return error_set(err, ERR_INPUT,
                         "%" PRIu32 " heads are not a multiple of %" PRIu32 " key-value heads",
                         info->n_heads, info->n_kv_heads);
    /* The default is 0 if n_embd < n_heads. Then the key is required. */
    if (arch_key_u32(gguf, info->arch, "attention.key_length", 2, HEAD_DIM_MAX,
                     info->n_embd / info->n_heads, &info->head_dim, err) < 0 ||
        arch_key_u32(gguf, info->arch, "attention.value_length", 1, HEAD_DIM_MAX,
                     info->head_dim, &value_dim, err) < 0)
        return -1;
    if (info->head_dim < 2 || info->head_dim > HEAD_DIM_MAX || info->head_dim % 2 != 0)
        return error_set(err, ERR_INPUT,
                         "heads of %" PRIu32 " elements are not supported: the number must be "
                         "even, from 2 to 512",
                         info->head_dim);
    if (value_dim != info->head_dim)
        return error_set(err, ERR_UNSUPPORTED,
                         "keys of %" PRIu32 " elements with values of %" PRIu32
                         " are not supported: the sizes must be equal",
                         info->head_dim, value_dim);
    return 0;
}

static int read_epsilon(const struct gguf *gguf, const struct arch *arch,
                        struct model_info *info, struct error *err)
{
    const char *tail = arch->norm == NORM_RMS ? "attention.layer_norm_rms_epsilon"
                                              : "attention.layer_norm_epsilon";
    double epsilon = -1; /* absent */

    if (arch_key_double(gguf, arch->name, tail, 0, 0.1, &epsilon, err) < 0)
        return -1;
    if (epsilon < 0)
        return error_set(err, ERR_INPUT, "key '%s.%s' is missing", arch->name, tail);
    if (epsilon == 0)
        return error_set(err, ERR_INPUT, "key '%s.%s' is 0, outside 0..0.1", arch->name, tail);
    info->norm_epsilon = (float)epsilon;
    return 0;
}

/* Sliding-window size per layer. A window >= context length means no window. */
static int read_window(const struct gguf *gguf, const struct arch *arch,
                       struct model_info *info, struct hparams *out, struct error *err)
{
    out->window = arch->window;
    out->local_period = arch->local_period;
    if (arch_key_u32(gguf, arch->name, "attention.sliding_window", 0, UINT32_MAX, arch->window,
                     &out->window, err) < 0 ||
        arch_key_u32(gguf, arch->name, "attention.sliding_window_pattern", 0, 512,
                     arch->local_period, &out->local_period, err) < 0)
        return -1;
    info->window = out->window;
    return 0;
}

static int read_scores(const struct gguf *gguf, const struct arch *arch,
                       const struct model_info *info, struct hparams *out, struct error *err)
{
    const bool wide = arch->wide_query_layers && info->n_layers == arch->wide_query_layers;
    double scale = 1 / sqrt(wide ? (double)info->n_embd / info->n_heads : info->head_dim);
    double attn_cap = arch->attn_soft_cap;
    double final_cap = arch->final_soft_cap;

    out->parallel_residual = arch->parallel_residual;
    if (arch_key_double(gguf, arch->name, "attention.scale", 1e-6, 1e3, &scale, err) < 0 ||
        arch_key_double(gguf, arch->name, "attn_logit_softcapping", 0, 1e6, &attn_cap, err) <
            0 ||
        arch_key_double(gguf, arch->name, "final_logit_softcapping", 0, 1e6, &final_cap, err) <
            0 ||
        arch_key_bool(gguf, arch->name, "use_parallel_residual", &out->parallel_residual, err) <
            0)
        return -1;
    out->query_scale = (float)scale;
    out->attn_soft_cap = (float)attn_cap;
    out->final_soft_cap = (float)final_cap;
    return 0;
}

static int read_rope(const struct gguf *gguf, const struct arch *arch, struct model_info *info,
                     struct hparams *out, struct error *err)
{
    out->rope.neox = arch->rope == ROPE_HALVES;
    if (arch->rope != ROPE_NONE && rope_read(gguf, info, &out->rope, err) < 0)
        return -1;
    out->local_rope = out->rope;
    out->local_rope.base = arch->local_rope_base;
    out->local_rope.factor = 1; /* positions within the window need no scaling */
    out->local_rope.extrapolated = 0;
    out->local_rope.magnitude = 1;
    if (arch_key_double(gguf, arch->name, "rope.freq_base_swa", 1, 1e12, &out->local_rope.base,
                        err) < 0)
        return -1;
    out->has_local_rope = out->local_rope.base > 0;
    info->rope_base = out->rope.base;
    info->rope_neox = out->rope.neox;
    info->rope_dims = out->rope.n_rot;
    info->rope_scaling = arch->rope == ROPE_NONE ? "none" : out->rope.scaling;
    info->rope_factor = out->rope.factor;
    return 0;
}

int hparams_read(const struct gguf *gguf, struct model_info *info, struct hparams *out,
                 struct error *err)
{
    const struct arch *arch = NULL;

    if (find_arch(gguf, &arch, err) < 0 || arch_keys_check(gguf, arch->name, err) < 0)
        return -1;
    info->arch = arch->name;
    *out = (struct hparams){ .arch = arch };
    if (arch_key_u32(gguf, arch->name, "block_count", 1, 512, 0, &info->n_layers, err) < 0 ||
        arch_key_u32(gguf, arch->name, "embedding_length", 32, 65536, 0, &info->n_embd, err) <
            0 ||
        arch_key_u32(gguf, arch->name, "feed_forward_length", 1, 1 << 20, 0, &info->n_ff, err) <
            0 ||
        arch_key_u32(gguf, arch->name, "context_length", 1, 1 << 24, 0, &info->context_length,
                     err) < 0 ||
        read_heads(gguf, info, err) < 0 || read_epsilon(gguf, arch, info, err) < 0 ||
        read_window(gguf, arch, info, out, err) < 0 ||
        read_scores(gguf, arch, info, out, err) < 0)
        return -1;
    info->learned_positions = arch->needs & NEEDS_POSITIONS;
    return read_rope(gguf, arch, info, out, err);
}

bool hparams_is_local(const struct hparams *hparams, uint32_t layer)
{
    const uint32_t period = hparams->local_period;

    return hparams->window > 0 && (period == 0 || (layer + 1) % period != 0);
}
