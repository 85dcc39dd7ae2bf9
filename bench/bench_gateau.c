/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_gateau.c - what the order of the passes over a long sample is worth.
 *
 * bench_gateau [MODEL [TOKENS [SAMPLES [THREADS [0]]]]]: samples with a context of TOKENS
 * random ids, a question and a response. MODEL is both models of the pair. gateau needs the NLL
 * of the response from the short model. From the long model it needs the NLL, the attention on
 * segments of 128 tokens, and the NLL after each segment alone.
 *
 * First as GATEAU's programs do it, pass by pass: two for the NLLs, one for the attention, one
 * for each segment. Then as curate does it: NLL and attention in one pass, and all segments of
 * a sample in one batch. The two are measured in turns. Prints medians, and the spread of the
 * ratio.
 *
 * With the 0 it runs once, as curate does it, and prints samples per second and the mean NLL,
 * which gateau.py compares with llama.cpp.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/threads/pool.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/model/pack.h"
#include "scoring/kernels/kernels.h"

enum { ROUNDS = 5, SEGMENT = 128, N_QUESTION = 24, N_RESPONSE = 160 };

/* The passes of one sample: the whole sample, then its segments. */
struct passes {
    struct sequence *sequences;
    size_t n;
};

struct bench {
    struct model *model;
    struct pool *pool;
    struct session *session;
    struct kernels kernels;
    size_t n_context;
    size_t n_samples;
    int32_t *ids; /* of the current sample: context, question, response */
    struct span *spans;
    double *attention;
    double *nll; /* N_RESPONSE values of each pass */
    struct passes passes;
};

static bool allocate(struct bench *bench)
{
    const size_t n_segments = (bench->n_context + SEGMENT - 1) / SEGMENT;
    const size_t tail = N_QUESTION + N_RESPONSE;

    bench->passes.n = 1 + n_segments;
    bench->passes.sequences = calloc(bench->passes.n, sizeof *bench->passes.sequences);
    bench->ids =
        calloc(bench->n_context + tail + n_segments * (SEGMENT + tail), sizeof *bench->ids);
    bench->spans = calloc(n_segments, sizeof *bench->spans);
    bench->attention = calloc(n_segments, sizeof *bench->attention);
    bench->nll = calloc(bench->passes.n * N_RESPONSE, sizeof *bench->nll);
    return bench->passes.sequences && bench->ids && bench->spans && bench->attention &&
           bench->nll;
}

/* Fill the passes of the sample with this seed. */
static void draw(struct bench *bench, uint64_t seed)
{
    const size_t tail = N_QUESTION + N_RESPONSE;
    const size_t n = bench->n_context + tail;
    const uint32_t n_vocab = model_info(bench->model)->n_vocab;
    int32_t *to = bench->ids + n;

    for (size_t i = 0; i < n; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        bench->ids[i] = (int32_t)((seed >> 33) % n_vocab);
    }
    bench->passes.sequences[0] = (struct sequence){ .tokens = bench->ids,
                                                    .n_tokens = n,
                                                    .score_from = n - N_RESPONSE,
                                                    .nll_nats = bench->nll,
                                                    .attend_from = n - N_RESPONSE,
                                                    .spans = bench->spans,
                                                    .n_spans = bench->passes.n - 1,
                                                    .attention = bench->attention };
    for (size_t i = 0; i + 1 < bench->passes.n; i++) {
        const size_t start = i * SEGMENT;
        const size_t end =
            start + SEGMENT < bench->n_context ? start + SEGMENT : bench->n_context;

        bench->spans[i] = (struct span){ start, end };
        memcpy(to, bench->ids + start, (end - start) * sizeof *to);
        memcpy(to + (end - start), bench->ids + bench->n_context, tail * sizeof *to);
        bench->passes.sequences[1 + i] =
            (struct sequence){ .tokens = to,
                               .n_tokens = end - start + tail,
                               .score_from = end - start + N_QUESTION,
                               .nll_nats = bench->nll + (1 + i) * N_RESPONSE };
        to += end - start + tail;
    }
}

/* Run the passes of the short model. */
static int run_short(struct bench *bench, struct error *err)
{
    struct sequence nll = bench->passes.sequences[0];

    nll.attention = NULL;
    return session_eval(bench->session, &nll, 1, err);
}

