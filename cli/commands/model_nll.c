/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/json/jsonout.h"
#include "base/threads/pool.h"
#include "cli/command.h"
#include "cli/commands/model.h"
#include "cli/ids.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/gguf/gguf_fetch.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/kernels/kernels.h"
#include "scoring/observe/perplexity.h"

struct nll_args {
    const char *path;
    const char *text;
    int64_t context; /* 0: the model's context length */
    int64_t stride;  /* 0: half of context */
};

static const struct option options[] = {
    { OPTION_TEXT, 0, "text", offsetof(struct nll_args, text), "FILE",
      .help = "print the perplexity of a text instead; - is standard input" },
    { OPTION_INT, 0, "context", offsetof(struct nll_args, context), "N",
      .help = "tokens per window over the text", .unset = "the model's context length",
      .min = 2, .max = 1 << 30 },
    { OPTION_INT, 0, "stride", offsetof(struct nll_args, stride), "N",
      .help = "tokens from one window to the next", .unset = "half a window", .min = 1 },
    { .type = OPTION_END },
};

enum { BATCH_TOKENS = 4096 };

/* A session and the threads that it borrows. */
struct engine {
    struct pool *pool;
    struct session *session;
};

static int engine_open(struct engine *engine, const struct model *model, const struct cli *cli,
                       struct error *err)
{
    struct kernels kernels;

    kernels_init(&kernels, cli->cpu_flags);
    if (pool_new(cli->n_threads, &engine->pool, err) < 0)
        return -1;
    return session_new(model, &kernels, engine->pool, &engine->session, err);
}

static void engine_close(struct engine *engine)
{
    session_free(engine->session);
    pool_free(engine->pool);
}

static int evaluate(const struct model *model, const struct cli *cli,
                    const struct sequence *sequence, struct error *err)
{
    struct engine engine = { NULL, NULL };
    int rc = engine_open(&engine, model, cli, err);

    if (rc == 0)
        rc = session_eval(engine.session, sequence, 1, err);
    engine_close(&engine);
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
        rc = model_print_array("curate.model-nll/1", "nll", NULL, nll, ids->n - 1, err);
    for (size_t i = 0; rc == 0 && !cli->json && i + 1 < ids->n; i++)
        printf("%.9g\n", nll[i]);
    free(nll);
    return rc;
}

static int nll_of_ids(const struct model *model, const struct cli *cli, const char *path,
                      struct error *err)
{
    struct token_buf ids = { 0 };
    struct buf text;
    int rc = -1;

    buf_init(&text, STDIN_MAX_BYTES);
    if (model_read_stdin(&text, err) == 0 &&
        ids_parse(buf_slice(&text), model_info(model)->n_vocab, &ids, err) == 0)
        rc = ids.n < 2 ? error_set(err, ERR_INPUT, "standard input: fewer than 2 ids")
                       : print_nll(path, model, cli, &ids, err);
    token_buf_release(&ids);
    buf_release(&text);
    return rc;
}

/* Append the ids of the text, after BOS if the model's prompts begin with it. */
static int encode_text(const struct model *model, struct slice text, struct token_buf *ids,
                       struct error *err)
{
    const struct tokenizer *tokenizer = model_tokenizer(model);

    if (!tokenizer)
        return error_set(err, ERR_UNSUPPORTED,
                         "the model file has no vocabulary, which is needed to tokenise text");
    if (tokenizer_adds_bos(tokenizer) && token_buf_add(ids, tokenizer_bos(tokenizer), err) < 0)
        return -1;
    return tokenizer_encode(tokenizer, text, TOKENIZE_FIRST, ids, err);
}

static int set_windows(const struct nll_args *args, const struct model *model,
                       struct perplexity_options *out, struct error *err)
{
    const int64_t context =
        args->context ? args->context : (int64_t)model_info(model)->context_length;
    const int64_t stride = args->stride ? args->stride : (context + 1) / 2;

    if (stride > context)
        return error_set(err, ERR_USAGE,
                         "--stride %lld: must not be larger than --context, which is %lld",
                         (long long)stride, (long long)context);
    out->context = (size_t)context;
    out->stride = (size_t)stride;
    out->batch_tokens = BATCH_TOKENS;
    return 0;
}

static int report_scored(void *arg, size_t n_scored)
{
    struct report *report = arg;

    report->done = n_scored;
    report_tick(report);
    return report_stop(report);
}

/* Bits per byte can be compared between models whose tokens differ. */
static int print_perplexity(const struct cli *cli, const struct perplexity_options *windows,
                            const struct perplexity *found, size_t n_tokens, size_t n_bytes,
                            struct error *err)
{
    const double bits =
        found->mean_nll_nats * (double)found->n_scored / log(2) / (double)n_bytes;
    struct jsonout json;
    struct buf buf;

