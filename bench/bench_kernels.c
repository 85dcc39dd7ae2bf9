/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_kernels.c - what the kernels do in a second, for every family this CPU has.
 *
 * One thread; each figure is the best of five rounds of at least 20 ms. Prints a table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "scoring/kernels/kernels.h"

enum { ROUNDS = 5, ROUND_NS = 20 * 1000 * 1000 };

enum dtype { F32, F16, BF16, Q8_0, N_DTYPES };

static const char *const dtype_names[] = { "f32", "f16", "bf16", "q8_0" };

/* One measured call, and the memory it works on. */
struct job {
    const struct kernels *kernels;
    size_t m, n, k; /* n counts all columns, of several panels */
    size_t ldb;     /* 0: packed panels, one after the other */
    enum dtype dtype;
    float *a;
    float *b;
    float *out;
};

static void gemm(const struct job *job)
{
    const size_t panel = job->kernels->panel;

    for (size_t j = 0; j < job->n; j += panel) {
        const size_t n = job->n - j < panel ? job->n - j : panel;
        const float *b = job->ldb ? job->b + j : job->b + j * job->k;
        job->kernels->gemm_f32(job->m, n, job->k, job->a, job->k, b,
                               job->ldb ? job->ldb : panel, job->out + j, job->n, false);
    }
}

/* As gemm(): a is read as blocks, b as panels of bytes. */
static void gemm_int8(const struct job *job)
{
    const size_t panel = job->kernels->panel;
    const size_t n_blocks = job->k / INT8_BLOCK;
    const struct act_int8 *a = (const struct act_int8 *)(const void *)job->a;
    const uint8_t *b = (const uint8_t *)job->b;

    for (size_t j = 0; j < job->n; j += panel)
        job->kernels->gemm_int8(job->m, panel, n_blocks, a, n_blocks,
                                b + j * n_blocks * INT8_BYTES, panel, job->ldb > 0,
                                job->out + j, job->n, false);
}

static void quantise_int8(const struct job *job)
{
    job->kernels->quantise_int8(job->a, job->n / INT8_BLOCK,
                                (struct act_int8 *)(void *)job->out);
}

static size_t row_bytes(enum dtype dtype, size_t k)
{
    static const size_t block_bytes[] = { 4 * 32, 2 * 32, 2 * 32, 34 };

    return k / 32 * block_bytes[dtype];
}

static void pack(const struct job *job)
{
    const struct kernels *kernels = job->kernels;
    const size_t stride = row_bytes(job->dtype, job->k);
    void (*const packs[])(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                          float *out) = { kernels->pack_f32, kernels->pack_f16,
                                          kernels->pack_bf16, kernels->pack_q8_0 };

    for (size_t j = 0; j < job->n; j += kernels->panel)
        packs[job->dtype]((const char *)job->a + j * stride, stride, kernels->panel, 0, job->k,
                          job->b);
}

static void exp_sum(const struct job *job)
{
    memcpy(job->out, job->a, job->n * sizeof(float));
    job->kernels->exp_sum(job->out, job->n, 1);
}

static void silu_mul(const struct job *job)
{
    memcpy(job->out, job->a, job->n * sizeof(float));
    job->kernels->silu_mul(job->out, job->b, job->n);
}

static void rms_norm(const struct job *job)
{
    job->kernels->rms_norm(job->a, job->b, job->n, 1e-5f, job->out);
}

/* Seconds of one call. */
static double best_of(void (*work)(const struct job *job), const struct job *job)
{
    double best = 0;

    work(job); /* warms the caches */
    for (int round = 0; round < ROUNDS; round++) {
        const int64_t start = clock_mono_ns();
        int64_t spent;
        int n = 0;

        do {
            work(job);
            n++;
            spent = clock_mono_ns() - start;
        } while (spent < ROUND_NS);
        const double each = (double)spent * 1e-9 / n;
        if (round == 0 || each < best)
            best = each;
    }
    return best;
}

