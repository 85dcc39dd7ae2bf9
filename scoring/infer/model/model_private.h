/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_private.h - the members of a model, for the forward pass.
 */
#ifndef CURATE_MODEL_PRIVATE_H
#define CURATE_MODEL_PRIVATE_H

#include "scoring/infer/gguf/gguf_file.h"
#include "scoring/infer/model/hparams.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/model/weights.h"
#include "scoring/kernels/kernels.h"

struct tokenizer;

struct model {
    struct gguf_file file;
    struct model_info info;
    struct hparams hparams;
    struct weights weights;
    struct tokenizer *tokenizer; /* NULL if the file has none */
    char *name;                  /* info.name */
    char weight_types[128];      /* info.weight_types: room for all supported types */
    uint8_t *panels;             /* of model_pack(); NULL if not packed */
    uint64_t panels_bytes;
    struct kernels panels_for; /* the kernels that the panels are packed for */
};

/* Bytes of the weights in the file and of their panels. */
static inline uint64_t model_weight_bytes(const struct model *model)
{
    return model->info.weight_bytes + model->panels_bytes;
}

/* Check the model in model->file.gguf. Everything else of the model is zeroed; end it with
 * model_close(), also after a failure. Fails as model_open() does. */
int model_bind(struct model *model, struct error *err);

#endif
