/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hparams.h - the numbers that shape a model, from the keys of its file.
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

/* What the forward pass needs beside the sizes of model_info. */
struct hparams {
    const struct arch *arch;
    float query_scale;    /* a score is this times the product of query and key */
    float attn_soft_cap;  /* of scores; 0 none */
    float final_soft_cap; /* of logits; 0 none */
    bool parallel_residual;
    uint32_t window;       /* keys that a local layer's row sees, itself among them; 0 all */
    uint32_t local_period; /* of so many layers the last sees all keys; 0: all are local */
    struct rope rope;
    bool has_local_rope;
    struct rope local_rope; /* of local layers, if has_local_rope */
};

/*
 * Fill the shape of *info (all but names, vocabulary and counts) and *hparams. ERR_INPUT names
 * a key that is missing, of another type or out of range; ERR_UNSUPPORTED an architecture we do
 * not run, and any key of the architecture we do not know: what we cannot honour must not be
 * ignored.
 */
int hparams_read(const struct gguf *gguf, struct model_info *info, struct hparams *hparams,
                 struct error *err);

/* Whether a layer is one of those that see no more than the window. */
bool hparams_is_local(const struct hparams *hparams, uint32_t layer);

#endif
