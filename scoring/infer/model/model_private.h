/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_private.h - the inside of a model, for the code that runs it.
 */
#ifndef CURATE_MODEL_PRIVATE_H
#define CURATE_MODEL_PRIVATE_H

#include "base/io/file.h"
#include "scoring/infer/model/hparams.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/model/weights.h"
#include "scoring/kernels/kernels.h"

struct gguf;
struct tokenizer;

struct model {
    struct file_map map; /* empty when the bytes are the caller's */
    struct gguf *gguf;
    struct model_info info;
    struct hparams hparams;
    struct weights weights;
    struct tokenizer *tokenizer; /* NULL when the file has none */
    char *name;                  /* info.name */
    char weight_types[128];      /* info.weight_types: room for all that we compute with */
    uint8_t *panels;             /* of model_pack(); NULL without */
    uint64_t panels_bytes;
    struct kernels panels_for; /* whose they are */
};

/* Of the weights in the file, and of their panels. */
static inline uint64_t model_weight_bytes(const struct model *model)
{
    return model->info.weight_bytes + model->panels_bytes;
}

#endif
