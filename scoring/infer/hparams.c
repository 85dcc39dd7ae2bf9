/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/hparams.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "scoring/infer/arch.h"
#include "scoring/infer/gguf.h"
#include "scoring/infer/model.h"

enum { KEY_BYTES = 128 };

/* The keys of an architecture that hparams_read() honours, or that change nothing. */
static const char *const known_keys[] = {
    "attention.head_count",
    "attention.head_count_kv",
    "attention.key_length",
    "attention.layer_norm_rms_epsilon",
    "attention.value_length",
    "block_count",
    "context_length",
    "embedding_length",
    "feed_forward_length",
    "rope.dimension_count",
    "rope.freq_base",
    "tensor_data_layout",
    "vocab_size",
};

/* Keys that may be there as long as they ask for nothing: the value that means "off". */
static const struct {
    const char *key;
    enum { OFF_COUNT, OFF_FACTOR, OFF_TEXT } kind;
} off_keys[] = {
    { "attention.sliding_window", OFF_COUNT }, { "expert_count", OFF_COUNT },
    { "expert_used_count", OFF_COUNT },        { "rope.scale_linear", OFF_FACTOR },
    { "rope.scaling.factor", OFF_FACTOR },     { "rope.scaling.type", OFF_TEXT },
};

static const char *arch_key(const struct arch *arch, const char *key, char out[KEY_BYTES])
{
    snprintf(out, KEY_BYTES, "%s.%s", arch->name, key);
    return out;
}

/* 1 when the key is off or absent, 0 when it asks for something, -1 on a wrong type. */
static int is_off(const struct gguf *gguf, const char *key, int kind, struct error *err)
{
    uint64_t count = 0;
    double factor = 1;
    struct slice text = slice_text("none");
    int rc;

    if (kind == OFF_COUNT)
        rc = gguf_uint(gguf, key, 0, UINT64_MAX, &count, err);
    else if (kind == OFF_FACTOR)
        rc = gguf_float(gguf, key, &factor, err);
    else
        rc = gguf_string(gguf, key, &text, err);
    if (rc < 0)
        return -1;
    return count == 0 && factor == 1 && slice_equal(text, slice_text("none"));
}

static int check_key(const struct gguf *gguf, struct slice key, struct slice tail,
                     struct error *err)
{
    char name[KEY_BYTES];
    int off = 0;

    for (size_t i = 0; i < sizeof known_keys / sizeof *known_keys; i++) {
        if (slice_equal(tail, slice_text(known_keys[i])))
            return 0;
    }
    for (size_t i = 0; i < sizeof off_keys / sizeof *off_keys; i++) {
        if (!slice_equal(tail, slice_text(off_keys[i].key)))
            continue;
        snprintf(name, sizeof name, "%.*s", (int)key.len, key.ptr);
        off = is_off(gguf, name, off_keys[i].kind, err);
    }
    if (off < 0)
        return -1;
    if (off)
        return 0;
    return error_set(
        err, ERR_UNSUPPORTED,
        "key '%.*s' asks for something this program cannot do; its scores would be "
        "wrong without it",
        (int)key.len, key.ptr);
}

static int check_keys(const struct gguf *gguf, const struct arch *arch, struct error *err)
{
    const size_t prefix = strlen(arch->name) + 1;
    uint64_t n_splits = 1;

    if (gguf_uint(gguf, "split.count", 0, UINT64_MAX, &n_splits, err) < 0)
        return -1;
    if (n_splits > 1)
        return error_set(
            err, ERR_UNSUPPORTED,
            "key 'split.count' is %" PRIu64 ": a model in several files; merge them", n_splits);
    for (size_t i = 0; i < gguf_key_count(gguf); i++) {
        const struct slice key = gguf_key_at(gguf, i);

        if (key.len <= prefix || memcmp(key.ptr, arch->name, prefix - 1) != 0 ||
            key.ptr[prefix - 1] != '.')
            continue;
        if (check_key(gguf, key, slice_of(key.ptr + prefix, key.len - prefix), err) < 0)
            return -1;
    }
    return 0;
}

static int unknown_arch(struct slice name, struct error *err)
{
    char list[128] = "";
    size_t len = 0;

    for (size_t i = 0; archs[i] && len < sizeof list; i++)
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", i ? ", " : "",
                                archs[i]->name);
    return error_set(err, ERR_UNSUPPORTED,
                     "architecture '%.*s' is not supported; these are: %s", (int)name.len,
                     name.ptr, list);
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

