/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hparams.h - the hyper-parameters of a model, from the keys of its file.
 */
#ifndef CURATE_HPARAMS_H
#define CURATE_HPARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "scoring/infer/model/rope.h"

struct arch;
struct error;
struct gguf;
struct model_info;

/* What the forward pass needs in addition to the sizes in model_info. */
struct hparams {
    const struct arch *arch;
    float query_scale;    /* an attention score is this times the product of query and key */
    float attn_soft_cap;  /* on attention scores; 0: none */
    float final_soft_cap; /* on logits; 0: none */
    bool parallel_residual;
    uint32_t window;       /* keys that a row of a local layer sees, its own included; 0: all */
    uint32_t local_period; /* the last of every so many layers is global; 0: all are local */
    struct rope rope;
    bool has_local_rope;
    struct rope local_rope; /* of local layers, with has_local_rope */
};

/*
 * Read the shape of the model into *info (all but names, vocabulary and counts) and *hparams.
 * Returns -1 with ERR_INPUT, naming the key, if it is missing, of another type or out of range.
 * Returns -1 with ERR_UNSUPPORTED for an unsupported architecture, or an unknown key of a
 * supported one: ignoring it might change scores.
 */
int hparams_read(const struct gguf *gguf, struct model_info *info, struct hparams *hparams,
                 struct error *err);

/* True if a layer is local: its rows see only the keys of the sliding window. */
bool hparams_is_local(const struct hparams *hparams, uint32_t layer);

#endif
