/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text/utf8.h"
#include "scoring/infer/gguf/dtype.h"
#include "scoring/infer/gguf/gguf.h"
#include "scoring/infer/model/hparams.h"
#include "scoring/infer/model/model_private.h"
#include "scoring/infer/model/weights.h"
#include "scoring/infer/tokenizer/tokenizer.h"

enum { MAX_NAME = 255 };

/* The name is printed on terminals, so control characters and invalid UTF-8 become '?'. */
static int copy_model_name(struct model *model, struct error *err)
{
    struct slice name = slice_text("");

    if (gguf_string(model->file.gguf, "general.name", &name, err) < 0)
        return -1;
    if (name.len > MAX_NAME)
        name.len = MAX_NAME;
    model->name = malloc(name.len + 1);
    if (!model->name)
        return error_nomem(err);

    const bool is_utf8 = utf8_bad_at(name) == name.len;
    for (size_t i = 0; i < name.len; i++) {
        const unsigned char c = (unsigned char)name.ptr[i];
        const bool plain = c >= 0x20 && c != 0x7f && (c < 0x80 || is_utf8);

        model->name[i] = plain ? name.ptr[i] : '?';
    }
    model->name[name.len] = '\0';
    model->info.name = model->name;
    return 0;
}

/* Count the weights, and list their types by number of weights, largest first. */
static void count_weights(struct model *model)
{
    uint64_t n_of[DTYPE_NUMBERS] = { 0 };
    size_t len = 0;

    for (size_t i = 0; i < gguf_tensor_count(model->file.gguf); i++) {
        const struct gguf_tensor *tensor = gguf_tensor_at(model->file.gguf, i);
        const uint64_t n =
            tensor->dims[0] * tensor->dims[1] * tensor->dims[2] * tensor->dims[3];

        n_of[tensor->type] += n;
        model->info.n_params += n;
        model->info.weight_bytes += tensor->n_bytes;
    }
    for (;;) {
        uint32_t best = 0;

        for (uint32_t t = 1; t < DTYPE_NUMBERS; t++)
            best = n_of[t] > n_of[best] ? t : best;
        if (n_of[best] == 0)
            break;
        len += (size_t)snprintf(model->weight_types + len, sizeof model->weight_types - len,
                                "%s%s", len ? " " : "", dtype_find(best)->name);
        n_of[best] = 0;
    }
    model->info.weight_types = model->weight_types;
}

int model_bind(struct model *model, struct error *err)
{
    if (hparams_read(model->file.gguf, &model->info, &model->hparams, err) < 0 ||
        weights_bind(model->file.gguf, &model->info, &model->hparams, &model->weights, err) <
            0 ||
        tokenizer_new(model->file.gguf, &model->tokenizer, err) < 0 ||
        copy_model_name(model, err) < 0)
        return -1;
    if (model->tokenizer && tokenizer_count(model->tokenizer) > model->info.n_vocab)
        return error_set(err, ERR_INPUT,
                         "the vocabulary has %zu tokens, but the embedding only %u rows",
                         tokenizer_count(model->tokenizer), model->info.n_vocab);
    count_weights(model);
    return 0;
}

int model_open(const char *path, struct model **out, struct error *err)
{
    struct model *model = calloc(1, sizeof *model);

    if (!model)
        return error_nomem(err);
    if (gguf_file_open(path, &model->file, err) < 0)
        goto fail;
    if (model_bind(model, err) < 0) {
        error_prefix(err, "%s", path);
        goto fail;
    }
    *out = model;
    return 0;
fail:
    model_close(model);
    return -1;
}

void model_close(struct model *model)
{
    if (!model)
        return;
    tokenizer_free(model->tokenizer);
    weights_release(&model->weights);
    free(model->name);
    free(model->panels);
    gguf_file_close(&model->file);
    free(model);
}

const struct model_info *model_info(const struct model *model)
{
    return &model->info;
}

const struct tokenizer *model_tokenizer(const struct model *model)
{
    return model->tokenizer;
}
