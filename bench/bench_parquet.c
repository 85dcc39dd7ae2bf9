/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_parquet.c - how fast one thread decodes the columns of a Parquet file.
 *
 * Reads all columns of all row groups, one after another, and looks at the length of every
 * value. The figures are medians of processor time; the file is in the page cache after the
 * first round, which does not count. Usage: bench_parquet [FILE [ROUNDS]]. Without a file it
 * makes one for each codec: texts of 200 to 2,000 bytes in pages of 1 MB.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/parquet/file.h"
#include "base/parquet/page.h"
#include "tests/support/parquet_writer.h"

enum { ROUNDS_DEFAULT = 5, ROUNDS_MAX = 99, PAGES = 100, PAGE_BYTES = 1 << 20 };

struct totals {
    uint64_t n_values;
    uint64_t n_bytes; /* of texts, and of numbers as they are in a batch */
};

static void check(int rc, const struct error *err)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "bench_parquet: %s\n", err->msg);
    exit(1);
}

static const struct parquet_element *leaf_element(const struct parquet_file *file, size_t leaf)
{
    size_t i = 0;

    while (parquet_element(file, i)->is_group || parquet_element(file, i)->leaf != leaf)
        i++;
    return parquet_element(file, i);
}

static void add_batch(const struct parquet_batch *batch, enum parquet_type type,
                      struct totals *totals)
{
    static const size_t sizes[] = {
        [PARQUET_BOOLEAN] = 1, [PARQUET_INT32] = 4,  [PARQUET_INT64] = 8,
        [PARQUET_FLOAT] = 4,   [PARQUET_DOUBLE] = 8, [PARQUET_FIXED] = 0,
    };

    totals->n_values += batch->n_values;
    if (sizes[type] > 0) {
        totals->n_bytes += batch->n_values * sizes[type];
        return;
    }
    for (size_t i = 0; i < batch->n_values; i++)
        totals->n_bytes += batch->values.bytes[i].len;
}

static struct totals read_file(int fd, const char *name)
{
    struct totals totals = { 0 };
    struct parquet_file *file = NULL;
    struct parquet_batch batch;
    struct error err;

    check(parquet_file_open(fd, name, 0, &file, &err), &err);
    for (size_t group = 0; group < parquet_n_groups(file); group++)
        for (size_t leaf = 0; leaf < parquet_n_leaves(file); leaf++) {
            const enum parquet_type type = leaf_element(file, leaf)->type;
            struct parquet_column *column = NULL;
            int rc;

            check(parquet_column_open(file, group, leaf, &column, &err), &err);
            while ((rc = parquet_column_next(column, &batch, &err)) > 0)
                add_batch(&batch, type, &totals);
            check(rc, &err);
            parquet_column_close(column);
        }
    parquet_file_close(file);
    return totals;
}

static int compare_seconds(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void measure(int fd, const char *name, int rounds)
{
    double seconds[ROUNDS_MAX];
    struct totals totals = read_file(fd, name);

    for (int i = 0; i < rounds; i++) {
        const int64_t started_ns = clock_cpu_ns();

        totals = read_file(fd, name);
        seconds[i] = (double)(clock_cpu_ns() - started_ns) / 1e9;
    }
    qsort(seconds, (size_t)rounds, sizeof seconds[0], compare_seconds);
    printf("| %s | %llu | %.1f | %.0f |\n", name, (unsigned long long)totals.n_values,
           (double)totals.n_bytes / 1e6,
           (double)totals.n_bytes / 1e6 / seconds[(size_t)rounds / 2]);
}

/* A PLAIN page of texts: words, so that they compress like prose. */
static int32_t make_page(struct buf *body, uint64_t *state)
{
    static const char *const words[] = {
        "the ",       "of ",   "measure ", "a ",          "corpus ", "is ",
        "reading ",   "long ", "and ",     "therefore ",  "in ",     "1,024 ",
        "question, ", "to ",   "which ",   "caf\303\251 "
    };
    struct error err;
    int32_t n = 0;

    buf_clear(body);
    for (; body->len < PAGE_BYTES; n++) {
        const size_t at = body->len;

        *state = *state * 6364136223846793005u + 1442695040888963407u;
        const size_t goal = 200 + (size_t)(*state >> 40) % 1800;
        check(buf_add(body, "\0\0\0\0", 4, &err), &err);
        while (body->len - at < goal) {
            *state = *state * 6364136223846793005u + 1442695040888963407u;
            check(buf_add_text(body, words[*state >> 60], &err), &err);
        }
        const size_t len = body->len - at - 4;
        for (unsigned i = 0; i < 4; i++)
            body->data[at + i] = (char)(len >> (8 * i));
    }
    return n;
}

static void measure_codec(enum written_codec codec, const char *name, int rounds)
{
    static const struct written_element elements[] = {
        { .name = "schema", .is_group = true, .n_children = 1 },
        { .name = "text", .type = PARQUET_BYTE_ARRAY },
    };
    struct parquet_writer writer;
    struct buf body;
    uint64_t state = 1;
    int64_t n_rows = 0;

    buf_init(&body, 2 * PAGE_BYTES);
    parquet_writer_init(&writer);
    for (int i = 0; i < PAGES; i++) {
        const int32_t n = make_page(&body, &state);
        const struct written_page page = {
            .type = PAGE_DATA, .n_values = n, .body = buf_slice(&body), .codec = codec
        };

        parquet_write_page(&writer, &page);
        n_rows += n;
    }
    parquet_end_column(&writer, PARQUET_BYTE_ARRAY, codec);
    const int fd = parquet_descriptor(parquet_end_file(&writer, elements, 2, 1, &n_rows));
    parquet_writer_release(&writer);
    buf_release(&body);
    measure(fd, name, rounds);
    close(fd);
}

int main(int argc, char **argv)
{
    static const struct {
        enum written_codec codec;
        const char *name;
    } codecs[] = { { WRITTEN_NONE, "none" },
                   { WRITTEN_SNAPPY, "snappy" },
                   { WRITTEN_LZ4, "lz4_raw" },
                   { WRITTEN_ZSTD, "zstd" },
                   { WRITTEN_GZIP, "gzip" } };
    const long rounds = argc > 2 ? strtol(argv[2], NULL, 10) : ROUNDS_DEFAULT;

    if (rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench_parquet [FILE [ROUNDS, at most %d]]\n", ROUNDS_MAX);
        return 64;
    }
    printf("| file | values | MB | MB/s |\n|------|--------|----|------|\n");
    if (argc > 1) {
        const int fd = open(argv[1], O_RDONLY | O_CLOEXEC);

        if (fd < 0) {
            perror(argv[1]);
            return 66;
        }
        measure(fd, argv[1], (int)rounds);
        close(fd);
        return 0;
    }
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++)
        measure_codec(codecs[i].codec, codecs[i].name, (int)rounds);
    return 0;
}
