/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/jsonout.h"
#include "cli/cmd_model.h"
#include "cli/command.h"
#include "scoring/infer/model.h"
#include "scoring/infer/tokenizer.h"
#include "scoring/template.h"

/* What --template auto would take. */
static int name_template(const struct tokenizer *tokenizer, const char **name,
                         struct error *err)
{
    const struct slice source =
        tokenizer ? tokenizer_chat_template(tokenizer) : (struct slice){ 0 };
    const struct prompt_template *form = NULL;

    *name = "none";
    if (!source.ptr)
        return 0;
    if (prompt_template_recognise(source, &form, err) < 0)
        return -1;
    *name = form ? form->name : "not known";
    return 0;
}

static int print_info_json(const char *path, const struct model_info *info,
                           const char *tokenizer, const char *template, struct error *err)
{
    struct buf buf;
    struct jsonout json;
    int rc;

    buf_init(&buf, 1 << 16);
    jsonout_init(&json, &buf);
    jsonout_object_begin(&json);
    jsonout_key(&json, "schema");
    jsonout_text(&json, slice_text("curate.model-info/1"));
    jsonout_key(&json, "file");
    jsonout_text(&json, slice_text(path));
    jsonout_key(&json, "name");
    jsonout_text(&json, slice_text(info->name));
    jsonout_key(&json, "architecture");
    jsonout_text(&json, slice_text(info->arch));
    jsonout_key(&json, "parameters");
    jsonout_int(&json, (int64_t)info->n_params);
    jsonout_key(&json, "weight_bytes");
    jsonout_int(&json, (int64_t)info->weight_bytes);
    jsonout_key(&json, "weight_types");
    jsonout_text(&json, slice_text(info->weight_types));
    jsonout_key(&json, "layers");
    jsonout_int(&json, info->n_layers);
    jsonout_key(&json, "embedding_length");
    jsonout_int(&json, info->n_embd);
    jsonout_key(&json, "heads");
    jsonout_int(&json, info->n_heads);
    jsonout_key(&json, "kv_heads");
    jsonout_int(&json, info->n_kv_heads);
    jsonout_key(&json, "context_length");
    jsonout_int(&json, info->context_length);
    jsonout_key(&json, "vocabulary");
    jsonout_int(&json, info->n_vocab);
    jsonout_key(&json, "tokenizer");
    jsonout_text(&json, tokenizer ? slice_text(tokenizer) : (struct slice){ NULL, 0 });
    jsonout_key(&json, "chat_template");
    jsonout_text(&json, slice_text(template));
    jsonout_object_end(&json);
    rc = jsonout_end(&json, err);
    if (rc == 0)
        puts(buf.data);
    buf_release(&buf);
    return rc;
}

static void print_info(const struct model_info *info, const char *tokenizer,
                       const char *template)
{
    printf("name            %s\n", info->name[0] ? info->name : "-");
    printf("architecture    %s\n", info->arch);
    printf("parameters      %" PRIu64 "\n", info->n_params);
    printf("weights         %.1f MiB (%s)\n", (double)info->weight_bytes / (1 << 20),
           info->weight_types);
    printf("layers          %" PRIu32 "\n", info->n_layers);
    printf("width           %" PRIu32 ", feed-forward %" PRIu32 "\n", info->n_embd, info->n_ff);
    printf("heads           %" PRIu32 " of %" PRIu32 ", keys and values %" PRIu32 "\n",
           info->n_heads, info->head_dim, info->n_kv_heads);
    printf("RoPE            base %g, pairs %s\n", info->rope_base,
           info->rope_neox ? "(i, i + n/2)" : "(2i, 2i + 1)");
    printf("context length  %" PRIu32 " tokens\n", info->context_length);
    printf("vocabulary      %" PRIu32 " (%s)\n", info->n_vocab, tokenizer ? tokenizer : "none");
    printf("chat template   %s\n", template);
}

static int run_info(struct cli *cli, const void *args, struct error *err)
{
    const struct model_args *a = args;
    struct model *model = NULL;
    int rc = 0;

    if (model_open(a->path, &model, err) < 0)
        return -1;
    const struct tokenizer *tokenizer = model_tokenizer(model);
    const char *name = tokenizer ? tokenizer_name(tokenizer) : NULL;
    const char *template;
    rc = name_template(tokenizer, &template, err);
    if (rc == 0 && cli->json)
        rc = print_info_json(a->path, model_info(model), name, template, err);
    else if (rc == 0)
        print_info(model_info(model), name, template);
    model_close(model);
    return rc;
}

const struct command cmd_model_info = {
    .name = "model info",
    .summary = "what a model file holds",
    .positional = &model_positional,
    .positional_required = true,
    .args_size = sizeof(struct model_args),
    .defaults = &(const struct model_args){ .path = NULL },
    .run = run_info,
};