static int run_apart(struct bench *bench, struct error *err)
{
    struct sequence nll = bench->passes.sequences[0];
    struct sequence attention = nll;

    nll.attention = NULL;
    attention.nll_nats = NULL;
    if (run_short(bench, err) < 0 || session_eval(bench->session, &nll, 1, err) < 0 ||
        session_eval(bench->session, &attention, 1, err) < 0)
        return -1;
    for (size_t i = 1; i < bench->passes.n; i++)
        if (session_eval(bench->session, &bench->passes.sequences[i], 1, err) < 0)
            return -1;
    return 0;
}

static int run_together(struct bench *bench, struct error *err)
{
    return run_short(bench, err) < 0
               ? -1
               : session_eval(bench->session, bench->passes.sequences, bench->passes.n, err);
}

/* Seconds for all samples. *sum, of NLLs and attention, shows that both ways compute the
 * same. */
static int measure(struct bench *bench, int (*run)(struct bench *, struct error *),
                   double *secs, double *sum, double *nll, struct error *err)
{
    int64_t took_ns = 0;

    *sum = *nll = 0;
    for (size_t i = 0; i < bench->n_samples; i++) {
        draw(bench, i + 1);
        const int64_t start_ns = clock_mono_ns();

        if (run(bench, err) < 0)
            return -1;
        took_ns += clock_mono_ns() - start_ns;
        for (size_t j = 0; j < bench->passes.n * N_RESPONSE; j++)
            *nll += bench->nll[j];
        for (size_t j = 0; j + 1 < bench->passes.n; j++)
            *sum += bench->attention[j];
    }
    *sum += *nll;
    *nll /= (double)(bench->n_samples * bench->passes.n * N_RESPONSE);
    *secs = (double)took_ns / 1e9;
    return 0;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int run_once(struct bench *bench, struct error *err)
{
    double secs, sum, nll;

    draw(bench, 1);
    if (run_short(bench, err) < 0 || /* warm-up */
        measure(bench, run_together, &secs, &sum, &nll, err) < 0)
        return -1;
    printf("%.4f %.6f\n", (double)bench->n_samples / secs, nll);
    return 0;
}

static int run_rounds(struct bench *bench, struct error *err)
{
    double apart[ROUNDS], together[ROUNDS], ratio[ROUNDS];
    const double n = (double)bench->n_samples;

    for (int round = 0; round < ROUNDS; round++) {
        double sum, same, nll;

        if (measure(bench, run_apart, &apart[round], &sum, &nll, err) < 0 ||
            measure(bench, run_together, &together[round], &same, &nll, err) < 0)
            return -1;
        if (sum != same)
            return error_set(err, ERR_INVARIANT, "together gives other numbers than apart");
        ratio[round] = apart[round] / together[round];
    }
    qsort(apart, ROUNDS, sizeof *apart, compare);
    qsort(together, ROUNDS, sizeof *together, compare);
    qsort(ratio, ROUNDS, sizeof *ratio, compare);
    printf("%s kernels, %zu threads, contexts of %zu tokens: apart %.3f samples/s, together "
           "%.3f samples/s, ratio %.2f (%.2f-%.2f)\n",
           bench->kernels.name, pool_threads(bench->pool), bench->n_context,
           n / apart[ROUNDS / 2], n / together[ROUNDS / 2], ratio[ROUNDS / 2], ratio[0],
           ratio[ROUNDS - 1]);
    return 0;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "models/curate-tiny-long.gguf";
    struct bench bench = {
        .n_context = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 2000,
        .n_samples = argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : 4,
    };
    const size_t n_threads = argc > 4 ? (size_t)strtoul(argv[4], NULL, 10) : pool_cpu_count();
    const bool is_once = argc > 5 && strtoul(argv[5], NULL, 10) == 0;
    struct error err = { 0 };
    int status = 1;

    kernels_init(&bench.kernels, cpu_detect());
    if (bench.n_context < 1 || bench.n_samples < 1)
        fprintf(stderr, "at least one token and one sample\n");
    else if (!allocate(&bench))
        fprintf(stderr, "out of memory\n");
    else if (model_open(path, &bench.model, &err) < 0 ||
             pool_new(n_threads, &bench.pool, &err) < 0 ||
             model_pack(bench.model, &bench.kernels, bench.pool, &err) < 0 ||
             session_new(bench.model, &bench.kernels, bench.pool, &bench.session, &err) < 0 ||
             (is_once ? run_once(&bench, &err) : run_rounds(&bench, &err)) < 0)
        fprintf(stderr, "%s\n", err.msg);
    else
        status = 0;
    session_free(bench.session);
    pool_free(bench.pool);
    model_close(bench.model);
    free(bench.passes.sequences);
    free(bench.ids);
    free(bench.spans);
    free(bench.attention);
    free(bench.nll);
    return status;
}
