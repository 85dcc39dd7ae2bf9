/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The speed of a prompt: time passes over random ids that compute the logits of the last
 * position. Other programs call this prompt processing. One pass before the measured ones maps
 * the file and allocates memory.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "base/threads/pool.h"
#include "cli/command.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/gguf/gguf_fetch.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/model/pack.h"
#include "scoring/kernels/kernels.h"

struct bench_args {
    const char *model;
    int64_t n_tokens;
    int64_t n_runs;
    bool mmap_only;
};

static const struct option opts[] = {
    { OPTION_TEXT, 0, "model", offsetof(struct bench_args, model), "FILE",
      .help = "model to measure, a file or URL" },
    { OPTION_INT, 0, "tokens", offsetof(struct bench_args, n_tokens), "N",
      .help = "tokens of the prompt", .min = 1, .max = 1 << 24 },
    { OPTION_INT, 0, "runs", offsetof(struct bench_args, n_runs), "N",
      .help = "passes to measure, after a first one that is not", .min = 1, .max = 1000 },
    { OPTION_FLAG, 0, "mmap-only", offsetof(struct bench_args, mmap_only), NULL,
      .help = "use the weights from the file, without packing them in memory first" },
    { .type = OPTION_END },
};

/* One prompt, and the speed of its passes. */
struct bench {
    const struct bench_args *args;
    struct kernels kernels;
    struct fetched_file file;
    struct model *model;
    struct pool *pool;
    struct session *session;
    int32_t *tokens;
    double *tokens_per_s; /* of each pass; ascending after measure_prefill() */
};

static int open_bench(struct bench *bench, struct cli *cli, struct error *err)
{
    const size_t n_tokens = (size_t)bench->args->n_tokens;
    uint64_t state = 1;

    kernels_init(&bench->kernels, cli->cpu_flags);
    if (gguf_fetch(&cli->fetcher, bench->args->model, &bench->file, err) < 0 ||
        model_open(bench->file.local_path, &bench->model, err) < 0 ||
        pool_new(cli->n_threads, &bench->pool, err) < 0 ||
        (!bench->args->mmap_only &&
         model_pack(bench->model, &bench->kernels, bench->pool, err) < 0) ||
        session_new(bench->model, &bench->kernels, bench->pool, &bench->session, err) < 0)
        return -1;
    bench->tokens = calloc(n_tokens, sizeof *bench->tokens);
    bench->tokens_per_s = calloc((size_t)bench->args->n_runs, sizeof *bench->tokens_per_s);
    if (!bench->tokens || !bench->tokens_per_s)
        return error_nomem(err);
    for (size_t i = 0; i < n_tokens; i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
        bench->tokens[i] = (int32_t)((state >> 33) % model_info(bench->model)->n_vocab);
    }
    return 0;
}

static void close_bench(struct bench *bench)
{
    free(bench->tokens_per_s);
    free(bench->tokens);
    session_free(bench->session);
    pool_free(bench->pool);
    model_close(bench->model);
    fetched_file_release(&bench->file);
}

static int compare_speeds(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int measure_prefill(struct bench *bench, struct error *err)
{
    const size_t n_tokens = (size_t)bench->args->n_tokens;
    const int32_t asked = 0;
    double nll;
    const struct sequence sequence = { .tokens = bench->tokens,
                                       .n_tokens = n_tokens,
                                       .next_ids = &asked,
                                       .n_next_ids = 1,
                                       .next_nll_nats = &nll };

    for (int64_t run = -1; run < bench->args->n_runs; run++) {
        const int64_t start_ns = clock_mono_ns();

        if (session_eval(bench->session, &sequence, 1, err) < 0)
            return error_prefix(err, "%s", bench->file.public_name);
        const int64_t took_ns = clock_mono_ns() - start_ns;
        if (run >= 0)
            bench->tokens_per_s[run] = (double)n_tokens * 1e9 / (double)(took_ns + 1);
    }
    qsort(bench->tokens_per_s, (size_t)bench->args->n_runs, sizeof *bench->tokens_per_s,
          compare_speeds);
    return 0;
}

static double median_of(const double *sorted, size_t n)
{
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static int print_bench_json(const struct bench *bench, struct error *err)
{
    const size_t n = (size_t)bench->args->n_runs;
    struct buf buf;
    struct jsonout json;

    buf_init(&buf, 1 << 20);
    jsonout_init(&json, &buf);
    jsonout_object_begin(&json);
    jsonout_key(&json, "schema");
    jsonout_text(&json, slice_text("curate.bench-prefill/1"));
    jsonout_key(&json, "model");
    jsonout_text(&json, slice_text(bench->file.public_name));
    jsonout_key(&json, "weight_types");
    jsonout_text(&json, slice_text(model_info(bench->model)->weight_types));
    jsonout_key(&json, "kernels");
    jsonout_text(&json, slice_text(bench->kernels.name));
    jsonout_key(&json, "threads");
    jsonout_int(&json, (int64_t)pool_threads(bench->pool));
    jsonout_key(&json, "tokens");
    jsonout_int(&json, bench->args->n_tokens);
    jsonout_key(&json, "tokens_per_s");
    jsonout_object_begin(&json);
    jsonout_key(&json, "median");
    jsonout_double(&json, median_of(bench->tokens_per_s, n));
    jsonout_key(&json, "min");
    jsonout_double(&json, bench->tokens_per_s[0]);
    jsonout_key(&json, "max");
    jsonout_double(&json, bench->tokens_per_s[n - 1]);
    jsonout_object_end(&json);
    jsonout_key(&json, "runs");
    jsonout_int(&json, bench->args->n_runs);
    jsonout_object_end(&json);
    const int rc = jsonout_end(&json, err);
    if (rc == 0)
        puts(buf.data);
    buf_release(&buf);
    return rc;
}

static void print_bench_text(const struct bench *bench)
{
    const size_t n = (size_t)bench->args->n_runs;

    printf("%.1f tokens/s (%.1f to %.1f, median of %zu runs): %" PRId64
           " tokens, %zu thread%s, %s kernels, %s weights\n",
           median_of(bench->tokens_per_s, n), bench->tokens_per_s[0],
           bench->tokens_per_s[n - 1], n, bench->args->n_tokens, pool_threads(bench->pool),
           pool_threads(bench->pool) == 1 ? "" : "s", bench->kernels.name,
           model_info(bench->model)->weight_types);
}

static int cmd_bench_prefill_run(struct cli *cli, const void *args, struct error *err)
{
    struct bench bench = { .args = args };
    int rc = -1;

    if (!bench.args->model)
        return error_set(err, ERR_USAGE, "no model: use --model FILE");
    if (open_bench(&bench, cli, err) == 0 && measure_prefill(&bench, err) == 0) {
        rc = 0;
        if (cli->json)
            rc = print_bench_json(&bench, err);
        else
            print_bench_text(&bench);
    }
    close_bench(&bench);
    return rc;
}

const struct command cmd_bench_prefill = {
    .name = "bench prefill",
    .summary = "measure how fast a model processes a prompt",
    .description =
        "Prints tokens per second of a pass over a prompt of random ids that computes the\n"
        "logits of the last position. From this follows how long a score run of so many\n"
        "tokens takes on this machine.",
    .options = opts,
    .args_size = sizeof(struct bench_args),
    .defaults = &(const struct bench_args){ .n_tokens = 512, .n_runs = 5 },
    .run = cmd_bench_prefill_run,
};