    if (!cli->json) {
        printf("tokens          %zu, scored %zu\n", n_tokens, found->n_scored);
        printf("windows         %zu of %zu tokens, one every %zu\n", found->n_windows,
               windows->context, windows->stride);
        printf("mean NLL        %.6f nats\n", found->mean_nll_nats);
        printf("perplexity      %.4f\n", exp(found->mean_nll_nats));
        printf("bits per byte   %.4f\n", bits);
        return 0;
    }
    buf_init(&buf, 1 << 16);
    jsonout_init(&json, &buf);
    jsonout_object_begin(&json);
    jsonout_key(&json, "schema");
    jsonout_text(&json, slice_text("curate.model-perplexity/1"));
    jsonout_key(&json, "tokens");
    jsonout_int(&json, (int64_t)n_tokens);
    jsonout_key(&json, "scored");
    jsonout_int(&json, (int64_t)found->n_scored);
    jsonout_key(&json, "context");
    jsonout_int(&json, (int64_t)windows->context);
    jsonout_key(&json, "stride");
    jsonout_int(&json, (int64_t)windows->stride);
    jsonout_key(&json, "mean_nll");
    jsonout_double(&json, found->mean_nll_nats);
    jsonout_key(&json, "perplexity");
    jsonout_double(&json, exp(found->mean_nll_nats));
    jsonout_key(&json, "bits_per_byte");
    jsonout_double(&json, bits);
    jsonout_object_end(&json);
    const int rc = jsonout_end(&json, err);
    if (rc == 0)
        puts(buf.data);
    buf_release(&buf);
    return rc;
}

static int nll_of_text(const struct model *model, struct cli *cli, const struct nll_args *args,
                       struct error *err)
{
    struct perplexity_options windows = { .progress = report_scored,
                                          .progress_arg = &cli->report };
    struct engine engine = { NULL, NULL };
    struct token_buf ids = { 0 };
    struct perplexity found;
    struct buf text;
    int rc = -1;

    buf_init(&text, STDIN_MAX_BYTES);
    if (set_windows(args, model, &windows, err) < 0)
        goto done;
    rc = strcmp(args->text, "-") == 0 ? model_read_stdin(&text, err)
                                      : file_read(args->text, &text, err);
    if (rc == 0 && (rc = encode_text(model, buf_slice(&text), &ids, err)) < 0)
        error_prefix(err, "%s", args->text);
    if (rc == 0 && ids.n < 2)
        rc = error_set(err, ERR_INPUT, "%s: fewer than 2 tokens", args->text);
    if (rc < 0)
        goto done;
    cli->report.phase = "nll";
    cli->report.unit = "tokens";
    cli->report.total = ids.n;
    rc = engine_open(&engine, model, cli, err);
    if (rc == 0)
        rc = perplexity_run(engine.session, ids.ids, ids.n, &windows, &found, err);
    if (rc == 0)
        rc = print_perplexity(cli, &windows, &found, ids.n, text.len, err);
done:
    engine_close(&engine);
    token_buf_release(&ids);
    buf_release(&text);
    return rc;
}

static int cmd_model_nll_run(struct cli *cli, const void *args, struct error *err)
{
    const struct nll_args *a = args;
    struct fetched_file file;
    struct model *model = NULL;
    int rc = -1;

    if (!a->text && (a->context || a->stride))
        return error_set(err, ERR_USAGE, "--context and --stride have no use without --text");
    if (gguf_fetch(&cli->fetcher, a->path, &file, err) < 0)
        return -1;
    if (model_open(file.local_path, &model, err) == 0)
        rc = a->text ? nll_of_text(model, cli, a, err)
                     : nll_of_ids(model, cli, file.public_name, err);
    model_close(model);
    fetched_file_release(&file);
    return rc;
}

const struct command cmd_model_nll = {
    .name = "model nll",
    .summary = "print the NLL of token ids, or the perplexity of a text",
    .description =
        "Reads token ids from standard input and prints one line for each but the first: its\n"
        "negative log-likelihood in nats, given all ids before it.\n\n"
        "With --text, prints mean NLL and perplexity of a text in sliding windows. Each token\n"
        "is scored once, in the first window that reaches it, so it has at least\n"
        "context - stride tokens before it.",
    .options = options,
    .positional = &model_positional,
    .positional_required = true,
    .args_size = sizeof(struct nll_args),
    .defaults = &(const struct nll_args){ .path = NULL },
    .run = cmd_model_nll_run,
};
