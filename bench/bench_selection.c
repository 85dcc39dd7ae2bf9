/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_selection - times the choices of scoring/selection/ on random vectors of a few hundred
 * directions (all methods, or one), or makes one choice, to be compared with that of another
 * program:
 *
 *     bench_selection [SAMPLES WIDTH PICKS THREADS [METHOD [NEIGHBOURS]]]
 *     bench_selection METHOD PARAMETER PICKS WIDTH FILE [NEIGHBOURS]
 *     bench_selection rds QUERIES PICKS WIDTH FILE
 *     bench_selection dsir TARGET RAW
 *
 * FILE has 32-bit floats, a vector after the other; quality is 1 / (1 + number). The choice is
 * printed, a line for each pick: its number and its gain, or the number of the query that chose
 * it. NEIGHBOURS is of facility and qdit. dsir reads texts, one a line, and prints the weight
 * of each raw text and its number of tokens. Times go to standard error.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/threads/pool.h"
#include "scoring/kernels/kernels.h"
#include "scoring/selection/diverse.h"
#include "scoring/selection/dsir.h"
#include "scoring/selection/target.h"
#include "tests/support/rng.h"

enum { DIRECTIONS = 300 };

static int fail(const struct error *err)
{
    fprintf(stderr, "bench_selection: %s\n", err->msg);
    return 1;
}

static float *draw_vectors(size_t n, size_t width)
{
    struct rng rng = rng_from_seed(1);
    float *vectors = reallocarray(NULL, n + DIRECTIONS, width * sizeof *vectors);

    if (!vectors)
        return NULL;
    rng_fill_normal(&rng, vectors, (n + DIRECTIONS) * width);
    for (size_t i = 0; i < n; i++) {
        const float *direction = vectors + (n + rng_below(&rng, DIRECTIONS)) * width;

        for (size_t c = 0; c < width; c++)
            vectors[i * width + c] += direction[c];
    }
    return vectors;
}

/* Choose, and return the seconds it took; below 0 if it failed. */
static double choose(const char *method, struct diverse_input *input,
                     struct diverse_result *result, struct error *err)
{
    const int64_t from_ns = clock_mono_ns();

    if (diverse_choose(diverse_find(method), input, result, err) < 0)
        return -1;
    return (double)(clock_mono_ns() - from_ns) / 1e9;
}

static int time_methods(const char *only, struct diverse_input *input,
                        struct diverse_result *result)
{
    struct error err = { 0 };

    for (size_t m = 0; diverse_name(m); m++) {
        const char *method = diverse_name(m);

        if (only && strcmp(only, method) != 0)
            continue;
        input->parameter = diverse_default(diverse_find(method), input->n);
        const double seconds = choose(method, input, result, &err);
        if (seconds < 0)
            return fail(&err);
        printf("%-10s %8zu samples x %4zu, %6zu picks: %8.2f s, nearest cosine mean %.4f max "
               "%.4f\n",
               method, input->n, input->width, result->n_picks, seconds, result->mean_nearest,
               result->max_nearest);
        fflush(stdout);
    }
    return 0;
}

static float *read_vectors(const char *path, size_t width, size_t *n)
{
    FILE *file = fopen(path, "rb");
    float *vectors = NULL;

    if (!file)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0) {
        const size_t bytes = (size_t)ftell(file);

        rewind(file);
        vectors = malloc(bytes + 1);
        *n = vectors ? fread(vectors, 1, bytes, file) / (width * sizeof *vectors) : 0;
    }
    fclose(file);
    return vectors;
}

static int choose_once(char **argv, struct diverse_input *input, struct diverse_result *result,
                       double *quality)
{
    struct error err = { 0 };

    for (size_t i = 0; i < input->n; i++)
        quality[i] = 1 / (1 + (double)i);
    input->quality = quality;
    input->parameter = strtod(argv[2], NULL);
    const double seconds = choose(argv[1], input, result, &err);
    if (seconds < 0)
        return fail(&err);
    fprintf(stderr, "seconds %.3f\n", seconds);
    for (size_t i = 0; i < result->n_picks; i++)
        printf("%u %.17g\n", result->picks[i], result->gains[i]);
    return 0;
}

struct query_search {
    const struct diverse_input *input;
    const float *queries;
};

static int read_cosines(void *arg, size_t list, double *out, struct error *err)
{
    const struct query_search *search = arg;
    const struct diverse_input *input = search->input;

    return target_cosines(input->vectors, input->n, input->width,
                          search->queries + list * input->width, 1, input->kernels, input->pool,
                          out, err);
}

