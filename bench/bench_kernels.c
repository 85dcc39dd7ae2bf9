/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_kernels.c - operations per second of the kernels of every family that this CPU has.
 *
 * One thread. Each figure is the best of five rounds of at least 20 ms, with its share of the
 * peak of the core (peak.h). Prints a table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bench/peak.h"
#include "scoring/kernels/kernels.h"

enum { ROUNDS = 5, ROUND_NS = 20 * 1000 * 1000 };

enum dtype { F32, F16, BF16, Q8_0, N_DTYPES };

static const char *const dtype_names[] = { "f32", "f16", "bf16", "q8_0" };

/* One measured call with its operands. */
struct job {
    const struct kernels *kernels;
    size_t m, n, k; /* n counts the columns of all panels */
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

/* As gemm(), with a and b read as bfloat16. */
static void gemm_bf16(const struct job *job)
{
    const size_t panel = job->kernels->panel;
    const uint16_t *a = (const uint16_t *)(const void *)job->a;
    const uint16_t *b = (const uint16_t *)(const void *)job->b;

    for (size_t j = 0; j < job->n; j += panel)
        job->kernels->gemm_bf16(job->m, panel, job->k, a, job->k, b + j * job->k, panel,
                                job->out + j, job->n, false);
}

/* As gemm(), with a read as blocks and b as panels of bytes. */
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

static void round_bf16(const struct job *job)
{
    job->kernels->round_bf16(job->a, job->n, (uint16_t *)(void *)job->out);
}

static void exp_bf16(const struct job *job)
{
    job->kernels->exp_bf16(job->a, job->n, 1, (uint16_t *)(void *)job->out);
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

/* Seconds for one call. */
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

/* Operations per second of a loop; 0 if there is no loop. */
static double measure_peak(peak_loop *loop)
{
    double best = 0;

    for (int round = 0; loop && round < ROUNDS; round++) {
        const int64_t start = clock_mono_ns();
        const uint64_t n_ops = loop(1000 * 1000);
        const double speed = (double)n_ops / (double)(clock_mono_ns() - start) * 1e9;

        best = speed > best ? speed : best;
    }
    return best;
}

struct shape {
    const char *what;
    size_t m, n, k, ldb; /* for gemm_int8, ldb 1 means with minima */
};

/* Matrices of SmolLM2-135M, Qwen2.5-0.5B and TinyLlama-1.1B, for one block of rows. */
#define LINEAR_SHAPES                                                                          \
    { "SmolLM2-135M, attention", 128, 576, 576, 0 },                                           \
        { "SmolLM2-135M, up", 128, 1536, 576, 0 },                                             \
        { "SmolLM2-135M, down", 128, 576, 1536, 0 },                                           \
        { "Qwen2.5-0.5B, up", 128, 4864, 896, 0 },                                             \
        { "Qwen2.5-0.5B, down", 128, 896, 4864, 0 },                                           \
        { "TinyLlama-1.1B, attention", 128, 2048, 2048, 0 },                                   \
    {                                                                                          \
        "TinyLlama-1.1B, down", 128, 1024, 5632, 0                                             \
    }

static void bench_products(struct job job, const char *name, void (*work)(const struct job *),
                           const struct shape *shapes, size_t n_shapes, double peak)
{
    for (size_t i = 0; i < n_shapes; i++) {
        const struct shape *shape = &shapes[i];

        job.m = shape->m;
        job.n = shape->n;
        job.k = shape->k;
        job.ldb = shape->ldb;
        const double ops = 2 * (double)job.m * (double)job.n * (double)job.k;
        const double speed = ops / best_of(work, &job);
        printf("%-10s %-9s m=%-4zu n=%-5zu k=%-5zu %8.1f G/s", job.kernels->name, name, job.m,
               job.n, job.k, speed * 1e-9);
        if (peak > 0)
            printf(" %3.0f %% of %.0f", 100 * speed / peak, peak * 1e-9);
        printf("  %s\n", shape->what);
    }
}

static void bench_f32(const struct job *job, unsigned flags)
{
    static const struct shape shapes[] = {
        LINEAR_SHAPES,
        { "one row", 1, 2048, 2048, 0 },
        { "scores: q by keys", 64, 256, 64, 0 },
        { "mix: scores by values", 64, 64, 256, 0 },
    };

    bench_products(*job, "gemm_f32", gemm, shapes, sizeof shapes / sizeof *shapes,
                   measure_peak(peak_f32(flags)));
}

static void bench_bf16(const struct job *job, unsigned flags)
{
    static const struct shape shapes[] = {
        LINEAR_SHAPES,
        { "scores: q by keys", 64, 256, 64, 0 },
        { "mix: scores by values", 64, 64, 256, 0 },
    };

    bench_products(*job, "gemm_bf16", gemm_bf16, shapes, sizeof shapes / sizeof *shapes,
                   measure_peak(peak_bf16(flags)));
}

static void bench_int8(const struct job *job, unsigned flags)
{
    static const struct shape shapes[] = {
        LINEAR_SHAPES,
        { "with minima", 128, 2048, 2048, 1 },
    };

    bench_products(*job, "gemm_int8", gemm_int8, shapes, sizeof shapes / sizeof *shapes,
                   measure_peak(peak_int8(flags)));
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
    } rows[] = { { "exp_sum", exp_sum },       { "silu_mul", silu_mul },
                 { "rms_norm", rms_norm },     { "quantise_int8", quantise_int8 },
                 { "round_bf16", round_bf16 }, { "exp_bf16", exp_bf16 } };

    job.n = 4096;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        printf("%-10s %-13s n=%-5zu             %8.2f G elements/s\n", job.kernels->name,
               rows[i].what, job.n, (double)job.n / best_of(rows[i].work, &job) * 1e-9);
}

/* Values of about 1 with either sign. Read as f16 or Q8_0 they are finite numbers. */
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
                                         CPU_AVX2 | CPU_AVX512 | CPU_AVX512VNNI,
                                         CPU_AVX2 | CPU_AVX512 | CPU_AVX512VNNI |
                                             CPU_AVX512BF16 };
    const size_t n = (size_t)1024 * 5632; /* the size of the largest operand */
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
        bench_f32(&job, families[i]);
        if (kernels.bf16)
            bench_bf16(&job, families[i]);
        if (kernels.int8)
            bench_int8(&job, families[i]);
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