/* A count of the architecture; fallback 0 means that it must be there. */
static int read_count(const struct gguf *gguf, const struct arch *arch, const char *key,
                      uint64_t min, uint64_t max, uint32_t fallback, uint32_t *out,
                      struct error *err)
{
    char name[KEY_BYTES];
    uint64_t value = fallback;
    const int rc = gguf_uint(gguf, arch_key(arch, key, name), min, max, &value, err);

    if (rc < 0)
        return -1;
    if (rc == 0 && fallback == 0)
        return error_set(err, ERR_INPUT, "key '%s' is missing", name);
    *out = (uint32_t)value;
    return 0;
}

static int read_heads(const struct gguf *gguf, const struct arch *arch, struct model_info *info,
                      struct error *err)
{
    uint32_t value_dim = 0, n_rotated = 0;

    if (read_count(gguf, arch, "attention.head_count", 1, 1024, 0, &info->n_heads, err) < 0 ||
        read_count(gguf, arch, "attention.head_count_kv", 1, info->n_heads, info->n_heads,
                   &info->n_kv_heads, err) < 0)
        return -1;
    if (info->n_heads % info->n_kv_heads != 0)
        return error_set(err, ERR_INPUT,
                         "%" PRIu32 " heads cannot share %" PRIu32 " key-value heads evenly",
                         info->n_heads, info->n_kv_heads);
    /* 0 when the width is below the number of heads: then the key must be there. */
    if (read_count(gguf, arch, "attention.key_length", 2, HEAD_DIM_MAX,
                   info->n_embd / info->n_heads, &info->head_dim, err) < 0 ||
        read_count(gguf, arch, "attention.value_length", 1, HEAD_DIM_MAX, info->head_dim,
                   &value_dim, err) < 0 ||
        read_count(gguf, arch, "rope.dimension_count", 1, HEAD_DIM_MAX, info->head_dim,
                   &n_rotated, err) < 0)
        return -1;
    if (info->head_dim < 2 || info->head_dim > HEAD_DIM_MAX || info->head_dim % 2 != 0)
        return error_set(err, ERR_INPUT,
                         "heads of %" PRIu32 " elements; an even number from 2 to "
                         "512 is needed",
                         info->head_dim);
    if (value_dim != info->head_dim)
        return error_set(err, ERR_UNSUPPORTED,
                         "keys of %" PRIu32 " elements with values of %" PRIu32
                         "; only equal ones are supported",
                         info->head_dim, value_dim);
    if (n_rotated != info->head_dim)
        return error_set(err, ERR_UNSUPPORTED,
                         "rotary positions on %" PRIu32 " of a head's %" PRIu32
                         " elements; only all of them are supported",
                         n_rotated, info->head_dim);
    return 0;
}

static int read_reals(const struct gguf *gguf, const struct arch *arch, struct model_info *info,
                      struct error *err)
{
    char name[KEY_BYTES];
    double epsilon;
    int rc = gguf_float(gguf, arch_key(arch, "attention.layer_norm_rms_epsilon", name),
                        &epsilon, err);

    if (rc < 0)
        return -1;
    if (rc == 0)
        return error_set(err, ERR_INPUT, "key '%s' is missing", name);
    if (!(epsilon > 0 && epsilon <= 0.1))
        return error_set(err, ERR_INPUT, "key '%s' is %g, outside 0..0.1", name, epsilon);
    info->norm_epsilon = (float)epsilon;

    info->rope_base = 10000;
    rc = gguf_float(gguf, arch_key(arch, "rope.freq_base", name), &info->rope_base, err);
    if (rc < 0)
        return -1;
    if (!(info->rope_base >= 1 && info->rope_base <= 1e12))
        return error_set(err, ERR_INPUT, "key '%s' is %g, outside 1..1e12", name,
                         info->rope_base);
    return 0;
}

int hparams_read(const struct gguf *gguf, const struct arch **out, struct model_info *info,
                 struct error *err)
{
    const struct arch *arch = NULL;

    if (find_arch(gguf, &arch, err) < 0 || check_keys(gguf, arch, err) < 0)
        return -1;
    if (read_count(gguf, arch, "block_count", 1, 512, 0, &info->n_layers, err) < 0 ||
        read_count(gguf, arch, "embedding_length", 32, 65536, 0, &info->n_embd, err) < 0 ||
        read_count(gguf, arch, "feed_forward_length", 1, 1 << 20, 0, &info->n_ff, err) < 0 ||
        read_count(gguf, arch, "context_length", 1, 1 << 24, 0, &info->context_length, err) <
            0 ||
        read_heads(gguf, arch, info, err) < 0 || read_reals(gguf, arch, info, err) < 0)
        return -1;
    info->arch = arch->name;
    info->rope_neox = arch->rope_neox;
    *out = arch;
    return 0;
}
