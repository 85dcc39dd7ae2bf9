/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_packing - times scoring/packing/ on a million lengths like those of instruction corpora
 * (log-normal, median 400), or packs once, to be compared with another program:
 *
 *     bench_packing [DOCUMENTS]
 *     bench_packing drop|truncate|split LENGTH < LENGTHS
 *
 * LENGTHS has one number a line. A line of the output is a pack of best fit decreasing: the
 * number of each document, counted from 0.
 */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "scoring/packing/packing.h"
#include "tests/support/rng.h"

enum { MEDIAN = 400, ROUNDS = 5, BATCH = 8 };

static int fail(const struct error *err)
{
    fprintf(stderr, "bench_packing: %s\n", err->msg);
    return 1;
}

static int pack(const char *method, const uint32_t *lengths, size_t n, uint32_t limit,
                struct packing *packing, struct error *err)
{
    const struct packing_limits limits = { limit, 0, PACKING_DROP };

    if (strcmp(method, "sorted") == 0)
        return packing_sorted(lengths, n, &limits, BATCH, 1, packing, err);
    if (strcmp(method, "wrapped") == 0)
        return packing_wrapped(lengths, n, &limits, packing, err);
    return packing_best_fit(lengths, n, &limits, packing, err);
}

/* Print the best time of some rounds, and what came of it. */
static int time_method(const char *method, const uint32_t *lengths, size_t n, uint32_t limit)
{
    struct packing packing = { 0 };
    struct error err = { 0 };
    double best = INFINITY;

    for (int round = 0; round < ROUNDS; round++) {
        packing_release(&packing);
        const int64_t from_ns = clock_mono_ns();
        if (pack(method, lengths, n, limit, &packing, &err) < 0) {
            packing_release(&packing);
            return fail(&err);
        }
        best = fmin(best, (double)(clock_mono_ns() - from_ns) / 1e9);
    }
    const uint64_t room = (uint64_t)packing.n_packs * limit;
    printf("%-8s %8zu documents into packs of %7" PRIu32 ": %6.3f s, %7zu packs", method, n,
           limit, best, packing.n_packs);
    if (strcmp(method, "sorted") == 0)
        printf(" of %d\n", BATCH);
    else
        printf(", %.4f full\n", room > 0 ? (double)packing.n_tokens / (double)room : 0);
    packing_release(&packing);
    return 0;
}

static int time_methods(size_t n)
{
    static const char *const methods[] = { "bfd", "sorted", "wrapped" };
    static const uint32_t limits[] = { 4096, 65536, 1u << 20 };
    uint32_t *lengths = reallocarray(NULL, n ? n : 1, sizeof *lengths);
    struct rng rng = rng_from_seed(1);
    int rc = 0;

    if (!lengths)
        return 1;
    for (size_t i = 0; i < n; i++)
        lengths[i] = (uint32_t)(1 + MEDIAN * exp((double)rng_normal_f32(&rng)));
    for (size_t l = 0; l < sizeof limits / sizeof *limits; l++)
        for (size_t m = 0; m < sizeof methods / sizeof *methods; m++)
            rc |= time_method(methods[m], lengths, n, limits[l]);
    free(lengths);
    return rc;
}

static int pack_input(enum packing_long when_long, uint32_t limit)
{
    const struct packing_limits limits = { limit, 0, when_long };
    struct packing packing = { 0 };
    struct error err = { 0 };
    uint32_t *lengths = NULL;
    size_t n = 0, room = 0;

    for (uint32_t length; scanf("%" SCNu32, &length) == 1; lengths[n++] = length) {
        if (n < room)
            continue;
        room = room ? 2 * room : 1024;
        uint32_t *more = reallocarray(lengths, room, sizeof *lengths);
        if (!more) {
            free(lengths);
            return 1;
        }
        lengths = more;
    }
    const int rc = packing_best_fit(lengths, n, &limits, &packing, &err);
    for (size_t i = 0; rc == 0 && i < packing.n_packs; i++)
        for (size_t p = packing.starts[i]; p < packing.starts[i + 1]; p++)
            printf("%" PRIu32 "%c", packing.pieces[p].document,
                   p + 1 < packing.starts[i + 1] ? ' ' : '\n');
    packing_release(&packing);
    free(lengths);
    return rc < 0 ? fail(&err) : 0;
}

int main(int argc, char **argv)
{
    static const char *const names[] = { "drop", "truncate", "split" };

    for (int i = 0; argc == 3 && i < 3; i++)
        if (strcmp(argv[1], names[i]) == 0)
            return pack_input((enum packing_long)i, (uint32_t)strtoul(argv[2], NULL, 10));
    if (argc > 2) {
        fprintf(stderr, "usage: bench_packing [DOCUMENTS]\n"
                        "       bench_packing drop|truncate|split LENGTH < LENGTHS\n");
        return 1;
    }
    return time_methods(argc == 2 ? strtoul(argv[1], NULL, 10) : 1000000);
}
