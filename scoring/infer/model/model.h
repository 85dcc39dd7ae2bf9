/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - a language model read from a GGUF file: hyper-parameters, weights, vocabulary.
 *
 * The file is mapped, and not trusted: every length, offset, type and shape is checked before
 * use (gguf.h, weights.h). A model is immutable after model_open(), and threads share it.
 *
 * Architectures are listed in meson.build, weight types in dtype.c. Anything else (another
 * architecture or type, experts, an unknown key or tensor) is ERR_UNSUPPORTED and named. A
 * missing score is better than one that is slightly wrong.
 */
#ifndef CURATE_MODEL_H
#define CURATE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct model;
struct tokenizer;

/* Properties of a model, for `curate model info` and the store. */
struct model_info {
    const char *arch; /* "llama" */
    const char *name; /* general.name, or "" */
    uint32_t n_layers;
    uint32_t n_embd; /* width of the residual stream */
    uint32_t n_heads;
    uint32_t n_kv_heads;
    uint32_t head_dim;
    uint32_t n_ff;
    uint32_t n_vocab;
    uint32_t context_length; /* tokens of the longest sequence in training */
    bool learned_positions;  /* a sequence cannot be longer than context_length */
    uint32_t window;         /* keys that a row of a local layer sees; 0: no local layers */
    uint32_t rope_dims;      /* elements of a head that are rotated; 0: no rotary positions */
    double rope_base;
    bool rope_neox;           /* pairs (i, i + n / 2); else (2i, 2i + 1) */
    const char *rope_scaling; /* "none", "linear", "yarn", "longrope" */
    double rope_factor;
    float norm_epsilon;
    uint64_t n_params;
    uint64_t weight_bytes;
    const char *weight_types; /* "BF16 F32": types by number of weights, largest first */
};

/* Map and check a file, or the parts of a model by the path of the first (gguf_file.h). The
 * caller owns *out and ends it with model_close(). Error messages
 * start with the path. The file must not be truncated while it is open: reading the missing
 * part would end the program (SIGBUS). Replacing it by a rename is harmless. */
int model_open(const char *path, struct model **out, struct error *err);
void model_close(struct model *model);

const struct model_info *model_info(const struct model *model);
/* The file's tokenizer, borrowed. NULL if the file has no vocabulary. */
const struct tokenizer *model_tokenizer(const struct model *model);

#endif