static int choose_by_queries(char **argv, const struct diverse_input *input, uint32_t *picks,
                             uint32_t *lists)
{
    const int64_t from_ns = clock_mono_ns();
    size_t n_queries = 0, n_picks = 0;
    float *queries = read_vectors(argv[2], input->width, &n_queries);
    struct query_search search = { input, queries };
    const struct rds_input rds = { .n = input->n,
                                   .n_lists = n_queries,
                                   .read_scores = read_cosines,
                                   .arg = &search,
                                   .n_wanted = input->n_wanted };
    struct error err = { 0 };

    if (!queries || rds_choose(&rds, picks, lists, &n_picks, &err) < 0) {
        free(queries);
        return fail(&err);
    }
    fprintf(stderr, "seconds %.3f\n", (double)(clock_mono_ns() - from_ns) / 1e9);
    for (size_t i = 0; i < n_picks; i++)
        printf("%u %u\n", picks[i], lists[i]);
    free(queries);
    return 0;
}

/* Add each line of a file to a side, or print its weight. */
static int read_lines(struct dsir *dsir, const char *path, enum dsir_side side, bool weigh,
                      struct error *err)
{
    FILE *file = fopen(path, "rb");
    char *line = NULL;
    size_t cap = 0;
    int rc = file ? 0 : error_set(err, ERR_NOT_FOUND, "%s: cannot be read", path);

    for (ssize_t len; rc == 0 && (len = getline(&line, &cap, file)) > 0;) {
        const struct slice text = { line, (size_t)len - (line[len - 1] == '\n') };
        uint64_t n_tokens = 0;
        double weight = 0;

        rc = weigh ? dsir_weigh(dsir, text, &weight, &n_tokens, err)
                   : dsir_add(dsir, side, text, err);
        if (rc == 0 && weigh)
            printf("%.17g %llu\n", weight, (unsigned long long)n_tokens);
    }
    if (file)
        fclose(file);
    free(line);
    return rc;
}

static int weigh_texts(const char *target, const char *raw)
{
    const int64_t from_ns = clock_mono_ns();
    struct dsir *dsir = NULL;
    struct error err = { 0 };
    int rc = 0;

    if (dsir_new(&dsir, &err) < 0 || read_lines(dsir, target, DSIR_TARGET, false, &err) < 0 ||
        read_lines(dsir, raw, DSIR_RAW, false, &err) < 0 || dsir_fit(dsir, &err) < 0 ||
        read_lines(dsir, raw, DSIR_RAW, true, &err) < 0)
        rc = fail(&err);
    fprintf(stderr, "seconds %.3f\n", (double)(clock_mono_ns() - from_ns) / 1e9);
    dsir_free(dsir);
    return rc;
}

static size_t number(int argc, char **argv, int at, size_t otherwise)
{
    return argc > at ? strtoull(argv[at], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    const bool by_queries = argc == 6 && strcmp(argv[1], "rds") == 0;
    const bool once = by_queries || (argc >= 6 && diverse_find(argv[1]));
    size_t n = number(argc, argv, 1, 5000);
    const size_t width = number(argc, argv, once ? 4 : 2, 128);
    const size_t wanted = number(argc, argv, 3, 200);
    struct kernels kernels;
    struct pool *pool = NULL;
    struct error err = { 0 };
    int rc = 1;

    if (argc == 4 && strcmp(argv[1], "dsir") == 0)
        return weigh_texts(argv[2], argv[3]);
    kernels_init(&kernels, cpu_detect());
    float *vectors = once ? read_vectors(argv[5], width, &n) : draw_vectors(n, width);
    uint32_t *picks = calloc(n + 1, sizeof *picks);
    uint32_t *lists = calloc(n + 1, sizeof *lists);
    double *gains = calloc(n + 1, sizeof *gains);
    double *quality = calloc(n + 1, sizeof *quality);
    struct diverse_result result = { .picks = picks, .gains = gains };

    if (!vectors || !picks || !lists || !gains || !quality)
        fprintf(stderr, "bench_selection: no memory, or the file cannot be read\n");
    else if (pool_new(once ? 2 : number(argc, argv, 4, pool_cpu_count()), &pool, &err) < 0)
        fail(&err);
    else {
        struct diverse_input input = { .vectors = vectors,
                                       .n = n,
                                       .width = width,
                                       .n_wanted = wanted,
                                       .n_neighbours = number(argc, argv, 6, 0),
                                       .seed = 1,
                                       .kernels = &kernels,
                                       .pool = pool };
        if (by_queries)
            rc = choose_by_queries(argv, &input, picks, lists);
        else
            rc = once ? choose_once(argv, &input, &result, quality)
                      : time_methods(argc > 5 ? argv[5] : NULL, &input, &result);
    }
    pool_free(pool);
    free(vectors);
    free(picks);
    free(lists);
    free(gains);
    free(quality);
    return rc;
}
