/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rope.h - rotary positions (RoPE): the frequency of each pair of a head, from the keys of a
 * file and the scaling that a run requests.
 *
 * RoPE: arXiv 2104.09864. Linear interpolation: 2306.15595. YaRN: 2309.00071. LongRoPE:
 * 2402.13753. Llama 3 stores its scaling as divisors (tensor rope_freqs).
 *
 * Dynamic NTK: for a sequence of L tokens and a model trained on M < L tokens, the base becomes
 * base * (s * L / M - (s - 1))^(n / (n - 2)). It is the same for all rows of the sequence.
 */
#ifndef CURATE_ROPE_H
#define CURATE_ROPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEAD_DIM_MAX = 512 };

struct error;
struct gguf;
struct model_info;

struct rope {
    uint32_t n_rot; /* the first n_rot elements of a head are rotated; 0: none */
    bool neox;      /* pairs (i, i + n_rot / 2); else (2i, 2i + 1) */
    double base;
    double factor;              /* divides positions; 1: no scaling */
    double extrapolated;        /* YaRN: share of a fast pair's frequency that is not divided */
    double ramp_low, ramp_high; /* YaRN: pairs below low are fast, pairs above high are slow */
    double magnitude;           /* multiplies sines and cosines */
    /* n_rot / 2 divisors of the frequencies, or NULL. long_factors are for sequences of more
     * than original_context tokens. */
    const float *factors;
    const float *long_factors;
    uint32_t original_context;
    const char *scaling; /* shown to the user: "none", "linear", "yarn", "longrope" */
};

/* Scaling that a run requests in addition to that of the file. */
struct rope_stretch {
    double ntk_factor; /* s of dynamic NTK; 0: none */
    uint32_t trained;  /* M of dynamic NTK: the model's context length in training */
};

/* Read the keys ARCH.rope.*. Needs info->head_dim and info->context_length. The divisors are
 * tensors: weights.c sets them. Returns -1 with ERR_INPUT or ERR_UNSUPPORTED. */
int rope_read(const struct gguf *gguf, const struct model_info *info, struct rope *out,
              struct error *err);

/* True if the frequencies for a sequence of n_tokens differ from those of short sequences. */
bool rope_depends_on_length(const struct rope *rope, const struct rope_stretch *stretch,
                            size_t n_tokens);

/* Compute the n_rot / 2 frequencies for a sequence of n_tokens. The angle of pair i at position
 * p is p * freq[i]. */
void rope_frequencies(const struct rope *rope, const struct rope_stretch *stretch,
                      size_t n_tokens, double *freq);

#endif
