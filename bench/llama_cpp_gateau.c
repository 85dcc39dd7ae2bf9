/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llama_cpp_gateau.c - run the sequences of bench_gateau.c with llama.cpp. gateau.py builds it
 * with the library it has built; it is not part of our build.
 *
 * llama_cpp_gateau MODEL TOKENS SAMPLES THREADS FLASH: each sequence that gateau needs, one by
 * one, with logits only at the positions that predict the response, and their NLL. Attention on
 * segments is left out, because llama.cpp does not return it. Prints samples per second and the
 * mean NLL of the long model's passes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/llama_cpp.h"

enum { SEGMENT = 128, N_QUESTION = 24, N_RESPONSE = 160, TAIL = N_QUESTION + N_RESPONSE };
enum { BATCH = 2048, AT_ONCE = 512 };

struct run {
    struct llama_context *context;
    struct llama_batch batch;
    int n_vocab;
    double nll; /* a sum */
    long n_scored;
};

static double nll_of(const float *logits, int n_vocab, llama_token token)
{
    float top = logits[0];
    float sum = 0;

    for (int i = 1; i < n_vocab; i++)
        top = logits[i] > top ? logits[i] : top;
    for (int i = 0; i < n_vocab; i++)
        sum += expf(logits[i] - top);
    return (double)(top - logits[token]) + log((double)sum);
}

/* Run one sequence. Returns 0 on success. */
static int eval(struct run *run, const llama_token *ids, int n)
{
    const int first = n - N_RESPONSE - 1;
    int rc = 0;

    llama_memory_clear(llama_get_memory(run->context), false);
    for (int at = 0; rc == 0 && at < n; at += BATCH) {
        struct llama_batch *batch = &run->batch;

        batch->n_tokens = n - at < BATCH ? n - at : BATCH;
        for (int i = 0; i < batch->n_tokens; i++) {
            batch->token[i] = ids[at + i];
            batch->pos[i] = at + i;
            batch->n_seq_id[i] = 1;
            batch->seq_id[i][0] = 0;
            batch->logits[i] = at + i >= first && at + i + 1 < n;
        }
        rc = llama_decode(run->context, *batch);
        for (int i = 0; rc == 0 && i < batch->n_tokens; i++)
            if (batch->logits[i]) {
                run->nll += nll_of(llama_get_logits_ith(run->context, i), run->n_vocab,
                                   ids[at + i + 1]);
                run->n_scored++;
            }
    }
    return rc;
}

/* The ids of bench_gateau.c. */
static void draw(llama_token *ids, int n, unsigned n_vocab, unsigned long long seed)
{
    for (int i = 0; i < n; i++) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        ids[i] = (llama_token)((seed >> 33) % n_vocab);
    }
}

static int run_sample(struct run *run, llama_token *ids, llama_token *part, int n_context)
{
    int rc = eval(run, ids, n_context + TAIL); /* the short model */

    run->nll = 0;
    run->n_scored = 0;
    rc = rc ? rc : eval(run, ids, n_context + TAIL);
    for (int start = 0; rc == 0 && start < n_context; start += SEGMENT) {
        const int n = n_context - start < SEGMENT ? n_context - start : SEGMENT;

        memcpy(part, ids + start, (size_t)n * sizeof *part);
        memcpy(part + n, ids + n_context, TAIL * sizeof *part);
        rc = eval(run, part, n + TAIL);
    }
    return rc;
}

static int run_all(struct run *run, int n_context, int n_samples)
{
    llama_token *ids = calloc((size_t)n_context + TAIL, sizeof *ids);
    llama_token part[SEGMENT + TAIL];
    double secs = 0, nll = 0;
    int rc = ids ? 0 : 1;

    if (rc == 0) { /* warm-up */
        draw(ids, n_context + TAIL, (unsigned)run->n_vocab, 1);
        rc = eval(run, ids, n_context + TAIL < BATCH ? n_context + TAIL : BATCH);
    }
    for (int i = 0; rc == 0 && i < n_samples; i++) {
        draw(ids, n_context + TAIL, (unsigned)run->n_vocab, (unsigned)i + 1);
        const double start = now();
        rc = run_sample(run, ids, part, n_context);
        secs += now() - start;
        nll += run->nll / (double)run->n_scored / n_samples;
    }
    if (rc == 0)
        printf("%.4f %.6f\n", n_samples / secs, nll);
    free(ids);
    return rc;
}

int main(int argc, char **argv)
{
    struct llama_context_params params = llama_context_default_params();
    struct run run = { 0 };
    int rc = 1;

    if (argc != 6)
        return 64;
    const int n_context = (int)strtol(argv[2], NULL, 10);
    llama_log_set(say_nothing, NULL);
    llama_backend_init();
    params.n_ctx = (uint32_t)(n_context + TAIL);
    params.n_batch = BATCH;
    params.n_ubatch = AT_ONCE;
    params.n_threads = params.n_threads_batch = (int)strtol(argv[4], NULL, 10);
    params.flash_attn_type =
        argv[5][0] == '1' ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
    struct llama_model *model =
        llama_model_load_from_file(argv[1], llama_model_default_params());
    if (model)
        run.context = llama_init_from_model(model, params);
    if (run.context) {
        run.n_vocab = llama_vocab_n_tokens(llama_model_get_vocab(model));
        run.batch = llama_batch_init(BATCH, 0, 1);
        rc = run_all(&run, n_context, (int)strtol(argv[3], NULL, 10));
        llama_batch_free(run.batch);
        llama_free(run.context);
    }
    if (model)
        llama_model_free(model);
    return rc != 0;
}
