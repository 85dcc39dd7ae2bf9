/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - a language model read from a GGUF file: hyper-parameters, weights, vocabulary.
 *
 * The file is mapped and never trusted: every length, offset, type and shape is checked before
 * use (gguf.h, weights.h). A model is immutable after model_open() and shared between threads.
 * Architectures are listed in meson.build, weight types in dtype.c. What a file asks for beyond
 * that (another architecture or type, experts, a key or tensor not known here) is
 * ERR_UNSUPPORTED by name: a number that is silently a little wrong is worse than none.
 */
#ifndef CURATE_MODEL_H
#define CURATE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct model;
struct tokenizer;

/* Plain facts about a model, for `curate model info` and the store. */
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
    uint32_t context_length; /* tokens the model was trained for */
    bool learned_positions;  /* there are no more than context_length */
    uint32_t window;         /* keys that a row of a local layer sees; 0: all layers see all */
    uint32_t rope_dims;      /* elements of a head that turn; 0: no rotary positions */
    double rope_base;
    bool rope_neox;           /* pairs (i, i + n/2); else (2i, 2i + 1) */
    const char *rope_scaling; /* "none", "linear", "yarn", "longrope" */
    double rope_factor;
    float norm_epsilon;
    uint64_t n_params;
    uint64_t weight_bytes;
    const char *weight_types; /* "BF16 F32": types in use, most frequent first */
};

/* Map and check a file. Prefixes errors with the path. *out ends with model_close(). The file
 * must not be cut while it is open: reading what is gone ends the program (SIGBUS). Replacing
 * it by a rename is harmless. */
int model_open(const char *path, struct model **out, struct error *err);
/* From bytes in memory (borrowed until close), for tests and fuzzing. */
int model_open_bytes(const void *bytes, size_t n, struct model **out, struct error *err);
void model_close(struct model *model);

const struct model_info *model_info(const struct model *model);
/* The file's own tokenizer, borrowed; NULL when the file carries no vocabulary. */
const struct tokenizer *model_tokenizer(const struct model *model);

#endif
