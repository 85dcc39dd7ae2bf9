/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_duplicates.c - how fast texts are split into words and signed on one core.
 *
 * The lines of a text, repeated to 50 MB, in pieces of about 1 kB: words alone, words and
 * shingles, and whole signatures of 20 bands of 6 values, with each family of kernels of this
 * CPU. Processor time, best of five. Usage: bench_duplicates TEXT.txt
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/file.h"
#include "scoring/duplicates/minhash.h"
#include "scoring/duplicates/shingles.h"
#include "scoring/duplicates/words.h"
#include "scoring/kernels/kernels.h"

enum { MB = 1000000, LONG = 50 * MB, PIECE = 1000, ROUNDS = 5, N_VALUES = 120 };

enum steps { WORDS, SHINGLES, SIGNATURES };

struct bench {
    struct word_reader *reader;
    struct shingle_list shingles;
    struct minhash minhash;
    struct kernels kernels;
    struct buf text;
};

static void or_die(int rc, const struct error *err)
{
    if (rc == 0)
        return;
    fprintf(stderr, "bench_duplicates: %s\n", err->msg);
    exit(1);
}

static void do_piece(struct bench *bench, struct slice piece, enum steps steps)
{
    static uint8_t signature[N_VALUES * 4 + MINHASH_DIGEST_BYTES];
    static uint32_t values[N_VALUES];
    const struct shingle_rule rule = { 5, false };
    struct word_list words;
    struct error err;

    or_die(word_reader_split(bench->reader, piece, &words, &err), &err);
    if (steps >= SHINGLES)
        or_die(shingles_make(&words, &rule, &bench->shingles, &err), &err);
    if (steps == SIGNATURES && bench->shingles.n > 0)
        minhash_sign(&bench->minhash, &bench->kernels, &bench->shingles, values, signature);
}

static void measure(struct bench *bench, const char *what, enum steps steps)
{
    double best = 0;

    for (int i = 0; i < ROUNDS; i++) {
        const clock_t started = clock();

        for (size_t at = 0, n; at < bench->text.len; at += n) {
            const size_t left = bench->text.len - at;
            const char *from = bench->text.data + at;
            const char *end = left > PIECE ? memchr(from + PIECE, '\n', left - PIECE) : NULL;

            n = end ? (size_t)(end - from) + 1 : left;
            do_piece(bench, slice_of(from, n), steps);
        }
        const double secs = (double)(clock() - started) / CLOCKS_PER_SEC;
        best = i == 0 || secs < best ? secs : best;
    }
    printf("| %-24s | %6.0f |\n", what, (double)bench->text.len / MB / best);
    fflush(stdout);
}

static void measure_families(struct bench *bench)
{
    static const char *const families[] = { "ref", "avx2", "avx512" };

    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        unsigned flags = 0;
        char what[40];

        if (!kernels_find_flags(families[i], &flags) || (flags & ~cpu_detect()) != 0)
            continue;
        kernels_init(&bench->kernels, flags);
        snprintf(what, sizeof what, "signatures, %s", bench->kernels.name);
        measure(bench, what, SIGNATURES);
    }
}

int main(int argc, char **argv)
{
    struct bench bench = { .reader = NULL };
    struct buf line;
    struct error err;

    if (argc != 2) {
        fprintf(stderr, "usage: bench_duplicates TEXT.txt\n");
        return 64;
    }
    buf_init(&bench.text, SIZE_MAX);
    buf_init(&line, SIZE_MAX);
    or_die(file_read(argv[1], &line, &err), &err);
    while (bench.text.len < LONG)
        or_die(buf_add_slice(&bench.text, buf_slice(&line), &err), &err);
    or_die(word_reader_new(false, &bench.reader, &err), &err);
    or_die(minhash_init(&bench.minhash, 20, 6, 1, &err), &err);
    printf("| step                     |   MB/s |\n|---|---|\n");
    measure(&bench, "words", WORDS);
    measure(&bench, "words and shingles", SHINGLES);
    measure_families(&bench);
    word_reader_free(bench.reader);
    shingle_list_release(&bench.shingles);
    minhash_release(&bench.minhash);
    buf_release(&bench.text);
    buf_release(&line);
    return 0;
}
