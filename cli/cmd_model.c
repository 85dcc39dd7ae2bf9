/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/jsonout.h"
#include "base/pool.h"
#include "cli/command.h"
#include "cli/ids.h"
#include "scoring/infer/gguf.h"
#include "scoring/infer/model.h"
#include "scoring/infer/session.h"
#include "scoring/infer/tokenizer.h"
#include "scoring/kernels/kernels.h"

struct model_args {
    const char *path;
};

static const struct option positional = {
    OPTION_TEXT, 0, "file", offsetof(struct model_args, path), "FILE", "a model in GGUF form",
};

static int print_info_json(const char *path, const struct model_info *info,
                           const char *tokenizer, struct error *err)
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
    jsonout_object_end(&json);
    rc = jsonout_end(&json, err);
    if (rc == 0)
        puts(buf.data);
    buf_release(&buf);
    return rc;
}

static void print_info(const struct model_info *info, const char *tokenizer)
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
    if (cli->json)
        rc = print_info_json(a->path, model_info(model), name, err);
    else
        print_info(model_info(model), name);
    model_close(model);
    return rc;
}

const struct command cmd_model_info = {
    .name = "model info",
    .summary = "what a model file holds",
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct model_args),
    .defaults = &(const struct model_args){ .path = NULL },
    .run = run_info,
};

enum { STDIN_MAX_BYTES = 1 << 30 };

static int read_stdin(struct buf *out, struct error *err)
{
    char block[1 << 16];
    ssize_t n;

    while ((n = read(STDIN_FILENO, block, sizeof block)) > 0)
        if (buf_add(out, block, (size_t)n, err) < 0)
            return error_prefix(err, "standard input");
    return n < 0 ? error_set(err, ERR_IO, "standard input cannot be read") : 0;
}

/* Encode with the vocabulary of a file, which need not hold a whole model. */
static int encode(const char *path, struct slice text, struct token_buf *ids, struct error *err)
{
    struct file_map map = { 0 };
    struct gguf *gguf = NULL;
    struct tokenizer *tokenizer = NULL;
    int rc = -1;

    if (file_map_open(path, &map, err) < 0)
        return -1;
    if (gguf_parse(map.data, map.len, &gguf, err) < 0 ||
        tokenizer_new(gguf, &tokenizer, err) < 0)
        error_prefix(err, "%s", path);
    else if (!tokenizer)
        error_set(err, ERR_INPUT, "%s: the file carries no vocabulary", path);
    else if ((rc = tokenizer_encode(tokenizer, text, TOKENIZE_FIRST, ids, err)) < 0)
        error_prefix(err, "standard input");
    tokenizer_free(tokenizer);
    gguf_free(gguf);
    file_map_close(&map);
    return rc;
}

/* {"schema":"curate.NAME/1",KEY:[...]}: the ids, or the doubles where ids is NULL. */
static int print_array_json(const char *schema, const char *key, const int32_t *ids,
                            const double *values, size_t n, struct error *err)
{
    struct buf buf;
    struct jsonout json;

    buf_init(&buf, STDIN_MAX_BYTES);
    jsonout_init(&json, &buf);
    jsonout_object_begin(&json);
    jsonout_key(&json, "schema");
    jsonout_text(&json, slice_text(schema));
    jsonout_key(&json, key);
    jsonout_array_begin(&json);
    for (size_t i = 0; i < n; i++) {
        if (ids)
            jsonout_int(&json, ids[i]);
        else
            jsonout_double(&json, values[i]);
    }
    jsonout_array_end(&json);
    jsonout_object_end(&json);
    const int rc = jsonout_end(&json, err);
    if (rc == 0)
        puts(buf.data);
    buf_release(&buf);
    return rc;
}

static void print_ids(const struct token_buf *ids)
{
    for (size_t i = 0; i < ids->n; i++)
        printf(i ? " %" PRId32 : "%" PRId32, ids->ids[i]);
    putchar('\n');
}

static int run_tokenize(struct cli *cli, const void *args, struct error *err)
{
    const struct model_args *a = args;
    struct token_buf ids = { 0 };
    struct buf text;
    int rc = -1;

    buf_init(&text, STDIN_MAX_BYTES);
    if (read_stdin(&text, err) < 0 || encode(a->path, buf_slice(&text), &ids, err) < 0)
        goto done;
    rc = 0;
    if (cli->json)
        rc = print_array_json("curate.model-tokenize/1", "ids", ids.ids, NULL, ids.n, err);
    else
        print_ids(&ids);
done:
    token_buf_release(&ids);
    buf_release(&text);
    return rc;
}

const struct command cmd_model_tokenize = {
    .name = "model tokenize",
    .summary = "print the token ids of the text on standard input",
    .description =
        "Ids are separated by blanks. No BOS or EOS is added; names of control tokens\n"
        "in the text are ordinary text.",
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct model_args),
    .defaults = &(const struct model_args){ .path = NULL },
    .run = run_tokenize,
};

static int evaluate(const struct model *model, const struct cli *cli,
                    const struct sequence *sequence, struct error *err)
{
    struct kernels kernels;
    struct pool *pool = NULL;
    struct session *session = NULL;
    int rc = -1;

    kernels_init(&kernels, cli->cpu_flags);
    if (pool_new(cli->n_threads, &pool, err) == 0 &&
        session_new(model, &kernels, pool, &session, err) == 0)
        rc = session_eval(session, sequence, 1, err);
    session_free(session);
    pool_free(pool);
    return rc;
}

static int print_nll(const char *path, const struct model *model, const struct cli *cli,
                     const struct token_buf *ids, struct error *err)
{
    double *nll = calloc(ids->n, sizeof *nll);
    const struct sequence sequence = {
        .tokens = ids->ids, .n_tokens = ids->n, .score_from = 1, .nll_nats = nll
    };
    int rc = -1;

    if (!nll)
        error_nomem(err);
    else if ((rc = evaluate(model, cli, &sequence, err)) < 0)
        error_prefix(err, "%s", path);
    if (rc == 0 && cli->json)
        rc = print_array_json("curate.model-nll/1", "nll", NULL, nll, ids->n - 1, err);
    for (size_t i = 0; rc == 0 && !cli->json && i + 1 < ids->n; i++)
        printf("%.9g\n", nll[i]);
    free(nll);
    return rc;
}

static int run_nll(struct cli *cli, const void *args, struct error *err)
{
    const struct model_args *a = args;
    struct model *model = NULL;
    struct token_buf ids = { 0 };
    struct buf text;
    int rc = -1;

    buf_init(&text, STDIN_MAX_BYTES);
    if (model_open(a->path, &model, err) == 0 && read_stdin(&text, err) == 0 &&
        ids_parse(buf_slice(&text), model_info(model)->n_vocab, &ids, err) == 0)
        rc = ids.n < 2 ? error_set(err, ERR_INPUT, "standard input: at least 2 ids are needed")
                       : print_nll(a->path, model, cli, &ids, err);
    token_buf_release(&ids);
    buf_release(&text);
    model_close(model);
    return rc;
}

const struct command cmd_model_nll = {
    .name = "model nll",
    .summary = "print the NLL of token ids read from standard input",
    .description =
        "One line for each of the ids 2..n: its negative log-likelihood in nats, given\n"
        "all ids before it.",
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct model_args),
    .defaults = &(const struct model_args){ .path = NULL },
    .run = run_nll,
};
