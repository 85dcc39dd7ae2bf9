/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_infer.c - how long one long sample takes.
 *
 * bench_infer MODEL [TOKENS [THREADS]]: a context of random ids with attention on segments of
 * 128, and a scored response of 200 tokens, as in the long pass of GATEAU. Prints the best of
 * three. make_model.py writes a model of any shape. Without a model, the built-in long model is
 * measured.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/threads/pool.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/model/model.h"
#include "scoring/kernels/kernels.h"

enum { ROUNDS = 3, N_RESPONSE = 200, SEGMENT = 128 };

struct setup {
    struct model *model;
    struct pool *pool;
    struct session *session;
    struct kernels kernels;
};

/* Fill the arrays of a sequence of n tokens. Returns false when memory runs out. */
static bool make_sequence(size_t n, uint32_t n_vocab, struct sequence *out)
{
    const size_t n_spans = (n - N_RESPONSE) / SEGMENT;
    int32_t *tokens = calloc(n, sizeof *tokens);
    struct span *spans = calloc(n_spans + 1, sizeof *spans);
    uint64_t state = 1;

    *out = (struct sequence){ .tokens = tokens, .n_tokens = n, .spans = spans };
    out->nll_nats = calloc(N_RESPONSE, sizeof *out->nll_nats);
    out->attention = calloc(n_spans + 1, sizeof *out->attention);
    if (!tokens || !spans || !out->nll_nats || !out->attention)
        return false;
    out->score_from = n - N_RESPONSE;
    out->attend_from = n - N_RESPONSE;
    out->n_spans = n_spans;
    for (size_t i = 0; i < n; i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
        tokens[i] = (int32_t)((state >> 33) % n_vocab);
    }
    for (size_t i = 0; i < n_spans; i++)
        spans[i] = (struct span){ i * SEGMENT, (i + 1) * SEGMENT };
    return true;
}

static void free_sequence(struct sequence *sequence)
{
    free((void *)sequence->tokens);
    free((void *)sequence->spans);
    free(sequence->nll_nats);
    free(sequence->attention);
}

static int measure(const struct setup *setup, const struct sequence *sequence,
                   struct error *err)
{
    const struct model_info *info = model_info(setup->model);
    int64_t best_ns = INT64_MAX;

    for (int round = 0; round < ROUNDS; round++) {
        const int64_t start_ns = clock_mono_ns();

        if (session_eval(setup->session, sequence, 1, err) < 0)
            return -1;
        const int64_t took_ns = clock_mono_ns() - start_ns;
        best_ns = took_ns < best_ns ? took_ns : best_ns;
    }
    const double s = (double)best_ns / 1e9;
    const uint64_t n_bytes =
        session_memory(setup->model, pool_threads(setup->pool), sequence->n_tokens, 1)
            .activation_bytes;
    printf("%s, %.0f M weights (%s), %s kernels, %zu threads: %zu tokens in %.2f s, %.0f "
           "tokens/s, "
           "at most %.0f MiB beside the weights\n",
           info->arch, (double)info->n_params / 1e6, info->weight_types, setup->kernels.name,
           pool_threads(setup->pool), sequence->n_tokens, s, (double)sequence->n_tokens / s,
           (double)n_bytes / (1 << 20));
    return 0;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "models/curate-tiny-long.gguf";
    const size_t n_tokens = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 4000;
    const size_t n_threads = argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : pool_cpu_count();
    struct setup setup = { .model = NULL };
    struct sequence sequence = { .tokens = NULL };
    struct error err = { 0 };
    int status = 1;

    kernels_init(&setup.kernels, cpu_detect());
    if (n_tokens <= N_RESPONSE)
        fprintf(stderr, "at least %d tokens\n", N_RESPONSE + 1);
    else if (model_open(path, &setup.model, &err) < 0 ||
             pool_new(n_threads, &setup.pool, &err) < 0 ||
             session_new(setup.model, &setup.kernels, setup.pool, &setup.session, &err) < 0)
        fprintf(stderr, "%s\n", err.msg);
    else if (!make_sequence(n_tokens, model_info(setup.model)->n_vocab, &sequence))
        fprintf(stderr, "out of memory\n");
    else if (measure(&setup, &sequence, &err) < 0)
        fprintf(stderr, "%s\n", err.msg);
    else
        status = 0;
    free_sequence(&sequence);
    session_free(setup.session);
    pool_free(setup.pool);
    model_close(setup.model);
    return status;
}
