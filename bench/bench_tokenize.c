/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_tokenize.c - how fast a vocabulary encodes text, and whether the time is linear in its
 * length.
 *
 * For each vocabulary file: prose of 1 and 10 MB, and runs of one letter, one capital letter,
 * spaces and line ends of 1 and 10 MB. Processor time, best of three. Usage: bench_tokenize
 * TEXT.txt FILE.gguf ...; the prose is TEXT repeated.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/file.h"
#include "scoring/infer/gguf/gguf.h"
#include "scoring/infer/tokenizer/tokenizer.h"

enum { MB = 1000000, LONG = 10 * MB, ROUNDS = 3 };

static _Noreturn void die(const struct error *err)
{
    fprintf(stderr, "bench_tokenize: %s\n", err->msg);
    exit(1);
}

static void measure(const struct tokenizer *tokenizer, const char *what, const char *text,
                    size_t len)
{
    struct token_buf ids = { 0 };
    struct error err;
    double best = 0;

    for (int i = 0; i < ROUNDS; i++) {
        const clock_t started = clock();

        ids.n = 0;
        if (tokenizer_encode(tokenizer, slice_of(text, len), TOKENIZE_FIRST, &ids, &err) < 0)
            die(&err);
        const double secs = (double)(clock() - started) / CLOCKS_PER_SEC;
        best = i == 0 || secs < best ? secs : best;
    }
    printf("| %-16s | %-12s | %5.1f | %8.3f | %7.1f | %9zu |\n", tokenizer_name(tokenizer),
           what, (double)len / MB, best, (double)len / MB / best, ids.n);
    fflush(stdout);
    token_buf_release(&ids);
}

static void measure_all(const struct tokenizer *tokenizer, const struct buf *prose)
{
    static const struct {
        const char *what;
        char c;
    } runs[] = {
        { "letter", 'a' }, { "capital", 'A' }, { "blanks", ' ' }, { "line ends", '\n' }
    };
    char *text = malloc(LONG);

    if (!text)
        die(&(struct error){ .msg = "out of memory" });
    for (size_t i = 0; i < LONG; i++)
        text[i] = prose->data[i % prose->len];
    measure(tokenizer, "prose", text, MB);
    measure(tokenizer, "prose", text, LONG);
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        memset(text, runs[i].c, LONG);
        measure(tokenizer, runs[i].what, text, MB);
        measure(tokenizer, runs[i].what, text, LONG);
    }
    free(text);
}

int main(int argc, char **argv)
{
    struct buf prose;
    struct error err;

    if (argc < 3) {
        fputs("usage: bench_tokenize TEXT.txt FILE.gguf ...\n", stderr);
        return 64;
    }
    buf_init(&prose, 1 << 28);
    if (file_read(argv[1], &prose, &err) < 0)
        die(&err);
    if (prose.len == 0)
        die(&(struct error){ .msg = "the text is empty" });
    puts("| tokenizer        | text         |    MB |     secs |    MB/s |       ids |");
    puts("|------------------|--------------|-------|----------|---------|-----------|");
    for (int i = 2; i < argc; i++) {
        struct file_map map = { 0 };
        struct gguf *gguf = NULL;
        struct tokenizer *tokenizer = NULL;

        if (file_map_open(argv[i], &map, &err) < 0 ||
            gguf_parse(map.data, map.len, &gguf, &err) < 0 ||
            tokenizer_new(gguf, &tokenizer, &err) < 0)
            die(&err);
        if (tokenizer)
            measure_all(tokenizer, &prose);
        tokenizer_free(tokenizer);
        gguf_free(gguf);
        file_map_close(&map);
    }
    buf_release(&prose);
    return 0;
}