static void bench_gemm(struct job job)
{
    static const struct {
        const char *what;
        size_t m, n, k, ldb;
    } shapes[] = {
        { "linear, prefill", 512, 2048, 2048, 0 },
        { "linear, wide", 512, 1024, 5632, 0 },
        { "linear, small model", 512, 768, 768, 0 },
        { "linear, few rows", 64, 2048, 2048, 0 },
        { "linear, one row", 1, 2048, 2048, 0 },
        { "scores: q by keys", 128, 2048, 64, 0 },
        { "mix: scores by values", 128, 64, 2048, 256 },
    };

    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        job.m = shapes[i].m;
        job.n = shapes[i].n;
        job.k = shapes[i].k;
        job.ldb = shapes[i].ldb;
        const double flops = 2 * (double)job.m * (double)job.n * (double)job.k;
        printf("%-10s gemm_f32   m=%-4zu n=%-5zu k=%-5zu %8.1f GFLOP/s  %s\n",
               job.kernels->name, job.m, job.n, job.k, flops / best_of(gemm, &job) * 1e-9,
               shapes[i].what);
    }
}

/* ldb stands for minima here. */
static void bench_int8(struct job job)
{
    static const struct {
        const char *what;
        size_t m, n, k, ldb;
    } shapes[] = {
        { "linear, prefill", 512, 2048, 2048, 0 },
        { "linear, wide", 512, 1024, 5632, 0 },
        { "linear, small model", 512, 768, 768, 0 },
        { "linear, with minima", 512, 2048, 2048, 1 },
    };

    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        job.m = shapes[i].m;
        job.n = shapes[i].n;
        job.k = shapes[i].k;
        job.ldb = shapes[i].ldb;
        const double ops = 2 * (double)job.m * (double)job.n * (double)job.k;
        printf("%-10s gemm_int8  m=%-4zu n=%-5zu k=%-5zu %8.1f GOP/s    %s\n",
               job.kernels->name, job.m, job.n, job.k, ops / best_of(gemm_int8, &job) * 1e-9,
               shapes[i].what);
    }
}

static void bench_pack(struct job job)
{
    job.n = 1024;
    job.k = 2048;
    for (enum dtype dtype = 0; dtype < N_DTYPES; dtype++) {
        job.dtype = dtype;
        const double bytes = (double)(job.n * job.k * sizeof(float));
        printf("%-10s pack_%-6s n=%-5zu k=%-5zu        %8.2f GB/s of panel\n",
               job.kernels->name, dtype_names[dtype], job.n, job.k,
               bytes / best_of(pack, &job) * 1e-9);
    }
}

static void bench_rows(struct job job)
{
    static const struct {
        const char *what;
        void (*work)(const struct job *job);
    } rows[] = { { "exp_sum", exp_sum },
                 { "silu_mul", silu_mul },
                 { "rms_norm", rms_norm },
                 { "quantise_int8", quantise_int8 } };

    job.n = 4096;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        printf("%-10s %-13s n=%-5zu             %8.2f G elements/s\n", job.kernels->name,
               rows[i].what, job.n, (double)job.n / best_of(rows[i].work, &job) * 1e-9);
}

/* Values of about 1, of either sign. Read as f16 or Q8_0 they are numbers of some size. */
static float *new_values(size_t n)
{
    float *values = malloc(n * sizeof *values);

    for (size_t i = 0; values && i < n; i++)
        values[i] = (float)((i * 2654435761u >> 7) % 2001) / 1000 - 1;
    return values;
}

int main(void)
{
    static const unsigned families[] = { 0, CPU_AVX2, CPU_AVX2 | CPU_AVX512,
                                         CPU_AVX2 | CPU_AVX512 | CPU_AVX512VNNI };
    const size_t n = (size_t)1024 * 5632; /* the largest operand of all */
    struct kernels kernels;
    struct job job = { .kernels = &kernels };
    const unsigned cpu = cpu_detect();
    int rc = 1;

    job.a = new_values(n);
    job.b = new_values(n);
    job.out = new_values(n);
    if (!job.a || !job.b || !job.out) {
        fputs("bench_kernels: out of memory\n", stderr);
        goto done;
    }
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if ((families[i] & cpu) != families[i])
            continue;
        kernels_init(&kernels, families[i]);
        bench_gemm(job);
        if (kernels.int8)
            bench_int8(job);
        bench_pack(job);
        bench_rows(job);
    }
    rc = 0;
done:
    free(job.a);
    free(job.b);
    free(job.out);
    return rc;
}
