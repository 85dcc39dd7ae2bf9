/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rope.h - rotary positions: from the keys of a file, and how a run wants them stretched, to
 * the frequencies at which the pairs of a head turn.
 *
 * RoPE: arXiv 2104.09864. Linear interpolation: 2306.15595. YaRN: 2309.00071. LongRoPE:
 * 2402.13753. Llama 3 stores its scaling as divisors (tensor rope_freqs). Dynamic NTK: the base
 * of a sequence of L tokens, trained on M < L, is base * (s * L / M - (s - 1))^(n / (n - 2)),
 * once for the whole sequence, so that all its rows turn alike.
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
    uint32_t n_rot; /* elements of a head that turn, the first ones; 0 none */
    bool neox;      /* pairs (i, i + n_rot / 2); else (2i, 2i + 1) */
    double base;
    double factor;       /* positions are divided by it; 1 leaves them */
    double extrapolated; /* YaRN: share of the fast pairs' frequency that is not divided */
    double ramp_low, ramp_high; /* YaRN: pairs below low are fast, above high slow */
    double magnitude;           /* of sines and cosines */
    /* n_rot / 2 divisors of the frequencies, or NULL; the long ones are for sequences of more
     * than original_context tokens. */
    const float *factors;
    const float *long_factors;
    uint32_t original_context;
    const char *scaling; /* for users: "none", "linear", "yarn", "longrope" */
};

/* How a run stretches the positions of a model beyond what its file says. */
struct rope_stretch {
    double ntk_factor; /* s of dynamic NTK; 0 none */
    uint32_t trained;  /* M of dynamic NTK: tokens the model was trained on */
};

/* Read the keys ARCH.rope.*; info has its head_dim and context_length. The divisors are
 * tensors: weights.c fills them in. */
int rope_read(const struct gguf *gguf, const struct model_info *info, struct rope *out,
              struct error *err);

/* Whether a sequence of so many tokens turns otherwise than shorter ones. */
bool rope_depends_on_length(const struct rope *rope, const struct rope_stretch *stretch,
                            size_t n_tokens);

/* Angle of pair i at position p is p * freq[i]; n_rot / 2 of them. */
void rope_frequencies(const struct rope *rope, const struct rope_stretch *stretch,
                      size_t n_tokens, double *freq);

#endif
