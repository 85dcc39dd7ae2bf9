/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/commands/model.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/gguf/gguf_fetch.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/model/pack.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/kernels/kernels.h"
#include "scoring/prompts/templates/template.h"

/* The template that `--template auto` would choose, and whether it writes tools and calls. */
struct template_info {
    const char *name; /* "none", "not known" */
    bool writes_tools;
};

static int find_template(const struct tokenizer *tokenizer, struct template_info *out,
                         struct error *err)
{
    const struct slice source =
        tokenizer ? tokenizer_chat_template(tokenizer) : (struct slice){ 0 };
    const struct prompt_template *form = NULL;

    *out = (struct template_info){ .name = "none" };
    if (!source.ptr)
        return 0;
    if (prompt_template_recognise(source, &form, err) < 0)
        return -1;
    out->name = form ? form->name : "not known";
    out->writes_tools = form && prompt_template_has_tools(form, source);
    return 0;
}

struct info_args {
    const char *path;
    int64_t context; /* 0: the model's context length */
};

static const struct option options[] = {
    { OPTION_INT, 0, "context", offsetof(struct info_args, context), "N",
      .help = "print the memory that a sequence of N tokens needs",
      .unset = "the model's context length", .min = 1, .max = 1 << 30 },
    { .type = OPTION_END },
};

/* The memory that a sequence needs. */
struct demand {
    size_t n_tokens;
    size_t n_threads;
    struct session_memory memory;
    uint64_t packed_bytes; /* of packed weights, see scoring/infer/model/pack.h */
    uint64_t available_bytes;
};

static uint64_t total_bytes(const struct demand *demand)
{
    return demand->memory.weight_bytes + demand->packed_bytes + demand->memory.activation_bytes;
}

static void put_int(struct jsonout *json, const char *key, uint64_t value)
{
    jsonout_key(json, key);
    jsonout_int(json, (int64_t)value);
}

static void put_text(struct jsonout *json, const char *key, const char *value)
{
    jsonout_key(json, key);
    jsonout_text(json, value ? slice_text(value) : (struct slice){ NULL, 0 });
}

static int print_info_json(const char *path, const struct model_info *info,
                           const char *tokenizer, const struct template_info *template,
                           const struct demand *demand, struct error *err)
{
    struct buf buf;
    struct jsonout json;
    int rc;

    buf_init(&buf, 1 << 16);
    jsonout_init(&json, &buf);
    jsonout_object_begin(&json);
    put_text(&json, "schema", "curate.model-info/1");
    put_text(&json, "file", path);
    put_text(&json, "name", info->name);
    put_text(&json, "architecture", info->arch);
    put_int(&json, "parameters", info->n_params);
    put_int(&json, "weight_bytes", info->weight_bytes);
    put_text(&json, "weight_types", info->weight_types);
    put_int(&json, "layers", info->n_layers);
    put_int(&json, "embedding_length", info->n_embd);
    put_int(&json, "heads", info->n_heads);
    put_int(&json, "kv_heads", info->n_kv_heads);
    put_int(&json, "context_length", info->context_length);
    put_int(&json, "sliding_window", info->window);
    put_int(&json, "rope_dimensions", info->rope_dims);
    put_text(&json, "rope_scaling", info->rope_scaling);
    put_int(&json, "vocabulary", info->n_vocab);
    put_text(&json, "tokenizer", tokenizer);
    put_text(&json, "chat_template", template->name);
    put_text(&json, "template_tools", template->writes_tools ? "yes" : "no");
    put_int(&json, "context", demand->n_tokens);
    put_int(&json, "threads", demand->n_threads);
    put_int(&json, "activation_bytes", demand->memory.activation_bytes);
    put_int(&json, "packed_bytes", demand->packed_bytes);
    put_int(&json, "memory_bytes", total_bytes(demand));
    put_int(&json, "available_bytes", demand->available_bytes);
    jsonout_object_end(&json);
    rc = jsonout_end(&json, err);
    if (rc == 0)
        puts(buf.data);
    buf_release(&buf);
    return rc;
}

static double mib(uint64_t bytes)
{
    return (double)bytes / (1 << 20);
}

static void print_positions(const struct model_info *info)
{
    if (info->rope_dims == 0)
        printf("positions       %s\n", info->learned_positions ? "learned" : "none");
    else
        printf("RoPE            base %g, pairs %s of %" PRIu32 " elements\n", info->rope_base,
               info->rope_neox ? "(i, i + n/2)" : "(2i, 2i + 1)", info->rope_dims);
    if (info->rope_dims > 0 && strcmp(info->rope_scaling, "none") != 0)
        printf("RoPE scaling    %s, factor %g\n", info->rope_scaling, info->rope_factor);
    if (info->window > 0)
        printf("sliding window  %" PRIu32 " tokens\n", info->window);
}

static void print_demand(const struct demand *demand)
{
    const struct session_memory *memory = &demand->memory;
    const uint64_t total = total_bytes(demand);

    printf("memory          %.1f MiB for %zu tokens on %zu threads: weights %.1f, packed %.1f, "
           "activations %.1f\n",
           mib(total), demand->n_tokens, demand->n_threads, mib(memory->weight_bytes),
           mib(demand->packed_bytes), mib(memory->activation_bytes));
    if (total > demand->available_bytes)
        printf("                more than the %.0f MiB that are available\n",
               mib(demand->available_bytes));
}

static void print_info(const struct model_info *info, const char *tokenizer,
                       const struct template_info *template)
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
    print_positions(info);
    printf("context length  %" PRIu32 " tokens\n", info->context_length);
    printf("vocabulary      %" PRIu32 " (%s)\n", info->n_vocab, tokenizer ? tokenizer : "none");
    printf("chat template   %s%s\n", template->name,
           template->writes_tools ? ", writes tools" : "");
}

static void measure_demand(const struct model *model, const struct cli *cli, int64_t context,
                           struct demand *out)
{
    const struct model_info *info = model_info(model);
    struct kernels kernels;

    out->n_tokens = context ? (size_t)context : info->context_length;
    out->n_threads = cli->n_threads;
    out->memory = session_memory(model, out->n_threads, out->n_tokens, 1);
    kernels_init(&kernels, cli->cpu_flags);
    out->packed_bytes = model_pack_bytes(model, &kernels);
    out->available_bytes = memory_available("");
}

static int cmd_model_info_run(struct cli *cli, const void *args, struct error *err)
{
    const struct info_args *a = args;
    struct fetched_file file;
    struct model *model = NULL;
    struct demand demand = { 0 };
    int rc = -1;

    if (gguf_fetch(&cli->fetcher, a->path, &file, err) < 0)
        return -1;
    if (model_open(file.local_path, &model, err) < 0)
        goto done;
    measure_demand(model, cli, a->context, &demand);
    const struct tokenizer *tokenizer = model_tokenizer(model);
    const char *name = tokenizer ? tokenizer_name(tokenizer) : NULL;
    struct template_info template;
    rc = find_template(tokenizer, &template, err);
    if (rc == 0 && cli->json) {
        rc =
            print_info_json(file.public_name, model_info(model), name, &template, &demand, err);
    } else if (rc == 0) {
        print_info(model_info(model), name, &template);
        print_demand(&demand);
    }
done:
    model_close(model);
    fetched_file_release(&file);
    return rc;
}

const struct command cmd_model_info = {
    .name = "model info",
    .summary = "print what a model file holds, and the memory it needs",
    .options = options,
    .positional = &model_positional,
    .positional_required = true,
    .args_size = sizeof(struct info_args),
    .defaults = &(const struct info_args){ .path = NULL },
    .run = cmd_model_info_run,
};
